"""YAML to plain data as Kubernetes reads it, safe for text from anybody.

YAML means what `sigs.k8s.io/yaml` (the API server, kubectl) takes it to mean: YAML 1.1 with `yes` and `on`
as booleans, dates as strings, `010` as eight, no `1:30` in base sixty. libyaml parses; the data is built from
its events here, without recursion, with bounds on nesting and on what aliases expand to, and refusing
duplicate keys.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import yaml

from dra.errors import LoadError

__all__ = ["documents", "position", "resolve"]

# The C parser where PyYAML was built with it, as its wheels are.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_DEPTH: Final = 200
# Nodes that aliases may add to one stream. A bomb of nine levels wants a thousand million.
MAX_ALIASED: Final = 100_000

_CONSTANTS: Final[dict[str, Any]] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
}
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_PREFIXED = re.compile(
    r"([-+]?)0([xX](?=[0-9a-fA-F]+$)|[bB](?=[01]+$)|[oO]?(?=[0-7]+$))([0-9a-fA-F]+)", re.ASCII
)
_NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_STRING_TAGS: Final = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp", "!")
_RESOLVED_TAGS: Final = {
    "tag:yaml.org,2002:int": (int,),
    "tag:yaml.org,2002:float": (int, float),
    "tag:yaml.org,2002:bool": (bool,),
    "tag:yaml.org,2002:null": (type(None),),
}
_COLLECTION_TAGS: Final = (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


def documents(text: str, source: str) -> Iterator[object]:
    """The content of each document of a YAML stream.

    Raises:
        LoadError: It is not YAML, or not YAML that Kubernetes takes, with line and column.
    """
    try:
        builder = _Builder(_Parser(text), source)
        yield from builder.documents()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"not YAML: {error.problem or error.context}"
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise LoadError(message, source=source, line=line, column=column) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise LoadError(f"not YAML: {error.reason}", source=source, line=line) from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise LoadError(f"not YAML: {error}", source=source) from None


_STEP = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")


def position(text: str, index: int, path: str) -> tuple[int, int]:
    """Line and column, from 1, of a field path in one document of a YAML stream.

    Where the path leads out of the document it is the place of the last step inside; zeros if there is no
    such document.
    """
    steps = [bracketed or plain for bracketed, plain in _STEP.findall(path)]
    outline = _outline(text)
    if index >= len(outline):
        return 0, 0
    begin, items = outline[index]
    end = outline[index + 1][0].index if index + 1 < len(outline) else len(text)
    if steps[:1] == ["items"] and "".join(steps[1:2]).isdecimal() and int(steps[1]) < len(items):
        begin, *following = items[int(steps[1]) :]
        end = following[0].index if following else end
        steps = steps[2:]
    # What begins in the middle of a line goes on in lines that are indented as far.
    events = iter(_Parser(" " * begin.column + text[begin.index : end]).get_event, None)
    try:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                line, column = _descend(events, steps)
                return begin.line + line, column
    except (yaml.YAMLError, UnicodeError):
        pass
    return 0, 0


@lru_cache(maxsize=4)
def _outline(text: str) -> list[tuple[Any, list[Any]]]:
    """Where each document of a stream begins, and each of its `items`: found once, for all that is asked."""
    outline: list[tuple[Any, list[Any]]] = []
    try:
        events = iter(_Parser(text).get_event, None)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                outline.append((event.start_mark, []))
                if isinstance(next(events), yaml.MappingStartEvent):
                    found = _member(events, "items")
                    if found is not None and isinstance(found[1], yaml.SequenceStartEvent):
                        outline[-1][1].extend(_items(events))
    except (yaml.YAMLError, UnicodeError):
        pass  # what comes before the fault has its place
    return outline


def _items(events: Iterator[Any]) -> Iterator[Any]:
    """The marks of a sequence's items."""
    for node in events:
        if isinstance(node, yaml.SequenceEndEvent):
            return
        yield node.start_mark
        _skip(events, node)


def _descend(events: Iterator[Any], steps: list[str]) -> tuple[int, int]:
    """Follow steps through the events of a document, from its root."""
    node = next(events)
    mark = node.start_mark
    for step in steps:
        if isinstance(node, yaml.MappingStartEvent):
            found = _member(events, step)
        elif isinstance(node, yaml.SequenceStartEvent) and step.isdigit():
            found = _item(events, int(step))
        else:
            break
        if found is None:
            break
        mark, node = found
    return mark.line + 1, mark.column + 1


def _member(events: Iterator[Any], name: str) -> tuple[Any, Any] | None:
    """Mark of the key and first event of the value of a mapping's member."""
    for key in events:
        if isinstance(key, yaml.MappingEndEvent):
            return None
        _skip(events, key)
        value = next(events)
        if isinstance(key, yaml.ScalarEvent) and key.value == name:
            return key.start_mark, value
        _skip(events, value)
    return None


def _item(events: Iterator[Any], index: int) -> tuple[Any, Any] | None:
    """Mark and first event of a sequence's item."""
    for node in events:
        if isinstance(node, yaml.SequenceEndEvent):
            return None
        if not index:
            return node.start_mark, node
        index -= 1
        _skip(events, node)
    return None


def _skip(events: Iterator[Any], event: Any) -> None:
    """Go past the rest of the node that an event begins."""
    depth = int(isinstance(event, yaml.CollectionStartEvent))
    while depth:
        following = next(events)
        depth += isinstance(following, yaml.CollectionStartEvent)
        depth -= isinstance(following, yaml.CollectionEndEvent)


class _Frame:
    """A collection under construction."""

    __slots__ = ("anchor", "key", "merged", "merging", "size", "value")

    def __init__(self, value: Any, anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.key: str | None = None
        self.merging = False
        self.merged: list[Any] = []
        self.size = 1


class _Builder:
    """Plain data from the events of a YAML parser."""

    def __init__(self, parser: Any, source: str) -> None:
        self._parser = parser
        self._source = source
        self._aliased = 0

    def documents(self) -> Iterator[object]:
        """The content of each document."""
        for event in iter(self._parser.get_event, None):
            if isinstance(event, yaml.DocumentStartEvent):
                yield self._document()

    def _document(self) -> object:
        anchors: dict[str, tuple[object, int]] = {}
        frames: list[_Frame] = []
        root: object = None
        for event in iter(self._parser.get_event, None):
            kind = event.__class__
            if kind is yaml.ScalarEvent:
                value, size = self._scalar(event), 1
                if event.anchor:
                    anchors[event.anchor] = (value, 1)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                if event.tag not in _COLLECTION_TAGS:
                    raise self._error(f"unknown tag {event.tag}", event)
                if len(frames) >= MAX_DEPTH:
                    raise self._error("nested too deeply", event)
                frames.append(_Frame({} if kind is yaml.MappingStartEvent else [], event.anchor))
                continue
            elif kind is yaml.AliasEvent:
                if event.anchor not in anchors:
                    raise self._error(f"alias to {event.anchor!r}, which is not defined before it", event)
                value, size = anchors[event.anchor]
                self._aliased += size
                if self._aliased > MAX_ALIASED:
                    raise self._error("aliases expand to too much", event)
            elif kind is yaml.DocumentEndEvent:
                return root
            else:
                value, size = self._close(frames.pop(), anchors)
            if not frames:
                root = value
            else:
                self._attach(frames[-1], value, size, event)
        return root

    @staticmethod
    def _close(frame: _Frame, anchors: dict[str, tuple[object, int]]) -> tuple[object, int]:
        for members in frame.merged:
            for key, value in members.items():
                frame.value.setdefault(key, value)
        if frame.anchor:
            anchors[frame.anchor] = (frame.value, frame.size)
        return frame.value, frame.size

    def _attach(self, frame: _Frame, value: object, size: int, event: Any) -> None:
        frame.size += size
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif frame.merging:
            frame.merged.extend(self._mappings(value, event))
            frame.merging = False
        elif frame.key is None:
            frame.merging = value == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0]
            frame.key = None if frame.merging else self._key(frame, value, event)
        else:
            frame.value[frame.key] = value
            frame.key = None

    def _key(self, frame: _Frame, value: object, event: Any) -> str:
        """A mapping's key as JSON has it: a string."""
        if isinstance(value, bool):
            key = str(value).lower()
        elif isinstance(value, (str, int, float)):
            key = str(value)
        else:
            raise self._error("a key must be a string, a number or a boolean", event)
        if key in frame.value:
            raise self._error(f"duplicate key {key!r}", event)
        return key

    def _mappings(self, value: object, event: Any) -> list[Any]:
        """What a merge key `<<` merges: a mapping or a list of mappings."""
        mappings = value if isinstance(value, list) else [value]
        if not all(isinstance(mapping, dict) for mapping in mappings):
            raise self._error("'<<' merges mappings only", event)
        return mappings

    def _scalar(self, event: Any) -> object:
        text, tag = event.value, event.tag
        if tag is None:
            value = resolve(text) if event.implicit[0] else text
        elif tag in _STRING_TAGS:
            return text
        elif tag == "tag:yaml.org,2002:binary":
            try:
                return base64.b64decode(text, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError, ValueError):
                raise self._error("not text in base64", event) from None
        else:
            value = resolve(text)
            if not isinstance(value, _RESOLVED_TAGS.get(tag, ())):
                raise self._error(f"{text!r} does not fit the tag {tag}", event)
        if isinstance(value, _Unrepresentable):
            raise self._error(f"{text[:40]} is not a JSON number", event)
        return value

    def _error(self, message: str, event: Any) -> LoadError:
        mark = event.start_mark
        return LoadError(message, source=self._source, line=mark.line + 1, column=mark.column + 1)


class _Unrepresentable:
    """A number that JSON does not have: infinite or not a number."""


def resolve(text: str) -> Any:
    """What a plain (unquoted) YAML scalar means to Kubernetes.

    Example:
        >>> [resolve(text) for text in ("on", "010", "1.0", "1e3", "2026-01-31", "1:30", "~")]
        [True, 8, 1, 1000, '2026-01-31', '1:30', None]
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _NOT_A_NUMBER.fullmatch(text):
        return _Unrepresentable()
    digits = text.replace("_", "")
    if prefixed := _PREFIXED.fullmatch(digits):
        sign, letter, body = prefixed.groups()
        number = int(sign + body, {"x": 16, "b": 2}.get(letter.lower(), 8)) if len(body) <= 64 else 2**64
        return number if number < 2**64 else text
    if not _FLOAT.fullmatch(digits) or len(digits) > 400:
        return text
    if digits.lstrip("+-").isdigit():
        return int(digits)
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        return text
    # JSON knows one kind of number, and Go writes 1.0 as 1.
    return int(value) if value.is_integer() and abs(value) < 1e21 else value
