"""One attempt's devices so far: what may be added, adding it, and taking it back.

Everything is checked before anything is changed, so a refused device leaves no trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from dra.allocator.candidates import Matcher
from dra.allocator.capacity import Consumption, Refusal, exceeded
from dra.allocator.constraints import AttributeValues, Constraint
from dra.allocator.counters import SHARED_FREELY, SharedGroups, shortage
from dra.allocator.inventory import NodeView
from dra.allocator.plan import Alternative, Plan, Slot
from dra.allocator.pools import CounterId, Device, Pool
from dra.allocator.usage import Account, Usage
from dra.errors import AllocationError

__all__ = ["Board", "Option", "Pick", "PlacedSlot", "Reporter"]

_NOTHING: Mapping[str, int] = {}


@attrs.frozen(eq=False, slots=True)
class Option:
    """An alternative on a node.

    Attributes:
        alternative: What is asked for.
        need: How many devices.
        selected: The devices that its filter selects; for `All` those that it must have.
        errors: Devices on which a selector ends in an error.
        barred: Selected devices that cannot be used.
        strict: A device that violates a constraint is an error: `All`, outside a list of alternatives.
    """

    alternative: Alternative
    need: int
    selected: int
    errors: int
    barred: int
    strict: bool


@attrs.frozen(eq=False, slots=True)
class PlacedSlot:
    """A slot on a node."""

    slot: Slot
    options: tuple[Option, ...]


@attrs.frozen(eq=False, slots=True)
class Pick:
    """A device that an attempt has taken, and what is needed to take it back."""

    slot: PlacedSlot
    option: Option
    position: int
    device: Device
    pool: Pool
    consumption: Consumption | None
    charged: bool
    taken: int
    taken_by_claim: int
    seen: tuple[tuple[int, AttributeValues | None], ...]
    groups: tuple[tuple[tuple[Pool, str], SharedGroups | None], ...]


class Reporter(Protocol):
    """What a search tells while it runs; see `dra.allocator.explain`."""

    def refused(self, option: Option, device: Device, rule: str, detail: str) -> None:
        """A device could not be added to what had been picked."""


class Board:
    """What an attempt has picked.

    Attributes:
        view: The node's devices.
        picks: The devices so far, in order.
        taken: Devices that are not shareable and picked by any claim.
        taken_by: The same by claim.
        used: Devices that existing allocations hold as a whole.
        counts: Devices picked per claim.
        seen: Per claim and constraint, what the constraint has seen.
        spent: Per pool, what was taken of each counter.
        consumed: Per position of a shareable device, what was taken of each capacity.
        shares: Per position of a shareable device, how often it was picked.
    """

    def __init__(
        self, view: NodeView, plan: Plan, account: Account, matcher: Matcher, reporter: Reporter | None = None
    ) -> None:
        self.view = view
        self.matcher = matcher
        self.features = matcher.features
        self.reporter = reporter
        self.usages: dict[Pool, Usage] = {pool: account.usage(pool) for _, pool, _ in view.offsets}
        self.used = 0
        for offset, pool, _ in view.offsets:
            self.used |= self.usages[pool].used << offset
        self.labels = [claim.label for claim in plan.claims]
        self.picks: list[Pick] = []
        self.taken = 0
        self.taken_by = [0] * len(plan.claims)
        self.counts = [0] * len(plan.claims)
        self.seen: list[list[AttributeValues | None]] = [
            [None] * len(claim.constraints) for claim in plan.claims
        ]
        self.spent: dict[Pool, dict[CounterId, int]] = {}
        self.consumed: dict[int, dict[str, int]] = {}
        self.shares: dict[int, int] = {}
        self.groups: dict[tuple[Pool, str], SharedGroups] = {}

    def unavailable(self, slot: PlacedSlot, option: Option) -> int:
        """Devices that are in use for an option; admin access only respects its own claim."""
        if option.alternative.admin_access:
            return self.taken_by[slot.slot.claim]
        return self.used | self.taken

    def place(self, slot: PlacedSlot, option: Option, position: int) -> bool:
        """Add a device, unless a rule forbids it. It must be selected, free and not barred.

        Raises:
            AllocationError: A constraint is violated that must not be, or a derived attribute fails.
        """
        pool, index = self.view.locate(position)
        device = pool.devices[index]
        usage = self.usages[pool]

        # Kubernetes looks at the capacity first, except for `All`: there a violated constraint goes before.
        limited = self.features.consumable_capacity and (device.shareable or index in usage.consumed)
        consumption: Consumption | None = None
        if limited and not option.strict:
            consumption = self._consumption(option, device, position, usage.consumed_of(index))
            if consumption is None:
                return False
        charged = bool(device.model.consumes_counters) and not (
            device.shareable and (usage.in_use >> index & 1 or position in self.shares)
        )
        if charged and not self._counters_left(option, device, pool, usage):
            return False
        seen = self._check_constraints(slot, option, device, pool, index)
        if seen is None:
            return False
        if limited and option.strict:
            consumption = self._consumption(option, device, position, usage.consumed_of(index))
            if consumption is None:
                return False
        held = consumption if device.shareable else None
        self._take(slot, option, position, device, pool, held, charged, seen)
        return True

    def _consumption(
        self, option: Option, device: Device, position: int, consumed: Mapping[str, int]
    ) -> Consumption | None:
        wanted = self.matcher.consumption(device, option.alternative.filter)
        if isinstance(wanted, Refusal):
            return None
        short = exceeded(wanted, device.capacity, consumed, self.consumed.get(position, _NOTHING))
        if short is None:
            return wanted
        if self.reporter:
            self.reporter.refused(option, device, "capacity", short)
        return None

    def _counters_left(self, option: Option, device: Device, pool: Pool, usage: Usage) -> bool:
        for counter_set, names in device.groups:
            if not self._groups(pool, counter_set, usage).admits(names):
                if self.reporter:
                    self.reporter.refused(option, device, "compatibility groups", counter_set)
                return False
        if usage.overcommitted:
            if self.reporter:
                self.reporter.refused(option, device, "counters", "the pool's counters are overcommitted")
            return False
        short = shortage(device.consumes, usage.remaining, self.spent.get(pool, {}))
        if short is not None and self.reporter:
            detail = f"{short.counter.counter} of counter set {short.counter.counter_set}"
            self.reporter.refused(option, device, "counters", detail)
        return short is None

    def _groups(self, pool: Pool, counter_set: str, usage: Usage) -> SharedGroups:
        known = self.groups.get((pool, counter_set))
        return usage.groups().get(counter_set, SHARED_FREELY) if known is None else known

    def _check_constraints(
        self, slot: PlacedSlot, option: Option, device: Device, pool: Pool, index: int
    ) -> list[tuple[Constraint, AttributeValues]] | None:
        """What each constraint would have seen, or None if one is violated."""
        result = []
        seen = self.seen[slot.slot.claim]
        for constraint in option.alternative.constraints:
            values = self.values(option, constraint, pool, index)
            after = constraint.add(seen[constraint.index], values)
            if after is None:
                if option.strict:
                    raise self._violation(slot, option, device, constraint)
                if self.reporter:
                    self.reporter.refused(option, device, "constraint", str(constraint))
                return None
            result.append((constraint, after))
        return result

    def values(
        self, option: Option, constraint: Constraint, pool: Pool, index: int
    ) -> AttributeValues | None:
        """What a constraint compares of a device.

        Raises:
            AllocationError: It is a derived attribute whose expression fails.
        """
        derived = option.alternative.derived.get(constraint.attribute)
        if derived is not None:
            return self.matcher.derived(pool.devices[index], constraint.attribute, derived)
        return pool.values(constraint.attribute, lists=self.features.list_type_attributes)[index]

    def _violation(
        self, slot: PlacedSlot, option: Option, device: Device, constraint: Constraint
    ) -> AllocationError:
        return AllocationError(
            f"claim {self.labels[slot.slot.claim]}, request {option.alternative.own_name}: cannot add device "
            f"{device.id} because a claim constraint would not be satisfied",
            path=f"spec.devices.constraints[{constraint.index}]",
            value=constraint.attribute,
            subject=f"ResourceClaim {self.labels[slot.slot.claim]}",
        )

    def _take(
        self,
        slot: PlacedSlot,
        option: Option,
        position: int,
        device: Device,
        pool: Pool,
        consumption: Consumption | None,
        charged: bool,
        added: Sequence[tuple[Constraint, AttributeValues]],
    ) -> None:
        claim = slot.slot.claim
        seen = self.seen[claim]
        groups: list[tuple[tuple[Pool, str], SharedGroups | None]] = []
        if charged:
            for counter_set, names in device.groups:
                groups.append(((pool, counter_set), self.groups.get((pool, counter_set))))
                joined = self._groups(pool, counter_set, self.usages[pool]).joined(names)
                self.groups[pool, counter_set] = joined
            self._spend(pool, device, 1)
        self.picks.append(
            Pick(
                slot,
                option,
                position,
                device,
                pool,
                consumption,
                charged,
                self.taken,
                self.taken_by[claim],
                tuple((constraint.index, seen[constraint.index]) for constraint, _ in added),
                tuple(groups),
            )
        )
        for constraint, after in added:
            seen[constraint.index] = after
        if device.shareable:
            self._share(position, consumption, 1)
        else:
            self.taken |= 1 << position
            self.taken_by[claim] |= 1 << position
        self.counts[claim] += 1

    def take_back(self) -> Pick:
        """Undo the last pick."""
        pick = self.picks.pop()
        claim = pick.slot.slot.claim
        self.counts[claim] -= 1
        if pick.device.shareable:
            self._share(pick.position, pick.consumption, -1)
        else:
            self.taken, self.taken_by[claim] = pick.taken, pick.taken_by_claim
        for index, before in pick.seen:
            self.seen[claim][index] = before
        if pick.charged:
            self._spend(pick.pool, pick.device, -1)
            for key, groups in pick.groups:
                if groups is None:
                    del self.groups[key]
                else:
                    self.groups[key] = groups
        return pick

    def _spend(self, pool: Pool, device: Device, sign: int) -> None:
        spent = self.spent.setdefault(pool, {})
        for counter, nanos in device.consumes:
            spent[counter] = spent.get(counter, 0) + sign * nanos

    def _share(self, position: int, consumption: Consumption | None, sign: int) -> None:
        shares = self.shares.get(position, 0) + sign
        if shares:
            self.shares[position] = shares
        else:
            del self.shares[position]
        consumed = self.consumed.setdefault(position, {})
        for name, nanos in consumption.nanos if consumption else ():
            consumed[name] = consumed.get(name, 0) + sign * nanos
