"""The AMD GPU driver, `gpu.amd.com`: whole GPUs, partitions made in advance, partitions made on demand."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import ClassVar, Final

import attrs
from typing_extensions import override

from dra.drivers.configs import TypedConfig
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
from dra.drivers.standard import PCI_BUS_ID, PCIE_ROOT, PciDevice
from dra.models.base import Model
from dra.models.resource import (
    CapacityRequestPolicy,
    Counter,
    CounterSet,
    Device,
    DeviceAttribute,
    DeviceCapacity,
    DeviceCounterConsumption,
)
from dra.models.scalars import Str
from dra.quantity import Quantity
from dra.suggestions import unknown_name

__all__ = [
    "AMD_GPUS",
    "API_VERSION",
    "DRIVER",
    "DRIVERS",
    "PARTITION_MODES",
    "AmdGpu",
    "AmdGpuModel",
    "GpuConfig",
    "IommuConfig",
    "VfioDeviceConfig",
    "amd_gpu_model",
    "counter_set",
    "full_gpu",
    "partitions",
]

API_VERSION: Final = "gpu.resource.amd.com/v1alpha1"
"""The version of the driver's configuration."""

PARTITION_MODES: Final = {("spx", "nps1"): 1, ("dpx", "nps2"): 2, ("cpx", "nps1"): 8, ("cpx", "nps4"): 8}
"""How many partitions a GPU has by its compute and memory mode."""


class GpuConfig(TypedConfig):
    """Configuration of GPUs: there is nothing to set yet.

    Example:
        >>> GpuConfig().to_dict()
        {'apiVersion': 'gpu.resource.amd.com/v1alpha1', 'kind': 'GpuConfig'}
    """

    driver: ClassVar[str] = "gpu.amd.com"
    device_types: ClassVar[frozenset[str]] = frozenset({"amdgpu", "amdgpu-partition"})

    api_version: Str = API_VERSION
    kind: Str = "GpuConfig"


class IommuConfig(Model):
    """How a passed-through device is attached to the IOMMU."""

    backend_policy: Str = ""


class VfioDeviceConfig(TypedConfig):
    """Configuration of passed-through GPUs.

    Example:
        >>> list(VfioDeviceConfig(iommu=IommuConfig(backend_policy="Both")).admission_problems(()))
        ['unknown IOMMU backend policy: Both']
    """

    driver: ClassVar[str] = "gpu.amd.com"

    api_version: Str = API_VERSION
    kind: Str = "VfioDeviceConfig"
    iommu: IommuConfig | None = None

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        policy = self.iommu.backend_policy if self.iommu else ""
        if policy not in ("", "LegacyOnly", "PreferIommuFD"):
            yield f"unknown IOMMU backend policy: {policy}"


_TYPE: Final = Attribute("type", Kind.STRING, "Kind", values=("amdgpu", "amdgpu-partition", "vfio"))
_DEVICE_ID: Final = Attribute("deviceID", Kind.STRING, "PCI device, such as 0x74a1; a unique number in 2025")
_PRODUCT: Final = Attribute("productName", Kind.STRING, "Such as AMD_Instinct_MI300X_OAM")
_PROFILE: Final = Attribute("partitionProfile", Kind.STRING, "Such as spx_nps1", optional=True)
_NUMA: Final = Attribute("numaNode", Kind.INT, "NUMA node, since 2026", optional=True)
_PCI_ADDRESS: Final = Attribute("pciAddr", Kind.STRING, "PCI address", optional=True)

_OF_2025: Final = tuple(
    Attribute(name, kind, f"{summary}, in 2025", optional=True, replaced_by=newer)
    for name, kind, summary, newer in (
        ("cardIndex", Kind.INT, "Number of the DRM card", ""),
        ("renderIndex", Kind.INT, "Number of the render node", ""),
        ("family", Kind.STRING, "Family of the chip, such as AI", ""),
        ("driverSrcVersion", Kind.STRING, "Hash of the kernel module's source", "driverVersionFull"),
    )
)

_ATTRIBUTES: Final = (
    _TYPE,
    _DEVICE_ID,
    _PRODUCT,
    Attribute("driverVersion", Kind.VERSION, "Version of the kernel module"),
    Attribute("driverVersionFull", Kind.STRING, "The same as the kernel has it", optional=True),
    _PROFILE,
    _NUMA,
    _PCI_ADDRESS,
    PCI_BUS_ID,
    PCIE_ROOT,
    *_OF_2025,
)
_ON_DEMAND: Final = tuple(
    Attribute(name, kind, summary, optional=True, gate="AutoPartition", values=values)
    for name, kind, summary, values in (
        ("computePartition", Kind.STRING, "Compute mode", ("spx", "dpx", "cpx")),
        ("memoryPartition", Kind.STRING, "Memory mode", ("nps1", "nps2", "nps4")),
        ("gpuIndex", Kind.INT, "Number of the GPU by PCI address", ()),
    )
)
_CAPACITIES: Final = (
    Capacity("memory", "Bytes; 0 where they cannot be read"),
    Capacity("computeUnits", "Compute units"),
    Capacity("simdUnits", "SIMD units"),
)
_PARTITIONS: Final = Capacity(
    "partitions", "Partitions of a mode, one for each claim", optional=True, gate="AutoPartition"
)

GPU_NAMES: Final = NamePattern("gpu-{card}-{render}")
MODE_NAMES: Final = NamePattern("gpu-{gpu}-{compute}-{memory}", {"compute": "[a-z]+x", "memory": "nps[0-9]"})

_GPU: Final = DeviceType(
    name="amdgpu",
    summary="A whole GPU",
    patterns=(GPU_NAMES, MODE_NAMES),
    attributes=(*_ATTRIBUTES, *_ON_DEMAND),
    capacities=(*_CAPACITIES, _PARTITIONS),
)
_PARTITION: Final = attrs.evolve(_GPU, name="amdgpu-partition", summary="A partition of a GPU")
_VFIO: Final = DeviceType(
    name="vfio",
    summary="A GPU or a virtual function for pass-through",
    patterns=(NamePattern("gpu-vfio-{index}"),),
    attributes=(
        _TYPE,
        _NUMA,
        Attribute("iommuGroup", Kind.STRING, "IOMMU group"),
        _PCI_ADDRESS,
        Attribute("isVF", Kind.BOOL, "Whether it is a virtual function"),
        _PRODUCT,
        _DEVICE_ID,
        Attribute("vendorID", Kind.STRING, "PCI vendor: 0x1002"),
        _PROFILE,
        PCI_BUS_ID,
        PCIE_ROOT,
    ),
    capacities=tuple(attrs.evolve(each, optional=True) for each in _CAPACITIES),
)

DRIVER: Final = Driver(
    name="gpu.amd.com",
    title="AMD GPU",
    device_types=(_GPU, _PARTITION, _VFIO),
    classes=(ClassDeclaration("gpu.amd.com", "device.driver == 'gpu.amd.com'", note="every type of device"),),
    configs=(GpuConfig, VfioDeviceConfig),
    gates=(
        DriverGate("AutoPartition", False, "beta", summary="partitions made on demand; Kubernetes 1.36"),
        DriverGate("VFIOPassthrough", False, "alpha", summary="vfio devices"),
    ),
    taints=(
        HealthTaint(
            "gpu.amd.com/memory-partition-conflict",
            ("NoExecute",),
            "the node's GPUs are in another memory mode",
        ),
    ),
    source="ROCm/k8s-gpu-dra-driver 2622427 and later versions of 2026",
)
"""The driver, with all that it publishes and accepts."""

DRIVERS: Final = (DRIVER,)
"""All drivers of this module."""


@attrs.frozen
class AmdGpuModel:
    """A GPU one can buy.

    Attributes:
        name: Our name of it.
        product_name: As the driver normalises it.
        device_id: PCI device.
        memory: As the driver publishes it for a whole GPU.
        compute_units: Its compute units; each has four SIMD units.
    """

    name: str
    product_name: str
    device_id: str
    memory: str
    compute_units: int


AMD_GPUS: Final = {
    each.name: each for each in (AmdGpuModel("MI300X", "AMD_Instinct_MI300X_OAM", "0x74a1", "196592Mi", 304),)
}
"""The GPU models by name, such as `MI300X`."""


def amd_gpu_model(name: str) -> AmdGpuModel:
    """The model of a name such as `MI300X`.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in AMD_GPUS:
        raise unknown_name("AMD GPU model", name, AMD_GPUS)
    return AMD_GPUS[name]


@attrs.frozen
class AmdGpu:
    """One GPU in a machine.

    Args:
        model: What it is.
        index: Its number on the node, by PCI address.
        pci: Where it sits.
        driver_version: Version of the kernel module.
    """

    model: AmdGpuModel
    index: int
    pci: PciDevice
    driver_version: str = "6.12.12"

    def _attributes(self) -> dict[str, DeviceAttribute]:
        texts = {
            "deviceID": self.model.device_id,
            "productName": self.model.product_name,
            "driverVersion": self.driver_version,
        }
        attributes = DRIVER.values(texts)
        if self.pci.numa_node >= 0:
            attributes["numaNode"] = _NUMA.value(self.pci.numa_node)
        return attributes | self.pci.attributes(numa_node=False)

    def _capacity(self) -> dict[str, Quantity]:
        return {
            "memory": Quantity(self.model.memory),
            "computeUnits": Quantity(self.model.compute_units),
            "simdUnits": Quantity(4 * self.model.compute_units),
        }


def full_gpu(gpu: AmdGpu) -> Device:
    """A whole GPU in the shape of 2026.

    Example:
        >>> full_gpu(AmdGpu(amd_gpu_model("MI300X"), 0, PciDevice("0003:00:02.0"))).name
        'gpu-0-128'
    """
    return Device(
        name=GPU_NAMES.format(card=gpu.index, render=128 + gpu.index),
        attributes={"type": _TYPE.value("amdgpu"), "partitionProfile": _PROFILE.value("spx_nps1")}
        | gpu._attributes(),
        capacity={name: DeviceCapacity(value=total) for name, total in gpu._capacity().items()},
    )


def counter_set(gpu: AmdGpu) -> CounterSet:
    """The counter that lets one mode only be in use on a GPU."""
    return CounterSet(name=f"gpu-{gpu.index}-mutex", counters={"partition-mode": Counter(value=Quantity(1))})


def partitions(gpu: AmdGpu) -> list[Device]:
    """What AutoPartition publishes for a GPU: one device per mode, whose partitions claims share."""
    return [_partitioned(gpu, compute, memory, count) for (compute, memory), count in PARTITION_MODES.items()]


def _partitioned(gpu: AmdGpu, compute: str, memory: str, count: int) -> Device:
    own = {
        "type": _TYPE.value("amdgpu" if count == 1 else "amdgpu-partition"),
        "computePartition": DRIVER.attribute("computePartition").value(compute),
        "memoryPartition": DRIVER.attribute("memoryPartition").value(memory),
        "gpuIndex": DRIVER.attribute("gpuIndex").value(gpu.index),
        "pciAddr": _PCI_ADDRESS.value(gpu.pci.address),
    }
    totals = gpu._capacity() | {"partitions": Quantity(count)}
    shared = counter_set(gpu)
    return Device(
        name=MODE_NAMES.format(gpu=gpu.index, compute=compute, memory=memory),
        attributes=own | gpu._attributes(),
        capacity={name: _divided(total, count) for name, total in totals.items()},
        consumes_counters=[DeviceCounterConsumption(counter_set=shared.name, counters=shared.counters)],
        allow_multiple_allocations=True if count > 1 else None,
    )


def _divided(total: Quantity, count: int) -> DeviceCapacity:
    """A capacity of which each claim gets one part, neither more nor less."""
    if count == 1:
        return DeviceCapacity(value=total)
    part = Quantity.from_nanos(total.nanos // count, total.format)
    policy = CapacityRequestPolicy(default=part, valid_values=[part])
    return DeviceCapacity(value=total, request_policy=policy)
