"""LeaderWorkerSet: every pod of a group serves a part of the model, the leader included."""

from typing import Any

from dra.claims import claim
from dra.claims.pods import attach

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def build() -> dict[str, Any]:
    """Two groups of four pods."""
    pods = {"spec": {"containers": [{"name": "server", "image": "registry.example.com/serve"}]}}
    template = {"size": 4, "leaderTemplate": pods, "workerTemplate": pods}
    return attach(
        {
            "apiVersion": "leaderworkerset.x-k8s.io/v1",
            "kind": "LeaderWorkerSet",
            "metadata": {"name": "serve"},
            "spec": {"replicas": 2, "leaderWorkerTemplate": template},
        },
        CLAIM,
        name="gpu",
    )


if __name__ == "__main__":
    print(build())
