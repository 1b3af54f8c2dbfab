"""Airflow: the pod of a KubernetesPodOperator, which merges containers by position: `base` is first."""

from kubernetes import client

from dra.claims import claim
from dra.claims.pods import attach, fragments

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def build() -> client.V1Pod:
    """What goes into `KubernetesPodOperator(full_pod_spec=...)`."""
    base = client.V1Container(name="base", image="registry.example.com/train", command=["python", "train.py"])
    return attach(client.V1Pod(spec=client.V1PodSpec(containers=[base])), CLAIM, name="gpu")


def container_half() -> list[dict[str, str]]:
    """The half for `container_resources=V1ResourceRequirements(claims=...)`, if a template has the other."""
    return fragments(CLAIM, name="gpu")["claims"]


if __name__ == "__main__":
    print(client.ApiClient().sanitize_for_serialization(build()))
