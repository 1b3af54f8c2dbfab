"""`dra.client.steps`: when a request is sent again, and when not."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from dra.client import requests
from dra.client.answers import Answer
from dra.client.requests import Endpoint
from dra.client.steps import Retry, exchange
from dra.errors import (
    AlreadyExistsError,
    NotFoundError,
    TooManyRequestsError,
    UnavailableError,
    UnreachableError,
)
from tests.unit.client.conversation import BROKEN, Conversation, ok, refused

CLAIMS = Endpoint("resource.k8s.io/v1", "ResourceClaim", "resourceclaims", True, True)
GET = requests.get(CLAIMS, "team", "train")
CREATE = requests.create(CLAIMS, "team", {"metadata": {"name": "train"}}, dry_run=False)


@pytest.mark.parametrize("failing", [refused(429), refused(500), refused(503), refused(504), BROKEN])
def test_what_passes_is_tried_again(failing: Answer | UnreachableError) -> None:
    talk = Conversation[Answer]([failing, failing, ok({"a": 1})])
    assert talk.have(exchange(GET, Retry())).json() == {"a": 1}
    assert talk.asked == [GET, GET, GET]
    assert len(talk.pauses) == 2


@pytest.mark.parametrize(
    ("refusal", "error"), [(refused(404), NotFoundError), (refused(501), UnavailableError)]
)
def test_what_does_not_pass_is_raised_at_once(refusal: Answer, error: type[Exception]) -> None:
    talk = Conversation[Answer]([refusal])
    with pytest.raises(error):
        talk.have(exchange(GET, Retry()))
    assert talk.pauses == []


def test_the_last_failure_is_raised_after_the_last_attempt() -> None:
    talk = Conversation[Answer]([refused(429, "busy")] * 3)
    with pytest.raises(TooManyRequestsError, match="busy"):
        talk.have(exchange(GET, Retry(attempts=3)))
    assert len(talk.asked) == 3


@pytest.mark.parametrize("failing", [refused(500), BROKEN])
def test_an_object_is_not_made_twice(failing: Answer | UnreachableError) -> None:
    talk = Conversation[Answer]([failing])
    with pytest.raises((UnavailableError, UnreachableError)):
        talk.have(exchange(CREATE, Retry()))


def test_making_an_object_is_tried_again_when_the_server_cannot_have_begun() -> None:
    refused_connection = UnreachableError("connection refused", sent=False)
    talk = Conversation[Answer]([refused_connection, refused(429), refused(409, reason="AlreadyExists")])
    with pytest.raises(AlreadyExistsError):
        talk.have(exchange(CREATE, Retry()))
    assert len(talk.asked) == 3


@given(st.integers(1, 1000), st.floats(0, 1))
def test_pauses_grow_within_bounds(failures: int, chance: float) -> None:
    retry = Retry(first=0.25, longest=10)
    ours = min(0.25 * 2 ** min(failures - 1, 20), 10)
    assert ours / 2 <= retry.pause(failures, None, chance=lambda: chance) <= ours


@given(st.floats(0, 1e9))
def test_a_server_cannot_ask_for_more_than_is_reasonable(asked: float) -> None:
    pause = Retry(asked_longest=60).pause(1, asked, chance=lambda: 0.0)
    assert min(asked, 60) <= pause <= 60
