"""Extended resources become one claim per pod."""

from __future__ import annotations

from typing import Any

from dra.allocator.extended import extended_resource_claim, resource_classes
from dra.models.core import Node, Pod
from dra.models.resource import DeviceClass, ResourceClaim


def gpu_class(name: str, created: str | None = None, resource: str | None = "x.y/gpu") -> DeviceClass:
    metadata = {"name": name} | ({"creationTimestamp": created} if created else {})
    return DeviceClass.from_dict(
        {"metadata": metadata, "spec": {"extendedResourceName": resource} if resource else {}}
    )


def container(name: str, **more: Any) -> dict[str, Any]:
    """A container; keywords other than `restart` are its requests, `gpu` stands for x.y/gpu."""
    restart = more.pop("restart", None)
    requests = {"x.y/gpu" if key == "gpu" else key: str(value) for key, value in more.items()}
    made: dict[str, Any] = {"name": name, "resources": {"requests": requests}}
    return made | ({"restartPolicy": restart} if restart else {})


def pod(*containers: dict[str, Any], init: tuple[dict[str, Any], ...] = ()) -> Pod:
    return Pod.from_dict(
        {
            "metadata": {"name": "train", "namespace": "team-a", "uid": "u1"},
            "spec": {"containers": list(containers), "initContainers": list(init)},
        }
    )


def requests_of(claim: ResourceClaim) -> dict[str, int | None]:
    return {
        each.name: each.exactly.count if each.exactly else None for each in claim.spec.devices.requests or ()
    }


def test_each_container_has_a_request_of_its_own() -> None:
    found = extended_resource_claim(
        pod(container("a", cpu=1, gpu=2), container("b", gpu=1)), [gpu_class("gpu")]
    )

    assert found is not None
    assert requests_of(found.claim) == {"container-0-request-1": 2, "container-1-request-0": 1}
    assert [(each.container_name, each.resource_name, each.request_name) for each in found.mappings] == [
        ("a", "x.y/gpu", "container-0-request-1"),
        ("b", "x.y/gpu", "container-1-request-0"),
    ]


def test_limits_are_requests_where_none_are_set() -> None:
    limits = {"limits": {"x.y/gpu": "2", "cpu": "1"}, "requests": {"cpu": "500m"}}
    found = extended_resource_claim(pod({"name": "a", "resources": limits}), [gpu_class("gpu")])

    assert found is not None
    assert requests_of(found.claim) == {"container-0-request-1": 2}


def test_the_claim_belongs_to_the_pod_and_says_what_it_is_for() -> None:
    found = extended_resource_claim(pod(container("a", gpu=1)), [gpu_class("gpu")])

    assert found is not None
    metadata = found.claim.metadata
    assert metadata.annotations == {"resource.kubernetes.io/extended-resource-claim": "true"}
    assert metadata.namespace == "team-a"
    owners = [(each.kind, each.name, each.uid, each.controller) for each in metadata.owner_references or ()]
    assert owners == [("Pod", "train", "u1", True)]


def test_what_a_device_plugin_offers_is_not_claimed() -> None:
    node = Node.from_dict({"metadata": {"name": "n"}, "status": {"allocatable": {"x.y/gpu": "8"}}})
    without = Node.from_dict({"metadata": {"name": "n"}, "status": {"allocatable": {"x.y/gpu": "0"}}})

    assert extended_resource_claim(pod(container("a", gpu=1)), [gpu_class("gpu")], node) is None
    assert extended_resource_claim(pod(container("a", gpu=1)), [gpu_class("gpu")], without) is not None


def test_other_resources_claim_nothing() -> None:
    assert extended_resource_claim(pod(container("a", cpu=1, gpu=0)), [gpu_class("gpu")]) is None


def test_every_class_has_an_implicit_name_since_1_35() -> None:
    implicit = "deviceclass.resource.kubernetes.io/gpu"

    assert sorted(resource_classes([gpu_class("gpu", resource=None)])) == [implicit]
    assert sorted(resource_classes([gpu_class("gpu", resource=None)], "1.34")) == []


def test_the_newest_class_with_a_name_counts_then_the_first_by_name() -> None:
    old, new = gpu_class("a-old", "2026-01-01T00:00:00Z"), gpu_class("z-new", "2026-02-01T00:00:00Z")
    equal = gpu_class("b", "2026-02-01T00:00:00Z")

    assert resource_classes([new, old])["x.y/gpu"] is new
    assert resource_classes([new, old, equal])["x.y/gpu"] is equal


def test_init_containers_that_end_use_the_devices_of_later_containers_first() -> None:
    found = extended_resource_claim(
        pod(container("main", gpu=2), init=(container("load", gpu=3), container("check", gpu=1))),
        [gpu_class("gpu")],
    )

    assert found is not None
    assert requests_of(found.claim) == {"container-0-request-0": 1, "container-2-request-0": 2}
    assert sorted((each.container_name, each.request_name) for each in found.mappings) == [
        ("check", "container-2-request-0"),
        ("load", "container-0-request-0"),
        ("load", "container-2-request-0"),
        ("main", "container-2-request-0"),
    ]


def test_init_containers_that_end_share_the_largest_request() -> None:
    found = extended_resource_claim(
        pod(container("main"), init=(container("one", gpu=1), container("three", gpu=3))), [gpu_class("gpu")]
    )

    assert found is not None
    assert requests_of(found.claim) == {"container-1-request-0": 3}
    assert {each.request_name for each in found.mappings} == {"container-1-request-0"}


def test_a_sidecar_keeps_its_devices() -> None:
    found = extended_resource_claim(
        pod(container("main", gpu=1), init=(container("proxy", restart="Always", gpu=1),)), [gpu_class("gpu")]
    )

    assert found is not None
    assert requests_of(found.claim) == {"container-0-request-0": 1, "container-1-request-0": 1}
