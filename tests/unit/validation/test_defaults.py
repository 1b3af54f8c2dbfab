"""`dra.default`: what the API server fills in."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

import dra
from dra import Features
from dra.models.kinds import decode

NOW = datetime(2026, 1, 31, 12, 0, 0, 999, tzinfo=timezone.utc)
STAMP = "2026-01-31T12:00:00Z"


def spec_with_defaults(api_version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    obj = decode({"apiVersion": api_version, "kind": kind, "spec": spec})
    before = obj.to_dict()
    filled = dra.default(obj, now=NOW).to_dict()["spec"]
    assert obj.to_dict() == before, "the original is not changed"
    assert isinstance(filled, dict)
    return filled


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ({}, {"allocationMode": "ExactCount", "count": 1}),
        ({"count": 0, "allocationMode": ""}, {"allocationMode": "ExactCount", "count": 1}),
        ({"count": 3}, {"allocationMode": "ExactCount", "count": 3}),
        ({"allocationMode": "All"}, {"allocationMode": "All"}),
        ({"allocationMode": "Other"}, {"allocationMode": "Other"}),
        ({"count": -1}, {"allocationMode": "ExactCount", "count": -1}),
    ],
)
def test_mode_and_count_of_requests(given: dict[str, Any], filled: dict[str, Any]) -> None:
    requests = [
        {"name": "a", "exactly": {"deviceClassName": "x", **given}},
        {"name": "b", "firstAvailable": [{"name": "c", "deviceClassName": "x", **given}]},
    ]
    expected = {
        "devices": {
            "requests": [
                {"name": "a", "exactly": {"deviceClassName": "x", **filled}},
                {"name": "b", "firstAvailable": [{"name": "c", "deviceClassName": "x", **filled}]},
            ]
        }
    }
    spec = {"devices": {"requests": requests}}
    assert spec_with_defaults("resource.k8s.io/v1", "ResourceClaim", spec) == expected
    template = spec_with_defaults("resource.k8s.io/v1beta2", "ResourceClaimTemplate", {"spec": spec})
    assert template == {"spec": expected}


def test_v1beta1_counts_only_requests_with_a_class() -> None:
    requests = [{"name": "a", "deviceClassName": "x"}, {"name": "b", "tolerations": [{"key": "k"}]}]
    filled = spec_with_defaults(
        "resource.k8s.io/v1beta1", "ResourceClaim", {"devices": {"requests": requests}}
    )
    assert filled["devices"]["requests"] == [
        {"name": "a", "deviceClassName": "x", "allocationMode": "ExactCount", "count": 1},
        {"name": "b", "tolerations": [{"key": "k", "operator": "Equal"}]},
    ]


def test_tolerations_compare_by_value() -> None:
    claim = decode(
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaim",
            "status": {
                "allocation": {"devices": {"results": [{"tolerations": [{}, {"operator": "Exists"}]}]}}
            },
        }
    )
    results = dra.default(claim).to_dict()["status"]["allocation"]["devices"]["results"]
    assert results == [{"tolerations": [{"operator": "Equal"}, {"operator": "Exists"}]}]


def test_taints_get_the_time() -> None:
    taints = [{"key": "a"}, {"key": "b", "timeAdded": "2020-01-01T00:00:00Z"}]
    filled = spec_with_defaults("resource.k8s.io/v1", "ResourceSlice", {"devices": [{"taints": taints}, {}]})
    assert [taint["timeAdded"] for taint in filled["devices"][0]["taints"]] == [STAMP, "2020-01-01T00:00:00Z"]
    rule = spec_with_defaults("resource.k8s.io/v1alpha3", "DeviceTaintRule", {"taint": {"key": "a"}})
    assert rule == {"taint": {"key": "a", "timeAdded": STAMP}}


def test_the_mapping_of_1_36_multiplies_by_one() -> None:
    device = {"nodeAllocatableResourceMappings": {"cpu": {}, "memory": {"allocationMultiplier": "2"}}}
    filled = spec_with_defaults("resource.k8s.io/v1", "ResourceSlice", {"devices": [device]})
    assert filled["devices"][0]["nodeAllocatableResourceMappings"] == {
        "cpu": {"allocationMultiplier": "1"},
        "memory": {"allocationMultiplier": "2"},
    }


def test_pool_status_is_limited() -> None:
    kind = "ResourcePoolStatusRequest"
    assert spec_with_defaults("resource.k8s.io/v1alpha3", kind, {"driver": "a"}) == {
        "driver": "a",
        "limit": 100,
    }
    assert spec_with_defaults("resource.k8s.io/v1alpha3", kind, {"limit": 0}) == {"limit": 0}


@pytest.mark.parametrize(
    ("api_version", "kind", "mode"),
    [
        ("scheduling.k8s.io/v1beta1", "PodGroup", {"single": {}}),
        ("scheduling.k8s.io/v1alpha3", "CompositePodGroup", {"single": {}}),
        ("scheduling.k8s.io/v1alpha2", "PodGroup", "Pod"),
    ],
)
def test_groups_are_disrupted_pod_by_pod(api_version: str, kind: str, mode: object) -> None:
    assert spec_with_defaults(api_version, kind, {"priority": 1}) == {"priority": 1, "disruptionMode": mode}


def test_groups_get_a_preemption_policy_with_its_feature() -> None:
    group = dra.PodGroup()
    features = Features.for_kubernetes("1.37", pod_group_preemption_policy=True)
    assert dra.default(group).spec.preemption_policy is None
    assert dra.default(group, features=features).spec.preemption_policy == "PreemptLowerPriority"


def test_other_kinds_have_no_defaults() -> None:
    for obj in (dra.Pod(), dra.DeviceClass(), dra.Workload()):
        assert dra.default(obj) == obj
