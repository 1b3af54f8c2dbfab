"""torchx: its Kubernetes scheduler submits a Volcano job with V1Pod objects, which stay what they are."""

from typing import Any

from kubernetes import client

from dra.claims import claim
from dra.claims.pods import attach

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def claimed(resource: dict[str, Any]) -> dict[str, Any]:
    """The `request.resource` of a `submit_dryrun` with a claim in place of `nvidia.com/gpu`."""
    return attach(resource, CLAIM, name="gpu", drop="nvidia.com/gpu")


def build() -> dict[str, Any]:
    """A job with one task, as torchx makes it."""
    resources = client.V1ResourceRequirements(limits={"nvidia.com/gpu": "2"})
    container = client.V1Container(name="train-0", image="registry.example.com/train", resources=resources)
    pod = client.V1Pod(spec=client.V1PodSpec(containers=[container], restart_policy="Never"))
    task = {"name": "train-0", "replicas": 1, "template": pod}
    return claimed({"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "spec": {"tasks": [task]}})


if __name__ == "__main__":
    print(client.ApiClient().sanitize_for_serialization(build()))
