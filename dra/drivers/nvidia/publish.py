"""The devices that NVIDIA's driver publishes for a GPU: whole, cut in advance, or to be cut on demand."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Final

import attrs

from dra.drivers.declarations import Attribute, amount, in_steps
from dra.drivers.nvidia.boards import GpuModel
from dra.drivers.nvidia.gpu import DRIVER, GPU_NAMES, MIG_NAMES, VFIO_NAMES
from dra.drivers.nvidia.mig import Instance, MigBoard
from dra.drivers.standard import PciDevice
from dra.errors import DriverError
from dra.models.resource import (
    Counter,
    CounterSet,
    Device,
    DeviceAttribute,
    DeviceCapacity,
    DeviceCounterConsumption,
)
from dra.quantity import Format, Quantity

__all__ = [
    "Gpu",
    "GpuSoftware",
    "SharesMode",
    "consumable",
    "counter_set",
    "full_gpu",
    "mig_device_name",
    "parse_mig_device_name",
    "partitionable",
    "static_mig",
    "vfio_gpu",
]

_NOTHING: Final = Quantity(0)
_MIB: Final = Quantity("1Mi")
_NANO: Final = 10**9


@attrs.frozen(cache_hash=True)
class GpuSoftware:
    """The driver on a node, and what it publishes.

    Attributes:
        driver_version: NVIDIA's driver, as semver (`580.126.9`).
        cuda_version: The CUDA version it supports.
        addressing_mode: Overrides the model's; empty leaves the attribute out.
        numa_node: Publish the standard NUMA attribute, as versions from July 2026 on do.
        numa_as_list: Publish it as a list (driver gate DRAListTypeAttributes).
    """

    driver_version: str = "580.126.9"
    cuda_version: str = "13.0.0"
    addressing_mode: str | None = None
    numa_node: bool = True
    numa_as_list: bool = False


@attrs.frozen
class Gpu:
    """One GPU in a machine.

    Args:
        model: What it is.
        minor: Its number on the node, which names its devices.
        uuid: `GPU-` and a UUID.
        pci: Where it sits.
        software: The driver on its node.
    """

    model: GpuModel
    minor: int
    uuid: str
    pci: PciDevice
    software: GpuSoftware = GpuSoftware()

    @property
    def board(self) -> MigBoard:
        """Its MIG table.

        Raises:
            DriverError: It has none.
        """
        board = self.model.mig_board
        if board is None:
            raise DriverError(f"{self.model.product_name} has no known MIG profiles", value=self.model.name)
        return board

    @property
    def counter_set_name(self) -> str:
        """Name of the counter set that its devices draw on when it is cut on demand."""
        return f"gpu-{self.minor}-counter-set"


def _declared(name: str, device_type: str = "gpu") -> Attribute:
    return DRIVER.attribute(name, device_type)


@lru_cache(maxsize=1 << 12)
def _common(model: GpuModel, pci: PciDevice, software: GpuSoftware) -> dict[str, DeviceAttribute]:
    """What a GPU and its MIG devices both say; the same for equal GPUs at equal places."""
    mode = model.addressing_mode if software.addressing_mode is None else software.addressing_mode
    texts = {
        "productName": model.product_name,
        "brand": model.brand,
        "architecture": model.architecture,
        "cudaComputeCapability": model.compute_capability,
        "driverVersion": software.driver_version,
        "cudaDriverVersion": software.cuda_version,
        "addressingMode": mode,
    }
    return {name: _declared(name).value(text) for name, text in texts.items() if text} | pci.attributes(
        numa_node=software.numa_node, as_list=software.numa_as_list
    )


_TYPES: Final = {name: _declared("type").value(name) for name in ("gpu", "mig", "vfio")}


def _own(text: str) -> DeviceAttribute:
    """A text that only one device has, so it is not worth remembering."""
    return DeviceAttribute(string=text)


_DEVICE: Final = Device()
_CONSUMPTION: Final = DeviceCounterConsumption()


def _device(**fields: object) -> Device:
    """A device of values that need no validation, which would take most of the time."""
    return _DEVICE.model_copy(update=fields)


def full_gpu(gpu: Gpu) -> Device:
    """A whole GPU, as published without DynamicMIG.

    Example:
        >>> from dra.drivers.nvidia.boards import gpu_model
        >>> device = full_gpu(Gpu(gpu_model("L4"), 0, "GPU-a", PciDevice("0000:00:03.0")))
        >>> device.name, str(device.capacity["memory"].value)
        ('gpu-0', '23034Mi')
    """
    attributes = {"type": _TYPES["gpu"], "uuid": _own(gpu.uuid)}
    return _device(
        name=GPU_NAMES.template.format(minor=gpu.minor),
        attributes=attributes | _common(gpu.model, gpu.pci, gpu.software),
        capacity={"memory": amount(gpu.model.memory)},
    )


@lru_cache(maxsize=1 << 12)
def mig_device_name(minor: int, instance: Instance) -> str:
    """The name of a MIG device.

    Example:
        >>> from dra.drivers.nvidia.mig import get_board
        >>> mig_device_name(0, get_board("H100-80GB").instance("1g.10gb+me", 3))
        'gpu-0-mig-1g10gb-me-20-3'
    """
    profile = instance.profile.name.replace(".", "").replace("+", "-")
    return MIG_NAMES.format(
        minor=minor, profile=profile, gi=instance.profile.gi_profile_id, start=instance.start
    )


def parse_mig_device_name(name: str) -> tuple[int, str, int] | None:
    """Number of the GPU, profile and memory slice in the name of a MIG device; None if it is no such name.

    Example:
        >>> parse_mig_device_name("gpu-2-mig-1g10gb-me-20-3")
        (2, '1g.10gb+me', 3)
    """
    found = MIG_NAMES.parse(name)
    if found is None:
        return None
    profile = re.fullmatch(r"(\d+g)(\d+gb)(?:-(.+))?", str(found["profile"]))
    if profile is None:
        return None
    text = f"{profile[1]}.{profile[2]}" + (f"+{profile[3]}" if profile[3] else "")
    return int(found["minor"]), text, int(found["start"])


@lru_cache(maxsize=1 << 10)
def _amounts(board: MigBoard, instance: Instance | None) -> dict[str, DeviceCapacity]:
    """The capacities of an instance, or the whole board's maxima."""
    amounts = board.maxima if instance is None else instance.profile.amounts
    return {
        name: DeviceCapacity(value=Quantity.from_nanos(value * _NANO, Format.BINARY_SI))
        for name, value in amounts.items()
    }


@lru_cache(maxsize=1 << 10)
def _counters(board: MigBoard, instance: Instance | None) -> dict[str, Counter]:
    """What an instance, or the whole GPU, draws: its amounts and its memory slices."""
    amounts = {
        re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", name): Counter(value=capacity.value)
        for name, capacity in _amounts(board, instance).items()
    }
    slices = range(board.memory_slices) if instance is None else instance.slices
    return amounts | {f"memory-slice-{each}": _ONE for each in slices}


_ONE: Final = Counter(value=Quantity(1))


def counter_set(gpu: Gpu) -> CounterSet:
    """What the devices of a GPU that is cut on demand share."""
    return CounterSet(name=gpu.counter_set_name, counters=_counters(gpu.board, None))


def _mig_attributes(gpu: Gpu, instance: Instance) -> dict[str, DeviceAttribute]:
    return {
        "type": _TYPES["mig"],
        "profile": _declared("profile", "mig").value(instance.profile.name),
        "parentUUID": _own(gpu.uuid),
    } | _common(gpu.model, gpu.pci, gpu.software)


def partitionable(gpu: Gpu, *, mig_mode: bool | None = None) -> list[Device]:
    """The devices of a GPU under DynamicMIG, in the order of their names; their counters: `counter_set`.

    From Hopper on that is the whole GPU and every possible MIG device. Ampere cannot change its mode on the
    fly, so there it is either the one or the others.

    Args:
        gpu: The GPU.
        mig_mode: Whether MIG mode is on; only matters up to Ampere, where None stands for on.

    Raises:
        DriverError: The GPU has no known MIG profiles.
    """
    board = gpu.board
    devices = []
    switchable = gpu.model.architecture != "Ampere"
    if not switchable and mig_mode is False:
        return [full_gpu(gpu)]
    if switchable:
        whole = full_gpu(gpu)
        devices.append(
            whole.model_copy(
                update={
                    "capacity": dict(_amounts(board, None)),
                    "consumes_counters": [_consumption(gpu, None)],
                }
            )
        )
    devices += (
        _device(
            name=mig_device_name(gpu.minor, instance),
            attributes=_mig_attributes(gpu, instance),
            capacity=dict(_amounts(board, instance)),
            consumes_counters=[_consumption(gpu, instance)],
        )
        for instance in board.instances
    )
    return sorted(devices, key=lambda device: device.name)


def _consumption(gpu: Gpu, instance: Instance | None) -> DeviceCounterConsumption:
    return _CONSUMPTION.model_copy(
        update={"counter_set": gpu.counter_set_name, "counters": dict(_counters(gpu.board, instance))}
    )


def static_mig(gpu: Gpu, layout: Iterable[Instance]) -> list[Device]:
    """The MIG devices of a GPU that was cut in advance; without any, the whole GPU.

    Args:
        gpu: The GPU.
        layout: Its instances, such as `board.named_layout("all-balanced")`.

    Raises:
        DriverError: The instances cannot exist together.
    """
    instances = tuple(layout)
    if not instances:
        return [full_gpu(gpu)]
    if problem := gpu.board.conflict(instances):
        raise DriverError(problem, value=", ".join(map(str, instances)))
    devices = []
    for instance in instances:
        name = mig_device_name(gpu.minor, instance)
        slices = {f"memorySlice{each}": amount(1) for each in instance.slices}
        own = {"uuid": _own(f"MIG-{uuid.uuid5(uuid.NAMESPACE_OID, gpu.uuid + name)}")}
        devices.append(
            _device(
                name=name,
                attributes=_mig_attributes(gpu, instance) | own,
                capacity=_amounts(gpu.board, instance) | slices,
            )
        )
    return sorted(devices, key=lambda device: device.name)


def vfio_gpu(gpu: Gpu, index: int, *, pci_device_id: str, iommu_fd: bool = False) -> Device:
    """A GPU for pass-through.

    Args:
        gpu: The GPU.
        index: Its number among the pass-through devices.
        pci_device_id: Such as `0x2330`.
        iommu_fd: Whether the host has IOMMUFD.
    """
    texts = {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, gpu.pci.address)),
        "deviceID": pci_device_id,
        "vendorID": "0x10de",
        "productName": gpu.model.product_name,
    }
    attributes = {name: DRIVER.attribute(name, "vfio").value(text) for name, text in texts.items()}
    return Device(
        name=VFIO_NAMES.format(index=index),
        attributes={"type": _TYPES["vfio"]}
        | attributes
        | {"iommuFDEnabled": DRIVER.attribute("iommuFDEnabled", "vfio").value(iommu_fd)}
        | gpu.pci.attributes(numa_node=gpu.software.numa_node, as_list=gpu.software.numa_as_list),
        capacity={"addressableMemory": amount(gpu.model.memory)},
    )


class SharesMode(Enum):
    """How several claims may share a device (ConsumableShares); a number of shares is the third way."""

    MEMORY = "memory"
    UNLIMITED = "unlimited"


def consumable(device: Device, mode: SharesMode | int) -> Device:
    """The device as it is published with consumable shares.

    Args:
        device: A whole GPU or a MIG device; it is not changed.
        mode: `MEMORY`: claims divide the memory, and take all of it unless they say how much. `UNLIMITED`:
            any number of claims. A number: that many claims.

    Raises:
        DriverError: The number is not positive, or the device has no memory to divide.
    """
    capacity = dict(device.capacity or {})
    if "memory" not in capacity:
        raise DriverError(f"{device.name} has no memory to share", value=device.name)
    total = Quantity.from_nanos((capacity["memory"].value.value >> 20 << 20) * _NANO, Format.BINARY_SI)
    default, least = (total, _MIB) if mode is SharesMode.MEMORY else (_NOTHING, _NOTHING)
    capacity["memory"] = in_steps(total, _MIB, least=least, default=default)
    if isinstance(mode, int):
        if mode < 1:
            raise DriverError("the number of shares must be positive", value=mode)
        capacity["shares"] = in_steps(Quantity(mode), Quantity(1))
    return device.model_copy(update={"capacity": capacity, "allow_multiple_allocations": True})
