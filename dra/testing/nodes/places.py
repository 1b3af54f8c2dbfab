"""Short ways to say where things sit: rows of PCI addresses, and the NICs on them."""

from __future__ import annotations

from typing import Final

from dra.drivers.dranet import Nic
from dra.drivers.standard import PciDevice
from dra.testing.nodes.parts import Nics

__all__ = [
    "AMAZON",
    "CX6",
    "CX7",
    "CX8",
    "EFA",
    "HALVES",
    "MELLANOX",
    "MLX5_VF",
    "TIB",
    "efas",
    "mlx5",
    "on_buses",
    "places",
]

MELLANOX: Final = "Mellanox Technologies"
CX6: Final = "MT28908 Family [ConnectX-6]"
CX7: Final = "MT2910 Family [ConnectX-7]"
CX8: Final = "CX8 Family [ConnectX-8]"
MLX5_VF: Final = "ConnectX Family mlx5Gen Virtual Function"
EFA: Final = "Elastic Fabric Adapter (EFA)"
AMAZON: Final = "Amazon.com, Inc."

# MiB of one TiB.
TIB: Final = 1 << 20
# NUMA nodes of eight devices on two sockets.
HALVES: Final = "0 0 0 0 1 1 1 1"


def places(*rows: tuple[str, str, int]) -> tuple[PciDevice, ...]:
    """Places from rows of address, root and NUMA node."""
    return tuple(PciDevice(address, root=root, numa_node=numa) for address, root, numa in rows)


def on_buses(buses: str, roots: str, numa: str) -> tuple[PciDevice, ...]:
    """Places in PCI domain 0 from buses, their roots' buses and NUMA nodes, in columns."""
    return places(
        *(
            (f"0000:{bus}:00.0", f"pci0000:{root}", int(node))
            for bus, root, node in zip(buses.split(), roots.split(), numa.split(), strict=True)
        )
    )


def mlx5(places: tuple[PciDevice, ...], device: str) -> Nics:
    """Mellanox cards that only do RDMA, numbered by place."""
    return Nics(
        tuple(Nic(place, device, MELLANOX, rdma=f"mlx5_{index}") for index, place in enumerate(places))
    )


def efas(*places: PciDevice) -> tuple[Nic, ...]:
    """EFAs, whose RDMA devices are named by bus and device number."""
    return tuple(
        Nic(
            place,
            EFA,
            AMAZON,
            rdma=f"rdmap{int(place.address[5:7], 16)}s{int(place.address[8:10], 16)}",
        )
        for place in places
    )
