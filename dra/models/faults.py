"""What pydantic finds wrong, in our words: the path on the wire, the value, what was expected."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from dra.errors import DecodeError, DraError
from dra.models.file_errors import unrendered
from dra.models.yaml_text import is_beyond

__all__ = ["decode_error", "found", "names_field"]

_EXPECTED = {
    "string_type": "a string",
    "string_unicode": "valid Unicode text",
    "int_type": "an integer",
    "bool_type": "a boolean",
    "list_type": "a list",
    "dict_type": "an object",
    "mapping_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "invalid_key": "a string as key",
    "recursion_loop": "an object that does not contain itself",
    "int_parsing_size": "an integer of 64 bits",
}


def _bare(annotation: Any) -> Any:
    """An annotation without `Annotated` and `| None`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return _bare(next(arm for arm in get_args(annotation) if arm is not type(None)))
    return annotation


def _steps(cls: type[BaseModel], location: tuple[int | str, ...]) -> Iterator[tuple[str, bool]]:
    """Each step of an error's location as path text, and whether it names a field of a model."""
    kind: Any = cls
    for step in location:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield f".{step}", True
            kind = next(
                (_bare(field.annotation) for field in kind.model_fields.values() if field.alias == step), None
            )
        else:
            arguments = get_args(kind)
            yield f"[{step}]", False
            kind = _bare(arguments[-1]) if arguments else None


def names_field(cls: type[BaseModel], location: tuple[int | str, ...]) -> bool:
    """Whether a location ends at a field of a model, and not at an item of a list or map."""
    return [is_field for _, is_field in _steps(cls, location)][-1:] == [True]


def found(value: object) -> str:
    """A value that was not expected, for people."""
    match value:
        case None:
            return "null"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() if abs(value) >= 2**70:
            return f"a number of {value.bit_length():,} bits"
        case int() | float():
            return f"the number {value!r}"
        case str() if is_beyond(value):
            shown = f"the number {value}" if len(value) < 40 else f"a number of {len(value):,} characters"
            return f"{shown}, which is too large for YAML and becomes a string"
        case str():
            return f"the string {value if len(value) < 80 else value[:77] + '...'!r}"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return f"a {type(value).__name__}"


def decode_error(cls: type[BaseModel], faults: Sequence[ErrorDetails]) -> DecodeError:
    """The first fault as an error of ours; how many more there are is in its text."""
    fault = faults[0]
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, DraError):
        message = cause.message
    elif isinstance(cause, ValueError):
        message = str(cause)
    elif fault["type"] in _EXPECTED:
        message = f"expected {_EXPECTED[fault['type']]}"
    elif fault["type"] in ("greater_than_equal", "less_than_equal"):
        bits = 32 if _bound(fault) in (-(2**31), 2**31 - 1) else 64
        message = f"expected an integer of {bits} bits"
    else:
        message = fault["msg"]
    if not isinstance(cause, DraError):
        message += f", found {found(fault['input'])}"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    path = "".join(part for part, _ in _steps(cls, fault["loc"])).lstrip(".")
    remedy = cause.remedy if isinstance(cause, DraError) else _remedy(fault["type"], fault["input"])
    return DecodeError(message + more, path=path, value=fault["input"], remedy=remedy)


def _remedy(kind: str, value: object) -> str:
    """What would be of the type that is expected, where the value tells."""
    match kind, value:
        case _, str() if remedy := unrendered(value):
            return remedy
        case "string_type", bool():
            return "put it in quotes: without, YAML takes y, n, yes, no, on and off for booleans, too"
        case "string_type", int() | float():
            return "put it in quotes"
        case "int_type", str() if re.fullmatch(r"[-+]?\d{1,19}", value, re.ASCII):
            return "leave out the quotes"
        case "bool_type", str() | int():
            return "write true or false, without quotes"
        case "list_type", Mapping() | str():
            return "begin each of its items with '- '"
    return ""


def _bound(fault: ErrorDetails) -> object:
    """The least or greatest value that was allowed."""
    context = fault.get("ctx", {})
    return context.get("le", context.get("ge"))
