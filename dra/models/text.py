"""YAML and JSON text to plain data and back, each document with its place."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import attrs
import yaml

from dra.errors import DraError, LoadError
from dra.models import json_text, yaml_text
from dra.models.file_errors import not_utf8, unrendered

__all__ = ["Document", "decoded", "read", "represent_string", "single", "write_json", "write_yaml"]


_NO_JSON: Final = "its name says JSON, which has no comments, no commas at the end, no bare words and no NaN"

_NAMED_JSON: Final = "its name says JSON: call it .yaml"


@attrs.frozen
class Document:
    """The place of a document in a text.

    Attributes:
        text: The whole text it is part of.
        index: Which document of the text it is, from 0.
        source: File name, URL or `<stdin>`.
        first_line: Which line of the source the text begins with, from 1.
    """

    text: str = attrs.field(repr=False)
    index: int = 0
    source: str = ""
    first_line: int = 1

    def position(self, path: str) -> tuple[int, int]:
        """Line and column (from 1) of a field path such as `spec.devices.requests[0].name`.

        Where the path leads out of the document, the position of its last step inside. The text is parsed
        again for this, so it costs nothing until somebody asks.
        """
        line, column = yaml_text.position(self.text, self.index, path)
        return line + self.first_line - 1 if line else line, column

    def locate(self, error: DraError, path: str | None = None) -> DraError:
        """The same error with source, line and column filled in: those of `path`, or else of its own."""
        if error.line:
            return error.located(source=self.source)
        line, column = self.position(error.path if path is None else path)
        return error.located(source=self.source, line=line, column=column)


def read(text: str | bytes, source: str = "", *, json_only: bool = False) -> list[tuple[Any, Document]]:
    """The data of every document of a text, which is JSON (one value or many) or YAML, and its place.

    Args:
        text: The text, or its bytes in UTF-8.
        source: Where it came from, for errors.
        json_only: Do not fall back on YAML when the text starts like JSON but is not.

    Raises:
        LoadError: The text is not what it should be, with line and column.
    """
    if isinstance(text, bytes):
        text = decoded(text, source)
    text = text.removeprefix("\ufeff")
    if json_only or _starts_like_json(text):
        try:
            values = json_text.values(text, source)
        except json_text.NotJSONError as error:
            values = _as_yaml(text, source, instead_of=error if json_only else None)
    else:
        values = _as_yaml(text, source)
    return [(value, Document(text, index, source)) for index, value in enumerate(values)]


def decoded(content: bytes, source: str = "") -> str:
    """A text from its bytes, with or without a byte order mark.

    Raises:
        LoadError: They are not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(error.object, error.start, source) from None


def _starts_like_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def _as_yaml(text: str, source: str, instead_of: LoadError | None = None) -> list[object]:
    """The documents of a YAML text.

    Args:
        text: The text.
        source: Where it came from.
        instead_of: Why it is not JSON, which it has to be. Of the same fault, YAML knows the place.
    """
    try:
        values = list(yaml_text.documents(text, source))
    except LoadError as error:
        if instead_of is not None and instead_of.message != error.message:
            raise instead_of from None
        error.remedy = unrendered(text) or error.remedy
        raise
    if instead_of is not None:
        instead_of.remedy = instead_of.remedy or (_NO_JSON if _starts_like_json(text) else _NAMED_JSON)
        raise instead_of
    return values


def single(text: str | bytes, source: str = "") -> tuple[Any, Document]:
    """The one document of a text.

    Raises:
        LoadError: There is none, or more than one.
    """
    documents = [(data, document) for data, document in read(text, source) if data is not None]
    if len(documents) != 1:
        raise LoadError(
            f"expected one document, found {len(documents)}",
            source=source,
            remedy="documents are parted by lines of ---",
        )
    return documents[0]


# --- Writing ------------------------------------------------------------------------------------------------


class _Dumper(yaml.CSafeDumper):
    """Writes YAML that Kubernetes reads back as it was: no aliases, quotes where YAML 1.1 would guess."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def represent_string(dumper: Any, value: str) -> Any:
    """A string's node for one of PyYAML's dumpers: quoted where YAML 1.1 would take it for something else."""
    style = None
    if "\n" in value:
        style = "|"
    elif yaml_text.resolve(value) is not value:
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, represent_string)


def write_yaml(documents: Iterable[object]) -> str:
    """YAML of one or more documents, in the order of their keys.

    Raises:
        DraError: A value is not JSON data.
    """
    try:
        return yaml.dump_all(
            documents,
            Dumper=_Dumper,
            sort_keys=False,
            default_flow_style=False,
            allow_unicode=True,
            width=10_000,
        )
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise DraError(f"cannot write YAML: {error}") from None


def write_json(documents: Iterable[object]) -> str:
    """JSON, indented, of one document as itself and of several as a `List`.

    Raises:
        DraError: A value is not JSON data.
    """
    items = list(documents)
    value = items[0] if len(items) == 1 else {"apiVersion": "v1", "kind": "List", "items": items}
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise DraError(f"cannot write JSON: {error}") from None
