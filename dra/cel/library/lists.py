"""Lists: Kubernetes' own functions (`isSorted`, `sum`, `includes`, ...) and CEL's (`sort`, `slice`, ...)."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cmp_to_key, reduce
from itertools import chain, pairwise
from typing import Final

from dra.cel.declarations import (
    STRING_TRAVERSAL,
    UNBOUNDED,
    Arguments,
    Cost,
    Estimate,
    Function,
    Library,
    Macro,
    MacroError,
    Overload,
    Range,
    member,
    overload,
)
from dra.cel.library.operators import LONGEST_LIST
from dra.cel.library.optionals import bind
from dra.cel.library.standard import collected, iteration_variable
from dra.cel.library.uniform import keys, total
from dra.cel.syntax import Call, Comprehension, Factory, Ident, ListExpr, Node, Select
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
    NATIVE,
    NO_OVERLOAD,
    UINT_MAX,
    Failure,
    Uint,
    Value,
    compare,
    contains,
    is_native,
    only_class,
    size_of,
    sure,
)

__all__ = ["LIBRARIES", "MOST_VALUES", "WALK"]

_OF_SIZE_ONE: Final = frozenset((bool, int, Uint, float, Duration, Timestamp))
MOST_VALUES: Final = 48  # of a list-typed attribute

_A, _T = parameter("A"), parameter("T")
_LIST: Final = list_of(_T)

_COMPARABLE: Final = {
    "int": INT,
    "uint": UINT,
    "double": DOUBLE,
    "bool": BOOL,
    "duration": DURATION,
    "timestamp": TIMESTAMP,
    "string": STRING,
    "bytes": BYTES,
}

# Kubernetes' own list functions


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
    """As any walk, but what may be a list for all that is known is taken for one."""
    known = arguments.type(0).kind is Kind.LIST
    return _walk_estimate(arguments) if known else Estimate(arguments.size(0).times(1))


# Elements without an order between them count as equal: upstream overlooks that failure.


def _is_sorted(elements: tuple[Value, ...]) -> bool:
    ordered = keys(elements)
    if ordered is not None:
        return not any(map(operator.gt, ordered, ordered[1:]))
    return all(compare(left, right) != 1 for left, right in pairwise(elements))


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
    return contains((left,), right)


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
    found = contains(target[:MOST_VALUES], wanted)
    if not found and len(target) > MOST_VALUES:
        return Failure(f"'includes' function cannot be applied to lists longer than {MOST_VALUES} values")
    return found


def _per_type(
    name: str, make: Callable[[str, Type], Overload], kinds: dict[str, Type] = _COMPARABLE
) -> Function:
    return Function(name, *(make(kind, type_) for kind, type_ in kinds.items()))


_KUBERNETES: Final = (
    _per_type(
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
    _per_type(
        "max",
        lambda kind, type_: member(
            f"list_{kind}_max_{kind}", [list_of(type_)], type_, _extreme("max", -1), WALK
        ),
    ),
    _per_type(
        "min",
        lambda kind, type_: member(
            f"list_{kind}_min_{kind}", [list_of(type_)], type_, _extreme("min", 1), WALK
        ),
    ),
    Function("indexOf", member("list_a_index_of_int", [list_of(_A), _A], INT, _index_of, WALK)),
    Function("lastIndexOf", member("list_a_last_index_of_int", [list_of(_A), _A], INT, _last_index_of, WALK)),
)
# CEL's lists extension


def _allocating(
    size: Callable[[Arguments], tuple[Range, float]],
    charge: Callable[[Sequence[Value], Value], float],
    *,
    beforehand: bool = False,
) -> Cost:
    """The cost of making a list: one for the call, ten for the list, and `size` times a factor."""

    def estimate(arguments: Arguments) -> Estimate:
        count, factor = size(arguments)
        return Estimate(count.times(factor) + Range.exactly(11), count)

    return Cost(estimate, lambda values, result: int(charge(values, result)) + 11, beforehand=beforehand)


def _literal(arguments: Arguments, index: int, default: int) -> int:
    value = arguments.literal(index) if index < len(arguments) else None
    return max(value, 0) if value.__class__ is int and isinstance(value, int) else default


def _slice_size(arguments: Arguments) -> tuple[Range, float]:
    end = _literal(arguments, 2, arguments.size(0).high)
    return Range.exactly((end - _literal(arguments, 1, 0)) & UNBOUNDED), 1


def _flatten_charge(values: Sequence[Value], _result: Value) -> float:
    depth = values[1] if len(values) == 2 else 1
    depth = depth if isinstance(depth, int) and depth >= 0 else 1
    return size_of(values[0]) * float(depth)


def _square(index: int, factor: float) -> Cost:
    """The cost of comparing the elements of one argument with each other."""

    def size(arguments: Arguments) -> tuple[Range, float]:
        return arguments.size(index) * arguments.size(index), factor

    def charge(values: Sequence[Value], _result: Value) -> float:
        elements = values[index]
        texts = isinstance(elements, tuple) and bool(elements) and isinstance(elements[0], (str, bytes))
        return size_of(elements) ** 2 * (2 + STRING_TRAVERSAL if texts else 2)

    return _allocating(size, charge, beforehand=True)


def _result_charge(_values: Sequence[Value], result: Value) -> float:
    return size_of(result)


def _range_charge(values: Sequence[Value], _result: Value) -> float:
    count = values[0]
    return count if isinstance(count, int) and 0 <= count <= _LONGEST_RANGE else 1


_LONGEST_RANGE: Final = 10_000_000
_RANGE: Final = _allocating(
    lambda it: (Range.exactly(_literal(it, 0, UNBOUNDED)), 1), _range_charge, beforehand=True
)
_REVERSE: Final = _allocating(lambda it: (it.size(0), 1), _result_charge)
_FLATTEN: Final = _allocating(
    lambda it: (it.size(0), _literal(it, 1, UNBOUNDED) if len(it) > 1 else 1), _flatten_charge
)


def _slice(elements: tuple[Value, ...], start: int, end: int) -> tuple[Value, ...] | Failure:
    if 0 <= start <= end <= len(elements):
        return elements[start:end]
    reason = f"list is length {len(elements)}"
    if start < 0 or end < 0:
        reason = "negative indexes not supported"
    elif start > end:
        reason = "start index must be less than or equal to end index"
    return Failure("cannot slice({}, {}), {}".format, start, end, reason)


def _flatten(elements: tuple[Value, ...], depth: int = 1) -> tuple[Value, ...] | Failure:
    if depth < 0:
        return Failure("level must be non-negative")
    while depth and tuple in set(map(type, elements)):
        depth -= 1
        parts = [element if element.__class__ is tuple else (element,) for element in elements]
        if sum(map(len, parts)) > LONGEST_LIST:
            return Failure("the list is too long")
        elements = tuple(chain.from_iterable(parts))
    return elements


def _reversed(elements: tuple[Value, ...]) -> tuple[Value, ...]:
    return elements[::-1]


def _by_key(left: tuple[Value, Value], right: tuple[Value, Value]) -> int:
    order: int = sure(compare(left[0], right[0]))
    return order


def _sort_by(elements: tuple[Value, ...], keys: tuple[Value, ...]) -> tuple[Value, ...]:
    if len(elements) != len(keys):
        raise Failure(
            "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, "
            f"but got {len(elements)} and {len(keys)} elements respectively"
        )
    only = only_class(keys)
    if keys and only is None:
        raise Failure("list elements must have the same type")
    if only in NATIVE:
        indices = sorted(range(len(keys)), key=keys.__getitem__)
        return tuple([elements[index] for index in indices])
    pairs = sorted(zip(keys, elements, strict=True), key=cmp_to_key(_by_key))
    return tuple(element for _, element in pairs)


def _range(count: int) -> tuple[int, ...] | Failure:
    if count < 0:
        return Failure("lists.range: size must be non-negative, got {}".format, count)
    if count > _LONGEST_RANGE:
        return Failure(f"lists.range: size {{}} exceeds maximum allowed ({_LONGEST_RANGE})".format, count)
    return tuple(range(count))


def _distinct(elements: tuple[Value, ...]) -> tuple[Value, ...]:
    kept: list[Value] = []
    if only_class(elements) in NATIVE:
        return tuple(dict.fromkeys(elements))
    for element in elements:
        if not any(_equals(element, other) for other in kept):
            kept.append(element)
    return tuple(kept)


def _sort_by_macro(make: Factory, target: Node | None, arguments: tuple[Node, ...]) -> Node | None:
    if target is None:
        return None
    if not isinstance(target, (ListExpr, Select, Ident, Comprehension, Call)):
        raise MacroError(
            target,
            "sortBy can only be applied to a list, identifier, comprehension, call or select expression",
        )
    name = "@__sortBy_input__"
    variable = iteration_variable(arguments[0], "argument is not an identifier")
    keys = collected(make, make.ident(name), variable, arguments[1], None)
    return bind(make, name, target, make.member("@sortByAssociatedKeys", make.ident(name), keys))


def _text_factor(type_: Type) -> float:
    return 2 + STRING_TRAVERSAL if type_ in (STRING, BYTES) else 2


_CEL: Final = (
    Function(
        "slice",
        member("list_slice", [_LIST, INT, INT], _LIST, _slice, _allocating(_slice_size, _result_charge)),
    ),
    Function(
        "flatten",
        member("list_flatten", [list_of(_LIST)], _LIST, _flatten, _FLATTEN),
        member("list_flatten_int", [list_of(DYN), INT], list_of(DYN), _flatten, _FLATTEN),
    ),
    _per_type(
        "sort",
        lambda _, type_: member(
            f"list_{type_.name}_sort",
            [list_of(type_)],
            list_of(type_),
            lambda elements: _sort_by(elements, elements),
            _square(0, _text_factor(type_)),
        ),
    ),
    _per_type(
        "@sortByAssociatedKeys",
        lambda _, type_: member(
            f"list_{type_.name}_sortByAssociatedKeys",
            [_LIST, list_of(type_)],
            _LIST,
            _sort_by,
            _square(1, _text_factor(type_)),
        ),
    ),
    Function("lists.range", overload("lists_range", [INT], list_of(INT), _range, _RANGE)),
    Function(
        "reverse",
        member("list_reverse", [_LIST], _LIST, lambda elements: tuple(reversed(elements)), _REVERSE),
    ),
    Function("distinct", member("list_distinct", [_LIST], _LIST, _distinct, _square(0, 2))),
)


_INCLUDES_FUNCTION: Final = (
    Function("includes", member("list_includes_dyn_dyn", [DYN, DYN], BOOL, _includes, _INCLUDES)),
)

LIBRARIES: Final = (
    Library("lists", functions=_KUBERNETES),
    Library(
        "lists extension", since="1.34", functions=_CEL, macros=(Macro("sortBy", 2, True, _sort_by_macro),)
    ),
    Library("includes", since="1.36", feature="list_type_attributes", functions=_INCLUDES_FUNCTION),
    Library(
        "includes for all",
        since="1.37",
        functions=_INCLUDES_FUNCTION,
        costs={"list_includes_dyn_dyn": Cost(_includes_estimate, _walk_charge)},
    ),
)
