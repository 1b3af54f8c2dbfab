"""How deeply an expression nests, by the counts that cel-go bounds and by what Python's own stack holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from dra.cel.lexer import Token
from dra.cel.syntax import Call, Node, Select
from dra.errors import CompileError

__all__ = ["LARGEST_DEPTH", "deepest_bracket", "followed", "nests_too_deeply"]

LARGEST_DEPTH: Final = 250

_STEPS: Final = frozenset(
    (
        "_?_:_",
        "_[_]",
        "_[?_]",
        "_?._",
        "@in",
        *(f"_{sign}_" for sign in ("<", "<=", ">=", ">", "==", "!=", *"+-*/%")),
    )
)


def deepest_bracket(tokens: Iterable[Token]) -> int:
    """How many brackets are open at once at the most."""
    deepest = open_ = 0
    for token in tokens:
        open_ += (token.kind in "([{") - (token.kind in ")]}")
        deepest = max(deepest, open_)
    return deepest


def nests_too_deeply(root: Node, expanded: Mapping[int, Call]) -> bool:
    """Whether more than 250 operators, selections and calls of methods are inside of one another.

    That is what cel-go counts when it walks what it has read: a chain such as `a + b + c` nests to the left,
    and brackets, `!`, `&&`, `||` and calls of functions are not counted.

    Args:
        root: The whole expression.
        expanded: Macros as they were written, by the id of what they became.
    """
    pending = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        written = expanded.get(node.id, node)
        depth += _is_step(written)
        if depth > LARGEST_DEPTH:
            return True
        pending += [(child, depth) for child in written.children]
    return False


def _is_step(node: Node) -> bool:
    if isinstance(node, Call):
        return node.target is not None or node.function in _STEPS
    return isinstance(node, Select)


@contextmanager
def followed(expression: str) -> Iterator[None]:
    """For work that follows an expression down, one call into another.

    Raises:
        CompileError: Python's own stack ends earlier than the expression does.
    """
    try:
        yield
    except RecursionError:
        message = "compilation failed: the expression is nested too deeply"
        raise CompileError(message, value=expression) from None
