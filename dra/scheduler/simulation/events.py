"""The order of events: first what leaves goes, then what waits is tried, then new things come."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from itertools import groupby
from math import inf
from typing import Generic, Protocol, TypeVar

__all__ = ["Departures", "Stream", "play"]

_T = TypeVar("_T")
_Arrival = TypeVar("_Arrival")
_Coming = TypeVar("_Coming", contravariant=True)


class Departures(Generic[_T]):
    """What will leave.

    Example:
        >>> leaving = Departures()
        >>> for number, (time, name) in enumerate([(2.0, "b"), (1.0, "a"), (2.0, "c")]):
        ...     leaving.add(time, number, name)
        >>> leaving.next, leaving.pop(), leaving.next, leaving.pop(), leaving.next
        (1.0, ['a'], 2.0, ['b', 'c'], inf)
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, _T]] = []

    @property
    def next(self) -> float:
        """When something leaves next; infinity if nothing does."""
        return self._heap[0][0] if self._heap else inf

    def add(self, time: float, number: int, what: _T) -> None:
        """Let something leave.

        Args:
            time: When.
            number: Its own, the lower the earlier among those that leave at the same time.
            what: What leaves.
        """
        heapq.heappush(self._heap, (time, number, what))

    def pop(self) -> list[_T]:
        """All that leaves next."""
        now, gone = self.next, []
        while self._heap and self.next == now:
            gone.append(heapq.heappop(self._heap)[2])
        return gone


class Stream(Protocol[_Coming]):
    """A cluster at one moment, with what will leave it and what waits for it."""

    @property
    def next_departure(self) -> float:
        """When something leaves next; infinity if nothing does."""
        ...

    def arrive(self, arrival: _Coming, /) -> None:
        """Something comes: it is placed, or waits, or is dropped."""

    def depart(self) -> None:
        """All that leaves next leaves, and what waits is tried."""


def play(
    stream: Stream[_Arrival],
    arrivals: Iterable[_Arrival],
    time_of: Callable[[_Arrival], float],
    watch: Callable[[float], object],
    advance: Callable[[], object] | None = None,
) -> None:
    """Let things come and go until nothing leaves any more.

    Args:
        stream: The cluster.
        arrivals: What comes, in order of time.
        time_of: When something comes.
        watch: Called with each moment, once all that happens at it has happened.
        advance: Called for each arrival.
    """
    for time, group in groupby(arrivals, key=time_of):
        while stream.next_departure <= time:
            moment = stream.next_departure
            stream.depart()
            if moment < time:
                watch(moment)
        for each in group:
            stream.arrive(each)
            if advance:
                advance()
        watch(time)
    while stream.next_departure < inf:
        moment = stream.next_departure
        stream.depart()
        watch(moment)
