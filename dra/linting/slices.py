"""Checks of ResourceSlices and their pools: DRA401 to DRA499."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import attrs

from dra.linting.finding import Hint, Hints, Severity, check
from dra.linting.given import Given
from dra.models.resource import ResourceSlice
from dra.validation.field_error import Path

__all__: list[str] = []

_SPEC = Path() / "spec"
_POOL = _SPEC / "pool"


@attrs.frozen
class _Pool:
    """The slices of a pool, those of the newest generation apart."""

    driver: str
    name: str
    newest: list[ResourceSlice]
    older: list[ResourceSlice]

    def __str__(self) -> str:
        return f"pool {self.driver}/{self.name}"


def _pools(given: Given) -> Iterator[_Pool]:
    by_pool: Mapping[tuple[str, str], list[ResourceSlice]] = defaultdict(list)
    for slice_ in given.slices:
        by_pool[slice_.spec.driver, slice_.spec.pool.name].append(slice_)
    for (driver, name), slices in by_pool.items():
        generation = max(slice_.spec.pool.generation for slice_ in slices)
        newest = [slice_ for slice_ in slices if slice_.spec.pool.generation == generation]
        older = [slice_ for slice_ in slices if slice_.spec.pool.generation != generation]
        yield _Pool(driver, name, newest, older)


@check("DRA401", Severity.ERROR)
def slices_missing(given: Given) -> Hints:
    """A pool with fewer or more slices than it says: nothing of it is allocated."""
    for pool in _pools(given):
        for slice_ in pool.newest:
            wanted, found = slice_.spec.pool.resource_slice_count, len(pool.newest)
            if wanted != found:
                yield Hint(
                    slice_,
                    _POOL / "resourceSliceCount",
                    f"says {wanted}, but {pool} has {found} in generation {slice_.spec.pool.generation}",
                    f"publish all of them with resourceSliceCount: {found}" if found > wanted else "",
                )
                break


@check("DRA402", Severity.WARNING)
def outdated_slice(given: Given) -> Hints:
    """A slice of an older generation than others of its pool: its devices do not count."""
    for pool in _pools(given):
        for slice_ in pool.older:
            newest = pool.newest[0].spec.pool.generation
            yield Hint(
                slice_,
                _POOL / "generation",
                f"is older than generation {newest} of {pool}, so its devices do not count",
                "remove the slice, or publish the whole pool in one generation",
            )


@check("DRA403", Severity.ERROR)
def device_twice_in_pool(given: Given) -> Hints:
    """A device name that occurs in two slices of one pool, which makes the pool invalid."""
    for pool in _pools(given):
        seen: dict[str, ResourceSlice] = {}
        for slice_ in pool.newest:
            for index, device in enumerate(slice_.spec.devices or ()):
                first = seen.setdefault(device.name, slice_)
                if first is not slice_:
                    yield Hint(
                        slice_,
                        (_SPEC / "devices")[index] / "name",
                        f"{device.name!r} is also in {first.subject}: names are unique in a pool",
                    )


@check("DRA404", Severity.ERROR)
def counters_not_found(given: Given) -> Hints:
    """A device consumes a counter that its pool does not have, which makes the pool invalid."""
    for pool in _pools(given):
        known = {
            item.name: set(item.counters or ())
            for slice_ in pool.newest
            for item in slice_.spec.shared_counters or ()
        }
        complete = all(slice_.spec.pool.resource_slice_count == len(pool.newest) for slice_ in pool.newest)
        for slice_ in pool.newest if complete else ():
            for index, device in enumerate(slice_.spec.devices or ()):
                for number, item in enumerate(device.consumes_counters or ()):
                    at = ((_SPEC / "devices")[index] / "consumesCounters")[number]
                    missing = sorted(set(item.counters or ()) - known.get(item.counter_set, set()))
                    if item.counter_set not in known:
                        yield Hint(
                            slice_, at / "counterSet", f"{pool} has no counter set {item.counter_set!r}"
                        )
                    elif missing:
                        yield Hint(
                            slice_,
                            at / "counters",
                            f"counter set {item.counter_set!r} has no counter {missing[0]!r}",
                        )


@check("DRA405", Severity.WARNING)
def more_than_one_slash(given: Given) -> Hints:
    """An attribute or capacity with more than one slash in its name, which no selector can reach."""
    for slice_ in given.slices:
        for index, device in enumerate(slice_.spec.devices or ()):
            for field, names in (("attributes", device.attributes), ("capacity", device.capacity)):
                for name in names or ():
                    if name.count("/") > 1:
                        at = ((_SPEC / "devices")[index] / field) @ name
                        yield Hint(slice_, at, "more than one slash in the name, which the server lets pass")


@check("DRA406", Severity.INFO)
def upper_case_driver(given: Given) -> Hints:
    """A driver name in upper case; the server warns about it."""
    for slice_ in given.slices:
        driver = slice_.spec.driver
        if driver != driver.lower():
            yield Hint(
                slice_, _SPEC / "driver", "driver names should be lower case", f"use {driver.lower()!r}"
            )


@check("DRA407", Severity.ERROR)
def several_node_selector_terms(given: Given) -> Hints:
    """A device with several node selector terms: the server takes it, the scheduler fails."""
    for slice_ in given.slices:
        for index, device in enumerate(slice_.spec.devices or ()):
            if device.node_selector is not None and len(device.node_selector.node_selector_terms) > 1:
                yield Hint(
                    slice_,
                    (_SPEC / "devices")[index] / "nodeSelector" / "nodeSelectorTerms",
                    "only one term is supported when the device is allocated",
                )


@check("DRA408", Severity.WARNING)
def default_outside_capacity(given: Given) -> Hints:
    """A default request of a capacity that is more than the capacity, which the server lets pass."""
    for slice_ in given.slices:
        for index, device in enumerate(slice_.spec.devices or ()):
            for name, capacity in (device.capacity or {}).items():
                default = capacity.request_policy.default if capacity.request_policy else None
                if default is not None and default > capacity.value:
                    at = ((_SPEC / "devices")[index] / "capacity") @ name
                    yield Hint(
                        slice_,
                        at / "requestPolicy" / "default",
                        f"is {default}, more than the capacity of {capacity.value}",
                    )


@check("DRA409", Severity.WARNING)
def counter_never_enough(given: Given) -> Hints:
    """A device that consumes more of a counter than the set has, and so can never be allocated."""
    for pool in _pools(given):
        amounts = {
            (item.name, name): counter.value
            for slice_ in pool.newest
            for item in slice_.spec.shared_counters or ()
            for name, counter in (item.counters or {}).items()
        }
        for slice_ in pool.newest:
            for index, device in enumerate(slice_.spec.devices or ()):
                for number, item in enumerate(device.consumes_counters or ()):
                    for name, counter in (item.counters or {}).items():
                        have = amounts.get((item.counter_set, name))
                        if have is not None and counter.value > have:
                            at = ((_SPEC / "devices")[index] / "consumesCounters")[number] / "counters"
                            yield Hint(slice_, at @ name, f"takes {counter.value}, but there are {have}")


@check("DRA410", Severity.WARNING)
def slices_disagree(given: Given) -> Hints:
    """Slices of one generation of a pool that disagree about how many there are."""
    for pool in _pools(given):
        counts = Counter(slice_.spec.pool.resource_slice_count for slice_ in pool.newest)
        if len(counts) > 1:
            usual = counts.most_common(1)[0][0]
            for slice_ in pool.newest:
                if slice_.spec.pool.resource_slice_count != usual:
                    yield Hint(
                        slice_,
                        _POOL / "resourceSliceCount",
                        f"says {slice_.spec.pool.resource_slice_count}, others of {pool} say {usual}",
                    )
