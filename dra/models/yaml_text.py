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

__all__ = ["documents", "is_beyond", "position", "resolve"]

# The C parser where PyYAML was built with it, as its wheels are.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_DEPTH: Final = 200
# Nodes that aliases may add to one stream. A bomb of nine levels wants a thousand million.
MAX_ALIASED: Final = 100_000
_DEEPEST_SHOWN: Final = 20

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
# What libyaml says, as far as it says what to do.
_REMEDIES: Final = {
    "found character that cannot start": "indent by spaces, not tabs; put what begins with @ in quotes",
    "found a tab character": "indent by spaces, not tabs",
    "mapping values are not allowed": "indent it as its neighbours are; put a text with ': ' in quotes",
    "block sequence entries are not": "begin the list in a line of its own",
    "did not find expected ',' or ']'": "close the bracket, and part what is in it by commas",
    "did not find expected ',' or '}'": "close the bracket, and part what is in it by commas",
    "did not find expected": "indent the line as its neighbours are",
    "found unexpected end of stream": "close the quote",
    "found unknown escape character": "write it in single quotes, in which a backslash is nothing special",
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
        message = error.problem or error.context or ""
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        remedy = next((what for problem, what in _REMEDIES.items() if message.startswith(problem)), "")
        raise LoadError(
            f"not YAML: {message}", source=source, line=line, column=column, remedy=remedy
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise LoadError(
            f"not YAML: {error.reason}",
            source=source,
            line=line,
            remedy="take it out, or write it as an escape in double quotes",
        ) from None
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
        self._frames: list[_Frame] = []

    def documents(self) -> Iterator[object]:
        """The content of each document."""
        for event in iter(self._parser.get_event, None):
            if isinstance(event, yaml.DocumentStartEvent):
                yield self._document()

    def _document(self) -> object:
        anchors: dict[str, tuple[object, int]] = {}
        frames = self._frames = []
        root: object = None
        for event in iter(self._parser.get_event, None):
            kind = event.__class__
            if kind is yaml.ScalarEvent:
                value, size = self._scalar(event), 1
                if event.anchor:
                    anchors[event.anchor] = (value, 1)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                if event.tag not in _COLLECTION_TAGS:
                    raise self._error(f"unknown tag {event.tag}", event, "leave the tag out")
                if len(frames) >= MAX_DEPTH:
                    raise self._error(f"nested too deeply, {MAX_DEPTH} levels are allowed", event)
                frames.append(_Frame({} if kind is yaml.MappingStartEvent else [], event.anchor))
                continue
            elif kind is yaml.AliasEvent:
                if event.anchor not in anchors:
                    raise self._error(
                        f"alias to {event.anchor!r}, which is not defined before it",
                        event,
                        "put it in quotes if it is a text that begins with *",
                    )
                value, size = anchors[event.anchor]
                self._aliased += size
                if self._aliased > MAX_ALIASED:
                    raise self._error("aliases expand to too much", event, "write out what they stand for")
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
            raise self._error("a key must be a string, a number or a boolean", event, "put it in quotes")
        if key in frame.value:
            raise self._error(f"duplicate key {key!r}", event, "keep one of the two", key)
        return key

    def _mappings(self, value: object, event: Any) -> list[Any]:
        """What a merge key `<<` merges: a mapping or a list of mappings."""
        mappings = value if isinstance(value, list) else [value]
        if not all(isinstance(mapping, dict) for mapping in mappings):
            raise self._error("'<<' merges mappings only", event, "give it an alias to one")
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
                raise self._error("not text in base64", event, "leave !!binary out for plain text") from None
        else:
            value = resolve(text)
            if not isinstance(value, _RESOLVED_TAGS.get(tag, ())):
                raise self._error(f"{text!r} does not fit the tag {tag}", event, "leave the tag out", text)
        if isinstance(value, _Unrepresentable):
            remedy = "write a number, or put it in quotes if it is a text"
            raise self._error(f"{text[:40]} is not a JSON number", event, remedy, text)
        return value

    def _error(self, message: str, event: Any, remedy: str = "", value: object = None) -> LoadError:
        mark = event.start_mark
        return LoadError(
            message,
            path=self._path(),
            value=value,
            source=self._source,
            line=mark.line + 1,
            column=mark.column + 1,
            remedy=remedy,
        )

    def _path(self) -> str:
        """The field that is being read, as far as its path is of a length to be read."""
        path = ""
        for frame in self._frames[:_DEEPEST_SHOWN]:
            if isinstance(frame.value, list):
                path += f"[{len(frame.value)}]"
            elif frame.key is not None:
                path += f".{frame.key}" if path else frame.key
        return path


class _Unrepresentable:
    """A number that JSON does not have: infinite or not a number."""


def is_beyond(text: str) -> bool:
    """Whether a text is a number that is too large for YAML's readers, which take it for a string.

    Example:
        >>> is_beyond("1e400"), is_beyond("1e300"), is_beyond("H100")
        (True, False, False)
    """
    return bool(_FLOAT.fullmatch(text)) and isinstance(resolve(text), str)


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
