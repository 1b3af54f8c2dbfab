"""How much a search may try, so that it ends."""

from __future__ import annotations

import time
from typing import Final

from dra.arguments import whole

__all__ = ["SECONDS", "Effort", "Exhausted"]

SECONDS: Final = 10.0
"""How long a search with a limit may take in any case."""


class Exhausted(Exception):  # noqa: N818 - a signal between modules, not an error: the answer is not proven
    """The search has tried as much as it may."""


class Effort:
    """What is left to be tried.

    Args:
        limit: How many steps; None for no limit, of time neither.

    Raises:
        LoadError: The limit is no whole number of at least 0.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = None if limit is None else whole(limit, "steps", least=0)
        self.spent = 0
        self._deadline = None if limit is None else time.monotonic() + SECONDS

    def spend(self, steps: int = 1) -> None:
        """Account for some steps.

        Raises:
            Exhausted: There were more than may be, or they took too long.
        """
        self.spent += steps
        if self.limit is None or self._deadline is None:
            return
        if self.spent > self.limit or time.monotonic() > self._deadline:
            raise Exhausted
