"""Kubernetes' own functions on lists: `isSorted`, `sum`, `max`, `indexOf`, `includes` and so on."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Final

from dra.cel.declarations import (
    STRING_TRAVERSAL,
    Arguments,
    Cost,
    Estimate,
    Function,
    Library,
    Overload,
    Range,
    member,
)
from dra.cel.library.uniform import keys, total
from dra.cel.times import Duration, Timestamp
from dra.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    Kind,
    Type,
    list_of,
    parameter,
)
from dra.cel.values import (
    INT_MAX,
    INT_MIN,
    NO_OVERLOAD,
    UINT_MAX,
    Failure,
    Uint,
    Value,
    compare,
    contains,
    is_native,
    only_class,
)

__all__ = ["LIBRARIES", "MOST_VALUES", "WALK", "per_type"]

_OF_SIZE_ONE: Final = frozenset((bool, int, Uint, float, Duration, Timestamp))
MOST_VALUES: Final = 48  # of a list-typed attribute
_COMPARABLE: Final = frozenset((*_OF_SIZE_ONE, str, bytes))

_A, _T = parameter("A"), parameter("T")
_LIST: Final = list_of(_T)

_ORDERED: Final = {
    "int": INT,
    "uint": UINT,
    "double": DOUBLE,
    "bool": BOOL,
    "duration": DURATION,
    "timestamp": TIMESTAMP,
    "string": STRING,
    "bytes": BYTES,
}


def _walk_estimate(arguments: Arguments) -> Estimate:
    """Each element costs one, and a tenth per character if they are texts; so does a text itself."""
    size, type_ = arguments.size(0), arguments.type(0)
    if not type_.parameters:
        return Estimate(size.times(STRING_TRAVERSAL))
    each = Range.exactly(1)
    if type_.parameters[0].kind in (Kind.STRING, Kind.BYTES):
        each += arguments.element_size(0).times(STRING_TRAVERSAL)
    return Estimate(size * each)


def walk(value: Value) -> int:
    """The run-time cost of looking at everything in a value once."""
    if isinstance(value, str):
        return int(len(value.encode("utf-8", "surrogatepass")) * STRING_TRAVERSAL)
    if isinstance(value, bytes):
        return int(len(value) * STRING_TRAVERSAL)
    if isinstance(value, tuple):
        only = only_class(value)
        if only is bytes or (only is str and "".join(value).isascii()):
            lengths = Counter(map(len, value))
            return sum(count * int(length * STRING_TRAVERSAL) for length, count in lengths.items())
        return len(value) if only in _OF_SIZE_ONE else sum(map(walk, value))
    if isinstance(value, dict):
        return sum(walk(key) + walk(entry) for key, entry in value.items())
    return 1


def _walk_charge(values: Sequence[Value], _result: Value) -> int:
    return walk(values[0])


WALK: Final = Cost(_walk_estimate, _walk_charge)
# Until 1.36 `includes` costs what `in` would for the longest list an attribute may be, and one when it runs.
_INCLUDES: Final = Cost(lambda _: Estimate(Range(0, MOST_VALUES)))


def _includes_estimate(arguments: Arguments) -> Estimate:
    """As any walk, but what may be a list for all that is known is taken for one, and so is a map."""
    has_parts = arguments.type(0).parameters
    return _walk_estimate(arguments) if has_parts else Estimate(arguments.size(0).times(1))


# Elements without an order between them count as equal: upstream overlooks that failure, but not that of an
# element that has no order at all.


def _is_sorted(elements: tuple[Value, ...]) -> bool | Failure:
    ordered = keys(elements)
    if ordered is not None:
        return not any(map(operator.gt, ordered, ordered[1:]))
    for index, element in enumerate(elements):
        if element.__class__ not in _COMPARABLE:
            return NO_OVERLOAD
        if index and compare(elements[index - 1], element) == 1:
            return False
    return True


def _extreme(name: str, wanted: int) -> Callable[[tuple[Value, ...]], Value]:
    """The first of the elements that compare as wanted with all before them."""

    def implementation(elements: tuple[Value, ...]) -> Value:
        if not elements:
            return Failure(f"{name} called on empty list")
        ordered = keys(elements)
        if ordered is not None:
            best = max(ordered) if wanted < 0 else min(ordered)
            return best if ordered is elements else elements[ordered.index(best)]
        best = elements[0]
        for element in elements:
            if element.__class__ not in _COMPARABLE:
                return NO_OVERLOAD
            if compare(best, element) == wanted:
                best = element
        return best

    return implementation


def _sum_of(zero: Value, low: float, high: float, message: str) -> Callable[[tuple[Value, ...]], Value]:
    def implementation(elements: tuple[Value, ...]) -> Value:
        quick = total(elements, int(low), int(high)) if message else None
        if quick is not None:
            return type(zero)(quick)
        if only_class(elements) is float:
            return reduce(operator.add, elements, zero)
        result = zero
        for element in elements:
            if element.__class__ is not zero.__class__:  # the first element has decided the overload
                return NO_OVERLOAD
            result = type(zero)(result + element)
            if not low <= result <= high and result == result:
                return Failure(message)
        return result

    return implementation


def _sum_durations(elements: tuple[Value, ...]) -> Value:
    nanos = keys(elements) if only_class(elements) is Duration else None
    quick = total(nanos, INT_MIN, INT_MAX) if nanos is not None else None
    if quick is not None:
        return Duration(quick)
    sum_ = Duration(0)
    for element in elements:
        if element.__class__ is not Duration:
            return NO_OVERLOAD
        sum_ += element
    return sum_


_SUMS: Final = {
    "int": (INT, _sum_of(0, INT_MIN, INT_MAX, "integer overflow")),
    "uint": (UINT, _sum_of(Uint(0), 0, UINT_MAX, "unsigned integer overflow")),
    "double": (DOUBLE, _sum_of(0.0, float("-inf"), float("inf"), "")),
    "duration": (DURATION, _sum_durations),
}


def _equals(left: Value, right: Value) -> bool:
    return contains((right,), left)


def _index_of(elements: tuple[Value, ...], wanted: Value) -> int:
    if is_native(elements, wanted):
        return elements.index(wanted) if wanted in elements else -1
    return next((index for index, element in enumerate(elements) if _equals(element, wanted)), -1)


def _last_index_of(elements: tuple[Value, ...], wanted: Value) -> int:
    if is_native(elements, wanted):
        return len(elements) - 1 - elements[::-1].index(wanted) if wanted in elements else -1
    indices = range(len(elements) - 1, -1, -1)
    return next((index for index in indices if _equals(elements[index], wanted)), -1)


def _includes(target: Value, wanted: Value) -> bool | Failure:
    if not isinstance(target, tuple):
        return _equals(target, wanted)
    found = _index_of(target[:MOST_VALUES], wanted) >= 0
    if not found and len(target) > MOST_VALUES:
        return Failure(f"'includes' function cannot be applied to lists longer than {MOST_VALUES} values")
    return found


def per_type(name: str, make: Callable[[str, Type], Overload]) -> Function:
    """A function with an overload, made from its short name and itself, for each type that has an order."""
    return Function(name, *(make(kind, type_) for kind, type_ in _ORDERED.items()))


_FUNCTIONS: Final = (
    per_type(
        "isSorted",
        lambda kind, type_: member(f"list_{kind}_is_sorted_bool", [list_of(type_)], BOOL, _is_sorted, WALK),
    ),
    Function(
        "sum",
        *(
            member(f"list_{kind}_sum_{kind}", [list_of(type_)], type_, total, WALK)
            for kind, (type_, total) in _SUMS.items()
        ),
    ),
    per_type(
        "max",
        lambda kind, type_: member(
            f"list_{kind}_max_{kind}", [list_of(type_)], type_, _extreme("max", -1), WALK
        ),
    ),
    per_type(
        "min",
        lambda kind, type_: member(
            f"list_{kind}_min_{kind}", [list_of(type_)], type_, _extreme("min", 1), WALK
        ),
    ),
    Function("indexOf", member("list_a_index_of_int", [list_of(_A), _A], INT, _index_of, WALK)),
    Function("lastIndexOf", member("list_a_last_index_of_int", [list_of(_A), _A], INT, _last_index_of, WALK)),
)

_INCLUDES_FUNCTION: Final = (
    Function("includes", member("list_includes_dyn_dyn", [DYN, DYN], BOOL, _includes, _INCLUDES)),
)

LIBRARIES: Final = (
    Library("lists", functions=_FUNCTIONS),
    Library("includes", since="1.36", feature="list_type_attributes", functions=_INCLUDES_FUNCTION),
    Library(
        "includes for all",
        since="1.37",
        functions=_INCLUDES_FUNCTION,
        costs={"list_includes_dyn_dyn": Cost(_includes_estimate, _walk_charge)},
    ),
)
