"""What a function is given, checked at its door: a number that is none, a text where names are wanted.

Type checkers say the same before a program runs. What comes from a notebook, a form or a file has met none,
and would else end in an error far inside, or in an answer to a question that nobody asked.
"""

from __future__ import annotations

import contextlib
import math
import operator
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import TypeVar

from dra.errors import ArgumentError

__all__ = ["finite", "instance", "several", "texts", "whole"]

_Kind = TypeVar("_Kind")


def whole(value: object, path: str, *, least: int | None = None, most: int | None = None) -> int:
    """A whole number within bounds, those of numpy included.

    Args:
        value: What is given.
        path: What the caller calls it.
        least: The least that makes sense; None for no bound.
        most: The most that does; None for no bound.

    Raises:
        ArgumentError: It is something else.

    Example:
        >>> whole(-1, "steps", least=0)
        Traceback (most recent call last):
        dra.errors.ArgumentError: steps: must be a whole number of at least 0, not -1
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]  # asked
    except TypeError:
        number = None
    if number is None or (least is not None and number < least) or (most is not None and number > most):
        bounds = [f"at least {least}"] if least is not None else []
        bounds += [f"at most {most}"] if most is not None else []
        wanted = " of ".join(["a whole number", *filter(None, [" and ".join(bounds)])])
        raise ArgumentError(f"must be {wanted}, not {_shown(value)}", path=path, value=value)
    return number


def finite(value: object, path: str, *, least: float | None = None, remedy: str = "") -> float:
    """A number that is neither infinite nor NaN. As everywhere in Python, True is 1.

    Args:
        value: What is given.
        path: What the caller calls it.
        least: The least that makes sense; None for no bound.
        remedy: What would be right.

    Raises:
        ArgumentError: It is something else.

    Example:
        >>> finite(float("nan"), "price", least=0)
        Traceback (most recent call last):
        dra.errors.ArgumentError: price: must be a finite number of at least 0, not nan
    """
    number = math.nan
    if isinstance(value, (float, Real)):
        with contextlib.suppress(OverflowError):
            number = float(value)
    if not math.isfinite(number) or (least is not None and number < least):
        bound = "" if least is None else f" of at least {least}"
        raise ArgumentError(
            f"must be a finite number{bound}, not {_shown(value)}", path=path, value=value, remedy=remedy
        )
    return number


def several(values: Iterable[_Kind], path: str, what: str) -> tuple[_Kind, ...]:
    """What a collection has, where a text or a single value is a likely mistake for one.

    Args:
        values: What is given.
        path: What the caller calls it.
        what: What it is a collection of, such as `pods`.

    Raises:
        ArgumentError: It is a text or a mapping, or cannot be gone through.
    """
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise ArgumentError(
            f"must be a list of {what}, not {_shown(values)}",
            path=path,
            value=values,
            remedy=f"for one of them write {path}=[...]",
        )
    return tuple(values)


def texts(values: Iterable[str], path: str, what: str) -> tuple[str, ...]:
    """As `several`, of texts.

    Raises:
        ArgumentError: It is no collection of texts.

    Example:
        >>> texts("node-1", "nodes", "names")
        Traceback (most recent call last):
        dra.errors.ArgumentError: nodes: must be a list of names, not 'node-1'
          for one of them write nodes=[...]
    """
    found = several(values, path, what)
    for index, each in enumerate(found):
        instance(each, str, f"{path}[{index}]", "a text")
    return found


def instance(value: object, kind: type[_Kind], path: str, what: str, remedy: str = "") -> _Kind:
    """A value of a class.

    Args:
        value: What is given.
        kind: The class.
        path: What the caller calls it.
        what: What it has to be, in words.
        remedy: What would be right.

    Raises:
        ArgumentError: It is something else.
    """
    if not isinstance(value, kind):
        raise ArgumentError(f"must be {what}, not {_shown(value)}", path=path, value=value, remedy=remedy)
    return value


def _shown(value: object) -> str:
    """A value for people, as long as it is short; else its class."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        text = repr(value)
        if len(text) <= 60:
            return text
    return f"a {type(value).__name__}"
