"""`core/v1`: the parts of Pod and Node that DRA and gangs touch. Everything else rides along untouched."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from dra.models.base import Model, fields
from dra.models.meta import KubernetesObject, ObjectMeta
from dra.models.scalars import Bool, Int32, Int64, Str, Time
from dra.quantity import Quantity

__all__ = [
    "Affinity",
    "Container",
    "ContainerExtendedResourceRequest",
    "ContainerResourceClaim",
    "ContainerStatus",
    "Node",
    "NodeAffinity",
    "NodeAllocatableMappedResources",
    "NodeAllocatableOverheadResources",
    "NodeAllocatableResourceClaimStatus",
    "NodeCondition",
    "NodeSelector",
    "NodeSelectorRequirement",
    "NodeSelectorTerm",
    "NodeSpec",
    "NodeStatus",
    "Pod",
    "PodCondition",
    "PodExtendedResourceClaimStatus",
    "PodResourceClaim",
    "PodResourceClaimStatus",
    "PodSchedulingGate",
    "PodSchedulingGroup",
    "PodSpec",
    "PodStatus",
    "PodTemplateSpec",
    "PreferredSchedulingTerm",
    "ResourceHealth",
    "ResourceRequirements",
    "ResourceStatus",
    "Taint",
    "Toleration",
    "WorkloadReference",
]


class NodeSelectorRequirement(Model):
    """A label (or field) of a node, an operator, and values."""

    key: Str = ""
    operator: Str = ""
    values: list[Str] | None = None


class NodeSelectorTerm(Model):
    """Requirements that must all hold; a term without any matches no node."""

    match_expressions: list[NodeSelectorRequirement] | None = None
    match_fields: list[NodeSelectorRequirement] | None = None


class NodeSelector(Model):
    """Nodes for which any of the terms holds.

    Example:
        >>> selector = NodeSelector.from_dict({"nodeSelectorTerms": [{"matchFields": [
        ...     {"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}]})
        >>> selector.node_selector_terms[0].match_fields[0].values
        ['node-1']
    """

    node_selector_terms: list[NodeSelectorTerm] = Field(default_factory=list)


class PreferredSchedulingTerm(Model):
    """A term that counts for a node by its weight, 1 to 100."""

    weight: Int32 = 0
    preference: NodeSelectorTerm = Field(default_factory=NodeSelectorTerm)


class NodeAffinity(Model):
    """Nodes a pod needs, and nodes it prefers."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: list[PreferredSchedulingTerm] | None = None


class Affinity(Model):
    """Affinity of a pod; the rules between pods ride along."""

    rides_along: ClassVar[frozenset[str]] = fields("podAffinity podAntiAffinity")

    node_affinity: NodeAffinity | None = None


class Taint(Model):
    """A node's taint: pods that do not tolerate it stay away."""

    key: Str = ""
    value: Str | None = None
    effect: Str = ""
    time_added: Time | None = None


class Toleration(Model):
    """A pod's toleration of node taints."""

    key: Str | None = None
    operator: Str | None = None
    value: Str | None = None
    effect: Str | None = None
    toleration_seconds: Int64 | None = None


class ContainerResourceClaim(Model):
    """The pod's claim (and, if `request` is set, the one request of it) that a container uses.

    Go calls it `ResourceClaim`, in `core/v1`.
    """

    name: Str = ""
    request: Str | None = None


class ResourceRequirements(Model):
    """What a container asks for: quantities by resource name, and claims."""

    limits: dict[Str, Quantity] | None = None
    requests: dict[Str, Quantity] | None = None
    claims: list[ContainerResourceClaim] | None = None

    @property
    def effective_requests(self) -> dict[str, Quantity]:
        """The requests, with the limits for those that are not set, as the API server fills them in.

        Example:
            >>> asked = {"limits": {"cpu": "2"}, "requests": {"memory": "1Gi"}}
            >>> ResourceRequirements.from_dict(asked).effective_requests
            {'cpu': Quantity('2'), 'memory': Quantity('1Gi')}
        """
        return (self.limits or {}) | (self.requests or {})


class Container(Model):
    """A container, as far as devices are concerned."""

    rides_along: ClassVar[frozenset[str]] = fields(
        "args command env envFrom image imagePullPolicy lifecycle livenessProbe ports readinessProbe "
        "resizePolicy restartPolicyRules securityContext startupProbe stdin stdinOnce targetContainerName "
        "terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
    )

    name: Str = ""
    restart_policy: Str | None = None
    resources: ResourceRequirements | None = None

    @property
    def effective_requests(self) -> dict[str, Quantity]:
        """See `ResourceRequirements`."""
        return self.resources.effective_requests if self.resources is not None else {}


class PodResourceClaim(Model):
    """A claim that the pod's containers may use by `name`: an existing one, or one made from a template."""

    name: Str = ""
    resource_claim_name: Str | None = None
    resource_claim_template_name: Str | None = None


class PodSchedulingGroup(Model):
    """The PodGroup a pod belongs to (Kubernetes 1.36 and newer)."""

    pod_group_name: Str | None = None


class WorkloadReference(Model):
    """The group of a Workload that a pod belongs to (Kubernetes 1.35 only)."""

    name: Str = ""
    pod_group: Str = ""
    pod_group_replica_key: Str | None = None


class PodSchedulingGate(Model):
    """A name whose presence keeps a pod from being scheduled."""

    name: Str = ""


class PodSpec(Model):
    """The parts of a pod that decide where it runs and which devices it gets."""

    rides_along: ClassVar[frozenset[str]] = fields(
        "activeDeadlineSeconds automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks "
        "evictionResponders hostAliases hostIPC hostNetwork hostPID hostUsers hostname "
        "hostnameOverride imagePullSecrets os readinessGates restartPolicy runtimeClassName "
        "securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace "
        "subdomain terminationGracePeriodSeconds topologySpreadConstraints volumes"
    )

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Container] | None = None
    resources: ResourceRequirements | None = None
    resource_claims: list[PodResourceClaim] | None = None
    scheduling_group: PodSchedulingGroup | None = None
    workload_ref: WorkloadReference | None = None
    node_name: Str | None = None
    node_selector: dict[Str, Str] | None = None
    affinity: Affinity | None = None
    tolerations: list[Toleration] | None = None
    scheduler_name: Str | None = None
    scheduling_gates: list[PodSchedulingGate] | None = None
    priority: Int32 | None = None
    priority_class_name: Str | None = None
    preemption_policy: Str | None = None
    overhead: dict[Str, Quantity] | None = None


class PodCondition(Model):
    """One observation of a pod's state."""

    type: Str = ""
    status: Str = ""
    observed_generation: Int64 | None = None
    last_probe_time: Time | None = None
    last_transition_time: Time | None = None
    reason: Str | None = None
    message: Str | None = None


class PodResourceClaimStatus(Model):
    """The ResourceClaim made for an entry of `spec.resourceClaims`; unset when none was needed."""

    name: Str = ""
    resource_claim_name: Str | None = None


class ContainerExtendedResourceRequest(Model):
    """Which request of the special claim serves an extended resource of a container."""

    container_name: Str = ""
    resource_name: Str = ""
    request_name: Str = ""


class PodExtendedResourceClaimStatus(Model):
    """The claim that the scheduler made for a pod's extended resources (KEP-5004)."""

    request_mappings: list[ContainerExtendedResourceRequest] = Field(default_factory=list)
    resource_claim_name: Str = ""


class NodeAllocatableMappedResources(Model):
    """Amount of a node resource that a claim's devices stand for."""

    name: Str = ""
    quantity: Quantity | None = None


class NodeAllocatableOverheadResources(Model):
    """Amount of a node resource that using a claim costs on top."""

    name: Str = ""
    per_pod: Quantity | None = None
    per_container: Quantity | None = None


class NodeAllocatableResourceClaimStatus(Model):
    """Node resources that a pod takes through a claim (KEP-5517). `resources` is the form of 1.36."""

    resource_claim_name: Str = ""
    containers: list[Str] | None = None
    mapping: list[NodeAllocatableMappedResources] | None = None
    overhead: list[NodeAllocatableOverheadResources] | None = None
    resources: dict[Str, Quantity] | None = None


class ResourceHealth(Model):
    """Health of one device of a container: Healthy, Unhealthy or Unknown."""

    resource_id: Str = ""
    health: Str | None = None
    message: Str | None = None


class ResourceStatus(Model):
    """Health of what a container got under `name`, such as `claim:gpu/request`."""

    name: Str = ""
    resources: list[ResourceHealth] | None = None


class ContainerStatus(Model):
    """State of a container, as far as devices are concerned."""

    rides_along: ClassVar[frozenset[str]] = fields(
        "allocatedResources containerID image imageID lastState ready resources restartCount started "
        "state stopSignal user volumeMounts"
    )

    name: Str = ""
    allocated_resources_status: list[ResourceStatus] | None = None


class PodStatus(Model):
    """What became of a pod and of its claims."""

    rides_along: ClassVar[frozenset[str]] = fields(
        "allocatedResources hostIP hostIPs observedGeneration podIP podIPs qosClass resize resources "
        "startTime volumeHealth"
    )

    phase: Str | None = None
    conditions: list[PodCondition] | None = None
    message: Str | None = None
    reason: Str | None = None
    nominated_node_name: Str | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None
    resource_claim_statuses: list[PodResourceClaimStatus] | None = None
    extended_resource_claim_status: PodExtendedResourceClaimStatus | None = None
    node_allocatable_resource_claim_statuses: list[NodeAllocatableResourceClaimStatus] | None = None


class Pod(KubernetesObject):
    """A pod.

    Example:
        >>> pod = Pod.from_dict({"spec": {
        ...     "resourceClaims": [{"name": "gpu", "resourceClaimName": "train"}], "hostIPC": True}})
        >>> pod.spec.resource_claims[0].resource_claim_name
        'train'
        >>> pod.to_dict()["spec"]["hostIPC"]
        True
    """

    api_version: Str = "v1"
    kind: Str = "Pod"
    spec: PodSpec = Field(default_factory=PodSpec)
    status: PodStatus | None = None


class PodTemplateSpec(Model):
    """The pods that a controller makes: metadata and spec."""

    metadata: ObjectMeta | None = None
    spec: PodSpec = Field(default_factory=PodSpec)


class NodeSpec(Model):
    """The parts of a node that decide which pods may run there."""

    rides_along: ClassVar[frozenset[str]] = fields(
        "configSource externalID podCIDR podCIDRs podPreemptionPolicy"
    )

    provider_id: Str | None = None
    taints: list[Taint] | None = None
    unschedulable: Bool | None = None


class NodeCondition(Model):
    """One observation of a node's state."""

    type: Str = ""
    status: Str = ""
    last_heartbeat_time: Time | None = None
    last_transition_time: Time | None = None
    reason: Str | None = None
    message: Str | None = None


class NodeStatus(Model):
    """What a node has and how it is."""

    rides_along: ClassVar[frozenset[str]] = fields(
        "addresses config daemonEndpoints features images nodeInfo phase runtimeHandlers volumesAttached "
        "volumesInUse"
    )

    capacity: dict[Str, Quantity] | None = None
    allocatable: dict[Str, Quantity] | None = None
    conditions: list[NodeCondition] | None = None
    declared_features: list[Str] | None = None


class Node(KubernetesObject):
    """A node.

    Example:
        >>> Node(metadata=ObjectMeta(name="node-1", labels={"rack": "r1"})).to_dict()
        {'apiVersion': 'v1', 'kind': 'Node', 'metadata': {'name': 'node-1', 'labels': {'rack': 'r1'}}}
    """

    api_version: Str = "v1"
    kind: Str = "Node"
    spec: NodeSpec = Field(default_factory=NodeSpec)
    status: NodeStatus | None = None
