"""CEL's lists extension: `sort`, `sortBy`, `slice`, `flatten`, `distinct`, `reverse` and `lists.range`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cmp_to_key
from itertools import chain
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
    Range,
    member,
    overload,
)
from dra.cel.library.lists import per_type
from dra.cel.library.operators import LONGEST_LIST
from dra.cel.library.optionals import bind
from dra.cel.library.standard import collected, iteration_variable
from dra.cel.syntax import Call, Comprehension, Factory, Ident, ListExpr, Node, Select
from dra.cel.types import BYTES, DYN, INT, STRING, Type, list_of, parameter
from dra.cel.values import NATIVE, Failure, Value, compare, contains, only_class, size_of, sure

__all__ = ["LIBRARIES"]

_T: Final = parameter("T")
_LIST: Final = list_of(_T)


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


def _range_cost(charge: Callable[[int], int]) -> Cost:
    return _allocating(
        lambda it: (Range.exactly(_literal(it, 0, UNBOUNDED)), 1),
        lambda values, _: charge(values[0]) if values[0].__class__ is int else 1,
        beforehand=True,
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


def _by_key(left: tuple[Value, Value], right: tuple[Value, Value]) -> int:
    order: int = sure(compare(left[0], right[0]))
    return order


def _sort_by(elements: tuple[Value, ...], keys: tuple[Value, ...]) -> tuple[Value, ...]:
    only = only_class(keys)
    if keys and only is None:
        raise Failure("list elements must have the same type")
    if only in NATIVE:
        indices = sorted(range(len(keys)), key=keys.__getitem__)
        return tuple([elements[index] for index in indices])
    pairs = sorted(zip(keys, elements, strict=True), key=cmp_to_key(_by_key))
    return tuple(element for _, element in pairs)


_FEW: Final = 1_000
_MANY: Final = 200_000  # eight megabytes


def _range(count: int) -> tuple[int, ...] | Failure:
    if count < 0:
        return Failure("lists.range: size must be non-negative, got {}".format, count)
    if count > LONGEST_LIST:
        return Failure(f"lists.range: size {{}} exceeds maximum allowed ({LONGEST_LIST})".format, count)
    return _any_range(count)


def _any_range(count: int) -> tuple[int, ...]:
    """What `lists.range` gave until 1.36: no number is wrong, but many cost more than may be spent."""
    return _numbers()[:count] if _FEW < count <= _MANY else tuple(range(count))


@cache
def _numbers() -> tuple[int, ...]:
    """What long ranges are cut from: an expression may ask for many, and to make numbers takes longest."""
    return tuple(range(_MANY))


def _distinct(elements: tuple[Value, ...]) -> tuple[Value, ...]:
    kept: list[Value] = []
    if only_class(elements) in NATIVE:
        return tuple(dict.fromkeys(elements))
    for element in elements:
        if not any(contains((other,), element) for other in kept):
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


_RANGE: Final = _range_cost(lambda count: count if 0 <= count <= LONGEST_LIST else 1)
_ANY_RANGE: Final = _range_cost(lambda count: max(count, 0))


def _text_factor(type_: Type) -> float:
    return 2 + STRING_TRAVERSAL if type_ in (STRING, BYTES) else 2


_FUNCTIONS: Final = (
    Function(
        "slice",
        member("list_slice", [_LIST, INT, INT], _LIST, _slice, _allocating(_slice_size, _result_charge)),
    ),
    Function(
        "flatten",
        member("list_flatten", [list_of(_LIST)], _LIST, _flatten, _FLATTEN),
        member("list_flatten_int", [list_of(DYN), INT], list_of(DYN), _flatten, _FLATTEN),
    ),
    per_type(
        "sort",
        lambda _, type_: member(
            f"list_{type_.name}_sort",
            [list_of(type_)],
            list_of(type_),
            lambda elements: _sort_by(elements, elements),
            _square(0, _text_factor(type_)),
        ),
    ),
    per_type(
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
        member("list_reverse", [_LIST], _LIST, lambda elements: elements[::-1], _REVERSE),
    ),
    Function("distinct", member("list_distinct", [_LIST], _LIST, _distinct, _square(0, 2))),
)

LIBRARIES: Final = (
    Library(
        "ranges without bounds",
        since="1.34",
        until="1.37",
        functions=(
            Function("lists.range", overload("lists_range", [INT], list_of(INT), _any_range, _ANY_RANGE)),
        ),
    ),
    Library(
        "lists extension",
        since="1.34",
        functions=_FUNCTIONS,
        macros=(Macro("sortBy", 2, True, _sort_by_macro),),
    ),
)
