"""Pods that are sent away and come back to wait, as their controllers would make them anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from dra.models.core import Pod

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["anew", "evicted", "has_ended", "is_controlled", "label"]

_ENDED: Final = ("Succeeded", "Failed")
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
    return cluster.without(*pods).with_([anew(pod) for pod in pods]) if pods else cluster


def anew(pod: Pod) -> Pod:
    """The pod as it would be made again: the same name and wishes, but no node and no status."""
    return pod.model_copy(
        update={
            "metadata": pod.metadata.model_copy(update=_OWN),
            "spec": pod.spec.model_copy(update={"node_name": None}),
            "status": None,
        }
    )


def has_ended(pod: Pod) -> bool:
    """Whether it runs no more, so that it needs no node."""
    return pod.status is not None and pod.status.phase in _ENDED


def is_controlled(pod: Pod) -> bool:
    """Whether a controller would make it again."""
    return any(each.controller for each in pod.metadata.owner_references or ())


def label(pods: Iterable[Pod]) -> str:
    """`1 pod`, `2 pods`."""
    count = sum(1 for _ in pods)
    return f"{count} pod{'s' * (count != 1)}"
