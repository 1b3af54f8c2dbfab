"""`resource.k8s.io`: claims, classes, slices and taint rules, in the shape of v1.

The older versions v1beta2, v1beta1 and v1alpha3 are read into the same classes (`dra.models.conversion`).
Fields of alpha features up to Kubernetes 1.37 are here; `[1.36]` says since which minor.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict, Field
from typing_extensions import Self

from dra.models.base import Model
from dra.models.core import NodeSelector
from dra.models.meta import Condition, KubernetesObject, ObjectMeta
from dra.models.scalars import Bool, Int32, Int64, RawExtension, Str, Time
from dra.models.sharing import SharedValues
from dra.quantity import Quantity

__all__ = [
    "AllocatedDeviceStatus",
    "AllocationResult",
    "CELDeviceSelector",
    "CapacityRequestPolicy",
    "CapacityRequestPolicyRange",
    "CapacityRequirements",
    "Counter",
    "CounterSet",
    "Device",
    "DeviceAllocationConfiguration",
    "DeviceAllocationResult",
    "DeviceAttribute",
    "DeviceCapacity",
    "DeviceClaim",
    "DeviceClaimConfiguration",
    "DeviceClass",
    "DeviceClassConfiguration",
    "DeviceClassSpec",
    "DeviceConstraint",
    "DeviceCounterConsumption",
    "DeviceDerivedAttribute",
    "DeviceRequest",
    "DeviceRequestAllocationResult",
    "DeviceSelector",
    "DeviceSubRequest",
    "DeviceTaint",
    "DeviceTaintRule",
    "DeviceTaintRuleSpec",
    "DeviceTaintRuleStatus",
    "DeviceTaintSelector",
    "DeviceToleration",
    "ExactDeviceRequest",
    "NetworkDeviceData",
    "NodeAllocatableMapping",
    "NodeAllocatableOverhead",
    "NodeAllocatableResource",
    "NodeAllocatableResourceMapping",
    "OpaqueDeviceConfiguration",
    "PartitionTypeStatus",
    "PoolStatus",
    "ResourceClaim",
    "ResourceClaimConsumerReference",
    "ResourceClaimSpec",
    "ResourceClaimStatus",
    "ResourceClaimTemplate",
    "ResourceClaimTemplateSpec",
    "ResourcePool",
    "ResourcePoolStatusRequest",
    "ResourcePoolStatusRequestSpec",
    "ResourcePoolStatusRequestStatus",
    "ResourceSlice",
    "ResourceSliceSpec",
    "ShareableCapacityStatus",
    "ShareableSummaryStatus",
]

_ZERO = Quantity(0)


# --- Devices: what a driver publishes in ResourceSlices ---------------------------------------------------


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


# --- Claims: what a workload asks for ----------------------------------------------------------------------


class CELDeviceSelector(Model):
    """A CEL expression over `device`."""

    expression: Str = ""


class DeviceSelector(Model):
    """A condition on devices; `cel` is the only form there is."""

    cel: CELDeviceSelector | None = None


class DeviceToleration(Model):
    """Lets a claim use devices with a matching taint."""

    key: Str | None = None
    operator: Str | None = None
    value: Str | None = None
    effect: Str | None = None
    toleration_seconds: Int64 | None = None


class CapacityRequirements(Model):
    """Amounts a request needs of each device [1.34]."""

    requests: dict[Str, Quantity] | None = None


class DeviceDerivedAttribute(Model):
    """An attribute computed by CEL, for the claim's constraints only [1.37]."""

    name: Str = ""
    expression: Str = ""


class ExactDeviceRequest(Model):
    """A request for devices of one class: `count` of them, or all.

    Example:
        >>> ExactDeviceRequest(device_class_name="gpu.example.com", count=2).to_dict()
        {'deviceClassName': 'gpu.example.com', 'count': 2}
    """

    device_class_name: Str = ""
    selectors: list[DeviceSelector] | None = None
    allocation_mode: Str | None = None
    count: Int64 | None = None
    admin_access: Bool | None = None
    tolerations: list[DeviceToleration] | None = None
    capacity: CapacityRequirements | None = None
    derived_attributes: list[DeviceDerivedAttribute] | None = None


class DeviceSubRequest(Model):
    """One alternative of a `firstAvailable` request [1.33]."""

    name: Str = ""
    device_class_name: Str = ""
    selectors: list[DeviceSelector] | None = None
    allocation_mode: Str | None = None
    count: Int64 | None = None
    tolerations: list[DeviceToleration] | None = None
    capacity: CapacityRequirements | None = None
    derived_attributes: list[DeviceDerivedAttribute] | None = None


class DeviceRequest(Model):
    """A named request: `exactly` one kind of device, or the `firstAvailable` of several.

    Example:
        >>> DeviceRequest(name="gpu", exactly=ExactDeviceRequest(device_class_name="a.example.com")).to_dict()
        {'name': 'gpu', 'exactly': {'deviceClassName': 'a.example.com'}}
    """

    name: Str = ""
    exactly: ExactDeviceRequest | None = None
    first_available: list[DeviceSubRequest] | None = None


class DeviceConstraint(Model):
    """Devices of the named requests (all, if none is named) must agree, or differ, in an attribute."""

    requests: list[Str] | None = None
    match_attribute: Str | None = None
    distinct_attribute: Str | None = None


class OpaqueDeviceConfiguration(Model):
    """Parameters that only the driver understands: a JSON object."""

    driver: Str = ""
    parameters: RawExtension | None = None


class DeviceClaimConfiguration(Model):
    """Configuration for the devices of the named requests (of all, if none is named)."""

    requests: list[Str] | None = None
    opaque: OpaqueDeviceConfiguration | None = None


class DeviceClaim(Model):
    """The requests of a claim, what must hold between them, and configuration."""

    requests: list[DeviceRequest] | None = None
    constraints: list[DeviceConstraint] | None = None
    config: list[DeviceClaimConfiguration] | None = None


class ResourceClaimSpec(Model):
    """What a claim asks for. Immutable on the server."""

    devices: DeviceClaim = Field(default_factory=DeviceClaim)


class DeviceRequestAllocationResult(Model):
    """One device allocated for a request (`request` or `request/subrequest`)."""

    request: Str = ""
    driver: Str = ""
    pool: Str = ""
    device: Str = ""
    admin_access: Bool | None = None
    tolerations: list[DeviceToleration] | None = None
    binding_conditions: list[Str] | None = None
    binding_failure_conditions: list[Str] | None = None
    share_id: Str | None = None
    consumed_capacity: dict[Str, Quantity] | None = None
    skip_node_operations: list[Str] | None = None


class DeviceAllocationConfiguration(Model):
    """Configuration that applies to an allocation, and whether it came `FromClass` or `FromClaim`."""

    source: Str = ""
    requests: list[Str] | None = None
    opaque: OpaqueDeviceConfiguration | None = None


class DeviceAllocationResult(Model):
    """The allocated devices and their configuration, class configuration first."""

    results: list[DeviceRequestAllocationResult] | None = None
    config: list[DeviceAllocationConfiguration] | None = None


class AllocationResult(Model):
    """What a claim got, and the nodes on which it can be used (all, if there is no selector).

    Example:
        >>> result = AllocationResult.from_dict({"devices": {"results": [
        ...     {"request": "gpu", "driver": "gpu.example.com", "pool": "node-1", "device": "gpu-0"}]}})
        >>> result.devices.results[0].device
        'gpu-0'
    """

    devices: DeviceAllocationResult = Field(default_factory=DeviceAllocationResult)
    node_selector: NodeSelector | None = None
    allocation_timestamp: Time | None = None


class NetworkDeviceData(Model):
    """What a driver reports about a network device."""

    interface_name: Str | None = None
    ips: list[Str] | None = None
    hardware_address: Str | None = None


class AllocatedDeviceStatus(Model):
    """What a driver reports about a device of a claim."""

    driver: Str = ""
    pool: Str = ""
    device: Str = ""
    share_id: Str | None = None
    conditions: list[Condition] | None = None
    data: RawExtension | None = None
    network_data: NetworkDeviceData | None = None


class ResourceClaimConsumerReference(Model):
    """A user of a claim; `resource` is the plural, such as `pods`."""

    api_group: Str | None = None
    resource: Str = ""
    name: Str = ""
    uid: Str = ""


class ResourceClaimStatus(Model):
    """What a claim got and who uses it."""

    allocation: AllocationResult | None = None
    reserved_for: list[ResourceClaimConsumerReference] | None = None
    devices: list[AllocatedDeviceStatus] | None = None


class ResourceClaim(KubernetesObject):
    """A claim to devices.

    Example:
        >>> claim = ResourceClaim(
        ...     metadata=ObjectMeta(name="train"),
        ...     spec=ResourceClaimSpec(devices=DeviceClaim(requests=[DeviceRequest(
        ...         name="gpu", exactly=ExactDeviceRequest(device_class_name="gpu.example.com"))])),
        ... )
        >>> print(claim.to_yaml(), end="")
        apiVersion: resource.k8s.io/v1
        kind: ResourceClaim
        metadata:
          name: train
        spec:
          devices:
            requests:
            - name: gpu
              exactly:
                deviceClassName: gpu.example.com
    """

    api_version: Str = "resource.k8s.io/v1"
    kind: Str = "ResourceClaim"
    spec: ResourceClaimSpec = Field(default_factory=ResourceClaimSpec)
    status: ResourceClaimStatus | None = None


class ResourceClaimTemplateSpec(Model):
    """Labels, annotations and spec of the claims made from a template."""

    metadata: ObjectMeta | None = None
    spec: ResourceClaimSpec = Field(default_factory=ResourceClaimSpec)


class ResourceClaimTemplate(KubernetesObject):
    """A pattern from which every pod gets a claim of its own.

    Example:
        >>> ResourceClaimTemplate(metadata=ObjectMeta(name="one-gpu")).subject
        'ResourceClaimTemplate one-gpu'
    """

    api_version: Str = "resource.k8s.io/v1"
    kind: Str = "ResourceClaimTemplate"
    spec: ResourceClaimTemplateSpec = Field(default_factory=ResourceClaimTemplateSpec)


# --- Classes, taint rules, pool status: what an administrator writes ---------------------------------------


class DeviceClassConfiguration(Model):
    """Configuration for every device of a class."""

    opaque: OpaqueDeviceConfiguration | None = None


class DeviceClassSpec(Model):
    """Which devices belong to a class, and how they are configured."""

    selectors: list[DeviceSelector] | None = None
    config: list[DeviceClassConfiguration] | None = None
    extended_resource_name: Str | None = None


class DeviceClass(KubernetesObject):
    """A named set of devices that claims refer to.

    Example:
        >>> any_gpu = DeviceSelector(cel=CELDeviceSelector(expression="device.driver == 'gpu.example.com'"))
        >>> DeviceClass(metadata=ObjectMeta(name="gpu"), spec=DeviceClassSpec(selectors=[any_gpu])).subject
        'DeviceClass gpu'
    """

    api_version: Str = "resource.k8s.io/v1"
    kind: Str = "DeviceClass"
    spec: DeviceClassSpec = Field(default_factory=DeviceClassSpec)


class DeviceTaintSelector(Model):
    """Devices a rule applies to: all fields must agree; no field, every device.

    The class name and the selectors are of Kubernetes 1.33 and 1.34 only.
    """

    device_class_name: Str | None = None
    driver: Str | None = None
    pool: Str | None = None
    device: Str | None = None
    selectors: list[DeviceSelector] | None = None


class DeviceTaintRuleSpec(Model):
    """A taint and the devices that get it; without a selector none does."""

    device_selector: DeviceTaintSelector | None = None
    taint: DeviceTaint = Field(default_factory=DeviceTaint)


class DeviceTaintRuleStatus(Model):
    """How far the eviction of pods has come [1.35]."""

    conditions: list[Condition] | None = None


class DeviceTaintRule(KubernetesObject):
    """Taints devices from outside their driver (KEP-5055).

    Example:
        >>> rule = DeviceTaintRule(spec=DeviceTaintRuleSpec(taint=DeviceTaint(key="gone", effect="None")))
        >>> rule.to_dict()["spec"]
        {'taint': {'key': 'gone', 'effect': 'None'}}
    """

    api_version: Str = "resource.k8s.io/v1"
    kind: Str = "DeviceTaintRule"
    spec: DeviceTaintRuleSpec = Field(default_factory=DeviceTaintRuleSpec)
    status: DeviceTaintRuleStatus | None = None


class PartitionTypeStatus(Model):
    """How many devices of one partition type a pool has, and could still allocate [1.37]."""

    attribute: Str = ""
    type: Str = ""
    total: Int32 = 0
    allocatable: Int32 = 0


class ShareableCapacityStatus(Model):
    """One capacity of a pool's shareable devices [1.37]."""

    name: Str = ""
    total: Quantity = _ZERO
    consumed: Quantity = _ZERO
    available: Quantity = _ZERO


class ShareableSummaryStatus(Model):
    """Shareable devices of a pool that are wholly or partly free [1.37]."""

    fully_available_devices: Int32 = 0
    partially_available_devices: Int32 = 0
    capacity: list[ShareableCapacityStatus] | None = None


class PoolStatus(Model):
    """The state of one pool."""

    driver: Str = ""
    pool_name: Str = ""
    generation: Int64 = 0
    resource_slice_count: Int32 | None = None
    total_devices: Int32 | None = None
    allocated_devices: Int32 | None = None
    available_devices: Int32 | None = None
    unavailable_devices: Int32 | None = None
    node_name: Str | None = None
    validation_error: Str | None = None
    partition_summary: list[PartitionTypeStatus] | None = None
    shareable_summary: ShareableSummaryStatus | None = None


class ResourcePoolStatusRequestSpec(Model):
    """The pools asked about."""

    driver: Str = ""
    pool_name: Str | None = None
    limit: Int32 | None = None
    default_partition_type_attribute: Str | None = None


class ResourcePoolStatusRequestStatus(Model):
    """The answer, given once; fewer pools than `pool_count` means it was cut off."""

    pool_count: Int32 = 0
    pools: list[PoolStatus] | None = None
    conditions: list[Condition] | None = None


class ResourcePoolStatusRequest(KubernetesObject):
    """Asks the control plane for the state of pools [1.36].

    Example:
        >>> ResourcePoolStatusRequest(spec=ResourcePoolStatusRequestSpec(driver="a.example.com")).api_version
        'resource.k8s.io/v1alpha3'
    """

    rides_along: ClassVar[frozenset[str]] = frozenset()

    api_version: Str = "resource.k8s.io/v1alpha3"
    kind: Str = "ResourcePoolStatusRequest"
    spec: ResourcePoolStatusRequestSpec = Field(default_factory=ResourcePoolStatusRequestSpec)
    status: ResourcePoolStatusRequestStatus | None = None
