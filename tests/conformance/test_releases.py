"""Our allocator against what each release answered to the generated cases.

There is one allocator in `dra`, that of the latest minor with the features of the asked one. A case recorded
with an older minor also holds the latest one's answer where that differs: a change between releases is data.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dra.features import KUBERNETES_MINORS, LATEST
from tests.conformance.allocation import agree, expected, run
from tests.conformance.deviations import HEADINGS, explanation, unexplained
from tests.conformance.vectors import read_cases

DOCS = Path(__file__).parents[2] / "docs"


def test_generated_cases_are_answered_as_the_latest_release_does() -> None:
    unlike = {
        case["id"]: unexplained(case, [case["expect"]]) for case in read_cases("alloc-generated.jsonl.gz")
    }

    assert {name: pairs for name, pairs in unlike.items() if pairs} == {}


@pytest.mark.parametrize("minor", [minor for minor in KUBERNETES_MINORS if minor != LATEST])
def test_cases_of_an_older_release_are_answered_as_it_did_or_as_the_latest_does(minor: str) -> None:
    unlike = {
        case["id"]: unexplained(case, [case["expect"], case.get("latest", case["expect"])])
        for case in read_cases(f"alloc-{minor}.jsonl.gz")
    }

    assert {name: pairs for name, pairs in unlike.items() if pairs} == {}


def test_few_answers_need_an_explanation_and_each_is_documented() -> None:
    page = (DOCS / "deviations.md").read_text(encoding="utf-8")
    needed = Counter(
        explanation(case, mine, theirs[0])
        for case in read_cases("alloc-generated.jsonl.gz")
        for mine, theirs in zip(run(case), expected(case["expect"]), strict=True)
        if not agree(mine, theirs[0])
    )

    assert needed.total() < 15
    assert needed.keys() <= set(HEADINGS.values())
    assert [heading for heading in HEADINGS.values() if f"### {heading}\n" not in page] == []
