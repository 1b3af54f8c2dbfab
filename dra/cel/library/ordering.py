"""`isLessThan`, `isGreaterThan` and `compareTo` of Kubernetes' types that have an order."""

from __future__ import annotations

import operator
from typing import Any

from dra.cel.declarations import Function, member
from dra.cel.types import BOOL, INT, Type

__all__ = ["comparisons"]


def comparisons(name: str, type_: Type, by: str) -> tuple[Function, ...]:
    """The methods that ask for the order of two values.

    Args:
        name: What the overloads' names begin with.
        type_: Of the values.
        by: The attribute that orders the values.
    """
    key = operator.attrgetter(by)

    def greater(left: Any, right: Any) -> bool:
        return bool(key(left) > key(right))

    def less(left: Any, right: Any) -> bool:
        return bool(key(left) < key(right))

    def compare(left: Any, right: Any) -> int:
        return greater(left, right) - less(left, right)

    both = [type_, type_]
    return (
        Function("isGreaterThan", member(f"{name}_is_greater_than", both, BOOL, greater, orders=">")),
        Function("isLessThan", member(f"{name}_is_less_than", both, BOOL, less, orders="<")),
        Function("compareTo", member(f"{name}_compare_to", both, INT, compare, orders="<=>")),
    )
