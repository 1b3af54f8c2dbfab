"""Who could go so that a pod fits on a node, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from dra.models.core import Pod
from dra.models.resource import ResourceClaim
from dra.scheduler.allocations import allocation_of, consumers_of
from dra.scheduler.objects import Key, key_of
from dra.scheduler.pods import runs

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["Candidate", "Candidates"]


@attrs.frozen
class Candidate:
    """What could go.

    Attributes:
        object: A pod; or a claim that has devices and that nobody uses.
        weight: What it costs: its priority, raised so that none is negative.
        age: Its place among all by age, the newest first; those of unknown age come last.
    """

    object: Pod | ResourceClaim
    weight: int
    age: int


class Candidates:
    """Everything that could go for a pod.

    Args:
        cluster: The cluster.
        pod: The pod, which waits.
        limit: The highest priority that may go.
    """

    def __init__(self, cluster: Cluster, pod: Pod, limit: int) -> None:
        self.cluster = cluster
        running = [each for each in cluster.pods if runs(each)]
        users: dict[Key, list[Pod]] = {}
        for each in running:
            for claim in cluster.claims_of(each):
                users.setdefault(key_of(claim), []).append(each)
        self.users = users
        may_go = [each for each in running if (each.spec.priority or 0) <= limit]
        idle = [each for each in cluster.claims if _is_idle(each) and key_of(each) not in users]
        self.own = [key_of(each) for each in cluster.claims_of(pod)]
        raised = -min([0, *(each.spec.priority or 0 for each in may_go)])
        objects: list[Pod | ResourceClaim] = [*idle, *may_go]
        ages = {stamp: at for at, stamp in enumerate(sorted(set(map(_stamp, objects)), reverse=True))}
        self.pods: dict[Key, Candidate] = {}
        self.idle: dict[Key, Candidate] = {}
        self.of_node: dict[str, list[Key]] = {}
        for it in may_go:
            self.pods[key_of(it)] = Candidate(it, (it.spec.priority or 0) + raised, ages[_stamp(it)])
            self.of_node.setdefault(it.spec.node_name or "", []).append(key_of(it))
        for unused in idle:
            if key_of(unused) not in self.own:
                self.idle[key_of(unused)] = Candidate(unused, 0, ages[_stamp(unused)])

    def on(self, node: str) -> list[Candidate]:
        """What could go so that something is free on a node, each once.

        That is what runs there, and what holds devices that the node sees or that the pod itself has.
        """
        found: dict[Key, Candidate] = {key: self.pods[key] for key in self.of_node.get(node, ())}
        idle: dict[Key, Candidate] = {}
        for claim in self._claims(node):
            for pod in self.users.get(claim, ()):
                if key_of(pod) in self.pods:
                    found[key_of(pod)] = self.pods[key_of(pod)]
            if claim in self.idle:
                idle[claim] = self.idle[claim]
        return [*found.values(), *idle.values()]

    def _claims(self, node: str) -> Iterator[Key]:
        """The claims that hold devices which a node sees, and the pod's own."""
        world = self.cluster._world
        with world.engine.lock:
            for pool in world.state_of(node).site.view(world.engine).pools:
                yield from world.account.holders((pool.driver, pool.name))
        yield from self.own


def _is_idle(claim: ResourceClaim) -> bool:
    return allocation_of(claim) is not None and not consumers_of(claim)


def _stamp(each: Pod | ResourceClaim) -> str:
    return str(each.metadata.creation_timestamp or "")
