r"""Regular expressions with RE2's syntax and linear time, as CEL's `matches`, `find` and `findAll` need them.

A pattern is parsed here, with Go's errors. Then the cheapest engine that is safe runs it: Python's `re` on
texts short enough that its steps are provably few (`backtracking`), else our own matcher (`matcher`), in
whose place google-re2 answers whether there is a match, if it is installed. All give the same answers.

google-re2 is not asked where a match is (it prefers otherwise than Go when a repeated part matches nothing),
nor about text beyond ASCII (it finds `\B` between the bytes of a character).

Example:
    >>> from dra.cel.regex import compile
    >>> compile(r"(?i)a100-(\d+)gb").find("NVIDIA A100-80GB PCIe")
    'A100-80GB'
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from itertools import islice
from typing import Protocol

from dra.cel.regex.backtracking import text_limit
from dra.cel.regex.core import core
from dra.cel.regex.matcher import MAX_PROGRAM, Matcher
from dra.cel.regex.spelling import PYTHON, RE2, spell
from dra.cel.regex.syntax import RegexError, parse
from dra.cel.regex.tree import Node

__all__ = ["Regex", "RegexError", "compile"]

_CACHED_PATTERNS = 512
_MAX_RE2_HEIGHT = 100
_LONGEST_PLAIN = 1_000
# Python's `re` takes seconds to compile hundreds of Unicode classes, which our own matcher shares.
_LONGEST_TRANSLATION = 20_000


class _Engine(Protocol):
    """A pattern compiled by google-re2."""

    def search(self, text: str) -> object | None: ...


class _Backtracking:
    """A pattern translated for Python's `re`, and the length of text up to which that may run it."""

    __slots__ = ("find_all", "limit", "search")

    def __init__(self, tree: Node) -> None:
        self.limit = text_limit(tree)
        pattern = spell(tree, PYTHON) if self.limit >= 0 else ""
        if len(pattern) > _LONGEST_TRANSLATION:
            self.limit, pattern = -1, ""
        compiled = re.compile(pattern, re.ASCII | re.DOTALL)
        self.search = compiled.search
        self.find_all = compiled.findall


class Regex:
    """A compiled pattern; make it with `compile`. Immutable, thread-safe and picklable.

    Attributes:
        pattern: The text that it was compiled from.

    Example:
        >>> compile("[0-9]+").find_all("10.0.0.1", 2)
        ['10', '0']
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        if len(pattern) > MAX_PROGRAM:  # only an expression can make one, and reading it takes seconds
            raise RegexError("expression too large", pattern)
        # Letters and digits mean themselves; an expression may ask for very many such patterns.
        self._is_plain = len(pattern) <= _LONGEST_PLAIN and pattern.isalnum()
        if not self._is_plain and self._tree.size > MAX_PROGRAM:
            raise RegexError("expression too large", pattern)

    def search(self, text: str) -> bool:
        """Whether the pattern matches somewhere in the text (Go's `MatchString`)."""
        if self._is_plain:
            return self.pattern in text
        searcher = self._searcher
        if len(text) <= searcher.limit:
            return searcher.search(text) is not None
        if self._re2 is not None and text.isascii():
            return self._re2.search(text) is not None
        return self._matcher.search(text)

    def find(self, text: str) -> str:
        """The leftmost match, empty if there is none (Go's `FindString`)."""
        finder = self._finder
        if len(text) <= finder.limit:
            found = finder.search(text)
            return found[0] if found else ""
        return next((text[start:end] for start, end in self._matcher.spans(text)), "")

    def find_all(self, text: str, n: int = -1) -> list[str]:
        """The successive matches that do not overlap (Go's `FindAllString`).

        Args:
            text: Where to look.
            n: How many at most; negative for all.
        """
        finder = self._finder
        # Of what may match nothing, Python finds more than Go: `|a` finds the a too.
        if len(text) <= finder.limit and not self._tree.nullable:
            found: list[str] = finder.find_all(text)
            return found if n < 0 else found[:n]
        spans = self._matcher.spans(text)
        return [text[start:end] for start, end in (spans if n < 0 else islice(spans, n))]

    @cached_property
    def _tree(self) -> Node:
        return parse(self.pattern)

    @cached_property
    def _searcher(self) -> _Backtracking:
        return _Backtracking(core(self._tree))

    @cached_property
    def _finder(self) -> _Backtracking:
        return _Backtracking(self._tree)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self._tree)

    @cached_property
    def _re2(self) -> _Engine | None:
        return _compile_re2(core(self._tree))

    def __reduce__(self) -> tuple[object, ...]:
        return compile, (self.pattern,)

    def __repr__(self) -> str:
        return f"Regex({self.pattern!r})"


def _compile_re2(tree: Node) -> _Engine | None:
    """The pattern for google-re2, None if that is not installed or finds the pattern too large."""
    try:
        import re2
    except ImportError:
        return None
    if tree.height > _MAX_RE2_HEIGHT:
        return None
    options = re2.Options()
    options.dot_nl = True
    options.never_capture = True
    options.log_errors = False
    try:
        engine: _Engine = re2.compile(spell(tree, RE2), options)
    except re2.error:
        return None
    return engine


@lru_cache(maxsize=_CACHED_PATTERNS)
def compile(pattern: str) -> Regex:  # noqa: A001 - the name that re and re2 use
    """Compile a pattern; the latest are kept.

    Args:
        pattern: Text in the syntax that Go's `regexp.Compile` takes.

    Raises:
        RegexError: Go refuses the pattern, or it or its program is larger than 50,000 characters or
            instructions.
    """
    return Regex(pattern)
