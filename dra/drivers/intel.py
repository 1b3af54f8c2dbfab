"""Intel's drivers: `gpu.intel.com`, `gaudi.intel.com` and `qat.intel.com`."""

from __future__ import annotations

from typing import Final

import attrs

from dra.drivers.declarations import (
    Attribute,
    Capacity,
    DeviceType,
    HealthTaint,
    Kind,
    NamePattern,
    amount,
)
from dra.drivers.driver import ClassDeclaration, Driver
from dra.drivers.standard import PCI_BUS_ID, PCIE_ROOT, PciDevice
from dra.models.resource import Device
from dra.suggestions import unknown_name

__all__ = ["DRIVERS", "GAUDI", "GPU", "INTEL_GPUS", "QAT", "IntelGpuModel", "gaudi", "gpu", "intel_gpu_model"]

_NAMES: Final = NamePattern(
    "{address}-{device}",
    {"address": "[0-9a-f]{4}-[0-9a-f]{2}-[0-9a-f]{2}-[0-7]", "device": "0x[0-9a-f]{4}"},
)
_OLD_ROOT: Final = Attribute(
    "pciRoot", Kind.STRING, "Root complex, such as 00", optional=True, replaced_by=PCIE_ROOT.name
)

_KERNEL_MODULES: Final = ("i915", "xe", "vfio-pci", "xe-vfio-pci")
_GPU_ATTRIBUTES: Final = (
    Attribute("model", Kind.STRING, "Such as Flex 170, Max 1550, A770"),
    Attribute("family", Kind.STRING, "Data Center Flex, Data Center Max, Arc A-Series, ..."),
    Attribute("driver", Kind.STRING, "Kernel module", optional=True, values=_KERNEL_MODULES),
    Attribute("sriov", Kind.BOOL, "Whether it can have virtual functions", optional=True),
    Attribute("type", Kind.STRING, "Physical or virtual function", values=("gpu", "vf")),
    Attribute("pciId", Kind.STRING, "PCI device, such as 0x56c0"),
    Attribute("pciAddress", Kind.STRING, "PCI address", optional=True, replaced_by=PCI_BUS_ID.name),
    Attribute("health", Kind.STRING, "Healthy, or what is wrong", optional=True),
    PCI_BUS_ID,
    PCIE_ROOT,
    _OLD_ROOT,
)
_GPU_CAPACITIES: Final = (
    Capacity("memory", "Bytes; 0 unless XPU Manager's daemon runs"),
    Capacity("millicores", "Thousandths of the GPU"),
)
_PHYSICAL: Final = DeviceType(
    name="gpu",
    summary="A GPU",
    patterns=(_NAMES,),
    attributes=_GPU_ATTRIBUTES,
    capacities=_GPU_CAPACITIES,
)

_IS_GPU: Final = 'device.driver == "gpu.intel.com"'

GPU: Final = Driver(
    name="gpu.intel.com",
    title="Intel GPU",
    device_types=(_PHYSICAL, attrs.evolve(_PHYSICAL, name="vf", summary="A virtual function of a GPU")),
    classes=(
        ClassDeclaration("gpu.intel.com", _IS_GPU, note="the chart can set intel.com/gpu"),
        ClassDeclaration("gpu-vfio.intel.com", _IS_GPU, note="for pass-through, with operators"),
    ),
    taints=(HealthTaint("HealthIssues-", ("NoExecute",), "the key ends in what is wrong", prefix=True),),
    source="intel/intel-resource-drivers-for-kubernetes 1da939f",
)
"""The GPU driver."""

_GAUDI: Final = DeviceType(
    name="gaudi",
    summary="A Gaudi accelerator",
    patterns=(_NAMES,),
    attributes=(
        Attribute("model", Kind.STRING, "Generation", values=("Gaudi", "Gaudi2", "Gaudi3")),
        Attribute("serial", Kind.STRING, "Serial number", optional=True),
        Attribute("healthy", Kind.BOOL, "Whether it is"),
        PCIE_ROOT,
        _OLD_ROOT,
    ),
)
GAUDI: Final = Driver(
    name="gaudi.intel.com",
    title="Intel Gaudi",
    device_types=(_GAUDI,),
    classes=(
        ClassDeclaration(
            "gaudi.intel.com", 'device.driver == "gaudi.intel.com"', note="the chart can set intel.com/gaudi"
        ),
    ),
    source=GPU.source,
)
"""The Gaudi driver."""

QAT: Final = Driver(
    name="qat.intel.com",
    title="Intel QAT",
    device_types=(
        DeviceType(
            name="qat",
            summary="A virtual function of a QuickAssist device",
            patterns=(NamePattern("{name}", {"name": "[a-z0-9-]+"}),),
            attributes=(Attribute("services", Kind.STRING, 'What it offers, such as "sym;asym" or "dc"'),),
        ),
    ),
    classes=(
        ClassDeclaration(
            "qat.intel.com", 'device.driver == "qat.intel.com"', note="the chart can set intel.com/qat"
        ),
    ),
    source=GPU.source,
)
"""The QAT driver."""

DRIVERS: Final = (GPU, GAUDI, QAT)
"""All drivers of this module."""


@attrs.frozen
class IntelGpuModel:
    """A GPU one can buy.

    Attributes:
        name: As the driver has it in `model`.
        family: As the driver has it.
        device_id: PCI device.
        memory: As XPU Manager reports it.
    """

    name: str
    family: str
    device_id: str
    memory: str


INTEL_GPUS: Final = {
    each.name: each
    for each in (
        IntelGpuModel("Flex 170", "Data Center Flex", "0x56c0", "14248Mi"),
        IntelGpuModel("Max 1550", "Data Center Max", "0x0bd5", "128Gi"),
        IntelGpuModel("B60", "Arc Pro B-Series", "0xe211", "24480Mi"),
    )
}
"""The GPU models by name."""


def intel_gpu_model(name: str) -> IntelGpuModel:
    """The model of a name such as `Flex 170`.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in INTEL_GPUS:
        raise unknown_name("Intel GPU model", name, INTEL_GPUS)
    return INTEL_GPUS[name]


def gpu(model: IntelGpuModel, pci: PciDevice, *, monitored: bool = True) -> Device:
    """A GPU as published.

    Args:
        model: What it is.
        pci: Where it sits.
        monitored: Whether XPU Manager's daemon tells memory and health.

    Example:
        >>> gpu(intel_gpu_model("B60"), PciDevice("0000:04:00.0")).name
        '0000-04-00-0-0xe211'
    """
    values: dict[str, str | bool] = {
        "model": model.name,
        "family": model.family,
        "driver": "xe",
        "sriov": True,
        "type": "gpu",
        "pciId": model.device_id,
    }
    if monitored:
        values["health"] = "Healthy"
    attributes = GPU.values(values)
    return Device(
        name=_NAMES.format(address=pci.dashed, device=model.device_id),
        attributes=attributes | pci.attributes(numa_node=False),
        capacity={"memory": amount(model.memory if monitored else 0), "millicores": amount("1k")},
    )


def gaudi(model: str, pci: PciDevice, *, serial: str) -> Device:
    """A Gaudi accelerator as published.

    Args:
        model: `Gaudi`, `Gaudi2` or `Gaudi3`.
        pci: Where it sits.
        serial: Its serial number.

    Raises:
        UnknownNameError: There is no such model.
    """
    device_ids = {"Gaudi": "0x1000", "Gaudi2": "0x1020", "Gaudi3": "0x1060"}
    if model not in device_ids:
        raise unknown_name("Gaudi", model, device_ids)
    values: dict[str, str | bool] = {"model": model, "serial": serial, "healthy": True}
    return Device(
        name=_NAMES.format(address=pci.dashed, device=device_ids[model]),
        attributes=GAUDI.values(values) | pci.attributes(bus_id=False, numa_node=False),
    )
