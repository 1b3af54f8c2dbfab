"""Checks of claims and templates: DRA201 to DRA299."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from dra.linting.finding import Hint, Hints, Severity, check
from dra.linting.given import Given
from dra.linting.subjects import Claim, KnownDevice, Wanted
from dra.linting.vocabulary import driver_of, is_among, question
from dra.models.resource import DeviceConstraint
from dra.validation.field_error import Path
from dra.validation.rules.admin_access import ADMIN_ACCESS_LABEL

__all__: list[str] = []

_MOST_DEVICES: Final = 32
_MOST_TOLERATIONS: Final = 16
# What to agree in if the attribute that was named does not do.
_STANDARD: Final = ("resource.kubernetes.io/pcieRoot", "resource.kubernetes.io/numaNode", "dra.net/numaNode")


def _constrained(claim: Claim) -> Iterator[tuple[Path, DeviceConstraint, list[Wanted]]]:
    """Each constraint with the requests that it holds for."""
    for index, constraint in enumerate(claim.devices.constraints or ()):
        wanted = [
            each
            for each in claim.wanted
            if not constraint.requests or any(map(each.is_meant_by, constraint.requests))
        ]
        yield (claim.path / "constraints")[index], constraint, wanted


def _value(known: KnownDevice, attribute: str) -> object:
    return known.bound.attributes.get(attribute)


@check("DRA201", Severity.ERROR)
def attribute_never_published(given: Given) -> Hints:
    """A constraint compares an attribute that the devices of one of its requests never publish."""
    for claim in given.claims:
        for at, constraint, wanted in _constrained(claim):
            attribute = constraint.match_attribute or constraint.distinct_attribute
            if not attribute:
                continue
            field = "matchAttribute" if constraint.match_attribute else "distinctAttribute"
            for each in wanted:
                candidates = given.candidates(each)
                derived = {item.name for item in each.request.derived_attributes or ()}
                missing = all(_value(known, attribute) is None for known in candidates)
                if candidates and missing and attribute not in derived:
                    known_names = {name for known in candidates for name in known.bound.attributes}
                    yield Hint(
                        claim.object,
                        at / field,
                        f"no device for request {each.name} publishes {attribute}: nothing can be allocated",
                        # A standard attribute is not misspelt; the devices just have none.
                        "" if attribute in _STANDARD else question(attribute, known_names),
                    )


@check("DRA202", Severity.ERROR)
def all_with_impossible_constraint(given: Given) -> Hints:
    """A request for all devices with a constraint that they cannot satisfy together on any node."""
    for claim in given.claims:
        for at, constraint, wanted in _constrained(claim):
            for each in wanted:
                if each.count is not None:
                    continue
                broken = list(_broken_places(given, each, constraint))
                if broken and None not in broken:
                    yield Hint(
                        claim.object,
                        at,
                        f"request {each.name} wants all devices, and {broken[0]}",
                        "name a count, or select devices for which the constraint holds",
                    )


def _broken_places(given: Given, wanted: Wanted, constraint: DeviceConstraint) -> Iterator[str | None]:
    """For each node what makes the constraint impossible there, None if nothing does."""
    by_place: dict[str, list[KnownDevice]] = defaultdict(list)
    for known in given.devices_for([wanted]):
        by_place[known.place].append(known)
    for place, devices in by_place.items():
        if constraint.match_attribute:
            values = {repr(_value(known, constraint.match_attribute)) for known in devices}
            if len(values) > 1:
                yield (
                    f"those on {place} have {len(values)} different values of {constraint.match_attribute}"
                )
                continue
        elif constraint.distinct_attribute:
            counts = Counter(repr(_value(known, constraint.distinct_attribute)) for known in devices)
            if max(counts.values()) > 1:
                yield f"several on {place} have one value of {constraint.distinct_attribute}"
                continue
        yield None


@check("DRA203", Severity.ERROR)
def too_many_devices(given: Given) -> Hints:
    """A claim that wants more than 32 devices in total, which can never be allocated."""
    for claim in given.claims:
        least = sum(_least(wanted) for _, wanted in claim.requests)
        if least > _MOST_DEVICES:
            yield Hint(
                claim.object,
                claim.path / "requests",
                f"wants {least} devices; an allocation has at most {_MOST_DEVICES}",
                "split it into several claims",
            )


def _least(wanted: Iterable[Wanted]) -> int:
    """The least that a request is satisfied with; all devices are one at least."""
    return min((each.count or 1 for each in wanted), default=0)


@check("DRA204", Severity.WARNING)
def tolerates_everything(given: Given) -> Hints:
    """A toleration that tolerates every taint, also that of a broken device."""
    for wanted in given.wanted:
        for index, toleration in enumerate(wanted.request.tolerations or ()):
            if toleration.key or toleration.effect == "NoSchedule":
                continue
            at = (wanted.path / "tolerations")[index]
            if toleration.operator == "Exists" and toleration.effect:
                message = f"tolerates every taint of effect {toleration.effect}, whatever its key"
            elif toleration.operator == "Exists":
                message = "tolerates every taint, so devices taken out of service are allocated too"
            elif not toleration.value:
                message = "tolerates every taint without a value, whatever its key"
            else:
                continue
            yield Hint(wanted.object, at, message, "name the key of the taint that is meant")


@check("DRA205", Severity.WARNING)
def too_many_tolerations(given: Given) -> Hints:
    """More tolerations than the 16 that the API documents; the server does not enforce it today."""
    for wanted in given.wanted:
        count = len(wanted.request.tolerations or ())
        if count > _MOST_TOLERATIONS:
            yield Hint(
                wanted.object,
                wanted.path / "tolerations",
                f"{count} tolerations; the API documents at most {_MOST_TOLERATIONS}",
            )


@check("DRA206", Severity.WARNING)
def two_attributes_in_one_constraint(given: Given) -> Hints:
    """A constraint with both `matchAttribute` and `distinctAttribute`, of which only the first counts."""
    for claim in given.claims:
        for at, constraint, _ in _constrained(claim):
            if constraint.match_attribute and constraint.distinct_attribute:
                yield Hint(
                    claim.object,
                    at / "distinctAttribute",
                    "is ignored, because the constraint has a matchAttribute",
                    "make two constraints of it",
                )


@check("DRA207", Severity.WARNING)
def unknown_class(given: Given) -> Hints:
    """A device class that is not among the given ones."""
    if not given.classes:
        return
    for wanted in given.wanted:
        name = wanted.request.device_class_name
        if name and name not in given.classes:
            yield Hint(
                wanted.object,
                wanted.path / "deviceClassName",
                f"there is no DeviceClass {name!r} among the given objects",
                question(name, given.classes),
            )


@check("DRA208", Severity.WARNING)
def unknown_capacity_request(given: Given) -> Hints:
    """A requested capacity that no device for the request has, or a slip in one that its driver has."""
    for wanted in given.wanted:
        requested = (wanted.request.capacity and wanted.request.capacity.requests) or {}
        candidates = given.candidates(wanted) if requested else []
        published = {name for known in candidates for name in known.device.capacity or ()}
        driver = driver_of(given, *wanted.asks) if requested and not candidates else None
        declared = {each.name for each in driver.capacities} if driver else set()
        for name in requested:
            meant = "" if is_among(name, declared) else question(name, declared)
            if driver and meant:
                message = f"{driver.name} is not known to publish a capacity {name!r}"
                yield Hint(wanted.object, (wanted.path / "capacity" / "requests") @ name, message, meant)
            if candidates and name not in published:
                yield Hint(
                    wanted.object,
                    (wanted.path / "capacity" / "requests") @ name,
                    f"no device for request {wanted.name} has a capacity {name!r}, spelled like this",
                    question(name, published),
                )


@check("DRA209", Severity.WARNING)
def configuration_for_nobody(given: Given) -> Hints:
    """Configuration for a driver that publishes none of the given devices."""
    drivers = {known.driver for known in given.devices}
    for claim in given.claims:
        for index, config in enumerate(claim.devices.config or ()):
            driver = config.opaque.driver if config.opaque else ""
            if drivers and driver and driver not in drivers:
                yield Hint(
                    claim.object,
                    (claim.path / "config")[index] / "opaque" / "driver",
                    f"no given device is of the driver {driver!r}, so nobody reads this configuration",
                    question(driver, drivers),
                )


@check("DRA210", Severity.WARNING)
def admin_access_without_label(given: Given) -> Hints:
    """Admin access in a namespace without the label that allows it."""
    for wanted in given.wanted:
        namespace = wanted.object.metadata.namespace or "default"
        labels = given.namespaces.get(namespace)
        if not getattr(wanted.request, "admin_access", None) or (
            labels is not None and labels.get(ADMIN_ACCESS_LABEL) == "true"
        ):
            continue
        known = "has not" if labels is not None else "needs"
        yield Hint(
            wanted.object,
            wanted.path / "adminAccess",
            f"namespace {namespace} {known} the label that admin access requires",
            f"label it {ADMIN_ACCESS_LABEL}=true, or take a namespace for administrators",
        )


@check("DRA211", Severity.ERROR)
def nothing_in_common(given: Given) -> Hints:
    """Requests must agree in an attribute, of which their devices have no value in common on any node."""
    for claim, at, attribute, requests in _compared(given):
        if len(requests) > 1 and not _common(given, requests, attribute):
            names = " and ".join(requests)
            yield Hint(
                claim.object,
                at / "matchAttribute",
                f"on no node have devices for {names} a value of {attribute} in common",
                _agreeing(given, requests),
            )


def _compared(given: Given) -> Iterator[tuple[Claim, Path, str, dict[str, list[Wanted]]]]:
    """Constraints on an attribute that devices of each of their requests publish, with these requests."""
    for claim in given.claims:
        for at, constraint, wanted in _constrained(claim):
            attribute = constraint.match_attribute
            derived = {item.name for each in wanted for item in each.request.derived_attributes or ()}
            if not attribute or attribute in derived:
                continue
            requests: dict[str, list[Wanted]] = defaultdict(list)
            for each in wanted:
                requests[each.name.partition("/")[0]].append(each)
            if all(_values_by_place(given, options, attribute) for options in requests.values()):
                yield claim, at, attribute, requests


def _values_by_place(given: Given, wanted: Sequence[Wanted], attribute: str) -> dict[str, set[str]]:
    """The values of an attribute that devices for a request have, by node; each member of a list is one."""

    def found() -> dict[str, set[str]]:
        values: dict[str, set[str]] = defaultdict(set)
        for known in given.devices_for(wanted):
            value = _value(known, attribute)
            if value is not None:
                members = value if isinstance(value, tuple) else (value,)
                values[known.place] |= {repr(each) for each in members}
        return values

    return given.remembered(("values", frozenset(each.asks for each in wanted), attribute), found)


def _common(given: Given, requests: dict[str, list[Wanted]], attribute: str) -> bool:
    """Whether devices of all requests have a value in common on some node."""
    first, *others = (_values_by_place(given, options, attribute) for options in requests.values())
    return any(
        values.intersection(*(each.get(place, ()) for each in others)) for place, values in first.items()
    )


def _agreeing(given: Given, requests: dict[str, list[Wanted]]) -> str:
    """A standard attribute in which the devices of all requests could agree."""
    for attribute in _STANDARD:
        values = [_values_by_place(given, options, attribute) for options in requests.values()]
        if all(values) and _common(given, requests, attribute):
            return f"{attribute} has values in common"
    return ""


@check("DRA212", Severity.INFO)
def same_everywhere(given: Given) -> Hints:
    """A constraint to agree in an attribute that has one value on all given devices, so it holds anyway."""
    for claim, at, attribute, requests in _compared(given):
        value = _only_value(given, [each for options in requests.values() for each in options], attribute)
        if value:
            yield Hint(
                claim.object,
                at / "matchAttribute",
                f"{attribute} is {value} on all devices that come in question: that they agree says nothing",
            )


def _only_value(given: Given, wanted: Sequence[Wanted], attribute: str) -> str:
    """The value of an attribute that all devices for some requests have, if there are several."""

    def found() -> str:
        known = given.devices_for(wanted)
        values = {repr(_value(each, attribute)) for each in known}
        return values.pop() if len(known) > 1 and len(values) == 1 else ""

    return given.remembered(("only", frozenset(each.asks for each in wanted), attribute), found)
