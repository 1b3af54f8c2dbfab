"""Reads an expression into a tree, expanding macros on the way.

Operators are read by precedence with a stack, so that depth of recursion comes only from brackets, and that
is bounded: cel-go reads 249 of them, and each takes three of Python's thousand frames. What is said about
mistakes is in `cursor`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final, NamedTuple, TypeAlias

from dra.cel.cursor import BINARY, LITERALS, OPERAND, OPERAND_TEXT, Cursor, Mismatch
from dra.cel.declarations import Macro, MacroError
from dra.cel.lexer import EOF, RESERVED, Token, number, unescape, unescape_bytes
from dra.cel.nesting import LARGEST_DEPTH, deepest_bracket, nests_too_deeply
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
from dra.cel.values import Value

__all__ = ["MacroTable", "macro_table", "parse"]

MacroTable = Mapping[tuple[str, int, bool], Macro]

Pending: TypeAlias = list[tuple[int, str, int]]
"""Operators that wait for what is on their right: level, function and offset."""

_TOO_MANY_RULES: Final = f"expression recursion limit exceeded: {LARGEST_DEPTH}"


class _TooDeep(Exception):  # noqa: N818 - control flow, never seen outside
    """The expression is nested deeper than cel-go reads."""


def parse(source: str, macros: MacroTable, issues: Issues, *, quoted_names: bool = True) -> Ast | None:
    """The tree of an expression, or None when `issues` has got some.

    Args:
        source: The expression.
        macros: What calls are expanded.
        issues: Where complaints are put.
        quoted_names: Whether fields may be written in back-quotes.
    """
    parser = _Parser(source, macros, issues, quoted_names=quoted_names)
    try:
        root = parser.whole()
    except _TooDeep:
        issues.add(-1, _TOO_MANY_RULES)
        return None
    except RecursionError:  # Python's own limit can come first
        is_upstreams = deepest_bracket(parser.tokens) >= LARGEST_DEPTH
        issues.add(-1, _TOO_MANY_RULES if is_upstreams else "the expression is nested too deeply for Python")
        return None
    if len(parser.tokens) > LARGEST_DEPTH and nests_too_deeply(root, parser.expanded):
        issues.add(-1, "max recursion depth exceeded")
    return None if issues else Ast(root, source, parser.factory.positions, parser.expanded)


class _Depths(NamedTuple):
    """How many of each of three rules of cel-go's grammar are inside one another."""

    expr: int = 0
    relation: int = 0
    calc: int = 0


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


class _Parser(Cursor):
    def __init__(self, source: str, macros: MacroTable, issues: Issues, *, quoted_names: bool) -> None:
        super().__init__(source, issues)
        self.quoted_names = quoted_names
        self.macros = macros
        self.factory = Factory({})
        self.expanded: dict[int, Call] = {}
        self.depths = _Depths()

    def recover(self) -> Node:
        """Skip what cannot be read, and put something in its place."""
        return Literal(self.factory.fresh(self.skip().offset), None)

    def wrong(self, offset: int, message: str) -> Node:
        self.issues.add(offset, message)
        return Literal(self.factory.fresh(offset), None)

    # Expressions

    def whole(self) -> Node:
        root = self.expression()
        with suppress(Mismatch):
            self.expect(EOF)
        return root

    def expression(self, follow: frozenset[str] | None = None, *, conditional: bool = True) -> Node:
        """Operands joined by operators.

        Args:
            follow: What may come directly after the expression, where that is not what may come after the
                construct around it.
            conditional: Whether `? :` belongs to the expression.
        """
        before = self.follows, self.depths
        if follow is not None:
            self.follows = (*self.follows, follow)
        expr, relation, calc = self.depths
        depths = self.depths = _Depths(expr + conditional, relation, calc)
        pending: Pending = []
        operands: list[Node | _Chain] = []
        try:
            while True:
                self.depths = _deepened(depths, pending)
                operands.append(self.operand())
                if self.token.kind not in BINARY:
                    break
                level, function = BINARY[self.token.kind]
                while pending and pending[-1][0] >= level:
                    self.reduce(operands, pending.pop())
                pending.append((level, function, self.advance().offset))
            while pending:
                self.reduce(operands, pending.pop())
            self.depths = depths
            result = self.settled(operands[0])
            return self.conditional(result) if conditional and self.token.kind == "?" else result
        finally:
            self.follows, self.depths = before

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
            when = self.expression(frozenset(":"), conditional=False)
            self.expect(":")
            otherwise = self.expression()
        except Mismatch:
            return self.recover()
        return Call(self.factory.fresh(at), "_?_:_", (condition, when, otherwise))

    def operand(self) -> Node:
        """Prefix operators, then a primary expression and what is appended to it."""
        sign = self.sign()
        try:
            node = _PRIMARY.get(self.token.kind, _Parser.literal)(self)
            if self.token.kind == "(" and self.names_function(node):
                node = self.call_of(node)
        except Mismatch:
            node = self.recover()
        try:
            while self.token.kind in (".", "["):
                node = self.index_of(node) if self.token.kind == "[" else self.field_of(node)
                if self.token.kind == "(" and self.names_function(node):
                    node = self.call_of(node)
        except Mismatch:
            node = self.recover()
        if sign is None:
            return node
        return Call(self.factory.fresh(sign.offset), "!_" if sign.kind == "!" else "-_", (node,))

    def sign(self) -> Token | None:
        """Take `!` or `-`, several of which cancel out; the `-` of a number is left to the number."""
        if self.token.kind not in OPERAND:
            self.drop_before_operand()
        sign = self.token
        if sign.kind not in ("!", "-"):
            return None
        count = 0
        while self.accept(sign.kind):
            count += 1
        if sign.kind == "-" and count == 1 and self.token.kind in ("NUM_INT", "NUM_FLOAT"):
            self.index -= 1
            return None
        return sign if count % 2 else None

    # What is appended

    def index_of(self, operand: Node) -> Node:
        at = self.advance().offset
        function = "_[?_]" if self.accept("?") else "_[_]"
        key = self.expression(frozenset("]"))
        self.expect("]")
        return Call(self.factory.fresh(at), function, (operand, key))

    def names_function(self, node: Node) -> bool:
        """Whether what was just read is a name or `.name`, behind which a bracket makes a call."""
        return self.tokens[self.index - 1].kind == "IDENTIFIER" and not isinstance(node, Call)

    def call_of(self, called: Node) -> Node:
        """A call of what has turned out to be the name of a function or of a method."""
        at = self.advance().offset
        arguments: list[Node] = []
        if not self.no_arguments():
            while True:
                arguments.append(self.expression(frozenset((",", ")"))))
                if not self.accept(","):
                    break
            self.expect(")")
        if isinstance(called, Select):
            return self.expand(Call(self.factory.fresh(at), called.field, tuple(arguments), called.operand))
        if isinstance(called, Ident):
            return self.expand(Call(self.factory.fresh(at), called.name, tuple(arguments)))
        return called  # a reserved name, which has been complained about

    def no_arguments(self) -> bool:
        """Take the bracket that closes a call without arguments, or complain that there can be none."""
        if self.accept(")"):
            return True
        if self.token.kind in OPERAND or self.following() in OPERAND:
            return False
        expected = OPERAND_TEXT.replace("'(',", "'(', ')',")
        if self.following() == ")":
            self.complain(f"extraneous input {self.quoted()} expecting {{{expected}}}")
            self.take(2)
            return True
        self.complain(f"mismatched input {self.quoted()} expecting {{{expected}}}")
        raise Mismatch

    def expand(self, call: Call) -> Node:
        """What the macro of a call makes of it, the call itself if it is none."""
        macro = self.macros.get((call.function, len(call.arguments), call.target is not None))
        if macro is None:
            return call
        make = Factory(self.factory.positions, self.factory.positions[call.id])
        try:
            node = macro.expand(make, call.target, call.arguments)
        except MacroError as error:
            return self.wrong(self.factory.positions[error.node.id], error.message)
        if node is None:
            return call
        self.expanded[node.id] = call
        return node

    def field_of(self, operand: Node) -> Node:
        dot, after = self.token, self.tokens[self.index + 1]
        optional = after.kind == "?"
        name = self.tokens[min(self.index + 2, len(self.tokens) - 1)] if optional else after
        if name.kind not in ("IDENTIFIER", "ESC_IDENTIFIER"):
            self.no_viable_field(dot, name)
        self.take(3 if optional else 2)
        field = self.field_name(name, name.offset)
        if optional:
            literal = Literal(self.factory.fresh(name.offset), field)
            return Call(self.factory.fresh(dot.offset), "_?._", (operand, literal))
        return Select(self.factory.fresh(dot.offset), operand, field)

    def field_name(self, name: Token, at: int) -> str:
        """The name of a field; `at` is where one in back-quotes is complained about."""
        if name.kind != "ESC_IDENTIFIER":
            return name.text
        if not self.quoted_names:
            self.issues.add(at, "unsupported syntax: '`'")
        return name.text[1:-1]

    def no_viable_field(self, dot: Token, name: Token) -> None:
        text = self.source[dot.offset : name.offset + (len(name.text) if name.kind != EOF else 0)]
        message = f"no viable alternative at input '{text}'"
        if name.text in ("true", "false", "null") and text == f".{name.text}":
            message = f"mismatched input '{name.text}' expecting IDENTIFIER"
        self.complain(message, name.offset)
        raise Mismatch

    # Primary expressions

    def nested(self) -> Node:
        self.advance()
        inner = self.expression(frozenset(")"))
        self.expect(")")
        return inner

    def name(self) -> Node:
        dot = "." if self.accept(".") else ""
        if self.token.kind in ("true", "false", "null"):
            self.expect("IDENTIFIER")
        if self.token.kind != "IDENTIFIER":
            self.no_alternative()
            raise Mismatch
        if self.struct_ahead():
            return self.struct(dot)
        token = self.advance()
        if token.text in RESERVED:
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
        start = self.token.offset
        entries: list[Entry] = []
        if self.lone_comma("}"):
            return StructExpr(self.factory.fresh(at), name, ())
        while self.token.kind not in ("}", EOF):
            optional = self.accept("?") is not None
            field = self.advance()
            if field.kind not in ("IDENTIFIER", "ESC_IDENTIFIER"):
                self.index -= 1
                self.expect("IDENTIFIER", "{'}', IDENTIFIER}")
            text = self.field_name(field, start)
            key = Literal(self.factory.fresh(field.offset), text)
            colon = self.expect(":").offset
            value = self.expression(frozenset((",", "}")))
            entries.append(Entry(self.factory.fresh(colon), key, value, optional))
            if not self.accept(","):
                break
        self.expect("}")
        return StructExpr(self.factory.fresh(at), name, tuple(entries))

    def list(self) -> Node:
        at = self.advance().offset
        elements: list[Node] = []
        optional: set[int] = set()
        if self.lone_comma("]"):
            return ListExpr(self.factory.fresh(at), (), frozenset())
        while self.token.kind != "]" and not (elements and self.token.kind == EOF):
            if self.accept("?"):
                optional.add(len(elements))
            elements.append(self.expression(frozenset((",", "]"))))
            if not self.accept(","):
                break
        self.expect("]")
        return ListExpr(self.factory.fresh(at), tuple(elements), frozenset(optional))

    def map(self) -> Node:
        at = self.advance().offset
        entries: list[Entry] = []
        if self.lone_comma("}"):
            return MapExpr(self.factory.fresh(at), ())
        while self.token.kind != "}" and not (entries and self.token.kind == EOF):
            optional = self.accept("?") is not None
            key = self.expression(frozenset(":"))
            colon = self.expect(":").offset
            value = self.expression(frozenset((",", "}")))
            entries.append(Entry(self.factory.fresh(colon), key, value, optional))
            if not self.accept(","):
                break
        self.expect("}")
        return MapExpr(self.factory.fresh(at), tuple(entries))

    # Literals

    def literal(self) -> Node:
        if self.token.kind not in LITERALS and not self.negative_number_ahead():
            self.no_operand()
        start = self.advance()
        if start.kind == "-":
            token = self.advance()
            return self.read(start, lambda: number(token.kind, f"-{token.text}"))
        if start.kind in ("NUM_INT", "NUM_UINT", "NUM_FLOAT"):
            return self.read(start, lambda: number(start.kind, start.text))
        if start.kind == "STRING":
            return self.read(start, lambda: unescape(start.text))
        if start.kind == "BYTES":
            return self.read(start, lambda: unescape_bytes(start.text))
        value = {"true": True, "false": False, "null": None}[start.kind]
        return Literal(self.factory.fresh(start.offset), value)

    def negative_number_ahead(self) -> bool:
        return self.token.kind == "-" and self.following() in ("NUM_INT", "NUM_FLOAT")

    def read(self, start: Token, value: Callable[[], Value]) -> Node:
        """A literal with a value that may turn out to be none."""
        try:
            return Literal(self.factory.fresh(start.offset), value())
        except ValueError as error:
            return self.wrong(start.offset, str(error))


def _deepened(depths: _Depths, pending: Pending) -> _Depths:
    """The depths of an operand: as cel-go counts, one more for each operator that waits for it."""
    expr, relation, calc = depths
    for level, _, _ in pending:
        if level > 3:
            calc += 1
        elif level == 3:
            relation += 1
    if expr > LARGEST_DEPTH or relation >= LARGEST_DEPTH or calc >= LARGEST_DEPTH:
        raise _TooDeep
    return _Depths(expr, relation + 1, calc + 1)


def macro_table(macros: Iterable[Macro]) -> MacroTable:
    """Macros by what a call looks like."""
    return {(macro.function, macro.arguments, macro.receiver): macro for macro in macros}


_PRIMARY: Final[dict[str, Callable[[_Parser], Node]]] = {
    "(": _Parser.nested,
    "[": _Parser.list,
    "{": _Parser.map,
    ".": _Parser.name,
    "IDENTIFIER": _Parser.name,
}
