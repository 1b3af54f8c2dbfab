"""What an expression reads of a device, and what it compares that with, taken from its syntax tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal as OneOf, TypeAlias

import attrs

from dra.cel.syntax import Ast, Call, Comprehension, Ident, Literal, Node, Select
from dra.errors import QuantityError
from dra.quantity import Quantity

__all__ = ["Access", "Comparison", "Domain", "Kind", "accesses", "comparisons", "domains", "drivers"]

Kind: TypeAlias = OneOf["attributes", "capacity"]

_KINDS: Final[tuple[Kind, ...]] = ("attributes", "capacity")
_INDEX: Final = ("_[_]", "_[?_]", "_?._")
_ORDER: Final = {"_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">=", "_==_": "==", "_!=_": "!="}
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@attrs.frozen
class Domain:
    """A domain that is looked into: `device.attributes["gpu.example.com"]`."""

    kind: Kind
    name: str
    node: Node = attrs.field(eq=False, repr=False)


@attrs.frozen
class Access:
    """One attribute or capacity that is read: `device.attributes["gpu.example.com"].model`.

    Attributes:
        kind: `attributes` or `capacity`.
        domain: The domain.
        name: The name in it.
        is_test: Whether it is only asked if it is there.
    """

    kind: Kind
    domain: str
    name: str
    is_test: bool = False

    def __str__(self) -> str:
        return f'device.{self.kind}["{self.domain}"].{self.name}'


@attrs.frozen
class Comparison:
    """An access compared with a constant, `access operator constant`.

    Attributes:
        access: What is read.
        operator: One of `<`, `<=`, `>`, `>=`, `==`, `!=`.
        text: The constant, if it is a string; the text of a quantity or version otherwise.
        type: `string`, `quantity` or `semver`.
    """

    access: Access
    operator: str
    text: str
    type: OneOf["string", "quantity", "semver"]

    @property
    def quantity(self) -> Quantity | None:
        """The constant as a quantity, if it is one."""
        try:
            return Quantity(self.text)
        except QuantityError:
            return None


def domains(ast: Ast) -> Iterator[Domain]:
    """The domains that an expression names."""
    for node, _ in _nodes(ast):
        if isinstance(node, Call) and node.function in _INDEX and len(node.arguments) == 2:
            kind = _map_of_domains(node.arguments[0])
            key = node.arguments[1]
            if kind and isinstance(key, Literal) and isinstance(key.value, str):
                yield Domain(kind, key.value, node)


def accesses(ast: Ast) -> Iterator[Access]:
    """The attributes and capacities that an expression reads or asks for, each as often as it is written."""
    for node, bound in _nodes(ast):
        found = _access(node, bound)
        if found:
            yield found
        elif isinstance(node, Call) and node.function == "@in":
            key, holder = node.arguments
            domain = _domain(holder, bound)
            if domain and isinstance(key, Literal) and isinstance(key.value, str):
                yield Access(domain[0], domain[1], key.value, is_test=True)


def drivers(ast: Ast) -> Iterator[str]:
    """The drivers that `device.driver` is compared with for equality."""
    for node, _ in _nodes(ast):
        if isinstance(node, Call) and node.function == "_==_":
            for one, other in (node.arguments, reversed(node.arguments)):
                if (
                    _of_device(one) == "driver"
                    and isinstance(other, Literal)
                    and isinstance(other.value, str)
                ):
                    yield other.value


def comparisons(ast: Ast) -> Iterator[Comparison]:
    """The comparisons of what is read with constants, in all ways in which they are written."""
    for node, bound in _nodes(ast):
        if not isinstance(node, Call):
            continue
        if node.function in _ORDER:
            yield from _ordered(node, bound)
        elif node.function in ("isGreaterThan", "isLessThan") and node.target is not None:
            operator = ">" if node.function == "isGreaterThan" else "<"
            yield from _compared(node.target, node.arguments[0], operator, bound)


def _ordered(node: Call, bound: Mapping[str, Node]) -> Iterator[Comparison]:
    left, right = node.arguments
    operator = _ORDER[node.function]
    if isinstance(left, Literal) and not isinstance(right, Literal):
        left, right, operator = right, left, _MIRRORED[operator]
    is_zero = isinstance(right, Literal) and right.value == 0 and right.value is not False
    if is_zero and isinstance(left, Call) and left.function == "compareTo" and left.target is not None:
        yield from _compared(left.target, left.arguments[0], operator, bound)
    else:
        yield from _compared(left, right, operator, bound)


def _compared(left: Node, right: Node, operator: str, bound: Mapping[str, Node]) -> Iterator[Comparison]:
    for one, other, direction in ((left, right, operator), (right, left, _MIRRORED[operator])):
        read = _guarded(one)
        access = _access(read, bound)
        if access is None or (access.is_test and read is one):
            continue
        if isinstance(other, Literal) and isinstance(other.value, str):
            yield Comparison(access, direction, other.value, "string")
        elif isinstance(other, Call) and other.function in ("quantity", "semver") and other.arguments:
            constant = other.arguments[0]
            if isinstance(constant, Literal) and isinstance(constant.value, str):
                kind: OneOf["quantity", "semver"] = "quantity" if other.function == "quantity" else "semver"
                yield Comparison(access, direction, constant.value, kind)


def _guarded(node: Node) -> Node:
    """What `attributes["a"].?b.orValue("")` reads: the optional part of it."""
    if isinstance(node, Call) and node.function in ("orValue", "value") and node.target is not None:
        return node.target
    return node


def _nodes(ast: Ast) -> Iterator[tuple[Node, Mapping[str, Node]]]:
    """All nodes with the variables of `cel.bind` that they see, the outermost first."""
    waiting: list[tuple[Node, Mapping[str, Node]]] = [(ast.root, {})]
    while waiting:
        node, bound = waiting.pop()
        yield node, bound
        if isinstance(node, Comprehension) and node.is_bind:
            waiting.append((node.result, {**bound, node.accumulator: node.initial}))
            waiting.append((node.initial, bound))
        else:
            waiting.extend((child, bound) for child in node.children)


def _access(node: Node, bound: Mapping[str, Node]) -> Access | None:
    """The attribute or capacity that a node reads."""
    if isinstance(node, Select):
        domain = _domain(node.operand, bound)
        return Access(*domain, node.field, is_test=node.test) if domain else None
    if isinstance(node, Call) and node.function in _INDEX and len(node.arguments) == 2:
        domain = _domain(node.arguments[0], bound)
        key = node.arguments[1]
        if domain and isinstance(key, Literal) and isinstance(key.value, str):
            return Access(*domain, key.value, is_test=node.function != "_[_]")
    if isinstance(node, Ident) and node.name in bound:
        return _access(bound[node.name], {name: value for name, value in bound.items() if name != node.name})
    return None


def _domain(node: Node, bound: Mapping[str, Node]) -> tuple[Kind, str] | None:
    """Kind and name of the domain that a node is."""
    if isinstance(node, Ident) and node.name in bound:
        return _domain(bound[node.name], {name: value for name, value in bound.items() if name != node.name})
    if isinstance(node, Call) and node.function in _INDEX and len(node.arguments) == 2:
        kind = _map_of_domains(node.arguments[0])
        key = node.arguments[1]
        if kind and isinstance(key, Literal) and isinstance(key.value, str):
            return kind, key.value
    return None


def _map_of_domains(node: Node) -> Kind | None:
    """`attributes` or `capacity` if a node is that of the device."""
    return next((kind for kind in _KINDS if kind == _of_device(node)), None)


def _of_device(node: Node) -> str:
    """The field of the device that a node is; empty if it is none."""
    if isinstance(node, Select) and isinstance(node.operand, Ident) and node.operand.name == "device":
        return node.field
    return ""
