"""The upstream program of `oracle/` beside the recorded answers: what a release answers, and what it changed.

Builds with Go, so it runs only when asked: `make live`, or `DRA_LIVE=1 pytest -m go`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dra.quantity import Quantity
from tests.conformance.deviations import unexplained
from tests.conformance.generate import cases
from tests.conformance.oracle import Oracle
from tests.conformance.vectors import read_cases
from tests.go_programs import MINORS, go

pytestmark = [
    pytest.mark.go,
    pytest.mark.skipif(not os.environ.get("DRA_LIVE") or go() is None, reason="needs Go and DRA_LIVE=1"),
]

# The vectors were recorded on 2026-07-01. What v0.37.2 answers otherwise, by the reason; ids of alloc-probes.
CHANGED_PROBES = {
    "the limit of 32 devices is checked request by request, with another text": {
        "33-devices",
        "two-requests-17-each",
        "all-33",
    },
    "counters are returned when a taint or a constraint refuses the device": {
        "counters-leak-on-taint",
        "counters-leak-on-constraint",
    },
    "counters are kept by driver and pool": {"counters-same-pool-name-two-drivers"},
    "counters of a shared device are returned on backtracking": {"cc-counters-shared-leak-on-backtrack"},
    "a share without capacity counts as a share": {"cc-counters-share-without-capacity-allocated"},
    "narrowing of a list-valued matchAttribute is undone on backtracking": {
        "match-list-narrowing-not-restored"
    },
    "distinctAttribute remembers every device": {
        "distinct-within-request",
        "distinct-overwritten-then-removed",
    },
    "a full shared device is no longer left out of All": {"cc-all-full-device"},
}
# The same in dev-alloc: All meets a shared device without room.
ALL_WITH_FULL_DEVICE = {f"dev-alloc-{number:05}" for number in (750, 1541, 1700, 1789, 1981)}
# What an expression with these costs is not compared: the first three changed with cel-go 0.29 and when
# `includes` moved to the base library; a macro may walk a map, and Go does that in random order.
UNEVEN = ("includes(", "startsWith(", "endsWith(", ".all(", ".exists(", ".exists_one(", ".map(", ".filter(")
REWORDED = {"dev-cel-00089"}


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle() as running:
        yield running


@pytest.mark.parametrize("minor", MINORS)
def test_every_minor_builds_and_answers(minor: str) -> None:
    selector = {"expression": "device.driver == 'gpu.example.com'", "device": {"driver": "gpu.example.com"}}
    with Oracle(minor) as running:
        assert running.ask(selector)["match"] is True


def test_the_release_answers_the_probes_as_recorded_or_as_listed(oracle: Oracle) -> None:
    unlisted = [
        f"{case['id']} ({name})"
        for case in read_cases("alloc-probes.jsonl.gz")
        for name, recorded in case["expect"].items()
        if not _answered_as_any_of(
            _ask(oracle, case, name), [recorded, *recorded.get("nondeterministic", [])]
        )
        and case["id"].split("@")[0] not in set().union(*CHANGED_PROBES.values())
    ]
    assert unlisted == []


def test_the_release_answers_random_cases_as_recorded_or_as_intended(oracle: Oracle) -> None:
    unlisted = []
    for case in read_cases("dev-alloc.jsonl.gz"):
        answer = _ask(oracle, case, case["allocator"])
        known = [case["expect"], case.get("upstream", case["expect"])]
        if not _answered_as_any_of(answer, known) and not _listed(case, answer):
            unlisted.append(case["id"])
    assert unlisted == []


@pytest.mark.parametrize("name", ["cel-probes.jsonl.gz", "dev-cel.jsonl.gz"])
def test_the_release_answers_selectors_as_recorded_or_as_listed(oracle: Oracle, name: str) -> None:
    unlisted = []
    for case in read_cases(name):
        answer, recorded = _selector_facts(oracle.ask(case)), _selector_facts(case["expect"])
        if any(call in case["expression"] for call in UNEVEN):
            answer, recorded = answer[:3], recorded[:3]
        if answer != recorded and case["id"] not in REWORDED:
            unlisted.append(case["id"])
    assert unlisted == []


def test_random_cases_are_answered_as_ours_are(oracle: Oracle) -> None:
    seed = int(os.environ.get("DRA_SEED", str(time.time_ns())))
    unlike = {case["id"]: unexplained(case, [oracle.ask(case)]) for case in cases(seed, 500)}

    assert {name: pairs for name, pairs in unlike.items() if pairs} == {}, f"DRA_SEED={seed}"


def _ask(oracle: Oracle, case: dict[str, Any], allocator: str) -> dict[str, Any]:
    """The answer without the gate that is newer than the vectors, DRAFractionalCapacityRange."""
    features = {**case["features"], "FractionalCapacityRange": False}
    return oracle.ask({**case, "allocator": allocator, "features": features})


def _answered_as_any_of(answer: dict[str, Any], recorded: list[dict[str, Any]]) -> bool:
    return _verdicts(answer) in [_verdicts(each) for each in recorded]


def _verdicts(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What counts of an answer, for each node; how many steps the search took does not."""
    return [
        (
            _by_value(each.get("results")),
            each.get("error"),
            bool(each.get("failed_on_node")),
            each.get("panic"),
            bool(each.get("timeout")),
        )
        for each in answer.get("nodes", [answer])
    ]


def _by_value(results: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """Results with consumed capacity as numbers: v0.37.2 no longer prints rounded amounts in Ki, Mi, Gi."""
    if results is None:
        return None

    def device(result: dict[str, Any]) -> dict[str, Any]:
        consumed = result.get("consumedCapacity", {})
        return {**result, "consumedCapacity": {name: Quantity(text).nanos for name, text in consumed.items()}}

    return [
        {
            **each,
            "devices": {**each["devices"], "results": list(map(device, each["devices"].get("results", ())))},
        }
        for each in results
    ]


def _listed(case: dict[str, Any], answer: dict[str, Any]) -> bool:
    """Whether an answer unlike both recorded ones has a reason listed above, or is kubernetes#137347."""
    error = answer.get("error") or ""
    still_fatal = "f" in case.get("bugs", ()) and "a claim constraint would not be satisfied" in error
    return still_fatal or "exceeds the claim limit" in error or case["id"] in ALL_WITH_FULL_DEVICE


def _selector_facts(answer: dict[str, Any]) -> tuple[Any, ...]:
    """Compile error, match, run-time error, estimate, cost; errors are recorded in two forms."""
    errors = []
    for kind in ("compile_error", "eval_error"):
        text = answer[kind]
        errors.append(answer.get(f"{kind}_text") if isinstance(text, bool) else text)
    return (
        errors[0],
        answer["match"],
        errors[1],
        None if answer["max_cost"] == 2**64 - 1 else answer["max_cost"],
        answer.get("actual_cost"),
    )
