"""Rules for ResourceSlice."""

from __future__ import annotations

from typing import Final

from dra.models.resource import CounterSet, Device, DeviceAttribute, ResourceSlice, ResourceSliceSpec
from dra.validation import formats
from dra.validation.checks import (
    Errors,
    driver_name,
    each,
    fully_qualified_name,
    immutable,
    matches,
    pool_name,
)
from dra.validation.field_error import Path
from dra.validation.rules.binding import skipped_operations
from dra.validation.rules.device import counters, device, has_list_attributes, node_name
from dra.validation.rules.metadata import metadata, metadata_update
from dra.validation.rules.node_selector import node_selector
from dra.validation.scope import Scope

__all__ = ["resource_slice"]

_AT: Final = Path() / "spec"


def resource_slice(value: ResourceSlice, old: ResourceSlice | None, scope: Scope) -> Errors:
    """A slice of a pool: where its devices are, and the devices or the counters that they share."""
    spec = value.spec
    if old is None:
        yield from metadata(value.metadata, scope, namespaced=False)
    else:
        yield from metadata_update(value.metadata, old.metadata, scope)
        yield from _unchanged(spec, old.spec)
    yield from driver_name(spec.driver, _AT / "driver", scope)
    yield from _pool(spec, scope)
    yield from _nodes(spec, scope)
    if spec.shared_counters is not None and spec.devices is not None and scope.since("1.35"):
        yield _AT.invalid("", "only one of `sharedCounters` or `devices` is allowed")
    yield from _devices(spec, old, scope)
    yield from _shared_counters(spec, scope)
    if spec.partition_type_attribute is not None:
        yield from _partition_type(spec, spec.partition_type_attribute, scope)
    yield from skipped_operations(spec.skip_node_operations, _AT / "skipNodeOperations", scope)


def _unchanged(spec: ResourceSliceSpec, old: ResourceSliceSpec) -> Errors:
    yield from immutable(spec.pool.name, old.pool.name, _AT / "pool" / "name", declared=False)
    yield from immutable(spec.driver, old.driver, _AT / "driver", declared=False)
    yield from immutable(spec.node_name, old.node_name, _AT / "nodeName", declared=False)


def _pool(spec: ResourceSliceSpec, scope: Scope) -> Errors:
    at = _AT / "pool"
    yield from pool_name(spec.pool.name, at / "name", scope)
    if spec.pool.resource_slice_count <= 0:
        yield (at / "resourceSliceCount").invalid(spec.pool.resource_slice_count, "must be greater than zero")
    if spec.pool.generation < 0:
        yield (at / "generation").invalid(spec.pool.generation, "must be greater than or equal to zero")


def _nodes(spec: ResourceSliceSpec, scope: Scope) -> Errors:
    found = []
    if spec.node_name:
        found.append("`nodeName`")
        yield from node_name(spec.node_name, _AT / "nodeName")
    elif spec.node_name is not None:
        yield (_AT / "nodeName").invalid("", "must be either unset or set to a non-empty string")
    if spec.node_selector is not None:
        found.append("`nodeSelector`")
        at = _AT / "nodeSelector"
        yield from node_selector(spec.node_selector, at, scope)
        terms = spec.node_selector.node_selector_terms
        if len(terms) != 1:
            yield (at / "nodeSelectorTerms").invalid(terms, "must have exactly one node selector term")
    for name, flag in (
        ("allNodes", spec.all_nodes),
        ("perDeviceNodeSelection", spec.per_device_node_selection),
    ):
        if flag:
            found.append(f"`{name}`")
        elif flag is not None:
            yield (_AT / name).invalid(False, "must be either unset or set to true")
    rule = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
    if not found:
        yield _AT.required(rule)
    elif len(found) > 1:
        yield _AT.invalid(f"{{{', '.join(found)}}}", f"{rule}, but multiple fields are set")


def _devices(spec: ResourceSliceSpec, old: ResourceSlice | None, scope: Scope) -> Errors:
    before = {item.name: item for item in reversed((old and old.spec.devices) or [])}
    yield from each(
        spec.devices,
        lambda item, here: device(item, before.get(item.name), here, spec, scope),
        _AT / "devices",
        scope,
        limit=_device_limit(spec, scope),
        key=lambda item: item.name,
        named="name",
    )
    most = scope.limits.consumed_counters
    if most is not None:
        count = sum(
            len(item.counters or ()) for each in spec.devices or () for item in each.consumes_counters or ()
        )
        if count > most:
            yield (_AT / "devices").invalid(
                count, f"the total number of counters in devices must not exceed {most}"
            )


def _device_limit(spec: ResourceSliceSpec, scope: Scope) -> int:
    """How many devices there may be: fewer if any has taints, counters or lists as attributes."""

    def is_advanced(item: Device) -> bool:
        return bool(item.taints or item.consumes_counters) or has_list_attributes(item)

    limits = scope.limits
    advanced = any(is_advanced(item) for item in spec.devices or ())
    return limits.devices_with_advanced_features if advanced else limits.devices


def _shared_counters(spec: ResourceSliceSpec, scope: Scope) -> Errors:
    at = _AT / "sharedCounters"

    def counter_set(item: CounterSet, here: Path) -> Errors:
        if item.name:
            label = formats.short_name if scope.declares else formats.dns_label
            yield from matches(item.name, label, here / "name")
        else:
            yield (here / "name").required()
        yield from counters(item.counters, here / "counters", scope, scope.limits.counters_per_set)

    yield from each(
        spec.shared_counters,
        counter_set,
        at,
        scope,
        limit=scope.limits.counter_sets,
        key=lambda item: item.name,
        named="name",
        declared=True,
    )
    most = scope.limits.shared_counters
    count = sum(len(item.counters or ()) for item in spec.shared_counters or ())
    if most is not None and count > most:
        yield at.invalid(count, f"the total number of shared counters must not exceed {most}")


def _partition_type(spec: ResourceSliceSpec, name: str, scope: Scope) -> Errors:
    """The attribute that names the type of a partition is there, as a string, where counters are used."""
    at = _AT / "partitionTypeAttribute"
    yield from fully_qualified_name(name, at, scope)
    consuming = [(index, item) for index, item in enumerate(spec.devices or ()) if item.consumes_counters]
    if not consuming:
        yield at.invalid(name, "may only be set on a slice which declares devices that consume counters")
        return
    # What is malformed even for attribute keys no device can have; the name alone is reported then.
    if "/" not in name or any(True for _ in fully_qualified_name(name.lower(), at, scope)):
        return
    for index, item in consuming:
        here = ((_AT / "devices")[index] / "attributes") @ name
        attribute = _lookup(item, name, spec.driver)
        if attribute is None:
            yield here.required(
                "device consumes counters and `partitionTypeAttribute` names this attribute, "
                "so it must be set"
            )
        elif attribute.string is None:
            yield here.invalid(
                attribute, "must be a string value because `partitionTypeAttribute` names this attribute"
            )


def _lookup(item: Device, name: str, driver: str) -> DeviceAttribute | None:
    """An attribute by full name, or by its bare name in the driver's own domain."""
    attributes = item.attributes or {}
    return attributes.get(name) or attributes.get(name.removeprefix(f"{driver}/"))
