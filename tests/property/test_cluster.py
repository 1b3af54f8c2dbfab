"""Pods that come and go: no device twice, nothing beyond its capacity, and going leaves no trace."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from dra.allocator import AllocatedState, Allocator
from dra.features import Features
from dra.models.core import Node, Pod
from dra.models.resource import DeviceClass, ResourceClaim, ResourceSlice
from dra.scheduler import POLICIES, Cluster, Placement
from tests.conformance.allocation import comparable
from tests.property import allocation_instances

NODES = 3
FEATURES = Features.all()


def instance(random: Random) -> Cluster:
    """Nodes with pools of whole, partitioned and shared devices; some of them alike."""
    patterns = [allocation_instances.instance(random) for _ in range(2)]
    objects: list[Any] = [DeviceClass.from_dict(each) for each in patterns[0]["classes"]]
    for number in range(NODES):
        name = f"n{number}"
        amounts = {"cpu": str(random.randint(2, 6)), "pods": "5"}
        objects.append(Node.from_dict({"metadata": {"name": name}, "status": {"allocatable": amounts}}))
        for position, slice_ in enumerate(random.choice(patterns)["slices"]):
            spec = {**slice_["spec"], "nodeName": name}
            spec["pool"] = {**spec["pool"], "name": f"{name}-{spec['pool']['name']}"}
            metadata = {"name": f"{name}-{position}"}
            objects.append(ResourceSlice.from_dict({"metadata": metadata, "spec": spec}))
    return Cluster.load(objects, features=FEATURES)


def pod(random: Random, name: str) -> tuple[Pod, ResourceClaim]:
    claim = ResourceClaim.from_dict(allocation_instances.claim(random, f"claim-{name}"))
    wanted = {"containers": [{"name": "c", "resources": {"requests": {"cpu": str(random.randint(0, 2))}}}]}
    return Pod.from_dict({"metadata": {"name": name}, "spec": wanted}), claim


def check(cluster: Cluster) -> None:
    """Nothing is given beyond what there is."""
    whole: Counter[tuple[str, str, str]] = Counter()
    shares: dict[tuple[str, str, str], Counter[str]] = {}
    for claim in cluster.claims:
        allocation = claim.status.allocation if claim.status else None
        for each in (allocation.devices.results if allocation else None) or ():
            device = (each.driver, each.pool, each.device)
            if each.admin_access:
                continue
            if each.share_id is None:
                whole[device] += 1
            else:
                amounts = {name: amount.nanos for name, amount in (each.consumed_capacity or {}).items()}
                shares.setdefault(device, Counter()).update(amounts)
    assert not [device for device, times in whole.items() if times > 1]
    counters: Counter[tuple[str, str, str]] = Counter()
    for slice_ in cluster.slices:
        pool = slice_.spec.pool.name
        for model in slice_.spec.devices or ():
            device = (slice_.spec.driver, pool, model.name)
            capacity = {name: each.value.nanos for name, each in (model.capacity or {}).items()}
            for name, nanos in shares.get(device, {}).items():
                assert nanos <= capacity[name]
            if device in whole or device in shares:
                for consumed in model.consumes_counters or ():
                    for name, counter in (consumed.counters or {}).items():
                        counters[pool, consumed.counter_set, name] += counter.value.nanos
    for slice_ in cluster.slices:
        for each in slice_.spec.shared_counters or ():
            for name, counter in (each.counters or {}).items():
                assert counters[slice_.spec.pool.name, each.name, name] <= counter.value.nanos
    for node in cluster.nodes:
        there = (node.status.allocatable if node.status else None) or {}
        on_node = [each for each in cluster.pods if each.spec.node_name == node.metadata.name]
        cpu = sum(_cpu(each) for each in on_node)
        assert cpu <= there["cpu"].nanos
        assert len(on_node) <= 5


def _cpu(pod: Pod) -> int:
    amounts = [each.resources.requests or {} for each in pod.spec.containers or () if each.resources]
    return sum(each["cpu"].nanos for each in amounts if "cpu" in each)


def said(cluster: Cluster, wanted: Pod, claim: ResourceClaim, policy: str) -> Any:
    answer = cluster.schedule(wanted, [claim], policy)
    if isinstance(answer, Placement):
        return answer.node, sorted(answer.devices), answer.score, answer.preference
    return answer.to_dict()


@pytest.mark.parametrize("seed", range(25))
def test_pods_that_come_and_go(seed: int) -> None:
    random = Random(seed)
    shared = [ResourceClaim.from_dict(allocation_instances.claim(random, f"s{index}")) for index in range(2)]
    start = cluster = instance(random).with_(shared)
    running: list[Placement] = []
    for step in range(14):
        if running and random.random() < 0.35:
            cluster = cluster.without(running.pop(random.randrange(len(running))))
        else:
            wanted, claim = pod(random, f"p{step}")
            common = [each for each in cluster.claims if each.metadata.name in ("s0", "s1")]
            own = [claim] if random.random() < 0.7 else [random.choice(common)]
            answer = cluster.schedule(wanted, own, random.choice(list(POLICIES)))
            if isinstance(answer, Placement):
                running.append(answer)
                cluster = cluster.placed(answer)
        check(cluster)
        # What was followed step by step answers like what is made anew from the objects.
        anew = Cluster.load(list(cluster), features=FEATURES)
        probe, policy = pod(random, "probe"), random.choice(["first", "best-fit", "least-allocated"])
        assert said(cluster, *probe, policy) == said(anew, *probe, policy)
    for placement in random.sample(running, len(running)):
        cluster = cluster.without(placement)
    assert cluster == start


def varied(random: Random, slice_: dict[str, Any]) -> dict[str, Any]:
    """The slice of another machine: other names and values, in the same pattern or in a similar one."""
    number, other = random.randint(1, 3) * 10, random.random() < 0.5
    devices = []
    for device in slice_.get("devices", ()):
        made = {**device, "name": f"{device['name']}-{number}"}
        attributes = {name: dict(value) for name, value in device["attributes"].items()}
        attributes["serial"] = {"string": f"{random.random()}"}
        if "numa" in attributes:
            attributes["numa"] = {"int": attributes["numa"]["int"] + number}
        if "links" in attributes:
            attributes["links"] = {"ints": attributes["links"]["ints"][:1]}
        if other and random.random() < 0.4:
            attributes["kind"] = {"string": random.choice(allocation_instances.KINDS)}
        if other and random.random() < 0.4:
            attributes["numa"] = {"int": random.randint(0, 1) + number}
        if other and "consumesCounters" in device:
            (consumed,) = device["consumesCounters"]
            units = {"units": {"value": str(random.randint(1, 3))}}
            made["consumesCounters"] = [{**consumed, "counters": {**consumed["counters"], **units}}]
        if other and "capacity" in device:
            made["capacity"] = {"memory": {"value": random.choice(["2Gi", "4Gi", "8Gi"])}}
        devices.append({**made, "attributes": attributes})
    return {**slice_, "devices": devices} if devices else slice_


@pytest.mark.parametrize("seed", range(30))
def test_nodes_that_are_alike_get_the_answer_that_each_would_get_alone(seed: int) -> None:
    random = Random(seed)
    pattern = allocation_instances.instance(random)
    classes = [DeviceClass.from_dict(each) for each in pattern["classes"]]
    nodes, slices = [], []
    for number in range(8):
        name = f"n{number}"
        nodes.append(Node.from_dict({"metadata": {"name": name}}))
        for position, slice_ in enumerate(pattern["slices"]):
            spec = varied(random, {**slice_["spec"], "nodeName": name})
            spec["pool"] = {**spec["pool"], "name": f"{name}-{spec['pool']['name']}"}
            slices.append(ResourceSlice.from_dict({"metadata": {"name": f"{name}-{position}"}, "spec": spec}))
    cluster = Cluster.load([*classes, *nodes, *slices], features=FEATURES)
    for step in range(12):
        wanted, claim = pod(random, f"p{step}")
        allocator = Allocator(slices, classes, AllocatedState.from_claims(cluster.claims, FEATURES), FEATURES)
        alone = {each.metadata.name or "": allocator.allocate([claim], each) for each in nodes}
        fitting = [name for name, results in alone.items() if results is not None]
        answer = cluster.schedule(wanted, [claim], "best-fit")
        if isinstance(answer, Placement):
            results = alone[answer.node]
            assert results is not None
            assert comparable([results[0].to_dict()]) == comparable(
                [each.to_dict() for each in answer.results.values()]
            )
            assert answer.feasible == len(fitting)
            cluster = answer.apply()
        else:
            assert fitting == []
