"""Pod templates are found in every kind of workload, with the group they are and how many pods they make."""

from __future__ import annotations

from typing import Any

import pytest

from dra.models.pod_templates import pod_templates

POD_SPEC = {"containers": [{"name": "main"}]}
TEMPLATE = {"spec": POD_SPEC}
JOB_TEMPLATE = {"spec": {"parallelism": 4, "template": TEMPLATE}}
RAY = {
    "headGroupSpec": {"template": TEMPLATE},
    "workerGroupSpecs": [{"groupName": "gpus", "replicas": 3, "numOfHosts": 2, "template": TEMPLATE}],
}
REPLICATED = [
    {"name": "launcher", "template": {"spec": {"template": TEMPLATE}}},
    {"name": "node", "replicas": 2, "template": JOB_TEMPLATE},
]


def replica_specs(field: str) -> dict[str, Any]:
    return {
        f"{field}ReplicaSpecs": {
            "Master": {"template": TEMPLATE},
            "Worker": {"replicas": 7, "template": TEMPLATE},
        }
    }


def in_ray(path: str) -> list[tuple[str, str, int]]:
    return [
        (f"{path}.headGroupSpec.template.spec", "head", 1),
        (f"{path}.workerGroupSpecs[0].template.spec", "gpus", 6),
    ]


def in_replicated(path: str) -> list[tuple[str, str, int]]:
    return [
        (f"{path}.replicatedJobs[0].template.spec.template.spec", "launcher", 1),
        (f"{path}.replicatedJobs[1].template.spec.template.spec", "node", 8),
    ]


def in_replica_specs(field: str) -> list[tuple[str, str, int]]:
    at = f"spec.{field}ReplicaSpecs"
    return [(f"{at}.Master.template.spec", "Master", 1), (f"{at}.Worker.template.spec", "Worker", 7)]


def leader_worker_set(**templates: Any) -> dict[str, Any]:
    return {"spec": {"replicas": 2, "leaderWorkerTemplate": {"size": 4, **templates}}}


LWS = "spec.leaderWorkerTemplate"
RUNTIME = {"trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": REPLICATED}}}}

WORKLOADS: list[tuple[str, str, dict[str, Any], list[tuple[str, str, int | None]]]] = [
    ("v1", "Pod", {"spec": POD_SPEC}, [("spec", "", 1)]),
    ("v1", "PodTemplate", {"template": TEMPLATE}, [("template.spec", "", 1)]),
    ("v1", "ReplicationController", {"spec": {"template": TEMPLATE}}, [("spec.template.spec", "", 1)]),
    (
        "apps/v1",
        "Deployment",
        {"spec": {"replicas": 3, "template": TEMPLATE}},
        [("spec.template.spec", "", 3)],
    ),
    (
        "apps/v1",
        "StatefulSet",
        {"spec": {"replicas": 0, "template": TEMPLATE}},
        [("spec.template.spec", "", 0)],
    ),
    ("apps/v1", "ReplicaSet", {"spec": {"template": TEMPLATE}}, [("spec.template.spec", "", 1)]),
    ("apps/v1", "DaemonSet", {"spec": {"template": TEMPLATE}}, [("spec.template.spec", "", None)]),
    ("batch/v1", "Job", JOB_TEMPLATE, [("spec.template.spec", "", 4)]),
    (
        "batch/v1",
        "CronJob",
        {"spec": {"jobTemplate": JOB_TEMPLATE}},
        [("spec.jobTemplate.spec.template.spec", "", 4)],
    ),
    (
        "batch.volcano.sh/v1alpha1",
        "Job",
        {"spec": {"tasks": [{"name": "worker", "replicas": 5, "template": TEMPLATE}]}},
        [("spec.tasks[0].template.spec", "worker", 5)],
    ),
    ("jobset.x-k8s.io/v1alpha2", "JobSet", {"spec": {"replicatedJobs": REPLICATED}}, in_replicated("spec")),
    ("ray.io/v1", "RayCluster", {"spec": RAY}, in_ray("spec")),
    (
        "ray.io/v1",
        "RayJob",
        {"spec": {"rayClusterSpec": RAY, "submitterPodTemplate": TEMPLATE}},
        [*in_ray("spec.rayClusterSpec"), ("spec.submitterPodTemplate.spec", "submitter", 1)],
    ),
    ("ray.io/v1", "RayService", {"spec": {"rayClusterConfig": RAY}}, in_ray("spec.rayClusterConfig")),
    *(
        ("kubeflow.org/v1", kind, {"spec": replica_specs(field)}, in_replica_specs(field))
        for kind, field in {
            "JAXJob": "jax",
            "MPIJob": "mpi",
            "PaddleJob": "paddle",
            "PyTorchJob": "pytorch",
            "TFJob": "tf",
            "XGBoostJob": "xgb",
        }.items()
    ),
    (
        "leaderworkerset.x-k8s.io/v1",
        "LeaderWorkerSet",
        leader_worker_set(leaderTemplate=TEMPLATE, workerTemplate=TEMPLATE),
        [(f"{LWS}.leaderTemplate.spec", "leader", 2), (f"{LWS}.workerTemplate.spec", "worker", 6)],
    ),
    (
        "leaderworkerset.x-k8s.io/v1",
        "LeaderWorkerSet",
        leader_worker_set(workerTemplate=TEMPLATE),
        [(f"{LWS}.workerTemplate.spec", "worker", 8)],
    ),
    (
        "trainer.kubeflow.org/v1alpha1",
        "ClusterTrainingRuntime",
        {"spec": {"template": {"spec": {"replicatedJobs": REPLICATED}}}},
        in_replicated("spec.template.spec"),
    ),
    (
        "trainer.kubeflow.org/v1alpha1",
        "TrainJob",
        {"spec": {"runtimePatches": [RUNTIME]}},
        in_replicated("spec.runtimePatches[0].trainingRuntimeSpec.template.spec"),
    ),
    (
        "serving.knative.dev/v1",
        "Service",
        {"spec": {"template": TEMPLATE}, "status": {"template": TEMPLATE}},
        [("spec.template.spec", "", 1)],
    ),
    ("example.com/v1", "Farm", {"spec": {"podSpec": POD_SPEC}}, [("spec.podSpec", "", 1)]),
    ("v1", "Service", {"spec": {"ports": []}}, []),
]


@pytest.mark.parametrize(("api_version", "kind", "rest", "expected"), WORKLOADS)
def test_templates_of_a_kind(
    api_version: str, kind: str, rest: dict[str, Any], expected: list[tuple[str, str, int | None]]
) -> None:
    found = pod_templates({"apiVersion": api_version, "kind": kind, **rest})
    assert [(template.field, template.group, template.replicas) for template in found] == expected


@pytest.mark.parametrize(
    ("data", "field"),
    [(POD_SPEC, ""), (TEMPLATE, "spec"), ({"spec": {"template": TEMPLATE}}, "spec.template.spec")],
)
def test_pieces_without_a_kind_are_known_by_their_shape(data: dict[str, Any], field: str) -> None:
    (template,) = pod_templates(data)
    assert template.field == field
    assert template.spec == POD_SPEC


def test_a_template_is_a_part_of_the_data() -> None:
    data: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "spec": {}}
    (template,) = pod_templates(data)
    template.spec["hostname"] = "a"
    assert data["spec"] == {"hostname": "a"}


def test_the_metadata_is_that_of_the_pods() -> None:
    labels = {"metadata": {"labels": {"app": "a"}}}
    (template,) = pod_templates(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "a"},
            "spec": {"template": {**TEMPLATE, **labels}},
        }
    )
    assert template.metadata == labels["metadata"]


@pytest.mark.parametrize(
    "spec",
    [
        None,
        [],
        {"template": 3},
        {"template": {"spec": "x"}},
        {"replicas": "3"},
        {"replicatedJobs": {"a": 1}},
        {"replicatedJobs": [None, 3]},
    ],
)
@pytest.mark.parametrize(
    "kind", [("batch/v1", "Job"), ("jobset.x-k8s.io/v1", "JobSet"), ("x/v1", "Y"), ("v1", "Pod")]
)
def test_broken_objects_have_no_templates(kind: tuple[str, str], spec: Any) -> None:
    found = pod_templates({"apiVersion": kind[0], "kind": kind[1], "spec": spec})
    assert found == [] or kind[1] == "Pod"


@pytest.mark.parametrize("count", [True, -1, 2**40, "3", None])
def test_a_count_that_is_none_counts_as_one(count: object) -> None:
    (template,) = pod_templates(
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": count, "template": TEMPLATE}}
    )
    assert template.replicas == 1


def test_what_lies_too_deep_is_not_looked_for() -> None:
    data: dict[str, Any] = TEMPLATE
    for _ in range(40):
        data = {"spec": data}
    assert pod_templates(data) == []
