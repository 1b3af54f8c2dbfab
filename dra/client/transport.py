"""Sending requests through the official client: its connections, certificates and credentials.

Only what all its releases from 27 to 37 have is used: `ApiClient.rest_client.pool_manager`, and the
authentication of its `Configuration`, which runs exec plugins and renews tokens.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, Final, TypeVar

from dra._version import __version__
from dra.client.answers import Answer
from dra.client.configuration import heeding_plugins, secrets_of
from dra.client.requests import Request
from dra.client.steps import Given, Pause, Steps
from dra.errors import ConfigError, UnreachableError

__all__ = ["Transport"]

_Result = TypeVar("_Result")

_CONNECT_SECONDS: Final = 10.0
_PART: Final = 1 << 16
HIDDEN: Final = b"<hidden>"
_NOT_SENT: Final = (
    "ConnectTimeoutError",
    "ConnectionRefusedError",
    "NameResolutionError",
    "NewConnectionError",
)


class Transport:
    """A server, reached by an `ApiClient` of the official client.

    Args:
        api_client: A `kubernetes.client.ApiClient`.
    """

    def __init__(self, api_client: Any) -> None:
        self._api_client = api_client

    @property
    def host(self) -> str:
        """The server's address."""
        return str(self._api_client.configuration.host).rstrip("/")

    def close(self) -> None:
        """Close all connections."""
        self._api_client.rest_client.pool_manager.clear()
        close = getattr(self._api_client, "close", None)
        if close is not None:
            close()

    def run(self, steps: Steps[_Result], given: Callable[[Any], object] | None = None) -> _Result:
        """Have a conversation.

        Args:
            steps: It.
            given: Told every value that is given on the way.
        """
        conversation = self.converse(steps)
        while True:
            try:
                value = next(conversation)
            except StopIteration as done:
                result: _Result = done.value
                return result
            if given is not None:
                given(value)

    def converse(self, steps: Steps[_Result]) -> Generator[Any, None, _Result]:
        """Have a conversation whose given values are iterated over."""
        stream = _Stream()
        reply: object = None
        lost: UnreachableError | None = None
        try:
            while True:
                try:
                    step = steps.send(reply) if lost is None else steps.throw(lost)
                except StopIteration as done:
                    result: _Result = done.value
                    return result
                reply, lost = None, None
                try:
                    if isinstance(step, Request):
                        reply = self._send(step, stream)
                    elif isinstance(step, Pause):
                        time.sleep(step.seconds)
                    elif isinstance(step, Given):
                        yield step.value
                    else:
                        reply = stream.read()
                except UnreachableError as error:
                    lost = error
        finally:
            steps.close()
            stream.close()

    def _send(self, request: Request, stream: _Stream) -> Answer:
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        with heeding_plugins(""):
            settings = self._api_client.configuration.auth_settings()
        headers = request_headers(request, settings)
        body = None if request.body is None else encoded(request.body)
        try:
            answer = self._api_client.rest_client.pool_manager.request(
                request.method,
                self.host + request.url,
                body=body,
                headers=headers,
                preload_content=False,
                redirect=False,
                retries=False,
                timeout=Timeout(connect=_CONNECT_SECONDS, read=max(request.timeout, 0.1)),
            )
            if request.streams and answer.status < 300:
                stream.open(answer, request)
                return Answer(answer.status)
            data = answer.read(decode_content=True)
            answer.release_conn()
        except (HTTPError, OSError) as error:
            raise unreachable(request, self.host, error) from None
        if answer.status >= 300:
            data = without(data, secrets_of(headers))
        return Answer(answer.status, data, answer.headers.get("Retry-After", ""))


class _Stream:
    """The answer that is being read, if there is one."""

    def __init__(self) -> None:
        self._answer: Any = None
        self._parts: Iterator[bytes] = iter(())
        self._request: Request | None = None

    def open(self, answer: Any, request: Request) -> None:
        self.close()
        self._answer, self._request = answer, request
        self._parts = answer.stream(_PART, decode_content=True)

    def read(self) -> bytes:
        from urllib3.exceptions import HTTPError

        try:
            return next(self._parts, b"")
        except (HTTPError, OSError) as error:
            request = self._request
            self.close()
            raise unreachable(request or Request("GET", "/"), "the server", error) from None

    def close(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer.release_conn()
        self._answer, self._parts = None, iter(())


def request_headers(request: Request, settings: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What is sent before a request's body.

    Args:
        request: The request.
        settings: Credentials, as `Configuration.auth_settings` of the official client has them.
    """
    headers = {"Accept": "application/json", "User-Agent": f"k8s-dra/{__version__}"}
    for setting in settings.values():
        if setting.get("in") == "header" and setting.get("value"):
            headers[setting["key"]] = setting["value"]
    if request.body is not None:
        headers["Content-Type"] = request.content_type
    return headers


def encoded(body: Any) -> bytes:
    """The body of a request."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def without(data: bytes, secrets: list[bytes]) -> bytes:
    """What a server said, without the credentials it was sent, should it repeat them."""
    for secret in secrets:
        data = data.replace(secret, HIDDEN)
    return data


def unreachable(request: Request, host: str, error: Exception) -> UnreachableError:
    """The error for a connection that failed.

    Raises:
        ConfigError: It fails for good: the server's certificate is not trusted.
    """
    reasons = [type(each).__name__ for each in _chain(error)]
    if any("CertVerification" in reason or "Certificate" in reason for reason in reasons):
        raise ConfigError(
            "the server's certificate is not to be trusted",
            source=host,
            remedy="the kubeconfig's certificate-authority has to be that of the cluster",
        ) from None
    sent = not any(each in _NOT_SENT or each.startswith("ClientConnector") for each in reasons)
    what = "no connection" if not sent else "the connection broke, or no answer came in time"
    return UnreachableError(
        f"{host} cannot be reached: {what} ({reasons[0]})",
        sent=sent,
        verb=request.verb,
        resource=request.resource,
        subject=request.subject,
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it is because of."""
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo:
        each = todo.pop(0)
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            todo += [getattr(each, "reason", None), each.__cause__, each.__context__, *each.args]
