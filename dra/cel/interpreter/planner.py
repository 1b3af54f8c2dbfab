"""Makes the closures of a checked expression, node by node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import attrs

from dra.cel.access import Lifted
from dra.cel.checker import Checked
from dra.cel.declarations import shared_charge
from dra.cel.dispatch import implementation
from dra.cel.env import Environment
from dra.cel.interpreter import calls, loops
from dra.cel.interpreter.aggregates import go_type, list_of_values, map_of_values, struct_of_values
from dra.cel.interpreter.chains import Attribute, chain, linked, presence_test
from dra.cel.interpreter.frame import Constant, Frame, Run
from dra.cel.interpreter.written import generate_loop
from dra.cel.library.conversions import CONVERSIONS
from dra.cel.shapes import shape
from dra.cel.syntax import Call, Comprehension, Ident, ListExpr, Literal, MapExpr, Node, Select, StructExpr
from dra.cel.values import (
    NO_OVERLOAD,
    Failure,
    Optional,
    Value,
    equal,
    is_registered_opaque,
    map_key,
    sure,
)

__all__ = ["Program", "plan"]


@attrs.frozen
class Program:
    """A planned expression.

    Attributes:
        run: The closure of the whole.
        slots: How many local variables a frame needs.
    """

    run: Run
    slots: int


def plan(checked: Checked, environment: Environment, *, watched: bool = False) -> Program:
    """Make the closures of an expression.

    Args:
        checked: The expression.
        environment: What it was checked in.
        watched: Whether frames keep the value of every node.

    Raises:
        Failure: A constant part of the expression fails.
    """
    planner = (_WatchingPlanner if watched else _Planner)(checked, environment)
    run = planner.plan(checked.ast.root)
    return Program(run, planner.slots)


class _Planner:
    def __init__(self, checked: Checked, environment: Environment) -> None:
        self.checked = checked
        self.environment = environment
        self.slots = 0
        self.scopes: list[dict[str, Run]] = []
        self.places: list[dict[str, int]] = []  # slots of the variables that the user has named

    def plan(self, node: Node) -> Run:
        if isinstance(node, Literal):
            return Constant(node.value)
        if node.id in self.checked.constants:
            return Constant(self.checked.constants[node.id])
        if isinstance(node, Ident):
            return Attribute(self.variable(node.name))
        if isinstance(node, Select):
            operand = self.plan(node.operand)
            if node.test:
                return presence_test(operand, node.field)
            return linked(operand, Constant(node.field), optional=False)
        if isinstance(node, Call):
            special = _SPECIAL.get(node.function)
            return special(self, node) if special else self.call(node)
        if isinstance(node, ListExpr):
            return list_of_values(list(map(self.plan, node.elements)), node.optional)
        if isinstance(node, MapExpr):
            keys = [self.plan(entry.key) for entry in node.entries]
            values = [self.plan(entry.value) for entry in node.entries]
            return map_of_values(keys, values, [entry.optional for entry in node.entries])
        if isinstance(node, StructExpr):
            return struct_of_values(node.name, [self.plan(entry.value) for entry in node.entries])
        return self.bind(node) if node.is_bind else self.comprehension(node)

    # Names

    def variable(self, name: str) -> Run:
        if not name.startswith("."):
            for scope in reversed(self.scopes):
                if name in scope:
                    return scope[name]
        name = name.lstrip(".")
        return lambda frame: frame.names[name]

    def slot(self) -> int:
        self.slots += 1
        return self.slots - 1

    def index(self, node: Call) -> Run:
        base, key = map(self.plan, node.arguments)
        if isinstance(key, Constant) and key.value.__class__ not in calls.HASHED:
            raise Failure(f"invalid qualifier type: {go_type(key.value)}")
        return linked(base, key, optional=node.function != "_[_]")

    # Logic

    def junction(self, node: Call, *, ends: bool) -> Run:
        """`&&` or `||`: the first term that is `ends` decides, else the first failure stays."""
        left, right = map(self.plan, node.arguments)

        def run(frame: Frame) -> Value:
            first = left(frame)
            if first is ends:
                return ends
            second = right(frame)
            if second is ends:
                return ends
            for value in (first, second):
                if value.__class__ is Failure:
                    return value
                if value.__class__ is not bool:
                    return NO_OVERLOAD
            return not ends

        return run

    def conditional(self, node: Call) -> Run:
        condition, when, otherwise = map(self.plan, node.arguments)
        when, otherwise = chain(when), chain(otherwise)

        def resolve(frame: Frame) -> Value:
            chosen = condition(frame)
            if chosen is True:
                return when(frame)
            if chosen is False:
                return otherwise(frame)
            return chosen if chosen.__class__ is Failure else NO_OVERLOAD

        return Attribute(resolve, free=True)

    def not_strictly_false(self, node: Call) -> Run:
        operand = self.plan(node.arguments[0])

        def run(frame: Frame) -> Value:
            value = operand(frame)
            frame.charge(1)
            return value if value.__class__ is bool else True

        return run

    def optional_or(self, node: Call) -> Run:
        left, right = map(self.plan, node.operands)
        unwrap, wants_optional = node.function == "orValue", self.environment.wants_optionals

        def run(frame: Frame) -> Value:
            value = left(frame)
            if value.__class__ is Failure:
                return value
            if value.__class__ is not Optional:
                return NO_OVERLOAD if wants_optional else value
            if not value.present:
                return right(frame)
            return value.value if unwrap else value

        return run

    # Calls

    def call(self, node: Call) -> Run:
        operands = list(map(self.plan, node.operands))
        overloads = self.checked.overloads[node.id]
        called = implementation(self.environment, node, overloads)
        if node.function in CONVERSIONS and isinstance(operands[0], Constant):
            return Constant(sure(called(operands[0].value)))
        first = overloads[0]
        gives_up = len(operands) > 2 or len(overloads) > 1
        if node.function in calls.WITH_PATTERN and isinstance(operands[1], Constant):
            # Upstream compiles a constant pattern beforehand, and with that changes the call a little.
            calls.require_pattern(operands[1].value)
            called = calls.terse(called)
            gives_up = True
        elif self.environment.functions[node.function].is_shared:
            gives_up = False
        charge = shared_charge(overloads)
        beforehand = charge is not None and first.cost.beforehand
        return calls.strict(operands, called, charge, gives_up=gives_up, beforehand=beforehand)

    def equality(self, node: Call) -> Run:
        left, right = map(self.plan, node.arguments)
        negated = node.function == "_!=_"
        charge = shared_charge(self.checked.overloads[node.id])

        def compute(first: Value, second: Value) -> Value:
            if not negated:
                return equal(first, second)
            try:
                return not equal(first, second)
            except Failure:
                return True

        def cost(values: Sequence[Value], result: Value) -> int:
            if not negated and is_registered_opaque(values[0]):
                return 1
            return charge(values, result) if charge else 1

        return calls.strict([left, right], compute, cost)

    def membership(self, node: Call) -> Run:
        """`in`, which for a list of constants is a look-up in a set that costs nothing."""
        overloads = self.checked.overloads[node.id]
        item, elements = map(self.plan, node.arguments)
        if isinstance(elements, Constant) and [one.id for one in overloads] == ["in_list"]:
            if not elements.value:
                return Constant(False)
            if all(value.__class__ in calls.HASHED for value in elements.value):
                return calls.in_set(item, frozenset(map(map_key, elements.value)))
        called = implementation(self.environment, node, overloads)
        return calls.strict([item, elements], called, shared_charge(overloads))

    # Comprehensions

    def bind(self, node: Comprehension) -> Run:
        initial = self.plan(node.initial)
        slot = self.slot()
        self.scopes.append({node.accumulator: loops.first_use(slot, initial)})
        self.places.append({node.accumulator: slot})
        result = self.plan(node.result)
        self.scopes.pop()
        self.places.pop()
        return loops.bound(slot, result)

    def comprehension(self, node: Comprehension) -> Run:
        range_, first = self.plan(node.range), self.slot()
        second = self.slot() if node.second else None
        variables = {node.variable: loops.slot(first)}
        if second is not None:
            variables[node.second] = loops.slot(second)
        found = shape(node) if self.recognises_loops else None
        if found is None:
            return self.folded(node, loops.Loop(range_, first, second), variables)
        loop = loops.Loop(range_, first, second, self.fast(node))
        self.scopes.append(variables)
        self.places.append(
            {node.variable: first} if second is None else {node.variable: first, node.second: second}
        )
        test = self.plan(found.test) if found.test is not None else None
        element = self.plan(found.element) if found.element is not None else None
        key = self.plan(found.key) if found.key is not None else None
        self.scopes.pop()
        self.places.pop()
        if element is not None and found.insert is not None:
            insert = implementation(self.environment, found.insert, self.checked.overloads[found.insert.id])
            return loops.merging(loop, test, element, insert)
        if element is not None and key is not None:
            return loops.inserting(loop, test, key, element)
        if element is not None:
            return loops.collecting(loop, test, element)
        if test is not None and found.kind == "count":
            return loops.counting(loop, test)
        return loops.quantifying(loop, test or Constant(True), found.steps, ends=found.ends is True)

    def fast(self, node: Comprehension) -> loops.Warmth:
        """Code for a loop, made when the loop has turned out to be long."""
        places = tuple(self.places)
        return loops.Warmth(partial(generate_loop, self.checked, self.environment, node, places))

    recognises_loops = True

    def folded(self, node: Comprehension, loop: loops.Loop, variables: dict[str, Run]) -> Run:
        accumulator = self.slot()
        initial = self.plan(node.initial)
        self.scopes.append({node.accumulator: loops.slot(accumulator)})
        self.scopes.append(variables)
        self.places.append({node.variable: loop.first})
        if loop.second is not None:
            self.places[-1][node.second] = loop.second
        condition, step = self.plan(node.condition), self.plan(node.step)
        self.places.pop()
        self.scopes.pop()
        result = self.plan(node.result)
        self.scopes.pop()
        return loops.folding(loop, accumulator, initial, condition, step, result)


class _WatchingPlanner(_Planner):
    """Makes closures that leave their values in the frame."""

    recognises_loops = False

    def plan(self, node: Node) -> Run:
        run = super().plan(node)
        inner = run.resolve if isinstance(run, Attribute) else run

        def watch(frame: Frame) -> Value:
            value = inner(frame)
            frame.values[node.id] = value.optional if value.__class__ is Lifted else value
            return value

        if isinstance(run, Attribute):
            return Attribute(watch, free=run.free)
        # A constant stays one: others look whether it is.
        return run if isinstance(run, Constant) else watch


_SPECIAL: Final[dict[str, Callable[[_Planner, Call], Run]]] = {
    "_&&_": partial(_Planner.junction, ends=False),
    "_||_": partial(_Planner.junction, ends=True),
    "_?_:_": _Planner.conditional,
    "_==_": _Planner.equality,
    "_!=_": _Planner.equality,
    "_[_]": _Planner.index,
    "_[?_]": _Planner.index,
    "_?._": _Planner.index,
    "@in": _Planner.membership,
    "@not_strictly_false": _Planner.not_strictly_false,
    "or": _Planner.optional_or,
    "orValue": _Planner.optional_or,
}
