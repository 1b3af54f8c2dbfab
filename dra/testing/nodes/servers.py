"""Servers as one buys them: NVIDIA's DGX and HGX, Intel's accelerators, and the example driver's node."""

from __future__ import annotations

from typing import Final

from dra.drivers.nvidia.publish import GpuSoftware
from dra.testing.nodes.machine import Machine
from dra.testing.nodes.parts import (
    Cpus,
    ExampleCpus,
    ExampleGpus,
    ExampleNics,
    Gaudis,
    IntelGpus,
    NvidiaGpus,
)
from dra.testing.nodes.places import (
    CX6,
    CX7,
    HALVES,
    TIB,
    mlx5,
    on_buses,
)

__all__ = ["SERVERS"]


_DGX_A100: Final = on_buses("07 0f 47 4e 87 90 b7 bd", "00 00 40 40 80 80 a0 a0", HALVES)
_DGX_A100_NICS: Final = on_buses("0c 12 4b 54 8d 94 ba cc", "00 00 40 40 80 80 a0 a0", HALVES)
_HGX: Final = on_buses("1a 1b 4a 4b 8a 8b ca cb", "18 18 48 48 88 88 c8 c8", HALVES)
_HGX_NICS: Final = on_buses("1c 1d 4c 4d 8c 8d cc cd", "18 18 48 48 88 88 c8 c8", HALVES)

_NVIDIA: Final = (
    Machine(
        "dgx-a100",
        "NVIDIA DGX A100, 8x A100 80GB, 8x ConnectX-6",
        (NvidiaGpus("A100-80GB", _DGX_A100), mlx5(_DGX_A100_NICS, CX6), Cpus(2, 128)),
        memory_mib=2 * TIB,
        classes=("dranet",),
        facts="bus numbers of the GPUs are real (k8s-test-infra); roots by pairs; NICs an estimate",
    ),
    Machine(
        "dgx-a100-40gb",
        "NVIDIA DGX A100, 8x A100 40GB, 8x ConnectX-6",
        (NvidiaGpus("A100-40GB", _DGX_A100), mlx5(_DGX_A100_NICS, CX6), Cpus(2, 128)),
        memory_mib=TIB,
        classes=("dranet",),
        facts="as dgx-a100",
    ),
    Machine(
        "dgx-h100",
        "NVIDIA DGX H100, 8x H100 80GB, 8x ConnectX-7",
        (NvidiaGpus("H100-80GB", _HGX), mlx5(_HGX_NICS, CX7), Cpus(2, 112)),
        memory_mib=2 * TIB,
        classes=("dranet",),
        facts="bus numbers of the GPUs from the mock of k8s-test-infra; roots by pairs; NICs an estimate",
    ),
    Machine(
        "hgx-h200",
        "HGX H200 server, 8x H200 141GB, 8x ConnectX-7",
        (NvidiaGpus("H200-141GB", _HGX), mlx5(_HGX_NICS, CX7), Cpus(2, 112)),
        memory_mib=2 * TIB,
        classes=("dranet",),
        facts="as dgx-h100",
    ),
    Machine(
        "hgx-b200",
        "HGX B200 server, 8x B200 180GB, 8x ConnectX-7",
        (NvidiaGpus("B200-180GB", _HGX), mlx5(_HGX_NICS, CX7), Cpus(2, 112)),
        memory_mib=2 * TIB,
        classes=("dranet",),
        facts="as dgx-h100",
    ),
    Machine(
        "a100-pcie-40gb",
        "A server with one A100 PCIe 40GB",
        (NvidiaGpus("A100-PCIE-40GB", on_buses("65", "64", "0")), Cpus(1, 32, sockets=1)),
        memory_mib=256 * 1024,
        facts="place and addressing mode as NVIDIA documents them; processors and memory an estimate",
    ),
    Machine(
        "l4",
        "A server with 4x L4",
        (NvidiaGpus("L4", on_buses("17 65 ca e3", "16 64 c9 e2", "0 0 1 1")), Cpus(2, 32)),
        memory_mib=512 * 1024,
        facts="memory as seen live; places an estimate",
    ),
    Machine(
        "a30",
        "A server with 2x A30",
        (
            NvidiaGpus("A30-24GB", on_buses("17 ca", "16 c9", "0 1"), GpuSoftware(driver_version="595.58.3")),
            Cpus(2, 32),
        ),
        memory_mib=256 * 1024,
        facts="addressing mode and driver as seen live; places an estimate",
    ),
)


_OTHERS: Final = (
    Machine(
        "intel-max-1550",
        "A server with 4x Intel Data Center GPU Max 1550",
        (
            IntelGpus("Max 1550", on_buses("18 42 9a c3", "15 3f 97 c0", "0 0 1 1")),
            Cpus(2, 112),
        ),
        memory_mib=TIB,
        facts="estimate",
    ),
    Machine(
        "intel-flex-170",
        "A server with 2x Intel Data Center GPU Flex 170",
        (IntelGpus("Flex 170", on_buses("4d b3", "4a b0", "0 1")), Cpus(2, 64)),
        memory_mib=512 * 1024,
        facts="estimate",
    ),
    Machine(
        "gaudi2",
        "A server with 8x Intel Gaudi2",
        (
            Gaudis(
                "Gaudi2",
                on_buses("19 1a 33 34 9a 9b b3 b4", "15 15 2f 2f 97 97 b0 b0", HALVES),
            ),
            Cpus(2, 80),
        ),
        memory_mib=TIB,
        facts="estimate",
    ),
    Machine(
        "example",
        "A node with the upstream example driver's made-up GPUs",
        (ExampleGpus(8), Cpus(1, 16, sockets=1)),
        memory_mib=64 * 1024,
        facts="default profile of the driver; four parts per GPU an estimate",
    ),
    Machine(
        "example-net",
        "A node with the upstream example driver's made-up network cards and CPUs",
        (ExampleNics(2), ExampleCpus(2, 16)),
        memory_mib=64 * 1024,
        facts="net and cpu profiles of the driver",
    ),
)


SERVERS: Final = (*_NVIDIA, *_OTHERS)
