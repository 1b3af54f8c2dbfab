"""Google's machines, as GKE has them: numbers of CPUs and memory as their types are sold."""

from __future__ import annotations

from typing import Final

from dra.drivers.dranet import Nic
from dra.drivers.nvidia.publish import GpuSoftware
from dra.drivers.standard import PciDevice
from dra.testing.nodes.machine import Machine
from dra.testing.nodes.parts import Cpus, ImexChannel, Nics, NvidiaGpus, Part, TpuChips
from dra.testing.nodes.places import CX7, HALVES, MELLANOX, on_buses, places

__all__ = ["GKE"]

_GIB: Final = 1024
_GVNIC: Final = "Compute Engine Virtual Ethernet [gVNIC]"

_GKE_GPU: Final = {
    "cloud.google.com/gke-no-default-nvidia-gpu-device-plugin": "true",
    "cloud.google.com/gke-nvidia-gpu-dra-driver": "true",
}
_A3_GPUS: Final = on_buses("8f 90 96 97 c4 c5 cb cc", "8c 8c 93 93 c1 c1 c8 c8", HALVES)
_A3_NICS: Final = on_buses("91 92 98 99 c6 c7 cd ce", "8c 8c 93 93 c1 c1 c8 c8", HALVES)


def _gke(
    name: str,
    title: str,
    parts: tuple[Part, ...],
    memory_mib: int,
    accelerator: str,
    facts: str,
    *,
    arch: str = "amd64",
    nvlink_domain: bool = False,
) -> Machine:
    fast = any(part.driver == "dra.net" for part in parts)
    network = {"cloud.google.com/gke-networking-dra-driver": "true"} if fast else {}
    return Machine(
        name,
        f"GKE {name}: {title}",
        parts,
        memory_mib=memory_mib,
        arch=arch,
        labels={
            **_GKE_GPU,
            "node.kubernetes.io/instance-type": name,
            "cloud.google.com/gke-accelerator": accelerator,
            **network,
            "cloud.google.com/gke-cpu-dra-driver": "true",
        },
        classes=("mrdma.google.com", "netdev.google.com") if fast else (),
        rack=18 if nvlink_domain else 4,
        nvlink_domain=nvlink_domain,
        facts=facts,
    )


def _rdma(places: tuple[PciDevice, ...]) -> tuple[Nic, ...]:
    """RDMA cards, named by GKE for the GPUs that they are for."""
    return tuple(
        Nic(place, CX7, MELLANOX, interface=f"gpu{index}rdma0", rdma=f"mlx5_{index}", mtu=8896)
        for index, place in enumerate(places)
    )


def _gvnics(count: int) -> tuple[Nic, ...]:
    """Virtual cards besides the node's own."""
    return tuple(
        Nic(
            PciDevice(f"0000:00:{0x0C + index:02x}.0", root="pci0000:00", numa_node=index * 2 // count),
            _GVNIC,
            "Google, Inc.",
            interface=f"eth{index + 1}",
            mtu=8244,
        )
        for index in range(count)
    )


def _virtual(count: int) -> tuple[PciDevice, ...]:
    """GPUs behind the one root of a virtual machine; the first as seen live on a2-ultragpu-1g."""
    return places(
        *((f"0000:00:{5 + index:02x}.0", "pci0000:00", index * 2 // max(count, 2)) for index in range(count))
    )


_GUEST: Final = GpuSoftware(driver_version="580.126.20", addressing_mode="None")


def _guest(
    name: str, model: str, accelerator: str, count: int, cpus: int, memory_gib: int, facts: str
) -> Machine:
    """A virtual machine whose GPUs sit behind its one root."""
    sockets = 2 if count > 4 else 1
    return _gke(
        name,
        f"{count}x {model.replace('-', ' ')}",
        (NvidiaGpus(model, _virtual(count), _GUEST), Cpus(sockets, cpus // sockets, sockets)),
        memory_gib * _GIB,
        accelerator,
        facts,
    )


def _a3(name: str, accelerator: str, nics: tuple[Nic, ...], facts: str) -> Machine:
    return _gke(
        name,
        f"8x H100, {len(nics)} gVNIC",
        (NvidiaGpus("H100-80GB", _A3_GPUS), Nics(nics), Cpus(2, 104)),
        1872 * _GIB,
        accelerator,
        facts,
    )


_A4X_GPUS: Final = places(
    ("0008:06:00.0", "pci0008:00", 0),
    ("0009:06:00.0", "pci0009:00", 0),
    ("0018:06:00.0", "pci0018:00", 1),
    ("0019:06:00.0", "pci0019:00", 1),
)
_A4X_NICS: Final = places(
    ("0000:03:00.0", "pci0000:00", 0),
    ("0002:03:00.0", "pci0002:00", 0),
    ("0010:03:00.0", "pci0010:00", 1),
    ("0012:03:00.0", "pci0012:00", 1),
)

_GPUS: Final = (
    _guest("a2-highgpu-1g", "A100-40GB", "nvidia-tesla-a100", 1, 12, 85, "place as a2-ultragpu-1g"),
    _guest(
        "a2-highgpu-2g",
        "A100-40GB",
        "nvidia-tesla-a100",
        2,
        24,
        170,
        "other place an estimate",
    ),
    _guest("a2-highgpu-8g", "A100-40GB", "nvidia-tesla-a100", 8, 96, 680, "as a2-highgpu-2g"),
    _guest("a2-ultragpu-1g", "A100-80GB", "nvidia-a100-80gb", 1, 12, 170, "live slice"),
    _guest(
        "a2-ultragpu-8g",
        "A100-80GB",
        "nvidia-a100-80gb",
        8,
        96,
        1360,
        "other places an estimate",
    ),
    _gke(
        "a3-highgpu-1g",
        "1x H100",
        (NvidiaGpus("H100-80GB", _A3_GPUS[:1]), Cpus(1, 26, sockets=1)),
        234 * _GIB,
        "nvidia-h100-80gb",
        "places as a3-ultragpu-8g, an estimate",
    ),
    _a3("a3-highgpu-8g", "nvidia-h100-80gb", _gvnics(4), "places as a3-ultragpu-8g, an estimate"),
    _a3("a3-megagpu-8g", "nvidia-h100-mega-80gb", _gvnics(8), "places as a3-ultragpu-8g, an estimate"),
    _gke(
        "a3-ultragpu-8g",
        "8x H200, 8x ConnectX-7",
        (NvidiaGpus("H200-141GB", _A3_GPUS), Nics(_rdma(_A3_NICS)), Cpus(2, 112)),
        2952 * _GIB,
        "nvidia-h200-141gb",
        "gpu-0, gpu-7 and two NICs as seen live, the rest inferred: two GPUs and two NICs per root",
    ),
    _gke(
        "a4-highgpu-8g",
        "8x B200, 8x ConnectX-7, 2 gVNIC of which one is the node's own",
        (NvidiaGpus("B200-180GB", _A3_GPUS), Nics((*_gvnics(1), *_rdma(_A3_NICS))), Cpus(2, 112)),
        3968 * _GIB,
        "nvidia-b200",
        "places as a3-ultragpu-8g, an estimate",
    ),
    _gke(
        "a4x-highgpu-4g",
        "compute tray of a GB200 NVL72 rack: 4x GB200, 4x ConnectX-7",
        (
            NvidiaGpus("GB200-186GB", _A4X_GPUS, GpuSoftware(driver_version="580.126.20")),
            ImexChannel(),
            Nics(_rdma(_A4X_NICS)),
            Cpus(2, 70, smt=False),
        ),
        884 * _GIB,
        "nvidia-gb200",
        "places of the GPUs as seen live at OCI; those of the NICs an estimate",
        arch="arm64",
        nvlink_domain=True,
    ),
    _guest("g2-standard-4", "L4", "nvidia-l4", 1, 4, 16, "place an estimate"),
    _guest("g2-standard-8", "L4", "nvidia-l4", 1, 8, 32, "place an estimate"),
)


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


GKE: Final = (
    *_GPUS,
    _gke_tpu("ct6e-standard-1t", 1, "1x1", 44),
    _gke_tpu("ct6e-standard-4t", 4, "2x2", 180),
    _gke_tpu("ct6e-standard-8t", 8, "2x4", 180),
    _gke_tpu("ct6e-standard-4t", 4, "4x4", 180, nodes=4),
)
