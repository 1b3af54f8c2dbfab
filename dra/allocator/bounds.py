"""Upper bounds on how many devices can still be picked: by pigeonhole, by counters, by capacity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import attrs

from dra.allocator.board import Board
from dra.allocator.capacity import Consumption, exceeded
from dra.allocator.plan import RESULTS_MAX, DeviceFilter
from dra.allocator.pools import CounterId, Pool, bits, each_bit

if TYPE_CHECKING:
    from dra.allocator.lookahead import Demand

_Taste: TypeAlias = tuple[DeviceFilter, ...]

__all__ = ["CapacityBounds", "CounterBounds", "assignable"]


def assignable(needs: Sequence[int], choices: Sequence[int]) -> bool:
    """Whether every demand can have as many items as it needs, no item being given twice.

    Augmenting paths over sets of items (Hall's theorem gives the certificate when there is none).

    Args:
        needs: How many items each demand needs.
        choices: Out of which, one bit per item.

    Example:
        >>> assignable([1, 1], [0b01, 0b11]), assignable([1, 2], [0b01, 0b11])
        (True, False)
    """
    given = [0] * len(needs)
    free = -1
    for demand, need in enumerate(needs):
        direct = choices[demand] & free
        if direct.bit_count() > need:
            direct = _lowest(direct, need)
        given[demand] = direct
        free &= ~direct
        for _ in range(need - direct.bit_count()):
            gained = _augment(demand, choices, given, free)
            if not gained:
                return False
            free &= ~gained
    return True


def _lowest(mask: int, count: int) -> int:
    rest = mask
    for _ in range(count):
        rest &= rest - 1
    return mask ^ rest


def _augment(start: int, choices: Sequence[int], given: list[int], free: int) -> int:
    """Give one more item to a demand, by moving items along a chain of demands; the item used up, or 0."""
    moves = {start: (start, 0)}
    queue = [start]
    for demand in queue:
        item = choices[demand] & free
        if item:
            item &= -item
            _pass_on(demand, start, item, moves, given)
            return item
        for other, items in enumerate(given):
            movable = items & choices[demand]
            if movable and other not in moves:
                moves[other] = (demand, movable & -movable)
                queue.append(other)
    return 0


def _pass_on(demand: int, start: int, item: int, moves: dict[int, tuple[int, int]], given: list[int]) -> None:
    given[demand] |= item
    while demand != start:
        receiver, moved = moves[demand]
        given[demand] ^= moved
        given[receiver] |= moved
        demand = receiver


@attrs.define(slots=True)
class _CounterSet:
    """A counter set and the devices that draw on it.

    Attributes:
        pool: Whose it is.
        entry: Which of their counter sets it is to those devices.
        devices: The devices.
        groups: Counters that can be added up, as they come in the same amount, with the devices by what they
            take of the group in total, least first.
    """

    pool: Pool
    entry: int
    devices: int
    groups: list[tuple[tuple[CounterId, ...], list[tuple[int, int]]]]


class CounterBounds:
    """What shared counters still allow."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.sets: list[_CounterSet] = []
        self.levels: dict[tuple[Pool, CounterId], list[tuple[int, int]]] = {}
        self.overcommitted = 0
        for offset, pool, on_node in board.view.offsets:
            if pool.counters:
                self._add_pool(offset, pool, on_node.usable)

    def _add_pool(self, offset: int, pool: Pool, usable: int) -> None:
        by_set: dict[tuple[int, str], list[tuple[int, dict[CounterId, int]]]] = {}
        for index in each_bit(usable):
            entries: dict[str, dict[CounterId, int]] = {}
            for counter, nanos in pool.devices[index].consumes:
                entries.setdefault(counter.counter_set, {})[counter] = nanos
                levels = self.levels.setdefault((pool, counter), [])
                _add_level(levels, nanos, 1 << offset + index)
            for entry, (name, amounts) in enumerate(entries.items()):
                by_set.setdefault((entry, name), []).append((offset + index, amounts))
            if entries and self.board.usages[pool].overcommitted:
                self.overcommitted |= 1 << offset + index
        for (entry, name), users in by_set.items():
            devices = bits(position for position, _ in users)
            groups = [(group, _levels(group, users)) for group in _groups(name, pool)]
            self.sets.append(_CounterSet(pool, entry, devices, groups))

    def _left(self, pool: Pool, counter: CounterId) -> int:
        spent = self.board.spent.get(pool)
        return self.board.usages[pool].remaining[counter] - (spent.get(counter, 0) if spent else 0)

    def _exempt(self) -> int:
        """Shareable devices whose counters are charged already."""
        mask = bits(self.board.shares)
        for offset, pool, _ in self.board.view.offsets:
            for index in each_bit(self.board.usages[pool].in_use):
                if pool.devices[index].shareable:
                    mask |= 1 << offset + index
        return mask

    def restrict(self, demands: Iterable[Demand]) -> None:
        """A device that takes more of a counter than is left cannot be picked, now or later."""
        if not self.levels:
            return
        blocked = self.overcommitted
        for (pool, counter), levels in self.levels.items():
            left = self._left(pool, counter)
            for nanos, devices in levels:
                if nanos > left:
                    blocked |= devices
        blocked &= ~self._exempt()
        for each in demands:
            each.devices &= ~blocked

    def allow(self, demands: Sequence[Demand], shareable: int) -> bool:
        """Counters only go down, so no more devices can be picked than the cheapest of them would use up."""
        if not self.sets:
            return True
        exempt = self._exempt() | shareable
        together, total = 0, 0
        for each in demands:
            if not self._allows(each.need, each.devices, exempt):
                return False
            together |= each.devices
            total += 0 if each.admin else each.need
        return self._allows(total, together, exempt) or any(each.admin for each in demands)

    def _allows(self, need: int, devices: int, exempt: int) -> bool:
        if (devices & exempt).bit_count():
            return True
        entries = {each.entry for each in self.sets}
        for entry in entries:
            most, seen = 0, 0
            for each in self.sets:
                if each.entry == entry and each.devices & devices:
                    seen |= each.devices & devices
                    most += self._most(each, devices)
            if most + (devices & ~seen).bit_count() < need:
                return False
        return True

    def _most(self, counter_set: _CounterSet, devices: int) -> int:
        """At most how many of the devices can draw on a counter set at the same time."""
        most = (counter_set.devices & devices).bit_count()
        for group, levels in counter_set.groups:
            left = sum(max(0, self._left(counter_set.pool, counter)) for counter in group)
            count = 0
            for nanos, mask in levels:
                here = (mask & devices).bit_count()
                fitting = here if not nanos else min(here, left // nanos)
                count += fitting
                left -= fitting * nanos
                if fitting < here:
                    break
            most = min(most, count)
        return most


def _groups(counter_set: str, pool: Pool) -> list[tuple[CounterId, ...]]:
    """Each counter alone, and together those that there is the same amount of (such as memory slices)."""
    by_amount: dict[int, list[CounterId]] = {}
    for counter, nanos in pool.counters.items():
        if counter.counter_set == counter_set:
            by_amount.setdefault(nanos, []).append(counter)
    groups = [tuple(each) for each in by_amount.values()]
    alone = [(counter,) for each in by_amount.values() for counter in each if len(each) > 1]
    return groups + alone


def _levels(
    group: tuple[CounterId, ...], users: Iterable[tuple[int, dict[CounterId, int]]]
) -> list[tuple[int, int]]:
    by_load: dict[int, int] = {}
    for position, amounts in users:
        load = sum(amounts.get(counter, 0) for counter in group)
        by_load[load] = by_load.get(load, 0) | 1 << position
    return sorted(by_load.items())


def _add_level(levels: list[tuple[int, int]], nanos: int, device: int) -> None:
    for place, (load, mask) in enumerate(levels):
        if load == nanos:
            levels[place] = (load, mask | device)
            return
    levels.append((nanos, device))


class CapacityBounds:
    """What the capacity of shareable devices still allows.

    Demands with the same filters take the same of a device: they are of one taste.
    """

    def __init__(self, board: Board, shareable: int) -> None:
        self.board = board
        self.shareable = shareable
        self._least: dict[tuple[_Taste, int], dict[str, int] | None] = {}

    def restrict(self, demands: Iterable[Demand]) -> None:
        """Capacity only goes down, so a device that is too full for a demand stays so."""
        if not self.shareable:
            return
        devices: dict[_Taste, int] = {}
        for each in demands:
            devices[_taste(each)] = devices.get(_taste(each), 0) | each.devices & self.shareable
        full = {
            taste: bits(position for position in each_bit(mask) if not self._fits(taste, position))
            for taste, mask in devices.items()
        }
        for each in demands:
            each.devices &= ~full[_taste(each)]

    def _fits(self, taste: _Taste, position: int) -> bool:
        pool, index = self.board.view.locate(position)
        consumed = self.board.usages[pool].consumed_of(index)
        picked = self.board.consumed.get(position, {})
        device = pool.devices[index]
        for wanted in taste:
            takes = self.board.matcher.consumption(device, wanted)
            if isinstance(takes, Consumption) and exceeded(takes, device.capacity, consumed, picked) is None:
                return True
        return False

    def allow(self, demands: Sequence[Demand]) -> bool:
        """The shares still needed must fit: in number, and for each capacity in sum."""
        groups: Counter[tuple[_Taste, int, int]] = Counter()
        for each in demands:
            shares = each.need - (each.devices & ~self.shareable).bit_count()
            if shares > 0:
                groups[_taste(each), each.devices & self.shareable, shares] += 1
        if not groups:
            return True
        positions = 0
        for _, devices, _ in groups:
            positions |= devices
        most, room = 0, dict[str, int]()
        least: dict[_Taste, dict[str, int]] = {}
        for position in each_bit(positions):
            users = 0
            takes: dict[_Taste, dict[str, int]] = {}
            for (taste, devices, _), number in groups.items():
                if devices >> position & 1:
                    users += number
                    takes[taste] = self._takes_least(taste, position)
            most += min(users, self._shares_on(position, takes.values(), room))
            for taste, amounts in takes.items():
                least[taste] = _lower(least.get(taste), amounts)
        if sum(shares * number for (_, _, shares), number in groups.items()) > most:
            return False
        return all(
            sum(
                shares * number * least.get(taste, {}).get(name, 0)
                for (taste, _, shares), number in groups.items()
            )
            <= available
            for name, available in room.items()
        )

    def _takes_least(self, taste: _Taste, position: int) -> dict[str, int]:
        """What any of the filters takes of a device at least."""
        key = (taste, position)
        if key not in self._least:
            pool, index = self.board.view.locate(position)
            least: dict[str, int] | None = None
            for wanted in taste:
                takes = self.board.matcher.consumption(pool.devices[index], wanted)
                if isinstance(takes, Consumption):
                    least = _lower(least, dict(takes.nanos))
            self._least[key] = least
        return self._least[key] or {}

    def _shares_on(self, position: int, takes: Iterable[dict[str, int]], room: dict[str, int]) -> int:
        """At most how many more shares a device can hold; what it has left is added to the room."""
        pool, index = self.board.view.locate(position)
        consumed = self.board.usages[pool].consumed_of(index)
        picked = self.board.consumed.get(position, {})
        takes = tuple(takes)
        most = RESULTS_MAX * len(self.board.counts)
        for name, capacity in pool.devices[index].capacity.items():
            left = max(0, capacity.value.nanos - consumed.get(name, 0) - picked.get(name, 0))
            room[name] = room.get(name, 0) + left
            cheapest = min((each.get(name, 0) for each in takes), default=0)
            if cheapest > 0:
                most = min(most, left // cheapest)
        return most


def _taste(demand: Demand) -> _Taste:
    return tuple(option.alternative.filter for option in demand.options)


def _lower(known: dict[str, int] | None, amounts: dict[str, int]) -> dict[str, int]:
    """The lesser of both amounts for each name; what only one of them takes may be nothing."""
    if known is None:
        return amounts
    return {name: min(known[name], nanos) for name, nanos in amounts.items() if name in known}
