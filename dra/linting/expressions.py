"""Checks of what selectors compare, and of what they select: DRA103, DRA106 to DRA199."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from dra.cel.device import BoundDevice
from dra.cel.syntax import Ast
from dra.errors import QuantityError
from dra.linting.accesses import Access, Comparison, accesses, comparisons
from dra.linting.finding import Hint, Hints, Severity, check
from dra.linting.given import Given
from dra.linting.subjects import KnownDevice, Written
from dra.models.resource import DeviceAttribute, DeviceClass, ExactDeviceRequest
from dra.quantity import Quantity
from dra.validation import formats

__all__ = ["parsed"]

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
# NVIDIA's classes of whole GPUs and of parts of them.
_WHOLE: Final = "gpu.nvidia.com"
_PART: Final = "mig.nvidia.com"
# How far above the hardware a threshold is taken for a slip: 5Gi is 5 % above 4864Mi.
_JUST_ABOVE: Final = 1.06

# As nvidia-smi and lspci write them; attributes have lower case and four digits of domain.
_PCI_ADDRESS: Final = re.compile(
    r"(?:0000)?([0-9a-f]{4}:)?([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])", re.ASCII | re.IGNORECASE
)

_LOOKS_LIKE_QUANTITY: Final = re.compile(r"\d+(\.\d+)?([KMGTPE]i|[kMGTPE])")
_LOOKS_LIKE_VERSION: Final = re.compile(r"v?\d+\.\d+(\.\d+)*")


def parsed(given: Given) -> Iterator[tuple[Written, list[Access], list[Comparison]]]:
    """Each expression that is CEL, with what it reads and compares."""
    for written in given.expressions:
        yield written, *_parts(given, written.text)


def _parts(given: Given, text: str) -> tuple[list[Access], list[Comparison]]:
    """What an expression reads and compares; nothing if it is not CEL."""
    tree = given.tree(text)
    return ([], []) if tree is None else given.remembered(("reads", text), partial(_reads, tree))


def _reads(tree: Ast) -> tuple[list[Access], list[Comparison]]:
    return list(accesses(tree)), list(comparisons(tree))


@check("DRA103", Severity.WARNING)
def compared_as_text(given: Given) -> Hints:
    """A version or quantity is compared with a string."""
    for written, _, compared in parsed(given):
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


@check("DRA106", Severity.WARNING)
def threshold_above_hardware(given: Given) -> Hints:
    """A capacity just above what the hardware really has, such as 80Gi where an H100 has 81559Mi."""
    for written, devices in _of_class(given):
        for comparison in _parts(given, written.text)[1]:
            if comparison.access.kind != "capacity" or comparison.operator not in (">", ">=", "=="):
                continue
            threshold = comparison.quantity
            real = threshold and _just_below(_hardware(given, written, devices, comparison.access), threshold)
            if threshold and real:
                name, value = real
                yield Hint(
                    written.object,
                    written.path,
                    f"{comparison.operator} {comparison.text} leaves out {name}, which has {value}",
                    f'ask for less, for instance quantity("{value}")',
                )


def _of_class(given: Given) -> Iterator[tuple[Written, list[KnownDevice]]]:
    """Each expression with the devices that its class allows, whatever other expressions say of them."""
    for written in given.expressions_of_classes:
        yield from ((each, given.kinds_of_device) for each in written)
    for wanted in given.wanted:
        yield from ((each, given.allowed(wanted)) for each in wanted.selectors)


def _hardware(
    given: Given, written: Written, devices: list[KnownDevice], access: Access
) -> dict[Quantity, str]:
    """Of the hardware that an expression is asked about, each amount of a capacity and what has it."""
    have: dict[Quantity, str] = {}
    for known in devices:
        for name in _spellings(access, known):
            capacity = (known.device.capacity or {}).get(name)
            if capacity is not None:
                have.setdefault(capacity.value, known.name)
    if not given.devices and (access.domain, access.name) == (_REAL_MEMORY_OF, "memory"):
        for name, value in _REAL_MEMORY.items():
            if written.device_class != (_WHOLE if name.startswith("MIG") else _PART):
                have.setdefault(Quantity(value), name)
    return have


def _just_below(have: Mapping[Quantity, str], threshold: Quantity) -> tuple[str, Quantity] | None:
    """The hardware with the most capacity of those that a threshold narrowly leaves out."""
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
            several = f"all {len(devices)} kinds of device that come"
            whom = several if len(devices) > 1 else "the only kind of device that comes"
            yield Hint(written.object, written.path, f"is false for {whom} this far")


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
    for written, _, compared in parsed(given):
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
    for written, _, compared in parsed(given):
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
