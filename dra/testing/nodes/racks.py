"""Grace Blackwell: compute trays whose GPUs share memory over NVLink with the others of their rack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dra.drivers.dranet import Nic
from dra.drivers.nvidia.publish import GpuSoftware
from dra.drivers.standard import PciDevice
from dra.testing.nodes.machine import Machine
from dra.testing.nodes.parts import (
    Cpus,
    ImexChannel,
    Nics,
    NvidiaGpus,
)
from dra.testing.nodes.places import (
    CX8,
    MELLANOX,
    MLX5_VF,
    efas,
    places,
)

__all__ = ["RACKS"]


_TRAY: Final = places(
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


def _tray(
    name: str,
    title: str,
    nics: Nics,
    *,
    gpus: NvidiaGpus = _GB200,
    instance: str = "",
    nic_class: str = "dranet",
    cpus: int = 72,
    facts: str,
) -> Machine:
    return Machine(
        name,
        title,
        (gpus, ImexChannel(), nics, Cpus(2, cpus, smt=False)),
        memory_mib=960 * 1024,
        arch="arm64",
        labels={"node.kubernetes.io/instance-type": instance} if instance else {},
        classes=(nic_class,),
        rack=18,
        nvlink_domain=True,
        facts=facts,
    )


def _ports(extra: Mapping[str, str]) -> Nics:
    """The two ports of each ConnectX-8."""
    return Nics(
        tuple(
            Nic(
                place,
                CX8,
                MELLANOX,
                interface=f"rdma{index}",
                rdma=f"mlx5_{index}",
                mtu=9000,
                extra=dict(extra),
            )
            for index, place in enumerate(_TRAY_PORTS)
        )
    )


def _functions(size: str) -> Nics:
    """Azure's virtual functions, which have no root."""
    return Nics(
        tuple(
            Nic(
                PciDevice(f"010{index + 1}:00:00.0", numa_node=index // 2),
                MLX5_VF,
                MELLANOX,
                rdma=f"mlx5_{index}",
                extra={
                    "azure.dra.net/placementGroupId": "7f2c1bd0-6d55-4b3a-9a51-5f0f8d3c9e11",
                    "azure.dra.net/vmSize": size,
                },
            )
            for index in range(4)
        )
    )


RACKS: Final = (
    _tray(
        "gb200-nvl72",
        "Compute tray of a GB200 NVL72 rack: 4x GB200, 8 ports of ConnectX-8",
        _ports({}),
        facts="live slices of OCI's BM.GPU.GB200-v3.4; no GPU shares a root with a NIC",
    ),
    _tray(
        "p6e-gb200.36xlarge",
        "AWS P6e-GB200: 4x GB200, 16 EFA",
        Nics(
            efas(
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
        "bm.gpu.gb200-v3.4",
        "OCI BM.GPU.GB200-v3.4: 4x GB200, 8 ports of ConnectX-8",
        _ports(
            {
                "oke.dra.net/hpcIslandId": "hpc-island-1",
                "oke.dra.net/networkBlockId": "network-block-1",
                "oke.dra.net/localBlockId": "local-block-1",
                "oke.dra.net/rackId": "rack-1",
                "oke.dra.net/gpuMemoryFabricId": "gpu-memory-fabric-1",
            }
        ),
        instance="BM.GPU.GB200-v3.4",
        facts="live slices; ids made up",
    ),
    _tray(
        "nd-gb200-v6",
        "Azure ND128isr_NDR_GB200_v6: 4x GB200, 4 InfiniBand functions",
        _functions("Standard_ND128isr_NDR_GB200_v6"),
        instance="Standard_ND128isr_NDR_GB200_v6",
        cpus=64,
        facts="memory as seen live; NICs as nd-gb300-v6",
    ),
    _tray(
        "nd-gb300-v6",
        "Azure ND128isr_GB300_v6: 4x GB300, 4 InfiniBand functions",
        _functions("Standard_ND128isr_GB300_v6"),
        gpus=NvidiaGpus("GB300", _TRAY, GpuSoftware(driver_version="580.105.8")),
        instance="Standard_ND128isr_GB300_v6",
        cpus=64,
        facts="live slices",
    ),
)
