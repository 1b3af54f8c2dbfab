"""What Kubernetes itself gives names to: `resource.kubernetes.io/...`, and where a PCI device sits."""

from __future__ import annotations

import re
from typing import Final

import attrs

from dra.drivers.declarations import Attribute, Kind
from dra.errors import DriverError
from dra.models.resource import DeviceAttribute

__all__ = ["NUMA_NODE", "PCIE_ROOT", "PCI_BUS_ID", "PciDevice"]

PCI_BUS_ID: Final = Attribute(
    "resource.kubernetes.io/pciBusID", Kind.STRING, "PCI address, such as 0000:10:1c.0", optional=True
)
PCIE_ROOT: Final = Attribute(
    "resource.kubernetes.io/pcieRoot",
    Kind.STRING,
    "PCIe root complex, such as pci0000:10: devices under one root are near each other",
    optional=True,
    listed=True,
)
NUMA_NODE: Final = Attribute(
    "resource.kubernetes.io/numaNode",
    Kind.INT,
    "NUMA node (KEP-6072, Kubernetes 1.37)",
    optional=True,
    listed=True,
)

_ADDRESS = re.compile(r"(?:0000)?([0-9a-f]{4}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])", re.IGNORECASE)
_ROOT = re.compile(r"pci[0-9a-f]{4}:[0-9a-f]{2}")


@attrs.frozen(cache_hash=True)
class PciDevice:
    """Where a device sits: PCI address, root complex and NUMA node.

    Args:
        address: Domain, bus, device, function; upper case and nvidia-smi's eight digits are normalised.
        root: Root complex; empty if it cannot be resolved, as in many virtual machines.
        numa_node: NUMA node; negative if unknown, as Linux says.

    Raises:
        DriverError: Not an address or not a root.

    Example:
        >>> gpu = PciDevice("00000000:1A:00.0", root="pci0000:18", numa_node=0)
        >>> gpu.address, gpu.dashed
        ('0000:1a:00.0', '0000-1a-00-0')
        >>> [name.rpartition("/")[2] for name in gpu.attributes()]
        ['pciBusID', 'pcieRoot', 'numaNode']
    """

    address: str = attrs.field()
    root: str = attrs.field(default="", kw_only=True)
    numa_node: int = attrs.field(default=-1, kw_only=True)

    def __attrs_post_init__(self) -> None:
        found = _ADDRESS.fullmatch(self.address)
        if found is None:
            raise DriverError(
                f"{self.address!r} is not a PCI address",
                value=self.address,
                remedy="write domain:bus:device.function, such as 0000:1a:00.0",
            )
        object.__setattr__(self, "address", "{}:{}:{}.{}".format(*found.groups()).lower())
        if self.root and not _ROOT.fullmatch(self.root):
            raise DriverError(f"{self.root!r} is not a PCIe root such as pci0000:10", value=self.root)

    @property
    def dashed(self) -> str:
        """The address as a part of a device name."""
        return self.address.replace(":", "-").replace(".", "-")

    def attributes(
        self, *, bus_id: bool = True, numa_node: bool = True, as_list: bool = False
    ) -> dict[str, DeviceAttribute]:
        """The standard attributes of this place; what is unknown is left out.

        Args:
            bus_id: Publish the PCI address.
            numa_node: Publish the NUMA node.
            as_list: Publish the NUMA node as a list of one.
        """
        published = {}
        if bus_id:
            published[PCI_BUS_ID.name] = PCI_BUS_ID.value(self.address)
        if self.root:
            published[PCIE_ROOT.name] = PCIE_ROOT.value(self.root)
        if numa_node and self.numa_node >= 0:
            published[NUMA_NODE.name] = NUMA_NODE.value((self.numa_node,) if as_list else self.numa_node)
        return published
