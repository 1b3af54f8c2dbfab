"""The client for asyncio: `dra.client`, with `await`.

It uses `kubernetes.aio` of the official client 37 and newer. All that it does besides sending is shared with
`dra.client.Client`, so what is said there holds here.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from types import TracebackType
from typing import Any, Final, TypeVar, overload

from typing_extensions import Self

from dra.client import configuration
from dra.client.allocation import Progress, wait_allocated
from dra.client.answers import Answer
from dra.client.configuration import heeding_plugins, secrets_of
from dra.client.contents import read_contents
from dra.client.discovery import Discovery
from dra.client.listing import PAGE_SIZE
from dra.client.redaction import Redact, Redaction
from dra.client.requests import Request, Selector
from dra.client.session import Propagation, Session
from dra.client.snapshot import writing
from dra.client.steps import Given, Pause, Retry, Steps
from dra.client.transport import request_headers, unreachable, without
from dra.client.watching import Event
from dra.errors import ConfigError, UnreachableError
from dra.models.kinds import decode
from dra.models.meta import KubernetesObject
from dra.models.resource import ResourceClaim

__all__ = ["Client", "connect"]

_Object = TypeVar("_Object", bound=KubernetesObject)
_Result = TypeVar("_Result")

_CONNECT_SECONDS: Final = 10.0


async def connect(
    context: str | None = None,
    kubeconfig: str | os.PathLike[str] | None = None,
    in_cluster: bool | None = None,
    *,
    namespace: str | None = None,
    manager: str = "dra",
    prefer: Sequence[str] = (),
    retry: Retry | None = None,
    page_size: int = PAGE_SIZE,
) -> Client:
    """As `dra.client.connect`.

    Raises:
        ConfigError: There is no such file or context, or the official client is older than 37.
    """
    place = configuration.find(context, kubeconfig, in_cluster)
    api_client, default = await _load(place)
    return Client(
        api_client,
        namespace=namespace or default,
        manager=manager,
        prefer=prefer,
        retry=retry,
        page_size=page_size,
    )


async def _load(place: configuration.Place) -> tuple[Any, str]:
    with configuration.reading(place):
        try:
            from kubernetes.aio import client, config
        except ModuleNotFoundError as missing:
            reason = f"asyncio needs {missing.name}, which the official client has since 37"
            raise ConfigError(reason, remedy="pip install 'kubernetes>=37'") from None

        kubernetes_config: Any = config  # it has no types
        settings: Any = client.Configuration()
        if place.in_cluster:
            kubernetes_config.load_incluster_config(client_configuration=settings)
            return client.ApiClient(configuration=settings), configuration.pod_namespace()
        contexts = kubernetes_config.list_kube_config_contexts(place.kubeconfig)
        namespace = configuration.context_namespace(place, *contexts)
        loader = await kubernetes_config.load_kube_config(
            place.kubeconfig, place.context, client_configuration=settings
        )
        settings.refresh_api_key_hook = _renewal(loader)
        return client.ApiClient(configuration=settings), namespace
    raise AssertionError("reading returns or raises")


def _renewal(loader: Any) -> Callable[[Any], Awaitable[None]]:
    """Ask a plugin anew whose token has expired, as the official client does by itself without asyncio."""

    async def renew(settings: Any) -> None:
        if hasattr(loader, "exec_plugin_expiry"):
            await loader.load_from_exec_plugin()
            settings.api_key["BearerToken"] = loader.token

    return renew


class Client:
    """As `dra.client.Client`; every method is to be awaited, and `watch` iterated over with `async for`.

    Args:
        api_client: A `kubernetes.aio.client.ApiClient` of the official client.
        namespace: As for `dra.client.connect`.
        manager: As for `dra.client.connect`.
        prefer: As for `dra.client.connect`.
        retry: As for `dra.client.connect`.
        page_size: As for `dra.client.connect`.
    """

    def __init__(
        self,
        api_client: Any,
        *,
        namespace: str = "default",
        manager: str = "dra",
        prefer: Sequence[str] = (),
        retry: Retry | None = None,
        page_size: int = PAGE_SIZE,
    ) -> None:
        retry = retry if retry is not None else Retry()
        self._transport = Transport(api_client)
        self._session = Session(Discovery(retry, tuple(prefer)), retry, namespace, manager, page_size)

    def __repr__(self) -> str:
        return f"<aio.Client of {self._transport.host}, namespace {self.namespace}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    @property
    def namespace(self) -> str:
        """Where objects are that do not say."""
        return self._session.namespace

    async def kubernetes(self) -> str:
        """The server's minor, such as `1.37`."""
        return await self._transport.run(self._session.kubernetes())

    async def get(self, kind: type[_Object], name: str, namespace: str | None = None) -> _Object:
        """One object, as `dra.client.Client.get`."""
        return await self._transport.run(self._session.get(kind, name, namespace))

    async def list(
        self,
        kind: type[_Object],
        namespace: str | None = None,
        *,
        labels: Selector = None,
        fields: Selector = None,
    ) -> list[_Object]:
        """Some objects, as `dra.client.Client.list`."""
        return await self._transport.run(self._session.list(kind, namespace, labels, fields))

    def watch(
        self,
        kind: type[_Object],
        namespace: str | None = None,
        *,
        labels: Selector = None,
        fields: Selector = None,
        since: str = "",
        timeout: float | None = None,
    ) -> AsyncIterator[Event[_Object]]:
        """Changes as they happen, as `dra.client.Client.watch`."""
        return self._transport.converse(
            self._session.watch(kind, namespace, labels, fields, since, timeout), []
        )

    async def wait(
        self,
        kind: type[_Object],
        name: str,
        until: Callable[[_Object], object],
        namespace: str | None = None,
        *,
        timeout: float | None = None,
    ) -> _Object:
        """An object as soon as something holds of it, as `dra.client.Client.wait`."""
        return await self._transport.run(self._session.wait(kind, name, until, namespace, timeout))

    async def wait_allocated(
        self,
        claim: ResourceClaim | str,
        namespace: str | None = None,
        *,
        timeout: float | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> ResourceClaim:
        """A claim as soon as it has its devices, as `dra.client.Client.wait_allocated`."""
        return await self._transport.run(wait_allocated(self._session, claim, namespace, timeout), progress)

    async def contents(self) -> AsyncIterator[KubernetesObject]:
        """Everything that scheduling depends on, as `dra.client.Client.contents`."""
        async for item in self._transport.converse(read_contents(self._session), []):
            yield decode(item)

    async def snapshot(
        self,
        target: str | os.PathLike[str],
        redact: Collection[Redact | str] = (),
        progress: Callable[[Mapping[str, Any]], object] | None = None,
    ) -> dict[str, int]:
        """Write what the cluster consists of to a file or folder, as `dra.client.Client.snapshot`.

        Requests do not block the loop, writing each object to the file does.
        """
        redaction = Redaction(redact)
        with writing(os.fspath(target)) as snapshot:
            async for each in self._transport.converse(read_contents(self._session), []):
                obj = redaction(each)
                snapshot.write(obj)
                if progress is not None:
                    progress(obj)
        return snapshot.counts

    async def create(self, obj: _Object, *, dry_run: bool = False) -> _Object:
        """Make a new object, as `dra.client.Client.create`."""
        return await self._transport.run(self._session.create(obj, dry_run))

    async def replace(self, obj: _Object, *, dry_run: bool = False) -> _Object:
        """Put an object in place of the one there is, as `dra.client.Client.replace`."""
        return await self._transport.run(self._session.replace(obj, dry_run))

    @overload
    async def apply(self, objects: _Object, *, force: bool = False, dry_run: bool = False) -> _Object: ...

    @overload
    async def apply(
        self, objects: Iterable[KubernetesObject], *, force: bool = False, dry_run: bool = False
    ) -> Sequence[KubernetesObject]: ...

    async def apply(
        self,
        objects: KubernetesObject | Iterable[KubernetesObject],
        *,
        force: bool = False,
        dry_run: bool = False,
    ) -> KubernetesObject | Sequence[KubernetesObject]:
        """Make one object or several as they should be, as `dra.client.Client.apply`."""
        if isinstance(objects, KubernetesObject):
            return await self._transport.run(self._session.apply(objects, force, dry_run))
        return await self._transport.run(self._session.apply_all(objects, force, dry_run))

    async def patch_status(self, obj: _Object, changes: Mapping[str, Any] | None = None) -> _Object:
        """Write an object's status, as `dra.client.Client.patch_status`."""
        return await self._transport.run(self._session.patch_status(obj, changes))

    async def delete(
        self,
        what: type[KubernetesObject] | KubernetesObject | Iterable[KubernetesObject],
        name: str = "",
        namespace: str | None = None,
        *,
        missing_ok: bool = False,
        propagation: Propagation = "Background",
        grace_period: int | None = None,
        dry_run: bool = False,
    ) -> None:
        """Delete an object by class and name, or objects, as `dra.client.Client.delete`."""
        await self._transport.run(
            self._session.delete_any(
                what,
                name,
                namespace,
                missing_ok=missing_ok,
                propagation=propagation,
                grace_period=grace_period,
                dry_run=dry_run,
            )
        )


class Transport:
    """A server, reached by an `ApiClient` of `kubernetes.aio`.

    Args:
        api_client: The `ApiClient`.
    """

    def __init__(self, api_client: Any) -> None:
        self._api_client = api_client

    @property
    def host(self) -> str:
        """The server's address."""
        return str(self._api_client.configuration.host).rstrip("/")

    async def close(self) -> None:
        """Close all connections."""
        await self._api_client.close()

    async def run(self, steps: Steps[_Result], given: Callable[[Any], object] | None = None) -> _Result:
        """Have a conversation; `given` is told every value that is given on the way."""
        results: list[_Result] = []
        async for value in self.converse(steps, results):
            if given is not None:
                given(value)
        return results[0]

    async def converse(self, steps: Steps[_Result], results: list[_Result]) -> AsyncGenerator[Any, None]:
        """Have a conversation whose given values are iterated over.

        Args:
            steps: It.
            results: Receives its result, since a generator for asyncio has none.
        """
        stream = _Stream()
        reply: object = None
        lost: UnreachableError | None = None
        try:
            while True:
                try:
                    step = steps.send(reply) if lost is None else steps.throw(lost)
                except StopIteration as done:
                    results.append(done.value)
                    return
                reply, lost = None, None
                try:
                    if isinstance(step, Request):
                        reply = await self._send(step, stream)
                    elif isinstance(step, Pause):
                        await asyncio.sleep(step.seconds)
                    elif isinstance(step, Given):
                        yield step.value
                    else:
                        reply = await stream.read()
                except UnreachableError as error:
                    lost = error
        finally:
            steps.close()
            stream.close()

    async def _send(self, request: Request, stream: _Stream) -> Answer:
        from aiohttp import ClientError, ClientTimeout

        with heeding_plugins(""):
            settings = await self._api_client.configuration.auth_settings()
        headers = request_headers(request, settings)
        timeout = ClientTimeout(
            total=None, sock_connect=_CONNECT_SECONDS, sock_read=max(request.timeout, 0.1)
        )
        try:
            answer = await self._api_client.rest_client.request(
                request.method,
                self.host + request.url,
                headers=dict(headers),
                body=request.body,
                _request_timeout=timeout,
            )
            if request.streams and answer.status < 300:
                stream.open(answer.response, request)
                return Answer(answer.status)
            data = await answer.read()
        except (ClientError, OSError, asyncio.TimeoutError) as error:
            raise unreachable(request, self.host, error) from None
        if answer.status >= 300:
            data = without(data, secrets_of(headers))
        return Answer(answer.status, data, answer.headers.get("Retry-After", ""))


class _Stream:
    """The answer that is being read, if there is one."""

    def __init__(self) -> None:
        self._response: Any = None
        self._request = Request("GET", "/")

    def open(self, response: Any, request: Request) -> None:
        self.close()
        self._response, self._request = response, request

    async def read(self) -> bytes:
        from aiohttp import ClientError

        if self._response is None:
            return b""
        try:
            part: bytes = await self._response.content.readany()
        except (ClientError, OSError, asyncio.TimeoutError) as error:
            self.close()
            raise unreachable(self._request, "the server", error) from None
        return part

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
        self._response = None
