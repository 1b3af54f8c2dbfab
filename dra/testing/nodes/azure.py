"""Azure's machines."""

from __future__ import annotations

from typing import Final

from dra.drivers.nvidia.publish import GpuSoftware
from dra.drivers.standard import PciDevice
from dra.testing.nodes.machine import Machine
from dra.testing.nodes.parts import AmdGpus, Cpus, Nics, NvidiaGpus
from dra.testing.nodes.places import MLX5_VF, mlx5, places

__all__ = ["AZURE"]

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


def _nd_a100(name: str, size: str, model: str, memory_mib: int) -> Machine:
    return Machine(
        name,
        f"Azure {size}: 8x {model.replace('-', ' ')}, 8 InfiniBand functions",
        (
            NvidiaGpus(model, _azure_gpus("0001 0002 0003 0004 000b 000c 000d 000e")),
            _azure_nics(),
            Cpus(4, 24),
        ),
        memory_mib=memory_mib,
        labels={"node.kubernetes.io/instance-type": f"Standard_{size}"},
        classes=("dranet",),
        facts="NICs as nd-h100-v5; places of the GPUs an estimate",
    )


def _single(name: str, size: str, title: str, model: str, cpus: int, memory_gib: int, facts: str) -> Machine:
    """Machines with one GPU, or a part of one, and no fabric."""
    return Machine(
        name,
        f"Azure {size}: {title}",
        (
            NvidiaGpus(model, places(("0001:00:00.0", "pci0001:00", 0)), GpuSoftware(addressing_mode="None")),
            Cpus(1, cpus, sockets=1),
        ),
        memory_mib=memory_gib * 1024,
        labels={"node.kubernetes.io/instance-type": f"Standard_{size}"},
        facts=facts,
    )


AZURE: Final = (
    _nd_a100("nd-a100-v4", "ND96asr_v4", "A100-40GB", 900 * 1024),
    _nd_a100("ndm-a100-v4", "ND96amsr_A100_v4", "A100-80GB", 1900 * 1024),
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
    _single(
        "nc40ads-h100-v5", "NC40ads_H100_v5", "1x H100 NVL", "H100-NVL-94GB", 40, 320, "place an estimate"
    ),
    _single("nv36ads-a10-v5", "NV36ads_A10_v5", "1x A10", "A10", 36, 440, "place an estimate"),
    _single(
        "nv6ads-a10-v5",
        "NV6ads_A10_v5",
        "a sixth of an A10 (vGPU)",
        "A10-4Q",
        6,
        55,
        "place an estimate; what NVML says of a vGPU, too",
    ),
)
