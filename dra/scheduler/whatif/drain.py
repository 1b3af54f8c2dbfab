"""What if some nodes were drained: who finds another place, and who does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from dra.allocator.explanation import count_of
from dra.arguments import texts
from dra.errors import LoadError
from dra.models.core import Node, Pod
from dra.scheduler.objects import key_of
from dra.scheduler.pending import settled
from dra.scheduler.pods import runs
from dra.scheduler.whatif.comparison import Comparison, compared
from dra.scheduler.whatif.eviction import evicted, not_made_again

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster
    from dra.scheduler.policies import Policy

__all__ = ["drain", "named_nodes"]

_MIRROR: Final = "kubernetes.io/config.mirror"


def drain(
    cluster: Cluster,
    *nodes: str,
    policy: str | Policy = "first",
    advance: Callable[[], object] | None = None,
) -> Comparison:
    """What draining nodes would do: they become unschedulable, and their pods look for other places.

    As with `kubectl drain --ignore-daemonsets --force`: pods of DaemonSets and static pods stay, all others
    are evicted. They come back waiting, after those of the same priority that wait already, with claims made
    anew from their templates; a claim that nobody uses any more loses its devices. It fits if no pod loses
    its place.

    Args:
        cluster: The cluster, which stays as it is.
        *nodes: The names of the nodes.
        policy: As for `Cluster.schedule`.
        advance: Called for each pod that is taken up and each node that is counted.

    Raises:
        LoadError: There is no such node, or none is named.
        UnknownNameError: There is no such policy.

    Example:
        >>> from dra.scheduler import Cluster
        >>> from dra.testing import nodes
        >>> cluster = Cluster.load(nodes.cluster("dgx-h100", nodes_per_rack=2).objects)
        >>> found = drain(cluster, "rack-0-node-0")
        >>> found.fits, found.after.cluster.nodes[0].spec.unschedulable
        (True, True)
    """
    found = named_nodes(cluster, nodes)
    names = {each.metadata.name for each in found}
    there = [pod for pod in cluster.pods if runs(pod) and pod.spec.node_name in names]
    gone = [pod for pod in there if not _stays(pod)]
    after = evicted(cluster.with_([_cordoned(each) for each in found]), gone)
    keys = {key_of(pod) for pod in gone}
    notes = []
    if len(there) > len(gone):
        notes.append(f"{count_of(len(there) - len(gone), 'pod')} of DaemonSets or static stay")
    notes += not_made_again(gone)
    return compared(
        f"drain {', '.join(dict.fromkeys(nodes))}",
        settled(cluster, policy, advance=advance),
        settled(after, policy, late=keys, advance=advance),
        keys,
        notes,
        advance=advance,
    )


def named_nodes(cluster: Cluster, names: tuple[str, ...]) -> list[Node]:
    """The nodes of some names, each once.

    Raises:
        LoadError: There is no such node, or no name.
    """
    texts(names, "nodes", "names of nodes")
    if not names:
        raise LoadError("no node is named", remedy="name at least one")
    found = [cluster.find(f"node/{name}") for name in dict.fromkeys(names)]
    return [each for each in found if isinstance(each, Node)]


def _cordoned(node: Node) -> Node:
    return node.model_copy(update={"spec": node.spec.model_copy(update={"unschedulable": True})})


def _stays(pod: Pod) -> bool:
    owners = pod.metadata.owner_references or ()
    return _MIRROR in (pod.metadata.annotations or {}) or any(
        each.controller and each.kind == "DaemonSet" for each in owners
    )
