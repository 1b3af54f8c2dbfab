"""Devices counted as hardware: how much of a pool there is and how much is taken.

A device that stands for itself is one unit. Devices that consume counters are views of some hardware, such as
the MIG profiles of a GPU and the whole GPU; there the counter set is the unit. This is how cluster-autoscaler
counts (its `utilization.go`, KEP-4815 part). It takes a unit for used to the extent of

- a device: 1 while it is allocated;
- a counter set: the largest part of any of its counters that is consumed.

dra goes further in one point: a device that claims share is used to the extent of the largest part of any of
its capacities that is consumed, where cluster-autoscaler takes it for used as soon as anybody has a share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import attrs

from dra.allocator.pools import CounterId, Device, Pool, each_bit
from dra.allocator.usage import Usage

__all__ = ["Unit", "Units", "part_taken"]

Unit: TypeAlias = "int | str"
"""A device by its position, or a counter set by its name."""


@attrs.frozen(eq=False)
class Units:
    """The hardware of a pool.

    Attributes:
        pool: The pool.
        devices: The devices that stand for themselves, as a set of positions.
        partitions: The devices that consume counters.
        counters: For each counter set that a device consumes, its counters with what there is.
    """

    pool: Pool
    devices: int
    partitions: int
    counters: Mapping[str, Mapping[CounterId, int]]
    _behind: Mapping[str, int]

    @classmethod
    def of(cls, pool: Pool, present: int) -> Units:
        """The hardware behind some devices of a pool."""
        partitions, sets = 0, set[str]()
        for index in each_bit(present):
            consumes = pool.devices[index].consumes
            if consumes:
                partitions |= 1 << index
                sets.update(counter.counter_set for counter, _ in consumes)
        counters: dict[str, dict[CounterId, int]] = {name: {} for name in sorted(sets)}
        for counter, nanos in pool.counters.items():
            if counter.counter_set in counters and nanos > 0:
                counters[counter.counter_set][counter] = nanos
        behind = dict.fromkeys(counters, 0)
        for index in each_bit(partitions):
            for counter, _ in pool.devices[index].consumes:
                behind[counter.counter_set] |= 1 << index
        return cls(pool, present & ~partitions, partitions, counters, behind)

    def each(self) -> Iterator[tuple[Unit, int]]:
        """The units, each with the devices that stand for it, as positions."""
        for at in each_bit(self.devices):
            yield at, 1 << at
        yield from self._behind.items()

    @property
    def total(self) -> int:
        """How many units there are."""
        return self.devices.bit_count() + len(self.counters)

    def used(self, usage: Usage) -> float:
        """How many of them are taken, parts included."""
        whole = usage.used & self.devices
        taken = float(whole.bit_count())
        shared = usage.in_use & self.devices & ~whole
        if shared:
            taken += sum(part_taken(self.pool.devices[at], usage.consumed_of(at)) for at in each_bit(shared))
        if self.counters and usage.in_use & self.partitions:
            taken += sum(self.of_counters(usage).values())
        return taken

    def of_counters(self, usage: Usage) -> dict[str, float]:
        """How much of each counter set is taken: the largest part of any of its counters."""
        consumed: dict[CounterId, float] = {}
        for at in each_bit(usage.in_use & self.partitions):
            device = self.pool.devices[at]
            part = 1.0 if usage.used >> at & 1 else part_taken(device, usage.consumed_of(at))
            for counter, nanos in device.consumes:
                consumed[counter] = consumed.get(counter, 0.0) + nanos * part
        return {
            name: max((consumed.get(each, 0.0) / nanos for each, nanos in counters.items()), default=0.0)
            for name, counters in self.counters.items()
        }


def part_taken(device: Device, consumed: Mapping[str, int]) -> float:
    """The part of a shared device that is taken: the largest of its capacities' parts."""
    parts = [
        consumed[name] / each.value.nanos
        for name, each in device.capacity.items()
        if consumed.get(name) and each.value.nanos > 0
    ]
    return max(parts, default=0.0)
