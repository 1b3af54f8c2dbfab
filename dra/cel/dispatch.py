"""Chooses, at run time, the overload that fits the classes of the arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dra.cel.declarations import Overload
from dra.cel.types import Kind, Type
from dra.cel.values import NO_SUCH_OVERLOAD, Failure, Value, key_value, type_value

__all__ = ["dispatcher", "fits"]


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


def dispatcher(name: str, overloads: Sequence[Overload], *, terse: bool) -> Callable[..., Value]:
    """One implementation for several overloads.

    Args:
        name: The function, for the failure when nothing fits.
        overloads: What to choose from, in order.
        terse: Whether that failure leaves out the function and the types, as the operators' does.
    """
    if len(overloads) == 1 and not overloads[0].guarded:
        return overloads[0].implementation
    cacheable = all(_decided_by_class(type_) for one in overloads for type_ in one.parameters)
    chosen: dict[tuple[type, ...], Callable[..., Value]] = {}

    def choose(values: tuple[Value, ...]) -> Callable[..., Value]:
        for one in overloads:
            if len(one.parameters) == len(values) and all(map(fits, one.parameters, values)):
                return one.implementation
        if terse:
            raise Failure(NO_SUCH_OVERLOAD)
        shown = ", ".join(type_value(value).name for value in values)
        raise Failure(f"{NO_SUCH_OVERLOAD}: {name}({shown})")

    def call(*values: Value) -> Value:
        if not cacheable:
            return choose(values)(*values)
        classes = tuple([value.__class__ for value in values])
        implementation = chosen.get(classes)
        if implementation is None:
            implementation = chosen[classes] = choose(values)
        return implementation(*values)

    return call
