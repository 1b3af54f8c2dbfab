"""How full nodes of a world are, and how full they would be with one pod more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from dra.scheduler.account import DeviceAccount
from dra.scheduler.attempts import Outcome, Trial
from dra.scheduler.node_usage import NodeUsage
from dra.scheduler.world import Engine, NodeState, World

__all__ = ["account_after", "node_usage", "requested_after", "usage_after"]

# Whoever the devices would belong to.
_NEW: Final = ("", "")


def node_usage(world: World, state: NodeState) -> NodeUsage:
    """How full a node is.

    Raises:
        AllocationError: A node selector in a slice is malformed.
    """
    total, used = _devices(world.engine, state, world.account)
    return NodeUsage(state.site.name, state.site.allocatable or {}, state.requested, total, used)


def usage_after(trial: Trial, state: NodeState, outcome: Outcome, before: NodeUsage) -> NodeUsage:
    """How full a node would be with the pod."""
    used = before.devices_used
    if outcome.takes:
        _, used = _devices(trial.engine, state, account_after(trial.world, state, outcome))
    return attrs.evolve(before, requested=requested_after(trial, state), devices_used=used)


def requested_after(trial: Trial, state: NodeState) -> Mapping[str, int]:
    """What pods would take of a node's resources."""
    requested = dict(state.requested)
    for name, nanos in trial.demand.items():
        requested[name] = requested.get(name, 0) + nanos
    return requested


def account_after(world: World, state: NodeState, outcome: Outcome) -> DeviceAccount:
    """What would be held of the devices."""
    taken = outcome.holdings(state.site.view(world.engine))
    account, _ = world.account.changed(taken=[(_NEW, taken)])
    return account


def _devices(engine: Engine, state: NodeState, account: DeviceAccount) -> tuple[int, float]:
    """How many units of hardware a node sees, and how many are taken."""
    total, used = 0, 0.0
    for _, pool, on_node in state.site.view(engine).offsets:
        units = engine.units_of(pool, on_node.present)
        total += units.total
        used += units.used(account.usage(pool))
    return total, used
