"""Devices that stand for resources of the node."""

from __future__ import annotations

from typing import Any

import pytest

from dra.allocator.allocatable import node_allocatable_demand
from dra.errors import AllocationError
from dra.models.core import Pod
from tests.unit.allocator.builders import NODE, allocator, claim, device, slice_of, wants


def pod(*users: str) -> Pod:
    """A pod whose containers of these names use the claim `cpus`."""
    containers = [{"name": each, "resources": {"claims": [{"name": "cpus"}]}} for each in users]
    return Pod.from_dict(
        {"metadata": {"name": "p"}, "spec": {"containers": [*containers, {"name": "other"}]}}
    )


def demand(made: dict[str, Any], *users: str, **request: Any) -> dict[str, str] | None:
    """What one such device costs a pod."""
    cluster = allocator(slice_of([made]))
    wanted = claim(wants(1, **request))
    [result] = cluster.allocate([wanted], NODE) or []
    status = cluster.node_allocatable(wanted, result, NODE, pod(*users), "cpus")
    return status and {name: str(amount) for name, amount in node_allocatable_demand(status).items()}


def shared(**resources: Any) -> dict[str, Any]:
    made = device("socket", {"cores": "64"})
    return made | {"allowMultipleAllocations": True, "nodeAllocatableResources": resources}


def test_consumed_capacity_counts_as_a_resource() -> None:
    made = shared(cpu={"mapping": {"capacityKey": "cores", "capacityMultiplier": "500m"}})

    assert demand(made, "main", capacity={"requests": {"cores": "6"}}) == {"cpu": "3"}


def test_each_device_counts_as_a_fixed_amount() -> None:
    made = device("gpu-0") | {
        "nodeAllocatableResources": {"memory": {"mapping": {"deviceMultiplier": "2Gi"}}}
    }

    assert demand(made, "main") == {"memory": "2Gi"}


def test_overhead_counts_per_pod_and_per_container_that_uses_the_claim() -> None:
    overhead = {"perPod": "100Mi", "perContainer": "50Mi"}
    made = device("gpu-0") | {"nodeAllocatableResources": {"memory": {"overhead": overhead}}}

    assert demand(made, "a", "b") == {"memory": "200Mi"}


def test_the_form_of_1_36_has_a_multiplier_only() -> None:
    by_capacity = device("socket", {"cores": "64"}) | {
        "allowMultipleAllocations": True,
        "nodeAllocatableResourceMappings": {"cpu": {"capacityKey": "cores"}},
    }
    by_device = device("gpu-0") | {"nodeAllocatableResourceMappings": {"cpu": {"allocationMultiplier": "4"}}}

    assert demand(by_capacity, "main", capacity={"requests": {"cores": "6"}}) == {"cpu": "6"}
    assert demand(by_device, "main") == {"cpu": "4"}


def test_a_capacity_that_was_not_consumed_costs_nothing() -> None:
    made = shared(
        cpu={"mapping": {"capacityKey": "threads"}}, memory={"mapping": {"deviceMultiplier": "1Gi"}}
    )

    assert demand(made, "main") == {"memory": "1Gi"}


def test_other_devices_cost_nothing() -> None:
    assert demand(device("gpu-0"), "main") is None


def test_capacity_of_a_device_that_is_not_shared_cannot_be_mapped() -> None:
    made = device("socket", {"cores": "64"}) | {
        "nodeAllocatableResources": {"cpu": {"mapping": {"capacityKey": "cores"}}}
    }

    with pytest.raises(AllocationError, match="stands for cpu, but none was consumed"):
        demand(made, "main")
