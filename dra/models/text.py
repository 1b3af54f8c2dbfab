"""YAML and JSON text to plain data and back, each document with its place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import yaml

from dra.errors import DraError, LoadError
from dra.models import yaml_text

__all__ = ["Document", "read", "single", "write_json", "write_yaml"]


@attrs.frozen
class Document:
    """One document of a text.

    Attributes:
        data: Its content: dicts, lists, strings, integers, floats, booleans, None.
        text: The whole text it is part of.
        index: Which document of the text it is, from 0.
        source: File name, URL or `<stdin>`.
    """

    data: object
    text: str = attrs.field(repr=False)
    index: int = 0
    source: str = ""

    def position(self, path: str) -> tuple[int, int]:
        """Line and column (from 1) of a field path such as `spec.devices.requests[0].name`.

        Where the path leads out of the document, the position of its last step inside. The text is parsed
        again for this, so it costs nothing until somebody asks.
        """
        return yaml_text.position(self.text, self.index, path)

    def locate(self, error: DraError, path: str | None = None) -> DraError:
        """The same error with source, line and column filled in: those of `path`, or else of its own."""
        if error.line:
            return error.located(source=self.source)
        line, column = self.position(error.path if path is None else path)
        return error.located(source=self.source, line=line, column=column)


def read(text: str | bytes, source: str = "", *, json_only: bool = False) -> list[Document]:
    """Every document of a text, which is JSON (one value or many, one after another) or YAML.

    Args:
        text: The text, or its bytes in UTF-8.
        source: Where it came from, for errors.
        json_only: Do not fall back on YAML when the text starts like JSON but is not.

    Raises:
        LoadError: The text is not what it should be, with line and column.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise LoadError("not UTF-8 text", source=source, line=line) from None
    text = text.removeprefix("\ufeff")
    if json_only or text.lstrip()[:1] in ("{", "["):
        try:
            return [
                Document(data, text, index, source) for index, data in enumerate(_json_values(text, source))
            ]
        except _NotJSONError as error:
            if json_only:
                raise error.fault from None
    return _documents(yaml_text.documents(text, source), text, source)


def _documents(values: Iterable[object], text: str, source: str) -> list[Document]:
    return [Document(value, text, index, source) for index, value in enumerate(values)]


def single(text: str | bytes, source: str = "") -> Document:
    """The one document of a text.

    Raises:
        LoadError: There is none, or more than one.
    """
    documents = [document for document in read(text, source) if document.data is not None]
    if len(documents) != 1:
        raise LoadError(f"expected one document, found {len(documents)}", source=source)
    return documents[0]


# --- JSON ---------------------------------------------------------------------------------------------------


class _NotJSONError(Exception):
    """The text is not JSON; it may still be YAML."""

    def __init__(self, fault: LoadError) -> None:
        super().__init__(fault.message)
        self.fault = fault


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object from its members, refusing a name that occurs twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise LoadError(f"duplicate key {twice!r}", value=twice)
    return members


def _refuse_constant(name: str) -> Any:
    raise LoadError(f"{name} is not a JSON number", value=name)


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise LoadError("a number beyond what JSON readers can hold", value=digits[:40])
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BLANK = re.compile(r"[ \t\r\n]*")


def _json_values(text: str, source: str) -> Iterator[object]:
    """The JSON values of a text, one after another."""
    start = _skip_blank(text, 0)
    escaped = "\\u" in text and _SURROGATE.search(text)
    while start < len(text):
        try:
            value, end = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            fault = LoadError(f"not JSON: {error.msg}", source=source, line=error.lineno, column=error.colno)
            raise _NotJSONError(fault) from None
        except LoadError as error:
            raise _placed(error, text, source) from None
        except RecursionError:
            raise LoadError("nested too deeply", source=source) from None
        except ValueError:
            raise LoadError("an integer of thousands of digits", source=source) from None
        if escaped and not _is_unicode(value):
            raise LoadError("half of a surrogate pair, which is no character", source=source)
        yield value
        start = _skip_blank(text, end)


def _is_unicode(value: object) -> bool:
    """Whether all strings in JSON data can be written again."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _placed(error: LoadError, text: str, source: str) -> LoadError:
    """The fault with its line, as the YAML reader, for which JSON is YAML, finds it; or as it is."""
    try:
        for _ in yaml_text.documents(text, source):
            pass
    except LoadError as same:
        return same
    return error.located(source=source)


def _skip_blank(text: str, start: int) -> int:
    match = _BLANK.match(text, start)
    return match.end() if match else start


# --- Writing ------------------------------------------------------------------------------------------------


class _Dumper(yaml.CSafeDumper):
    """Writes YAML that Kubernetes reads back as it was: no aliases, quotes where YAML 1.1 would guess."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _represent_string(dumper: Any, value: str) -> Any:
    style = None
    if "\n" in value:
        style = "|"
    elif yaml_text.resolve(value) is not value:
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _represent_string)


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
