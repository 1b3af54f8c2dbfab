"""Rules for CEL expressions: the selectors of classes and requests, and derived attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dra.cel.cost import estimate_cost
from dra.cel.env import environment
from dra.cel.selector import checked, compile as compile_selector
from dra.errors import CompileError
from dra.models.resource import DeviceSelector
from dra.names import byte_length
from dra.validation import formats
from dra.validation.checks import Errors, each, matches
from dra.validation.field_error import Path
from dra.validation.formats import Format
from dra.validation.scope import Scope

__all__ = ["class_name", "derived_attribute_cost", "derived_expression", "selectors"]

_ATTRIBUTE_TYPES: Final = ("string", "int", "bool", "dyn", "kubernetes.Semver")


def class_name(name: str, at: Path, form: Format = formats.dns_subdomain) -> Errors:
    """The name of a DeviceClass."""
    if name:
        yield from matches(name, form, at)
    else:
        yield at.required()


def selectors(
    values: Sequence[DeviceSelector] | None, at: Path, scope: Scope, *, stored: bool = False
) -> Errors:
    """Each selector has an expression that compiles, gives a boolean and cannot cost too much.

    Args:
        values: The selectors.
        at: Where they stand.
        scope: The server.
        stored: Whether they were accepted before; 1.37 does not compile them again then.
    """

    def selector(value: DeviceSelector, here: Path) -> Errors:
        if value.cel is None:
            yield (here / "cel").required()
        elif not (stored and scope.declares):
            yield from expression(value.cel.expression, here / "cel" / "expression", scope, stored=stored)

    yield from each(values, selector, at, scope, limit=scope.limits.selectors)


def expression(text: str, at: Path, scope: Scope, *, stored: bool = False) -> Errors:
    """The expression compiles for this server, and its worst case is affordable."""
    if byte_length(text) > scope.limits.expression_bytes:
        yield at.too_long(scope.limits.expression_bytes)
        return
    try:
        compiled = compile_selector(text, scope.kubernetes, scope.features, "stored" if stored else "new")
        cost = compiled.max_cost
    except CompileError as error:
        yield at.invalid(text, error.message)
        return
    if cost > scope.limits.expression_cost:
        yield at.forbidden("too complex, exceeds cost limit")


def derived_attribute_cost(text: str, scope: Scope) -> int:
    """What the expression of a derived attribute costs at worst; 0 for one that does not compile."""
    if byte_length(text) > scope.limits.expression_bytes:
        return 0
    env = environment(scope.kubernetes, "new", scope.features)
    try:
        return estimate_cost(checked(text, env), env).high
    except CompileError:
        return 0


def derived_expression(text: str, at: Path, scope: Scope) -> Errors:
    """The expression of a derived attribute gives a value that an attribute can have."""
    if byte_length(text) > scope.limits.expression_bytes:
        yield at.too_long(scope.limits.expression_bytes)
        return
    try:
        env = environment(scope.kubernetes, "new", scope.features)
        found = checked(text, env)
        cost = estimate_cost(found, env).high
    except CompileError as error:
        yield at.invalid(text, error.message)
        return
    name = found.output.declared_name
    if name.removeprefix("list(").removesuffix(")") not in _ATTRIBUTE_TYPES:
        yield at.invalid(
            text,
            "must evaluate to a primitive scalar (string, integer, boolean, semver) "
            f"or a list of these scalars, not {name}",
        )
        return
    if cost > scope.limits.expression_cost:
        yield at.forbidden("too complex, exceeds cost limit")
