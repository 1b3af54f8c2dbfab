"""The static estimate: the most that evaluating an expression can cost, for any device.

It follows cel-go's estimator, whose sizes come from literals, from the bounds of a device, or are unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from dra.cel.checker import Checked
from dra.cel.declarations import (
    LIST_COST,
    MAP_COST,
    STRUCT_COST,
    UNBOUNDED,
    UNKNOWN,
    Arguments,
    Estimate,
    Overload,
    Range,
)
from dra.cel.env import Environment
from dra.cel.nesting import followed
from dra.cel.syntax import (
    ACCUMULATOR,
    Call,
    Comprehension,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Node,
    Select,
    StructExpr,
)
from dra.cel.types import Kind, Type, parameter
from dra.cel.values import size_of

__all__ = ["estimate_cost"]

_NOTHING = Range(0, 0)
_ONE = Range.exactly(1)
_CREATE_LIST, _CREATE_MAP, _CREATE_STRUCT = map(Range.exactly, (LIST_COST, MAP_COST, STRUCT_COST))
_EMPTY = Range(UNBOUNDED, 0)
_SCALARS = frozenset((Kind.BOOL, Kind.DOUBLE, Kind.DURATION, Kind.INT, Kind.TIMESTAMP, Kind.UINT))
_FIELDS_COST = frozenset((Kind.MAP, Kind.STRUCT, Kind.PARAMETER))


def estimate_cost(checked: Checked, environment: Environment) -> Range:
    """The least and the most that an evaluation costs.

    Raises:
        CompileError: The expression is nested too deeply to be followed.
    """
    with followed(checked.ast.source):
        return _Estimator(checked, environment).cost(checked.ast.root)


@attrs.frozen
class _Entries:
    """The sizes of the keys (or indices) and values of a list or map."""

    kind: Kind
    key: Range
    value: Range

    def union(self, other: _Entries | None) -> _Entries | None:
        if other is None:
            return None
        return _Entries(self.kind, self.key.union(other.key), self.value.union(other.value))


@attrs.frozen
class _Local:
    """What is known of a variable."""

    path: tuple[str, ...]
    size: Range | None
    entries: _Entries | None = None


class _Estimator:
    def __init__(self, checked: Checked, environment: Environment) -> None:
        self.checked = checked
        self.environment = environment
        self.device = environment.device_sizes
        self.paths: dict[int, tuple[str, ...]] = {}
        self.sizes: dict[int, Range] = {}
        self.entries: dict[int, _Entries] = {}
        self.locals: dict[str, list[_Local]] = {}

    def cost(self, node: Node) -> Range:
        return _WAYS[type(node)](self, node)

    def literal(self, _node: Literal) -> Range:
        return _NOTHING

    def ident(self, node: Ident) -> Range:
        local = self.local(node)
        self.paths[node.id] = local.path if local else (node.name,)
        return _ONE

    # What is known about nodes

    def type(self, node: Node) -> Type:
        return self.checked.types[node.id]

    def local(self, node: Node) -> _Local | None:
        if isinstance(node, Ident):
            known = self.locals.get(node.name)
            return known[-1] if known else None
        return None

    def path(self, node: Node) -> tuple[str, ...]:
        local = self.local(node)
        return local.path if local else self.paths.get(node.id, ())

    def size(self, node: Node) -> Range | None:
        """Bounds of a node's size, by the first of several sources that knows."""
        if node.id in self.sizes:
            return self.sizes[node.id]
        if isinstance(node, Literal):
            return Range.exactly(size_of(node.value))
        if isinstance(node, ListExpr):
            return Range.exactly(len(node.elements))
        if isinstance(node, MapExpr):
            return Range.exactly(len(node.entries))
        found = self.size_at(self.path(node))
        if found is not None:
            self.sizes[node.id] = found
            return found
        if _is_scalar(self.type(node)):
            return _ONE
        local = self.local(node)
        return local.size if local else None

    def size_at(self, path: tuple[str, ...]) -> Range | None:
        """What the bounds of a device say about the size at a path."""
        if not path or path[0] != "device":
            return None
        at = self.device
        for name in path[1:]:
            child = at.child(name)
            if child is None:
                return None
            at = child
        return Range(0, at.size)

    def known_size(self, node: Node) -> Range:
        return self.size(node) or UNKNOWN

    def entries_of(self, node: Node) -> _Entries | None:
        if node.id in self.entries:
            return self.entries[node.id]
        local = self.local(node)
        return local.entries if local else None

    def remember(self, node: Node, size: Range | None, entries: _Entries | None = None) -> None:
        if size is not None:
            self.sizes[node.id] = size
        if entries is not None:
            self.entries[node.id] = entries

    # Selections and calls

    def select(self, node: Select) -> Range:
        if node.id in self.checked.constants:
            return _ONE
        total = self.cost(node.operand)
        if node.test:
            return total
        self.paths[node.id] = (*self.path(node.operand), node.field)
        return total + _ONE if self.type(node.operand).kind in _FIELDS_COST else total

    def dyn(self, node: Call) -> Range:
        argument = node.arguments[0]
        total = _ONE + self.cost(argument)
        self.remember(node, self.size(argument), self.entries_of(argument))
        return total

    def call(self, node: Call) -> Range:
        if node.function == "dyn":
            return self.dyn(node)
        costs = list(map(self.cost, node.arguments))
        total = self.cost(node.target) if node.target is not None else _NOTHING
        known = _Known(self, node)
        each = _EMPTY
        result: Range | None = None
        for overload in self.checked.overloads[node.id]:
            estimate = self.overload(node, overload, known, costs)
            each = each.union(estimate.cost)
            if estimate.result is not None:
                result = estimate.result if result is None else result.union(estimate.result)
            if overload.id in ("index_list", "index_map"):
                inside = self.entries_of(node.arguments[0])
                result = inside.value if inside else None
                step = "@items" if overload.id == "index_list" else "@values"
                self.paths[node.id] = (*self.path(node.arguments[0]), step)
            if result is None:
                result = self.size(node)
        self.remember(node, result)
        return total + each

    def overload(self, node: Call, overload: Overload, known: _Known, costs: list[Range]) -> Estimate:
        """The cost of a call with its arguments', and the size of its result."""
        arguments = sum(costs, _NOTHING)
        if overload.id in ("logical_and", "logical_or"):
            return Estimate(Range(costs[0].low, arguments.high))
        if overload.id == "conditional":
            _, when, otherwise = node.arguments
            inside = self.entries_of(when)
            self.remember(node, None, inside.union(self.entries_of(otherwise)) if inside else None)
            size = self.known_size(when).union(self.known_size(otherwise))
            return Estimate(costs[0] + costs[1].union(costs[2]), size)
        if overload.id in ("add_list", "add_string", "add_bytes"):
            inside = self.entries_of(node.arguments[0])
            self.remember(node, None, inside.union(self.entries_of(node.arguments[1])) if inside else None)
        by_type = self.environment.equality.get(known.type(0)) if overload.id == "equals" else None
        if by_type is not None and known.type(0) == known.type(1):
            return Estimate(by_type(known).cost + arguments)
        found = overload.cost.estimate(known) if overload.cost.estimate else None
        if found is None:
            return Estimate(_ONE + arguments)
        return Estimate(found.cost + arguments, found.result)

    # Lists and maps

    def list(self, node: ListExpr) -> Range:
        total = _CREATE_LIST
        each = _EMPTY if node.elements else _NOTHING
        for element in node.elements:
            total += self.cost(element)
            each = each.union(self.known_size(element))
        self.remember(node, None, _Entries(Kind.LIST, _ONE, each))
        return total

    def map(self, node: MapExpr) -> Range:
        total = _CREATE_MAP
        keys = values = _EMPTY if node.entries else _NOTHING
        for entry in node.entries:
            total += self.cost(entry.key) + self.cost(entry.value)
            keys = keys.union(self.known_size(entry.key))
            values = values.union(self.known_size(entry.value))
        self.remember(node, None, _Entries(Kind.MAP, keys, values))
        return total

    def struct(self, node: StructExpr) -> Range:
        total = _CREATE_STRUCT
        for entry in node.entries:
            total += self.cost(entry.value)
        return total

    # Comprehensions

    def bind(self, node: Comprehension) -> Range:
        total = self.cost(node.range) + self.cost(node.initial)
        initial = node.initial
        self.push(node.accumulator, self.path(initial), self.size(initial), self.entries_of(initial))
        total += self.cost(node.result)
        self.locals[node.accumulator].pop()
        self.remember(node, self.size(node.result), self.entries_of(node.result))
        return total

    def comprehension(self, node: Comprehension) -> Range:
        if node.is_bind:
            return self.bind(node)
        total = self.cost(node.range) + self.cost(node.initial)
        initial = node.initial
        self.push(node.accumulator, self.path(initial), self.size(initial), self.entries_of(initial))
        self.push_variables(node)
        each = self.cost(node.condition) + self.cost(node.step)
        self.locals[node.variable].pop()
        if node.second:
            self.locals[node.second].pop()
        total += self.cost(node.result)
        self.locals[node.accumulator].pop()
        count = self.known_size(node.range)
        if isinstance(initial, Literal):
            self.remember(node, self.size(initial))
        elif isinstance(initial, (ListExpr, MapExpr)):
            self.remember(node, count, self.entries_of(node.step))
        return total + count * each

    def push_variables(self, node: Comprehension) -> None:
        inside = self.entries_of(node.range)
        is_list = (inside.kind if inside else self.type(node.range).kind) is Kind.LIST
        path = self.path(node.range)
        key, value = (inside.key, inside.value) if inside else (None, None)
        if node.second:
            self.push(node.variable, (*path, "@indices" if is_list else "@keys"), key)
            self.push(node.second, (*path, "@items" if is_list else "@values"), value)
        else:
            self.push(node.variable, (*path, "@items" if is_list else "@keys"), value if is_list else key)

    def push(
        self, name: str, path: tuple[str, ...], size: Range | None, entries: _Entries | None = None
    ) -> None:
        self.locals.setdefault(name, []).append(_Local(path, size, entries))


_WAYS: Final[dict[type, Callable[[_Estimator, Any], Range]]] = {
    Literal: _Estimator.literal,
    Ident: _Estimator.ident,
    Select: _Estimator.select,
    Call: _Estimator.call,
    ListExpr: _Estimator.list,
    MapExpr: _Estimator.map,
    StructExpr: _Estimator.struct,
    Comprehension: _Estimator.comprehension,
}


class _Known(Arguments):
    """The arguments of a call as far as the estimator knows them."""

    def __init__(self, estimator: _Estimator, node: Call) -> None:
        self.estimator = estimator
        self.nodes = node.operands

    def __len__(self) -> int:
        return len(self.nodes)

    def size(self, index: int) -> Range:
        return self.estimator.known_size(self.nodes[index])

    def type(self, index: int) -> Type:
        return self.estimator.type(self.nodes[index]) if index < len(self.nodes) else parameter("")

    def literal(self, index: int) -> object:
        node = self.nodes[index]
        return node.value if isinstance(node, Literal) else None

    def element_size(self, index: int) -> Range:
        path = self.estimator.path(self.nodes[index])
        if path and path[0] == ACCUMULATOR:
            path = ()
        return (self.estimator.size_at((*path, "@items")) if path else None) or UNKNOWN


def _is_scalar(type_: Type) -> bool:
    return type_.kind in _SCALARS or (type_.is_optional and _is_scalar(type_.parameters[0]))
