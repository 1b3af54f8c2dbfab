"""Sets of characters, as sorted ranges, and the named ones of RE2's syntax.

A class is a tuple of inclusive, disjoint, non-adjacent code point ranges in ascending order. Perl and
POSIX classes are ASCII only, as in RE2. The Unicode classes and case orbits come from `unicode.json.gz`,
recorded from Go, because Python's own tables vary with the interpreter's version and lack scripts.
"""

from __future__ import annotations

import gzip
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple, TypeAlias

__all__ = [
    "ANY",
    "NOT_NEWLINE",
    "PERL",
    "POSIX",
    "WORD",
    "Class",
    "contains",
    "folded",
    "named",
    "negated",
    "overlap",
    "single",
    "union",
]

Class: TypeAlias = tuple[tuple[int, int], ...]

_MAX_RUNE = 0x10FFFF
ANY: Class = ((0, _MAX_RUNE),)
NOT_NEWLINE: Class = ((0, 9), (11, _MAX_RUNE))


def union(ranges: Iterable[tuple[int, int]]) -> Class:
    """The class of all characters in any of the ranges."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


@lru_cache(maxsize=256)
def negated(members: Class) -> Class:
    """The class of all other characters."""
    gaps: list[tuple[int, int]] = []
    start = 0
    for low, high in members:
        if start < low:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= _MAX_RUNE:
        gaps.append((start, _MAX_RUNE))
    return tuple(gaps)


def contains(members: Class, point: int) -> bool:
    """Whether the code point is in the class."""
    index = bisect_right(members, (point, _MAX_RUNE)) - 1
    return index >= 0 and members[index][1] >= point


def overlap(one: Class, other: Class) -> bool:
    """Whether the classes share a character."""
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i][1] < other[j][0]:
            i += 1
        elif other[j][1] < one[i][0]:
            j += 1
        else:
            return True
    return False


def single(point: int) -> Class:
    """The class of one character."""
    return ((point, point),)


class _Unicode(NamedTuple):
    classes: dict[str, list[int]]
    aliases: dict[str, str]
    foldable: list[int]
    orbits: dict[int, tuple[int, ...]]


@lru_cache(maxsize=1)
def _unicode() -> _Unicode:
    data = json.loads(gzip.decompress(files("dra.cel.regex").joinpath("unicode.json.gz").read_bytes()))
    orbits = {point: tuple(orbit) for orbit in data["folds"] for point in orbit}
    aliases = {_canonical(alias): name for alias, name in data["aliases"].items()}
    return _Unicode(data["classes"], aliases, sorted(orbits), orbits)


@lru_cache(maxsize=256)
def folded(members: Class) -> Class:
    """The class with every character that differs from a member only in case (simple folding)."""
    tables = _unicode()
    extra: list[tuple[int, int]] = []
    for low, high in members:
        first, last = bisect_left(tables.foldable, low), bisect_right(tables.foldable, high)
        for point in tables.foldable[first:last]:
            extra.extend((other, other) for other in tables.orbits[point])
    return union([*members, *extra])


def _canonical(name: str) -> str:
    """Go compares class names without case, spaces, underscores and hyphens, since Go 1.25."""
    letters = name.replace("_", "").replace("-", "").replace(" ", "")
    head, tail = letters[:1], letters[1:]
    return (head.upper() if head.isascii() else head) + "".join(c.lower() if c.isascii() else c for c in tail)


@lru_cache(maxsize=512)
def named(name: str, fold: bool) -> Class | None:
    r"""The Unicode class that `\p{name}` stands for, None if there is none of that name."""
    key = _canonical(name)
    if key == "Any":
        return ANY
    if key == "Ascii":
        return folded(((0, 0x7F),)) if fold else ((0, 0x7F),)
    if key == "Assigned":
        return negated(_ranges("Cn"))
    if key == "Lc":
        key = "LC"
    tables = _unicode()
    key = tables.aliases.get(key, key)
    if key not in tables.classes:
        return None
    members = _ranges(key)
    return folded(members) if fold else members


def _ranges(key: str) -> Class:
    flat = _unicode().classes[key]
    ranges: list[tuple[int, int]] = []
    end = 0
    for gap, length in zip(flat[::2], flat[1::2], strict=True):
        ranges.append((end + gap, end + gap + length))
        end += gap + length
    return tuple(ranges)


def _ascii(text: str) -> Class:
    """A class from text in the form `a-zA-Z_`."""
    return union((ord(text[i]), ord(text[i + 2])) for i in range(0, len(text), 3))


_DIGIT = _ascii("0-9")
_SPACE = _ascii("\t-\n\f-\r - ")
WORD: Class = _ascii("0-9A-Z_-_a-z")

PERL: dict[str, tuple[Class, bool]] = {
    "d": (_DIGIT, True),
    "D": (_DIGIT, False),
    "s": (_SPACE, True),
    "S": (_SPACE, False),
    "w": (WORD, True),
    "W": (WORD, False),
}
"""Class and sign by the letter of the escape."""

POSIX: dict[str, Class] = {
    "alnum": _ascii("0-9A-Za-z"),
    "alpha": _ascii("A-Za-z"),
    "ascii": _ascii("\0-\x7f"),
    "blank": _ascii("\t-\t - "),
    "cntrl": _ascii("\0-\x1f\x7f-\x7f"),
    "digit": _DIGIT,
    "graph": _ascii("!-~"),
    "lower": _ascii("a-z"),
    "print": _ascii(" -~"),
    "punct": _ascii("!-/:-@[-`{-~"),
    "space": _ascii("\t-\r - "),
    "upper": _ascii("A-Z"),
    "word": WORD,
    "xdigit": _ascii("0-9A-Fa-f"),
}
