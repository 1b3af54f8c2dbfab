"""What Kubernetes refuses although it type-checks: bad literal arguments, lists and maps of mixed types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from dra.cel.checker import Checked
from dra.cel.env import Environment
from dra.cel.source import Issues
from dra.cel.syntax import Call, ListExpr, MapExpr, Node
from dra.cel.types import Type, optional_of

__all__ = ["validate"]

# Arguments of these may be of mixed types.
_EXEMPT: Final = ("format",)


def validate(checked: Checked, environment: Environment, issues: Issues) -> None:
    """Note everything in an expression that Kubernetes' validators refuse."""
    pending: list[tuple[Node, bool]] = [(checked.ast.root, False)]
    seen: set[int] = set()  # macros use some nodes twice
    while pending:
        node, exempt = pending.pop()
        if node.id in seen:
            continue
        seen.add(node.id)
        for at, message in _refused(node, checked, environment, exempt=exempt):
            issues.add(checked.ast.positions[at.id], message)
        exempt = exempt or (isinstance(node, Call) and node.function in _EXEMPT)
        pending += [(child, exempt) for child in node.children]


def _refused(
    node: Node, checked: Checked, environment: Environment, *, exempt: bool
) -> Iterable[tuple[Node, str]]:
    if isinstance(node, Call):
        validator = environment.validators.get(node.function)
        return validator.check(node, checked.types) if validator else ()
    if isinstance(node, ListExpr) and not exempt:
        return _list(node, checked)
    if isinstance(node, MapExpr) and not exempt:
        return _map(node, checked)
    return ()


def _mismatch(node: Node, wanted: Type, found: Type) -> tuple[Node, str]:
    return node, f"expected type '{wanted}' but found '{found}'"


def _equivalent(left: Type, right: Type) -> bool:
    """Whether two types are the same, but for the names of type parameters."""
    if left is right:
        return True
    same = (left.kind, left.name, len(left.parameters)) == (right.kind, right.name, len(right.parameters))
    return same and all(map(_equivalent, left.parameters, right.parameters))


# An optional element whose type is not known, `[?dyn(x)]`, passes upstream's checker and then crashes this
# validator, so no API server ever takes it: it is refused here, too.


def _list(node: ListExpr, checked: Checked) -> Iterator[tuple[Node, str]]:
    wanted: Type | None = None
    for index, element in enumerate(node.elements):
        found = checked.types[element.id]
        if index in node.optional:
            if not found.is_optional:
                yield _mismatch(element, optional_of(found), found)
                return
            found = found.parameters[0]
        wanted = wanted or found
        if not _equivalent(wanted, found):
            yield _mismatch(element, wanted, found)
            return


def _map(node: MapExpr, checked: Checked) -> Iterator[tuple[Node, str]]:
    keys: Type | None = None
    values: Type | None = None
    for entry in node.entries:
        key = checked.types[entry.key.id]
        value = checked.types[entry.value.id]
        if entry.optional:
            if not value.is_optional:
                yield _mismatch(entry.value, optional_of(value), value)
                return
            value = value.parameters[0]
        keys, values = keys or key, values or value
        if not _equivalent(keys, key):
            yield _mismatch(entry.key, keys, key)
        if not _equivalent(values, value):
            yield _mismatch(entry.value, values, value)
