"""What administrators write: DeviceClasses, DeviceTaintRules, questions about pools (`resource.k8s.io`)."""

from __future__ import annotations

from pydantic import Field

from dra.models.base import Model
from dra.models.meta import Condition, KubernetesObject
from dra.models.resource_claim import DeviceSelector, OpaqueDeviceConfiguration
from dra.models.resource_slice import DeviceTaint
from dra.models.scalars import Int32, Int64, Str
from dra.quantity import Quantity

__all__ = [
    "DeviceClass",
    "DeviceClassConfiguration",
    "DeviceClassSpec",
    "DeviceTaintRule",
    "DeviceTaintRuleSpec",
    "DeviceTaintRuleStatus",
    "DeviceTaintSelector",
    "PartitionTypeStatus",
    "PoolStatus",
    "ResourcePoolStatusRequest",
    "ResourcePoolStatusRequestSpec",
    "ResourcePoolStatusRequestStatus",
    "ShareableCapacityStatus",
    "ShareableSummaryStatus",
]

_ZERO = Quantity(0)


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
        >>> DeviceClass.from_dict({"metadata": {"name": "gpu"}, "spec": {"selectors": [
        ...     {"cel": {"expression": "device.driver == 'gpu.example.com'"}}]}}).subject
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

    api_version: Str = "resource.k8s.io/v1alpha3"
    kind: Str = "ResourcePoolStatusRequest"
    spec: ResourcePoolStatusRequestSpec = Field(default_factory=ResourcePoolStatusRequestSpec)
    status: ResourcePoolStatusRequestStatus | None = None
