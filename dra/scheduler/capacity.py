"""How much hardware a cluster has, how much is taken, free and fragmented, and what the idle part costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

import attrs

from dra.allocator.pools import Pool
from dra.arguments import finite
from dra.errors import LoadError
from dra.scheduler.hardware import UnitUse
from dra.scheduler.objects import label_of
from dra.scheduler.world import World
from dra.suggestions import unknown_name

__all__ = ["Capacity", "CapacityRow", "Grouping", "Price", "UnitClasses", "summed"]

Grouping: TypeAlias = Literal["class", "product", "node", "namespace", "claim"]
"""What the rows of a capacity table stand for."""

Price: TypeAlias = "float | Mapping[str, float]"
"""What a unit of hardware costs per hour: the same for all, or by product."""

_SEVERAL: Final = "(several nodes)"
_NO_CLASS: Final = "(no class)"


@attrs.frozen
class CapacityRow:
    """One row: some hardware, in units (`dra.scheduler.units`).

    Attributes:
        name: The class, product, node, namespace or claim.
        total: How much there is; None for namespaces and claims, which own none.
        used: How much is taken, shares and partitions as the part they are.
        free: How much is left.
        fragmented: How much of that is of no use to the tasks it is meant for (`dra.scheduler.hardware`).
        tainted: How much of that is tainted, so that it needs a toleration.
        utilisation: The utilisation of the fullest pool, 0 to 1: what cluster-autoscaler takes for the
            utilisation of a node (cluster-autoscaler, docs/dra_support.md).
        cost: What the free part costs per hour; for namespaces and claims, what the used part costs.
        largest: The largest number of devices of the class that one request still gets on one node; None
            unless the row is a class.
    """

    name: str
    total: float | None
    used: float
    free: float | None
    fragmented: float | None
    tainted: float | None
    utilisation: float | None
    cost: float | None = None
    largest: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The row as plain data, amounts rounded to thousandths."""
        row = attrs.asdict(self)
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()}


@attrs.frozen
class Capacity:
    """A table of capacity.

    Attributes:
        by: What the rows stand for.
        rows: The rows, by name; those of namespaces and claims with the most used first.
        total: All hardware.
        faults: Pools that count for nothing, being incomplete or invalid, each with the reason.
    """

    by: Grouping
    rows: tuple[CapacityRow, ...]
    total: CapacityRow
    faults: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> CapacityRow:
        """The row of a name.

        Raises:
            UnknownNameError: There is none; the remedy has the nearest.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise unknown_name(str(self.by), name, [row.name for row in self.rows])

    def to_dict(self) -> dict[str, Any]:
        """The table as plain data."""
        return {
            "by": self.by,
            "rows": [row.to_dict() for row in self.rows],
            "total": self.total.to_dict(),
            "faults": list(self.faults),
        }


class _Sum:
    """Units added up."""

    def __init__(self) -> None:
        self.total = 0
        self.used = self.free = self.fragmented = self.tainted = self.cost = 0.0
        self.pools: dict[Pool, tuple[int, float]] = {}

    def add(self, unit: UnitUse, price: float) -> None:
        self.total += 1
        self.used += unit.used
        self.free += unit.free
        self.fragmented += unit.fragmented
        self.tainted += unit.free if unit.tainted else 0.0
        self.cost += unit.free * price
        total, used = self.pools.get(unit.pool, (0, 0.0))
        self.pools[unit.pool] = (total + 1, used + unit.used)

    def row(self, name: str, *, priced: bool, largest: int | None = None) -> CapacityRow:
        return CapacityRow(
            name,
            float(self.total),
            self.used,
            self.free,
            self.fragmented,
            self.tainted,
            max((used / total for total, used in self.pools.values()), default=0.0),
            self.cost if priced else None,
            largest,
        )


def summed(
    world: World,
    units: Iterable[UnitUse],
    by: Grouping,
    price: Price | None,
    largest: Callable[[str], int],
) -> Capacity:
    """The table.

    Args:
        world: The cluster.
        units: All its units.
        by: What the rows stand for.
        price: What a unit costs per hour.
        largest: Gives the largest request of a class that still fits.

    Raises:
        LoadError: There is no such grouping, or a price is no number of at least 0.
    """
    _check_price(price)
    if by not in get_args(Grouping):
        raise LoadError(f"no grouping {by!r}", value=by, remedy=f"by: {', '.join(get_args(Grouping))}")
    everything = _Sum()
    sums: dict[str, _Sum] = {name: _Sum() for name in world.engine.solver.classes} if by == "class" else {}
    owned: dict[str, tuple[float, float]] = {}
    classes = UnitClasses(world)
    for unit in units:
        cost = _price(price, unit.product)
        everything.add(unit, cost)
        for name in _names(unit, by, classes):
            sums.setdefault(name, _Sum()).add(unit, cost)
        for owner, part in unit.owners if by in ("namespace", "claim") else ():
            name = owner[0] if by == "namespace" else label_of(owner)
            used, spent = owned.get(name, (0.0, 0.0))
            owned[name] = (used + part, spent + part * cost)
    priced = price is not None
    rows = [
        each.row(name, priced=priced, largest=largest(name) if by == "class" and name != _NO_CLASS else None)
        for name, each in sorted(sums.items())
    ]
    rows += [
        CapacityRow(name, None, used, None, None, None, None, spent if priced else None)
        for name, (used, spent) in sorted(owned.items(), key=lambda item: (-item[1][0], item[0]))
    ]
    return Capacity(by, tuple(rows), everything.row("", priced=priced), tuple(_faults(world)))


def _names(unit: UnitUse, by: Grouping, classes: UnitClasses) -> Iterable[str]:
    """The rows that a unit counts in."""
    if by == "class":
        return classes.of(unit)
    if by == "product":
        return (unit.product,)
    if by == "node":
        return (unit.node or _SEVERAL,)
    return ()


def _check_price(price: Price | None) -> None:
    prices = price if isinstance(price, Mapping) else {} if price is None else {"": price}
    for product, each in prices.items():
        path = f"price[{product}]" if product else "price"
        finite(each, path, least=0, remedy="what a unit costs per hour, for all or by product")


def _price(price: Price | None, product: str) -> float:
    if price is None:
        return 0.0
    return price.get(product, 0.0) if isinstance(price, Mapping) else float(price)


def _faults(world: World) -> Iterable[str]:
    faults: dict[str, None] = {}
    for state in world.states:
        for each in state.site.view(world.engine).pools:
            if each.fault:
                faults[f"{each} is {each.fault}" + (f": {each.reason}" if each.reason else "")] = None
    return faults


class UnitClasses:
    """The classes that units belong to: those that select any of their devices.

    Args:
        world: The cluster, or one with the same slices and classes.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._pools: dict[Pool, dict[str, int]] = {}

    def of(self, unit: UnitUse) -> list[str]:
        """The classes of a unit; a name that says so if there are none."""
        known = self._pools.get(unit.pool)
        if known is None:
            known = self._pools[unit.pool] = self._of_pool(unit.pool)
        return [name for name, devices in known.items() if devices & unit.devices] or [_NO_CLASS]

    def _of_pool(self, pool: Pool) -> dict[str, int]:
        matcher, found = self.world.engine.solver.matcher, {}
        for name, device_class in self.world.engine.solver.classes.items():
            selected = matcher.understood(pool)
            for selector in device_class.spec.selectors or ():
                if selector.cel is not None and selected:
                    selected &= matcher.verdicts(pool, selector.cel.expression, selected).true
            if selected:
                found[name] = selected
        return found
