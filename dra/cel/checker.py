"""Finds the type of every node and the overloads each call may mean, or says why there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import attrs

from dra.cel import types
from dra.cel.declarations import Function, Overload
from dra.cel.env import Environment
from dra.cel.source import Issues
from dra.cel.syntax import (
    Ast,
    Call,
    Comprehension,
    Entry,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Node,
    Select,
    StructExpr,
)
from dra.cel.types import Kind, Type, list_of, map_of, optional_of
from dra.cel.unification import Substitution, most_general, renamed, variables
from dra.cel.values import Value, type_value

__all__ = ["Checked", "check"]

_LOGICAL: Final = ("_&&_", "_||_")
# Maps of maps can double a type with each binding; what walks over types takes time by their size.
_LARGEST_TYPE: Final = 1000
_TOO_LARGE: Final = f"the type has more than {_LARGEST_TYPE} parts"


@attrs.frozen
class Checked:
    """An expression that means something.

    Attributes:
        ast: The tree; calls of functions with a namespace have lost their receiver.
        types: Type by node id.
        overloads: The overloads that a call may mean, by node id.
        constants: Value of names that stand for one, such as `int`, by node id.
    """

    ast: Ast
    types: dict[int, Type]
    overloads: dict[int, tuple[Overload, ...]]
    constants: dict[int, Value]

    @property
    def output(self) -> Type:
        """The type of the whole expression."""
        return self.types[self.ast.root.id]


def check(ast: Ast, environment: Environment, issues: Issues) -> Checked | None:
    """The checked expression, or None when `issues` has got some."""
    checker = _Checker(ast, environment, issues)
    checker.check(ast.root)
    if issues:
        return None
    apply = checker.substitution.apply
    found = {
        id_: apply(type_, unknown_is_dyn=True) if type_.has_variables else type_
        for id_, type_ in checker.types.items()
    }
    if any(type_.size > _LARGEST_TYPE for type_ in found.values()):  # now that the variables are known
        issues.add(ast.positions[ast.root.id], _TOO_LARGE)
        return None
    return Checked(ast, found, checker.overloads, checker.constants)


class _Checker:
    def __init__(self, ast: Ast, environment: Environment, issues: Issues) -> None:
        self.positions = ast.positions
        self.environment = environment
        self.issues = issues
        self.substitution = Substitution()
        self.types: dict[int, Type] = {}
        self.overloads: dict[int, tuple[Overload, ...]] = {}
        self.constants: dict[int, Value] = {}
        self.scopes: list[dict[str, Type]] = []

    def complain(self, node: Node | Entry, message: str) -> None:
        self.issues.add(self.positions[node.id], message)

    def check(self, node: Node) -> Type:
        """Find the type of a node and of all below it."""
        found = _WAYS[type(node)](self, node)
        if found.size > _LARGEST_TYPE:
            self.complain(node, _TOO_LARGE)
            found = types.ERROR
        self.types[node.id] = found
        return found

    def literal(self, node: Literal) -> Type:
        return type_value(node.value)

    # Names

    def lookup(self, name: str) -> Type | None:
        if name.startswith("."):
            return self.environment.names.get(name[1:])
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return self.environment.names.get(name)

    def ident(self, node: Ident) -> Type:
        found = self.lookup(node.name)
        if found is None:
            self.undeclared(node, node.name)
            return types.ERROR
        self.note_constant(node, node.name, found)
        return found

    def note_constant(self, node: Node, name: str, found: Type) -> None:
        if found.kind is Kind.TYPE and self.environment.names.get(name.lstrip(".")) is found:
            self.constants[node.id] = found.parameters[0]

    def undeclared(self, node: Node, name: str) -> None:
        self.complain(node, f"undeclared reference to '{name}' (in container '')")

    def select(self, node: Select) -> Type:
        name = "" if node.test else _qualified(node)
        found = self.lookup_qualified(name) if name else None
        if found is not None:
            self.note_constant(node, name, found)
            return found
        found = self.field(node, node.operand, node.field)
        return types.BOOL if node.test else self.substitution.apply(found)

    def lookup_qualified(self, name: str) -> Type | None:
        first = name.split(".", 1)[0]
        if any(first in scope for scope in self.scopes):
            return None
        return self.environment.names.get(name.lstrip("."))

    def field(self, node: Node, operand: Node, field: str, *, optional: bool = False) -> Type:
        target = self.substitution.apply(self.check(operand))
        unwrapped = target.parameters[0] if target.is_optional else target
        if unwrapped.kind is Kind.MAP:
            found = unwrapped.parameters[1]
        elif unwrapped.kind is Kind.STRUCT:
            found = self.struct_field(node, unwrapped.name, field)
        else:
            found = types.DYN
            if unwrapped.kind is Kind.PARAMETER:
                self.substitution.assignable(types.DYN, unwrapped)
            elif not unwrapped.is_dyn and unwrapped.kind is not Kind.ERROR:
                self.complain(node, f"type '{unwrapped}' does not support field selection")
        return optional_of(found) if target.is_optional or optional else found

    def struct_field(self, node: Node | Entry, struct: str, field: str) -> Type:
        fields = self.environment.structs.get(struct)
        if fields is not None and field in fields:
            return fields[field]
        unknown = f"unexpected failed resolution of '{struct}'"
        self.complain(node, unknown if fields is None else f"undefined field '{field}'")
        return types.ERROR

    # Calls

    def call(self, node: Call) -> Type:
        if node.function == "_?._":
            return self.optional_select(node)
        for argument in node.arguments:
            self.check(argument)
        if node.target is None:
            function = self.environment.functions.get(node.function.lstrip("."))
            if function is None:
                self.undeclared(node, node.function)
                return types.ERROR
            node.function = function.name
            return self.resolve(node, function)
        namespace = _qualified(node.target)
        function = (
            self.environment.functions.get(f"{namespace}.{node.function}".lstrip(".")) if namespace else None
        )
        if function is not None:
            node.target, node.function = None, function.name
            return self.resolve(node, function)
        self.check(node.target)
        function = self.environment.functions.get(node.function)
        if function is None:
            self.undeclared(node, node.function)
            return types.ERROR
        return self.resolve(node, function)

    def optional_select(self, node: Call) -> Type:
        operand, name = node.arguments
        self.types[name.id] = types.STRING
        field = str(name.value) if isinstance(name, Literal) else ""
        found = self.field(node, operand, field, optional=True)
        self.overloads[node.id] = self.environment.functions["_?._"].overloads
        return self.substitution.apply(found)

    def resolve(self, node: Call, function: Function) -> Type:
        """The result type of a call, by the overloads that its arguments fit."""
        arguments = [self.types[operand.id] for operand in node.operands]
        if function.name in _LOGICAL:
            return self.logical(node, function, arguments)
        receiver = node.target is not None
        found = _known_resolution(function, receiver, tuple(arguments))
        if found is None:
            found = _resolution(function, receiver, arguments, self.substitution)
        else:
            self.substitution.skip(found.variables)
        if found.result is None:
            self.no_overload(node, function, arguments, receiver=receiver)
            return types.ERROR
        self.overloads[node.id] = found.overloads
        return found.result

    def logical(self, node: Call, function: Function, arguments: Sequence[Type]) -> Type:
        """`&&` and `||` complain about each operand that is no bool."""
        wrong = False
        for operand, found in zip(node.operands, arguments, strict=True):
            if not self.substitution.assignable(found, types.BOOL):
                self.mismatch(operand, types.BOOL, found)
                wrong = True
        self.overloads[node.id] = function.overloads
        return types.ERROR if wrong else types.BOOL

    def no_overload(
        self, node: Call, function: Function, arguments: Sequence[Type], *, receiver: bool
    ) -> None:
        shown = [str(self.substitution.apply(argument, unknown_is_dyn=True)) for argument in arguments]
        target = f"{shown.pop(0)}." if receiver else ""
        signature = f"{target}({', '.join(shown)})"
        self.complain(node, f"found no matching overload for '{function.name}' applied to '{signature}'")

    # Literals of lists, maps and structs

    def list(self, node: ListExpr) -> Type:
        common: Type | None = None
        for index, element in enumerate(node.elements):
            found = self.check(element)
            if index in node.optional:
                found = self.unwrapped(element, found)
            common = self.joined(common, found)
        return list_of(common or self.substitution.fresh())

    def map(self, node: MapExpr) -> Type:
        keys: Type | None = None
        values: Type | None = None
        for entry in node.entries:
            keys = self.joined(keys, self.check(entry.key))
            found = self.check(entry.value)
            if entry.optional:
                found = self.unwrapped(entry.value, found)
            values = self.joined(values, found)
        return map_of(keys or self.substitution.fresh(), values or self.substitution.fresh())

    def unwrapped(self, node: Node, found: Type) -> Type:
        if found.is_optional:
            return found.parameters[0]
        if not found.is_dyn:
            self.mismatch(node, optional_of(found), found)
        return found

    def joined(self, previous: Type | None, current: Type) -> Type:
        """The type of elements, keys or values so far; Kubernetes' validators refuse mixed ones later."""
        if previous is None:
            return current
        if self.substitution.assignable(previous, current):
            return most_general(previous, current)
        return types.DYN

    def mismatch(self, node: Node, wanted: Type, found: Type) -> None:
        self.complain(node, f"expected type '{wanted}' but found '{found}'")

    def struct(self, node: StructExpr) -> Type:
        name = node.name.lstrip(".")
        declared = self.environment.names.get(name)
        result = types.ERROR
        if declared is None:
            self.undeclared(node, node.name)
            return result
        if declared.kind is not Kind.TYPE:
            self.complain(node, f"'{declared.name}' is not a type")
        elif declared.parameters[0].kind is not Kind.STRUCT:
            self.complain(node, f"'{declared.parameters[0].name}' is not a message type")
        else:
            result = declared.parameters[0]
        for entry in node.entries:
            found = self.check(entry.value)
            field = entry.key.value if isinstance(entry.key, Literal) else ""
            wanted = self.struct_field(entry, name, field)
            if entry.optional:
                found = self.unwrapped(entry.value, found)
            if not self.substitution.assignable(wanted, found):
                self.complain(
                    entry, f"expected type of field '{field}' is '{wanted}' but provided type is '{found}'"
                )
        return result

    # Comprehensions

    def comprehension(self, node: Comprehension) -> Type:
        self.check(node.range)
        accumulated = self.check(node.initial)
        range_ = self.substitution.apply(self.types[node.range.id])
        self.scopes.append({node.accumulator: accumulated})
        self.scopes.append(self.iterated(node, range_))
        self.check(node.condition)
        self.require(node.condition, types.BOOL)
        self.check(node.step)
        self.require(node.step, accumulated)
        self.scopes.pop()
        self.check(node.result)
        self.scopes.pop()
        return self.substitution.apply(self.types[node.result.id])

    def iterated(self, node: Comprehension, range_: Type) -> dict[str, Type]:
        """The types of the iteration variables."""
        if range_.kind is Kind.LIST:
            element = range_.parameters[0]
            one, two = (types.INT, element) if node.second else (element, element)
        elif range_.kind is Kind.MAP:
            one, two = range_.parameters
        elif range_.kind in (Kind.DYN, Kind.ERROR, Kind.PARAMETER):
            self.substitution.assignable(types.DYN, range_)
            one = two = types.DYN
        else:
            one = two = types.ERROR
            self.complain(
                node.range,
                f"expression of type '{range_}' cannot be range of a comprehension "
                "(must be list, map, or dynamic)",
            )
        return {node.variable: one, node.second: two} if node.second else {node.variable: one}

    def require(self, node: Node, wanted: Type) -> None:
        found = self.types[node.id]
        if not self.substitution.assignable(wanted, found):
            self.mismatch(node, wanted, found)


_WAYS: Final[dict[type, Callable[[_Checker, Any], Type]]] = {
    Literal: _Checker.literal,
    Ident: _Checker.ident,
    Select: _Checker.select,
    Call: _Checker.call,
    ListExpr: _Checker.list,
    MapExpr: _Checker.map,
    StructExpr: _Checker.struct,
    Comprehension: _Checker.comprehension,
}


@attrs.frozen
class _Resolution:
    """What a call means.

    Attributes:
        overloads: Those that the arguments fit.
        result: The type of the result, None if no overload fits.
        variables: How many type variables it took to find out.
    """

    overloads: tuple[Overload, ...]
    result: Type | None
    variables: int


def _resolution(
    function: Function, receiver: bool, arguments: Sequence[Type], substitution: Substitution
) -> _Resolution:
    before = substitution.count
    result: Type | None = None
    fitting: list[Overload] = []
    for overload in function.overloads:
        if overload.receiver is not receiver or len(overload.parameters) != len(arguments):
            continue
        found = _fits(overload, arguments, substitution)
        if found is None:
            continue
        fitting.append(overload)
        if result is None:
            result = found
        elif not result.is_dyn and found != result:
            result = types.DYN
    return _Resolution(tuple(fitting), result, substitution.count - before)


@lru_cache(maxsize=4096)
def _known_resolution(function: Function, receiver: bool, arguments: tuple[Type, ...]) -> _Resolution | None:
    """The resolution that is the same in every expression, None where type variables have a say in it."""
    if any(argument.has_variables for argument in arguments):
        return None
    found = _resolution(function, receiver, arguments, Substitution())
    return None if found.result is not None and found.result.has_variables else found


def _fits(overload: Overload, arguments: Sequence[Type], substitution: Substitution) -> Type | None:
    """The result type if the arguments can be the overload's, else None."""
    wanted, result = _instance(overload, substitution)
    if not substitution.all_assignable(arguments, wanted):
        return None
    return substitution.apply(result)


def _instance(overload: Overload, substitution: Substitution) -> tuple[Sequence[Type], Type]:
    """The signature of an overload with type variables of its own."""
    names = variables(overload.result, *overload.parameters)
    if not names:
        return overload.parameters, overload.result
    fresh = {name: substitution.fresh() for name in names}
    return [renamed(type_, fresh) for type_ in overload.parameters], renamed(overload.result, fresh)


def _qualified(node: Node) -> str:
    """`a.b.c` for selections that could be a name with a namespace, else empty."""
    fields = []
    while isinstance(node, Select) and not node.test:
        fields.append(node.field)
        node = node.operand
    return ".".join((node.name, *reversed(fields))) if isinstance(node, Ident) else ""
