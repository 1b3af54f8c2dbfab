"""Changing YAML and JSON text in place: what does not change keeps every byte, comments included.

Edits of data become replacements of stretches of text, found by the places that the YAML parser gives. The
outcome is parsed again and compared with what was meant; a document in which that fails (because of aliases,
or a layout that is beyond this) is written anew, and its comments are reported as lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, Final

import attrs
import yaml

from dra.errors import LoadError
from dra.models import text as text_, yaml_text
from dra.models.edits import REMOVED, Edit, applied

__all__ = ["EditedText", "add_documents", "edit_text"]

_COMMENT: Final = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)
_NOT_BLANK: Final = re.compile(r"[^\ufeff \t\r\n]")


@attrs.frozen
class EditedText:
    """A text after edits.

    Attributes:
        text: The text.
        lost_comments: Comments that stood where text had to go, as they were written.
    """

    text: str
    lost_comments: tuple[str, ...] = ()


@attrs.frozen
class _Replacement:
    """A stretch of text and what comes in its place."""

    start: int
    end: int
    text: str


class _BeyondError(Exception):
    """A layout in which this edit cannot be made by replacing a stretch."""


def edit_text(content: str, edits: Mapping[int, Sequence[Edit]]) -> EditedText:
    r"""Make edits in the documents of a text.

    Args:
        content: YAML or JSON, as `dra.load` reads it.
        edits: What to change, by the number of the document in the text, from 0.

    Raises:
        LoadError: The text is neither YAML nor JSON.

    Example:
        >>> old = "limits:\n  x.y/gpu: 1  # one\n  cpu: 2     # two\n"
        >>> print(edit_text(old, {0: [Edit(("limits", "x.y/gpu"), REMOVED)]}).text, end="")
        limits:
          cpu: 2     # two
    """
    wanted = {index: list(some) for index, some in edits.items() if some}
    if not wanted:
        return EditedText(content)
    if content.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        try:
            return _edit_json(content, wanted)
        except (ValueError, LoadError):
            pass  # YAML in flow style
    return _edit_yaml(content, wanted)


def add_documents(content: str, documents: Sequence[Any]) -> str:
    r"""Add documents at the end of a text, in the language that it is written in.

    Example:
        >>> print(add_documents("a: 1\n", [{"b": 2}]), end="")
        a: 1
        ---
        b: 2
    """
    if not documents:
        return content
    gap = "" if content.endswith("\n") or not content else "\n"
    if content.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        return content + gap + "".join(json.dumps(each, **_layout(content)) + "\n" for each in documents)
    last = content.rstrip().rpartition("\n")[2]
    rule = "" if last == "---" or not content.strip() else "---\n"
    added = gap + rule + text_.write_yaml(documents)
    return content + (added.replace("\n", "\r\n") if "\r\n" in content else added)


# --- JSON ---------------------------------------------------------------------------------------------------


def _edit_json(content: str, edits: Mapping[int, Sequence[Edit]]) -> EditedText:
    """JSON has no comments: the documents that change are written anew, indented as they were."""
    decoder, layout, pieces, at = json.JSONDecoder(), _layout(content), list[str](), 0
    for index in count():
        begin = _NOT_BLANK.search(content, at)
        if begin is None:
            break
        pieces.append(content[at : begin.start()])
        value, at = decoder.raw_decode(content, begin.start())
        own = edits.get(index)
        pieces.append(json.dumps(applied(value, own), **layout) if own else content[begin.start() : at])
    return EditedText("".join([*pieces, content[at:]]))


def _layout(content: str) -> dict[str, Any]:
    """Arguments of `json.dumps` that write as a text is written."""
    indented = re.search(r"[\[{]\s*\n([ \t]+)\S", content)
    if indented is None:
        return {"ensure_ascii": False}
    return {"ensure_ascii": False, "indent": indented[1] if "\t" in indented[1] else len(indented[1])}


# --- YAML ---------------------------------------------------------------------------------------------------


def _edit_yaml(content: str, edits: Mapping[int, Sequence[Edit]]) -> EditedText:
    before = list(yaml_text.documents(content, ""))
    after = [applied(data, edits.get(index, ())) for index, data in enumerate(before)]
    replaced = {index: _replacements(content, root, edits[index]) for index, root in _roots(content, edits)}
    result = _replaced(content, [each for some in replaced.values() for each in some])
    amiss = _amiss(result.text, after, edits)
    if not amiss:
        return result
    for index, root in _roots(content, amiss):
        expected = [*before[:index], after[index], *before[index + 1 :]]
        ways = ([replaced[index]] if replaced[index] else []) + _wholes(content, root, after[index])
        replaced[index] = next(
            (way for way in ways if _reads_as(_replaced(content, way).text, expected)), ways[-1]
        )
    return _replaced(content, [each for some in replaced.values() for each in some])


def _roots(content: str, wanted: Collection[int]) -> Iterator[tuple[int, Any]]:
    """The trees of some documents."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(content)
    for index in count():
        if not loader.check_node():
            break
        root = loader.get_node()
        if index in wanted:
            yield index, root


def _amiss(content: str, expected: Sequence[Any], changed: Collection[int]) -> Collection[int]:
    """Those of the changed documents that do not read as meant; all of them if that cannot be told apart."""
    try:
        found = list(yaml_text.documents(content, ""))
    except LoadError:
        return changed
    if len(found) != len(expected):
        return changed
    amiss = {at for at, one in enumerate(found) if repr(one) != repr(expected[at])}
    return amiss if amiss <= set(changed) else changed


def _reads_as(content: str, expected: Sequence[Any]) -> bool:
    try:
        return repr(list(yaml_text.documents(content, ""))) == repr(list(expected))
    except LoadError:
        return False


def _replaced(content: str, replacements: Sequence[_Replacement]) -> EditedText:
    """The text with stretches replaced, from its end to its beginning; of overlapping ones the first."""
    pieces, at, lost = [], 0, []
    line_end = "\r\n" if "\r\n" in content else "\n"
    for each in sorted(dict.fromkeys(replacements), key=lambda each: (each.start, each.end)):
        if each.start < at:
            continue
        pieces += [content[at : each.start], each.text.replace("\n", line_end)]
        kept = _comments(each.text)
        lost += [found for found in _comments(content[each.start : each.end]) if found not in kept]
        at = each.end
    return EditedText("".join([*pieces, content[at:]]), tuple(lost))


def _comments(stretch: str) -> list[str]:
    return [found.rstrip() for found in _COMMENT.findall(stretch)]


def _replacements(content: str, root: Any, edits: Sequence[Edit]) -> list[_Replacement]:
    document = _Layout(content, root)
    try:
        return list(document.replacements(root, list(edits)))
    except _BeyondError:
        return []  # which does not read as meant, so the document is written as a whole


def _wholes(content: str, root: Any, value: Any) -> list[list[_Replacement]]:
    """A document written anew: up to the comments at its end, or with them if that is beyond us."""
    start, end = int(root.start_mark.index), int(root.end_mark.index)
    line = content.rfind("\n", 0, start) + 1
    begins_line = not content[line:start].strip()
    written = text_.write_yaml([value]).rstrip("\n")
    written = written if begins_line else f"\n{written}"
    stretch = content[start:end].rstrip()
    while "\n" in stretch and stretch.rpartition("\n")[2].lstrip()[:1] in ("#", ""):
        stretch = stretch.rpartition("\n")[0].rstrip()
    return [
        [_Replacement(line if begins_line else start, at, written + gap)]
        for at, gap in ((start + len(stretch), ""), (end, "\n"))
    ]


def _is_block(node: Any) -> bool:
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def _is_void(node: Any) -> bool:
    """Whether a value is there by its absence: `key:` with nothing behind."""
    return isinstance(node, yaml.ScalarNode) and node.start_mark.index == node.end_mark.index


class _Layout:
    """Where a document has what, and how its author indents."""

    def __init__(self, content: str, root: Any) -> None:
        self._content = content
        self._hanging = _indents_lists(root)

    def replacements(self, node: Any, edits: list[Edit]) -> Iterator[_Replacement]:
        """The stretches to replace for the edits of a node; each edit's path begins there."""
        if any(not edit.path for edit in edits) or not isinstance(node, yaml.CollectionNode):
            raise _BeyondError
        own: dict[Any, list[Edit]] = {}
        for edit in edits:
            own.setdefault(edit.path[0], []).append(attrs.evolve(edit, path=edit.path[1:]))
        if not _is_block(node):
            try:
                yield from list(self._of_flow(node, own))
            except _BeyondError:
                start, end = int(node.start_mark.index), int(node.end_mark.index)
                yield _Replacement(start, end, _flow(applied(self._read(start, end), edits)))
        elif isinstance(node, yaml.MappingNode):
            yield from self._of_mapping(node, own)
        else:
            yield from self._of_sequence(node, own)

    def _of_flow(self, node: Any, own: dict[Any, list[Edit]]) -> Iterator[_Replacement]:
        """Members that change, go or come in `{a: 1, b: 2}`, as long as one of them stays."""
        if not isinstance(node, yaml.MappingNode):
            raise _BeyondError
        names = [key.value for key, _ in node.value]
        gone = {name for name, edits in own.items() if edits[0] == Edit((), REMOVED)}
        first = next((index for index, name in enumerate(names) if name not in gone), None)
        if first is None or gone - set(names):
            raise _BeyondError
        starts = [int(key.start_mark.index) for key, _ in node.value]
        ends = [int(value.end_mark.index) for _, value in node.value]
        if first:
            yield _Replacement(starts[0], starts[first], "")
        for index, (key, value) in enumerate(node.value):
            if key.value in gone:
                if index > first:
                    yield _Replacement(ends[index - 1], ends[index], "")
            elif key.value in own:
                yield from self.replacements(value, own[key.value])
        added = {name: applied(None, edits) for name, edits in own.items() if name not in names}
        if added:
            yield _Replacement(ends[-1], ends[-1], f", {_flow(added)[1:-1]}")

    def _read(self, start: int, end: int) -> Any:
        """The data that a stretch is."""
        try:
            return next(yaml_text.documents(self._content[start:end], ""))
        except (LoadError, StopIteration):
            raise _BeyondError from None  # an alias into the rest of the document, for example

    def _of_mapping(self, node: Any, own: dict[Any, list[Edit]]) -> Iterator[_Replacement]:
        added = dict(own)
        gone = {name for name, edits in own.items() if edits[0] == Edit((), REMOVED)}
        names = [str(key.value) for key, _ in node.value]
        if gone and gone.issuperset(names) and len(gone) == len(own):
            raise _BeyondError
        for position, (key, value) in enumerate(node.value):
            edits = added.pop(key.value, None)
            if edits is None:
                continue
            if key.value in gone:
                yield self._without(node, position)
            elif edits[0].path == ():
                yield self._with_value(key, value, edits[0].value)
            elif _is_void(value):
                yield self._with_value(key, value, applied(None, edits))
            else:
                yield from self.replacements(value, edits)
        if added:
            if gone & added.keys():
                raise _BeyondError  # what is to go is not written here: it came by a merge
            new = {name: applied(None, edits) for name, edits in added.items()}
            column = node.value[0][0].start_mark.column
            yield self._after(node, self._block(new, column))

    def _of_sequence(self, node: Any, own: dict[Any, list[Edit]]) -> Iterator[_Replacement]:
        if len(own) >= len(node.value) and all(edits[0] == Edit((), REMOVED) for edits in own.values()):
            raise _BeyondError
        for index, item in enumerate(node.value):
            edits = own.get(index)
            if edits is None:
                continue
            if edits[0] == Edit((), REMOVED):
                yield self._without(node, index)
            else:
                yield from self.replacements(item, edits)
        new = [own[index][0].value for index in sorted(own) if index >= len(node.value)]
        if new:
            yield self._after(node, self._block(new, node.start_mark.column))

    def _with_value(self, key: Any, value: Any, new: Any) -> _Replacement:
        """A member with another value."""
        colon = self._behind_colon(key)
        end = colon if _is_void(value) else self._content_end(value)
        if isinstance(new, (dict, list)) and new:
            column = int(key.start_mark.column)
            inner = column if isinstance(new, list) and not self._hanging else column + 2
            return _Replacement(colon, end, "\n" + self._block(new, inner).rstrip("\n"))
        if _is_void(value) or _is_block(value):
            return _Replacement(colon, end, f" {_flow(new)}")
        return _Replacement(int(value.start_mark.index), end, _flow(new))

    def _behind_colon(self, key: Any) -> int:
        at = int(key.end_mark.index)
        colon = self._content.find(":", at)
        if self._content[at:colon].strip():
            raise _BeyondError
        return colon + 1

    def _without(self, node: Any, position: int) -> _Replacement:
        """A member or item of a block taken out, with its line."""
        start, end = self._extent(node, position)
        line = self._line_start(start)
        begins_line = not self._content[line:start].strip()
        if begins_line:
            return _Replacement(line, self._next_line(end), "")
        if position + 1 < len(node.value):  # `- first: 1` above `  second: 2`
            return _Replacement(start, self._extent(node, position + 1)[0], "")
        raise _BeyondError

    def _extent(self, node: Any, position: int) -> tuple[int, int]:
        """Begin and end of a member, or of an item with its dash."""
        child = node.value[position]
        if not isinstance(child, tuple):
            dash = self._dash(node, child)
            return dash, max(self._content_end(child), dash + 1)
        key, value = child
        end = self._behind_colon(key)
        return int(key.start_mark.index), end if _is_void(value) else self._content_end(value)

    def _dash(self, node: Any, item: Any) -> int:
        """Where the dash before an item of a block sequence is."""
        at = int(item.start_mark.index)
        while at > node.start_mark.index:
            at = self._content.rfind("-", node.start_mark.index, at)
            if at < 0:
                break
            if at - self._line_start(at) == node.start_mark.column:
                return at
        if at == node.start_mark.index and self._content[at : at + 1] == "-":
            return at
        raise _BeyondError

    def _after(self, node: Any, lines: str) -> _Replacement:
        """Lines behind a block."""
        at = self._next_line(self._content_end(node))
        missing = "" if at == 0 or self._content[at - 1] == "\n" else "\n"
        return _Replacement(at, at, missing + lines)

    def _content_end(self, node: Any) -> int:
        """Where the last thing of a node ends; a block's own end mark is where the next token begins."""
        while _is_block(node) and node.value:
            last = node.value[-1]
            if isinstance(last, tuple):
                key, value = last
                if _is_void(value):
                    return self._behind_colon(key)
                node = value
            else:
                node = last
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        return start + len(self._content[start:end].rstrip())

    def _line_start(self, at: int) -> int:
        return self._content.rfind("\n", 0, at) + 1

    def _next_line(self, at: int) -> int:
        """Where the line after a place begins."""
        end = self._content.find("\n", at)
        return len(self._content) if end < 0 else end + 1

    def _block(self, value: Any, column: int) -> str:
        """A collection in block style, indented."""
        written = _dumped(json.dumps(value), self._hanging)
        return "".join(f"{' ' * column}{line}\n" if line else "\n" for line in written.splitlines())


def _indents_lists(root: Any) -> bool:
    """Whether the author of a document indents lists below their key."""
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if isinstance(value, yaml.SequenceNode) and _is_block(value):
                    return bool(value.start_mark.column > key.start_mark.column)
                nodes.append(value)
        elif isinstance(node, yaml.SequenceNode):
            nodes.extend(node.value)
        if len(nodes) > 10_000:
            break
    return False


class _Flush(yaml.SafeDumper):
    """Lists at the column of their key, as kubectl writes them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


_Flush.add_representer(str, text_.represent_string)


class _Hanging(_Flush):
    """Lists indented below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's
        super().increase_indent(flow, False)


@lru_cache(maxsize=256)
def _dumped(value: str, hanging: bool) -> str:
    """A value, given as JSON, in block style."""
    written: str = yaml.dump(
        json.loads(value),
        Dumper=_Hanging if hanging else _Flush,
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=True,
        width=10_000,
    )
    return written


def _flow(value: Any) -> str:
    """A value on one line."""
    written: str = yaml.dump(
        value, Dumper=_Flush, sort_keys=False, default_flow_style=True, allow_unicode=True, width=1_000_000
    )
    return written.removesuffix("\n").removesuffix("\n...")
