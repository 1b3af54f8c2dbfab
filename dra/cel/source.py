"""Positions in an expression's text, and the issues found there, shown as cel-go shows them."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import Final

import attrs

__all__ = ["Issue", "Issues", "place"]

_LARGEST_SNIPPET: Final = 16384
_LARGEST_COUNT: Final = 100


@attrs.frozen
class Issue:
    """One thing wrong with an expression.

    Attributes:
        message: What, in cel-go's words.
        line: 1-based line; 0 if the issue concerns no place.
        column: 1-based column, in characters.

    Example:
        >>> Issue("undeclared reference to 'x' (in container '')", 1, 5).line
        1
    """

    message: str
    line: int
    column: int


def place(source: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset in characters."""
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)


class Issues:
    """Collects what is wrong with one text, by offset in it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._found: list[Issue] = []

    @cached_property
    def _line_ends(self) -> list[int]:
        return [offset for offset, character in enumerate(self.source) if character == "\n"]

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, offset: int, message: str) -> None:
        """Note an issue at an offset in characters; -1 for one that concerns no place."""
        line = bisect_right(self._line_ends, offset - 1)
        start = self._line_ends[line - 1] + 1 if line else 0
        column = offset - start + 1 if self.source else 0  # cel-go: nothing has no first column
        place = (line + 1, column) if offset >= 0 else (-1, 0)
        self._found.append(Issue(message, *place))

    @property
    def sorted(self) -> tuple[Issue, ...]:
        """All of them in the order of the text."""
        return tuple(sorted(self._found, key=lambda issue: (issue.line, issue.column)))

    def display(self) -> str:
        """All of them as cel-go prints them, each with its line and a caret.

        Example:
            >>> issues = Issues("a + b")
            >>> issues.add(4, "undeclared reference to 'b' (in container '')")
            >>> print(issues.display())
            ERROR: <input>:1:5: undeclared reference to 'b' (in container '')
             | a + b
             | ....^
        """
        shown = [self._display(issue) for issue in self.sorted[:_LARGEST_COUNT]]
        if len(self._found) > _LARGEST_COUNT:
            shown.append(f"{len(self._found) - _LARGEST_COUNT} more errors were truncated")
        return "\n".join(shown)

    def _display(self, issue: Issue) -> str:
        text = f"ERROR: <input>:{issue.line}:{issue.column}: {issue.message}"
        if issue.line < 1 or not self.source:
            return text
        start = self._line_ends[issue.line - 2] + 1 if issue.line > 1 else 0
        end = self._line_ends[issue.line - 1] if issue.line <= len(self._line_ends) else len(self.source)
        snippet = self.source[start:end].replace("\t", " ")
        if len(snippet.encode("utf-8", "surrogatepass")) > _LARGEST_SNIPPET:
            return text
        before = snippet[: issue.column - 1]
        dots = "".join("." if character.isascii() else "．" for character in before)
        at = snippet[issue.column - 1 : issue.column]
        caret = "^" if not at or at.isascii() else "＾"
        return f"{text}\n | {snippet}\n | {dots}{caret}"
