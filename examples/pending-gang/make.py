"""A cluster as `dra snapshot` writes it: two racks of four DGX H100, what runs there, and a gang that waits.

python make.py > cluster.yaml
"""

from __future__ import annotations

import dra
from dra.claims import claim, gpu, workload
from dra.claims.builder import ClaimBuilder
from dra.testing import nodes

# Name, GPUs, priority, node.
RUNNING = (
    ("serve-0", 4, 1000, "rack-0-node-0"),
    ("serve-1", 4, 1000, "rack-0-node-0"),
    ("notebook", 1, 0, "rack-0-node-2"),
    ("finetune", 8, 100, "rack-1-node-3"),
)
BROKEN = dra.DeviceTaintRule.from_dict(
    {
        "metadata": {"name": "xid-79"},
        "spec": {
            "deviceSelector": {"driver": "gpu.nvidia.com", "pool": "rack-1-node-1", "device": "gpu-5"},
            "taint": {"key": "example.com/xid", "value": "79", "effect": "NoExecute"},
        },
    }
)


def gpus(count: int) -> ClaimBuilder:
    """So many H100s."""
    return claim(f"gpus-{count}", namespace="ml").request("gpu", gpu("H100-80GB"), count=count)


def pod(name: str, count: int, priority: int, **spec: object) -> dra.Pod:
    """A pod with its own GPUs."""
    spec |= {
        "priority": priority,
        "containers": [{"name": "main", "resources": {"claims": [{"name": "gpus"}]}}],
        "resourceClaims": [{"name": "gpus", "resourceClaimTemplateName": f"gpus-{count}"}],
    }
    return dra.Pod.from_dict({"metadata": {"name": name, "namespace": "ml"}, "spec": spec})


def cluster() -> dra.Cluster:
    """The cluster; nothing of it is random, so it is the same each time."""
    setup = nodes.Setup(drivers=["gpu.nvidia.com"])
    gang = workload("llama", namespace="ml").group("worker", min_count=4, topology=nodes.RACK_LABEL)
    made = dra.Cluster.load(
        [
            *nodes.cluster("dgx-h100", racks=2, nodes_per_rack=4, setup=setup).objects,
            *(gpus(count).template() for count in (1, 4, 8)),
            gang.build(),
            *gang.pod_groups(),
            BROKEN,
        ]
    )
    for name, count, priority, node in RUNNING:
        placement = made.schedule(pod(name, count, priority), nodes=[node])
        assert isinstance(placement, dra.Placement), placement
        made = placement.apply()
    member = gang.pod_reference("worker")
    return made.with_([pod(f"llama-{number}", 8, 500, **member) for number in range(4)])


if __name__ == "__main__":
    print(dra.dump(list(cluster())), end="")
