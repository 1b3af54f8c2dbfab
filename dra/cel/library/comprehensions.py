"""Macros with two variables: index and element of a list, or key and value of a map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from dra.cel.declarations import Function, Library, Macro, MacroError, overload
from dra.cel.library.standard import collected, iteration_variable, quantifier
from dra.cel.syntax import Factory, Ident, Node
from dra.cel.types import map_of, parameter
from dra.cel.values import Failure, Value, key_value, map_key

__all__ = ["LIBRARY"]

_K, _V = parameter("K"), parameter("V")
_MAP: Final = map_of(_K, _V)

_Build: TypeAlias = Callable[[Factory, Node, str, str, tuple[Node, ...]], Node]


def _two_variables(name: str, arguments: int, build: _Build) -> Macro:
    def expand(make: Factory, target: Node | None, given: tuple[Node, ...]) -> Node | None:
        if target is None:
            return None
        first, second = given[:2]
        for variable in (first, second):
            if not isinstance(variable, Ident):
                raise MacroError(variable, "argument must be a simple name")
        if isinstance(first, Ident) and isinstance(second, Ident) and first.name == second.name:
            raise MacroError(second, f"duplicate variable name: {first.name}")
        return build(make, target, iteration_variable(first), iteration_variable(second), given[2:])

    return Macro(name, arguments, True, expand)


def _quantifier(kind: str) -> _Build:
    return lambda make, range_, first, second, rest: quantifier(kind, make, range_, first, rest[0], second)


def _transform_list(make: Factory, range_: Node, first: str, second: str, rest: tuple[Node, ...]) -> Node:
    condition = rest[0] if len(rest) == 2 else None
    return collected(make, range_, first, rest[-1], condition, second)


def _transform_map(make: Factory, range_: Node, first: str, second: str, rest: tuple[Node, ...]) -> Node:
    step: Node = make.call("cel.@mapInsert", make.ident(), make.ident(first), rest[-1])
    return _inserted(make, range_, first, second, step, rest)


def _transform_entry(make: Factory, range_: Node, first: str, second: str, rest: tuple[Node, ...]) -> Node:
    step: Node = make.call("cel.@mapInsert", make.ident(), rest[-1])
    return _inserted(make, range_, first, second, step, rest)


def _inserted(
    make: Factory, range_: Node, first: str, second: str, step: Node, rest: tuple[Node, ...]
) -> Node:
    if len(rest) == 2:
        step = make.call("_?_:_", rest[0], step, make.ident())
    initial, always = make.empty_map(), make.literal(True)
    return make.fold(range_, first, initial, always, step, make.ident(), second=second)


def _insert(entries: dict[Value, Value], key: Value, value: Value) -> dict[Value, Value]:
    """Adds an entry in place: only the macros call this, with a map that nothing else has seen."""
    if map_key(key) in entries:
        raise Failure(f"insert failed: key {key} already exists")
    entries[map_key(key)] = value
    return entries


def _insert_all(entries: dict[Value, Value], more: dict[Value, Value]) -> dict[Value, Value]:
    for key, value in more.items():
        _insert(entries, key_value(key), value)
    return entries


LIBRARY: Final = Library(
    "two-variable comprehensions",
    since="1.32",
    functions=(
        Function(
            "cel.@mapInsert",
            overload("@mapInsert_map_key_value", [_MAP, _K, _V], _MAP, _insert),
            overload("@mapInsert_map_map", [_MAP, _MAP], _MAP, _insert_all),
        ),
    ),
    macros=(
        _two_variables("all", 3, _quantifier("all")),
        _two_variables("exists", 3, _quantifier("exists")),
        _two_variables("existsOne", 3, _quantifier("exists_one")),
        _two_variables("exists_one", 3, _quantifier("exists_one")),
        *(_two_variables("transformList", count, _transform_list) for count in (3, 4)),
        *(_two_variables("transformMap", count, _transform_map) for count in (3, 4)),
        *(_two_variables("transformMapEntry", count, _transform_entry) for count in (3, 4)),
    ),
)
