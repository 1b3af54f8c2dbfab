"""`dra.client.answers`: which error a refusal is, and what it says."""

from __future__ import annotations

import pytest

from dra import errors
from dra.client import requests
from dra.client.answers import Answer, failure
from dra.client.requests import Endpoint, Selection
from dra.errors import ConflictError, ForbiddenError, InvalidError, UnavailableError
from dra.validation.field_error import ErrorType, FieldError
from tests.unit.client.conversation import ok, refused

SLICES = Endpoint("resource.k8s.io/v1", "ResourceSlice", "resourceslices", False)
CLAIMS = Endpoint("resource.k8s.io/v1", "ResourceClaim", "resourceclaims", True, True)
GET = requests.get(CLAIMS, "team", "train")
LIST = requests.listing(SLICES, Selection())


@pytest.mark.parametrize(
    ("status", "reason", "name"),
    [
        (401, "Unauthorized", "UnauthorizedError"),
        (403, "Forbidden", "ForbiddenError"),
        (404, "NotFound", "NotFoundError"),
        (409, "Conflict", "ConflictError"),
        (409, "AlreadyExists", "AlreadyExistsError"),
        (410, "Expired", "ExpiredError"),
        (422, "Invalid", "InvalidError"),
        (429, "TooManyRequests", "TooManyRequestsError"),
        (500, "InternalError", "UnavailableError"),
        (504, "Timeout", "UnavailableError"),
        (400, "BadRequest", "ApiError"),
    ],
)
def test_each_status_has_its_error(status: int, reason: str, name: str) -> None:
    error = failure(GET, refused(status, "words of the server", reason))
    assert type(error) is getattr(errors, name)
    assert (error.status, error.reason) == (status, reason)
    assert "words of the server" in str(error)


def test_what_went_well_is_no_error() -> None:
    assert failure(GET, ok({}, 201)) is None


def test_forbidden_names_verb_and_resource() -> None:
    error = failure(LIST, refused(403, 'User "x" cannot list resource "resourceslices"', "Forbidden"))
    assert isinstance(error, ForbiddenError)
    assert (error.verb, error.resource) == ("list", "resourceslices.resource.k8s.io")
    assert 'verb "list" on resource "resourceslices" in API group "resource.k8s.io"' in error.remedy


def test_forbidden_by_admission_says_nothing_of_rights() -> None:
    error = failure(GET, refused(403, "quota exceeded", "Forbidden"))
    assert error is not None
    assert error.remedy == ""


def test_causes_are_field_errors() -> None:
    causes = [
        {"reason": "FieldValueInvalid", "field": "spec.a", "message": 'Invalid value: "x: y": wrong: so'},
        {"reason": "FieldValueRequired", "field": "spec.b", "message": "Required value: say it"},
        {"reason": "FieldValueTooLong", "field": "spec.c", "message": "Too long: may not be more than 3"},
    ]
    error = failure(GET, refused(422, "all of it", "Invalid", details={"causes": causes}))
    assert isinstance(error, InvalidError)
    assert error.errors == (
        FieldError(ErrorType.INVALID, "spec.a", "x: y", "wrong: so"),
        FieldError(ErrorType.REQUIRED, "spec.b", None, "say it"),
        FieldError(ErrorType.TOO_LONG, "spec.c", None, "may not be more than 3"),
    )
    assert error.path == "spec.a"
    assert [each.message for each in error.errors] == [each["message"] for each in causes]


def test_causes_of_any_shape_are_survived() -> None:
    error = failure(GET, refused(422, "words", "Invalid", details={"causes": [1, {"message": None}, {}]}))
    assert isinstance(error, InvalidError)
    assert failure(GET, refused(422, "words", "Invalid", details=7)) is not None


def test_a_conflict_of_managers_can_be_forced() -> None:
    request = requests.apply(
        CLAIMS, "team", {"metadata": {"name": "a"}}, manager="m", force=False, dry_run=False
    )
    error = failure(request, refused(409, "Apply failed with 1 conflict", "Conflict"))
    assert isinstance(error, ConflictError)
    assert "force=True" in error.remedy


def test_an_answer_that_is_no_json_is_shown_in_short() -> None:
    error = failure(GET, Answer(502, b"<html>\n<b>bad gateway</b>" + b"x" * 10_000))
    assert isinstance(error, UnavailableError)
    assert "bad gateway" in str(error)
    assert len(str(error)) < 500


def test_something_that_is_no_api_server_is_noticed() -> None:
    with pytest.raises(UnavailableError, match="no JSON object"):
        Answer(200, b"<html>hello</html>").json()


@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3.0), ("", None), ("Wed, 21 Oct 2026", None), ("-1", None)]
)
def test_how_long_the_server_asks_to_wait(header: str, seconds: float | None) -> None:
    error = failure(GET, Answer(429, b"slow down", header))
    assert error is not None
    assert error.retry_after == seconds
