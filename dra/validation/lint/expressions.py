"""Checks of selectors: DRA101 to DRA199."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from dra.cel.device import BoundDevice
from dra.cel.syntax import Ast
from dra.errors import QuantityError
from dra.models.resource import DeviceAttribute, DeviceClass, ExactDeviceRequest
from dra.quantity import Quantity
from dra.validation import formats
from dra.validation.lint.accesses import Access, Comparison, accesses, comparisons, domains
from dra.validation.lint.finding import Hint, Hints, Severity, check
from dra.validation.lint.given import Given, KnownDevice, Written

__all__ = ["nearest"]

# Capacities that drivers are known for, for when no slices are given.
_USUAL_CAPACITIES: Final = ("memory", "cores", "multiprocessors", "copyEngines")

# What hardware really has, where its name promises more (MiB; nvidia-smi, NVIDIA's DRA driver).
_REAL_MEMORY_OF: Final = "gpu.nvidia.com"
_REAL_MEMORY: Final[Mapping[str, str]] = {
    "H100 80GB": "81559Mi",
    "H200 141GB": "143771Mi",
    "B200 180GB": "183359Mi",
    "GB200 192GB": "189471Mi",
    "GB300 288GB": "284208Mi",
    "MIG 1g.5gb": "4864Mi",
    "MIG 2g.10gb": "9984Mi",
    "MIG 3g.20gb": "20096Mi",
    "MIG 1g.10gb": "9984Mi",
    "MIG 2g.20gb": "20096Mi",
}
# How far above the hardware a threshold is taken for a slip: 5Gi is 5 % above 4864Mi.
_JUST_ABOVE: Final = 1.06

# As nvidia-smi and lspci write them; attributes have lower case and four digits of domain.
_PCI_ADDRESS: Final = re.compile(
    r"(?:0000)?([0-9a-f]{4}:)?([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])", re.ASCII | re.IGNORECASE
)

_LOOKS_LIKE_QUANTITY: Final = re.compile(r"\d+(\.\d+)?([KMGTPE]i|[kMGTPE])")
_LOOKS_LIKE_VERSION: Final = re.compile(r"v?\d+\.\d+(\.\d+)*")


def nearest(name: str, known: Iterable[str]) -> str:
    """A question such as "did you mean `productName`?"; empty if no known name is near."""
    names = sorted(known)
    same = [other for other in names if _last(other) == _last(name)]
    close = same or difflib.get_close_matches(name, names, 1, 0.7)
    return f"did you mean `{close[0]}`?" if close else ""


def _last(name: str) -> str:
    """The part behind the domain, in lower case."""
    return name.rpartition("/")[2].lower()


def _parsed(given: Given) -> Iterator[tuple[Written, list[Access], list[Comparison]]]:
    """Each expression that is CEL, with what it reads and compares."""
    for written in given.expressions:
        tree = given.tree(written.text)
        if tree is not None:
            yield written, *given.remembered(("reads", written.text), partial(_reads, tree))


def _reads(tree: Ast) -> tuple[list[Access], list[Comparison]]:
    return list(accesses(tree)), list(comparisons(tree))


def _published(given: Given, kind: str) -> dict[str, set[str]]:
    """The names that the given devices have, by domain."""

    def found() -> dict[str, set[str]]:
        names: dict[str, set[str]] = defaultdict(set)
        for known in given.kinds_of_device:
            for full_name in getattr(known.bound, kind):
                domain, _, name = full_name.partition("/")
                names[domain].add(name)
        return names

    return given.remembered(("published", kind), found)


@check("DRA101", Severity.WARNING)
def capacity_read_as_attribute(given: Given) -> Hints:
    """A capacity such as `memory` is read as an attribute."""
    capacities, attributes = _published(given, "capacity"), _published(given, "attributes")
    for written, found, _ in _parsed(given):
        for access in _distinct(found, "attributes"):
            known = capacities.get(access.domain, set() if given.devices else set(_USUAL_CAPACITIES))
            if access.name in known and access.name not in attributes.get(access.domain, ()):
                right = f'device.capacity["{access.domain}"].{access.name}'
                yield Hint(
                    written.object,
                    written.path,
                    f"{access} is a capacity, not an attribute: reading it fails on every device",
                    f'use {right}, for instance {right}.compareTo(quantity("40Gi")) >= 0',
                )


@check("DRA102", Severity.WARNING)
def attribute_read_as_capacity(given: Given) -> Hints:
    """An attribute is read as a capacity."""
    capacities, attributes = _published(given, "capacity"), _published(given, "attributes")
    for written, found, _ in _parsed(given):
        for access in _distinct(found, "capacity"):
            if access.name in attributes.get(access.domain, ()) and (
                access.name not in capacities.get(access.domain, ())
            ):
                yield Hint(
                    written.object,
                    written.path,
                    f"{access} is an attribute, not a capacity: reading it fails on every device",
                    f'use device.attributes["{access.domain}"].{access.name}',
                )


@check("DRA103", Severity.WARNING)
def compared_as_text(given: Given) -> Hints:
    """A version or quantity is compared with a string."""
    for written, _, compared in _parsed(given):
        for comparison in compared:
            if comparison.type != "string":
                continue
            access, text, operator = comparison.access, comparison.text, comparison.operator
            if _is_string(given, access) and operator in ("==", "!="):
                continue
            if access.kind == "capacity" or _LOOKS_LIKE_QUANTITY.fullmatch(text):
                right = f'device.capacity["{access.domain}"].{access.name}'
                fix = f'use {right}.compareTo(quantity("{text}")) {operator} 0'
            elif _is_version(given, access) and _LOOKS_LIKE_VERSION.fullmatch(text):
                fix = f'use {access}.compareTo(semver("{_full_version(text)}")) {operator} 0'
            else:
                continue
            yield Hint(
                written.object,
                written.path,
                f'{access} {operator} "{text}" compares with a string, letter by letter or not at all',
                fix,
            )


def _values(given: Given, access: Access) -> list[DeviceAttribute]:
    """What the given devices publish as an attribute."""
    return [
        known.device.attributes[name]
        for known in (given.kinds_of_device if access.kind == "attributes" else ())
        if known.device.attributes
        for name in _spellings(access, known)
        if name in known.device.attributes
    ]


def _is_string(given: Given, access: Access) -> bool:
    """Whether the given devices publish an attribute as a string, which equals a string rightly."""
    values = _values(given, access)
    return bool(values) and all(value.string is not None for value in values)


def _is_version(given: Given, access: Access) -> bool:
    """Whether an attribute is a version: the devices say so, or without devices its name."""
    values = _values(given, access)
    if values:
        return any(value.version is not None for value in values)
    return access.name.lower().endswith("version")


def _spellings(access: Access, known: KnownDevice) -> tuple[str, ...]:
    full = f"{access.domain}/{access.name}"
    return (full, access.name) if access.domain == known.driver else (full,)


def _full_version(text: str) -> str:
    parts = [str(int(part)) for part in text.removeprefix("v").split(".")]
    return ".".join((*parts, "0", "0")[:3])


@check("DRA104", Severity.WARNING)
def unknown_domain(given: Given) -> Hints:
    """A domain that no given device has."""
    if not given.devices:
        return
    for written in given.expressions:
        tree = given.tree(written.text)
        for domain in dict.fromkeys((each.kind, each.name) for each in domains(tree)) if tree else ():
            known = _published(given, domain[0])
            question = nearest(domain[1], known)
            if domain[1] not in known and (question or not written.is_alternative):
                message = f'no given device has {_plural(domain[0])} in the domain "{domain[1]}"'
                yield Hint(written.object, written.path, message, question)


@check("DRA105", Severity.WARNING)
def unknown_name(given: Given) -> Hints:
    """An attribute or capacity that no given device publishes."""
    published = {kind: _published(given, kind) for kind in ("attributes", "capacity")}
    for written, found, _ in _parsed(given):
        for access in dict.fromkeys(found):
            known = published[access.kind].get(access.domain)
            other = "capacity" if access.kind == "attributes" else "attributes"
            is_the_other = access.name in published[other].get(access.domain, ())
            if known is None or access.name in known or is_the_other:
                continue
            question = nearest(access.name, known)
            if question or not written.is_alternative:
                yield Hint(written.object, written.path, f"no given device publishes {access}", question)


def _plural(kind: str) -> str:
    return "capacities" if kind == "capacity" else kind


def _distinct(found: Iterable[Access], kind: str) -> list[Access]:
    return [access for access in dict.fromkeys(found) if access.kind == kind]


@check("DRA106", Severity.WARNING)
def threshold_above_hardware(given: Given) -> Hints:
    """A capacity just above what the hardware really has, such as 80Gi where an H100 has 81559Mi."""
    for written, _, compared in _parsed(given):
        for comparison in compared:
            if comparison.access.kind != "capacity" or comparison.operator not in (">", ">=", "=="):
                continue
            threshold = comparison.quantity
            real = threshold and _just_below(given, comparison.access, threshold)
            if threshold and real:
                name, value = real
                yield Hint(
                    written.object,
                    written.path,
                    f"{comparison.operator} {comparison.text} leaves out {name}, which has {value}",
                    f'ask for less, for instance quantity("{value}")',
                )


def _just_below(given: Given, access: Access, threshold: Quantity) -> tuple[str, Quantity] | None:
    """The hardware with the most capacity of those that a threshold narrowly leaves out."""
    if given.devices:
        have: dict[Quantity, str] = {}
        for known in given.kinds_of_device:
            for name in _spellings(access, known):
                capacity = (known.device.capacity or {}).get(name)
                if capacity is not None:
                    have.setdefault(capacity.value, known.name)
    elif (access.domain, access.name) == (_REAL_MEMORY_OF, "memory"):
        have = {Quantity(value): name for name, value in _REAL_MEMORY.items()}
    else:
        return None
    narrow = [size for size in have if size < threshold and size.nanos * _JUST_ABOVE >= threshold.nanos]
    # A device that has exactly the threshold shows that it is meant.
    if not narrow or threshold in have:
        return None
    return have[max(narrow)], max(narrow)


@check("DRA107", Severity.ERROR)
def error_on_some_devices(given: Given) -> Hints:
    """A selector that fails on a given device, which makes the allocation of the whole pod fail."""
    for written, devices in _in_order(given):
        for message, culprits in given.failures(written.text, devices).items():
            more = f" and {len(culprits) - 1} more" if len(culprits) > 1 else ""
            yield Hint(
                written.object,
                written.path,
                f"fails on {culprits[0].name}{more}: {message}",
                _guard(given, written, culprits[0].bound),
            )


def _guard(given: Given, written: Written, bound: BoundDevice) -> str:
    """How to ask first whether what a device lacks is there."""
    tree = given.tree(written.text)
    for access in accesses(tree) if tree else ():
        if not access.is_test and f"{access.domain}/{access.name}" not in getattr(bound, access.kind):
            return f'guard it: "{access.name}" in device.{access.kind}["{access.domain}"] && ...'
    return ""


def _in_order(given: Given) -> Iterator[tuple[Written, list[KnownDevice]]]:
    """Each expression with the devices that it is asked about: those that the ones before it let through."""
    for written in given.expressions_of_classes:
        yield from _chain(given, written, given.kinds_of_device)
    for wanted in given.wanted:
        yield from _chain(given, wanted.selectors, given.allowed(wanted))


def _chain(
    given: Given, written: Iterable[Written], devices: list[KnownDevice]
) -> Iterator[tuple[Written, list[KnownDevice]]]:
    for each in written:
        yield each, devices
        devices = given.selected([each.text], devices)


@check("DRA108", Severity.WARNING)
def never_true(given: Given) -> Hints:
    """A selector that is true for none of the given devices."""
    in_use = {
        wanted.request.device_class_name
        for wanted in given.wanted
        if isinstance(wanted.request, ExactDeviceRequest)
    }
    for written, devices in _in_order(given):
        is_idle_class = isinstance(written.object, DeviceClass) and written.object.metadata.name not in in_use
        if written.is_alternative or is_idle_class or not given.compiled(written.text):
            continue
        let_through = given.selected([written.text], devices) or given.failures(written.text, devices)
        if devices and not let_through:
            kinds = "the only kind" if len(devices) == 1 else f"all {len(devices)} kinds"
            yield Hint(written.object, written.path, f"is false for {kinds} of device that come this far")


@check("DRA109", Severity.INFO)
def always_true(given: Given) -> Hints:
    """A request's selector that is true for every given device that its class allows."""
    for wanted in given.wanted:
        for written, devices in _chain(given, wanted.selectors, given.allowed(wanted)):
            if len(devices) > 1 and len(given.selected([written.text], devices)) == len(devices):
                yield Hint(
                    written.object,
                    written.path,
                    f"is true for all {len(devices)} kinds of device that come this far: it selects nothing",
                )


@check("DRA110", Severity.WARNING)
def impossible_quantity(given: Given) -> Hints:
    """A quantity or version in a selector that is none, which fails on every device."""
    for written, _, compared in _parsed(given):
        for comparison in compared:
            if comparison.type == "quantity" and not _is_quantity(comparison.text):
                message = f'"{comparison.text}" is not a quantity'
            elif comparison.type == "semver" and formats.semantic_version(comparison.text):
                message = f'"{comparison.text}" is not a semantic version'
            else:
                continue
            yield Hint(written.object, written.path, message, _version_fix(comparison))


def _version_fix(comparison: Comparison) -> str:
    if comparison.type == "semver" and _LOOKS_LIKE_VERSION.fullmatch(comparison.text):
        return f'use semver("{_full_version(comparison.text)}")'
    return ""


def _is_quantity(text: str) -> bool:
    try:
        Quantity(text)
    except QuantityError:
        return False
    return True


@check("DRA111", Severity.WARNING)
def pci_address_as_tools_print_it(given: Given) -> Hints:
    """A PCI address in upper case or with another domain than drivers publish, as nvidia-smi prints it."""
    for written, _, compared in _parsed(given):
        for comparison in compared:
            if comparison.type != "string" or comparison.access.kind != "attributes":
                continue
            found = _PCI_ADDRESS.fullmatch(comparison.text)
            right = f"{found[1] or '0000:'}{found[2]}".lower() if found else comparison.text
            if comparison.text != right and not _is_published(given, comparison):
                yield Hint(
                    written.object,
                    written.path,
                    f'"{comparison.text}" is not how {comparison.access} is published: '
                    "lower case, four digits of domain",
                    f'write "{right}"',
                )


def _is_published(given: Given, comparison: Comparison) -> bool:
    return any(value.string == comparison.text for value in _values(given, comparison.access))
