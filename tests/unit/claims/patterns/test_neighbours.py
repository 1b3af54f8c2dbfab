"""Claim patterns for devices that belong together: GPU and NIC on one root, NUMA nodes, connected groups."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra.claims import claim, select
from dra.drivers.dranet import Nic
from dra.drivers.standard import PciDevice
from dra.testing import nodes
from dra.testing.nodes import parts
from dra.testing.nodes.places import MELLANOX, MLX5_VF
from tests.unit.claims.patterns.harness import GPU, ROOT, claims_of, devices, has_shape, results

EFA_CLASS = "efa.networking.k8s.aws"
NUMA = "dra.net/numaNode"
PCI_BUS_ID = select.device.attr("resource.kubernetes.io/pciBusID").or_error()
NIC = select.device.of("dra.net")
RDMA = NIC.attr("rdma").or_error()


def aligned(nic_class: str, count: int = 1, nics: int = 1, name: str = "aligned") -> dra.ResourceClaim:
    """GPUs and NICs on one root, as in patterns 14 to 16."""
    return (
        claim(name)
        .request("gpu", device_class=GPU, count=count)
        .request("nic", device_class=nic_class, count=nics)
        .align(ROOT, requests=["gpu", "nic"])
        .build()
    )


def aligned_shape(nic_class: str, count: int, nics: int) -> str:
    return f"""
    devices:
      requests:
      - name: gpu
        exactly: {{deviceClassName: gpu.nvidia.com, count: {count}}}
      - name: nic
        exactly: {{deviceClassName: {nic_class}, count: {nics}}}
      constraints:
      - requests: [gpu, nic]
        matchAttribute: resource.kubernetes.io/pcieRoot
    """


def test_14_gpu_and_nic_on_one_root() -> None:
    pairs = [aligned(EFA_CLASS, name=f"pair-{index}") for index in range(5)]
    assert has_shape(pairs[0], aligned_shape(EFA_CLASS, 1, 1))
    p4d = nodes.node("p4d.24xlarge")
    assert devices(p4d, *pairs[:4]) == [
        ["gpu-0", "pci-0000-10-1b-0"],
        ["gpu-2", "pci-0000-20-1b-0"],
        ["gpu-4", "pci-0000-90-1b-0"],
        ["gpu-6", "pci-0000-a0-1b-0"],
    ]
    assert devices(p4d, *pairs) is None
    assert devices(nodes.node("dgx-h100"), aligned("dranet")) == [["gpu-0", "pci-0000-1c-00-0"]]


def test_14_no_gpu_of_a_gb200_tray_shares_a_root_with_a_nic() -> None:
    assert devices(nodes.node("gb200-nvl72"), aligned("dranet")) is None


class TestGpuAndItsNics:
    """p5: four EFAs beside each GPU."""

    def every(self) -> Any:
        return (
            claim("every")
            .request("nic", device_class=EFA_CLASS, allocation_mode="All")
            .request("gpu", device_class=GPU)
            .align(ROOT, requests=["gpu", "nic"])
        )

    def test_15_all_efas_are_those_of_all_roots(self) -> None:
        p5 = nodes.node("p5.48xlarge")
        assert has_shape(
            self.every().build(),
            """
            devices:
              requests:
              - name: nic
                exactly: {deviceClassName: efa.networking.k8s.aws, allocationMode: All}
              - name: gpu
                exactly: {deviceClassName: gpu.nvidia.com}
              constraints:
              - requests: [gpu, nic]
                matchAttribute: resource.kubernetes.io/pcieRoot
            """,
        )
        with pytest.raises(dra.AllocationError, match="33 exceeds the claim limit of 32"):
            devices(p5, self.every().build())
        with pytest.raises(dra.AllocationError, match="a claim constraint would not be satisfied"):
            devices(nodes.node("p5en.48xlarge"), self.every().build())
        with pytest.raises(dra.BuildError, match="wants all devices") as caught:
            self.every().build(slices=p5.slices)
        assert [each.code for each in caught.value.findings] == ["DRA202"]

    def test_15_four_of_them_work(self) -> None:
        four = aligned(EFA_CLASS, nics=4)
        assert has_shape(four, aligned_shape(EFA_CLASS, 1, 4))
        (found,) = devices(nodes.node("p5.48xlarge"), four) or [[]]
        assert len(found) == 5
        assert devices(nodes.node("p5.48xlarge"), aligned(EFA_CLASS, nics=5)) is None


def test_16_two_gpus_and_two_nics_on_one_root() -> None:
    made = aligned("dranet", 2, 2)
    assert has_shape(made, aligned_shape("dranet", 2, 2))
    assert devices(nodes.node("dgx-a100"), made) == [
        ["gpu-0", "gpu-1", "pci-0000-0c-00-0", "pci-0000-12-00-0"]
    ]


def gpu_nic_cpu(name: str, *, apart: bool = False) -> dra.ResourceClaim:
    wanted = (
        claim(name)
        .request("gpu", device_class=GPU)
        .request("nic", device_class="mrdma.google.com")
        .request("cpu", device_class="dra.cpu", capacity={"dra.cpu/cpu": 4})
        .align(ROOT, requests=["gpu", "nic"])
    )
    near = wanted.distinct if apart else wanted.align
    return near(NUMA, requests=["cpu", "nic"]).build()


def gpu_nic_cpu_shape(constraint: str) -> str:
    return f"""
    devices:
      requests:
      - name: gpu
        exactly: {{deviceClassName: gpu.nvidia.com}}
      - name: nic
        exactly: {{deviceClassName: mrdma.google.com}}
      - name: cpu
        exactly: {{deviceClassName: dra.cpu, capacity: {{requests: {{dra.cpu/cpu: '4'}}}}}}
      constraints:
      - requests: [gpu, nic]
        matchAttribute: resource.kubernetes.io/pcieRoot
      - requests: [cpu, nic]
        {constraint}: dra.net/numaNode
    """


def test_17_gpu_nic_and_cpus_of_one_numa_node() -> None:
    made = gpu_nic_cpu("aligned")
    assert has_shape(made, gpu_nic_cpu_shape("matchAttribute"))
    a3 = nodes.node("a3-ultragpu-8g")
    # The tutorial's cluster has one GPU left.
    taken = [dra.DeviceId(GPU, "a3-ultragpu-8g-0", f"gpu-{index}") for index in range(7)]
    (found,) = results(a3, made, taken=taken) or []
    picked = found.devices.results or []
    assert [each.device for each in picked] == ["gpu-7", "pci-0000-cd-00-0", "cpudevnuma001"]
    assert picked[2].consumed_capacity == {"dra.cpu/cpu": dra.Quantity(4)}


def test_18_apart_on_purpose() -> None:
    made = gpu_nic_cpu("apart", apart=True)
    assert has_shape(made, gpu_nic_cpu_shape("distinctAttribute"))
    assert devices(nodes.node("a3-ultragpu-8g"), made) == [["gpu-0", "pci-0000-91-00-0", "cpudevnuma001"]]


@pytest.mark.parametrize("numa", [0, 1])
@pytest.mark.parametrize("nics", [1, 2, 4])
def test_19_by_address_and_numa_node(numa: int, nics: int) -> None:
    made = (
        claim("numa")
        .request("gpu", device_class=GPU, where=PCI_BUS_ID == "0001:00:00.0")
        .request(
            "nic",
            device_class="dranet",
            count=nics,
            where=RDMA & (NIC.attr("numaNode").or_error() == numa),
        )
        .build()
    )
    assert has_shape(
        made,
        f"""
        devices:
          requests:
          - name: gpu
            exactly:
              deviceClassName: gpu.nvidia.com
              selectors:
              - cel: {{expression: 'device.attributes["resource.kubernetes.io"].pciBusID == "0001:00:00.0"'}}
          - name: nic
            exactly:
              deviceClassName: dranet
              selectors:
              - cel:
                  expression: >-
                    device.attributes["dra.net"].rdma && device.attributes["dra.net"].numaNode == {numa}
              count: {nics}
        """,
    )
    first = 1 + 4 * numa
    (found,) = devices(nodes.node("nd-h100-v5"), made) or [[]]
    assert found == ["gpu-0", *(f"pci-010{first + index}-00-00-0" for index in range(nics))]


def test_19_one_of_several_addresses() -> None:
    made = (
        claim("some")
        .request("gpu", device_class=GPU, count=2, where=PCI_BUS_ID.in_(["0002:00:00.0", "0008:00:00.0"]))
        .build()
    )
    assert devices(nodes.node("nd-h100-v5"), made) == [["gpu-1", "gpu-3"]]
    assert devices(nodes.node("dgx-h100"), made) is None


def test_20_all_nics() -> None:
    eight = claim("eight").request("nic", device_class="dranet", count=8, where=RDMA).build()
    assert has_shape(
        eight,
        """
        devices:
          requests:
          - name: nic
            exactly:
              deviceClassName: dranet
              selectors:
              - cel: {expression: 'device.attributes["dra.net"].rdma'}
              count: 8
        """,
    )
    node = nodes.node("gb200-nvl72")
    assert len((devices(node, eight) or [[]])[0]) == 8
    every = (
        claim("every")
        .request("gpu", device_class=GPU, count=4)
        .request("nic", device_class="dranet", allocation_mode="All", where=RDMA)
        .build()
    )
    (found,) = devices(node, every) or [[]]
    assert [each.partition("-")[0] for each in found] == ["gpu"] * 4 + ["pci"] * 8
    assert (
        devices(nodes.node("dgx-h100"), claim("nine").request("nic", device_class="dranet", count=9).build())
        is None
    )


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("azure.dra.net/placementGroupId", "7f2c1bd0-6d55-4b3a-9a51-5f0f8d3c9e11"),
        ("oke.dra.net/localBlockId", "block-1"),
        ("oke.dra.net/networkBlockId", "network-1"),
        ("oke.dra.net/gpuMemoryFabricId", "fabric-1"),
    ],
)
def test_21_nics_of_one_placement_group_or_block(attribute: str, value: str) -> None:
    domain, _, name = attribute.partition("/")
    here = select.device.attr(attribute) == value
    made = claim("block").request("nic", device_class="dranet", count=2, where=here.or_error()).build()
    assert has_shape(
        made,
        f"""
        devices:
          requests:
          - name: nic
            exactly:
              deviceClassName: dranet
              selectors:
              - cel: {{expression: 'device.attributes["{domain}"].{name} == "{value}"'}}
              count: 2
        """,
    )

    def tray(of: str) -> nodes.Fixture:
        cards = tuple(
            Nic(
                PciDevice(f"0000:0{index}:00.0"),
                MLX5_VF,
                MELLANOX,
                rdma=f"mlx5_{index}",
                extra={attribute: of},
            )
            for index in range(2)
        )
        return nodes.node(nodes.Machine("tray", "a tray", (parts.Nics(cards),), classes=("dranet",)))

    assert len((devices(tray(value), made) or [[]])[0]) == 2
    assert devices(tray("elsewhere"), made) is None


GROUP = "resource.aws.com/devicegroup4_id"


def test_22_connected_accelerators() -> None:
    made = claim("four").request("neuron", device_class="neuron.aws.com", count=4).align(GROUP).build()
    assert has_shape(
        made,
        """
        devices:
          requests:
          - name: neuron
            exactly: {deviceClassName: neuron.aws.com, count: 4}
          constraints:
          - matchAttribute: resource.aws.com/devicegroup4_id
        """,
    )
    trn2 = nodes.node("trn2.48xlarge")
    assert devices(trn2, made) == [[f"neurondevice{index}" for index in range(4)]]
    five = claim("five").request("neuron", device_class="neuron.aws.com", count=5).align(GROUP).build()
    assert devices(trn2, five) is None


def test_22_connected_accelerators_with_their_efas() -> None:
    made = (
        claim("four")
        .request("neuron", device_class="neuron.aws.com", count=4)
        .request("efa", device_class=EFA_CLASS, count=4)
        .align(GROUP)
        .build()
    )
    (found,) = devices(nodes.node("trn2.48xlarge"), made) or [[]]
    assert found[:4] == [f"neurondevice{index}" for index in range(4)]
    assert [each.partition("-")[0] for each in found[4:]] == ["pci"] * 4
    groups = {
        (device.attributes or {})[GROUP].string
        for device in nodes.node("trn2.48xlarge").devices()
        if device.name in found
    }
    assert len(groups) == 1


PARENT = "resource.kubernetes.io/pciBusID"


@pytest.mark.parametrize(("apart", "gpus"), [(False, 1), (True, 4)])
def test_32_partitions_of_the_same_or_of_different_gpus(apart: bool, gpus: int) -> None:
    where = select.device.attr("gpu.amd.com/computePartition").or_error() == "cpx"
    wanted = claim("parts")
    for index in range(4):
        wanted = wanted.request(f"part-{index}", device_class="gpu.amd.com", where=where)
    made = (wanted.distinct if apart else wanted.align)(PARENT).template()
    (constraint,) = made.spec.spec.devices.constraints or []
    assert constraint.to_dict() == {"distinctAttribute" if apart else "matchAttribute": PARENT}
    (found,) = devices(nodes.node("nd-mi300x-v5", partitioned=True), *claims_of(made)) or [[]]
    assert len({each.split("-")[1] for each in found}) == gpus


def test_32_cpus_of_different_numa_nodes() -> None:
    wanted = claim("spread")
    for index in range(2):
        wanted = wanted.request(f"cpu-{index}", device_class="dra.cpu", capacity={"dra.cpu/cpu": 8})
    made = wanted.distinct("resource.kubernetes.io/numaNode").build()
    assert devices(nodes.node("dgx-h100"), made) == [["cpudevnuma000", "cpudevnuma001"]]
    assert devices(nodes.node("ct6e-standard-4t"), made) is None
