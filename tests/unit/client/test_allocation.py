"""`dra.client.allocation`: what a wait for devices tells, from what a server says."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import attrs
import pytest

import dra
from dra.client import allocation
from dra.client.allocation import Progress, claim_names, wait_allocated
from dra.client.answers import Answer
from dra.client.discovery import Discovery
from dra.client.requests import Request
from dra.client.session import Session
from dra.client.steps import Given, Pause, Retry, Steps
from dra.errors import LoadError, WaitTimeoutError
from tests.unit.client.conversation import ok, refused

CLASS = {"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "gpu"}, "spec": {}}
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}
SLICE = {
    "apiVersion": "resource.k8s.io/v1",
    "kind": "ResourceSlice",
    "metadata": {"name": "s1"},
    "spec": {
        "driver": "a.example.com",
        "nodeName": "n1",
        "pool": {"name": "n1", "generation": 1, "resourceSliceCount": 1},
        "devices": [{"name": "gpu-0"}],
    },
}
CLAIM = {
    "apiVersion": "resource.k8s.io/v1",
    "kind": "ResourceClaim",
    "metadata": {"name": "train", "namespace": "team", "resourceVersion": "1"},
    "spec": {
        "devices": {
            "requests": [
                {
                    "name": "gpu",
                    "exactly": {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 2},
                }
            ]
        }
    },
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "worker", "namespace": "team"},
    "spec": {"containers": [], "resourceClaims": [{"name": "gpu", "resourceClaimName": "train"}]},
}


@attrs.define
class Server:
    """What a server has, by the last part of a path; kinds that are forbidden; and what was given."""

    objects: dict[str, list[dict[str, Any]]]
    forbidden: tuple[str, ...] = ()
    given: list[Progress] = attrs.field(factory=list)

    def answer(self, request: Request) -> Answer:
        last = request.path.rpartition("/")[2]
        if request.path == "/apis/resource.k8s.io":
            return ok({"versions": [{"groupVersion": "resource.k8s.io/v1"}]})
        if request.path in ("/api/v1", "/apis/resource.k8s.io/v1"):
            return ok(
                {
                    "resources": [
                        {"name": name, "kind": kind, "namespaced": space} for name, kind, space in KINDS
                    ]
                }
            )
        if last == "version":
            return ok({"major": "1", "minor": "37"})
        if last in self.forbidden:
            return refused(403, f"cannot list {last}")
        if last not in self.objects:
            return refused(404)
        return ok({"metadata": {"resourceVersion": "9"}, "items": self.objects[last]})

    def talk(self, steps: Steps[Any]) -> Any:
        reply: object = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as done:
                return done.value
            reply = None
            if isinstance(step, Given):
                self.given.append(step.value)
            elif isinstance(step, Request):
                reply = Answer(200) if step.streams else self.answer(step)
            elif not isinstance(step, Pause):
                reply = b""


KINDS = [
    ("nodes", "Node", False),
    ("pods", "Pod", True),
    ("events", "Event", True),
    ("deviceclasses", "DeviceClass", False),
    ("resourceslices", "ResourceSlice", False),
    ("resourceclaims", "ResourceClaim", True),
]
EVERYTHING = {
    "nodes": [NODE],
    "deviceclasses": [CLASS],
    "resourceslices": [SLICE],
    "resourceclaims": [CLAIM],
    "pods": [POD],
    "events": [],
}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Report at once: nothing here waits for anything."""
    monkeypatch.setattr(allocation, "_FIRST_REPORT", 0.01)


def late(server: Server, claim: dra.ResourceClaim | str = "train") -> WaitTimeoutError:
    with pytest.raises(WaitTimeoutError) as raised:
        server.talk(wait_allocated(Session(Discovery(Retry()), Retry(), "team"), claim, None, 0.2))
    return raised.value


def test_the_explanation_is_that_of_the_cluster() -> None:
    server = Server(EVERYTHING)
    error = late(server)
    assert isinstance(error.progress, Progress)
    assert "1 of 1 devices of class gpu free, 2 wanted" in error.progress.explanation
    assert str(error).startswith("claim team/train has no devices after 0 seconds")
    told = [(each.scheduler, each.explanation) for each in server.given]
    assert all(one != other for one, other in pairwise(told)), "what is the same is told once"


def test_what_the_scheduler_says_is_told() -> None:
    condition = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}
    server = Server(EVERYTHING | {"pods": [{**POD, "status": {"conditions": [condition]}}]})
    late(server)
    assert server.given[-1].scheduler == ("Pod team/worker: 0/1 nodes are available",)
    assert "kube-scheduler: Pod team/worker: 0/1 nodes" in str(server.given[-1])


def test_events_are_asked_where_the_pod_says_nothing() -> None:
    events = [
        {"message": "older", "lastTimestamp": "2026-01-01T00:00:00Z"},
        {"message": "newer", "series": {"lastObservedTime": "2026-01-02T00:00:00Z"}},
    ]
    server = Server(EVERYTHING | {"events": events})
    late(server)
    assert server.given[-1].scheduler == ("Pod team/worker: newer",)
    server = Server(EVERYTHING, forbidden=("events",))
    late(server)
    assert server.given[-1].scheduler == ()


def test_a_claim_that_nobody_uses() -> None:
    server = Server(EVERYTHING | {"pods": []})
    assert "no pod that waits for a node uses it" in str(late(server))


def test_a_claim_that_would_fit() -> None:
    server = Server(EVERYTHING | {"resourceslices": [SLICE, second_slice()]})
    assert "Pod team/worker would fit on node n1" in str(late(server))


def second_slice() -> dict[str, Any]:
    spec = {**SLICE["spec"], "driver": "b.example.com"}  # type: ignore[dict-item] # plain data
    return {**SLICE, "metadata": {"name": "s2"}, "spec": spec}


def test_a_claim_that_is_not_there_yet() -> None:
    assert "there is no such claim yet" in str(late(Server(EVERYTHING | {"resourceclaims": []})))


@pytest.mark.parametrize(
    ("kind", "words"),
    [("pods", "pods cannot be read"), ("nodes", "nodes may not be listed, so this may be wrong")],
)
def test_what_may_not_be_read_is_said(kind: str, words: str) -> None:
    assert words in str(late(Server(EVERYTHING, forbidden=(kind,))))


def test_an_allocated_claim_is_given_at_once() -> None:
    allocated = {**CLAIM, "status": {"allocation": {"devices": {}}}}
    server = Server(EVERYTHING | {"resourceclaims": [allocated]})
    claim = dra.ResourceClaim.from_dict(CLAIM)
    found = server.talk(wait_allocated(Session(Discovery(Retry()), Retry()), claim, None, None))
    assert found.status.allocation is not None


def test_a_claim_without_a_name() -> None:
    with pytest.raises(LoadError, match="without a name"):
        late(Server(EVERYTHING), dra.ResourceClaim())


def test_every_way_in_which_a_pod_names_a_claim() -> None:
    pod = dra.Pod.from_dict(
        {
            "spec": {"resourceClaims": [{"name": "a", "resourceClaimName": "direct"}]},
            "status": {
                "resourceClaimStatuses": [{"name": "b", "resourceClaimName": "made"}, {"name": "c"}],
                "extendedResourceClaimStatus": {"resourceClaimName": "extended", "requestMappings": []},
            },
        }
    )
    assert list(claim_names(pod)) == ["direct", "made", "extended"]
