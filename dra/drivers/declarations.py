"""What a driver publishes, declared: attributes, capacities, names of devices, gates, taints.

One kind of declaration serves every driver, so that what is built on it (selectors in Python, tables in the
documentation, tests of published slices) needs to know no vendor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from functools import cached_property, lru_cache
from typing import Final, TypeAlias

import attrs
import semver

from dra.errors import DriverError
from dra.models.meta import ObjectMeta
from dra.models.resource import (
    CapacityRequestPolicy,
    CapacityRequestPolicyRange,
    CELDeviceSelector,
    DeviceAttribute,
    DeviceCapacity,
    DeviceClass,
    DeviceClassSpec,
    DeviceSelector,
)
from dra.quantity import Quantity

__all__ = [
    "Attribute",
    "AttributeContent",
    "Capacity",
    "DeviceType",
    "DriverGate",
    "HealthTaint",
    "Kind",
    "NamePattern",
    "amount",
    "device_class",
    "in_steps",
]

AttributeContent: TypeAlias = "bool | int | str | tuple[bool, ...] | tuple[int, ...] | tuple[str, ...]"

# Equal values are one object: the devices of a cluster say the same things over and over.
_SHARED_VALUES: Final = 1 << 14


class Kind(Enum):
    """Type of an attribute's value, named as the member of DeviceAttribute that holds it."""

    INT = "int"
    BOOL = "bool"
    STRING = "string"
    VERSION = "version"

    def accepts(self, content: object) -> bool:
        """Whether a Python value is of this kind."""
        if self is Kind.INT:
            return type(content) is int
        if self is Kind.BOOL:
            return type(content) is bool
        return type(content) is str and (self is Kind.STRING or semver.Version.is_valid(content))


_MEMBER = {Kind.INT: "int_", Kind.BOOL: "bool_", Kind.STRING: "string", Kind.VERSION: "version"}


@attrs.frozen
class _Named:
    """A name on the wire: an identifier, in the driver's own domain unless it says another."""

    name: str

    @property
    def domain(self) -> str:
        """The domain written in the name; empty means that of the driver."""
        return self.name.rpartition("/")[0]

    @property
    def identifier(self) -> str:
        """The name without its domain, as CEL has it after the dot."""
        return self.name.rpartition("/")[2]

    def qualified(self, driver: str) -> str:
        """The name with its domain, as `matchAttribute` and CEL's index want it."""
        return f"{self.domain or driver}/{self.identifier}"


@attrs.frozen
class Attribute(_Named):
    """An attribute that a driver publishes.

    Args:
        name: As on the wire: without a domain it is in the driver's own.
        kind: Type of its value, or of the members of a list.
        summary: What it says, one line.
        optional: Some devices of the type lack it, so a selector must guard it.
        listed: May come as a list (feature gate DRAListTypeAttributes).
        values: The values there are, where a driver has a fixed set.
        gate: The driver's gate that it depends on.
        replaced_by: The attribute to use instead of this deprecated one.

    Example:
        >>> profile = Attribute("profile", Kind.STRING, "MIG profile")
        >>> profile.value("1g.5gb").to_dict(), profile.qualified("gpu.nvidia.com")
        ({'string': '1g.5gb'}, 'gpu.nvidia.com/profile')
    """

    kind: Kind
    summary: str = ""
    optional: bool = attrs.field(default=False, kw_only=True)
    listed: bool = attrs.field(default=False, kw_only=True)
    values: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    gate: str = attrs.field(default="", kw_only=True)
    replaced_by: str = attrs.field(default="", kw_only=True)

    def value(self, content: AttributeContent) -> DeviceAttribute:
        """The value on the wire; a tuple becomes a list.

        Raises:
            DriverError: The value is not of the attribute's kind.
        """
        members = content if isinstance(content, tuple) else (content,)
        wrong = [each for each in members if not self.kind.accepts(each)]
        if wrong or (isinstance(content, tuple) and not (self.listed and content)):
            raise DriverError(
                f"attribute {self.name} holds {self.kind.value}, not {content!r}", value=content
            )
        return _leaf(self.kind, content)

    def accepts(self, attribute: DeviceAttribute) -> bool:
        """Whether a published value is one that the declaration allows."""
        members = attribute.to_dict()
        if self.listed and members.keys() == {f"{self.kind.value}s"}:
            return all(map(self.kind.accepts, members[f"{self.kind.value}s"]))
        return members.keys() == {self.kind.value} and self.kind.accepts(members[self.kind.value])


@lru_cache(maxsize=_SHARED_VALUES, typed=True)
def _leaf(kind: Kind, content: AttributeContent) -> DeviceAttribute:
    if isinstance(content, tuple):
        return DeviceAttribute.model_validate({f"{kind.value}s": list(content)})
    return DeviceAttribute.model_validate({_MEMBER[kind]: content})


@attrs.frozen
class Capacity(_Named):
    """A capacity that a driver publishes.

    Args:
        name: As on the wire: without a domain it is in the driver's own.
        summary: What it counts, and in which unit.
        optional: Some devices of the type lack it, so a selector must guard it.
        gate: The driver's gate that it depends on.
        many: The name ends in a number: `memorySlice` stands for `memorySlice0`, `memorySlice1`, ...
    """

    summary: str = ""
    optional: bool = attrs.field(default=False, kw_only=True)
    gate: str = attrs.field(default="", kw_only=True)
    many: bool = attrs.field(default=False, kw_only=True)


@lru_cache(maxsize=_SHARED_VALUES)
def amount(value: str | int) -> DeviceCapacity:
    """A capacity without a request policy; equal amounts are one object."""
    return DeviceCapacity(value=Quantity(value))


def in_steps(
    total: Quantity, step: Quantity, *, least: Quantity | None = None, default: Quantity | None = None
) -> DeviceCapacity:
    """A capacity of which claims take whole steps.

    Args:
        total: How much there is.
        step: What claims can take a multiple of.
        least: The least that a claim takes; by default a step.
        default: What a claim takes that does not say; by default a step.
    """
    amounts = CapacityRequestPolicyRange(min=step if least is None else least, max=total, step=step)
    policy = CapacityRequestPolicy(default=step if default is None else default, valid_range=amounts)
    return DeviceCapacity(value=total, request_policy=policy)


_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")


@attrs.frozen
class NamePattern:
    """How a driver names its devices: a template to format, and to read names back.

    Args:
        template: Text with fields such as `{minor}` or, padded to three digits, `{node:03}`.
        texts: Regular expressions of the fields that are no decimal numbers.

    Example:
        >>> names = NamePattern("gpu-{minor}")
        >>> names.format(minor=3), names.parse("gpu-3"), names.parse("nic-3")
        ('gpu-3', {'minor': 3}, None)
    """

    template: str
    texts: Mapping[str, str] = attrs.field(factory=dict)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        parts, end = [], 0
        for match in _FIELD.finditer(self.template):
            parts.append(re.escape(self.template[end : match.start()]))
            parts.append(f"(?P<{match[1]}>{self.texts.get(match[1], '[0-9]{1,18}')})")
            end = match.end()
        return re.compile("".join(parts) + re.escape(self.template[end:]))

    def format(self, **fields: int | str) -> str:
        """The name with its fields filled in.

        Raises:
            DriverError: A field is missing, or the result is no name of this pattern.
        """
        try:
            name = self.template.format(**fields)
        except (KeyError, ValueError):
            raise DriverError(f"cannot name a device {self.template!r} with {fields}", value=fields) from None
        if self.parse(name) is None:
            raise DriverError(f"{name!r} does not follow {self.template!r}", value=name)
        return name

    def parse(self, name: str) -> dict[str, int | str] | None:
        """The fields of a name, numbers as integers; None if the name is none of this pattern."""
        found = self._regex.fullmatch(name)
        if found is None:
            return None
        return {
            field: text if field in self.texts else int(text) for field, text in found.groupdict().items()
        }


@attrs.frozen
class DeviceType:
    """One kind of device of a driver, such as a full GPU or a MIG device.

    Args:
        name: The driver's name for it: the value of its `type` attribute, where it has one.
        patterns: How such devices are named; the first is the current way, the others are of older versions.
        attributes: What its devices say about themselves.
        capacities: What its devices have amounts of.
        summary: What it is, one line.
    """

    name: str
    patterns: tuple[NamePattern, ...]
    attributes: tuple[Attribute, ...] = ()
    capacities: tuple[Capacity, ...] = ()
    summary: str = ""

    @property
    def names(self) -> NamePattern:
        """How the devices of this type are named today."""
        return self.patterns[0]


@attrs.frozen
class DriverGate:
    """A feature gate of a driver (not of Kubernetes).

    Args:
        name: As the driver's `--feature-gates` has it.
        default: Whether it is on when nobody says otherwise.
        stage: alpha, beta or GA.
        since: The driver's version that brought it.
        excludes: Gates that must be off while this one is on.
        requires: Gates that must be on while this one is on.
        summary: What it switches on, one line.
    """

    name: str
    default: bool
    stage: str
    since: str = ""
    excludes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    summary: str = ""


@attrs.frozen
class HealthTaint:
    """A taint that a driver puts on devices it finds unwell.

    Args:
        key: The taint's key; where `prefix`, the beginning of it.
        effects: The effects it comes with.
        summary: When it is set, and what its value is.
        prefix: The key goes on after this text.
    """

    key: str
    effects: tuple[str, ...]
    summary: str = ""
    prefix: bool = False


def device_class(name: str, expression: str, extended_resource: str | None = None) -> DeviceClass:
    """A class with one CEL selector.

    Args:
        name: Name of the class.
        expression: The CEL expression.
        extended_resource: The extended resource that it serves.
    """
    return DeviceClass(
        metadata=ObjectMeta(name=name),
        spec=DeviceClassSpec(
            selectors=[DeviceSelector(cel=CELDeviceSelector(expression=expression))],
            extended_resource_name=extended_resource,
        ),
    )
