"""`Opened`: the data of a workload of any form, free to be changed, and the way back to that form."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from typing import Any, Final, Generic, TypeVar

import attrs

from dra.claims.pods.clients import rebuilt
from dra.errors import DraError, LoadError
from dra.models import text
from dra.models.base import Model
from dra.models.edits import edits_between
from dra.models.foreign import wire_data
from dra.models.text_edit import edit_text

__all__ = ["Opened", "open_workload"]

T = TypeVar("T")

_DEEPEST: Final = 200
_MAX_LISTS: Final = 20


@attrs.frozen
class Opened(Generic[T]):
    r"""A workload as plain data.

    Attributes:
        data: What it holds: an object, or a list of them. It is a copy: change it as you like.
        closed: Makes of such data what the workload was: text, a model, an object of a client.

    Example:
        >>> opened = open_workload("kind: Pod\nspec: {hostname: a}\n")
        >>> opened.objects[0]["spec"]["hostname"] = "b"
        >>> print(opened.close(), end="")
        kind: Pod
        spec: {hostname: b}
    """

    data: Any
    closed: Callable[[Any], T] = attrs.field(repr=False)

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The objects in the data, those of Lists and of several documents one by one."""
        return list(_objects(self.data, 0))

    def close(self) -> T:
        """What was opened, with the data as it is now.

        Raises:
            DraError: The form cannot hold the data: an old version of a client, say.
        """
        return self.closed(self.data)


def open_workload(workload: T) -> Opened[T]:
    """The data of a workload, whatever its form.

    Args:
        workload: A dict; YAML or JSON text, of one or more documents; a model of `dra`; an object of the
            official client (synchronous or not), lightkube or kr8s; a pydantic model of a launcher; or a list
            of these. It is not changed.

    Raises:
        DraError: It is none of these, or is nested too deeply.
        LoadError: It is text, and neither YAML nor JSON.
    """
    return _open(workload, 0)


def _open(source: Any, depth: int) -> Opened[Any]:
    if depth > _MAX_LISTS:
        raise DraError("lists nested too deeply")
    if isinstance(source, (str, bytes)):
        return _open_text(source)
    if isinstance(source, PathLike):
        raise DraError(
            "this is the name of a file", value=str(source), remedy="pass what is in it: path.read_text()"
        )
    if isinstance(source, Model):
        return Opened(source.to_dict(), type(source).from_dict)
    if isinstance(source, (list, tuple)):
        parts = [_open(item, depth + 1) for item in source]
        return Opened(
            [part.data for part in parts],
            lambda data: type(source)(part.closed(item) for part, item in zip(parts, data, strict=True)),
        )
    if type(source) is dict:
        return _open_dict(source)
    data = wire_data(source)
    if data is not None:
        before = copy.deepcopy(data)
        return Opened(data, lambda after: rebuilt(source, before, after))
    if isinstance(source, Mapping):
        return Opened(_plain(source, (), {}), type(source))
    raise DraError(
        f"cannot read a workload from a {type(source).__name__}",
        value=source,
        remedy="pass a dict, YAML text, or an object of a Kubernetes client",
    )


def _open_text(source: Any) -> Opened[Any]:
    """Text, of which everything that is not changed stays as it is, comments included."""
    read = [(document.index, data) for data, document in text.read(source) if data is not None]
    if not read or not all(isinstance(data, (dict, list)) for _, data in read):
        raise LoadError(
            "expected YAML or JSON of a Kubernetes object",
            value=source[:80],
            remedy="is it the name of a file? pass what is in it",
        )
    # Copies: what YAML's aliases make one object is changed in one place only.
    before = [(index, _plain(data, (), {})) for index, data in read]

    def closed(data: list[Any]) -> Any:
        edits = {index: edits_between(old, new) for (index, old), new in zip(before, data, strict=True)}
        is_bytes = isinstance(source, bytes)
        edited = edit_text(source.decode() if is_bytes else source, edits).text
        return edited.encode() if is_bytes else edited

    return Opened([_plain(data, (), {}) for _, data in read], closed)


def _open_dict(source: dict[Any, Any]) -> Opened[Any]:
    """A dict, in which there may be objects of a client: torchx, codeflare and others write such."""
    parts: dict[tuple[Any, ...], Opened[Any]] = {}
    data = _plain(source, (), parts)

    def closed(after: Any) -> Any:
        after = copy.deepcopy(after) if parts else after
        for (*way, last), part in parts.items():
            holder = after
            for step in way:
                holder = holder[step]
            holder[last] = part.closed(holder[last])
        return after

    return Opened(data, closed)


def _plain(value: Any, path: tuple[Any, ...], parts: dict[tuple[Any, ...], Opened[Any]]) -> Any:
    """A copy of data in which every object is a dict; objects of clients go to `parts` as well."""
    if len(path) > _DEEPEST:
        raise DraError("nested too deeply")
    if isinstance(value, Mapping):
        return {key: _plain(item, (*path, key), parts) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, (*path, index), parts) for index, item in enumerate(value)]
    if value is None or isinstance(value, (str, int, float)) or (data := wire_data(value)) is None:
        return value
    before = copy.deepcopy(data)
    parts[path] = Opened(data, lambda after: rebuilt(value, before, after))
    return data


def _objects(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _MAX_LISTS:
        raise DraError("lists nested too deeply")
    if isinstance(data, list):
        for item in data:
            yield from _objects(item, depth + 1)
    elif isinstance(data, dict):
        kind, items = data.get("kind"), data.get("items")
        if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
            yield from _objects(items, depth + 1)
        else:
            yield data
