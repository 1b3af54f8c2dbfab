"""Metaflow makes its V1Job itself and has no place for claims yet: wrap what makes it."""

from collections.abc import Callable
from typing import Any

from kubernetes import client

from dra.claims import claim
from dra.claims.pods import attach

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def claimed(create: Callable[..., Any]) -> Callable[..., Any]:
    """`KubernetesJob.create_job_spec` with a claim in place of `nvidia.com/gpu`."""

    def create_claimed(*args: Any, **options: Any) -> Any:
        return attach(create(*args, **options), CLAIM, name="gpu", drop="nvidia.com/gpu")

    return create_claimed


@claimed
def build() -> client.V1JobSpec:
    """The specification of a job as Metaflow makes it."""
    resources = client.V1ResourceRequirements(limits={"nvidia.com/gpu": "2"})
    container = client.V1Container(name="train", image="python:3.12", resources=resources)
    pods = client.V1PodTemplateSpec(spec=client.V1PodSpec(containers=[container], restart_policy="Never"))
    return client.V1JobSpec(backoff_limit=0, template=pods)


if __name__ == "__main__":
    print(client.ApiClient().sanitize_for_serialization(build()))
