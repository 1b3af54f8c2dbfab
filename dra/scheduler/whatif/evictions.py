"""What would have to go for a pod to fit: the smallest set of pods, by priority."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

import attrs

from dra.arguments import whole
from dra.models.core import Pod
from dra.models.resource import ResourceClaim
from dra.scheduler.allocations import devices_of
from dra.scheduler.objects import Key, key_of, label_of
from dra.scheduler.pending import PendingPods, settled
from dra.scheduler.placement import Placement, Unschedulable
from dra.scheduler.whatif.candidates import Candidate, Candidates
from dra.scheduler.whatif.comparison import Comparison, compared
from dra.scheduler.whatif.eviction import anew, left_by
from dra.scheduler.whatif.smallest_set import Cost, SmallestSet, Tries, smallest_set
from dra.suggestions import listed

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster
    from dra.scheduler.policies import Policy

__all__ = ["Evictions", "NodeEvictions", "evictions"]

_NOT_BY_ITSELF: Final = (
    "Kubernetes does not do this by itself: kube-scheduler preempts no pods for the devices of claims "
    "(kubernetes/enhancements#5690)"
)
_NODES_SHOWN: Final = 5
# What a node says that no eviction changes.
_FIXED: Final = ("unschedulable", "node name", "taint", "affinity")


@attrs.frozen
class NodeEvictions:
    """What would have to go on one node.

    Attributes:
        node: The node.
        pods: The pods, as `namespace/name`, each with its priority.
        unused: Claims that have devices and that nobody uses, which have to go as well.
        claims: All claims that lose their devices.
        devices: The devices that become free, as `driver/pool/device`.
        priority: The priorities of the pods, added up.
        proven: Whether no smaller set would do; else this is the smallest that was found.
    """

    node: str
    pods: dict[str, int]
    unused: tuple[str, ...]
    claims: tuple[str, ...]
    devices: tuple[str, ...]
    priority: int
    proven: bool

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in attrs.asdict(self).items()
        }


@attrs.frozen(eq=False, kw_only=True)
class Evictions(Comparison):
    """What would have to go for a pod to fit; *after* is the cluster once it has gone and the pod is placed.

    Attributes:
        pod: The pod, as `namespace/name`.
        node: Where it goes then; None if nothing that may go is enough.
        best: What has to go; None if nothing has to, or nothing is enough.
        nodes: By node where something is enough, the smallest set; the best first.
        proven: Whether `best` is the smallest set of all; else it is the smallest that was found.
        tried: How many sets were tried.
    """

    pod: str
    node: str | None
    best: NodeEvictions | None
    nodes: tuple[NodeEvictions, ...]
    proven: bool
    tried: int

    def to_dict(self) -> dict[str, Any]:
        """The answer and the comparison as plain data."""
        return super().to_dict() | {
            "pod": self.pod,
            "node": self.node,
            "best": self.best.to_dict() if self.best else None,
            "nodes": [each.to_dict() for each in self.nodes],
            "proven": self.proven,
            "tried": self.tried,
        }

    def answer(self) -> Iterator[str]:
        """What has to go, for people."""
        if self.best is None:
            if self.fits:
                yield f"pod {self.pod} fits on node {self.node}: nothing has to go"
            elif self.proven:
                yield f"pod {self.pod} fits nowhere, whatever goes of that which may"
            else:
                yield f"pod {self.pod}: nothing was found that would have to go, in {self.tried} tries"
            return
        yield f"pod {self.pod} fits on node {self.node} once this has gone:"
        yield from (f"- pod {each} (priority {priority})" for each, priority in self.best.pods.items())
        yield from (f"- claim {each}, which nobody uses" for each in self.best.unused)
        yield f"that frees {', '.join(self.best.devices) or 'no devices'}"
        if self.proven:
            yield "no smaller set would do"
        else:
            yield f"a smaller set may exist: {self.tried} sets were tried, and then no more"
        others = [f"{each.node} ({len(each.pods)})" for each in self.nodes[1:]]
        if others:
            yield f"other nodes, with how many pods: {listed(others, _NODES_SHOWN)}"


def evictions(
    cluster: Cluster,
    pod: Pod | str,
    *,
    up_to: int | None = None,
    tries: int = 2000,
    policy: str | Policy = "first",
    advance: Callable[[], object] | None = None,
) -> Evictions:
    """Which pods would have to go for a pod to fit.

    It is the pod's turn: those that wait and come before it are placed first. On each node, the set is
    sought whose priorities add up to the least; of equal ones that with the fewest pods, then that whose
    oldest pod is the newest. Where priorities are negative, all are raised by the same amount, so that no
    pod counts for less than nothing.

    A pod takes along the claims made for it. A claim that several pods share is free once all of them have
    gone. A claim that has devices and that nobody uses can go like a pod of the least priority. Pods that go
    come back waiting, and are placed elsewhere if they fit. Pod disruption budgets are not looked at.

    kube-scheduler itself preempts nobody for the devices of claims (kubernetes/enhancements#5690).

    Args:
        cluster: The cluster, which stays as it is.
        pod: The pod, or the name of one of the cluster.
        up_to: The highest priority that may go; by default only priorities below the pod's.
        tries: How many sets are tried in all; one takes some milliseconds.
        policy: As for `Cluster.schedule`, for all pods but this one.
        advance: Called for each pod that is taken up, each set that is tried and each node that is counted.

    Raises:
        LoadError: There is no such pod, or `tries` is not positive.
        AllocationError: The pod is on a node already, or something about it is broken.
        UnknownNameError: There is no such policy.
    """
    whole(tries, "tries", least=1)
    if up_to is not None:
        whole(up_to, "up_to")
    wanted = cluster.pod(pod) if isinstance(pod, str) else pod
    key, name = key_of(wanted), label_of(key_of(wanted))
    complete = cluster if cluster.get(Pod, key[1], key[0]) is not None else cluster.with_(wanted)
    place = partial(settled, policy=policy, advance=advance)
    base = _at_its_turn(complete, wanted, place)
    answer = base.schedule(wanted)
    before = place(complete)
    question = f"evict for pod {name}"
    budget = Tries(tries, advance)
    found: list[_Found] = []
    proven = True
    if isinstance(answer, Placement):
        node, after, gone = answer.node, place(answer.apply()), frozenset[Key]()
    else:
        limit = up_to if up_to is not None else (wanted.spec.priority or 0) - 1
        found, proven = _sought(base, wanted, answer, limit, budget)
        if found:
            node, after, gone = _carried_out(base, wanted, found[0], place)
        else:
            node, after, gone = None, before, frozenset()
    nodes = tuple(each.told(base) for each in found)
    comparison = compared(question, before, after, gone, advance=advance)
    return Evictions(
        question=question,
        fits=node is not None,
        before=comparison.before,
        after=comparison.after,
        pods=comparison.pods,
        notes=(_NOT_BY_ITSELF,) if nodes else _hints(answer),
        pod=name,
        node=node,
        best=nodes[0] if nodes else None,
        nodes=nodes,
        proven=proven,
        tried=tries - max(budget.left, 0),
    )


@attrs.frozen
class _Found:
    """What has to go on a node."""

    node: str
    candidates: tuple[Candidate, ...]
    cost: Cost
    proven: bool

    @property
    def gone(self) -> tuple[Pod | ResourceClaim, ...]:
        return tuple(each.object for each in self.candidates)

    def told(self, base: Cluster) -> NodeEvictions:
        pods = [each for each in self.gone if isinstance(each, Pod)]
        after = without(base, self.gone)
        used = {key_of(claim): claim for each in pods for claim in base.claims_of(each)}
        unused = {key_of(each): each for each in self.gone if isinstance(each, ResourceClaim)}
        lost = {
            key: held
            for key, claim in (used | unused).items()
            if (held := devices_of(claim)) and not devices_of(after.get(ResourceClaim, key[1], key[0]))
        }
        return NodeEvictions(
            self.node,
            {label_of(key_of(each)): each.spec.priority or 0 for each in pods},
            tuple(label_of(key) for key in unused),
            tuple(label_of(key) for key in lost),
            tuple(str(device) for held in lost.values() for device in held),
            sum(each.spec.priority or 0 for each in pods),
            self.proven,
        )


def _at_its_turn(cluster: Cluster, pod: Pod, place: Callable[..., PendingPods]) -> Cluster:
    """The cluster when the pod is taken up: those before it are placed."""
    before = takewhile(lambda key: key != key_of(pod), map(key_of, cluster.pending()))
    return place(cluster, only=frozenset(before)).cluster


def _sought(
    base: Cluster, pod: Pod, refusal: Unschedulable, limit: int, tries: Tries
) -> tuple[list[_Found], bool]:
    """By node where something is enough, the smallest set, the best first; and whether that is proven."""
    candidates = Candidates(base, pod, limit)
    places = [
        (node, there)
        for group in refusal.groups
        if group.rule not in _FIXED
        for node in group.nodes
        if (there := candidates.on(node))
    ]
    found: list[_Found] = []
    proven = True
    # Where many that may go are cheap, a cheap set is likely; the tries may not do for all nodes.
    for node, there in sorted(places, key=lambda each: sorted(c.weight for c in each[1])):
        best = _on_node(base, pod, node, there, tries)
        if best is not None:
            found.append(_Found(node, tuple(there[each] for each in best.members), best.cost, best.proven))
        proven = proven and tries.left >= 0
    order = {node.metadata.name: at for at, node in enumerate(base.nodes)}
    found.sort(key=lambda each: (each.cost, order[each.node]))
    return found, proven


def _on_node(
    base: Cluster, pod: Pod, node: str, there: Sequence[Candidate], tries: Tries
) -> SmallestSet | None:
    def fits(gone: Sequence[int]) -> bool:
        return bool(without(base, [there[each].object for each in gone]).schedule(pod, nodes=[node]))

    return smallest_set([each.weight for each in there], [each.age for each in there], fits, tries)


def _carried_out(
    base: Cluster, pod: Pod, best: _Found, place: Callable[..., PendingPods]
) -> tuple[str, PendingPods, frozenset[Key]]:
    """The cluster once that has gone and the pod is placed, and what went is placed elsewhere if it fits."""
    placement = without(base, best.gone).schedule(pod, nodes=[best.node])
    if not isinstance(placement, Placement):
        raise AssertionError("the pod fits without what goes")  # noqa: TRY004 - cannot happen
    pods = [each for each in best.gone if isinstance(each, Pod)]
    keys = frozenset(key_of(each) for each in pods)
    back = placement.apply().with_([anew(each) for each in pods])
    return placement.node, place(back, late=keys), keys


def without(cluster: Cluster, gone: Sequence[Pod | ResourceClaim]) -> Cluster:
    """The cluster without some pods, and with claims that lose their devices."""
    return left_by(
        cluster,
        [each for each in gone if isinstance(each, Pod)],
        [each for each in gone if isinstance(each, ResourceClaim)],
    )


def _hints(answer: Placement | Unschedulable) -> tuple[str, ...]:
    """Why the pod fits nowhere."""
    if isinstance(answer, Placement):
        return ()
    return (
        (f"as things are: {answer.reason}",)
        if answer.reason
        else tuple(f"as things are: {each}" for each in answer.groups)
    )
