"""Rules for one device of a ResourceSlice."""

from __future__ import annotations

from collections.abc import Mapping

from dra.models.resource import (
    Counter,
    Device,
    DeviceAttribute,
    DeviceCapacity,
    DeviceCounterConsumption,
    NodeAllocatableMapping,
    NodeAllocatableOverhead,
    NodeAllocatableResource,
    NodeAllocatableResourceMapping,
    ResourceSliceSpec,
)
from dra.names import is_native_resource
from dra.validation import formats
from dra.validation.checks import Errors, each, entries, matches, max_bytes, qualified_name, same, union
from dra.validation.field_error import Path
from dra.validation.rules.binding import binding_conditions
from dra.validation.rules.node_selector import node_selector
from dra.validation.rules.request_policy import request_policy
from dra.validation.rules.taints import taint
from dra.validation.scope import Scope

__all__ = ["counters", "device", "has_list_attributes", "node_name"]

_LISTS = ("ints", "bools", "strings", "versions")


def node_name(name: str, at: Path) -> Errors:
    """The name of a node."""
    yield from matches(name, formats.dns_subdomain, at)


def has_list_attributes(value: Device) -> bool:
    """Whether any attribute is a list, even an empty one."""
    return any(
        getattr(attribute, name) is not None
        for attribute in (value.attributes or {}).values()
        for name in _LISTS
    )


def device(
    value: Device, old: Device | None, at: Path, slice_spec: ResourceSliceSpec, scope: Scope
) -> Errors:
    """A device. Its capacity and taints are looked at only if they differ from the old device's."""
    yield from matches(value.name, formats.dns_label, at / "name")
    yield from _size(value, at, scope)
    yield from entries(
        value.attributes,
        qualified_name,
        lambda attribute, here: _attribute(attribute, here, scope),
        at / "attributes",
        scope,
    )
    if old is None or not same(old.capacity, value.capacity) or not scope.since("1.37"):
        yield from _capacities(value, at / "capacity", scope)
    if old is None or not same(old.taints, value.taints) or not scope.since("1.35"):
        limit = scope.limits.taints
        yield from each(
            value.taints, lambda item, here: taint(item, here, scope), at / "taints", scope, limit=limit
        )
    yield from _consumption(value, at, scope)
    if not scope.since("1.35"):
        yield from _resolved_counters(value, at, slice_spec)
    yield from _nodes(value, at, scope, per_device=bool(slice_spec.per_device_node_selection))
    yield from binding_conditions(value.binding_conditions, value.binding_failure_conditions, at, scope)
    yield from _node_resources(value, at)


def _size(value: Device, at: Path, scope: Scope) -> Errors:
    limits = scope.limits
    count = len(value.attributes or ()) + len(value.capacity or ())
    if count > limits.attributes_and_capacities:
        limit = limits.attributes_and_capacities
        yield at.invalid(count, f"the total number of attributes and capacities must not exceed {limit}")
    values = sum(_value_count(attribute) for attribute in (value.attributes or {}).values())
    if values > limits.attribute_values and scope.since("1.36"):
        limit = limits.attribute_values
        yield at.invalid(values, f"the total number of attribute values must not exceed {limit}")


def _value_count(attribute: DeviceAttribute) -> int:
    """Scalars and empty lists count as one, lists as their length."""
    return sum(len(getattr(attribute, name) or ()) for name in _LISTS) or 1


def _attribute(attribute: DeviceAttribute, at: Path, scope: Scope) -> Errors:
    limit = scope.limits.attribute_value_bytes
    if attribute.string is not None:
        yield from max_bytes(attribute.string, limit, at / "string")
    if attribute.version is not None:
        yield from _version(attribute.version, at / "version", limit)
    for name in _LISTS:
        if getattr(attribute, name) == []:
            yield (at / name).invalid([], "must not be empty if specified")
    for index, text in enumerate(attribute.strings or ()):
        yield from max_bytes(text, limit, (at / "strings")[index])
    for index, text in enumerate(attribute.versions or ()):
        yield from _version(text, (at / "versions")[index], limit)
    yield from _one_value(attribute, at, scope)


def _version(text: str, at: Path, limit: int) -> Errors:
    yield from matches(text, formats.semantic_version, at)
    yield from max_bytes(text, limit, at)


def _one_value(attribute: DeviceAttribute, at: Path, scope: Scope) -> Errors:
    members = [
        ("int", attribute.int_),
        ("bool", attribute.bool_),
        ("string", attribute.string),
        ("version", attribute.version),
        *((name, getattr(attribute, name)) for name in _LISTS),
    ]
    if scope.declares:
        # The types' tags take an empty list for none at all; the hand-written rule does not.
        declared = list(union([(name, value is not None and value != []) for name, value in members], at))
        if declared:
            yield from declared
            return
    found = sum(value is not None for _, value in members)
    if found > 1:
        yield at.invalid(attribute, "exactly one value must be specified")
    elif not found and scope.since("1.35"):
        yield at.invalid("", "exactly one value must be specified")
    elif not found:
        yield at.required("exactly one value must be specified")


def _capacities(value: Device, at: Path, scope: Scope) -> Errors:
    def capacity(item: DeviceCapacity, here: Path) -> Errors:
        if item.request_policy is None:
            return
        if value.allow_multiple_allocations:
            yield from request_policy(item.request_policy, item.value, here / "requestPolicy", scope)
        else:
            yield (here / "requestPolicy").forbidden("allowMultipleAllocations must be true")

    yield from entries(value.capacity, qualified_name, capacity, at, scope)


def counters(values: Mapping[str, Counter] | None, at: Path, scope: Scope, limit: int | None) -> Errors:
    """Counters by name. Any quantity will do."""

    def counter_name(name: str, here: Path, scope: Scope) -> Errors:
        yield from matches(name, formats.short_name if scope.declares else formats.dns_label, here)

    if not values:
        yield at.required()
    yield from entries(values, counter_name, None, at, scope, limit=limit, shown_bytes=63)


def _consumption(value: Device, at: Path, scope: Scope) -> Errors:
    def consumption(item: DeviceCounterConsumption, here: Path) -> Errors:
        if not item.counter_set:
            yield (here / "counterSet").required()
        elif scope.since("1.35"):
            label = formats.short_name if scope.declares else formats.dns_label
            yield from matches(item.counter_set, label, here / "counterSet")
        yield from counters(item.counters, here / "counters", scope, scope.limits.counters_per_consumption)
        yield from each(
            item.compatibility_groups,
            lambda group, place: matches(group, formats.short_name, place),
            here / "compatibilityGroups",
            scope,
            limit=scope.limits.compatibility_groups,
            key=str,
        )

    yield from each(
        value.consumes_counters,
        consumption,
        at / "consumesCounters",
        scope,
        limit=scope.limits.counter_consumptions,
        key=lambda item: item.counter_set,
        named="counterSet",
        declared=True,
    )
    most = scope.limits.consumed_counters_per_device
    count = sum(len(item.counters or ()) for item in value.consumes_counters or ())
    if most is not None and count > most:
        yield at.invalid(count, f"the total number of counters must not exceed {most}")


def _resolved_counters(value: Device, at: Path, slice_spec: ResourceSliceSpec) -> Errors:
    """In 1.34 the counter sets stand in the same slice."""
    known = {item.name: item.counters or {} for item in slice_spec.shared_counters or ()}
    for index, item in enumerate(value.consumes_counters or ()):
        here = (at / "consumesCounters")[index]
        if item.counter_set not in known:
            yield (here / "counterSet").invalid(
                item.counter_set, "must reference a counterSet defined in the ResourceSlice sharedCounters"
            )
            continue
        for name in item.counters or ():
            if name not in known[item.counter_set]:
                yield (here / "counters").invalid(
                    name, "must reference a counter defined in the ResourceSlice sharedCounters"
                )


def _nodes(value: Device, at: Path, scope: Scope, *, per_device: bool) -> Errors:
    if not per_device:
        if (value.node_name, value.node_selector, value.all_nodes) != (None, None, None):
            yield at.invalid(
                None,
                "`nodeName`, `nodeSelector` and `allNodes` can only be set if "
                "`perDeviceNodeSelection` is set to true in the ResourceSlice spec",
            )
        return
    found = []
    if value.node_name:
        found.append("`nodeName`")
        yield from node_name(value.node_name, at / "nodeName")
    elif value.node_name is not None:
        yield (at / "nodeName").invalid("", "must not be empty")
    if value.node_selector is not None:
        found.append("`nodeSelector`")
        yield from node_selector(value.node_selector, at / "nodeSelector", scope)
    if value.all_nodes:
        found.append("`allNodes`")
    elif value.all_nodes is not None:
        yield (at / "allNodes").invalid(False, "must be either unset or set to true")
    rule = (
        "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when "
        "`perDeviceNodeSelection` is set to true in the ResourceSlice spec"
    )
    if not found:
        yield at.required(rule)
    elif len(found) > 1:
        yield at.invalid(f"{{{', '.join(found)}}}", rule)


def _node_resources(value: Device, at: Path) -> Errors:
    """What the device takes of the node's own resources, in the shapes of 1.37 and of 1.36."""
    capacity = value.capacity or {}
    for name, resource in (value.node_allocatable_resources or {}).items():
        here = (at / "nodeAllocatableResources") @ name
        yield from _node_resource_name(name, here)
        yield from _node_resource(resource, capacity, here)
    for name, mapping in (value.node_allocatable_resource_mappings or {}).items():
        here = (at / "nodeAllocatableResourceMappings") @ name
        yield from _node_resource_name(name, here, former=True)
        yield from _former_mapping(mapping, capacity, here)


def _node_resource_name(name: str, at: Path, *, former: bool = False) -> Errors:
    form = is_native_resource if former else formats.node_allocatable_resource_name
    if not form(name):
        yield at.invalid(name, "must be a node allocatable resource name")


def _node_resource(
    resource: NodeAllocatableResource, capacity: Mapping[str, DeviceCapacity], at: Path
) -> Errors:
    if resource.mapping is None and resource.overhead is None:
        yield at.required("at least one of mapping or overhead must be set")
    if resource.mapping is not None:
        yield from _mapping(resource.mapping, capacity, at / "mapping")
    if resource.overhead is not None:
        yield from _overhead(resource.overhead, at / "overhead")


def _capacity_key(key: str, capacity: Mapping[str, DeviceCapacity], at: Path) -> Errors:
    if not key:
        yield at.invalid("", "capacityKey must not be an empty string")
    elif key not in capacity:
        yield at.not_found(key)


def _mapping(mapping: NodeAllocatableMapping, capacity: Mapping[str, DeviceCapacity], at: Path) -> Errors:
    if mapping.capacity_key is not None:
        yield from _capacity_key(mapping.capacity_key, capacity, at / "capacityKey")
        if mapping.capacity_multiplier is None:
            yield (at / "capacityMultiplier").required(
                "capacityMultiplier is required when capacityKey is set"
            )
        elif mapping.capacity_multiplier.sign <= 0:
            yield (at / "capacityMultiplier").invalid(mapping.capacity_multiplier, "must be positive")
    elif mapping.capacity_multiplier is not None:
        yield (at / "capacityKey").required("capacityKey is required when capacityMultiplier is set")
    if mapping.device_multiplier is not None and mapping.device_multiplier.sign <= 0:
        yield (at / "deviceMultiplier").invalid(mapping.device_multiplier, "must be positive")
    members = [
        ("capacityKey", mapping.capacity_key is not None),
        ("deviceMultiplier", mapping.device_multiplier is not None),
    ]
    yield from union(members, at)


def _overhead(overhead: NodeAllocatableOverhead, at: Path) -> Errors:
    if overhead.per_pod is None and overhead.per_container is None:
        yield at.invalid("", "at least one of perPod or perContainer must be set")
    for name, value in (("perPod", overhead.per_pod), ("perContainer", overhead.per_container)):
        if value is not None and value.sign < 0:
            yield (at / name).invalid(value, "must be non-negative")


def _former_mapping(
    mapping: NodeAllocatableResourceMapping, capacity: Mapping[str, DeviceCapacity], at: Path
) -> Errors:
    if mapping.allocation_multiplier is None and mapping.capacity_key is None:
        yield at.invalid("", "at least one of allocationMultiplier or capacityKey must be set")
    if mapping.allocation_multiplier is not None and mapping.allocation_multiplier.sign <= 0:
        yield (at / "allocationMultiplier").invalid(mapping.allocation_multiplier, "must be positive")
    if mapping.capacity_key is not None:
        yield from _capacity_key(mapping.capacity_key, capacity, at / "capacityKey")
