"""The state of one evaluation, and what ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from dra.cel.values import Value

__all__ = ["COST_LIMIT", "Constant", "CostLimitExceeded", "Frame", "InternalError", "Run"]

COST_LIMIT: Final = 1_000_000
"""The most cost units that a selector may take, both as estimated by the API server and as it runs."""


class CostLimitExceeded(Exception):  # noqa: N818 - it ends the evaluation, nothing absorbs it
    """The evaluation has cost more than it may."""

    def __init__(self) -> None:
        super().__init__("operation cancelled: actual cost limit exceeded")


class InternalError(Exception):
    """Upstream's evaluator crashes here: the whole evaluation fails, whatever surrounds it."""


class Frame:
    """The state of one evaluation: what names mean, the values of local variables, the cost so far."""

    __slots__ = ("cost", "limit", "names", "slots", "values")

    def __init__(self, names: Mapping[str, Value], slots: int, limit: int = COST_LIMIT) -> None:
        self.names = names
        self.slots: list[Any] = [None] * slots
        self.cost = 0
        self.limit = limit
        self.values: dict[int, Value] = {}  # last value by node id, where the program is watched

    def charge(self, cost: int) -> None:
        """Add to the cost.

        Raises:
            CostLimitExceeded: The limit is passed.
        """
        self.cost += cost
        if self.cost > self.limit:
            raise CostLimitExceeded

    def units(self, count: int) -> None:
        """Add to the cost as `count` steps that cost one each.

        Raises:
            CostLimitExceeded: One of them passes the limit; those after it are not made.
        """
        self.cost += count
        if self.cost > self.limit:
            self.cost = self.limit + 1
            raise CostLimitExceeded


Run: TypeAlias = Callable[[Frame], Value]


class Constant:
    """A closure whose value is known when the expression is compiled."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __call__(self, _frame: Frame) -> Value:
        """The value."""
        return self.value
