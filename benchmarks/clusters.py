"""Making large clusters of factory nodes, and the first claim on them: `python -m benchmarks.clusters`.

Four racks each, with as many nodes a rack as the devices need. Time is that of the processor, the best of
three.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

from benchmarks.timing import machine, readable, table
from dra.testing import SimulatedCluster, nodes

_T = TypeVar("_T")
RACKS = 4
CLAIM = {
    "apiVersion": "resource.k8s.io/v1",
    "kind": "ResourceClaimTemplate",
    "metadata": {"name": "train"},
    "spec": {
        "spec": {
            "devices": {
                "requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com", "count": 8}}]
            }
        }
    },
}


def timed(call: Callable[[], _T], runs: int = 3) -> tuple[str, _T]:
    """The best time of a call, and what it gave last."""
    times = []
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        result = call()
        times.append(time.process_time() - start)
    return readable(min(times)), result


def row(devices: int, mig: str = "") -> list[str]:
    setup = nodes.Setup(drivers=["gpu.nvidia.com"], mig=mig)
    per_node = len(nodes.node("dgx-h100", mig=mig, drivers=["gpu.nvidia.com"]).devices())
    per_rack = -(-devices // (RACKS * per_node))
    made, fixture = timed(
        lambda: nodes.cluster("dgx-h100", racks=RACKS, nodes_per_rack=per_rack, setup=setup)
    )
    ready, cluster = timed(lambda: SimulatedCluster(fixture))
    placed, _ = timed(lambda: cluster.attempt(CLAIM))
    found = sum(len(each.spec.devices or ()) for each in fixture.slices)
    return [mig or "whole", f"{len(fixture.nodes):,}", f"{found:,}", made, ready, placed]


def main() -> None:
    print(machine())
    rows = [row(10_000), row(40_000), row(100_000), row(40_000, "dynamic")]
    print(table(["GPUs", "nodes", "devices", "made in", "allocator in", "8 GPUs in"], rows))


if __name__ == "__main__":
    main()
