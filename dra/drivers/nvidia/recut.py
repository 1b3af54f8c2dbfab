"""The GPUs of a node, read back from what the driver publishes, and published again cut another way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from dra.drivers.nvidia.boards import GPU_MODELS, GpuModel
from dra.drivers.nvidia.gpu import DRIVER_NAME, GPU_NAMES
from dra.drivers.nvidia.mig import MigBoard
from dra.drivers.nvidia.publish import (
    Gpu,
    GpuSoftware,
    counter_set,
    parse_mig_device_name,
    partitionable,
    static_mig,
)
from dra.drivers.standard import NUMA_NODE, PCI_BUS_ID, PCIE_ROOT, PciDevice
from dra.errors import DriverError
from dra.features import LATEST, minor
from dra.models.meta import ObjectMeta
from dra.models.resource import CounterSet, Device, DeviceAttribute, ResourceSlice
from dra.suggestions import unknown_name

__all__ = ["DYNAMIC", "observed_gpus", "recut"]

DYNAMIC: Final = "dynamic"
"""The layout of GPUs that are cut on demand (DynamicMIG)."""

_MOST_DEVICES: Final = 128
_MOST_COUNTER_SETS: Final = 8
# Until 1.34, counters and the devices that consume them are in one slice.
_COMBINED: Final = "1.34"


def observed_gpus(slices: Iterable[ResourceSlice]) -> list[Gpu]:
    """The GPUs that slices of the driver speak of, whole or cut, by their numbers.

    Raises:
        DriverError: A GPU is of a model that is not known.

    Example:
        >>> from dra.testing import nodes
        >>> cut = nodes.node("dgx-h100", mig="all-balanced", drivers=["gpu.nvidia.com"])
        >>> [(each.minor, each.model.name) for each in observed_gpus(cut.slices)][:2]
        [(0, 'H100-80GB'), (1, 'H100-80GB')]
    """
    found: dict[int, Gpu] = {}
    for slice_ in slices:
        for device in slice_.spec.devices or () if slice_.spec.driver == DRIVER_NAME else ():
            number = _minor(device)
            if number is not None and number not in found:
                found[number] = _gpu(device, number)
    return [found[number] for number in sorted(found)]


def recut(slices: Sequence[ResourceSlice], layout: str, kubernetes: str = LATEST) -> list[ResourceSlice]:
    """The slices of a node's GPUs as the driver would publish them once they are cut.

    Devices that are no GPUs and no parts of one, such as those for pass-through, are left out.

    Args:
        slices: The slices of the driver on one node; those of other drivers are left out.
        layout: `dynamic` (on demand, with counters), one of mig-parted's names (`all-1g.10gb`,
            `all-balanced`, `all-disabled` for whole GPUs), or profiles (`3g.40gb, 2g.20gb`), for every GPU.
        kubernetes: Minor of the cluster, which decides how counters are laid out.

    Raises:
        DriverError: There is no GPU, its model or its MIG profiles are not known, or they do not fit.
        UnknownNameError: There is no such layout or profile.

    Example:
        >>> from dra.testing import nodes
        >>> whole = nodes.node("dgx-h100", drivers=["gpu.nvidia.com"])
        >>> [cut] = recut(whole.slices, "all-1g.10gb")
        >>> len(whole.devices()), len(cut.spec.devices), cut.spec.pool.generation
        (8, 56, 2)
    """
    old = [each for each in slices if each.spec.driver == DRIVER_NAME]
    gpus = observed_gpus(old)
    if not gpus:
        raise DriverError(f"no GPU of {DRIVER_NAME} is published", value=layout)
    _check_layout(layout, gpus[0].board)
    if layout == DYNAMIC:
        contents = list(_on_demand(gpus, kubernetes))
    else:
        devices = [each for gpu in gpus for each in static_mig(gpu, gpu.board.layout(layout))]
        devices.sort(key=lambda each: each.name)
        contents = [
            (devices[start : start + _MOST_DEVICES], []) for start in range(0, len(devices), _MOST_DEVICES)
        ]
    first, digits = old[0], len(str(len(contents)))
    pool = first.spec.pool.model_copy(
        update={
            "generation": max(each.spec.pool.generation for each in old) + 1,
            "resource_slice_count": len(contents),
        }
    )
    return [
        first.model_copy(
            update={
                "metadata": ObjectMeta(
                    name=f"{first.metadata.name}-{number:0{digits}}",
                    owner_references=first.metadata.owner_references,
                ),
                "spec": first.spec.model_copy(
                    update={"pool": pool, "devices": devices or None, "shared_counters": counters or None}
                ),
            }
        )
        for number, (devices, counters) in enumerate(contents)
    ]


def _check_layout(layout: str, board: MigBoard) -> None:
    """A word that is neither a layout nor like profiles: what it was meant to be."""
    if layout != DYNAMIC and "." not in str(layout) and not str(layout).startswith("all-"):
        profiles = (each.name for each in board.profiles)
        raise unknown_name("MIG layout", layout, [DYNAMIC, *board.layout_names, *profiles])


def _on_demand(gpus: Sequence[Gpu], kubernetes: str) -> Iterator[tuple[list[Device], list[CounterSet]]]:
    """Slice by slice, devices and counter sets of GPUs that are cut on demand."""
    if minor(kubernetes) == _COMBINED:
        yield from ((partitionable(gpu), [counter_set(gpu)]) for gpu in gpus)
        return
    for start in range(0, len(gpus), _MOST_COUNTER_SETS):
        yield [], [counter_set(gpu) for gpu in gpus[start : start + _MOST_COUNTER_SETS]]
    yield from ((partitionable(gpu), []) for gpu in gpus)


def _minor(device: Device) -> int | None:
    """The number of the GPU that a device is, or is a part of."""
    whole = GPU_NAMES.parse(device.name)
    if whole is not None:
        return int(whole["minor"])
    part = parse_mig_device_name(device.name)
    return part[0] if part is not None else None


def _gpu(device: Device, number: int) -> Gpu:
    attributes = device.attributes or {}

    def text(name: str) -> str:
        found = _attribute(attributes, name)
        return (found.string or found.version or "") if found is not None else ""

    numa = _attribute(attributes, NUMA_NODE.name)
    numbers = [] if numa is None else numa.ints or [-1 if numa.int_ is None else numa.int_]
    software = GpuSoftware(
        text("driverVersion") or GpuSoftware().driver_version,
        text("cudaDriverVersion") or GpuSoftware().cuda_version,
        text("addressingMode"),
        numa_node=bool(numbers),
        numa_as_list=bool(numa is not None and numa.ints),
    )
    address = text(PCI_BUS_ID.name) or text("pcieBusID") or "0000:00:00.0"
    place = PciDevice(address, root=text(PCIE_ROOT.name), numa_node=next(iter(numbers), -1))
    return Gpu(_model(text("productName")), number, text("parentUUID") or text("uuid"), place, software)


def _attribute(attributes: Mapping[str, DeviceAttribute], name: str) -> DeviceAttribute | None:
    return attributes.get(name) or attributes.get(f"{DRIVER_NAME}/{name}")


def _model(product: str) -> GpuModel:
    for each in GPU_MODELS.values():
        if each.product_name == product:
            return each
    raise DriverError(
        f"the MIG profiles of {product or 'a GPU without productName'} are not known",
        value=product,
        remedy="give the slices as the driver would publish them",
    )
