"""Reads an expression into a tree, expanding macros on the way.

Operators are read by precedence with a stack, so that depth of recursion comes only from brackets, and that
is bounded. Messages and the recovery from errors follow the parser that ANTLR generates for cel-go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final, NoReturn

from dra.cel.declarations import Macro, MacroError
from dra.cel.lexer import EOF, RESERVED, Token, tokenize, unescape, unescape_bytes
from dra.cel.source import Issues
from dra.cel.syntax import (
    Ast,
    Call,
    Entry,
    Factory,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Node,
    Select,
    StructExpr,
)
from dra.cel.values import INT_MAX, INT_MIN, UINT_MAX, Uint

__all__ = ["MacroTable", "macro_table", "parse"]

MacroTable = Mapping[tuple[str, int, bool], Macro]

LARGEST_DEPTH: Final = 250

# Operator -> how tightly it binds, and the function it calls.
_BINARY: Final[dict[str, tuple[int, str]]] = {
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
_LEFT_RECURSIVE: Final = {3: "relation", 4: "calc", 5: "calc"}
_OPERATORS: Final = frozenset((*_BINARY, "?"))
_LITERALS: Final = ("true", "false", "null", "NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES")
_OPERAND: Final = frozenset(("[", "{", "(", ".", "-", "!", *_LITERALS, "IDENTIFIER"))
_OPERAND_TEXT: Final = (
    "'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', "
    "NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER"
)


class _Mismatch(Exception):  # noqa: N818 - control flow, never seen outside
    """The token at hand cannot be; the construct being read ends here."""


class _TooDeep(Exception):  # noqa: N818 - control flow, never seen outside
    """The expression is nested deeper than cel-go reads."""


def parse(source: str, macros: MacroTable, issues: Issues) -> Ast | None:
    """The tree of an expression, or None when `issues` has got some."""
    parser = _Parser(source, macros, issues)
    try:
        root = parser.whole()
    except (_TooDeep, RecursionError):
        issues.add(-1, f"expression recursion limit exceeded: {LARGEST_DEPTH}")
        return None
    return None if issues else Ast(root, source, parser.factory.positions, parser.expanded)


class _Chain:
    """Terms joined by the same logical operator, which become a balanced tree."""

    def __init__(self, function: str, first: Node) -> None:
        self.function = function
        self.terms = [first]
        self.offsets: list[int] = []

    def tree(self, factory: Factory, low: int, high: int) -> Node:
        middle = (low + high + 1) // 2
        left = self.terms[middle] if middle == low else self.tree(factory, low, middle - 1)
        right = self.terms[middle + 1] if middle == high else self.tree(factory, middle + 1, high)
        return Call(factory.fresh(self.offsets[middle]), self.function, (left, right))


class _Parser:
    def __init__(self, source: str, macros: MacroTable, issues: Issues) -> None:
        self.source = source
        self.macros = macros
        self.issues = issues
        self.tokens = tokenize(source, issues)
        self.index = 0
        self.factory = Factory({})
        self.expanded: dict[int, Call] = {}
        self.depths = dict.fromkeys(("expr", "relation", "calc", "member"), 0)
        self.recovering = False
        self.failed_at = -1
        # What may directly follow each construct that is being read, the innermost last.
        self.follows: list[frozenset[str]] = [frozenset((EOF,))]

    # Tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def advance(self) -> Token:
        token = self.tokens[self.index]
        if token.kind != EOF:
            self.index += 1
        self.recovering = False
        return token

    def accept(self, kind: str) -> Token | None:
        return self.advance() if self.token.kind == kind else None

    def following(self) -> str:
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
        if kind in ")]}" and self.token.kind in (_OPERATORS | {".", "["} | self.follows[-1]):
            self.complain(f"missing '{kind}' at {self.quoted()}")
            return Token(kind, kind, self.token.offset)
        self.complain(f"mismatched input {self.quoted()} expecting {expected}")
        raise _Mismatch

    # Errors

    def quoted(self) -> str:
        text = self.token.text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        return f"'{text}'"

    def complain(self, message: str) -> None:
        if not self.recovering:
            self.issues.add(self.token.offset, f"Syntax error: {message}")
        self.recovering = True

    def recover(self) -> Node:
        """Skip to something that an enclosing construct can go on with."""
        if self.failed_at == self.index and self.token.kind != EOF:
            self.index += 1
        self.failed_at = self.index
        stops = _OPERATORS.union(*self.follows, (EOF,))
        if len(self.follows) > 1:
            stops |= {".", "["}
        while self.token.kind not in stops:
            self.index += 1
        return Literal(self.factory.fresh(self.token.offset), None)

    def wrong(self, offset: int, message: str) -> Node:
        self.issues.add(offset, message)
        return Literal(self.factory.fresh(offset), None)

    def enter(self, rule: str) -> None:
        self.depths[rule] += 1
        if self.depths[rule] > LARGEST_DEPTH:
            raise _TooDeep

    # Expressions

    def whole(self) -> Node:
        root = self.expression()
        with suppress(_Mismatch):
            self.expect(EOF)
        return root

    def expression(self) -> Node:
        self.enter("expr")
        result = self.unconditional()
        if self.token.kind == "?":
            result = self.conditional(result)
        self.depths["expr"] -= 1
        return result

    def unconditional(self) -> Node:
        """Operands joined by binary operators: all but `? :`."""
        before = dict(self.depths)
        pending: list[tuple[int, str, int]] = []
        operands: list[Node | _Chain] = [self.operand()]
        while self.token.kind in _BINARY:
            level, function = _BINARY[self.token.kind]
            while pending and pending[-1][0] >= level:
                self.reduce(operands, pending.pop())
            pending.append((level, function, self.advance().offset))
            self.deepen(level, before)
            operands.append(self.operand())
        while pending:
            self.reduce(operands, pending.pop())
        self.depths = before
        return self.settled(operands[0])

    def deepen(self, level: int, before: dict[str, int]) -> None:
        """Count as cel-go does: operators of the same level nest until one that binds less comes."""
        if level <= 3:
            self.depths["calc"] = before["calc"]
        if level <= 2:
            self.depths["relation"] = before["relation"]
        if level in _LEFT_RECURSIVE:
            self.enter(_LEFT_RECURSIVE[level])

    def reduce(self, operands: list[Node | _Chain], operator: tuple[int, str, int]) -> None:
        level, function, offset = operator
        right = self.settled(operands.pop())
        left = operands.pop()
        if level > 2:
            arguments = (self.settled(left), right)
            operands.append(Call(self.factory.fresh(offset), function, arguments))
            return
        if not (isinstance(left, _Chain) and left.function == function):
            left = _Chain(function, self.settled(left))
        left.terms.append(right)
        left.offsets.append(offset)
        operands.append(left)

    def settled(self, operand: Node | _Chain) -> Node:
        if isinstance(operand, _Chain):
            return operand.tree(self.factory, 0, len(operand.offsets) - 1)
        return operand

    def conditional(self, condition: Node) -> Node:
        at = self.advance().offset
        try:
            when = self.within(frozenset(":"), self.unconditional)
            self.expect(":")
            otherwise = self.expression()
        except _Mismatch:
            return self.recover()
        return Call(self.factory.fresh(at), "_?_:_", (condition, when, otherwise))

    def within(self, follow: frozenset[str], read: Callable[[], Node]) -> Node:
        self.follows.append(follow)
        try:
            return read()
        finally:
            self.follows.pop()

    def operand(self) -> Node:
        """Prefix operators, then a primary expression and what is appended to it."""
        if self.token.kind not in _OPERAND:
            self.drop_before_operand()
        sign = self.token
        if sign.kind not in ("!", "-"):
            return self.member()
        count = 0
        while self.accept(sign.kind):
            count += 1
        if sign.kind == "-" and count == 1 and self.token.kind in ("NUM_INT", "NUM_FLOAT"):
            self.index -= 1
            return self.member()
        operand = self.member()
        if count % 2 == 0:
            return operand
        function = "!_" if sign.kind == "!" else "-_"
        return Call(self.factory.fresh(sign.offset), function, (operand,))

    def member(self) -> Node:
        self.enter("member")
        extensions = 1
        try:
            node = self.primary()
        except _Mismatch:
            node = self.recover()
        try:
            while self.token.kind in (".", "["):
                self.enter("member")
                extensions += 1
                node = self.index_of(node) if self.token.kind == "[" else self.field_of(node)
        except _Mismatch:
            node = self.recover()
        self.depths["member"] -= extensions
        return node

    def index_of(self, operand: Node) -> Node:
        at = self.advance().offset
        function = "_[?_]" if self.accept("?") else "_[_]"
        key = self.within(frozenset("]"), self.expression)
        self.expect("]")
        return Call(self.factory.fresh(at), function, (operand, key))

    def field_of(self, operand: Node) -> Node:
        dot, after = self.token, self.tokens[self.index + 1]
        optional = after.kind == "?"
        name = self.tokens[min(self.index + 2, len(self.tokens) - 1)] if optional else after
        if name.kind not in ("IDENTIFIER", "ESC_IDENTIFIER"):
            self.no_viable_field(dot, name)
        self.index += 3 if optional else 2
        self.recovering = False
        field = name.text[1:-1] if name.kind == "ESC_IDENTIFIER" else name.text
        if optional:
            literal = Literal(self.factory.fresh(name.offset), field)
            return Call(self.factory.fresh(dot.offset), "_?._", (operand, literal))
        if self.token.kind == "(" and name.kind == "IDENTIFIER":
            at = self.advance().offset
            return self.called(at, field, operand, self.arguments())
        return Select(self.factory.fresh(dot.offset), operand, field)

    def no_viable_field(self, dot: Token, name: Token) -> None:
        text = self.source[dot.offset : name.offset] + name.text
        message = f"no viable alternative at input '{text}'"
        if name.text in ("true", "false", "null") and text == f".{name.text}":
            message = f"mismatched input '{name.text}' expecting IDENTIFIER"
        if not self.recovering:
            self.issues.add(name.offset, f"Syntax error: {message}")
        self.recovering = True
        raise _Mismatch

    # Primary expressions

    def primary(self) -> Node:
        token = self.token
        if token.kind not in _OPERAND or token.kind == "!":
            self.no_operand()
        readers: dict[str, Callable[[], Node]] = {
            "(": self.nested,
            "[": self.list,
            "{": self.map,
            ".": self.name,
            "IDENTIFIER": self.name,
        }
        return readers.get(token.kind, self.literal)()

    def drop_before_operand(self) -> None:
        """Leave out a token that cannot start an operand if one follows it."""
        if self.token.kind != EOF and self.following() in _OPERAND:
            self.complain(f"extraneous input {self.quoted()} expecting {{{_OPERAND_TEXT}}}")
            self.index += 1

    def no_operand(self) -> NoReturn:
        """Give up on an operand, in the words that fit the sign before it."""
        before = self.tokens[self.index - 1].kind if self.index else ""
        what = "extraneous" if before == "!" else "mismatched"
        if before == "-":
            self.no_alternative()
            self.recovering = self.token.kind != EOF
        self.complain(f"{what} input {self.quoted()} expecting {{{_OPERAND_TEXT}}}")
        raise _Mismatch

    def no_alternative(self) -> None:
        end = self.token.offset + (len(self.token.text) if self.token.kind != EOF else 0)
        text = self.source[self.tokens[self.index - 1].offset : end]
        self.complain(f"no viable alternative at input '{text}'")

    def nested(self) -> Node:
        self.advance()
        inner = self.within(frozenset(")"), self.expression)
        self.expect(")")
        return inner

    def name(self) -> Node:
        dot = "." if self.accept(".") else ""
        if self.token.kind != "IDENTIFIER":
            self.no_alternative()
            raise _Mismatch
        if self.struct_ahead():
            return self.struct(dot)
        token = self.advance()
        reserved = token.text in RESERVED
        if self.token.kind == "(":
            at = self.advance().offset
            arguments = self.arguments()
            if reserved:
                return self.wrong(token.offset, f"reserved identifier: {token.text}")
            return self.called(at, dot + token.text, None, arguments)
        if reserved:
            return self.wrong(token.offset, f"reserved identifier: {token.text}")
        return Ident(self.factory.fresh(token.offset), dot + token.text)

    def struct_ahead(self) -> bool:
        index = self.index + 1
        while self.tokens[index].kind == "." and self.tokens[index + 1].kind == "IDENTIFIER":
            index += 2
        return self.tokens[index].kind == "{"

    def struct(self, dot: str) -> Node:
        name = dot
        while self.token.kind != "{":
            name += self.advance().text
        at = self.advance().offset
        entries: list[Entry] = []
        while self.token.kind not in ("}", EOF):
            optional = self.accept("?") is not None
            field = self.advance()
            if field.kind not in ("IDENTIFIER", "ESC_IDENTIFIER"):
                self.index -= 1
                self.expect("IDENTIFIER", "{'}', IDENTIFIER}")
            text = field.text.strip("`")
            key = Literal(self.factory.fresh(field.offset), text)
            colon = self.expect(":").offset
            value = self.within(frozenset((",", "}")), self.expression)
            entries.append(Entry(self.factory.fresh(colon), key, value, optional))
            if not self.accept(","):
                break
        self.expect("}")
        return StructExpr(self.factory.fresh(at), name, tuple(entries))

    def list(self) -> Node:
        at = self.advance().offset
        elements: list[Node] = []
        optional: set[int] = set()
        while self.token.kind != "]" and not (elements and self.token.kind == EOF):
            if self.accept("?"):
                optional.add(len(elements))
            elements.append(self.within(frozenset((",", "]")), self.expression))
            if not self.accept(","):
                break
        self.expect("]")
        return ListExpr(self.factory.fresh(at), tuple(elements), frozenset(optional))

    def map(self) -> Node:
        at = self.advance().offset
        entries: list[Entry] = []
        while self.token.kind != "}" and not (entries and self.token.kind == EOF):
            optional = self.accept("?") is not None
            key = self.within(frozenset(":"), self.expression)
            colon = self.expect(":").offset
            value = self.within(frozenset((",", "}")), self.expression)
            entries.append(Entry(self.factory.fresh(colon), key, value, optional))
            if not self.accept(","):
                break
        self.expect("}")
        return MapExpr(self.factory.fresh(at), tuple(entries))

    def arguments(self) -> tuple[Node, ...]:
        """The arguments of a call whose `(` is behind."""
        arguments: list[Node] = []
        if self.accept(")"):
            return ()
        if self.token.kind not in _OPERAND and self.following() not in _OPERAND:
            expected = _OPERAND_TEXT.replace("'(',", "'(', ')',")
            self.complain(f"mismatched input {self.quoted()} expecting {{{expected}}}")
            raise _Mismatch
        while True:
            arguments.append(self.within(frozenset((",", ")")), self.expression))
            if not self.accept(","):
                break
        self.expect(")")
        return tuple(arguments)

    def called(self, at: int, function: str, target: Node | None, arguments: tuple[Node, ...]) -> Node:
        """A call, or what the macro of that name makes of it."""
        call = Call(self.factory.fresh(at), function, arguments, target)
        macro = self.macros.get((function, len(arguments), target is not None))
        if macro is None:
            return call
        try:
            node = macro.expand(Factory(self.factory.positions, at), target, arguments)
        except MacroError as error:
            return self.wrong(self.factory.positions[error.node.id], error.message)
        if node is None:
            return call
        self.expanded[node.id] = call
        return node

    # Literals

    def literal(self) -> Node:
        if self.token.kind == "-" and self.following() not in ("NUM_INT", "NUM_FLOAT"):
            self.no_operand()
        start = self.advance()
        if start.kind == "-":
            token = self.advance()
            return self.number(token, "-" + token.text, start.offset)
        if start.kind in ("NUM_INT", "NUM_UINT", "NUM_FLOAT"):
            return self.number(start, start.text, start.offset)
        if start.kind in ("STRING", "BYTES"):
            return self.text(start)
        value = {"true": True, "false": False, "null": None}[start.kind]
        return Literal(self.factory.fresh(start.offset), value)

    def number(self, token: Token, text: str, offset: int) -> Node:
        value: float | None
        if token.kind == "NUM_FLOAT":
            value = float(text)
            if value in (float("inf"), float("-inf")):
                return self.wrong(offset, "invalid double literal")
            return Literal(self.factory.fresh(offset), value)
        unsigned = token.kind == "NUM_UINT"
        low, high = (0, UINT_MAX) if unsigned else (INT_MIN, INT_MAX)
        try:
            value = int(text.rstrip("uU"), 16 if "0x" in text else 10)
        except ValueError:  # Python reads no number of more than 4,300 digits
            value = high + 1
        if not low <= value <= high:
            return self.wrong(offset, f"invalid {'uint' if unsigned else 'int'} literal")
        return Literal(self.factory.fresh(offset), Uint(value) if unsigned else value)

    def text(self, token: Token) -> Node:
        try:
            value = unescape(token.text) if token.kind == "STRING" else unescape_bytes(token.text)
        except ValueError as error:
            return self.wrong(token.offset, str(error))
        return Literal(self.factory.fresh(token.offset), value)


def macro_table(macros: Iterable[Macro]) -> MacroTable:
    """Macros by what a call looks like."""
    return {(macro.function, macro.arguments, macro.receiver): macro for macro in macros}
