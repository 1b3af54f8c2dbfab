"""What workloads ask for and get: ResourceClaims and their templates (`resource.k8s.io/v1`)."""

from __future__ import annotations

from pydantic import Field

from dra.models.base import Model
from dra.models.core import NodeSelector
from dra.models.meta import Condition, KubernetesObject, ObjectMeta
from dra.models.scalars import Bool, Int64, RawExtension, Str, Time
from dra.quantity import Quantity

__all__ = [
    "AllocatedDeviceStatus",
    "AllocationResult",
    "CELDeviceSelector",
    "CapacityRequirements",
    "DeviceAllocationConfiguration",
    "DeviceAllocationResult",
    "DeviceClaim",
    "DeviceClaimConfiguration",
    "DeviceConstraint",
    "DeviceDerivedAttribute",
    "DeviceRequest",
    "DeviceRequestAllocationResult",
    "DeviceSelector",
    "DeviceSubRequest",
    "DeviceToleration",
    "ExactDeviceRequest",
    "NetworkDeviceData",
    "OpaqueDeviceConfiguration",
    "ResourceClaim",
    "ResourceClaimConsumerReference",
    "ResourceClaimSpec",
    "ResourceClaimStatus",
    "ResourceClaimTemplate",
    "ResourceClaimTemplateSpec",
]


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

    def claim(self, name: str) -> ResourceClaim:
        """A claim made from it, in its namespace.

        Args:
            name: What it is called. In a cluster that is `<pod>-<entry>-<five letters>`.

        Example:
            >>> template = ResourceClaimTemplate(metadata=ObjectMeta(name="one-gpu", namespace="team"))
            >>> template.claim("train-gpu-b7xk2").subject
            'ResourceClaim team/train-gpu-b7xk2'
        """
        pattern = self.spec.metadata or ObjectMeta()
        metadata = pattern.model_copy(update={"name": name, "namespace": self.metadata.namespace})
        return ResourceClaim(api_version=self.api_version, metadata=metadata, spec=self.spec.spec)
