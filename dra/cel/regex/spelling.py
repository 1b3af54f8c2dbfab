r"""A tree written out again as a pattern for another engine, with the meaning that RE2's syntax gave it.

Nothing of the original spelling is left: flags, named classes and case folding have become explicit classes,
so the engine's own ideas of `\s`, `$` or upper case never matter.
"""

from __future__ import annotations

from typing import NamedTuple

from dra.cel.regex.classes import ANY, Class, negated
from dra.cel.regex.tree import Alternate, Assertion, Capture, Chars, Concat, Node, Where, bare

__all__ = ["PYTHON", "RE2", "Dialect", "spell"]


class Dialect(NamedTuple):
    """What differs between engines: a code point's escape, the assertions, and what never matches."""

    escape: str
    places: dict[Where, str]
    nothing: str


PYTHON = Dialect(
    escape="\\U{:08x}",
    places={
        Where.TEXT_START: r"\A",
        Where.TEXT_END: r"\Z",
        Where.LINE_START: r"(?<![^\n])",
        Where.LINE_END: r"(?![^\n])",
        Where.WORD_BOUNDARY: r"\b",
        Where.NOT_WORD_BOUNDARY: r"(?!\b)",
    },
    nothing="(?!)",
)
r"""`re` with the flags ASCII and DOTALL. (Its own `\B` does not match the empty text before Python 3.14.)"""

RE2 = Dialect(
    escape="\\x{{{:x}}}", places={where: where.value for where in Where}, nothing=r"[^\x{0}-\x{10ffff}]"
)
"""google-re2 with the option dot_nl."""


def spell(node: Node, dialect: Dialect) -> str:
    """The tree as a pattern of the dialect, without capturing groups."""
    if isinstance(node, Chars):
        return _chars(node.members, dialect)
    if isinstance(node, Assertion):
        return dialect.places[node.where]
    if isinstance(node, Capture):
        return spell(node.sub, dialect)
    if isinstance(node, Concat):
        return "".join(
            f"(?:{spell(sub, dialect)})" if isinstance(bare(sub), Alternate) else spell(sub, dialect)
            for sub in node.subs
        )
    if isinstance(node, Alternate):
        return "|".join(spell(sub, dialect) for sub in node.subs)
    sub = spell(node.sub, dialect)
    if not isinstance(node.sub, Chars):
        sub = f"(?:{sub})"
    if node.most is None:
        count = "*" if node.least == 0 else "+" if node.least == 1 else f"{{{node.least},}}"
    elif (node.least, node.most) == (0, 1):
        count = "?"
    else:
        count = f"{{{node.least},{node.most}}}"
    return sub + count + ("" if node.greedy else "?")


def _chars(members: Class, dialect: Dialect) -> str:
    if not members:
        return dialect.nothing
    if members == ANY:
        return "."
    if len(members) == 1 and members[0][0] == members[0][1]:
        return _char(members[0][0], dialect)
    others = negated(members)
    sign, ranges = ("^", others) if len(others) < len(members) else ("", members)
    return f"[{sign}{''.join(_range(low, high, dialect) for low, high in ranges)}]"


def _range(low: int, high: int, dialect: Dialect) -> str:
    if low == high:
        return _char(low, dialect)
    return f"{_char(low, dialect)}-{_char(high, dialect)}"


def _char(point: int, dialect: Dialect) -> str:
    char = chr(point)
    return char if char.isascii() and char.isalnum() else dialect.escape.format(point)
