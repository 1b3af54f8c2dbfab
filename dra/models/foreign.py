"""Objects of Kubernetes clients as wire data, recognised by what they have and never by their modules.

The official client (27 to 37), lightkube and kr8s each have a typed object per kind. None of them is imported
here: an object says by its attributes how it can be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from dra.errors import DecodeError
from dra.models.scalars import rfc3339
from dra.models.versions import VERSIONS

__all__ = ["plain", "wire_data"]

_MAX_DEPTH: Final = 100

# `V1beta1ResourceClaim`, `ResourceV1ResourceClaim`, `V1ResourceSliceList`
_CLASS_NAME = re.compile(r"(?:[A-Z][a-z]+)?V(\d(?:(?:alpha|beta)\d+)?)([A-Z]\w*)")


def wire_data(source: object) -> dict[str, Any] | None:
    """The JSON of a client's object; None if it is not an object of a client.

    Raises:
        DecodeError: It is, but cannot be read.

    Example:
        >>> class V1ResourceClaim:
        ...     attribute_map = {"metadata": "metadata"}
        ...     metadata = {"name": "train"}
        >>> wire_data(V1ResourceClaim())
        {'apiVersion': 'resource.k8s.io/v1', 'kind': 'ResourceClaim', 'metadata': {'name': 'train'}}
    """
    raw = getattr(source, "raw", None)
    if isinstance(raw, Mapping) and "kind" in raw:  # kr8s
        return _identified(source, plain(raw))
    if isinstance(getattr(source, "attribute_map", None), Mapping):  # the official client
        return _identified(source, plain(source))
    for method, arguments in (("model_dump", {"by_alias": True, "exclude_none": True}), ("to_dict", {})):
        convert = getattr(source, method, None)
        if callable(convert) and not isinstance(source, type):  # pydantic models; lightkube
            data = convert(**arguments)
            return _identified(source, plain(data)) if isinstance(data, Mapping) else None
    return None


def plain(value: Any, depth: int = 0) -> Any:
    """JSON data of a value in which there may be objects of the official client.

    Raises:
        DecodeError: It is nested more than a hundred deep.
    """
    if depth > _MAX_DEPTH:
        raise DecodeError("nested too deeply")
    if isinstance(value, Mapping):
        return {key: plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, datetime):
        return rfc3339(value)
    names = getattr(value, "attribute_map", None)
    if isinstance(names, Mapping):
        members = {name: getattr(value, attribute, None) for attribute, name in names.items()}
        return {name: plain(item, depth + 1) for name, item in members.items() if item is not None}
    return value


def _identified(source: object, data: dict[str, Any]) -> dict[str, Any]:
    """The data with `apiVersion` and `kind`, which items of a client's lists leave out."""
    if data.get("apiVersion") and data.get("kind"):
        return data
    known = {name: value for name, value in data.items() if value is not None}
    resource = getattr(getattr(source, "_api_info", None), "resource", None)  # lightkube
    if resource is not None:
        group, version, kind = resource.group, resource.version, resource.kind
        return {"apiVersion": f"{group}/{version}" if group else version, "kind": kind, **known}
    if match := _CLASS_NAME.fullmatch(type(source).__name__):
        version, kind = match.groups()
        for (group, name), versions in VERSIONS.items():
            api_version = f"{group}/v{version}".removeprefix("/")
            if name == kind.removesuffix("List") and any(api_version == each.name for each in versions):
                return {"apiVersion": api_version, "kind": kind, **known}
    return data
