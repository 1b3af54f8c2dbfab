"""`dra.client.requests`: what is sent, before it is sent."""

from __future__ import annotations

import pytest

from dra.client import requests
from dra.client.requests import Endpoint, Selection, selector_text
from dra.errors import LoadError

CLAIMS = Endpoint("resource.k8s.io/v1", "ResourceClaim", "resourceclaims", True, True)
NODES = Endpoint("v1", "Node", "nodes", False, True)


def test_paths_of_core_and_of_groups() -> None:
    assert NODES.path(name="n1") == "/api/v1/nodes/n1"
    assert CLAIMS.path("team") == "/apis/resource.k8s.io/v1/namespaces/team/resourceclaims"
    assert CLAIMS.path() == "/apis/resource.k8s.io/v1/resourceclaims"


def test_a_node_has_no_namespace_in_its_path() -> None:
    assert NODES.path("team", "n1") == "/api/v1/nodes/n1"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_be_another_path_is_refused(name: str) -> None:
    with pytest.raises(LoadError, match="not a name"):
        requests.delete(CLAIMS, "team", name, propagation="Background", grace_period=None, dry_run=False)


def test_a_name_cannot_lead_out_of_its_collection() -> None:
    assert CLAIMS.path("team", "a/../../secrets?x").endswith("/resourceclaims/a%2F..%2F..%2Fsecrets%3Fx")


def test_apply_names_its_manager_and_forces_only_when_asked() -> None:
    body = {"metadata": {"name": "train"}}
    gentle = requests.apply(CLAIMS, "team", body, manager="me", force=False, dry_run=False)
    firm = requests.apply(CLAIMS, "team", body, manager="me", force=True, dry_run=True)
    assert (gentle.method, gentle.query) == ("PATCH", (("fieldManager", "me"),))
    assert firm.url.endswith("?fieldManager=me&force=true&dryRun=All")
    assert gentle.content_type == "application/apply-patch+yaml"


def test_status_is_patched_where_the_kind_has_it_apart() -> None:
    plain = Endpoint("resource.k8s.io/v1", "DeviceClass", "deviceclasses", False)
    patch = requests.patch_status(CLAIMS, "team", "train", {"status": {}}, manager="me")
    assert patch.path.endswith("/train/status")
    assert patch.resource == "resourceclaims.resource.k8s.io/status"
    assert requests.patch_status(plain, None, "gpu", {}, manager="me").path.endswith("/gpu")


def test_only_making_an_object_may_not_be_repeated() -> None:
    body = {"metadata": {"name": "train"}}
    assert not requests.create(CLAIMS, "team", body, dry_run=False).is_repeatable
    assert requests.get(CLAIMS, "team", "train").is_repeatable
    assert requests.apply(CLAIMS, "team", body, manager="m", force=False, dry_run=False).is_repeatable


def test_a_page_says_how_many_and_from_where() -> None:
    page = requests.listing(CLAIMS, Selection("team", labels="a=b"), limit=2, token="t/+=")
    assert page.url.endswith("?labelSelector=a%3Db&limit=2&continue=t%2F%2B%3D")


def test_the_body_of_a_request_is_not_in_its_repr() -> None:
    request = requests.create(
        CLAIMS, "team", {"metadata": {"name": "s3cret"}, "data": "t0ken"}, dry_run=False
    )
    assert "t0ken" not in repr(request)


def test_selectors_as_names_and_values() -> None:
    assert selector_text({"app": "a", "tier": "b"}) == "app=a,tier=b"
    assert selector_text("app in (a, b)") == "app in (a, b)"
    assert selector_text(None) == ""
