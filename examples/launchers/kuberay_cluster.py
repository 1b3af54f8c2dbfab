"""KubeRay: workers get the claim, the head does not; Ray is told the number of GPUs, which it cannot see."""

from typing import Any

from dra.claims import claim
from dra.claims.pods import attach

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def group(container: str, **rest: Any) -> dict[str, Any]:
    """A group of pods of a RayCluster."""
    spec = {"containers": [{"name": container, "image": "rayproject/ray"}]}
    return {"rayStartParams": {}, "template": {"spec": spec}, **rest}


def build() -> dict[str, Any]:
    """The RayCluster, as KubeRay's Python client takes it."""
    workers = group("ray-worker", groupName="gpus", replicas=4)
    return attach(
        {
            "apiVersion": "ray.io/v1",
            "kind": "RayCluster",
            "metadata": {"name": "train"},
            "spec": {"headGroupSpec": group("ray-head"), "workerGroupSpecs": [workers]},
        },
        CLAIM,
        name="gpu",
    )


if __name__ == "__main__":
    print(build())
