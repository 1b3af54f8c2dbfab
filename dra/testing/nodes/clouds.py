"""Instances of the clouds: AWS, GKE, Azure and Alibaba."""

from __future__ import annotations

from typing import Final

from dra.drivers.dranet import Nic
from dra.drivers.nvidia.publish import GpuSoftware
from dra.drivers.standard import PciDevice
from dra.testing.nodes.machine import Machine
from dra.testing.nodes.parts import (
    AmdGpus,
    Cpus,
    NeuronDevices,
    Nics,
    NvidiaGpus,
    Part,
    TpuChips,
)
from dra.testing.nodes.places import (
    AMAZON,
    CX7,
    HALVES,
    MELLANOX,
    MLX5_VF,
    TIB,
    efas,
    mlx5,
    on_buses,
    places,
)

__all__ = ["CLOUDS"]


_P4D_ROOTS: Final = (("10", 0), ("20", 0), ("90", 1), ("a0", 1))
_P4D: Final = NvidiaGpus(
    "A100-40GB",
    places(
        *(
            (f"0000:{bus}:{slot}.0", f"pci0000:{bus}", numa)
            for bus, numa in _P4D_ROOTS
            for slot in ("1c", "1d")
        )
    ),
)
_P4D_NICS: Final = Nics(
    efas(*places(*((f"0000:{bus}:1b.0", f"pci0000:{bus}", numa) for bus, numa in _P4D_ROOTS)))
    # The fourth interface is the node's own and not published.
    + tuple(
        Nic(
            PciDevice(f"0000:{bus}:01.0", root=f"pci0000:{bus}", numa_node=numa),
            "Elastic Network Adapter (ENA)",
            AMAZON,
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
    gpus = places(
        *((f"0000:{first + 4:02x}:00.0", f"pci0000:{first - 1:02x}", numa) for first, numa in switches)
    )
    beside = places(
        *(
            (f"0000:{first + port:02x}:00.0", f"pci0000:{first - 1:02x}", numa)
            for first, numa in switches
            for port in range(efas_per_gpu)
        )
    )
    return _aws(
        name,
        f"AWS {name}: 8x {model.partition('-')[0]}, {8 * efas_per_gpu} EFA",
        (NvidiaGpus(model, gpus), Nics(efas(*beside)), Cpus(2, cpus // 2)),
        2 * TIB,
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
        2 * TIB,
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
_A3_GPUS: Final = on_buses("8f 90 96 97 c4 c5 cb cc", "8c 8c 93 93 c1 c1 c8 c8", HALVES)
_A3_NICS: Final = on_buses("91 92 98 99 c6 c7 cd ce", "8c 8c 93 93 c1 c1 c8 c8", HALVES)


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
                    Nic(place, CX7, MELLANOX, interface=f"gpu{index}rdma0", rdma=f"mlx5_{index}", mtu=8896)
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
                places(("0000:00:05.0", "pci0000:00", 0)),
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
    return mlx5(
        tuple(PciDevice(f"010{index + 1}:00:00.0", numa_node=numa) for index, numa in enumerate(_AZURE_NUMA)),
        MLX5_VF,
    )


def _azure_gpus(domains: str, function: str = "00:00.0") -> tuple[PciDevice, ...]:
    return places(
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
        (NvidiaGpus("A10", places(("0000:00:07.0", "pci0000:00", 0))), Cpus(1, 8, sockets=1)),
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
            NvidiaGpus("L20", places(("0000:00:07.0", "pci0000:00", 0), ("0000:00:08.0", "pci0000:00", 0))),
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


CLOUDS: Final = (*_AWS, *_GKE, *_AZURE, *_ALIBABA)
