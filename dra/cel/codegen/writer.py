"""Writes the Python expression of each node of a checked expression: state, and the way from node to code.

How the kinds of nodes are written is in the modules beside this one, as functions that take the writer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import attrs

from dra.cel.certainty import Certainty
from dra.cel.checker import Checked
from dra.cel.env import Environment
from dra.cel.library.quantity import QUANTITY
from dra.cel.path import DevicePath, device_path
from dra.cel.syntax import Call, Ident, Literal, Node
from dra.cel.types import BOOL, STRING, Type
from dra.cel.values import Value, python_class

__all__ = ["NotGenerated", "Read", "Writer"]

Write: TypeAlias = "Callable[[Writer, Node, Type | None], str]"
_BUILT_IN: Final = (bool, int, str, float, bytes)


class NotGenerated(Exception):  # noqa: N818 - an answer, not a mistake
    """The expression has something that only the interpreter evaluates."""


@attrs.frozen
class Read:
    """An attribute or capacity that code looks up before anything else, since it may be missing.

    Attributes:
        name: The local variable that holds it.
        table: `attributes` or `capacity`.
        full_name: What is looked up.
        certain: Whether nothing that is evaluated before it can fail.
    """

    name: str
    table: str
    full_name: str
    certain: bool


class Writer:
    """The state of writing one expression.

    Args:
        checked: The expression.
        environment: What it was checked in.
        ways: How each class of node is written.

    Attributes:
        constants: Values that the code refers to, by name.
        functions: Definitions that the code needs, as source.
        scopes: What variables stand for, the innermost last: code, or a part of the device.
        copies: How often the code at hand is written out.
        may_assign: Whether `:=` is allowed; within what a Python comprehension iterates over it is not.
        held: Local variables that hold attributes and capacities, by table and full name.
        reads: Where given, look-ups are put here, to be made beforehand.
        done: How many nodes that may fail have been written.
    """

    def __init__(self, checked: Checked, environment: Environment, ways: Mapping[type, Write]) -> None:
        self.checked = checked
        self.environment = environment
        self.ways = ways
        self.certainty = Certainty(checked)
        self.constants: dict[str, object] = {}
        self.functions: list[str] = []
        self.scopes: list[dict[str, str | DevicePath]] = []
        self.copies = 1
        self.may_assign = True
        self.held: dict[tuple[str, str], str] = {}
        self.texts: set[tuple[str, str]] = set()
        self.reads: list[Read] | None = None
        self.done = 0
        self._names = 0

    # Names and constants

    def name(self) -> str:
        """A new local variable."""
        self._names += 1
        return f"t{self._names}"

    def constant(self, value: object) -> str:
        """The name of a value."""
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def literal(self, value: Value) -> str:
        """The code of a value."""
        if value is None or value.__class__ in (bool, int, str):
            return repr(value)
        return self.constant(value)

    def class_name(self, kind: type) -> str:
        """The name of a class."""
        if kind in _BUILT_IN:
            return kind.__name__
        name = f"class_{kind.__name__}"
        self.constants[name] = kind
        return name

    # From node to code

    def boolean(self, node: Node) -> str:
        """The code of a node that gives a bool or raises."""
        return self.of(node, BOOL)

    def of(self, node: Node, wanted: Type) -> str:
        """The code of a node whose value is of the class of a type, or which raises."""
        code = self.code(node, wanted)
        kind = python_class(wanted)
        if kind is None or self.type_of(node) == wanted or self.is_written_as_wanted(node):
            return code
        return self.guarded(code, kind)

    def is_written_as_wanted(self, node: Node) -> bool:
        """Whether writing a node passes on to its parts which type is wanted."""
        if node.id in self.checked.constants or self.path(node) is not None:
            return False
        return (isinstance(node, Call) and node.function == "_?_:_") or getattr(node, "is_bind", False)

    def code(self, node: Node, wanted: Type | None = None) -> str:
        """The code of a node.

        Args:
            node: What to write.
            wanted: The type its value should have, which matters to conditions and bindings only.
        """
        if isinstance(node, Literal):
            return self.literal(node.value)
        if node.id in self.checked.constants:
            return self.constant(self.checked.constants[node.id])
        path = self.path(node)
        if path is not None:
            return self.from_device(path)
        if isinstance(node, Ident):
            return self.variable(node)
        way = self.ways.get(type(node))
        if way is None:
            raise NotGenerated
        code = way(self, node, wanted)
        self.done += 1
        return code

    def part(self, node: Node, wanted: Type | None) -> str:
        """The code of a part of a node that gives what the node gives."""
        return self.code(node) if wanted is None else self.of(node, wanted)

    def guarded(self, code: str, kind: type) -> str:
        """The code, raising unless its value is of a class."""
        class_name = self.class_name(kind)
        if not self.may_assign:
            return f"want({class_name}, {code})"
        name = self.name()
        return f"({name} if ({name} := {code}).__class__ is {class_name} else refuse())"

    def sure(self, code: str) -> str:
        """The code, raising if its value is a failure."""
        if not self.may_assign:
            return f"sure({code})"
        name = self.name()
        return f"({name} if ({name} := {code}).__class__ is not Failure else refuse())"

    def lazily(self, write: Callable[[], str]) -> str:
        """Code that may not be evaluated: then it must not look up anything beforehand."""
        before = 0 if self.reads is None else len(self.reads)
        code = write()
        if self.reads is not None and len(self.reads) > before:
            raise NotGenerated
        return code

    # What is known about nodes

    def type_of(self, node: Node) -> Type:
        """The type that a node's value is sure to have, `dyn` if there is none."""
        path = self.path(node)
        if path is None:
            return self.certainty.of(node)
        if path.field == "capacity" and path.name is not None:
            return QUANTITY
        if path.full_name is not None and (path.field, path.full_name) in self.texts:
            return STRING
        return self.certainty.of_device(path)

    def is_attribute(self, node: Node) -> bool:
        """Whether a node is an attribute by its full name: a bool, int, string, version or list of these."""
        path = self.path(node)
        return path is not None and path.field == "attributes" and path.full_name is not None

    def is_simple(self, node: Node) -> bool:
        """Whether the code of a node is one constant or name, and may be written twice."""
        return isinstance(node, Literal) or (isinstance(node, Ident) and self.path(node) is None)

    # Variables and the device

    def path(self, node: Node) -> DevicePath | None:
        """The part of the device that a node names."""
        return device_path(node, self.alias)

    def alias(self, name: str) -> DevicePath | None:
        """What part of the device a variable stands for, if it is bound to one."""
        for scope in reversed(self.scopes):
            if name in scope:
                bound = scope[name]
                return bound if isinstance(bound, DevicePath) else None
        return DevicePath() if name == "device" else None

    def variable(self, node: Ident) -> str:
        """The code that a variable stands for."""
        for scope in reversed(self.scopes):
            bound = scope.get(node.name)
            if isinstance(bound, str):
                return bound
        raise NotGenerated

    def from_device(self, path: DevicePath) -> str:
        """The code that reads a part of the device."""
        if path.field == "driver":
            return "device.driver"
        if path.field == "allowMultipleAllocations":
            return "device.allow_multiple_allocations"
        if path.field and path.full_name is not None:
            return self.look_up(path.field, path.full_name)
        if path.field and path.domain is not None:
            return f"device.view[{path.field!r}].get({path.domain!r}, {self.constant({})})"
        return f"device.view[{path.field!r}]" if path.field else "device.view"

    def look_up(self, table: str, full_name: str) -> str:
        """The code that gives an attribute or a capacity, or raises `KeyError`."""
        held = self.held.get((table, full_name))
        if held is not None:
            return held
        if self.reads is None:
            return f"{table}[{full_name!r}]"
        name = self.held[table, full_name] = self.name()
        self.reads.append(Read(name, table, full_name, certain=not self.done))
        return name
