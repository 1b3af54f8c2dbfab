"""How full nodes of a world are, and how full they would be with one pod more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dra.scheduler.account import DeviceAccount
from dra.scheduler.attempts import Trial
from dra.scheduler.node_usage import NodeUsage
from dra.scheduler.outcomes import Effect, Outcome
from dra.scheduler.world import Engine, NodeState, World

__all__ = ["account_after", "before_and_after", "effect_of", "requested_after"]

# Whoever the devices would belong to.
_NEW: Final = ("", "")
_NOTHING: Final[Mapping[str, int]] = {}


def before_and_after(trial: Trial, state: NodeState, outcome: Outcome) -> tuple[NodeUsage, NodeUsage]:
    """How full a node is, and how full it would be with the pod.

    Raises:
        AllocationError: A node selector in a slice is malformed.
    """
    name, allocatable = state.site.name, state.site.allocatable or _NOTHING
    effect = effect_of(trial, state, outcome)
    return (
        NodeUsage(name, allocatable, state.requested, effect.devices, effect.used),
        NodeUsage(name, allocatable, requested_after(trial, state), effect.devices, effect.used_after),
    )


def effect_of(trial: Trial, state: NodeState, outcome: Outcome) -> Effect:
    """What the pod does to the devices of a node: the same for all nodes that share the outcome."""
    known = trial.engine.effects.get(outcome) if outcome.takes else None
    if known is not None:
        return known
    before, after = trial.world.account, account_after(trial.world, state, outcome)
    devices, used = _devices(trial.engine, state, before)
    _, used_after = _devices(trial.engine, state, after)
    effect = Effect(devices, used, used_after, after.signature(state.site.view(trial.engine)))
    return trial.engine.effects.keep(outcome, effect) if outcome.takes else effect


def requested_after(trial: Trial, state: NodeState) -> Mapping[str, int]:
    """What pods would take of a node's resources."""
    requested = dict(state.requested)
    for name, nanos in trial.demand.items():
        requested[name] = requested.get(name, 0) + nanos
    return requested


def account_after(world: World, state: NodeState, outcome: Outcome) -> DeviceAccount:
    """What would be held of the devices."""
    if not outcome.takes:
        return world.account
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
