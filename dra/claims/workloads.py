"""`workload(...)`: the groups of a job's pods for the scheduler, and the field by which pods name theirs.

| minor | the Workload is | pods name |
|---|---|---|
| 1.35 | `scheduling.k8s.io/v1alpha1`: groups with a policy, nothing else | `workloadRef` |
| 1.36 | `v1alpha2`: with topology, claims of groups, disruption mode, priority | `schedulingGroup` |
| 1.37 | `v1beta1`; `v1alpha3` with groups of groups | `schedulingGroup` |

What a minor cannot say is an error. The feature gates that it takes are in `WorkloadBuilder.gates`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import attrs
from typing_extensions import Self

from dra.claims.checked import accepted
from dra.claims.group_templates import Disruption, composite_pod_group, pod_group
from dra.claims.pod_groups import (
    GroupTemplate,
    composite_made_from,
    group_made_from,
    group_name,
    group_templates,
)
from dra.claims.pods.source import Claim
from dra.claims.wants import required
from dra.errors import BuildError, ConversionError, UnknownVersionError
from dra.features import LATEST, Features, is_since, minor
from dra.models.conversion import convert
from dra.models.meta import ObjectMeta
from dra.models.scheduling import (
    CompositePodGroup,
    CompositePodGroupTemplate,
    PodGroup,
    PodGroupTemplate,
    TypedLocalObjectReference,
    Workload,
    WorkloadSpec,
)
from dra.suggestions import unknown_name

__all__ = ["WorkloadBuilder", "workload"]

_FIRST: Final = "1.35"
_FIRST_WITH_GROUPS: Final = "1.36"
_COMPOSITE: Final = "scheduling.k8s.io/v1alpha3"
_VERSIONS: Final = {
    "1.35": "scheduling.k8s.io/v1alpha1",
    "1.36": "scheduling.k8s.io/v1alpha2",
    "1.37": "scheduling.k8s.io/v1beta1",
}


@attrs.frozen(repr=False)
class WorkloadBuilder:
    """A Workload in the making, by `workload`. Immutable.

    Example:
        >>> job = workload("train").group("workers", min_count=16, topology="nvidia.com/gpu.clique")
        >>> print(job.build().to_yaml(), end="")
        apiVersion: scheduling.k8s.io/v1beta1
        kind: Workload
        metadata:
          name: train
        spec:
          podGroupTemplates:
          - name: workers
            schedulingPolicy:
              gang:
                minCount: 16
            schedulingConstraints:
              topology:
              - key: nvidia.com/gpu.clique
        >>> job.pod_reference("workers")
        {'schedulingGroup': {'podGroupName': 'train-workers'}}
    """

    _name: str
    _namespace: str | None = None
    _groups: tuple[PodGroupTemplate | CompositePodGroupTemplate, ...] = ()
    _priority: tuple[tuple[str, Any], ...] = ()
    _controller: TypedLocalObjectReference | None = None

    # --- what it consists of ------------------------------------------------------------------------------

    def group(
        self,
        name: str,
        min_count: int | None = None,
        *,
        topology: str = "",
        claims: Mapping[str, Claim] | Iterable[Claim] = (),
        disruption: Disruption | None = None,
    ) -> Self:
        """Add a group of pods; everything as for `pod_group`.

        Raises:
            BuildError: There is a group of that name, or something makes no sense.

        Example:
            >>> job = workload("train").group("leader")
            >>> job = job.group("workers", 8, claims={"fabric": "template/fabric"})
            >>> job.build().spec.pod_group_templates[1].resource_claims[0].to_dict()
            {'name': 'fabric', 'resourceClaimTemplateName': 'fabric'}
        """
        return self._with(pod_group(name, min_count, topology=topology, claims=claims, disruption=disruption))

    def composite(
        self,
        name: str,
        *groups: PodGroupTemplate | CompositePodGroupTemplate,
        min_groups: int | None = None,
        topology: str = "",
        disruption: Disruption | None = None,
    ) -> Self:
        """Add a group of groups (1.37, alpha); everything as for `composite_pod_group`.

        Raises:
            BuildError: There is a group of that name, or something makes no sense.

        Example:
            >>> job = workload("serve").composite(
            ...     "replica", pod_group("leader", 1), pod_group("workers", 4), min_groups=2)
            >>> job.build().api_version
            'scheduling.k8s.io/v1alpha3'
        """
        return self._with(
            composite_pod_group(
                name, *groups, min_groups=min_groups, topology=topology, disruption=disruption
            )
        )

    def priority(
        self,
        value: int | None = None,
        class_name: str = "",
        preemption: Literal["Never", "PreemptLowerPriority"] | None = None,
    ) -> Self:
        """How important it is: the same for all groups, as the API server wants it.

        Args:
            value: The priority, at most 1,000,000,000.
            class_name: The name of the PriorityClass.
            preemption: Whether it may preempt others (1.37, alpha).

        Example:
            >>> job = workload("train").group("workers", 4).priority(1000, "batch")
            >>> job.build().spec.pod_group_templates[0].priority
            1000
        """
        said = {"priority": value, "priority_class_name": class_name or None, "preemption_policy": preemption}
        return attrs.evolve(
            self, priority=tuple((field, each) for field, each in said.items() if each is not None)
        )

    def controlled_by(self, kind: str, name: str, api_group: str = "") -> Self:
        """Name the object that it is for, such as a Job.

        Example:
            >>> workload("train").group("workers", 4).controlled_by("Job", "train", "batch").build(
            ...     ).spec.controller_ref.to_dict()
            {'apiGroup': 'batch', 'kind': 'Job', 'name': 'train'}
        """
        return attrs.evolve(
            self,
            controller=TypedLocalObjectReference(api_group=api_group or None, kind=kind, name=name),
        )

    def _with(self, group: PodGroupTemplate | CompositePodGroupTemplate) -> Self:
        there = set(self._templates())
        for name in group_templates(_of([group])):
            if name in there:
                raise BuildError("there is a group of that name", path="name", value=name)
        return attrs.evolve(self, groups=(*self._groups, group))

    def _templates(self) -> dict[str, GroupTemplate]:
        return group_templates(_of(self._groups))

    # --- what comes of it ---------------------------------------------------------------------------------

    def build(self, kubernetes: str = LATEST, features: Features | None = None) -> Workload:
        """The Workload, in the version that the minor serves, checked as its API server would.

        Args:
            kubernetes: The minor.
            features: Feature gates; by default those that it takes are on (`gates`).

        Raises:
            BuildError: The API server would refuse it or drop a field, or the minor cannot express it.
            UnknownVersionError: The minor is unknown or has no Workload.

        Example:
            >>> workload("train").group("workers", 4, topology="rack").build("1.35")
            Traceback (most recent call last):
            dra.errors.BuildError: Workload train: spec.podGroupTemplates[0].schedulingConstraints: Kubernetes 1.35 cannot express it
              that is possible from 1.36 on
        """  # noqa: E501 - the error is one line
        kubernetes = _known(kubernetes, _FIRST, "Workloads")
        made = self._made()
        target = _COMPOSITE if self._is_composite and kubernetes == LATEST else _VERSIONS[kubernetes]
        try:
            made = convert(made, target)
        except ConversionError as error:
            since = LATEST if "omposite" in error.fields[0] else _FIRST_WITH_GROUPS
            raise BuildError(
                f"Kubernetes {kubernetes} cannot express it",
                path=error.fields[0],
                subject=made.subject,
                remedy=f"that is possible from {since} on",
            ) from None
        return accepted(made, kubernetes, features if features is not None else self._features(kubernetes))

    def pod_groups(
        self, kubernetes: str = LATEST, replicas: Mapping[str, int] | None = None
    ) -> list[PodGroup | CompositePodGroup]:
        """The groups that a controller makes of it, parents first; pods need them.

        Args:
            kubernetes: The minor, 1.36 or newer.
            replicas: By template, how many groups there are of it; one if left out. They are called
                `<workload>-<template>-<number>`.

        Raises:
            BuildError: As `build`.
            UnknownVersionError: The minor is unknown or has no PodGroups.
            UnknownNameError: There is no such template.

        Example:
            >>> job = workload("train").group("workers", 4)
            >>> [each.metadata.name for each in job.pod_groups(replicas={"workers": 2})]
            ['train-workers-0', 'train-workers-1']
        """
        kubernetes = _known(kubernetes, _FIRST_WITH_GROUPS, "PodGroups")
        self.build(kubernetes)
        made, templates = self._made(), self._templates()
        for name in replicas or ():
            self._check_template(name)
        version = _COMPOSITE if self._is_composite else _VERSIONS[kubernetes]
        found: list[PodGroup | CompositePodGroup] = []
        for name, each in templates.items():
            parent = None if each.parent is None else group_name(self._name, each.parent)
            count = (replicas or {}).get(name)
            for replica in [""] if count is None else range(count):
                called = group_name(self._name, name, replica)
                if isinstance(each.template, PodGroupTemplate):
                    template = self._important(each.template)
                    found.append(convert(group_made_from(template, made, called, parent), version))
                else:
                    composite = self._important(each.template)
                    found.append(convert(composite_made_from(composite, made, called, parent), version))
        return found

    def pod_reference(
        self, group: str = "", kubernetes: str = LATEST, replica: str | int = ""
    ) -> dict[str, dict[str, str]]:
        """The field of a pod's `spec` that makes it a member of a group.

        Args:
            group: The template's name; may be left out if there is only one.
            kubernetes: The minor: `workloadRef` in 1.35, `schedulingGroup` since.
            replica: Which of several groups of the template.

        Raises:
            UnknownNameError: There is no such group.
            BuildError: It is a group of groups.
            UnknownVersionError: The minor is unknown or has no Workloads.

        Example:
            >>> job = workload("train").group("workers", 4)
            >>> job.pod_reference("workers", "1.35", replica=0)
            {'workloadRef': {'name': 'train', 'podGroup': 'workers', 'podGroupReplicaKey': '0'}}
            >>> pod = {"spec": {"containers": [{"name": "main"}], **job.pod_reference()}}
            >>> pod["spec"]["schedulingGroup"]
            {'podGroupName': 'train-workers'}
        """
        kubernetes = _known(kubernetes, _FIRST, "Workloads")
        templates = self._templates()
        plain = [name for name, each in templates.items() if isinstance(each.template, PodGroupTemplate)]
        if not group and len(plain) == 1:
            (group,) = plain
        self._check_template(group)
        if group not in plain:
            raise BuildError(
                "pods are in groups of pods", path=group, remedy=f"groups: {', '.join(plain) or 'none'}"
            )
        if kubernetes == _FIRST:
            key = {"podGroupReplicaKey": str(replica)} if replica != "" else {}
            return {"workloadRef": {"name": self._name, "podGroup": group, **key}}
        return {"schedulingGroup": {"podGroupName": group_name(self._name, group, replica)}}

    def gates(self, kubernetes: str = LATEST) -> list[str]:
        """The feature gates that it takes and that the minor does not switch on by itself.

        Example:
            >>> workload("train").group("workers", 4, topology="rack").gates()
            ['GenericWorkload', 'TopologyAwareWorkloadScheduling']
        """
        kubernetes = minor(kubernetes)
        names = ["GenericWorkload"]
        if kubernetes in ("1.35", "1.36"):
            names.append("GangScheduling")
        every = [each.template for each in self._templates().values()]
        if any(each.scheduling_constraints for each in every):
            names.append("TopologyAwareWorkloadScheduling")
        if any(isinstance(each, PodGroupTemplate) and each.resource_claims for each in every):
            names.append("DRAWorkloadResourceClaims")
        if self._is_composite:
            names.append("CompositePodGroup")
        said = dict(self._priority)
        if kubernetes == _FIRST_WITH_GROUPS and (said or any(each.disruption_mode for each in every)):
            names.append("WorkloadAwarePreemption")
        if "preemption_policy" in said:
            names.append("PodGroupPreemptionPolicy")
        return names

    def __repr__(self) -> str:
        return f"<workload {self._name}: {', '.join(self._templates()) or 'no groups'}>"

    @property
    def _is_composite(self) -> bool:
        return any(isinstance(each, CompositePodGroupTemplate) for each in self._groups)

    def _features(self, kubernetes: str) -> Features:
        """All features about workloads that the minor has."""
        wanted = (
            "generic_workload",
            "topology_aware_workload_scheduling",
            "workload_resource_claims",
            "composite_pod_group",
            "pod_group_preemption_policy",
        )
        found: dict[str, bool] = {}
        for name in wanted:
            try:
                Features.for_kubernetes(kubernetes, **{name: True})
            except UnknownVersionError:
                continue
            found[name] = True
        return Features.for_kubernetes(kubernetes, **found)

    def _made(self) -> Workload:
        """The Workload in the shape of the latest minor."""
        if not self._groups:
            raise BuildError("a workload has groups", path="spec", remedy="add one: .group(name, min_count)")
        plain = [self._important(each) for each in self._groups if isinstance(each, PodGroupTemplate)]
        composite = [
            self._important(each) for each in self._groups if isinstance(each, CompositePodGroupTemplate)
        ]
        if plain and composite:
            raise BuildError(
                "a workload has groups of pods, or groups of groups, and not both beside each other",
                path="spec",
                value=[each.name for each in plain],
                remedy="put groups of pods into a composite, too",
            )
        return Workload(
            metadata=ObjectMeta(name=self._name, namespace=self._namespace),
            spec=WorkloadSpec(
                controller_ref=self._controller,
                pod_group_templates=plain or None,
                composite_pod_group_templates=composite or None,
            ),
        )

    def _important(self, template: Any) -> Any:
        """A template, and those in it, with the priority of all."""
        if not self._priority:
            return template
        update: dict[str, Any] = dict(self._priority)
        if isinstance(template, CompositePodGroupTemplate):
            for field in ("pod_group_templates", "composite_pod_group_templates"):
                inner = getattr(template, field)
                update[field] = None if inner is None else [self._important(each) for each in inner]
        return template.model_copy(update=update)

    def _check_template(self, name: str) -> None:
        templates = self._templates()
        if name not in templates:
            raise unknown_name("group", name, templates)


def workload(name: str, namespace: str | None = None) -> WorkloadBuilder:
    """Begin a Workload.

    Args:
        name: Its name, a DNS subdomain.
        namespace: Its namespace.

    Example:
        >>> workload("train").group("leader", 1).group("workers", 8)
        <workload train: leader, workers>
    """
    return WorkloadBuilder(required(name, str, "metadata.name"), namespace)


def _of(groups: Iterable[PodGroupTemplate | CompositePodGroupTemplate]) -> Workload:
    every = list(groups)
    return Workload(
        spec=WorkloadSpec(
            pod_group_templates=[each for each in every if isinstance(each, PodGroupTemplate)],
            composite_pod_group_templates=[
                each for each in every if isinstance(each, CompositePodGroupTemplate)
            ],
        )
    )


def _known(kubernetes: str, since: str, what: str) -> str:
    known = minor(kubernetes)
    if not is_since(known, since):
        raise UnknownVersionError(
            f"Kubernetes {known} has no {what}",
            value=kubernetes,
            remedy=f"there are {what} from {since} on",
        )
    return known
