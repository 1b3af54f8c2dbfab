"""The allocator against recorded answers of the upstream Go allocator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from dra.allocator import search
from tests.conformance.allocation import disagreements, expected, features_used
from tests.conformance.vectors import read_cases

# Probes (without the feature set after `@`) whose recorded answer is a listed deviation, by its heading in
# docs/deviations.md.
DEVIATIONS = {
    "counters-leak-on-taint": "Counters of a refused device",
    "counters-leak-on-constraint": "Counters of a refused device",
    "counters-same-pool-name-two-drivers": "Counters of equally named pools",
    "cc-counters-shared-leak-on-backtrack": "Counters of a shared device after backtracking",
    "cc-counters-share-without-capacity-allocated": "Counters of a share without capacity",
    "match-list-narrowing-not-restored": "Narrowing of lists after backtracking",
    "distinct-within-request": "Distinct devices within one request",
    "distinct-overwritten-then-removed": "Distinct devices within one request",
    "all-constraint-violated-in-firstAvailable": "All in a list of alternatives",
    "cc-default-fractional": "The default of a capacity",
    "cc-default-not-valid-decimal-format": "The default of a capacity",
    "cc-default-not-valid-explicit-other-format": "The default of a capacity",
    "mode-missing": "Claims that are not stored yet",
    "count-missing": "Claims that are not stored yet",
    "count-zero": "Claims that are not stored yet",
    "admin-node-selector-zero-devices": "Claims that are not stored yet",
    "toleration-equal-empty-operator": "Claims that are not stored yet",
    "nil-node": "No node",
    "timeout": "Searches that take long",
    "timeout-exhaustive": "Searches that take long",
    "interrupt/timeout": "Searches that take long",
}


def report(name: str, cases: list[dict[str, Any]], unlike: Iterable[dict[str, Any]]) -> str:
    """How many cases ran and agree, and the others by feature."""
    by_feature = Counter(features_used(case) for case in unlike)
    lines = [f"{name}: {len(cases)} ran, {len(cases) - by_feature.total()} agree"]
    return "\n".join(
        [*lines, *(f"  {count} with {features}" for features, count in by_feature.most_common())]
    )


def unexplained(name: str) -> list[str]:
    """The cases of a file that disagree without being a listed deviation."""
    cases = list(read_cases(name))
    unlike = list(disagreements(cases))
    print(report(name, cases, (case for case, *_ in unlike)))
    for case, ours, theirs in unlike:
        print(case["id"], "\n  ours  ", ours, "\n  theirs", theirs)
    return [case["id"] for case, *_ in unlike if case["id"].partition("@")[0] not in DEVIATIONS]


def test_upstreams_own_cases_have_upstreams_answers() -> None:
    assert unexplained("alloc-upstream-cases.jsonl.gz") == []


def test_probes_of_edge_semantics_have_upstreams_answers_except_for_listed_deviations() -> None:
    assert unexplained("alloc-probes.jsonl.gz") == []


def test_searches_that_are_exponential_upstream_have_the_proved_answer() -> None:
    assert unexplained("hard.jsonl.gz") == []


def test_every_listed_deviation_still_deviates() -> None:
    cases = [*read_cases("alloc-probes.jsonl.gz"), *read_cases("alloc-upstream-cases.jsonl.gz")]
    deviating = {case["id"].partition("@")[0] for case, *_ in disagreements(cases)}

    assert set(DEVIATIONS) <= deviating


@pytest.mark.parametrize("failures", [400, -1])
def test_random_scenarios_have_the_intended_answer_looking_ahead_or_not(
    failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_PLAIN_FAILURES", failures)

    assert unexplained("dev-alloc.jsonl.gz") == []


def test_every_listed_deviation_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "deviations.md").read_text(encoding="utf-8")

    assert {heading for heading in DEVIATIONS.values() if f"### {heading}\n" not in page} == set()
    assert {name for name in DEVIATIONS if "/" not in name and f"`{name}`" not in page} == set()


def test_where_upstream_is_wrong_the_intended_answer_is_another_one() -> None:
    wrong = [case for case in read_cases("dev-alloc.jsonl.gz") if case.get("upstream_differs")]

    assert len(wrong) > 100
    assert [case["id"] for case in wrong if expected(case["upstream"]) == expected(case["expect"])] == []
