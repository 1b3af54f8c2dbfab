"""Pods that are sent away and come back to wait, as their controllers would make them anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from dra.allocator.explanation import count_of
from dra.models.core import Pod
from dra.models.meta import KubernetesObject
from dra.models.resource import ResourceClaim
from dra.scheduler.objects import Key, key_of
from dra.scheduler.release import released

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["anew", "evicted", "left_by", "not_made_again"]

# What the API server and the scheduler fill in, so that another pod has it otherwise.
_OWN: Final[dict[str, None]] = dict.fromkeys(
    (
        "uid",
        "resource_version",
        "generation",
        "creation_timestamp",
        "deletion_timestamp",
        "deletion_grace_period_seconds",
        "managed_fields",
    )
)


def evicted(cluster: Cluster, pods: Iterable[Pod]) -> Cluster:
    """The cluster in which these pods have lost their nodes and devices, and wait again.

    Claims that were made for them are gone, and made anew when they are placed; a claim that is left without
    consumers loses its devices.
    """
    pods = tuple(pods)
    return left_by(cluster, pods).with_([anew(pod) for pod in pods]) if pods else cluster


def left_by(cluster: Cluster, pods: Iterable[Pod], claims: Iterable[ResourceClaim] = ()) -> Cluster:
    """The cluster without some pods, and with claims that lose their devices; as `without`, but in one go."""
    now: dict[Key, ResourceClaim | None] = {
        key_of(each): each.model_copy(update={"status": None}) for each in claims
    }
    removed: list[tuple[type[KubernetesObject], Key]] = []
    for pod in pods:
        removed.append((Pod, key_of(pod)))
        for claim in cluster.claims_of(pod):
            left = now.get(key_of(claim), claim)
            now[key_of(claim)] = released(left, pod) if left is not None else None
    removed += [(ResourceClaim, key) for key, claim in now.items() if claim is None]
    return cluster._copy([claim for claim in now.values() if claim is not None], removed)


def anew(pod: Pod) -> Pod:
    """The pod as it would be made again: the same name and wishes, but no node and no status."""
    return pod.model_copy(
        update={
            "metadata": pod.metadata.model_copy(update=_OWN),
            "spec": pod.spec.model_copy(update={"node_name": None}),
            "status": None,
        }
    )


def not_made_again(pods: Iterable[Pod]) -> list[str]:
    """A note about the pods that no controller would make again, if there are any."""
    bare = [pod for pod in pods if not any(each.controller for each in pod.metadata.owner_references or ())]
    again = "it" if len(bare) == 1 else "them"
    return (
        [f"{count_of(len(bare), 'pod')} without a controller: nothing would make {again} again"]
        if bare
        else []
    )
