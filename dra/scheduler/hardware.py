"""Every unit of hardware in a cluster: what is taken of it, by whom, and what of the rest is of no use.

A unit is a device that stands for itself, or the hardware behind devices that share a counter set
(`dra.scheduler.units`). What is free of a unit is *fragmented* to the extent that the tasks it is meant for
cannot use it:

    fragmented(u) = free(u) * (share of the tasks in M(u) that cannot use u as things are)

M(u) are the tasks of the workload that could use a device of u if the cluster were empty: a request selects
the device, tolerates its taints, and the pod's node selector, affinity and tolerations allow the node. A task
cannot use u as things are if it does not fit the node at all (too few devices left, too little cpu), or if
none of its requests can use a device of u just now (too little of a counter or of a capacity is left). This
is the measure of `dra.scheduler.fragmentation`, unit by unit, without the tasks that never had a use for
the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from dra.allocator.inventory import NodePool, NodeView
from dra.allocator.pools import CounterId, Device, Pool, each_bit
from dra.allocator.state import Holding
from dra.allocator.taints import BLOCKING_EFFECTS
from dra.scheduler.fragmentation import Fragmentation, Task
from dra.scheduler.objects import Key
from dra.scheduler.shortages import usable
from dra.scheduler.units import Unit, Units, part_taken
from dra.scheduler.world import NodeState, World

__all__ = ["UnitUse", "units_in_use"]

# The attributes that say what a device is, as drivers call them, the most telling first.
_PRODUCT: Final = ("productName", "model", "product", "deviceType", "family", "type")


@attrs.frozen(eq=False)
class UnitUse:
    """One unit of hardware.

    Attributes:
        node: The node it belongs to; empty if several can use it.
        pool: The pool it is in.
        devices: Its devices, by their positions in the pool.
        product: What it is, as the driver calls it; the driver's name if it does not say.
        used: How much of it is taken, 0 to 1.
        fragmented: How much of it is free and of no use to the tasks it is meant for.
        tainted: Whether taints keep all its devices from being allocated.
        owners: The claims that hold something of it, each with how much.
    """

    node: str
    pool: Pool
    devices: int
    product: str
    used: float
    fragmented: float
    tainted: bool
    owners: tuple[tuple[Key, float], ...]

    @property
    def free(self) -> float:
        """How much of it is left."""
        return max(1.0 - self.used, 0.0)


def units_in_use(
    world: World, fragmentation: Fragmentation, advance: Callable[[], object] | None = None
) -> Iterator[UnitUse]:
    """All units, node by node; one that several nodes see comes once.

    Args:
        world: The cluster.
        fragmentation: The workload that decides what is fragmented.
        advance: Called for each node.

    Raises:
        AllocationError: A slice's node selector, a selector or a capacity policy is broken.
    """
    seen: dict[Pool, int] = {}
    useless = _Useless(world, fragmentation)
    for state in world.states:
        if advance:
            advance()
        known = state.hardware
        if known is None or known[0] is not fragmentation:
            known = (fragmentation, tuple(_of_node(world, state, useless, seen)))
            if not state.site.sees_shared:  # what others take of such pools makes no new state
                state.hardware = known
        yield from known[1]


def _of_node(world: World, state: NodeState, useless: _Useless, seen: dict[Pool, int]) -> Iterator[UnitUse]:
    """The units of a node that no node before it has."""
    view = state.site.view(world.engine)
    lost: Mapping[int, float] | None = None
    for offset, pool, on_node in view.offsets:
        new = on_node.present & ~seen.get(pool, 0)
        if new:
            seen[pool] = seen.get(pool, 0) | new
            lost = useless.of(state, view) if lost is None else lost
            yield from _of_pool(world, state, on_node, pool, offset, new, lost)


def _of_pool(
    world: World,
    state: NodeState,
    on_node: NodePool,
    pool: Pool,
    offset: int,
    present: int,
    lost: Mapping[int, float],
) -> Iterator[UnitUse]:
    units = world.engine.units_of(pool, present)
    usage = world.account.usage(pool)
    holders = world.account.holders((pool.driver, pool.name))
    local = world.engine.solver.inventory.nodes_of(on_node.driver, on_node.name) is not None
    of_counters = units.of_counters(usage)
    held = _parts(units, holders) if holders else {}
    for unit, devices in units.each():
        if isinstance(unit, str):
            used = of_counters[unit]
        elif usage.used >> unit & 1:
            used = 1.0
        else:
            used = part_taken(pool.devices[unit], usage.consumed_of(unit))
        owners = held.get(unit, {})
        claimed = sum(owners.values())
        first = pool.devices[(devices & -devices).bit_length() - 1]
        yield UnitUse(
            state.site.name if local else "",
            pool,
            devices,
            _product(first),
            used,
            max(1.0 - used, 0.0) * lost.get(devices << offset, 0.0),
            all(_tainted(pool.devices[at]) for at in each_bit(devices)),
            tuple((owner, part * used / claimed) for owner, part in owners.items() if claimed),
        )


def _parts(units: Units, holders: Mapping[Key, Sequence[Holding]]) -> dict[Unit, dict[Key, float]]:
    """For each unit the claims that hold something of it, each with how much."""
    pool = units.pool
    found: dict[Unit, dict[Key, float]] = {}
    for owner, holdings in holders.items():
        consumed: dict[CounterId, float] = {}
        for holding in holdings:
            for at in each_bit(
                pool.positions.get(holding.device.device, 0) & (units.devices | units.partitions)
            ):
                device = pool.devices[at]
                part = 1.0 if holding.share_id is None else part_taken(device, dict(holding.consumed))
                if units.devices >> at & 1:
                    found.setdefault(at, {})
                    found[at][owner] = found[at].get(owner, 0.0) + part
                for counter, nanos in device.consumes:
                    consumed[counter] = consumed.get(counter, 0.0) + nanos * part
        for name, counters in units.counters.items():
            most = max((consumed.get(each, 0.0) / nanos for each, nanos in counters.items()), default=0.0)
            if most:
                found.setdefault(name, {})[owner] = most
    return found


def _product(device: Device) -> str:
    attributes = device.model.attributes or {}
    for name in _PRODUCT:
        value = attributes.get(name) or attributes.get(f"{device.id.driver}/{name}")
        if value is not None and value.string:
            return value.string
    return device.id.driver


def _tainted(device: Device) -> bool:
    return any(each.effect in BLOCKING_EFFECTS for each in device.model.taints or ())


class _Useless:
    """For the units of a node, the share of tasks that cannot use what is free of them."""

    def __init__(self, world: World, fragmentation: Fragmentation) -> None:
        self.world = world
        self.tasks = fragmentation.tasks
        self.fragmentation = fragmentation
        self._known: dict[Hashable, dict[int, float]] = {}

    def of(self, state: NodeState, view: NodeView) -> dict[int, float]:
        """By the devices of a unit, as positions on the node, the share of tasks that cannot use it."""
        if not self.tasks:
            return {}
        meant = [
            (task, self.fragmentation.admits(task, state, self.world))
            for task in self.tasks
            if task.trial.refusal(state) is None
        ]
        key = (
            self.world.engine.shapes.of(view),
            self.world.account.signature(view),
            *(
                (
                    task.trial.kind,
                    admitted,
                    task.trial.likeness(state, task.trial.wish(task.trial.offered(state)), view),
                )
                for task, admitted in meant
            ),
        )
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._of(state, view, meant)
        return known

    def _of(self, state: NodeState, view: NodeView, meant: Sequence[tuple[Task, bool]]) -> dict[int, float]:
        engine, account = self.world.engine, self.world.account
        matcher = engine.solver.matcher
        possible: list[tuple[float, int, int]] = []
        for task, admitted in meant:
            wanted = [
                each
                for slot in task.trial.wish(task.trial.offered(state)).plan.slots
                for each in slot.alternatives
            ]
            could = can = 0
            for each in wanted:
                could |= matcher.candidates(view, each.filter).usable
                if admitted:
                    can |= usable(each, view, account, matcher)
            possible.append((task.weight, could, can))
        lost: dict[int, float] = {}
        for offset, pool, on_node in view.offsets:
            for _, here in engine.units_of(pool, on_node.present).each():
                devices = here << offset
                meant_for = sum(weight for weight, could, _ in possible if could & devices)
                cannot = sum(
                    weight for weight, could, can in possible if could & devices and not can & devices
                )
                if cannot:
                    lost[devices] = cannot / meant_for
        return lost
