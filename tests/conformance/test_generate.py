"""The generated cases are reproducible, readable by the models, and about what their profiles say."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from dra.features import KUBERNETES_MINORS, LATEST
from dra.models.core import Node
from dra.models.resource import DeviceClass, ResourceClaim, ResourceSlice
from tests.conformance.generate import PROFILES, cases
from tests.conformance.record import GENERATED, SAMPLE
from tests.conformance.vectors import read_cases

RECORDED = {
    minor: f"alloc-{'generated' if minor == LATEST else minor}.jsonl.gz" for minor in KUBERNETES_MINORS
}
# Words that only a case about the trait has.
MARKS = {
    "admin": "adminAccess",
    "alternatives": "firstAvailable",
    "binding": "bindingConditions",
    "configs": "opaque",
    "constraints": "matchAttribute",
    "counters": "consumesCounters",
    "derived": "derivedAttributes",
    "groups": "compatibilityGroups",
    "lists": "'ints'",
    "nodes": "nodeSelector",
    "operations": "skipNodeOperations",
    "pools": "stale-",
    "sharing": "allowMultipleAllocations': True",
    "taints": "taints",
}


def test_the_same_seed_gives_the_same_cases() -> None:
    assert list(cases(3, 40)) == list(cases(3, 40))
    assert list(cases(3, 40)) != list(cases(4, 40))


def test_profiles_that_a_minor_does_not_know_are_left_out() -> None:
    old, new = ({each["profile"] for each in cases(1, 64, minor)} for minor in ("1.34", "1.37"))

    assert new == set(PROFILES)
    assert new - old == {"derived", "groups", "lists", "operations"}


@pytest.mark.parametrize("profile", MARKS)
def test_a_profile_is_about_its_trait_and_the_plain_one_seldom_is(profile: str) -> None:
    generated = list(cases(5, 480))
    texts = {
        name: [str(each) for each in generated if each["profile"] == name] for name in (profile, "basic")
    }
    frequency = {
        name: sum(MARKS[profile] in text for text in some) / len(some) for name, some in texts.items()
    }

    assert frequency[profile] > max(0.05, 3 * frequency["basic"])


@pytest.mark.parametrize("minor", KUBERNETES_MINORS)
def test_every_object_is_readable_by_the_models(minor: str) -> None:
    for case in cases(9, 64, minor):
        for kind, model in (
            ("slices", ResourceSlice),
            ("classes", DeviceClass),
            ("claims", ResourceClaim),
            ("nodes", Node),
        ):
            for each in case[kind]:
                read = model.from_dict(each, strict=True).to_dict()
                assert {key: read[key] for key in each} == each


@pytest.mark.parametrize("minor", KUBERNETES_MINORS)
def test_recorded_cases_are_those_of_the_generator(minor: str) -> None:
    recorded = list(read_cases(RECORDED[minor]))
    generated = {each["id"]: each for each in cases(1, GENERATED if minor == LATEST else SAMPLE, minor)}

    assert [case for case in recorded if _asked(case) != generated[case["id"]]] == []
    assert {case["kubernetes"] for case in recorded} == {minor}


@pytest.mark.parametrize("minor", KUBERNETES_MINORS)
def test_recorded_answers_are_of_every_kind(minor: str) -> None:
    kinds = Counter(
        "error" if node["error"] else "none" if node["results"] is None else "fits"
        for case in read_cases(RECORDED[minor])
        for node in case["expect"]["nodes"]
    )

    assert min(kinds[kind] for kind in ("error", "none", "fits")) > 0.05 * kinds.total()


def _asked(case: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in case.items() if key not in ("expect", "kubernetes", "latest")}
