"""The pods that workloads of any kind make."""

from __future__ import annotations

from typing import Any

import pytest

from dra import DraError
from dra.claims.pods import attach, pods_of

Wire = dict[str, Any]

TEMPLATE: Wire = {"spec": {"containers": [{"name": "main"}]}}


def workload(api_version: str, kind: str, spec: Wire) -> Wire:
    metadata = {"name": "train", "namespace": "ml"}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def pytorch(**replicas: int) -> Wire:
    replica_specs = {name: {"replicas": count, "template": TEMPLATE} for name, count in replicas.items()}
    return workload("kubeflow.org/v1", "PyTorchJob", {"pytorchReplicaSpecs": replica_specs})


def test_each_replica_of_each_group_is_a_pod() -> None:
    pods = pods_of(pytorch(Master=1, Worker=2))
    assert [each.subject for each in pods] == [
        "Pod ml/train-master-0",
        "Pod ml/train-worker-0",
        "Pod ml/train-worker-1",
    ]


def test_the_group_is_left_out_where_there_is_only_one() -> None:
    (pod,) = pods_of(workload("batch/v1", "Job", {"template": TEMPLATE}))
    assert pod.metadata.name == "train-0"


def test_pods_have_labels_claims_and_resources_of_the_template() -> None:
    template = {"metadata": {"labels": {"app": "train"}, "name": "x"}, **TEMPLATE}
    job = attach(workload("batch/v1", "Job", {"template": template}), "template/gpus", name="gpu")
    (pod,) = pods_of(job)
    assert pod.metadata.labels == {"app": "train"}
    assert pod.to_dict()["spec"] == job["spec"]["template"]["spec"]


def test_many_documents_are_many_workloads() -> None:
    text = "".join(
        f"---\nkind: Job\nmetadata: {{name: {n}}}\nspec: {{template: {{spec: {{containers: []}}}}}}\n"
        for n in "ab"
    )
    assert [each.metadata.name for each in pods_of(text)] == ["a-0", "b-0"]


def test_what_makes_no_pods_has_none() -> None:
    assert pods_of({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}) == []


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (workload("apps/v1", "DaemonSet", {"template": TEMPLATE}), "train: how many pods it has depends on"),
        (pytorch(Worker=20_001), "train: more than 20,000 pods"),
    ],
)
def test_a_number_that_nobody_knows_or_can_hold_is_refused(made: Wire, message: str) -> None:
    with pytest.raises(DraError, match=message):
        pods_of(made)
