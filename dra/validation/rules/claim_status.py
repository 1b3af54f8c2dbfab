"""Rules for the status of a ResourceClaim: allocation, consumers, device status."""

from __future__ import annotations

from typing import Final

from dra.models.resource import (
    AllocatedDeviceStatus,
    AllocationResult,
    DeviceAllocationConfiguration,
    DeviceRequestAllocationResult,
    NetworkDeviceData,
    ResourceClaim,
    ResourceClaimConsumerReference,
    ResourceClaimStatus,
)
from dra.validation import formats
from dra.validation.checks import Errors, driver_name, each, matches, max_bytes, one_of, pool_name, same
from dra.validation.field_error import Path
from dra.validation.rules.admin_access import admin_access
from dra.validation.rules.binding import binding_conditions, skipped_operations
from dra.validation.rules.conditions import conditions
from dra.validation.rules.configuration import opaque_configuration, raw_object
from dra.validation.rules.node_selector import node_selector
from dra.validation.rules.references import RequestNames, reference, references, request_names
from dra.validation.rules.taints import tolerations
from dra.validation.scope import Scope

__all__ = ["claim_status"]

_AT: Final = Path() / "status"
_EMPTY: Final = ResourceClaimStatus()


def claim_status(claim: ResourceClaim, old: ResourceClaim | None, scope: Scope) -> Errors:
    """The status, as if it were written on top of the old one."""
    if claim.status is None:
        return
    status, before = claim.status, (old and old.status) or _EMPTY
    yield from _consumers(status, before, scope, is_deleted=claim.metadata.deletion_timestamp is not None)
    yield from _device_statuses(status, before, scope)
    if status.allocation is None:
        return
    at = _AT / "allocation"
    if not (before.allocation and _first_admin(before.allocation) is not None):
        index = _first_admin(status.allocation)
        if index is not None:
            yield from admin_access((at / "devices" / "results")[index], scope)
    if before.allocation is not None:
        if not same(status.allocation, before.allocation):
            if scope.declares:
                yield at.invalid(None, "field cannot be modified once set")
            else:
                yield at.invalid(status.allocation, "field is immutable")
    else:
        yield from _allocation(status.allocation, at, scope, request_names(claim.spec.devices))


def _first_admin(allocation: AllocationResult) -> int | None:
    """The first result with admin access; the server mentions no others."""
    results = allocation.devices.results or ()
    return next((index for index, result in enumerate(results) if result.admin_access), None)


def _consumers(
    status: ResourceClaimStatus, before: ResourceClaimStatus, scope: Scope, *, is_deleted: bool
) -> Errors:
    at = _AT / "reservedFor"
    consumers = status.reserved_for or []
    yield from each(
        consumers,
        _consumer,
        at,
        scope,
        limit=scope.limits.reserved_for,
        key=lambda consumer: consumer.uid,
        named="uid",
        declared=True,
    )
    if consumers and status.allocation is None:
        yield at.forbidden("may not be specified when `allocated` is not set")
    elif is_deleted:
        known = before.reserved_for or []
        if any(consumer not in known for consumer in consumers):
            yield at.forbidden(
                "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
            )


def _consumer(consumer: ResourceClaimConsumerReference, at: Path) -> Errors:
    for name in ("resource", "name", "uid"):
        if not getattr(consumer, name):
            yield (at / name).required()


def _allocation(allocation: AllocationResult, at: Path, scope: Scope, names: RequestNames) -> Errors:
    yield from each(
        allocation.devices.results,
        lambda value, here: _result(value, here, scope, names),
        at / "devices" / "results",
        scope,
        limit=scope.limits.results,
    )
    yield from each(
        allocation.devices.config,
        lambda value, here: _configuration(value, here, scope, names),
        at / "devices" / "config",
        scope,
        limit=scope.limits.allocation_configurations,
    )
    if allocation.node_selector is not None:
        yield from node_selector(allocation.node_selector, at / "nodeSelector", scope)


def _result(result: DeviceRequestAllocationResult, at: Path, scope: Scope, names: RequestNames) -> Errors:
    yield from reference(result.request, at / "request", names)
    yield from driver_name(result.driver, at / "driver", scope, declared=scope.declares)
    yield from pool_name(result.pool, at / "pool", scope, declared=scope.declares)
    yield from matches(result.device, formats.dns_label, at / "device")
    yield from binding_conditions(result.binding_conditions, result.binding_failure_conditions, at, scope)
    if scope.since("1.37"):
        yield from tolerations(result.tolerations, at / "tolerations", scope)
    if result.share_id is not None:
        yield from _share_id(result.share_id, at / "shareID", scope)
    yield from skipped_operations(result.skip_node_operations, at / "skipNodeOperations", scope)


def _share_id(share_id: str, at: Path, scope: Scope) -> Errors:
    if scope.declares:
        yield from matches(share_id, formats.uuid, at)
    elif formats.uuid(share_id):
        if formats.uuid(share_id.lower()):
            detail = "error validating uid: invalid UUID format"
            if len(share_id) != 36:
                detail = f"error validating uid: invalid UUID length: {len(share_id)}"
        else:
            detail = (
                "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` "
                "with lowercase hexadecimal characters"
            )
        yield at.invalid(share_id, detail)


def _configuration(
    value: DeviceAllocationConfiguration, at: Path, scope: Scope, names: RequestNames
) -> Errors:
    yield from one_of(value.source, ("FromClaim", "FromClass"), at / "source", required=True)
    yield from references(value.requests, at / "requests", scope, names)
    yield from opaque_configuration(value.opaque, at, scope)


def _identity(device: AllocatedDeviceStatus | DeviceRequestAllocationResult) -> tuple[str, ...]:
    return device.driver, device.pool, device.device, device.share_id or ""


def _allocated(status: ResourceClaimStatus) -> set[tuple[str, ...]]:
    results = status.allocation.devices.results if status.allocation else None
    return {_identity(result) for result in results or ()}


def _device_statuses(status: ResourceClaimStatus, before: ResourceClaimStatus, scope: Scope) -> Errors:
    """Every entry is of an allocated device. The server drops entries of devices that are no longer."""
    allocated = _allocated(status)
    released = _allocated(before) - allocated
    devices = [device for device in status.devices or () if _identity(device) not in released]

    def device_status(device: AllocatedDeviceStatus, at: Path) -> Errors:
        if _identity(device) not in allocated:
            yield at.invalid(_shown_identity(device), "must be an allocated device in the claim")
        yield from _device_status(device, at, scope)

    at = _AT / "devices"
    if scope.declares:
        yield from each(devices, device_status, at, scope, key=_identity, declared=True)
        return
    yield from each(devices, device_status, at, scope)
    seen = set()
    for index, device in enumerate(devices):
        if _identity(device) in seen:
            here = at[index] if scope.since("1.35") else at[index] / "deviceID"
            yield here.duplicate(_shown_identity(device))
        seen.add(_identity(device))


def _shown_identity(device: AllocatedDeviceStatus) -> dict[str, str]:
    return dict(zip(("Driver", "Pool", "Device", "ShareID"), _identity(device), strict=True))


def _device_status(device: AllocatedDeviceStatus, at: Path, scope: Scope) -> Errors:
    yield from driver_name(device.driver, at / "driver", scope)
    yield from pool_name(device.pool, at / "pool", scope)
    yield from matches(device.device, formats.dns_label, at / "device")
    if device.share_id is not None:
        yield from _share_id(device.share_id, at / "shareID", scope)
    yield from conditions(device.conditions, at / "conditions", scope, scope.limits.device_conditions)
    if device.data is not None:
        yield from raw_object(device.data, at / "data", scope.limits.device_data_bytes)
    if device.network_data is not None:
        yield from _network(device.network_data, at / "networkData", scope)


def _network(network: NetworkDeviceData, at: Path, scope: Scope) -> Errors:
    limits = scope.limits
    yield from max_bytes(network.interface_name, limits.interface_name_bytes, at / "interfaceName")
    yield from max_bytes(network.hardware_address, limits.hardware_address_bytes, at / "hardwareAddress")
    yield from each(
        network.ips,
        lambda address, here: matches(address, formats.interface_address, here),
        at / "ips",
        scope,
        limit=limits.ips,
        key=str,
        declared=True,
    )
