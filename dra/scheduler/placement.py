"""The two answers to `Cluster.schedule`: where a pod goes with which devices, and why it goes nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from dra.allocator import Explanation
from dra.allocator.explanation import count_of
from dra.models.core import Pod
from dra.models.resource import AllocationResult, ResourceClaim
from dra.scheduler.allocations import allocation_of, devices_of
from dra.scheduler.claims import ClaimUse
from dra.scheduler.objects import key_of, label_of
from dra.suggestions import listed

if TYPE_CHECKING:
    from dra.scheduler.attempts import Trial
    from dra.scheduler.cluster import Cluster

__all__ = ["NodeGroup", "PlacedClaim", "Placement", "Unschedulable"]


@attrs.frozen(eq=False)
class PlacedClaim:
    """A claim of a placed pod.

    Attributes:
        use: The claim before, and how the pod calls it.
        claim: The claim as it would be in the cluster: allocated, and reserved for the pod or its group.
    """

    use: ClaimUse
    claim: ResourceClaim

    @property
    def label(self) -> str:
        """Namespace and name."""
        return self.use.label

    @property
    def allocation(self) -> AllocationResult:
        """What it has."""
        return allocation_of(self.claim) or AllocationResult()

    @property
    def devices(self) -> list[str]:
        """Its devices, as `driver/pool/device`."""
        return [str(device) for device in devices_of(self.claim)]


@attrs.frozen(eq=False)
class Placement:
    """Where a pod goes, and which devices its claims get.

    Nothing has changed yet: `apply` gives the cluster in which the pod is there.

    Attributes:
        pod: The pod as it would be in the cluster, with the node's name and the names of its claims.
        node: The node.
        claims: Its claims, those that were allocated before included.
        policy: The policy that chose the node.
        score: What the policy gave the node.
        preference: What Kubernetes' own scoring gave it: prioritized lists and node affinity twice, and
            PreferNoSchedule taints three times, each 0 to 100; 0 if none of these makes a difference.
        considered: How many nodes were looked at.
        feasible: How many of them would do.
    """

    pod: Pod
    node: str
    claims: tuple[PlacedClaim, ...]
    policy: str
    score: float
    preference: int
    considered: int
    feasible: int
    _cluster: Cluster = attrs.field(repr=False)
    _trial: Trial = attrs.field(repr=False)
    _before: Pod | None = attrs.field(default=None, repr=False)

    def __bool__(self) -> bool:
        return True

    @property
    def results(self) -> dict[str, AllocationResult]:
        """By claim, as `namespace/name`, what it has."""
        return {each.label: each.allocation for each in self.claims}

    @property
    def devices(self) -> list[str]:
        """The devices of all claims, as `driver/pool/device`."""
        return [device for each in self.claims for device in each.devices]

    def apply(self, cluster: Cluster | None = None) -> Cluster:
        """The cluster with the pod on its node and its claims allocated.

        Args:
            cluster: The cluster to place the pod in, by default the one that was asked.

        Raises:
            AllocationError: Meanwhile the pod is placed, a claim is allocated, or a device is taken.
        """
        return (cluster if cluster is not None else self._cluster).placed(self)

    def explain(self) -> Explanation:
        """Why the claims that were allocated for the pod have these devices and no earlier ones."""
        return self._trial.explain(self.node)

    def to_dict(self) -> dict[str, Any]:
        """The placement as plain data."""
        return {
            "pod": label_of(key_of(self.pod)),
            "node": self.node,
            "policy": self.policy,
            "score": self.score,
            "preference": self.preference,
            "nodes": {"considered": self.considered, "feasible": self.feasible},
            "claims": [
                {
                    "name": each.use.entry,
                    "claim": each.label,
                    "allocated": not each.use.allocated,
                    "allocation": each.allocation.to_dict(),
                }
                for each in self.claims
            ],
        }

    def __str__(self) -> str:
        lines = [f"pod {label_of(key_of(self.pod))}: node {self.node}"]
        lines += [f"- claim {each.label}: {', '.join(each.devices) or 'no devices'}" for each in self.claims]
        return "\n".join(lines)


@attrs.frozen
class NodeGroup:
    """Nodes that a pod cannot go to for the same reason.

    Attributes:
        rule: `unschedulable`, `node name`, `taint`, `affinity`, `resources`, `claim` or `devices`; `gang`
            where other pods of its gang are.
        text: The reason.
        nodes: The nodes.
    """

    rule: str
    text: str
    nodes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The group as plain data."""
        return {"rule": self.rule, "text": self.text, "count": len(self.nodes), "nodes": list(self.nodes)}

    def __str__(self) -> str:
        return f"{count_of(len(self.nodes), 'node')}: {self.text}"


@attrs.frozen(eq=False)
class Unschedulable:
    """Why a pod goes nowhere.

    It is false where a `Placement` is true, so `if placement := cluster.schedule(pod)` works.

    Attributes:
        pod: The pod.
        reason: Why it cannot be scheduled at all at the moment; empty if it depends on the nodes.
        groups: The reasons of the nodes, the most frequent first.
    """

    pod: Pod
    reason: str = ""
    groups: tuple[NodeGroup, ...] = ()
    _trial: Trial | None = attrs.field(default=None, repr=False)

    def __bool__(self) -> bool:
        return False

    @property
    def text(self) -> str:
        """The reasons in one line."""
        return self.reason or "; ".join(map(str, self.groups)) or "there are no nodes"

    @property
    def nodes(self) -> Mapping[str, str]:
        """By node, why the pod cannot go there."""
        return {node: group.text for group in self.groups for node in group.nodes}

    def explain(self, node: str | None = None) -> Explanation | None:
        """Everything about one node: what every device fell to, and what cannot hold together.

        Args:
            node: The node, by default one that has no devices for the claims.

        Returns:
            None if the pod cannot be scheduled whatever the node, or if no node has been named and none lacks
            devices.

        Raises:
            LoadError: There is no such node.
        """
        if node is None:
            node = next((group.nodes[0] for group in self.groups if group.rule == "devices"), None)
        return self._trial.explain(node) if self._trial is not None and node is not None else None

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {
            "pod": label_of(key_of(self.pod)),
            "node": None,
            "reason": self.reason,
            "nodes": [each.to_dict() for each in self.groups],
        }

    def __str__(self) -> str:
        return f"pod {label_of(key_of(self.pod))} cannot be scheduled: {self.text}"

    def lines(self) -> Iterator[str]:
        """The answer with some nodes named, for people."""
        yield f"pod {label_of(key_of(self.pod))} cannot be scheduled" + (
            f": {self.reason}" if self.reason else ""
        )
        for group in self.groups:
            yield f"- {group} ({listed(group.nodes)})"
