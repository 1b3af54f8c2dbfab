"""What generated code may call, besides constants and functions of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from dra.cel.access import MISSING, link, presence
from dra.cel.library.operators import int64, quotient, remainder
from dra.cel.values import NONE, Failure, Optional, Uint, Value, equal, key_value, map_key, sure, type_value
from dra.errors import EvaluationError

__all__ = ["NAMES", "Doubt", "Memo", "Missing"]

# Of the answers that are kept by text, so that no stream of devices fills the memory.
_MOST_ANSWERS: Final = 64
_LONGEST_TEXT: Final = 256


class Doubt(Exception):  # noqa: N818 - no error: the interpreter answers
    """Generated code has no answer."""


class Missing:
    """The value of an expression that fails because the device lacks an attribute or a capacity.

    Attributes:
        message: CEL's words for it.
        expression: The text of the expression.
    """

    __slots__ = ("expression", "message")

    def __init__(self, message: str, expression: str) -> None:
        self.message = message
        self.expression = expression


class Memo(dict[str, Value]):
    """The answers of a function of one text, remembered: `memo[text]` computes what is not there.

    Raises:
        Doubt: From `memo[value]`, if the value is no text of a usual length. Whatever the function raises.

    Example:
        >>> lengths = Memo(len)
        >>> lengths["abc"], dict(lengths)
        (3, {'abc': 3})
    """

    __slots__ = ("function",)

    def __init__(self, function: Callable[[str], Value]) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, text: Value) -> Value:
        if text.__class__ is not str or len(text) > _LONGEST_TEXT:
            raise Doubt
        answer = self.function(text)
        if len(self) >= _MOST_ANSWERS:
            self.clear()
        self[text] = answer
        return answer


def _refuse() -> Any:
    raise Doubt


def _fail(message: str) -> Any:
    raise Failure(message)


def _want(kind: type, value: Value) -> Value:
    return value if value.__class__ is kind else _refuse()


def _get(value: Value, key: Value) -> Value:
    found = link(value, key, optional=False)
    if found.__class__ is Failure:
        raise found
    return found


def _optional(value: Value, key: Value) -> Optional:
    """One optional link: `value.?key`."""
    if value.__class__ is Optional:
        if not value.present:
            return NONE
        value = value.value
    found = link(value, key, optional=True)
    if found.__class__ is Failure:
        raise found
    return NONE if found is MISSING else Optional(found)


def _present(found: Value) -> Optional:
    return NONE if found is MISSING else Optional(found)


def _has(value: Value, field: str) -> bool:
    found = presence(value, field)
    return found if found.__class__ is bool and value.__class__ is not Optional else _refuse()


def _elements(value: Value) -> Iterable[Value]:
    if value.__class__ is tuple:
        elements: tuple[Value, ...] = value
        return elements
    if isinstance(value, dict):
        return map(key_value, value)
    raise Doubt


def _pairs(value: Value) -> Iterable[tuple[Value, Value]]:
    if value.__class__ is tuple:
        return enumerate(value)
    if isinstance(value, dict):
        return [(key_value(key), entry) for key, entry in value.items()]
    raise Doubt


def _within(value: Value, wanted: frozenset[Value]) -> bool:
    if value.__class__ in (bool, int, Uint, float, str):
        return map_key(value) in wanted
    raise Doubt


NAMES: Final[dict[str, object]] = {
    "int64": int64,
    "quotient": quotient,
    "remainder": remainder,
    "refuse": _refuse,
    "fail": _fail,
    "Failure": Failure,
    "want": _want,
    "get": _get,
    "optional": _optional,
    "present": _present,
    "has": _has,
    "elements": _elements,
    "pairs": _pairs,
    "within": _within,
    "equal": equal,
    "map_key": map_key,
    "Optional": Optional,
    "EvaluationError": EvaluationError,
    "Memo": Memo,
    "Missing": Missing,
    "new": EvaluationError.__new__,
    "NONE": NONE,
    "MISSING": MISSING,
    "sure": sure,
    "type_value": type_value,
}
