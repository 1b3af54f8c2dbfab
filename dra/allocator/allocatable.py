"""Node resources that devices stand for (KEP-5517): CPU claimed as a device counts against the node.

What a claim costs its pod in `cpu`, `memory` and the like: amounts mapped from its devices, and overhead.
That the node has that much left, that such a claim is not shared between pods, and pod-level resources are
for the scheduler to check, not for the allocator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from dra.errors import AllocationError
from dra.models.core import (
    NodeAllocatableMappedResources,
    NodeAllocatableOverheadResources,
    NodeAllocatableResourceClaimStatus,
    Pod,
)
from dra.models.resource import AllocationResult, Device, DeviceRequestAllocationResult
from dra.quantity import Quantity

__all__ = ["node_allocatable_demand", "node_allocatable_status"]

_ONE: Final = Quantity(1)
_NANO: Final = 10**9


def node_allocatable_status(
    claim_name: str,
    result: AllocationResult,
    devices: Mapping[tuple[str, str, str], Device],
    pod: Pod,
    entry: str,
) -> NodeAllocatableResourceClaimStatus | None:
    """What an allocated claim adds to `status.nodeAllocatableResourceClaimStatuses` of a pod.

    Args:
        claim_name: The claim's name.
        result: Its allocation.
        devices: The devices by driver, pool and name.
        pod: The pod.
        entry: The name under which the pod's containers refer to the claim.

    Returns:
        None if none of the devices stands for a resource of the node.

    Raises:
        AllocationError: A mapping needs the consumed capacity of a device that is not shared.
    """
    mapped: dict[str, Quantity] = {}
    per_pod: dict[str, Quantity] = {}
    per_container: dict[str, Quantity] = {}
    for allocated in result.devices.results or ():
        device = devices.get((allocated.driver, allocated.pool, allocated.device))
        if device is None:
            continue
        for name, amount in _mapped(device, allocated):
            mapped[name] = mapped.get(name, Quantity(0)) + amount
        for name, resource in (device.node_allocatable_resources or {}).items():
            overhead = resource.overhead
            if overhead is not None and overhead.per_pod is not None:
                per_pod[name] = per_pod.get(name, Quantity(0)) + overhead.per_pod
            if overhead is not None and overhead.per_container is not None:
                per_container[name] = per_container.get(name, Quantity(0)) + overhead.per_container
    if not (mapped or per_pod or per_container):
        return None
    return NodeAllocatableResourceClaimStatus(
        resource_claim_name=claim_name,
        containers=_users(pod, entry),
        mapping=[
            NodeAllocatableMappedResources(name=name, quantity=amount)
            for name, amount in sorted(mapped.items())
        ],
        overhead=[
            NodeAllocatableOverheadResources(
                name=name, per_pod=per_pod.get(name), per_container=per_container.get(name)
            )
            for name in sorted(per_pod.keys() | per_container.keys())
        ],
    )


def node_allocatable_demand(status: NodeAllocatableResourceClaimStatus) -> dict[str, Quantity]:
    """What a claim costs the pod's node in total, by resource.

    Example:
        >>> status = NodeAllocatableResourceClaimStatus.from_dict({
        ...     "resourceClaimName": "cpus", "containers": ["a", "b"],
        ...     "mapping": [{"name": "cpu", "quantity": "4"}],
        ...     "overhead": [{"name": "cpu", "perPod": "1", "perContainer": "500m"}]})
        >>> str(node_allocatable_demand(status)["cpu"])
        '6'
    """
    demand = {each.name: each.quantity or Quantity(0) for each in status.mapping or ()}
    containers = len(status.containers or ())
    for each in status.overhead or ():
        total = demand.get(each.name, Quantity(0)) + (each.per_pod or Quantity(0))
        demand[each.name] = total + _times(each.per_container or Quantity(0), Quantity(containers))
    return demand


def _mapped(device: Device, allocated: DeviceRequestAllocationResult) -> Iterable[tuple[str, Quantity]]:
    for name, resource in (device.node_allocatable_resources or {}).items():
        mapping = resource.mapping
        if mapping is None:
            continue
        if mapping.capacity_key:
            consumed = _consumed(allocated, mapping.capacity_key, name)
            if consumed is not None:
                yield name, _times(consumed, mapping.capacity_multiplier or _ONE)
        elif mapping.device_multiplier is not None:
            yield name, mapping.device_multiplier
    # The form of Kubernetes 1.36.
    for name, old in (device.node_allocatable_resource_mappings or {}).items():
        multiplier = old.allocation_multiplier or _ONE
        if old.capacity_key:
            consumed = _consumed(allocated, old.capacity_key, name)
            if consumed is not None:
                yield name, _times(consumed, multiplier)
        else:
            yield name, multiplier


def _consumed(allocated: DeviceRequestAllocationResult, key: str, resource: str) -> Quantity | None:
    if allocated.consumed_capacity is None:
        raise AllocationError(
            f"device {allocated.device}: capacity {key!r} stands for {resource}, but none was consumed",
            value=key,
            remedy="such a device must allow multiple allocations",
        )
    return allocated.consumed_capacity.get(key)


def _times(amount: Quantity, factor: Quantity) -> Quantity:
    return Quantity.from_nanos(-(-amount.nanos * factor.nanos // _NANO), amount.format)


def _users(pod: Pod, entry: str) -> list[str]:
    containers = [*(pod.spec.init_containers or ()), *(pod.spec.containers or ())]
    return [
        container.name
        for container in containers
        for used in (container.resources.claims if container.resources is not None else None) or ()
        if used.name == entry
    ]
