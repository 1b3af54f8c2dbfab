"""`dra.features`: the gate table and its algebra."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import attrs
import pytest
import yaml

from dra import Features, UnknownVersionError
from dra.features import KUBERNETES_MINORS, Stage, is_since, minor

VERSIONS_PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "versions.md"


@pytest.mark.parametrize(
    ("kubernetes", "on", "off"),
    [
        ("1.34", "prioritized_list", "device_taints"),
        ("v1.36.2", "consumable_capacity", "device_taint_rules"),
        ("1.37", "device_taint_rules", "fractional_capacity_range"),
    ],
)
def test_defaults_follow_the_minor(kubernetes: str, on: str, off: str) -> None:
    features = Features.for_kubernetes(kubernetes)
    assert getattr(features, on)
    assert not getattr(features, off)


def test_minors_are_compared_as_numbers() -> None:
    assert is_since("1.10", "1.9")
    assert not is_since("1.9", "1.10")
    assert all(is_since(newer, older) for older, newer in pairwise(KUBERNETES_MINORS))


def test_overrides_switch_single_features() -> None:
    features = Features.for_kubernetes("1.37", list_type_attributes=True, admin_access=False)
    assert features.list_type_attributes
    assert not features.admin_access


def test_a_minor_has_no_feature_from_the_future() -> None:
    with pytest.raises(UnknownVersionError, match=r"1\.34 has no feature 'list_type_attributes'"):
        Features.for_kubernetes("1.34", list_type_attributes=True)


def test_an_unknown_feature_is_refused_by_name() -> None:
    with pytest.raises(UnknownVersionError, match="unknown feature 'warp_drive'"):
        Features.for_kubernetes("1.37", warp_drive=True)


@pytest.mark.parametrize("text", ["1.12", "latest", "", "2.0"])
def test_unknown_minors_are_refused(text: str) -> None:
    with pytest.raises(UnknownVersionError, match="unknown Kubernetes version"):
        minor(text)


def test_a_minor_that_yaml_has_made_a_number_is_read() -> None:
    assert minor(yaml.safe_load("1.37")) == "1.37"


def test_gates_are_read_by_their_kubernetes_names() -> None:
    features = Features.from_gates({"DRAListTypeAttributes": True, "SomeOtherGate": True})
    assert features.gates()["DRAListTypeAttributes"]
    assert features == Features.for_kubernetes("1.37", list_type_attributes=True)


def test_union_is_on_where_either_is() -> None:
    union = Features(admin_access=True) | Features(device_taints=True)
    assert union == Features(admin_access=True, device_taints=True)
    assert Features() | Features.all() == Features.all()


def test_the_page_on_versions_has_the_table() -> None:
    words = {
        Stage.ABSENT: "",
        Stage.ALPHA: "alpha",
        Stage.BETA_OFF: "beta, off",
        Stage.BETA: "**beta**",
        Stage.GA: "**stable**",
        Stage.LOCKED: "**stable**, locked",
    }
    expected = [
        [field.metadata["gate"], *(words[field.metadata["stages"][each]] for each in KUBERNETES_MINORS)]
        for field in attrs.fields(Features)
    ]
    page = VERSIONS_PAGE.read_text(encoding="utf-8")
    table = page.split("| gate | ", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    assert [[cell.strip() for cell in row.split("|")[1:-1]] for row in table] == expected
