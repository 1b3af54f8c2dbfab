"""The SR-IOV driver: virtual functions of network cards, each a device."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import ClassVar, Final

from typing_extensions import override

from dra.drivers.configs import TypedConfig
from dra.drivers.declarations import Attribute, DeviceType, Kind, NamePattern
from dra.drivers.driver import ClassDeclaration, Driver
from dra.drivers.standard import PCI_BUS_ID, PCIE_ROOT
from dra.models.base import Model
from dra.models.scalars import Bool, Int64, Str

__all__ = ["DRIVER", "DRIVERS", "VfConfig", "VfLinkConfig"]

_NAME: Final = "sriovnetwork.k8snetworkplumbingwg.io"


class VfLinkConfig(Model):
    """What the host sets on the link of a virtual function (standalone mode)."""

    vlan: Int64 | None = None
    qos: Int64 | None = None
    vlan_proto: Str | None = None
    spoof_chk: Bool | None = None
    trust: Bool | None = None
    min_tx_rate: Int64 | None = None
    max_tx_rate: Int64 | None = None
    link_state: Str | None = None

    def problems(self) -> Iterator[str]:
        """What the driver's validation says."""
        together = (self.vlan, self.qos, self.vlan_proto)
        if any(each is not None for each in together) and None in together:
            yield "vlan, qos and vlanProto must be set together"
        if (self.min_tx_rate is None) != (self.max_tx_rate is None):
            yield "minTxRate and maxTxRate must be set together"
        for name, value, last in (("vlan", self.vlan, 4094), ("qos", self.qos, 7)):
            if value is not None and not 0 <= value <= last:
                yield f"{name} {value} out of range [0-{last}]"
        if self.vlan_proto not in (None, "802.1q", "802.1ad"):
            yield f'invalid vlanProto "{self.vlan_proto}", expected "802.1q" or "802.1ad"'
        if self.link_state not in (None, "auto", "enable", "disable"):
            yield f'invalid linkState "{self.link_state}", expected "auto", "enable" or "disable"'
        for name, value in (("minTxRate", self.min_tx_rate), ("maxTxRate", self.max_tx_rate)):
            if value is not None and value < 0:
                yield f"{name} {value} must not be negative"
        least, most = self.min_tx_rate, self.max_tx_rate
        if least is not None and most is not None and least > most:
            yield f"minTxRate {least} must not exceed maxTxRate {most}"


class VfConfig(TypedConfig):
    """Configuration of a virtual function.

    Example:
        >>> list(VfConfig(driver_="vfio-pci").admission_problems(()))
        ['no net attach def name set']
    """

    driver: ClassVar[str] = _NAME

    api_version: Str = f"{_NAME}/v1alpha1"
    kind: Str = "VfConfig"
    driver_: Str = ""
    add_vhost_mount: Bool | None = None
    if_name: Str = ""
    net_attach_def_name: Str = ""
    net_attach_def_namespace: Str = ""
    vf: VfLinkConfig | None = None

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if not self.driver_:
            yield "no driver set"
        if not self.net_attach_def_name:
            yield "no net attach def name set"
        if self.vf is not None:
            yield from self.vf.problems()


def _text(name: str, summary: str) -> Attribute:
    return Attribute(name, Kind.STRING, summary, optional=True)


DRIVER: Final = Driver(
    name=_NAME,
    title="SR-IOV network",
    device_types=(
        DeviceType(
            name="vf",
            summary="A virtual function",
            patterns=(
                NamePattern("{address}", {"address": "[0-9a-f]{4}-[0-9a-f]{2}-[0-9a-f]{2}-[0-7]"}),
                NamePattern("{name}", {"name": "[a-z0-9-]+"}),
            ),
            attributes=(
                Attribute("pciAddress", Kind.STRING, "PCI address"),
                _text("PFName", "Interface of the physical function"),
                _text("EswitchMode", "legacy or switchdev"),
                _text("vendor", "PCI vendor"),
                _text("deviceID", "PCI device"),
                _text("pfDeviceID", "PCI device of the physical function"),
                Attribute("vfID", Kind.INT, "Number of the virtual function", optional=True),
                _text("resourceName", "Name that a SriovResourcePolicy gave it"),
                _text("linkType", "ethernet or infiniband"),
                Attribute("rdmaCapable", Kind.BOOL, "Whether it can do RDMA", optional=True),
                _text("interfaceName", "Its own interface"),
                _text("pfPciAddress", "PCI address of the physical function"),
                _text("k8s.cni.cncf.io/deviceID", "For Multus"),
                _text("k8s.cni.cncf.io/resourceName", "For Multus"),
                PCI_BUS_ID,
                PCIE_ROOT,
                Attribute("dra.net/numaNode", Kind.INT, "NUMA node, as DRANET has it", optional=True),
            ),
        ),
    ),
    classes=(ClassDeclaration(_NAME, f'device.driver == "{_NAME}"'),),
    configs=(VfConfig,),
    source="k8snetworkplumbingwg/dra-driver-sriov cd9404f",
)
"""The driver, with all that it publishes and accepts."""

DRIVERS: Final = (DRIVER,)
"""All drivers of this module."""
