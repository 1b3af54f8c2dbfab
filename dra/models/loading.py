"""`load` and `dump`: Kubernetes objects from and to files, text, data and clients' objects."""

from __future__ import annotations

import gc
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeAlias

import attrs

from dra.errors import DecodeError, DraError, LoadError
from dra.models import text
from dra.models.file_errors import unreadable, without_manifests
from dra.models.files import plain_suffix, read_file
from dra.models.foreign import plain, wire_data
from dra.models.kinds import decode, path_in
from dra.models.line_lists import is_line_list, line_documents
from dra.models.meta import KubernetesObject

__all__ = [
    "MANIFEST_SUFFIXES",
    "STDIN",
    "Located",
    "Source",
    "collector_paused",
    "dump",
    "load",
    "load_located",
    "load_text",
    "manifest_files",
    "nothing_in",
]

Source: TypeAlias = "str | bytes | PathLike[str] | IO[str] | IO[bytes] | Mapping[str, Any] | object"
"""Path, text, bytes, stream, one object's data, an object of a client, or any iterable of these."""

MANIFEST_SUFFIXES: Final = (".yaml", ".yml", ".json", ".jsonl", ".ndjson")
"""The files of a folder that are read."""

STDIN: Final = "<stdin>"
"""What messages call standard input."""

_MAX_LISTS: Final = 20
_WRITABLE: Final = "give models, dicts or objects of a client; text is loaded first, with dra.load"


@attrs.frozen
class Located:
    r"""An object and where it was read.

    Attributes:
        object: The object.
        document: The document it was in, None if it came from no text.
        prefix: Its field path in the document, such as `items[3]` in a List.

    Example:
        >>> found, = load_located("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n")
        >>> found.position("metadata.name")
        (4, 3)
    """

    object: KubernetesObject
    document: text.Document | None = attrs.field(default=None, repr=False)
    prefix: str = ""

    @property
    def source(self) -> str:
        """File name, URL or `<stdin>`; empty if it came from no text."""
        return self.document.source if self.document else ""

    def position(self, path: str) -> tuple[int, int]:
        """Line and column (from 1) of a field of the object; zeros if it came from no text."""
        if self.document is None:
            return 0, 0
        path = self.object.path_in({"apiVersion": self.object.api_version}, path)
        return self.document.position(_join(self.prefix, path))

    def locate(self, error: DraError) -> DraError:
        """The same error with the object and its place filled in."""
        if error.path and not error.line:
            line, column = self.position(error.path)
            error.located(line=line, column=column)
        return error.located(source=self.source, subject=self.object.subject)


def load(source: Source, strict: bool = False) -> list[KubernetesObject]:
    """Read Kubernetes objects from nearly anything.

    A string is a path, unless it has a line break or starts like JSON or YAML. A directory is read
    recursively, files in order of their names. A `List` (of any kind) counts as its items. Kinds that have
    no model come as `Unstructured`.

    Args:
        source: Path, text, bytes, open stream, dict, an object of another client, or an iterable of them.
        strict: Refuse fields that Kubernetes does not have.

    Raises:
        LoadError: The source cannot be read, or is neither YAML nor JSON, or is empty.
        DecodeError: A document is not what its kind should be. The error has file, line and field path.

    Example:
        >>> pod, = load({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "train-0"}})
        >>> pod.subject
        'Pod train-0'
    """
    return [located.object for located in load_located(source, strict)]


def load_located(source: Source, strict: bool = False) -> list[Located]:
    """As `load`, with each object's place in its file.

    Raises:
        LoadError: As `load`.
        DecodeError: As `load`.
    """
    with collector_paused():
        return list(_located(source, strict))


def load_text(
    content: str | bytes,
    source: str,
    faults: list[DraError],
    *,
    json_only: bool = False,
    may_be_empty: bool = False,
) -> list[Located]:
    """As `load_located` for a text that is known to be one, going on after objects that cannot be read.

    Args:
        content: The text.
        source: Where it comes from.
        faults: Receives the error of each object that is not what its kind should be.
        json_only: Whether it has to be JSON.
        may_be_empty: Whether having no objects is all right.

    Raises:
        LoadError: The text is neither YAML nor JSON, or is empty.
    """
    with collector_paused():
        documents = text.read(content, source, json_only=json_only)
        return list(_from_documents(documents, False, None if may_be_empty else source, faults))


def dump(
    objects: KubernetesObject | Mapping[str, Any] | Iterable[object],
    format: Literal["yaml", "json"] = "yaml",  # noqa: A002 - the public name
) -> str:
    """Write objects as text: YAML documents, or JSON (several as one `List`).

    Args:
        objects: One or several: models, dicts, objects of a client. What is in a dict is written as it is.
        format: `yaml` or `json`.

    Raises:
        DraError: The format is unknown, something is no object, or an object holds what JSON cannot.

    Example:
        >>> print(dump([{"kind": "Job", "metadata": {"name": "train"}}]), end="")
        kind: Job
        metadata:
          name: train
    """
    one = _wire(objects)
    if one is None and (isinstance(objects, (str, bytes)) or not isinstance(objects, Iterable)):
        raise DraError(f"cannot write a {type(objects).__name__}", value=objects, remedy=_WRITABLE)
    wire = [one] if one is not None else [_wire_or_error(item) for item in objects]
    if format == "yaml":
        return text.write_yaml(wire)
    if format == "json":
        return text.write_json(wire)
    raise DraError(f"unknown format {format!r}", value=format, remedy="use yaml or json")


def _wire(item: object) -> dict[str, Any] | None:
    """The JSON of one object; None if it is not one."""
    if isinstance(item, KubernetesObject):
        return item.to_dict()
    if isinstance(item, Mapping):
        return dict(plain(item))
    return wire_data(item)


def _wire_or_error(item: object) -> dict[str, Any]:
    found = _wire(item)
    if found is None:
        raise DraError(f"cannot write a {type(item).__name__}", value=item, remedy=_WRITABLE)
    return found


@contextmanager
def collector_paused() -> Iterator[None]:
    """For what only builds up: a garbage collection meanwhile walks everything to find nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _located(source: Any, strict: bool) -> Iterator[Located]:
    if isinstance(source, Located):
        yield source
    elif isinstance(source, KubernetesObject):
        yield Located(source)
    elif isinstance(source, Mapping):  # lightkube's generic objects are dicts that may not say their kind
        yield from _objects(source if "kind" in source else wire_data(source) or source, None, "", strict)
    elif isinstance(source, bytes) or (isinstance(source, str) and _is_text(source)):
        yield from _from_documents(text.read(source), strict)
    elif isinstance(source, (str, PathLike)):
        yield from _from_path(Path(source), strict)
    elif hasattr(source, "read"):
        yield from _from_documents(_read_stream(source), strict)
    elif (data := wire_data(source)) is not None:
        yield from _objects(data, None, "", strict)
    elif isinstance(source, Iterable):
        for item in source:
            yield from _located(item, strict)
    else:
        raise LoadError(
            f"cannot load objects from a {type(source).__name__}",
            value=source,
            remedy="give a path, a text, a stream, an object or a list of these",
        )


def _is_text(source: str) -> bool:
    """Whether a string is a document rather than a path."""
    return "\n" in source or ": " in source or source.lstrip()[:1] in ("", "{", "[")


def _from_path(path: Path, strict: bool) -> Iterator[Located]:
    for file in manifest_files(path):
        if is_line_list(file):
            for data, document in line_documents(file):
                yield from _objects(data, document, "", strict)
            continue
        documents = text.read(read_file(file), str(file), json_only=plain_suffix(file) == ".json")
        yield from _from_documents(documents, strict, str(file) if file == path else None)


def manifest_files(path: Path) -> list[Path]:
    """The file itself, or the manifests below a directory in order of their names.

    Raises:
        LoadError: There is no such file, or nothing in the directory that looks like a manifest.
    """
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            return [path]
        files = sorted(
            file for file in path.rglob("*") if file.suffix in MANIFEST_SUFFIXES and file.is_file()
        )
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    if not files:
        raise without_manifests(path, MANIFEST_SUFFIXES)
    return files


def _read_stream(stream: Any) -> list[tuple[Any, text.Document]]:
    name = getattr(stream, "name", "")
    name = name if isinstance(name, str) else ""
    try:
        return text.read(stream.read(), name)
    except (OSError, UnicodeError) as error:
        raise LoadError(f"cannot read it: {error}", source=name) from None


def _from_documents(
    documents: list[tuple[Any, text.Document]],
    strict: bool,
    source: str | None = "",
    faults: list[DraError] | None = None,
) -> Iterator[Located]:
    """The objects of a text; having none is an error, unless the text is one of many."""
    documents = [(data, document) for data, document in documents if data is not None]
    if not documents and source is not None:
        raise nothing_in(source)
    for data, document in _consumed(documents):
        yield from _objects(data, document, "", strict, faults)


def nothing_in(source: str) -> LoadError:
    """The error for a text without objects: empty, or with nothing but comments."""
    remedy = "a manifest has apiVersion, kind and metadata, as `dra new gpu` prints it"
    if source == STDIN:
        remedy = "run what is piped in alone, to see what it prints"
    return LoadError("no objects in it", source=source, remedy=remedy)


def _consumed(items: list[Any]) -> Iterator[Any]:
    """The items of a list of ours, each forgotten when the next is asked for: their memory serves again."""
    items.reverse()
    while items:
        yield items.pop()


def _objects(
    data: Any,
    document: text.Document | None,
    prefix: str,
    strict: bool,
    faults: list[DraError] | None = None,
    depth: int = 0,
) -> Iterator[Located]:
    """The object that data is, or those of the list it is. Errors go to `faults` if it is there."""
    try:
        if depth > _MAX_LISTS:
            raise _fault("lists nested too deeply", prefix, None, document)
        if isinstance(data, list):
            for index, item in enumerate(data):
                yield from _objects(item, document, f"{prefix}[{index}]", strict, faults, depth + 1)
        elif not isinstance(data, Mapping):
            raise _fault("expected a Kubernetes object", prefix, data, document)
        elif isinstance(kind := data.get("kind"), str) and kind.endswith("List") and "items" in data:
            for index, item in enumerate(_items(data, kind, prefix, document)):
                yield from _objects(
                    item, document, _join(prefix, f"items[{index}]"), strict, faults, depth + 1
                )
        else:
            yield _decoded(data, document, prefix, strict)
    except DraError as error:
        if faults is None:
            raise
        faults.append(error)


def _items(
    data: Mapping[str, Any], kind: str, prefix: str, document: text.Document | None
) -> Iterator[object]:
    """The items of a list, each saying its kind."""
    inherited = {"apiVersion": data.get("apiVersion"), "kind": kind.removesuffix("List")}
    items = data["items"] or []
    if not isinstance(items, list):
        raise _fault("expected a list", _join(prefix, "items"), items, document)
    for item in _consumed(items) if document else items:
        yield {**inherited, **item} if kind != "List" and isinstance(item, Mapping) else item


def _decoded(data: Mapping[str, Any], document: text.Document | None, prefix: str, strict: bool) -> Located:
    try:
        return Located(decode(data, strict), document, prefix)
    except DraError as error:
        if document:
            document.locate(error, _join(prefix, path_in(data, error.path)))
        raise error.located(path_prefix=prefix, subject=_subject(data)) from None


def _fault(message: str, path: str, value: object, document: text.Document | None) -> DraError:
    """A fault in what holds the objects."""
    error = DecodeError(message, path=path, value=value)
    return document.locate(error) if document else error


def _subject(data: Mapping[str, Any]) -> str:
    """Kind, namespace and name of data that may be anything."""
    metadata = data.get("metadata")
    names = [metadata.get(key) for key in ("namespace", "name")] if isinstance(metadata, Mapping) else []
    place = "/".join(name for name in names if isinstance(name, str))
    return f"{data.get('kind', '')} {place}".strip()


def _join(prefix: str, path: str) -> str:
    return f"{prefix}.{path}" if prefix and path and not path.startswith("[") else prefix + path
