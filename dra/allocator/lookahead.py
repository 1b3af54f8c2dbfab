"""Cuts for the second phase of the search: branches that hold neither a solution nor an error.

At any point the requests still open are demands: so many devices out of such a set. `Lookahead.narrow`
shrinks those sets by what must hold in every solution and gives up if one becomes too small; each rule is one
small method that says why it cuts no solution. Requests on which a selector can end in an error are the
horizon: nothing is concluded from them or from those behind them, because reaching it is an answer too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import attrs

from dra.allocator.board import Board, Option, PlacedSlot
from dra.allocator.bounds import CapacityBounds, CounterBounds, assignable
from dra.allocator.constraints import Constraint
from dra.allocator.plan import RESULTS_MAX
from dra.allocator.pools import bits, each_bit

__all__ = ["Demand", "Lookahead"]

_REMEMBERED = 100_000


@attrs.define(slots=True)
class Demand:
    """Devices that are still needed.

    Attributes:
        claim: Index of the claim.
        need: How many, at least.
        devices: Out of which; one bit each.
        admin: In-use devices count too, and nothing is used up.
        constraints: Those that cover the demand whatever alternative is chosen.
        options: The alternatives that are left.
    """

    claim: int
    need: int
    devices: int
    admin: bool
    constraints: tuple[Constraint, ...]
    options: tuple[Option, ...]


class Lookahead:
    """What can be said about the rest of a search.

    Args:
        board: The attempt; its state is read at every call.
        slots: All slots of the attempt.
    """

    def __init__(self, board: Board, slots: Sequence[PlacedSlot]) -> None:
        self.board = board
        self.slots = slots
        self.horizon = next((i for i, slot in enumerate(slots) if self._hazardous(slot)), len(slots))
        self.shareable = bits(at for at, device in board.view.devices() if device.shareable)
        self.counters = CounterBounds(board)
        self.capacity = CapacityBounds(board, self.shareable)
        self._holders: dict[str, dict[Hashable, int]] = {}
        self._attributed: dict[str, int] = {}
        self._classes: dict[int, dict[int, tuple[int, int]]] = {}
        self._relevant = self._relevant_devices()
        self._places = {id(slot): place for place, slot in enumerate(slots)}
        self._failed: set[Hashable] = set()
        self._has_admin = any(option.alternative.admin_access for slot in slots for option in slot.options)

    def _hazardous(self, slot: PlacedSlot) -> bool:
        """Whether working on a slot can end in an error."""
        return any(
            option.strict
            or bool(option.alternative.derived)
            or bool(option.errors & (-1 if option.alternative.admin_access else ~self.board.used))
            for option in slot.options
        )

    def _relevant_devices(self) -> list[int]:
        """For each slot the devices that it or a later one looks at."""
        relevant, masks = 0, []
        for slot in reversed(self.slots):
            for option in slot.options:
                relevant |= option.selected | option.errors
            masks.append(relevant)
        return masks[::-1]

    # --- the cuts ----------------------------------------------------------------------------------------

    def narrow(self, index: int, choice: int, picked: int, todo: int) -> int:
        """The devices worth trying next; none if what is picked cannot be completed.

        Args:
            index: The slot.
            choice: Its option.
            picked: How many devices it has.
            todo: The devices that would be tried.
        """
        if index >= self.horizon:
            return todo
        option = self.slots[index].options[choice]
        first = Demand(
            self.slots[index].slot.claim,
            option.need - picked,
            todo,
            bool(option.alternative.admin_access),
            option.alternative.constraints,
            (option,),
        )
        demands = [first]
        for slot in self.slots[index + 1 : self.horizon]:
            demand = self._demand(slot)
            if demand is None:
                return 0
            if demand.need:
                demands.append(demand)
        if not self._within_limit(demands) or not self._fit(demands):
            return 0
        return first.devices

    def _demand(self, slot: PlacedSlot) -> Demand | None:
        """What a later slot needs at least; None if none of its alternatives is possible any more."""
        need, devices, options = RESULTS_MAX + 1, 0, []
        for option in slot.options:
            free = option.selected & ~option.barred & ~self.board.unavailable(slot, option)
            if free.bit_count() < option.need or (option.alternative.all_devices and not option.need):
                continue
            options.append(option)
            need = min(need, option.need)
            devices |= free
        if not options:
            return None
        shared = options[0].alternative.constraints
        for option in options[1:]:
            shared = tuple(each for each in shared if each in option.alternative.constraints)
        admin = bool(options[0].alternative.admin_access)
        return Demand(slot.slot.claim, need, devices, admin, shared, tuple(options))

    def _fit(self, demands: Sequence[Demand]) -> bool:
        """Shrink the demands' sets until nothing changes; False if some demand cannot be met."""
        self.counters.restrict(demands)
        self.capacity.restrict(demands)
        constraints = {(each.claim, constraint) for each in demands for constraint in each.constraints}
        ordered = sorted(constraints, key=lambda each: (each[0], each[1].index))
        before: list[int] = []
        while before != (after := [each.devices for each in demands]):
            before = after
            for claim, constraint in ordered:
                covered = [each for each in demands if each.claim == claim and constraint in each.constraints]
                rule = self._differ if constraint.distinct else self._agree
                if not rule(claim, constraint, covered):
                    return False
        return (
            all(each.devices.bit_count() >= each.need for each in demands)
            and self._enough_devices(demands)
            and self.counters.allow(demands, self.shareable)
            and self.capacity.allow(demands)
        )

    def _within_limit(self, demands: Iterable[Demand]) -> bool:
        """A claim's result lists at most 32 devices, so more than that cannot be completed."""
        needs: Counter[int] = Counter()
        for each in demands:
            needs[each.claim] += each.need
        return all(self.board.counts[claim] + need <= RESULTS_MAX for claim, need in needs.items())

    def _agree(self, claim: int, constraint: Constraint, covered: Sequence[Demand]) -> bool:
        """Matching devices have a value in common, so it must be on enough devices of every demand."""
        holders = self._holders_of(constraint)
        seen = self.board.seen[claim][constraint.index]
        possible = 0
        for value in holders if seen is None else seen:
            mask = holders.get(value, 0)
            if all(
                (each.devices & mask).bit_count() >= each.need for each in covered
            ) and self._enough_devices(covered, mask):
                possible |= mask
        for each in covered:
            each.devices &= possible
        return bool(possible)

    def _differ(self, claim: int, constraint: Constraint, covered: Sequence[Demand]) -> bool:
        """Each distinct device uses up a value of its own, so there must be a value for every device."""
        holders = self._holders_of(constraint)
        blocked = 0
        for value in self.board.seen[claim][constraint.index] or ():
            blocked |= holders.get(value, 0)
        for each in covered:
            each.devices &= self._attributed[constraint.attribute] & ~blocked
        values = [0] * len(covered)
        for bit, mask in enumerate(holders.values()):
            for place, each in enumerate(covered):
                if each.devices & mask:
                    values[place] |= 1 << bit
        return assignable([each.need for each in covered], values)

    def _enough_devices(self, demands: Iterable[Demand], within: int = -1) -> bool:
        """A device that is not shareable serves one demand (pigeonhole over every group of demands)."""
        needs, masks = [], []
        for each in demands:
            devices = each.devices & within
            need = each.need - (devices & self.shareable).bit_count()
            if need > 0 and not each.admin:
                needs.append(need)
                masks.append(devices & ~self.shareable)
        return assignable(needs, masks)

    def _holders_of(self, constraint: Constraint) -> dict[Hashable, int]:
        """For each value of the constraint's attribute the devices that have it."""
        known = self._holders.get(constraint.attribute)
        if known is None:
            known, attributed = {}, 0
            for offset, pool, on_node in self.board.view.offsets:
                values = pool.values(constraint.attribute, lists=self.board.features.list_type_attributes)
                for index in each_bit(on_node.usable):
                    for value in values[index] or ():
                        known[value] = known.get(value, 0) | 1 << offset + index
                        attributed |= 1 << offset + index
            self._holders[constraint.attribute] = known
            self._attributed[constraint.attribute] = attributed
        return known

    # --- symmetry and memory -------------------------------------------------------------------------------

    def equivalent(self, index: int, position: int) -> int:
        """Devices that can stand in for one in every way that slots from `index` on can see.

        When a device failed, exchanging it with its equal in a supposed solution would give a solution with
        the device that failed; so its equals fail too.
        """
        if position in self.board.shares or self.board.taken >> position & 1:
            return 0
        alike = self._classes_from(index).get(position, (0, 0))[1]
        return alike & ~self.board.taken & ~bits(self.board.shares)

    def known_to_fail(self, index: int) -> bool:
        """Whether the slots from `index` on failed before from a state that is the same to them."""
        return bool(self._failed) and self._state(index) in self._failed

    def exhausted(self, index: int) -> None:
        """Remember that the slots from `index` on cannot be completed from the present state."""
        if index and len(self._failed) < _REMEMBERED:
            self._failed.add(self._state(index))

    def culprit(self, index: int) -> int:
        """The last slot before `index` that has anything to do with the failure of those from `index` on.

        Whatever the slots in between pick, no more than now is left for those that failed, so other picks
        there do not help. With a request on the way that can end in an error, that is left open.

        Returns:
            The slot, -1 if there is none.
        """
        if self.horizon < len(self.slots):
            return index - 1
        claim = self.slots[index].slot.claim
        for pick in reversed(self.board.picks):
            matters = self._relevant[index] >> pick.position & 1 or pick.charged
            if matters or pick.slot.slot.claim >= claim:
                return self._places[id(pick.slot)]
        return -1

    def _state(self, index: int) -> Hashable:
        """All that the slots from `index` on can see of the picks so far, up to exchanging equal devices."""
        board, relevant, classes = self.board, self._relevant[index], self._classes_from(index)
        taken: Counter[tuple[int, Hashable]] = Counter()
        pools = set()
        for pick in board.picks:
            if relevant >> pick.position & 1:
                # With admin access one device can be picked by several claims, and counts differ by claim.
                which = (pick.position, pick.slot.slot.claim) if self._has_admin else None
                shared = tuple(sorted(board.consumed.get(pick.position, {}).items()))
                number = classes[pick.position][0]
                taken[number, (which, shared, board.shares.get(pick.position, 0))] += 1
            pools.add(pick.pool)
        claim = self.slots[index].slot.claim
        return (
            index,
            board.counts[claim],
            frozenset(taken.items()),
            tuple(tuple(each) for each in board.seen[claim:]),
            frozenset(
                (pool.driver, pool.name, counter, nanos)
                for pool, spent in board.spent.items()
                for counter, nanos in spent.items()
                if nanos
            ),
            frozenset(
                (pool.driver, pool.name, name, groups) for (pool, name), groups in board.groups.items()
            ),
        )

    def _classes_from(self, index: int) -> dict[int, tuple[int, int]]:
        """For each device the number of its class and the class itself, as slots from `index` on see it."""
        known = self._classes.get(index)
        if known is None:
            members: dict[Hashable, list[int]] = {}
            for position, _ in self.board.view.devices():
                if self._relevant[index] >> position & 1:
                    members.setdefault(self._traits(index, position), []).append(position)
            known = self._classes[index] = {}
            for number, positions in enumerate(members.values()):
                known.update(dict.fromkeys(positions, (number, bits(positions))))
        return known

    def _traits(self, index: int, position: int) -> Hashable:
        """What slots from `index` on can tell a device by."""
        board = self.board
        pool, place = board.view.locate(position)
        device, usage = pool.devices[place], board.usages[pool]
        options = tuple(
            (option.selected >> position & 1, option.errors >> position & 1, option.barred >> position & 1)
            for slot in self.slots[index:]
            for option in slot.options
        )
        attributes = {
            constraint.attribute
            for slot in self.slots[index:]
            for option in slot.options
            for constraint in option.alternative.constraints
        }
        # Where the order of devices decides between an error and no solution, none stands in for another.
        ordered = any(
            bool(option.alternative.derived) or (option.strict and option.selected >> position & 1)
            for slot in self.slots[index:]
            for option in slot.options
        )
        return (
            options,
            tuple(
                pool.values(attribute, lists=board.features.list_type_attributes)[place]
                for attribute in sorted(attributes)
            ),
            (pool.driver, pool.name, device.consumes, device.groups) if device.consumes else None,
            (id(device.capacity), tuple(sorted(usage.consumed_of(place).items())))
            if device.shareable or usage.consumed_of(place)
            else None,
            device.shareable,
            board.used >> position & 1,
            usage.in_use >> place & 1,
            position if ordered else -1,
        )
