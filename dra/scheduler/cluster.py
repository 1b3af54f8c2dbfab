"""`Cluster`: nodes, devices, claims and pods as one immutable value, and what it can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from typing_extensions import Self

from dra.allocator import Explanation
from dra.arguments import instance
from dra.errors import AllocationError, LoadError
from dra.features import LATEST, Features, minor, nearest_minor
from dra.models.core import Node, Pod
from dra.models.loading import Source, load
from dra.models.meta import ObjectMeta
from dra.models.resource import ResourceClaim, ResourceClaimTemplate
from dra.scheduler.attempts import Trial
from dra.scheduler.binding import bound
from dra.scheduler.capacity import Capacity, Grouping, Price, summed
from dra.scheduler.claims import NotReady, PodClaims
from dra.scheduler.copies import Copies
from dra.scheduler.gangs.placement import GangPlacement, UnschedulableGang
from dra.scheduler.gangs.schedule import STEPS, place_gang
from dra.scheduler.gangs.subject import Subject
from dra.scheduler.gangs.tree import TopologyArgument
from dra.scheduler.gates import assumed_features
from dra.scheduler.hardware import units_in_use
from dra.scheduler.largest import largest_request
from dra.scheduler.live import Live
from dra.scheduler.objects import Objects, key_of
from dra.scheduler.pending import PendingPods, settled
from dra.scheduler.placement import Placement, Unschedulable
from dra.scheduler.policies import Policy, policy_name, policy_of
from dra.scheduler.question import claims_in, question
from dra.scheduler.readiness import trial_of
from dra.scheduler.schedule import choose, why_not
from dra.scheduler.world import World
from dra.suggestions import did_you_mean, listed

__all__ = ["Cluster"]


class Cluster(Copies):
    """A cluster at one moment: nodes, slices, classes, claims, templates, pods, groups and taint rules.

    A cluster never changes. `with_`, `without` and `placed` give changed copies, which share with the
    original all that is the same: a copy of a cluster of 5,000 nodes costs microseconds, and what was found
    out about its nodes is there for the copy as well. A change of nodes, slices, classes or taint rules
    costs time in proportion to the cluster, once the copy is first asked something.

    Any number of threads may use a cluster and its copies. One lock guards what they share, so they take
    turns; processes work side by side (a cluster can be pickled).

    Pods are scheduled as kube-scheduler with its default plugins would, as far as devices and resources are
    concerned: rules between pods (pod affinity, topology spread), volumes, ports and images are not looked
    at, and there is no preemption.

    Example:
        >>> from dra.testing import nodes
        >>> cluster = Cluster.load(nodes.cluster("dgx-h100", nodes_per_rack=2).objects)
        >>> pod = Pod.from_dict({"metadata": {"name": "train"}, "spec": {
        ...     "containers": [{"name": "main"}], "resourceClaims": [
        ...         {"name": "gpus", "resourceClaimName": "four"}]}})
        >>> claim = ResourceClaim.from_dict({"metadata": {"name": "four"}, "spec": {"devices": {"requests": [
        ...     {"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com", "count": 4}}]}}})
        >>> placement = cluster.schedule(pod, [claim])
        >>> placement.node, len(placement.devices)
        ('rack-0-node-0', 4)
        >>> after = placement.apply()
        >>> len(after.pods), len(cluster.pods), after.without(placement) == cluster
        (1, 0, True)
    """

    @classmethod
    def load(
        cls,
        source: Source,
        *,
        features: Features | None = None,
        kubernetes: str = LATEST,
    ) -> Self:
        """A cluster from manifests or objects.

        Nodes are tried in the order in which they stand. If no Node is given, the nodes are those that slices
        name, with nothing said about their resources. Objects of other kinds are passed over.

        Args:
            source: Whatever `dra.load` takes: a path, text, objects, a list of any of these.
            features: The scheduler's feature gates; by default those of the minor, and GenericWorkload,
                without which no cluster has groups of pods.
            kubernetes: The minor whose rules hold.

        Raises:
            LoadError: A source cannot be read, or an object is given twice or has no name.
            DecodeError: A document is not what its kind should be.
            UnknownVersionError: The minor is unknown.
        """
        kubernetes = minor(kubernetes)
        if features is None:
            features = assumed_features(kubernetes)
        instance(
            features, Features, "features", "dra.Features", "such as dra.Features.for_kubernetes('1.37')"
        )
        objects = Objects.of(load(source))
        if not objects.nodes:
            named = dict.fromkeys(each.spec.node_name for each in objects.slices.values())
            objects = objects.updated(Node(metadata=ObjectMeta(name=name)) for name in named if name)
        return cls(objects, [name for _, name in objects.nodes], features, kubernetes)

    @classmethod
    def from_kubernetes(
        cls, source: Live, *, features: Features | None = None, kubernetes: str | None = None
    ) -> Self:
        """A cluster as it is on an API server now.

        Args:
            source: Who can read it: `dra.client.connect()` gives one.
            features: As for `load`; a server does not tell.
            kubernetes: The minor whose rules hold, by default the server's.

        Raises:
            DraError: Something may not be read, or cannot be.
        """
        if not callable(getattr(source, "contents", None)):  # asked of what is not a `Live`
            raise LoadError(
                f"a {type(source).__name__} is no connection to an API server",
                path="source",
                value=source,
                remedy="dra.client.connect() gives one; Cluster.load reads files",
            )
        version = kubernetes if kubernetes is not None else nearest_minor(source.kubernetes)
        return cls.load(source.contents(), features=features, kubernetes=version)

    def __repr__(self) -> str:
        counts = [
            f"{len(each)} {name}"
            for name, each in (
                ("nodes", self._objects.nodes),
                ("slices", self._objects.slices),
                ("classes", self._objects.classes),
                ("claims", self._objects.claims),
                ("pods", self._objects.pods),
            )
        ]
        return f"<Cluster of Kubernetes {self.kubernetes}: {', '.join(counts)}>"

    # --- questions ------------------------------------------------------------------------------------------

    def schedule(
        self,
        pod: Pod | str | Mapping[str, Any],
        claims: Source | None = None,
        policy: str | Policy = "first",
        nodes: Iterable[str] | None = None,
    ) -> Placement | Unschedulable:
        """Where a pod would go, and which devices its claims would get.

        Claims from templates are made as the resource claim controller makes them. Claims that are allocated
        already decide where the pod can go. Containers that ask for an extended resource that a device class
        stands for get devices where no device plugin offers it (KEP-5004).

        Args:
            pod: The pod, or the name of one of the cluster as `namespace/name`.
            claims: Claims and templates that the pod names and the cluster does not have, in any form that
                `dra.load` takes. A claim that the pod does not name is added to it.
            policy: `first`, `least-allocated`, `most-allocated`, `best-fit`, `fragmentation`, or a function
                (`dra.scheduler.policies`). It chooses among the nodes that Kubernetes' own scoring likes
                best: prioritized lists (KEP-4816), preferred node affinity and PreferNoSchedule taints.
                With `first` and nothing to prefer, nodes after the one that is taken are not looked at.
            nodes: The names of the only nodes that may be looked at, in the order of the cluster; all if left
                out.

        Raises:
            AllocationError: Something is broken, so that kube-scheduler would fail: a selector that does not
                compile, a malformed affinity; or the pod is on a node already.
            LoadError: There is no pod or node of that name, what is given is no pod or no claim, or a policy
                gives something that is no finite number.
            UnknownNameError: There is no such policy.
        """
        chosen_policy = policy_of(policy)
        wanted, more = question(self, pod, claims)
        known = self._objects.pods.get(key_of(wanted))
        if known is not None and known.spec.node_name:
            raise AllocationError(
                f"it is on node {known.spec.node_name} already",
                subject=known.subject,
                remedy="take it away first: cluster.without(pod)",
            )
        world = self._world
        with world.engine.lock:
            try:
                trial = self._trial(world, wanted, more, nodes)
            except NotReady as wait:
                return Unschedulable(wanted, str(wait))
            chosen = choose(trial, chosen_policy, self._workload)
            if chosen is None:
                return Unschedulable(wanted, "", why_not(trial), trial)
            return bound(trial, chosen, self, known, policy_name(policy))

    def schedule_gang(
        self,
        workload: Subject | str,
        pods: Iterable[Pod | str | Mapping[str, Any]] | None = None,
        claims: Source | None = None,
        policy: str | Policy = "first",
        *,
        topology: TopologyArgument = None,
        steps: int | None = STEPS,
    ) -> GangPlacement | UnschedulableGang:
        """Where the pods of a gang would go, all or none, and which devices their claims would get.

        A group with the gang policy needs `minCount` pods, those that run included (KEP-4671); pods beyond
        that are placed as far as they fit. Under the basic policy every pod is for itself. A composite gang
        needs `minGroupCount` of its groups (KEP-6012). With a topology constraint all pods of a group go to
        one domain, that of the pods that run if there are any (KEP-5732). A claim of a PodGroup is one claim
        for all its pods (KEP-5729). kube-scheduler schedules the groups of a Workload one by one; here the
        answer is yes if all of them can be placed.

        kube-scheduler tries the pods in one order, and each on the first node that will do. That is done
        first. If it does not lead to a placement, other orders, domains and nodes are tried:
        `found_in_order` of the answer tells the two apart.

        Args:
            workload: A Workload, a PodGroup or a CompositePodGroup, or the name of one of the cluster, such
                as `podgroup/team-a/train-workers` or `train`. A group that is in others stands for all of
                them, as in kube-scheduler. PodGroups that are missing are made from the Workload's templates
                (`dra.scheduler.gangs.membership`).
            pods: The pods, by default those of the cluster that belong to it and wait for a node. Pods that
                name no group join the only one there is.
            claims: As for `schedule`.
            policy: As for `schedule`; it chooses nodes in kube-scheduler's order. Where other orders are
                tried, nodes are taken in order.
            topology: A topology in place of those that the groups have: the key of a node label, or a
                `DeviceAttribute`, which Kubernetes does not have; a mapping gives it by group or template.
            steps: How much is tried, in 10 seconds at most, before a refusal is given without proof; None for
                no limit.

        Raises:
            LoadError: There is no such workload or group, a pod belongs to another one, or the steps make no
                sense.
            AllocationError: Something is broken, so that kube-scheduler would fail; or a pod is on a node
                already.
            UnknownNameError: There is no such policy, or no group that a topology is given for.

        Example:
            >>> from dra.testing import nodes
            >>> from dra.models.scheduling import PodGroup
            >>> cluster = Cluster.load(nodes.cluster("gb200-nvl72", racks=2).objects)
            >>> group = PodGroup.from_dict({"metadata": {"name": "train"}, "spec": {
            ...     "schedulingPolicy": {"gang": {"minCount": 18}},
            ...     "schedulingConstraints": {"topology": [{"key": "topology.example.com/rack"}]}}})
            >>> four = ResourceClaimTemplate.from_dict({"metadata": {"name": "four"}, "spec": {"spec": {
            ...     "devices": {"requests": [{"name": "gpu", "exactly": {
            ...         "deviceClassName": "gpu.nvidia.com", "count": 4}}]}}}})
            >>> pods = [Pod.from_dict({"metadata": {"name": f"train-{index}"}, "spec": {
            ...     "containers": [{"name": "main"}], "resourceClaims": [
            ...         {"name": "gpus", "resourceClaimTemplateName": "four"}]}}) for index in range(18)]
            >>> answer = cluster.schedule_gang(group, pods, [four])
            >>> print(answer)
            PodGroup default/train: 18 pods placed
            - train: 18 pods placed, topology.example.com/rack rack-0
            >>> answer.apply().without(answer) == cluster
            True
        """
        chosen = policy_of(policy)
        with self._world.engine.lock:
            how = (policy_name(policy), chosen)
            return place_gang(self, workload, pods, claims_in(claims), how, topology, self._workload, steps)

    def explain(
        self,
        pod: Pod | str | Mapping[str, Any],
        node: str,
        claims: Source | None = None,
    ) -> Explanation:
        """Everything about a pod's devices on one node: what every device fell to, what cannot hold together.

        Args:
            pod: The pod, or the name of one of the cluster.
            node: The node. Whether the pod may go there otherwise does not matter.
            claims: As for `schedule`.

        Raises:
            LoadError: There is no such pod or node.
            AllocationError: The pod is not ready to be scheduled.
        """
        wanted, more = question(self, pod, claims)
        world = self._world
        with world.engine.lock:
            try:
                return self._trial(world, wanted, more, None).explain(node)
            except NotReady as wait:
                raise AllocationError(str(wait), subject=wanted.subject) from None

    def explain_pending(
        self, policy: str | Policy = "first", *, advance: Callable[[], object] | None = None
    ) -> PendingPods:
        """The answer of every pod that waits: where it would go, or why nowhere, by equal reasons.

        Pods are taken up one after another as the scheduler would, by priority and age, and what one gets is
        taken for the next.

        Args:
            policy: As for `schedule`.
            advance: Called for each pod.

        Raises:
            UnknownNameError: There is no such policy.

        Example:
            >>> cluster = Cluster.load(Pod.from_dict({"metadata": {"name": "train"}, "spec": {}}))
            >>> print(cluster.explain_pending())
            1 pod waiting: 0 would be placed
            <BLANKLINE>
            1 pod fits nowhere (default/train)
            - there are no nodes
        """
        return settled(self, policy, advance=advance)

    def capacity(
        self,
        by: Grouping = "class",
        price: Price | None = None,
        *,
        advance: Callable[[], object] | None = None,
    ) -> Capacity:
        """How much hardware there is, how much of it is taken, free and fragmented.

        Hardware is counted in units: devices, and in place of devices that are partitions of something, what
        they are partitions of (`dra.scheduler.units`). A unit counts in every class that selects any of its
        devices, so rows of classes overlap. What is fragmented is defined in `dra.scheduler.hardware`.

        Args:
            by: `class`, `product`, `node`, `namespace` or `claim`.
            price: What a unit costs per hour, to tell what the free ones cost: a number for all, or numbers
                by product, where products that are not named cost nothing.
            advance: Called for each node, and by class for each class.

        Raises:
            AllocationError: A selector, a slice's node selector or a capacity policy is broken.
            LoadError: There is no such grouping, or a price is no number of at least 0.

        Example:
            >>> from dra.testing import nodes
            >>> cluster = Cluster.load(nodes.cluster("dgx-h100", nodes_per_rack=2).objects)
            >>> gpus = cluster.capacity(price=2.5)["gpu.nvidia.com"]
            >>> gpus.total, gpus.used, gpus.largest, gpus.cost
            (16.0, 0.0, 8, 40.0)
        """
        world = self._world
        with world.engine.lock:
            fragmentation = self._workload.of(world)
            units = units_in_use(world, fragmentation, advance)

            def largest(name: str) -> int:
                if advance:
                    advance()
                return self.largest(name)[0]

            return summed(world, units, by, price, largest)

    def largest(self, class_name: str) -> tuple[int, str]:
        """The most devices of a class that one request still gets on one node, and the first such node.

        Whether a pod would get there otherwise, and on how much cpu, does not matter. A claim has 32 devices
        at most.

        Raises:
            LoadError: There is no such class.
            AllocationError: A selector of the class fails.
        """
        if ("", instance(class_name, str, "class_name", "a name")) not in self._objects.classes:
            names = [name for _, name in sorted(self._objects.classes)]
            remedy = did_you_mean(class_name, names, f"classes: {listed(names) or 'none'}")
            raise LoadError(f"no device class {class_name!r}", value=class_name, remedy=remedy)
        with self._world.engine.lock:
            return largest_request(self._world, class_name)

    def _trial(
        self,
        world: World,
        pod: Pod,
        more: Iterable[ResourceClaim | ResourceClaimTemplate],
        nodes: Iterable[str] | None,
    ) -> Trial:
        only = None if nodes is None else [state.site.name for state in world.states_of(nodes)]
        claims = PodClaims(self._objects, self.features, more, world.engine.template)
        return trial_of(world, pod, claims, only)
