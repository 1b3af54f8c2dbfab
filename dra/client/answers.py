"""What the server answered, and which error of ours a refusal is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs
from pydantic_core import from_json

from dra.client.requests import Request
from dra.errors import (
    AlreadyExistsError,
    ApiError,
    ConflictError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)
from dra.validation.field_error import ErrorType, FieldError

__all__ = ["Answer", "failure", "refusal"]

_BY_STATUS: Final[Mapping[int, type[ApiError]]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: ExpiredError,
    422: InvalidError,
    429: TooManyRequestsError,
}
_REMEDIES: Final[Mapping[type[ApiError], str]] = {
    UnauthorizedError: "log in again, or renew the token of the kubeconfig",
    ConflictError: "read the object again, and make the change on what is there now",
}
_APPLY_CONFLICT: Final = "leave the fields to their manager, or take them with force=True"
_TYPES: Final = {each.reason: each for each in ErrorType}
_SHOWN: Final = 300


@attrs.frozen
class Answer:
    """An answer of the server.

    Attributes:
        status: The HTTP status.
        data: The body; empty for a stream.
        retry_after: The header `Retry-After`; empty if there is none.
    """

    status: int
    data: bytes = attrs.field(default=b"", repr=False)
    retry_after: str = ""

    def json(self) -> dict[str, Any]:
        """The body.

        Raises:
            UnavailableError: It is no JSON object: something that is no API server answered.
        """
        try:
            body = from_json(self.data)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise UnavailableError(
                "the answer is no JSON object",
                status=self.status,
                value=_first_line(self.data),
                remedy="is this the address of an API server?",
            )
        return body


def failure(request: Request, answer: Answer) -> ApiError | None:
    """The error that an answer is; None if all went well."""
    if 200 <= answer.status < 300:
        return None
    try:
        body = from_json(answer.data)
    except ValueError:
        body = None
    if not isinstance(body, dict) or body.get("kind") != "Status":
        body = {"message": _first_line(answer.data)}
    return refusal(request, {**body, "code": answer.status}, answer.retry_after)


def refusal(request: Request, status: Mapping[str, Any], retry_after: str = "") -> ApiError:
    """The error that a `Status` of the server stands for.

    Args:
        request: What was asked.
        status: The object.
        retry_after: The header; the object may say it as well.

    Example:
        >>> from dra.client.requests import Endpoint, Selection, listing
        >>> slices = Endpoint("resource.k8s.io/v1", "ResourceSlice", "resourceslices", False)
        >>> error = refusal(listing(slices, Selection()), {"code": 403, "message": "no such right"})
        >>> print(error)
        may not list resourceslices.resource.k8s.io: no such right
          the right is missing: verb "list" on resource "resourceslices" in API group "resource.k8s.io"
    """
    code = status.get("code")
    code = code if isinstance(code, int) else 500
    reason, message = str(status.get("reason") or ""), str(status.get("message") or "").strip()
    details = status.get("details")
    details = details if isinstance(details, dict) else {}
    kind = _BY_STATUS.get(code, UnavailableError if code >= 500 else ApiError)
    about: dict[str, Any] = {
        "status": code,
        "reason": reason,
        "verb": request.verb,
        "resource": request.resource,
        "subject": request.subject,
        "retry_after": _seconds(retry_after or details.get("retryAfterSeconds")),
        "remedy": _REMEDIES.get(kind, ""),
    }
    if reason == "AlreadyExists":
        kind, about["remedy"] = AlreadyExistsError, "apply it, or delete what is there"
    if kind is ConflictError and "apply" in request.content_type:
        about["remedy"] = _APPLY_CONFLICT
    if kind is ForbiddenError:
        message = f"may not {request.verb} {request.resource}: {message}"
        if "cannot " in message or not request.subject:
            about["remedy"] = _missing_right(request)
    if kind is InvalidError:
        errors = tuple(_field_errors(details.get("causes")))
        path = errors[0].field if errors else ""
        return InvalidError(_without_subject(message, errors), errors=errors, path=path, **about)
    return kind(message or f"status {code}", **about)


def _missing_right(request: Request) -> str:
    plain, _, subresource = request.resource.partition("/")
    plural, _, group = plain.partition(".")
    resource = f"{plural}/{subresource}" if subresource else plural
    where = f'in API group "{group}"' if group else "in the core API group"
    return f'the right is missing: verb "{request.verb}" on resource "{resource}" {where}'


def _without_subject(message: str, errors: tuple[FieldError, ...]) -> str:
    """The faults, without the object's name in front, and without the path of the only one."""
    if len(errors) == 1:
        return errors[0].message
    if errors:
        return "; ".join(map(str, errors)).removeprefix(f"{errors[0].field}: ")
    return message


def _field_errors(causes: object) -> Iterator[FieldError]:
    """The server's causes as errors of fields."""
    for cause in causes if isinstance(causes, list) else ():
        if not isinstance(cause, dict):
            continue
        kind = _TYPES.get(str(cause.get("reason")), ErrorType.INVALID)
        text = str(cause.get("message") or "").removeprefix(kind.text).removeprefix(": ")
        value: object = None
        if kind.shows_value:
            value, text = _value(text)
        yield FieldError(kind, str(cause.get("field") or ""), value, text)


def _value(text: str) -> tuple[object, str]:
    """The value at the head of a server's message, and the rest."""
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None, text
    return value, text[end:].removeprefix(": ")


def _seconds(text: object) -> float | None:
    """How long the server asks to wait; a date is as good as nothing."""
    try:
        seconds = float(str(text))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _first_line(data: bytes) -> str:
    text = data[: 4 * _SHOWN].decode("utf-8", "replace").strip()
    return re.sub(r"\s+", " ", text)[:_SHOWN]
