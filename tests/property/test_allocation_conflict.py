"""What explain says cannot hold together: brute force agrees, and agrees that each part is needed."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest

from tests.conformance.allocation import allocator_of, claims_of, nodes_of
from tests.property.allocation_instances import instance
from tests.property.allocation_oracle import Oracle


def reduced(case: dict[str, Any], kept: list[str]) -> dict[str, Any]:
    """The case with only those requests and constraints of its claims that are named."""
    case, kept = copy.deepcopy(case), list(kept)

    def is_kept(start: str) -> bool:
        found = next((each for each in kept if each == start or each.startswith(f"{start} (")), None)
        if found is not None:
            kept.remove(found)
        return found is not None

    for claim in case["claims"]:
        label, devices = f"claim default/{claim['metadata']['name']}", claim["spec"]["devices"]
        devices["requests"] = [
            each for each in devices["requests"] if is_kept(f"{label}, request {each['name']}")
        ]
        devices["constraints"] = [
            each
            for each in devices.get("constraints", ())
            for kind in ("matchAttribute", "distinctAttribute")
            if kind in each
            and is_kept(f"{label}, {kind} {each[kind]} over {', '.join(sorted(each['requests']))}")
        ]
    assert not kept
    return case


@pytest.mark.parametrize("seed", range(4))
def test_a_conflict_is_true_and_minimal(seed: int) -> None:
    checked = 0
    for number in range(60):
        case = instance(Random(f"conflict {seed}/{number}"))
        explanation = allocator_of(case).explain(claims_of(case), nodes_of(case)[0])
        if explanation.fits:
            continue
        conflict = list(explanation.conflict)
        assert conflict, number
        assert Oracle(reduced(case, conflict)).solve() is None, number
        for place in range(len(conflict)):
            fewer = reduced(case, conflict[:place] + conflict[place + 1 :])
            assert Oracle(fewer).solve() is not None, (number, conflict[place])
        checked += len(conflict) > 1

    assert checked
