"""The gang that a question is about, as a tree of groups with their pods and topologies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from dra.errors import LoadError
from dra.features import is_since
from dra.models.core import Pod
from dra.models.scheduling import (
    CompositePodGroup,
    CompositePodGroupSchedulingConstraints,
    PodGroup,
    PodGroupSchedulingConstraints,
)
from dra.scheduler.gangs.groups import Composite, Gang, Group, Leaf
from dra.scheduler.gangs.membership import Family
from dra.scheduler.gangs.subject import Subject, pods_given, subject_of
from dra.scheduler.gangs.topology import DeviceAttribute, Topology
from dra.scheduler.objects import key_of, label_of
from dra.scheduler.pods import importance
from dra.suggestions import unknown_name

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["TopologyArgument", "gang_of"]

TopologyArgument: TypeAlias = "Topology | Mapping[str, Topology] | None"

# From this minor on the gate GangScheduling is part of GenericWorkload.
_GANGS_MERGED: Final = "1.37"


def gang_of(
    cluster: Cluster,
    subject: Subject | str,
    pods: Iterable[Pod | str | Mapping[str, Any]] | None,
    topology: TopologyArgument,
) -> Gang:
    """What is scheduled together.

    Args:
        cluster: The cluster.
        subject: The workload or group, or its name.
        pods: The pods; None for those of the cluster.
        topology: Topologies that count in place of those of the groups.

    Raises:
        LoadError: Something named is not there, or a pod belongs to another group, or there are no pods.
        AllocationError: A pod is on a node already.
        UnknownNameError: A topology is given for a group that is not there.
    """
    objects = cluster._objects
    found = subject_of(objects, subject)
    family = Family(objects, found, cluster.kubernetes)
    tried = cluster.pending() if pods is None else sorted(pods_given(objects, pods), key=importance)
    for pod in tried:
        family.join(pod, must=pods is not None)
    for pod in cluster._running:
        family.count(pod)
    label = f"{found.kind} {label_of(key_of(found))}"
    if not family.waiting:
        raise LoadError(
            f"no pod of {label} waits for a node",
            value=label,
            remedy="give pods, or add pods to the cluster that name the group"
            " (dra.claims.workload(...).pod_reference(...) is the field)",
        )
    return _gang(family, label, topology)


def _gang(family: Family, label: str, topology: TopologyArgument) -> Gang:
    roots = list(_children(family, None))
    given = _given(family, topology, [key_of(each)[1] for each in roots])
    children = tuple(_group(family, each, given) for each in roots)
    root: Group = children[0]
    if len(children) > 1:
        root = Composite(family.name, len(children), None, children, is_workload=True)
    extensions = tuple(_extensions(family, given))
    return Gang(label, root, tuple(family.made), extensions, tuple(_gates(family, root)))


def _children(family: Family, parent: str | None) -> Iterator[PodGroup | CompositePodGroup]:
    """The groups in a group, in the order in which they are tried: by age, then as templates stand."""
    order = {name: at for at, name in enumerate(family.templates)}

    def rank(group: PodGroup | CompositePodGroup) -> tuple[str, int]:
        reference = group.spec.workload_ref
        template = reference.template_name if reference is not None else ""
        return str(group.metadata.creation_timestamp or ""), order.get(template, len(order))

    for each in sorted(family.every(), key=rank):
        above = each.spec.parent_composite_pod_group_name
        if (above if above in family.composites else None) == parent:
            yield each


def _group(family: Family, group: PodGroup | CompositePodGroup, given: Mapping[str, Topology]) -> Group:
    _, name = key_of(group)
    topology = given.get(name, _topology(group.spec.scheduling_constraints))
    if isinstance(group, PodGroup):
        gang = group.spec.scheduling_policy.gang
        return Leaf(
            name,
            None if gang is None else gang.min_count,
            topology,
            tuple(family.waiting.get(name, ())),
            tuple(family.running.get(name, ())),
        )
    policy = group.spec.scheduling_policy.gang
    return Composite(
        name,
        None if policy is None else policy.min_group_count,
        topology,
        tuple(_group(family, child, given) for child in _children(family, name)),
    )


# --- topologies ---------------------------------------------------------------------------------------------


def _topology(
    constraints: PodGroupSchedulingConstraints | CompositePodGroupSchedulingConstraints | None,
) -> str | None:
    every = (constraints.topology if constraints is not None else None) or ()
    return every[0].key if every else None


def _given(family: Family, topology: TopologyArgument, roots: Sequence[str]) -> dict[str, Topology]:
    """By group, the topology that the caller wants."""
    if topology is None:
        return {}
    if not isinstance(topology, Mapping):
        return dict.fromkeys(roots, _checked(topology))
    names = {name: [name] for name in [*family.groups, *family.composites]}
    for each in family.every():
        _, name = key_of(each)
        if each.spec.workload_ref is not None and each.spec.workload_ref.template_name != name:
            names.setdefault(each.spec.workload_ref.template_name, []).append(name)
    for wanted in topology:
        if wanted not in names:
            raise unknown_name("group", wanted, names)
    return {name: _checked(value) for wanted, value in topology.items() for name in names[wanted]}


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


# --- what Kubernetes has of it ------------------------------------------------------------------------------


def _extensions(family: Family, given: Mapping[str, Topology]) -> Iterator[str]:
    """What Kubernetes of the minor does not have."""
    for each in dict.fromkeys(given.values()):
        if isinstance(each, DeviceAttribute):
            yield f"topology by {each} (Kubernetes has topologies by node label only)"
        elif family.by_entry:
            yield f"topology {each} (in Kubernetes from 1.36 on)"


def _gates(family: Family, root: Group) -> Iterator[str]:
    """The feature gates without which nothing comes of it."""
    yield "GenericWorkload"
    if not is_since(family.kubernetes, _GANGS_MERGED):
        yield "GangScheduling"
    if not family.by_entry and any(isinstance(each.topology, str) for each in root.groups()):
        yield "TopologyAwareWorkloadScheduling"
    if any(each.spec.resource_claims for each in family.groups.values()) and not family.by_entry:
        yield "DRAWorkloadResourceClaims"
    if family.composites:
        yield "CompositePodGroup"
