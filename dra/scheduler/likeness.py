"""When two nodes are alike for some claims, so that one attempt answers for both.

A cluster has thousands of nodes of a few kinds, in a few states. Names, UUIDs and bus addresses differ on
each of them, so nodes are compared by what the search can see of them for the claims at hand:

- the shape: which pools there are, in which order, and of each device whether it is shareable, its counters
  and its capacity;
- for every filter of the claims, which devices it selects, bars, or fails on;
- for every attribute that a constraint compares, which devices have values in common. The values
  themselves do not matter to a constraint, so they are numbered in the order in which they are met;
- what is taken, device by device.

The search looks at nothing else, and tries devices by position, never by name. So on nodes that agree in
all of this it takes the same steps and picks the devices at the same positions. Two things cannot be
compared so, and make a node like no other: derived attributes, whose expressions may read anything, and
values that are lists.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Final

import attrs

from dra.allocator.candidates import Matcher
from dra.allocator.constraints import AttributeValues
from dra.allocator.inventory import NodeView
from dra.allocator.plan import Alternative, DeviceFilter, Plan
from dra.allocator.pools import Pool
from dra.models.resource import DeviceCapacity
from dra.scheduler.memo import Numbers

__all__ = ["Likeness", "Shapes", "wishes"]

_SHAPES_KEPT: Final = 200_000


def wishes(plan: Plan) -> Hashable:
    """Equal for claims that ask for the same, whatever their names."""
    return tuple(
        (slot.claim, slot.prioritized, tuple(_wish(each) for each in slot.alternatives))
        for slot in plan.slots
    )


def _wish(wanted: Alternative) -> Hashable:
    return (
        wanted.filter,
        wanted.count,
        wanted.all_devices,
        wanted.admin_access,
        tuple((each.index, each.attribute, each.distinct) for each in wanted.constraints),
        tuple(sorted(wanted.derived.items())),
    )


@attrs.frozen(eq=False)
class Likeness:
    """What claims look at on a node.

    Attributes:
        filters: Their filters.
        attributes: The attributes that their constraints compare.
        alone: Whether no two nodes can be alike for them.
    """

    filters: tuple[DeviceFilter, ...]
    attributes: tuple[str, ...]
    alone: bool

    @classmethod
    def of(cls, plan: Plan) -> Likeness:
        """What the claims of a plan look at."""
        wanted = [each for slot in plan.slots for each in slot.alternatives]
        return cls(
            tuple(dict.fromkeys(each.filter for each in wanted)),
            tuple(dict.fromkeys(constraint.attribute for each in wanted for constraint in each.constraints)),
            any(each.derived for each in wanted),
        )

    def of_node(self, view: NodeView, matcher: Matcher, shapes: Shapes) -> Hashable:
        """Equal for nodes that are alike, apart from what is taken.

        Raises:
            AllocationError: A capacity policy that makes no sense.
        """
        if self.alone:
            return view
        parts: list[Hashable] = [shapes.of(view)]
        for each in self.filters:
            found = matcher.candidates(view, each)
            parts.append((found.selected, found.errors, found.barred))
        lists = matcher.features.list_type_attributes
        for attribute in self.attributes:
            pattern = _pattern(
                value for _, pool, _ in view.offsets for value in pool.values(attribute, lists=lists)
            )
            if pattern is None:
                return view
            parts.append(pattern)
        return tuple(parts)


def _pattern(values: Iterable[AttributeValues | None]) -> Hashable:
    """Values numbered in the order of appearance; None if there are lists among them."""
    numbers: dict[AttributeValues | None, int] = {None: 0}
    pattern = []
    for value in values:
        if value is not None and (len(value) != 1 or next(iter(value))[1] is None):
            return None
        pattern.append(numbers.setdefault(value, len(numbers)))
    return tuple(pattern)


class Shapes:
    """Numbers for the shapes of nodes, so that comparing them is comparing numbers."""

    def __init__(self) -> None:
        self._numbers = Numbers(_SHAPES_KEPT)
        self._pools: dict[Pool, int] = {}
        self._views: dict[NodeView, int] = {}
        self._capacities: dict[int, tuple[Mapping[str, DeviceCapacity], int]] = {}

    def of(self, view: NodeView) -> int:
        """The number of a node's shape."""
        known = self._views.get(view)
        if known is None:
            parts = [
                (
                    each.fault,
                    bool(each.reason),
                    -1 if each.pool is None else self._pool(each.pool),
                    each.present,
                    each.usable,
                    each.unsupported,
                )
                for each in view.pools
            ]
            known = self._views[view] = self._numbers.of(("view", *parts))
        return known

    def _pool(self, pool: Pool) -> int:
        known = self._pools.get(pool)
        if known is None:
            devices = [
                (
                    device.shareable,
                    bool(device.model.consumes_counters),
                    device.consumes,
                    device.groups,
                    self._capacity(device.capacity),
                )
                for device in pool.devices
            ]
            known = self._numbers.of(("pool", tuple(devices), tuple(pool.counters.items())))
            self._pools[pool] = known
        return known

    def _capacity(self, capacity: Mapping[str, DeviceCapacity]) -> int:
        if not capacity:
            return -1
        known = self._capacities.get(id(capacity))
        if known is None:
            number = self._numbers.of(
                tuple(
                    (name, each.value.nanos, each.request_policy and str(each.request_policy.to_dict()))
                    for name, each in capacity.items()
                )
            )
            # The mapping is kept with its number, so that its identity cannot be taken by another.
            known = self._capacities[id(capacity)] = (capacity, number)
        return known[1]
