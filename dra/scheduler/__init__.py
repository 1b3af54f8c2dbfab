"""Which node: pods, gangs and what-ifs on a whole cluster, and traces replayed on it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from dra.scheduler.capacity import Capacity, CapacityRow
from dra.scheduler.cluster import Cluster
from dra.scheduler.gangs import DeviceAttribute, GangPlacement, GroupPlacement, UnschedulableGang
from dra.scheduler.node_usage import NodeChoice, NodeUsage
from dra.scheduler.pending import PendingGroup, PendingPods
from dra.scheduler.placement import NodeGroup, PlacedClaim, Placement, Unschedulable
from dra.scheduler.policies import POLICIES, Policy

if TYPE_CHECKING:
    from dra.scheduler.pictures import Picture, draw
    from dra.scheduler.simulation import simulate

# Public name -> the package that has it: loaded when first asked for, since few commands do.
_HOMES = {
    "Picture": "dra.scheduler.pictures",
    "draw": "dra.scheduler.pictures",
    "simulate": "dra.scheduler.simulation",
}

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

if not TYPE_CHECKING:  # or type checkers would take any misspelt name for an object

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module 'dra.scheduler' has no attribute {name!r}")
        value: object = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
