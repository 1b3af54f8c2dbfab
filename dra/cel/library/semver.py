"""Semantic versions in CEL: `semver("1.2.3")` and what can be asked of one.

Texts are read as github.com/blang/semver reads them, with its messages.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache, total_ordering
from typing import ClassVar, Final, TypeAlias

from dra.cel.declarations import Function, Library, fixed, member, overload, traversal
from dra.cel.library.ordering import comparisons
from dra.cel.types import BOOL, INT, STRING, struct
from dra.cel.values import Failure, equal_to_its_own, register, sure

__all__ = ["LIBRARY", "SEMVER", "Semver"]

SEMVER: Final = struct("kubernetes.Semver")

_LARGEST_NUMBER: Final = 2**64 - 1
_IDENTIFIER: Final = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_LONGEST_KEPT: Final = 256  # characters
# A release, whose numbers are sure to be below 2**64.
_PLAIN: Final = re.compile(r"(0|[1-9][0-9]{0,18})\.(0|[1-9][0-9]{0,18})\.(0|[1-9][0-9]{0,18})")

_EMPTY: Final = Failure("Version string empty")
_NO_PARTS: Final = Failure("No Major.Minor.Patch elements found")

# Precedence: numbers before texts, and a version without pre-release after any with one.
_Precedence: TypeAlias = tuple[int, int, int, tuple[tuple[int, int, str], ...]]
_RELEASE: Final = ((2, 0, ""),)


@total_ordering
class Semver:
    """A semantic version; immutable, and interned by text. Build metadata counts neither for `==` nor order.

    Example:
        >>> Semver.parse("1.10.0") > Semver.parse("1.9.0"), Semver.parse("1.0.0-rc.1") < Semver.parse("1.0.0")
        (True, True)
    """

    __slots__ = ("key", "text")

    go_unhashable: ClassVar[str] = "cel.Semver"
    order_key: ClassVar[str] = "key"

    key: _Precedence
    text: str

    def __init__(self, text: str, key: _Precedence) -> None:
        self.text = text
        self.key = key

    @classmethod
    def parse(cls, text: str) -> Semver:
        """The version that a text means.

        Raises:
            Failure: It means none.
        """
        found: Semver = sure(_parse(text))
        return found

    @classmethod
    def normalized(cls, text: str) -> Semver:
        """The version that a text means once `v`, leading zeros and missing parts are mended.

        Raises:
            Failure: It means none even so.
        """
        return cls.parse(_normalize(text))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Semver) and self.key == other.key

    def __lt__(self, other: Semver) -> bool:
        return self.key < other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Semver({self.text!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return Semver.parse, (self.text,)


register(Semver, SEMVER, equality=equal_to_its_own)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(text: str, what: str) -> int:
    if text and not _DIGITS.fullmatch(text):
        raise Failure(f"Invalid character(s) found in {what} number {_quoted(text)}")
    if len(text) > 1 and text[0] == "0":
        raise Failure(f"{what.capitalize()} number must not contain leading zeroes {_quoted(text)}")
    return _uint(text)


def _uint(text: str) -> int:
    if not text:
        raise Failure('strconv.ParseUint: parsing "": invalid syntax')
    if len(text) > 20 or int(text) > _LARGEST_NUMBER:
        raise Failure(f"strconv.ParseUint: parsing {_quoted(text)}: value out of range")
    return int(text)


def _prerelease(part: str) -> tuple[int, int, str]:
    if not part:
        raise Failure("Prerelease is empty")
    if _DIGITS.fullmatch(part):
        if len(part) > 1 and part[0] == "0":
            raise Failure(f"Numeric PreRelease version must not contain leading zeroes {_quoted(part)}")
        return (0, _uint(part), "")
    if not _IDENTIFIER.fullmatch(part):
        raise Failure(f"Invalid character(s) found in prerelease {_quoted(part)}")
    return (1, 0, part)


def _parse(text: str) -> Semver | Failure:
    if text.count(".") < 2:
        return _NO_PARTS if text else _EMPTY
    return (_kept if len(text) <= _LONGEST_KEPT else _read)(text)


def _read(text: str) -> Semver | Failure:
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        return Semver(text, (int(plain[1]), int(plain[2]), int(plain[3]), _RELEASE))
    try:
        return _parse_any(text)
    except Failure as failure:
        return Failure(*failure.args)  # without its traceback, which holds much


# Devices repeat the same few texts; neither many nor long ones that an expression makes may fill the memory.
_kept: Final = lru_cache(maxsize=16384)(_read)


def _parse_any(text: str) -> Semver | Failure:
    parts = text.split(".", 2)
    major, minor = _number(parts[0], "major"), _number(parts[1], "minor")
    rest, has_build, build = parts[2].partition("+")
    patch_text, has_prerelease, prerelease = rest.partition("-")
    patch = _number(patch_text, "patch")
    order = tuple(map(_prerelease, prerelease.split("."))) if has_prerelease else _RELEASE
    for part in build.split(".") if has_build else ():
        if not part:
            raise Failure("Build meta data is empty")
        if not _IDENTIFIER.fullmatch(part):
            raise Failure(f"Invalid character(s) found in build meta data {_quoted(part)}")
    return Semver(text, (major, minor, patch, order))


def _without_zeros(part: str) -> str:
    if len(part) < 2:
        return part
    stripped = part.lstrip("0")
    return stripped if stripped[:1].isascii() and stripped[:1].isdigit() else f"0{stripped}"


def _normalize(text: str) -> str:
    parts = [_without_zeros(part) for part in text.removeprefix("v").split(".", 2)]
    if len(parts) < 3:
        if re.search("[+-]", parts[-1]):
            raise Failure("short version cannot contain PreRelease/Build meta data")
        parts += ["0"] * (3 - len(parts))
    return ".".join(parts)


def _maybe_normalized(text: str, normalize: bool) -> Semver | Failure:
    """The version that a text means, perhaps once `v`, leading zeros and missing parts are mended."""
    return _parse(_normalize(text) if normalize else text)


def _is_semver(text: str, normalize: bool = False) -> bool:
    try:
        return _maybe_normalized(text, normalize).__class__ is Semver
    except Failure:
        return False


LIBRARY: Final = Library(
    "semver",
    since="1.33",
    equality={SEMVER: fixed()},
    functions=(
        Function(
            "semver",
            overload("string_to_semver", [STRING], SEMVER, _parse, traversal()),
            overload("string_bool_to_semver", [STRING, BOOL], SEMVER, _maybe_normalized, traversal()),
        ),
        Function(
            "isSemver",
            overload("is_semver_string", [STRING], BOOL, _is_semver, traversal()),
            overload("is_semver_string_bool", [STRING, BOOL], BOOL, _is_semver, traversal()),
        ),
        *comparisons("semver", SEMVER, Semver.order_key),
        Function("major", member("semver_major", [SEMVER], INT, lambda version: version.key[0])),
        Function("minor", member("semver_minor", [SEMVER], INT, lambda version: version.key[1])),
        Function("patch", member("semver_patch", [SEMVER], INT, lambda version: version.key[2])),
    ),
)
