"""Every machine: its slices are valid in every minor, within the limits, and as its drivers publish them."""

from __future__ import annotations

import pytest

import dra
from dra.features import KUBERNETES_MINORS, Features
from dra.models.resource import ResourceSlice
from dra.testing import nodes
from dra.testing.nodes import Fixture, Machine

MACHINES = [pytest.param(each, id=each.name) for each in nodes.machines()]
# Classes for devices that a node with the driver may lack.
MAY_LACK = ("mig.nvidia.com", "vfio.gpu.nvidia.com", "netdev.google.com", "mrdma.google.com")
MIG_MACHINES = ["dgx-a100", "dgx-a100-40gb", "dgx-h100", "hgx-h200", "hgx-b200", "a30", "gb200-nvl72"]


def problems(fixture: Fixture, kubernetes: str, features: Features | None = None) -> list[str]:
    return [
        f"{each.subject}: {error}"
        for each in fixture.objects
        for error in dra.validate(each, kubernetes=kubernetes, features=features)
    ]


def misdeclared(fixture: Fixture) -> list[str]:
    return [
        finding
        for each in fixture.slices
        for device in each.spec.devices or ()
        for finding in dra.drivers.get(each.spec.driver).misdeclared(device)
    ]


def all_features(kubernetes: str) -> Features:
    """Every feature that a minor has."""
    known = Features.for_kubernetes(kubernetes)
    return known | Features(
        partitionable_devices=True, consumable_capacity=True, device_taints=True, extended_resource=True
    )


@pytest.mark.parametrize("machine", MACHINES)
class TestEveryMachine:
    @pytest.mark.parametrize("kubernetes", KUBERNETES_MINORS)
    def test_everything_is_valid(self, machine: Machine, kubernetes: str) -> None:
        fixture = nodes.node(machine, kubernetes=kubernetes)
        assert problems(fixture, kubernetes) == []
        assert problems(fixture, kubernetes, all_features(kubernetes)) == []

    def test_devices_are_as_their_drivers_declare(self, machine: Machine) -> None:
        assert misdeclared(nodes.node(machine)) == []

    def test_the_same_call_gives_the_same_objects(self, machine: Machine) -> None:
        first, second = (nodes.node(machine, "node-1").objects for _ in range(2))
        assert [each.to_dict() for each in first] == [each.to_dict() for each in second]

    def test_device_names_are_unique_in_their_pool(self, machine: Machine) -> None:
        fixture = nodes.node(machine)
        for driver in machine.drivers:
            names = [each.name for each in fixture.devices(driver)]
            assert len(names) == len(set(names))

    def test_pools_are_complete(self, machine: Machine) -> None:
        for driver in machine.drivers:
            slices = [each for each in nodes.node(machine).slices if each.spec.driver == driver]
            assert {each.spec.pool.resource_slice_count for each in slices} == {len(slices)}
            assert {each.spec.node_name for each in slices} == {each.spec.pool.name for each in slices}

    def test_classes_take_its_devices(self, machine: Machine) -> None:
        fixture = nodes.node(machine)
        allocator = dra.Allocator(fixture.slices, fixture.classes, features=Features.all())
        for each in fixture.classes:
            claim = claim_for(each.metadata.name or "")
            if each.metadata.name in MAY_LACK:
                continue
            assert allocator.allocate([claim], fixture.node) is not None, each.subject

    def test_it_is_said_what_was_seen(self, machine: Machine) -> None:
        assert machine.title
        assert machine.facts


def claim_for(device_class: str, count: int = 1) -> dra.ResourceClaim:
    request = {"name": "device", "exactly": {"deviceClassName": device_class, "count": count}}
    claim = {
        "metadata": {"name": "claim", "namespace": "default", "uid": f"uid-{device_class}"},
        "spec": {"devices": {"requests": [request]}},
    }
    return dra.default(dra.ResourceClaim.from_dict(claim))


@pytest.mark.parametrize("kubernetes", KUBERNETES_MINORS)
class TestDynamicMig:
    @pytest.mark.parametrize("name", MIG_MACHINES)
    def test_slices_are_valid(self, name: str, kubernetes: str) -> None:
        fixture = nodes.node(name, mig="dynamic", kubernetes=kubernetes)
        assert problems(fixture, kubernetes, all_features(kubernetes)) == []
        assert misdeclared(fixture) == []

    def test_layout_of_counters(self, kubernetes: str) -> None:
        slices = nodes.node(
            "dgx-h100", mig="dynamic", drivers=["gpu.nvidia.com"], kubernetes=kubernetes
        ).slices
        shape = [(len(each.spec.shared_counters or ()), len(each.spec.devices or ())) for each in slices]
        if kubernetes == "1.34":
            assert shape == [(1, 26)] * 8
        else:
            assert shape == [(8, 0)] + [(0, 26)] * 8


@pytest.mark.parametrize("kubernetes", KUBERNETES_MINORS)
@pytest.mark.parametrize("shares", [None, "memory", "unlimited", 8])
@pytest.mark.parametrize("mig", ["", "all-balanced", "all-1g.10gb"])
def test_cut_and_shared_gpus_are_valid(mig: str, shares: str | int | None, kubernetes: str) -> None:
    fixture = nodes.node("dgx-h100", mig=mig, shares=shares, kubernetes=kubernetes)
    assert problems(fixture, kubernetes, all_features(kubernetes)) == []
    assert misdeclared(fixture) == []


@pytest.mark.parametrize("kubernetes", KUBERNETES_MINORS)
@pytest.mark.parametrize("kind", ["nd-mi300x-v5", "example"])
def test_partitions_are_valid(kind: str, kubernetes: str) -> None:
    fixture = nodes.node(kind, partitioned=True, kubernetes=kubernetes)
    assert problems(fixture, kubernetes, all_features(kubernetes)) == []
    assert misdeclared(fixture) == []


class TestDevicesPerSlice:
    def slices(self, **setup: object) -> list[ResourceSlice]:
        return nodes.node("dgx-h100", drivers=["gpu.nvidia.com"], **setup).slices

    def test_whole_gpus_are_in_one_slice(self) -> None:
        assert [len(each.spec.devices or ()) for each in self.slices()] == [8]

    def test_56_static_mig_devices_are_in_one_slice(self) -> None:
        assert [len(each.spec.devices or ()) for each in self.slices(mig="all-1g.10gb")] == [56]

    def test_a_pool_with_too_many_devices_is_split(self) -> None:
        many = Machine("many", "many", (nodes.parts.ExampleGpus(300),))
        fixture = nodes.node(many)
        assert [len(each.spec.devices or ()) for each in fixture.slices] == [128, 128, 44]
        assert {each.spec.pool.resource_slice_count for each in fixture.slices} == {3}
        assert len({each.metadata.name for each in fixture.slices}) == 3

    def test_devices_with_counters_are_64_to_a_slice_and_sets_eight(self) -> None:
        gpus = nodes.machine("nd-mi300x-v5").parts[0]
        places = gpus.places * 3
        fixture = nodes.node(
            Machine("many", "many", (nodes.parts.AmdGpus("MI300X", places),)), partitioned=True
        )
        counters = [len(each.spec.shared_counters or ()) for each in fixture.slices]
        devices = [len(each.spec.devices or ()) for each in fixture.slices]
        assert (counters, devices) == ([8, 8, 8, 0, 0], [0, 0, 0, 64, 32])
        assert problems(fixture, "1.37", all_features("1.37")) == []
