"""Why claims fit a node or not: what each device fell to, what nearly fitted, what cannot hold together.

A device is counted once per request, under the first rule it breaks: is it of the class, does it satisfy the
request, is it free, is there enough of it. So `in use` counts devices whose release could help. When every
request alone could be met, the search is repeated with a reporter, and requirements are left out one by one
until those that remain are needed for the failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

import attrs

from dra.allocator.board import Board, Option, Pick, PlacedSlot
from dra.allocator.capacity import Refusal, exceeded
from dra.allocator.conjunction import Conjunctions
from dra.allocator.constraints import Constraint
from dra.allocator.explanation import (
    Explanation,
    Obstacle,
    Reason,
    RequestExplanation,
    Requirement,
    count_of,
)
from dra.allocator.inventory import NodeView
from dra.allocator.nearest import Nearest
from dra.allocator.plan import Condition, Plan
from dra.allocator.pools import Device, Pool
from dra.allocator.search import Budget, search
from dra.errors import AllocationError

__all__ = ["Explainer"]

_T = TypeVar("_T")

_EXAMPLES: Final = 3


class _Tally:
    """A reporter that counts what combinations were stopped by."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()

    def refused(self, option: Option, device: Device, rule: str, detail: str) -> None:  # noqa: ARG002 - Reporter
        """Count a refusal by rule and detail."""
        self.counts[option.alternative.name, rule, detail] += 1

    def most(self, number: int) -> tuple[Obstacle, ...]:
        """The most frequent ones."""
        return tuple(Obstacle(*what, times) for what, times in self.counts.most_common(number))


class Explainer:
    """Explains one attempt.

    Args:
        node: The node's name.
        plan: The claims.
        view: The node's devices.
        board: Makes a fresh board, which tells a reporter what it refuses.
        holders: The claims that hold a device, where that is known.
    """

    def __init__(
        self,
        node: str,
        plan: Plan,
        view: NodeView,
        board: Callable[[_Tally | None], Board],
        holders: Callable[[Device], Sequence[str]],
    ) -> None:
        self.node = node
        self.plan = plan
        self.view = view
        self.board = board
        self.holders = holders
        self.devices = list(view.devices())
        self.on_node = {pool: on_node for _, pool, on_node in view.offsets}

    def run(self, slots: Sequence[PlacedSlot], picks: Sequence[Pick] | None, budget: Budget) -> Explanation:
        """The explanation.

        Args:
            slots: What the claims want of the node.
            picks: What they got; None if they do not fit.
            budget: For all searches that are still needed together; it is running.

        Raises:
            AllocationError: A device or a selector is broken where the search did not look.
        """
        pools = tuple(
            f"{pool} is {pool.fault}" + (f": {pool.reason}" if pool.reason else "")
            for pool in self.view.pools
            if pool.fault
        )
        board = self.board(None)
        requests = tuple(self._request(slot, option, board) for slot in slots for option in slot.options)
        if picks is not None:
            shown = tuple(self._pick(pick) for pick in picks)
            passed = tuple(self._passed_over(slots, requests, picks))
            return Explanation(
                self.node, True, requests=requests, picks=shown, passed_over=passed, pools=pools
            )
        requirements, obstacles = self._conflict(slots, requests, budget)
        return Explanation(
            self.node,
            False,
            requests=requests,
            requirements=requirements,
            obstacles=obstacles,
            pools=pools,
        )

    def _label(self, claim: int) -> str:
        return self.plan.claims[claim].label

    def _pick(self, pick: Pick) -> str:
        label = self._label(pick.slot.slot.claim)
        amounts = pick.consumption.amounts if pick.consumption else {}
        share = ", ".join(f"{name} {amount}" for name, amount in amounts.items())
        return f"{label} {pick.option.alternative.name}: {pick.device.id}" + (f" ({share})" if share else "")

    def _passed_over(
        self, slots: Sequence[PlacedSlot], requests: Iterable[RequestExplanation], picks: Sequence[Pick]
    ) -> Iterator[str]:
        """Why none of the devices and alternatives that are tried earlier was taken."""
        described = iter(requests)
        picked = {str(pick.device.id) for pick in picks}
        for slot in slots:
            own = [pick for pick in picks if pick.slot is slot]
            chosen = own[0].option if own else None
            for option in slot.options:
                request = next(described)
                if chosen is None:
                    continue
                if option is chosen:
                    earlier = [str(each.id) for at, each in self.devices if at < own[-1].position]
                    yield from request.passed_over(earlier, picked, {str(pick.device.id) for pick in own})
                    chosen = None
                else:
                    yield request.not_chosen()

    # --- one request on its own ----------------------------------------------------------------------------

    def _request(self, slot: PlacedSlot, option: Option, board: Board) -> RequestExplanation:
        usable: list[str] = []
        found: dict[tuple[str, str, Condition | None], list[tuple[int, Device]]] = {}
        nearest = Nearest(board.matcher, self.holders, [device for _, device in self.devices])
        conjunctions = Conjunctions(board.matcher)
        for position, device in self.devices:
            reason = self._reason(slot, option, board, conjunctions, position, device)
            if reason is None:
                usable.append(str(device.id))
            else:
                found.setdefault(reason, []).append((position, device))
        alternative = option.alternative
        return RequestExplanation(
            claim=self._label(slot.slot.claim),
            request=alternative.name,
            wanted=None if alternative.all_devices else option.need,
            needed=option.need,
            devices=len(self.devices),
            usable=tuple(usable),
            reasons=tuple(
                Reason(
                    rule,
                    text,
                    tuple(str(device.id) for _, device in devices),
                    nearest.text(rule, condition, option, [device for _, device in devices]),
                )
                for (rule, text, condition), devices in sorted(found.items(), key=lambda each: -len(each[1]))
            ),
        )

    def _reason(
        self,
        slot: PlacedSlot,
        option: Option,
        board: Board,
        conjunctions: Conjunctions,
        position: int,
        device: Device,
    ) -> tuple[str, str, Condition | None] | None:
        """The first rule that a device breaks for a request, whatever else is picked."""
        pool, index = self.view.locate(position)
        conditions = option.alternative.filter.conditions
        failed = self._selector(pool, index, [each for each in conditions if each.class_name], board)
        if failed is not None:
            return "class", f"not of class {failed.class_name}", None
        failed = self._selector(pool, index, [each for each in conditions if not each.class_name], board)
        if failed is not None:
            term = conjunctions.first_false(failed.expression, pool, index)
            where = f", where {term} is false" if term else ""
            return "selector", f"fail selector {failed.expression}{where}", failed
        if board.unavailable(slot, option) >> position & 1:
            return "in use", "in use", None
        if option.errors >> position & 1:
            return "error", "end a selector in an error", None
        later = self._after_selectors(option, board, position, device)
        return None if later is None else (*later, None)

    def _selector(
        self, pool: Pool, index: int, conditions: Iterable[Condition], board: Board
    ) -> Condition | None:
        for condition in conditions:
            verdicts = board.matcher.verdicts(pool, condition.expression, 1 << index)
            if index in verdicts.errors:
                return None
            if not verdicts.true >> index & 1:
                return condition
        return None

    def _after_selectors(
        self, option: Option, board: Board, position: int, device: Device
    ) -> tuple[str, str] | None:
        pool, index = self.view.locate(position)
        matcher, wanted = board.matcher, option.alternative.filter
        on_node = self.on_node[pool]
        if not on_node.usable >> index & 1:
            return "node", "for other nodes"
        if not matcher.understood(pool) >> index & 1:
            return "feature", "have binding conditions, and the feature DRADeviceBindingConditions is off"
        if on_node.unsupported >> index & 1:
            return "feature", "skip node operations, which scheduler or node do not support"
        if board.features.consumable_capacity:
            short = self._capacity(option, board, position, device)
            if short:
                return "capacity", short
        bar = matcher.bar(device, wanted)
        if bar:
            return "taint", f"barred: {bar}"
        for constraint in option.alternative.constraints:
            if constraint.attribute not in option.alternative.derived and not board.values(
                option, constraint, pool, index
            ):
                return "attribute", f"miss attribute {constraint.attribute}"
        usage = board.usages[pool]
        if device.consumes and not (device.shareable and usage.in_use >> index & 1):
            for counter, nanos in device.consumes:
                if nanos > usage.remaining[counter]:
                    return (
                        "counters",
                        f"need more {counter.counter} than counter set {counter.counter_set} has left",
                    )
            if usage.overcommitted:
                return "counters", "are in a pool whose counters are overcommitted"
        return None

    def _capacity(self, option: Option, board: Board, position: int, device: Device) -> str:
        pool, index = self.view.locate(position)
        takes = board.matcher.consumption(device, option.alternative.filter)
        if isinstance(takes, Refusal):
            if takes.available is None:
                return f"have no capacity {takes.name}"
            if takes.by_policy:
                return f"do not hand out {takes.wanted} of {takes.name}"
            return f"have less than {takes.wanted} of {takes.name}"
        name = exceeded(takes, device.capacity, board.usages[pool].consumed_of(index))
        return f"have less than {takes.amounts[name]} of {name} left" if name else ""

    # --- all requests together -----------------------------------------------------------------------------

    def _conflict(
        self, slots: Sequence[PlacedSlot], requests: Sequence[RequestExplanation], budget: Budget
    ) -> tuple[tuple[Requirement, ...], tuple[Obstacle, ...]]:
        """Requirements that cannot hold together, and what combinations were stopped by."""
        described = iter(requests)
        for slot in slots:
            alternatives = [next(described) for _ in slot.options]
            impossible = not any(each.possible for each in alternatives)
            if impossible and self._unfit(self.board(None), [slot], budget):
                return self._minimal([slot], budget), ()
        tally = _Tally()
        if not self._unfit(self.board(tally), slots, budget):
            return (), tally.most(_EXAMPLES)
        return self._minimal(slots, budget), tally.most(_EXAMPLES)

    def _minimal(self, slots: Sequence[PlacedSlot], budget: Budget) -> tuple[Requirement, ...]:
        """Leave out constraints, then requests, as long as the rest is known not to fit."""
        constraints = [
            (index, constraint)
            for index, claim in enumerate(self.plan.claims)
            for constraint in claim.constraints
        ]
        kept = _needed(
            constraints, lambda fewer: self._unfit(self.board(None), _reduced(slots, fewer), budget), budget
        )
        some = _reduced(slots, kept)
        left = _needed(some, lambda rest: bool(rest) and self._unfit(self.board(None), rest, budget), budget)
        requests = [Requirement(self._label(slot.slot.claim), _wanted(slot)) for slot in left]
        return (*requests, *(Requirement(self._label(claim), str(each)) for claim, each in kept))

    def _unfit(self, board: Board, slots: Sequence[PlacedSlot], budget: Budget) -> bool:
        """Whether there is no solution; not if that stays open, for want of budget or because of an error."""
        try:
            return search(board, slots, budget) is None
        except AllocationError:
            return False


def _needed(items: Sequence[_T], still: Callable[[Sequence[_T]], bool], budget: Budget) -> list[_T]:
    """The items without those that can be left out, the first of them first.

    What can be left out one by one can be left out as a block, so blocks are tried, and halved where that is
    too much: a few items that are needed among thousands are found in a few dozen steps.

    Args:
        items: The items.
        still: Whether fewer of them are still enough.
        budget: What may be spent; when that is over, what was not left out yet stays.
    """
    left, at, block = list(items), 0, len(items)
    while at < len(left) and not budget.is_over:
        block = min(block, len(left) - at)
        rest = left[:at] + left[at + block :]
        if still(rest):
            left, block = rest, 2 * block
        elif block > 1:
            block //= 2
        else:
            at, block = at + 1, 2
    return left


def _reduced(slots: Iterable[PlacedSlot], kept: Sequence[tuple[int, Constraint]]) -> list[PlacedSlot]:
    """The slots without the constraints that are not kept."""

    def reduced(claim: int, option: Option) -> Option:
        if not option.alternative.constraints:
            return option
        constraints = tuple(each for each in option.alternative.constraints if (claim, each) in kept)
        return attrs.evolve(option, alternative=attrs.evolve(option.alternative, constraints=constraints))

    return [
        PlacedSlot(slot.slot, tuple(reduced(slot.slot.claim, each) for each in slot.options))
        for slot in slots
    ]


def _wanted(slot: PlacedSlot) -> str:
    wanted = [
        "all devices" if option.alternative.all_devices else count_of(option.need, "device")
        for option in slot.options
    ]
    return f"request {slot.slot.name} ({' or '.join(dict.fromkeys(wanted))})"
