"""The NVIDIA GPU driver, `gpu.nvidia.com`: what it publishes and what it accepts (0.5, and 25.12 on)."""

from __future__ import annotations

from typing import Final

from dra.drivers.declarations import (
    Attribute,
    Capacity,
    DeviceType,
    DriverGate,
    HealthTaint,
    Kind,
    NamePattern,
)
from dra.drivers.driver import ClassDeclaration, Driver
from dra.drivers.nvidia.configs import GpuConfig, MigDeviceConfig, VfioDeviceConfig
from dra.drivers.standard import NUMA_NODE, PCI_BUS_ID, PCIE_ROOT

__all__ = ["ARCHITECTURES", "DRIVER", "DRIVER_NAME", "GPU_NAMES", "MIG_NAMES", "VFIO_NAMES"]

DRIVER_NAME: Final = "gpu.nvidia.com"

ARCHITECTURES: Final = (
    "Maxwell",
    "Pascal",
    "Volta",
    "Turing",
    "Ampere",
    "Ada Lovelace",
    "Hopper",
    "Blackwell",
    "Rubin",
)

GPU_NAMES: Final = NamePattern("gpu-{minor}")
MIG_NAMES: Final = NamePattern("gpu-{minor}-mig-{profile}-{gi}-{start}", {"profile": "[0-9]+g[0-9a-z-]+"})
MIG_NAMES_25_8: Final = NamePattern("gpu-{minor}-mig-{gi}-{start}-{size}")
VFIO_NAMES: Final = NamePattern("gpu-vfio-{index}")

_TYPE: Final = Attribute("type", Kind.STRING, "Kind of device", values=("gpu", "mig", "vfio"))
_PRODUCT: Final = Attribute("productName", Kind.STRING, "As NVML has it, such as NVIDIA A100-SXM4-40GB")

# What a GPU says about itself and its MIG devices repeat.
_OF_THE_GPU: Final = (
    _PRODUCT,
    Attribute("brand", Kind.STRING, "Nvidia, Tesla, Quadro, GeForce, NvidiaRTX, ..."),
    Attribute("architecture", Kind.STRING, "Generation of the chip", values=ARCHITECTURES),
    Attribute("cudaComputeCapability", Kind.VERSION, "8.0.0 on A100, 9.0.0 on H100, 10.0.0 on B200"),
    Attribute("driverVersion", Kind.VERSION, "As semver: 580.126.09 is published as 580.126.9"),
    Attribute("cudaDriverVersion", Kind.VERSION, "CUDA version of the driver, such as 13.0.0"),
    Attribute(
        "addressingMode",
        Kind.STRING,
        "How CPU and GPU share addresses; absent where NVML cannot tell",
        optional=True,
        values=("HMM", "ATS", "None"),
    ),
    PCI_BUS_ID,
    PCIE_ROOT,
    NUMA_NODE,
    Attribute(
        "pcieBusID",
        Kind.STRING,
        "PCI address, until 25.8",
        optional=True,
        replaced_by="resource.kubernetes.io/pciBusID",
    ),
)

# NVSwitch partitions that a GPU belongs to, each by its number.
_FABRIC_MANAGER: Final = tuple(
    Attribute(name, Kind.INT, summary, optional=True, gate="FabricManagerPartitioning")
    for name, summary in (
        ("gpuModuleID", "Module number on the baseboard"),
        ("partition1", "Fabric Manager's partition of one GPU"),
        ("partition2", "Fabric Manager's partition of two GPUs"),
        ("partition4", "Fabric Manager's partition of four GPUs"),
        ("partition8", "Fabric Manager's partition of eight GPUs"),
    )
)

_ENGINES: Final = (
    ("multiprocessors", "Streaming multiprocessors"),
    ("copyEngines", "Copy engines"),
    ("decoders", "Video decoders"),
    ("encoders", "Video encoders"),
    ("jpegEngines", "JPEG engines"),
    ("ofaEngines", "Optical flow accelerators"),
)
_SHARES: Final = Capacity("shares", "Claims that may share it", optional=True, gate="ConsumableShares")

_FULL_GPU: Final = DeviceType(
    name="gpu",
    summary="A whole GPU",
    patterns=(GPU_NAMES,),
    attributes=(
        _TYPE,
        Attribute("uuid", Kind.STRING, "GPU-..., as nvidia-smi -L prints it"),
        *_OF_THE_GPU,
        *_FABRIC_MANAGER,
    ),
    capacities=(
        Capacity(
            "memory",
            "Bytes that NVML reports, less than the product's name says on most boards; absent on GB10",
            optional=True,
        ),
        *(Capacity(name, summary, optional=True, gate="DynamicMIG") for name, summary in _ENGINES),
        _SHARES,
    ),
)

_MIG: Final = DeviceType(
    name="mig",
    summary="A MIG device: existing (static), or made when it is allocated (DynamicMIG)",
    patterns=(MIG_NAMES, MIG_NAMES_25_8),
    attributes=(
        _TYPE,
        Attribute("profile", Kind.STRING, "Such as 1g.5gb or 1g.5gb+me"),
        Attribute("parentUUID", Kind.STRING, "UUID of the GPU it is cut from"),
        Attribute("uuid", Kind.STRING, "MIG-...; only existing devices have one", optional=True),
        *_OF_THE_GPU,
    ),
    capacities=(
        Capacity("memory", "Bytes, always less than the profile's name says"),
        *(Capacity(name, summary) for name, summary in _ENGINES),
        Capacity("memorySlice", "1 for each slice of an existing device", optional=True, many=True),
        _SHARES,
    ),
)

_VFIO: Final = DeviceType(
    name="vfio",
    summary="A GPU for pass-through to a virtual machine (PassthroughSupport)",
    patterns=(VFIO_NAMES,),
    attributes=(
        _TYPE,
        Attribute("uuid", Kind.STRING, "Made from the PCI address"),
        Attribute("deviceID", Kind.STRING, "PCI device, such as 0x20b0"),
        Attribute("vendorID", Kind.STRING, "PCI vendor: 0x10de"),
        _PRODUCT,
        Attribute("iommuFDEnabled", Kind.BOOL, "Whether the host has IOMMUFD", optional=True),
        PCI_BUS_ID,
        PCIE_ROOT,
        NUMA_NODE,
        Attribute("numa", Kind.INT, "NUMA node, until 0.4", optional=True, replaced_by=NUMA_NODE.name),
        *_FABRIC_MANAGER,
    ),
    capacities=(Capacity("addressableMemory", "Bytes"),),
)

_TYPE_SELECTOR: Final = (
    "device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == '{type}'"
)

DRIVER: Final = Driver(
    name=DRIVER_NAME,
    title="NVIDIA GPU",
    device_types=(_FULL_GPU, _MIG, _VFIO),
    classes=(
        ClassDeclaration(
            DRIVER_NAME,
            _TYPE_SELECTOR.format(type="gpu"),
            device_type="gpu",
            extended_resource="nvidia.com/gpu",
            note="whole GPUs; GPU Operator's own class serves no extended resource",
        ),
        ClassDeclaration(
            "mig.nvidia.com", _TYPE_SELECTOR.format(type="mig"), device_type="mig", note="MIG devices"
        ),
        ClassDeclaration(
            "vfio.gpu.nvidia.com",
            _TYPE_SELECTOR.format(type="vfio"),
            device_type="vfio",
            note="needs PassthroughSupport",
        ),
    ),
    configs=(GpuConfig, MigDeviceConfig, VfioDeviceConfig),
    gates=(
        DriverGate("TimeSlicingSettings", False, "alpha", "0.2", summary="intervals of time-slicing"),
        DriverGate("MPSSupport", False, "alpha", "0.2", summary="sharing by MPS"),
        DriverGate(
            "DynamicMIG",
            False,
            "alpha",
            "0.3",
            excludes=("PassthroughSupport", "NVMLDeviceHealthCheck", "MPSSupport"),
            summary="MIG devices made on demand, as partitionable devices",
        ),
        DriverGate(
            "PassthroughSupport",
            False,
            "alpha",
            "0.3",
            excludes=("DynamicMIG", "NVMLDeviceHealthCheck"),
            summary="vfio devices",
        ),
        DriverGate(
            "NVMLDeviceHealthCheck",
            False,
            "alpha",
            "0.3",
            excludes=("DynamicMIG", "PassthroughSupport"),
            summary="taints on devices that are unwell",
        ),
        DriverGate(
            "DeviceMetadata",
            False,
            "alpha",
            "0.4",
            requires=("PassthroughSupport",),
            summary="metadata files",
        ),
        DriverGate("DRAListTypeAttributes", False, "alpha", "0.4", summary="numaNode as a list"),
        DriverGate("FabricManagerPartitioning", False, "alpha", "0.5", summary="NVSwitch partitions"),
        DriverGate(
            "ConsumableShares",
            False,
            "alpha",
            "0.5",
            summary="several claims on one device; not together with MPS",
        ),
    ),
    taints=(
        HealthTaint(
            "gpu.nvidia.com/xid",
            ("NoSchedule", "None"),
            "value is the XID; None for those that an application causes",
        ),
        HealthTaint("gpu.nvidia.com/gpu-lost", ("NoSchedule",), "the GPU fell off the bus"),
        HealthTaint("gpu.nvidia.com/unmonitored", ("None",), "its health cannot be watched"),
    ),
    source="kubernetes-sigs/dra-driver-nvidia-gpu 9593204 (0.5 in development)",
)
