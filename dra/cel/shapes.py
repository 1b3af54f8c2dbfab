"""What the macros that iterate make: a test of each element, a count, a list or a map."""

from __future__ import annotations

from typing import Final, Literal as OneOf, TypeAlias

import attrs

from dra.cel.syntax import Call, Comprehension, Ident, ListExpr, Literal, Node

__all__ = ["Shape", "shape"]

Kind: TypeAlias = OneOf["all", "exists", "count", "collect", "insert", "merge"]

# What one element costs besides what is written about it: names and operators of the expanded macro.
_QUANTIFIERS: Final[dict[str, tuple[Kind, int]]] = {"_&&_": ("all", 3), "_||_": ("exists", 4)}


@attrs.frozen
class Shape:
    """A comprehension, recognised.

    Attributes:
        kind: `all` and `exists` end with the first element that decides; `count` is `exists_one`; `collect`
            makes a list, `insert` a map of single entries, `merge` one of maps.
        test: What is asked about each element; None to collect all.
        element: What is collected.
        key: Under which key, in a map.
        insert: The call that merges maps.
        steps: What asking `all` or `exists` about one element costs besides the test.
    """

    kind: Kind
    test: Node | None
    element: Node | None = None
    key: Node | None = None
    steps: int = 0
    insert: Call | None = None

    @property
    def ends(self) -> bool | None:
        """The answer to one test that decides the whole, None if there is none."""
        return {"all": False, "exists": True}.get(self.kind)


def shape(node: Comprehension) -> Shape | None:
    """What a comprehension does, if it is one of the usual."""
    step, initial = node.step, node.initial
    if not isinstance(step, Call):
        return None
    if step.function in _QUANTIFIERS and _is_accumulator(node, step.arguments[0]):
        kind, steps = _QUANTIFIERS[step.function]
        return Shape(kind, step.arguments[1], steps=steps)
    if not (isinstance(node.condition, Literal) and node.condition.value is True):
        return None
    test = None
    if step.function == "_?_:_" and _is_accumulator(node, step.arguments[2]):
        test, step = step.arguments[0], step.arguments[1]
    if not isinstance(step, Call) or not _is_accumulator(node, step.operands[0]):
        return None
    if step.function == "cel.@mapInsert":
        if len(step.arguments) == 2:
            return Shape("merge", test, step.arguments[1], insert=step)
        return Shape("insert", test, step.arguments[2], step.arguments[1])
    if step.function != "_+_":
        return None
    added = step.arguments[1]
    if isinstance(initial, Literal) and test is not None:
        return Shape("count", test)
    if isinstance(initial, ListExpr) and isinstance(added, ListExpr) and len(added.elements) == 1:
        return Shape("collect", test, added.elements[0])
    return None


def _is_accumulator(node: Comprehension, part: Node) -> bool:
    return isinstance(part, Ident) and part.name == node.accumulator
