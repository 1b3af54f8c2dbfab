"""Values that may be absent: `optional.of`, `.?`, `[?]`, `orValue` and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dra.cel.declarations import Function, Library, Macro, MacroError, member, overload
from dra.cel.library.operators import unplanned
from dra.cel.syntax import Factory, Ident, Node
from dra.cel.times import Duration
from dra.cel.types import BOOL, DYN, INT, STRING, list_of, map_of, optional_of, parameter
from dra.cel.values import NONE, Failure, Optional, Value, only_class

__all__ = ["LIBRARY"]

_K, _V = parameter("K"), parameter("V")
_OPTIONAL: Final = optional_of(_V)
_LIST, _MAP = list_of(_V), map_of(_K, _V)
_OPTIONALS: Final = list_of(_OPTIONAL)


def is_zero(value: Value) -> bool:
    """Whether `optional.ofNonZeroValue` takes a value for none: null, false, zero, empty."""
    if value is None or isinstance(value, (bool, int, float, str, bytes, tuple, dict)):
        return not value
    return isinstance(value, Duration) and value.nanos == 0


_NO_VALUE: Final = Failure("optional.none() dereference")


def _value(optional: Optional) -> Value:
    return optional.value if optional.present else _NO_VALUE


def _unwrap(optionals: tuple[Value, ...]) -> tuple[Value, ...] | Failure:
    if only_class(optionals) is not Optional:
        for optional in optionals:
            if not isinstance(optional, Optional):
                return Failure("value {} is not optional".format, optional)
    return tuple(optional.value for optional in optionals if optional.present)


def _mapped(name: str, wrap: Callable[[Factory, Node], Node]) -> Macro:
    def expand(make: Factory, target: Node | None, arguments: tuple[Node, ...]) -> Node | None:
        if target is None:
            return None
        variable, body = arguments
        if not isinstance(variable, Ident):
            raise MacroError(variable, f"{name}() variable name must be a simple identifier")
        present = make.member("hasValue", target)
        bound = bind(make, variable.name, make.member("value", make.copy(target)), body)
        return make.call("_?_:_", present, wrap(make, bound), make.call("optional.none"))

    return Macro(name, 2, True, expand)


def bind(make: Factory, name: str, value: Node, body: Node) -> Node:
    """The comprehension over nothing that `cel.bind` becomes."""
    return make.fold(
        make.list(), "#unused", value, make.literal(False), make.ident(name), body, accumulator=name
    )


LIBRARY: Final = Library(
    "optionals",
    since="1.28",
    types=(optional_of(DYN),),
    macros=(
        _mapped("optMap", lambda make, bound: make.call("optional.of", bound)),
        _mapped("optFlatMap", lambda _make, bound: bound),
    ),
    functions=(
        Function("optional.of", overload("optional_of", [_V], _OPTIONAL, Optional, inline="Optional({0})")),
        Function(
            "optional.ofNonZeroValue",
            overload(
                "optional_ofNonZeroValue",
                [_V],
                _OPTIONAL,
                lambda value: NONE if is_zero(value) else Optional(value),
            ),
        ),
        Function("optional.none", overload("optional_none", [], _OPTIONAL, lambda: NONE, inline="NONE")),
        Function("value", member("optional_value", [_OPTIONAL], _V, _value)),
        Function(
            "hasValue",
            member("optional_hasValue", [_OPTIONAL], BOOL, lambda value: value.present, inline="{0}.present"),
        ),
        Function("or", member("optional_or_optional", [_OPTIONAL, _OPTIONAL], _OPTIONAL, unplanned)),
        Function("orValue", member("optional_orValue_value", [_OPTIONAL, _V], _V, unplanned)),
        Function("_?._", overload("select_optional_field", [DYN, STRING], _OPTIONAL, unplanned)),
        Function(
            "_[?_]",
            overload("list_optindex_optional_int", [_LIST, INT], _OPTIONAL, unplanned),
            overload("optional_list_optindex_optional_int", [optional_of(_LIST), INT], _OPTIONAL, unplanned),
            overload("map_optindex_optional_value", [_MAP, _K], _OPTIONAL, unplanned),
            overload("optional_map_optindex_optional_value", [optional_of(_MAP), _K], _OPTIONAL, unplanned),
        ),
        Function(
            "_[_]",
            overload("optional_list_index_int", [optional_of(_LIST), INT], _OPTIONAL, unplanned),
            overload("optional_map_index_value", [optional_of(_MAP), _K], _OPTIONAL, unplanned),
        ),
        Function(
            "last",
            member("list_last", [_LIST], _OPTIONAL, lambda items: Optional(items[-1]) if items else NONE),
        ),
        Function(
            "first",
            member("list_first", [_LIST], _OPTIONAL, lambda items: Optional(items[0]) if items else NONE),
        ),
        Function("optional.unwrap", overload("optional_unwrap", [_OPTIONALS], _LIST, _unwrap)),
        Function("unwrapOpt", member("optional_unwrapOpt", [_OPTIONALS], _LIST, _unwrap)),
    ),
)
