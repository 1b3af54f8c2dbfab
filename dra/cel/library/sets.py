"""Lists as sets: `sets.contains`, `sets.equivalent` and `sets.intersects`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dra.cel.declarations import Arguments, Cost, Estimate, Function, Library, Range, overload
from dra.cel.library.uniform import hashes
from dra.cel.types import BOOL, list_of, parameter
from dra.cel.values import Value, contains, size_of

__all__ = ["LIBRARY"]

_LIST: Final = list_of(parameter("T"))


def _pairwise(factor: int) -> Cost:
    """The cost of comparing each element of one list with each of the other, `factor` times."""

    def estimate(arguments: Arguments) -> Estimate:
        return Estimate((arguments.size(0) * arguments.size(1)).times(factor) + Range.exactly(1))

    def charge(values: Sequence[Value], _result: Value) -> int:
        return size_of(values[0]) * size_of(values[1]) * factor + 1

    return Cost(estimate, charge, beforehand=True)


def _contains(elements: tuple[Value, ...], wanted: tuple[Value, ...]) -> bool:
    hashed = hashes(elements, wanted)
    if hashed is not None:
        return hashed[0].issuperset(hashed[1])
    return all(contains(elements, value) for value in wanted)


def _equivalent(left: tuple[Value, ...], right: tuple[Value, ...]) -> bool:
    return _contains(left, right) and _contains(right, left)


def _intersects(left: tuple[Value, ...], right: tuple[Value, ...]) -> bool:
    hashed = hashes(left, right)
    if hashed is not None:
        return not hashed[0].isdisjoint(hashed[1])
    return any(contains(right, value) for value in left)


LIBRARY: Final = Library(
    "sets",
    since="1.29",
    functions=(
        Function(
            "sets.contains",
            overload("list_sets_contains_list", [_LIST, _LIST], BOOL, _contains, _pairwise(1)),
        ),
        Function(
            "sets.equivalent",
            overload("list_sets_equivalent_list", [_LIST, _LIST], BOOL, _equivalent, _pairwise(2)),
        ),
        Function(
            "sets.intersects",
            overload("list_sets_intersects_list", [_LIST, _LIST], BOOL, _intersects, _pairwise(1)),
        ),
    ),
)
