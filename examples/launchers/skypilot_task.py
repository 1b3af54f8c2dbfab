"""SkyPilot: `pod_config` of a task is merged into its pods. Apply the template first: SkyPilot does not."""

from dra.claims import claim
from dra.claims.pods import attach

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)
TASK = """\
num_nodes: 4
resources:
  infra: kubernetes
run: python train.py
config:
  kubernetes:
    pod_config: {}
"""


def build() -> str:
    """The task as YAML. `ray-node` is what SkyPilot calls its container."""
    return attach(TASK, CLAIM, name="gpu")


if __name__ == "__main__":
    print(build())
