"""What the closures know beforehand."""

from __future__ import annotations

from dra.cel.checker import Checked
from dra.cel.dispatch import implementation
from dra.cel.env import Environment
from dra.cel.library.conversions import CONVERSIONS
from dra.cel.syntax import Call, ListExpr, Literal, MapExpr, Node
from dra.cel.values import Value, map_key, sure

__all__ = ["constant_value"]


def constant_value(checked: Checked, environment: Environment, node: Node) -> tuple[Value] | None:
    """The value of a node that is a constant to the closures, in a tuple."""
    if isinstance(node, Literal):
        return (node.value,)
    if node.id in checked.constants:
        return (checked.constants[node.id],)

    def all_of(nodes: tuple[Node, ...]) -> tuple[Value, ...] | None:
        values = []
        for one in nodes:
            value = constant_value(checked, environment, one)
            if value is None:
                return None
            values.append(value[0])
        return tuple(values)

    if isinstance(node, ListExpr):
        elements = None if node.optional else all_of(node.elements)
        return None if elements is None else (elements,)
    if isinstance(node, MapExpr):
        keys = all_of(tuple(entry.key for entry in node.entries))
        values = all_of(tuple(entry.value for entry in node.entries))
        if keys is None or values is None or any(entry.optional for entry in node.entries):
            return None
        return (dict(zip(map(map_key, keys), values, strict=True)),)
    if isinstance(node, Call):
        if node.function == "@in":
            empty = isinstance(node.arguments[1], ListExpr) and not node.arguments[1].elements
            return (False,) if empty else None
        if node.function in CONVERSIONS:
            given = all_of(node.operands[:1])
            if given is not None:
                return (sure(implementation(environment, node, checked.overloads[node.id])(*given)),)
    return None
