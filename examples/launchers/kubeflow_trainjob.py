"""Kubeflow Trainer: the claim per node; up to Trainer 2.3 it has to be in the runtime instead."""

from typing import Any

from dra.claims import claim
from dra.claims.pods import attach, device_count

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)
API = "trainer.kubeflow.org/v1alpha1"


def build() -> dict[str, Any]:
    """A TrainJob with `resourceClaimsPerNode`, and as many processes per node as it has GPUs."""
    trainer = {"numNodes": 4, "numProcPerNode": device_count(CLAIM).exact}
    spec = {"runtimeRef": {"name": "torch-distributed"}, "trainer": trainer}
    job = {"apiVersion": API, "kind": "TrainJob", "metadata": {"name": "train"}, "spec": spec}
    return attach(job, CLAIM, name="gpu")


def runtime() -> dict[str, Any]:
    """A TrainingRuntime whose nodes have the claim."""
    pods = {"spec": {"containers": [{"name": "node", "image": "registry.example.com/train"}]}}
    node = {"name": "node", "template": {"spec": {"template": pods}}}
    return attach(
        {
            "apiVersion": API,
            "kind": "TrainingRuntime",
            "metadata": {"name": "torch-distributed"},
            "spec": {"template": {"spec": {"replicatedJobs": [node]}}},
        },
        CLAIM,
        name="gpu",
    )


if __name__ == "__main__":
    print(build(), runtime())
