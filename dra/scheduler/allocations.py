"""What a claim has, read off its status: the allocation, its devices, its consumers, what binding came to."""

from __future__ import annotations

from collections.abc import Sequence

from dra.allocator.state import DeviceId
from dra.models.resource import (
    AllocationResult,
    DeviceRequestAllocationResult,
    ResourceClaim,
    ResourceClaimConsumerReference,
)

__all__ = ["allocation_of", "binding_failed", "consumers_of", "devices_of", "results_of"]


def allocation_of(claim: ResourceClaim | None) -> AllocationResult | None:
    """The allocation of a claim; None if it has none yet, or is not there."""
    return claim.status.allocation if claim is not None and claim.status is not None else None


def results_of(claim: ResourceClaim | None) -> Sequence[DeviceRequestAllocationResult]:
    """The devices and shares that a claim has, request by request."""
    allocation = allocation_of(claim)
    return (allocation.devices.results if allocation is not None else None) or ()


def devices_of(claim: ResourceClaim | None) -> tuple[DeviceId, ...]:
    """The devices that a claim has, or has shares of."""
    return tuple(DeviceId(each.driver, each.pool, each.device) for each in results_of(claim))


def consumers_of(claim: ResourceClaim) -> Sequence[ResourceClaimConsumerReference]:
    """Whom a claim is reserved for."""
    return (claim.status.reserved_for if claim.status is not None else None) or ()


def binding_failed(claim: ResourceClaim) -> bool:
    """Whether a driver has reported that an allocated device cannot be had after all (KEP-5007)."""
    conditions = {
        DeviceId(each.driver, each.pool, each.device): {
            condition.type for condition in each.conditions or () if condition.status == "True"
        }
        for each in (claim.status.devices if claim.status is not None else None) or ()
    }
    return any(
        not conditions.get(device, set()).isdisjoint(each.binding_failure_conditions or ())
        for device, each in zip(devices_of(claim), results_of(claim), strict=True)
    )
