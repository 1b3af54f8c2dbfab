"""Which node: pods, gangs and what-ifs on a whole cluster, and traces replayed on it."""

from __future__ import annotations

from dra.scheduler.capacity import Capacity, CapacityRow
from dra.scheduler.cluster import Cluster
from dra.scheduler.gangs import DeviceAttribute, GangPlacement, GroupPlacement, UnschedulableGang
from dra.scheduler.node_usage import NodeChoice, NodeUsage
from dra.scheduler.pending import PendingGroup, PendingPods
from dra.scheduler.pictures import Picture, draw
from dra.scheduler.placement import NodeGroup, PlacedClaim, Placement, Unschedulable
from dra.scheduler.policies import POLICIES, Policy
from dra.scheduler.simulation import simulate

__all__ = [
    "POLICIES",
    "Capacity",
    "CapacityRow",
    "Cluster",
    "DeviceAttribute",
    "GangPlacement",
    "GroupPlacement",
    "NodeChoice",
    "NodeGroup",
    "NodeUsage",
    "PendingGroup",
    "PendingPods",
    "Picture",
    "PlacedClaim",
    "Placement",
    "Policy",
    "Unschedulable",
    "UnschedulableGang",
    "draw",
    "simulate",
]
