"""Turns a checked expression into one Python expression over a bound device: the fast evaluator.

The generated code gives CEL's value or raises; then the interpreter decides. That is right because CEL has
no side effects: whatever Python's `and`, `or`, `if` and `all` do not look at, CEL's would not have changed
the value either. So the code must raise wherever CEL fails, in particular where Python is more lenient: a
bool is no number, an integer overflows, a value of an unexpected class is refused.

Attributes and capacities are read from flat dicts by their full names, so the usual selector is a handful
of dict look-ups and comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import attrs

from dra.cel.access import MISSING, link, presence
from dra.cel.certainty import Certainty
from dra.cel.checker import Checked
from dra.cel.declarations import Overload
from dra.cel.device import BoundDevice
from dra.cel.dispatch import dispatcher
from dra.cel.env import Environment
from dra.cel.library.operators import int64
from dra.cel.library.quantity import QUANTITY
from dra.cel.path import DevicePath, device_path
from dra.cel.regex import compile as compile_regex
from dra.cel.syntax import Call, Comprehension, Ident, ListExpr, Literal, MapExpr, Node, Select
from dra.cel.types import BOOL, DYN, STRING, Kind, Type
from dra.cel.values import (
    NONE,
    Failure,
    Optional,
    Uint,
    Value,
    equal,
    key_value,
    map_key,
    python_class,
    type_value,
)

__all__ = ["Generated", "generate"]

Function = Callable[[BoundDevice], Value]


class NotGenerated(Exception):  # noqa: N818 - an answer, not a mistake
    """The expression has something that only the interpreter evaluates."""


@attrs.frozen
class Generated:
    """The fast evaluator of an expression.

    Attributes:
        source: Its Python text.
        run: Gives the value for a device, or raises anything at all.
    """

    source: str
    run: Function


# What generated code may call, besides constants and functions of its own


def _refuse(_value: object = None) -> Any:
    raise Failure("not as expected")


def _want(kind: type, value: Value) -> Value:
    return value if value.__class__ is kind else _refuse()


def _get(value: Value, key: Value) -> Value:
    found = link(value, key, optional=False)
    if found.__class__ is Failure:
        raise found
    return found


def _optional(value: Value, key: Value) -> Optional:
    """One optional link: `value.?key`."""
    if value.__class__ is Optional:
        if not value.present:
            return NONE
        value = value.value
    found = link(value, key, optional=True)
    if found.__class__ is Failure:
        raise found
    return NONE if found is MISSING else Optional(found)


def _present(found: Value) -> Optional:
    return NONE if found is MISSING else Optional(found)


def _has(value: Value, field: str) -> bool:
    found = presence(value, field)
    return found if found.__class__ is bool and value.__class__ is not Optional else _refuse()


def _elements(value: Value) -> Iterable[Value]:
    if value.__class__ is tuple:
        elements: tuple[Value, ...] = value
        return elements
    if isinstance(value, dict):
        return map(key_value, value)
    raise Failure("not iterable")


def _pairs(value: Value) -> Iterable[tuple[Value, Value]]:
    if value.__class__ is tuple:
        return enumerate(value)
    if isinstance(value, dict):
        return [(key_value(key), entry) for key, entry in value.items()]
    raise Failure("not iterable")


def _within(value: Value, wanted: frozenset[Value]) -> bool:
    if value.__class__ in (bool, int, Uint, float, str):
        return map_key(value) in wanted
    raise Failure("left to the interpreter")


_SCALARS: Final = frozenset(
    (Kind.BOOL, Kind.INT, Kind.UINT, Kind.DOUBLE, Kind.STRING, Kind.BYTES, Kind.DURATION, Kind.TIMESTAMP)
)
_MOST_COPIES: Final = 16
_MACROS: Final = frozenset(("all", "exists", "exists_one", "existsOne", "map", "filter"))


def _both(left: Callable[[], bool], right: Callable[[], bool]) -> bool:
    """`&&` that absorbs the error of one side if the other is false."""
    return _junction(left, right, ends=False)


def _either(left: Callable[[], bool], right: Callable[[], bool]) -> bool:
    """`||` that absorbs the error of one side if the other is true."""
    return _junction(left, right, ends=True)


def _junction(left: Callable[[], bool], right: Callable[[], bool], *, ends: bool) -> bool:
    first: Exception | None = None
    try:
        if left() is ends:
            return ends
    except Exception as error:
        first = error
    try:
        if right() is ends:
            return ends
    except Exception as error:
        # A doubt weighs more than an error that CEL would report.
        certain = isinstance(error, KeyError)
        raise (first or error) if certain else error from None
    if first is not None:
        raise first
    return not ends


NAMES: Final[dict[str, object]] = {
    "int64": int64,
    "refuse": _refuse,
    "want": _want,
    "get": _get,
    "optional": _optional,
    "present": _present,
    "has": _has,
    "elements": _elements,
    "pairs": _pairs,
    "within": _within,
    "equal": equal,
    "Optional": Optional,
    "NONE": NONE,
    "MISSING": MISSING,
    "type_value": type_value,
    "both": _both,
    "either": _either,
}


def generate(checked: Checked, environment: Environment, *, absorbing: bool = False) -> Generated | None:
    """The fast evaluator, or None if the expression has something that only the interpreter evaluates.

    Args:
        checked: The expression.
        environment: What it was checked in.
        absorbing: Whether `&&` and `||` go on after an error, at the price of a call each. Then a `KeyError`
            with the full name of an attribute or capacity is CEL's own error, and not merely a doubt.
    """
    generator = _Generator(checked, environment, absorbing=absorbing)
    try:
        body = generator.boolean(checked.ast.root)
        tables = "".join(f" {name} = device.{name}\n" for name in ("attributes", "capacity") if name in body)
        source = f"def selector(device):\n{tables} return {body}\n"
        namespace = dict(NAMES) | generator.constants
        exec(compile(source, "<CEL>", "exec"), namespace)  # noqa: S102 - of names and literals made here
    except (NotGenerated, SyntaxError, MemoryError, RecursionError, OverflowError):
        return None
    run: Any = namespace["selector"]
    return Generated(source, run)


class _Generator:
    """Writes the Python expression of each node."""

    def __init__(self, checked: Checked, environment: Environment, *, absorbing: bool) -> None:
        self.absorbing = absorbing
        self.checked = checked
        self.environment = environment
        self.certainty = Certainty(checked)
        self.constants: dict[str, object] = {}
        self.names = 0
        self.copies = 1  # how often the code at hand is written out
        self.scopes: list[dict[str, str | DevicePath]] = []
        # Within what a comprehension iterates over Python allows no assignment expressions.
        self.may_assign = True

    # Names and constants

    def name(self) -> str:
        self.names += 1
        return f"t{self.names}"

    def constant(self, value: object) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def type_of(self, node: Node) -> Type:
        path = self.path(node)
        if path is not None:
            is_quantity = path.field == "capacity" and path.name is not None
            return QUANTITY if is_quantity else self.certainty.of_device(path)
        return self.certainty.of(node)

    def literal(self, value: Value) -> str:
        if value is None or value.__class__ in (bool, int, str):
            return repr(value)
        return self.constant(value)

    # Expressions of a known class

    def boolean(self, node: Node) -> str:
        return self.of(node, BOOL)

    def of(self, node: Node, wanted: Type) -> str:
        """The code of a node whose value is of the class of a type, or which raises."""
        code = self.code(node)
        if self.type_of(node) == wanted:
            return code
        kind = python_class(wanted)
        if kind is None:
            return code
        return self.guarded(code, kind)

    def guarded(self, code: str, kind: type) -> str:
        class_name = self.class_name(kind)
        if not self.may_assign:
            return f"want({class_name}, {code})"
        name = self.name()
        return f"({name} if ({name} := {code}).__class__ is {class_name} else refuse())"

    def class_name(self, kind: type) -> str:
        if kind in (bool, int, str, float, bytes):
            return kind.__name__
        name = f"class_{kind.__name__}"
        self.constants[name] = kind
        return name

    # Nodes

    def code(self, node: Node) -> str:
        if isinstance(node, Literal):
            return self.literal(node.value)
        if node.id in self.checked.constants:
            return self.constant(self.checked.constants[node.id])
        path = self.path(node)
        if path is not None:
            return self.from_device(path)
        if isinstance(node, Ident):
            return self.variable(node)
        if isinstance(node, Select):
            return self.select(node)
        if isinstance(node, Call):
            special = _SPECIAL.get(node.function)
            return special(self, node) if special else self.call(node)
        if isinstance(node, ListExpr):
            return self.list_literal(node)
        if isinstance(node, MapExpr):
            return self.map_literal(node)
        if isinstance(node, Comprehension):
            return self.bind(node) if node.is_bind else self.comprehension(node)
        raise NotGenerated

    def path(self, node: Node) -> DevicePath | None:
        return device_path(node, self.alias)

    def alias(self, name: str) -> DevicePath | None:
        """What part of the device a variable stands for, if it is bound to one."""
        for scope in reversed(self.scopes):
            if name in scope:
                bound = scope[name]
                return bound if isinstance(bound, DevicePath) else None
        return DevicePath() if name == "device" else None

    def variable(self, node: Ident) -> str:
        for scope in reversed(self.scopes):
            bound = scope.get(node.name)
            if isinstance(bound, str):
                return bound
        raise NotGenerated

    def from_device(self, path: DevicePath) -> str:
        if path.field == "driver":
            return "device.driver"
        if path.field == "allowMultipleAllocations":
            return "device.allow_multiple_allocations"
        if path.field and path.full_name is not None:
            return f"{path.field}[{path.full_name!r}]"
        if path.field and path.domain is not None:
            return f"device.view[{path.field!r}].get({path.domain!r}, {self.constant({})})"
        return f"device.view[{path.field!r}]" if path.field else "device.view"

    def select(self, node: Select) -> str:
        if not node.test:
            return f"get({self.plain(node.operand)}, {node.field!r})"
        path = self.path(node.operand)
        if path is not None and path.domain is not None and path.name is None:
            return f"({path.child(node.field).full_name!r} in {path.field})"
        return f"has({self.plain(node.operand)}, {node.field!r})"

    def plain(self, node: Node) -> str:
        """A value that is no optional: selecting from one would make the rest of the chain optional."""
        if self.checked.types[node.id].is_optional:
            raise NotGenerated
        return self.code(node)

    def index(self, node: Call) -> str:
        operand, key = node.arguments
        return f"get({self.plain(operand)}, {self.plain(key)})"

    def optional_link(self, node: Call) -> str:
        operand, key = node.arguments
        flat = self.flat_entry(operand, key)
        if flat is not None:
            table, full_name = flat
            return f"present({table}.get({full_name!r}, MISSING))"
        if self.is_chain(operand):
            raise NotGenerated
        return f"optional({self.code(operand)}, {self.plain(key)})"

    def is_chain(self, node: Node) -> bool:
        """Whether a node is a selection from something optional, whose links are all optional."""
        return isinstance(node, Select) and self.checked.types[node.operand.id].is_optional

    def flat_link(self, node: Node) -> tuple[str, str] | None:
        """Table and full name of an optional link that is one look-up."""
        if isinstance(node, Call) and node.function in ("_[?_]", "_?._"):
            return self.flat_entry(*node.arguments)
        return None

    def flat_entry(self, operand: Node, key: Node) -> tuple[str, str] | None:
        """Table and full name, where an optional link is one look-up in the device."""
        path = self.path(operand)
        if path is None and isinstance(operand, Call) and operand.function in ("_[?_]", "_?._"):
            # An unknown domain is an empty map, so the link to it is never missing.
            outer, domain = operand.arguments
            base = self.path(outer)
            if base is not None and base.field and base.domain is None and isinstance(domain, Literal):
                path = base.child(str(domain.value))
        if path is None or path.domain is None or path.name is not None or not isinstance(key, Literal):
            return None
        full_name = path.child(key.value).full_name if isinstance(key.value, str) else None
        return (path.field, full_name) if full_name is not None else None

    # Logic

    def conjunction(self, node: Call) -> str:
        return self.junction("and", "both", node)

    def disjunction(self, node: Call) -> str:
        return self.junction("or", "either", node)

    def junction(self, operator: str, function: str, node: Call) -> str:
        left, right = map(self.boolean, node.arguments)
        if self.absorbing:
            return f"{function}(lambda: {left}, lambda: {right})"
        return f"({left} {operator} {right})"

    def conditional(self, node: Call) -> str:
        condition, when, otherwise = node.arguments
        return f"({self.code(when)} if {self.boolean(condition)} else {self.code(otherwise)})"

    def has_value(self, node: Call) -> str:
        target = node.operands[0]
        flat = self.flat_link(target)
        if flat is not None:
            return f"({flat[1]!r} in {flat[0]})"
        return self.call(node)

    def or_value(self, node: Call) -> str:
        target, default = node.operands
        flat = self.flat_link(target)
        if not self.may_assign:
            raise NotGenerated
        found = self.name()
        if flat is not None:
            table, full_name = flat
            look_up = f"{table}.get({full_name!r}, MISSING)"
            return f"({found} if ({found} := {look_up}) is not MISSING else {self.code(default)})"
        wrapped = self.guarded(self.code(target), Optional)
        return f"({found}.value if ({found} := {wrapped}).present else {self.code(default)})"

    def optional_or(self, _node: Call) -> str:
        raise NotGenerated

    def equality(self, node: Call) -> str:
        left, right = node.arguments
        code = self.equal(left, right)
        return f"(not {code})" if node.function == "_!=_" else code

    def equal(self, left: Node, right: Node) -> str:
        kinds = self.type_of(left), self.type_of(right)
        if kinds[0] == kinds[1] and kinds[0].kind in _SCALARS:
            return f"({self.code(left)} == {self.code(right)})"
        first, second = self.code(left), self.code(right)
        for code, other, kind in ((first, right, kinds[1]), (second, left, kinds[0])):
            one = python_class(kind)
            if kind.kind in _SCALARS and one is not None and self.is_simple(other) and self.may_assign:
                name, constant = self.name(), self.code(other)
                sides = f"{name}, {constant}" if other is right else f"{constant}, {name}"
                guard = f"({name} := {code}).__class__ is {self.class_name(one)}"
                return f"({name} == {constant} if {guard} else equal({sides}))"
        return f"equal({first}, {second})"

    def is_simple(self, node: Node) -> bool:
        """Whether the code of a node is one constant or name, and may be written twice."""
        return isinstance(node, Literal) or (isinstance(node, Ident) and self.path(node) is None)

    def membership(self, node: Call) -> str:
        item, elements = node.arguments
        path = self.path(elements)
        if path is not None and path.domain is not None and path.name is None and isinstance(item, Literal):
            if not isinstance(item.value, str):
                return "False"
            return f"({path.child(item.value).full_name!r} in {path.field})"
        if isinstance(elements, ListExpr) and not elements.optional:
            values = [element.value for element in elements.elements if isinstance(element, Literal)]
            if len(values) == len(elements.elements):
                return self.in_constants(item, values)
        return self.call(node)

    def in_constants(self, item: Node, values: list[Value]) -> str:
        if not values:
            return "False"
        if not all(value.__class__ in (bool, int, Uint, float, str) for value in values):
            raise NotGenerated
        wanted = self.constant(frozenset(map(map_key, values)))
        code = self.code(item)
        if self.type_of(item) == STRING:
            return f"({code} in {wanted})"
        if not self.may_assign:
            return f"within({code}, {wanted})"
        name = self.name()
        return f"({name} in {wanted} if ({name} := {code}).__class__ is str else within({name}, {wanted}))"

    # Calls

    def call(self, node: Call) -> str:
        overloads = self.checked.overloads[node.id]
        constant = self.computed(node, overloads)
        if constant is not None:
            return constant
        if len(overloads) == 1:
            return self.call_one(node, overloads[0])
        return self.call_any(node, overloads)

    def implementation(self, node: Call, overloads: tuple[Overload, ...]) -> Callable[..., Value]:
        function = self.environment.functions[node.function]
        candidates = function.overloads if function.is_shared or len(overloads) > 1 else overloads
        return dispatcher(function.name, candidates, shared=function.is_shared)

    def computed(self, node: Call, overloads: tuple[Overload, ...]) -> str | None:
        """The constant that a call of literals gives, such as `quantity("10Gi")`."""
        values = [operand.value for operand in node.operands if isinstance(operand, Literal)]
        if not values or len(values) != len(node.operands):
            return None
        try:
            return self.literal(self.implementation(node, overloads)(*values))
        except Failure:
            raise NotGenerated from None

    def call_one(self, node: Call, overload: Overload) -> str:
        operands = node.operands
        if node.function == "matches" and isinstance(operands[1], Literal):
            search = self.constant(compile_regex(str(operands[1].value)).search)
            return f"{search}({self.of(operands[0], STRING)})"
        swapped = self.absorbing and overload.inline.startswith("{1}")
        if all(map(self.fits, operands, overload.parameters)):
            codes = [self.of(*pair) for pair in zip(operands, overload.parameters, strict=True)]
            if overload.inline and not swapped:
                return f"({overload.inline.format(*codes)})"
            return f"{self.constant(overload.implementation)}({', '.join(codes)})"
        called = self.constant(self.implementation(node, (overload,)))
        return f"{called}({', '.join(map(self.code, operands))})"

    def fits(self, node: Node, wanted: Type) -> bool:
        """Whether a node's value has the class that a parameter wants, or can be made sure to have it."""
        found = self.type_of(node)
        if wanted.kind in (Kind.DYN, Kind.PARAMETER):
            return True
        if wanted.parameters:
            unknown = all(inner.kind in (Kind.DYN, Kind.PARAMETER) for inner in wanted.parameters)
            return found.kind is wanted.kind and found.name == wanted.name and unknown
        return found == wanted or (found.is_dyn and python_class(wanted) is not None)

    def call_any(self, node: Call, overloads: tuple[Overload, ...]) -> str:
        """A call with operands of unknown type: the likely overload inline, the others through a look-up."""
        called = self.constant(self.implementation(node, overloads))
        if len(node.operands) == 2 and self.may_assign:
            for index in (0, 1):
                code = self.likely(node, overloads, index, called)
                if code is not None:
                    return code
        return f"{called}({', '.join(map(self.code, node.operands))})"

    def likely(self, node: Call, overloads: tuple[Overload, ...], index: int, called: str) -> str | None:
        """If one operand is unknown and the other a literal: most likely they are of the same type."""
        unknown, known = node.operands[index], node.operands[1 - index]
        if not (self.type_of(unknown).is_dyn and self.is_simple(known)):
            return None
        kind = self.type_of(known)
        same = next((one for one in overloads if one.parameters == (kind, kind) and one.inline), None)
        wanted = python_class(kind)
        if same is None or wanted is None:
            return None
        name, constant = self.name(), self.code(known)
        sides = (name, constant) if index == 0 else (constant, name)
        inline = same.inline.format(*sides)
        guard = f"({name} := {self.code(unknown)}).__class__ is {self.class_name(wanted)}"
        return f"({inline} if {guard} else {called}({', '.join(sides)}))"

    # Aggregates and comprehensions

    def list_literal(self, node: ListExpr) -> str:
        if node.optional:
            raise NotGenerated
        if all(isinstance(element, Literal) for element in node.elements):
            return self.constant(tuple(one.value for one in node.elements if isinstance(one, Literal)))
        return f"({''.join(f'{self.code(element)}, ' for element in node.elements)})"

    def map_literal(self, node: MapExpr) -> str:
        pairs = [(entry.key, entry.value) for entry in node.entries if not entry.optional]
        values = {
            map_key(key.value): value.value
            for key, value in pairs
            if isinstance(key, Literal) and isinstance(value, Literal)
        }
        if not all(isinstance(one, Literal) for pair in pairs for one in pair) or len(pairs) != len(
            node.entries
        ):
            raise NotGenerated
        return self.constant(values)

    def bind(self, node: Comprehension) -> str:
        path = self.path(node.initial)
        if path is not None and path.name is None and path.field:
            self.scopes.append({node.accumulator: path})
            code = self.code(node.result)
        else:
            # The value is computed although it may not be used: its error is only a doubt.
            if self.absorbing or not self.may_assign:
                raise NotGenerated
            name = self.name()
            value = self.code(node.initial)
            self.scopes.append({node.accumulator: name})
            self.certainty.scopes.append({node.accumulator: self.type_of(node.initial)})
            code = f"({name} := {value}, {self.code(node.result)})[1]"
            self.certainty.scopes.pop()
        self.scopes.pop()
        return code

    def comprehension(self, node: Comprehension) -> str:
        written = self.checked.ast.macros.get(node.id)
        if written is None or written.function not in _MACROS:
            raise NotGenerated
        if self.absorbing and written.function in ("all", "exists"):
            raise NotGenerated
        rest = written.arguments[2 if node.second else 1 :]
        if written.function in ("all", "exists") and not node.second:
            unrolled = self.unrolled(node, "and" if written.function == "all" else "or", rest[0])
            if unrolled is not None:
                return unrolled
        over = self.iterated(node)
        first, second = self.name(), self.name() if node.second else ""
        scope: dict[str, str | DevicePath] = {node.variable: first}
        if node.second:
            scope[node.second] = second
        self.scopes.append(scope)
        element = DYN if node.second else self.certainty.element(node.range)
        self.certainty.scopes.append({node.variable: element, node.second: DYN})
        loop = f"for {f'{first}, {second}' if second else first} in {over}"
        code = self.macro(written.function, first, loop, rest)
        self.certainty.scopes.pop()
        self.scopes.pop()
        return code

    def unrolled(self, node: Comprehension, operator: str, test: Node) -> str | None:
        """A quantifier over a few constants, written out."""
        over = node.range
        if not isinstance(over, ListExpr) or over.optional or not over.elements:
            return None
        values = [element.value for element in over.elements if isinstance(element, Literal)]
        copies = self.copies * len(values)
        if len(values) != len(over.elements) or copies > _MOST_COPIES:
            return None
        self.copies, before = copies, self.copies
        self.certainty.scopes.append({node.variable: self.certainty.element(over)})
        codes = []
        for value in values:
            self.scopes.append({node.variable: self.literal(value)})
            codes.append(self.boolean(test))
            self.scopes.pop()
        self.certainty.scopes.pop()
        self.copies = before
        return f"({f' {operator} '.join(codes)})"

    def iterated(self, node: Comprehension) -> str:
        before, self.may_assign = self.may_assign, False
        over = self.code(node.range)
        self.may_assign = before
        return f"{'pairs' if node.second else 'elements'}({over})"

    def macro(self, function: str, variable: str, loop: str, rest: tuple[Node, ...]) -> str:
        if function == "map":
            condition = f" if {self.boolean(rest[0])}" if len(rest) == 2 else ""
            return f"tuple([{self.code(rest[-1])} {loop}{condition}])"
        test = self.boolean(rest[0])
        if function == "filter":
            return f"tuple([{variable} {loop} if {test}])"
        if function in ("exists_one", "existsOne"):
            return f"(sum([{test} {loop}]) == 1)"
        return f"{'all' if function == 'all' else 'any'}({test} {loop})"


_SPECIAL: Final[dict[str, Callable[[_Generator, Call], str]]] = {
    "_&&_": _Generator.conjunction,
    "_||_": _Generator.disjunction,
    "_?_:_": _Generator.conditional,
    "_==_": _Generator.equality,
    "_!=_": _Generator.equality,
    "_[_]": _Generator.index,
    "_[?_]": _Generator.optional_link,
    "_?._": _Generator.optional_link,
    "@in": _Generator.membership,
    "hasValue": _Generator.has_value,
    "or": _Generator.optional_or,
    "orValue": _Generator.or_value,
}
