"""`dra.client.contents`: what is read of a cluster, and with which rights."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra.client.contents import KINDS, cluster_role, cut, read_contents
from dra.client.discovery import Discovery
from dra.client.session import Session
from dra.client.steps import Retry
from dra.errors import ForbiddenError
from dra.scheduler.objects import Objects
from tests.unit.client.conversation import Conversation, ok, refused


def session() -> Session:
    return Session(Discovery(Retry()), Retry())


def group(name: str, *versions: str) -> Any:
    return ok({"versions": [{"groupVersion": f"{name}/{version}"} for version in versions]})


def resources(*kinds: tuple[str, str]) -> Any:
    return ok({"resources": [{"name": plural, "kind": kind, "namespaced": True} for plural, kind in kinds]})


def test_every_kind_of_a_cluster_is_read() -> None:
    sample = [kind(metadata=dra.Node.from_dict({"metadata": {"name": "a"}}).metadata) for kind in KINDS]
    assert len(list(Objects.of(sample))) == len(KINDS) == len(list(Objects.__attrs_attrs__))  # type: ignore[attr-defined] # attrs adds it


def test_the_role_lists_and_does_nothing_else() -> None:
    role = cluster_role("reader")
    assert role["metadata"] == {"name": "reader"}
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"list"}
    assert {each for rule in role["rules"] for each in rule["resources"]} == set(KINDS.values())
    assert dra.validate(dra.load(role)[0]) == []


def test_nothing_of_what_a_container_runs_is_kept() -> None:
    container = {
        "name": "main",
        "image": "i-s3cret",
        "command": ["s3cret"],
        "env": [{"name": "A", "value": "s3cret"}],
        "envFrom": [{"secretRef": {"name": "s3cret"}}],
        "lifecycle": {"preStop": {"exec": {"command": ["s3cret"]}}},
        "resources": {"claims": [{"name": "gpu"}], "requests": {"cpu": "1"}},
        "restartPolicy": "Always",
    }
    status = {
        "phase": "Running",
        "containerStatuses": [{"name": "main", "image": "s3cret"}],
        "hostIP": "s3cret",
    }
    obj = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "a",
            "annotations": {"x": "s3cret", "resource.kubernetes.io/a": "kept"},
            "managedFields": ["s3cret"],
        },
        "spec": {
            "containers": [container],
            "initContainers": [container],
            "ephemeralContainers": [container],
            "volumes": [{"name": "s3cret"}],
            "imagePullSecrets": [{"name": "s3cret"}],
            "serviceAccountName": "s3cret",
            "nodeName": "n1",
        },
        "status": status,
    }
    kept = cut(obj)
    assert "s3cret" not in repr(kept)
    assert kept["metadata"]["annotations"] == {"resource.kubernetes.io/a": "kept"}
    assert kept["spec"]["containers"][0] == {
        name: container[name] for name in ("name", "resources", "restartPolicy")
    }
    assert (kept["spec"]["nodeName"], kept["status"]) == ("n1", {"phase": "Running"})
    assert "image" in obj["spec"]["containers"][0], "the input is as it was"  # type: ignore[index] # plain data


def test_what_kubectl_applied_last_is_not_kept() -> None:
    noted = {"kubectl.kubernetes.io/last-applied-configuration": "s3cret", "example.com/a": "b"}
    kept = cut({"kind": "DeviceClass", "metadata": {"name": "a", "annotations": noted}, "spec": {}})
    assert kept["metadata"]["annotations"] == {"example.com/a": "b"}


def test_a_kind_that_the_server_does_not_have_has_no_objects() -> None:
    core = resources(("nodes", "Node"), ("pods", "Pod"))
    missing = refused(404)
    replies = [core, ok({"items": [{"metadata": {"name": "n1"}}]})]
    replies += [missing] * 8  # neither group is there: each kind asks, and finds nothing
    replies += [ok({"items": []})]
    talk = Conversation[None](replies)
    talk.have(read_contents(session()))
    assert [each["metadata"]["name"] for each in talk.given] == ["n1"]


def test_a_kind_that_may_not_be_read_is_an_error_or_is_told() -> None:
    core = resources(("nodes", "Node"), ("pods", "Pod"))
    with pytest.raises(ForbiddenError) as refusal:
        Conversation[None]([core, refused(403, "cannot list")]).have(read_contents(session()))
    assert "--print-rbac" in refusal.value.remedy
    told: list[ForbiddenError] = []
    replies = [core, refused(403, "cannot list"), *[refused(404)] * 8, ok({"items": []})]
    Conversation[None](replies).have(read_contents(session(), told.append))
    assert [each.resource for each in told] == ["nodes"]


def test_pods_that_have_ended_are_not_asked_for() -> None:
    core = resources(("nodes", "Node"), ("pods", "Pod"))
    replies = [core, ok({"items": []}), *[refused(404)] * 8, ok({"items": []})]
    talk = Conversation[None](replies)
    talk.have(read_contents(session()))
    assert dict(talk.asked[-1].query)["fieldSelector"] == "status.phase!=Succeeded,status.phase!=Failed"
