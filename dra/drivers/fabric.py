"""Devices of a composable fabric, such as FPGAs or GPUs in a box of their own: attached after scheduling.

CoHDI's composable driver publishes them under the vendor's driver name. They belong to no node yet: a node
selector says which fabric they can be attached from, and binding conditions hold the pod until they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dra.drivers.declarations import Attribute, AttributeContent, Capacity, DeviceType, Kind, NamePattern
from dra.drivers.driver import ClassDeclaration, Driver
from dra.errors import DriverError
from dra.models.core import NodeSelector, NodeSelectorRequirement, NodeSelectorTerm
from dra.models.resource import Device, DeviceCapacity
from dra.names import subdomain_faults
from dra.quantity import Quantity

__all__ = [
    "DRIVERS",
    "FABRIC_CONDITION",
    "FABRIC_FAILURES",
    "fabric_device",
    "fabric_driver",
    "fabric_nodes",
]

_IDENTIFIER: Final = re.compile(r"([a-z0-9.-]+/)?[A-Za-z_][A-Za-z0-9_]{0,31}")
_LONGEST_DRIVER: Final = 63

FABRIC_CONDITION: Final = "FabricDeviceReady"
"""The condition that says that a fabric has attached the device."""

FABRIC_FAILURES: Final = ("FabricDeviceReschedule", "FabricDeviceFailed")
"""The conditions that say that it has not, and will not."""

# The vendor names the driver; none is known by name here.
DRIVERS: Final[tuple[Driver, ...]] = ()
"""All drivers of this module."""


def fabric_driver(
    name: str,
    *,
    title: str = "Fabric device",
    attributes: Mapping[str, Kind] | None = None,
    capacities: tuple[str, ...] = (),
) -> Driver:
    """A driver for devices of any sort, such as FPGAs.

    Args:
        name: The vendor's driver name.
        title: What it manages.
        attributes: Attributes that its devices have besides `productName`, with their types.
        capacities: Capacities that its devices have.

    Raises:
        DriverError: The driver or something that its devices publish cannot have this name, or type.

    Example:
        >>> fpga = fabric_driver("fpga.example.com", attributes={"luts": Kind.INT})
        >>> fpga.device_classes()[0].spec.selectors[0].cel.expression
        'device.driver == "fpga.example.com"'
        >>> fpga.attribute("luts").kind
        <Kind.INT: 'int'>
    """
    if len(name) > _LONGEST_DRIVER or subdomain_faults(name, "characters"):
        raise DriverError(f"{name!r} is no name of a driver", value=name, remedy="such as fpga.example.com")
    named = {"productName": Kind.STRING} | dict(attributes or {})
    for each in (*named, *capacities):
        if not _IDENTIFIER.fullmatch(each):
            raise DriverError(f"{each!r} is no name that a device can publish", value=each)
    for each, kind in named.items():
        if not isinstance(kind, Kind):
            raise DriverError(f"attribute {each}: {kind!r} is no type", value=kind, remedy="such as Kind.INT")
    return Driver(
        name=name,
        title=title,
        device_types=(
            DeviceType(
                name="device",
                summary="A device of the fabric",
                patterns=(NamePattern("{name}", {"name": "[a-z0-9]([a-z0-9-]*[a-z0-9])?"}),),
                attributes=tuple(Attribute(each, kind, optional=True) for each, kind in named.items()),
                capacities=tuple(Capacity(each, optional=True) for each in capacities),
            ),
        ),
        classes=(ClassDeclaration(name, f'device.driver == "{name}"'),),
        source="CoHDI/composable-dra-driver d30f6eb",
    )


def fabric_device(
    driver: Driver,
    name: str,
    values: Mapping[str, AttributeContent],
    capacity: Mapping[str, str] | None = None,
    *,
    attached_later: bool = True,
) -> Device:
    """A device as published.

    Args:
        driver: From `fabric_driver`.
        name: Name of the device.
        values: Its attributes.
        capacity: Its capacities.
        attached_later: It waits on a binding condition until it is attached to the node.

    Raises:
        DriverError: A value has the wrong type.
        UnknownNameError: The driver does not have this attribute or capacity.
    """
    if driver.device_types[0].names.parse(name) is None:
        raise DriverError(f"{name!r} is no name for a device", value=name)
    amounts = {
        driver.capacity(each).name: DeviceCapacity(value=Quantity(amount))
        for each, amount in (capacity or {}).items()
    }
    device = Device(
        name=name,
        attributes={each: driver.attribute(each).value(value) for each, value in values.items()},
        capacity=amounts or None,
    )
    if attached_later:
        device.binds_to_node = True
        device.binding_conditions = [FABRIC_CONDITION]
        device.binding_failure_conditions = list(FABRIC_FAILURES)
    return device


def fabric_nodes(prefix: str, device: str, fabric: str) -> NodeSelector:
    """The nodes that a fabric's devices can be attached to.

    Args:
        prefix: The label prefix of the installation.
        device: Kind of device, which nodes support by a label.
        fabric: Number of the fabric.
    """
    return NodeSelector(
        node_selector_terms=[
            NodeSelectorTerm(
                match_expressions=[
                    NodeSelectorRequirement(key=f"{prefix}/{device}", operator="In", values=["true"]),
                    NodeSelectorRequirement(key=f"{prefix}/fabric", operator="In", values=[fabric]),
                ]
            )
        ]
    )
