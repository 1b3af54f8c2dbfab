"""Clusters in which pods run: each pod is placed where it says, as the scheduler would."""

from __future__ import annotations

from typing import Any

from dra.models.core import Pod
from dra.scheduler import Cluster
from dra.scheduler.whatif import Comparison
from tests.unit.scheduler.clusters import placed


def running(cluster: Cluster, *pods: Pod, on: str | None = None) -> Cluster:
    """The cluster with these pods placed one after another, on a node if one is given."""
    for pod in pods:
        cluster = placed(cluster.schedule(pod, nodes=None if on is None else [on])).apply()
    return cluster


def owned(pod: Pod, kind: str = "ReplicaSet") -> Pod:
    """The pod with a controller."""
    owner = {"apiVersion": "apps/v1", "kind": kind, "name": "owner", "uid": "1", "controller": True}
    wire = pod.to_dict()
    return Pod.from_dict({**wire, "metadata": {**wire["metadata"], "ownerReferences": [owner]}})


def told(comparison: Comparison) -> list[tuple[str, str, Any, Any]]:
    """What becomes of which pod, with its nodes before and after."""
    return [(each.pod.partition("/")[2], each.change, each.before, each.after) for each in comparison.pods]
