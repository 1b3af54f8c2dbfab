"""Filling cells: how many pods of each kind go to which cell, so that every group has enough.

What cells have room for is added up cell by cell. For one kind of pods that is a sum; for several it is the
set of all sums, from which those are dropped that another one surpasses in every kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import attrs

from dra.scheduler.gangs.effort import Effort
from dra.scheduler.gangs.room import Cell, Counts, Room, undominated

__all__ = ["Filling", "fill"]

Step: TypeAlias = "tuple[int, int]"
"""A kind and a place."""


@attrs.frozen(eq=False)
class _Sum:
    """Some pods, and how they got there.

    Attributes:
        before: The pods in the cells before.
        cell: The last cell that got any.
        counts: What it got.
    """

    before: Counts
    cell: int
    counts: Counts


@attrs.frozen(eq=False)
class Filling:
    """What came of filling cells.

    Attributes:
        steps: Who goes where, in order; None if there is not enough room.
        most: The most pods that fit at all.
    """

    steps: tuple[Step, ...] | None
    most: int


def fill(
    cells: Sequence[tuple[Cell, Room]],
    available: Counts,
    is_enough: Callable[[Counts], bool],
    effort: Effort,
) -> Filling:
    """Fill cells until there are enough pods.

    Args:
        cells: The cells, with their rooms.
        available: How many pods of each kind there are.
        is_enough: Whether that many pods of each kind are enough.
        effort: What may be spent.

    Raises:
        Exhausted: The effort is spent.
    """
    nothing = (0,) * len(available)
    closed = all(room.closed for _, room in cells)
    sums: dict[Counts, _Sum | None] = {nothing: None}
    last = [nothing]
    if is_enough(nothing):
        return Filling((), 0)
    for number, (_, room) in enumerate(cells):
        choices = room.most if closed else tuple(room.sequences)
        fresh: list[Counts] = []
        for before in last:
            for counts in choices:
                if closed:
                    counts = tuple(map(min, counts, map(int.__sub__, available, before)))
                after = tuple(map(int.__add__, before, counts))
                if after == before or after in sums or any(map(int.__gt__, after, available)):
                    continue
                effort.spend()
                sums[after] = _Sum(before, number, counts)
                if is_enough(after):
                    return Filling(tuple(_steps(after, sums, cells)), sum(after))
                fresh.append(after)
        if fresh:
            last = undominated([*last, *fresh]) if closed else [*last, *fresh]
            effort.spend(len(last))
    return Filling(None, max(map(sum, last)))


def _steps(
    total: Counts, sums: dict[Counts, _Sum | None], cells: Sequence[tuple[Cell, Room]]
) -> Sequence[Step]:
    """The steps that lead to a sum: cell by cell, in each in an order that works."""
    parts: list[_Sum] = []
    at = sums[total]
    while at is not None:
        parts.append(at)
        at = sums[at.before]
    return [
        (kind, cells[part.cell][0][position])
        for part in reversed(parts)
        for kind, position in cells[part.cell][1].sequences[part.counts]
    ]
