"""DRANET, `dra.net`: network interfaces and RDMA devices, on bare metal and in the clouds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import ClassVar, Final

import attrs
from typing_extensions import override

from dra.drivers.configs import OpaqueConfig
from dra.drivers.declarations import Attribute, AttributeContent, DeviceType, Kind, NamePattern
from dra.drivers.driver import ClassDeclaration, Driver
from dra.drivers.standard import PCI_BUS_ID, PCIE_ROOT, PciDevice
from dra.models.base import Model
from dra.models.resource import Device
from dra.models.scalars import Bool, Int64, Str

__all__ = [
    "DRIVER",
    "DRIVERS",
    "EthtoolConfig",
    "InterfaceConfig",
    "NeighborConfig",
    "NetworkConfig",
    "Nic",
    "RouteConfig",
    "RuleConfig",
    "VrfConfig",
    "nic",
]


class VrfConfig(Model):
    """The routing domain that an interface joins."""

    name: Str = ""
    table: Int64 | None = None


class InterfaceConfig(Model):
    """The interface inside the pod."""

    name: Str = ""
    addresses: list[Str] | None = None
    dhcp: Bool | None = None
    mtu: Int64 | None = None
    hardware_addr: Str | None = None
    gso_max_size: Int64 | None = None
    gro_max_size: Int64 | None = None
    gso_ipv4_max_size: Int64 | None = None
    gro_ipv4_max_size: Int64 | None = None
    disable_ebpf_programs: Bool | None = None
    forwarding: Bool | None = None
    arp_ignore: Int64 | None = None
    arp_announce: Int64 | None = None
    vrf: VrfConfig | None = None


class RouteConfig(Model):
    """A route in the pod."""

    destination: Str = ""
    gateway: Str = ""
    source: Str = ""
    scope: Int64 | None = None
    table: Int64 | None = None


class RuleConfig(Model):
    """A routing rule in the pod; not together with a VRF."""

    priority: Int64 | None = None
    source: Str = ""
    destination: Str = ""
    table: Int64 | None = None


class NeighborConfig(Model):
    """A permanent neighbour entry in the pod."""

    destination: Str = ""
    hardware_addr: Str = ""


class EthtoolConfig(Model):
    """What `ethtool` is to switch."""

    features: dict[Str, Bool] | None = None
    private_flags: dict[Str, Bool] | None = None


class NetworkConfig(OpaqueConfig):
    """Configuration of a network device. It has neither apiVersion nor kind.

    Example:
        >>> interface = InterfaceConfig(name="net1", dhcp=True, addresses=["10.0.0.2/24"])
        >>> list(NetworkConfig(interface=interface).admission_problems(()))
        ['dhcp and addresses are mutually exclusive']
    """

    driver: ClassVar[str] = "dra.net"

    profile: Str | None = None
    interface: InterfaceConfig | None = None
    routes: list[RouteConfig] | None = None
    rules: list[RuleConfig] | None = None
    neighbors: list[NeighborConfig] | None = None
    ethtool: EthtoolConfig | None = None

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if self.interface is None:
            return
        if self.interface.dhcp and self.interface.addresses:
            yield "dhcp and addresses are mutually exclusive"
        if self.interface.vrf is not None and self.rules:
            yield "rules are not supported together with a VRF"


def _own(name: str, kind: Kind, summary: str) -> Attribute:
    return Attribute(f"dra.net/{name}", kind, summary, optional=True)


def _of_cloud(cloud: str, names: str) -> tuple[Attribute, ...]:
    return tuple(
        Attribute(f"{cloud}/{name}", Kind.STRING, "Where in the cloud the node is", optional=True)
        for name in names.split()
    )


_RDMA: Final = Attribute("dra.net/rdma", Kind.BOOL, "Whether it can do RDMA")

_NIC: Final = DeviceType(
    name="nic",
    summary="A network interface, or an RDMA device without one",
    patterns=(
        NamePattern("pci-{address}", {"address": "[0-9a-f]{4}-[0-9a-f]{2}-[0-9a-f]{2}-[0-7]"}),
        NamePattern("{name}", {"name": "[a-z0-9-]+"}),
    ),
    attributes=(
        _RDMA,
        _own("ifName", Kind.STRING, "Name of the interface; RDMA-only devices have none"),
        _own("rdmaDevice", Kind.STRING, "Name of the RDMA device, such as mlx5_0"),
        _own("pciAddress", Kind.STRING, "PCI address"),
        _own("pciVendor", Kind.STRING, "Vendor, in words"),
        _own("pciDevice", Kind.STRING, "Device, in words"),
        _own("pciSubsystem", Kind.STRING, "Subsystem, in words"),
        _own("numaNode", Kind.INT, "NUMA node"),
        _own("mac", Kind.STRING, "Hardware address"),
        _own("mtu", Kind.INT, "Largest packet"),
        _own("encapsulation", Kind.STRING, "Such as ether or infiniband"),
        _own("alias", Kind.STRING, "Alias of the interface"),
        _own("state", Kind.STRING, "up or down"),
        _own("type", Kind.STRING, "Such as device"),
        _own("ipv4", Kind.STRING, "Address with prefix length"),
        _own("ipv6", Kind.STRING, "Address with prefix length"),
        _own("tcFilterNames", Kind.STRING, "eBPF filters on it"),
        _own("tcxProgramNames", Kind.STRING, "eBPF programs on it"),
        _own("ebpf", Kind.BOOL, "Whether eBPF programs are on it"),
        _own("sriov", Kind.BOOL, "Whether it can have virtual functions"),
        _own("sriovVfs", Kind.INT, "How many virtual functions it has"),
        _own("isSriovVf", Kind.BOOL, "Whether it is a virtual function"),
        _own("virtual", Kind.BOOL, "Whether it is no hardware"),
        PCI_BUS_ID,
        PCIE_ROOT,
        *_of_cloud("gce.dra.net", "block subBlock host networkName ipAliases machineType"),
        Attribute("gce.dra.net/networkProjectNumber", Kind.INT, "Number of the project", optional=True),
        *_of_cloud("azure.dra.net", "placementGroupId vmSize interconnectGroupId interconnectSubgroupId"),
        *_of_cloud("oke.dra.net", "hpcIslandId networkBlockId localBlockId rackId gpuMemoryFabricId"),
        *_of_cloud("alibaba.dra.net", "instanceType"),
        Attribute("alibaba.dra.net/erdma", Kind.BOOL, "Whether it is an eRDMA interface", optional=True),
        *_of_cloud("resource.aws.com", "devicegroup1_id devicegroup4_id devicegroup8_id devicegroup16_id"),
    ),
)

_IS_NIC: Final = 'device.driver == "dra.net"'

DRIVER: Final = Driver(
    name="dra.net",
    title="DRANET",
    device_types=(_NIC,),
    classes=(
        ClassDeclaration("dranet", _IS_NIC, made_by="user", note="name in the project's examples"),
        ClassDeclaration("dranet.net", _IS_NIC, made_by="user", note="name in the project's examples"),
        ClassDeclaration(
            "efa.networking.k8s.aws",
            'device.driver == "dra.net" && '
            'device.attributes["dra.net"].pciDevice == "Elastic Fabric Adapter (EFA)"',
            made_by="platform",
            note="AWS, chart aws-dranet",
        ),
        ClassDeclaration(
            "mrdma.google.com",
            'device.driver == "dra.net" && device.attributes["dra.net"].rdma',
            made_by="platform",
            note="GKE; the selector is an assumption",
        ),
        ClassDeclaration(
            "netdev.google.com",
            'device.driver == "dra.net" && !device.attributes["dra.net"].rdma',
            made_by="platform",
            note="GKE; the selector is an assumption",
        ),
        ClassDeclaration(
            "erdma.alibaba.dra.net",
            'device.driver == "dra.net" && "erdma" in device.attributes["alibaba.dra.net"] && '
            'device.attributes["alibaba.dra.net"].erdma',
            made_by="platform",
            note="Alibaba ACK; the selector is an assumption",
        ),
    ),
    configs=(NetworkConfig,),
    source="kubernetes-sigs/dranet f258477",
)
"""The driver, with all that it publishes and accepts."""

DRIVERS: Final = (DRIVER,)
"""All drivers of this module."""


@attrs.frozen
class Nic:
    """A network device in a machine.

    Args:
        pci: Where it sits.
        device: What it is, in the words of the PCI database.
        vendor: Who made it, in the same words.
        interface: Name of the network interface; empty if it only does RDMA.
        rdma: Name of the RDMA device; empty if it does none.
        mtu: Largest packet.
        extra: More attributes by name, such as `azure.dra.net/vmSize`.
    """

    pci: PciDevice
    device: str
    vendor: str
    interface: str = ""
    rdma: str = ""
    mtu: int = 0
    extra: Mapping[str, AttributeContent] = attrs.field(factory=dict, hash=False)


def nic(card: Nic) -> Device:
    """A network device as published.

    Example:
        >>> nic(Nic(PciDevice("0000:10:1b.0"), "Elastic Fabric Adapter (EFA)", "Amazon.com, Inc.")).name
        'pci-0000-10-1b-0'
    """
    values: dict[str, AttributeContent] = {
        "dra.net/pciAddress": card.pci.address,
        "dra.net/pciDevice": card.device,
        "dra.net/pciVendor": card.vendor,
        "dra.net/rdma": bool(card.rdma),
    }
    if card.pci.numa_node >= 0:
        values["dra.net/numaNode"] = card.pci.numa_node
    if card.rdma:
        values["dra.net/rdmaDevice"] = card.rdma
    if card.interface:
        values |= {"dra.net/ifName": card.interface, "dra.net/state": "up", "dra.net/type": "device"}
        if card.mtu:
            values["dra.net/mtu"] = card.mtu
    values |= card.extra
    return Device(
        name=_NIC.names.format(address=card.pci.dashed),
        attributes=DRIVER.values(values) | card.pci.attributes(numa_node=False),
    )
