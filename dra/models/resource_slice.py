"""What drivers publish: devices in ResourceSlices (`resource.k8s.io/v1`)."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field
from typing_extensions import Self

from dra.models.base import Model
from dra.models.core import NodeSelector
from dra.models.meta import KubernetesObject
from dra.models.scalars import Bool, Int64, Str, Time
from dra.models.sharing import SharedValues
from dra.quantity import Quantity

__all__ = [
    "CapacityRequestPolicy",
    "CapacityRequestPolicyRange",
    "Counter",
    "CounterSet",
    "Device",
    "DeviceAttribute",
    "DeviceCapacity",
    "DeviceCounterConsumption",
    "DeviceTaint",
    "NodeAllocatableMapping",
    "NodeAllocatableOverhead",
    "NodeAllocatableResource",
    "NodeAllocatableResourceMapping",
    "ResourcePool",
    "ResourceSlice",
    "ResourceSliceSpec",
]

_ZERO = Quantity(0)


class _Leaf(Model):
    """A value that cannot be changed, so that equal ones are one object in memory."""

    model_config = ConfigDict(frozen=True)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Itself: a copy could not come to differ."""
        return self


class DeviceAttribute(_Leaf):
    """One attribute of a device: exactly one member is set. The list members are [1.36], alpha.

    Immutable; on the wire the members are `int`, `bool`, `ints` and `bools`.

    Example:
        >>> DeviceAttribute(int_=3).to_dict(), DeviceAttribute(version="1.2.3").version
        ({'int': 3}, '1.2.3')
    """

    int_: Int64 | None = None
    bool_: Bool | None = None
    string: Str | None = None
    version: Str | None = None
    ints: list[Int64] | None = None
    bools: list[Bool] | None = None
    strings: list[Str] | None = None
    versions: list[Str] | None = None


class CapacityRequestPolicyRange(_Leaf):
    """Amounts a claim may ask for: from `min` in steps of `step` up to `max`."""

    min: Quantity | None = None
    max: Quantity | None = None
    step: Quantity | None = None


class CapacityRequestPolicy(_Leaf):
    """How a capacity that several claims share may be asked for [1.34]."""

    default: Quantity | None = None
    valid_values: list[Quantity] | None = None
    valid_range: CapacityRequestPolicyRange | None = None


class DeviceCapacity(_Leaf):
    """An amount of something that a device has. Immutable.

    Example:
        >>> DeviceCapacity.from_dict({"value": "80Gi"}).value.value
        85899345920
    """

    value: Quantity = _ZERO
    request_policy: CapacityRequestPolicy | None = None


class Counter(_Leaf):
    """An amount in a counter set, or the part of it that a device consumes. Immutable."""

    value: Quantity = _ZERO


class CounterSet(Model):
    """Counters that several devices of a pool share, such as the memory slices of one GPU [1.33]."""

    name: Str = ""
    counters: SharedValues[Counter] | None = None


class DeviceCounterConsumption(Model):
    """What a device takes from one counter set while it is allocated."""

    counter_set: Str = ""
    counters: SharedValues[Counter] | None = None
    compatibility_groups: list[Str] | None = None


class NodeAllocatableMapping(Model):
    """Node resources that a device stands for, by consumed capacity or by number of devices."""

    capacity_key: Str | None = None
    capacity_multiplier: Quantity | None = None
    device_multiplier: Quantity | None = None


class NodeAllocatableOverhead(Model):
    """Node resources that using a device costs on top."""

    per_pod: Quantity | None = None
    per_container: Quantity | None = None


class NodeAllocatableResource(Model):
    """How allocating a device counts against one resource of the node [1.37]."""

    mapping: NodeAllocatableMapping | None = None
    overhead: NodeAllocatableOverhead | None = None


class NodeAllocatableResourceMapping(Model):
    """The form of `NodeAllocatableResource` in Kubernetes 1.36, removed in 1.37."""

    capacity_key: Str | None = None
    allocation_multiplier: Quantity | None = None


class DeviceTaint(Model):
    """Keeps claims without a matching toleration from a device."""

    key: Str = ""
    value: Str | None = None
    effect: Str = ""
    time_added: Time | None = None


class Device(Model):
    """One device of a ResourceSlice.

    Example:
        >>> device = Device(name="gpu-0", attributes={"index": DeviceAttribute(int_=0)})
        >>> device.to_dict()
        {'name': 'gpu-0', 'attributes': {'index': {'int': 0}}}
    """

    name: Str = ""
    attributes: SharedValues[DeviceAttribute] | None = None
    capacity: SharedValues[DeviceCapacity] | None = None
    consumes_counters: list[DeviceCounterConsumption] | None = None
    node_name: Str | None = None
    node_selector: NodeSelector | None = None
    all_nodes: Bool | None = None
    taints: list[DeviceTaint] | None = None
    binds_to_node: Bool | None = None
    binding_conditions: list[Str] | None = None
    binding_failure_conditions: list[Str] | None = None
    allow_multiple_allocations: Bool | None = None
    node_allocatable_resources: dict[Str, NodeAllocatableResource] | None = None
    node_allocatable_resource_mappings: dict[Str, NodeAllocatableResourceMapping] | None = None


class ResourcePool(Model):
    """The pool a slice belongs to; only slices of the highest generation count."""

    name: Str = ""
    generation: Int64 = 0
    resource_slice_count: Int64 = 0


class ResourceSliceSpec(Model):
    """Where a slice's devices are and what they are. Exactly one of the four node fields is set."""

    driver: Str = ""
    pool: ResourcePool = Field(default_factory=ResourcePool)
    node_name: Str | None = None
    node_selector: NodeSelector | None = None
    all_nodes: Bool | None = None
    per_device_node_selection: Bool | None = None
    devices: list[Device] | None = None
    shared_counters: list[CounterSet] | None = None
    partition_type_attribute: Str | None = None
    skip_node_operations: list[Str] | None = None


class ResourceSlice(KubernetesObject):
    """A part of the devices that a driver has in one pool.

    Example:
        >>> slice = ResourceSlice.from_dict({"metadata": {"name": "node-1-gpus"}, "spec": {
        ...     "driver": "gpu.example.com", "nodeName": "node-1",
        ...     "pool": {"name": "node-1", "generation": 1, "resourceSliceCount": 1},
        ...     "devices": [{"name": "gpu-0", "attributes": {"model": {"string": "A"}}}]}})
        >>> slice.spec.devices[0].attributes["model"].string
        'A'
    """

    api_version: Str = "resource.k8s.io/v1"
    kind: Str = "ResourceSlice"
    spec: ResourceSliceSpec = Field(default_factory=ResourceSliceSpec)
