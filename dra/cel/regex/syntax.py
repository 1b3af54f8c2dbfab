"""Parser of RE2's syntax as Go's `regexp.Compile` accepts it, with Go's error texts.

One pass from left to right with an explicit stack of open groups, so nesting costs no recursion and the
first fault in the text is the one reported.
"""

from __future__ import annotations

import re
from enum import Flag, auto

from dra.cel.regex.classes import (
    ANY,
    NOT_NEWLINE,
    PERL,
    POSIX,
    Class,
    folded,
    named,
    negated,
    single,
    union,
)
from dra.cel.regex.tree import Alternate, Assertion, Capture, Chars, Concat, Node, Repeat, Where
from dra.errors import DraError

__all__ = ["RegexError", "parse"]

_MAX_REPEAT = 1000
_MAX_HEIGHT = 1000
_MAX_SIZE = (128 << 20) // 40
_MAX_RANGE_ENDS = (128 << 20) // 4
_MAX_RUNE = 0x10FFFF

_COUNT = re.compile(r"\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}")
_CAPTURE_NAME = re.compile(r"[A-Za-z0-9_]+")
_ESCAPED = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_SIMPLE_REPEATS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_ESCAPED_PLACES = {
    "A": Where.TEXT_START,
    "b": Where.WORD_BOUNDARY,
    "B": Where.NOT_WORD_BOUNDARY,
    "z": Where.TEXT_END,
}


class RegexError(DraError, ValueError):
    """A pattern that Go's regexp refuses; the message is Go's.

    Attributes:
        code: The kind of fault, such as `missing closing ]`.
        value: The part of the pattern concerned.

    Example:
        >>> from dra.cel.regex import compile
        >>> compile("[a")
        Traceback (most recent call last):
        dra.cel.regex.syntax.RegexError: error parsing regexp: missing closing ]: `[a`
    """

    def __init__(self, code: str, part: str) -> None:
        super().__init__(f"error parsing regexp: {code}: `{part}`", value=part)
        self.code = code


class _Flags(Flag):
    NONE = 0
    FOLD = auto()
    MULTILINE = auto()
    DOT_NEWLINE = auto()
    UNGREEDY = auto()


_FLAG_LETTERS = {
    "i": _Flags.FOLD,
    "m": _Flags.MULTILINE,
    "s": _Flags.DOT_NEWLINE,
    "U": _Flags.UNGREEDY,
}


class _Group:
    """A group being read: the alternatives so far, the parts of the present one, what to restore after it."""

    def __init__(self, outer_flags: _Flags, captures: bool) -> None:
        self.outer_flags = outer_flags
        self.captures = captures
        self.alternatives: list[Node] = []
        self.parts: list[Node] = []


def parse(pattern: str) -> Node:
    """The tree of a pattern.

    Args:
        pattern: Text in RE2's syntax with the Perl flags, as `regexp.Compile` takes it.

    Raises:
        RegexError: Go's regexp refuses the pattern.
    """
    if any("\ud800" <= c <= "\udfff" for c in pattern):
        raise RegexError("invalid UTF-8", pattern)
    return _Parser(pattern).parse()


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.flags = _Flags.NONE
        self.groups = [_Group(_Flags.NONE, captures=False)]
        self.last_repeat = -1
        self.nodes = 0
        self.copies = 1
        self.range_ends = 0

    # -- reading

    def _next(self) -> str:
        """The next character, taken; at the end U+FFFD, which no construct wants."""
        if self.at >= len(self.pattern):
            return "\ufffd"
        char = self.pattern[self.at]
        self.at += 1
        return char

    def _peek(self, ahead: int = 0) -> str:
        return self.pattern[self.at + ahead : self.at + ahead + 1]

    def _fault(self, code: str, start: int) -> RegexError:
        return RegexError(code, self.pattern[start : self.at])

    # -- building

    def _push(self, node: Node) -> None:
        parts = self.groups[-1].parts
        if isinstance(node, Chars):
            self.range_ends += 2 * len(node.members)
            before = parts[-1] if parts else None
            joins = node.literal is not None and isinstance(before, Chars) and before.literal == node.literal
            self.nodes += not joins
        else:
            self.nodes += 1
        parts.append(node)
        self._check_limits(node)

    def _check_limits(self, node: Node) -> None:
        """Go's limits; it looks at sizes only once the number of nodes times all repetitions is large."""
        large = self.nodes * self.copies >= _MAX_SIZE and node.size > _MAX_SIZE
        if large or self.range_ends > _MAX_RANGE_ENDS:
            raise RegexError("expression too large", self.pattern)
        if node.height > _MAX_HEIGHT:
            raise RegexError("expression nests too deeply", self.pattern)

    def _literal(self, point: int) -> None:
        fold = _Flags.FOLD in self.flags
        self._push(Chars(folded(single(point)) if fold else single(point), literal=fold))

    def _class(self, members: Class) -> None:
        one = len(members) == 1 and members[0][0] == members[0][1]
        self._push(Chars(members, literal=False if one else None))

    def _end_alternative(self) -> None:
        group = self.groups[-1]
        parts: list[Node] = []
        for part in group.parts:
            parts.extend(part.subs if isinstance(part, Concat) else (part,))
        node = group.parts[0] if len(group.parts) == 1 else Concat(parts)
        self.nodes += len(group.parts) != 1
        group.parts = []
        last = group.alternatives[-1] if group.alternatives else None
        if isinstance(node, Chars) and isinstance(last, Chars):
            group.alternatives[-1] = Chars(union(last.members + node.members))
            return
        self._check_limits(node)
        group.alternatives.append(node)

    def _end_group(self) -> Node:
        self._end_alternative()
        alternatives: list[Node] = []
        for node in self.groups[-1].alternatives:
            alternatives.extend(node.subs if isinstance(node, Alternate) else (node,))
        if len(alternatives) == 1:
            return alternatives[0]
        self.nodes += 1
        node = Alternate(alternatives)
        self._check_limits(node)
        return node

    def _repeat(self, start: int, least: int, most: int | None, counted: bool) -> None:
        greedy = _Flags.UNGREEDY not in self.flags
        if self._peek() == "?":
            self.at += 1
            greedy = not greedy
        if self.last_repeat >= 0:
            raise self._fault("invalid nested repetition operator", self.last_repeat)
        parts = self.groups[-1].parts
        if not parts:
            raise self._fault("missing argument to repetition operator", start)
        node = Repeat(parts[-1], least, most, greedy, counted)
        parts[-1] = node
        self.nodes += 1
        if counted:
            self.copies = min(self.copies * max(least if most is None else most, 1), _MAX_SIZE)
        self._check_limits(node)
        if counted and max(least, most or 0) >= 2 and node.copies > _MAX_REPEAT:
            raise self._fault("invalid repeat count", start)

    # -- the grammar

    def parse(self) -> Node:
        while self.at < len(self.pattern):
            start = self.at
            repeated = False
            match self._next():
                case "(":
                    self._open(start)
                case ")":
                    self._close()
                case "|":
                    self._end_alternative()
                case "^":
                    multiline = _Flags.MULTILINE in self.flags
                    self._push(Assertion(Where.LINE_START if multiline else Where.TEXT_START))
                case "$":
                    multiline = _Flags.MULTILINE in self.flags
                    self._push(Assertion(Where.LINE_END if multiline else Where.TEXT_END))
                case ".":
                    self._push(Chars(ANY if _Flags.DOT_NEWLINE in self.flags else NOT_NEWLINE))
                case "[":
                    self._bracket(start)
                case "*" | "+" | "?" as operator:
                    least, most = _SIMPLE_REPEATS[operator]
                    self._repeat(start, least, most, counted=False)
                    repeated = True
                case "{":
                    repeated = self._braces(start)
                case "\\":
                    self._backslash(start)
                case char:
                    self._literal(ord(char))
            self.last_repeat = start if repeated else -1
        root = self._end_group()
        if len(self.groups) > 1:
            raise RegexError("missing closing )", self.pattern)
        return root

    def _open(self, start: int) -> None:
        if self._peek() == "?":
            self._question_group(start)
            return
        self.nodes += 1
        self.groups.append(_Group(self.flags, captures=True))

    def _close(self) -> None:
        node = self._end_group()
        if len(self.groups) == 1:
            raise RegexError("unexpected )", self.pattern)
        group = self.groups.pop()
        self.flags = group.outer_flags
        self._push(Capture(node) if group.captures else node)

    def _question_group(self, start: int) -> None:
        """What follows `(?`: a named capture, or flags with or without a group."""
        rest = self.pattern[start:]
        if len(rest) > 4 and rest.startswith("(?P<"):
            self._named_capture(start, name_start=start + 4)
        elif len(rest) > 3 and rest.startswith("(?<"):
            self._named_capture(start, name_start=start + 3)
        else:
            self._flags(start)

    def _named_capture(self, start: int, name_start: int) -> None:
        end = self.pattern.find(">", start)
        if end < 0:
            raise RegexError("invalid named capture", self.pattern[start:])
        self.at = end + 1
        if not _CAPTURE_NAME.fullmatch(self.pattern, name_start, end):
            raise self._fault("invalid named capture", start)
        self.nodes += 1
        self.groups.append(_Group(self.flags, captures=True))

    def _flags(self, start: int) -> None:
        self.at += 1
        flags = self.flags
        adding, seen = True, False
        while self.at < len(self.pattern):
            char = self._next()
            if char in _FLAG_LETTERS:
                letter = _FLAG_LETTERS[char]
                flags = flags | letter if adding else flags & ~letter
                seen = True
            elif char == "-" and adding:
                adding, seen = False, False
            elif char in ":)" and (adding or seen):
                if char == ":":
                    self.groups.append(_Group(self.flags, captures=False))
                self.flags = flags
                return
            else:
                break
        raise self._fault("invalid or unsupported Perl syntax", start)

    def _braces(self, start: int) -> bool:
        """A counted repetition, or a plain brace if it does not have the form of one."""
        count = _COUNT.match(self.pattern, start)
        if not count:
            self._literal(ord("{"))
            return False
        self.at = count.end()
        least = _bounded(count[1])
        most = least if count[2] is None else None if count[3] is None else _bounded(count[3])
        if least > _MAX_REPEAT or (most is not None and (most > _MAX_REPEAT or least > most)):
            raise self._fault("invalid repeat count", start)
        self._repeat(start, least, most, counted=True)
        return True

    def _backslash(self, start: int) -> None:
        char = self._peek()
        if char in _ESCAPED_PLACES:
            self.at += 1
            self._push(Assertion(_ESCAPED_PLACES[char]))
        elif char == "Q":
            self._quoted()
        elif char == "C":
            self.at += 1
            raise self._fault("invalid escape sequence", start)
        else:
            members = self._escaped_class(start)
            if members is None:
                self._literal(self._escaped_char(start))
            else:
                self._class(members)

    def _quoted(self) -> None:
        end = self.pattern.find("\\E", self.at + 1)
        stop = len(self.pattern) if end < 0 else end
        for char in self.pattern[self.at + 1 : stop]:
            self._literal(ord(char))
        self.at = stop if end < 0 else end + 2

    def _escaped_class(self, start: int) -> Class | None:
        """The class that an escape stands for, `at` being after the backslash; None if it is no class."""
        char = self._peek()
        if char in PERL:
            self.at += 1
            members, positive = PERL[char]
            return self._signed(members, positive)
        if char not in ("p", "P"):
            return None
        self.at += 1
        positive = char == "p"
        name = self._next()
        if name == "{":
            end = self.pattern.find("}", self.at)
            if end < 0:
                raise RegexError("invalid character class range", self.pattern[start:])
            name = self.pattern[self.at : end]
            self.at = end + 1
        if name.startswith("^"):
            positive = not positive
            name = name[1:]
        members_or_none = named(name, _Flags.FOLD in self.flags)
        if members_or_none is None:
            raise self._fault("invalid character class range", start)
        return members_or_none if positive else negated(members_or_none)

    def _signed(self, members: Class, positive: bool) -> Class:
        if _Flags.FOLD in self.flags:
            members = folded(members)
        return members if positive else negated(members)

    def _escaped_char(self, start: int) -> int:
        """The character that an escape stands for, `at` being after the backslash."""
        if self.at >= len(self.pattern):
            raise RegexError("trailing backslash at end of expression", "")
        char = self._next()
        if char in _ESCAPED:
            return _ESCAPED[char]
        if char == "0" or ("1" <= char <= "7" and "0" <= self._peek() <= "7"):
            digits = char
            while len(digits) < 3 and "0" <= self._peek() <= "7":
                digits += self._next()
            return int(digits, 8)
        if char == "x":
            return self._hexadecimal(start)
        if char.isascii() and not char.isalnum():
            return ord(char)
        raise self._fault("invalid escape sequence", start)

    def _hexadecimal(self, start: int) -> int:
        if self.at >= len(self.pattern):
            raise self._fault("invalid escape sequence", start)
        char = self._next()
        if char != "{":
            high, low = _hex_digit(char), _hex_digit(self._next())
            if high < 0 or low < 0:
                raise self._fault("invalid escape sequence", start)
            return high * 16 + low
        point, digits = 0, 0
        while self.at < len(self.pattern):
            char = self._next()
            if char == "}" and digits:
                return point
            digit = _hex_digit(char)
            point = point * 16 + digit
            if digit < 0 or point > _MAX_RUNE:
                break
            digits += 1
        raise self._fault("invalid escape sequence", start)

    # -- character classes

    def _bracket(self, start: int) -> None:
        negative = self._peek() == "^"
        self.at += negative
        ranges: list[tuple[int, int]] = []
        first = True
        while first or self._peek() != "]":
            first = False
            members = self._posix_class()
            if members is None and self._peek() == "\\":
                escape = self.at
                self.at += 1
                members = self._escaped_class(escape)
                if members is None:
                    self.at = escape
            if members is None:
                members = self._range(start)
            ranges.extend(members)
        self.at += 1
        whole = union(ranges)
        self._class(negated(whole) if negative else whole)

    def _posix_class(self) -> Class | None:
        """A class such as `[:alpha:]` inside brackets; None if there is none at this place."""
        if self._peek() != "[" or self._peek(1) != ":":
            return None
        end = self.pattern.find(":]", self.at + 2)
        if end < 0:
            return None
        start, self.at = self.at, end + 2
        name = self.pattern[start + 2 : end]
        members = POSIX.get(name.removeprefix("^"))
        if members is None:
            raise self._fault("invalid character class range", start)
        return self._signed(members, not name.startswith("^"))

    def _range(self, bracket: int) -> Class:
        """A character or a range of them inside brackets."""
        start = self.at
        low = high = self._class_char(bracket)
        if self._peek() == "-" and self._peek(1) not in ("]", ""):
            self.at += 1
            high = self._class_char(bracket)
            if high < low:
                raise self._fault("invalid character class range", start)
        return folded(((low, high),)) if _Flags.FOLD in self.flags else ((low, high),)

    def _class_char(self, bracket: int) -> int:
        start = self.at
        if start >= len(self.pattern):
            raise RegexError("missing closing ]", self.pattern[bracket:])
        char = self._next()
        return self._escaped_char(start) if char == "\\" else ord(char)


def _hex_digit(char: str) -> int:
    return int(char, 16) if char in "0123456789abcdefABCDEF" else -1


def _bounded(digits: str) -> int:
    """The number, or any number beyond the limit: the text may be too long for `int`."""
    return int(digits) if len(digits) <= 9 else _MAX_REPEAT + 1
