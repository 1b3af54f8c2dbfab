"""What the scheduler reads off a pod by itself: whether it runs, has ended, and how important it is."""

from __future__ import annotations

from typing import Final

from dra.models.core import Pod

__all__ = ["has_ended", "importance", "runs"]

_ENDED: Final = ("Succeeded", "Failed")


def has_ended(pod: Pod) -> bool:
    """Whether it runs no more, so that it needs no node."""
    return pod.status is not None and pod.status.phase in _ENDED


def runs(pod: Pod) -> bool:
    """Whether it is on a node and has not ended."""
    return bool(pod.spec.node_name) and not has_ended(pod)


def importance(pod: Pod) -> tuple[int, str]:
    """Orders pods as kube-scheduler's queue does: by priority, the highest first, then by age."""
    return -(pod.spec.priority or 0), str(pod.metadata.creation_timestamp or "")
