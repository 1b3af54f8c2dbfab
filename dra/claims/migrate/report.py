"""`Migration`: the new objects, and what became of each of the old ones."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import attrs

from dra.models.meta import KubernetesObject

__all__ = ["Entry", "Migration", "ObjectReport", "Outcome"]


class Outcome(str, Enum):
    """What became of one thing in an object."""

    CHANGED = "changed"
    """It is a claim now, or part of one."""
    KEPT = "kept"
    """It is a constraint on nodes and stays one; it goes on working while somebody sets the label."""
    LEFT = "left"
    """It could not be carried over and is as it was: somebody has to decide."""
    NOTE = "note"
    """Nothing is wrong, but it is worth knowing."""

    def __str__(self) -> str:
        return self.value


@attrs.frozen
class Entry:
    """What became of one thing in an object.

    Attributes:
        outcome: What became of it.
        path: The field, of the object as it was given.
        message: What was done, or why it was not.
        remedy: What to do; empty if nothing has to be done.

    Example:
        >>> print(Entry(Outcome.LEFT, "spec.containers[0]", "no driver for x.y/z", "ask its vendor"))
        left spec.containers[0]: no driver for x.y/z
          ask its vendor
    """

    outcome: Outcome
    path: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.outcome} {self.path}".rstrip()
        return f"{place}: {self.message}" + (f"\n  {self.remedy}" if self.remedy else "")

    def to_dict(self) -> dict[str, str]:
        """The entry as plain data."""
        return {
            "outcome": self.outcome.value,
            "path": self.path,
            "message": self.message,
            "remedy": self.remedy,
        }


@attrs.frozen
class ObjectReport:
    """What became of an object.

    Attributes:
        object: The object as it is now; the given one itself if nothing changed.
        original: The given one; None if it is new.
        entries: What became of the things in it.
    """

    object: KubernetesObject
    original: KubernetesObject | None = None
    entries: tuple[Entry, ...] = ()

    @property
    def subject(self) -> str:
        """Kind, namespace and name."""
        return self.object.subject

    @property
    def status(self) -> str:
        """`new`, `changed` or `unchanged`."""
        if self.original is None:
            return "new"
        return "unchanged" if self.object is self.original else "changed"

    def __str__(self) -> str:
        lines = [f"{self.subject}: {self.status}"]
        for entry in self.entries:
            lines += [f"  {line}" for line in str(entry).splitlines()]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "subject": self.subject,
            "status": self.status,
            "entries": [entry.to_dict() for entry in self.entries],
        }


@attrs.frozen
class Migration:
    """The outcome of `migrate`.

    Attributes:
        report: What became of each object, in the order of `objects`; a new object stands before the first
            that needs it.
    """

    report: tuple[ObjectReport, ...]

    @property
    def objects(self) -> list[KubernetesObject]:
        """All objects: the given ones, changed or not, and the new ones."""
        return [each.object for each in self.report]

    @property
    def new_objects(self) -> list[KubernetesObject]:
        """The claims, templates and classes that were not there before."""
        return [each.object for each in self.report if each.original is None]

    @property
    def changed(self) -> bool:
        """Whether any object is new or different."""
        return any(each.status != "unchanged" for each in self.report)

    @property
    def left(self) -> list[tuple[ObjectReport, Entry]]:
        """What could not be carried over, each with its object."""
        return [
            (each, entry) for each in self.report for entry in each.entries if entry.outcome is Outcome.LEFT
        ]

    @property
    def complete(self) -> bool:
        """Whether everything was carried over."""
        return not self.left

    def _lines(self) -> Iterator[str]:
        for each in self.report:
            if each.entries or each.status != "unchanged":
                yield str(each)
        statuses = [each.status for each in self.report]
        counts = ", ".join(
            f"{statuses.count(status)} {status}"
            for status in ("changed", "new", "unchanged")
            if status in statuses
        )
        left = len(self.left)
        things = "1 thing" if left == 1 else f"{left} things"
        yield f"{counts or 'no objects'}; " + (f"{things} left for you" if left else "nothing left for you")

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def to_dict(self) -> dict[str, Any]:
        """Objects and report as plain data."""
        return {
            "objects": [each.to_dict() for each in self.objects],
            "report": [each.to_dict() for each in self.report],
            "complete": self.complete,
        }
