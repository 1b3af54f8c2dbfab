"""Statements of calls, operators and logic."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Final

import attrs

from dra.cel.codegen.writer import NotGenerated
from dra.cel.declarations import REGEX_LENGTH, Overload, shared_charge
from dra.cel.dispatch import candidates, implementation
from dra.cel.interpreter import calls
from dra.cel.interpreter.written.constants import constant_value
from dra.cel.interpreter.written.runtime import RETURNS_FAILURES
from dra.cel.interpreter.written.script import Operand, Script
from dra.cel.library.operators import COMPARISON
from dra.cel.library.standard import regex_cost
from dra.cel.regex import compile as compile_regex
from dra.cel.syntax import Call, Node
from dra.cel.types import BOOL, INT, STRING, UINT, Kind, Type
from dra.cel.values import Value, map_key

__all__ = ["call"]

# Values of these have size one, whatever they are.
_SCALARS: Final = frozenset((Kind.BOOL, Kind.INT, Kind.UINT, Kind.DOUBLE, Kind.DURATION, Kind.TIMESTAMP))
# What Python compares as CEL does, by the name of its class.
_ALIKE: Final = {BOOL: "bool", INT: "int", UINT: "Uint", STRING: "str"}


def call(script: Script, node: Call) -> Operand:
    """Any call."""
    special = _SPECIAL.get(node.function)
    return special(script, node) if special else _strict_call(script, node)


# Calls that evaluate their operands first


def _strict_call(script: Script, node: Call) -> Operand:
    overloads = script.checked.overloads[node.id]
    first, *others = overloads
    function = script.environment.functions[node.function]
    called = implementation(script.environment, node, overloads)
    arity = len(node.operands)
    gives_up = arity > 2 or bool(others)
    pattern = None
    if node.function in calls.WITH_PATTERN:
        pattern = constant_value(script.checked, script.environment, node.operands[1])
    if pattern is not None:
        called, gives_up = calls.terse(called), True
    elif function.is_shared:
        gives_up = False
    certain = _certain(script, node, candidates(script.environment, node, overloads))
    inline = ""
    if pattern is not None and node.function == "matches" and certain is not None:
        inline = f"{script.constant(compile_regex(str(pattern[0])).search)}({{0}})"
    elif certain is not None:
        inline = certain.inline
        called = called if pattern else certain.implementation
    charge = shared_charge(overloads)
    if charge is not None and first.cost.beforehand:
        return _beforehand(script, node, called, script.constant(charge), gives_up=gives_up)
    price = _Price(charge)
    if certain is not None and certain.cost == first.cost:
        price = _Price(charge, first.cost.inline)
        if charge is regex_cost and pattern is not None:
            price = _Price(charge, f"tenths[len({{0}}) + 1] * {math.ceil(len(pattern[0]) * REGEX_LENGTH)}")
    return _strict(script, node.operands, called, price, inline, gives_up=gives_up)


@attrs.frozen
class _Price:
    """What a call costs.

    Attributes:
        charge: As in `Cost`; None for one.
        inline: As in `Cost`, if it is known which overload fits.
    """

    charge: Callable[..., int] | None
    inline: str = ""

    def code(self, script: Script, codes: Sequence[str], result: str) -> str:
        """The statement that pays whatever the operands are."""
        return f"c += {script.constant(self.charge)}(({''.join(f'{code}, ' for code in codes)}), {result})"


def _certain(script: Script, node: Call, overloads: tuple[Overload, ...]) -> Overload | None:
    """The overload that fits whatever the operands give."""
    found = [script.type_of(operand) for operand in node.operands]
    for one in overloads:
        if len(one.parameters) == len(found):
            fitting = [_fits(*pair) for pair in zip(one.parameters, found, strict=True)]
            if all(fitting):
                return one
            if None in fitting and False not in fitting:
                return None
    return None


def _fits(wanted: Type, found: Type) -> bool | None:
    """Whether values of a certain type may be passed where another is wanted, None if it depends on them."""
    if wanted.kind in (Kind.DYN, Kind.ANY, Kind.PARAMETER):
        return True
    if found.is_dyn:
        return None
    if found.name != wanted.name:
        return False
    known = wanted.kind not in (Kind.LIST, Kind.MAP)
    return True if known or all(one.kind in (Kind.DYN, Kind.PARAMETER) for one in wanted.parameters) else None


def _strict(
    script: Script,
    nodes: Sequence[Node],
    called: Callable[..., Value],
    price: _Price,
    inline: str = "",
    *,
    gives_up: bool,
) -> Operand:
    """A call that fails if one of its operands does."""
    result = script.name()
    with ExitStack() as blocks:
        operands = _operands(script, nodes, result, blocks, gives_up=gives_up)
        gave_up = gives_up and any(one.fails for one in operands[:-1])
        failing = [one.code for one in (operands[-1:] if gives_up else operands) if one.fails]
        codes = [one.code for one in operands]
        returns = next((name for name in RETURNS_FAILURES if inline.startswith(f"{name}(")), "")
        script.cost += price.charge is None
        fails = bool(failing or gave_up or returns or not inline)
        if not fails and price.charge is None and "(" not in inline:
            return Operand(f"({inline.format(*codes)})", fails=False)
        with ExitStack() as computing:
            dear = f"; {price.code(script, codes, result)}" if failing and price.inline else ""
            _first_failure(script, failing, result, computing, dear)
            if inline:
                script.emit(f"{result} = {inline.format(*codes)}")
            else:
                script.emit(f"try: {result} = {script.constant(called)}({', '.join(codes)})")
                script.emit(f"except Failure as failure: {result} = failure")
            if price.inline:
                script.emit(f"c += {price.inline.format(*codes, result=result)}")
        if price.charge is not None and not price.inline:
            script.emit(price.code(script, codes, result))
    return Operand(result, fails)


def _operands(
    script: Script, nodes: Sequence[Node], result: str, blocks: ExitStack, *, gives_up: bool
) -> list[Operand]:
    operands = []
    for node in nodes:
        operand = script.value(node)
        operand = Operand(script.named(operand) if operand.fails else operand.code, operand.fails)
        operands.append(operand)
        if gives_up and operand.fails and node is not nodes[-1]:
            script.emit(f"if {operand.code}.__class__ is Failure: {result} = {operand.code}")
            blocks.enter_context(script.block("else:"))
    return operands


def _first_failure(
    script: Script, failing: list[str], result: str, computing: ExitStack, then: str = ""
) -> None:
    """Unless an operand has failed, what follows is computed."""
    for index, code in enumerate(failing):
        test = f"{'elif' if index else 'if'} {code}.__class__ is Failure"
        script.emit(f"{test}: {result} = {code}{then}")
    if failing:
        computing.enter_context(script.block("else:"))


def _beforehand(
    script: Script, node: Call, called: Callable[..., Value], charge: str, *, gives_up: bool
) -> Operand:
    """A call that is not begun if it costs too much."""
    result = script.name()
    with ExitStack() as blocks:
        operands = _operands(script, node.operands, result, blocks, gives_up=gives_up)
        codes = [one.code for one in operands]
        script.emit(f"c += {charge}(({''.join(f'{code}, ' for code in codes)}), None)")
        script.check()
        with ExitStack() as computing:
            failing = [one.code for one in (operands[-1:] if gives_up else operands) if one.fails]
            _first_failure(script, failing, result, computing)
            script.emit(f"try: {result} = {script.constant(called)}({', '.join(codes)})")
            script.emit(f"except Failure as failure: {result} = failure")
    return Operand(result)


# Equality and membership


def _equality(script: Script, node: Call) -> Operand:
    is_equal = node.function == "_==_"
    operands = [script.value(one) for one in node.arguments]
    left, right = (script.named(one) if one.fails else one.code for one in operands)
    types = [script.type_of(one) for one in node.arguments]
    sign, otherwise = ("==", "same") if is_equal else ("!=", "differs")
    fails = any(one.fails for one in operands)
    is_alike = not fails and types[0] == types[1] and (types[0] in _ALIKE or types[0].kind in _SCALARS)
    result = script.name()
    comparison = f"{result} = {left} {sign} {right}"
    # If one is sure to be, say, an int, the other most likely is one too.
    sides = zip(operands, types, (right, left), strict=True)
    sure = next(((kind, other) for one, kind, other in sides if not one.fails and kind in _ALIKE), None)
    if is_alike:
        script.emit(comparison)
        _pay_comparison(script, left, right, types[0])
        return Operand(result, fails=False)
    with ExitStack() as blocks:
        if sure is not None:
            kind, other = sure
            with script.block(f"if {other}.__class__ is {_ALIKE[kind]}:"):
                script.emit(comparison)
                _pay_comparison(script, left, right, kind)
            with script.block(f"elif {other}.__class__ is Failure:"):
                script.emit(f"{result} = {other}")
                if kind == STRING:  # a failure has size one
                    script.emit(f"c += 1 if {left if other == right else right} else 0")
                else:
                    script.cost += 1
            blocks.enter_context(script.block("else:"))
        script.emit(f"{result} = {otherwise}({left}, {right})")
        script.emit(f"c += comparison_cost({is_equal}, {left}, {right})")
    return Operand(result)


def _pay_comparison(script: Script, left: str, right: str, kind: Type) -> None:
    """The cost of comparing two values of a type, which is either of size one or text."""
    if kind == STRING:
        script.emit(f"c += {COMPARISON.inline.format(left, right)}")
    else:
        script.cost += 1


def _membership(script: Script, node: Call) -> Operand:
    item, elements = node.arguments
    overloads = script.checked.overloads[node.id]
    constant = constant_value(script.checked, script.environment, elements)
    is_set = constant is not None and [one.id for one in overloads] == ["in_list"]
    if constant and is_set and all(value.__class__ in calls.HASHED for value in constant[0]):
        wanted = script.constant(frozenset(map(map_key, constant[0])))
        found = script.value(item)
        if script.type_of(item) in (STRING, INT) and not found.fails:
            return Operand(f"({found.code} in {wanted})", fails=False)
        result = script.name()
        script.emit(f"{result} = looked_up({found.code}, {wanted})")
        return Operand(result)
    called = implementation(script.environment, node, overloads)
    return _strict(script, (item, elements), called, _Price(shared_charge(overloads)), gives_up=False)


# Logic


def _junction(script: Script, node: Call) -> Operand:
    ends = node.function == "_||_"
    left, right = node.arguments
    first = script.value(left)
    result = script.name()
    script.emit(f"{result} = {first.code}")
    fails = first.fails or script.type_of(left) != BOOL
    with script.block(f"if {result} is not {ends}:"):
        second = script.value(right)
        if fails or second.fails or script.type_of(right) != BOOL:
            fails = True
            name = script.named(second)
            usual = f"{name} is {ends} or {name} is {not ends} and {result} is {not ends}"
            script.emit(f"{result} = {name} if {usual} else junction({result}, {name}, {ends})")
        else:
            script.emit(f"{result} = {second.code}")
    return Operand(result, fails)


def _conditional(script: Script, node: Call) -> Operand:
    condition, *branches = node.arguments
    chosen = script.value(condition)
    test, result = script.named(chosen), script.name()
    is_certain = not chosen.fails and script.type_of(condition) == BOOL
    fails, is_lifted = not is_certain, False
    for header, branch in zip(
        (f"if {test} is True:", "else:" if is_certain else f"elif {test} is False:"), branches, strict=True
    ):
        with script.block(header):
            found = script.resolve(branch)
            script.emit(f"{result} = {found.code}")
        fails, is_lifted = fails or found.fails, is_lifted or found.is_lifted
    if not is_certain:
        script.emit(f"else: {result} = condition_failure({test})")
    return Operand(result, fails, is_lifted)


def _optional_or(script: Script, node: Call) -> Operand:
    left, right = node.operands
    first, result = script.named(script.value(left)), script.name()
    script.emit(f"if {first}.__class__ is Failure: {result} = {first}")
    otherwise = "NO_OVERLOAD" if script.environment.wants_optionals else first
    script.emit(f"elif {first}.__class__ is not Optional: {result} = {otherwise}")
    held = f"{first}.value" if node.function == "orValue" else first
    script.emit(f"elif {first}.present: {result} = {held}")
    with script.block("else:"):
        script.emit(f"{result} = {script.value(right).code}")
    return Operand(result)


def _link(script: Script, node: Call) -> Operand:
    operand, key = node.arguments
    base = script.named(script.resolve(operand))
    result, paid = script.name(), script.name()
    optional = node.function != "_[_]"
    constant = constant_value(script.checked, script.environment, key)
    if constant is not None:
        index = script.constant(constant[0])
        script.emit(f"{result}, {paid} = follow({base}, {index}, {optional})")
        script.emit(f"c += {paid}")
        return Operand(result, is_lifted=True)
    script.emit(f"{result} = is_absent({base})")
    with script.block(f"if {result} is None:"):
        index = script.resolve(key).code
        script.emit(f"{result}, {paid} = follow({base}, {index}, {optional})")
        script.emit(f"c += {paid}")
    return Operand(result, is_lifted=True)


def _refuse(_script: Script, _node: Call) -> Operand:
    raise NotGenerated


_SPECIAL: Final[dict[str, Any]] = {
    "_&&_": _junction,
    "_||_": _junction,
    "_?_:_": _conditional,
    "_==_": _equality,
    "_!=_": _equality,
    "_[_]": _link,
    "_?._": _link,
    "_[?_]": _link,
    "@in": _membership,
    "or": _optional_or,
    "orValue": _optional_or,
    "@not_strictly_false": _refuse,
}
