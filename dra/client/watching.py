"""Changes as they happen, over broken connections, restarts of the server and forgotten versions."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, Generic, TypeVar

import attrs
from pydantic_core import from_json

from dra.client import requests
from dra.client.answers import failure, refusal
from dra.client.listing import Page, listed
from dra.client.requests import Endpoint, Request, Selection
from dra.client.steps import NEXT_PART, Pause, Retry, Steps
from dra.errors import ExpiredError, TooManyRequestsError, UnavailableError, UnreachableError
from dra.models.meta import KubernetesObject

__all__ = ["Change", "Event", "Watching"]

_Object = TypeVar("_Object", bound=KubernetesObject)

# The server ends a watch after this time, and we begin the next where it ended.
_SECONDS: Final = 240
_GRACE: Final = 10.0
_PASSING: Final = (UnreachableError, UnavailableError, TooManyRequestsError)


class Change(str, Enum):
    """What became of an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"

    def __str__(self) -> str:
        return self.value


@attrs.frozen
class Event(Generic[_Object]):
    """A change of an object.

    Attributes:
        change: What became of it.
        object: The object now; of a deleted one its last state.
    """

    change: Change
    object: _Object


@attrs.define
class Watching(Generic[_Object]):
    """A watch that goes on whatever happens, until its time is over.

    Attributes:
        kind: The class of the objects.
        endpoint: Where they are.
        selection: Which objects.
        retry: How long to pause between attempts to connect.
        since: The resource version from which on changes are told; empty to be told what there is first.
        deadline: When it ends, in seconds of the monotonic clock; None for never.
        interval: After so many seconds without a change, `next_event` returns None.
    """

    kind: type[_Object]
    endpoint: Endpoint
    selection: Selection
    retry: Retry
    since: str = ""
    deadline: float | None = None
    interval: float | None = None
    _known: dict[tuple[str, str], _Object] = attrs.field(factory=dict, init=False, repr=False)
    _events: deque[Event[_Object]] = attrs.field(factory=deque, init=False, repr=False)
    _request: Request | None = attrs.field(default=None, init=False, repr=False)
    _rest: bytes = attrs.field(default=b"", init=False, repr=False)
    _failures: int = attrs.field(default=0, init=False, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether its time is over."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def next_event(self) -> Steps[Event[_Object] | None]:
        """The next change; None when an interval has passed without one, or the time is over.

        Raises:
            ApiError: What does not pass: a missing right, a kind that is not there.
        """
        quiet_until = None if self.interval is None else time.monotonic() + self.interval
        while not self._events:
            if self.is_over or (quiet_until is not None and time.monotonic() >= quiet_until):
                return None
            try:
                yield from self._advance(quiet_until)
            except ExpiredError:
                if not self.since:  # a list that expires again and again
                    yield Pause(self.retry.longest)
                self.since, self._request = "", None
            except _PASSING as error:
                self._request = None
                self._failures += 1
                pause = self.retry.pause(self._failures, error.retry_after)
                yield Pause(min(pause, self._left(None)))
        return self._events.popleft()

    def _advance(self, quiet_until: float | None) -> Steps[None]:
        """One step on: list, connect, or read."""
        if not self.since:
            patient = attrs.evolve(self.retry, attempts=1)
            page = yield from listed(self.endpoint, self.selection, patient)
            self._events.extend(self._differences(page))
            self.since = page.resource_version
            self._failures = 0
        elif self._request is None:
            left = self._left(quiet_until)
            seconds = max(1, math.ceil(min(left, _SECONDS)))
            request = requests.watch(
                self.endpoint, self.selection, self.since, seconds, min(seconds + _GRACE, left + 1.0)
            )
            answer = yield request
            error = failure(request, answer)
            if error is not None:
                raise error
            self._request, self._rest = request, b""
        else:
            part: bytes = yield NEXT_PART
            if not part:
                self._request = None
                return
            *lines, self._rest = (self._rest + part).split(b"\n")
            for line in lines:
                if line.strip():
                    self._take(self._request, line)

    def _left(self, quiet_until: float | None) -> float:
        """Seconds until something has to be said."""
        ends = [each for each in (self.deadline, quiet_until) if each is not None]
        return max(min(ends) - time.monotonic(), 0.0) if ends else math.inf

    def _take(self, request: Request, line: bytes) -> None:
        """A line of the stream.

        Raises:
            ApiError: It is an error.
        """
        try:
            told = from_json(line)
            data, what = told["object"], told["type"]
        except (ValueError, KeyError, TypeError):
            raise UnreachableError("the stream of changes is broken", verb="watch") from None
        if what == "ERROR":
            raise refusal(request, data)
        self._failures = 0
        version = (data.get("metadata") or {}).get("resourceVersion")
        if what != "BOOKMARK":
            self._note(Change(what), self._decoded(data))
        self.since = version or self.since

    def _note(self, change: Change, obj: _Object) -> None:
        if change is Change.DELETED:
            self._known.pop(_key(obj), None)
        else:
            self._known[_key(obj)] = obj
        self._events.append(Event(change, obj))

    def _differences(self, page: Page) -> Iterator[Event[_Object]]:
        """What a new list says that was not known: first what is gone, since others may have its place."""
        now = {_key(obj): obj for obj in map(self._decoded, page.items)}
        for key, known in list(self._known.items()):
            if key not in now or now[key].metadata.uid != known.metadata.uid:
                del self._known[key]
                yield Event(Change.DELETED, known)
        for key, obj in now.items():
            if key not in self._known:
                yield Event(Change.ADDED, obj)
            elif self._known[key].metadata.resource_version != obj.metadata.resource_version:
                yield Event(Change.MODIFIED, obj)
        self._known = now

    def _decoded(self, data: Any) -> _Object:
        return self.kind.from_dict(data)


def _key(obj: KubernetesObject) -> tuple[str, str]:
    return obj.metadata.namespace or "", obj.metadata.name or ""
