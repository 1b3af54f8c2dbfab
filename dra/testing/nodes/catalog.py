"""The machines, as data: what was read in live slices, vendors' tables and mocks, and what is an estimate."""

from __future__ import annotations

from typing import Final

from dra.drivers.dranet import Nic
from dra.drivers.nvidia.publish import GpuSoftware
from dra.drivers.standard import PciDevice
from dra.testing.nodes.machine import Machine
from dra.testing.nodes.parts import (
    AmdGpus,
    Cpus,
    ExampleGpus,
    Gaudis,
    ImexChannel,
    IntelGpus,
    NeuronDevices,
    Nics,
    NvidiaGpus,
    Part,
    TpuChips,
)

__all__ = ["MACHINES"]

_MELLANOX: Final = "Mellanox Technologies"
_CX6: Final = "MT28908 Family [ConnectX-6]"
_CX7: Final = "MT2910 Family [ConnectX-7]"
_CX8: Final = "CX8 Family [ConnectX-8]"
_VF: Final = "ConnectX Family mlx5Gen Virtual Function"
_EFA: Final = "Elastic Fabric Adapter (EFA)"
_AMAZON: Final = "Amazon.com, Inc."

_TIB: Final = 1 << 20


def _places(*rows: tuple[str, str, int]) -> tuple[PciDevice, ...]:
    """Places from rows of address, root and NUMA node."""
    return tuple(PciDevice(address, root=root, numa_node=numa) for address, root, numa in rows)


def _on_buses(buses: str, roots: str, numa: str) -> tuple[PciDevice, ...]:
    """Places in PCI domain 0 from buses, their roots' buses and NUMA nodes, in columns."""
    return _places(
        *(
            (f"0000:{bus}:00.0", f"pci0000:{root}", int(node))
            for bus, root, node in zip(buses.split(), roots.split(), numa.split(), strict=True)
        )
    )


def _mlx5(places: tuple[PciDevice, ...], device: str) -> Nics:
    return Nics(
        tuple(Nic(place, device, _MELLANOX, rdma=f"mlx5_{index}") for index, place in enumerate(places))
    )


def _efas(*places: PciDevice) -> tuple[Nic, ...]:
    """EFAs, whose RDMA devices are named by bus and device number."""
    return tuple(
        Nic(
            place,
            _EFA,
            _AMAZON,
            rdma=f"rdmap{int(place.address[5:7], 16)}s{int(place.address[8:10], 16)}",
        )
        for place in places
    )


# --- NVIDIA's own machines and boards ----------------------------------------------------------------------

_A100_NUMA: Final = "0 0 0 0 1 1 1 1"
_DGX_A100: Final = _on_buses("07 0f 47 4e 87 90 b7 bd", "00 00 40 40 80 80 a0 a0", _A100_NUMA)
_DGX_A100_NICS: Final = _on_buses("0c 12 4b 54 8d 94 ba cc", "00 00 40 40 80 80 a0 a0", _A100_NUMA)
_HGX: Final = _on_buses("1a 1b 4a 4b 8a 8b ca cb", "18 18 48 48 88 88 c8 c8", _A100_NUMA)
_HGX_NICS: Final = _on_buses("1c 1d 4c 4d 8c 8d cc cd", "18 18 48 48 88 88 c8 c8", _A100_NUMA)

_NVIDIA: Final = (
    Machine(
        "dgx-a100",
        "NVIDIA DGX A100, 8x A100 80GB, 8x ConnectX-6",
        (NvidiaGpus("A100-80GB", _DGX_A100), _mlx5(_DGX_A100_NICS, _CX6), Cpus(2, 128)),
        memory_mib=2 * _TIB,
        classes=("dranet",),
        facts="bus numbers of the GPUs are real (k8s-test-infra); roots by pairs; NICs an estimate",
    ),
    Machine(
        "dgx-a100-40gb",
        "NVIDIA DGX A100, 8x A100 40GB, 8x ConnectX-6",
        (NvidiaGpus("A100-40GB", _DGX_A100), _mlx5(_DGX_A100_NICS, _CX6), Cpus(2, 128)),
        memory_mib=_TIB,
        classes=("dranet",),
        facts="as dgx-a100",
    ),
    Machine(
        "dgx-h100",
        "NVIDIA DGX H100, 8x H100 80GB, 8x ConnectX-7",
        (NvidiaGpus("H100-80GB", _HGX), _mlx5(_HGX_NICS, _CX7), Cpus(2, 112)),
        memory_mib=2 * _TIB,
        classes=("dranet",),
        facts="bus numbers of the GPUs from the mock of k8s-test-infra; roots by pairs; NICs an estimate",
    ),
    Machine(
        "hgx-h200",
        "HGX H200 server, 8x H200 141GB, 8x ConnectX-7",
        (NvidiaGpus("H200-141GB", _HGX), _mlx5(_HGX_NICS, _CX7), Cpus(2, 112)),
        memory_mib=2 * _TIB,
        classes=("dranet",),
        facts="as dgx-h100",
    ),
    Machine(
        "hgx-b200",
        "HGX B200 server, 8x B200 180GB, 8x ConnectX-7",
        (NvidiaGpus("B200-180GB", _HGX), _mlx5(_HGX_NICS, _CX7), Cpus(2, 112)),
        memory_mib=2 * _TIB,
        classes=("dranet",),
        facts="as dgx-h100",
    ),
    Machine(
        "l4",
        "A server with 4x L4",
        (NvidiaGpus("L4", _on_buses("17 65 ca e3", "16 64 c9 e2", "0 0 1 1")), Cpus(2, 32)),
        memory_mib=512 * 1024,
        facts="memory as seen live; places an estimate",
    ),
    Machine(
        "a30",
        "A server with 2x A30",
        (
            NvidiaGpus(
                "A30-24GB", _on_buses("17 ca", "16 c9", "0 1"), GpuSoftware(driver_version="595.58.3")
            ),
            Cpus(2, 32),
        ),
        memory_mib=256 * 1024,
        facts="addressing mode and driver as seen live; places an estimate",
    ),
)

# --- Grace Blackwell: NVLink domains of a rack -------------------------------------------------------------

_TRAY: Final = _places(
    ("0008:06:00.0", "pci0008:00", 0),
    ("0009:06:00.0", "pci0009:00", 0),
    ("0018:06:00.0", "pci0018:00", 1),
    ("0019:06:00.0", "pci0019:00", 1),
)
_TRAY_PORTS: Final = tuple(
    PciDevice(f"{domain}:03:00.{port}", root=f"pci{domain}:00", numa_node=numa)
    for domain, numa in (("0000", 0), ("0002", 0), ("0010", 1), ("0012", 1))
    for port in (0, 1)
)
_GB200: Final = NvidiaGpus("GB200-186GB", _TRAY, GpuSoftware(driver_version="580.126.20"))
_GRACE: Final = Cpus(2, 72, smt=False)


def _tray(name: str, title: str, nics: Part, gpus: Part = _GB200, **more: object) -> Machine:
    labels: dict[str, str] = {}
    if instance := more.get("instance"):
        labels["node.kubernetes.io/instance-type"] = str(instance)
    return Machine(
        name,
        title,
        (gpus, ImexChannel(), nics, _GRACE),
        memory_mib=960 * 1024,
        arch="arm64",
        labels=labels,
        classes=(str(more.get("nic_class", "dranet")),),
        rack=int(str(more.get("rack", 18))),
        nvlink_domain=True,
        facts=str(more.get("facts", "")),
    )


_GRACE_BLACKWELL: Final = (
    _tray(
        "gb200-nvl72",
        "Compute tray of a GB200 NVL72 rack: 4x GB200, 8 ports of ConnectX-8",
        Nics(
            tuple(
                Nic(place, _CX8, _MELLANOX, interface=f"rdma{index}", rdma=f"mlx5_{index}", mtu=9000)
                for index, place in enumerate(_TRAY_PORTS)
            )
        ),
        facts="live slices of OCI's BM.GPU.GB200-v3.4; no GPU shares a root with a NIC",
    ),
    _tray(
        "p6e-gb200.36xlarge",
        "AWS P6e-GB200: 4x GB200, 16 EFA",
        Nics(
            _efas(
                *(
                    PciDevice(f"{domain}:{bus:02x}:00.0", root=f"pci{domain}:00", numa_node=numa)
                    for domain, numa in (("0000", 0), ("0002", 0), ("0010", 1), ("0012", 1))
                    for bus in range(0x03, 0x07)
                )
            )
        ),
        instance="p6e-gb200.36xlarge",
        nic_class="efa.networking.k8s.aws",
        facts="UltraServer of 18 nodes (u-p6e-gb200x72); places as OCI's, the EFAs' an estimate",
    ),
    _tray(
        "nd-gb300-v6",
        "Azure ND128isr_GB300_v6: 4x GB300, 4 InfiniBand functions",
        Nics(
            tuple(
                Nic(
                    PciDevice(f"010{index + 1}:00:00.0", numa_node=index // 2),
                    _VF,
                    _MELLANOX,
                    rdma=f"mlx5_{index}",
                    extra={
                        "azure.dra.net/placementGroupId": "7f2c1bd0-6d55-4b3a-9a51-5f0f8d3c9e11",
                        "azure.dra.net/vmSize": "Standard_ND128isr_GB300_v6",
                    },
                )
                for index in range(4)
            )
        ),
        NvidiaGpus("GB300", _TRAY, GpuSoftware(driver_version="580.105.8")),
        instance="Standard_ND128isr_GB300_v6",
        facts="live slices",
    ),
)

# --- Clouds ------------------------------------------------------------------------------------------------

_P4D_ROOTS: Final = (("10", 0), ("20", 0), ("90", 1), ("a0", 1))
_P4D: Final = NvidiaGpus(
    "A100-40GB",
    _places(
        *(
            (f"0000:{bus}:{slot}.0", f"pci0000:{bus}", numa)
            for bus, numa in _P4D_ROOTS
            for slot in ("1c", "1d")
        )
    ),
)
_P4D_NICS: Final = Nics(
    _efas(*_places(*((f"0000:{bus}:1b.0", f"pci0000:{bus}", numa) for bus, numa in _P4D_ROOTS)))
    # The fourth interface is the node's own and not published.
    + tuple(
        Nic(
            PciDevice(f"0000:{bus}:01.0", root=f"pci0000:{bus}", numa_node=numa),
            "Elastic Network Adapter (ENA)",
            _AMAZON,
            interface=interface,
            mtu=9001,
        )
        for (bus, numa), interface in zip(_P4D_ROOTS[1:], ("ens65", "ens129", "ens161"), strict=True)
    )
)


def _aws(name: str, title: str, parts: tuple[Part, ...], memory_mib: int, facts: str) -> Machine:
    return Machine(
        name,
        title,
        parts,
        memory_mib=memory_mib,
        labels={"node.kubernetes.io/instance-type": name},
        classes=("efa.networking.k8s.aws",),
        facts=facts,
    )


def _p5(name: str, model: str, efas_per_gpu: int, cpus: int, facts: str) -> Machine:
    """P5 and its successors: eight roots, each with one GPU and the EFAs next to it."""
    switches = [(0x4F + 17 * index, index // 4) for index in range(8)]
    gpus = _places(
        *((f"0000:{first + 4:02x}:00.0", f"pci0000:{first - 1:02x}", numa) for first, numa in switches)
    )
    efas = _places(
        *(
            (f"0000:{first + port:02x}:00.0", f"pci0000:{first - 1:02x}", numa)
            for first, numa in switches
            for port in range(efas_per_gpu)
        )
    )
    return _aws(
        name,
        f"AWS {name}: 8x {model.partition('-')[0]}, {8 * efas_per_gpu} EFA",
        (NvidiaGpus(model, gpus), Nics(_efas(*efas)), Cpus(2, cpus // 2)),
        2 * _TIB,
        facts,
    )


_AWS: Final = (
    _aws(
        "p4d.24xlarge",
        "AWS p4d.24xlarge: 8x A100 40GB, 4 EFA",
        (_P4D, _P4D_NICS, Cpus(2, 48)),
        1179648,
        "live slices: two GPUs and one EFA per root, so at most four aligned pairs",
    ),
    _aws(
        "p4de.24xlarge",
        "AWS p4de.24xlarge: 8x A100 80GB, 4 EFA",
        (NvidiaGpus("A100-80GB", _P4D.places), _P4D_NICS, Cpus(2, 48)),
        1179648,
        "places as p4d",
    ),
    _p5("p5.48xlarge", "H100-80GB", 4, 192, "four EFA share each GPU's root (documented); numbers estimated"),
    _p5("p5e.48xlarge", "H200-141GB", 4, 192, "as p5"),
    _p5("p5en.48xlarge", "H200-141GB", 2, 192, "as p5 with half the EFA"),
    _p5("p6-b200.48xlarge", "B200-180GB", 1, 192, "as p5 with one EFA per GPU"),
    _aws(
        "trn2.48xlarge",
        "AWS trn2.48xlarge: 16x Trainium2 in a 4x4 grid",
        (NeuronDevices("trn2.48xlarge", 16, columns=4), Cpus(2, 96)),
        2 * _TIB,
        "documentation; group ids made up",
    ),
    _aws(
        "inf2.48xlarge",
        "AWS inf2.48xlarge: 12x Inferentia2",
        (NeuronDevices("inf2.48xlarge", 12), Cpus(2, 96)),
        384 * 1024,
        "documentation",
    ),
)

_GKE_GPU: Final = {
    "cloud.google.com/gke-no-default-nvidia-gpu-device-plugin": "true",
    "cloud.google.com/gke-nvidia-gpu-dra-driver": "true",
}
_A3_GPUS: Final = _on_buses("8f 90 96 97 c4 c5 cb cc", "8c 8c 93 93 c1 c1 c8 c8", _A100_NUMA)
_A3_NICS: Final = _on_buses("91 92 98 99 c6 c7 cd ce", "8c 8c 93 93 c1 c1 c8 c8", _A100_NUMA)


def _gke_tpu(name: str, count: int, topology: str, cpus: int, nodes: int = 1) -> Machine:
    return Machine(
        name if nodes == 1 else f"{name}-{topology}",
        f"GKE {name}: {count}x TPU v6e of a {topology} slice",
        (TpuChips("v6e", "tpu-v6e-slice", count, topology), Cpus(1, cpus, sockets=1)),
        labels={
            "node.kubernetes.io/instance-type": name,
            "cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice",
            "cloud.google.com/gke-tpu-topology": topology,
            "cloud.google.com/gke-tpu-dra-driver": "true",
        },
        rack=nodes,
        facts="documentation; numbers of CPUs an estimate",
    )


_GKE: Final = (
    Machine(
        "a3-ultragpu-8g",
        "GKE A3 Ultra: 8x H200, 8x ConnectX-7",
        (
            NvidiaGpus("H200-141GB", _A3_GPUS),
            Nics(
                tuple(
                    Nic(place, _CX7, _MELLANOX, interface=f"gpu{index}rdma0", rdma=f"mlx5_{index}", mtu=8896)
                    for index, place in enumerate(_A3_NICS)
                )
            ),
            Cpus(2, 112),
        ),
        memory_mib=2952 * 1024,
        labels={
            **_GKE_GPU,
            "node.kubernetes.io/instance-type": "a3-ultragpu-8g",
            "cloud.google.com/gke-accelerator": "nvidia-h200-141gb",
            "cloud.google.com/gke-networking-dra-driver": "true",
            "cloud.google.com/gke-cpu-dra-driver": "true",
        },
        classes=("mrdma.google.com", "netdev.google.com"),
        facts="gpu-0, gpu-7 and two NICs as seen live, the rest inferred: two GPUs and two NICs per root",
    ),
    Machine(
        "a2-ultragpu-1g",
        "GKE A2 Ultra: 1x A100 80GB",
        (
            NvidiaGpus(
                "A100-80GB",
                _places(("0000:00:05.0", "pci0000:00", 0)),
                GpuSoftware(driver_version="580.126.20", addressing_mode="None"),
            ),
            Cpus(1, 12, sockets=1),
        ),
        memory_mib=170 * 1024,
        labels={
            **_GKE_GPU,
            "node.kubernetes.io/instance-type": "a2-ultragpu-1g",
            "cloud.google.com/gke-accelerator": "nvidia-a100-80gb",
        },
        facts="live slice",
    ),
    _gke_tpu("ct6e-standard-1t", 1, "1x1", 44),
    _gke_tpu("ct6e-standard-4t", 4, "2x2", 180),
    _gke_tpu("ct6e-standard-8t", 8, "2x4", 180),
    _gke_tpu("ct6e-standard-4t", 4, "4x4", 180, nodes=4),
)

_AZURE_NUMA: Final = (0, 0, 0, 0, 1, 1, 1, 1)


def _azure_nics() -> Nics:
    return _mlx5(
        tuple(PciDevice(f"010{index + 1}:00:00.0", numa_node=numa) for index, numa in enumerate(_AZURE_NUMA)),
        _VF,
    )


def _azure_gpus(domains: str, function: str = "00:00.0") -> tuple[PciDevice, ...]:
    return _places(
        *(
            (f"{domain}:{function}", f"pci{domain}:00", numa)
            for domain, numa in zip(domains.split(), _AZURE_NUMA, strict=True)
        )
    )


_AZURE: Final = (
    Machine(
        "nd-h100-v5",
        "Azure ND96isr_H100_v5: 8x H100, 8 InfiniBand functions",
        (
            NvidiaGpus("H100-80GB", _azure_gpus("0001 0002 0003 0008 0009 000a 000b 000c")),
            _azure_nics(),
            Cpus(2, 48),
        ),
        memory_mib=1900 * 1024,
        labels={"node.kubernetes.io/instance-type": "Standard_ND96isr_H100_v5"},
        classes=("dranet",),
        facts="domains of NUMA node 0 documented, the others an estimate; functions have no root",
    ),
    Machine(
        "nd-mi300x-v5",
        "Azure ND96isr_MI300X_v5: 8x MI300X, 8 InfiniBand functions",
        (
            AmdGpus("MI300X", _azure_gpus("0002 0003 0004 0005 0006 0007 0008 0009")),
            _azure_nics(),
            Cpus(2, 48),
        ),
        memory_mib=1850 * 1024,
        labels={"node.kubernetes.io/instance-type": "Standard_ND96isr_MI300X_v5"},
        classes=("dranet",),
        facts="NICs as seen live; places of the GPUs an estimate",
    ),
)

_ALIBABA: Final = (
    Machine(
        "ecs.gn7i-c8g1.2xlarge",
        "Alibaba ACK: 1x A10",
        (NvidiaGpus("A10", _places(("0000:00:07.0", "pci0000:00", 0))), Cpus(1, 8, sockets=1)),
        memory_mib=30 * 1024,
        labels={
            "node.kubernetes.io/instance-type": "ecs.gn7i-c8g1.2xlarge",
            "ack.node.gpu.schedule": "disabled",
        },
        facts="the instance of ACK's DRA documentation; place an estimate",
    ),
    Machine(
        "ecs.gn8is-2x.8xlarge",
        "Alibaba ACK: 2x L20, 1 eRDMA",
        (
            NvidiaGpus("L20", _places(("0000:00:07.0", "pci0000:00", 0), ("0000:00:08.0", "pci0000:00", 0))),
            Nics(
                (
                    Nic(
                        PciDevice("0000:00:0b.0", root="pci0000:00", numa_node=0),
                        "Elastic RDMA Adapter",
                        "Alibaba (China) Co., Ltd.",
                        rdma="erdma_0",
                        extra={
                            "alibaba.dra.net/instanceType": "ecs.gn8is-2x.8xlarge",
                            "alibaba.dra.net/erdma": True,
                        },
                    ),
                )
            ),
            Cpus(1, 32, sockets=1),
        ),
        memory_mib=256 * 1024,
        labels={
            "node.kubernetes.io/instance-type": "ecs.gn8is-2x.8xlarge",
            "ack.node.gpu.schedule": "disabled",
        },
        classes=("erdma.alibaba.dra.net",),
        facts="place and name of the eRDMA device as seen live; places of the GPUs an estimate",
    ),
)

# --- Others ------------------------------------------------------------------------------------------------

_OTHERS: Final = (
    Machine(
        "intel-max-1550",
        "A server with 4x Intel Data Center GPU Max 1550",
        (
            IntelGpus("Max 1550", _on_buses("18 42 9a c3", "15 3f 97 c0", "0 0 1 1")),
            Cpus(2, 112),
        ),
        memory_mib=_TIB,
        facts="estimate",
    ),
    Machine(
        "intel-flex-170",
        "A server with 2x Intel Data Center GPU Flex 170",
        (IntelGpus("Flex 170", _on_buses("4d b3", "4a b0", "0 1")), Cpus(2, 64)),
        memory_mib=512 * 1024,
        facts="estimate",
    ),
    Machine(
        "gaudi2",
        "A server with 8x Intel Gaudi2",
        (
            Gaudis(
                "Gaudi2",
                _on_buses("19 1a 33 34 9a 9b b3 b4", "15 15 2f 2f 97 97 b0 b0", _A100_NUMA),
            ),
            Cpus(2, 80),
        ),
        memory_mib=_TIB,
        facts="estimate",
    ),
    Machine(
        "example",
        "A node with the upstream example driver's made-up GPUs",
        (ExampleGpus(8), Cpus(1, 16, sockets=1)),
        memory_mib=64 * 1024,
        facts="default profile of the driver",
    ),
)

MACHINES: Final = {
    each.name: each
    for group in (_NVIDIA, _GRACE_BLACKWELL, _AWS, _GKE, _AZURE, _ALIBABA, _OTHERS)
    for each in group
}
