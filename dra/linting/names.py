"""Checks of the names in selectors and constraints: DRA101, DRA102, DRA104 and DRA105."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set as AbstractSet
from typing import Final

from dra.drivers.driver import Driver
from dra.linting.accesses import Access, Kind, domains
from dra.linting.expressions import parsed
from dra.linting.finding import Hint, Hints, Severity, check
from dra.linting.given import Given
from dra.linting.subjects import Written
from dra.linting.vocabulary import (
    declared,
    driver_of,
    is_among,
    published,
    question,
    question_elsewhere,
    question_of_domain,
)

__all__: list[str] = []

# Capacities that many drivers have, for when no slices are given and the driver is not known.
_USUAL_CAPACITIES: Final = frozenset({"memory", "cores", "multiprocessors", "copyEngines"})


def _names(given: Given, kind: Kind, domain: str) -> AbstractSet[str]:
    """The names in a domain that given devices publish, or without them its drivers."""
    return published(given, kind).get(domain) or declared(given, kind).get(domain, frozenset())


@check("DRA101", Severity.WARNING)
def capacity_read_as_attribute(given: Given) -> Hints:
    """A capacity such as `memory` is read as an attribute."""
    usual = frozenset() if given.devices else _USUAL_CAPACITIES
    for written, found, _ in parsed(given):
        for access in _distinct(found, "attributes"):
            attributes = _names(given, "attributes", access.domain)
            capacities = _names(given, "capacity", access.domain)
            is_known = bool(attributes or capacities)
            is_capacity = access.name in (capacities if is_known else usual)
            if is_capacity and access.name not in attributes:
                what = "not an attribute" if is_known else "not an attribute, with most drivers"
                right = f'device.capacity["{access.domain}"].{access.name}'
                yield Hint(
                    written.object,
                    written.path,
                    f"{access} is a capacity, {what}: reading it fails on every device",
                    f'use {right}, for instance {right}.compareTo(quantity("40Gi")) >= 0',
                )


@check("DRA102", Severity.WARNING)
def attribute_read_as_capacity(given: Given) -> Hints:
    """An attribute is read as a capacity."""
    for written, found, _ in parsed(given):
        for access in _distinct(found, "capacity"):
            is_attribute = access.name in _names(given, "attributes", access.domain)
            if is_attribute and access.name not in _names(given, "capacity", access.domain):
                yield Hint(
                    written.object,
                    written.path,
                    f"{access} is an attribute, not a capacity: reading it fails on every device",
                    f'use device.attributes["{access.domain}"].{access.name}',
                )


@check("DRA104", Severity.WARNING)
def unknown_domain(given: Given) -> Hints:
    """A domain that no given device has, or a slip in one that the driver is known for."""
    yield from _domains_of_nobody(given) if given.devices else _slips_in_domains(given)


def _domains_of_nobody(given: Given) -> Hints:
    for written in given.expressions:
        for kind, name in _domains(given, written):
            known = published(given, kind)
            meant = question(name, known)
            if name not in known and (meant or not written.is_alternative):
                message = f'no given device has {_plural(kind)} in the domain "{name}"'
                yield Hint(written.object, written.path, message, meant)


def _slips_in_domains(given: Given) -> Hints:
    for written, driver in _of_known_drivers(given):
        for kind, name in _domains(given, written):
            meant = question_of_domain(name, driver, kind)
            if name not in declared(given, kind) and meant:
                message = f'{driver.name} is not known to have {_plural(kind)} in the domain "{name}"'
                yield Hint(written.object, written.path, message, meant)


def _domains(given: Given, written: Written) -> Iterable[tuple[Kind, str]]:
    """What an expression looks into, each once."""
    tree = given.tree(written.text)
    return dict.fromkeys((each.kind, each.name) for each in domains(tree)) if tree else ()


def _of_known_drivers(given: Given) -> Iterator[tuple[Written, Driver]]:
    """Each expression that is only asked about devices of one driver that is known."""
    chains = [("", some) for some in given.expressions_of_classes]
    chains += [(wanted.request.device_class_name, wanted.selectors) for wanted in given.wanted]
    for device_class, chain in chains:
        driver = driver_of(given, device_class, [written.text for written in chain])
        if driver is not None:
            yield from ((written, driver) for written in chain)


@check("DRA105", Severity.WARNING)
def unknown_name(given: Given) -> Hints:
    """An attribute or capacity that no given device publishes, or a slip in one that its driver has."""
    for written, found, _ in parsed(given):
        for access in dict.fromkeys(found):
            other: Kind = "capacity" if access.kind == "attributes" else "attributes"
            if access.name in _names(given, other, access.domain):
                continue
            known = published(given, access.kind).get(access.domain)
            if known is not None:
                if access.name in known:
                    continue
                where = question_elsewhere(given, access.kind, access.domain, access.name)
                meant = where or question(access.name, known)
                if meant or not written.is_alternative:
                    yield Hint(written.object, written.path, f"no given device publishes {access}", meant)
            elif meant := _slip(given, access.kind, access.domain, access.name):
                message = f"{access} is not known to be published"
                yield Hint(written.object, written.path, message, meant)
    yield from _slips_in_constraints(given)


def _slips_in_constraints(given: Given) -> Hints:
    for claim in given.claims:
        for index, constraint in enumerate(claim.devices.constraints or ()):
            named = {
                "matchAttribute": constraint.match_attribute or "",
                "distinctAttribute": constraint.distinct_attribute or "",
            }
            for field, attribute in named.items():
                domain, _, name = attribute.partition("/")
                meant = _slip(given, "attributes", domain, name)
                if meant:
                    at = (claim.path / "constraints")[index] / field
                    yield Hint(claim.object, at, f"{attribute} is not known to be published", meant)


def _slip(given: Given, kind: Kind, domain: str, name: str) -> str:
    """What was meant by a name that a known driver has in another domain, or nearly has in this one."""
    known = declared(given, kind).get(domain, frozenset())
    if not known or is_among(name, known):
        return ""
    return question_elsewhere(given, kind, domain, name) or question(name, known)


def _plural(kind: str) -> str:
    return "capacities" if kind == "capacity" else kind


def _distinct(found: Iterable[Access], kind: Kind) -> list[Access]:
    return [access for access in dict.fromkeys(found) if access.kind == kind]
