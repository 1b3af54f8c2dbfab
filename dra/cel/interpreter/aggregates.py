"""Lists, maps and structs as they are written in an expression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dra.cel.declarations import LIST_COST, MAP_COST, STRUCT_COST
from dra.cel.interpreter.frame import Constant, Frame, Run
from dra.cel.values import Failure, Optional, Value, map_key, type_value

__all__ = ["go_type", "list_of_values", "map_of_values", "not_optional", "put", "struct_of_values"]


def list_of_values(elements: Sequence[Run], optional: frozenset[int]) -> Run:
    """`[a, ?b]`; a list of constants is one."""
    if not optional and all(isinstance(element, Constant) for element in elements):
        return Constant(tuple(element.value for element in elements if isinstance(element, Constant)))

    def run(frame: Frame) -> Value:
        made = _elements(elements, optional, frame)
        frame.charge(LIST_COST)
        return made

    return run


def _elements(elements: Sequence[Run], optional: frozenset[int], frame: Frame) -> Value:
    values = []
    for index, element in enumerate(elements):
        value = element(frame)
        if value.__class__ is Failure:
            return value
        if index in optional:
            if value.__class__ is not Optional:
                return not_optional("list element", value)
            if not value.present:
                continue
            value = value.value
        values.append(value)
    return tuple(values)


def map_of_values(keys: list[Run], values: list[Run], optional: list[bool]) -> Run:
    """`{key: value, ?key: value}`; a map of constants is one."""
    if all(isinstance(one, Constant) for one in (*keys, *values)) and not any(optional):
        constant = _entries(keys, values, optional, Frame({}, 0))
        if constant.__class__ is not Failure:
            return Constant(constant)

    def run(frame: Frame) -> Value:
        made = _entries(keys, values, optional, frame)
        frame.charge(MAP_COST)
        return made

    return run


def _entries(keys: list[Run], values: list[Run], optional: list[bool], frame: Frame) -> Value:
    made: dict[Any, Value] = {}
    for key_of, value_of, maybe in zip(keys, values, optional, strict=True):
        key = key_of(frame)
        if key.__class__ is Failure:
            return key
        value = value_of(frame)
        if value.__class__ is Failure:
            return value
        wrong = put(made, key, value, optional=maybe)
        if wrong is not None:
            return wrong
    return made


def put(made: dict[Any, Value], key: Value, value: Value, *, optional: bool) -> Failure | None:
    """Add an entry as a map's literal has it; gives what is wrong with it."""
    if optional:
        if value.__class__ is not Optional:
            return not_optional(f"entry '{key}'", value)
        if not value.present:
            made.pop(map_key(key), None)
            return None
        value = value.value
    try:
        made[map_key(key)] = value
    except TypeError:
        return Failure(f"unsupported key type: {type_value(key).name}")
    return None


def not_optional(what: str, value: Value) -> Failure:
    """The failure of an optional entry whose value is none."""
    return Failure(f"cannot initialize optional {what} from non-optional value {value}")


def struct_of_values(name: str, values: Sequence[Run]) -> Run:
    """`Name{field: value}`, which no type of the environment allows."""
    failure = Failure(f"unknown type '{name}'")

    def run(frame: Frame) -> Value:
        found = next((one for value in values if (one := value(frame)).__class__ is Failure), failure)
        frame.charge(STRUCT_COST)
        return found

    return run


_GO_TYPES: Final = {
    "google.protobuf.Duration": "types.Duration",
    "google.protobuf.Timestamp": "types.Timestamp",
    "kubernetes.NamedFormat": "cel.Format",
    "list": "*types.baseList",
    "map": "*types.baseMap",
    "net.CIDR": "cel.CIDR",
    "net.IP": "cel.IP",
    "null_type": "types.Null",
    "optional_type": "*types.Optional",
    "type": "*types.Type",
}


def go_type(value: Value) -> str:
    """The Go type of a value, which some of upstream's messages name."""
    name = type_value(value).name
    if name in _GO_TYPES:
        return _GO_TYPES[name]
    if name.startswith("kubernetes."):
        return f"cel.{name.removeprefix('kubernetes.')}"
    return f"types.{name.capitalize()}"
