"""The strings extension as Kubernetes enables it: `charAt`, `replace`, `split`, `join` and so on.

Positions and lengths count characters, not bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from dra.cel.declarations import (
    STRING_TRAVERSAL,
    UNBOUNDED,
    Arguments,
    Cost,
    Estimate,
    Function,
    Library,
    Range,
    member,
    overload,
    traversal,
)
from dra.cel.library.lists import WALK
from dra.cel.types import INT, STRING, list_of
from dra.cel.values import Failure, Value, only_class, size_of

__all__ = ["LIBRARIES"]

_STRINGS: Final = list_of(STRING)
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER: Final = {code + 32: code for code in _LOWER}
_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_ESCAPES: Final = str.maketrans(
    {
        "\a": r"\a",
        "\b": r"\b",
        "\f": r"\f",
        "\n": r"\n",
        "\r": r"\r",
        "\t": r"\t",
        "\v": r"\v",
        "\\": r"\\",
        '"': r"\"",
    }
)
_LARGEST_RESULT: Final = 10_000_000


# Functions


def _outside(index: int) -> Failure:
    return Failure("index out of range: {}".format, index)


def _char_at(text: str, index: int) -> str | Failure:
    return text[index : index + 1] if 0 <= index <= len(text) else _outside(index)


def _index_of(text: str, part: str, start: int = 0) -> int | Failure:
    if start < 0:
        return _outside(start)
    if not part:
        return min(start, len(text))
    return text.find(part, start)


def _last_index_of(text: str, part: str) -> int:
    return len(text) if not part else text.rfind(part)


def _last_index_of_from(text: str, part: str, start: int) -> int | Failure:
    if start < 0:
        return _outside(start)
    if not part:
        return min(start, len(text))
    return text.rfind(part, 0, start + len(part)) if start < len(text) else -1


def _lenient(search: Callable[[str, str, int], int | Failure]) -> Callable[[str, str, int], int | Failure]:
    """The search as it was until 1.36: nothing is found wherever one looks, behind the text, too."""
    return lambda text, part, start: start if not part and start >= 0 else search(text, part, start)


def _lower(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_LOWER)


def _upper(text: str) -> str:
    return text.upper() if text.isascii() else text.translate(_UPPER)


def _replace(text: str, old: str, new: str, count: int = -1) -> str | Failure:
    times = len(text) + 1 if not old else text.count(old)
    if 0 <= count < times:
        times = count
    if times * len(new) > _LARGEST_RESULT:
        return Failure("replace: the result is too long")
    return text.replace(old, new, times)


def _split(text: str, separator: str, count: int = -1) -> tuple[str, ...]:
    if count == 0:
        return ()
    if separator:
        return tuple(text.split(separator, count - 1 if count > 0 else -1))
    if count < 0 or count >= len(text):
        return tuple(text)
    return (*text[: count - 1], text[count - 1 :])


def _substring(text: str, start: int) -> str | Failure:
    return text[start:] if 0 <= start <= len(text) else _outside(start)


def _substring_until(text: str, start: int, end: int) -> str | Failure:
    if start > end:
        return Failure("invalid substring range. start: {}, end: {}".format, start, end)
    if 0 <= start <= end <= len(text):
        return text[start:end]
    return _outside(end if 0 <= start <= len(text) else start)


def _join(parts: tuple[Value, ...], separator: str = "") -> str:
    if only_class(parts) is not str:
        for part in parts:
            if not isinstance(part, str):
                raise Failure(f"join: invalid input: {part}")
    if sum(map(len, parts)) + len(separator) * len(parts) > _LARGEST_RESULT:
        raise Failure("join: the result is too long")
    return separator.join(parts)


def _quote(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


# Costs


def _ceil(size: int, factor: float) -> int:
    return math.ceil(size * factor)


def _replace_estimate(arguments: Arguments) -> Estimate:
    text, old, new = (arguments.size(index) for index in range(3))
    most, kept_most = _replacements(text.high, old.low, longer=new.high > old.low)
    fewest, kept_least = _replacements(text.low, old.high, longer=old.high > new.low)
    size = Range(fewest, most) * new + Range(kept_least, kept_most)
    return Estimate(text.times(2 * STRING_TRAVERSAL), size)


def _replacements(text: int, old: int, *, longer: bool) -> tuple[int, int]:
    """How often a text of a size may be replaced, and how much of the text is then kept."""
    if old == 0:
        return min(text + 1, UNBOUNDED), text
    return (math.ceil(text / old), 0) if longer else (0, text)


def _split_estimate(arguments: Arguments) -> Estimate:
    text = arguments.size(0)
    limit = arguments.literal(2) if len(arguments) > 2 else None
    most = limit & UNBOUNDED if isinstance(limit, int) else text.high
    return Estimate(text.times(2 * STRING_TRAVERSAL), Range(0, most))


def _join_estimate(arguments: Arguments) -> Estimate:
    count = arguments.size(0)
    size = Range(0, 0)
    if arguments.type(0).parameters:
        size = count * arguments.element_size(0)
    if len(arguments) > 1:
        separators = Range(max(count.low - 1, 0), max(count.high - 1, 0))
        size += arguments.size(1) * separators
    return Estimate(size.times(STRING_TRAVERSAL), size)


def _quote_estimate(arguments: Arguments) -> Estimate:
    size = arguments.size(0)
    return Estimate(size.times(STRING_TRAVERSAL), Range(size.low + 2, (size.high * 2 + 2) & UNBOUNDED))


def _twice(values: Sequence[Value], _result: Value) -> int:
    return _ceil(size_of(values[0]), 2 * STRING_TRAVERSAL)


def _twice_result(_values: Sequence[Value], result: Value) -> int:
    return _ceil(size_of(result), 2 * STRING_TRAVERSAL)


_KEEPING: Final = traversal(keeps_size=True)
_TWICE: Final = f"ceil(len({{0}}) * {2 * STRING_TRAVERSAL!r})"
_REPLACE: Final = Cost(_replace_estimate, _twice, inline=_TWICE)
_SPLIT: Final = Cost(_split_estimate, _twice, inline=_TWICE)
_JOIN: Final = Cost(_join_estimate, _twice_result)
_QUOTE: Final = Cost(_quote_estimate, traversal().charge, inline=traversal().inline)


_STRINGS_EXTENSION: Final = Library(
    "strings",
    since="1.29",
    functions=(
        Function("charAt", member("string_char_at_int", [STRING, INT], STRING, _char_at)),
        Function(
            "indexOf",
            member("string_index_of_string", [STRING, STRING], INT, _index_of, WALK),
            member("string_index_of_string_int", [STRING, STRING, INT], INT, _index_of, WALK),
        ),
        Function(
            "lastIndexOf",
            member("string_last_index_of_string", [STRING, STRING], INT, _last_index_of, WALK),
            member("string_last_index_of_string_int", [STRING, STRING, INT], INT, _last_index_of_from, WALK),
        ),
        Function("lowerAscii", member("string_lower_ascii", [STRING], STRING, _lower, _KEEPING)),
        Function("upperAscii", member("string_upper_ascii", [STRING], STRING, _upper, _KEEPING)),
        Function(
            "replace",
            member("string_replace_string_string", [STRING, STRING, STRING], STRING, _replace, _REPLACE),
            member(
                "string_replace_string_string_int", [STRING, STRING, STRING, INT], STRING, _replace, _REPLACE
            ),
        ),
        Function(
            "split",
            member("string_split_string", [STRING, STRING], _STRINGS, _split, _SPLIT),
            member("string_split_string_int", [STRING, STRING, INT], _STRINGS, _split, _SPLIT),
        ),
        Function(
            "substring",
            member("string_substring_int", [STRING, INT], STRING, _substring, _KEEPING),
            member("string_substring_int_int", [STRING, INT, INT], STRING, _substring_until, _KEEPING),
        ),
        Function("trim", member("string_trim", [STRING], STRING, lambda text: text.strip(_SPACE), _KEEPING)),
        Function("strings.quote", overload("strings_quote", [STRING], STRING, _quote, _QUOTE)),
        Function(
            "join",
            member("list_join", [_STRINGS], STRING, _join, _JOIN),
            member("list_join_string", [_STRINGS, STRING], STRING, _join, _JOIN),
        ),
    ),
)

LIBRARIES: Final = (
    Library(
        "searches behind a text",
        since="1.29",
        until="1.37",
        functions=tuple(
            Function(name, member(id_, [STRING, STRING, INT], INT, _lenient(search), WALK))
            for name, id_, search in (
                ("indexOf", "string_index_of_string_int", _index_of),
                ("lastIndexOf", "string_last_index_of_string_int", _last_index_of_from),
            )
        ),
    ),
    _STRINGS_EXTENSION,
)
