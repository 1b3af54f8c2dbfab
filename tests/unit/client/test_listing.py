"""`dra.client.listing`: pages, and what happens when the server forgets the rest."""

from __future__ import annotations

from typing import Any

import pytest

from dra.client.answers import Answer
from dra.client.listing import Page, listed, pages
from dra.client.requests import Endpoint, Selection
from dra.client.steps import Retry
from dra.errors import ExpiredError
from tests.unit.client.conversation import Conversation, ok, refused

CLAIMS = Endpoint("resource.k8s.io/v1", "ResourceClaim", "resourceclaims", True, True)
ALL = Selection()
FORGOTTEN = refused(410, "the provided continue parameter is too old", "Expired")


def page(*names: str, token: str = "", version: str = "7") -> Answer:
    items = [{"metadata": {"name": name}} for name in names]
    return ok({"metadata": {"resourceVersion": version, "continue": token}, "items": items})


def names(items: Any) -> list[str]:
    return [item["metadata"]["name"] for item in items]


def test_a_list_is_read_page_by_page() -> None:
    talk = Conversation[Page]([page("a", "b", token="t"), page("c")])
    found = talk.have(listed(CLAIMS, ALL, Retry(), 2))
    assert names(found.items) == ["a", "b", "c"]
    assert dict(talk.asked[1].query) == {"limit": "2", "continue": "t"}


def test_every_item_says_what_it_is() -> None:
    found = Conversation[Page]([page("a")]).have(listed(CLAIMS, ALL, Retry()))
    assert (found.items[0]["apiVersion"], found.items[0]["kind"]) == ("resource.k8s.io/v1", "ResourceClaim")


def test_a_list_that_expires_begins_again_and_is_of_one_moment() -> None:
    talk = Conversation[Page](
        [
            page("a", token="t", version="1"),
            FORGOTTEN,
            page("b", token="u", version="2"),
            page("c", version="2"),
        ]
    )
    found = talk.have(listed(CLAIMS, ALL, Retry(), 1))
    assert (names(found.items), found.resource_version) == (["b", "c"], "2")


def test_a_list_that_keeps_expiring_is_read_in_one_piece() -> None:
    talk = Conversation[Page](
        [page("a", token="t"), FORGOTTEN, page("a", token="t"), FORGOTTEN, page("a", "b", "c")]
    )
    assert names(talk.have(listed(CLAIMS, ALL, Retry(), 1)).items) == ["a", "b", "c"]
    assert talk.asked[-1].query == ()


def test_a_first_page_that_is_expired_is_an_error() -> None:
    with pytest.raises(ExpiredError):
        Conversation[Page]([FORGOTTEN]).have(listed(CLAIMS, ALL, Retry()))


def test_pages_are_given_as_they_come_and_no_object_twice() -> None:
    talk = Conversation[None]([page("a", "b", token="t"), FORGOTTEN, page("a", "b", token="u"), page("c")])
    talk.have(pages(CLAIMS, ALL, Retry(), 2))
    assert [names(each.items) for each in talk.given] == [["a", "b"], [], ["c"]]


def test_a_list_of_nothing() -> None:
    assert Conversation[Page]([ok({"items": None})]).have(listed(CLAIMS, ALL, Retry())).items == ()
