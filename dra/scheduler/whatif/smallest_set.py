"""The cheapest set of things to give up so that something fits: exact where that can be proven in time.

It knows nothing of pods. Giving up more never makes anything fit less, so a set can be shrunk one by one to
one that nothing can be spared from (a *bound*), things without which nothing fits can be told, and the sets
between these are tried from the cheapest on. The first that fits is the answer; if the tries run out before,
the bound is.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import attrs

__all__ = ["Cost", "SmallestSet", "Tries", "cost_of", "smallest_set"]

Cost: TypeAlias = "tuple[int, int, int]"
"""Of a set: its weights added up, how many there are, the age of the oldest. Compared in this order."""


class Tries:
    """How often something may still be tried.

    Args:
        left: How often.
        advance: Called each time.
    """

    def __init__(self, left: int, advance: Callable[[], object] | None = None) -> None:
        self.left = left
        self._advance = advance

    def take(self) -> bool:
        """Take one, if there is one left."""
        if self._advance:
            self._advance()
        self.left -= 1
        return self.left >= 0


@attrs.frozen
class SmallestSet:
    """A set that fits.

    Attributes:
        members: Its members by their positions, in order.
        cost: What it costs.
        proven: Whether no cheaper set fits; else there was no time to find out.
    """

    members: tuple[int, ...]
    cost: Cost
    proven: bool


def cost_of(weights: Sequence[int], ages: Sequence[int], members: Iterable[int]) -> Cost:
    """What a set costs."""
    members = tuple(members)
    return (
        sum(weights[each] for each in members),
        len(members),
        max((ages[each] for each in members), default=0),
    )


def smallest_set(
    weights: Sequence[int],
    ages: Sequence[int],
    fits: Callable[[Sequence[int]], bool],
    tries: Tries,
) -> SmallestSet | None:
    """The cheapest set that fits.

    Args:
        weights: What each thing weighs, 0 or more.
        ages: How old each is; of sets that weigh the same and are as many, that whose oldest is youngest.
        fits: Whether it fits without some of the things, given by their positions in order.
        tries: How often `fits` may be asked.

    Returns:
        None if it does not fit without any of them, or if there was no time to find out.

    Example:
        >>> smallest_set([5, 1, 1], [0, 0, 0], lambda gone: 0 in gone or len(gone) == 2, Tries(100))
        SmallestSet(members=(1, 2), cost=(2, 2, 0), proven=True)
    """
    order = sorted(range(len(weights)), key=lambda each: (weights[each], ages[each], each))
    if not order or not tries.take() or not fits(sorted(order)):
        return None
    bound = _shrunk(order, fits, tries)
    needed = [each for each in bound if _is_needed(each, order, fits, tries)]
    best = SmallestSet(tuple(sorted(bound)), cost_of(weights, ages, bound), len(needed) == len(bound))
    if best.proven:
        return best
    rest = [each for each in order if each not in needed]

    def cost(chosen: Sequence[int]) -> Cost:
        return cost_of(weights, ages, (*needed, *(rest[each] for each in chosen)))

    # Every set is made once: from that with another last member, or from that without it.
    waiting: list[tuple[Cost, tuple[int, ...]]] = [(cost((0,)), (0,))]
    while waiting:
        price, chosen = heapq.heappop(waiting)
        if price >= best.cost:
            break
        if not tries.take():
            return best
        gone = sorted((*needed, *(rest[each] for each in chosen)))
        if fits(gone):
            return SmallestSet(tuple(gone), price, proven=True)
        after = chosen[-1] + 1
        if after < len(rest):
            for more in ((*chosen[:-1], after), (*chosen, after)):
                heapq.heappush(waiting, (cost(more), more))
    return attrs.evolve(best, proven=True)


def _shrunk(order: Sequence[int], fits: Callable[[Sequence[int]], bool], tries: Tries) -> list[int]:
    """A set that fits and from which nothing can be spared; the dearest are spared first."""
    kept = list(order)
    for each in reversed(order):
        without = [other for other in kept if other != each]
        if not tries.take():
            break
        if fits(sorted(without)):
            kept = without
    return kept


def _is_needed(each: int, order: Sequence[int], fits: Callable[[Sequence[int]], bool], tries: Tries) -> bool:
    """Whether nothing fits while this one stays."""
    return tries.take() and not fits(sorted(other for other in order if other != each))
