"""The ways in which two versions of a kind differ, each as a rule that works in both directions.

A rule turns the JSON of an old version into that of the newest (`up`) and back (`down`). What the old version
cannot say is not dropped in silence: `down` reports the paths. Rules never change their input, and pass by
whatever has not the expected type: decoding complains about that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import attrs

from dra.errors import DecodeError

__all__ = ["At", "Change", "Flatten", "Lacks", "Nest", "NoOp", "Rename", "Rule", "Values"]

_STEP: Final = re.compile(r"\[[^\]]*\]|[^.\[\]]+")


class Rule(Protocol):
    """A difference between two versions of a kind."""

    @property
    def changes_shape(self) -> bool:
        """Whether `down` writes something else than it is given."""
        ...

    def up(self, data: Any) -> Any:
        """The newer JSON of an object."""
        ...

    def down(self, data: Any, lost: list[str]) -> Any:
        """The older JSON of an object; the paths it has no place for are added to `lost`."""
        ...

    def old_path(self, path: str) -> str:
        """Where the older JSON has what the newer has at a path."""
        ...


class Change(Protocol):
    """What a rule does to the JSON objects at one place."""

    def up(self, node: dict[str, Any], path: str) -> dict[str, Any]:
        """The newer form."""
        ...

    def down(self, node: dict[str, Any], path: str, lost: list[str]) -> dict[str, Any]:
        """The older form."""
        ...

    def old_steps(self, steps: list[str]) -> list[str]:
        """The older form of the path's steps below the place."""
        ...


@attrs.frozen
class At:
    """A change to the objects at a place such as `spec.devices.requests[]`."""

    place: str
    change: Change

    @property
    def changes_shape(self) -> bool:
        """See `Rule`."""
        return not isinstance(self.change, Lacks)

    def up(self, data: Any) -> Any:
        """See `Rule`."""
        return _edit(data, _STEP.findall(self.place), self.change.up)

    def down(self, data: Any, lost: list[str]) -> Any:
        """See `Rule`."""
        return _edit(data, _STEP.findall(self.place), lambda node, path: self.change.down(node, path, lost))

    def old_path(self, path: str) -> str:
        """See `Rule`."""
        place, steps = _STEP.findall(self.place), _STEP.findall(path)
        above, below = steps[: len(place)], steps[len(place) :]
        if not below or any(there not in (here, "[]") for here, there in zip(above, place, strict=True)):
            return path
        return re.sub(r"\.(?=\[)", "", ".".join(above + self.change.old_steps(below)))


def _edit(node: Any, place: list[str], change: Callable[[dict[str, Any], str], Any], path: str = "") -> Any:
    """A copy of JSON data with the objects at a place changed; what is elsewhere is shared."""
    if not place:
        return change(node, path) if isinstance(node, dict) else node
    step, below = place[0], place[1:]
    if step == "[]":
        if not isinstance(node, list):
            return node
        return [_edit(item, below, change, f"{path}[{index}]") for index, item in enumerate(node)]
    if not isinstance(node, dict) or step not in node:
        return node
    return {**node, step: _edit(node[step], below, change, f"{path}.{step}".lstrip("."))}


@attrs.frozen
class Rename:
    """A field has another name."""

    old: str
    new: str

    def up(self, node: dict[str, Any], path: str) -> dict[str, Any]:
        """See `Change`."""
        if self.new in node:
            raise _misplaced(path, self.new, f"in this version it is called {self.old!r}")
        return {self.new if name == self.old else name: value for name, value in node.items()}

    def down(self, node: dict[str, Any], path: str, lost: list[str]) -> dict[str, Any]:
        """See `Change`."""
        if self.old in node:  # a field that the newer version does not know
            lost.append(f"{path}.{self.old}")
        return {self.old if name == self.new else name: value for name, value in node.items()}

    def old_steps(self, steps: list[str]) -> list[str]:
        """See `Change`."""
        return [self.old, *steps[1:]] if steps[0] == self.new else steps


@attrs.frozen
class Nest:
    """The newer version has the fields in an object of their own, but for some that stay outside.

    Attributes:
        into: The field that holds them.
        inside: The fields that go there, each with the value that means absent beside null. If nothing but
            these is there, there is nothing to nest.
    """

    into: str
    inside: Mapping[str, Any]

    def up(self, node: dict[str, Any], path: str) -> dict[str, Any]:
        """See `Change`."""
        # An unknown field of the name goes inside as well, to be one there, too.
        inner = {name: value for name, value in node.items() if name in self.inside or name == self.into}
        kept = {name: value for name, value in node.items() if name not in inner}
        if self._says_something(inner):
            return kept | {self.into: inner}
        if self.into in node:
            raise _misplaced(path, self.into, "in this version its fields stand beside the name")
        return kept

    def down(self, node: dict[str, Any], path: str, lost: list[str]) -> dict[str, Any]:
        """See `Change`."""
        inner = node.get(self.into)
        lost.extend(f"{path}.{name}" for name in node if name in self.inside)
        if not isinstance(inner, dict):
            return node
        if not self._says_something(inner):
            lost.append(f"{path}.{self.into}")
        kept = {name: value for name, value in node.items() if name != self.into}
        lost.extend(f"{path}.{self.into}.{name}" for name in inner if name in kept)
        return kept | inner

    def _says_something(self, inner: Mapping[str, Any]) -> bool:
        """Whether any field has a value that does not mean absent."""
        return any(
            inner.get(name) is not None and not _same(inner[name], unset)
            for name, unset in self.inside.items()
        )

    def old_steps(self, steps: list[str]) -> list[str]:
        """See `Change`."""
        return steps[1:] if steps[0] == self.into else steps


@attrs.frozen
class Flatten:
    """The older version has the fields in an object of their own, but for some that stay outside."""

    out_of: str
    outside: tuple[str, ...]

    def up(self, node: dict[str, Any], path: str) -> dict[str, Any]:
        """See `Change`."""
        inner = node.get(self.out_of)
        if inner is not None and not isinstance(inner, dict):
            raise DecodeError("expected an object", path=f"{path}.{self.out_of}", value=inner)
        for name in node:
            if name not in self.outside and name != self.out_of:
                raise _misplaced(path, name, f"in this version it belongs into {self.out_of!r}")
        for name in inner or ():
            if name in self.outside:
                remedy = f"in this version it belongs beside {self.out_of!r}"
                raise _misplaced(f"{path}.{self.out_of}", name, remedy)
        return {name: value for name, value in node.items() if name in self.outside} | (inner or {})

    def down(self, node: dict[str, Any], path: str, lost: list[str]) -> dict[str, Any]:  # noqa: ARG002 - Change
        """See `Change`."""
        kept = {name: value for name, value in node.items() if name in self.outside}
        kept[self.out_of] = {name: value for name, value in node.items() if name not in self.outside}
        return kept

    def old_steps(self, steps: list[str]) -> list[str]:
        """See `Change`."""
        return steps if steps[0] in self.outside else [self.out_of, *steps]


def _misplaced(path: str, name: str, remedy: str) -> DecodeError:
    """A field that an older version does not have where it stands, but could be taken for a newer one's."""
    return DecodeError(f"unknown field {name!r}", path=f"{path}.{name}", value=name, remedy=remedy)


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON has it: `False` is no 0."""
    return type(one) is type(other) and one == other


@attrs.frozen
class Values:
    """A field says the same with other values; pairs of the older, a string, and the newer one."""

    field: str
    pairs: tuple[tuple[str, Any], ...]

    def up(self, node: dict[str, Any], path: str) -> dict[str, Any]:  # noqa: ARG002 - Change
        """See `Change`."""
        for old, new in self.pairs:
            if _same(node.get(self.field), old):
                return {**node, self.field: new}
        return node

    def down(self, node: dict[str, Any], path: str, lost: list[str]) -> dict[str, Any]:
        """See `Change`."""
        for old, new in self.pairs:
            if _same(node.get(self.field), new):
                return {**node, self.field: old}
        if isinstance(node.get(self.field), dict):
            lost.append(f"{path}.{self.field}")
        return node

    def old_steps(self, steps: list[str]) -> list[str]:
        """See `Change`."""
        return steps[:1] if steps[0] == self.field else steps


@attrs.frozen
class NoOp:
    """A value that means absent in the older version and something else in the newer."""

    field: str
    value: Any

    def _has(self, node: dict[str, Any]) -> bool:
        return self.field in node and _same(node[self.field], self.value)

    def up(self, node: dict[str, Any], path: str) -> dict[str, Any]:  # noqa: ARG002 - Change
        """See `Change`."""
        return (
            {name: value for name, value in node.items() if name != self.field} if self._has(node) else node
        )

    def down(self, node: dict[str, Any], path: str, lost: list[str]) -> dict[str, Any]:
        """See `Change`."""
        if self._has(node):
            lost.append(f"{path}.{self.field}")
        return node

    def old_steps(self, steps: list[str]) -> list[str]:
        """See `Change`."""
        return steps


class Lacks:
    """Fields that the older version does not have."""

    def __init__(self, *fields: str) -> None:
        self.fields = fields

    def up(self, node: dict[str, Any], path: str) -> dict[str, Any]:  # noqa: ARG002 - Change
        """See `Change`."""
        return node

    def down(self, node: dict[str, Any], path: str, lost: list[str]) -> dict[str, Any]:
        """See `Change`."""
        lost.extend(f"{path}.{name}" for name in self.fields if name in node)
        return node

    def old_steps(self, steps: list[str]) -> list[str]:
        """See `Change`."""
        return steps
