"""Code for devices that lack something: a look-up that finds nothing gives a value and no exception.

Each test gives true, false or a `Missing`. `&&` and `||` absorb that as they do all errors, and the first
that stays is the answer. What cannot be told this way, such as an error of another kind, still raises.
"""

from __future__ import annotations

from dra.cel.codegen.looping import bind_to_device, constants_of, unrolled
from dra.cel.codegen.runtime import Missing
from dra.cel.codegen.writer import Writer
from dra.cel.syntax import Call, Comprehension, Node

__all__ = ["forgiving"]


def forgiving(writer: Writer, node: Node) -> str:
    """The code of a test that gives true, false or `Missing`."""
    if node.id not in writer.checked.constants:
        if isinstance(node, Call):
            if node.function in ("_&&_", "_||_"):
                codes = [forgiving(writer, part) for part in node.arguments]
                return _junction(writer, node.function == "_||_", codes)
            if node.function == "!_":
                return _negation(writer, node)
            if node.function == "_?_:_":
                return _conditional(writer, node)
        if isinstance(node, Comprehension):
            code = _bound(writer, node) if node.is_bind else _quantifier(writer, node)
            if code is not None:
                return code
    return _strict(writer, node)


def _junction(writer: Writer, ends: bool, codes: list[str]) -> str:
    """Terms of `||`, which true `ends`, or of `&&`: a term that ends it, else the first missing one."""
    code = codes[0]
    for following in codes[1:]:
        first, second = writer.name(), writer.name()
        code = (
            f"({first} if ({first} := {code}) is {ends} else {second}"
            f" if ({second} := {following}) is {ends} or {first} is {not ends} else {first})"
        )
    return code


def _negation(writer: Writer, node: Call) -> str:
    name = writer.name()
    code = forgiving(writer, node.arguments[0])
    return f"({name} if ({name} := {code}).__class__ is Missing else not {name})"


def _conditional(writer: Writer, node: Call) -> str:
    condition, when, otherwise = (forgiving(writer, part) for part in node.arguments)
    name = writer.name()
    return f"({when} if ({name} := {condition}) is True else {otherwise} if {name} is False else {name})"


def _bound(writer: Writer, node: Comprehension) -> str | None:
    path = bind_to_device(writer, node)
    if path is None:
        return None
    writer.scopes.append({node.accumulator: path})
    code = forgiving(writer, node.result)
    writer.scopes.pop()
    return code


def _quantifier(writer: Writer, node: Comprehension) -> str | None:
    values = constants_of(writer, node)
    if values is None:
        return None
    codes = unrolled(writer, node, values, lambda test: forgiving(writer, test))
    return _junction(writer, writer.checked.ast.macros[node.id].function == "exists", codes)


def _strict(writer: Writer, node: Node) -> str:
    """A test that fails if anything it reads is missing: that is looked up first, in order.

    Only where nothing evaluated before could fail in another way is the first missing one the failure.
    """
    outer_reads, outer_held, outer_done = writer.reads, writer.held, writer.done
    writer.reads, writer.held, writer.done = [], {}, 0
    code = writer.boolean(node)
    for read in reversed(writer.reads):
        failure = "refuse()"
        if read.certain:
            message = f"no such key: {read.full_name.partition('/')[2]}"
            failure = writer.constant(Missing(message, writer.checked.ast.source))
        code = f"({failure} if ({read.name} := {read.table}.get({read.full_name!r})) is None else {code})"
    writer.reads, writer.held, writer.done = outer_reads, outer_held, outer_done
    return code
