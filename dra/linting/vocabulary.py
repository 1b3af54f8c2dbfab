"""The names of attributes and capacities: those of given devices, and those that known drivers publish."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set as AbstractSet
from typing import Final, TypeAlias

from dra.drivers.declarations import Attribute, Capacity
from dra.drivers.driver import Driver
from dra.drivers.registry import all as all_drivers
from dra.linting.accesses import Kind, drivers
from dra.linting.given import Given
from dra.suggestions import did_you_mean, nearest

__all__ = [
    "declared",
    "domains_of",
    "driver_of",
    "is_among",
    "published",
    "question",
    "question_elsewhere",
    "question_of_domain",
]

# The driver of upstream's example, whose name stands for any driver in manifests that teach.
_ANY_DRIVER: Final = ".example.com"
_DIGITS: Final = "0123456789"
_STANDARD: Final = "resource.kubernetes.io"

Names: TypeAlias = "Mapping[str, AbstractSet[str]]"
"""By domain, the names in it."""


def question(name: str, known: Iterable[str]) -> str:
    """A question such as "did you mean 'productName'?"; empty unless the name is nearly a known one."""
    return did_you_mean(name, sorted(known), strictly=True)


def published(given: Given, kind: Kind) -> Names:
    """The names that the given devices have."""

    def found() -> Names:
        names: dict[str, set[str]] = defaultdict(set)
        for known in given.kinds_of_device:
            for full_name in getattr(known.bound, kind):
                domain, _, name = full_name.partition("/")
                names[domain].add(name)
        return dict(names)

    return given.remembered(("published", kind), found)


def declared(given: Given, kind: Kind) -> Names:
    """The names that known drivers publish, in domains that no given device has.

    Drivers change: a name that is not among them may be newer than what is known here, so that it is only a
    slip if it is near one that is.
    """

    def found() -> Names:
        names: dict[str, set[str]] = defaultdict(set)
        for driver in _drivers():
            for each in _declarations(driver, kind):
                names[each.domain or driver.name].add(each.identifier)
        there = published(given, "attributes").keys() | published(given, "capacity").keys()
        there |= {known.driver for known in given.devices}
        return {domain: known for domain, known in names.items() if domain not in there}

    return given.remembered(("declared", kind), found)


def is_among(name: str, known: AbstractSet[str]) -> bool:
    """Whether a name is one that a driver publishes, numbers of capacities like `memorySlice3` apart."""
    return name in known or name.rstrip(_DIGITS) in known


def driver_of(given: Given, device_class: str, texts: Iterable[str]) -> Driver | None:
    """The known driver to whose devices a class and selectors keep, if no device of it is given.

    Args:
        given: Everything that was given, the class among it or not.
        device_class: The name of the class; empty for none.
        texts: The selectors.
    """
    known = given.classes.get(device_class)
    more = [each.cel.expression for each in (known.spec.selectors or ()) if each.cel] if known else []
    trees = [tree for text in (*texts, *more) if (tree := given.tree(text))]
    names = {name for tree in trees for name in drivers(tree)}
    if not names and known is None:
        names = {driver.name for driver in _drivers() for each in driver.classes if each.name == device_class}
    names -= {each.driver for each in given.devices}
    return next((driver for driver in _drivers() if {driver.name} == names), None)


def domains_of(driver: Driver, kind: Kind) -> set[str]:
    """The domains of what a driver publishes, its own among them."""
    return {driver.name, *(each.domain for each in _declarations(driver, kind) if each.domain)}


def question_of_domain(name: str, driver: Driver, kind: Kind) -> str:
    """A question for the domain that was meant, among those of what a driver publishes.

    Those below the driver's own, one for each cloud, are told apart by what stands before it.
    """
    known, own = domains_of(driver, kind), f".{driver.name}"
    if not name.endswith(own):
        return question(name, known)
    below = sorted(each.removesuffix(own) for each in known if each.endswith(own))
    meant = nearest(name.removesuffix(own), below, strictly=True)
    return f"did you mean {meant + own!r}?" if meant else ""


def question_elsewhere(given: Given, kind: Kind, domain: str, name: str) -> str:
    """A question for a name that the driver of a domain has in another, that of Kubernetes first.

    Where devices of the driver are given, only for one that some device has.
    """
    of_driver = (
        each for driver in _drivers() if driver.name == domain for each in _declarations(driver, kind)
    )
    others = {each.domain for each in of_driver if each.identifier == name} - {"", domain}
    here = published(given, kind)
    if domain in here:
        others = {each for each in others if name in here.get(each, ())}
    where = _STANDARD if _STANDARD in others else min(others, default="")
    return f"did you mean {f'{where}/{name}'!r}?" if where else ""


def _drivers() -> list[Driver]:
    return [driver for driver in all_drivers() if not driver.name.endswith(_ANY_DRIVER)]


def _declarations(driver: Driver, kind: Kind) -> tuple[Attribute, ...] | tuple[Capacity, ...]:
    return driver.attributes if kind == "attributes" else driver.capacities
