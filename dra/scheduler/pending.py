"""Pods that wait, taken up one after another: where they go, and those that go nowhere by their reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

import attrs

from dra.allocator.explanation import count_of
from dra.arguments import instance
from dra.errors import AllocationError, ArgumentError, LoadError
from dra.scheduler.contents import Contents
from dra.scheduler.gangs.placement import GangPlacement, UnschedulableGang
from dra.scheduler.objects import Key, key_of, label_of
from dra.scheduler.placement import Placement, Unschedulable
from dra.scheduler.policies import Policy, policy_of
from dra.scheduler.queue import Entry, Queue
from dra.scheduler.refusals import PendingGroup, by_reason

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["PendingGroup", "PendingPods", "settled"]


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
        return by_reason(self.refusals)

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
        lines = [f"{count_of(total, 'pod')} waiting: {len(self.placements)} would be placed"]
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
    advance: Callable[[], object] | None = None,
) -> PendingPods:
    """Take up all pods that wait, by priority, then by age, and place those that fit.

    Pods of a group are taken up together, with the first of them, all or none as the group's policy is
    (`dra.scheduler.queue`). A pod about which something is broken, so that kube-scheduler would fail, is
    refused with the error.

    Args:
        cluster: The cluster, which stays as it is.
        policy: As for `Cluster.schedule`.
        only: The pods that are taken up; all if left out.
        late: Pods that have been waiting for a shorter time than others of their priority.
        advance: Called for each pod.

    Raises:
        UnknownNameError: There is no such policy.
    """
    instance(cluster, Contents, "cluster", "a dra.Cluster", "Cluster.load reads manifests")
    policy_of(policy)
    queue = Queue(cluster)
    cluster = queue.cluster
    pending = [pod for pod in queue.pods if only is None or key_of(pod) in only]
    waiting = sorted(pending, key=lambda pod: (-(pod.spec.priority or 0), key_of(pod) in late))
    keys = set(map(key_of, waiting))
    placements: list[Placement] = []
    refusals: list[Unschedulable] = []
    done: set[Key] = set()
    for pod in waiting:
        if advance:
            advance()
        if key_of(pod) in done:
            continue
        entry = queue.entry(pod)
        answer = _asked(cluster, entry, policy)
        if isinstance(answer, Unschedulable):
            members = [each for each in entry.pods if key_of(each) in keys]
            refused: Iterable[Unschedulable] = [attrs.evolve(answer, pod=each) for each in members]
        elif isinstance(answer, Placement):
            cluster, refused = answer.apply(), ()
            placements.append(answer)
        else:
            cluster, refused = answer.apply(), answer.left_out
            placements += answer.placements
        refusals += refused
        done.update(map(key_of, entry.pods))
    return PendingPods(tuple(placements), tuple(refusals), cluster)


def _asked(cluster: Cluster, entry: Entry, policy: str | Policy) -> Placement | GangPlacement | Unschedulable:
    """What kube-scheduler says to what it takes up, of which it tries one order of pods and nodes only."""
    try:
        answer = entry.ask(cluster, policy)
    except ArgumentError:  # of whoever asks, such as what a policy gives
        raise
    except (AllocationError, LoadError) as error:
        return Unschedulable(entry.pods[0], f"kube-scheduler would fail: {error}")
    if isinstance(answer, UnschedulableGang):
        return Unschedulable(answer.pod, f"{answer.gang} {answer.reason}")
    if isinstance(answer, GangPlacement) and not answer.found_in_order:
        first = answer.placements[0].pod
        return Unschedulable(
            first, f"{answer.gang} fits, but not in the order of pods and nodes that kube-scheduler tries"
        )
    return answer
