"""The largest request that still fits."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from dra.allocator.plan import RESULTS_MAX
from dra.allocator.search import Budget
from dra.errors import InvalidPoolError, SearchBudgetExceeded
from dra.models.meta import ObjectMeta
from dra.models.resource import (
    DeviceClaim,
    DeviceRequest,
    ExactDeviceRequest,
    ResourceClaim,
    ResourceClaimSpec,
)
from dra.scheduler.likeness import Likeness
from dra.scheduler.shortages import usable
from dra.scheduler.world import NodeState, World

__all__ = ["largest_request"]

# How long to look for so many devices on one node; if they are not found by then, they do not fit.
_SECONDS: Final = 1.0


def largest_request(world: World, class_name: str) -> tuple[int, str]:
    """The most devices of a class that one request gets on one node, and the first such node.

    Raises:
        AllocationError: A selector of the class fails.
    """
    known: dict[Hashable, int] = {}
    best, where = 0, ""
    engine, account = world.engine, world.account
    likeness = Likeness.of(engine.solver.prepare([_claim(class_name, 1)]))
    for state in world.states:
        view = state.site.view(engine)
        key = (likeness.of_node(view, engine.solver.matcher, engine.shapes), account.signature(view))
        if key not in known:
            known[key] = _on_node(world, state, class_name)
        if known[key] > best:
            best, where = known[key], state.site.name
    return best, where


def _on_node(world: World, state: NodeState, class_name: str) -> int:
    """The most on one node: if so many devices fit together, fewer do, too, so the limit is halved in on."""
    solver, view = world.engine.solver, state.site.view(world.engine)
    one = solver.prepare([_claim(class_name, 1)]).slots[0].alternatives[0]
    low, high = 0, min(usable(one, view, world.account, solver.matcher).bit_count(), RESULTS_MAX)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(world, state, class_name, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _fits(world: World, state: NodeState, class_name: str, count: int) -> bool:
    solver = world.engine.solver
    plan = solver.prepare([_claim(class_name, count)])
    try:
        attempt = solver.attempt(plan, state.site.view(world.engine), world.account, Budget(seconds=_SECONDS))
    except (InvalidPoolError, SearchBudgetExceeded):
        return False
    return attempt is not None and attempt.picks is not None


def _claim(class_name: str, count: int) -> ResourceClaim:
    wanted = ExactDeviceRequest(device_class_name=class_name, allocation_mode="ExactCount", count=count)
    devices = DeviceClaim(requests=[DeviceRequest(name="largest", exactly=wanted)])
    return ResourceClaim(metadata=ObjectMeta(name="largest"), spec=ResourceClaimSpec(devices=devices))
