"""Slices become pools of devices: what there is, in the order in which it is tried, and its counters.

A set of devices of a pool is an integer with one bit per device. What is found out about the devices,
verdicts of selectors above all, is kept with the pool and goes with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from dra.allocator.constraints import AttributeValues, attribute_values, find_attribute
from dra.allocator.plan import DeviceFilter
from dra.allocator.state import DeviceId
from dra.allocator.verdicts import Candidates, Verdicts
from dra.cel import BoundDevice
from dra.features import Features
from dra.models.resource import Device as DeviceModel, DeviceCapacity, ResourceSlice

__all__ = ["CounterId", "Device", "Pool", "Slice", "bits", "build_pool", "each_bit"]

_NO_CAPACITY: Mapping[str, DeviceCapacity] = {}


@attrs.frozen(order=True)
class CounterId:
    """A counter of a pool."""

    counter_set: str
    counter: str


@attrs.frozen(eq=False)
class Slice:
    """A ResourceSlice and its place in the input."""

    position: int
    model: ResourceSlice

    @property
    def name(self) -> str:
        """The name of the object."""
        return self.model.metadata.name or ""

    def has_counters(self, features: Features) -> bool:
        """Whether it holds the pool's counter sets."""
        return features.partitionable_devices and bool(self.model.spec.shared_counters)

    def is_understood(self, features: Features) -> bool:
        """Whether it can be used with these features; if not, it only counts as one of the pool's slices."""
        spec = self.model.spec
        return features.partitionable_devices or not (
            spec.per_device_node_selection is not None or spec.shared_counters
        )

    def has_compatibility_groups(self) -> bool:
        """Whether a device in it names groups of devices it may share a counter set with."""
        return any(
            consumption.compatibility_groups
            for device in self.model.spec.devices or ()
            for consumption in device.consumes_counters or ()
        )


@attrs.define(eq=False, slots=True)
class Device:
    """A device as the search sees it.

    Attributes:
        id: Driver, pool and name.
        model: The device as it is published.
        slice: The slice that publishes it.
        shareable: Several claims may hold a share of it.
        consumes: By counter, what it takes while it is allocated, in nano units.
        groups: By counter set, the groups of devices it may share that set with.
        bound: As CEL sees it, once it was needed.
    """

    id: DeviceId
    model: DeviceModel
    slice: ResourceSlice
    shareable: bool
    consumes: tuple[tuple[CounterId, int], ...]
    groups: tuple[tuple[str, frozenset[str]], ...]
    bound: BoundDevice | None = attrs.field(default=None, init=False)

    @property
    def capacity(self) -> Mapping[str, DeviceCapacity]:
        """Its capacities by name."""
        return self.model.capacity or _NO_CAPACITY


@attrs.define(eq=False)
class Pool:
    """The devices of one generation of a pool that take part in decisions on some node.

    Attributes:
        driver: The driver.
        name: The pool's name.
        devices: In the order in which they are tried: by name of the slice, then as listed.
        slice_of: For each device the position of its slice in the input.
        positions: For each name the devices that bear it; more than one only across nodes.
        counters: What there is of each counter, in nano units.
        fault: Why its counters make no sense, if so.
        verdicts: By expression, what is known of it.
        candidates: By filter, what is known of it.
    """

    driver: str
    name: str
    devices: tuple[Device, ...]
    slice_of: tuple[int, ...]
    positions: Mapping[str, int]
    counters: Mapping[CounterId, int]
    fault: str = ""
    verdicts: dict[str, Verdicts] = attrs.field(factory=dict, init=False)
    candidates: dict[DeviceFilter, Candidates] = attrs.field(factory=dict, init=False)
    _values: dict[tuple[str, bool], tuple[AttributeValues | None, ...]] = attrs.field(
        factory=dict, init=False
    )

    def values(self, attribute: str, *, lists: bool) -> tuple[AttributeValues | None, ...]:
        """What constraints compare of an attribute, for each device."""
        key = (attribute, lists)
        if key not in self._values:
            self._values[key] = tuple(
                attribute_values(
                    find_attribute(device.model.attributes or {}, attribute, self.driver), lists=lists
                )
                for device in self.devices
            )
        return self._values[key]

    def of_slices(self, slices: frozenset[int]) -> int:
        """The devices that these slices publish."""
        return bits(index for index, position in enumerate(self.slice_of) if position in slices)

    @property
    def everything(self) -> int:
        """All its devices."""
        return (1 << len(self.devices)) - 1


def each_bit(mask: int) -> Iterator[int]:
    """The positions of the bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def bits(positions: Iterable[int]) -> int:
    """The set with these positions."""
    mask = 0
    for position in positions:
        mask |= 1 << position
    return mask


def build_pool(driver: str, name: str, slices: Sequence[Slice], features: Features, *, mixed: bool) -> Pool:
    """The pool that these slices make up.

    Args:
        driver: The driver.
        name: The pool's name.
        slices: All its slices of one generation.
        features: What is understood.
        mixed: A slice with counter sets may have devices too.
    """
    holders = [each for each in slices if mixed or not each.has_counters(features)]
    holders.sort(key=lambda each: each.name)
    counters, sets, fault = _counters([each for each in slices if each.has_counters(features)])
    devices: list[Device] = []
    slice_of: list[int] = []
    positions: dict[str, int] = {}
    for each in holders:
        for model in each.model.spec.devices or ():
            positions[model.name] = positions.get(model.name, 0) | 1 << len(devices)
            devices.append(_device(driver, name, model, each.model, features))
            slice_of.append(each.position)
    if features.partitionable_devices:
        fault = fault or _unknown_counter(devices, counters, sets)
    return Pool(driver, name, tuple(devices), tuple(slice_of), positions, counters, fault)


def _device(driver: str, pool: str, model: DeviceModel, slice_: ResourceSlice, features: Features) -> Device:
    consumptions = model.consumes_counters or ()
    return Device(
        DeviceId(driver, pool, model.name),
        model,
        slice_,
        features.consumable_capacity and bool(model.allow_multiple_allocations),
        tuple(
            (CounterId(each.counter_set, name), counter.value.nanos)
            for each in consumptions
            for name, counter in (each.counters or {}).items()
        ),
        tuple((each.counter_set, frozenset(each.compatibility_groups or ())) for each in consumptions)
        if features.device_compatibility_groups
        else (),
    )


def _counters(slices: Iterable[Slice]) -> tuple[dict[CounterId, int], frozenset[str], str]:
    """The counters of a pool, the names of its counter sets, and what is wrong with them."""
    counters: dict[CounterId, int] = {}
    sets: set[str] = set()
    for each in slices:
        for counter_set in each.model.spec.shared_counters or ():
            if counter_set.name in sets:
                return counters, frozenset(sets), f"duplicate counter set name {counter_set.name}"
            sets.add(counter_set.name)
            for name, counter in (counter_set.counters or {}).items():
                counters[CounterId(counter_set.name, name)] = counter.value.nanos
    return counters, frozenset(sets), ""


def _unknown_counter(
    devices: Iterable[Device], counters: Mapping[CounterId, int], sets: frozenset[str]
) -> str:
    for device in devices:
        for consumption in device.model.consumes_counters or ():
            if consumption.counter_set not in sets:
                return f"counter set {consumption.counter_set} not found"
        for counter, _ in device.consumes:
            if counter not in counters:
                return f"counter {counter.counter} not found in counter set {counter.counter_set}"
    return ""
