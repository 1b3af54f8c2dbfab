"""The tree of a regular expression.

Nodes know, from when they are made, what the limits and the engines ask: whether they can match nothing
(`nullable`), and that in any place (`skippable`), their `height`, the `size` of their program and how many
`copies` repetition makes of their innermost part. Nothing here needs to walk a tree, so depth is no danger.
Identity is equality.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from itertools import groupby
from typing import TypeAlias

from dra.cel.regex.classes import Class

__all__ = ["Alternate", "Assertion", "Capture", "Chars", "Concat", "Node", "Repeat", "Where", "bare"]


class Where(Enum):
    """Places that a zero-width assertion asks for."""

    TEXT_START = "\\A"
    TEXT_END = "\\z"
    LINE_START = "(?m:^)"
    LINE_END = "(?m:$)"
    WORD_BOUNDARY = "\\b"
    NOT_WORD_BOUNDARY = "\\B"


class Chars:
    """One character out of a class.

    Args:
        members: The class; empty for what can never match.
        literal: Whether Go keeps it as text: None for a class, else whether case is ignored. Go counts a run
            of equal kind as one node.
    """

    __slots__ = ("literal", "members")
    nullable = skippable = False
    height = size = copies = 1

    def __init__(self, members: Class, literal: bool | None = None) -> None:
        self.members = members
        self.literal = literal


class Assertion:
    """A place in the text; matches no character."""

    __slots__ = ("where",)
    nullable, skippable = True, False
    height = size = copies = 1

    def __init__(self, where: Where) -> None:
        self.where = where


class _Inner:
    """What a node with others below it keeps of them."""

    __slots__ = ("copies", "height", "nullable", "size", "skippable")

    nullable: bool
    skippable: bool
    height: int
    size: int
    copies: int


class Capture(_Inner):
    """A capturing group. What it captures is never asked for; it only counts for the limits."""

    __slots__ = ("sub",)

    def __init__(self, sub: Node) -> None:
        self.sub = sub
        self.nullable, self.skippable = sub.nullable, sub.skippable
        self.height = sub.height + 1
        self.size = sub.size + 2
        self.copies = sub.copies


class Repeat(_Inner):
    """A part repeated.

    Args:
        sub: What is repeated.
        least: How often at least.
        most: How often at most, None for without limit.
        greedy: Whether more is preferred to less.
        counted: Whether it is written with braces; only those count towards the limit of 1000 copies.
    """

    __slots__ = ("greedy", "least", "most", "sub")

    def __init__(self, sub: Node, least: int, most: int | None, greedy: bool, counted: bool) -> None:
        self.sub = sub
        self.least = least
        self.most = most
        self.greedy = greedy
        self.nullable = least == 0 or sub.nullable
        self.skippable = least == 0 or sub.skippable
        self.height = sub.height + 1
        self.copies = sub.copies
        if counted:
            times = least if most is None else most
            self.copies = 1 if most == 0 else sub.copies * max(times, 1)
        self.size = self._program_size()

    def _program_size(self) -> int:
        if self.most is None:
            return self.sub.size + 2 if self.least == 0 else self.least * self.sub.size + 1
        return max(1, self.most * self.sub.size + self.most - self.least)


class Concat(_Inner):
    """Parts one after the other; without parts, the empty expression."""

    __slots__ = ("subs",)

    def __init__(self, subs: Sequence[Node]) -> None:
        self.subs = tuple(subs)
        self.nullable = all(sub.nullable for sub in subs)
        self.skippable = all(sub.skippable for sub in subs)
        self.size = max(1, sum(sub.size for sub in subs))
        self.copies = max((sub.copies for sub in subs), default=1)
        runs = groupby(subs, key=lambda sub: sub.literal if isinstance(sub, Chars) else None)
        pieces = sum(1 if kind is not None else len(list(run)) for kind, run in runs)
        self.height = max((sub.height for sub in subs), default=0) + (pieces != 1)


class Alternate(_Inner):
    """Alternatives, the earlier preferred."""

    __slots__ = ("subs",)

    def __init__(self, subs: Sequence[Node]) -> None:
        self.subs = tuple(subs)
        self.nullable = any(sub.nullable for sub in subs)
        self.skippable = any(sub.skippable for sub in subs)
        self.height = max(sub.height for sub in subs) + 1
        self.size = sum(sub.size for sub in subs) + len(subs) - 1
        self.copies = max(sub.copies for sub in subs)


Node: TypeAlias = Chars | Assertion | Capture | Repeat | Concat | Alternate


def bare(node: Node) -> Node:
    """The node without the captures around it."""
    while isinstance(node, Capture):
        node = node.sub
    return node
