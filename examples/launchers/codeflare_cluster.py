"""codeflare-sdk: its RayCluster is a dict with client objects as templates. They stay what they are."""

from typing import Any

from kubernetes import client

from dra.claims import claim
from dra.claims.pods import attach

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def claimed(cluster: dict[str, Any]) -> dict[str, Any]:
    """A RayCluster, or the `rayClusterSpec` of a RayJob, whose workers have the claim."""
    spec = cluster.get("spec", cluster)
    for group in spec["workerGroupSpecs"]:
        group["rayStartParams"].pop("num-gpus", None)  # counted from limits; `attach` counts the claim's
    return attach(
        cluster, CLAIM, name="gpu", groups=[group["groupName"] for group in spec["workerGroupSpecs"]]
    )


def group(name: str) -> dict[str, Any]:
    """A group of pods as codeflare writes it."""
    container = client.V1Container(name=name, image="registry.example.com/ray")
    pods = client.V1PodTemplateSpec(spec=client.V1PodSpec(containers=[container]))
    return {"rayStartParams": {"block": "true", "num-gpus": "0"}, "template": pods}


def build() -> dict[str, Any]:
    """A RayCluster of four workers."""
    workers = {"groupName": "small-group-train", "replicas": 4, **group("machine-learning")}
    spec = {"headGroupSpec": group("ray-head"), "workerGroupSpecs": [workers]}
    return claimed(
        {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "train"}, "spec": spec}
    )


if __name__ == "__main__":
    print(client.ApiClient().sanitize_for_serialization(build()))
