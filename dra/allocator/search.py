"""Depth first, first fit: the first combination of devices, in Kubernetes' order, that satisfies all claims.

The order is that of claims, requests, alternatives and devices; within a request devices only go forward, so
no set of devices is tried twice. Two phases give the same answer. The first tries plainly, which settles
nearly every case in a few steps. If it has to go back often, the second starts again and looks ahead
(`dra.allocator.lookahead`), cutting only branches that hold neither a solution nor an error.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import attrs

from dra.allocator.board import Board, Option, Pick, PlacedSlot
from dra.allocator.lookahead import Lookahead
from dra.allocator.plan import RESULTS_MAX
from dra.arguments import finite, whole
from dra.errors import SearchBudgetExceeded

__all__ = ["Budget", "search"]

# How many devices the plain phase may try in vain before it is over.
_PLAIN_FAILURES: Final = 400
_CLOCK_INTERVAL: Final = 128


@attrs.define
class Budget:
    """How long a search may take; both limits are per attempt.

    Attributes:
        steps: Devices tried, None for no limit.
        seconds: Time, None for no limit. The default is kube-scheduler's limit for one node.
        spent: Steps so far.

    Example:
        >>> Budget(steps=1000).seconds
        10.0
    """

    steps: int | None = None
    seconds: float | None = 10.0
    spent: int = attrs.field(default=0, init=False)
    _deadline: float | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        if self.steps is not None:
            whole(self.steps, "steps", least=0)
        if self.seconds is not None:
            finite(self.seconds, "seconds", least=0)

    def start(self) -> Budget:
        """A fresh budget with the same limits, running from now."""
        fresh = Budget(self.steps, self.seconds)
        if self.seconds is not None:
            fresh._deadline = time.monotonic() + self.seconds
        return fresh

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be tried."""
        late = self._deadline is not None and time.monotonic() > self._deadline
        return late or (self.steps is not None and self.spent >= self.steps)

    def step(self, board: Board) -> None:
        """Count one step.

        Raises:
            SearchBudgetExceeded: There are no more.
        """
        self.spent += 1
        if self.steps is not None and self.spent > self.steps:
            raise self._exceeded(f"{self.steps} steps", board)
        late = self._deadline is not None and self.spent % _CLOCK_INTERVAL == 0
        if late and time.monotonic() > (self._deadline or 0.0):
            raise self._exceeded(f"{self.seconds:g} s", board)

    def _exceeded(self, limit: str, board: Board) -> SearchBudgetExceeded:
        return SearchBudgetExceeded(
            f"no answer within {limit} ({self.spent} steps); at the end {len(board.picks)} devices were "
            "picked",
            value=[str(pick.device.id) for pick in board.picks],
            remedy="give a larger budget, or fewer and narrower requests",
        )


def search(board: Board, slots: Sequence[PlacedSlot], budget: Budget) -> tuple[Pick, ...] | None:
    """The first solution, or None if there is none.

    Raises:
        AllocationError: The search reached an error before a solution.
        SearchBudgetExceeded: It took too long.
    """
    found = _plainly(board, slots, budget)
    if found is None:
        found = _Search(board, slots, budget, Lookahead(board, slots)).run()
    return tuple(board.picks) if found else None


def _plainly(board: Board, slots: Sequence[PlacedSlot], budget: Budget) -> bool | None:
    """Whether there is a solution; None, with an empty board, if that takes long to find out."""
    try:
        return _Search(board, slots, budget, None).run()
    except _TakesLong:
        while board.picks:
            board.take_back()
        return None


class _TakesLong(Exception):  # noqa: N818 - a signal between the two phases, not an error
    """The plain phase is over without an answer."""


class _Frame:
    """A decision to be made: the next device of an option of a slot."""

    __slots__ = ("choice", "index", "option", "passes", "picked", "placed", "slot", "todo")

    def __init__(self, index: int, slot: PlacedSlot, picked: int) -> None:
        self.index = index
        self.slot = slot
        self.picked = picked
        self.choice = 0
        self.option = slot.options[0]
        self.todo = 0
        self.passes = False
        self.placed = False


class _Search:
    """One run through the tree of decisions; the stack is explicit, so its depth is not limited."""

    def __init__(
        self, board: Board, slots: Sequence[PlacedSlot], budget: Budget, lookahead: Lookahead | None
    ) -> None:
        self.board = board
        self.slots = slots
        self.budget = budget
        self.lookahead = lookahead
        self.tried = 0
        self.stack: list[_Frame] = []

    def run(self) -> bool:
        """Whether there is a solution; it is then on the board."""
        if self._enter(0):
            return True
        stack = self.stack
        while stack:
            frame = stack[-1]
            if frame.placed:
                self._undo(frame)
            if frame.passes:
                frame.passes = False
                self._count()
                if self._enter(frame.index + 1):
                    return True
            elif frame.todo:
                if self._advance(frame):
                    return True
            elif not self._next_option(frame):
                stack.pop()
                if self.lookahead is not None and frame.picked == 0:
                    self.lookahead.exhausted(frame.index)
                    self._go_back_to(self.lookahead.culprit(frame.index))
        return False

    def _go_back_to(self, index: int) -> None:
        """Give up what was picked for the slots after `index`."""
        while self.stack and self.stack[-1].index > index:
            if self.stack.pop().placed:
                self.board.take_back()

    def _enter(self, index: int) -> bool:
        """Begin with a slot; True if there is none left."""
        if index == len(self.slots):
            return True
        if self.lookahead is not None and self.lookahead.known_to_fail(index):
            return False
        frame = _Frame(index, self.slots[index], 0)
        frame.choice = -1
        self._next_option(frame)
        self.stack.append(frame)
        return False

    def _next_option(self, frame: _Frame) -> bool:
        """Turn to the next alternative of the slot; False if there is none."""
        if frame.picked:
            return False
        while frame.choice + 1 < len(frame.slot.options):
            frame.choice += 1
            frame.option = option = frame.slot.options[frame.choice]
            if self._begin(frame, option):
                return True
        return False

    def _begin(self, frame: _Frame, option: Option) -> bool:
        """Prepare an option; False if it is hopeless at once."""
        board, alternative = self.board, option.alternative
        if alternative.all_devices and not option.need:
            return False
        if option.need == 0:
            frame.passes = True
            return True
        if board.counts[frame.slot.slot.claim] + option.need > RESULTS_MAX:
            return False
        unavailable = board.unavailable(frame.slot, option)
        usable = option.selected & ~option.barred & ~unavailable
        if alternative.all_devices:
            if not option.strict and usable != option.selected:
                return False
            frame.todo = option.selected & -option.selected
            return True
        # A device that is in use is never evaluated, so its error is never met.
        errors = option.errors & ~unavailable
        if not errors and not alternative.derived and usable.bit_count() < option.need:
            return False
        frame.todo = usable | errors
        if self.lookahead is not None:
            frame.todo = self.lookahead.narrow(frame.index, frame.choice, 0, frame.todo)
        return bool(frame.todo)

    def _undo(self, frame: _Frame) -> None:
        pick = self.board.take_back()
        frame.placed = False
        if self.lookahead is not None and not frame.option.alternative.all_devices:
            frame.todo &= ~self.lookahead.equivalent(frame.index, pick.position)

    def _advance(self, frame: _Frame) -> bool:
        """Try the next device; True if it completes the solution."""
        lowest = frame.todo & -frame.todo
        frame.todo ^= lowest
        position = lowest.bit_length() - 1
        option = frame.option
        self._count()
        if option.errors & lowest and not option.alternative.all_devices:
            label = self.board.labels[frame.slot.slot.claim]
            raise self.board.matcher.error(self.board.view, position, option.alternative, label)
        if option.alternative.all_devices and lowest & (
            option.barred | self.board.unavailable(frame.slot, option)
        ):
            return False
        if not self.board.place(frame.slot, option, position):
            return False
        frame.placed = True
        return self._descend(frame, position)

    def _descend(self, frame: _Frame, position: int) -> bool:
        """Go on after a pick: with the next device of the option, or with the next slot."""
        picked = frame.picked + 1
        option = frame.option
        if picked == option.need:
            return self._enter(frame.index + 1)
        below = _Frame(frame.index, frame.slot, picked)
        below.choice, below.option = frame.choice, option
        if option.alternative.all_devices:
            rest = option.selected >> position + 1 << position + 1
            below.todo = rest & -rest
        else:
            below.todo = frame.todo
            wanted = option.need - picked
            may_fail = below.todo & option.errors or option.alternative.derived
            if not may_fail and below.todo.bit_count() < wanted:
                return False
            if self.lookahead is not None:
                below.todo = self.lookahead.narrow(frame.index, frame.choice, picked, below.todo)
        if below.todo:
            self.stack.append(below)
        return False

    def _count(self) -> None:
        self.budget.step(self.board)
        if self.lookahead is None:
            self.tried += 1
            if self.tried - len(self.board.picks) > _PLAIN_FAILURES:
                raise _TakesLong
