"""A device as expressions see it, converted once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from dra.cel.library.quantity import Amount
from dra.cel.library.semver import Semver
from dra.cel.values import DomainMap, Failure, Value
from dra.errors import EvaluationError
from dra.models.resource import Device, DeviceAttribute, DeviceCapacity

__all__ = ["AnyDevice", "BoundDevice"]

AnyDevice: TypeAlias = "BoundDevice | Device | Mapping[str, Any]"


def _version(text: str) -> Semver:
    try:
        return Semver.parse(text)
    except Failure as failure:
        raise EvaluationError(f"parse semantic version: {failure}", value=text) from None


def _same(value: Value) -> Value:
    return value


def _each(convert: Callable[[Any], Value]) -> Callable[[Any], Value]:
    return lambda values: tuple(map(convert, values))


# Name on the wire -> how its value becomes one of CEL's, in the order in which they are looked for.
_CONVERSIONS: Final[dict[str, Callable[[Any], Value]]] = {
    "ints": _each(int),
    "bools": _each(bool),
    "strings": _each(str),
    "versions": _each(_version),
    "int": int,
    "bool": _same,
    "string": _same,
    "version": _version,
}


# Most attributes: one value that is CEL's already.
_PLAIN: Final[dict[type, str]] = {str: "string", int: "int", bool: "bool"}


def _attribute(name: str, attribute: Mapping[str, Any] | DeviceAttribute) -> Value:
    wire = attribute if isinstance(attribute, Mapping) else attribute.to_dict()
    if len(wire) == 1:
        ((kind, value),) = wire.items()
        if value.__class__ in _PLAIN and _PLAIN[value.__class__] == kind:
            return value
    for kind, convert in _CONVERSIONS.items():
        if wire.get(kind) is not None:
            try:
                return convert(wire[kind])
            except EvaluationError as error:
                raise EvaluationError(f"attribute {name}: {error.message}", value=error.value) from None
    raise EvaluationError(f"attribute {name}: unsupported attribute value", value=name)


def _quantity(name: str, capacity: Mapping[str, Any] | DeviceCapacity) -> Amount:
    value = capacity["value"] if isinstance(capacity, Mapping) else capacity.value
    try:
        return Amount.parse(str(value))
    except Failure as failure:
        raise EvaluationError(f"capacity {name}: {failure}", value=value) from None


class BoundDevice:
    """A device and its driver, converted once for any number of selectors. Immutable.

    Args:
        device: A `models.Device`, or a device of a v1 ResourceSlice as a dict.
        driver: Name of the driver; attributes and capacities without a domain belong to it.

    Attributes:
        driver: As given.
        allow_multiple_allocations: False unless the device says otherwise.
        attributes: CEL's value by full name, such as `gpu.example.com/model`.
        capacity: Quantity by full name.

    Raises:
        EvaluationError: An attribute has no value, or its version is none.

    Example:
        >>> bound = BoundDevice({"attributes": {"model": {"string": "H100"}}}, driver="gpu.example.com")
        >>> bound.attributes
        {'gpu.example.com/model': 'H100'}
    """

    __slots__ = ("_view", "allow_multiple_allocations", "attributes", "capacity", "driver")

    def __init__(self, device: Device | Mapping[str, Any], driver: str = "") -> None:
        try:
            self._convert(device, driver)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise EvaluationError(f"this is no device of resource.k8s.io/v1: {error!r}") from None

    @classmethod
    def of(cls, device: AnyDevice, driver: str = "") -> BoundDevice:
        """The device itself if it is bound, else bound to the driver."""
        return device if isinstance(device, BoundDevice) else cls(device, driver)

    def _convert(self, device: Device | Mapping[str, Any], driver: str) -> None:
        if isinstance(device, Mapping):
            attributes, capacity = device.get("attributes"), device.get("capacity")
            shared = device.get("allowMultipleAllocations")
        else:
            attributes, capacity = device.attributes, device.capacity
            shared = device.allow_multiple_allocations
        self.driver = driver
        self.allow_multiple_allocations = bool(shared)
        self.attributes = {
            self._full(name): _attribute(name, value) for name, value in (attributes or {}).items()
        }
        self.capacity = {self._full(name): _quantity(name, value) for name, value in (capacity or {}).items()}
        self._view: dict[str, Value] | None = None

    def _full(self, name: str) -> str:
        return name if "/" in name else f"{self.driver}/{name}"

    @property
    def list_attribute(self) -> str:
        """The name of a list-typed attribute, empty if there is none."""
        return next((name for name, value in self.attributes.items() if isinstance(value, tuple)), "")

    @property
    def view(self) -> dict[str, Value]:
        """What `device` is in an expression: maps by domain and name."""
        if self._view is None:
            self._view = {
                "driver": self.driver,
                "allowMultipleAllocations": self.allow_multiple_allocations,
                "attributes": _by_domain(self.attributes),
                "capacity": _by_domain(self.capacity),
            }
        return self._view

    def __repr__(self) -> str:
        return f"BoundDevice(driver={self.driver!r}, attributes={self.attributes!r})"


def _by_domain(named: Mapping[str, Value]) -> DomainMap:
    domains = DomainMap()
    for name, value in named.items():
        domain, _, id_ = name.partition("/")
        domains.setdefault(domain, {})[id_] = value
    return domains
