"""`cel.bind(name, value, body)`: a name for a value, computed at most once and only if used."""

from __future__ import annotations

from typing import Final

from dra.cel.declarations import Library, Macro, MacroError
from dra.cel.library.optionals import bind
from dra.cel.syntax import Factory, Ident, Node

__all__ = ["LIBRARY"]


def _bind(make: Factory, target: Node | None, arguments: tuple[Node, ...]) -> Node | None:
    if not (isinstance(target, Ident) and target.name == "cel"):
        return None
    variable, value, body = arguments
    if not isinstance(variable, Ident):
        raise MacroError(variable, "cel.bind() variable names must be simple identifiers")
    return bind(make, variable.name, value, body)


LIBRARY: Final = Library("bindings", since="1.31", macros=(Macro("bind", 3, True, _bind),))
