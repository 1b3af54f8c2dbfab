"""Taints, tolerations and taint rules."""

from __future__ import annotations

from typing import Any

import pytest

from dra.allocator.taints import apply_taint_rules, blocking_taint, tolerates
from dra.models.resource import DeviceTaint, DeviceTaintRule, DeviceToleration, ResourceSlice
from tests.unit.allocator.builders import (
    NODE,
    allocator,
    claim,
    device,
    device_class,
    gpus,
    names,
    slice_of,
    wants,
)

TAINT = DeviceTaint(key="fault", value="ecc", effect="NoExecute")


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "fault", "operator": "Exists", "effect": "NoExecute"}, True),
        ({"key": "fault", "operator": "Exists", "effect": "NoSchedule"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"key": "fault", "value": "ecc"}, True),
        ({"key": "fault", "operator": "Equal", "value": "ecc"}, True),
        ({"key": "fault", "operator": "Equal"}, False),
        ({"value": "ecc"}, True),
        ({}, False),
        ({"key": "fault", "operator": "Like", "value": "ecc"}, False),
    ],
)
def test_tolerations(toleration: dict[str, Any], expected: bool) -> None:
    assert tolerates(DeviceToleration.from_dict(toleration), TAINT) is expected


@pytest.mark.parametrize(
    ("effect", "blocks"), [("NoSchedule", True), ("NoExecute", True), ("None", False), ("Other", False)]
)
def test_only_known_effects_keep_anything_away(effect: str, blocks: bool) -> None:
    assert (blocking_taint([DeviceTaint(key="k", effect=effect)], []) is not None) is blocks


def test_every_taint_must_be_tolerated() -> None:
    taints = [TAINT, DeviceTaint(key="hot", effect="NoSchedule")]

    assert blocking_taint(taints, [DeviceToleration(key="fault", operator="Exists")]) is taints[1]


def rule(**selector: Any) -> DeviceTaintRule:
    taint = {"key": "maintenance", "effect": "NoSchedule"}
    return DeviceTaintRule.from_dict(
        {"metadata": {"name": "r"}, "spec": {"deviceSelector": selector, "taint": taint}}
    )


def tainted(slices: list[ResourceSlice]) -> list[str]:
    return [each.name for slice_ in slices for each in slice_.spec.devices or () if each.taints]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, ["gpu-0", "gpu-1"]),
        ({"driver": "gpu.example.com", "pool": "p", "device": "gpu-1"}, ["gpu-1"]),
        ({"device": "gpu-0"}, ["gpu-0"]),
        ({"driver": "other.example.com"}, []),
        ({"pool": "q"}, []),
        ({"deviceClassName": "first"}, ["gpu-0"]),
        ({"deviceClassName": "unknown"}, []),
        (
            {"selectors": [{"cel": {"expression": 'device.attributes["gpu.example.com"].index == 1'}}]},
            ["gpu-1"],
        ),
        ({"selectors": [{"cel": {"expression": 'device.attributes["gpu.example.com"].nope == 1'}}]}, []),
    ],
)
def test_rules_taint_what_they_select(selector: dict[str, Any], expected: list[str]) -> None:
    slice_ = slice_of([device(f"gpu-{index}", index=index) for index in range(2)])
    first = device_class("first", 'device.attributes["gpu.example.com"].index == 0')

    assert tainted(apply_taint_rules([slice_], [rule(**selector)], [first])) == expected
    assert tainted([slice_]) == []


def test_a_rule_without_selector_taints_nothing() -> None:
    nothing = DeviceTaintRule.from_dict(
        {"metadata": {"name": "r"}, "spec": {"taint": {"key": "k", "effect": "NoSchedule"}}}
    )
    slice_ = slice_of(gpus(1))

    assert apply_taint_rules([slice_], [nothing]) == [slice_]


def test_a_tainted_device_goes_to_a_claim_that_tolerates_it() -> None:
    cluster = allocator(*apply_taint_rules([slice_of(gpus(2))], [rule(device="gpu-0")]))
    tolerant = wants(tolerations=[{"key": "maintenance", "operator": "Exists"}])

    assert names(cluster.allocate([claim(wants())], NODE)) == [["gpu-1"]]
    result = cluster.allocate([claim(tolerant)], NODE)
    assert names(result) == [["gpu-0"]]
    assert result is not None
    assert [each.key for each in (result[0].devices.results or [])[0].tolerations or ()] == ["maintenance"]
