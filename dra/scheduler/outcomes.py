"""What came of looking for devices on a node, said so that it holds for every node that is alike."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

import attrs

from dra.allocator.board import Pick
from dra.allocator.inventory import NodeView
from dra.allocator.solver import Attempt
from dra.allocator.state import Holding

__all__ = ["NOTHING_WANTED", "NO_TIME", "Effect", "Outcome"]

# A subrequest counts for a node by its place in the list, at most eight
# (`FirstAvailableDeviceRequestMaxSize`).
_SUBREQUESTS_MAX: Final = 8


@attrs.frozen(eq=False)
class Effect:
    """What an outcome does to the devices of the nodes that are alike.

    Attributes:
        devices: How many units of hardware such a node sees.
        used: How many are taken without the pod.
        used_after: How many are taken with it.
        signature: What is taken with it, device by device.
    """

    devices: int
    used: float
    used_after: float
    signature: tuple[Hashable, ...]


@attrs.frozen(eq=False)
class Outcome:
    """What an attempt to find devices gave, for all nodes that are alike.

    Attributes:
        fits: Whether there are devices.
        preference: How much the chosen alternatives of prioritized lists count (KEP-4816).
        takes: The devices that it takes, by their position among all that the node sees; for a share with
            the capacities it consumes, in nano units.
        note: Why there is no answer, if so.
    """

    fits: bool
    preference: int = 0
    takes: tuple[tuple[int, tuple[tuple[str, int], ...] | None], ...] = ()
    note: str = ""

    @classmethod
    def of(cls, attempt: Attempt | None) -> Outcome:
        """What a finished search comes to; None if the claims cannot fit."""
        if attempt is None or attempt.picks is None:
            return cls(fits=False)
        chosen = {id(pick.slot): pick for pick in attempt.picks}
        preference = 0
        for slot in attempt.slots:
            pick = chosen.get(id(slot))
            if pick is not None and slot.slot.prioritized:
                preference += _SUBREQUESTS_MAX - slot.slot.alternatives.index(pick.option.alternative)
        taking = (pick for pick in attempt.picks if not pick.option.alternative.admin_access)
        return cls(True, preference, tuple(map(_take, taking)))

    def holdings(self, view: NodeView) -> list[Holding]:
        """What it takes of one of the nodes that are alike."""
        return [
            Holding(view.device(at).id, None if consumed is None else f"share-{number}", consumed or ())
            for number, (at, consumed) in enumerate(self.takes)
        ]


NOTHING_WANTED: Final = Outcome(fits=True)
"""What comes of it where no devices are wanted."""

NO_TIME: Final = Outcome(fits=False, note="not looked at: the searches on other nodes took too long")
"""What is said of a node that is not looked at any more."""


def _take(pick: Pick) -> tuple[int, tuple[tuple[str, int], ...] | None]:
    if not pick.device.shareable:
        return pick.position, None
    return pick.position, pick.consumption.nanos if pick.consumption is not None else ()
