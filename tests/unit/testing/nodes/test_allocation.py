"""Claims on factory nodes: what is known to fit on real machines fits, and what is known not to does not."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra.drivers.fabric import fabric_driver
from dra.features import Features
from dra.testing import nodes
from dra.testing.nodes import Fixture

ROOT = "resource.kubernetes.io/pcieRoot"
GPU = "gpu.nvidia.com"


def claim(*requests: dict[str, Any], same: str = "", name: str = "claim") -> dra.ResourceClaim:
    devices: dict[str, Any] = {"requests": list(requests)}
    if same:
        devices["constraints"] = [{"matchAttribute": same}]
    return dra.ResourceClaim.from_dict(
        {
            "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}"},
            "spec": {"devices": devices},
        }
    )


def request(name: str, device_class: str, selector: str = "", **exactly: Any) -> dict[str, Any]:
    wanted = {"deviceClassName": device_class, **exactly}
    if selector:
        wanted["selectors"] = [{"cel": {"expression": selector}}]
    return {"name": name, "exactly": wanted}


def mig(name: str, profile: str, count: int = 1) -> dict[str, Any]:
    selector = f"device.attributes['gpu.nvidia.com'].profile == '{profile}'"
    return request(name, "mig.nvidia.com", selector, count=count)


def allocate(fixture: Fixture, *claims: dra.ResourceClaim) -> list[list[str]] | None:
    """Names of the devices of each claim; None if they do not fit."""
    allocator = dra.Allocator(fixture.slices, fixture.classes, features=Features.all())
    results = allocator.allocate([dra.default(each) for each in claims], fixture.node)
    if results is None:
        return None
    return [[each.device for each in result.devices.results or ()] for result in results]


def pairs(count: int) -> list[dra.ResourceClaim]:
    """Claims for a GPU and an EFA under one root each."""
    return [
        claim(
            request("gpu", GPU),
            request("nic", "efa.networking.k8s.aws"),
            same=ROOT,
            name=f"pair-{index}",
        )
        for index in range(count)
    ]


class TestPlacement:
    def test_eight_gpus_and_no_ninth(self) -> None:
        dgx = nodes.node("dgx-h100")
        assert allocate(dgx, claim(request("gpu", GPU, count=8))) == [[f"gpu-{minor}" for minor in range(8)]]
        assert allocate(dgx, claim(request("gpu", GPU, count=9))) is None

    def test_p4d_has_four_aligned_pairs_only(self) -> None:
        p4d = nodes.node("p4d.24xlarge")
        assert allocate(p4d, *pairs(4)) == [
            ["gpu-0", "pci-0000-10-1b-0"],
            ["gpu-2", "pci-0000-20-1b-0"],
            ["gpu-4", "pci-0000-90-1b-0"],
            ["gpu-6", "pci-0000-a0-1b-0"],
        ]
        assert allocate(p4d, *pairs(5)) is None

    def test_p5_has_four_efas_beside_each_gpu(self) -> None:
        p5 = nodes.node("p5.48xlarge")
        for count, fits in ((4, True), (5, False)):
            aligned = claim(
                request("gpu", GPU), request("nic", "efa.networking.k8s.aws", count=count), same=ROOT
            )
            assert (allocate(p5, aligned) is not None) == fits

    def test_gb200_has_no_aligned_pair(self) -> None:
        aligned = claim(request("gpu", GPU), request("nic", "dranet"), same=ROOT)
        assert allocate(nodes.node("gb200-nvl72"), aligned) is None

    def test_gpu_nic_and_cpus_of_one_numa_node(self) -> None:
        wanted = dra.ResourceClaim.from_dict(
            {
                "metadata": {"name": "aligned", "namespace": "default", "uid": "uid"},
                "spec": {
                    "devices": {
                        "requests": [
                            request("gpu", GPU, "device.attributes['resource.kubernetes.io'].numaNode == 1"),
                            request("nic", "mrdma.google.com"),
                            request("cpu", "dra.cpu", capacity={"requests": {"dra.cpu/cpu": "4"}}),
                        ],
                        "constraints": [
                            {"requests": ["gpu", "nic"], "matchAttribute": ROOT},
                            {"requests": ["nic", "cpu"], "matchAttribute": "dra.net/numaNode"},
                        ],
                    }
                },
            }
        )
        assert allocate(nodes.node("a3-ultragpu-8g"), wanted) == [
            ["gpu-4", "pci-0000-c6-00-0", "cpudevnuma001"]
        ]

    def test_four_connected_neuron_devices(self) -> None:
        group = claim(request("neuron", "neuron.aws.com", count=4), same="resource.aws.com/devicegroup4_id")
        assert allocate(nodes.node("trn2.48xlarge"), group) == [[f"neurondevice{each}" for each in range(4)]]

    def test_all_chips_of_a_tpu_node(self) -> None:
        every = claim(request("tpu", "tpu.google.com", allocationMode="All"))
        assert allocate(nodes.node("ct6e-standard-8t"), every) == [[str(each) for each in range(8)]]

    def test_channel_of_a_compute_domain(self) -> None:
        channel = claim(request("channel", "compute-domain-default-channel.nvidia.com"))
        assert allocate(nodes.node("gb200-nvl72"), channel) == [["channel-0"]]


class TestDynamicMig:
    """The facts of an A100, allocated through the counters that the driver publishes."""

    def one_gpu(self, machine: str = "dgx-a100-40gb") -> Fixture:
        whole = nodes.machine(machine)
        gpus = whole.parts[0]
        single = nodes.Machine("one", "one GPU", (nodes.parts.NvidiaGpus(gpus.model, gpus.places[:1]),))
        return nodes.node(single, mig="dynamic")

    def test_mixed_profiles_coexist(self) -> None:
        mixed = claim(mig("small", "1g.5gb", 2), mig("medium", "2g.10gb"), mig("large", "3g.20gb"))
        assert allocate(self.one_gpu(), mixed) is not None

    def test_two_3g_leave_room_for_nothing(self) -> None:
        fixture = self.one_gpu()
        assert allocate(fixture, claim(mig("large", "3g.20gb", 2))) is not None
        assert allocate(fixture, claim(mig("large", "3g.20gb", 2), mig("small", "1g.5gb"))) is None

    def test_4g_beside_3g_but_not_twice(self) -> None:
        fixture = self.one_gpu()
        assert allocate(fixture, claim(mig("a", "4g.20gb"), mig("b", "3g.20gb"))) == [
            ["gpu-0-mig-4g20gb-5-0", "gpu-0-mig-3g20gb-9-4"]
        ]
        assert allocate(fixture, claim(mig("a", "4g.20gb", 2))) is None

    def test_media_extensions_once(self) -> None:
        fixture = self.one_gpu()
        assert allocate(fixture, claim(mig("a", "1g.5gb+me"))) is not None
        assert allocate(fixture, claim(mig("a", "1g.5gb+me", 2))) is None

    def test_the_whole_gpu_excludes_every_part(self) -> None:
        fixture = self.one_gpu("dgx-h100")
        assert allocate(fixture, claim(request("gpu", GPU))) == [["gpu-0"]]
        assert allocate(fixture, claim(request("gpu", GPU), mig("a", "1g.10gb"))) is None

    def test_a_set_from_one_gpu(self) -> None:
        dgx = nodes.node("dgx-a100-40gb", mig="dynamic", drivers=[GPU])
        wanted = claim(
            mig("a", "1g.5gb"), mig("b", "1g.5gb"), mig("c", "2g.10gb"), mig("d", "3g.20gb"),
            same="gpu.nvidia.com/parentUUID",
        )  # fmt: skip
        (found,) = allocate(dgx, wanted) or [[]]
        assert {name.partition("-mig-")[0] for name in found} == {"gpu-0"}


class TestSharing:
    def ten_gibibytes(self, index: int) -> dra.ResourceClaim:
        return claim(request("gpu", GPU, capacity={"requests": {"memory": "10Gi"}}), name=f"part-{index}")

    def test_four_claims_of_10gi_on_a_gpu_of_40gi_and_no_fifth(self) -> None:
        gpus = nodes.machine("dgx-a100-40gb").parts[0]
        single = nodes.Machine("one", "one GPU", (nodes.parts.NvidiaGpus(gpus.model, gpus.places[:1]),))
        shared = nodes.node(single, shares="memory")
        assert allocate(shared, *map(self.ten_gibibytes, range(4))) == [["gpu-0"]] * 4
        assert allocate(shared, *map(self.ten_gibibytes, range(5))) is None

    def test_numbered_shares(self) -> None:
        gpus = nodes.machine("l4").parts[0]
        single = nodes.Machine("one", "one GPU", (nodes.parts.NvidiaGpus(gpus.model, gpus.places[:1]),))
        shared = nodes.node(single, shares=2)
        claims = [claim(request("gpu", GPU), name=f"share-{index}") for index in range(3)]
        assert allocate(shared, *claims[:2]) is not None
        assert allocate(shared, *claims) is None

    def test_partitions_of_an_amd_gpu_share_one_mode(self) -> None:
        gpus = nodes.machine("nd-mi300x-v5").parts[0]
        single = nodes.Machine("one", "one GPU", (nodes.parts.AmdGpus(gpus.model, gpus.places[:1]),))
        fixture = nodes.node(single, partitioned=True)

        def part(mode: str, index: int) -> dra.ResourceClaim:
            selector = f"device.attributes['gpu.amd.com'].computePartition == '{mode}'"
            return claim(request("gpu", "gpu.amd.com", selector), name=f"{mode}-{index}")

        assert allocate(fixture, *(part("cpx", index) for index in range(8))) is not None
        assert allocate(fixture, part("spx", 0), part("cpx", 0)) is None

    def test_example_gpus_by_memory_and_compute(self) -> None:
        shared = nodes.node(nodes.Machine("one", "one GPU", (nodes.parts.ExampleGpus(1),)), shares="memory")

        def share(index: int) -> dra.ResourceClaim:
            amounts = {"requests": {"memory": "16Gi", "compute": "20"}}
            return claim(request("gpu", "gpu.example.com", capacity=amounts), name=f"share-{index}")

        assert allocate(shared, *map(share, range(5))) == [["gpu-0"]] * 5
        assert allocate(shared, *map(share, range(6))) is None

    def test_parts_of_an_example_gpu_exclude_the_whole(self) -> None:
        fixture = nodes.node(nodes.Machine("one", "one GPU", (nodes.parts.ExampleGpus(1),)), partitioned=True)
        is_part = "'partition' in device.attributes['gpu.example.com']"
        parts = request("part", "gpu.example.com", is_part, count=4)
        whole = request("whole", "gpu.example.com", "device.attributes['gpu.example.com'].full")
        assert allocate(fixture, claim(parts)) is not None
        assert allocate(fixture, claim(request("part", "gpu.example.com", is_part), whole)) is None


class TestFabric:
    FPGAS = fabric_driver("fpga.example.com")

    @pytest.mark.parametrize(("label", "found"), [("1", [["u250-0", "u250-1"]]), ("2", None)])
    def test_nodes_of_the_fabric_can_have_its_devices(self, label: str, found: object) -> None:
        host = nodes.node("example", labels={"cohdi.io/u250": "true", "cohdi.io/fabric": label})
        fixture = host + nodes.fabric(self.FPGAS, "u250", 2, {"productName": "Alveo U250"})
        assert allocate(fixture, claim(request("fpga", "fpga.example.com", count=2))) == found

    def test_the_pod_waits_until_they_are_attached(self) -> None:
        host = nodes.node("example", labels={"cohdi.io/u250": "true", "cohdi.io/fabric": "1"})
        fixture = host + nodes.fabric(self.FPGAS, "u250", 1)
        allocator = dra.Allocator(fixture.slices, fixture.classes, features=Features.all())
        wanted = dra.default(claim(request("fpga", "fpga.example.com")))
        (result,) = allocator.allocate([wanted], fixture.node) or []
        (device,) = result.devices.results or []
        assert device.binding_conditions == ["FabricDeviceReady"]

    def test_slices_are_valid(self) -> None:
        fixture = nodes.fabric(self.FPGAS, "u250", 3)
        assert [dra.validate(each) for each in fixture.objects] == [[]] * len(fixture.objects)
