"""Finds what depends on one text attribute only, and remembers its answers by that text.

`productName.lowerAscii().matches("...")` is asked about thousands of devices that have a handful of product
names between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dra.cel.codegen.writer import Writer
from dra.cel.path import DevicePath
from dra.cel.syntax import Call, Comprehension, Ident, ListExpr, Literal, Node
from dra.cel.types import STRING, Type

__all__ = ["remembered"]


def remembered(writer: Writer, node: Call | Comprehension, wanted: Type | None) -> str | None:
    """The code that looks the answer up, or None if the node depends on anything else."""
    if writer.texts or not writer.may_assign:
        return None
    path = _only_text(writer, node)
    if path is None or path.full_name is None:
        return None
    key = (path.field, path.full_name)
    with _only(writer, key) as parameter:
        body = writer.ways[type(node)](writer, node, wanted)
        inner = writer.reads
    if inner is not None:
        if not inner:
            return body
        # Here, too, what is looked up comes first; the place inside tells whether that is certain.
        parameter = inner[0].name
        if key not in writer.held:
            writer.held[key] = parameter
            writer.reads = [*(writer.reads or ()), inner[0]]
    text = writer.look_up(*key)
    function, memo = f"f{len(writer.functions)}", f"memo{len(writer.functions)}"
    writer.functions.append(f"def {function}({parameter}):\n return {body}\n{memo} = Memo({function})\n")
    return f"{memo}[{text}]"


@contextmanager
def _only(writer: Writer, key: tuple[str, str]) -> Iterator[str]:
    """While one text attribute is the parameter of a function, whose name is given."""
    held, reads = writer.held, writer.reads
    parameter = writer.name()
    writer.held = {key: parameter} if reads is None else {}
    writer.reads = None if reads is None else []
    writer.texts.add(key)
    try:
        yield parameter
    finally:
        writer.texts.clear()
        writer.held, writer.reads = held, reads


def _only_text(writer: Writer, node: Node) -> DevicePath | None:
    """The one attribute that a node depends on, used as a text wherever it is."""
    found: set[DevicePath] = set()
    return found.pop() if _is_pure(writer, node, frozenset(), found) and len(found) == 1 else None


def _is_pure(writer: Writer, node: Node, bound: frozenset[str], found: set[DevicePath]) -> bool:
    """Whether a node depends on nothing but attributes used as texts, which are put into `found`."""
    if isinstance(node, Literal) or node.id in writer.checked.constants:
        return True
    if isinstance(node, Ident):
        return node.name in bound
    if isinstance(node, ListExpr):
        return not node.optional and all(_is_pure(writer, one, bound, found) for one in node.elements)
    if isinstance(node, Comprehension) and not node.is_bind:
        written = writer.checked.ast.macros.get(node.id)
        inner = bound | {node.variable, node.second, node.accumulator}
        return (
            written is not None
            and _is_pure(writer, node.range, bound, found)
            and all(_is_pure(writer, one, inner, found) for one in (node.condition, node.step))
        )
    if not isinstance(node, Call) or node.function in ("_?._", "_[?_]", "_[_]"):
        return False
    overloads = writer.checked.overloads.get(node.id, ())
    for index, operand in enumerate(node.operands):
        path = writer.path(operand)
        if path is None:
            if not _is_pure(writer, operand, bound, found):
                return False
        elif (
            path.field != "attributes"
            or path.full_name is None
            or len(overloads) != 1
            or overloads[0].parameters[index] != STRING
        ):
            return False
        else:
            found.add(path)
    return True
