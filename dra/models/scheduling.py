"""`scheduling.k8s.io`: Workload, PodGroup and CompositePodGroup, in the shape of Kubernetes 1.37.

v1beta1 and v1alpha3 have the same JSON. The Workload of v1alpha1 (1.35) and the objects of v1alpha2 (1.36)
are read into the same classes (`dra.models.conversion`). CompositePodGroup exists in v1alpha3 only.
"""

from __future__ import annotations

from pydantic import Field

from dra.models.base import Model
from dra.models.meta import Condition, KubernetesObject
from dra.models.scalars import Int32, Str

__all__ = [
    "AllCompositeDisruptionMode",
    "AllDisruptionMode",
    "BasicSchedulingPolicy",
    "CompositeBasicSchedulingPolicy",
    "CompositeDisruptionMode",
    "CompositeGangSchedulingPolicy",
    "CompositePodGroup",
    "CompositePodGroupSchedulingConstraints",
    "CompositePodGroupSchedulingPolicy",
    "CompositePodGroupSpec",
    "CompositePodGroupStatus",
    "CompositePodGroupTemplate",
    "DisruptionMode",
    "GangSchedulingPolicy",
    "PodGroup",
    "PodGroupResourceClaim",
    "PodGroupResourceClaimStatus",
    "PodGroupSchedulingConstraints",
    "PodGroupSchedulingPolicy",
    "PodGroupSpec",
    "PodGroupStatus",
    "PodGroupTemplate",
    "SingleCompositeDisruptionMode",
    "SingleDisruptionMode",
    "TopologyConstraint",
    "TypedLocalObjectReference",
    "Workload",
    "WorkloadReference",
    "WorkloadSpec",
]


class TypedLocalObjectReference(Model):
    """An object of any kind in the same namespace."""

    api_group: Str | None = None
    kind: Str = ""
    name: Str = ""


class WorkloadReference(Model):
    """The template of a Workload that a group was made from."""

    workload_name: Str = ""
    template_name: Str = ""


class TopologyConstraint(Model):
    """All pods go to nodes with one value of this label."""

    key: Str = ""


class PodGroupResourceClaim(Model):
    """A claim that the pods of a group share, by name or made from a template."""

    name: Str = ""
    resource_claim_name: Str | None = None
    resource_claim_template_name: Str | None = None


class PodGroupResourceClaimStatus(Model):
    """The ResourceClaim made for an entry of `spec.resourceClaims`; unset when none was needed."""

    name: Str = ""
    resource_claim_name: Str | None = None


# --- Groups of pods -----------------------------------------------------------------------------------------


class BasicSchedulingPolicy(Model):
    """Pods are scheduled one by one."""


class GangSchedulingPolicy(Model):
    """At least `min_count` pods are placed together, or none."""

    min_count: Int32 = 0


class PodGroupSchedulingPolicy(Model):
    """Exactly one of the two is set."""

    basic: BasicSchedulingPolicy | None = None
    gang: GangSchedulingPolicy | None = None


class PodGroupSchedulingConstraints(Model):
    """Where the pods of a group may go together."""

    topology: list[TopologyConstraint] | None = None


class SingleDisruptionMode(Model):
    """Pods are preempted one by one."""


class AllDisruptionMode(Model):
    """The group is preempted as a whole."""


class DisruptionMode(Model):
    """Exactly one of the two is set."""

    single: SingleDisruptionMode | None = None
    all: AllDisruptionMode | None = None


class PodGroupTemplate(Model):
    """A pattern for PodGroups in a Workload.

    Example:
        >>> PodGroupTemplate(name="workers").to_dict()
        {'name': 'workers'}
    """

    name: Str = ""
    scheduling_policy: PodGroupSchedulingPolicy = Field(default_factory=PodGroupSchedulingPolicy)
    scheduling_constraints: PodGroupSchedulingConstraints | None = None
    resource_claims: list[PodGroupResourceClaim] | None = None
    disruption_mode: DisruptionMode | None = None
    priority_class_name: Str | None = None
    priority: Int32 | None = None
    preemption_policy: Str | None = None


class PodGroupSpec(Model):
    """How the pods of a group are scheduled."""

    parent_composite_pod_group_name: Str | None = None
    workload_ref: WorkloadReference | None = None
    scheduling_policy: PodGroupSchedulingPolicy = Field(default_factory=PodGroupSchedulingPolicy)
    scheduling_constraints: PodGroupSchedulingConstraints | None = None
    resource_claims: list[PodGroupResourceClaim] | None = None
    disruption_mode: DisruptionMode | None = None
    priority_class_name: Str | None = None
    priority: Int32 | None = None
    preemption_policy: Str | None = None


class PodGroupStatus(Model):
    """Whether a group was scheduled, and its claims."""

    conditions: list[Condition] | None = None
    resource_claim_statuses: list[PodGroupResourceClaimStatus] | None = None


class PodGroup(KubernetesObject):
    """Pods that are scheduled together (KEP-4671).

    Example:
        >>> group = PodGroup.from_dict({"spec": {"schedulingPolicy": {"gang": {"minCount": 4}}}})
        >>> group.spec.scheduling_policy.gang.min_count
        4
    """

    api_version: Str = "scheduling.k8s.io/v1beta1"
    kind: Str = "PodGroup"
    spec: PodGroupSpec = Field(default_factory=PodGroupSpec)
    status: PodGroupStatus | None = None


# --- Groups of groups ---------------------------------------------------------------------------------------


class CompositeBasicSchedulingPolicy(Model):
    """Groups are scheduled one by one."""


class CompositeGangSchedulingPolicy(Model):
    """At least `min_group_count` groups are placed together, or none."""

    min_group_count: Int32 = 0


class CompositePodGroupSchedulingPolicy(Model):
    """Exactly one of the two is set."""

    basic: CompositeBasicSchedulingPolicy | None = None
    gang: CompositeGangSchedulingPolicy | None = None


class CompositePodGroupSchedulingConstraints(Model):
    """Where the groups may go together."""

    topology: list[TopologyConstraint] | None = None


class SingleCompositeDisruptionMode(Model):
    """Groups are preempted one by one."""


class AllCompositeDisruptionMode(Model):
    """All groups are preempted together."""


class CompositeDisruptionMode(Model):
    """Exactly one of the two is set."""

    single: SingleCompositeDisruptionMode | None = None
    all: AllCompositeDisruptionMode | None = None


class CompositePodGroupTemplate(Model):
    """A pattern for CompositePodGroups in a Workload; it holds further patterns."""

    name: Str = ""
    scheduling_policy: CompositePodGroupSchedulingPolicy = Field(
        default_factory=CompositePodGroupSchedulingPolicy
    )
    scheduling_constraints: CompositePodGroupSchedulingConstraints | None = None
    disruption_mode: CompositeDisruptionMode | None = None
    priority_class_name: Str | None = None
    priority: Int32 | None = None
    preemption_policy: Str | None = None
    pod_group_templates: list[PodGroupTemplate] | None = None
    composite_pod_group_templates: list[CompositePodGroupTemplate] | None = None


class CompositePodGroupSpec(Model):
    """How the groups of a composite group are scheduled."""

    parent_composite_pod_group_name: Str | None = None
    workload_ref: WorkloadReference | None = None
    scheduling_policy: CompositePodGroupSchedulingPolicy = Field(
        default_factory=CompositePodGroupSchedulingPolicy
    )
    scheduling_constraints: CompositePodGroupSchedulingConstraints | None = None
    disruption_mode: CompositeDisruptionMode | None = None
    priority_class_name: Str | None = None
    priority: Int32 | None = None
    preemption_policy: Str | None = None


class CompositePodGroupStatus(Model):
    """Whether a composite group was scheduled."""

    conditions: list[Condition] | None = None


class CompositePodGroup(KubernetesObject):
    """Groups that are scheduled together [1.37, alpha].

    Example:
        >>> CompositePodGroup.from_dict({"spec": {"schedulingPolicy": {"basic": {}}}}).api_version
        'scheduling.k8s.io/v1alpha3'
    """

    api_version: Str = "scheduling.k8s.io/v1alpha3"
    kind: Str = "CompositePodGroup"
    spec: CompositePodGroupSpec = Field(default_factory=CompositePodGroupSpec)
    status: CompositePodGroupStatus | None = None


# --- Workloads ----------------------------------------------------------------------------------------------


class WorkloadSpec(Model):
    """The patterns of a workload's groups: plain ones or composite ones."""

    controller_ref: TypedLocalObjectReference | None = None
    pod_group_templates: list[PodGroupTemplate] | None = None
    composite_pod_group_templates: list[CompositePodGroupTemplate] | None = None


class Workload(KubernetesObject):
    """What a job consists of, for the scheduler.

    Example:
        >>> old = Workload.from_dict({"apiVersion": "scheduling.k8s.io/v1alpha1", "spec": {
        ...     "podGroups": [{"name": "workers", "policy": {"gang": {"minCount": 4}}}]}})
        >>> old.spec.pod_group_templates[0].scheduling_policy.gang.min_count
        4
    """

    api_version: Str = "scheduling.k8s.io/v1beta1"
    kind: Str = "Workload"
    spec: WorkloadSpec = Field(default_factory=WorkloadSpec)
