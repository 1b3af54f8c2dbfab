"""What waits, as kube-scheduler takes it up: a pod for itself, or all pods of a group at once.

| minor | taken up at once are the pods of |
|---|---|
| 1.34 | no group: each pod is for itself |
| 1.35 | one entry and replica key of a Workload |
| 1.36, 1.37 | a PodGroup, or all groups of the CompositePodGroup at the top |

Where a PodGroup is missing and a Workload has a template for it, it is made as a controller would
(`dra.scheduler.gangs.membership`). A pod whose group is nowhere waits for it (PreEnqueue of kube-scheduler's
GangScheduling). Without the gate GenericWorkload every pod is for itself: the API server drops the field when
the pod is made (`dropDisabledSchedulingGroup`), and the scheduler does not look at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from dra.claims.pod_groups import group_name, group_templates
from dra.errors import LoadError, UnknownNameError
from dra.models.core import Pod
from dra.models.meta import KubernetesObject
from dra.models.scheduling import CompositePodGroup, PodGroup, Workload
from dra.scheduler.gangs.membership import WITHOUT_POD_GROUPS, Family, root_of
from dra.scheduler.gangs.placement import GangPlacement
from dra.scheduler.objects import Key, Objects, does_not_exist, key_of, label_of
from dra.scheduler.placement import Placement, Unschedulable
from dra.scheduler.policies import Policy

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["Entry", "Queue"]


@attrs.frozen(eq=False)
class Entry:
    """What is taken up at once.

    Attributes:
        pods: The pods that wait, the most important first.
        group: Their group; None for a pod that is for itself.
        lacking: What the pod has to wait for before it can be taken up; empty if nothing.
    """

    pods: tuple[Pod, ...]
    group: PodGroup | CompositePodGroup | None = None
    lacking: str = ""

    def ask(self, cluster: Cluster, policy: str | Policy) -> Placement | GangPlacement | Unschedulable:
        """Where the pods go in a cluster, or why nowhere.

        Args:
            cluster: That of the queue, or a copy with more pods placed.
            policy: As for `Cluster.schedule`.

        Raises:
            DraError: As `Cluster.schedule` and `Cluster.schedule_gang`.
        """
        if self.lacking:
            return Unschedulable(self.pods[0], self.lacking)
        if self.group is None:
            return cluster.schedule(self.pods[0], policy=policy)
        return cluster.schedule_gang(self.group, self.pods, policy=policy)


class Queue:
    """The pods of a cluster that wait for a node.

    Args:
        cluster: The cluster.

    Attributes:
        cluster: The cluster with the groups that a controller would make for pods that wait.
        pods: The pods, the most important first.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.pods = cluster.pending()
        self._entries: dict[Key, Entry] = {}
        groups = _Groups(cluster._objects, cluster.kubernetes)
        gangs: dict[tuple[str, Key], tuple[PodGroup | CompositePodGroup, list[Pod]]] = {}
        for pod in self.pods:
            group, lacking = None, ""
            if cluster.features.generic_workload:
                try:
                    group = groups.of(pod)
                except (LoadError, UnknownNameError) as error:
                    lacking = "; ".join(filter(None, (error.message, error.remedy)))
            if group is None:
                self._entries[key_of(pod)] = Entry((pod,), lacking=lacking)
            else:
                gangs.setdefault((group.kind, key_of(group)), (group, []))[1].append(pod)
        for group, pods in gangs.values():
            entry = Entry(tuple(pods), group)
            self._entries.update(dict.fromkeys(map(key_of, pods), entry))
        made = groups.made()
        self.cluster = cluster._copy(changed=made) if made else cluster

    def entry(self, pod: Pod) -> Entry:
        """What a pod is taken up with; if it does not wait for a node, it is for itself."""
        return self._entries.get(key_of(pod)) or Entry((pod,))

    def __iter__(self) -> Iterator[Entry]:
        """The entries, each at the turn of its first pod."""
        return iter(dict.fromkeys(map(self.entry, self.pods)))


class _Groups:
    """Finds the groups of pods, and makes those that are missing."""

    def __init__(self, objects: Objects, kubernetes: str) -> None:
        self.objects = objects
        self.kubernetes = kubernetes
        self.families: dict[Key, Family] = {}

    def made(self) -> list[KubernetesObject]:
        """The groups that were missing."""
        return [each for family in self.families.values() for each in family.made]

    def of(self, pod: Pod) -> PodGroup | CompositePodGroup | None:
        """The group that a pod is taken up with, None if it names none.

        Raises:
            LoadError: The group is nowhere, nor anything that it would be made from; or it is in itself.
            UnknownNameError: The Workload has no such entry.
        """
        namespace, _ = key_of(pod)
        reference = pod.spec.scheduling_group
        if reference is not None and self.kubernetes != WITHOUT_POD_GROUPS:
            return self._pod_group(pod, (namespace, reference.pod_group_name or ""))
        if pod.spec.workload_ref is None:
            return None
        key = (namespace, pod.spec.workload_ref.name)
        workload = self.objects.workloads.get(key)
        if workload is None:
            raise LoadError(does_not_exist(f"Workload {label_of(key)}", key, self.objects.workloads))
        return self._in_family(pod, workload)

    def _pod_group(self, pod: Pod, key: Key) -> PodGroup | CompositePodGroup:
        known = self.objects.pod_groups.get(key)
        if known is not None:
            composites = self.objects.composite_pod_groups
            return root_of(known, lambda name: composites.get((key[0], name)))
        workload = self._workload_of(key)
        group = self._in_family(pod, workload) if workload is not None else None
        if group is None:
            there = [*self.objects.pod_groups, *self._templates]
            raise LoadError(does_not_exist(f"PodGroup {label_of(key)}", key, there))
        return group

    def _in_family(self, pod: Pod, workload: Workload) -> PodGroup | CompositePodGroup | None:
        key = key_of(workload)
        if key not in self.families:
            self.families[key] = Family(self.objects, workload, self.kubernetes)
        family = self.families[key]
        name = family.named_by(pod)
        return None if name is None else family.root(family.groups[name])

    def _workload_of(self, group: Key) -> Workload | None:
        """The Workload with the template that a group of this name is made from."""
        namespace, name = group
        while name and (namespace, name) not in self._templates:
            name = name.rpartition("-")[0]
        return self._templates.get((namespace, name))

    @cached_property
    def _templates(self) -> dict[Key, Workload]:
        """By the names that a group of a template may have, the Workload."""
        templates = [
            (key, template, each)
            for key, each in sorted(self.objects.workloads.items())
            for template in group_templates(each)
        ]
        found: dict[Key, Workload] = {}
        for (namespace, name), template, each in templates:
            found.setdefault((namespace, group_name(name, template)), each)
        for (namespace, _), template, each in templates:
            found.setdefault((namespace, template), each)
        return found
