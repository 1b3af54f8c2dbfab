"""The machines that were seen live: places of GPUs and NICs as in their published slices."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from dra.models.resource import Device, DeviceAttribute
from dra.testing import nodes

ROOT = "resource.kubernetes.io/pcieRoot"
BUS = "resource.kubernetes.io/pciBusID"
NUMA = "resource.kubernetes.io/numaNode"


def text(device: Device, name: str) -> str | None:
    value = (device.attributes or {}).get(name)
    return None if value is None else value.string


def number(attributes: Mapping[str, DeviceAttribute] | None, name: str) -> int | None:
    value = (attributes or {}).get(name)
    return None if value is None else value.int_


def gpus(machine: str) -> list[tuple[str, str | None, str | None, int | None]]:
    devices = nodes.node(machine).devices("gpu.nvidia.com")
    return [(each.name, text(each, BUS), text(each, ROOT), number(each.attributes, NUMA)) for each in devices]


def nics(machine: str) -> list[tuple[str, str | None, str | None, int | None]]:
    devices = nodes.node(machine).devices("dra.net")
    return [
        (
            each.name,
            text(each, "dra.net/rdmaDevice"),
            text(each, ROOT),
            number(each.attributes, "dra.net/numaNode"),
        )
        for each in devices
    ]


def memory(machine: str) -> set[str]:
    devices = nodes.node(machine).devices("gpu.nvidia.com")
    return {str((each.capacity or {})["memory"].value) for each in devices}


class TestP4d:
    def test_two_gpus_to_a_root(self) -> None:
        assert gpus("p4d.24xlarge") == [
            ("gpu-0", "0000:10:1c.0", "pci0000:10", 0),
            ("gpu-1", "0000:10:1d.0", "pci0000:10", 0),
            ("gpu-2", "0000:20:1c.0", "pci0000:20", 0),
            ("gpu-3", "0000:20:1d.0", "pci0000:20", 0),
            ("gpu-4", "0000:90:1c.0", "pci0000:90", 1),
            ("gpu-5", "0000:90:1d.0", "pci0000:90", 1),
            ("gpu-6", "0000:a0:1c.0", "pci0000:a0", 1),
            ("gpu-7", "0000:a0:1d.0", "pci0000:a0", 1),
        ]

    def test_one_efa_to_a_root_and_three_enas(self) -> None:
        assert nics("p4d.24xlarge") == [
            ("pci-0000-10-1b-0", "rdmap16s27", "pci0000:10", 0),
            ("pci-0000-20-01-0", None, "pci0000:20", 0),
            ("pci-0000-20-1b-0", "rdmap32s27", "pci0000:20", 0),
            ("pci-0000-90-01-0", None, "pci0000:90", 1),
            ("pci-0000-90-1b-0", "rdmap144s27", "pci0000:90", 1),
            ("pci-0000-a0-01-0", None, "pci0000:a0", 1),
            ("pci-0000-a0-1b-0", "rdmap160s27", "pci0000:a0", 1),
        ]

    def test_interfaces_of_the_enas(self) -> None:
        interfaces = [text(each, "dra.net/ifName") for each in nodes.node("p4d.24xlarge").devices("dra.net")]
        assert interfaces == [None, "ens65", None, "ens129", None, "ens161", None]

    def test_a_whole_gpu(self) -> None:
        device = nodes.node("p4d.24xlarge", numa_node=False).devices("gpu.nvidia.com")[0].to_dict()
        uuid = device["attributes"].pop("uuid")["string"]
        assert uuid.startswith("GPU-")
        assert device == {
            "name": "gpu-0",
            "attributes": {
                "type": {"string": "gpu"},
                "productName": {"string": "NVIDIA A100-SXM4-40GB"},
                "brand": {"string": "Nvidia"},
                "architecture": {"string": "Ampere"},
                "cudaComputeCapability": {"version": "8.0.0"},
                "driverVersion": {"version": "580.126.9"},
                "cudaDriverVersion": {"version": "13.0.0"},
                "addressingMode": {"string": "HMM"},
                BUS: {"string": "0000:10:1c.0"},
                ROOT: {"string": "pci0000:10"},
            },
            "capacity": {"memory": {"value": "40Gi"}},
        }


class TestP5:
    def test_four_efas_share_the_root_of_each_gpu(self) -> None:
        roots = [root for _, _, root, _ in gpus("p5.48xlarge")]
        assert len(set(roots)) == 8
        assert [[root for _, _, root, _ in nics("p5.48xlarge")].count(root) for root in roots] == [4] * 8

    @pytest.mark.parametrize(("machine", "efas"), [("p5en.48xlarge", 16), ("p6-b200.48xlarge", 8)])
    def test_successors_have_fewer(self, machine: str, efas: int) -> None:
        assert len(nics(machine)) == efas


class TestGraceBlackwell:
    def test_tray_of_gb200(self) -> None:
        assert gpus("gb200-nvl72") == [
            ("gpu-0", "0008:06:00.0", "pci0008:00", 0),
            ("gpu-1", "0009:06:00.0", "pci0009:00", 0),
            ("gpu-2", "0018:06:00.0", "pci0018:00", 1),
            ("gpu-3", "0019:06:00.0", "pci0019:00", 1),
        ]
        assert memory("gb200-nvl72") == {"189471Mi"}

    def test_ports_of_gb200(self) -> None:
        ports = [(name, root, numa) for name, _, root, numa in nics("gb200-nvl72")]
        assert ports == [
            ("pci-0000-03-00-0", "pci0000:00", 0),
            ("pci-0000-03-00-1", "pci0000:00", 0),
            ("pci-0002-03-00-0", "pci0002:00", 0),
            ("pci-0002-03-00-1", "pci0002:00", 0),
            ("pci-0010-03-00-0", "pci0010:00", 1),
            ("pci-0010-03-00-1", "pci0010:00", 1),
            ("pci-0012-03-00-0", "pci0012:00", 1),
            ("pci-0012-03-00-1", "pci0012:00", 1),
        ]

    def test_no_gpu_shares_a_root_with_a_nic(self) -> None:
        for machine in ("gb200-nvl72", "nd-gb300-v6", "p6e-gb200.36xlarge"):
            assert not {root for _, _, root, _ in gpus(machine)} & {root for _, _, root, _ in nics(machine)}

    def test_functions_of_gb300_have_no_root(self) -> None:
        assert nics("nd-gb300-v6") == [
            ("pci-0101-00-00-0", "mlx5_0", None, 0),
            ("pci-0102-00-00-0", "mlx5_1", None, 0),
            ("pci-0103-00-00-0", "mlx5_2", None, 1),
            ("pci-0104-00-00-0", "mlx5_3", None, 1),
        ]
        assert memory("nd-gb300-v6") == {"284208Mi"}
        (card, *_) = nodes.node("nd-gb300-v6").devices("dra.net")
        assert text(card, "azure.dra.net/vmSize") == "Standard_ND128isr_GB300_v6"

    def test_channel_and_daemon_on_every_tray(self) -> None:
        devices = nodes.node("gb200-nvl72").devices("compute-domain.nvidia.com")
        assert [each.name for each in devices] == ["channel-0", "daemon-0"]


class TestA3Ultra:
    def test_what_was_seen(self) -> None:
        assert ("gpu-0", "0000:8f:00.0", "pci0000:8c", 0) in gpus("a3-ultragpu-8g")
        seen = {name: root for name, _, root, _ in nics("a3-ultragpu-8g")}
        assert seen["pci-0000-91-00-0"] == "pci0000:8c"
        assert seen["pci-0000-cd-00-0"] == "pci0000:c8"
        cards = nodes.node("a3-ultragpu-8g").devices("dra.net")
        names = {each.name: text(each, "dra.net/ifName") for each in cards}
        assert names["pci-0000-91-00-0"] == "gpu0rdma0"
        assert names["pci-0000-cd-00-0"] == "gpu6rdma0"

    def test_two_gpus_and_two_nics_to_a_root(self) -> None:
        roots = [root for _, _, root, _ in gpus("a3-ultragpu-8g")]
        assert roots == [root for _, _, root, _ in nics("a3-ultragpu-8g")]
        assert len(set(roots)) == 4

    def test_cpus(self) -> None:
        devices = nodes.node("a3-ultragpu-8g").devices("dra.cpu")
        assert [(each.name, str((each.capacity or {})["dra.cpu/cpu"].value)) for each in devices] == [
            ("cpudevnuma000", "112"),
            ("cpudevnuma001", "112"),
        ]


@pytest.mark.parametrize(
    ("machine", "amount"),
    [
        ("dgx-a100", "80Gi"),
        ("dgx-h100", "81559Mi"),
        ("hgx-h200", "143771Mi"),
        ("hgx-b200", "183359Mi"),
        ("l4", "23034Mi"),
        ("a2-ultragpu-1g", "80Gi"),
    ],
)
def test_memory_is_what_nvml_reports(machine: str, amount: str) -> None:
    assert memory(machine) == {amount}


def test_buses_of_the_dgx_a100_are_the_real_ones() -> None:
    buses = [bus[5:7] for _, bus, _, _ in gpus("dgx-a100") if bus]
    assert buses == ["07", "0f", "47", "4e", "87", "90", "b7", "bd"]


def test_mi300x() -> None:
    devices = nodes.node("nd-mi300x-v5").devices("gpu.amd.com")
    assert {str((each.capacity or {})["memory"].value) for each in devices} == {"196592Mi"}
    assert [(name, rdma, numa) for name, rdma, _, numa in nics("nd-mi300x-v5")] == [
        (f"pci-010{index + 1}-00-00-0", f"mlx5_{index}", index // 4) for index in range(8)
    ]


def test_ack_takes_the_device_plugin_off_the_node() -> None:
    labels = nodes.node("ecs.gn7i-c8g1.2xlarge").node.metadata.labels or {}
    assert labels["ack.node.gpu.schedule"] == "disabled"


def test_neuron_devices_form_a_grid_of_four_by_four() -> None:
    devices = nodes.node("trn2.48xlarge").devices("neuron.aws.com")
    columns, rows = (
        [number(each.attributes, name) for each in devices] for name in ("topology_x", "topology_y")
    )
    assert set(zip(columns, rows, strict=True)) == {(x, y) for x in range(4) for y in range(4)}
    groups = [text(each, "resource.aws.com/devicegroup4_id") for each in devices]
    assert [groups.count(each) for each in dict.fromkeys(groups)] == [4, 4, 4, 4]


def test_nodes_of_a_tpu_slice_know_its_shape() -> None:
    node = nodes.cluster("ct6e-standard-4t-4x4")
    assert len(node.nodes) == 4
    assert {text(each, "topology") for each in node.devices("tpu.google.com")} == {"4x4"}
