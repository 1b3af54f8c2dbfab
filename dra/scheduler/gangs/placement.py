"""The two answers to `Cluster.schedule_gang`: where the pods of a gang go, and why they go nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from dra.allocator import Explanation
from dra.errors import LoadError
from dra.models.meta import KubernetesObject
from dra.scheduler.objects import key_of, label_of
from dra.scheduler.placement import Placement, Unschedulable
from dra.scheduler.refusals import by_reason

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["GangPlacement", "GroupPlacement", "UnschedulableGang"]


@attrs.frozen
class GroupPlacement:
    """What became of one group of pods.

    Attributes:
        name: The PodGroup's name.
        minimum: How many pods it needs at least; None for the basic policy.
        placed: How many pods are placed.
        running: How many ran before.
        waiting: How many are left out.
        topology: The topology that it has to keep to, if any: a node label, or `device attribute ...`.
        domain: The domain of that topology that was chosen.
    """

    name: str
    minimum: int | None
    placed: int
    running: int
    waiting: int
    topology: str | None = None
    domain: str | None = None

    def __str__(self) -> str:
        text = f"{self.name}: {self.placed} pods placed"
        if self.running:
            text += f", {self.running} ran before"
        if self.waiting:
            text += f", {self.waiting} left out"
        return f"{text}, {self.topology} {self.domain}" if self.domain is not None else text


@attrs.frozen(eq=False)
class GangPlacement:
    """Where the pods of a gang go, and which devices their claims get.

    Nothing has changed yet: `apply` gives the cluster in which the pods are there.

    Attributes:
        gang: What was asked about, such as `Workload default/train`.
        placements: The pods that are placed, in the order in which they take their devices.
        left_out: Pods beyond what is needed, and why they go nowhere.
        groups: What became of each group of pods.
        domains: By group, the domain of its topology.
        found_in_order: Whether kube-scheduler finds a placement: it tries one order of pods and nodes only.
            If not, there is one all the same, but kube-scheduler leaves the gang pending.
        extensions: What was asked for that Kubernetes of this minor does not have.
        gates: The feature gates that the gang relies on.
    """

    gang: str
    placements: tuple[Placement, ...]
    left_out: tuple[Unschedulable, ...]
    groups: tuple[GroupPlacement, ...]
    domains: Mapping[str, str]
    found_in_order: bool
    extensions: tuple[str, ...]
    gates: tuple[str, ...]
    _added: tuple[KubernetesObject, ...] = attrs.field(repr=False)
    _before: Cluster = attrs.field(repr=False)
    _after: Cluster = attrs.field(repr=False)

    def __bool__(self) -> bool:
        return True

    @property
    def nodes(self) -> dict[str, str]:
        """By pod, as `namespace/name`, its node."""
        return {label_of(key_of(each.pod)): each.node for each in self.placements}

    @property
    def devices(self) -> list[str]:
        """The devices of all claims, each once, as `driver/pool/device`."""
        return list(dict.fromkeys(device for each in self.placements for device in each.devices))

    def apply(self, cluster: Cluster | None = None) -> Cluster:
        """The cluster with the pods on their nodes and their claims allocated.

        Groups that a controller would have made are added, too.

        Args:
            cluster: The cluster to place the pods in, by default the one that was asked.

        Raises:
            AllocationError: Meanwhile a pod is placed, a claim is allocated, or a device is taken.
        """
        if cluster is None or cluster is self._before:
            return self._after
        result = cluster.with_(*self._added) if self._added else cluster
        for each in self.placements:
            result = result.placed(each)
        return result

    def explain(self, pod: str | None = None) -> Explanation:
        """Why the claims of a pod have these devices and no earlier ones.

        Args:
            pod: The pod, as `namespace/name` or `name`; by default the first.

        Raises:
            LoadError: No such pod was placed.
        """
        for each in self.placements:
            label = label_of(key_of(each.pod))
            if pod is None or pod in (label, each.pod.metadata.name):
                return each.explain()
        names = list(self.nodes)[:10]
        raise LoadError(
            f"no pod {pod or ''} was placed", value=pod, remedy=f"placed: {', '.join(names) or 'none'}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The placement as plain data."""
        return {
            "gang": self.gang,
            "placed": True,
            "foundInOrder": self.found_in_order,
            "groups": [
                {
                    "name": each.name,
                    "minimum": each.minimum,
                    "placed": each.placed,
                    "running": each.running,
                    "leftOut": each.waiting,
                    "topology": each.topology,
                    "domain": each.domain,
                }
                for each in self.groups
            ],
            "domains": dict(self.domains),
            "pods": [each.to_dict() for each in self.placements],
            "leftOut": [each.to_dict() for each in self.left_out],
            "extensions": list(self.extensions),
            "featureGates": list(self.gates),
        }

    def __str__(self) -> str:
        lines = [f"{self.gang}: {len(self.placements)} pods placed"]
        lines += [f"- {each}" for each in self.groups]
        if self.domains:
            shown = {each.name for each in self.groups if each.domain is not None}
            lines += [f"- {name}: {value}" for name, value in self.domains.items() if name not in shown]
        if not self.found_in_order:
            lines.append("- kube-scheduler would not find this: it tries one order of pods and nodes only")
        lines += [f"- extension of dra: {each}" for each in self.extensions]
        lines += [f"- left out: {each}" for each in by_reason(self.left_out)]
        return "\n".join(lines)


@attrs.frozen(eq=False)
class UnschedulableGang(Unschedulable):
    """Why a gang goes nowhere.

    It is an `Unschedulable`: `pod` is the first pod that found no place when the others of its group had
    theirs in the best domain, and `groups` has the nodes of that domain and what they say to this pod.

    Attributes:
        gang: What was asked about, such as `Workload default/train`.
        group: The group that cannot be placed.
        unit: What the group consists of: `pods`, or `groups`.
        needed: How many of them it needs yet.
        available: How many there are to choose from.
        room: How many fit at most: in the best domain, or without a topology in the cluster.
        topology: The topology that the group has to keep to.
        best_domain: The domain with the most room.
        domains: By domain, how many fit.
        is_proven: Whether every order has been tried. If not, the search has hit its limit.
        steps: How many steps the search took.
        pods: How many pods wait for a node.
        extensions: What was asked for that Kubernetes of this minor does not have.
        gates: The feature gates that the gang relies on.
    """

    gang: str = ""
    group: str = ""
    unit: str = "pods"
    needed: int = 0
    available: int = 0
    room: int = 0
    topology: str | None = None
    best_domain: str | None = None
    domains: Mapping[str, int] = attrs.field(factory=dict)
    is_proven: bool = True
    steps: int = 0
    pods: int = 0
    extensions: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {
            "gang": self.gang,
            "placed": False,
            "group": self.group,
            "reason": self.reason,
            "unit": self.unit,
            "needed": self.needed,
            "available": self.available,
            "room": self.room,
            "topology": self.topology,
            "bestDomain": self.best_domain,
            "domains": dict(self.domains),
            "proven": self.is_proven,
            "pods": self.pods,
            "pod": label_of(key_of(self.pod)),
            "nodes": [each.to_dict() for each in self.groups],
            "extensions": list(self.extensions),
            "featureGates": list(self.gates),
        }

    def _head(self) -> str:
        head = f"{self.gang} cannot be scheduled: "
        if self.group and not self.gang.endswith(f"/{self.group}"):
            head += f"{self.group} "
        return head + self.reason

    def __str__(self) -> str:
        nodes = "; ".join(str(each) for each in self.groups)
        return self._head() + (f" ({nodes})" if nodes else "")

    def lines(self) -> Iterator[str]:
        """The answer with some nodes named, for people."""
        yield self._head()
        _, *rest = super().lines()
        yield from rest
