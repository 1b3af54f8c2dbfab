"""Writes loops that count their cost: for comprehensions of very many elements.

What an element costs whatever its value is added once; what depends on the value is added where it arises, by
assignments within the expression. Anything the code has no answer for, and the step that passes the limit, is
handed back to the interpreter, which does that one element exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from dra.cel.checker import Checked
from dra.cel.codegen import calling, looping, reading
from dra.cel.codegen.runtime import NAMES, UNSET
from dra.cel.codegen.writer import NotGenerated, Writer
from dra.cel.declarations import LIST_COST, REGEX_LENGTH, Overload, shared_charge
from dra.cel.env import Environment
from dra.cel.library.conversions import CONVERSIONS
from dra.cel.path import DevicePath
from dra.cel.regex import compile as compile_regex
from dra.cel.shapes import Shape, shape
from dra.cel.syntax import Call, Comprehension, Ident, ListExpr, Literal, MapExpr, Node, Select
from dra.cel.types import DYN, STRING, Kind, Type
from dra.cel.values import Failure, Value, is_registered_opaque, python_class

__all__ = ["DONE", "STOPPED", "TROUBLE", "UNSET", "FastLoop", "Items", "generate_loop"]

DONE: Final = 0
STOPPED: Final = 1
TROUBLE: Final = 2

Items: TypeAlias = "list[Value] | dict[Any, Value]"
# Runs a loop until it ends or there is an element it cannot deal with. From the elements, the cost so far,
# its limit, a list or map to collect in, the slots of variables and global names, it gives why it ended
# (`DONE`; `STOPPED`, an element has decided; `TROUBLE`), the cost up to there, and the element that was
# trouble, which has left no trace.
FastLoop: TypeAlias = Callable[
    [Iterator[Value], int, int, Items, "list[Any]", "Mapping[str, Value]"], "tuple[int, int, Any]"
]

_LONGEST_TABLE: Final = 1000
_LONGEST_VALUE: Final = 500  # of the code of a bound value, which is written out wherever it is used
_TENTHS: Final = tuple(-(-size // 10) for size in range(_LONGEST_TABLE))
# Values of these have size one, whatever they are.
_SCALARS: Final = frozenset((Kind.BOOL, Kind.INT, Kind.UINT, Kind.DOUBLE, Kind.DURATION, Kind.TIMESTAMP))
_LINKS: Final = ("_[_]", "_?._", "_[?_]")
_VARIABLE: Final = re.compile(r"\b[tv][0-9]+\b")


def generate_loop(
    checked: Checked, environment: Environment, node: Comprehension, places: Sequence[Mapping[str, int]]
) -> FastLoop | None:
    """Code for a comprehension, or None if it has something that only the interpreter does.

    Args:
        checked: The expression.
        environment: What it was checked in.
        node: The comprehension.
        places: Slots of the variables around it, by name, the innermost last.
    """
    found = shape(node)
    if found is None:
        return None
    writer = _CountingWriter(checked, environment, places)
    names = NAMES | {"TENTHS": _TENTHS}
    try:
        _outer(writer, node, found)
        names |= writer.constants
        exec(compile("".join(writer.functions), "<CEL>", "exec"), names)  # noqa: S102 - of names made here
    except (NotGenerated, SyntaxError, MemoryError, RecursionError, OverflowError):
        return None
    made: FastLoop = names["loop"]  # type: ignore[assignment]  # what the source defines
    return made


class _CountingWriter(Writer):
    """Writes expressions that add to the local variable `c` what they cost beyond `cost`.

    Attributes:
        cost: What the code written so far costs, whatever the values.
        hoisted: What is read once before the loop, by the name that holds it.
        is_transparent: Whether the code so far, if it fails, fails as the interpreter and at a known cost.
    """

    def __init__(
        self, checked: Checked, environment: Environment, places: Sequence[Mapping[str, int]]
    ) -> None:
        super().__init__(checked, environment, _WAYS)
        self.places = places
        self.cost = 0
        self.hoisted: dict[str, str] = {}
        self.is_transparent = True

    def lazily(self, write: Callable[[], str]) -> str:
        before, self.cost = self.cost, 0
        code = write()
        cost, self.cost = self.cost, before
        return f"((c := c + {cost}) and {code})" if cost else code

    def code(self, node: Node, wanted: Type | None = None) -> str:
        if isinstance(node, Literal) or node.id in self.checked.constants:
            return super().code(node, wanted)
        path = self.path(node)
        if path is not None:
            self.cost += sum(step is not None and step != "" for step in (path.field, path.domain, path.name))
        code = super().code(node, wanted)
        if self.is_chain(node):
            self.cost += 1
        return code

    def is_chain(self, node: Node) -> bool:
        """Whether a node costs one as the end of a chain, and nothing if more is selected from it."""
        if node.id in self.checked.constants:
            return False
        if isinstance(node, Select):
            return not node.test
        return isinstance(node, Ident) or (isinstance(node, Call) and node.function in _LINKS)

    def chain(self, node: Node) -> str:
        """The code of a node from which more is selected, or which a condition passes on."""
        code = self.code(node)
        if self.is_chain(node):
            self.cost -= 1
        return code

    def alias(self, name: str) -> DevicePath | None:
        if any(name in scope for scope in (*self.scopes, *self.places)):
            return None
        return super().alias(name)

    def variable(self, node: Ident) -> str:
        for scope in reversed(self.scopes):
            if node.name in scope:
                return str(scope[node.name])
        for places in reversed(self.places):
            if node.name in places:
                return self.hoist(f"known(slots[{places[node.name]}])", "UNSET")
        raise NotGenerated

    def from_device(self, path: DevicePath) -> str:
        code = f"names['device'][{path.field!r}]" if path.field else "names['device']"
        if path.domain is not None:
            code += f".get({path.domain!r}, {{}})"
        if path.name is None:
            return self.hoist(code)
        failure = f"fail({f'no such key: {path.name}'!r})"
        return self.hoist(f"{code}.get({path.name!r}, MISSING)", "MISSING", failure)

    def hoist(self, code: str, unless: str = "", otherwise: str = "refuse()") -> str:
        """The name of what is read before the loop, and what to do where it turns out to be `unless`."""
        name = next((name for name, known in self.hoisted.items() if known == code), "")
        if not name:
            name = f"v{len(self.hoisted)}"
            self.hoisted[name] = code
        return f"({name} if {name} is not {unless} else {otherwise})" if unless else name

    def is_constant(self, node: Node) -> bool:
        """Whether the interpreter knows a node's value beforehand."""
        if isinstance(node, Literal) or node.id in self.checked.constants:
            return True
        if isinstance(node, ListExpr):
            return not node.optional and all(map(self.is_constant, node.elements))
        if isinstance(node, MapExpr):
            parts = [part for entry in node.entries for part in (entry.key, entry.value)]
            return all(map(self.is_constant, parts)) and not any(entry.optional for entry in node.entries)
        if not isinstance(node, Call):
            return False
        if node.function == "@in":
            return isinstance(node.arguments[1], ListExpr) and not node.arguments[1].elements
        return node.function in CONVERSIONS and self.is_constant(node.operands[0])

    def is_simple(self, node: Node) -> bool:
        return isinstance(node, Literal)


# Loops


def _outer(writer: _CountingWriter, node: Comprehension, found: Shape) -> None:
    variables, lines = _body(writer, node, found, stop=f"return {STOPPED}, c, None")
    hoisted = "".join(f" {name} = {code}\n" for name, code in writer.hoisted.items())
    writer.functions.append(
        "def loop(elements, c, limit, items, slots, names):\n"
        f"{hoisted}"
        f" {variables} = before = {'None, None' if node.second else 'None'}\n before = c\n"
        " try:\n"
        f"  for {variables} in elements:\n"
        "   before = c\n"
        + "".join(f"   {line}\n" for line in lines)
        + f" except Exception:\n  return {TROUBLE}, before, ({variables})\n"
        f" return {DONE}, c, None\n"
    )


def _inner(writer: _CountingWriter, node: Comprehension, found: Shape) -> tuple[str, list[str]]:
    """A function for a loop within a loop: its name, and the variables it takes beyond elements and cost."""
    ends = found.kind == "exists"
    stop = f"return {ends}, c + 1 + ({found.steps - 1} if any(True for _ in elements) else 0)"
    variables, lines = _body(writer, node, found, stop=stop)
    results = {"collect": "tuple(items), c + 1", "count": "len(items) == 1, c + 2", "insert": "items, c + 1"}
    scoped = [str(code) for scope in writer.scopes for code in scope.values()]
    if any("UNSET" in code and code in " ".join(lines) for code in scoped):
        raise NotGenerated  # a bound value would be computed, and paid, in each run of the inner loop
    outside = {*scoped, *writer.hoisted}
    taken = sorted(set(_VARIABLE.findall(" ".join(lines))) & outside)
    name = f"loop{len(writer.functions)}"
    writer.functions.append(
        f"def {name}({', '.join(('elements', 'c', 'limit', *taken))}):\n"
        " elements, items = iter(elements), {'{}' if found.kind == 'insert' else '[]'}\n"
        f" for {variables} in elements:\n"
        + "".join(f"  {line}\n" for line in lines)
        + f" return {results.get(found.kind, f'{not ends}, c + 1')}\n"
    )
    return name, taken


def _body(writer: _CountingWriter, node: Comprehension, found: Shape, *, stop: str) -> tuple[str, list[str]]:
    """The variables of a loop, and the lines that deal with one element."""
    first, second = writer.name(), writer.name() if node.second else ""
    element = DYN if second else writer.certainty.element(node.range)
    writer.scopes.append({node.variable: first, node.second: second} if second else {node.variable: first})
    writer.certainty.scopes.append({node.variable: element, node.second: DYN})
    before, writer.cost = writer.cost, found.steps
    lines = _test(writer, found, stop) if found.element is None else _element(writer, found)
    writer.cost = before
    writer.certainty.scopes.pop()
    writer.scopes.pop()
    return f"{first}, {second}" if second else first, lines


_CHECK: Final = "if c > limit: refuse()"


def _test(writer: _CountingWriter, found: Shape, stop: str) -> list[str]:
    writer.is_transparent = True
    test = writer.boolean(found.test or Literal(0, True))
    lines = [f"c += {writer.cost}", f"chosen = {test}"]
    if found.kind == "count":
        return [*lines, "if chosen: c += 2", _CHECK, "if chosen: items.append(None)"]
    if writer.is_transparent and len(writer.scopes) == 1 and "c :=" not in test:
        lines[1:] = [f"try: chosen = {test}", "except Failure as failure:"]
        lines += [f" chosen = {found.kind == 'all'}", " if not items: items.append(failure)"]
    return [*lines, _CHECK, f"if {'' if found.kind == 'exists' else 'not '}chosen: {stop}"]


def _element(writer: _CountingWriter, found: Shape) -> list[str]:
    part = found.element or Literal(0, None)
    overhead = 2 + (0 if writer.is_constant(part) or found.key is not None else LIST_COST)
    lines = []
    if found.test is not None:
        test = writer.boolean(found.test)
        lines = [f"c += {writer.cost}", f"chosen = {test}", _CHECK, "if not chosen: continue"]
        writer.cost = 0
    if found.key is not None:
        lines.append(f"key = map_key({writer.code(found.key)})")
    code = writer.code(part)
    lines += [f"c += {writer.cost + overhead}", f"item = {code}", _CHECK]
    if found.key is None:
        return [*lines, "items.append(item)"]
    return [*lines, "if key in items: refuse()", "items[key] = item"]


def _comprehension(writer: _CountingWriter, node: Comprehension, wanted: Type | None = None) -> str:
    if node.is_bind:
        return _bind(writer, node, wanted)
    found = shape(node)
    if found is None:
        raise NotGenerated
    over = writer.code(node.range)
    name, taken = _inner(writer, node, found)
    answer = writer.name()
    call = f"{name}({', '.join((f'{_entries(node)}({over})', 'c', 'limit', *taken))})"
    return f"({answer}[0] if (({answer} := {call}), (c := {answer}[1])) else 0)"


def _bind(writer: _CountingWriter, node: Comprehension, wanted: Type | None) -> str:
    """`cel.bind`: wherever the variable is used, it is computed unless it has been."""
    writer.is_transparent = False
    name = writer.name()
    value = writer.lazily(lambda: writer.code(node.initial))
    if len(value) > _LONGEST_VALUE:
        raise NotGenerated
    writer.scopes.append({node.accumulator: f"({name} if {name} is not UNSET else ({name} := {value}))"})
    writer.certainty.scopes.append({node.accumulator: writer.type_of(node.initial)})
    code = writer.part(node.result, wanted)
    writer.certainty.scopes.pop()
    writer.scopes.pop()
    return f"((({name} := UNSET),) and {code})"


def _entries(node: Comprehension) -> str:
    return "pairs" if node.second else "elements"


# Other nodes


def _select(writer: _CountingWriter, node: Select, _wanted: Type | None = None) -> str:
    writer.cost += 1
    return f"{'has' if node.test else 'get'}({_plain(writer, node.operand)}, {node.field!r})"


def _plain(writer: _CountingWriter, node: Node) -> str:
    writer.is_transparent = False
    if writer.checked.types[node.id].is_optional:
        raise NotGenerated
    return writer.chain(node)


def _list(writer: _CountingWriter, node: ListExpr, wanted: Type | None = None) -> str:
    if not writer.is_constant(node):
        writer.is_transparent = False
        writer.cost += LIST_COST
    return looping.list_literal(writer, node, wanted)


def _call(writer: _CountingWriter, node: Call, wanted: Type | None = None) -> str:
    special = _SPECIAL.get(node.function)
    if special is not None:
        return str(special(writer, node, wanted))
    if node.function in CONVERSIONS and not isinstance(node.operands[0], Literal):
        if writer.is_constant(node.operands[0]):
            raise NotGenerated
    elif node.function in ("or", "orValue", *_LINKS[1:]):
        raise NotGenerated
    overloads = writer.checked.overloads[node.id]
    charge = shared_charge(overloads)
    if all(isinstance(operand, Literal) for operand in node.operands) and node.operands:
        return _computed(writer, node, charge)
    if node.function == "matches" and isinstance(node.operands[1], Literal) and len(overloads) == 1:
        return _matches(writer, node, str(node.operands[1].value))
    if charge is not None:
        return _charged(writer, node, overloads, writer.constant(charge))
    writer.cost += 1
    gives_up = len(node.operands) > 2 or len(overloads) > 1
    if gives_up or any(one.inline.startswith("{1}") for one in overloads):
        writer.is_transparent = False
    if overloads[0].orders:
        called, codes = calling.operands(writer, node, overloads)
        return f"{called}({', '.join(codes)})"
    return calling.call(writer, node, wanted)


def _computed(writer: _CountingWriter, node: Call, charge: Callable[..., int] | None) -> str:
    """A call of literals: its value is constant, and so is its cost."""
    values = [operand.value for operand in node.operands if isinstance(operand, Literal)]
    implementation = calling.implementation(writer, node, writer.checked.overloads[node.id])
    try:
        value = implementation(*values)
    except Failure as failure:
        value = failure
    if node.function not in CONVERSIONS:
        writer.cost += 1 if charge is None else charge(values, value)
    return f"fail({str(value)!r})" if isinstance(value, Failure) else writer.literal(value)


def _matches(writer: _CountingWriter, node: Call, pattern: str) -> str:
    """`text.matches("constant")`, whose cost depends on the length of the text only."""
    text, search = writer.name(), writer.constant(compile_regex(pattern).search)
    code = writer.of(node.operands[0], STRING)
    cost = f"TENTHS[len({text}) + 1] * {math.ceil(len(pattern) * REGEX_LENGTH)}"
    usual = f"(({text} := {code}),) and len({text}) < {_LONGEST_TABLE - 1} and (c := c + {cost})"
    return f"({search}({text}) if {usual} else refuse())"


def _charged(writer: _CountingWriter, node: Call, overloads: tuple[Overload, ...], charge: str) -> str:
    """A call whose cost depends on the values."""
    called, codes = calling.operands(writer, node, overloads)
    names = [writer.name() for _ in codes]
    operands = ", ".join(f"({name} := {code})" for name, code in zip(names, codes, strict=True))
    given = f"({', '.join(names)},)"
    if overloads[0].cost.beforehand:
        allowed = f"({operands},) and (c := c + {charge}({given}, None)) <= limit"
        return f"({called}({', '.join(names)}) if {allowed} else refuse())"
    result = writer.name()
    made = f"({result} := {called}({', '.join(names)})), (c := c + {charge}({given}, {result}))"
    return f"({result} if ({operands}, {made}) else 0)"


def _junction(writer: _CountingWriter, node: Call, operator: str) -> str:
    left, right = node.arguments
    writer.is_transparent = False
    first = writer.boolean(left)
    return f"({first} {operator} {writer.lazily(partial(writer.boolean, right))})"


def _conjunction(writer: _CountingWriter, node: Call, _wanted: Type | None = None) -> str:
    return _junction(writer, node, "and")


def _disjunction(writer: _CountingWriter, node: Call, _wanted: Type | None = None) -> str:
    return _junction(writer, node, "or")


def _conditional(writer: _CountingWriter, node: Call, wanted: Type | None = None) -> str:
    condition, when, otherwise = node.arguments
    writer.is_transparent = False
    test = writer.boolean(condition)

    def branch(part: Node) -> str:
        code = writer.part(part, wanted)
        writer.cost -= writer.is_chain(part)
        return code

    first, second = (writer.lazily(partial(branch, part)) for part in (when, otherwise))
    return f"({first} if {test} else {second})"


def _index(writer: _CountingWriter, node: Call, _wanted: Type | None = None) -> str:
    operand, key = node.arguments
    writer.cost += 1
    return f"get({_plain(writer, operand)}, {_plain(writer, key)})"


def _equality(writer: _CountingWriter, node: Call, _wanted: Type | None = None) -> str:
    left, right = node.arguments
    is_equal = node.function == "_==_"
    kinds = writer.type_of(left), writer.type_of(right)
    sign = "==" if is_equal else "!="
    if kinds[0] == kinds[1] and kinds[0].kind in _SCALARS:
        writer.cost += 1
        return f"({writer.code(left)} {sign} {writer.code(right)})"
    for part, other, kind in ((left, right, kinds[1]), (right, left, kinds[0])):
        if kind.kind in _SCALARS or (kind == STRING and isinstance(other, Literal)):
            return _with_known(writer, part, other, kind, sign, swapped=part is right)
    names = [writer.name() for _ in range(3)]
    shared = shared_charge(writer.checked.overloads[node.id])
    charge = writer.constant(partial(_equality_cost, shared, is_equal))
    operands = f"({names[0]} := {writer.code(left)}), ({names[1]} := {writer.code(right)})"
    made = f"({names[2]} := {'equal' if is_equal else 'differs'}({names[0]}, {names[1]}))"
    return f"({names[2]} if ({operands}, {made}, (c := c + {charge}({names[0]}, {names[1]}))) else 0)"


def _with_known(
    writer: _CountingWriter, part: Node, other: Node, kind: Type, sign: str, *, swapped: bool
) -> str:
    """Equality with a scalar or a literal text; values of another class than that are trouble."""
    name, known = writer.name(), writer.name()
    wanted = python_class(kind)
    if wanted is None:
        raise NotGenerated
    first, second = (other, part) if swapped else (part, other)
    names = (known, name) if swapped else (name, known)
    codes = [f"({one} := {writer.code(node)})" for one, node in zip(names, (first, second), strict=True)]
    guard = f"({', '.join(codes)},) and {name}.__class__ is {writer.class_name(wanted)}"
    if kind != STRING:
        writer.cost += 1
    else:
        guard += f" and len({known}) < {_LONGEST_TABLE}"
        guard += f" and (c := c + TENTHS[min(len({name}), len({known}))])"
    return f"({name} {sign} {known} if {guard} else refuse())"


def _equality_cost(charge: Callable[..., int] | None, is_equal: bool, left: Value, right: Value) -> int:
    if is_equal and is_registered_opaque(left):
        return 1
    return charge((left, right), None) if charge else 1


def _membership(writer: _CountingWriter, node: Call, wanted: Type | None = None) -> str:
    elements = node.arguments[1]
    if isinstance(elements, ListExpr) and all(isinstance(one, Literal) for one in elements.elements):
        return reading.membership(writer, node, wanted)
    overloads = writer.checked.overloads[node.id]
    charge = shared_charge(overloads)
    if charge is None:
        writer.cost += 1
        return calling.call(writer, node, wanted)
    return _charged(writer, node, overloads, writer.constant(charge))


_SPECIAL: Final[dict[str, Any]] = {
    "_&&_": _conjunction,
    "_||_": _disjunction,
    "_?_:_": _conditional,
    "_==_": _equality,
    "_!=_": _equality,
    "_[_]": _index,
    "@in": _membership,
}
_WAYS: Final[dict[type, Any]] = {
    Select: _select,
    Call: _call,
    ListExpr: _list,
    MapExpr: looping.map_literal,
    Comprehension: _comprehension,
}
