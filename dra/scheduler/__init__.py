"""Which node: pods, gangs and what-ifs on a whole cluster, and traces replayed on it."""

from __future__ import annotations

from dra.scheduler.capacity import Capacity, CapacityRow
from dra.scheduler.cluster import Cluster
from dra.scheduler.node_usage import NodeChoice, NodeUsage
from dra.scheduler.pending import PendingGroup, PendingPods
from dra.scheduler.placement import NodeGroup, PlacedClaim, Placement, Unschedulable
from dra.scheduler.policies import POLICIES, Policy
from dra.scheduler.simulation import simulate

__all__ = [
    "POLICIES",
    "Capacity",
    "CapacityRow",
    "Cluster",
    "NodeChoice",
    "NodeGroup",
    "NodeUsage",
    "PendingGroup",
    "PendingPods",
    "PlacedClaim",
    "Placement",
    "Policy",
    "Unschedulable",
    "simulate",
]
