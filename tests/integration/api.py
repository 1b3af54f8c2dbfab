"""The API server as plain requests and JSON, so that tests see its own words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs
import urllib3

from tests.integration.control_plane import ControlPlane

Json = dict[str, Any]
_T = TypeVar("_T")

# Kinds whose objects have no namespace.
CLUSTER_WIDE = {
    "DeviceClass",
    "DeviceTaintRule",
    "Namespace",
    "Node",
    "PriorityClass",
    "ResourcePoolStatusRequest",
    "ResourceSlice",
}


@attrs.frozen
class Answer:
    """What the API server said."""

    status: int
    body: Json

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def errors(self) -> set[tuple[str, str]]:
        """Type and field of each cause."""
        causes = self.body.get("details", {}).get("causes", [])
        return {(cause.get("reason", ""), cause.get("field", "")) for cause in causes}


class Api:
    """Requests as one user of a control plane."""

    def __init__(self, control_plane: ControlPlane, user: str = "admin") -> None:
        self._server = control_plane.server
        self._pool = urllib3.PoolManager(
            ca_certs=str(control_plane.folder / "ca.pem"), retries=urllib3.Retry(3, status=0)
        )
        self._headers = {"Authorization": f"Bearer {control_plane.users[user]}"}

    def request(
        self, method: str, path: str, body: Json | None = None, content_type: str = "application/json"
    ) -> Answer:
        answer = self._pool.request(
            method,
            self._server + path,
            body=None
            if body is None
            else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(),
            headers={**self._headers, "Content-Type": content_type},
            timeout=30,
        )
        return Answer(answer.status, json.loads(answer.data or b"{}"))

    def create(self, obj: Mapping[str, Any], *, dry_run: bool = False) -> Answer:
        return self.request("POST", collection(obj) + ("?dryRun=All" if dry_run else ""), dict(obj))

    def update(self, obj: Mapping[str, Any], *, subresource: str = "", dry_run: bool = False) -> Answer:
        path = f"{location(obj)}{'/' + subresource if subresource else ''}"
        return self.request("PUT", path + ("?dryRun=All" if dry_run else ""), dict(obj))

    def get(self, obj: Mapping[str, Any]) -> Answer:
        return self.request("GET", location(obj))

    def delete(self, obj: Mapping[str, Any]) -> Answer:
        """Delete an object now, whatever finalizers it has."""
        answer = self.request("DELETE", location(obj) + "?gracePeriodSeconds=0")
        if answer.ok and answer.body.get("metadata", {}).get("finalizers"):
            self.patch(obj, {"metadata": {"finalizers": None}})
        return answer

    def patch(self, obj: Mapping[str, Any], changes: Json) -> Answer:
        """Merge changes into an object."""
        return self.request("PATCH", location(obj), changes, "application/merge-patch+json")

    def must(self, answer: Answer) -> Json:
        """The body of a request that has to go well."""
        assert answer.ok, answer.body.get("message", answer.body)
        return answer.body

    def apply(self, *objects: Mapping[str, Any]) -> list[Json]:
        """Create objects, with their status where they have one."""
        made = []
        for obj in objects:
            body = self.must(self.create(obj))
            if obj.get("status"):
                body = self.must(self.update({**body, "status": obj["status"]}, subresource="status"))
            made.append(body)
        return made


def until(found: Callable[[], _T | None], what: str, seconds: float = 60) -> _T:
    """What a function gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = found()
        if value is not None:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {seconds} seconds")


def collection(obj: Mapping[str, Any]) -> str:
    """The path of an object's collection."""
    version, kind = obj["apiVersion"], obj["kind"]
    root = "/apis/" if "/" in version else "/api/"
    plural = kind.lower() + ("es" if kind.endswith("s") else "s")
    namespace = "" if kind in CLUSTER_WIDE else f"/namespaces/{obj['metadata'].get('namespace', 'default')}"
    return f"{root}{version}{namespace}/{plural}"


def location(obj: Mapping[str, Any]) -> str:
    """The path of an object."""
    return f"{collection(obj)}/{obj['metadata']['name']}"
