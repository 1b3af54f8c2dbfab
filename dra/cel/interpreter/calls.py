"""Calls that evaluate their operands first and fail if one of them does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from dra.cel.interpreter.frame import CostLimitExceeded, Frame, InternalError, Run
from dra.cel.regex import RegexError, compile as compile_regex
from dra.cel.values import NO_OVERLOAD, NO_SUCH_OVERLOAD, Failure, Uint, Value, map_key

__all__ = ["HASHED", "WITH_PATTERN", "Charge", "in_set", "looked_up", "require_pattern", "strict", "terse"]

Charge: TypeAlias = Callable[[Sequence[Value], Value], int]

HASHED: Final = frozenset((bool, int, Uint, float, str))
WITH_PATTERN: Final = ("matches", "find", "findAll")


def require_pattern(pattern: Value) -> None:
    """Refuse a constant that is no regular expression.

    Raises:
        Failure: It is none.
    """
    try:
        compile_regex(str(pattern))
    except RegexError as error:
        raise Failure(str(error)) from None


def terse(implementation: Callable[..., Value]) -> Callable[..., Value]:
    """An implementation that does not name the types of values it has no overload for."""

    def call(*values: Value) -> Value:
        try:
            found = implementation(*values)
        except Failure as failure:
            found = failure
        if found.__class__ is Failure and str(found).startswith(NO_SUCH_OVERLOAD):
            return NO_OVERLOAD
        return found

    return call


def strict(
    operands: list[Run],
    implementation: Callable[..., Value],
    charge: Charge | None,
    *,
    gives_up: bool = False,
    beforehand: bool = False,
) -> Run:
    """A call that fails if one of its operands does.

    With `gives_up` what follows a failing operand is not evaluated, and then the call costs nothing.
    With `beforehand` the call is not begun if it costs too much; what it costs does not depend on its result.
    """
    last = operands[-1] if operands else None

    def run(frame: Frame) -> Value:
        values = []
        result = None
        for operand in operands:
            value = operand(frame)
            if value.__class__ is Failure:
                result = result or value
                if gives_up and operand is not last:
                    return result
            values.append(value)
        if beforehand and charge is not None:
            frame.charge(charge(values, None))
        if result is None:
            try:
                result = implementation(*values)
            except Failure as raised:
                result = raised
        if not beforehand:
            frame.cost += 1 if charge is None else charge(values, result)
            if frame.cost > frame.limit:
                raise CostLimitExceeded
        return result

    return run


def in_set(item: Run, wanted: frozenset[Any]) -> Run:
    """`item in [constants]`, a look-up in a set that costs nothing."""
    return lambda frame: looked_up(item(frame), wanted)


def looked_up(value: Value, wanted: frozenset[Any]) -> Value:
    """Whether a value is in a set of constants."""
    if value.__class__ in HASHED:
        return map_key(value) in wanted
    return value if value.__class__ is Failure else _unhashed(value)


def _unhashed(value: Value) -> bool:
    """What looking a value up in a set of constants gives: versions and bytes cannot be looked up."""
    name = getattr(value.__class__, "go_unhashable", "types.Bytes" if value.__class__ is bytes else "")
    if name:
        raise InternalError(f"internal error: runtime error: hash of unhashable type {name}")
    return False
