"""What a difference between our answer and a release's is put down to, by heading of `docs/deviations.md`.

No case is marked by hand: a deviation is recognised by the documented answer that is given instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dra.quantity import Quantity
from tests.conformance.allocation import Answer, agree, expected, run

Case = dict[str, Any]

HEADINGS = {
    "alternatives": "All in a list of alternatives",
    "release": "What 1.37 changed after the recordings",
}

_VIOLATED = "a claim constraint would not be satisfied"


def unexplained(case: Case, answers: Sequence[Case]) -> list[tuple[Answer, Answer]]:
    """Ours and theirs for each node on which we agree with no answer and no deviation explains it."""
    ours = run(case)
    theirs = [[node[0] for node in expected(answer)] for answer in answers]
    return [
        (mine, others[0])
        for mine, *others in zip(ours, *theirs, strict=True)
        if not any(agree(mine, each) or explanation(case, mine, each) for each in others)
    ]


def explanation(case: Case, ours: Answer, theirs: Answer) -> str | None:
    """The heading under which a difference is documented, if it is."""
    if _VIOLATED in (theirs.error or "") and "firstAvailable" in str(case["claims"]):
        return HEADINGS["alternatives"]
    if ours.results and theirs.results and by_value(ours.results) == by_value(theirs.results):
        return HEADINGS["release"]
    if _all_beside_shares(case):
        return HEADINGS["release"]
    return None


def _all_beside_shares(case: Case) -> bool:
    """Whether all devices are wanted while shares of some are taken."""
    return "'allocationMode': 'All'" in str(case["claims"]) and "capacity" in case["allocated"]


def by_value(results: list[Case]) -> list[Case]:
    """Results with consumed capacity as numbers."""

    def device(result: Case) -> Case:
        consumed = result.get("consumedCapacity", {})
        return {**result, "consumedCapacity": {name: Quantity(text).nanos for name, text in consumed.items()}}

    return [
        {**each, "devices": {**each.get("devices", {}), "results": [device(one) for one in devices_of(each)]}}
        for each in results
    ]


def devices_of(result: Case) -> list[Case]:
    """The devices of one claim's result."""
    found: list[Case] = result.get("devices", {}).get("results", [])
    return found
