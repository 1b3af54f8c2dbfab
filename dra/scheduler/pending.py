"""Pods that wait, taken up one after another: where they go, and those that go nowhere by their reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from dra.allocator.explanation import count_of
from dra.arguments import instance
from dra.errors import AllocationError, ArgumentError, LoadError
from dra.models.core import Pod
from dra.models.scheduling import PodGroup, Workload
from dra.scheduler.contents import Contents
from dra.scheduler.gangs.placement import GangPlacement, UnschedulableGang
from dra.scheduler.objects import Key, key_of, label_of
from dra.scheduler.placement import Placement, Unschedulable
from dra.scheduler.policies import Policy, policy_of
from dra.scheduler.refusals import PendingGroup, by_reason

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["PendingGroup", "PendingPods", "group_of", "settled"]


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

    Pods of a group that is there are taken up together, with the first of them, all or none as the group's
    policy is. A pod about which something is broken, so that kube-scheduler would fail, is refused with the
    error.

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
    pending = [pod for pod in cluster.pending() if only is None or key_of(pod) in only]
    waiting = sorted(pending, key=lambda pod: (-(pod.spec.priority or 0), key_of(pod) in late))
    placements: list[Placement] = []
    refusals: list[Unschedulable] = []
    done: set[Key] = set()
    for pod in waiting:
        if advance:
            advance()
        if key_of(pod) in done:
            continue
        cluster, placed, refused = _taken_up(cluster, pod, waiting, policy)
        placements += placed
        refusals += [one for one in refused if key_of(one.pod) not in done]
        done.update(key_of(one.pod) for one in placed)
        done.update(key_of(one.pod) for one in refused)
    return PendingPods(tuple(placements), tuple(refusals), cluster)


def _taken_up(
    cluster: Cluster, pod: Pod, waiting: Sequence[Pod], policy: str | Policy
) -> tuple[Cluster, Sequence[Placement], Sequence[Unschedulable]]:
    """The cluster after a pod, with those of its group, was taken up; who is placed then, and who is not."""
    group = group_of(cluster, pod)
    try:
        answer = _asked(cluster, pod, group, policy)
    except ArgumentError:  # of whoever asks, such as what a policy gives
        raise
    except (AllocationError, LoadError) as error:
        answer = Unschedulable(pod, f"kube-scheduler would fail: {error}")
    if isinstance(answer, Placement):
        return answer.apply(), [answer], []
    if isinstance(answer, GangPlacement):
        return answer.apply(), answer.placements, answer.left_out
    if group is None:
        return cluster, [], [answer]
    members = [each for each in waiting if group_of(cluster, each) is group]
    return cluster, [], [attrs.evolve(answer, pod=each) for each in members]


def group_of(cluster: Cluster, pod: Pod) -> PodGroup | Workload | None:
    """What a pod is placed together with, if that is there: its PodGroup, or in 1.35 its Workload.

    Without the gate GenericWorkload that is nothing: the API server drops the field when the pod is made
    (`dropDisabledSchedulingGroup`), and the scheduler does not look at it.
    """
    if not cluster.features.generic_workload:
        return None
    namespace, _ = key_of(pod)
    if pod.spec.scheduling_group is not None:
        return cluster.get(PodGroup, pod.spec.scheduling_group.pod_group_name or "", namespace)
    if pod.spec.workload_ref is not None:
        return cluster.get(Workload, pod.spec.workload_ref.name, namespace)
    return None


def _asked(
    cluster: Cluster, pod: Pod, group: PodGroup | Workload | None, policy: str | Policy
) -> Placement | GangPlacement | Unschedulable:
    """What kube-scheduler says to a pod or its group, of which it tries one order of pods and nodes only."""
    if group is None:
        return cluster.schedule(pod, policy=policy)
    answer = cluster.schedule_gang(group, policy=policy)
    if isinstance(answer, UnschedulableGang):
        return Unschedulable(answer.pod, f"{answer.gang} {answer.reason}")
    if not answer.found_in_order:
        first = answer.placements[0].pod
        return Unschedulable(
            first, f"{answer.gang} fits, but not in the order of pods and nodes that kube-scheduler tries"
        )
    return answer
