"""Rules for the names by which constraints, configurations and results point at requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from dra.models.resource import DeviceClaim
from dra.validation import formats
from dra.validation.checks import Errors, each, matches
from dra.validation.field_error import Path
from dra.validation.scope import Scope

__all__ = ["RequestNames", "reference", "references", "request_names"]

# The names of the requests in a claim, each with those of its subrequests.
RequestNames: TypeAlias = Mapping[str, frozenset[str]]

_MUST_EXIST = (
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
)


def request_names(claim: DeviceClaim) -> RequestNames:
    """What can be referred to in a claim."""
    return {
        request.name: frozenset(sub.name for sub in request.first_available or ())
        for request in claim.requests or ()
    }


def references(values: Sequence[str] | None, at: Path, scope: Scope, names: RequestNames) -> Errors:
    """Each reference leads to a request or subrequest, and to another one than the rest."""

    def one(value: str, here: Path) -> Errors:
        yield from reference(value, here, names)

    limit = scope.limits.request_references
    yield from each(values, one, at, scope, limit=limit, key=str, declared=True)


def reference(value: str, at: Path, names: RequestNames) -> Errors:
    """The text is `request` or `request/subrequest`, and there is one of that name."""
    segments = value.split("/")
    if len(segments) > 2:
        yield at.invalid(value, _MUST_EXIST)
        return
    for segment in segments:
        yield from matches(segment, formats.dns_label, at)
    subrequests = names.get(segments[0])
    if subrequests is None or (len(segments) == 2 and segments[1] not in subrequests):
        yield at.invalid(value, _MUST_EXIST)
