"""A device as expressions see it, converted once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from dra.cel.library.semver import Semver
from dra.cel.values import DomainMap, Failure, Value
from dra.errors import EvaluationError, QuantityError
from dra.models.resource import Device, DeviceAttribute
from dra.quantity import Quantity

__all__ = ["BoundDevice"]


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


def _attribute(name: str, attribute: Mapping[str, Any] | DeviceAttribute) -> Value:
    wire = attribute if isinstance(attribute, Mapping) else attribute.to_dict()
    for kind, convert in _CONVERSIONS.items():
        if wire.get(kind) is not None:
            try:
                return convert(wire[kind])
            except EvaluationError as error:
                raise EvaluationError(f"attribute {name}: {error.message}", value=error.value) from None
    raise EvaluationError(f"attribute {name}: unsupported attribute value", value=name)


def _quantity(name: str, capacity: Any) -> Quantity:
    value = capacity["value"] if isinstance(capacity, Mapping) else capacity.value
    try:
        return value if isinstance(value, Quantity) else Quantity.parse(str(value))
    except QuantityError as error:
        raise EvaluationError(f"capacity {name}: {error.message}", value=value) from None


class BoundDevice:
    """A device and its driver, ready for any number of selectors. Immutable.

    Args:
        device: A `models.Device`, or a device of a v1 ResourceSlice as a dict.
        driver: Name of the driver; attributes and capacities without a domain belong to it.

    Attributes:
        driver: As given.
        attributes: Attribute by domain and id.
        capacity: Capacity by domain and id.
        view: What `device` is in an expression.

    Raises:
        EvaluationError: An attribute has no value, or its version is none.

    Example:
        >>> bound = BoundDevice({"attributes": {"model": {"string": "H100"}}}, driver="gpu.example.com")
        >>> bound.view["attributes"]["gpu.example.com"]["model"]
        'H100'
    """

    __slots__ = ("attributes", "capacity", "driver", "view")

    def __init__(self, device: Device | Mapping[str, Any], driver: str = "") -> None:
        self.driver = driver
        if isinstance(device, Mapping):
            attributes, capacity = device.get("attributes"), device.get("capacity")
            shared = device.get("allowMultipleAllocations")
        else:
            attributes, capacity = device.attributes, device.capacity
            shared = device.allow_multiple_allocations
        self.attributes = self._by_domain(attributes or {}, _attribute)
        self.capacity = self._by_domain(capacity or {}, _quantity)
        self.view: dict[str, Value] = {
            "driver": driver,
            "allowMultipleAllocations": bool(shared),
            "attributes": self.attributes,
            "capacity": self.capacity,
        }

    def _by_domain(self, named: Mapping[str, Any], convert: Callable[[str, Any], Value]) -> DomainMap:
        domains = DomainMap()
        for name, value in named.items():
            domain, slash, id_ = name.partition("/")
            if not slash:
                domain, id_ = self.driver, name
            domains.setdefault(domain, {})[id_] = convert(name, value)
        return domains
