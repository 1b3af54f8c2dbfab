"""Large lists, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from dra.client import requests
from dra.client.requests import Endpoint, Selection
from dra.client.steps import Given, Retry, Steps, exchange
from dra.errors import ExpiredError

__all__ = ["Page", "listed", "pages"]

PAGE_SIZE: Final = 500
# A list that expires twice is longer than the server remembers: the third time all of it comes in one piece.
_RESTARTS: Final = 2


@attrs.frozen
class Page:
    """Some objects of a list.

    Attributes:
        items: Their JSON, each with `apiVersion` and `kind`.
        resource_version: Of the list.
        token: Where the rest begins; empty on the last page.
    """

    items: tuple[Mapping[str, Any], ...] = attrs.field(repr=lambda items: f"<{len(items)}>")
    resource_version: str
    token: str = ""


def listed(endpoint: Endpoint, selection: Selection, retry: Retry, limit: int = PAGE_SIZE) -> Steps[Page]:
    """All objects, as they were at one moment. If the server forgets that moment half-way, begin again."""
    for attempt in range(_RESTARTS + 1):
        items: list[Mapping[str, Any]] = []
        token = ""
        try:
            while True:
                page = yield from _page(
                    endpoint, selection, retry, limit if attempt < _RESTARTS else 0, token
                )
                items += page.items
                token = page.token
                if not token:
                    return Page(tuple(items), page.resource_version)
        except ExpiredError:
            if attempt == _RESTARTS or not token:
                raise
    raise AssertionError("the last attempt returns or raises")


def pages(endpoint: Endpoint, selection: Selection, retry: Retry, limit: int = PAGE_SIZE) -> Steps[None]:
    """All objects, each page given as it comes; nothing is kept but names.

    If the server forgets the moment of the list half-way, the rest is of a later moment. No object is given
    twice.
    """
    seen: set[tuple[str, str]] = set()
    token, restarts = "", 0
    while True:
        try:
            page = yield from _page(endpoint, selection, retry, limit if restarts < _RESTARTS else 0, token)
        except ExpiredError:
            if not token:
                raise
            token, restarts = "", restarts + 1
            continue
        new = tuple(item for item in page.items if _name(item) not in seen)
        seen.update(map(_name, new))
        yield Given(attrs.evolve(page, items=new))
        token = page.token
        if not token:
            return


def _page(endpoint: Endpoint, selection: Selection, retry: Retry, limit: int, token: str) -> Steps[Page]:
    answer = yield from exchange(requests.listing(endpoint, selection, limit=limit, token=token), retry)
    body = answer.json()
    metadata = body.get("metadata") or {}
    kind = {"apiVersion": endpoint.api_version, "kind": endpoint.kind}
    return Page(
        tuple({**kind, **item} for item in body.get("items") or ()),
        str(metadata.get("resourceVersion") or ""),
        str(metadata.get("continue") or ""),
    )


def _name(item: Mapping[str, Any]) -> tuple[str, str]:
    metadata = item.get("metadata") or {}
    return metadata.get("namespace", ""), metadata.get("name", "")
