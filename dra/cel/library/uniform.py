"""Lists whose elements are all of one class: ordered and added up by Python itself.

An expression may look at a million elements; CEL's own comparison, which asks each pair for its types, would
take a second for them. Each function here gives None where the list is not of that kind.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

from dra.cel.times import Duration, Timestamp
from dra.cel.values import NATIVE, Uint, Value, only_class

__all__ = ["hashes", "keys", "total"]


def keys(elements: tuple[Value, ...]) -> Sequence[Any] | None:
    """Python values in the order of the elements: the elements themselves, or the nanoseconds of times.

    Example:
        >>> keys((Duration(2), Duration(1))), keys((1, "a"))
        ([2, 1], None)
    """
    only = only_class(elements)
    if only is float or only in NATIVE:
        return elements
    return list(map(operator.attrgetter("nanos"), elements)) if only in (Duration, Timestamp) else None


def hashes(left: tuple[Value, ...], right: tuple[Value, ...]) -> tuple[set[Any], set[Any]] | None:
    """Sets of Python values that are equal where the elements of two lists are.

    Example:
        >>> hashes((Duration(2), Duration(2)), (Duration(1),)), hashes((1,), ("a",))
        (({2}, {1}), None)
    """
    if only_class(left) is not only_class(right):
        return None
    sides = keys(left), keys(right)
    if sides[0] is None or sides[1] is None:
        return None
    found = set(sides[0]), set(sides[1])
    # Not a number equals nothing; a set finds it all the same.
    return None if any(one != one for one in chain(*found)) else found


def total(numbers: Sequence[Any], low: int, high: int) -> int | None:
    """The sum of integers, if no sum on the way leaves the bounds.

    Example:
        >>> total((1, 2, 3), 0, 10), total((9, 9, -9), 0, 10)
        (6, None)
    """
    if only_class(numbers) not in (int, Uint):
        return None
    count = len(numbers)
    if low <= min(numbers) * count and max(numbers) * count <= high:
        return int(sum(numbers))
    sums = list(accumulate(map(int, numbers)))
    return sums[-1] if low <= min(sums) and max(sums) <= high else None
