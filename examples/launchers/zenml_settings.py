"""ZenML's pod settings have no place for the container's half. A class's own extended resource needs none.

Kubernetes 1.36 and newer make the claim for it (KEP-5004); only a class and a number can be said.
"""

from typing import Any

from dra.allocator.extended import IMPLICIT_PREFIX
from dra.claims import claim

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def build() -> dict[str, Any]:
    """What goes into `KubernetesOrchestratorSettings(pod_settings=...)`."""
    wanted = CLAIM.build().spec.devices.requests[0].exactly
    return {"resources": {"limits": {f"{IMPLICIT_PREFIX}{wanted.device_class_name}": str(wanted.count)}}}


if __name__ == "__main__":
    print(build())
