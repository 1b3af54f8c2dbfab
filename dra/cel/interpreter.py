"""Evaluates a checked expression exactly: CEL's errors, laziness and cost, by closures made once.

A closure takes the `Frame` of one evaluation and returns a value, or a `Failure` in its place. What costs
how much is cel-go's: a name or a chain of selections costs one, as does each link of the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from dra.cel.access import MISSING, link, presence
from dra.cel.checker import Checked
from dra.cel.declarations import Cost, Overload
from dra.cel.dispatch import dispatcher
from dra.cel.env import Environment
from dra.cel.library.conversions import CONVERSIONS
from dra.cel.regex import RegexError, compile as compile_regex
from dra.cel.syntax import Call, Comprehension, Ident, ListExpr, Literal, MapExpr, Node, Select, StructExpr
from dra.cel.values import (
    NO_SUCH_OVERLOAD,
    NONE,
    Failure,
    Optional,
    Uint,
    Value,
    equal,
    is_registered_opaque,
    key_value,
    map_key,
    no_such_overload,
    type_value,
)

__all__ = ["COST_LIMIT", "CostLimitExceeded", "Frame", "InternalError", "Program", "Run", "plan"]

COST_LIMIT: Final = 1_000_000

LIST_COST: Final = 10
MAP_COST: Final = 30
STRUCT_COST: Final = 40


class CostLimitExceeded(Exception):  # noqa: N818 - it ends the evaluation, nothing absorbs it
    """The evaluation has cost more than it may."""

    def __init__(self) -> None:
        super().__init__("operation cancelled: actual cost limit exceeded")


class Frame:
    """The state of one evaluation: what names mean, the values of local variables, the cost so far."""

    __slots__ = ("cost", "limit", "names", "slots", "values")

    def __init__(self, names: Mapping[str, Value], slots: int, limit: int = COST_LIMIT) -> None:
        self.names = names
        self.slots: list[Any] = [None] * slots
        self.cost = 0
        self.limit = limit
        self.values: dict[int, Value] = {}  # last value by node id, where the program is watched

    def charge(self, cost: int) -> None:
        """Add to the cost.

        Raises:
            CostLimitExceeded: The limit is passed.
        """
        self.cost += cost
        if self.cost > self.limit:
            raise CostLimitExceeded


Run: TypeAlias = Callable[[Frame], Value]


class _Constant:
    """A closure whose value is known when the expression is compiled."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __call__(self, _frame: Frame) -> Value:
        return self.value


class _Attribute:
    """A name, a selection, an index or a condition, before it is known what is selected from it.

    `resolve` gives its value without the cost of one that the whole chain has in the end.
    """

    __slots__ = ("free", "resolve")

    def __init__(self, resolve: Run, *, free: bool = False) -> None:
        self.resolve = resolve
        self.free = free

    def __call__(self, frame: Frame) -> Value:
        value = self.resolve(frame)
        if not self.free:
            frame.cost += 1
            if frame.cost > frame.limit:
                raise CostLimitExceeded
        return value.optional if value.__class__ is _Lifted else value


class _Lifted:
    """A value in the middle of a chain that has an optional link: what follows is optional too."""

    __slots__ = ("optional",)

    def __init__(self, optional: Optional) -> None:
        self.optional = optional


def _held(value: Value) -> Optional:
    """The optional in the middle of a chain."""
    optional: Optional = value.optional if value.__class__ is _Lifted else value
    return optional


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

    def plan(self, node: Node) -> Run:
        if isinstance(node, Literal):
            return _Constant(node.value)
        if node.id in self.checked.constants:
            return _Constant(self.checked.constants[node.id])
        if isinstance(node, Ident):
            return _Attribute(self.variable(node.name))
        if isinstance(node, Select):
            return self.select(node)
        if isinstance(node, Call):
            special = _SPECIAL.get(node.function)
            return special(self, node) if special else self.call(node)
        if isinstance(node, ListExpr):
            return self.list(node)
        if isinstance(node, MapExpr):
            return self.map(node)
        if isinstance(node, StructExpr):
            return self.struct(node)
        return self.comprehension(node)

    # Names and chains

    def variable(self, name: str) -> Run:
        if not name.startswith("."):
            for scope in reversed(self.scopes):
                if name in scope:
                    return scope[name]
        name = name.lstrip(".")
        return lambda frame: frame.names[name]

    def chain(self, operand: Run) -> Run:
        """What to select from: the operand's value, by itself costing one if it is no attribute."""
        return operand.resolve if isinstance(operand, _Attribute) else operand

    def select(self, node: Select) -> Run:
        base = self.chain(self.plan(node.operand))
        if not node.test:
            return self.linked(base, _Constant(node.field), optional=False)

        def test(frame: Frame) -> Value:
            value = base(frame)
            if value.__class__ is Failure:
                return value
            if value.__class__ is _Lifted or value.__class__ is Optional:
                held = _held(value)
                if not held.present:
                    return False
                value = held.value
            frame.charge(1)
            return presence(value, node.field)

        return _Free(test)

    def linked(self, base: Run, key: Run, *, optional: bool) -> _Attribute:
        """One more link of a chain. From the first optional link on, all are."""
        key_of = self.chain(key)
        constant = key.value if isinstance(key, _Constant) else None

        def resolve(frame: Frame) -> Value:
            value = base(frame)
            if value.__class__ is Failure:
                return value
            lifted = optional
            if value.__class__ is _Lifted or value.__class__ is Optional:
                held = _held(value)
                if not held.present:
                    return _Lifted(held)
                lifted, value = True, held.value
            index = key_of(frame) if constant is None else constant
            if index.__class__ is Failure:
                found = index
            else:
                found = link(value, index.optional if index.__class__ is _Lifted else index, optional=lifted)
            if found is MISSING:
                return _Lifted(NONE)
            if lifted and found.__class__ is Failure:
                return found
            frame.cost += 1
            if frame.cost > frame.limit:
                raise CostLimitExceeded
            return _Lifted(Optional(found)) if lifted else found

        return _Attribute(resolve)

    def index(self, node: Call) -> Run:
        base, key = (self.plan(argument) for argument in node.arguments)
        if isinstance(key, _Constant) and key.value.__class__ not in _HASHED:
            raise Failure(f"invalid qualifier type: {go_type(key.value)}")
        return self.linked(self.chain(base), key, optional=node.function != "_[_]")

    # Logic

    def conjunction(self, node: Call) -> Run:
        return self.junction(node, ends=False)

    def disjunction(self, node: Call) -> Run:
        return self.junction(node, ends=True)

    def junction(self, node: Call, *, ends: bool) -> Run:
        """`&&` or `||`: the first term that is `ends` decides, else the first failure stays."""
        left, right = (self.plan(argument) for argument in node.arguments)

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
                    return Failure(NO_SUCH_OVERLOAD)
            return not ends

        return run

    def conditional(self, node: Call) -> Run:
        condition, when, otherwise = (self.plan(argument) for argument in node.arguments)
        when, otherwise = self.chain(when), self.chain(otherwise)

        def resolve(frame: Frame) -> Value:
            chosen = condition(frame)
            if chosen is True:
                return when(frame)
            if chosen is False:
                return otherwise(frame)
            return chosen if chosen.__class__ is Failure else Failure(NO_SUCH_OVERLOAD)

        return _Attribute(resolve, free=True)

    def not_strictly_false(self, node: Call) -> Run:
        operand = self.plan(node.arguments[0])

        def run(frame: Frame) -> Value:
            value = operand(frame)
            frame.charge(1)
            return value if value.__class__ is bool else True

        return run

    def optional_or(self, node: Call) -> Run:
        left, right = (self.plan(operand) for operand in node.operands)
        unwrap = node.function == "orValue"

        def run(frame: Frame) -> Value:
            value = left(frame)
            if value.__class__ is Failure:
                return value
            if value.__class__ is not Optional:
                return Failure(NO_SUCH_OVERLOAD)
            if not value.present:
                return right(frame)
            return value.value if unwrap else value

        return run

    # Calls

    def call(self, node: Call) -> Run:
        operands = [self.plan(operand) for operand in node.operands]
        overloads = self.checked.overloads[node.id]
        implementation = self.implementation(node, overloads)
        if node.function in CONVERSIONS and isinstance(operands[0], _Constant):
            return _Constant(implementation(operands[0].value))
        gives_up = len(operands) > 2 or len(overloads) > 1
        if node.function in _WITH_PATTERN and isinstance(operands[1], _Constant):
            # Upstream compiles a constant pattern beforehand, and with that changes the call a little.
            _require_pattern(operands[1].value)
            implementation = _terse(implementation)
            gives_up = True
        elif self.environment.functions[node.function].is_shared:
            gives_up = False
        charge = _charge(overloads)
        beforehand = charge is not None and overloads[0].cost.beforehand
        return _strict(operands, implementation, charge, gives_up=gives_up, beforehand=beforehand)

    def implementation(self, node: Call, overloads: tuple[Overload, ...]) -> Callable[..., Value]:
        function = self.environment.functions[node.function]
        if not function.is_shared and len(overloads) == 1:
            return dispatcher(function.name, overloads, shared=False)
        return dispatcher(function.name, function.overloads, shared=function.is_shared)

    def equality(self, node: Call) -> Run:
        left, right = (self.plan(argument) for argument in node.arguments)
        negated = node.function == "_!=_"
        charge = _charge(self.checked.overloads[node.id])

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

        return _strict([left, right], compute, cost)

    def membership(self, node: Call) -> Run:
        """`in`, which for a list of constants is a look-up in a set that costs nothing."""
        overloads = self.checked.overloads[node.id]
        item, elements = (self.plan(argument) for argument in node.arguments)
        if isinstance(elements, _Constant) and [one.id for one in overloads] == ["in_list"]:
            if not elements.value:
                return _Constant(False)
            if all(value.__class__ in _HASHED for value in elements.value):
                return _in_set(item, frozenset(map(map_key, elements.value)))
        return _strict([item, elements], self.implementation(node, overloads), _charge(overloads))

    # Aggregates

    def list(self, node: ListExpr) -> Run:
        elements = [self.plan(element) for element in node.elements]
        if all(isinstance(element, _Constant) for element in elements) and not node.optional:
            return _Constant(tuple(element.value for element in elements if isinstance(element, _Constant)))
        optional = node.optional

        def run(frame: Frame) -> Value:
            values = []
            for index, element in enumerate(elements):
                value = element(frame)
                if value.__class__ is Failure:
                    frame.charge(LIST_COST)
                    return value
                if index in optional:
                    if value.__class__ is not Optional:
                        frame.charge(LIST_COST)
                        return Failure(
                            f"cannot initialize optional list element from non-optional value {value}"
                        )
                    if not value.present:
                        continue
                    value = value.value
                values.append(value)
            frame.charge(LIST_COST)
            return tuple(values)

        return run

    def map(self, node: MapExpr) -> Run:
        keys = [self.plan(entry.key) for entry in node.entries]
        values = [self.plan(entry.value) for entry in node.entries]
        optional = [entry.optional for entry in node.entries]
        if all(isinstance(one, _Constant) for one in (*keys, *values)) and not any(optional):
            made = _entries(keys, values, optional, Frame({}, 0))
            return _Constant(made)

        def run(frame: Frame) -> Value:
            made = _entries(keys, values, optional, frame)
            frame.charge(MAP_COST)
            return made

        return run

    def struct(self, node: StructExpr) -> Run:
        values = [self.plan(entry.value) for entry in node.entries]
        failure = Failure(f"unknown type '{node.name}'")

        def run(frame: Frame) -> Value:
            for value in values:
                found = value(frame)
                if found.__class__ is Failure:
                    frame.charge(STRUCT_COST)
                    return found
            frame.charge(STRUCT_COST)
            return failure

        return run

    # Comprehensions

    def slot(self) -> int:
        self.slots += 1
        return self.slots - 1

    def comprehension(self, node: Comprehension) -> Run:
        range_ = self.plan(node.range)
        initial = self.plan(node.initial)
        if node.is_bind:
            return self.bound(node, initial)
        accumulator, first, second = self.slot(), self.slot(), self.slot()
        self.scopes.append({node.accumulator: _slot(accumulator)})
        names = {node.variable: _slot(first)}
        if node.second:
            names[node.second] = _slot(second)
        self.scopes.append(names)
        condition, step = self.plan(node.condition), self.plan(node.step)
        self.scopes.pop()
        result = self.plan(node.result)
        self.scopes.pop()
        entries = _pairs if node.second else _singles

        def run(frame: Frame) -> Value:
            over = range_(frame)
            if over.__class__ is Failure:
                return over
            slots = frame.slots
            slots[accumulator] = initial(frame)
            try:
                for key, value in entries(over):
                    slots[first], slots[second] = key, value
                    if condition(frame) is False:
                        break
                    slots[accumulator] = step(frame)
            except Failure as failure:
                return failure
            return result(frame)

        return run

    def bound(self, node: Comprehension, initial: Run) -> Run:
        """`cel.bind`: the value is computed when it is first used."""
        slot = self.slot()

        def value(frame: Frame) -> Value:
            found = frame.slots[slot]
            if found is _UNSET:
                frame.slots[slot] = found = initial(frame)
            return found

        self.scopes.append({node.accumulator: value})
        result = self.plan(node.result)
        self.scopes.pop()

        def run(frame: Frame) -> Value:
            frame.slots[slot] = _UNSET
            return result(frame)

        return run


class _WatchingPlanner(_Planner):
    """Makes closures that leave their values in the frame."""

    def plan(self, node: Node) -> Run:
        run = super().plan(node)
        inner = run.resolve if isinstance(run, _Attribute) else run

        def watch(frame: Frame) -> Value:
            value = inner(frame)
            frame.values[node.id] = value.optional if value.__class__ is _Lifted else value
            return value

        if isinstance(run, _Attribute):
            return _Attribute(watch, free=run.free)
        # A constant stays one: others look whether it is.
        return run if isinstance(run, _Constant) else watch


_UNSET: Final = object()
_WITH_PATTERN: Final = ("matches", "find", "findAll")
_HASHED: Final = frozenset((bool, int, Uint, float, str))


class _Free(_Attribute):
    """A presence test: like any chain, but costing only its links."""

    def __init__(self, resolve: Run) -> None:
        super().__init__(resolve, free=True)


def _require_pattern(pattern: Value) -> None:
    """Refuse a constant that is no regular expression.

    Raises:
        Failure: It is none.
    """
    try:
        compile_regex(str(pattern))
    except RegexError as error:
        raise Failure(str(error)) from None


def _terse(implementation: Callable[..., Value]) -> Callable[..., Value]:
    def call(*values: Value) -> Value:
        try:
            return implementation(*values)
        except Failure as failure:
            raise (no_such_overload() if str(failure).startswith(NO_SUCH_OVERLOAD) else failure) from None

    return call


def _slot(index: int) -> Run:
    return lambda frame: frame.slots[index]


def _charge(overloads: tuple[Overload, ...]) -> Callable[[Sequence[Value], Value], int] | None:
    """The cost of a call: the overload's, or that which all candidates share, or else one."""
    cost: Cost = overloads[0].cost
    return cost.charge if all(one.cost is cost for one in overloads) else None


def _strict(
    operands: list[Run],
    implementation: Callable[..., Value],
    charge: Callable[[Sequence[Value], Value], int] | None,
    *,
    gives_up: bool = False,
    beforehand: bool = False,
) -> Run:
    """A call that fails if one of its operands does.

    With `gives_up` what follows a failing operand is not evaluated, and then the call costs nothing.
    With `beforehand` the call is not begun if it costs too much; what it costs does not depend on its result.
    """
    last = operands[-1] if operands else None

    def run(frame: Frame) -> Value:
        values = []
        result = None
        for operand in operands:
            value = operand(frame)
            if value.__class__ is Failure:
                result = result or value
                if gives_up and operand is not last:
                    return result
            values.append(value)
        if beforehand and charge is not None:
            frame.charge(charge(values, None))
        if result is None:
            try:
                result = implementation(*values)
            except Failure as raised:
                result = raised
        if not beforehand:
            frame.cost += 1 if charge is None else charge(values, result)
            if frame.cost > frame.limit:
                raise CostLimitExceeded
        return result

    return run


def _in_set(item: Run, wanted: frozenset[Any]) -> Run:
    def run(frame: Frame) -> Value:
        value = item(frame)
        if value.__class__ is Failure:
            return value
        if value.__class__ in _HASHED:
            return map_key(value) in wanted
        return unhashed(value)

    return run


class InternalError(Exception):
    """Upstream's evaluator crashes here: the whole evaluation fails, whatever surrounds it."""


def unhashed(value: Value) -> bool:
    """What looking a value up in a set of constants gives: versions and bytes cannot be looked up."""
    name = getattr(value.__class__, "go_unhashable", "types.Bytes" if value.__class__ is bytes else "")
    if name:
        raise InternalError(f"internal error: runtime error: hash of unhashable type {name}")
    return False


def _not_optional(what: str, value: Value) -> Failure:
    return Failure(f"cannot initialize optional {what} from non-optional value {value}")


def _entries(keys: list[Run], values: list[Run], optional: list[bool], frame: Frame) -> Value:
    made: dict[Any, Value] = {}
    for key_of, value_of, maybe in zip(keys, values, optional, strict=True):
        key = key_of(frame)
        if key.__class__ is Failure:
            return key
        value = value_of(frame)
        if value.__class__ is Failure:
            return value
        if maybe:
            if value.__class__ is not Optional:
                return _not_optional(f"entry '{key}'", value)
            if not value.present:
                made.pop(map_key(key), None)
                continue
            value = value.value
        try:
            made[map_key(key)] = value
        except TypeError:
            return Failure(f"unsupported key type: {type_value(key).name}")
    return made


def _singles(over: Value) -> Iterable[tuple[Value, Value]]:
    if isinstance(over, tuple):
        return [(element, None) for element in over]
    if isinstance(over, dict):
        return [(key_value(key), None) for key in over]
    raise Failure(f"got '{go_type(over)}', expected iterable type")


def _pairs(over: Value) -> Iterable[tuple[Value, Value]]:
    if isinstance(over, tuple):
        return enumerate(over)
    if isinstance(over, dict):
        return [(key_value(key), value) for key, value in over.items()]
    raise Failure(f"unsupported comprehension range type: {go_type(over)}")


def go_type(value: Value) -> str:
    """The Go type of a value, which some of upstream's messages name."""
    name = type_value(value).name
    if name.startswith("kubernetes."):
        return f"cel.{name.removeprefix('kubernetes.')}"
    short = {
        "null_type": "Null",
        "google.protobuf.Duration": "Duration",
        "google.protobuf.Timestamp": "Timestamp",
    }
    return f"types.{short.get(name, name.capitalize())}"


_SPECIAL: Final[dict[str, Callable[[_Planner, Call], Run]]] = {
    "_&&_": _Planner.conjunction,
    "_||_": _Planner.disjunction,
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
