"""What a regular expression finds: `text.find(pattern)` and `text.findAll(pattern)`."""

from __future__ import annotations

from typing import Final

from dra.cel.declarations import Arguments, Cost, Estimate, Function, Library, Range, member
from dra.cel.library.standard import regex_cost, regex_estimate
from dra.cel.regex import RegexError, compile as compile_regex
from dra.cel.types import INT, STRING, list_of
from dra.cel.values import Failure

__all__ = ["LIBRARY"]


def _find(text: str, pattern: str) -> str | Failure:
    try:
        return compile_regex(pattern).find(text)
    except RegexError as error:
        return Failure("Illegal regex: {.message}".format, error)


def _find_all(text: str, pattern: str, limit: int = -1) -> tuple[str, ...] | Failure:
    try:
        return tuple(compile_regex(pattern).find_all(text, limit))
    except RegexError as error:
        return Failure("Illegal regex: {.message}".format, error)


def _estimate(arguments: Arguments) -> Estimate:
    """At worst every character is a match of its own."""
    return Estimate(regex_estimate(arguments).cost, Range(0, arguments.size(0).high))


_COST: Final = Cost(_estimate, regex_cost)

LIBRARY: Final = Library(
    "regex",
    functions=(
        Function("find", member("string_find_string", [STRING, STRING], STRING, _find, _COST)),
        Function(
            "findAll",
            member("string_find_all_string", [STRING, STRING], list_of(STRING), _find_all, _COST),
            member("string_find_all_string_int", [STRING, STRING, INT], list_of(STRING), _find_all, _COST),
        ),
    ),
)
