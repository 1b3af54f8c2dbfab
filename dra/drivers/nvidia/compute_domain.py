"""The NVIDIA ComputeDomain driver, `compute-domain.nvidia.com`: memory shared over NVLink between nodes.

A workload names a ComputeDomain; its controller makes a claim template from which each pod gets an IMEX
channel. All nodes of one domain are in one NVLink clique: that is a node label, not a device attribute.
"""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field

from dra.drivers.declarations import Attribute, DeviceType, DriverGate, Kind, NamePattern
from dra.drivers.driver import ClassDeclaration, Driver
from dra.drivers.nvidia.configs import ComputeDomainChannelConfig, ComputeDomainDaemonConfig
from dra.errors import DriverError
from dra.models.base import Model
from dra.models.meta import KubernetesObject, ObjectMeta
from dra.models.resource import (
    Device,
    DeviceClaim,
    DeviceClaimConfiguration,
    DeviceRequest,
    ExactDeviceRequest,
    ResourceClaimSpec,
    ResourceClaimTemplate,
    ResourceClaimTemplateSpec,
)
from dra.models.scalars import Int64, Str

__all__ = [
    "CLIQUE_LABEL",
    "DRIVER",
    "DRIVER_NAME",
    "MAX_NODES",
    "ComputeDomain",
    "ComputeDomainChannelSpec",
    "ComputeDomainSpec",
    "ResourceClaimTemplateReference",
    "channel_template",
    "clique_id",
    "devices",
]

DRIVER_NAME: Final = "compute-domain.nvidia.com"
CLIQUE_LABEL: Final = "nvidia.com/gpu.clique"
# Nodes of one IMEX domain at most (GB200 and GB300 NVL72).
MAX_NODES: Final = 18

_ID: Final = Attribute("id", Kind.INT, "Always 0: one of the kernel driver's channels is published")
_CHANNEL: Final = DeviceType(
    name="channel",
    summary="An IMEX channel, for workloads",
    patterns=(NamePattern("channel-{id}"),),
    attributes=(Attribute("type", Kind.STRING, "Kind of device", values=("channel", "daemon")), _ID),
)
_DAEMON: Final = DeviceType(
    name="daemon",
    summary="The right to run the node's IMEX daemon, for the driver itself",
    patterns=(NamePattern("daemon-{id}"),),
    attributes=_CHANNEL.attributes,
)

_SELECTOR: Final = (
    "device.driver == 'compute-domain.nvidia.com' && "
    "device.attributes['compute-domain.nvidia.com'].type == '{type}'"
)

DRIVER: Final = Driver(
    name=DRIVER_NAME,
    title="NVIDIA ComputeDomain",
    device_types=(_CHANNEL, _DAEMON),
    classes=(
        ClassDeclaration(
            "compute-domain-default-channel.nvidia.com",
            _SELECTOR.format(type="channel") + " && device.attributes['compute-domain.nvidia.com'].id == 0",
            device_type="channel",
        ),
        ClassDeclaration(
            "compute-domain-daemon.nvidia.com",
            _SELECTOR.format(type="daemon"),
            device_type="daemon",
            note="not with host-managed IMEX",
        ),
    ),
    configs=(ComputeDomainChannelConfig, ComputeDomainDaemonConfig),
    gates=(
        DriverGate("IMEXDaemonsWithDNSNames", True, "beta", "0.2", summary="daemons find each other by name"),
        DriverGate(
            "ComputeDomainCliques",
            True,
            "beta",
            "0.3",
            requires=("IMEXDaemonsWithDNSNames",),
            summary="one object per clique",
        ),
        DriverGate("CrashOnNVLinkFabricErrors", True, "beta", "0.3", summary="restart on fabric errors"),
        DriverGate("HostManagedIMEXDaemon", False, "alpha", "0.5", summary="IMEX runs on the host"),
    ),
    source="kubernetes-sigs/dra-driver-nvidia-gpu 9593204 (0.5 in development)",
)


def devices() -> list[Device]:
    """The two devices that the driver publishes on every node of an NVLink domain."""
    return [
        Device(
            name=each.names.format(id=0),
            attributes={"type": each.attributes[0].value(each.name), "id": _ID.value(0)},
        )
        for each in (_CHANNEL, _DAEMON)
    ]


def clique_id(cluster_uuid: str, number: int) -> str:
    """The value of the clique label: the fabric's UUID and the clique in it.

    Raises:
        DriverError: That is no UUID.

    Example:
        >>> clique_id("f53a4f10-0ee2-4d35-87c5-44d3ab5a7eb6", 32766)
        'f53a4f10-0ee2-4d35-87c5-44d3ab5a7eb6.32766'
    """
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", cluster_uuid):
        raise DriverError(f"{cluster_uuid!r} is not a UUID", value=cluster_uuid)
    return f"{cluster_uuid}.{number}"


class ResourceClaimTemplateReference(Model):
    """Name of the template that the controller is to make."""

    name: Str = ""


class ComputeDomainChannelSpec(Model):
    """The channels of a domain and the template through which pods get them."""

    resource_claim_template: ResourceClaimTemplateReference = Field(
        default_factory=ResourceClaimTemplateReference
    )
    allocation_mode: Str | None = None


class ComputeDomainSpec(Model):
    """What a ComputeDomain is to be; immutable.

    Attributes:
        num_nodes: 0 for a domain that grows with its pods; other numbers are deprecated.
    """

    num_nodes: Int64 = 0
    channel: ComputeDomainChannelSpec = Field(default_factory=ComputeDomainChannelSpec)


class ComputeDomain(KubernetesObject):
    """A group of nodes whose GPUs may share memory over NVLink; claims must be in its namespace.

    Example:
        >>> domain = ComputeDomain(metadata=ObjectMeta(name="train", uid="4dae8f1a"), spec=ComputeDomainSpec(
        ...     channel=ComputeDomainChannelSpec(
        ...         resource_claim_template=ResourceClaimTemplateReference(name="train-channel"))))
        >>> channel_template(domain).spec.spec.devices.requests[0].exactly.device_class_name
        'compute-domain-default-channel.nvidia.com'
    """

    api_version: Str = "resource.nvidia.com/v1beta1"
    kind: Str = "ComputeDomain"
    spec: ComputeDomainSpec = Field(default_factory=ComputeDomainSpec)


def channel_template(domain: ComputeDomain) -> ResourceClaimTemplate:
    """The template that the controller makes for a domain's workload.

    Raises:
        DriverError: The domain has no UID yet, or names no template.
    """
    reference = domain.spec.channel.resource_claim_template
    if not domain.metadata.uid or not reference.name:
        raise DriverError("a ComputeDomain needs a UID and the name of its template", value=domain.subject)
    config = ComputeDomainChannelConfig(
        domain_id=domain.metadata.uid, allocation_mode=domain.spec.channel.allocation_mode or "Single"
    )
    return ResourceClaimTemplate(
        metadata=ObjectMeta(name=reference.name, namespace=domain.metadata.namespace),
        spec=ResourceClaimTemplateSpec(
            spec=ResourceClaimSpec(
                devices=DeviceClaim(
                    requests=[
                        DeviceRequest(
                            name="channel",
                            exactly=ExactDeviceRequest(
                                device_class_name="compute-domain-default-channel.nvidia.com"
                            ),
                        )
                    ],
                    config=[DeviceClaimConfiguration(requests=["channel"], opaque=config.opaque())],
                )
            )
        ),
    )
