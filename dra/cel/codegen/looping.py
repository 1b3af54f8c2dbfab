"""Code of what binds variables, `cel.bind` and the macros that iterate, and of lists and maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dra.cel.codegen.writer import NotGenerated, Writer
from dra.cel.path import DevicePath
from dra.cel.syntax import Comprehension, ListExpr, Literal, MapExpr, Node
from dra.cel.types import DYN, Type
from dra.cel.values import Value, map_key

__all__ = ["bind_to_device", "comprehension", "constants_of", "list_literal", "map_literal", "unrolled"]

_MOST_COPIES: Final = 16
_MACROS: Final = frozenset(("all", "exists", "exists_one", "existsOne", "map", "filter"))


def list_literal(writer: Writer, node: ListExpr, _wanted: Type | None = None) -> str:
    """`[a, b]`."""
    if node.optional:
        raise NotGenerated
    if all(isinstance(element, Literal) for element in node.elements):
        return writer.constant(tuple(one.value for one in node.elements if isinstance(one, Literal)))
    return f"({''.join(f'{writer.code(element)}, ' for element in node.elements)})"


def map_literal(writer: Writer, node: MapExpr, _wanted: Type | None = None) -> str:
    """`{key: value}` of literals."""
    made: dict[Value, Value] = {}
    for entry in node.entries:
        if entry.optional or not isinstance(entry.key, Literal) or not isinstance(entry.value, Literal):
            raise NotGenerated
        made[map_key(entry.key.value)] = entry.value.value
    return writer.constant(made)


# cel.bind


def bind_to_device(writer: Writer, node: Comprehension) -> DevicePath | None:
    """The part of the device that `cel.bind` names, if it does: then the variable is written as that part."""
    path = writer.path(node.initial) if node.is_bind else None
    return path if path is not None and path.field else None


def _bind(writer: Writer, node: Comprehension, wanted: Type | None) -> str:
    path = bind_to_device(writer, node)
    if path is not None:
        writer.scopes.append({node.accumulator: path})
        code = writer.part(node.result, wanted)
        writer.scopes.pop()
        return code
    # The value is computed although it may not be used: its error is only a doubt.
    if writer.reads is not None or not writer.may_assign:
        raise NotGenerated
    name = writer.name()
    value = writer.code(node.initial)
    writer.scopes.append({node.accumulator: name})
    writer.certainty.scopes.append({node.accumulator: writer.type_of(node.initial)})
    code = f"(({name} := {value}),) and {writer.part(node.result, wanted)}"
    writer.certainty.scopes.pop()
    writer.scopes.pop()
    return f"({code})"


# Macros


def comprehension(writer: Writer, node: Comprehension, wanted: Type | None = None) -> str:
    """`cel.bind`, `all`, `exists`, `exists_one`, `map` and `filter`."""
    if node.is_bind:
        return _bind(writer, node, wanted)
    written = writer.checked.ast.macros.get(node.id)
    if written is None or written.function not in _MACROS:
        raise NotGenerated
    rest = written.arguments[2 if node.second else 1 :]
    values = constants_of(writer, node)
    if values is not None:
        operator = " and " if written.function == "all" else " or "
        return writer.lazily(lambda: f"({operator.join(unrolled(writer, node, values, writer.boolean))})")
    over = _iterated(writer, node)
    return writer.lazily(lambda: _loop(writer, node, over, written.function, rest))


def _loop(writer: Writer, node: Comprehension, over: str, function: str, rest: tuple[Node, ...]) -> str:
    first, second = writer.name(), writer.name() if node.second else ""
    scope: dict[str, str | DevicePath] = {node.variable: first}
    if node.second:
        scope[node.second] = second
    writer.scopes.append(scope)
    element = DYN if node.second else writer.certainty.element(node.range)
    writer.certainty.scopes.append({node.variable: element, node.second: DYN})
    loop = f"for {f'{first}, {second}' if second else first} in {over}"
    code = _macro(writer, function, first, loop, rest)
    writer.certainty.scopes.pop()
    writer.scopes.pop()
    return code


def constants_of(writer: Writer, node: Comprehension) -> list[Value] | None:
    """The constants that a quantifier goes through, if they are so few that it can be written out."""
    written, over = writer.checked.ast.macros.get(node.id), node.range
    if written is None or written.function not in ("all", "exists") or node.second:
        return None
    if not isinstance(over, ListExpr) or over.optional or not over.elements:
        return None
    values = [element.value for element in over.elements if isinstance(element, Literal)]
    few = writer.copies * len(values) <= _MOST_COPIES
    return values if few and len(values) == len(over.elements) else None


def unrolled(
    writer: Writer, node: Comprehension, values: list[Value], write: Callable[[Node], str]
) -> list[str]:
    """What a function writes of the test of a quantifier, for each constant."""
    test = writer.checked.ast.macros[node.id].arguments[1]
    writer.copies, before = writer.copies * len(values), writer.copies
    writer.certainty.scopes.append({node.variable: writer.certainty.element(node.range)})
    codes = []
    for value in values:
        writer.scopes.append({node.variable: writer.literal(value)})
        codes.append(write(test))
        writer.scopes.pop()
    writer.certainty.scopes.pop()
    writer.copies = before
    return codes


def _iterated(writer: Writer, node: Comprehension) -> str:
    before, writer.may_assign = writer.may_assign, False
    over = writer.code(node.range)
    writer.may_assign = before
    return f"{'pairs' if node.second else 'elements'}({over})"


def _macro(writer: Writer, function: str, variable: str, loop: str, rest: tuple[Node, ...]) -> str:
    if function == "map":
        condition = f" if {writer.boolean(rest[0])}" if len(rest) == 2 else ""
        return f"tuple([{writer.code(rest[-1])} {loop}{condition}])"
    test = writer.boolean(rest[0])
    if function == "filter":
        return f"tuple([{variable} {loop} if {test}])"
    if function in ("exists_one", "existsOne"):
        return f"(sum([{test} {loop}]) == 1)"
    return f"{'all' if function == 'all' else 'any'}({test} {loop})"
