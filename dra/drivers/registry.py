"""All drivers by name, and the classes that belong to them."""

from __future__ import annotations

from typing import Final

from dra.drivers import amd, cpu, dranet, example, intel, memory, neuron, nvidia, sriov, tpu
from dra.drivers.driver import ClassDeclaration, Driver
from dra.suggestions import unknown_name

__all__ = ["all", "find_class", "get"]

_MODULES: Final = (nvidia, amd, intel, dranet, sriov, cpu, memory, tpu, neuron, example)
_BY_NAME: Final[dict[str, Driver]] = {driver.name: driver for module in _MODULES for driver in module.DRIVERS}


def get(name: str) -> Driver:
    """The driver of a name such as `gpu.nvidia.com`.

    Raises:
        UnknownNameError: It is not known here; the remedy has the nearest.

    Example:
        >>> get("gpu.nvidia.com").title
        'NVIDIA GPU'
    """
    if name not in _BY_NAME:
        raise unknown_name("driver", name, _BY_NAME)
    return _BY_NAME[name]


def all() -> tuple[Driver, ...]:  # noqa: A001 - `dra.drivers.all()` is the public name
    """Every driver that is known, in a fixed order."""
    return tuple(_BY_NAME.values())


def find_class(name: str) -> tuple[Driver, ClassDeclaration]:
    """The driver that a DeviceClass belongs to, and what is known of the class.

    Raises:
        UnknownNameError: No driver brings a class of this name; the remedy has the nearest.

    Example:
        >>> driver, device_class = find_class("mig.nvidia.com")
        >>> driver.name, device_class.device_type
        ('gpu.nvidia.com', 'mig')
    """
    known = {each.name: (driver, each) for driver in all() for each in driver.classes}
    if name not in known:
        raise unknown_name("class of a known driver", name, known)
    return known[name]
