"""The memory drivers: memory of a NUMA node, plain and in huge pages, of which claims take an amount."""

from __future__ import annotations

from typing import Final

from dra.drivers.declarations import Attribute, Capacity, DeviceType, Kind, NamePattern, in_steps
from dra.drivers.driver import ClassDeclaration, Driver
from dra.drivers.standard import NUMA_NODE
from dra.errors import DriverError
from dra.models.resource import Device
from dra.quantity import Quantity

__all__ = ["DRIVERS", "HUGEPAGES_1G", "HUGEPAGES_2M", "MEMORY", "memory_device"]

_PAGE_SIZES: Final = {"dra.memory": "4Ki", "dra.hugepages-2m": "2Mi", "dra.hugepages-1g": "1Gi"}

_TYPE: Final = DeviceType(
    name="memory",
    summary="The memory of a NUMA node in pages of one size",
    patterns=(NamePattern("memory-{random}", {"random": "[a-z0-9]{6}"}),),
    attributes=(
        NUMA_NODE,
        Attribute("pageSize", Kind.STRING, "Such as 2Mi"),
        Attribute("hugeTLB", Kind.BOOL, "Whether these are huge pages"),
        Attribute("dra.cpu/numaNodeID", Kind.INT, "NUMA node, as the CPU driver has it", optional=True),
        Attribute("dra.net/numaNode", Kind.INT, "NUMA node, as DRANET has it", optional=True),
    ),
    capacities=(Capacity("size", "Bytes that claims can take of it, in whole pages"),),
)


def _driver(name: str, title: str) -> Driver:
    return Driver(
        name=name,
        title=title,
        device_types=(_TYPE,),
        classes=(ClassDeclaration(name, f'device.driver == "{name}"'),),
        source="ffromani/dra-driver-memory 1b0d668",
    )


MEMORY: Final = _driver("dra.memory", "Memory")
"""The driver of memory in pages of 4Ki."""

HUGEPAGES_2M: Final = _driver("dra.hugepages-2m", "Huge pages of 2Mi")
"""The driver of huge pages of 2Mi."""

HUGEPAGES_1G: Final = _driver("dra.hugepages-1g", "Huge pages of 1Gi")
"""The driver of huge pages of 1Gi."""

DRIVERS: Final = (MEMORY, HUGEPAGES_2M, HUGEPAGES_1G)
"""All drivers of this module."""


def memory_device(driver: Driver, *, node: int, size: str, suffix: str) -> Device:
    """A device as published: the memory of a NUMA node.

    Args:
        driver: One of `DRIVERS`.
        node: The NUMA node.
        size: How much there is of it.
        suffix: The six characters that the driver draws for the name.

    Raises:
        DriverError: The size is no multiple of the page size, or that is another driver.

    Example:
        >>> memory_device(HUGEPAGES_2M, node=0, size="64Gi", suffix="a1b2c3").name
        'memory-a1b2c3'
    """
    if driver not in DRIVERS:
        raise DriverError(f"{driver.name} is no memory driver", value=driver.name)
    page, total = Quantity(_PAGE_SIZES[driver.name]), Quantity(size)
    if total.value % page.value:
        raise DriverError(f"{size} is no multiple of the page size {page}", value=size)
    values: dict[str, int | str | bool] = {
        NUMA_NODE.name: node,
        "pageSize": str(page),
        "hugeTLB": driver is not MEMORY,
        "dra.cpu/numaNodeID": node,
        "dra.net/numaNode": node,
    }
    return Device(
        name=_TYPE.names.format(random=suffix),
        attributes=driver.values(values),
        capacity={"size": in_steps(total, page)},
        allow_multiple_allocations=True,
    )
