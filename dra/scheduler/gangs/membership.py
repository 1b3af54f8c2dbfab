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

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from dra.arguments import several
from dra.claims.pod_groups import composite_made_from, group_made_from, group_name, group_templates
from dra.drivers.declarations import unknown_name
from dra.errors import AllocationError, LoadError
from dra.features import KUBERNETES_MINORS
from dra.models.core import Pod, PodSchedulingGroup, WorkloadReference as PodWorkloadReference
from dra.models.meta import KubernetesObject
from dra.models.scheduling import (
    CompositePodGroup,
    CompositePodGroupSchedulingConstraints,
    CompositePodGroupTemplate,
    PodGroup,
    PodGroupSchedulingConstraints,
    PodGroupTemplate,
    Workload,
)
from dra.scheduler.contents import not_there
from dra.scheduler.gangs.groups import Composite, Gang, Group, Leaf
from dra.scheduler.gangs.topology import DeviceAttribute, Topology
from dra.scheduler.objects import Key, Objects, key_of, label_of, parse_reference
from dra.scheduler.question import pod_in

__all__ = ["Subject", "TopologyArgument", "gang_of"]

Subject: TypeAlias = "Workload | PodGroup | CompositePodGroup"
TopologyArgument: TypeAlias = "Topology | Mapping[str, Topology] | None"

_KINDS: Final = (Workload, PodGroup, CompositePodGroup)
_WITHOUT_POD_GROUPS: Final = "1.35"
# From this minor on the gate GangScheduling is part of GenericWorkload.
_GANGS_MERGED: Final = "1.37"
_ENDED: Final = ("Succeeded", "Failed")
_DEEPEST: Final = 16


def gang_of(
    objects: Objects,
    waiting: Sequence[Pod],
    subject: Subject | str,
    pods: Iterable[Pod | str | Mapping[str, Any]] | None,
    topology: TopologyArgument,
    kubernetes: str,
) -> Gang:
    """What is scheduled together.

    Args:
        objects: The cluster.
        waiting: Its pods that wait for a node, in the order in which they are tried.
        subject: The workload or group, or its name.
        pods: The pods; None for those of the cluster.
        topology: Topologies that count in place of those of the groups.
        kubernetes: The minor.

    Raises:
        LoadError: Something named is not there, or a pod belongs to another group, or there are no pods.
        UnknownNameError: A topology is given for a group that is not there.
    """
    found = _named(objects, subject) if isinstance(subject, str) else subject
    if not isinstance(found, _KINDS):
        raise LoadError(
            "no workload or group",
            value=found,
            remedy="give a dra.Workload or dra.PodGroup (dra.load reads manifests), or the name of one",
        )
    family = _Family(objects, found, kubernetes)
    given = None if pods is None else [_pod(objects, each) for each in several(pods, "pods", "pods")]
    twice = [key for key, count in Counter(map(key_of, given or ())).items() if count > 1]
    if twice:
        raise LoadError(f"pod {label_of(twice[0])} is given twice", value=label_of(twice[0]))
    for pod in waiting if given is None else _by_importance(given):
        family.join(pod, must=given is not None)
    family.complete()
    for pod in objects.pods.values():
        if pod.spec.node_name and not (pod.status and pod.status.phase in _ENDED):
            family.count(pod)
    label = f"{found.kind} {label_of(key_of(found))}"
    if not any(family.waiting.values()):
        raise LoadError(
            f"no pod of {label} waits for a node",
            value=label,
            remedy="give pods, or add pods to the cluster that name the group"
            " (dra.claims.workload(...).pod_reference(...) is the field)",
        )
    return family.gang(label, topology)


def _named(objects: Objects, name: str) -> Subject:
    word, _, rest = name.partition("/")
    if rest and word.lower().rstrip("s") in {each.__name__.lower() for each in _KINDS}:
        kind, key = parse_reference(name)
        found = objects.of_kind(kind).get(key)
        if not isinstance(found, _KINDS):
            raise not_there(kind, key, objects)
        return found
    namespace, _, short = name.rpartition("/")
    key = (namespace or "default", short)
    for each in _KINDS:
        known = objects.of_kind(each).get(key)
        if isinstance(known, _KINDS):
            return known
    there = [label_of(key) for each in _KINDS for key in sorted(objects.of_kind(each))]
    raise LoadError(
        f"there is no Workload, PodGroup or CompositePodGroup {label_of(key)}",
        value=name,
        remedy=f"there are: {', '.join(there[:10])}" if there else "there are none at all",
    )


def _pod(objects: Objects, pod: Pod | str | Mapping[str, Any]) -> Pod:
    if not isinstance(pod, str):
        pod = pod_in(pod)
        known = objects.pods.get(key_of(pod))
    else:
        kind, key = parse_reference(pod, Pod)
        known = objects.pods.get(key) if kind is Pod else None
        if known is None:
            raise not_there(Pod, key, objects)
        pod = known
    if known is not None and known.spec.node_name:
        raise AllocationError(
            f"it is on node {known.spec.node_name} already",
            subject=known.subject,
            remedy="leave it out: pods of the gang that run count",
        )
    return pod


def _by_importance(pods: Iterable[Pod]) -> list[Pod]:
    """The order in which kube-scheduler tries the pods of a group: priority, then age."""
    return sorted(
        pods, key=lambda pod: (-(pod.spec.priority or 0), str(pod.metadata.creation_timestamp or ""))
    )


class _Family:
    """The groups of one workload, or around one group, and their pods."""

    def __init__(self, objects: Objects, subject: Subject, kubernetes: str) -> None:
        self.objects = objects
        self.subject = subject
        self.namespace, self.name = key_of(subject)
        self.workload = subject if isinstance(subject, Workload) else None
        self.by_entry = kubernetes == _WITHOUT_POD_GROUPS
        self.kubernetes = kubernetes
        self.templates = group_templates(subject) if isinstance(subject, Workload) else {}
        self.groups: dict[str, PodGroup] = {}
        self.composites: dict[str, CompositePodGroup] = {}
        self.made: list[KubernetesObject] = []
        self.waiting: dict[str, list[Pod]] = {}
        self.running: dict[str, list[str]] = {}
        there = objects.of_kind(type(subject)).get((self.namespace, self.name))
        if there is None:
            self.made.append(subject)
        self._find()

    # --- groups -------------------------------------------------------------------------------------------

    def _find(self) -> None:
        """The groups that are there already."""
        here: Callable[[Key], bool] = lambda key: key[0] == self.namespace  # noqa: E731 - used twice
        groups = {key[1]: each for key, each in sorted(self.objects.pod_groups.items()) if here(key)}
        composites = {
            key[1]: each for key, each in sorted(self.objects.composite_pod_groups.items()) if here(key)
        }
        if isinstance(self.subject, PodGroup):
            groups[self.name] = self.subject
        elif isinstance(self.subject, CompositePodGroup):
            composites[self.name] = self.subject
        if self.workload is not None:
            self.groups = {name: each for name, each in groups.items() if self._is_mine(each)}
            self.composites = {name: each for name, each in composites.items() if self._is_mine(each)}
            for each in self.composites.values():
                self._root(each, self.composites)
            return
        if isinstance(self.subject, Workload):
            raise AssertionError("a workload has no parents")  # noqa: TRY004 - cannot happen
        root = self._root(self.subject, composites)
        self.groups = {name: each for name, each in groups.items() if self._root(each, composites) is root}
        self.composites = {
            name: each for name, each in composites.items() if self._root(each, composites) is root
        }

    def _root(
        self, group: PodGroup | CompositePodGroup, composites: Mapping[str, CompositePodGroup]
    ) -> PodGroup | CompositePodGroup:
        """The group at the top of that of a group.

        Raises:
            LoadError: There are too many above it, or it is above itself.
        """
        at = group
        for _ in range(_DEEPEST):
            parent = composites.get(at.spec.parent_composite_pod_group_name or "")
            if parent is None:
                return at
            at = parent
        raise LoadError(
            f"it is in more than {_DEEPEST} groups, or in itself",
            path="spec.parentCompositePodGroupName",
            value=group.spec.parent_composite_pod_group_name,
            subject=group.subject,
        )

    def _is_mine(self, group: PodGroup | CompositePodGroup) -> bool:
        reference = group.spec.workload_ref
        return reference is not None and reference.workload_name == self.name

    def _template_of(self, group: str) -> str | None:
        """The template that a group of this name is made from."""
        plain = [name for name, each in self.templates.items() if isinstance(each.template, PodGroupTemplate)]
        fitting = [
            name
            for name in plain
            if group in (name, group_name(self.name, name))
            or group.startswith(f"{group_name(self.name, name)}-")
        ]
        return max(fitting, key=len, default=None)

    def _make(self, name: str, template: str) -> None:
        """A PodGroup as a controller makes it."""
        found = self.templates[template].template
        if not isinstance(found, PodGroupTemplate):
            raise LoadError(
                f"{template} is a template for groups of groups, which have no pods",
                value=template,
                subject=self.subject.subject,
            )
        above = self.templates[template].parent
        parent = None if above is None else self._composite(above)
        group = group_made_from(found, self._workload(), name, parent)
        self.groups[name] = group
        if not self.by_entry:
            self.made.append(group)

    def _composite(self, template: str) -> str:
        """The name of the CompositePodGroup for a template, which is made if it is not there."""
        for name, each in self.composites.items():
            if each.spec.workload_ref is not None and each.spec.workload_ref.template_name == template:
                return name
        found = self.templates[template].template
        if not isinstance(found, CompositePodGroupTemplate):
            raise AssertionError("groups are in groups of groups")  # noqa: TRY004 - cannot happen
        above = self.templates[template].parent
        parent = None if above is None else self._composite(above)
        name = group_name(self.name, template)
        group = composite_made_from(found, self._workload(), name, parent)
        self.composites[name] = group
        self.made.append(group)
        return name

    def _workload(self) -> Workload:
        if self.workload is None:
            raise AssertionError("only a workload has templates")
        return self.workload

    # --- pods ---------------------------------------------------------------------------------------------

    def join(self, pod: Pod, *, must: bool) -> None:
        """Add a pod that waits to its group, if it has one here.

        Raises:
            LoadError: It belongs to another group but has to be of this one.
        """
        name = self._group_of(pod)
        if name is None and must:
            pod, name = self._joined(pod)
        if name is not None:
            self.waiting.setdefault(name, []).append(pod)

    def complete(self) -> None:
        """Groups without pods that wait are groups all the same."""
        for name in self.groups:
            self.waiting.setdefault(name, [])

    def count(self, pod: Pod) -> None:
        """Count a pod that runs."""
        name = self._group_of(pod)
        if name is not None and pod.spec.node_name:
            self.running.setdefault(name, []).append(pod.spec.node_name)

    def _group_of(self, pod: Pod) -> str | None:
        """The group that a pod names, if it is one of these; it is made if there is a template for it."""
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
        if entry is not None and self.workload is not None and entry.name == self.name:
            name = group_name(self.name, entry.pod_group, entry.pod_group_replica_key or "")
            if name not in self.groups:
                if entry.pod_group not in self.templates:
                    raise unknown_name("group of the workload", entry.pod_group, self.templates)
                self._make(name, entry.pod_group)
            return name
        return None

    def _joined(self, pod: Pod) -> tuple[Pod, str]:
        """A pod that was given, made a member of the only group that it can be of."""
        named = pod.spec.scheduling_group.pod_group_name if pod.spec.scheduling_group else None
        named = named or (pod.spec.workload_ref.name if pod.spec.workload_ref else None)
        plain = [name for name, each in self.templates.items() if isinstance(each.template, PodGroupTemplate)]
        if key_of(pod)[0] != self.namespace:
            problem = f"it is not in namespace {self.namespace}"
        elif named is not None:
            problem = f"it belongs to {named}, which is no group of {self.subject.subject}"
        elif isinstance(self.subject, PodGroup):
            return self._with_reference(pod, self.name, None), self.name
        elif len(plain) == 1:
            ((template,),) = (plain,)
            of_template = [
                name
                for name, each in self.groups.items()
                if each.spec.workload_ref is not None and each.spec.workload_ref.template_name == template
            ]
            name = of_template[0] if of_template else group_name(self.name, template)
            if not of_template:
                self._make(name, template)
            return self._with_reference(pod, name, template), name
        else:
            problem = f"it names no group, and {self.subject.subject} has {len(plain)} templates"
        groups = ", ".join([*self.groups, *(group_name(self.name, each) for each in plain)][:10])
        raise LoadError(
            problem,
            path="spec.workloadRef" if self.by_entry else "spec.schedulingGroup",
            value=named,
            subject=pod.subject,
            remedy=f"groups: {groups}" if groups else "",
        )

    def _with_reference(self, pod: Pod, group: str, template: str | None) -> Pod:
        update: dict[str, object]
        if self.by_entry and template is not None:
            update = {"workload_ref": PodWorkloadReference(name=self.name, pod_group=template)}
        else:
            update = {"scheduling_group": PodSchedulingGroup(pod_group_name=group)}
        return pod.model_copy(update={"spec": pod.spec.model_copy(update=update)})

    # --- the tree -----------------------------------------------------------------------------------------

    def gang(self, label: str, topology: TopologyArgument) -> Gang:
        """The tree of groups."""
        roots = list(self._children(None))
        given = self._given(topology, [key_of(each)[1] for each in roots])
        children = tuple(self._group(each, given) for each in roots)
        root: Group = children[0]
        if len(children) > 1:
            root = Composite(self.name, len(children), None, children, is_workload=True)
        return Gang(label, root, tuple(self.made), tuple(self._extensions(given)), tuple(self._gates(root)))

    def _children(self, parent: str | None) -> Iterator[PodGroup | CompositePodGroup]:
        """The groups in a group, in the order in which they are tried: by age, then as templates stand."""
        order = {name: at for at, name in enumerate(self.templates)}

        def rank(group: PodGroup | CompositePodGroup) -> tuple[str, int]:
            reference = group.spec.workload_ref
            template = reference.template_name if reference is not None else ""
            return str(group.metadata.creation_timestamp or ""), order.get(template, len(order))

        every: list[PodGroup | CompositePodGroup] = [*self.groups.values(), *self.composites.values()]
        for each in sorted(every, key=rank):
            above = each.spec.parent_composite_pod_group_name
            if (above if above in self.composites else None) == parent:
                yield each

    def _group(self, group: PodGroup | CompositePodGroup, given: Mapping[str, Topology]) -> Group:
        _, name = key_of(group)
        topology = given.get(name, _topology(group.spec.scheduling_constraints))
        if isinstance(group, PodGroup):
            gang = group.spec.scheduling_policy.gang
            return Leaf(
                name,
                None if gang is None else gang.min_count,
                topology,
                tuple(self.waiting.get(name, ())),
                tuple(self.running.get(name, ())),
            )
        policy = group.spec.scheduling_policy.gang
        return Composite(
            name,
            None if policy is None else policy.min_group_count,
            topology,
            tuple(self._group(child, given) for child in self._children(name)),
        )

    def _given(self, topology: TopologyArgument, roots: Sequence[str]) -> dict[str, Topology]:
        """By group, the topology that the caller wants."""
        if topology is None:
            return {}
        if not isinstance(topology, Mapping):
            return dict.fromkeys(roots, _checked(topology))
        names = {name: [name] for name in [*self.groups, *self.composites]}
        every: list[PodGroup | CompositePodGroup] = [*self.groups.values(), *self.composites.values()]
        for each in every:
            _, name = key_of(each)
            if each.spec.workload_ref is not None and each.spec.workload_ref.template_name != name:
                names.setdefault(each.spec.workload_ref.template_name, []).append(name)
        for wanted in topology:
            if wanted not in names:
                raise unknown_name("group", wanted, names)
        return {name: _checked(value) for wanted, value in topology.items() for name in names[wanted]}

    def _extensions(self, given: Mapping[str, Topology]) -> Iterator[str]:
        """What Kubernetes of the minor does not have."""
        for each in dict.fromkeys(given.values()):
            if isinstance(each, DeviceAttribute):
                yield f"topology by {each} (Kubernetes has topologies by node label only)"
            elif self.by_entry:
                yield f"topology {each} (in Kubernetes from 1.36 on)"

    def _gates(self, root: Group) -> Iterator[str]:
        """The feature gates without which nothing comes of it."""
        yield "GenericWorkload"
        if KUBERNETES_MINORS.index(self.kubernetes) < KUBERNETES_MINORS.index(_GANGS_MERGED):
            yield "GangScheduling"
        if not self.by_entry and any(isinstance(each.topology, str) for each in root.groups()):
            yield "TopologyAwareWorkloadScheduling"
        if any(each.spec.resource_claims for each in self.groups.values()) and not self.by_entry:
            yield "DRAWorkloadResourceClaims"
        if self.composites:
            yield "CompositePodGroup"


def _topology(
    constraints: PodGroupSchedulingConstraints | CompositePodGroupSchedulingConstraints | None,
) -> str | None:
    every = (constraints.topology if constraints is not None else None) or ()
    return every[0].key if every else None


def _checked(topology: object) -> Topology:
    """A topology that a caller gave.

    Raises:
        LoadError: It is none, or has no name.
    """
    if isinstance(topology, str) and topology:
        return topology
    if isinstance(topology, DeviceAttribute) and topology.name:
        return topology
    raise LoadError(
        "no topology",
        path="topology",
        value=topology,
        remedy="write the key of a node label, or DeviceAttribute('driver/attribute')",
    )
