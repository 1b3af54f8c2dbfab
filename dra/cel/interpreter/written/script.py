"""The function that is being written: its lines, names and constants, and what its lines cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import attrs

from dra.cel.certainty import Certainty
from dra.cel.checker import Checked
from dra.cel.codegen.writer import NotGenerated
from dra.cel.env import Environment
from dra.cel.interpreter.written.constants import constant_value
from dra.cel.syntax import Call, Ident, Node, Select
from dra.cel.types import Type
from dra.cel.values import Value

__all__ = ["Bound", "Local", "Operand", "Script"]

Lines: TypeAlias = "list[str | Lines]"
Way: TypeAlias = "Callable[[Script, Any], Operand]"
_LINKS: Final = ("_[_]", "_?._", "_[?_]")
_MOST_LINES: Final = 2_000  # the value of a bound variable is written out wherever it is used


@attrs.frozen
class Operand:
    """A value, as code that may be written more than once.

    Attributes:
        code: A name, a constant or a small expression.
        fails: Whether it may be a `Failure`.
        is_lifted: Whether it may be `Lifted`, in the middle of a chain.
    """

    code: str
    fails: bool = True
    is_lifted: bool = False


@attrs.frozen
class Local:
    """The variable of a loop.

    Attributes:
        name: Of the Python variable.
        level: How many loops are around what uses it, at least.
    """

    name: str
    level: int


@attrs.frozen
class Bound:
    """The variable of a `cel.bind`.

    Attributes:
        name: Of the Python variable, `UNSET` until the value is first used.
        initial: The value.
        scopes: What names mean there.
    """

    name: str
    initial: Node
    scopes: Sequence[Mapping[str, Local | Bound]]


class Script:
    """Statements that set local variables, and add to `c` what that costs.

    Costs are collected while lines are written and paid in one line at the end of a block: a block is never
    left in its middle other than to hand the whole element back.

    Attributes:
        places: Slots of the variables around the loop, by name, the innermost last.
        scopes: What names within the loop mean, the innermost last.
        preludes: Of each loop around what is being written, the lines that go before it.
        cost: What the lines of the block at hand cost.
        entry: The element of the outermost loop, as code.
    """

    def __init__(
        self,
        checked: Checked,
        environment: Environment,
        places: Sequence[Mapping[str, int]],
        ways: Mapping[type, Way],
    ) -> None:
        self.checked = checked
        self.environment = environment
        self.ways = ways
        self.certainty = Certainty(checked)
        self.places = places
        self.scopes: list[Mapping[str, Local | Bound]] = []
        self.preludes: list[tuple[Lines, int]] = []
        self.constants: dict[str, object] = {}
        self.cost = 0
        self.entry = ""
        self._lines: Lines = []
        self._depth = 2
        self._first: Lines = []
        self._reads: dict[str, str] = {}
        self._count = 0
        self._names = 0
        self._free: dict[int, frozenset[str]] = {}

    # Lines

    def emit(self, line: str) -> None:
        """Write a line.

        Raises:
            NotGenerated: They become too many.
        """
        self._count += 1
        if self._count > _MOST_LINES:
            raise NotGenerated
        self._lines.append(" " * self._depth + line)

    def prelude(self) -> tuple[Lines, int]:
        """A place to which lines can be added later."""
        self.emit("pass")
        lines: Lines = []
        self._lines.append(lines)
        return lines, self._depth

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Lines under a header, which pay for themselves."""
        self.emit(header)
        outer, self.cost = self.cost, 0
        self._depth += 1
        before = self._count
        yield
        self.pay()
        if self._count == before:
            self.emit("pass")
        self._depth -= 1
        self.cost = outer

    def pay(self) -> None:
        """Write down what has been collected."""
        if self.cost:
            self.emit(f"c += {self.cost}")
        self.cost = 0

    @property
    def trouble(self) -> str:
        """The statement that hands the element back."""
        return f"return TROUBLE, before, ({self.entry}), failed"

    def check(self) -> None:
        """Hand the element back if the limit is passed."""
        self.pay()
        self.emit(f"if c > limit: {self.trouble}")

    @property
    def text(self) -> str:
        """All lines."""
        return "".join(f"{line}\n" for line in _flat([*self._first, *self._lines]))

    # Names

    def name(self) -> str:
        """A new local variable."""
        self._names += 1
        return f"t{self._names}"

    def named(self, operand: Operand) -> str:
        """The operand's name, under which it is put down if it has none."""
        if operand.code.isidentifier():
            return operand.code
        name = self.name()
        self.emit(f"{name} = {operand.code}")
        return name

    def constant(self, value: Value) -> str:
        """The name or literal of a value."""
        if value is None or value.__class__ in (bool, int, str):
            return f"({value!r})" if value.__class__ is int else repr(value)
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def read(self, code: str) -> str:
        """The name of what is read before anything else."""
        if code not in self._reads:
            name = self._reads[code] = f"v{len(self._reads)}"
            self._first.append(f"  {name} = {code}")
        return self._reads[code]

    # From node to code

    def value(self, node: Node) -> Operand:
        """Write what computes the value of a node."""
        found = self.resolve(node)
        if self.is_chain(node):
            self.cost += 1
        if not found.is_lifted:
            return found
        name = self.named(found)
        self.emit(f"if {name}.__class__ is Lifted: {name} = {name}.optional")
        return Operand(name, found.fails)

    def resolve(self, node: Node) -> Operand:
        """Write what computes a node from which more is selected: without the cost of the whole chain.

        What does not depend on the variables of a loop is computed in it once, and then only paid for.
        """
        constant = constant_value(self.checked, self.environment, node)
        if constant is not None:
            return Operand(self.constant(constant[0]), fails=False)
        if isinstance(node, Ident):
            return self._variable(node)
        way = self.ways.get(type(node))
        if way is None:
            raise NotGenerated
        level = self._level(node)
        return way(self, node) if level == len(self.preludes) else self._once(node, way, level)

    def is_chain(self, node: Node) -> bool:
        """Whether a node costs one as the end of a chain, and nothing if more is selected from it."""
        if node.id in self.checked.constants:
            return False
        if isinstance(node, Select):
            return not node.test
        return isinstance(node, Ident) or (isinstance(node, Call) and node.function in _LINKS)

    def _once(self, node: Node, way: Way, level: int) -> Operand:
        name, paid = self.name(), self.name()
        lines, depth = self.preludes[level]
        lines.append(f"{' ' * depth}{name} = UNSET")
        with self.block(f"if {name} is UNSET:"):
            self.emit(f"{paid} = c")
            outer, self.preludes = self.preludes, self.preludes[:level]
            found = way(self, node)
            self.preludes = outer
            self.pay()
            self.emit(f"{name} = {found.code}")
            self.emit(f"{paid} = c - {paid}")
        with self.block("else:"):
            self.emit(f"c += {paid}")
        return Operand(name, found.fails, found.is_lifted)

    def _variable(self, node: Ident) -> Operand:
        for scope in reversed(self.scopes):
            found = scope.get(node.name)
            if isinstance(found, Local):
                return Operand(found.name, fails=False)
            if found is not None:
                return self._first_use(found)
        for places in reversed(self.places):
            if node.name in places:
                name = self.read(f"slots[{places[node.name]}]")
                self.emit(f"if {name} is UNSET: {self.trouble}")
                return Operand(name)
        return Operand(self.read(f"names[{node.name.lstrip('.')!r}]"), fails=False)

    def _first_use(self, bound: Bound) -> Operand:
        with self.block(f"if {bound.name} is UNSET:"):
            outer, self.scopes = self.scopes, list(bound.scopes)
            found = self.value(bound.initial)
            self.scopes = outer
            self.emit(f"{bound.name} = {found.code}")
        return Operand(bound.name)

    # What is known about nodes

    def type_of(self, node: Node) -> Type:
        """The type of a node's value, if it does not fail; `dyn` if that is not sure."""
        return self.certainty.of(node)

    def _level(self, node: Node) -> int:
        """How many of the loops around a node it depends on: as if all were nested in the innermost of them.

        A bound variable is computed, and paid for, when it is first used; nothing with one is moved.
        """
        level = 0
        for name in self._names_in(node):
            found = next((scope[name] for scope in reversed(self.scopes) if name in scope), None)
            if isinstance(found, Bound):
                return len(self.preludes)
            level = max(level, found.level if found else 0)
        return level

    def _names_in(self, node: Node) -> frozenset[str]:
        """The names that occur in a node, its own variables included."""
        found = self._free.get(node.id)
        if found is None:
            own = (node.name,) if isinstance(node, Ident) else ()
            found = self._free[node.id] = frozenset(own).union(*map(self._names_in, node.children))
        return found


def _flat(lines: Lines) -> Iterator[str]:
    for line in lines:
        if isinstance(line, str):
            yield line
        else:
            yield from _flat(line)
