"""Oracle's machines, as OKE has them; its GB200 trays are among the racks."""

from __future__ import annotations

from typing import Final

from dra.drivers.dranet import Nic
from dra.drivers.standard import PciDevice
from dra.testing.nodes.machine import Machine
from dra.testing.nodes.parts import Cpus, Nics, NvidiaGpus
from dra.testing.nodes.places import CX7, HALVES, MELLANOX, TIB, on_buses

__all__ = ["OCI"]

_NIC_BUSES: Final = "0c 2a 41 58 86 a5 bd d5"
_ROOTS: Final = "0a 28 3f 56 84 a3 bb d3"
_GPUS: Final = on_buses("0f 2d 44 5b 89 a8 c0 d8", _ROOTS, HALVES)
_PORTS: Final = tuple(
    PciDevice(f"{card.address[:-1]}{port}", root=card.root, numa_node=card.numa_node)
    for card in on_buses(_NIC_BUSES, _ROOTS, HALVES)
    for port in (0, 1)
)

OCI: Final = (
    Machine(
        "bm.gpu.h100.8",
        "OCI BM.GPU.H100.8: 8x H100, 16 ports of ConnectX-7",
        (
            NvidiaGpus("H100-80GB", _GPUS),
            Nics(
                tuple(
                    Nic(place, CX7, MELLANOX, interface=f"rdma{index}", rdma=f"mlx5_{index}", mtu=4220)
                    for index, place in enumerate(_PORTS)
                )
            ),
            Cpus(2, 112),
        ),
        memory_mib=2 * TIB,
        labels={"node.kubernetes.io/instance-type": "BM.GPU.H100.8"},
        classes=("dranet",),
        facts="ports and their buses as seen live; roots and places of the GPUs an estimate",
    ),
)
