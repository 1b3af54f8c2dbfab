"""Chooses, at run time, the overload that fits the classes of the arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from dra.cel.declarations import Overload
from dra.cel.env import Environment
from dra.cel.syntax import Call
from dra.cel.types import Kind, Type
from dra.cel.values import NO_SUCH_OVERLOAD, Failure, Value, key_value, type_value

__all__ = ["candidates", "dispatcher", "fits", "implementation"]

_SORTS: Final = ("sort", "@sortByAssociatedKeys")


def fits(wanted: Type, value: Value) -> bool:
    """Whether a value may be passed where a type is wanted; of lists and maps the first entry decides."""
    if wanted.kind in (Kind.DYN, Kind.ANY, Kind.PARAMETER):
        return True
    if type_value(value).name != wanted.name:
        return False
    if wanted.kind is Kind.LIST:
        return not value or fits(wanted.parameters[0], value[0])
    if wanted.kind is Kind.MAP and value:
        key = next(iter(value))
        return fits(wanted.parameters[0], key_value(key)) and fits(wanted.parameters[1], value[key])
    return True


def _decided_by_class(type_: Type) -> bool:
    return type_.kind not in (Kind.LIST, Kind.MAP) or all(
        inner.kind in (Kind.PARAMETER, Kind.DYN) for inner in type_.parameters
    )


def _deciding(value: Value) -> object:
    """What decides which types a value fits: its class and that of a first element; None if more does."""
    kind = value.__class__
    if kind is not tuple:
        return None if isinstance(value, dict) else kind
    first = value[0].__class__ if value else None
    return None if first is tuple or (value and isinstance(value[0], dict)) else (first,)


def refusal(name: str, overloads: Sequence[Overload], values: Sequence[Value], *, shared: bool) -> Failure:
    """The failure of a call that fits no overload.

    Where upstream has one implementation for all of them it names the function only if the first value is of
    a type for which that is not made at all.
    """
    if not shared:
        shown = ", ".join(type_value(value).name for value in values)
        return Failure(f"{NO_SUCH_OVERLOAD}: {name}({shown})")
    if name in _SORTS and all(value.__class__ is tuple for value in values):
        return Failure("list elements must be comparable")
    # Values with methods of their own are asked, and do not know the name either.
    asked = type_value(values[0]).kind in (Kind.STRING, Kind.DURATION, Kind.TIMESTAMP)
    first_fits = any(one.parameters and fits(one.parameters[0], values[0]) for one in overloads)
    unnamed = asked or first_fits or name in ("!_", "@in")
    return Failure(NO_SUCH_OVERLOAD if unnamed else f"{NO_SUCH_OVERLOAD}: {name}")


def candidates(environment: Environment, node: Call, overloads: tuple[Overload, ...]) -> tuple[Overload, ...]:
    """The overloads that a call chooses from when it is made, given those that were checked."""
    function = environment.functions[node.function]
    return function.overloads if function.is_shared or len(overloads) > 1 else overloads


def implementation(
    environment: Environment, node: Call, overloads: tuple[Overload, ...]
) -> Callable[..., Value]:
    """What a call calls, given the overloads that were checked; see `dispatcher`."""
    shared = environment.functions[node.function].is_shared
    return dispatcher(node.function, candidates(environment, node, overloads), shared=shared)


def dispatcher(name: str, overloads: Sequence[Overload], *, shared: bool) -> Callable[..., Value]:
    """One implementation for several overloads, which gives a `Failure` if none fits.

    Args:
        name: The function, for the failure when nothing fits.
        overloads: What to choose from, in order.
        shared: Whether upstream has one implementation for all; see `refusal`.
    """
    if len(overloads) == 1 and not overloads[0].guarded:
        return overloads[0].implementation
    cacheable = all(_decided_by_class(type_) for one in overloads for type_ in one.parameters)
    chosen: dict[tuple[object, ...], Callable[..., Value]] = {}

    def choose(values: tuple[Value, ...]) -> Callable[..., Value]:
        for one in overloads:
            if len(one.parameters) == len(values) and all(map(fits, one.parameters, values)):
                return one.implementation
        failure = refusal(name, overloads, values, shared=shared)
        return lambda *_values: failure

    def call(*values: Value) -> Value:
        deciding = tuple([value.__class__ if cacheable else _deciding(value) for value in values])
        if None in deciding:
            return choose(values)(*values)
        implementation = chosen.get(deciding)
        if implementation is None:
            implementation = chosen[deciding] = choose(values)
        return implementation(*values)

    def call_with_two(left: Value, right: Value) -> Value:
        classes = (left.__class__, right.__class__)
        implementation = chosen.get(classes)
        if implementation is None:
            implementation = chosen[classes] = choose((left, right))
        return implementation(left, right)

    binary = all(len(one.parameters) == 2 for one in overloads)
    return call_with_two if binary and cacheable else call
