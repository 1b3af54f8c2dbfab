"""`dra.client.session`: what each verb asks, and what it makes of the answers."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra.client.answers import Answer
from dra.client.discovery import Discovery
from dra.client.session import Session
from dra.client.steps import Retry
from dra.errors import (
    ApplyError,
    ConversionError,
    DeletedError,
    LoadError,
    NotFoundError,
    NotServedError,
    WaitTimeoutError,
)
from tests.unit.client.conversation import Conversation, line, ok, refused

OPEN = Answer(200)


def session(*preferred: str) -> Session:
    return Session(Discovery(Retry(), preferred), Retry(), "team")


def discovery(*versions: str) -> list[Answer]:
    """What a server says that has claims and classes in some versions."""
    kinds = [
        {"name": "resourceclaims", "kind": "ResourceClaim", "namespaced": True},
        {"name": "resourceclaims/status", "kind": "ResourceClaim", "namespaced": True},
        {"name": "deviceclasses", "kind": "DeviceClass", "namespaced": False},
    ]
    group = ok({"versions": [{"groupVersion": f"resource.k8s.io/{version}"} for version in versions]})
    return [group, ok({"resources": kinds})]


def claim(name: str = "train", **metadata: Any) -> dra.ResourceClaim:
    request = {"name": "gpu", "exactly": {"deviceClassName": "a.example.com", "count": 2}}
    return dra.ResourceClaim.from_dict(
        {"metadata": {"name": name, **metadata}, "spec": {"devices": {"requests": [request]}}}
    )


def stored(name: str = "train", **status: Any) -> dict[str, Any]:
    return {
        **claim(name, namespace="team", resourceVersion="5").to_dict(),
        **({"status": status} if status else {}),
    }


def test_the_newest_version_that_both_know_is_read() -> None:
    talk = Conversation[dra.ResourceClaim]([*discovery("v1", "v1beta1"), ok(stored())])
    assert talk.have(session().get(dra.ResourceClaim, "train", None)).subject == "ResourceClaim team/train"
    assert talk.asked[-1].path == "/apis/resource.k8s.io/v1/namespaces/team/resourceclaims/train"


def test_a_preferred_version_comes_first() -> None:
    talk = Conversation[dra.ResourceClaim]([*discovery("v1", "v1beta1"), ok(stored())])
    talk.have(session("resource.k8s.io/v1beta1").get(dra.ResourceClaim, "train", None))
    assert talk.asked[-1].path.startswith("/apis/resource.k8s.io/v1beta1/")


def test_what_the_server_has_is_asked_once() -> None:
    ours = session()
    Conversation[Any]([*discovery("v1"), ok({"items": []})]).have(
        ours.list(dra.ResourceClaim, "*", None, None)
    )
    talk = Conversation[Any]([ok({"items": []})])
    assert talk.have(ours.list(dra.DeviceClass, None, None, None)) == []
    assert [each.path for each in talk.asked] == ["/apis/resource.k8s.io/v1/deviceclasses"]


def test_a_kind_that_is_not_there_is_asked_for_again() -> None:
    ours = session()
    with pytest.raises(NotServedError, match="the server has no ResourceClaim"):
        Conversation[Any]([refused(404)]).have(ours.get(dra.ResourceClaim, "train", None))
    talk = Conversation[Any]([*discovery("v1"), ok(stored())])
    assert talk.have(ours.get(dra.ResourceClaim, "train", None))


def test_an_object_is_written_in_its_own_version_if_that_is_there() -> None:
    old = dra.convert(claim(), "resource.k8s.io/v1beta1")
    talk = Conversation[Any]([*discovery("v1", "v1beta1"), ok(stored(), 201)])
    talk.have(session().create(old, dry_run=False))
    assert talk.asked[-1].body["spec"]["devices"]["requests"][0]["count"] == 2
    talk = Conversation[Any]([*discovery("v1"), ok(stored(), 201)])
    talk.have(session().create(old, dry_run=False))
    assert talk.asked[-1].body["spec"]["devices"]["requests"][0]["exactly"]["count"] == 2


def test_what_an_old_server_cannot_say_is_not_dropped() -> None:
    rule = dra.DeviceTaintRule.from_dict(
        {
            "apiVersion": "resource.k8s.io/v1alpha3",
            "metadata": {"name": "a"},
            "spec": {
                "deviceSelector": {"deviceClassName": "x"},
                "taint": {"key": "a", "effect": "NoSchedule"},
            },
        }
    )
    kinds = [{"name": "devicetaintrules", "kind": "DeviceTaintRule", "namespaced": False}]
    replies = [ok({"versions": [{"groupVersion": "resource.k8s.io/v1"}]}), ok({"resources": kinds})]
    with pytest.raises(ConversionError, match="deviceClassName"):
        Conversation[Any](list(replies)).have(session().create(rule, dry_run=False))


def test_apply_leaves_out_what_only_the_server_writes() -> None:
    read = claim(uid="u", resourceVersion="5", creationTimestamp="2026-01-01T00:00:00Z", generation=3)
    talk = Conversation[Any]([*discovery("v1"), ok(stored())])
    talk.have(session().apply(read, force=False, dry_run=False))
    assert talk.asked[-1].body["metadata"] == {"name": "train", "resourceVersion": "5", "namespace": "team"}


def test_an_object_without_a_name_can_only_be_created() -> None:
    nameless = claim("", generateName="train-")
    with pytest.raises(LoadError, match="required") as refusal:
        Conversation[Any]([]).have(session().apply(nameless, force=False, dry_run=False))
    assert "generateName" in refusal.value.remedy


def test_one_object_is_in_one_namespace() -> None:
    with pytest.raises(LoadError, match="one object is in one namespace"):
        Conversation[Any](discovery("v1")).have(session().get(dra.ResourceClaim, "train", "*"))


def test_a_status_is_written_only_if_nothing_changed_meanwhile() -> None:
    read = dra.ResourceClaim.from_dict(stored())
    talk = Conversation[Any]([*discovery("v1"), ok(stored())])
    talk.have(session().patch_status(read, {"reservedFor": None}))
    request = talk.asked[-1]
    assert request.path.endswith("/train/status")
    assert request.body == {"status": {"reservedFor": None}, "metadata": {"resourceVersion": "5"}}


def test_what_may_be_missing_is_not_missed() -> None:
    how = {"missing_ok": True, "propagation": "Background", "grace_period": None, "dry_run": False}
    Conversation[Any]([*discovery("v1"), refused(404)]).have(session().delete_any(claim(), "", None, **how))
    Conversation[Any]([refused(404)]).have(session().delete_any(claim(), "", None, **how))
    with pytest.raises(NotFoundError):
        Conversation[Any]([*discovery("v1"), refused(404)]).have(
            session().delete_any(dra.ResourceClaim, "train", None, **{**how, "missing_ok": False})
        )


def test_a_series_stops_at_a_refusal_and_says_what_it_did() -> None:
    gpu = dra.DeviceClass.from_dict({"metadata": {"name": "gpu"}})
    objects = [claim("b"), gpu, claim("c")]
    talk = Conversation[Any]([*discovery("v1"), ok(gpu.to_dict()), refused(422, "too many")])
    with pytest.raises(ApplyError) as stopped:
        talk.have(session().apply_all(objects, force=False, dry_run=False))
    error = stopped.value
    assert [each.subject for each in error.done] == ["DeviceClass gpu"]
    assert error.failed is objects[0]
    assert error.left == (objects[2],)
    assert str(error).splitlines() == [
        "applied 1 of 3 objects, then stopped: ResourceClaim team/b: too many",
        "  applied: DeviceClass gpu",
        "  not tried: ResourceClaim c",
    ]


def test_deleting_goes_backwards() -> None:
    how = {"missing_ok": False, "propagation": "Background", "grace_period": 0, "dry_run": False}
    gpu = dra.DeviceClass.from_dict({"metadata": {"name": "gpu"}})
    talk = Conversation[Any]([*discovery("v1"), ok({}), refused(403, "no")])
    with pytest.raises(ApplyError, match="deleted 1 of 2") as stopped:
        talk.have(session().delete_any([gpu, claim()], "", None, **how))
    assert [each.subject for each in stopped.value.done] == ["ResourceClaim train"]
    assert talk.asked[-2].body["gracePeriodSeconds"] == 0


def test_waiting_ends_when_it_is_so() -> None:
    listing = ok({"metadata": {"resourceVersion": "5"}, "items": [stored()]})
    allocated = {**stored(allocation={}), "apiVersion": "resource.k8s.io/v1"}
    talk = Conversation[Any]([*discovery("v1"), listing, OPEN, line("MODIFIED", allocated)])
    found = talk.have(
        session().wait(dra.ResourceClaim, "train", lambda each: each.status is not None, None, 60)
    )
    assert found.status is not None
    assert dict(talk.asked[-1].query)["fieldSelector"] == "metadata.name=train"


def test_waiting_ends_with_the_object() -> None:
    listing = ok({"metadata": {"resourceVersion": "5"}, "items": [stored()]})
    talk = Conversation[Any]([*discovery("v1"), listing, OPEN, line("DELETED", stored())])
    with pytest.raises(DeletedError, match="ResourceClaim team/train: deleted while it was waited for"):
        talk.have(session().wait(dra.ResourceClaim, "train", lambda each: False, None, 60))


def test_waiting_ends_with_the_time() -> None:
    talk = Conversation[Any](discovery("v1"))
    with pytest.raises(WaitTimeoutError, match="no such object after 0 seconds"):
        talk.have(session().wait(dra.ResourceClaim, "train", lambda each: False, None, 0))


@pytest.mark.parametrize(("minor", "wanted"), [("37", "1.37"), ("34+", "1.34")])
def test_the_minor_of_the_server(minor: str, wanted: str) -> None:
    talk = Conversation[str]([ok({"major": "1", "minor": minor})])
    assert talk.have(session().kubernetes()) == wanted
