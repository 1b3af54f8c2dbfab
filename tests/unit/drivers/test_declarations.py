"""Declarations: typed names, values of the right kind only, names of devices both ways."""

from __future__ import annotations

import pytest

from dra.drivers.declarations import Attribute, Capacity, Kind, NamePattern
from dra.drivers.standard import NUMA_NODE, PCIE_ROOT, PciDevice
from dra.errors import DriverError
from dra.models.resource import DeviceAttribute


class TestAttribute:
    @pytest.mark.parametrize(
        ("kind", "content", "wire"),
        [
            (Kind.INT, 0, {"int": 0}),
            (Kind.BOOL, False, {"bool": False}),
            (Kind.STRING, "Hopper", {"string": "Hopper"}),
            (Kind.VERSION, "580.126.9", {"version": "580.126.9"}),
        ],
    )
    def test_value_has_the_member_of_its_kind(self, kind: Kind, content: object, wire: object) -> None:
        assert Attribute("x", kind).value(content).to_dict() == wire

    @pytest.mark.parametrize(
        ("kind", "content"),
        [
            (Kind.INT, True),
            (Kind.INT, "1"),
            (Kind.BOOL, 1),
            (Kind.STRING, 1),
            (Kind.VERSION, "580.126.09"),
            (Kind.VERSION, "1.0"),
            (Kind.INT, (1,)),
        ],
    )
    def test_value_of_another_kind_is_refused(self, kind: Kind, content: object) -> None:
        with pytest.raises(DriverError, match="attribute x holds"):
            Attribute("x", kind).value(content)

    def test_tuple_becomes_a_list_where_lists_are_allowed(self) -> None:
        assert PCIE_ROOT.value(("pci0000:00", "pci0000:10")).strings == ["pci0000:00", "pci0000:10"]
        with pytest.raises(DriverError):
            PCIE_ROOT.value(())

    def test_equal_values_are_one_object(self) -> None:
        assert NUMA_NODE.value(1) is NUMA_NODE.value(1)

    def test_int_and_bool_that_compare_equal_stay_apart(self) -> None:
        assert Attribute("x", Kind.INT).value(1).to_dict() == {"int": 1}
        assert Attribute("x", Kind.BOOL).value(True).to_dict() == {"bool": True}

    def test_accepts_what_the_declaration_allows(self) -> None:
        assert NUMA_NODE.accepts(DeviceAttribute(ints=[0]))
        assert not NUMA_NODE.accepts(DeviceAttribute(string="0"))
        assert not Attribute("x", Kind.INT).accepts(DeviceAttribute(ints=[0]))
        assert not Attribute("x", Kind.VERSION).accepts(DeviceAttribute(version="v1"))

    def test_name_has_a_domain_or_takes_the_drivers(self) -> None:
        assert PCIE_ROOT.domain == "resource.kubernetes.io"
        assert PCIE_ROOT.identifier == "pcieRoot"
        assert PCIE_ROOT.qualified("gpu.nvidia.com") == "resource.kubernetes.io/pcieRoot"
        assert Capacity("memory").qualified("gpu.nvidia.com") == "gpu.nvidia.com/memory"


class TestNamePattern:
    PADDED = NamePattern("cpudevnuma{node:03}")
    MIXED = NamePattern("{address}-{device}", {"address": "[0-9a-f-]+", "device": "0x[0-9a-f]{4}"})

    def test_padding_is_written_and_read(self) -> None:
        assert self.PADDED.format(node=1) == "cpudevnuma001"
        assert self.PADDED.parse("cpudevnuma001") == {"node": 1}

    def test_texts_stay_texts(self) -> None:
        assert self.MIXED.parse("0000-04-00-0-0xe211") == {"address": "0000-04-00-0", "device": "0xe211"}

    @pytest.mark.parametrize("fields", [{}, {"node": "x"}, {"other": 1}])
    def test_wrong_fields_are_refused(self, fields: dict[str, int | str]) -> None:
        with pytest.raises(DriverError):
            self.PADDED.format(**fields)

    def test_other_names_do_not_parse(self) -> None:
        assert self.PADDED.parse("cpudevnuma1x") is None


class TestPciDevice:
    def test_unknown_places_are_left_out(self) -> None:
        assert [*PciDevice("0000:00:05.0").attributes()] == ["resource.kubernetes.io/pciBusID"]
        assert PciDevice("0101:00:00.0", numa_node=0).attributes(bus_id=False) == {
            "resource.kubernetes.io/numaNode": DeviceAttribute(int_=0)
        }

    def test_numa_node_as_a_list(self) -> None:
        attributes = PciDevice("0000:00:05.0", numa_node=1).attributes(as_list=True)
        assert attributes["resource.kubernetes.io/numaNode"].ints == [1]

    @pytest.mark.parametrize("address", ["", "1a:00.0", "0000:1a:00.9", "0001:0000:1a:00.0"])
    def test_what_is_no_address_is_refused(self, address: str) -> None:
        with pytest.raises(DriverError, match="not a PCI address"):
            PciDevice(address)

    def test_what_is_no_root_is_refused(self) -> None:
        with pytest.raises(DriverError, match="not a PCIe root"):
            PciDevice("0000:1a:00.0", root="0000:10")
