"""Flyte: a task's `PodTemplate` holds a client object and calls `to_dict` on it, so it has to be one."""

from kubernetes import client

from dra.claims import claim
from dra.claims.pods import attach

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def build() -> client.V1PodSpec:
    """What goes into `flytekit.PodTemplate(pod_spec=..., primary_container_name="primary")`."""
    return attach(client.V1PodSpec(containers=[client.V1Container(name="primary")]), CLAIM, name="gpu")


if __name__ == "__main__":
    print(client.ApiClient().sanitize_for_serialization(build()))
