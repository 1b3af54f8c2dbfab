"""Scheduling on a large cluster: `python -m benchmarks.schedule [--nodes 5000]`.

Nodes with eight GPUs each, as NVIDIA's driver publishes a DGX H100; 32 to a rack. Printed are the rates of
loading the snapshot, of placing 1,000 single pods of five kinds on the empty and on the half-full cluster
under each policy, of placing ten gangs of 64 pods with and without a topology, of copying the cluster, and
the time to say why a pod or a gang fits nowhere. The goals: under 10 ms for a pod at half-full, under 1 s for
an explanation.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from benchmarks.timing import machine, readable, table
from dra.models.core import Pod
from dra.models.meta import KubernetesObject
from dra.models.resource import ResourceClaimTemplate
from dra.models.scheduling import PodGroup
from dra.scheduler import POLICIES, Cluster, GangPlacement, Placement
from dra.testing import nodes

_T = TypeVar("_T")

PODS = 1_000
GANGS = 10
GANG = 64
KINDS: dict[str, dict[str, Any]] = {
    "one": {"count": 1},
    "two-on-a-root": {"count": 2, "match": "resource.kubernetes.io/pcieRoot"},
    "four": {"count": 4},
    "large": {"count": 1, "cel": "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('70Gi')) >= 0"},
    "all-eight": {"count": 8},
}


def snapshot(number: int) -> list[KubernetesObject]:
    """The objects of a cluster: nodes, slices, classes, claim templates."""
    made = nodes.cluster(
        "dgx-h100",
        racks=number // 32,
        nodes_per_rack=32,
        setup=nodes.Setup(drivers=["gpu.nvidia.com"]),
    )
    if number % 32:
        made += nodes.cluster(
            "dgx-h100",
            nodes_per_rack=number % 32,
            prefix="rest",
            setup=nodes.Setup(drivers=["gpu.nvidia.com"]),
        )
    return [*made.objects, *(template(name) for name in (*KINDS, "nine"))]


def template(name: str) -> ResourceClaimTemplate:
    wanted = KINDS.get(name, {"count": 9})
    exactly: dict[str, object] = {"deviceClassName": "gpu.nvidia.com", "count": wanted["count"]}
    if "cel" in wanted:
        exactly["selectors"] = [{"cel": {"expression": wanted["cel"]}}]
    devices: dict[str, object] = {"requests": [{"name": "gpu", "exactly": exactly}]}
    if "match" in wanted:
        devices["constraints"] = [{"matchAttribute": wanted["match"]}]
    return ResourceClaimTemplate.from_dict(
        {"metadata": {"name": name, "namespace": "default"}, "spec": {"spec": {"devices": devices}}}
    )


def pod(name: str, kind: str) -> Pod:
    return Pod.from_dict(
        {
            "metadata": {"name": name, "namespace": "default"},
            "spec": {
                "containers": [{"name": "main", "resources": {"requests": {"cpu": "4", "memory": "16Gi"}}}],
                "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": kind}],
            },
        }
    )


def pods(prefix: str, number: int) -> Iterator[Pod]:
    kinds = list(KINDS)
    for index in range(number):
        yield pod(f"{prefix}-{index}", kinds[index % len(kinds)])


def timed(call: Callable[[], _T]) -> tuple[_T, float]:
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def fill(cluster: Cluster) -> Cluster:
    """Four of every node's eight GPUs taken."""
    for index, node in enumerate(cluster.nodes):
        on_node = pod(f"full-{index}", "four")
        named = on_node.model_copy(
            update={"spec": on_node.spec.model_copy(update={"node_name": node.metadata.name})}
        )
        placement = cluster.schedule(named)
        if isinstance(placement, Placement):
            cluster = placement.apply()
    return cluster


def place(cluster: Cluster, policy: str, prefix: str) -> tuple[Cluster, list[float]]:
    """Pods placed one after the other, and the time that each took."""
    seconds = []
    for each in pods(prefix, PODS):
        start = time.perf_counter()
        answer = cluster.schedule(each, policy=policy)
        if isinstance(answer, Placement):
            cluster = cluster.placed(answer)
        seconds.append(time.perf_counter() - start)
    return cluster, seconds


def gang(name: str, topology: str | None) -> tuple[PodGroup, list[Pod]]:
    """64 pods with four GPUs each: a rack, exactly."""
    spec: dict[str, Any] = {"schedulingPolicy": {"gang": {"minCount": GANG}}}
    if topology is not None:
        spec["schedulingConstraints"] = {"topology": [{"key": topology}]}
    group = PodGroup.from_dict({"metadata": {"name": name, "namespace": "default"}, "spec": spec})
    return group, [pod(f"{name}-{index}", "four") for index in range(GANG)]


def place_gangs(cluster: Cluster, name: str, topology: str | None) -> list[float]:
    """Gangs placed one after the other, and the time that each took."""
    seconds = []
    for number in range(GANGS):
        group, members = gang(f"{name}-{number}", topology)
        answer, taken = timed(lambda: cluster.schedule_gang(group, members))  # noqa: B023 - called at once
        seconds.append(taken)
        if isinstance(answer, GangPlacement):
            cluster = answer.apply()
    return seconds


def row(name: str, seconds: list[float]) -> list[str]:
    ordered = sorted(seconds)
    return [
        name,
        f"{len(seconds) / sum(seconds):.0f}",
        readable(sum(seconds) / len(seconds)),
        readable(ordered[len(ordered) // 2]),
        readable(ordered[len(ordered) * 99 // 100]),
        readable(ordered[-1]),
    ]


def gang_rows(empty: Cluster, half: Cluster) -> list[list[str]]:
    """The rates of gangs."""
    return [
        row("empty, in a rack", place_gangs(empty, "rack", nodes.RACK_LABEL)),
        row("empty, anywhere", place_gangs(empty, "free", None)),
        row("half-full, anywhere", place_gangs(half, "half", None)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=5_000)
    number = parser.parse_args().nodes
    print(machine())
    objects = snapshot(number)
    cluster, loading = timed(lambda: Cluster.load(objects))
    first = pod("first", "one")
    _, looking = timed(lambda: cluster.schedule(first, policy="best-fit"))
    print(f"{number:,} nodes with 8 GPUs; snapshot loaded in {readable(loading)}, ", end="")
    print(f"the first look at all nodes in {readable(looking)} ({number / (loading + looking):,.0f} nodes/s)")

    header = ["1,000 pods", "pods/s", "mean", "median", "99 %", "slowest"]
    _, seconds = place(cluster, "first", "empty")
    rows = [row("empty, first", seconds)]
    half, filling = timed(lambda: fill(cluster))
    for policy in POLICIES:
        _, seconds = place(half, policy, policy)
        rows.append(row(f"half-full, {policy}", seconds))
    print(table(header, rows))
    print(f"{number:,} pods pinned to their nodes in {readable(filling)}\n")

    print(table(["10 gangs of 64", "gangs/s", "mean", "median", "99 %", "slowest"], gang_rows(cluster, half)))
    group, members = gang("refused", nodes.RACK_LABEL)
    refusal, why = timed(lambda: half.schedule_gang(group, members))
    print(f"why not, a gang: {readable(why)}: {refusal}\n")

    one = pod("one-more", "one")
    _, copying = timed(lambda: [half.with_(one) for _ in range(1000)])
    print(f"a copy with one pod more: {readable(copying / 1000)}")
    nine = pod("nine", "nine")
    answer, why = timed(lambda: half.schedule(nine))
    print(f"why not, the first time: {readable(why)}: {answer}")
    half = half.with_(pod("other", "one"))
    unaligned = pod("eight", "all-eight")
    answer, why = timed(lambda: half.schedule(unaligned))
    print(f"why not, a known kind of pod: {readable(why)}: {answer}")


if __name__ == "__main__":
    main()
