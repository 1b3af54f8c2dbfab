"""What is taken of one pool, position by position: derived from the ledger, kept up to date with it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Protocol

from dra.allocator.counters import SHARED_FREELY, SharedGroups
from dra.allocator.pools import CounterId, Pool, each_bit
from dra.allocator.state import DeviceId, Ledger

__all__ = ["Account", "Books", "Usage"]

_NOTHING: Mapping[str, int] = {}


class Usage:
    """What is taken of a pool.

    Attributes:
        used: Devices held as a whole.
        in_use: Devices of which anything is held, so that their counters are charged.
        consumed: By position, the capacity that shares of the device consume, in nano units.
        remaining: What is left of each counter; below zero if more is held than there is.
    """

    __slots__ = ("_overcommitted", "_pool", "consumed", "in_use", "remaining", "used")

    def __init__(self, pool: Pool, ledger: Ledger) -> None:
        self._pool = pool
        self.used = 0
        self.in_use = 0
        self.consumed: dict[int, Mapping[str, int]] = {}
        self.remaining: dict[CounterId, int] = dict(pool.counters)
        self._overcommitted: bool | None = None
        for device in pool.devices if ledger else ():
            if ledger.in_use(device.id):
                self.refresh(device.id, ledger)

    def refresh(self, device: DeviceId, ledger: Ledger) -> None:
        """Follow a change of what is held of a device."""
        mask = self._pool.positions.get(device.device, 0)
        held = ledger.in_use(device)
        self.used = self.used | mask if device in ledger.devices else self.used & ~mask
        consumed = ledger.consumed.get(device)
        for position in each_bit(mask):
            if consumed is not None:
                self.consumed[position] = consumed
            else:
                self.consumed.pop(position, None)
            if held != bool(self.in_use >> position & 1):
                self._charge(position, 1 if held else -1)
        self.in_use = self.in_use | mask if held else self.in_use & ~mask

    def _charge(self, position: int, sign: int) -> None:
        for counter, nanos in self._pool.devices[position].consumes:
            if counter in self.remaining:
                self.remaining[counter] -= sign * nanos
                self._overcommitted = None

    @property
    def overcommitted(self) -> bool:
        """Whether more is held of some counter than there is: then no device that uses counters fits."""
        if self._overcommitted is None:
            self._overcommitted = any(nanos < 0 for nanos in self.remaining.values())
        return self._overcommitted

    def consumed_of(self, position: int) -> Mapping[str, int]:
        """What shares of a device consume."""
        return self.consumed.get(position, _NOTHING)

    def signature(self) -> Hashable:
        """Equal for pools with devices alike, at the same positions, of which the same is taken."""
        if not self.consumed:
            return self.used, self.in_use
        consumed = sorted((position, tuple(sorted(each.items()))) for position, each in self.consumed.items())
        return self.used, self.in_use, tuple(consumed)

    def groups(self) -> dict[str, SharedGroups]:
        """By counter set, the compatibility groups that the devices in use have in common."""
        groups: dict[str, SharedGroups] = {}
        for position in each_bit(self.in_use):
            for counter_set, names in self._pool.devices[position].groups:
                groups[counter_set] = groups.get(counter_set, SHARED_FREELY).joined(names)
        return groups


class Account(Protocol):
    """What is taken, pool by pool: all that a search asks."""

    def usage(self, pool: Pool) -> Usage:
        """What is taken of a pool."""
        ...


class Books:
    """The usage of every pool that was looked at, and the ledger behind it.

    Args:
        ledger: What is taken. It must change through `changed` only.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._usages: dict[Pool, Usage] = {}
        self._by_pool: dict[tuple[str, str], list[Usage]] = {}

    def usage(self, pool: Pool) -> Usage:
        """What is taken of a pool."""
        usage = self._usages.get(pool)
        if usage is None:
            usage = self._usages[pool] = Usage(pool, self.ledger)
            self._by_pool.setdefault((pool.driver, pool.name), []).append(usage)
        return usage

    def forget(self, pools: Iterable[Pool]) -> None:
        """Drop the usage of pools that are gone."""
        for pool in pools:
            usage = self._usages.pop(pool, None)
            if usage is not None:
                self._by_pool[pool.driver, pool.name].remove(usage)

    def changed(self, device: DeviceId) -> None:
        """Follow a change of the ledger."""
        for usage in self._by_pool.get((device.driver, device.pool), ()):
            usage.refresh(device, self.ledger)
