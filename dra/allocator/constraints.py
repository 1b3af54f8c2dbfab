"""Constraints between the devices of a claim: equal (matchAttribute) or different (distinctAttribute) values.

An attribute is compared as the set of its typed values: a scalar is a set of one, a list (Kubernetes 1.36,
DRAListTypeAttributes) a set of many. Devices match while the intersection of their sets is not empty, and are
distinct while their sets do not meet. What a constraint has seen so far is a value of its own, so a search
goes back to an earlier state by keeping it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import attrs

from dra.models.resource import DeviceAttribute

__all__ = ["AttributeValues", "Constraint", "attribute_values", "find_attribute"]

AttributeValues: TypeAlias = "frozenset[tuple[str, object]]"
"""Values of an attribute of a device, each with its type's name: `("int", 1)` is not `("bool", True)`."""

# A list while lists are not understood: such a device can only be the first that a constraint sees.
_OPAQUE: Final = ("list", None)

_SCALARS = (("string", "string"), ("int", "int_"), ("bool", "bool_"), ("version", "version"))
_LISTS = (("int", "ints"), ("bool", "bools"), ("string", "strings"), ("version", "versions"))


def find_attribute(
    attributes: Mapping[str, DeviceAttribute], name: str, driver: str
) -> DeviceAttribute | None:
    """The attribute of that fully qualified name; the driver's own may be published without its domain.

    Example:
        >>> attributes = {"numa": DeviceAttribute(int_=1)}
        >>> find_attribute(attributes, "gpu.example.com/numa", "gpu.example.com").int_
        1
    """
    if name in attributes:
        return attributes[name]
    domain, slash, identifier = name.partition("/")
    return attributes.get(identifier) if slash and domain == driver else None


def attribute_values(attribute: DeviceAttribute | None, *, lists: bool) -> AttributeValues | None:
    """What constraints compare of an attribute; None if there is nothing to compare.

    Versions are compared as text, as in Kubernetes: semantic versions are in minimal form, and build
    metadata counts.

    Args:
        attribute: The attribute, None if the device lacks it.
        lists: Whether list values are understood.
    """
    if attribute is None:
        return None
    for kind, field in _LISTS:
        items = getattr(attribute, field)
        if items:
            return frozenset((kind, item) for item in items) if lists else frozenset({_OPAQUE})
    for kind, field in _SCALARS:
        value = getattr(attribute, field)
        if value is not None:
            return frozenset({(kind, value)})
    return None


@attrs.frozen
class Constraint:
    """One constraint of a claim.

    Attributes:
        index: Its place in the claim.
        attribute: The fully qualified attribute name.
        distinct: All values differ, rather than all match.
        requests: The requests it covers, as `req` or `req/sub`; all of the claim if empty.
    """

    index: int
    attribute: str
    distinct: bool = False
    requests: frozenset[str] = frozenset()

    def covers(self, request: str) -> bool:
        """Whether it applies to a request, given as `req` or `req/sub`.

        Example:
            >>> Constraint(0, "d/numa", requests=frozenset({"gpu"})).covers("gpu/large")
            True
        """
        return not self.requests or request in self.requests or request.partition("/")[0] in self.requests

    def add(self, seen: AttributeValues | None, values: AttributeValues | None) -> AttributeValues | None:
        """What has been seen after one more device, or None if the device violates the constraint.

        Args:
            seen: None before the first device; for a match the values still common to all, else all values.
            values: Those of the new device.

        Example:
            >>> one, two = frozenset({("int", 1)}), frozenset({("int", 2)})
            >>> match = Constraint(0, "d/numa")
            >>> match.add(match.add(None, one), two) is None
            True
        """
        if values is None or seen is None:
            return values
        if _OPAQUE in values:
            return None
        if self.distinct:
            return None if seen & values else seen | values
        return seen & values or None

    def __str__(self) -> str:
        kind = "distinctAttribute" if self.distinct else "matchAttribute"
        names = f" over {', '.join(sorted(self.requests))}" if self.requests else ""
        return f"{kind} {self.attribute}{names}"
