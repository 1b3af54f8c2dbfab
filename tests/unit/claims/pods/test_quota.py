"""What a ResourceQuota charges, by the rules of the API server's own evaluator (1.37)."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra import DraError
from dra.claims.pods import quota_cost
from tests.unit.claims.pods.test_count import claim, exactly, first_available

CLAIMS = "count/resourceclaims.resource.k8s.io"


def devices(device_class: str) -> str:
    return f"{device_class}.deviceclass.resource.k8s.io/devices"


def template(*requests: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaimTemplate",
        "metadata": {"name": "train"},
        "spec": {"spec": claim(*requests)["spec"]},
    }


def device_class(name: str, resource: str | None) -> dict[str, Any]:
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceClass",
        "metadata": {"name": name},
        "spec": {"extendedResourceName": resource} if resource else {},
    }


def test_each_class_pays_for_its_requests() -> None:
    given = claim(exactly("a", "gpu", count=2), exactly("b", "gpu"), exactly("c", "nic", count=4))
    assert quota_cost(given) == {CLAIMS: 1, devices("gpu"): 3, devices("nic"): 4}


def test_all_devices_cost_the_most_a_claim_can_have() -> None:
    assert quota_cost(claim(exactly("a", "gpu", allocationMode="All")))[devices("gpu")] == 32


def test_admin_access_costs_like_any_other() -> None:
    assert quota_cost(claim(exactly("a", "gpu", count=2, adminAccess=True)))[devices("gpu")] == 2


def test_of_alternatives_the_largest_of_each_class_is_charged() -> None:
    given = claim(first_available(("gpu", 1), ("mig", 4), ("gpu", 2)), exactly("b", "mig"))
    assert quota_cost(given) == {CLAIMS: 1, devices("gpu"): 2, devices("mig"): 5}


def test_a_template_costs_once_per_pod() -> None:
    given = template(exactly("a", "gpu", count=2))
    assert quota_cost(given, pods=3) == {CLAIMS: 3, devices("gpu"): 6}
    assert quota_cost(claim(exactly("a", "gpu", count=2)), pods=3) == {CLAIMS: 1, devices("gpu"): 2}


def test_extended_resources_of_the_class_are_charged_as_well() -> None:
    given = claim(exactly("a", "gpu", count=2), exactly("b", "nic"))
    classes = [device_class("gpu", "example.com/gpu"), device_class("nic", None)]
    expected = {CLAIMS: 1, devices("gpu"): 2, devices("nic"): 1}
    extended = {"requests.deviceclass.resource.kubernetes.io/gpu": 2, "requests.example.com/gpu": 2}
    assert quota_cost(given, classes) == expected | extended
    assert quota_cost(given, classes, kubernetes="1.35") == expected
    gates = dra.Features.for_kubernetes("1.35", extended_resource=True)
    assert quota_cost(given, classes, kubernetes="1.35", features=gates) == expected | extended


def test_two_classes_of_one_extended_resource_add_up() -> None:
    given = claim(exactly("a", "old", count=2), exactly("b", "new"))
    classes = [device_class("old", "example.com/gpu"), device_class("new", "example.com/gpu")]
    assert quota_cost(given, classes)["requests.example.com/gpu"] == 3


def test_an_allocation_mode_of_the_future_is_free() -> None:
    assert quota_cost(claim(exactly("a", "gpu", allocationMode="Some")))[devices("gpu")] == 0


def test_a_name_alone_does_not_say_what_it_costs() -> None:
    with pytest.raises(DraError, match="pass the claim, not its name"):
        quota_cost("claim/train")


def test_a_negative_number_of_pods_is_refused() -> None:
    with pytest.raises(DraError, match="not negative"):
        quota_cost(claim(), pods=-1)
