"""`rebuilt`: an object of a Kubernetes client with other data, of the same class.

No client is imported; `dra.models.foreign` reads such objects by what they have, and this is the way back.
Whatever did not change is carried over as it is, so that a client's own types stay what they were. Whether
the class could hold the new data is checked by reading it again.
"""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from dra.errors import DraError
from dra.models.foreign import wire_data

__all__ = ["rebuilt"]

T = TypeVar("T")

# `list[V1Container]`, `dict(str, V1X)`, `dict[str, V1X]`
_LIST: Final = re.compile(r"list\[(.*)\]")
_DICT: Final = re.compile(r"dict[(\[]str, ?(.*)[)\]]")


def rebuilt(source: T, before: dict[str, Any], after: dict[str, Any]) -> T:
    """A copy of a client's object that has other data.

    Args:
        source: The object. It is not changed, and the copy shares nothing with it that can be changed.
        before: Its data, as `wire_data` reads it.
        after: The data it shall have.

    Raises:
        DraError: The object's class, of an old version of the client perhaps, has no place for something in
            the new data.

    Example:
        >>> class V1ResourceRequirements:
        ...     attribute_map = {"limits": "limits"}
        ...     openapi_types = {"limits": "dict(str, str)"}
        ...     limits = None
        >>> source = V1ResourceRequirements()
        >>> rebuilt(source, {}, {"limits": {"cpu": "1"}}).limits, source.limits
        ({'cpu': '1'}, None)
        >>> rebuilt(source, {}, {"claims": [{"name": "gpu"}]})
        Traceback (most recent call last):
        dra.errors.DraError: V1ResourceRequirements has no place for claims
          use a newer version of the client, or pass the object's data as a dict
    """
    result: T = _rebuilt(source, before, after)
    again = wire_data(result)
    if again != after:
        raise DraError(
            f"{type(source).__name__} has no place for {_lost(after, again, '') or 'the new data'}",
            value=type(source).__name__,
            remedy="use a newer version of the client, or pass the object's data as a dict",
        )
    return result


def _rebuilt(source: Any, before: dict[str, Any], after: dict[str, Any]) -> Any:
    try:
        if isinstance(getattr(source, "raw", None), Mapping):  # kr8s
            result = copy.copy(source)
            result.raw = copy.deepcopy(after)
            return result
        if _is_legacy(source):
            return _legacy(source, before, after)
        if isinstance(source, BaseModel):
            return _pydantic(source, before, after)
        return type(source).from_dict(copy.deepcopy(after))  # lightkube
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        message = str(error)
        if isinstance(error, ValidationError):
            fault = error.errors(include_url=False)[0]
            message = f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}"
        raise DraError(f"cannot make a {type(source).__name__} of it: {message}") from None


# --- The official client up to 36, and the asynchronous one ------------------------------------------------


def _is_legacy(value: object) -> bool:
    return isinstance(getattr(value, "attribute_map", None), Mapping) and not isinstance(value, BaseModel)


def _legacy(value: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> Any:
    """A model with other data; its class says which attribute has which wire name and type."""
    result = _copied(value)
    home = type(value).__module__.rpartition(".")[0]
    for attribute, name in value.attribute_map.items():
        if before.get(name) != after.get(name):
            declared = getattr(value, "openapi_types", {}).get(attribute, "")
            present = getattr(value, attribute, None)
            setattr(result, attribute, _member(present, declared, before.get(name), after.get(name), home))
    return result


def _member(value: Any, declared: str, before: Any, after: Any, home: str) -> Any:
    """The value of an attribute that has the data `before`, as it has to be for the data `after`."""
    if value is not None and before == after:
        return _copied(value)
    if isinstance(after, Mapping):
        was = before if isinstance(before, Mapping) else {}
        if _is_legacy(value):
            return _legacy(value, was, after)
        if inner := _DICT.fullmatch(declared):
            present = value if isinstance(value, Mapping) else {}
            return {
                key: _member(present.get(key), inner[1], was.get(key), item, home)
                for key, item in after.items()
            }
        return _made(declared, after, home)
    if isinstance(after, list) and (inner := _LIST.fullmatch(declared)):
        items = value if isinstance(value, (list, tuple)) else []
        were = before if isinstance(before, list) else []
        return [
            _member(
                items[index] if index < len(items) else None,
                inner[1],
                were[index] if index < len(were) else None,
                item,
                home,
            )
            for index, item in enumerate(after)
        ]
    return copy.deepcopy(after)


def _made(declared: str, data: Mapping[str, Any], home: str) -> Any:
    """A new model; plain data if its class is too old to hold it, which such a client sends as it is."""
    kind = getattr(sys.modules.get(home), declared, None)
    names = getattr(kind, "attribute_map", None)
    if kind is None or not isinstance(names, Mapping) or not set(data) <= set(names.values()):
        return copy.deepcopy(dict(data))
    members = {
        attribute: _member(None, kind.openapi_types.get(attribute, ""), None, data[name], home)
        for attribute, name in names.items()
        if name in data
    }
    return kind(**members)


def _copied(value: Any) -> Any:
    """A copy that shares only what is no data, such as the configuration of a client."""
    if _is_legacy(value):
        result = copy.copy(value)
        for attribute in value.attribute_map:
            member = getattr(value, attribute, None)
            if isinstance(member, (list, dict)) or _is_legacy(member):
                setattr(result, attribute, _copied(member))
        return result
    if isinstance(value, list):
        return [_copied(item) for item in value]
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return value


# --- Pydantic models: the official client from 37 on, and those of launchers ------------------------------


def _pydantic(value: BaseModel, before: Mapping[str, Any], after: Mapping[str, Any]) -> BaseModel:
    result = value.model_copy(deep=True)
    known = {field.serialization_alias or field.alias or name: name for name, field in _fields(value)}
    for name in [*before, *(name for name in after if name not in before)]:
        if before.get(name) == after.get(name):
            continue
        attribute = known.get(name)
        if attribute is None:
            if value.model_config.get("extra") == "allow":
                setattr(result, name, copy.deepcopy(after.get(name)))
            continue
        present, new = getattr(value, attribute), after.get(name)
        setattr(
            result,
            attribute,
            _validated(
                type(value).model_fields[attribute].annotation, _parts(present, before.get(name), new)
            ),
        )
    return result


def _fields(value: BaseModel) -> Any:
    return type(value).model_fields.items()


def _parts(value: Any, before: Any, after: Any) -> Any:
    """New data in which what was a model before is one already."""
    if isinstance(value, BaseModel) and isinstance(before, Mapping) and isinstance(after, Mapping):
        return _pydantic(value, before, after)
    if isinstance(value, list) and isinstance(before, list) and isinstance(after, list):
        known = min(len(value), len(before), len(after))
        parts = [_parts(value[index], before[index], after[index]) for index in range(known)]
        return [*parts, *copy.deepcopy(after[known:])]
    if isinstance(value, dict) and isinstance(before, Mapping) and isinstance(after, Mapping):
        return {
            key: _parts(value[key], before[key], item) if key in value and key in before else item
            for key, item in after.items()
        }
    return copy.deepcopy(after)


def _validated(annotation: Any, data: Any) -> Any:
    return TypeAdapter(annotation).validate_python(data)


def _lost(wanted: Any, got: Any, path: str) -> str:
    """The first field of some data that other data lacks."""
    if isinstance(wanted, Mapping):
        for name, value in wanted.items():
            below = f"{path}.{name}".lstrip(".")
            if not isinstance(got, Mapping) or name not in got:
                return below
            if found := _lost(value, got[name], below):
                return found
    elif isinstance(wanted, list):
        for index, item in enumerate(wanted):
            if not isinstance(got, list) or index >= len(got):
                return f"{path}[{index}]"
            if found := _lost(item, got[index], f"{path}[{index}]"):
                return found
    elif wanted != got:
        return path
    return ""
