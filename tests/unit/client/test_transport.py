"""`dra.client.transport`, for both clients, with a server that answers what it is told to."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attrs
import pytest

import dra
import dra.client
from dra.client.aio import connect as connect_async
from dra.errors import ApiError, ForbiddenError, UnavailableError, UnreachableError
from tests.unit.client.test_configuration import SECRET, kubeconfig

GROUP = {"versions": [{"groupVersion": "resource.k8s.io/v1beta1"}]}
VERSION = {"resources": [{"name": "resourceclaims", "kind": "ResourceClaim", "namespaced": True}]}
ONCE = dra.client.Retry(attempts=1)


@attrs.define
class Server:
    """A server on loopback.

    Attributes:
        host: Its address.
        answers: Status and body by path.
        asked: Method, path and headers of each request.
        bodies: What was sent.
    """

    host: str
    answers: dict[str, tuple[int, bytes]] = attrs.field(factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = attrs.field(factory=list)
    bodies: list[bytes] = attrs.field(factory=list)

    def says(self, path: str, body: Any, status: int = 200) -> None:
        self.answers[path] = (status, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            known.asked.append((self.command, self.path, dict(self.headers)))
            known.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            status, body = known.answers.get(path, (404, b"not here"))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PATCH = do_DELETE = do_PUT = do_GET  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Server(f"http://127.0.0.1:{running.server_address[1]}")
    known.says("/apis/resource.k8s.io", GROUP)
    known.says("/apis/resource.k8s.io/v1beta1", VERSION)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield known
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def config(server: Server, tmp_path: Path) -> Path:
    return kubeconfig(tmp_path / "config", clusters=[{"name": "a", "cluster": {"server": server.host}}])


def claim() -> dra.ResourceClaim:
    return dra.ResourceClaim.from_dict(
        {
            "metadata": {"name": "train"},
            "spec": {
                "devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "a.example.com"}}]}
            },
        }
    )


CLAIMS = "/apis/resource.k8s.io/v1beta1/namespaces/team/resourceclaims"


def test_an_old_server_is_spoken_to_in_its_version(server: Server, config: Path) -> None:
    flat = {"devices": {"requests": [{"name": "gpu", "deviceClassName": "a.example.com"}]}}
    stored = {"apiVersion": "resource.k8s.io/v1beta1", "kind": "ResourceClaim", "spec": flat}
    server.says(CLAIMS, stored, 201)
    with dra.client.connect(kubeconfig=config) as client:
        made = client.create(claim())
    sent = json.loads(server.bodies[-1])
    assert (sent["apiVersion"], sent["spec"]) == ("resource.k8s.io/v1beta1", flat)
    (request,) = made.spec.devices.requests or ()
    assert request.exactly is not None
    assert request.exactly.device_class_name == "a.example.com"


def test_both_clients_send_the_same(server: Server, config: Path) -> None:
    server.says(f"{CLAIMS}/train", {"apiVersion": "resource.k8s.io/v1beta1", "kind": "ResourceClaim"})

    async def apply() -> None:
        async with await connect_async(kubeconfig=config) as client:
            await client.apply(claim(), force=True)
            await client.delete(claim())

    with dra.client.connect(kubeconfig=config) as client:
        client.apply(claim(), force=True)
        client.delete(claim())
    ours = len(server.asked)
    asyncio.run(apply())
    compared = ("Accept", "authorization", "Content-Type", "User-Agent")
    sent = [
        (
            method,
            path,
            {name: headers.get(name) for name in compared if method != "GET"},
            json.loads(body or b"null"),
        )
        for (method, path, headers), body in zip(server.asked, server.bodies, strict=True)
    ]
    for one, other in zip(sent[:ours], sent[ours:], strict=True):
        assert one == other
    assert sent[ours - 1][2]["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("status", [403, 500])
def test_a_server_that_repeats_the_token_is_not_quoted(server: Server, config: Path, status: int) -> None:
    server.says(CLAIMS, f"no: authorization: Bearer {SECRET}".encode(), status)

    async def ask() -> None:
        async with await connect_async(kubeconfig=config, retry=ONCE) as client:
            await client.list(dra.ResourceClaim)

    with dra.client.connect(kubeconfig=config, retry=ONCE) as client, pytest.raises(ApiError) as refused:
        client.list(dra.ResourceClaim)
    assert "<hidden>" in str(refused.value)
    assert SECRET not in str(refused.value)
    with pytest.raises((ForbiddenError, UnavailableError)) as refused_too:
        asyncio.run(ask())
    assert SECRET not in str(refused_too.value)


def test_nobody_there(tmp_path: Path) -> None:
    config = kubeconfig(tmp_path / "config")

    async def ask() -> None:
        async with await connect_async(kubeconfig=config, retry=ONCE) as client:
            await client.list(dra.ResourceClaim)

    with (
        dra.client.connect(kubeconfig=config, retry=ONCE) as client,
        pytest.raises(UnreachableError) as refused,
    ):
        client.list(dra.ResourceClaim)
    assert not refused.value.sent
    assert "http://127.0.0.1:1 cannot be reached" in str(refused.value)
    with pytest.raises(UnreachableError) as refused_too:
        asyncio.run(ask())
    assert not refused_too.value.sent


def test_what_is_no_api_server_is_noticed(server: Server, config: Path) -> None:
    server.says("/apis/resource.k8s.io", b"<html>Welcome</html>")
    with (
        dra.client.connect(kubeconfig=config, retry=ONCE) as client,
        pytest.raises(UnavailableError, match="no JSON object"),
    ):
        client.list(dra.ResourceClaim)


def test_a_watch_ends_when_nobody_listens(server: Server, config: Path) -> None:
    listing = {"metadata": {"resourceVersion": "5"}, "items": [{"metadata": {"name": name}} for name in "ab"]}
    server.says(CLAIMS, listing)
    with dra.client.connect(kubeconfig=config) as client:
        watching = client.watch(dra.ResourceClaim)
        assert next(watching).object.metadata.name == "a"
        watching.close()  # type: ignore[attr-defined] # a generator
        assert list(watching) == []


def test_what_a_stream_says_is_told_as_it_comes_and_over_its_end(server: Server, config: Path) -> None:
    """The server ends each stream; the clients begin the next where it ended."""
    told = {"type": "ADDED", "object": {"metadata": {"name": "a", "resourceVersion": "6"}}}
    server.says(CLAIMS, json.dumps(told).encode() + b"\n")

    async def watch() -> list[str]:
        async with await connect_async(kubeconfig=config) as client:
            names = []
            async for event in client.watch(dra.ResourceClaim, since="5", timeout=30):
                names.append(event.object.metadata.name or "")
                if len(names) == 2:
                    break
            return names

    with dra.client.connect(kubeconfig=config) as client:
        watching = client.watch(dra.ResourceClaim, since="5", timeout=30)
        assert [next(watching).object.metadata.name for _ in range(2)] == ["a", "a"]
    assert "resourceVersion=5" in server.asked[-2][1]
    assert "resourceVersion=6" in server.asked[-1][1]
    assert asyncio.run(watch()) == ["a", "a"]
