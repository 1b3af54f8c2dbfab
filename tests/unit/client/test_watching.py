"""`dra.client.watching`: a watch goes on over broken connections and forgotten versions."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra.client.answers import Answer
from dra.client.requests import Endpoint, Selection
from dra.client.steps import Retry, Steps
from dra.client.watching import Event, Watching
from dra.errors import ForbiddenError, UnreachableError
from tests.unit.client.conversation import BROKEN, Conversation, line, ok, refused

CLAIMS = Endpoint("resource.k8s.io/v1", "ResourceClaim", "resourceclaims", True, True)
OPEN = Answer(200)
END = b""


def claim(name: str, version: int, uid: str = "u") -> dict[str, Any]:
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": name, "resourceVersion": str(version), "uid": uid},
    }


def listing(version: int, *items: dict[str, Any]) -> Answer:
    return ok({"metadata": {"resourceVersion": str(version)}, "items": list(items)})


def watching(since: str = "") -> Watching[dra.ResourceClaim]:
    return Watching(dra.ResourceClaim, CLAIMS, Selection(), Retry(), since)


def events(watch: Watching[dra.ResourceClaim], count: int) -> Steps[list[tuple[str, str]]]:
    seen: list[tuple[str, str]] = []
    while len(seen) < count:
        event: Event[dra.ResourceClaim] | None = yield from watch.next_event()
        assert event is not None
        seen.append((str(event.change), event.object.metadata.name or ""))
    return seen


Talk = Conversation[list[tuple[str, str]]]


def test_what_there_is_comes_first_then_what_changes() -> None:
    talk = Talk(
        [listing(5, claim("a", 1)), OPEN, line("MODIFIED", claim("a", 6)) + line("ADDED", claim("b", 7))]
    )
    assert talk.have(events(watching(), 3)) == [("ADDED", "a"), ("MODIFIED", "a"), ("ADDED", "b")]
    assert dict(talk.asked[1].query)["resourceVersion"] == "5"


def test_a_line_may_come_in_parts() -> None:
    whole = line("ADDED", claim("a", 2))
    talk = Talk([OPEN, whole[:10], whole[10:]])
    assert talk.have(events(watching("1"), 1)) == [("ADDED", "a")]


@pytest.mark.parametrize("end", [END, BROKEN])
def test_a_stream_that_ends_goes_on_where_it_was(end: bytes | UnreachableError) -> None:
    talk = Talk([OPEN, line("ADDED", claim("a", 2)), end, BROKEN, OPEN, line("ADDED", claim("b", 3))])
    assert talk.have(events(watching("1"), 2)) == [("ADDED", "a"), ("ADDED", "b")]
    assert [dict(each.query)["resourceVersion"] for each in talk.asked] == ["1", "2", "2"]


def test_half_a_line_before_a_break_is_not_glued_to_the_next_stream() -> None:
    talk = Talk([OPEN, line("ADDED", claim("a", 2))[:20], BROKEN, OPEN, line("ADDED", claim("a", 2))])
    assert talk.have(events(watching("1"), 1)) == [("ADDED", "a")]


def test_bookmarks_move_the_version_and_are_not_told() -> None:
    talk = Talk([OPEN, line("BOOKMARK", claim("", 9)), END, OPEN, line("ADDED", claim("a", 10))])
    assert talk.have(events(watching("1"), 1)) == [("ADDED", "a")]
    assert dict(talk.asked[1].query)["resourceVersion"] == "9"


@pytest.mark.parametrize("in_the_stream", [True, False])
def test_after_a_forgotten_version_differences_are_told_first_what_is_gone(in_the_stream: bool) -> None:
    gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
    forgotten: list[Any] = [OPEN, line("ERROR", gone)] if in_the_stream else [refused(410)]
    talk = Talk(
        [
            listing(5, claim("same", 1), claim("changed", 2), claim("gone", 3), claim("again", 4, "old")),
            *forgotten,
            listing(9, claim("same", 1), claim("changed", 8), claim("new", 7), claim("again", 6, "new")),
        ]
    )
    found = talk.have(events(watching(), 9))
    assert found[4:] == [
        ("DELETED", "gone"),
        ("DELETED", "again"),
        ("MODIFIED", "changed"),
        ("ADDED", "new"),
        ("ADDED", "again"),
    ]


def test_pauses_grow_while_the_server_is_away_and_begin_anew_after_it_was_there() -> None:
    talk = Talk(
        [*[BROKEN] * 4, OPEN, line("ADDED", claim("a", 2)), *[BROKEN] * 2, OPEN, line("ADDED", claim("b", 3))]
    )
    talk.have(events(watching("1"), 2))
    assert len(talk.pauses) == 6
    assert talk.pauses[4] <= Retry().first
    assert talk.pauses[3] > Retry().first


def test_a_missing_right_ends_the_watch() -> None:
    with pytest.raises(ForbiddenError):
        Talk([refused(403)]).have(events(watching(), 1))


def test_a_broken_line_is_a_broken_stream() -> None:
    talk = Talk([OPEN, b"garbage\n", OPEN, line("ADDED", claim("a", 2))])
    assert talk.have(events(watching("1"), 1)) == [("ADDED", "a")]


def test_nothing_is_asked_when_the_time_is_over() -> None:
    watch = Watching(dra.ResourceClaim, CLAIMS, Selection(), Retry(), deadline=0.0)
    talk = Conversation[Any]([])
    assert talk.have(watch.next_event()) is None
    assert talk.asked == []
