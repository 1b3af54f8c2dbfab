"""Which patterns Python's backtracking `re` may run, and on how long a text.

`re` tries one way through a pattern after another. Here the number of its steps is bounded from above by
`factor * (n + 1) ** degree` for a text of n characters. The argument, part by part:

- A part has a number of *ways* to match from a given place, and takes *steps* to try them all. In a sequence
  the second part is tried once for each way of the first.
- A choice (repeat or go on, this branch or that) is *clear* if the next character decides it: the wrong turn
  dies before it reads anything, so it is not a way. It is clear too if nothing that follows can fail, since
  then nothing is ever tried again.
- A repeated part must itself have one way only; several ways, repeated without limit, are exponential.
- No repeated part and at most one branch of an alternation may match nothing, so that a turn which reads
  nothing passes each part once: it costs at most the pattern's size.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from dra.cel.regex.classes import Class, overlap, union
from dra.cel.regex.tree import Alternate, Assertion, Capture, Chars, Concat, Node, Repeat, Where

__all__ = ["text_limit"]

_MAX_STEPS = 3_000_000
_MAX_HEIGHT = 60
_MAX_POWER = 12
_MAX_LENGTH = 10_000


class _Bound(NamedTuple):
    """At most `factor * (n + 1) ** degree`."""

    factor: int
    degree: int = 0

    def plus(self, other: _Bound) -> _Bound:
        return _Bound(self.factor + other.factor, max(self.degree, other.degree))

    def times(self, other: _Bound) -> _Bound:
        return _Bound(self.factor * other.factor, self.degree + other.degree)

    def power(self, exponent: int) -> _Bound:
        return _Bound(self.factor**exponent, self.degree * exponent)


_ONE = _Bound(1)
_LENGTH = _Bound(1, 1)


class _Effort(NamedTuple):
    steps: _Bound
    ways: _Bound


class _After(NamedTuple):
    """What follows a part: the characters it can go on with, and whether it succeeds in any case."""

    first: Class
    certain: bool

    def clear_of(self, first: Class) -> bool:
        return self.certain or not overlap(self.first, first)


class _Unbounded(Exception):  # noqa: N818 - not an error: the answer that there is no useful bound
    """No useful bound is known."""


def text_limit(root: Node) -> int:
    """The length of text up to which `re` runs the pattern within a fixed number of steps.

    Args:
        root: The pattern's tree.

    Returns:
        The length; -1 if no useful bound is known.
    """
    if root.height > _MAX_HEIGHT:
        return -1
    try:
        steps = _effort(root, _After((), certain=True)).steps
    except _Unbounded:
        return -1
    if not _anchored(root):
        steps = steps.times(_LENGTH)
    affordable = _MAX_STEPS // (steps.factor * root.size)
    length = int(affordable ** (1 / max(steps.degree, 1)))
    return min(length - 1, _MAX_LENGTH)


def _effort(node: Node, after: _After) -> _Effort:
    if isinstance(node, (Chars, Assertion)):
        return _Effort(_ONE, _ONE)
    if isinstance(node, Capture):
        return _effort(node.sub, after)
    if isinstance(node, Concat):
        return _concat(node, after)
    if isinstance(node, Alternate):
        return _alternate(node, after)
    return _repeat(node, after)


def _concat(node: Concat, after: _After) -> _Effort:
    steps, ways, last_steps = _ONE, _ONE, _ONE
    for sub in reversed(node.subs):
        effort = _effort(sub, after)
        if after.certain and sub.skippable:
            last_steps = last_steps.plus(effort.steps)  # reached once: then the match has succeeded
        else:
            steps = effort.steps.plus(effort.ways.times(steps))
            ways = effort.ways.times(ways)
        after = _before(sub, after)
    return _Effort(steps.plus(last_steps), ways)


def _alternate(node: Alternate, after: _After) -> _Effort:
    if sum(sub.nullable for sub in node.subs) > 1:
        raise _Unbounded
    firsts = [_first(sub) for sub in node.subs]
    clear = _disjoint(firsts)
    if node.nullable:
        clear = clear and all(after.clear_of(first) for first in firsts)
    steps, ways = _ONE, _Bound(0)
    for sub in node.subs:
        effort = _effort(sub, after)
        steps = steps.plus(effort.steps)
        if clear:
            ways = _Bound(max(ways.factor, effort.ways.factor), max(ways.degree, effort.ways.degree))
        else:
            ways = ways.plus(effort.ways)
    return _Effort(steps, ways)


def _disjoint(classes: list[Class]) -> bool:
    ranges = sorted(pair for members in classes for pair in members)
    return all(one[1] < other[0] for one, other in pairwise(ranges))


def _repeat(node: Repeat, after: _After) -> _Effort:
    if node.most == 0:
        return _Effort(_ONE, _ONE)
    if node.sub.nullable:
        raise _Unbounded
    first = _first(node.sub)
    again = node.most is None or node.most > 1
    inner = _effort(node.sub, _After(union(after.first + first), certain=False) if again else after)
    clear = after.clear_of(first)
    if node.most is None:
        if inner.ways != _ONE:
            raise _Unbounded
        steps = inner.steps.times(_Bound(node.least + 1, 1))
        return _Effort(steps, _ONE if clear else _LENGTH)
    exits = _ONE if clear else _Bound(node.most - node.least + 1)
    if inner.ways != _ONE and node.most > _MAX_POWER:
        raise _Unbounded
    earlier = inner.ways.power(node.most - 1)
    steps = inner.steps.times(earlier).times(_Bound(node.most)).plus(_ONE)
    return _Effort(steps, earlier.times(inner.ways).times(exits))


def _before(node: Node, after: _After) -> _After:
    """What follows a part that stands before this one."""
    if isinstance(node, Assertion) and node.where is Where.TEXT_END:
        return _After((), certain=False)
    first = _first(node)
    if node.nullable:
        first = union(first + after.first)
    return _After(first, after.certain and node.skippable)


def _first(node: Node) -> Class:
    """The characters that a match of the part can begin with."""
    if isinstance(node, Chars):
        return node.members
    if isinstance(node, Assertion):
        return ()
    if isinstance(node, (Capture, Repeat)):
        return _first(node.sub)
    if isinstance(node, Alternate):
        return union(pair for sub in node.subs for pair in _first(sub))
    pairs: list[tuple[int, int]] = []
    for sub in node.subs:
        pairs.extend(_first(sub))
        if not sub.nullable:
            break
    return union(pairs)


def _anchored(node: Node) -> bool:
    """Whether a match can only begin at the start of the text."""
    if isinstance(node, Assertion):
        return node.where is Where.TEXT_START
    if isinstance(node, Capture):
        return _anchored(node.sub)
    if isinstance(node, Concat):
        return bool(node.subs) and _anchored(node.subs[0])
    if isinstance(node, Alternate):
        return all(_anchored(sub) for sub in node.subs)
    return False
