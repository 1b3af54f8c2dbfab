"""A program of somebody who uses the library and checks types strictly; `test_typed.py` checks it."""

from __future__ import annotations

from typing_extensions import assert_type

import dra
from dra.claims import ClaimBuilder, claim, prefer
from dra.claims.select import device
from dra.claims.sharing import TimeSlicing
from dra.models.meta import ObjectMeta
from dra.models.resource import DeviceRequestAllocationResult
from dra.testing import SimulatedCluster, assert_allocatable, nodes


def wanted() -> dra.ResourceClaim:
    memory = device.capacity("memory") >= "40Gi"
    built: ClaimBuilder = (
        claim("train", namespace="team-a")
        .request("gpu", device_class="gpu.nvidia.com", count=2, where=memory)
        .align("resource.kubernetes.io/pcieRoot")
    )
    return built.build()


def shared() -> dra.ResourceClaim:
    return claim("notebook", share=TimeSlicing()).request("gpu").build()


def faults(text: str) -> list[str]:
    problems: list[str] = []
    for obj in dra.load(text):
        assert_type(obj.kind, str)
        problems += [f"{error.field}: {error.detail}" for error in dra.validate(obj, kubernetes="1.36")]
    problems += [finding.message for finding in dra.lint(dra.load(text))]
    return problems


def matches(fast: dra.cel.Selector) -> bool:
    gpu = dra.cel.BoundDevice({"attributes": {"model": {"string": "a"}}}, driver="gpu.example.com")
    assert_type(fast.matches(gpu), bool)
    assert_type(fast.evaluate(gpu).cost, int)
    return fast.matches(gpu)


def allocated(
    slices: list[dra.ResourceSlice], classes: list[dra.DeviceClass], node: dra.Node
) -> list[dra.DeviceId]:
    held = dra.AllocatedState(devices=[dra.DeviceId("gpu.example.com", "pool", "gpu-0")])
    features = dra.Features.for_kubernetes("1.37")
    allocator = dra.Allocator(slices, classes, held, features=features)
    try:
        results = allocator.allocate([wanted()], node)
    except dra.AllocationError as error:
        raise SystemExit(str(error)) from error
    if results is None:
        explanation = allocator.explain([wanted()], node)
        assert_type(explanation, dra.Explanation)
        return []
    assert_type(results, list[dra.AllocationResult])
    devices: list[DeviceRequestAllocationResult] = results[0].devices.results or []
    return [dra.DeviceId(each.driver, each.pool, each.device) for each in devices]


def placed(cluster: dra.Cluster, pod: dra.Pod) -> dra.Cluster:
    answer = cluster.schedule(pod)
    if isinstance(answer, dra.Unschedulable):
        print(answer.explain())
        return cluster
    assert_type(answer, dra.Placement)
    assert_type(answer.node, str)
    return answer.apply()


def written() -> str:
    by_hand = dra.ResourceClaim(metadata=ObjectMeta(name="by-hand"))
    result = DeviceRequestAllocationResult(
        request="gpu", driver="gpu.example.com", pool="p", device="gpu-0", share_id="x"
    )
    assert_type(result.share_id, "str | None")
    return dra.dump([by_hand, dra.convert(wanted(), "resource.k8s.io/v1beta1")])


def ladder() -> ClaimBuilder:
    best, other = dra.claims.gpu(min_memory="80Gi"), dra.claims.mig("3g.40gb")
    return claim("either").request("gpu", prefer(best, other))


def amounts() -> dra.Quantity:
    total = dra.Quantity("80Gi") + dra.Quantity("500m")
    assert_type(total < dra.Quantity("1Ti"), bool)
    return max(total, dra.Quantity("1"))


def test_it_fits() -> None:
    cluster = SimulatedCluster(nodes.cluster("dgx-h100", nodes_per_rack=2))
    assert_allocatable(wanted(), on=cluster)
