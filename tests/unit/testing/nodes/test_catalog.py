"""Every machine of the catalogue of node shapes: GPUs, memory, processors, network cards, as it lists them.

Figures of AWS are those of Karpenter's generated list of instance types, the others those of the vendors'
documentation or of slices seen live. Memory of a GPU is what NVML says of it; the EC2 API says somewhat more
of H100 and H200 (81920 and 144384 MiB).
"""

from __future__ import annotations

from collections import Counter

import attrs
import pytest

from dra.models.resource import Device
from dra.testing import nodes
from dra.testing.nodes import Fixture

H100, H200, B200, GB200 = ("NVIDIA H100 80GB HBM3", "NVIDIA H200", "NVIDIA B200", "NVIDIA GB200")
A100_40, A100_80 = "NVIDIA A100-SXM4-40GB", "NVIDIA A100-SXM4-80GB"
RTX = "NVIDIA RTX PRO 6000 Blackwell Server Edition"


@attrs.frozen
class Shape:
    """A row: machine, GPUs, product, memory of each; processors, MiB of the node, RDMA cards, other cards."""

    machine: str
    gpus: int
    product: str
    gpu_memory: str
    cpus: int | None = None
    memory_mib: int | None = None
    rdma: int = 0
    other_cards: int = 0


SHAPES = [
    # AWS
    Shape("p3dn.24xlarge", 8, "Tesla V100-SXM2-32GB", "32Gi", 96, 786432, 1),
    Shape("p4d.24xlarge", 8, A100_40, "40Gi", 96, 1179648, 4, 3),
    Shape("p4de.24xlarge", 8, A100_80, "80Gi", 96, 1179648, 4, 3),
    Shape("p5.4xlarge", 1, H100, "81559Mi", 16, 262144, 1),
    Shape("p5.48xlarge", 8, H100, "81559Mi", 192, 2097152, 32),
    Shape("p5e.48xlarge", 8, H200, "143771Mi", 192, 2097152, 32),
    Shape("p5en.48xlarge", 8, H200, "143771Mi", 192, 2097152, 16),
    Shape("p6-b200.48xlarge", 8, B200, "183359Mi", 192, 2097152, 8),
    Shape("p6-b300.48xlarge", 8, "NVIDIA B300", "275040Mi", 192, 4194304, 16),
    Shape("p6e-gb200.36xlarge", 4, GB200, "189471Mi", None, None, 16),
    Shape("g4dn.xlarge", 1, "Tesla T4", "15Gi", 4),
    Shape("g4dn.12xlarge", 4, "Tesla T4", "15Gi", 48),
    Shape("g4dn.metal", 8, "Tesla T4", "15Gi", 96),
    Shape("g5.xlarge", 1, "NVIDIA A10G", "23028Mi", 4),
    Shape("g5.12xlarge", 4, "NVIDIA A10G", "23028Mi", 48),
    Shape("g5.48xlarge", 8, "NVIDIA A10G", "23028Mi", 192),
    Shape("g6.xlarge", 1, "NVIDIA L4", "23034Mi", 4),
    Shape("g6.12xlarge", 4, "NVIDIA L4", "23034Mi", 48),
    Shape("g6.48xlarge", 8, "NVIDIA L4", "23034Mi", 192),
    Shape("gr6.4xlarge", 1, "NVIDIA L4", "23034Mi"),
    Shape("g6e.xlarge", 1, "NVIDIA L40S", "46068Mi"),
    Shape("g6e.12xlarge", 4, "NVIDIA L40S", "46068Mi"),
    Shape("g6e.48xlarge", 8, "NVIDIA L40S", "46068Mi", None, None, 4),
    Shape("g7e.2xlarge", 1, RTX, "96Gi"),
    Shape("g7e.12xlarge", 2, RTX, "96Gi"),
    Shape("g7e.24xlarge", 4, RTX, "96Gi"),
    Shape("g7e.48xlarge", 8, RTX, "96Gi", None, None, 4),
    # GKE
    Shape("a2-highgpu-1g", 1, A100_40, "40Gi"),
    Shape("a2-highgpu-2g", 2, A100_40, "40Gi"),
    Shape("a2-ultragpu-1g", 1, A100_80, "80Gi"),
    Shape("a3-highgpu-1g", 1, H100, "81559Mi"),
    Shape("a3-highgpu-8g", 8, H100, "81559Mi", 208, None, 0, 4),
    Shape("a3-megagpu-8g", 8, H100, "81559Mi", 208, None, 0, 8),
    Shape("a3-ultragpu-8g", 8, H200, "143771Mi", 224, None, 8),
    Shape("a4-highgpu-8g", 8, B200, "183359Mi", 224, None, 8, 1),
    Shape("a4x-highgpu-4g", 4, GB200, "189471Mi", None, None, 4),
    Shape("g2-standard-4", 1, "NVIDIA L4", "23034Mi", 4),
    Shape("g2-standard-8", 1, "NVIDIA L4", "23034Mi", 8),
    # Azure
    Shape("nd-a100-v4", 8, A100_40, "40Gi", 96, None, 8),
    Shape("ndm-a100-v4", 8, A100_80, "80Gi", 96, None, 8),
    Shape("nd-h100-v5", 8, H100, "81559Mi", 96, None, 8),
    Shape("nc40ads-h100-v5", 1, "NVIDIA H100 NVL", "95830Mi", 40),
    Shape("nv36ads-a10-v5", 1, "NVIDIA A10", "23028Mi"),
    Shape("nv6ads-a10-v5", 1, "NVIDIA A10-4Q", "4Gi"),
    Shape("nd-gb200-v6", 4, GB200, "189471Mi", 128, None, 4),
    Shape("nd-gb300-v6", 4, "NVIDIA GB300", "284208Mi", 128, None, 4),
    # OCI, Alibaba
    Shape("bm.gpu.h100.8", 8, H100, "81559Mi", None, None, 16),
    Shape("bm.gpu.gb200-v3.4", 4, GB200, "189471Mi", None, None, 8),
    Shape("ecs.gn8is-2x.8xlarge", 2, "NVIDIA L20", "46068Mi", None, None, 1),
    Shape("ecs.gn7i-c8g1.2xlarge", 1, "NVIDIA A10", "23028Mi", 8),
    # What one buys
    Shape("dgx-a100", 8, A100_80, "80Gi", None, None, 8),
    Shape("dgx-h100", 8, H100, "81559Mi", None, None, 8),
    Shape("hgx-h200", 8, H200, "143771Mi", None, None, 8),
    Shape("hgx-b200", 8, B200, "183359Mi", None, None, 8),
    Shape("gb200-nvl72", 4, GB200, "189471Mi", None, None, 8),
    Shape("a100-pcie-40gb", 1, "NVIDIA A100-PCIE-40GB", "40Gi"),
    Shape("a30", 2, "NVIDIA A30", "24Gi"),
    Shape("l4", 4, "NVIDIA L4", "23034Mi"),
]
CAPABILITY = {
    "Tesla V100-SXM2-32GB": "7.0.0",
    "Tesla T4": "7.5.0",
    A100_40: "8.0.0",
    A100_80: "8.0.0",
    "NVIDIA A30": "8.0.0",
    "NVIDIA A10": "8.6.0",
    "NVIDIA L4": "8.9.0",
    "NVIDIA L40S": "8.9.0",
    H100: "9.0.0",
    H200: "9.0.0",
    B200: "10.0.0",
    GB200: "10.0.0",
    "NVIDIA B300": "10.3.0",
    "NVIDIA GB300": "10.3.0",
}


def attribute(device: Device, name: str) -> object:
    value = (device.attributes or {}).get(name)
    return None if value is None else next(iter(value.to_dict().values()))


def capacity(device: Device, name: str) -> str:
    return str((device.capacity or {})[name].value)


def of_node(fixture: Fixture, name: str) -> int | None:
    amount = ((fixture.node.status and fixture.node.status.capacity) or {}).get(name)
    return None if amount is None else amount.value


@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each.machine)
class TestNvidia:
    def test_gpus(self, shape: Shape) -> None:
        gpus = nodes.node(shape.machine).devices("gpu.nvidia.com")
        assert [each.name for each in gpus] == [f"gpu-{minor}" for minor in range(shape.gpus)]
        assert {attribute(each, "productName") for each in gpus} == {shape.product}
        assert {capacity(each, "memory") for each in gpus} == {shape.gpu_memory}
        known = CAPABILITY.get(shape.product)
        assert {attribute(each, "cudaComputeCapability") for each in gpus} == {known} or known is None

    def test_node(self, shape: Shape) -> None:
        fixture = nodes.node(shape.machine)
        if shape.cpus is not None:
            assert of_node(fixture, "cpu") == shape.cpus
        if shape.memory_mib is not None:
            assert of_node(fixture, "memory") == shape.memory_mib << 20
        cpus = sum(int(capacity(each, "dra.cpu/cpu")) for each in fixture.devices("dra.cpu"))
        assert cpus == of_node(fixture, "cpu")

    def test_cards(self, shape: Shape) -> None:
        cards = Counter(
            bool(attribute(each, "dra.net/rdma")) for each in nodes.node(shape.machine).devices("dra.net")
        )
        assert (cards[True], cards[False]) == (shape.rdma, shape.other_cards)

    def test_no_two_devices_are_at_one_place(self, shape: Shape) -> None:
        fixture = nodes.node(shape.machine)
        places = [
            attribute(each, "resource.kubernetes.io/pciBusID") for each in fixture.devices("gpu.nvidia.com")
        ]
        places += [attribute(each, "dra.net/pciAddress") for each in fixture.devices("dra.net")]
        assert len(places) == len(set(places))


def test_every_machine_with_nvidia_gpus_is_in_the_table() -> None:
    listed = {each.machine for each in SHAPES} | {"dgx-a100-40gb", "a2-highgpu-8g", "a2-ultragpu-8g"}
    assert {each.name for each in nodes.machines() if "gpu.nvidia.com" in each.drivers} == listed


@pytest.mark.parametrize(
    ("machine", "devices", "cpus", "memory_mib", "efas"),
    [
        ("trn1.32xlarge", 16, 128, 524288, 8),
        ("trn1n.32xlarge", 16, 128, 524288, 16),
        ("trn2.48xlarge", 16, 192, 2097152, 16),
        ("trn2u.48xlarge", 1, 192, 2097152, 16),
        ("inf2.xlarge", 1, 4, None, 0),
        ("inf2.8xlarge", 1, 32, None, 0),
        ("inf2.24xlarge", 6, 96, None, 0),
        ("inf2.48xlarge", 12, 192, None, 0),
    ],
)
def test_neuron(machine: str, devices: int, cpus: int, memory_mib: int | None, efas: int) -> None:
    fixture = nodes.node(machine)
    assert len(fixture.devices("neuron.aws.com")) == devices
    assert {attribute(each, "instanceType") for each in fixture.devices("neuron.aws.com")} == {machine}
    assert of_node(fixture, "cpu") == cpus
    assert memory_mib is None or of_node(fixture, "memory") == memory_mib << 20
    assert len(fixture.devices("dra.net")) == efas


def test_an_efa_is_in_the_groups_of_the_neuron_device_beside_it() -> None:
    fixture = nodes.node("trn2.48xlarge")
    for size, groups in ((1, 16), (4, 4), (8, 2), (16, 1)):
        name = f"resource.aws.com/devicegroup{size}_id"
        devices = Counter(attribute(each, name) for each in fixture.devices("neuron.aws.com"))
        assert devices == Counter(attribute(each, name) for each in fixture.devices("dra.net"))
        assert list(devices.values()) == [16 // groups] * groups
    for each in fixture.devices("dra.net"):
        assert attribute(each, "resource.aws.com/devicegroup1_id") == attribute(each, "dra.net/pciAddress")


def test_an_ultraserver_is_four_nodes_each_taken_whole() -> None:
    fixture = nodes.cluster("trn2u.48xlarge")
    assert len(fixture.nodes) == 4
    types = [attribute(each, "resourceType") for each in fixture.devices("neuron.aws.com")]
    assert types == ["neuron_node"] * 4


@pytest.mark.parametrize(("size", "chips"), [("1t", 1), ("4t", 4), ("8t", 8)])
def test_tpus(size: str, chips: int) -> None:
    devices = nodes.node(f"ct6e-standard-{size}").devices("tpu.google.com")
    assert [attribute(each, "chipCount") for each in devices] == [chips] * chips
    assert {attribute(each, "tpuGen") for each in devices} == {"v6e"}


def test_mi300x_is_eight_gpus_and_eight_functions() -> None:
    fixture = nodes.node("nd-mi300x-v5")
    assert len(fixture.devices("gpu.amd.com")) == len(fixture.devices("dra.net")) == 8
    assert {capacity(each, "computeUnits") for each in fixture.devices("gpu.amd.com")} == {"304"}
    assert {capacity(each, "simdUnits") for each in fixture.devices("gpu.amd.com")} == {"1216"}
    assert of_node(fixture, "cpu") == 96


@pytest.mark.parametrize(
    ("machine", "accelerator"),
    [
        ("a2-highgpu-1g", "nvidia-tesla-a100"),
        ("a2-ultragpu-1g", "nvidia-a100-80gb"),
        ("a3-highgpu-8g", "nvidia-h100-80gb"),
        ("a3-megagpu-8g", "nvidia-h100-mega-80gb"),
        ("a3-ultragpu-8g", "nvidia-h200-141gb"),
        ("a4-highgpu-8g", "nvidia-b200"),
        ("g2-standard-4", "nvidia-l4"),
    ],
)
def test_gke_labels_its_nodes_with_the_accelerator(machine: str, accelerator: str) -> None:
    labels = nodes.node(machine).node.metadata.labels or {}
    assert labels["cloud.google.com/gke-accelerator"] == accelerator


class TestOci:
    def test_two_ports_on_each_bus_of_the_h100_machine(self) -> None:
        cards = nodes.node("bm.gpu.h100.8").devices("dra.net")
        buses = [bus for bus in ("0c", "2a", "41", "58", "86", "a5", "bd", "d5") for _ in (0, 1)]
        assert [str(attribute(each, "dra.net/pciAddress"))[5:7] for each in cards] == buses
        assert [attribute(each, "dra.net/ifName") for each in cards] == [
            f"rdma{index}" for index in range(16)
        ]
        numa = [attribute(each, "dra.net/numaNode") for each in cards]
        assert numa == [0] * 8 + [1] * 8

    def test_trays_know_their_place_in_the_fabric(self) -> None:
        card = nodes.node("bm.gpu.gb200-v3.4").devices("dra.net")[0]
        for name in ("hpcIslandId", "networkBlockId", "localBlockId", "rackId", "gpuMemoryFabricId"):
            assert attribute(card, f"oke.dra.net/{name}")


def test_azure_h100_has_four_gpus_and_four_functions_to_a_numa_node() -> None:
    fixture = nodes.node("nd-h100-v5")
    gpus, cards = fixture.devices("gpu.nvidia.com"), fixture.devices("dra.net")
    assert Counter(attribute(each, "resource.kubernetes.io/numaNode") for each in gpus) == {0: 4, 1: 4}
    assert Counter(attribute(each, "dra.net/numaNode") for each in cards) == {0: 4, 1: 4}
    domains = [str(attribute(each, "resource.kubernetes.io/pciBusID"))[:5] for each in gpus[:4]]
    assert domains == ["0001:", "0002:", "0003:", "0008:"]


def test_half_a_rack_is_an_ultraserver_of_nine_nodes() -> None:
    half = nodes.cluster("p6e-gb200.36xlarge", nodes_per_rack=9)
    assert len(half.devices("gpu.nvidia.com")) == 36
    assert len({(each.metadata.labels or {})["nvidia.com/gpu.clique"] for each in half.nodes}) == 1


def test_last_gpu_and_nic_of_a3_ultra_are_where_they_were_seen() -> None:
    fixture = nodes.node("a3-ultragpu-8g")
    last = fixture.devices("gpu.nvidia.com")[7]
    assert attribute(last, "resource.kubernetes.io/pcieRoot") == "pci0000:c8"
    assert attribute(last, "resource.kubernetes.io/numaNode") == 1


def test_the_single_a100_is_where_nvidia_documents_it() -> None:
    (gpu,) = nodes.node("a100-pcie-40gb").devices("gpu.nvidia.com")
    assert attribute(gpu, "resource.kubernetes.io/pciBusID") == "0000:65:00.0"
    assert attribute(gpu, "resource.kubernetes.io/pcieRoot") == "pci0000:64"
    assert attribute(gpu, "addressingMode") == "HMM"


@pytest.mark.parametrize(
    ("machine", "driver", "mode"),
    [
        ("p4d.24xlarge", "580.126.9", "HMM"),
        ("a2-ultragpu-1g", "580.126.20", "None"),
        ("a30", "595.58.3", "None"),
        ("gb200-nvl72", "580.126.20", "ATS"),
        ("nd-gb300-v6", "580.105.8", "ATS"),
    ],
)
def test_software_as_seen_live(machine: str, driver: str, mode: str) -> None:
    gpu = nodes.node(machine).devices("gpu.nvidia.com")[0]
    assert (attribute(gpu, "driverVersion"), attribute(gpu, "addressingMode")) == (driver, mode)
