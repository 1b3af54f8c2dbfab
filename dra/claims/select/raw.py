"""CEL by hand, for what the rest of `select` does not say."""

from __future__ import annotations

from typing import Final

import attrs
from typing_extensions import override

from dra.cel.lexer import EOF, Token, tokenize
from dra.cel.source import Issues
from dra.claims.select.expression import (
    AND,
    CONDITIONAL,
    MEMBER,
    OR,
    PYTHON_MEMBER,
    RELATION,
    UNARY,
    Change,
    Expression,
    Text,
    compiled,
    measured,
)
from dra.claims.select.literals import python_text
from dra.errors import ExpressionError
from dra.features import LATEST

__all__ = ["Raw", "cel"]

_OPENING: Final = ("(", "[", "{")
_CLOSING: Final = (")", "]", "}")
_LEVELS: Final = {"?": CONDITIONAL, ":": CONDITIONAL, "||": OR, "&&": AND} | dict.fromkeys(
    ("==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"), RELATION
)


@attrs.frozen(eq=False, repr=False)
class Raw(Expression):
    """An expression that was given in CEL.

    Attributes:
        text: As given, without comments and spaces around it.
    """

    text: str
    level: int

    def __attrs_post_init__(self) -> None:
        measured(self)

    @property
    def _parts(self) -> tuple[object, ...]:
        return (self.text,)

    @override
    def conjuncts(self) -> list[Text]:
        """The text as it was given."""
        return [(self.text, self.level)]

    @override
    def source(self) -> Text:
        """A call of `cel` with the text."""
        return f"cel({python_text(self.text)})", PYTHON_MEMBER

    @override
    def transformed(self, change: Change) -> Expression:
        """Itself: what is written in CEL is not looked into."""
        return self

    @override
    def or_false(self) -> Expression:
        """Not to be had.

        Raises:
            ExpressionError: Always: where the text needs guards, only its author can tell.
        """
        raise ExpressionError("CEL by hand is not guarded", value=self.text, remedy="write its guards in CEL")


def cel(expression: str) -> Expression:
    """An expression in CEL, compiled at once for the latest Kubernetes minor.

    What it says of devices that lack an attribute is its own affair: nothing is guarded.

    Raises:
        CompileError: It does not compile, or may cost too much.

    Example:
        >>> from dra.claims.select import device
        >>> print(cel('device.driver == "a" || device.driver == "b"') & device.allow_multiple_allocations)
        (device.driver == "a" || device.driver == "b") && device.allowMultipleAllocations
    """
    if not isinstance(expression, str):
        raise ExpressionError(f"CEL is text, not {type(expression).__name__}", value=expression)
    compiled(expression, LATEST, None, "stored")
    tokens = [each for each in tokenize(expression, Issues(expression)) if each.kind != EOF]
    last = tokens[-1]
    # A comment at the end would swallow what is joined to it.
    return Raw(expression[tokens[0].offset : last.offset + len(last.text)], _level(tokens))


def _level(tokens: list[Token]) -> int:
    """How tightly an expression holds together, by the operators outside all of its brackets."""
    level, depth = MEMBER, 0
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.kind in _OPENING:
            depth += 1
        elif token.kind in _CLOSING:
            depth -= 1
        elif depth == 0 and token.kind in _LEVELS and not (before and before.kind == "."):
            level = min(level, _LEVELS[token.kind])
    return min(level, UNARY) if tokens[0].kind in ("!", "-") else level
