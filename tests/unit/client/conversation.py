"""Having a conversation without a server: what it asks, and answers from a list."""

from __future__ import annotations

import json
from typing import Any, Generic, TypeVar

import attrs

from dra.client.answers import Answer
from dra.client.requests import Request
from dra.client.steps import Given, NextPart, Pause, Steps
from dra.errors import UnreachableError

_Result = TypeVar("_Result")

BROKEN = UnreachableError("the connection broke")


@attrs.define
class Conversation(Generic[_Result]):
    """What was asked, waited for and given, and what came out.

    Attributes:
        replies: What the server says, in this order: answers, parts of streams, broken connections.
    """

    replies: list[Answer | bytes | UnreachableError]
    asked: list[Request] = attrs.field(factory=list)
    pauses: list[float] = attrs.field(factory=list)
    given: list[Any] = attrs.field(factory=list)
    result: Any = None

    def have(self, steps: Steps[_Result]) -> _Result:
        reply: object = None
        lost: UnreachableError | None = None
        while True:
            try:
                step = steps.send(reply) if lost is None else steps.throw(lost)
            except StopIteration as done:
                result: _Result = done.value
                return result
            reply, lost = None, None
            if isinstance(step, Pause):
                self.pauses.append(step.seconds)
            elif isinstance(step, Given):
                self.given.append(step.value)
            else:
                if isinstance(step, Request):
                    self.asked.append(step)
                else:
                    assert isinstance(step, NextPart)
                reply = self.replies.pop(0)
                if isinstance(reply, UnreachableError):
                    lost, reply = reply, None


def ok(body: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(body).encode())


def refused(code: int, message: str = "no", reason: str = "", **more: Any) -> Answer:
    return Answer(
        code,
        json.dumps({"kind": "Status", "code": code, "message": message, "reason": reason, **more}).encode(),
    )


def line(change: str, obj: Any) -> bytes:
    return json.dumps({"type": change, "object": obj}).encode() + b"\n"
