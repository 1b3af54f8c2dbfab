"""What goes wrong with a real API server: killed, busy, forgetful; what is waited for is deleted."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

import dra
import dra.client
from dra.client import Change, Progress
from dra.client.aio import connect as connect_async
from dra.errors import DeletedError, TooManyRequestsError, WaitTimeoutError
from dra.models.meta import KubernetesObject
from tests.integration.api import Api, until
from tests.integration.clients import claim, client_of, device_class, namespace, node, node_slice, pod
from tests.integration.control_plane import ControlPlane

pytestmark = pytest.mark.integration

SPACE = "survivors"


@pytest.fixture(scope="module")
def client(control_plane: ControlPlane, api: Api) -> Iterator[dra.client.Client]:
    with client_of(control_plane, namespace=SPACE) as connected:
        made = [namespace(SPACE), device_class()]
        connected.apply(made)
        yield connected
        connected.delete(made)


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def kill_and_restart(control_plane: ControlPlane) -> None:
    """Kill the API server. The others begin anew, too: they would look again only after half a minute."""
    others = ("kube-controller-manager", "kube-scheduler")
    control_plane.stop("kube-apiserver", *others)
    time.sleep(1)  # requests meet a server that is away
    control_plane.start("kube-apiserver", *others)


@contextmanager
def existing(client: dra.client.Client, *objects: KubernetesObject) -> Iterator[None]:
    """Objects that are gone afterwards, whatever happens."""
    client.apply(objects)
    try:
        yield
    finally:
        client.delete(objects, grace_period=0)


def condition(client: dra.client.Client, name: str) -> str | None:
    """Why the scheduler has no node for a pod, once it has said so."""
    status = client.get(dra.Pod, name).status
    conditions = (status.conditions if status is not None else None) or ()
    return next((each.message for each in conditions if each.type == "PodScheduled" and each.message), None)


def test_a_watch_and_a_wait_survive_a_killed_server(
    client: dra.client.Client, control_plane: ControlPlane, background: ThreadPoolExecutor
) -> None:
    seen: list[tuple[str, str]] = []

    def watch() -> None:
        for event in client.watch(dra.ResourceClaim, labels="test=survives", timeout=120):
            seen.append((str(event.change), event.object.metadata.name or ""))
            if event.object.metadata.name == "last":
                return

    names: list[str] = []

    async def watch_async() -> None:
        kubeconfig = control_plane.write_kubeconfig("admin")
        async with await connect_async(kubeconfig=kubeconfig, namespace=SPACE) as other:
            async for event in other.watch(dra.ResourceClaim, labels="test=survives", timeout=120):
                names.append(event.object.metadata.name or "")
                if names[-1] == "last":
                    break

    client.create(labelled("first"))
    watching = background.submit(watch)
    watching_async = background.submit(asyncio.run, watch_async())
    waiting = background.submit(client.wait, dra.ResourceClaim, "last", lambda each: True, timeout=120)
    until(lambda: (seen and names) or None, "the watches begin")
    kill_and_restart(control_plane)
    client.delete(dra.ResourceClaim, "first")
    client.create(labelled("last"))
    watching.result(120)
    assert seen[0] == ("ADDED", "first")
    assert seen[-1] == ("ADDED", "last")
    assert ("DELETED", "first") in seen
    assert waiting.result(120).metadata.name == "last"
    watching_async.result(120)
    assert names[-1] == "last"
    client.delete(dra.ResourceClaim, "last")


def labelled(name: str) -> dra.ResourceClaim:
    made = claim(name, SPACE)
    made.metadata.labels = {"test": "survives"}
    return made


def test_a_wait_for_devices_survives_a_killed_server(
    client: dra.client.Client, control_plane: ControlPlane, background: ThreadPoolExecutor
) -> None:
    told: list[Progress] = []
    place = node("survivor")
    devices = node_slice("survivor", "survivor", [{"name": "gpu-0"}])
    with existing(client, claim("patient", SPACE), pod("patient", SPACE, "patient")):
        waiting = background.submit(client.wait_allocated, "patient", timeout=120, progress=told.append)
        until(lambda: told or None, "progress is told")
        kill_and_restart(control_plane)
        with existing(client, place, devices):
            client.patch_status(place)
            allocated = waiting.result(120)
    assert allocated.status is not None
    assert allocated.status.allocation is not None


def test_a_wait_says_why_and_ends_in_time(client: dra.client.Client) -> None:
    wanted = claim("vain", SPACE, count=3)
    told: list[Progress] = []
    with existing(client, wanted, pod("vain", SPACE, "vain")):
        reason = until(lambda: condition(client, "vain"), "the scheduler looks at the pod")
        with pytest.raises(WaitTimeoutError) as late:
            client.wait_allocated(wanted, timeout=3, progress=told.append)
    assert isinstance(late.value, TimeoutError)
    assert told[-1].scheduler == (f"Pod {SPACE}/vain: {reason}",)
    assert "cannot be scheduled" in told[-1].explanation
    assert told[-1].explanation in str(late.value)


def test_a_claim_deleted_while_somebody_waits(
    client: dra.client.Client, background: ThreadPoolExecutor
) -> None:
    client.create(claim("doomed", SPACE))
    told: list[Progress] = []
    waiting = background.submit(client.wait_allocated, "doomed", timeout=60, progress=told.append)
    until(lambda: told or None, "the wait begins")
    client.delete(dra.ResourceClaim, "doomed")
    with pytest.raises(DeletedError, match=f"ResourceClaim {SPACE}/doomed: deleted while it was waited for"):
        waiting.result(60)


def test_a_wait_without_rights_to_explain_still_waits(
    client: dra.client.Client, control_plane: ControlPlane
) -> None:
    rules = [
        {"apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims"], "verbs": ["get", "list", "watch"]}
    ]
    role = {"kind": "Role", "metadata": {"name": "waiter"}, "rules": rules}
    binding = {
        "kind": "RoleBinding",
        "metadata": {"name": "waiter"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "waiter"},
        "subjects": [{"kind": "User", "name": "nobody"}],
    }
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1"}
    objects = dra.load([{**rbac, **role}, {**rbac, **binding}])
    client.apply([claim("unexplained", SPACE), *objects])
    with (
        client_of(control_plane, "nobody", namespace=SPACE) as nobody,
        pytest.raises(WaitTimeoutError, match="may not list pods"),
    ):
        nobody.wait_allocated("unexplained", timeout=3)
    client.delete(objects)


# --- a server that forgets ----------------------------------------------------------------------------------


def test_an_expired_version_is_noticed_and_everything_told_again(
    client: dra.client.Client, control_plane: ControlPlane, api: Api
) -> None:
    """Version 1 is before anything that a server remembers that began later, as it says itself."""
    kill_and_restart(control_plane)
    path = f"/apis/resource.k8s.io/v1/namespaces/{SPACE}/resourceclaims"
    query = "?watch=true&resourceVersion=1&timeoutSeconds=1"
    answer = api._pool.request("GET", api._server + path + query, headers=api._headers, timeout=30)
    assert json.loads(answer.data.splitlines()[0])["object"]["code"] == 410
    client.create(claim("remembered", SPACE))
    watching = client.watch(dra.ResourceClaim, fields="metadata.name=remembered", since="1", timeout=30)
    first = next(watching)
    assert (first.change, first.object.metadata.name) == (Change.ADDED, "remembered")


def test_a_list_that_is_compacted_away_half_way_is_read_again(
    client: dra.client.Client, control_plane: ControlPlane, api: Api
) -> None:
    classes = [device_class(f"compacted-{index}.example.com") for index in range(6)]
    listing = "/apis/resource.k8s.io/v1/deviceclasses?limit=2"
    with existing(client, *classes), client_of(control_plane, page_size=2) as small:
        token = api.must(api.request("GET", listing))["metadata"]["continue"]
        reading = small.contents()
        wanted = next(each for each in reading if isinstance(each, dra.DeviceClass))
        compact(control_plane, client, classes[0])
        kill_and_restart(control_plane)  # it would remember what etcd has forgotten
        assert api.request("GET", f"{listing}&continue={token}").status == 410
        rest = [each.metadata.name for each in reading if isinstance(each, dra.DeviceClass)]
    names = [wanted.metadata.name, *rest]
    assert len(names) == len(set(names))
    assert {each.metadata.name for each in classes} <= set(names)


def compact(control_plane: ControlPlane, client: dra.client.Client, obj: dra.DeviceClass) -> None:
    """Change an object, and have etcd forget everything before that."""
    changed = obj.model_copy(deep=True)
    changed.metadata.labels = {"test": "compacted"}
    latest = int(client.apply(changed).metadata.resource_version or 0)
    body = json.dumps({"revision": latest, "physical": True}).encode()
    url = f"http://127.0.0.1:{control_plane._ports['etcd']}/v3/kv/compaction"
    with urllib.request.urlopen(urllib.request.Request(url, body, method="POST"), timeout=30) as answer:
        assert answer.status == 200


# --- a server that has too much to do -----------------------------------------------------------------------


@contextmanager
def busy_front(control_plane: ControlPlane, folder: Path, refusals: int) -> Iterator[tuple[Path, list[str]]]:
    """A kubeconfig of a server that refuses so many requests with 429, then passes them to the API server."""
    seen: list[str] = []
    api = Api(control_plane)

    class Front(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            seen.append(f"{self.command} {self.path.partition('?')[0]}")
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(seen) <= refusals:
                self.answer(429, b"Too many requests, please try again later.", ("Retry-After", "1"))
                return
            passed = {
                name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers
            }
            answer = api._pool.request(
                self.command, control_plane.server + self.path, body=body or None, headers=passed, timeout=30
            )
            self.answer(answer.status, answer.data, ("Content-Type", "application/json"))

        do_POST = do_PATCH = do_GET  # noqa: N815 - the names that http.server looks for

        def answer(self, status: int, body: bytes, header: tuple[str, str]) -> None:
            self.send_response(status)
            self.send_header(*header)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings = yaml.safe_load(control_plane.kubeconfig.read_text())
    settings["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{server.server_address[1]}"}
    path = folder / "busy.kubeconfig"
    path.write_text(yaml.safe_dump(settings))
    try:
        yield path, seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.list(dra.DeviceClass),
        lambda client: client.create(claim("busy", SPACE), dry_run=True),
        lambda client: client.apply(claim("busy", SPACE), dry_run=True),
    ],
    ids=["list", "create", "apply"],
)
def test_a_busy_server_is_asked_again(
    client: dra.client.Client,
    control_plane: ControlPlane,
    tmp_path: Path,
    ask: Callable[[dra.client.Client], object],
) -> None:
    with busy_front(control_plane, tmp_path, 2) as (kubeconfig, seen):
        began = time.monotonic()
        with dra.client.connect(kubeconfig=kubeconfig, namespace=SPACE) as patient:
            assert ask(patient)
        assert time.monotonic() - began >= 2.0  # as long as the server asked for, twice
        assert seen[0] == seen[1] == seen[2]


def test_a_server_that_stays_busy_is_an_error_in_the_end(
    client: dra.client.Client, control_plane: ControlPlane, tmp_path: Path
) -> None:
    with busy_front(control_plane, tmp_path, 1000) as (kubeconfig, seen):
        retry = dra.client.Retry(attempts=3, asked_longest=0.1)
        with (
            dra.client.connect(kubeconfig=kubeconfig, retry=retry) as patient,
            pytest.raises(TooManyRequestsError, match="Too many requests"),
        ):
            patient.list(dra.DeviceClass)
        assert len(seen) == 3
