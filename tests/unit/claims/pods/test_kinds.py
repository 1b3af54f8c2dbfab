"""Every kind of workload that people launch: both halves arrive in its pods, in any form, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

import dra
from dra.claims import claim
from dra.claims.pods import attach, pod_templates

GPUS = claim("train").request("gpu", device_class="gpu.nvidia.com", count=2)
Data = dict[str, Any]


def pods() -> Data:
    return {
        "spec": {"containers": [{"name": "main", "image": "train", "env": [{"name": "A", "value": "1"}]}]}
    }


def job() -> Data:
    return {"spec": {"template": pods()}}


SPECS: dict[tuple[str, str], Data] = {
    ("v1", "Pod"): pods()["spec"],
    ("batch/v1", "Job"): job()["spec"],
    ("batch/v1", "CronJob"): {"schedule": "@daily", "jobTemplate": job()},
    ("apps/v1", "Deployment"): {"template": pods()},
    ("apps/v1", "StatefulSet"): {"template": pods()},
    ("jobset.x-k8s.io/v1alpha2", "JobSet"): {"replicatedJobs": [{"name": "w", "template": job()}]},
    ("ray.io/v1", "RayCluster"): {"workerGroupSpecs": [{"groupName": "w", "template": pods()}]},
    ("ray.io/v1", "RayJob"): {
        "rayClusterSpec": {"workerGroupSpecs": [{"groupName": "w", "template": pods()}]}
    },
    ("kubeflow.org/v1", "PyTorchJob"): {"pytorchReplicaSpecs": {"Worker": {"template": pods()}}},
    ("kubeflow.org/v1", "MPIJob"): {"mpiReplicaSpecs": {"Worker": {"template": pods()}}},
    ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet"): {"leaderWorkerTemplate": {"workerTemplate": pods()}},
    ("batch.volcano.sh/v1alpha1", "Job"): {"tasks": [{"name": "w", "template": pods()}]},
}
KINDS = pytest.mark.parametrize(
    "workload",
    [
        {"apiVersion": version, "kind": kind, "metadata": {"name": "train", "namespace": "ml"}, "spec": spec}
        for (version, kind), spec in SPECS.items()
    ],
    ids=lambda workload: f"{workload['kind']}.{workload['apiVersion'].partition('/')[0]}",
)
FORMS: tuple[Callable[[Data], Any], ...] = (
    lambda data: data,
    yaml.safe_dump,
    lambda data: dra.load(data)[0],
)


def wired(workload: Any) -> list[tuple[Any, Any]]:
    """The two halves in each pod template."""
    (obj,) = dra.load(workload)
    return [
        (spec["resourceClaims"], [each["resources"]["claims"] for each in spec["containers"]])
        for spec in (each.spec for each in pod_templates(obj.to_dict()))
    ]


@KINDS
@pytest.mark.parametrize("form", FORMS, ids=["dict", "yaml", "model"])
def test_both_halves_arrive_and_the_form_stays(workload: Data, form: Callable[[Data], Any]) -> None:
    given = form(workload)

    done = attach(given, GPUS, name="gpu")

    assert type(done) is type(given)
    assert wired(done) == [
        ([{"name": "gpu", "resourceClaimTemplateName": "train"}], [[{"name": "gpu"}]]),
    ]


@KINDS
def test_attaching_twice_is_attaching_once_and_loses_nothing(workload: Data) -> None:
    once = attach(workload, GPUS, name="gpu")

    assert attach(once, GPUS, name="gpu") == once
    assert attach(workload, GPUS, name="gpu", containers=["main"]) == once
    assert yaml.safe_dump(once).count("value: '1'") == yaml.safe_dump(workload).count("value: '1'") == 1
