"""Asking for nodes: by name, with drivers set up in other ways, in racks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

import dra
from dra.drivers.fabric import fabric_driver
from dra.drivers.nvidia.compute_domain import CLIQUE_LABEL, MAX_NODES
from dra.errors import ArgumentError, DriverError, UnknownNameError, UnknownVersionError
from dra.testing import nodes
from dra.testing.nodes import RACK_LABEL, Setup

GPU = "gpu.nvidia.com"
EXAMPLE = Path(__file__).parents[4] / "examples" / "dgx-h100"


class TestNode:
    def test_only_the_drivers_asked_for(self) -> None:
        fixture = nodes.node("dgx-h100", drivers=[GPU])
        assert {each.spec.driver for each in fixture.slices} == {GPU}
        assert [each.metadata.name for each in fixture.classes] == [
            "gpu.nvidia.com",
            "mig.nvidia.com",
            "vfio.gpu.nvidia.com",
        ]

    def test_platforms_bring_classes(self) -> None:
        names = [each.metadata.name for each in nodes.node("p5.48xlarge").classes]
        assert names[-1] == "efa.networking.k8s.aws"

    def test_node_object(self) -> None:
        node = nodes.node("p5.48xlarge", "worker-1", labels={"team": "a"}).node
        assert node.metadata.labels == {
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": "worker-1",
            "kubernetes.io/os": "linux",
            "nvidia.com/gpu.present": "true",
            "node.kubernetes.io/instance-type": "p5.48xlarge",
            "team": "a",
        }
        assert {name: str(each) for name, each in (node.status.allocatable or {}).items()} == {
            "cpu": "192",
            "memory": "2Ti",
            "pods": "110",
        }

    def test_slices_belong_to_the_node(self) -> None:
        fixture = nodes.node("l4", "worker-1")
        for each in fixture.slices:
            (owner,) = each.metadata.owner_references or []
            assert (owner.kind, owner.name, owner.uid) == ("Node", "worker-1", fixture.node.metadata.uid)
            assert each.metadata.name.startswith(f"worker-1-{each.spec.driver}-")

    def test_uuids_depend_on_node_and_device(self) -> None:
        devices = (nodes.node("l4", "a") + nodes.node("l4", "b")).devices(GPU)
        assert len({(each.attributes or {})["uuid"].string for each in devices}) == 8

    @pytest.mark.parametrize(
        ("kind", "setup"),
        [
            ("dgx-h100", {}),
            ("dgx-h100", {"mig": "dynamic", "shares": "memory"}),
            ("dgx-h100", {"mig": "all-balanced", "shares": 2}),
            ("nd-mi300x-v5", {"partitioned": True}),
            ("trn2.48xlarge", {}),
        ],
    )
    def test_objects_of_one_call_are_not_those_of_another(self, kind: str, setup: dict[str, Any]) -> None:
        before = [each.to_dict() for each in nodes.node(kind, **setup).objects]
        fixture = nodes.node(kind, **setup)
        for each in fixture.slices:
            for device in each.spec.devices or ():
                (device.attributes or {}).clear()
                (device.capacity or {}).clear()
                for consumption in device.consumes_counters or ():
                    consumption.counters.clear()
            for counter_set in each.spec.shared_counters or ():
                counter_set.counters.clear()
        for each in fixture.classes:
            each.spec.selectors.clear()
        fixture.node.metadata.labels.clear()
        assert [each.to_dict() for each in nodes.node(kind, **setup).objects] == before

    @pytest.mark.parametrize(
        ("kind", "setup"),
        [
            ("dgx-h10", {}),
            ("dgx-h100", {"drivers": ["gpu.nvidia.con"]}),
            ("dgx-h100", {"mig": "all-1g.5gb"}),
            ("dgx-h100", {"shares": "half"}),
        ],
    )
    def test_unknown_names_come_with_a_suggestion(self, kind: str, setup: dict[str, object]) -> None:
        with pytest.raises(UnknownNameError) as caught:
            nodes.node(kind, **setup)
        assert caught.value.remedy.startswith(("did you mean", "known:"))

    def test_unknown_minor(self) -> None:
        with pytest.raises(UnknownVersionError):
            nodes.node("l4", kubernetes="1.99")


class TestMig:
    def names(self, mig: str | list[str]) -> list[str]:
        return [each.name for each in nodes.node("dgx-h100", mig=mig, drivers=[GPU]).devices()]

    def test_one_layout_for_all(self) -> None:
        assert self.names("all-3g.40gb")[:3] == [
            "gpu-0-mig-3g40gb-9-0",
            "gpu-0-mig-3g40gb-9-4",
            "gpu-1-mig-3g40gb-9-0",
        ]

    def test_profiles_by_name(self) -> None:
        assert len(self.names("4g.40gb, 2g.20gb, 1g.10gb")) == 24

    def test_a_layout_for_each_gpu(self) -> None:
        assert self.names(["all-7g.80gb", *[""] * 7]) == ["gpu-0-mig-7g80gb-0-0"] + [
            f"gpu-{minor}" for minor in range(1, 8)
        ]

    def test_as_many_layouts_as_gpus(self) -> None:
        with pytest.raises(DriverError, match="2 MIG layouts for 8 GPUs"):
            self.names(["", ""])

    def test_impossible_profiles(self) -> None:
        with pytest.raises(DriverError, match="does not fit"):
            self.names("4g.40gb,4g.40gb")

    def test_machine_without_mig(self) -> None:
        with pytest.raises(DriverError, match="no known MIG profiles"):
            nodes.node("l4", mig="dynamic")


class TestShares:
    @pytest.mark.parametrize(("shares", "capacities"), [("memory", 1), ("unlimited", 1), (4, 2)])
    def test_devices_may_be_shared(self, shares: str | int, capacities: int) -> None:
        device = nodes.node("dgx-h100", shares=shares, drivers=[GPU]).devices()[0]
        assert device.allow_multiple_allocations
        assert len(device.capacity or {}) == capacities
        assert dra.drivers.get(GPU).misdeclared(device) == []

    @pytest.mark.parametrize("mig", ["all-3g.40gb", "dynamic"])
    def test_mig_devices_too(self, mig: str) -> None:
        fixture = nodes.node("dgx-h100", mig=mig, shares=2, drivers=[GPU])
        assert all(each.allow_multiple_allocations for each in fixture.devices())


class TestAmdPartitions:
    @pytest.mark.parametrize(("kubernetes", "slices"), [("1.34", 1), ("1.37", 2)])
    def test_counters_are_laid_out_by_minor(self, kubernetes: str, slices: int) -> None:
        fixture = nodes.node("nd-mi300x-v5", partitioned=True, drivers=["gpu.amd.com"], kubernetes=kubernetes)
        assert len(fixture.slices) == slices
        assert len(fixture.devices()) == 32


class TestCluster:
    def test_nvl72_is_a_clique_of_18_trays_with_72_gpus(self) -> None:
        racks = nodes.cluster("gb200-nvl72", racks=2)
        cliques = [(each.metadata.labels or {})[CLIQUE_LABEL] for each in racks.nodes]
        assert [cliques.count(each) for each in dict.fromkeys(cliques)] == [MAX_NODES, MAX_NODES]
        assert len(racks.devices(GPU)) == 144

    def test_a_rack_may_be_partitioned(self) -> None:
        rack = nodes.cluster("gb200-nvl72", cliques=2)
        cliques = [(each.metadata.labels or {})[CLIQUE_LABEL] for each in rack.nodes]
        assert [cliques.count(each) for each in dict.fromkeys(cliques)] == [9, 9]
        assert len({each.partition(".")[0] for each in cliques}) == 1

    @pytest.mark.parametrize("size", [{"nodes_per_rack": 19}, {"cliques": 0}, {"cliques": 19}])
    def test_a_clique_has_at_most_18_nodes(self, size: dict[str, int]) -> None:
        with pytest.raises(DriverError, match="cliques"):
            nodes.cluster("gb200-nvl72", **size)

    def test_other_racks_have_no_clique(self) -> None:
        (one, *_) = nodes.cluster("dgx-h100").nodes
        assert (one.metadata.labels or {})[RACK_LABEL] == "rack-0"
        assert CLIQUE_LABEL not in (one.metadata.labels or {})

    def test_names_and_classes(self) -> None:
        small = nodes.cluster("l4", racks=2, nodes_per_rack=2, prefix="r")
        assert [each.metadata.name for each in small.nodes] == [
            "r-0-node-0",
            "r-0-node-1",
            "r-1-node-0",
            "r-1-node-1",
        ]
        assert len(small.classes) == len({each.metadata.name for each in small.classes}) == 4

    def test_different_clusters_add_up(self) -> None:
        both = nodes.cluster("l4", prefix="l") + nodes.cluster("gaudi2", prefix="g")
        assert len(both.nodes) == 8
        names = [each.metadata.name for each in both.classes]
        assert len(names) == len(set(names))

    def test_ten_thousand_devices_share_their_leaves(self) -> None:
        large = nodes.cluster("dgx-h100", racks=320, setup=Setup(drivers=[GPU]))
        devices = large.devices()
        assert len(devices) == 10240
        assert len({id((each.attributes or {})["productName"]) for each in devices}) == 1
        assert len({(each.attributes or {})["uuid"].string for each in devices}) == 10240

    def test_objects_of_one_node_are_not_those_of_another(self) -> None:
        one, other, *_ = nodes.cluster("l4", setup=Setup(drivers=[GPU])).slices
        one.spec.devices[0].attributes.clear()
        assert other.spec.devices[0].attributes

    @pytest.mark.parametrize("size", [{"racks": -1}, {"nodes_per_rack": -1}, {"racks": "4"}])
    def test_what_is_no_size_is_said_by_its_name(self, size: dict[str, Any]) -> None:
        (name,) = size
        with pytest.raises(ArgumentError, match=f"{name}: must be a whole number of at least 0"):
            nodes.cluster("l4", **size)

    def test_objects_are_in_the_order_of_applying(self) -> None:
        kinds = [each.kind for each in nodes.cluster("l4", nodes_per_rack=1).objects]
        assert list(dict.fromkeys(kinds)) == ["DeviceClass", "Node", "ResourceSlice"]


class TestExampleFolder:
    """examples/dgx-h100 is what the factory gives."""

    @pytest.mark.parametrize("name", ["dgx-1", "dgx-2"])
    def test_slices(self, name: str) -> None:
        (written,) = [
            each
            for each in dra.load(EXAMPLE / "resourceslices.yaml")
            if isinstance(each, dra.ResourceSlice) and each.spec.node_name == name
        ]
        (made,) = nodes.node("dgx-h100", name, drivers=[GPU]).slices
        assert written.to_dict() == made.to_dict()

    def test_classes(self) -> None:
        written = [each.to_dict() for each in dra.load(EXAMPLE / "deviceclasses.yaml")]
        made = [each.to_dict() for each in dra.drivers.get(GPU).device_classes()]
        assert [each for each in written if each not in made] == []

    def test_labels_of_the_nodes(self) -> None:
        for each in dra.load(EXAMPLE / "nodes.yaml"):
            made = nodes.node("dgx-h100", each.metadata.name or "").node
            assert (each.metadata.labels, each.metadata.uid) == (made.metadata.labels, made.metadata.uid)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nodes.node("nd-mi300x-v5", mig="all-1g.10gb"),
        lambda: nodes.fabric(fabric_driver("fpga.example.com"), "u250", 129),
        lambda: nodes.machine(cast("str", None)),
    ],
)
def test_what_no_fixture_can_be_made_of_is_an_error(make: Callable[[], object]) -> None:
    with pytest.raises(DriverError):
        make()
