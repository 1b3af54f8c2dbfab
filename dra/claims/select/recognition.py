"""Reads CEL back as an expression in Python, where it says what `select` writes.

The parts that are known are put together again; whether that gives the same text is for the caller to see. So
nothing here need be complete: what is not recognised stays CEL.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from dra.cel.env import environment
from dra.cel.parser import parse
from dra.cel.path import DevicePath
from dra.cel.source import Issues
from dra.cel.syntax import Call, Ident, ListExpr, Literal, Node, Select
from dra.claims.select.any_device import device
from dra.claims.select.expression import Expression, all_of, any_of
from dra.claims.select.literals import quantity, semver
from dra.claims.select.namespaces import Devices
from dra.claims.select.reads import Missing
from dra.claims.select.term import Term
from dra.errors import DraError

__all__ = ["recognised"]

_RELATIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "_==_": operator.eq,
    "_!=_": operator.ne,
    "_<_": operator.lt,
    "_<=_": operator.le,
    "_>_": operator.gt,
    "_>=_": operator.ge,
    "isLessThan": operator.lt,
    "isGreaterThan": operator.gt,
}
_METHODS: Final = {
    "startsWith": "startswith",
    "endsWith": "endswith",
    "contains": "contains",
    "matches": "matches",
    "includes": "includes",
}
_FIELDS: Final = {"driver": "driver", "allowMultipleAllocations": "allow_multiple_allocations"}
_MAKERS: Final[dict[str, Callable[[Any], Any]]] = {"semver": semver, "quantity": quantity}
_TABLES: Final = {"attributes": "attr", "capacity": "capacity"}


class _Unknown(Exception):  # noqa: N818 - an answer, not an error
    """This part is nothing that `select` writes."""


def recognised(text: str, namespaces: Sequence[Devices] = ()) -> Expression | None:
    """The expression whose CEL a text is, to the letter; None if there is none.

    Args:
        text: CEL that compiles.
        namespaces: Where names are looked for first, so that they are written as the driver's.

    Example:
        >>> recognised('device.attributes["gpu.example.com"].?model.orValue("") == "H100"')
        device.attr("gpu.example.com/model") == "H100"
        >>> recognised("device.attributes['gpu.example.com'].model == 'H100'") is None
        True
    """
    tree = parse(text, environment().macros, Issues(text))
    if tree is None:
        return None
    for known in (namespaces, ()):
        try:
            found = _Reader(known).condition(tree.root)
        except (_Unknown, DraError, RecursionError):
            continue
        if str(found) == text:
            return found
    return None


_Guards: TypeAlias = frozenset[DevicePath]
_NONE: Final[_Guards] = frozenset()


class _Reader:
    def __init__(self, namespaces: Sequence[Devices]) -> None:
        self.namespaces = namespaces

    # --- conditions ---

    def condition(self, node: Node, guards: _Guards = _NONE) -> Expression:
        """A node that is true or false; `guards` have been asked for on its left."""
        if _is_presence(node):
            return self.term(_asked(node), _NONE).exists()
        if not isinstance(node, Call):
            return any_of(self.term(_path(node), guards))
        operands = [*_flat(node, node.function)]
        if node.function == "_&&_":
            return all_of(*self.conjuncts(operands))
        if node.function == "_||_":
            return any_of(*map(self.condition, operands))
        if node.function == "!_":
            return self.opposite(operands[0], guards)
        return self.comparison(node, guards)

    def opposite(self, node: Node, guards: _Guards) -> Expression:
        """What is not true. Of a boolean that may be lacking, there are two: `~flag` and `flag == False`."""
        is_flag = not isinstance(node, Call) or node.function == "orValue"
        if (
            is_flag
            and not _is_presence(node)
            and not (isinstance(node, Call) and _constant(node.arguments[0]) is False)
        ):
            return self.compared(node, lambda term: term == False, guards)  # noqa: E712 - builds an expression
        return ~self.condition(node, guards)

    def conjuncts(self, nodes: list[Node]) -> Iterator[Expression]:
        """Conditions that all hold, without those that only guard one behind them."""
        guards = _NONE
        for node, following in zip(nodes, [*nodes[1:], None], strict=True):
            asked = _asked(node) if _is_presence(node) else None
            if asked and following and not _is_presence(following) and _subject(following) == asked:
                guards |= {asked}
            else:
                yield self.condition(node, guards)

    def comparison(self, node: Call, guards: _Guards) -> Expression:
        """What is read of the device, compared with constants."""
        if node.function in ("compareTo", "orValue"):
            return self.compared(node, any_of, guards)
        left, right = _two(node.operands)
        if node.function == "@in" and isinstance(right, ListExpr):
            constants = [_constant(each) for each in right.elements]
            return self.compared(left, lambda term: term.in_(constants), guards)
        if node.function in _METHODS:
            method, constant = _METHODS[node.function], _constant(right)
            return self.compared(left, lambda term: getattr(term, method)(constant), guards)
        if node.function not in _RELATIONS:
            raise _Unknown
        if isinstance(left, Call) and left.function == "compareTo":
            left, right = _two(left.operands)
        relate, constant = _RELATIONS[node.function], _constant(right)
        return self.compared(left, lambda term: relate(term, constant), guards)

    def compared(self, node: Node, test: Callable[[Term], Expression], guards: _Guards) -> Expression:
        """A test of the value that a node stands for."""
        if isinstance(node, Call) and node.function == "lowerAscii" and node.target is not None:
            return self.compared(node.target, lambda term: test(term.lower()), guards)
        if not (isinstance(node, Call) and node.function == "orValue" and node.target is not None):
            return test(self.term(_path(node), guards))
        path, constant = _optional(node.target), _constant(node.arguments[0])
        with_constant = test(self.named(path).or_else(constant))
        guarded = test(self.term(path, frozenset({path})))
        return guarded if str(guarded) == str(with_constant) else with_constant

    # --- what they are made of ---

    def term(self, path: DevicePath, guards: _Guards) -> Term:
        """The term for a part of the device, with the guard that it has here."""
        found = self.named(path)
        missing = Missing.FALSE if path in guards else Missing.ERROR
        return found if found.missing is missing else getattr(found, missing.value)()

    def named(self, path: DevicePath) -> Term:
        """The term for a part of the device, with the guard that it has by itself."""
        if path.domain is None or path.name is None:
            if path.field not in _FIELDS:
                raise _Unknown
            field: Term = getattr(device, _FIELDS[path.field])
            return field
        name = f"{path.domain}/{path.name}" if path.domain else path.name
        found: Term = getattr(device, _TABLES[path.field])(name)
        for known in self.namespaces:
            if hasattr(known, name) and known[name].table == path.field:
                return known[name]
        return found


def _flat(node: Call, function: str) -> Iterator[Node]:
    """The operands of a chain of one operator."""
    for each in node.operands:
        if isinstance(each, Call) and each.function == function and function in ("_&&_", "_||_"):
            yield from _flat(each, function)
        else:
            yield each


def _two(nodes: Sequence[Node]) -> tuple[Node, Node]:
    if len(nodes) != 2:
        raise _Unknown
    return nodes[0], nodes[1]


def _constant(node: Node) -> Any:
    if isinstance(node, Literal) and isinstance(node.value, (bool, int, str)):
        return node.value
    if (
        isinstance(node, Call)
        and node.function in _MAKERS
        and node.target is None
        and len(node.arguments) == 1
    ):
        return _MAKERS[node.function](_constant(node.arguments[0]))
    raise _Unknown


def _path(node: Node) -> DevicePath:
    """The part of the device that a node is; the driver's own domain is the empty one."""
    if isinstance(node, Select) and not node.test:
        return _path(node.operand).child(node.field)
    if isinstance(node, Ident) and node.name == "device":
        return DevicePath()
    if isinstance(node, Call) and node.function == "_[_]":
        key = node.arguments[1]
        if isinstance(key, Literal) and isinstance(key.value, str):
            return _path(node.arguments[0]).child(key.value)
        if isinstance(key, Select) and _path(key) == DevicePath("driver"):
            return _path(node.arguments[0]).child("")
    raise _Unknown


def _is_presence(node: Node) -> bool:
    """Whether a node asks if there is something: `has(...)`, or `in` a map."""
    if isinstance(node, Call):
        return node.function == "@in" and not isinstance(node.arguments[1], ListExpr)
    return isinstance(node, Select) and node.test


def _asked(node: Node) -> DevicePath:
    if isinstance(node, Select):
        return _path(node.operand).child(node.field)
    if isinstance(node, Call):
        return _path(node.arguments[1]).child(_constant(node.arguments[0]))
    raise _Unknown


def _optional(node: Node) -> DevicePath:
    if isinstance(node, Call) and node.function in ("_?._", "_[?_]"):
        return _path(node.arguments[0]).child(_constant(node.arguments[1]))
    raise _Unknown


def _subject(node: Node) -> DevicePath | None:
    """The part of the device that a comparison looks at: what stands furthest to the left."""
    while isinstance(node, Call) and node.function != "_[_]":
        node = node.operands[0]
    try:
        return _path(node)
    except _Unknown:
        return None
