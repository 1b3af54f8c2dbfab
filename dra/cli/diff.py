"""Unified diffs in linear time, of long texts that differ in places: manifests before and after a change.

difflib compares every line with every equal one, which takes minutes for a manifest of 50,000 lines with the
same few lines in each of its objects. Here both texts are walked together; where they part, the next place
where some lines agree again is looked for nearby, and only what is between goes to difflib.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, TypeAlias

__all__ = ["unified_diff"]

Opcode: TypeAlias = "tuple[str, int, int, int, int]"
"""What happened, the lines before and the lines after, as difflib has it."""

_AGREEING: Final = 4
_FARTHEST: Final = 400
_CONTEXT: Final = 3
# difflib takes time with the product of the numbers of lines.
_MOST_COMPARED: Final = 1_000_000


def unified_diff(before: str, after: str, name: str) -> Iterator[str]:
    r"""The lines of a diff as git and patch read it; none if the texts are equal.

    Args:
        before: The text as it was.
        after: The text as it is.
        name: What to call it, without a slash at the beginning.

    Example:
        >>> print(*unified_diff("a\nb\n", "a\nc\n", "x.yaml"), sep="\n")
        --- a/x.yaml
        +++ b/x.yaml
        @@ -1,2 +1,2 @@
         a
        -b
        +c
    """
    old, new = _lines(before), _lines(after)
    matcher: SequenceMatcher[str] = SequenceMatcher(None, [], [])
    matcher.opcodes = list(_merged(_opcodes(old, new)))  # type: ignore[attr-defined] # what it would find
    for number, group in enumerate(matcher.get_grouped_opcodes(_CONTEXT)):
        if number == 0:
            yield from (f"--- a/{name}", f"+++ b/{name}")
        (_, start, _, new_start, _), (_, _, end, _, new_end) = group[0], group[-1]
        yield f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@"
        for what, first, last, new_first, new_last in group:
            if what == "equal":
                yield from (f" {line}" for line in old[first:last])
            else:
                yield from (f"-{line}" for line in old[first:last])
                yield from (f"+{line}" for line in new[new_first:new_last])


def _lines(text: str) -> list[str]:
    """The lines of a text; a last one without an end says so, as diffs do."""
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines


def _range(start: int, end: int) -> str:
    """Lines in the form of a diff: the first, from 1, and how many."""
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + bool(length)},{length}"


def _merged(opcodes: Iterator[Opcode]) -> Iterator[Opcode]:
    """The same with neighbours that are alike as one."""
    last: Opcode | None = None
    for each in opcodes:
        if last is not None and (last[0] == "equal") == (each[0] == "equal"):
            kind = "equal" if each[0] == "equal" else "replace"
            last = (kind, last[1], each[2], last[3], each[4])
            continue
        if last is not None:
            yield last
        last = each
    if last is not None:
        yield last


def _opcodes(old: Sequence[str], new: Sequence[str]) -> Iterator[Opcode]:
    at, new_at = 0, 0
    while at < len(old) or new_at < len(new):
        start = at
        while at < len(old) and new_at < len(new) and old[at] == new[new_at]:
            at += 1
            new_at += 1
        if at > start:
            yield "equal", start, at, new_at - (at - start), new_at
        gone, come = _parted(old, new, at, new_at)
        if gone * come > _MOST_COMPARED:
            yield "replace", at, at + gone, new_at, new_at + come
        elif gone or come:
            fine = SequenceMatcher(None, old[at : at + gone], new[new_at : new_at + come], autojunk=False)
            for what, first, last, new_first, new_last in fine.get_opcodes():
                yield what, at + first, at + last, new_at + new_first, new_at + new_last
        at += gone
        new_at += come


def _parted(old: Sequence[str], new: Sequence[str], at: int, new_at: int) -> tuple[int, int]:
    """How many lines go and come until some lines agree again."""
    left, new_left = len(old) - at, len(new) - new_at
    for distance in range(1, min(_FARTHEST, left + new_left) + 1):
        for gone in range(max(0, distance - new_left), min(distance, left) + 1):
            first, new_first = at + gone, new_at + distance - gone
            some = old[first : first + _AGREEING]
            if some and some == new[new_first : new_first + _AGREEING]:
                return gone, distance - gone
    return left, new_left
