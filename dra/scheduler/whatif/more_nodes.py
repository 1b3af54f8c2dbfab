"""What if there were more nodes of some shape: how many it takes for pods to fit, or why none would help."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, runtime_checkable

import attrs

from dra.allocator.explanation import count_of
from dra.arguments import several, whole
from dra.errors import AllocationError, LoadError
from dra.models.core import Node, Pod
from dra.models.loading import Source, load
from dra.models.meta import KubernetesObject
from dra.models.resource import DeviceClass, ResourceSlice
from dra.scheduler.objects import Key, key_of, label_of
from dra.scheduler.pending import PendingPods, settled
from dra.scheduler.placement import Unschedulable
from dra.scheduler.whatif.comparison import Comparison, compared
from dra.suggestions import listed

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster
    from dra.scheduler.policies import Policy

__all__ = ["MoreNodes", "Shape", "more_nodes"]

_HOSTNAME: Final = "kubernetes.io/hostname"
# Taints that say how a node fares, which a new one does not have.
_CONDITIONS: Final = "node.kubernetes.io/"
_MOST: Final = 1000


@runtime_checkable
class HasObjects(Protocol):
    """Something made of Kubernetes objects, such as a fixture of `dra.testing.nodes`."""

    @property
    def objects(self) -> Sequence[KubernetesObject]:
        """The objects."""
        ...


Shape: TypeAlias = "str | HasObjects | Source"
"""The name of a node of the cluster; or one node with its slices, and perhaps classes that it brings: a
fixture, or whatever else but a string `dra.load` takes."""


@attrs.frozen(eq=False, kw_only=True)
class MoreNodes(Comparison):
    """How many more nodes it takes; *after* is the cluster with as many, or with all that were allowed.

    Attributes:
        wanted: The pods that are to fit, as `namespace/name`.
        needed: The smallest number of nodes with which all of them fit; None if none up to the limit does.
        limit: How many nodes were allowed.
        obstacles: By pod that does not fit even on such a node with nothing on it, why.
        waiting: By other pod that waits with all that were allowed, why.
    """

    wanted: tuple[str, ...]
    needed: int | None
    limit: int
    obstacles: dict[str, str]
    waiting: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The answer and the comparison as plain data."""
        return super().to_dict() | {
            "wanted": list(self.wanted),
            "needed": self.needed,
            "limit": self.limit,
            "obstacles": dict(self.obstacles),
            "waiting": dict(self.waiting),
        }

    def answer(self) -> Iterator[str]:
        """How many it takes, for people."""
        those = count_of(len(self.wanted), "pod")
        if self.needed == 0:
            yield f"{self.question}: none is needed, no pod waits in vain"
        elif self.needed is not None:
            yield f"{self.question}: {self.needed} of them will do for {those}"
        else:
            yield f"{self.question}: that does not do for {those}"
        for pod, reason in self.obstacles.items():
            yield f"no number of such nodes helps pod {pod}: {reason}"
        for reason in dict.fromkeys(self.waiting.values()):
            pods = [pod for pod, why in self.waiting.items() if why == reason]
            yield f"with all of them: {reason} ({listed(pods)})"


def more_nodes(
    cluster: Cluster,
    like: Shape,
    *,
    pods: Iterable[Pod | str] | None = None,
    count: int = 1,
    policy: str | Policy = "first",
    advance: Callable[[], object] | None = None,
) -> MoreNodes:
    """Whether more nodes of a shape would help pods that wait.

    New nodes come after the others, empty and schedulable, under new names. A node *like* one of the cluster
    has its labels, taints (those of its condition apart), resources, and the slices that are local to it with
    pools of their own; slices that several nodes see are seen by it if they select it. All pods that wait
    compete for the nodes by priority. It is taken for granted that more nodes never hurt.

    Args:
        cluster: The cluster, which stays as it is.
        like: The shape: the name of a node; or one node with its slices, as objects, a path or anything else
            that `dra.load` takes, or a fixture of `dra.testing.nodes`.
        pods: The pods that are to fit, those of a gang for example; all that wait if left out. Pods that the
            cluster does not have are added to it.
        count: How many nodes at most.
        policy: As for `Cluster.schedule`.
        advance: Called for each pod that is taken up and each node that is counted.

    Raises:
        LoadError: There is no such node or pod, the shape is not one node, or the number makes no sense.
        AllocationError: A pod is on a node already.
        UnknownNameError: There is no such policy.

    Example:
        >>> from dra.scheduler import Cluster
        >>> from dra.testing import nodes
        >>> cluster = Cluster.load(nodes.node("dgx-h100").objects)
        >>> spec = {"containers": [{"name": "c", "resources": {"limits": {"nvidia.com/gpu": "8"}}}]}
        >>> pods = [Pod.from_dict({"metadata": {"name": name}, "spec": spec}) for name in "abc"]
        >>> answer = more_nodes(cluster, cluster.nodes[0].metadata.name, pods=pods, count=5)
        >>> answer.needed, answer.after.placed
        (2, 3)
    """
    whole(count, "count", least=1, most=_MOST)
    shape = _Shape.of(cluster, like)
    start, wanted = _asked(cluster, pods)
    place = partial(settled, policy=policy, advance=advance)
    before = place(start)
    open_ = {key_of(each.pod) for each in before.refusals}
    wanted = open_ if wanted is None else wanted & open_
    question = f"add {count_of(count, 'node')} like {shape.name}"
    needed, after = _fewest(start, shape, wanted, count, place, before)
    comparison = compared(question, before, after, advance=advance)
    obstacles = {} if needed is not None else dict(_obstacles(start, shape, wanted & _open(after)))
    return MoreNodes(
        question=question,
        fits=needed is not None,
        before=comparison.before,
        after=comparison.after,
        pods=comparison.pods,
        notes=comparison.notes,
        wanted=tuple(label_of(key) for key in sorted(wanted)),
        needed=needed,
        limit=count,
        obstacles=obstacles,
        waiting={
            label: each.text
            for each in after.refusals
            if key_of(each.pod) in wanted and (label := label_of(key_of(each.pod))) not in obstacles
        },
    )


def _asked(cluster: Cluster, pods: Iterable[Pod | str] | None) -> tuple[Cluster, set[Key] | None]:
    """The cluster with the pods that it lacks, and which pods are asked about."""
    if pods is None:
        return cluster, None
    found = [cluster.pod(each) if isinstance(each, str) else each for each in several(pods, "pods", "pods")]
    new = []
    for each in found:
        known = cluster.get(Pod, key_of(each)[1], key_of(each)[0])
        if known is None:
            new.append(each)
        elif known.spec.node_name:
            raise AllocationError(f"it is on node {known.spec.node_name} already", subject=known.subject)
    return cluster.with_(new) if new else cluster, {key_of(each) for each in found}


def _fewest(
    cluster: Cluster,
    shape: _Shape,
    wanted: set[Key],
    count: int,
    place: Callable[[Cluster], PendingPods],
    before: PendingPods,
) -> tuple[int | None, PendingPods]:
    """The fewest nodes with which the pods fit, and the cluster with them."""
    if not wanted:
        return 0, before

    def with_(number: int) -> PendingPods:
        return place(shape.added(cluster, number))

    enough = with_(count)
    if _open(enough) & wanted:
        return None, enough
    # Nodes are taken in order, so those that are used are a good guess; then the number is halved in on.
    used = {each.node for each in enough.placements} & set(shape.names(cluster, count))
    low, high, middle = 1, count, max(len(used), 1)
    while low < high:
        middle = middle if middle < high else (low + high) // 2
        answer = with_(middle)
        if _open(answer) & wanted:
            low = middle + 1
        else:
            high, enough = middle, answer
        middle = (low + high) // 2
    return high, enough


def _open(pods: PendingPods) -> set[Key]:
    return {key_of(each.pod) for each in pods.refusals}


def _obstacles(cluster: Cluster, shape: _Shape, wanted: set[Key]) -> Iterator[tuple[str, str]]:
    """The pods that such a node would refuse if there were nothing on it, each with the reason."""
    bigger = shape.added(cluster, 1)
    [name] = shape.names(cluster, 1)
    for key in sorted(wanted):
        pod = bigger.get(Pod, key[1], key[0])
        try:
            answer = bigger.schedule(pod, nodes=[name]) if pod is not None else None
        except AllocationError as error:
            yield label_of(key), f"kube-scheduler would fail: {error}"
            continue
        if isinstance(answer, Unschedulable):
            yield label_of(key), answer.reason or "; ".join(answer.nodes.values())


@attrs.frozen
class _Shape:
    """A node to be made more of.

    Attributes:
        node: The node.
        slices: Those that are local to it.
        classes: Classes that come with it.
    """

    node: Node
    slices: tuple[ResourceSlice, ...]
    classes: tuple[DeviceClass, ...]

    @classmethod
    def of(cls, cluster: Cluster, like: Shape) -> _Shape:
        """The shape that is meant.

        Raises:
            LoadError: There is no such node, or it is not one.
        """
        if isinstance(like, str):
            objects: list[KubernetesObject] = [cluster.find(f"node/{like}"), *cluster.slices]
            name = like
        else:
            objects = list(like.objects) if isinstance(like, HasObjects) else load(like)
            named = [each.metadata.name or "" for each in objects if isinstance(each, Node)]
            named = named or [
                each.spec.node_name or "" for each in objects if isinstance(each, ResourceSlice)
            ]
            named = list(dict.fromkeys(filter(None, named)))
            if len(named) != 1:
                raise LoadError(
                    f"{len(named)} nodes are no shape", value=named, remedy="give one Node and its slices"
                )
            [name] = named
        found = [each for each in objects if isinstance(each, Node) and each.metadata.name == name]
        node = found[0] if found else Node.from_dict({"metadata": {"name": name}})
        slices = [each for each in objects if isinstance(each, ResourceSlice) and each.spec.node_name == name]
        known = {each.metadata.name for each in cluster.classes}
        classes = [
            each for each in objects if isinstance(each, DeviceClass) and each.metadata.name not in known
        ]
        return cls(node, tuple(slices), tuple(classes))

    @property
    def name(self) -> str:
        """The name of the node."""
        return self.node.metadata.name or ""

    def names(self, cluster: Cluster, count: int) -> list[str]:
        """Names for so many of them that the cluster does not have."""
        taken = {each.metadata.name for each in cluster.nodes}
        free = (f"{self.name}-more-{number}" for number in range(1, count + len(taken) + 1))
        return [name for name in free if name not in taken][:count]

    def added(self, cluster: Cluster, count: int) -> Cluster:
        """The cluster with so many of them."""
        new: list[KubernetesObject] = list(self.classes)
        for name in self.names(cluster, count):
            new += [self._node(name), *(self._slice(each, name) for each in self.slices)]
        return cluster.with_(new)

    def _node(self, name: str) -> Node:
        node, spec = self.node, self.node.spec
        labels = dict(node.metadata.labels or {})
        if _HOSTNAME in labels:
            labels[_HOSTNAME] = name
        taints = [each for each in spec.taints or () if not each.key.startswith(_CONDITIONS)]
        metadata = node.metadata.model_copy(update={"name": name, "labels": labels or None, "uid": None})
        spec = spec.model_copy(update={"unschedulable": None, "taints": taints or None, "provider_id": None})
        return node.model_copy(update={"metadata": metadata, "spec": spec})

    def _slice(self, each: ResourceSlice, name: str) -> ResourceSlice:
        pool = each.spec.pool.name
        pool = name if pool == self.name else f"{pool}-{name}"
        old = each.metadata.name or ""
        new = f"{name}{old.removeprefix(self.name)}" if old.startswith(self.name) else f"{name}-{old}"
        metadata = each.metadata.model_copy(update={"name": new, "uid": None, "owner_references": None})
        spec = each.spec.model_copy(
            update={"node_name": name, "pool": each.spec.pool.model_copy(update={"name": pool})}
        )
        return each.model_copy(update={"metadata": metadata, "spec": spec})
