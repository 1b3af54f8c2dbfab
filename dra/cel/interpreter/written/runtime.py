"""What written loops call besides implementations of functions; failures are values here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

from dra.cel.access import Lifted, follow, is_absent, tested
from dra.cel.declarations import STRING_TRAVERSAL
from dra.cel.interpreter.aggregates import go_type, not_optional, put
from dra.cel.interpreter.calls import looked_up
from dra.cel.values import (
    INT_MAX,
    INT_MIN,
    NO_OVERLOAD,
    UNSET,
    Failure,
    Optional,
    Uint,
    Value,
    equal,
    is_registered_opaque,
    key_value,
    map_key,
    size_of,
)

__all__ = ["NAMES", "RETURNS_FAILURES", "condition_failure", "entries", "exists_already", "merge", "pairs"]

_OVERFLOW: Final = Failure("integer overflow")
_DIVISION: Final = Failure("division by zero")
_MODULUS: Final = Failure("modulus by zero")


def condition_failure(value: Value) -> Failure:
    """The failure of a condition that gave this."""
    return value if value.__class__ is Failure else NO_OVERLOAD


def exists_already(key: Any) -> Failure:
    """The failure of adding to a map under a key that it has."""
    return Failure(f"insert failed: key {key_value(key)} already exists")


def entries(over: Value) -> Iterable[Value] | Failure:
    """What one variable stands for, one after the other."""
    if over.__class__ is tuple:
        elements: tuple[Value, ...] = over
        return elements
    if isinstance(over, dict):
        return map(key_value, list(over))
    return over if isinstance(over, Failure) else Failure(f"got '{go_type(over)}', expected iterable type")


def pairs(over: Value) -> Iterable[tuple[Value, Value]] | Failure:
    """What two variables stand for, one after the other."""
    if isinstance(over, tuple):
        return enumerate(over)
    if isinstance(over, dict):
        return zip(map(key_value, list(over)), list(over.values()), strict=True)
    if isinstance(over, Failure):
        return over
    return Failure(f"unsupported comprehension range type: {go_type(over)}")


def _int64(value: int) -> Value:
    return value if INT_MIN <= value <= INT_MAX else _OVERFLOW


def _quotient(left: int, right: int) -> Value:
    if not right:
        return _DIVISION
    if (left < 0) == (right < 0):
        return left // right if left != INT_MIN or right != -1 else _OVERFLOW
    return -(abs(left) // abs(right))


def _remainder(left: int, right: int) -> Value:
    if not right:
        return _MODULUS
    if left == INT_MIN and right == -1:
        return _OVERFLOW
    return abs(left) % abs(right) if left >= 0 else -(abs(left) % abs(right))


def _junction(left: Value, right: Value, ends: bool) -> Value:
    """`&&` and `||` of what did not end it on the left."""
    if right is ends:
        return ends
    if left.__class__ is Failure or (left.__class__ is bool and right.__class__ is Failure):
        return left if left.__class__ is Failure else right
    return NO_OVERLOAD if left.__class__ is not bool or right.__class__ is not bool else not ends


def _same(left: Value, right: Value) -> Value:
    if left.__class__ is Failure:
        return left
    if right.__class__ is Failure:
        return right
    try:
        return equal(left, right)
    except Failure as failure:
        return failure


def _differs(left: Value, right: Value) -> Value:
    if left.__class__ is Failure:
        return left
    if right.__class__ is Failure:
        return right
    try:
        return not equal(left, right)
    except Failure:
        return True


class _Tenths(dict[int, int]):
    """What walking over so many characters costs; the usual lengths are known beforehand."""

    def __missing__(self, size: int) -> int:
        return math.ceil(size * STRING_TRAVERSAL)


_TENTHS: Final = _Tenths((size, math.ceil(size * STRING_TRAVERSAL)) for size in range(1000))


def merge(insert: Callable[..., Value], items: dict[Any, Value], more: Value) -> Failure | None:
    """Add the entries of a map to another; gives what is wrong with that.

    Args:
        insert: What does so with anything that is no usual map.
        items: What is added to.
        more: What is added.
    """
    if more.__class__ is Failure:
        failure: Failure = more
        return failure
    if more.__class__ is not dict:
        try:
            found = insert(items, more)
        except Failure as failed:
            return failed
        return found if isinstance(found, Failure) else None
    for key, value in more.items():
        if key in items:
            return exists_already(key)
        items[key] = value
    return None


def _comparison_cost(is_equal: bool, left: Value, right: Value) -> int:
    if is_equal and is_registered_opaque(left):
        return 1
    return _TENTHS[min(size_of(left), size_of(right))]


# Of what `inline` code may call, what gives failures; it raises in `codegen.runtime`.
RETURNS_FAILURES: Final[dict[str, object]] = {
    "int64": _int64,
    "quotient": _quotient,
    "remainder": _remainder,
}
NAMES: Final[dict[str, object]] = RETURNS_FAILURES | {
    "Failure": Failure,
    "Lifted": Lifted,
    "NO_OVERLOAD": NO_OVERLOAD,
    "Optional": Optional,
    "UNSET": UNSET,
    "Uint": Uint,
    "ceil": math.ceil,
    "comparison_cost": _comparison_cost,
    "condition_failure": condition_failure,
    "differs": _differs,
    "entries": entries,
    "exists_already": exists_already,
    "follow": follow,
    "is_absent": is_absent,
    "junction": _junction,
    "looked_up": looked_up,
    "map_key": map_key,
    "merge": merge,
    "not_optional": not_optional,
    "pairs": pairs,
    "put": put,
    "same": _same,
    "tenths": _TENTHS,
    "tested": tested,
}
