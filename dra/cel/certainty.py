"""Which class the value of a node is sure to have, whatever the device.

The checker's types are not enough for generated code: of lists that are made of unknown parts the checker
assumes what fits. Certain is what a literal, an operator or a function with a plain result gives.
"""

from __future__ import annotations

from typing import Final

from dra.cel.checker import Checked
from dra.cel.path import DevicePath
from dra.cel.syntax import Call, Comprehension, Ident, ListExpr, Literal, MapExpr, Node, Select
from dra.cel.types import BOOL, DYN, INT, STRING, Type, list_of, map_of
from dra.cel.values import type_value

__all__ = ["Certainty"]

_TESTS = ("all", "exists", "exists_one", "existsOne")
# Functions that make a list themselves, of nothing else than their declaration says.
_OF_ONE_CLASS: Final = {"lists.range": list_of(INT), "findAll": list_of(STRING), "split": list_of(STRING)}


class Certainty:
    """Finds the certain types of one expression, and remembers them."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        self.scopes: list[dict[str, Type]] = []
        self.known: dict[int, Type] = {}

    def of(self, node: Node) -> Type:
        """The type that a node's value is sure to have, `dyn` if there is none."""
        found = self.known.get(node.id)
        if found is None:
            found = self.known[node.id] = self._find(node)
        return found

    def of_device(self, path: DevicePath) -> Type:
        """The type of a part of the device."""
        if path.field == "driver":
            return STRING
        return BOOL if path.field == "allowMultipleAllocations" else DYN

    def element(self, node: Node) -> Type:
        """The type that all elements of a list are sure to have."""
        found = self.of(node)
        return found.parameters[0] if found.name == "list" and found.parameters else DYN

    def _find(self, node: Node) -> Type:
        if isinstance(node, Literal):
            return type_value(node.value)
        if isinstance(node, Ident):
            return next((scope[node.name] for scope in reversed(self.scopes) if node.name in scope), DYN)
        if isinstance(node, Select):
            return BOOL if node.test else DYN
        if isinstance(node, ListExpr):
            return DYN if node.optional else list_of(self._common(list(node.elements)))
        if isinstance(node, MapExpr):
            return map_of(DYN, DYN)
        if isinstance(node, Comprehension):
            return self._comprehension(node)
        return self._call(node) if isinstance(node, Call) else DYN

    def _common(self, nodes: list[Node]) -> Type:
        found = {self.of(node) for node in nodes}
        return found.pop() if len(found) == 1 else DYN

    def _call(self, node: Call) -> Type:
        if node.function == "_?_:_":
            return self._common(list(node.arguments[1:]))
        if node.function == "_+_" and self.checked.types[node.id].name == "list":
            return list_of(DYN)
        if node.function in _OF_ONE_CLASS:
            return _OF_ONE_CLASS[node.function]
        results = {overload.result for overload in self.checked.overloads[node.id]}
        result = results.pop()
        return DYN if results or result.has_variables or result.parameters else result

    def _comprehension(self, node: Comprehension) -> Type:
        if node.is_bind:
            return DYN
        written = self.checked.ast.macros.get(node.id)
        if written is None:
            return DYN
        if written.function in _TESTS:
            return BOOL
        if written.function == "filter":
            return list_of(self.element(node.range))
        return list_of(DYN) if written.function == "map" else DYN
