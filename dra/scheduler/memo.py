"""What was found out, remembered within limits: a dictionary that forgets all when it gets too large."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import count
from typing import TypeVar

__all__ = ["Memo", "Numbers"]

_K = TypeVar("_K")
_V = TypeVar("_V")


class Memo(dict[_K, _V]):
    """What is known by key.

    Args:
        limit: How many answers are kept.

    Example:
        >>> memo = Memo(limit=100)
        >>> memo.keep("two", 2)
        2
    """

    __slots__ = ("limit",)

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def keep(self, key: _K, value: _V) -> _V:
        """Remember a value, and give it."""
        if len(self) >= self.limit:
            self.clear()
        self[key] = value
        return value


class Numbers:
    """Numbers in place of large values that are compared often: equal values have equal numbers.

    No number is given twice, so one that was forgotten can do no harm.

    Args:
        limit: How many values are kept.

    Example:
        >>> numbers = Numbers(limit=100)
        >>> numbers.of(("a", "b")) == numbers.of(("a", "b")), numbers.of("c") == numbers.of("d")
        (True, False)
    """

    def __init__(self, limit: int) -> None:
        self._known: Memo[Hashable, int] = Memo(limit)
        self._next = count()

    def of(self, value: Hashable) -> int:
        """The number of a value."""
        known = self._known.get(value)
        return self._known.keep(value, next(self._next)) if known is None else known
