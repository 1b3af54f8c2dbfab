"""How full a node is: what policies look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

__all__ = ["NodeChoice", "NodeUsage"]


@attrs.frozen(eq=False)
class NodeUsage:
    """How full a node is.

    Attributes:
        node: Its name.
        allocatable: What it has for pods by resource, in nano units; empty if it does not say.
        requested: What pods take of that.
        devices: How many devices the node sees, in units of hardware (`dra.scheduler.units`).
        devices_used: How many of them are taken, parts included.

    Example:
        >>> usage = NodeUsage("n1", {"cpu": 4}, {"cpu": 1}, devices=8, devices_used=2.0)
        >>> usage.devices_free, usage.fraction_used
        (6.0, 0.25)
    """

    node: str
    allocatable: Mapping[str, int]
    requested: Mapping[str, int]
    devices: int
    devices_used: float

    @property
    def devices_free(self) -> float:
        """How many units of hardware are left."""
        return self.devices - self.devices_used

    def fraction_of(self, resource: str) -> float:
        """The part of a resource that is taken; 0 if the node does not have it."""
        there = self.allocatable.get(resource, 0)
        return min(self.requested.get(resource, 0) / there, 1.0) if there > 0 else 0.0

    @property
    def fraction_used(self) -> float:
        """The mean part of cpu, memory and devices that is taken, over those that the node has."""
        parts = [self.fraction_of(name) for name in ("cpu", "memory") if self.allocatable.get(name, 0) > 0]
        if self.devices:
            parts.append(self.devices_used / self.devices)
        return sum(parts) / len(parts) if parts else 0.0


@attrs.frozen(eq=False)
class NodeChoice:
    """A node that a pod could go to, for a policy to judge.

    Attributes:
        before: How full it is.
        after: How full it would be.
    """

    before: NodeUsage
    after: NodeUsage
    _fragmentation: Callable[[], tuple[float, float]]

    @property
    def fragmentation(self) -> tuple[float, float]:
        """How many units of hardware the tasks of the workload could not use, before and after.

        See `dra.scheduler.fragmentation`.
        """
        return self._fragmentation()
