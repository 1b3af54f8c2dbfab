"""The pieces that a claim is built of: requests, constraints and configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from dra.claims.options import Option
from dra.claims.source import call, literal, option_source, wants_source
from dra.models.resource import (
    DeviceClaimConfiguration,
    DeviceConstraint,
    DeviceRequest,
    OpaqueDeviceConfiguration,
)

__all__ = ["REQUESTS", "Configuration", "Constraint", "Request", "merged"]

REQUESTS: Final = "spec.devices.requests"


@attrs.frozen
class Request:
    """A named request: what it wants, or the alternatives for it.

    Attributes:
        name: Its name.
        options: What it wants.
        is_preference: Whether the options are alternatives (`firstAvailable`), of which the first is best.
    """

    name: str
    options: tuple[Option, ...]
    is_preference: bool = False

    def path(self, index: int, number: int) -> str:
        """Where option `number` of the request stands, which is request `index` of its claim."""
        return f"{REQUESTS}[{index}].{f'firstAvailable[{number}]' if self.is_preference else 'exactly'}"

    @property
    def references(self) -> tuple[str, ...]:
        """The names by which constraints and configuration can call it."""
        return (self.name, *(self.reference(each) for each in self.options if self.is_preference))

    def reference(self, wanted: Option) -> str:
        """The name by which constraints and configuration call one of the options."""
        return f"{self.name}/{wanted.name}" if self.is_preference else self.name

    def source(self) -> str:
        """The builder's call that makes it."""
        if self.is_preference:
            ladder = f"prefer({', '.join(map(option_source, self.options))})"
            return f"request({literal(self.name)}, {ladder})"
        return call("request", [self.name], wants_source(self.options[0]))

    def wire(self) -> DeviceRequest:
        """The request as the claim has it."""
        if self.is_preference:
            return DeviceRequest(
                name=self.name, first_available=[each.alternative() for each in self.options]
            )
        return DeviceRequest(name=self.name, exactly=self.options[0].exactly())


@attrs.frozen
class Constraint:
    """Devices of some requests (of all, if none is named) agree in an attribute, or differ in it."""

    attribute: str
    requests: tuple[str, ...]
    is_distinct: bool

    def source(self) -> str:
        """The builder's call that makes it."""
        return call("distinct" if self.is_distinct else "align", [self.attribute], _of(self.requests))

    def wire(self) -> DeviceConstraint:
        """The constraint as the claim has it."""
        return DeviceConstraint(
            requests=list(self.requests) or None,
            match_attribute=None if self.is_distinct else self.attribute,
            distinct_attribute=self.attribute if self.is_distinct else None,
        )


@attrs.frozen
class Configuration:
    """Configuration for the devices of some requests (of all, if none is named)."""

    opaque: OpaqueDeviceConfiguration
    requests: tuple[str, ...]

    def source(self) -> str:
        """The builder's call that makes it."""
        return call("config", [self.opaque], _of(self.requests))

    def wire(self) -> DeviceClaimConfiguration:
        """The configuration as the claim has it."""
        return DeviceClaimConfiguration(requests=list(self.requests) or None, opaque=self.opaque.clone())


def _of(requests: tuple[str, ...]) -> list[str]:
    return [f"requests={literal(requests)}"] if requests else []


def merged(configurations: Iterable[Configuration], requests: Iterable[Request]) -> Iterator[Configuration]:
    """Equal entries that follow each other as one; all alternatives of a request as the request."""
    merged: list[Configuration] = []
    for each in configurations:
        if merged and merged[-1].opaque == each.opaque:
            merged[-1] = attrs.evolve(merged[-1], requests=(*merged[-1].requests, *each.requests))
        else:
            merged.append(each)
    for each in merged:
        names = each.requests
        for request in requests:
            alternatives = request.references[1:]
            if alternatives and set(alternatives) <= set(names):
                first = names.index(alternatives[0])
                names = tuple(name for name in names if name not in alternatives)
                names = (*names[:first], request.name, *names[first:])
        yield attrs.evolve(each, requests=names)
