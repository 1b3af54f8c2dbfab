"""JSON to plain data as Kubernetes reads it: no duplicate keys, no NaN, bounded nesting."""

from __future__ import annotations

import json
import re

from pydantic_core import from_json, to_json

from dra.errors import LoadError

__all__ = ["NotJSONError", "values"]

_PLACE = re.compile(r"(.*) at line (\d+) column (\d+)", re.DOTALL)
_NOT_BLANK = re.compile(r"[^ \t\r\n]")
_LONGEST_SHOWN = 40
_BOUNDS = "write a smaller one: the largest is about 1.8e308, integers have 64 bits"
# JSON that is beyond us is not to be taken for YAML.
_BEYOND = ("number out of range", "recursion limit exceeded")
_REMEDIES = {
    "number out of range": _BOUNDS,
    "recursion limit exceeded": "nest it less deeply",
    "EOF while parsing": "it ends too early: is it cut off?",
    "trailing comma": "take the last comma away",
    "key must be a string": "put keys in double quotes",
    "expected `,`": "part what is in a bracket by commas, and close it",
}
_STRING_OR_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|(-?\d[\d.eE+-]*)')


class NotJSONError(LoadError):
    """The text is not JSON as Kubernetes takes it; as YAML it may be right, or the fault better placed."""


def values(text: str, source: str) -> list[object]:
    """The JSON value of a text, or the values that follow one another in it (JSON lines).

    Raises:
        NotJSONError: It is not JSON, or an object has a key twice.
        LoadError: It is nested too deeply, or has a number beyond what readers can hold.
    """
    try:
        return [_value(text, source)]
    except _SeveralError:
        pass
    found, end = [], 0
    while begin := _NOT_BLANK.search(text, end):
        end = _end(text, begin.start(), source)
        found.append(_value(text[begin.start() : end], source))
    return found


class _SeveralError(Exception):
    """Something follows the first value."""


def _value(text: str, source: str) -> object:
    try:
        value: object = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        if str(error).startswith("trailing characters"):
            raise _SeveralError from None
        match = _PLACE.fullmatch(str(error))
        message, line, column = match.groups() if match else (str(error), 0, 0)
        fault = LoadError if message in _BEYOND else NotJSONError
        raise fault(
            f"not JSON: {message}",
            source=source,
            line=int(line),
            column=int(column),
            remedy=next((what for start, what in _REMEDIES.items() if message.startswith(start)), ""),
        ) from None
    encoded = to_json(value)
    # A duplicate key makes its first member vanish, and with it a colon: to count them is much faster than to
    # look at every object. Only an escaped colon can hide that.
    if encoded.count(b":") != text.count(":") or "\\u003a" in text or "\\u003A" in text:
        _refuse_duplicates(text, source)
    if b"Infinity" in encoded:
        _refuse_infinite(text, value, source)
    return value


def _refuse_duplicates(text: str, source: str) -> None:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for index, name in enumerate(names) if name in names[:index])
            raise NotJSONError(
                f"duplicate key {twice!r}", value=twice, source=source, remedy="keep one of the two"
            )
        return members

    json.loads(text, object_pairs_hook=unique)


def _refuse_infinite(text: str, value: object, source: str) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        numbers = (found for found in _STRING_OR_NUMBER.finditer(text) if found[1])
        number = next(found for found in numbers if float(found[1]) in (float("inf"), float("-inf")))
        raise LoadError(
            f"{number[1][:_LONGEST_SHOWN]} is a number beyond what JSON readers can hold",
            value=number[1],
            source=source,
            line=text.count("\n", 0, number.start()) + 1,
            column=number.start() - text.rfind("\n", 0, number.start()),
            remedy=_BOUNDS,
        ) from None


def _end(text: str, start: int, source: str) -> int:
    """Where the value that begins at `start` ends."""
    try:
        return json.JSONDecoder().raw_decode(text, start)[1]
    except json.JSONDecodeError as error:
        raise LoadError(
            f"not JSON: {error.msg}", source=source, line=error.lineno, column=error.colno
        ) from None
    except (ValueError, RecursionError):
        line = text.count("\n", 0, start) + 1
        raise LoadError(
            "not JSON: nested too deeply, or too large a number", source=source, line=line
        ) from None
