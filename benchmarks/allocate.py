"""Placing pods on a cluster, beside Kubernetes' own allocator: `python -m benchmarks.allocate [--live]`.

The cluster of `tests/conformance/data/cluster-500.json.gz`: 500 nodes with 8 GPUs and 4 NICs each, 2,000
pods, nodes tried in order, the first that fits is taken. The devices must be exactly those that upstream
picked. `--live` builds and runs the Go program of `tests/conformance/oracle/` (needs Go) instead of quoting
its figures of a 2-core machine. Then: how the time per pod grows with the number of nodes, when all but the
last are full; memory per 1,000 devices; and the searches that are exponential upstream.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
import tracemalloc
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs

from benchmarks.timing import machine, measure, readable, table
from dra.allocator import AllocatedState, Allocator, DeviceId
from dra.features import Features
from dra.models.core import Node
from dra.models.resource import AllocationResult, DeviceClass, ResourceClaim, ResourceSlice
from dra.quantity import Quantity

DATA = Path(__file__).parents[1] / "tests" / "conformance" / "data"
CLUSTER = DATA / "cluster-500.json.gz"
GROWTH = (100, 500, 1_000, 2_000, 5_000)
# Go, one goroutine, warm CEL cache, a new allocator per pod as kube-scheduler makes it, 2-core machine.
RECORDED = {"pods_per_second": 89.0, "micros_per_check": 35.0}
# The seven that upstream's allocator of mid-2026 knows.
FEATURES = Features(
    admin_access=True,
    prioritized_list=True,
    partitionable_devices=True,
    device_taints=True,
    device_binding_and_status=True,
    consumable_capacity=True,
    list_type_attributes=True,
)


@attrs.frozen
class Cluster:
    """A cluster file as models."""

    nodes: list[Node]
    slices: list[ResourceSlice]
    classes: list[DeviceClass]
    pods: list[tuple[str, list[ResourceClaim]]]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Cluster:
        return cls(
            [Node.from_dict(each) for each in data["nodes"]],
            [ResourceSlice.from_dict(each) for each in data["slices"]],
            [DeviceClass.from_dict(each) for each in data["classes"]],
            [
                (pod["name"], [ResourceClaim.from_dict(each) for each in pod["claims"]])
                for pod in data["pods"]
            ],
        )

    def allocator(self) -> Allocator:
        return Allocator(self.slices, self.classes, features=FEATURES)


@attrs.frozen
class Run:
    """What placing the pods gave."""

    placed: list[dict[str, Any]]
    checks: int
    seconds: float


def place(allocator: Allocator, cluster: Cluster) -> Run:
    """Every pod on the first node that has its devices."""
    placed, checks, start = [], 0, time.perf_counter()
    for name, claims in cluster.pods:
        prepared = allocator.prepare(claims)
        found: dict[str, Any] = {"pod": name, "node": None}
        for node in cluster.nodes:
            checks += 1
            results = allocator.allocate(prepared, node)
            if results is not None:
                for claim, result in zip(claims, results, strict=True):
                    allocator.reserve(claim, result)
                found |= {"node": node.metadata.name, "devices": devices_of(results)}
                break
        placed.append(found)
    return Run(placed, checks, time.perf_counter() - start)


def devices_of(results: Iterable[AllocationResult]) -> list[list[str]]:
    return [
        [each.request, each.driver, each.pool, each.device]
        for result in results
        for each in result.devices.results or ()
    ]


def same(placed: Sequence[dict[str, Any]], recorded: Sequence[dict[str, Any]]) -> bool:
    return all(
        ours["node"] == theirs.get("node") and ours.get("devices") == theirs.get("devices")
        for ours, theirs in zip(placed, recorded, strict=True)
    )


def go_live(data: dict[str, Any]) -> dict[str, float]:
    """Upstream's figures, taken now."""
    from tests.conformance.oracle import benchmark

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cluster.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        measured = benchmark(path, seconds=60)
    print(f"Go: {json.dumps(measured)}")
    return {
        "pods_per_second": measured["pods_per_second"],
        "micros_per_check": measured["micros_per_check"],
    }


def growth_row(data: dict[str, Any], nodes: int) -> list[str]:
    """The time to place a pod on the last of so many nodes, all others being full."""
    grown = repeated(data, nodes)
    *full, last = grown.nodes
    taken = {
        DeviceId(each.spec.driver, each.spec.pool.name, device.name)
        for each in grown.slices
        if each.spec.node_name != last.metadata.name
        for device in each.spec.devices or ()
    }
    allocator = Allocator(grown.slices, grown.classes, AllocatedState(devices=taken), features=FEATURES)
    [(_, claims)] = grown.pods
    prepared = allocator.prepare(claims)

    def place_one() -> None:
        if any(allocator.allocate(prepared, node) for node in full) or not allocator.allocate(prepared, last):
            raise AssertionError("the pod belongs on the last node")

    start = time.perf_counter()
    place_one()
    first = time.perf_counter() - start
    per_pod = measure(place_one, runs=5)
    return [f"{nodes:,}", readable(first), str(per_pod), readable(per_pod.median / nodes)]


def repeated(data: dict[str, Any], nodes: int) -> Cluster:
    """A cluster of so many nodes like the recorded one's first, and one pod that wants one GPU."""
    pattern = data["nodes"][0]["metadata"]["name"]
    pieces = {
        "nodes": [data["nodes"][0]],
        "slices": [each for each in data["slices"] if each["spec"].get("nodeName") == pattern],
    }
    text = json.dumps(pieces)
    copies = [json.loads(text.replace(pattern, f"node-{number:05}")) for number in range(nodes)]
    gpu = next(
        pod
        for pod in data["pods"]
        if [request["name"] for claim in pod["claims"] for request in claim["spec"]["devices"]["requests"]]
        == ["gpu"]
        and "'40Gi'" not in json.dumps(pod)
        and "selectors" not in pod["claims"][0]["spec"]["devices"]["requests"][0]["exactly"]
    )
    return Cluster.of(
        {
            "nodes": [node for each in copies for node in each["nodes"]],
            "slices": [slice_ for each in copies for slice_ in each["slices"]],
            "classes": data["classes"],
            "pods": [gpu],
        }
    )


def memory(cluster: Cluster) -> tuple[float, float]:
    """MiB per 1,000 devices: what an allocator holds after one look at every node, and its peak."""
    devices = sum(len(each.spec.devices or ()) for each in cluster.slices)
    tracemalloc.start()
    allocator = cluster.allocator()
    prepared = allocator.prepare(cluster.pods[0][1])
    for node in cluster.nodes:
        allocator.allocate(prepared, node)
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return now / devices * 1000 / 2**20, peak / devices * 1000 / 2**20


def hard_rows() -> Iterable[list[str]]:
    """The searches that take upstream seconds: our time, first and warm, and Go's."""
    with gzip.open(DATA / "hard.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            cluster = Cluster.of({**case, "pods": [{"name": "", "claims": case["claims"]}]})
            allocator = Allocator(
                cluster.slices, cluster.classes, state_of(case["allocated"]), features=FEATURES
            )
            [(_, claims)] = cluster.pods
            start = time.perf_counter()
            allocator.allocate(claims, cluster.nodes[0])
            first = time.perf_counter() - start
            warm = measure(lambda: allocator.allocate(claims, cluster.nodes[0]), runs=3)  # noqa: B023 - called here
            go = "timeout at 10 s" if case["go"]["timeout"] else f"{case['go']['ms']} ms, wrong"
            yield [case["id"], readable(first), str(warm), go]


def state_of(allocated: dict[str, Any]) -> AllocatedState:
    return AllocatedState(
        devices=[DeviceId.parse(each) for each in allocated.get("devices", ())],
        capacity={
            DeviceId.parse(device): {name: Quantity(amount) for name, amount in amounts.items()}
            for device, amounts in allocated.get("capacity", {}).items()
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--live", action="store_true", help="run the Go allocator too")
    parser.add_argument("--largest", type=int, default=GROWTH[-1], help="most nodes in the growth table")
    arguments = parser.parse_args()
    data = json.loads(gzip.decompress(CLUSTER.read_bytes()))
    cluster = Cluster.of(data)
    run = place(cluster.allocator(), cluster)
    go = go_live(data) if arguments.live else RECORDED
    rate, per_check = len(cluster.pods) / run.seconds, run.seconds / run.checks * 1e6

    print(machine())
    print(f"{len(cluster.nodes)} nodes, {len(cluster.pods):,} pods, {run.checks:,} node checks")
    print(f"same devices as recorded: {'yes' if same(run.placed, data['expect']) else 'NO'}\n")
    go_name = "Go, now" if arguments.live else "Go, recorded"
    rows = [
        ["dra", f"{rate:.0f}", f"{per_check:.1f}"],
        [go_name, f"{go['pods_per_second']:.0f}", f"{go['micros_per_check']:.1f}"],
        ["ratio", f"{rate / go['pods_per_second']:.1f} x", f"{go['micros_per_check'] / per_check:.1f} x"],
    ]
    print(table(["", "pods/s", "µs per node check"], rows), "\n")
    sizes = [size for size in GROWTH if size <= arguments.largest]
    header = ["nodes", "first pod", "per pod", "per node"]
    print(table(header, [growth_row(data, size) for size in sizes]), "\n")
    now, peak = memory(cluster)
    print(f"memory per 1,000 devices: {now:.2f} MiB, at most {peak:.2f} MiB\n")
    print(table(["hard search", "first", "warm", "Go"], hard_rows()))


if __name__ == "__main__":
    main()
