"""Whatever the objects look like, an allocator answers or raises an error of the library."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from dra.allocator import Budget
from dra.errors import AllocationError, DecodeError
from tests.conformance.allocation import allocator_of, claims_of, nodes_of
from tests.conformance.vectors import read_cases

ODD = [
    None,
    0,
    -1,
    2**63 - 1,
    -(2**63),
    "",
    "x",
    "-1Gi",
    "1e100",
    "All",
    True,
    [],
    {},
    [{}],
    "a/b",
    "/",
    "1/0 == 1",
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a value with every key in it."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def damaged(case: dict[str, Any], random: Random) -> dict[str, Any]:
    """The case with up to four parts of its objects gone, doubled or replaced."""
    case = copy.deepcopy(case)
    for _ in range(random.randint(1, 4)):
        found = list(places(case[random.choice(["slices", "claims", "classes", "nodes"])]))
        if not found:
            continue
        container, key = random.choice(found)
        change = random.random()
        if change < 0.4:
            del container[key]
        elif change < 0.6 and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        else:
            container[key] = random.choice(ODD)
    return case


@pytest.mark.parametrize("seed", range(5))
def test_damaged_objects_end_in_an_answer_or_in_an_error_of_the_library(seed: int) -> None:
    random = Random(seed)
    cases = list(read_cases("dev-alloc.jsonl.gz"))
    answered = refused = 0
    for _ in range(100):
        case = damaged(random.choice(cases), random)
        try:
            cluster, claims, nodes = allocator_of(case), claims_of(case), nodes_of(case)
        except DecodeError:
            continue
        for node in nodes:
            try:
                cluster.allocate(claims, node, budget=Budget(seconds=2))
                answered += 1
            except AllocationError:
                refused += 1
            assert str(cluster.explain(claims, node))

    assert answered > refused > 0


@pytest.mark.parametrize("fits", [True, False])
def test_thousands_of_claims_are_no_deeper_than_one(fits: bool) -> None:
    request = {"name": "r", "exactly": {"deviceClassName": "c", "allocationMode": "ExactCount", "count": 1}}
    devices = [{"name": f"d{index}"} for index in range(2000 if fits else 1999)]
    case = {
        "features": {"All": True},
        "allocated": {},
        "nodes": [{"metadata": {"name": "n"}}],
        "node": "n",
        "classes": [{"metadata": {"name": "c"}}],
        "slices": [
            {
                "metadata": {"name": "s"},
                "spec": {
                    "driver": "d",
                    "allNodes": True,
                    "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1},
                    "devices": devices,
                },
            }
        ],
        "claims": [
            {"metadata": {"name": f"c{index}"}, "spec": {"devices": {"requests": [request]}}}
            for index in range(2000)
        ],
    }

    results = allocator_of(case).allocate(claims_of(case), nodes_of(case)[0], budget=Budget(seconds=60))

    assert (results is not None) is fits
