"""Pods that go nowhere, by their reasons: what thousands have in common is said once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs

from dra.allocator.explanation import count_of
from dra.scheduler.objects import key_of, label_of
from dra.scheduler.placement import NodeGroup, Unschedulable
from dra.suggestions import listed

__all__ = ["PendingGroup", "by_reason"]

_PODS_SHOWN: Final = 5


@attrs.frozen
class PendingGroup:
    """Pods that go nowhere for the same reasons.

    Attributes:
        pods: The pods, as `namespace/name`.
        reason: Why they cannot be scheduled at all at the moment; empty if it depends on the nodes.
        nodes: The reasons of the nodes, the most frequent first.
    """

    pods: tuple[str, ...]
    reason: str
    nodes: tuple[NodeGroup, ...]

    @property
    def text(self) -> str:
        """The reasons in one line."""
        return self.reason or "; ".join(map(str, self.nodes)) or "there are no nodes"

    @property
    def _names(self) -> str:
        """The first pods, and how many more there are."""
        return listed(self.pods, _PODS_SHOWN)

    def __str__(self) -> str:
        return f"{self._names}: {self.text}"

    def to_dict(self) -> dict[str, Any]:
        """The group as plain data."""
        return {
            "pods": list(self.pods),
            "reason": self.reason,
            "nodes": [each.to_dict() for each in self.nodes],
        }

    def lines(self) -> Iterator[str]:
        """The group for people."""
        count = len(self.pods)
        verb = "fits" if count == 1 else "fit"
        yield f"{count_of(count, 'pod')} {verb} nowhere ({self._names})"
        yield from [f"- {self.reason}"] if self.reason else (f"- {each}" for each in self.nodes)
        if not self.reason and not self.nodes:
            yield "- there are no nodes"


def by_reason(refusals: Iterable[Unschedulable]) -> tuple[PendingGroup, ...]:
    """The pods that go nowhere, by their reasons; the largest group first."""
    found: dict[tuple[str, tuple[NodeGroup, ...]], list[str]] = {}
    for each in refusals:
        found.setdefault((each.reason, each.groups), []).append(label_of(key_of(each.pod)))
    groups = [PendingGroup(tuple(pods), reason, nodes) for (reason, nodes), pods in found.items()]
    return tuple(sorted(groups, key=lambda each: -len(each.pods)))
