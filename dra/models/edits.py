"""`Edit`: one change of plain data, and the edits that lead from one object to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Any, Final, TypeAlias

import attrs

__all__ = ["REMOVED", "Edit", "Step", "applied", "edits_between"]

Step: TypeAlias = "str | int"
"""The name of a field or the index of an item."""


class _Removed:
    """The type of `REMOVED`."""

    def __repr__(self) -> str:
        return "REMOVED"


# To align two lists takes time with the square of their length.
_LONGEST_ALIGNED: Final = 1_000

REMOVED: Final = _Removed()
"""As an edit's value: that there is none any more."""


@attrs.frozen
class Edit:
    """A field or item that gets another value, is added, or is removed.

    Indices are those of the data before any edit; one past the end, or further, adds an item.

    Attributes:
        path: The steps from the data to the field or item; none is the data itself.
        value: What is there from now on; `REMOVED` if nothing.
    """

    path: tuple[Step, ...]
    value: Any


def edits_between(old: Any, new: Any) -> list[Edit]:
    """The edits that make `new` of `old`, as small as possible, in the order of the data.

    Example:
        >>> edits_between({"a": 1, "b": [1, 2]}, {"b": [1, 2, 3], "c": None})
        [Edit(path=('a',), value=REMOVED), Edit(path=('b', 2), value=3), Edit(path=('c',), value=None)]
    """
    return list(_between(old, new, ()))


def _between(old: Any, new: Any, path: tuple[Step, ...]) -> Iterator[Edit]:
    if _same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        for name, value in old.items():
            yield from _between(value, new[name], (*path, name)) if name in new else _removed(path, name)
        for name, value in new.items():
            if name not in old:
                yield Edit((*path, name), value)
    elif isinstance(old, list) and isinstance(new, list) and old and new:
        yield from _between_lists(old, new, path)
    else:
        yield Edit(path, new)


def _removed(path: tuple[Step, ...], step: Step) -> Iterator[Edit]:
    yield Edit((*path, step), REMOVED)


def _between_lists(old: list[Any], new: list[Any], path: tuple[Step, ...]) -> Iterator[Edit]:
    """Items that stayed are found by equality; between them items are changed one by one, or come and go."""
    if len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _between(before, after, (*path, index))
        return
    if max(len(old), len(new)) > _LONGEST_ALIGNED:
        yield Edit(path, new)
        return
    matcher = SequenceMatcher(None, [*map(repr, old)], [*map(repr, new)], autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        if end - start < new_end - new_start and end < len(old):
            yield Edit(path, new)  # an item in the middle: the list as a whole
            return
        for index in range(start, max(end, start + new_end - new_start)):
            number = new_start + index - start
            if number >= new_end:
                yield Edit((*path, index), REMOVED)
            elif index >= end:
                yield Edit((*path, index), new[number])
            else:
                yield from _between(old[index], new[number], (*path, index))


def _same(old: Any, new: Any) -> bool:
    """Whether two values are equal as JSON has it, where true is not 1."""
    return old is new or (old == new and repr(old) == repr(new))


def applied(data: Any, edits: Iterable[Edit]) -> Any:
    """A copy of data after some edits; only what changes is copied.

    Raises:
        KeyError: The data has no such place.
    """
    own: dict[Step, list[Edit]] = {}
    for edit in edits:
        if not edit.path:
            return edit.value
        own.setdefault(edit.path[0], []).append(Edit(edit.path[1:], edit.value))
    if not own:
        return data
    if data is None:
        data = {}
    if isinstance(data, dict):
        changed = {name: applied(value, own.get(name, ())) for name, value in data.items()}
        changed |= {str(name): applied(None, own[name]) for name in own if name not in data}
        return {name: value for name, value in changed.items() if value is not REMOVED}
    if isinstance(data, list):
        items = [applied(value, own.get(index, ())) for index, value in enumerate(data)]
        items += [applied(None, own[index]) for index in sorted(own) if int(index) >= len(data)]
        return [item for item in items if item is not REMOVED]
    raise KeyError(next(iter(own)))
