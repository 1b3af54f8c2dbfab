"""Terms by driver, such as `nvidia.gpu.memory`, whose names and types `dra.drivers` declares."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from dra.claims.select.any_device import device
from dra.claims.select.expression import Expression, all_of
from dra.claims.select.literals import Type, python_text
from dra.claims.select.reads import Missing, Read, Table
from dra.claims.select.term import Term
from dra.drivers import registry
from dra.drivers.declarations import Attribute, Capacity, DeviceType
from dra.drivers.driver import Driver
from dra.errors import ExpressionError, UnknownNameError
from dra.suggestions import unknown_name

__all__ = ["VENDORS", "Devices", "Vendor", "driver", "is_a", "python_name"]

_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")


def python_name(name: str) -> str:
    """A name on the wire as Python writes names, without its domain.

    Example:
        >>> [python_name(each) for each in ("cudaComputeCapability", "parentUUID", "dra.cpu/numCPUs")]
        ['cuda_compute_capability', 'parent_uuid', 'num_cpus']
    """
    return _WORDS.sub("_", name.rpartition("/")[2]).lower()


class Devices:
    """What the devices of a driver, or of one type of it, say about themselves.

    Attributes and capacities are members, named as Python names them or as on the wire; `[...]` takes any
    name, with its domain too. What only some of the devices have is guarded: a comparison with it is false on
    the others. What all of them have is not.

    Args:
        of: The driver.
        device_type: The type of device; empty for what is common to all.
        spelling: How Python source gets at it; empty if it cannot.

    Raises:
        UnknownNameError: The driver has no such type of device.

    Example:
        >>> from dra.claims.select import nvidia
        >>> print(nvidia.gpu.architecture == "Hopper")
        device.attributes["gpu.nvidia.com"].architecture == "Hopper"
        >>> print(nvidia.gpu.addressing_mode == "ATS")
        device.attributes["gpu.nvidia.com"].?addressingMode.orValue("") == "ATS"
        >>> nvidia.gpu.memmory
        Traceback (most recent call last):
        dra.errors.UnknownNameError: no attribute or capacity of nvidia.gpu is named 'memmory'
          did you mean 'memory'?
    """

    def __init__(self, of: Driver, device_type: str = "", spelling: str = "") -> None:
        self._driver = of
        self._type = of.device_type(device_type) if device_type else None
        self._spelling = spelling

    @cached_property
    def _declared(self) -> dict[str, Attribute | Capacity]:
        """Declarations by every name of theirs; where two share one, the driver's own domain is meant."""
        source: DeviceType | Driver = self._type or self._driver
        declared: tuple[Attribute | Capacity, ...] = (*source.attributes, *source.capacities)
        found: dict[str, Attribute | Capacity] = {}
        for each in sorted(declared, key=self._is_foreign):
            full = each.qualified(self._driver.name)
            for name in (full, each.name, each.identifier, python_name(each.name)):
                found.setdefault(name, each)
        return found

    def _is_foreign(self, declaration: Attribute | Capacity) -> bool:
        return declaration.domain not in ("", self._driver.name)

    def __getitem__(self, name: str) -> Term:
        declared = self._declared.get(name) or self._numbered(name)
        if declared is None:
            raise self._unknown(name)
        table: Table = "attributes" if isinstance(declared, Attribute) else "capacity"
        read = Read(
            table,
            declared.domain or self._driver.name,
            declared.identifier,
            Missing.FALSE if declared.optional else Missing.ERROR,
            spelling=self._spelled(declared, table),
        )
        if isinstance(declared, Capacity):
            return Term(read, Type.QUANTITY, False)
        return Term(read, Type(declared.kind.value), declared.listed, declared.values)

    def __getattr__(self, name: str) -> Term:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def _numbered(self, name: str) -> Capacity | None:
        """One of the capacities that differ by a number at the end of their names."""
        base = name.rstrip("0123456789")
        many = self._declared.get(base.rstrip("_")) if base != name else None
        if isinstance(many, Capacity) and many.many:
            return Capacity(f"{many.name}{name[len(base) :]}", many.summary, optional=many.optional)
        return None

    def _spelled(self, declared: Attribute | Capacity, table: Table) -> str:
        name = python_name(declared.name)
        if self._spelling:
            is_plain = self._declared.get(name, declared).name == declared.name
            if is_plain and name.isidentifier() and not keyword.iskeyword(name):
                return f"{self._spelling}.{name}"
            return f"{self._spelling}[{python_text(declared.qualified(self._driver.name))}]"
        method = "attr" if table == "attributes" else "capacity"
        untyped = f"device.{method}({python_text(declared.qualified(self._driver.name))})"
        return untyped if declared.optional else f"{untyped}.{Missing.ERROR.value}()"

    def _unknown(self, name: object) -> UnknownNameError:
        known = sorted({python_name(each.name) for each in self._declared.values()})
        error = unknown_name(f"attribute or capacity of {self!r}", str(name), known)
        others = [
            each.name
            for each in self._driver.device_types
            if self._type and name in Devices(self._driver, each.name)._declared
        ]
        if others:
            error.remedy = f"only devices of type {' and '.join(others)} have it"
        return error

    def __iter__(self) -> Iterator[str]:
        """The names, as on the wire."""
        return iter(dict.fromkeys(each.name for each in self._declared.values()))

    def __dir__(self) -> list[str]:
        names = {name for name in self._declared if name.isidentifier()}
        return sorted({name for name in names if not getattr(self._declared[name], "many", False)})

    def __repr__(self) -> str:
        return self._spelling or self._driver.name + (f" {self._type.name}" if self._type else "")


class Vendor:
    """The kinds of device of a vendor, each with its terms: `nvidia.gpu`, `nvidia.mig`.

    Args:
        name: Its name in Python.
        kinds: Driver and type of device by name.
    """

    def __init__(self, name: str, kinds: Mapping[str, tuple[str, str]]) -> None:
        self._name = name
        self._kinds = dict(kinds)

    def __getattr__(self, name: str) -> Devices:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._kinds:
            raise unknown_name(f"kind of device of {self._name}", name, self._kinds)
        driver_name, device_type = self._kinds[name]
        found = Devices(registry.get(driver_name), device_type, f"{self._name}.{name}")
        # From now on Python finds it without asking here.
        self.__dict__[name] = found
        return found

    def of_type(self, driver_name: str, device_type: str) -> list[Devices]:
        """The kinds of device of a driver's type; none if the vendor has no such driver or type."""
        return [
            getattr(self, name) for name, kind in self._kinds.items() if kind == (driver_name, device_type)
        ]

    def __dir__(self) -> list[str]:
        return sorted(self._kinds)

    def __repr__(self) -> str:
        return self._name


_GPU, _COMPUTE_DOMAIN, _AMD, _INTEL = (
    "gpu.nvidia.com",
    "compute-domain.nvidia.com",
    "gpu.amd.com",
    "gpu.intel.com",
)

VENDORS: Final = {
    name: Vendor(name, kinds)
    for name, kinds in {
        "nvidia": {
            "gpu": (_GPU, "gpu"),
            "mig": (_GPU, "mig"),
            "vfio": (_GPU, "vfio"),
            "channel": (_COMPUTE_DOMAIN, "channel"),
            "daemon": (_COMPUTE_DOMAIN, "daemon"),
        },
        "amd": {"gpu": (_AMD, "amdgpu"), "partition": (_AMD, "amdgpu-partition"), "vfio": (_AMD, "vfio")},
        "intel": {
            "gpu": (_INTEL, "gpu"),
            "vf": (_INTEL, "vf"),
            "gaudi": ("gaudi.intel.com", "gaudi"),
            "qat": ("qat.intel.com", "qat"),
        },
        "dranet": {"nic": ("dra.net", "nic")},
        "sriov": {"vf": ("sriovnetwork.k8snetworkplumbingwg.io", "vf")},
        "cpu": {"cpu": ("dra.cpu", "cpu"), "group": ("dra.cpu", "group")},
        "memory": {
            "memory": ("dra.memory", "memory"),
            "hugepages_2m": ("dra.hugepages-2m", "memory"),
            "hugepages_1g": ("dra.hugepages-1g", "memory"),
        },
        "tpu": {"tpu": ("tpu.google.com", "tpu")},
        "neuron": {"device": ("neuron.aws.com", "neuron_device")},
        "example": {
            "gpu": ("gpu.example.com", "gpu"),
            "partition": ("gpu.example.com", "partition"),
            "nic": ("net.example.com", "nic"),
            "numa": ("cpu.example.com", "numa"),
        },
    }.items()
}


def driver(of: str | Driver, device_type: str = "") -> Devices:
    """The terms of a driver, or of one type of its devices.

    Args:
        of: Name of a driver that `dra.drivers` knows, or a driver such as `dra.drivers.fabric` makes.
        device_type: The type of device; empty for all, where only what every type has is not guarded.

    Raises:
        UnknownNameError: There is no such driver, or no such type of its devices.

    Example:
        >>> print(driver("gpu.nvidia.com", "mig").profile == "1g.10gb")
        device.attributes["gpu.nvidia.com"].profile == "1g.10gb"
        >>> print(driver("gpu.nvidia.com").profile == "1g.10gb")
        device.attributes["gpu.nvidia.com"].?profile.orValue("") == "1g.10gb"
    """
    if isinstance(of, Driver):
        known = of.name in {each.name for each in registry.all()} and registry.get(of.name) == of
        found, name = of, of.name if known else ""
    else:
        found, name = registry.get(of), of
    arguments = [python_text(each) for each in (name, device_type) if each]
    return Devices(found, device_type, f"driver({', '.join(arguments)})" if name else "")


def is_a(devices: Devices) -> Expression:
    """Whether a device is one of a driver, of a type of it if it says its type: what classes select.

    Example:
        >>> from dra.claims.select import nvidia
        >>> print(is_a(nvidia.mig))
        device.driver == "gpu.nvidia.com" && device.attributes["gpu.nvidia.com"].type == "mig"
    """
    if not isinstance(devices, Devices):
        raise ExpressionError(f"{devices!r} is no kind of device", remedy="write is_a(nvidia.gpu)")
    of_driver = device.driver == devices._driver.name
    declared = devices._declared.get("type")
    if (
        devices._type is None
        or not isinstance(declared, Attribute)
        or devices._type.name not in declared.values
    ):
        return of_driver
    return all_of(of_driver, devices["type"] == devices._type.name)
