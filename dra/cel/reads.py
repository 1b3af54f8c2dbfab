"""What an expression can look at: known when it is compiled, so that answers can be remembered."""

from __future__ import annotations

from typing import Final

import attrs

from dra.cel.path import DevicePath, device_path
from dra.cel.syntax import Call, Comprehension, Literal, Node, Select

__all__ = ["EVERYTHING", "Reads", "reads"]


@attrs.frozen
class Reads:
    """The parts of a device that decide what an expression gives.

    Two devices that agree in these give the same answer. Names are full, such as `gpu.example.com/model`.

    Attributes:
        attributes: Attributes that may be looked at, present or not.
        capacity: Capacities that may be looked at, present or not.
        driver: Whether the driver's name is.
        allow_multiple_allocations: Whether that is.
        all_attributes: Whether any attribute may be, as when the expression iterates over them.
        all_capacity: Whether any capacity may be.

    Example:
        >>> from dra import cel
        >>> cel.compile('device.capacity["gpu.example.com"].memory.isInteger()').reads.capacity
        frozenset({'gpu.example.com/memory'})
    """

    attributes: frozenset[str] = frozenset()
    capacity: frozenset[str] = frozenset()
    driver: bool = False
    allow_multiple_allocations: bool = False
    all_attributes: bool = False
    all_capacity: bool = False

    @property
    def everything(self) -> bool:
        """Whether nothing about a device can be left out."""
        return self.all_attributes and self.all_capacity


EVERYTHING: Final = Reads(
    driver=True, allow_multiple_allocations=True, all_attributes=True, all_capacity=True
)


def reads(root: Node) -> Reads:
    """What an expression can look at."""
    reader = _Reader()
    reader.visit(root)
    tables = reader.names
    return Reads(
        frozenset(tables["attributes"]),
        frozenset(tables["capacity"]),
        "driver" in reader.fields,
        "allowMultipleAllocations" in reader.fields,
        "attributes" in reader.fields,
        "capacity" in reader.fields,
    )


class _Reader:
    def __init__(self) -> None:
        self.names: dict[str, set[str]] = {"attributes": set(), "capacity": set()}
        self.fields: set[str] = set()
        self.scopes: list[dict[str, DevicePath | None]] = []

    def variable(self, name: str) -> DevicePath | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return DevicePath() if name.lstrip(".") == "device" else None

    def visit(self, node: Node) -> None:
        """Note what a node looks at."""
        if isinstance(node, Comprehension):
            self.comprehension(node)
            return
        path = device_path(node, self.variable)
        if path is not None:
            self.note(path)
        elif not self.is_entry_test(node):
            for child in node.children:
                self.visit(child)

    def note(self, path: DevicePath) -> None:
        if path.full_name is not None:
            self.names[path.field].add(path.full_name)
        elif path.field:
            self.fields.add(path.field)
        else:
            self.fields |= {"driver", "allowMultipleAllocations", "attributes", "capacity"}

    def is_entry_test(self, node: Node) -> bool:
        """`has(...)`, `in` or an optional link that looks for one entry."""
        if isinstance(node, Select) and node.test:
            operand, key = node.operand, node.field
        elif isinstance(node, Call) and node.function in ("_?._", "_[?_]", "@in"):
            first, second = node.arguments
            operand, step = (second, first) if node.function == "@in" else (first, second)
            if not (isinstance(step, Literal) and isinstance(step.value, str)):
                return False
            key = step.value
        else:
            return False
        path = self.entries(operand)
        if path is None or path.domain is None or path.name is not None:
            return False
        self.note(path.child(key))
        return True

    def entries(self, node: Node) -> DevicePath | None:
        """The path of a node; an optional link to a domain counts, since no domain is ever missing."""
        if (
            isinstance(node, Call)
            and node.function in ("_[?_]", "_?._")
            and isinstance(node.arguments[1], Literal)
        ):
            base, step = device_path(node.arguments[0], self.variable), node.arguments[1].value
            if base is not None and base.field and base.domain is None and isinstance(step, str):
                return base.child(step)
        return device_path(node, self.variable)

    def comprehension(self, node: Comprehension) -> None:
        if node.is_bind:
            path = device_path(node.initial, self.variable)
            if path is None or not path.has_children:
                path = None
                self.visit(node.initial)
            self.scopes.append({node.accumulator: path})
        else:
            self.visit(node.range)
            self.scopes.append(dict.fromkeys((node.accumulator, node.variable, node.second)))
            self.visit(node.condition)
            self.visit(node.step)
        self.visit(node.result)
        self.scopes.pop()
