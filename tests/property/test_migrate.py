"""Migration of any pods: it says what it does, loses nothing, and has nothing to do a second time."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings, strategies as st

import dra
from dra.claims.migrate import Migration, Outcome, migrate, rewrite_texts
from dra.claims.migrate.resources import device_need
from dra.models.loading import load_located

SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

RESOURCES = st.sampled_from(
    [
        "cpu",
        "example.com/widget",
        "nvidia.com/gpu",
        "nvidia.com/gpu.shared",
        "nvidia.com/mig-1g.10gb",
        "nvidia.com/gpumem",
        "amd.com/gpu",
        "google.com/tpu",
        "rdma/ib",
    ]
)
AMOUNTS = st.one_of(st.integers(0, 9), st.sampled_from(["1", "0.5", "x", "40", "1k"]))
LABELS = st.dictionaries(
    st.sampled_from(
        [
            "zone",
            "nvidia.com/gpu.product",
            "nvidia.com/gpu.memory",
            "nvidia.com/gpu.count",
            "nvidia.com/gpu.replicas",
            "amd.com/gpu.product-name",
            "cloud.google.com/gke-gpu-partition-size",
        ]
    ),
    st.sampled_from(
        ["a", "8", "40960", "Tesla-T4", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", "Tesla-T4-SHARED", ""]
    ),
    min_size=1,
    max_size=3,
)
REQUIREMENTS = st.builds(
    lambda key, operator, values: {"key": key, "operator": operator, "values": values},
    st.sampled_from(["zone", "nvidia.com/gpu.product", "nvidia.com/gpu.memory", "nvidia.com/gpu.family"]),
    st.sampled_from(["In", "NotIn", "Gt", "Exists", "Wrong"]),
    st.lists(st.sampled_from(["a", "80", "hopper", "Tesla-T4"]), max_size=2),
)
TERMS = st.lists(
    st.builds(lambda some: {"matchExpressions": some}, st.lists(REQUIREMENTS, max_size=2)),
    min_size=1,
    max_size=2,
)
CONTAINERS = st.builds(
    lambda limits, requests, always: {
        "resources": {"limits": limits, **({"requests": requests} if requests else {})},
        **({"restartPolicy": "Always"} if always else {}),
    },
    st.dictionaries(RESOURCES, AMOUNTS, max_size=3),
    st.dictionaries(RESOURCES, AMOUNTS, max_size=1),
    st.booleans(),
)


def named(prefix: str, containers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": f"{prefix}{index}", **copy.deepcopy(each)} for index, each in enumerate(containers)]


@st.composite
def workloads(draw: st.DrawFn) -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": named("c", draw(st.lists(CONTAINERS, min_size=1, max_size=3)))}
    if starting := draw(st.lists(CONTAINERS, max_size=2)):
        spec["initContainers"] = named("i", starting)
    if labels := draw(st.none() | LABELS):
        spec["nodeSelector"] = labels
    if terms := draw(st.none() | TERMS):
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
        spec["affinity"] = {"nodeAffinity": required}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "serve", "namespace": draw(st.sampled_from(["a", "b"]))},
        "spec": {"replicas": 2, "template": {"spec": spec}},
    }


OBJECTS = st.lists(workloads(), min_size=1, max_size=2)
MODES = st.sampled_from([("claims", "shares"), ("claims", "claim"), ("extended-resource", "shares")])


def migrated(objects: Any, mode: tuple[Any, Any]) -> Migration:
    return migrate(objects, mode[0], sharing=mode[1])


@SETTINGS
@given(OBJECTS, MODES)
def test_a_second_time_changes_nothing(objects: list[dict[str, Any]], mode: tuple[Any, Any]) -> None:
    first = migrated(objects, mode)
    second = migrated(first.objects, mode)
    assert not second.changed
    text = yaml.safe_dump_all(objects, sort_keys=False)
    located = load_located(text)
    (written,) = rewrite_texts(located, migrated(located, mode))
    again = load_located(written.after)
    assert [each.after for each in rewrite_texts(again, migrated(again, mode))] == [written.after]


@SETTINGS
@given(OBJECTS, MODES)
def test_new_objects_are_valid_and_claims_are_in_both_places(
    objects: list[dict[str, Any]], mode: tuple[Any, Any]
) -> None:
    migration = migrated(objects, mode)
    new = migration.new_objects
    assert [error for each in new for error in dra.validate(dra.default(each))] == []
    findings = dra.lint(migration.objects)
    assert [str(each) for each in findings if each.severity.value == "error"] == []


@SETTINGS
@given(OBJECTS, MODES)
def test_every_device_is_claimed_or_said_to_be_left(
    objects: list[dict[str, Any]], mode: tuple[Any, Any]
) -> None:
    before = copy.deepcopy(objects)
    migration = migrated(objects, mode)
    assert objects == before
    for given_, report in zip(objects, (each for each in migration.report if each.original), strict=True):
        spec = report.object.to_dict()["spec"]["template"]["spec"]
        said = {entry.path for entry in report.entries if entry.outcome is not Outcome.KEPT}
        for field in ("containers", "initContainers"):
            for index, container in enumerate(given_["spec"]["template"]["spec"].get(field, ())):
                now = spec[field][index]["resources"]
                for resource, amount in container["resources"]["limits"].items():
                    is_there = now.get("limits", {}).get(resource) == amount
                    path = f"spec.template.spec.{field}[{index}].resources.limits[{resource}]"
                    assert is_there or (device_need(resource) and "claims" in now)
                    assert path in said or (is_there and (amount == 0 or resource == "cpu"))
