"""What claims hold of the devices, as a value: taking more or giving back makes a new account.

The account is kept per pool. A change copies what is held of that pool, some tens of entries, and shares all
others; what is derived from it, which devices are in use and what is left of counters, is worked out when it
is first asked for and kept with the pool's part.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeAlias

import attrs

from dra.allocator.inventory import NodeView
from dra.allocator.pools import Device, Pool
from dra.allocator.state import Holding, Ledger
from dra.allocator.usage import Usage
from dra.features import Features
from dra.scheduler.objects import Key, label_of
from dra.scheduler.persistent import PersistentMap

__all__ = ["DeviceAccount", "PoolKey"]

PoolKey: TypeAlias = "tuple[str, str]"
"""Driver and name of a pool."""


@attrs.frozen(eq=False)
class _Held:
    """What is held of one pool.

    Attributes:
        holdings: By claim, the devices and shares.
        usages: What follows for each form in which nodes see the pool, with its signature.
    """

    holdings: dict[Key, tuple[Holding, ...]] = attrs.field(factory=dict)
    usages: dict[Pool, tuple[Usage, Hashable]] = attrs.field(factory=dict)

    def usage(self, pool: Pool, features: Features) -> tuple[Usage, Hashable]:
        """The usage of the pool, and a value that is equal for equal usages of equal pools."""
        known = self.usages.get(pool)
        if known is None:
            ledger = Ledger(features)
            for taken in self.holdings.values():
                for holding in taken:
                    ledger.take(holding)
            usage = Usage(pool, ledger)
            known = self.usages[pool] = (usage, usage.signature())
        return known


@attrs.frozen(eq=False)
class DeviceAccount:
    """What is held of all pools.

    Args:
        features: Whether shares count as such, or as whole devices.
        pools: What is held of each pool of which anything is.
        untouched: What is known of pools of which nothing is held.
    """

    features: Features
    pools: PersistentMap[PoolKey, _Held] = attrs.field(factory=PersistentMap)
    untouched: _Held = attrs.field(factory=_Held)

    def usage(self, pool: Pool) -> Usage:
        """What is taken of a pool."""
        return self._held(pool).usage(pool, self.features)[0]

    def signature(self, view: NodeView) -> tuple[Hashable, ...]:
        """Equal for nodes of which the same is taken, if their devices are alike."""
        return tuple([self._held(pool).usage(pool, self.features)[1] for _, pool, _ in view.offsets])

    def holders(self, pool: PoolKey) -> dict[Key, tuple[Holding, ...]]:
        """By claim, what is held of a pool."""
        return dict(self.pools.get(pool, self.untouched).holdings)

    def holders_of(self, device: Device) -> list[str]:
        """The claims that hold a device, as `namespace/name`."""
        held = self.pools.get((device.id.driver, device.id.pool), self.untouched).holdings
        return [
            label_of(owner)
            for owner, taken in held.items()
            if any(each.device == device.id for each in taken)
        ]

    def changed(
        self,
        taken: Iterable[tuple[Key, Iterable[Holding]]] = (),
        given_back: Iterable[tuple[Key, Iterable[Holding]]] = (),
    ) -> tuple[DeviceAccount, set[PoolKey]]:
        """An account in which claims hold more, or no longer what they held; and the pools concerned."""
        changed: dict[PoolKey, dict[Key, tuple[Holding, ...]]] = {}

        def of_pool(holding: Holding) -> dict[Key, tuple[Holding, ...]]:
            key = (holding.device.driver, holding.device.pool)
            if key not in changed:
                changed[key] = self.holders(key)
            return changed[key]

        for owner, holdings in given_back:
            for holding in holdings:
                of_pool(holding).pop(owner, None)
        for owner, holdings in taken:
            for holding in holdings:
                held = of_pool(holding)
                held[owner] = (*held.get(owner, ()), holding)
        if not changed:
            return self, set()
        pools = self.pools.updated(
            {key: _Held(held) for key, held in changed.items() if held},
            removed=[key for key, held in changed.items() if not held],
        )
        return attrs.evolve(self, pools=pools), set(changed)

    def _held(self, pool: Pool) -> _Held:
        return self.pools.get((pool.driver, pool.name), self.untouched)
