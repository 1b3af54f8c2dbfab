"""`Option`: what one request, or one alternative of it, wants.

Everything that shapes a request does it by giving a new `Option`: keyword arguments, ready-made options such
as `gpu("H100-80GB")`, sharing strategies. What is wrong with it by itself is an error at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import attrs
from typing_extensions import Unpack

from dra import drivers
from dra.claims.declared import check_capacity, check_selectors, known_class, known_device_type
from dra.claims.source import option_source
from dra.claims.wants import (
    LIMITS,
    Strategy,
    Wants,
    amounts,
    derived,
    opaque,
    required,
    selectors,
    several,
    strategies,
    tolerated,
)
from dra.errors import BuildError, DriverError
from dra.models.resource import (
    CapacityRequirements,
    CELDeviceSelector,
    DeviceDerivedAttribute,
    DeviceSelector,
    DeviceSubRequest,
    DeviceToleration,
    ExactDeviceRequest,
    OpaqueDeviceConfiguration,
)
from dra.names import slug
from dra.quantity import Quantity
from dra.suggestions import did_you_mean

__all__ = ["Option", "Preference", "label", "option", "prefer"]

_ALL: Final = "All"
_MODES: Final = ("ExactCount", _ALL)


@attrs.frozen(repr=False)
class Option:
    """What a request wants, or one alternative of it. Made by `option`, `gpu` and `mig`.

    Attributes:
        device_class: Name of the DeviceClass; a strategy may supply it.
        name: Name as an alternative.
        count: How many devices; None for one.
        allocation_mode: `All`, `ExactCount` or empty.
        selectors: CEL expressions.
        capacity: Amounts by capacity.
        tolerations: Taints that are tolerated.
        admin_access: Whether devices in use are taken, too.
        derived_attributes: CEL by attribute name.
        configs: Configuration for drivers.
        share: Strategies that are still to be applied.
        device_type: The driver's type of device, where it is known.
        default_name: Name as an alternative if none is given.

    Example:
        >>> wanted = option(device_class="gpu.nvidia.com", count=2)
        >>> wanted.exactly().to_dict()
        {'deviceClassName': 'gpu.nvidia.com', 'count': 2}
    """

    device_class: str = ""
    name: str = ""
    count: int | None = None
    allocation_mode: str = ""
    selectors: tuple[str, ...] = ()
    capacity: tuple[tuple[str, Quantity], ...] = ()
    tolerations: tuple[DeviceToleration, ...] = ()
    admin_access: bool = False
    derived_attributes: tuple[tuple[str, str], ...] = ()
    configs: tuple[OpaqueDeviceConfiguration, ...] = ()
    share: tuple[Strategy, ...] = ()
    device_type: str = ""
    default_name: str = ""

    def __repr__(self) -> str:
        return option_source(self)

    def but(self, **wants: Unpack[Wants]) -> Option:
        """The option with more said of it: conditions, configuration and the like come on top.

        Raises:
            BuildError: What is said makes no sense.
            CompileError: An expression is no CEL selector.
            DriverError: A driver refuses its configuration.
        """
        unknown = sorted(wants.keys() - Wants.__annotations__.keys())
        if unknown:
            remedy = did_you_mean(unknown[0], Wants.__annotations__)
            raise BuildError(f"a request has no {unknown[0]!r}", value=unknown[0], remedy=remedy)
        device_class = required(wants.get("device_class", ""), str, "deviceClassName")
        if self.device_class and device_class and self.device_class != device_class:
            raise BuildError(f"is {self.device_class!r} already", path="deviceClassName", value=device_class)
        known = known_class(device_class or self.device_class)
        where = selectors(wants.get("where", ()), len(self.selectors), known[0].name if known else "")
        capacity = dict(self.capacity) | dict(amounts(wants.get("capacity") or {}))
        attributes = dict(self.derived_attributes) | dict(derived(wants.get("derived_attributes") or {}))
        return attrs.evolve(
            self,
            device_class=device_class or self.device_class,
            count=wants.get("count", self.count),
            allocation_mode=wants.get("allocation_mode", self.allocation_mode),
            selectors=(*self.selectors, *where),
            capacity=tuple(capacity.items()),
            tolerations=(*self.tolerations, *map(tolerated, several(wants.get("tolerations", ())))),
            admin_access=required(wants.get("admin_access", self.admin_access), bool, "adminAccess"),
            derived_attributes=tuple(attributes.items()),
            configs=(*self.configs, *map(opaque, several(wants.get("config", ())))),
            share=(*self.share, *strategies(wants.get("share", ()))),
        )._checked()

    def _checked(self) -> Option:
        if self.count is not None and (type(self.count) is not int or not 1 <= self.count < 1 << 63):
            raise BuildError("must be a whole number greater than zero", path="count", value=self.count)
        if self.allocation_mode and self.allocation_mode not in _MODES:
            raise BuildError(
                f"unknown allocation mode {self.allocation_mode!r}",
                path="allocationMode",
                value=self.allocation_mode,
                remedy=f"known: {', '.join(_MODES)}",
            )
        if self.allocation_mode == _ALL and self.count is not None:
            raise BuildError(
                "a count makes no sense for all devices",
                path="count",
                value=self.count,
                remedy="leave out either count or allocation_mode",
            )
        if len(self.selectors) > LIMITS.selectors:
            raise BuildError(f"at most {LIMITS.selectors} selectors", path="selectors")
        return self

    def resolved(self) -> Option:
        """The option with its strategies applied.

        Raises:
            DriverError: A driver refuses a strategy or a combination of them.
            BuildError: There is no class, and no strategy that would know one; or what is asked is of devices
                of another class.
            UnknownNameError: Devices of the class have no such capacity.
        """
        done = attrs.evolve(self, device_type=self.device_type or known_device_type(self.device_class))
        for strategy in self.share:
            done = strategy.apply(done)
        if not done.device_class:
            raise BuildError(
                "which devices? There is no class",
                path="deviceClassName",
                remedy='name one, such as device_class="gpu.nvidia.com"',
            )
        check_selectors(done.device_class, done.selectors)
        check_capacity(done.device_class, dict(done.capacity))
        for config in done.configs:
            _check_device_type(config, done)
        return attrs.evolve(done, share=())

    def exactly(self) -> ExactDeviceRequest:
        """The only thing that a request wants, on the wire."""
        return ExactDeviceRequest(**self._fields(), admin_access=self.admin_access or None)

    def alternative(self) -> DeviceSubRequest:
        """One of the things that a request may get, on the wire."""
        return DeviceSubRequest(name=self.name or self.default_name, **self._fields())

    def _fields(self) -> dict[str, Any]:
        return {
            "device_class_name": self.device_class,
            "selectors": [DeviceSelector(cel=CELDeviceSelector(expression=each)) for each in self.selectors]
            or None,
            "allocation_mode": self.allocation_mode or None,
            "count": self.count,
            "tolerations": [each.model_copy() for each in self.tolerations] or None,
            "capacity": CapacityRequirements(requests=dict(self.capacity)) if self.capacity else None,
            "derived_attributes": [
                DeviceDerivedAttribute(name=name, expression=text) for name, text in self.derived_attributes
            ]
            or None,
        }


@attrs.frozen(repr=False)
class Preference:
    """Alternatives for a request, the best first; see `prefer`."""

    options: tuple[Option, ...]

    def __repr__(self) -> str:
        return f"prefer({', '.join(map(repr, self.options))})"

    def but(self, **wants: Unpack[Wants]) -> Preference:
        """The same, with more said of every alternative; see `Option.but`."""
        return Preference(tuple(each.but(**wants) for each in self.options))


def option(
    device_class: str = "",
    /,
    *,
    name: str = "",
    **wants: Unpack[Wants],  # pyright: ignore[reportGeneralTypeIssues] # it overlooks the `/`
) -> Option:
    """What a request wants, to be used as one of several alternatives.

    Args:
        device_class: Name of the DeviceClass; not needed with a strategy that knows it. It may be named as
            keyword, too.
        name: Name as an alternative, by which constraints and allocations call it.
        **wants: See `Wants`.

    Raises:
        BuildError: What is said makes no sense.
        CompileError: An expression is no CEL selector.
        DriverError: A driver refuses its configuration.

    Example:
        >>> option("gpu.nvidia.com", where="device.driver")
        Traceback (most recent call last):
        dra.errors.CompileError: selectors[0].cel.expression: must evaluate to bool or the unknown type, not string
    """  # noqa: E501 - the error is one line
    known = required(device_class, str, "deviceClassName")
    wanted = Option(device_class=known, name=required(name, str, "name")).but(**wants)
    return attrs.evolve(wanted, default_name=label(wanted.device_class))


def prefer(*options: Option) -> Preference:
    """Alternatives for a request: the first that can be allocated is taken (KEP-4816).

    Alternatives without a name get one from what they are.

    Raises:
        BuildError: There are none or too many, two have one name, or one wants admin access.

    Example:
        >>> ladder = prefer(option("gpu.intel.com"), option("gaudi.intel.com", name="gaudi"))
        >>> [each.name for each in ladder.options]
        ['gpu-intel-com', 'gaudi']
    """
    if not 1 <= len(options) <= LIMITS.subrequests:
        raise BuildError(
            f"{len(options)} alternatives; there may be 1 to {LIMITS.subrequests}", path="firstAvailable"
        )
    named: dict[str, Option] = {}
    for index, each in enumerate(options):
        if not isinstance(each, Option):
            raise BuildError(
                f"an alternative is an option, not {type(each).__name__}",
                path=f"firstAvailable[{index}]",
                value=each,
                remedy="make one with option(...), gpu(...) or mig(...)",
            )
        name = each.name or _free(each.default_name or f"alternative-{index}", named)
        if name in named:
            raise BuildError(
                "two alternatives have one name", path=f"firstAvailable[{index}].name", value=name
            )
        named[name] = attrs.evolve(each, name=name)
    return Preference(tuple(named.values()))


def _free(name: str, taken: Iterable[str]) -> str:
    names = (name, *(f"{name}-{number}" for number in range(2, LIMITS.subrequests + 2)))
    return next(each for each in names if each not in taken)


def label(text: str) -> str:
    """A text as a DNS label: an alternative needs one for a name."""
    return slug(text)[:63].strip("-")


def _check_device_type(config: OpaqueDeviceConfiguration, wanted: Option) -> None:
    """Refuse configuration for another type of device: the driver does when the claim is prepared."""
    driver = next((each for each in drivers.all() if each.name == config.driver), None)
    read = next((each for each in driver.configs if each.reads(config.parameters)), None) if driver else None
    if read and read.device_types and wanted.device_type and wanted.device_type not in read.device_types:
        raise DriverError(
            f"{read.__name__} is for devices of type {' or '.join(sorted(read.device_types))}, "
            f"and class {wanted.device_class} has {wanted.device_type}",
            path="config.opaque.parameters",
            value=config.parameters,
        )
