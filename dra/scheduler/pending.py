"""Pods that wait, taken up one after another: where they go, and those that go nowhere by their reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any, Final

import attrs

from dra.errors import AllocationError
from dra.models.core import Pod
from dra.scheduler.objects import Key, key_of, label_of
from dra.scheduler.placement import NodeGroup, Placement, Unschedulable

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster
    from dra.scheduler.policies import Policy

__all__ = ["PendingGroup", "PendingPods", "settled"]

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
        names = ", ".join(self.pods[:_PODS_SHOWN])
        more = f" and {count - _PODS_SHOWN} more" if count > _PODS_SHOWN else ""
        verb = "fits" if count == 1 else "fit"
        yield f"{count} pod{'s' * (count != 1)} {verb} nowhere ({names}{more})"
        yield from [f"- {self.reason}"] if self.reason else (f"- {each}" for each in self.nodes)
        if not self.reason and not self.nodes:
            yield "- there are no nodes"


@attrs.frozen(eq=False)
class PendingPods:
    """The answer of every pod that waits, each asked where those before it have their places.

    It is true if all of them fit.

    Attributes:
        placements: Where pods go, in the order in which they were taken up.
        refusals: Why the others go nowhere.
        cluster: The cluster with those that fit in their places.
    """

    placements: tuple[Placement, ...]
    refusals: tuple[Unschedulable, ...]
    cluster: Cluster = attrs.field(repr=False)

    def __bool__(self) -> bool:
        return not self.refusals

    @property
    def groups(self) -> tuple[PendingGroup, ...]:
        """The pods that go nowhere, by their reasons; the largest group first."""
        found: dict[tuple[str, tuple[NodeGroup, ...]], list[str]] = {}
        for each in self.refusals:
            found.setdefault((each.reason, each.groups), []).append(label_of(key_of(each.pod)))
        groups = [PendingGroup(tuple(pods), reason, nodes) for (reason, nodes), pods in found.items()]
        return tuple(sorted(groups, key=lambda each: -len(each.pods)))

    def to_dict(self) -> dict[str, Any]:
        """The answers as plain data."""
        return {
            "pods": len(self.placements) + len(self.refusals),
            "placed": [each.to_dict() for each in self.placements],
            "refused": [each.to_dict() for each in self.groups],
        }

    def __str__(self) -> str:
        total = len(self.placements) + len(self.refusals)
        if not total:
            return "no pod waits for a node"
        lines = [f"{total} pod{'s' * (total != 1)} waiting: {len(self.placements)} would be placed"]
        lines += [f"- pod {label_of(key_of(each.pod))}: node {each.node}" for each in self.placements]
        for group in self.groups:
            lines += ["", *group.lines()]
        return "\n".join(lines)


def settled(
    cluster: Cluster,
    policy: str | Policy = "first",
    *,
    late: Collection[Key] = (),
    only: Collection[Key] | None = None,
    each: Callable[[], object] = lambda: None,
) -> PendingPods:
    """Take up all pods that wait, by priority, then by age, and place those that fit.

    A pod about which something is broken, so that kube-scheduler would fail, is refused with the error.

    Args:
        cluster: The cluster, which stays as it is.
        policy: As for `Cluster.schedule`.
        only: The pods that are taken up; all if left out.
        late: Pods that have been waiting for a shorter time than others of their priority.
        each: Called after each pod.

    Raises:
        UnknownNameError: There is no such policy.
    """
    pending = [pod for pod in cluster.pending() if only is None or key_of(pod) in only]
    waiting = sorted(pending, key=lambda pod: (-(pod.spec.priority or 0), key_of(pod) in late))
    placements: list[Placement] = []
    refusals: list[Unschedulable] = []
    for pod in waiting:
        answer = _answer(cluster, pod, policy)
        if isinstance(answer, Placement):
            cluster = answer.apply()
            placements.append(answer)
        else:
            refusals.append(answer)
        each()
    return PendingPods(tuple(placements), tuple(refusals), cluster)


def _answer(cluster: Cluster, pod: Pod, policy: str | Policy) -> Placement | Unschedulable:
    try:
        return cluster.schedule(pod, policy=policy)
    except AllocationError as error:
        return Unschedulable(pod, f"kube-scheduler would fail: {error}")
