"""The tokens of an expression, and what is said and done about one that cannot be where it is.

Messages and the recovery from errors follow the parser that ANTLR generates for cel-go.
"""

from __future__ import annotations

from typing import Final, NoReturn

from dra.cel.lexer import EOF, Token, tokenize
from dra.cel.source import Issues

__all__ = ["BINARY", "LITERALS", "OPERAND", "OPERAND_TEXT", "Cursor", "Mismatch"]

# Operator -> how tightly it binds, and the function it calls.
BINARY: Final[dict[str, tuple[int, str]]] = {
    "||": (1, "_||_"),
    "&&": (2, "_&&_"),
    **{sign: (3, f"_{sign}_") for sign in ("<", "<=", ">=", ">", "==", "!=")},
    "in": (3, "@in"),
    "+": (4, "_+_"),
    "-": (4, "_-_"),
    "*": (5, "_*_"),
    "/": (5, "_/_"),
    "%": (5, "_%_"),
}
_OPERATORS: Final = frozenset((*BINARY, "?"))
LITERALS: Final = ("true", "false", "null", "NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES")
OPERAND: Final = frozenset(("[", "{", "(", ".", "-", "!", *LITERALS, "IDENTIFIER"))
OPERAND_TEXT: Final = (
    "'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', "
    "NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER"
)


class Mismatch(Exception):  # noqa: N818 - control flow, never seen outside
    """The token at hand cannot be; the construct being read ends here."""


class Cursor:
    """A place among the tokens.

    Args:
        source: The expression.
        issues: Where complaints are put.

    Attributes:
        index: Of the token at hand.
        follows: What may directly follow each construct that is being read, the innermost last.
    """

    def __init__(self, source: str, issues: Issues) -> None:
        self.source = source
        self.issues = issues
        self.tokens = tokenize(source, issues)
        self.index = 0
        self.follows: tuple[frozenset[str], ...] = (frozenset((EOF,)),)
        self._recovering = False
        self._failed_at = -1

    @property
    def token(self) -> Token:
        """The token at hand."""
        return self.tokens[self.index]

    def advance(self) -> Token:
        """Take the token at hand."""
        token = self.tokens[self.index]
        if token.kind != EOF:
            self.index += 1
        self._recovering = False
        return token

    def take(self, count: int) -> None:
        """Go on by so many tokens."""
        self.index += count
        self._recovering = False

    def accept(self, kind: str) -> Token | None:
        """Take the token at hand if it is of a kind."""
        return self.advance() if self.token.kind == kind else None

    def lone_comma(self, closing: str) -> bool:
        """Whether nothing but a comma is between brackets, as in `[,]`, which cel-go's grammar allows."""
        if not self.accept(","):
            return False
        self.expect(closing)
        return True

    def following(self) -> str:
        """The kind of the token after the one at hand."""
        return self.tokens[min(self.index + 1, len(self.tokens) - 1)].kind

    def expect(self, kind: str, expected: str = "") -> Token:
        """Take a token of a kind, or get by as ANTLR does: drop one, imagine one, or give up."""
        if self.token.kind == kind:
            return self.advance()
        expected = expected or (kind if kind == EOF or kind.isalpha() else f"'{kind}'")
        if self.following() == kind:
            self.complain(f"extraneous input {self.quoted()} expecting {expected}")
            self.index += 1
            return self.advance()
        may_follow = OPERAND if kind == ":" else _OPERATORS | {".", "["} | self.follows[-1]
        if kind in ")]}:" and self.token.kind in may_follow:
            self.complain(f"missing '{kind}' at {self.quoted()}")
            return Token(kind, kind, self.token.offset)
        self.complain(f"mismatched input {self.quoted()} expecting {expected}")
        raise Mismatch

    def quoted(self) -> str:
        """The token at hand as messages show it."""
        text = self.token.text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        return f"'{text}'"

    def complain(self, message: str, offset: int | None = None) -> None:
        """Report a syntax error, at the token at hand unless told otherwise; one until a token is taken."""
        if not self._recovering:
            self.issues.add(self.token.offset if offset is None else offset, f"Syntax error: {message}")
        self._recovering = True

    def skip(self) -> Token:
        """Skip to something that an enclosing construct can go on with."""
        if self._failed_at == self.index and self.token.kind != EOF:
            self.index += 1
        self._failed_at = self.index
        stops = _OPERATORS.union(*self.follows, (EOF,))
        if len(self.follows) > 1:
            stops |= {".", "["}
        while self.token.kind not in stops:
            self.index += 1
        return self.token

    def drop_before_operand(self) -> None:
        """Leave out a token that cannot start an operand if one follows it."""
        if self.token.kind != EOF and self.following() in OPERAND:
            self.complain(f"extraneous input {self.quoted()} expecting {{{OPERAND_TEXT}}}")
            self.index += 1

    def no_operand(self) -> NoReturn:
        """Give up on an operand, in the words that fit the sign before it."""
        before = self.tokens[self.index - 1].kind if self.index else ""
        what = "extraneous" if before == "!" else "mismatched"
        if before == "-":
            self.no_alternative()
            self._recovering = self.token.kind != EOF
        self.complain(f"{what} input {self.quoted()} expecting {{{OPERAND_TEXT}}}")
        raise Mismatch

    def no_alternative(self) -> None:
        """Complain about the token at hand and the one before."""
        end = self.token.offset + (len(self.token.text) if self.token.kind != EOF else 0)
        text = self.source[self.tokens[self.index - 1].offset : end]
        self.complain(f"no viable alternative at input '{text}'")
