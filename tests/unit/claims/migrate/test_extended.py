"""`migrate(..., mode="extended-resource")`: classes that serve pods as they are."""

from __future__ import annotations

import pytest

import dra
from dra.allocator.extended import extended_resource_claim, resource_classes
from dra.claims.migrate import Outcome, migrate
from dra.drivers import registry
from tests.unit.claims.migrate.builders import Wire, container, deployment, entries_of, pod

MIG: Wire = {"name": "main", "resources": {"limits": {"nvidia.com/mig-1g.10gb": 1}}}


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("nvidia.com/mig-1g.10gb", "mig-1g-10gb.extended.gpu.nvidia.com"),
        ("nvidia.com/gpu.shared", "gpu-shared.extended.gpu.nvidia.com"),
        ("amd.com/gpu", "gpu.extended.gpu.amd.com"),
        ("gpu.intel.com/i915", "i915.extended.gpu.intel.com"),
        ("google.com/tpu", "tpu.extended.tpu.google.com"),
    ],
)
def test_a_resource_gets_a_class_of_the_same_devices(resource: str, name: str) -> None:
    given = deployment({"name": "main", "resources": {"limits": {resource: 1}}})
    migration = migrate(given, mode="extended-resource")
    device_class, after = migration.objects
    assert isinstance(device_class, dra.DeviceClass)
    assert device_class.metadata.name == name
    assert device_class.spec.extended_resource_name == resource
    assert dra.validate(dra.default(device_class)) == []
    assert after.to_dict() == given
    assert migration.complete


def test_the_charts_class_is_enough_for_whole_gpus() -> None:
    migration = migrate(pod(), mode="extended-resource")
    assert not migration.changed
    (note,) = entries_of(migration, Outcome.NOTE)
    assert "served by class gpu.nvidia.com of the driver's chart" in note.message
    charts = registry.get("gpu.nvidia.com").device_classes()
    assert resource_classes(charts)["nvidia.com/gpu"].metadata.name == "gpu.nvidia.com"


def test_one_class_serves_all_pods() -> None:
    assert len(migrate([pod(MIG), pod(MIG, namespace="b")], mode="extended-resource").new_objects) == 1


def test_a_class_that_is_there_is_used() -> None:
    device_class, *_ = migrate(pod(MIG), mode="extended-resource").objects
    assert migrate([device_class, pod(MIG)], mode="extended-resource").new_objects == []


def test_the_scheduler_would_make_a_claim_of_the_class() -> None:
    amounts = MIG["resources"]["limits"]  # the API server sets requests as well
    both = {**MIG, "resources": {"limits": amounts, "requests": amounts}}
    device_class, given = migrate(pod(both), mode="extended-resource").objects
    assert isinstance(given, dra.Pod)
    assert isinstance(device_class, dra.DeviceClass)
    found = extended_resource_claim(given, [device_class])
    assert found is not None
    (request,) = found.claim.spec.devices.requests or ()
    assert request.exactly is not None
    assert request.exactly.device_class_name == device_class.metadata.name


def test_labels_stay() -> None:
    given = pod(nodeSelector={"nvidia.com/gpu.product": "Tesla-T4"})
    migration = migrate(given, mode="extended-resource")
    assert not migration.changed
    assert len(entries_of(migration, Outcome.KEPT)) == 1


def test_a_resource_that_means_something_else_on_the_pods_nodes_is_left() -> None:
    given = pod(nodeSelector={"nvidia.com/gpu.product": "A100-SXM4-40GB-MIG-1g.5gb"})
    ((_, entry),) = migrate(given, mode="extended-resource").left
    assert entry.remedy == "migrate this pod with mode='claims'"


def test_mps_is_left() -> None:
    config = {"version": "v1", "sharing": {"mps": {"resources": [{"name": "nvidia.com/gpu", "replicas": 2}]}}}
    assert len(migrate(pod(), mode="extended-resource", plugin_config=config).left) == 1


def test_a_share_each_is_what_a_class_of_shared_devices_gives() -> None:
    migration = migrate(pod(container(nvidia_com__gpu_shared=1)), mode="extended-resource")
    assert any("ConsumableShares" in entry.remedy for entry in entries_of(migration, Outcome.NOTE))


def test_unknown_resources_are_left() -> None:
    migration = migrate(pod(container(example_com__widget=1)), mode="extended-resource")
    assert len(migration.left) == 1
    assert not migration.changed


@pytest.mark.parametrize(("kubernetes", "needs_gate"), [("1.35", True), ("1.36", False)])
def test_a_gate_is_named_where_the_minor_needs_one(kubernetes: str, needs_gate: bool) -> None:
    migration = migrate(pod(MIG), mode="extended-resource", kubernetes=kubernetes)
    remedies = [entry.remedy for entry in entries_of(migration, Outcome.NOTE)]
    assert ("enable DRAExtendedResource" in remedies) is needs_gate
    assert len(migration.new_objects) == 1


def test_a_quota_goes_on_counting() -> None:
    spec = {"hard": {"requests.amd.com/gpu": "4"}}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": spec}
    migration = migrate(quota, mode="extended-resource")
    assert migration.complete
    assert migration.new_objects == []


def test_what_a_controller_makes_pods_of_is_served_as_well() -> None:
    spec = {"predictor": {"model": {"resources": {"limits": {"amd.com/gpu": 1}}}}}
    service = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "spec": spec}
    migration = migrate(service, mode="extended-resource")
    assert migration.complete
    assert [each.kind for each in migration.new_objects] == ["DeviceClass"]
