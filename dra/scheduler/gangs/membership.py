"""Which pods and groups belong to a workload, in the forms of Kubernetes 1.35, 1.36 and 1.37.

| minor | a pod names | the group is |
|---|---|---|
| 1.35 | `workloadRef`: Workload, group, replica key | an entry of the Workload; one gang per replica key |
| 1.36 | `schedulingGroup.podGroupName` | a PodGroup |
| 1.37 | the same | a PodGroup, in a CompositePodGroup if it says so |

Where PodGroups are missing they are made from the templates, as a controller would: a template's group is
called `<workload>-<template>`. Pods may name it so, or `<workload>-<template>-<anything>` for one of several
replicas, or `<template>` alone; pods that name no group belong to the only template there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from dra.claims.pod_groups import composite_made_from, group_made_from, group_name, group_templates
from dra.errors import LoadError
from dra.models.core import Pod, PodSchedulingGroup, WorkloadReference as PodWorkloadReference
from dra.models.meta import KubernetesObject
from dra.models.scheduling import (
    CompositePodGroup,
    CompositePodGroupTemplate,
    PodGroup,
    PodGroupTemplate,
    Workload,
    WorkloadReference,
)
from dra.scheduler.gangs.subject import Subject
from dra.scheduler.objects import Key, Objects, key_of
from dra.scheduler.persistent import PersistentMap
from dra.suggestions import unknown_name

__all__ = ["WITHOUT_POD_GROUPS", "Family", "root_of"]

WITHOUT_POD_GROUPS: Final = "1.35"
"""The minor in which groups are entries of Workloads."""

_DEEPEST: Final = 16

_Group = TypeVar("_Group", PodGroup, CompositePodGroup)


class Family:
    """The groups of one workload, or around one group, and their pods.

    Args:
        objects: The cluster.
        subject: The workload or group.
        kubernetes: The minor.

    Attributes:
        name: The subject's name.
        by_entry: Whether pods name entries of the Workload, as in 1.35.
        templates: The templates of the workload by name, each with that which it is in.
        groups: The groups of pods by name.
        composites: The groups of groups by name.
        made: What the cluster does not have: groups that a controller would make, and what was given.
        waiting: By group, the pods that wait, in the order in which they joined.
        running: By group, the nodes of pods that run.

    Raises:
        LoadError: A group is in itself, or in too many others.
    """

    def __init__(self, objects: Objects, subject: Subject, kubernetes: str) -> None:
        self.objects = objects
        self.subject = subject
        self.namespace, self.name = key_of(subject)
        self.kubernetes = kubernetes
        self.by_entry = kubernetes == WITHOUT_POD_GROUPS
        found = group_templates(subject) if isinstance(subject, Workload) else {}
        self.templates = {name: each.parent for name, each in found.items()}
        self._plain = {
            name: each.template for name, each in found.items() if isinstance(each.template, PodGroupTemplate)
        }
        self._composite = {
            name: each.template
            for name, each in found.items()
            if isinstance(each.template, CompositePodGroupTemplate)
        }
        self.groups: dict[str, PodGroup] = {}
        self.composites: dict[str, CompositePodGroup] = {}
        self.made: list[KubernetesObject] = []
        self.waiting: dict[str, list[Pod]] = {}
        self.running: dict[str, list[str]] = {}
        is_entry = self.by_entry and isinstance(subject, PodGroup)
        if not is_entry and objects.of_kind(type(subject)).get((self.namespace, self.name)) is None:
            self.made.append(subject)
        self._find()

    def every(self) -> Iterator[PodGroup | CompositePodGroup]:
        """All groups, those of pods first."""
        yield from self.groups.values()
        yield from self.composites.values()

    # --- groups -------------------------------------------------------------------------------------------

    def _find(self) -> None:
        """The groups that are there already."""
        subject = self.subject
        composites = self._here(self.objects.composite_pod_groups)
        if isinstance(subject, Workload):
            groups = self._here(self.objects.pod_groups)
            self.groups = {name: each for name, each in groups.items() if self._is_mine(each)}
            self.composites = {name: each for name, each in composites.items() if self._is_mine(each)}
            for each in self.composites.values():
                self.root(each)
            return
        if isinstance(subject, CompositePodGroup):
            composites[self.name] = subject
        root = root_of(subject, composites.get)
        if isinstance(root, PodGroup):
            self.groups = {self.name: root}
            return
        groups = self._here(self.objects.pod_groups)
        if isinstance(subject, PodGroup):
            groups[self.name] = subject
        self.groups = {name: each for name, each in groups.items() if root_of(each, composites.get) is root}
        self.composites = {
            name: each for name, each in composites.items() if root_of(each, composites.get) is root
        }

    def _here(self, objects: PersistentMap[Key, _Group]) -> dict[str, _Group]:
        """Those of the namespace, by name."""
        return {name: each for (space, name), each in sorted(objects.items()) if space == self.namespace}

    def root(self, group: PodGroup | CompositePodGroup) -> PodGroup | CompositePodGroup:
        """The group at the top of that of a group."""
        return root_of(group, self.composites.get)

    def _is_mine(self, group: PodGroup | CompositePodGroup) -> bool:
        reference = group.spec.workload_ref
        return reference is not None and reference.workload_name == self.name

    def _template_of(self, group: str) -> str | None:
        """The template that a group of this name is made from."""
        fitting = [
            name
            for name in self._plain
            if group in (name, group_name(self.name, name))
            or group.startswith(f"{group_name(self.name, name)}-")
        ]
        return max(fitting, key=len, default=None)

    def _make(self, name: str, template: str) -> None:
        """Make a PodGroup as a controller would."""
        if template not in self._plain:
            raise LoadError(
                f"{template} is a template for groups of groups, which have no pods",
                value=template,
                subject=self.subject.subject,
            )
        group = group_made_from(self._plain[template], self._workload, name, self._parent_of(template))
        self.groups[name] = group
        if not self.by_entry:
            self.made.append(group)

    def _parent_of(self, template: str) -> str | None:
        """The name of the CompositePodGroup that groups of a template are in; it is made if it is missing."""
        above = self.templates[template]
        if above is None:
            return None
        for name, each in self.composites.items():
            if each.spec.workload_ref is not None and each.spec.workload_ref.template_name == above:
                return name
        name = group_name(self.name, above)
        parent = self._parent_of(above)
        group = composite_made_from(self._composite[above], self._workload, name, parent)
        self.composites[name] = group
        self.made.append(group)
        return name

    @property
    def _workload(self) -> Workload:
        if not isinstance(self.subject, Workload):
            raise AssertionError("only a workload has templates")  # noqa: TRY004 - cannot happen
        return self.subject

    # --- pods ---------------------------------------------------------------------------------------------

    def join(self, pod: Pod, *, must: bool) -> None:
        """Add a pod that waits to its group, if it has one here.

        Raises:
            LoadError: It belongs to another group but has to be of this one.
        """
        name = self.named_by(pod)
        if name is None and must:
            pod, name = self._joined(pod)
        if name is not None:
            self.waiting.setdefault(name, []).append(pod)

    def count(self, pod: Pod) -> None:
        """Count a pod that runs."""
        name = self.named_by(pod)
        if name is not None and pod.spec.node_name:
            self.running.setdefault(name, []).append(pod.spec.node_name)

    def named_by(self, pod: Pod) -> str | None:
        """The group that a pod names, if it is one of these; it is made if there is a template for it.

        Raises:
            UnknownNameError: It names an entry that the Workload does not have.
        """
        if key_of(pod)[0] != self.namespace:
            return None
        if pod.spec.scheduling_group is not None and not self.by_entry:
            name = pod.spec.scheduling_group.pod_group_name or ""
            if name not in self.groups and (self.namespace, name) not in self.objects.pod_groups:
                template = self._template_of(name)
                if template is not None:
                    self._make(name, template)
            return name if name in self.groups else None
        entry = pod.spec.workload_ref
        if entry is None:
            return None
        name = group_name(entry.name, entry.pod_group, entry.pod_group_replica_key or "")
        if isinstance(self.subject, Workload):
            if entry.name != self.name:
                return None
            if name not in self.groups:
                if entry.pod_group not in self.templates:
                    raise unknown_name("group of the workload", entry.pod_group, self.templates)
                self._make(name, entry.pod_group)
            return name
        group = self.groups.get(name)
        reference = WorkloadReference(workload_name=entry.name, template_name=entry.pod_group)
        return name if group is not None and group.spec.workload_ref == reference else None

    def _joined(self, pod: Pod) -> tuple[Pod, str]:
        """A pod that was given, made a member of the only group that it can be of."""
        named = pod.spec.scheduling_group.pod_group_name if pod.spec.scheduling_group else None
        named = named or (pod.spec.workload_ref.name if pod.spec.workload_ref else None)
        if key_of(pod)[0] != self.namespace:
            problem = f"it is not in namespace {self.namespace}"
        elif named is not None:
            problem = f"it belongs to {named}, which is no group of {self.subject.subject}"
        elif isinstance(self.subject, PodGroup):
            return self._with_reference(pod, self.name, None), self.name
        elif len(self._plain) == 1:
            (template,) = self._plain
            name = self._only_group(template)
            return self._with_reference(pod, name, template), name
        else:
            problem = f"it names no group, and {self.subject.subject} has {len(self._plain)} templates"
        groups = ", ".join([*self.groups, *(group_name(self.name, each) for each in self._plain)][:10])
        raise LoadError(
            problem,
            path="spec.workloadRef" if self.by_entry else "spec.schedulingGroup",
            value=named,
            subject=pod.subject,
            remedy=f"groups: {groups}" if groups else "",
        )

    def _only_group(self, template: str) -> str:
        """The name of the first group of a template; it is made if there is none."""
        for name, each in self.groups.items():
            if each.spec.workload_ref is not None and each.spec.workload_ref.template_name == template:
                return name
        name = group_name(self.name, template)
        self._make(name, template)
        return name

    def _with_reference(self, pod: Pod, group: str, template: str | None) -> Pod:
        update: dict[str, object]
        if self.by_entry and template is not None:
            update = {"workload_ref": PodWorkloadReference(name=self.name, pod_group=template)}
        else:
            update = {"scheduling_group": PodSchedulingGroup(pod_group_name=group)}
        return pod.model_copy(update={"spec": pod.spec.model_copy(update=update)})


def root_of(
    group: PodGroup | CompositePodGroup, composite: Callable[[str], CompositePodGroup | None]
) -> PodGroup | CompositePodGroup:
    """The group at the top of that of a group.

    Args:
        group: The group.
        composite: Gives the CompositePodGroup of a name, None if there is none.

    Raises:
        LoadError: There are too many above it, or it is above itself.
    """
    at = group
    for _ in range(_DEEPEST):
        parent = composite(at.spec.parent_composite_pod_group_name or "")
        if parent is None:
            return at
        at = parent
    raise LoadError(
        f"it is in more than {_DEEPEST} groups, or in itself",
        path="spec.parentCompositePodGroupName",
        value=group.spec.parent_composite_pod_group_name,
        subject=group.subject,
    )
