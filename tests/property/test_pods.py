"""Wiring of random workloads, and counts beside the allocator's answers."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings, strategies as st

import dra
from dra.claims.pods import attach, attachment, check_wiring, device_count, quota_cost, templates

NAMES = st.sampled_from(["main", "istio-proxy", "b", "c"])
RESOURCES = st.fixed_dictionaries(
    {},
    optional={
        "limits": st.dictionaries(st.sampled_from(["cpu", "nvidia.com/gpu"]), st.integers(0, 4), max_size=2),
        "claims": st.lists(st.sampled_from([{"name": "nic"}]), max_size=1),
    },
)
CONTAINERS = st.lists(
    st.fixed_dictionaries({"name": NAMES}, optional={"resources": RESOURCES}),
    min_size=1,
    max_size=3,
    unique_by=lambda each: each["name"],
)
POD_SPECS = st.fixed_dictionaries(
    {"containers": CONTAINERS},
    optional={
        "resourceClaims": st.just([{"name": "nic", "resourceClaimName": "nic"}]),
        "hostIPC": st.booleans(),
        "nodeSelector": st.dictionaries(st.sampled_from("ab"), st.sampled_from("ab")),
    },
)


@st.composite
def workloads(draw: st.DrawFn) -> dict[str, Any]:
    def template() -> dict[str, Any]:
        return {"spec": draw(POD_SPECS)}

    kind = draw(st.sampled_from(["Pod", "Job", "JobSet", "RayCluster", "Other"]))
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, **template()}
    if kind == "Job":
        return {"apiVersion": "batch/v1", "kind": kind, "spec": {"template": template()}}
    if kind == "JobSet":
        jobs = [{"name": name, "template": {"spec": {"template": template()}}} for name in ("a", "b")]
        return {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": kind, "spec": {"replicatedJobs": jobs}}
    if kind == "RayCluster":
        workers = [{"groupName": "a", "rayStartParams": {}, "template": template()}]
        head = {"rayStartParams": {}, "template": template()}
        spec = {"headGroupSpec": head, "workerGroupSpecs": workers}
        return {"apiVersion": "ray.io/v1", "kind": kind, "spec": spec}
    return {"apiVersion": "example.com/v1", "kind": kind, "spec": {"deep": [{"pods": template()}]}}


def is_within(small: Any, large: Any) -> bool:
    """Whether everything of some data is in other data, lists with more items at their ends."""
    if isinstance(small, dict):
        return isinstance(large, dict) and all(
            name in large and is_within(value, large[name]) for name, value in small.items()
        )
    if isinstance(small, list):
        return len(small) <= len(large) and all(map(is_within, small, large))
    return small == large


@given(workloads(), st.sampled_from([None, "*"]))
def test_attach_adds_and_loses_nothing(workload: dict[str, Any], containers: str | None) -> None:
    before = copy.deepcopy(workload)
    done = attachment(workload, "template/train", name="gpu", containers=containers)
    assert workload == before
    assert is_within(workload, done.workload)
    assert attach(done.workload, "template/train", name="gpu", containers=containers) == done.workload
    added = {"name": "gpu", "resourceClaimTemplateName": "train"}
    wired = [each for each in templates(done.workload) if added in each.spec.get("resourceClaims", [])]
    assert wired
    for template in wired:
        used = [each.get("resources", {}).get("claims", []) for each in template.spec["containers"]]
        assert any({"name": "gpu"} in uses for uses in used)
    assert not [
        each
        for each in check_wiring(done.workload)
        if "gpu" in each.message and each.code in ("DRA301", "DRA302")
    ]


EXACT = st.fixed_dictionaries(
    {"deviceClassName": st.sampled_from(["big", "small"]), "count": st.integers(1, 3)}
)
ALL = st.fixed_dictionaries(
    {"deviceClassName": st.sampled_from(["big", "small"]), "allocationMode": st.just("All")}
)
REQUESTS = st.lists(
    st.one_of(
        st.builds(lambda wanted: {"exactly": wanted}, EXACT | ALL),
        st.builds(
            lambda options: {
                "firstAvailable": [{"name": f"o{index}", **option} for index, option in enumerate(options)]
            },
            st.lists(EXACT, min_size=1, max_size=3),
        ),
    ),
    min_size=1,
    max_size=3,
)


def device_class(name: str, comparison: str) -> dict[str, Any]:
    expression = f'device.attributes["x.y"].size {comparison} 4'
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceClass",
        "metadata": {"name": name},
        "spec": {"selectors": [{"cel": {"expression": expression}}]},
    }


CLASSES = dra.load([device_class("big", ">="), device_class("small", "<")])


@settings(max_examples=60)
@given(REQUESTS, st.lists(st.integers(0, 7), min_size=1, max_size=8))
def test_what_is_allocated_lies_within_what_was_counted(
    requests: list[dict[str, Any]], sizes: list[int]
) -> None:
    named = [{"name": f"r{index}", **request} for index, request in enumerate(requests)]
    (claim,) = dra.load(
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaim",
            "metadata": {"name": "a", "uid": "1"},
            "spec": {"devices": {"requests": named}},
        }
    )
    (slice_,) = dra.load(
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceSlice",
            "metadata": {"name": "a"},
            "spec": {
                "driver": "x.y",
                "nodeName": "a",
                "pool": {"name": "a", "generation": 1, "resourceSliceCount": 1},
                "devices": [
                    {"name": f"d{index}", "attributes": {"size": {"int": size}}}
                    for index, size in enumerate(sizes)
                ],
            },
        }
    )
    node = dra.Node.from_dict({"metadata": {"name": "a"}})
    results = dra.Allocator([slice_], CLASSES).allocate([dra.default(claim)], node)
    if results is None:
        return
    devices = results[0].devices.results or []
    for count in (device_count(claim), device_count(claim, slice_, CLASSES)):
        assert count.least <= len(devices)
        assert count.most is None or len(devices) <= count.most
        assert count.exact is not None or count.reason
    charged = quota_cost(claim)
    for name in ("big", "small"):
        taken = [each for each in devices if (sizes[int(each.device[1:])] >= 4) == (name == "big")]
        assert len(taken) <= charged.get(f"{name}.deviceclass.resource.k8s.io/devices", 0)
