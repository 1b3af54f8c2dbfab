"""CEL's standard functions on strings and aggregates, and its macros."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from dra.cel.declarations import (
    REGEX_LENGTH,
    STRING_TRAVERSAL,
    Arguments,
    Cost,
    Estimate,
    Function,
    Library,
    Macro,
    MacroError,
    Range,
    literal_validator,
    member,
    overload,
    traversal,
)
from dra.cel.regex import RegexError, compile as compile_regex
from dra.cel.syntax import ACCUMULATOR, Factory, Ident, Node, Select
from dra.cel.types import BOOL, BYTES, INT, STRING, Type, list_of, map_of, parameter
from dra.cel.values import NO_OVERLOAD, Failure, Value, size_of

__all__ = ["COSTS", "LIBRARY", "iteration_variable", "regex_cost", "regex_estimate"]

_A, _B = parameter("A"), parameter("B")


# Costs


def regex_estimate(arguments: Arguments) -> Estimate:
    """A match takes the product of the lengths; one is added so that an empty text costs something."""
    text = (arguments.size(0) + Range.exactly(1)).times(STRING_TRAVERSAL)
    return Estimate(text * arguments.size(1).times(REGEX_LENGTH))


def regex_cost(values: Sequence[Value], _result: Value) -> int:
    """The run-time cost of matching the first value against the second."""
    text = math.ceil((size_of(values[0]) + 1) * STRING_TRAVERSAL)
    return text * math.ceil(size_of(values[1]) * REGEX_LENGTH)


def _containment_estimate(arguments: Arguments) -> Estimate:
    return Estimate(arguments.size(0).times(STRING_TRAVERSAL) * arguments.size(1).times(STRING_TRAVERSAL))


def _containment_charge(values: Sequence[Value], _result: Value) -> int:
    sizes = [math.ceil(size_of(value) * STRING_TRAVERSAL) for value in values]
    return sizes[0] * sizes[1]


# The estimate goes by the part that is looked for; until 1.36 the run-time cost goes by the text.
_ENDS: Final = Cost(traversal(1).estimate, traversal(0).charge)


# Functions


def _text(test: Callable[[str, str], bool]) -> Callable[[Value, Value], bool | Failure]:
    """A test of two strings. Upstream does not guard it by type, so its failure names no types."""

    def implementation(text: Value, part: Value) -> bool | Failure:
        return test(text, part) if text.__class__ is str and part.__class__ is str else NO_OVERLOAD

    return implementation


def _end(name: str, id_: str, test: Callable[[str, str], bool], inline: str) -> Function:
    return Function(
        name, member(id_, [STRING, STRING], BOOL, _text(test), _ENDS, inline=inline, guarded=False)
    )


def matches(text: str, pattern: str) -> bool | Failure:
    """Whether a pattern is found in a text."""
    try:
        return compile_regex(pattern).search(text)
    except RegexError as error:
        return Failure(str, error)


def _is_regex(pattern: object) -> bool:
    try:
        compile_regex(str(pattern))
    except RegexError:
        return False
    return True


def _size() -> Function:
    kinds: dict[str, Type] = {"bytes": BYTES, "list": list_of(_A), "map": map_of(_A, _B), "string": STRING}
    return Function(
        "size",
        *(overload(f"size_{kind}", [type_], INT, len, inline="len({0})") for kind, type_ in kinds.items()),
        *(member(f"{kind}_size", [type_], INT, len, inline="len({0})") for kind, type_ in kinds.items()),
    )


# Macros


def iteration_variable(node: Node, message: str = "argument must be a simple name") -> str:
    """The name of a macro's variable.

    Raises:
        MacroError: It is not a simple name, or the one that macros use themselves.
    """
    if not isinstance(node, Ident):
        raise MacroError(node, message)
    if node.name in (ACCUMULATOR, "__result__"):
        raise MacroError(node, "iteration variable overwrites accumulator variable")
    return node.name


def _has(make: Factory, _target: Node | None, arguments: tuple[Node, ...]) -> Node:
    selected = arguments[0]
    if not isinstance(selected, Select):
        raise MacroError(selected, "invalid argument to has() macro")
    return make.presence(selected.operand, selected.field)


def quantifier(
    kind: str, make: Factory, range_: Node, variable: str, predicate: Node, second: str = ""
) -> Node:
    """The comprehension for `all`, `exists` or `exists_one`."""
    if kind == "all":
        initial: Node = make.literal(True)
        condition: Node = make.call("@not_strictly_false", make.ident())
        step: Node = make.call("_&&_", make.ident(), predicate)
        result: Node = make.ident()
    elif kind == "exists":
        initial = make.literal(False)
        condition = make.call("@not_strictly_false", make.call("!_", make.ident()))
        step = make.call("_||_", make.ident(), predicate)
        result = make.ident()
    else:
        initial = make.literal(0)
        condition = make.literal(True)
        counted = make.call("_+_", make.ident(), make.literal(1))
        step = make.call("_?_:_", predicate, counted, make.ident())
        result = make.call("_==_", make.ident(), make.literal(1))
    return make.fold(range_, variable, initial, condition, step, result, second=second)


def _quantifier(name: str, kind: str) -> Macro:
    def expand(make: Factory, target: Node | None, arguments: tuple[Node, ...]) -> Node | None:
        if target is None:
            return None
        return quantifier(kind, make, target, iteration_variable(arguments[0]), arguments[1])

    return Macro(name, 2, True, expand)


def collected(
    make: Factory, range_: Node, variable: str, element: Node, condition: Node | None, second: str = ""
) -> Node:
    """The comprehension that makes a list of `element` for each entry that meets `condition`."""
    step: Node = make.call("_+_", make.ident(), make.list(element))
    if condition is not None:
        step = make.call("_?_:_", condition, step, make.ident())
    initial, always = make.list(), make.literal(True)
    return make.fold(range_, variable, initial, always, step, make.ident(), second=second)


def _map(make: Factory, target: Node | None, arguments: tuple[Node, ...]) -> Node | None:
    if target is None:
        return None
    variable = iteration_variable(arguments[0], "argument is not an identifier")
    condition = arguments[1] if len(arguments) == 3 else None
    return collected(make, target, variable, arguments[-1], condition)


def _filter(make: Factory, target: Node | None, arguments: tuple[Node, ...]) -> Node | None:
    if target is None:
        return None
    variable = iteration_variable(arguments[0], "argument is not an identifier")
    return collected(make, target, variable, arguments[0], arguments[1])


COSTS: Final = Library(
    "costs of 1.37",
    since="1.37",
    costs=dict.fromkeys(("starts_with_string", "ends_with_string"), traversal(1)),
)
LIBRARY: Final = Library(
    "standard",
    functions=(
        _size(),
        Function(
            "contains",
            member(
                "contains_string",
                [STRING, STRING],
                BOOL,
                _text(lambda text, part: part in text),
                Cost(_containment_estimate, _containment_charge),
                inline="{1} in {0}",
                guarded=False,
            ),
        ),
        _end("startsWith", "starts_with_string", str.startswith, "{0}.startswith({1})"),
        _end("endsWith", "ends_with_string", str.endswith, "{0}.endswith({1})"),
        Function(
            "matches",
            overload("matches", [STRING, STRING], BOOL, matches, Cost(regex_estimate, regex_cost)),
            member("matches_string", [STRING, STRING], BOOL, matches, Cost(regex_estimate, regex_cost)),
        ),
    ),
    validators=(literal_validator("matches", _is_regex),),
    macros=(
        Macro("has", 1, False, _has),
        _quantifier("all", "all"),
        _quantifier("exists", "exists"),
        _quantifier("exists_one", "exists_one"),
        Macro("map", 2, True, _map),
        Macro("map", 3, True, _map),
        Macro("filter", 2, True, _filter),
    ),
)
