"""What drivers declare of the devices of a class, and requests that ask for what none of them has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dra import drivers
from dra.cel.reads import Reads
from dra.cel.selector import compile as compile_selector
from dra.drivers.driver import ClassDeclaration, Driver
from dra.errors import BuildError, DraError, UnknownNameError
from dra.features import Features
from dra.quantity import Quantity

__all__ = ["check_capacity", "check_selectors", "known_class", "known_device_type", "memory_amount"]

_MEBIBYTE: Final = 1 << 20


def known_class(name: str) -> tuple[Driver, ClassDeclaration] | None:
    """The driver that a class belongs to, and what is known of the class; None if it is not known."""
    try:
        return drivers.find_class(name)
    except UnknownNameError:
        return None


def known_device_type(device_class: str) -> str:
    """The driver's type of device that a class takes; empty if the class is not known."""
    known = known_class(device_class)
    return known[1].device_type if known else ""


def memory_amount(given: Quantity | str | int, path: str = "") -> Quantity:
    """An amount of memory; a small bare number is one without its unit, as text it is meant.

    Raises:
        QuantityError: It is no quantity.
        BuildError: It is a number of bytes, less than a mebibyte.

    Example:
        >>> memory_amount(20)
        Traceback (most recent call last):
        dra.errors.BuildError: 20 is a number of bytes
          write '20Gi'
    """
    if isinstance(given, int) and 0 < given < _MEBIBYTE:
        raise BuildError(f"{given} is a number of bytes", path=path, value=given, remedy=f"write '{given}Gi'")
    return Quantity(given)


def check_capacity(device_class: str, names: Iterable[str]) -> None:
    """Refuse a capacity that the devices of a known class do not have; one with a domain is taken as it is.

    Raises:
        UnknownNameError: The driver of the class declares no such capacity.
    """
    known = known_class(device_class)
    for name in names:
        if known is None or "/" in name:
            continue
        try:
            known[0].capacity(name, known[1].device_type)
        except UnknownNameError as error:
            error.remedy += f"; for one newer than this library: {known[0].name}/{name}"
            raise error.located(path_prefix=f"capacity.requests[{name}]") from None


def check_selectors(device_class: str, selectors: Iterable[str]) -> None:
    """Refuse a condition of which the devices of a known class have nothing that it asks about.

    On every such device it is false, or an error that is fatal for the pod.

    Raises:
        BuildError: One is about devices of another type or driver.

    Example:
        >>> check_selectors("gpu.nvidia.com", ['device.attributes["gpu.nvidia.com"].profile == "1g.5gb"'])
        Traceback (most recent call last):
        dra.errors.BuildError: selectors[0].cel.expression: devices of class gpu.nvidia.com have no gpu.nvidia.com/profile
          classes of devices that do: mig.nvidia.com
    """  # noqa: E501 - the error is one line
    known = known_class(device_class)
    for index, text in enumerate(selectors) if known else ():
        asked = _names(compile_selector(text, features=Features.all()).reads)
        owners = [_owners(name, *known) for name in asked] if known else []
        if not asked or not all(owners):
            continue
        classes = sorted({each for owner in owners for each in owner})
        raise BuildError(
            f"devices of class {device_class} have no {' and no '.join(asked)}",
            path=f"selectors[{index}].cel.expression",
            value=text,
            remedy=f"classes of devices that do: {', '.join(classes)}",
        )


def _names(reads: Reads) -> list[str]:
    """Everything that decides, by full name; nothing if it is not only attributes and capacities."""
    if reads.driver or reads.allow_multiple_allocations or reads.all_attributes or reads.all_capacity:
        return []
    return sorted(reads.attributes | reads.capacity)


def _owners(name: str, driver: Driver, declared: ClassDeclaration) -> list[str]:
    """Classes of devices that have something of this name; none if those of the class may have it, too."""
    if _has(driver, declared.device_type, name):
        return []
    return [
        each.name
        for other in drivers.all()
        for each in other.classes
        if name.rpartition("/")[0] == other.name and _has(other, each.device_type, name)
    ]


def _has(driver: Driver, device_type: str, name: str) -> bool:
    for find in (driver.attribute, driver.capacity):
        try:
            find(name, device_type)
        except DraError:
            continue
        return True
    return False
