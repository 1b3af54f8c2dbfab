"""Partitionable devices (KEP-4815): what is left of shared counters, and who may share a counter set.

Counters belong to one pool of one driver. A device takes its part while it is allocated; a shared device
takes it once, however many shares it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from dra.allocator.pools import CounterId

__all__ = ["SHARED_FREELY", "CounterShortage", "SharedGroups", "shortage"]


@attrs.frozen
class CounterShortage:
    """A counter of which not enough is left; amounts in nano units."""

    counter: CounterId
    wanted: int
    left: int


def shortage(
    consumes: Iterable[tuple[CounterId, int]],
    remaining: Mapping[CounterId, int],
    spent: Mapping[CounterId, int],
) -> CounterShortage | None:
    """The first counter that cannot give what a device takes.

    Args:
        consumes: What the device takes.
        remaining: What existing allocations leave.
        spent: What this attempt has taken of it already.
    """
    for counter, nanos in consumes:
        left = remaining[counter] - spent.get(counter, 0)
        if nanos > left:
            return CounterShortage(counter, nanos, left)
    return None


@attrs.frozen
class SharedGroups:
    """The compatibility groups that all devices on a counter set have in common (Kubernetes 1.37).

    Devices that name no group go together, and with no others.

    Attributes:
        common: The groups; None while the counter set is free, empty if its devices name none.
    """

    common: frozenset[str] | None = None

    def admits(self, groups: frozenset[str]) -> bool:
        """Whether a device with these groups may join.

        Example:
            >>> SHARED_FREELY.joined(frozenset("ab")).admits(frozenset("bc"))
            True
        """
        if self.common is None:
            return True
        return bool(self.common & groups) if self.common else not groups

    def joined(self, groups: frozenset[str]) -> SharedGroups:
        """After a device with these groups has joined."""
        return SharedGroups(groups if self.common is None else self.common & groups)


SHARED_FREELY: Final = SharedGroups()
"""A counter set that no device uses yet."""
