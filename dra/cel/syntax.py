"""The syntax tree of an expression.

Nodes are plain mutable objects with identity: each has an `id`, under which the tree keeps its position and
the checker its type and overloads. `children` are in the order in which they were written. Macros are already
expanded; the call that was written is kept too.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

import attrs

from dra.cel.values import Value

__all__ = [
    "Ast",
    "Call",
    "Comprehension",
    "Entry",
    "Factory",
    "Ident",
    "ListExpr",
    "Literal",
    "MapExpr",
    "Node",
    "Select",
    "StructExpr",
]


@attrs.define(eq=False)
class Literal:
    """A constant: bool, int, uint, double, string, bytes or null."""

    id: int
    value: Value
    children: ClassVar[tuple[Node, ...]] = ()


@attrs.define(eq=False)
class Ident:
    """A name; with a leading dot it means the outermost scope."""

    id: int
    name: str
    children: ClassVar[tuple[Node, ...]] = ()


@attrs.define(eq=False)
class Select:
    """`operand.field`, or with `test` whether it is there: `has(operand.field)`."""

    id: int
    operand: Node
    field: str
    test: bool = False

    @property
    def children(self) -> tuple[Node, ...]:
        """The nodes directly below."""
        return (self.operand,)


@attrs.define(eq=False)
class Call:
    """A function or operator. `target` is the receiver of `target.function(arguments)`."""

    id: int
    function: str
    arguments: tuple[Node, ...]
    target: Node | None = None

    @property
    def operands(self) -> tuple[Node, ...]:
        """All arguments, the receiver first."""
        return self.arguments if self.target is None else (self.target, *self.arguments)

    children = operands


@attrs.define(eq=False)
class ListExpr:
    """`[a, ?b]`; `optional` holds the indices of the elements with `?`."""

    id: int
    elements: tuple[Node, ...]
    optional: frozenset[int] = frozenset()

    @property
    def children(self) -> tuple[Node, ...]:
        """The nodes directly below."""
        return self.elements


@attrs.define(eq=False)
class Entry:
    """`key: value` or `?key: value` of a map, `field: value` of a struct (then the key is a literal)."""

    id: int
    key: Node
    value: Node
    optional: bool = False


@attrs.define(eq=False)
class MapExpr:
    """`{key: value, ...}`."""

    id: int
    entries: tuple[Entry, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The nodes directly below."""
        return _parts(self.entries)


@attrs.define(eq=False)
class StructExpr:
    """`Name{field: value, ...}`."""

    id: int
    name: str
    entries: tuple[Entry, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The nodes directly below."""
        return _parts(self.entries)


def _parts(entries: tuple[Entry, ...]) -> tuple[Node, ...]:
    return tuple(part for entry in entries for part in (entry.key, entry.value))


@attrs.define(eq=False)
class Comprehension:
    """What macros that iterate become, and `cel.bind`.

    For each element: bind the variables; while `condition` holds, set the accumulator to `step`.
    """

    id: int
    range: Node
    variable: str
    second: str
    """Name of the second variable, empty if there is only one."""
    accumulator: str
    initial: Node
    condition: Node
    step: Node
    result: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """The nodes directly below."""
        return (self.range, self.initial, self.condition, self.step, self.result)

    @property
    def is_bind(self) -> bool:
        """Whether this is `cel.bind`: no iteration, only a lazily evaluated variable."""
        return (
            isinstance(self.range, ListExpr)
            and not self.range.elements
            and isinstance(self.condition, Literal)
            and self.condition.value is False
            and self.accumulator != ACCUMULATOR
        )


ACCUMULATOR = "@result"

Node: TypeAlias = Literal | Ident | Select | Call | ListExpr | MapExpr | StructExpr | Comprehension


@attrs.frozen
class Ast:
    """A parsed expression.

    Attributes:
        root: The outermost node.
        source: The text.
        positions: Offset in `source`, in characters, by node id.
        macros: The call as written, by the id of the node it was expanded to.
    """

    root: Node
    source: str
    positions: dict[int, int]
    macros: dict[int, Call]


class Factory:
    """Makes nodes with fresh ids, and remembers where each was written.

    The parser makes one per expression; a macro gets one whose nodes all lie at the macro's call.
    """

    def __init__(self, positions: dict[int, int], at: int = 0) -> None:
        self.positions = positions
        self.at = at

    def fresh(self, at: int | None = None) -> int:
        """A new id for a node at an offset."""
        id_ = len(self.positions) + 1
        self.positions[id_] = self.at if at is None else at
        return id_

    def literal(self, value: Value) -> Literal:
        """A constant."""
        return Literal(self.fresh(), value)

    def ident(self, name: str = ACCUMULATOR) -> Ident:
        """A name, by default the accumulator's."""
        return Ident(self.fresh(), name)

    def call(self, function: str, *arguments: Node) -> Call:
        """`function(arguments)`, also for operators."""
        return Call(self.fresh(), function, arguments)

    def member(self, function: str, target: Node, *arguments: Node) -> Call:
        """`target.function(arguments)`."""
        return Call(self.fresh(), function, arguments, target)

    def list(self, *elements: Node) -> ListExpr:
        """A list."""
        return ListExpr(self.fresh(), elements)

    def empty_map(self) -> MapExpr:
        """`{}`."""
        return MapExpr(self.fresh(), ())

    def presence(self, operand: Node, field: str) -> Select:
        """`has(operand.field)`."""
        return Select(self.fresh(), operand, field, test=True)

    def fold(
        self,
        range_: Node,
        variable: str,
        initial: Node,
        condition: Node,
        step: Node,
        result: Node,
        *,
        second: str = "",
        accumulator: str = ACCUMULATOR,
    ) -> Comprehension:
        """A comprehension."""
        return Comprehension(
            self.fresh(), range_, variable, second, accumulator, initial, condition, step, result
        )

    def copy(self, node: Node) -> Node:
        """The same expression with ids of its own, at its own positions."""
        id_ = self.fresh(self.positions[node.id])
        if isinstance(node, (Literal, Ident)):
            return attrs.evolve(node, id=id_)
        if isinstance(node, Select):
            return attrs.evolve(node, id=id_, operand=self.copy(node.operand))
        if isinstance(node, Call):
            target = None if node.target is None else self.copy(node.target)
            return Call(id_, node.function, tuple(map(self.copy, node.arguments)), target)
        if isinstance(node, ListExpr):
            return ListExpr(id_, tuple(map(self.copy, node.elements)), node.optional)
        if isinstance(node, (MapExpr, StructExpr)):
            return attrs.evolve(node, id=id_, entries=tuple(map(self._copy_entry, node.entries)))
        return attrs.evolve(
            node,
            id=id_,
            range=self.copy(node.range),
            initial=self.copy(node.initial),
            condition=self.copy(node.condition),
            step=self.copy(node.step),
            result=self.copy(node.result),
        )

    def _copy_entry(self, entry: Entry) -> Entry:
        id_ = self.fresh(self.positions[entry.id])
        return Entry(id_, self.copy(entry.key), self.copy(entry.value), entry.optional)
