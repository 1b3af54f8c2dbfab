"""How much of a cluster's hardware is taken, read again and again while pods come and go."""

from __future__ import annotations

from dra.scheduler.capacity import UnitClasses
from dra.scheduler.cluster import Cluster
from dra.scheduler.hardware import UnitUse, units_in_use

__all__ = ["Gauge"]


class Gauge:
    """Reads in units of hardware what `Cluster.capacity` counts, and no more of it than a sample needs.

    Args:
        cluster: The cluster.
        device_class: Count the hardware of this class only; None for all.

    Attributes:
        total: How many units there are.

    Raises:
        DraError: As `Cluster.capacity`; there is no such class.
    """

    def __init__(self, cluster: Cluster, device_class: str | None) -> None:
        if device_class is None:
            row = cluster.capacity(by="product").total
        else:
            row = cluster.capacity(by="class")[device_class]
        self.total = row.total or 0.0
        self._class = device_class
        self._classes = UnitClasses(cluster._world)

    def read(self, cluster: Cluster) -> tuple[float, float]:
        """How many units are taken, and how many free and of no use.

        Args:
            cluster: A copy of the cluster with other pods and claims.
        """
        used = fragmented = 0.0
        world = cluster._world
        with world.engine.lock:
            for unit in units_in_use(world, cluster._workload.of(world)):
                if (unit.used or unit.fragmented) and self._counts(unit):
                    used += unit.used
                    fragmented += unit.fragmented
        return used, fragmented

    def _counts(self, unit: UnitUse) -> bool:
        return self._class is None or self._class in self._classes.of(unit)
