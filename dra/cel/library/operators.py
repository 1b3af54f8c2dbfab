"""CEL's operators. `&&`, `||`, `?:`, `==` and `!=` are declared here and evaluated by the interpreter."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from dra.cel.declarations import (
    STRING_TRAVERSAL,
    Arguments,
    Cost,
    Estimate,
    Function,
    Library,
    Overload,
    Range,
    overload,
)
from dra.cel.types import BOOL, BYTES, DOUBLE, INT, STRING, UINT, Type, list_of, map_of, parameter
from dra.cel.values import (
    INT_MAX,
    INT_MIN,
    NO_ORDER,
    UINT_MAX,
    Failure,
    Uint,
    Value,
    contains,
    map_key,
    size_of,
)

__all__ = ["LIBRARY", "LONGEST_LIST", "RELATIONS", "int64", "quotient", "relation", "remainder"]

_A, _B = parameter("A"), parameter("B")
_LIST, _MAP = list_of(_A), map_of(_A, _B)


# Costs


def _smaller(arguments: Arguments) -> Estimate:
    """Comparing walks over the shorter of two values."""
    most = min(arguments.size(0).high, arguments.size(1).high)
    return Estimate(Range(1 if most > 0 else 0, most).times(STRING_TRAVERSAL))


def _smaller_charge(values: Sequence[Value], _result: Value) -> int:
    return math.ceil(min(size_of(values[0]), size_of(values[1])) * STRING_TRAVERSAL)


def _both(arguments: Arguments) -> Estimate:
    """Joining texts walks over both."""
    size = arguments.size(0) + arguments.size(1)
    return Estimate(size.times(STRING_TRAVERSAL), size)


def _both_charge(values: Sequence[Value], _result: Value) -> int:
    return math.ceil((size_of(values[0]) + size_of(values[1])) * STRING_TRAVERSAL)


def _joined_lists(arguments: Arguments) -> Estimate:
    return Estimate(Range.exactly(1), arguments.size(0) + arguments.size(1))


def _search(arguments: Arguments) -> Estimate:
    return Estimate(arguments.size(1).times(1))


COMPARISON: Final = Cost(_smaller, _smaller_charge, inline="tenths[min(len({0}), len({1}))]")
_CONCATENATION: Final = Cost(_both, _both_charge, inline="tenths[len({0}) + len({1})]")
_LIST_CONCATENATION: Final = Cost(_joined_lists)
_SEARCH: Final = Cost(_search, lambda values, _result: size_of(values[1]), inline="len({1})")


# Arithmetic


def int64(value: int) -> int:
    """A result of integer arithmetic, if it fits.

    Raises:
        Failure: It does not.
    """
    if not INT_MIN <= value <= INT_MAX:
        raise Failure("integer overflow")
    return value


_UINT_OVERFLOW: Final = Failure("unsigned integer overflow")


def _uint(value: int) -> Uint | Failure:
    return Uint(value) if 0 <= value <= UINT_MAX else _UINT_OVERFLOW


def _ints(operation: Callable[[int, int], int]) -> Callable[[int, int], int]:
    return lambda left, right: int64(operation(left, right))


def _uints(operation: Callable[[int, int], int]) -> Callable[[int, int], Uint | Failure]:
    return lambda left, right: _uint(operation(int(left), int(right)))


def quotient(left: int, right: int) -> int:
    """Division that rounds towards zero, as Go's.

    Raises:
        Failure: Of a division by zero, or of the smallest integer by -1.
    """
    if right == 0:
        raise Failure("division by zero")
    found = abs(left) // abs(right)
    return int64(found if (left < 0) == (right < 0) else -found)


def remainder(left: int, right: int) -> int:
    """What such a division leaves: it has the sign of the dividend.

    Raises:
        Failure: Of a division by zero, or of the smallest integer by -1.
    """
    if right == 0:
        raise Failure("modulus by zero")
    if left == INT_MIN and right == -1:
        raise Failure("integer overflow")
    found = abs(left) % abs(right)
    return -found if left < 0 else found


def _divide(left: float, right: float) -> float:
    """Division of IEEE 754 numbers: by zero it gives an infinity or not a number."""
    if right:
        return left / right
    if left == 0 or left != left:
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _arithmetic(
    name: str, function: str, ints: Callable[[int, int], int], floats: Callable[[float, float], float] | None
) -> Function:
    sign = function.strip("_")
    inline = f"int64({{0}} {sign} {{1}})" if sign in "+-*" else f"{ints.__name__}({{0}}, {{1}})"
    found = [
        overload(f"{name}_int64", [INT, INT], INT, _ints(ints), inline=inline),
        overload(f"{name}_uint64", [UINT, UINT], UINT, _uints(ints)),
    ]
    if floats is not None:
        inline = f"{{0}} {sign} {{1}}" if sign in "+-*" else ""
        found.insert(0, overload(f"{name}_double", [DOUBLE, DOUBLE], DOUBLE, floats, inline=inline))
    return Function(function, *found)


def _addition() -> Function:
    numbers = {one.id: one for one in _arithmetic("add", "_+_", operator.add, operator.add).overloads}
    return Function(
        "_+_",
        overload("add_bytes", [BYTES, BYTES], BYTES, operator.add, _CONCATENATION, inline="{0} + {1}"),
        numbers["add_double"],
        numbers["add_int64"],
        overload("add_list", [_LIST, _LIST], _LIST, _joined, _LIST_CONCATENATION),
        overload("add_string", [STRING, STRING], STRING, operator.add, _CONCATENATION, inline="{0} + {1}"),
        numbers["add_uint64"],
    )


# Order

_ORDERED: Final = {
    "bool": BOOL,
    "int64": INT,
    "uint64": UINT,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
}
_NUMBERS: Final = ("int64", "uint64", "double")


class _Make(Protocol):
    def __call__(self, suffix: str, left: Type, right: Type, by: str = "") -> Overload: ...


def relation(name: str, sign: str, test: Callable[[Any, Any], bool]) -> _Make:
    """Makes overloads of one relation: of two types, and the attribute by which their values are ordered."""

    def as_doubles(left: float, right: float) -> bool | Failure:
        left, right = float(left), float(right)
        return NO_ORDER if left != left or right != right else test(left, right)

    def make(suffix: str, left: Type, right: Type, by: str = "") -> Overload:
        cost = COMPARISON if left in (STRING, BYTES) else Cost()
        if DOUBLE in (left, right):
            return overload(f"{name}_{suffix}", [left, right], BOOL, as_doubles, cost)
        implementation, dot_by = test, f".{by}" if by else ""
        if by:
            key = operator.attrgetter(by)
            implementation = lambda one, other: test(key(one), key(other))  # noqa: E731 - one of two
        inline = f"{{0}}{dot_by} {sign} {{1}}{dot_by}"
        return overload(f"{name}_{suffix}", [left, right], BOOL, implementation, cost, inline=inline)

    return make


RELATIONS: Final = {
    "_<_": relation("less", "<", operator.lt),
    "_<=_": relation("less_equals", "<=", operator.le),
    "_>_": relation("greater", ">", operator.gt),
    "_>=_": relation("greater_equals", ">=", operator.ge),
}


def _relation(function: str) -> Function:
    make = RELATIONS[function]
    same = [make(suffix, type_, type_) for suffix, type_ in _ORDERED.items()]
    mixed = [
        make(f"{left}_{right}", _ORDERED[left], _ORDERED[right])
        for left in _NUMBERS
        for right in _NUMBERS
        if left != right
    ]
    return Function(function, *same, *mixed)


# Aggregates


# More elements than an evaluation can look at: such a list could only be measured.
LONGEST_LIST: Final = 1_000_000


def _joined(left: tuple[Value, ...], right: tuple[Value, ...]) -> tuple[Value, ...]:
    if len(left) + len(right) > LONGEST_LIST:
        raise Failure("the list is too long")
    return left + right


def _in_list(value: Value, elements: tuple[Value, ...]) -> bool:
    return contains(elements, value)


def _in_map(key: Value, entries: dict[Value, Value]) -> bool:
    try:
        return map_key(key) in entries
    except TypeError:
        return False


def unplanned(*_values: Value) -> Value:
    """Stands for what the evaluators do themselves; never called."""
    raise AssertionError("the interpreter evaluates this itself")


def _logic() -> tuple[Function, ...]:
    return (
        Function("_?_:_", overload("conditional", [BOOL, _A, _A], _A, unplanned)),
        Function("_&&_", overload("logical_and", [BOOL, BOOL], BOOL, unplanned)),
        Function("_||_", overload("logical_or", [BOOL, BOOL], BOOL, unplanned)),
        Function("!_", overload("logical_not", [BOOL], BOOL, operator.not_, inline="not {0}")),
        Function("@not_strictly_false", overload("not_strictly_false", [BOOL], BOOL, unplanned)),
        Function("_==_", overload("equals", [_A, _A], BOOL, unplanned, COMPARISON)),
        Function("_!=_", overload("not_equals", [_A, _A], BOOL, unplanned, COMPARISON)),
    )


LIBRARY: Final = Library(
    "operators",
    functions=(
        *_logic(),
        _addition(),
        _arithmetic("subtract", "_-_", operator.sub, operator.sub),
        _arithmetic("multiply", "_*_", operator.mul, operator.mul),
        _arithmetic("divide", "_/_", quotient, _divide),
        _arithmetic("modulo", "_%_", remainder, None),
        Function(
            "-_",
            overload("negate_double", [DOUBLE], DOUBLE, operator.neg),
            overload("negate_int64", [INT], INT, lambda value: int64(-value)),
        ),
        *map(_relation, RELATIONS),
        Function(
            "_[_]",
            overload("index_list", [_LIST, INT], _A, unplanned),
            overload("index_map", [_MAP, _A], _B, unplanned),
        ),
        Function(
            "@in",
            overload("in_list", [_A, _LIST], BOOL, _in_list, _SEARCH),
            overload("in_map", [_A, _MAP], BOOL, _in_map),
        ),
    ),
)
