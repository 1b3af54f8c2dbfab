"""Conversations with the API server, apart from sending anything.

A conversation is a generator. It yields steps (a request, a pause, the next part of a stream, a value for
whoever listens), is sent what came of each, and returns the result. The client and the client for asyncio
each have a loop that takes the steps; all else (paging, retrying, resuming, waiting) is here once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterable
from itertools import count
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from dra.client.answers import Answer, failure
from dra.client.requests import Request
from dra.errors import ApiError, TooManyRequestsError, UnavailableError, UnreachableError

__all__ = ["NEXT_PART", "Given", "NextPart", "Pause", "Retry", "Step", "Steps", "exchange", "heard"]

_Result = TypeVar("_Result")


@attrs.frozen
class Pause:
    """Wait for so many seconds."""

    seconds: float


@attrs.frozen
class Given:
    """A value for whoever listens to the conversation."""

    value: Any


@attrs.frozen
class NextPart:
    """The next bytes of the stream that is open; none at its end."""


NEXT_PART: Final = NextPart()

Step: TypeAlias = "Request | Pause | Given | NextPart"
Steps: TypeAlias = Generator[Step, Any, _Result]


@attrs.frozen
class Retry:
    """When to try again after a failure that passes.

    Pauses double from `first` to `longest` seconds, each a random part (half to all) of that, so that clients
    that failed together do not come back together. What a server asks for is honoured, up to `asked_longest`.

    Attributes:
        attempts: How often a request is sent at most.
        first: The first pause, in seconds.
        longest: The longest pause.
        asked_longest: The longest that a server may ask for.

    Example:
        >>> Retry().pause(3, None, chance=lambda: 1.0), Retry().pause(1, 7.0, chance=lambda: 0.0)
        (1.0, 7.0)
    """

    attempts: int = 6
    first: float = 0.25
    longest: float = 10.0
    asked_longest: float = 60.0

    def pause(
        self, failures: int, asked: float | None, *, chance: Callable[[], float] = random.random
    ) -> float:
        """How long to wait after so many failures in a row."""
        ours = min(self.first * 2.0 ** min(failures - 1, 20), self.longest)
        jittered = ours * (0.5 + chance() / 2)
        return jittered if asked is None else max(min(asked, self.asked_longest), jittered * 0.1)


def passes(request: Request, error: ApiError) -> bool:
    """Whether sending the request again is safe and may help."""
    if isinstance(error, TooManyRequestsError):  # the server has not begun with it
        return True
    if isinstance(error, UnreachableError):
        return request.is_repeatable or not error.sent
    return isinstance(error, UnavailableError) and request.is_repeatable and error.status != 501


def exchange(request: Request, retry: Retry) -> Steps[Answer]:
    """Send a request until it is answered well, or fails in a way that does not pass.

    Raises:
        ApiError: What the server said the last time.
    """
    for attempt in count(1):
        error: ApiError | None
        try:
            answer: Answer = yield request
        except UnreachableError as lost:
            error = lost
        else:
            error = failure(request, answer)
            if error is None:
                return answer
        if attempt >= retry.attempts or not passes(request, error):
            raise error
        yield Pause(retry.pause(attempt, error.retry_after))
    raise AssertionError("counting does not end")


def heard(steps: Steps[_Result], hear: Callable[[Any], Iterable[Any]]) -> Steps[_Result]:
    """A conversation with other values given in place of those that are: for each value any number.

    Example:
        >>> def counting():
        ...     yield Given(2)
        ...     yield Pause(1.0)
        >>> list(heard(counting(), lambda number: [number, number + 1]))
        [Given(value=2), Given(value=3), Pause(seconds=1.0)]
    """
    reply: object = None
    lost: ApiError | None = None
    while True:
        try:
            step = steps.send(reply) if lost is None else steps.throw(lost)
        except StopIteration as done:
            result: _Result = done.value
            return result
        reply, lost = None, None
        if isinstance(step, Given):
            for value in hear(step.value):
                yield Given(value)
            continue
        try:
            reply = yield step
        except ApiError as error:
            lost = error
