"""From where to where in the text each node was written."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, TypeAlias

from dra.cel.lexer import Token, tokenize
from dra.cel.source import Issues
from dra.cel.syntax import Ast, Call, ListExpr, MapExpr, Node, Select, StructExpr

__all__ = ["Span", "Spans", "written_children"]

Span: TypeAlias = tuple[int, int]

_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}


def written_children(ast: Ast, node: Node) -> tuple[Node, ...]:
    """The nodes below as they were written: of a macro its arguments, not what it became."""
    return ast.macros.get(node.id, node).children


class Spans:
    """Finds spans with the help of the tokens, since the tree keeps one position per node only."""

    def __init__(self, ast: Ast) -> None:
        self.ast = ast
        self.tokens = tokenize(ast.source, Issues(ast.source))
        self.offsets = [token.offset for token in self.tokens]
        self.pairs = _brackets(self.tokens)
        self.known: dict[int, Span] = {}

    def text(self, node: Node) -> str:
        """What was written."""
        first, last = self.tokens_of(node)
        return self.ast.source[self.offsets[first] : self.tokens[last].offset + len(self.tokens[last].text)]

    def tokens_of(self, node: Node) -> Span:
        """Indices of the first and the last token of a node."""
        found = self.known.get(node.id)
        if found is None:
            found = self.known[node.id] = self._find(node)
        return found

    def _find(self, node: Node) -> Span:
        call = self.ast.macros.get(node.id)
        at = self._index(self.ast.positions[node.id])
        first = last = at
        below = written_children(self.ast, node)
        for child in below:
            start, end = self._with_brackets(child)
            first, last = min(first, start), max(last, end)
        if isinstance(call or node, (Call, ListExpr, MapExpr, StructExpr)) and at in self.pairs:
            last = max(last, self.pairs[at])
            if isinstance(call or node, (Call, StructExpr)) and self.tokens[at].kind != "[":
                first = min(first, self._name_before(at))
        elif isinstance(node, Select) or (self.tokens[at].kind == "-" and not below):
            last = max(last, at + 1)
        return first, last

    def _index(self, offset: int) -> int:
        return max(bisect_right(self.offsets, offset) - 1, 0)

    def _name_before(self, bracket: int) -> int:
        """The first token of the name of a function or type whose bracket is at an index."""
        first = bracket - 1
        while (
            first > 1 and self.tokens[first - 1].kind == "." and self.tokens[first - 2].kind == "IDENTIFIER"
        ):
            first -= 2
        return max(first, 0)

    def _with_brackets(self, node: Node) -> Span:
        first, last = self.tokens_of(node)
        while (
            first > 0
            and self.tokens[first - 1].kind == "("
            and self.pairs.get(first - 1) == last + 1
            and not (first > 1 and self.tokens[first - 2].kind == "IDENTIFIER")
        ):
            first, last = first - 1, last + 1
        return first, last


def _brackets(tokens: list[Token]) -> dict[int, int]:
    """Index of the closing bracket by that of the opening one."""
    pairs: dict[int, int] = {}
    open_: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind in _CLOSING:
            open_.append(index)
        elif open_ and token.kind == _CLOSING[tokens[open_[-1]].kind]:
            pairs[open_.pop()] = index
    return pairs
