"""PodGroups of a Workload: how they are called, and how a controller makes them from templates.

Kubernetes leaves names to controllers. Here the group of a template is called `<workload>-<template>`, and
one of several replicas of it `<workload>-<template>-<replica>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from dra.models.meta import ObjectMeta
from dra.models.scheduling import (
    CompositePodGroup,
    CompositePodGroupSpec,
    CompositePodGroupTemplate,
    PodGroup,
    PodGroupSpec,
    PodGroupTemplate,
    Workload,
    WorkloadReference,
)

__all__ = ["GroupTemplate", "composite_made_from", "group_made_from", "group_name", "group_templates"]


def group_name(workload: str, template: str, replica: str | int = "") -> str:
    """What the PodGroup of a template is called.

    Example:
        >>> group_name("train", "workers"), group_name("train", "workers", 3)
        ('train-workers', 'train-workers-3')
    """
    return "-".join([workload, template, *([str(replica)] if replica != "" else [])])


@attrs.frozen(eq=False)
class GroupTemplate:
    """A template of a Workload, at whatever depth.

    Attributes:
        template: The template.
        parent: The name of the composite template that it is in; None at the top.
    """

    template: PodGroupTemplate | CompositePodGroupTemplate
    parent: str | None


def group_templates(workload: Workload) -> dict[str, GroupTemplate]:
    """All templates of a Workload by name, parents before children.

    Example:
        >>> spec = {"podGroupTemplates": [{"name": "workers"}]}
        >>> list(group_templates(Workload.from_dict({"spec": spec})))
        ['workers']
    """
    found: dict[str, GroupTemplate] = {}
    spec = workload.spec
    for each, parent in _walk(spec.pod_group_templates, spec.composite_pod_group_templates, None):
        found.setdefault(each.name, GroupTemplate(each, parent))
    return found


def _walk(
    plain: Iterable[PodGroupTemplate] | None,
    composite: Iterable[CompositePodGroupTemplate] | None,
    parent: str | None,
) -> Iterator[tuple[PodGroupTemplate | CompositePodGroupTemplate, str | None]]:
    for leaf in plain or ():
        yield leaf, parent
    for each in composite or ():
        yield each, parent
        yield from _walk(each.pod_group_templates, each.composite_pod_group_templates, each.name)


def group_made_from(
    template: PodGroupTemplate, workload: Workload, name: str = "", parent: str | None = None
) -> PodGroup:
    """The PodGroup that a controller makes from a template.

    Args:
        template: The template.
        workload: The Workload that has it.
        name: The group's name, by default that of the only one of its template.
        parent: The CompositePodGroup that it is in.

    Example:
        >>> workload = Workload.from_dict({"metadata": {"name": "train"}, "spec": {
        ...     "podGroupTemplates": [{"name": "workers", "schedulingPolicy": {"gang": {"minCount": 2}}}]}})
        >>> group = group_made_from(workload.spec.pod_group_templates[0], workload)
        >>> group.metadata.name, group.spec.scheduling_policy.gang.min_count
        ('train-workers', 2)
    """
    return PodGroup(
        metadata=_metadata(template, workload, name),
        spec=PodGroupSpec(
            parent_composite_pod_group_name=parent,
            workload_ref=_reference(template, workload),
            scheduling_policy=template.scheduling_policy,
            scheduling_constraints=template.scheduling_constraints,
            resource_claims=template.resource_claims,
            disruption_mode=template.disruption_mode,
            priority_class_name=template.priority_class_name,
            priority=template.priority,
            preemption_policy=template.preemption_policy,
        ),
    )


def composite_made_from(
    template: CompositePodGroupTemplate, workload: Workload, name: str = "", parent: str | None = None
) -> CompositePodGroup:
    """The CompositePodGroup that a controller makes from a template; arguments as for `group_made_from`.

    Example:
        >>> template = CompositePodGroupTemplate(name="replica")
        >>> workload = Workload.from_dict({"metadata": {"name": "train"}})
        >>> composite_made_from(template, workload, "train-replica-0").spec.workload_ref.template_name
        'replica'
    """
    return CompositePodGroup(
        metadata=_metadata(template, workload, name),
        spec=CompositePodGroupSpec(
            parent_composite_pod_group_name=parent,
            workload_ref=_reference(template, workload),
            scheduling_policy=template.scheduling_policy,
            scheduling_constraints=template.scheduling_constraints,
            disruption_mode=template.disruption_mode,
            priority_class_name=template.priority_class_name,
            priority=template.priority,
            preemption_policy=template.preemption_policy,
        ),
    )


def _metadata(
    template: PodGroupTemplate | CompositePodGroupTemplate, workload: Workload, name: str
) -> ObjectMeta:
    name = name or group_name(workload.metadata.name or "", template.name)
    return ObjectMeta(name=name, namespace=workload.metadata.namespace)


def _reference(
    template: PodGroupTemplate | CompositePodGroupTemplate, workload: Workload
) -> WorkloadReference:
    return WorkloadReference(workload_name=workload.metadata.name or "", template_name=template.name)
