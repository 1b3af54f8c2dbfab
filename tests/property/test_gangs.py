"""Small gangs against brute force: a gang is placed if, and only if, some order of its pods leads there."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product
from random import Random
from typing import Any

import pytest

from dra.features import Features
from dra.models.core import Pod
from dra.models.resource import ResourceSlice
from dra.models.scheduling import PodGroup
from dra.scheduler import Cluster, GangPlacement, Placement
from tests.unit.scheduler import clusters
from tests.unit.scheduler.gangs.gangs import RACK, composite, group, pods

FEATURES = Features.for_kubernetes("1.37", generic_workload=True, workload_resource_claims=True)
KIND_A = f"device.attributes['{clusters.DRIVER}'].kind == 'a'"
TEMPLATES = {
    "one": [clusters.request(1)],
    "two": [clusters.request(2)],
    "first": [clusters.request(1, selectors=[{"cel": {"expression": KIND_A}}])],
    "both": [clusters.request(1), clusters.request(1, "b")],
}


def pool_for_all(count: int) -> ResourceSlice:
    """Devices that every node can use."""
    kind = {"attributes": {"kind": {"string": "b"}}}
    spec = {
        "driver": clusters.DRIVER,
        "allNodes": True,
        "pool": {"name": "net", "generation": 1, "resourceSliceCount": 1},
        "devices": [{"name": f"net-{index}", **kind} for index in range(count)],
    }
    return ResourceSlice.from_dict({"metadata": {"name": "net"}, "spec": spec})


def instance(random: Random) -> tuple[Cluster, PodGroup, list[Pod]]:
    """Up to four nodes in up to two racks, some alike; up to four pods of a few kinds; a claim in common."""
    objects: list[Any] = [clusters.gpu_class()]
    objects += [clusters.template(name, *requests) for name, requests in TEMPLATES.items()]
    patterns = [[random.choice("ab") for _ in range(random.randint(1, 3))] for _ in range(2)]
    for number in range(random.randint(1, 3)):
        name, pattern = f"n{number}", random.choice(patterns)
        amounts = {"cpu": str(random.randint(1, 3)), "pods": "4"}
        rack = {RACK: random.choice(["r0", "r1"])} if random.random() < 0.9 else {}
        objects.append(clusters.node(name, labels=rack, allocatable=amounts))
        objects.append(clusters.gpus(name, len(pattern), kind=pattern))
    if random.random() < 0.3:
        objects.append(pool_for_all(random.randint(1, 2)))
    claims = {"common": "one"} if random.random() < 0.4 else None
    members = []
    for number in range(random.randint(2, 4)):
        more = ["common"] if claims and random.random() < 0.7 else []
        own = [random.choice([*TEMPLATES])] if random.random() < 0.8 or not more else []
        (made,) = pods(
            1,
            prefix=f"p{number}",
            templates=(),
            resourceClaims=[
                *({"name": "common", "resourceClaimTemplateName": "one"} for _ in more),
                *({"name": "own", "resourceClaimTemplateName": each} for each in own),
            ],
            containers=[
                {"name": "main", "resources": {"requests": {"cpu": str(random.choice([0, 0, 1, 2]))}}}
            ],
        )
        members.append(made)
    wanted = group(
        random.randint(max(1, len(members) - 1), len(members)),
        topology=RACK if random.random() < 0.5 else None,
        claims=claims,
    )
    return Cluster.load(objects, kubernetes="1.37", features=FEATURES), wanted, members


def brute_force(cluster: Cluster, wanted: PodGroup, members: list[Pod]) -> bool:
    """Whether the gang can be placed by trying every pod on every node, in every order."""
    cluster = cluster.with_(wanted)
    gang = wanted.spec.scheduling_policy.gang
    assert gang is not None
    labels = {node.metadata.name or "": (node.metadata.labels or {}).get(RACK) for node in cluster.nodes}
    domains: list[list[str]] = [list(labels)]
    if wanted.spec.scheduling_constraints is not None:
        racks = {rack for rack in labels.values() if rack}
        domains = [[name for name, its in labels.items() if its == rack] for rack in sorted(racks)]
    return any(_fits(cluster, members, gang.min_count, nodes, frozenset(), set()) for nodes in domains)


def _fits(
    cluster: Cluster, members: list[Pod], needed: int, nodes: list[str], taken: frozenset[Any], seen: set[Any]
) -> bool:
    if not needed:
        return True
    if taken in seen:
        return False
    seen.add(taken)
    for pod in members:
        for node in nodes:
            there = pod.model_copy(update={"spec": pod.spec.model_copy(update={"node_name": node})})
            answer = cluster.schedule(there)
            if isinstance(answer, Placement):
                rest = [each for each in members if each is not pod]
                more = taken | {(pod.metadata.name, node, tuple(answer.devices))}
                if _fits(answer.apply(), rest, needed - 1, nodes, more, seen):
                    return True
    return False


def check(cluster: Cluster, wanted: PodGroup, answer: GangPlacement) -> None:
    """What is placed keeps to the rules."""
    gang = wanted.spec.scheduling_policy.gang
    assert gang is not None
    assert len(answer.placements) >= gang.min_count
    after = answer.apply()
    held: Counter[tuple[str, str]] = Counter()
    for claim in after.claims:
        allocation = claim.status.allocation if claim.status else None
        for each in (allocation.devices.results if allocation else None) or ():
            held[each.pool, each.device] += 1
    assert max(held.values(), default=0) <= 1
    labels = {node.metadata.name: (node.metadata.labels or {}).get(RACK) for node in cluster.nodes}
    cpus = {
        node.metadata.name: node.status.allocatable["cpu"].nanos
        for node in cluster.nodes
        if node.status and node.status.allocatable
    }
    for node in cluster.nodes:
        there = [pod for pod in after.pods if pod.spec.node_name == node.metadata.name]
        used = sum(
            container.resources.requests["cpu"].nanos
            for pod in there
            for container in pod.spec.containers or ()
            if container.resources and container.resources.requests
        )
        assert used <= cpus[node.metadata.name]
    if wanted.spec.scheduling_constraints is not None:
        assert {labels[node] for node in answer.nodes.values()} == {answer.domains["train"]}
    # Pod after pod, the cluster is as Cluster.schedule would have left it.
    again = cluster.with_(wanted)
    for placement in answer.placements:
        pod = placement.pod.model_copy(
            update={
                "spec": placement.pod.spec.model_copy(update={"node_name": placement.node}),
                "status": None,
            }
        )
        one = again.schedule(pod)
        assert isinstance(one, Placement)
        assert one.devices == placement.devices
        again = one.apply()
    assert after.without(answer) == cluster


@pytest.mark.parametrize("seed", range(120))
def test_a_gang_is_placed_if_and_only_if_brute_force_finds_an_order(seed: int) -> None:
    random = Random(seed)
    cluster, wanted, members = instance(random)
    answer = cluster.schedule_gang(wanted, members)
    assert bool(answer) == brute_force(cluster, wanted, members)
    if isinstance(answer, GangPlacement):
        check(cluster, wanted, answer)
    else:
        assert answer.is_proven
        assert answer.room < answer.needed or answer.available < answer.needed


# --- groups of groups ---------------------------------------------------------------------------------------


def composite_instance(random: Random) -> tuple[Cluster, list[PodGroup], list[Pod], int, str | None]:
    """Up to four nodes in two racks of one or two zones; two or three small groups, some in one rack."""
    objects: list[Any] = [clusters.gpu_class()]
    objects += [clusters.template(name, *requests) for name, requests in TEMPLATES.items()]
    for number in range(random.randint(2, 4)):
        rack = random.choice(["r0", "r1"])
        zone = "z0" if rack == "r0" else random.choice(["z0", "z1"])
        objects.append(clusters.node(f"n{number}", labels={RACK: rack, "zone": zone}))
        kinds = [random.choice("ab") for _ in range(random.randint(1, 3))]
        objects.append(clusters.gpus(f"n{number}", len(kinds), kind=kinds))
    groups, members = [], []
    for name in "abc"[: random.randint(2, 3)]:
        count = random.randint(1, 2)
        rack = RACK if random.random() < 0.6 else None
        groups.append(group(random.randint(1, count), name, topology=rack, parent="all"))
        members += [
            pods(1, name, prefix=f"{name}{index}", templates=[random.choice([*TEMPLATES])])[0]
            for index in range(count)
        ]
    topology = "zone" if random.random() < 0.5 else None
    return Cluster.load(objects), groups, members, random.randint(1, len(groups)), topology


def brute_force_groups(
    cluster: Cluster, groups: list[PodGroup], members: list[Pod], minimum: int, topology: str | None
) -> bool:
    """Whether so many groups can be placed, by trying all domains, pods, nodes and orders."""
    labels = {node.metadata.name or "": node.metadata.labels or {} for node in cluster.nodes}

    def domains(key: str | None, nodes: list[str]) -> list[list[str]]:
        if key is None:
            return [nodes]
        values = sorted({labels[node][key] for node in nodes})
        return [[node for node in nodes if labels[node][key] == value] for value in values]

    for zone in domains(topology, list(labels)):
        for some in combinations(groups, minimum):
            keys = [RACK if each.spec.scheduling_constraints else None for each in some]
            for nodes in product(*(domains(key, zone) for key in keys)):
                allowed = {each.metadata.name: where for each, where in zip(some, nodes, strict=True)}
                needs = {
                    each.metadata.name: each.spec.scheduling_policy.gang.min_count
                    for each in some
                    if each.spec.scheduling_policy.gang
                }
                if _groups_fit(cluster, members, needs, allowed, frozenset(), set()):
                    return True
    return False


def _groups_fit(
    cluster: Cluster, members: list[Pod], needs: Any, allowed: Any, taken: frozenset[Any], seen: set[Any]
) -> bool:
    if not any(needs.values()):
        return True
    if taken in seen:
        return False
    seen.add(taken)
    for pod in members:
        name = pod.spec.scheduling_group.pod_group_name if pod.spec.scheduling_group else None
        if not needs.get(name):
            continue
        for node in allowed[name]:
            there = pod.model_copy(update={"spec": pod.spec.model_copy(update={"node_name": node})})
            answer = cluster.schedule(there)
            if isinstance(answer, Placement):
                rest = [each for each in members if each is not pod]
                less = {**needs, name: needs[name] - 1}
                more = taken | {(pod.metadata.name, node, tuple(answer.devices))}
                if _groups_fit(answer.apply(), rest, less, allowed, more, seen):
                    return True
    return False


@pytest.mark.parametrize("seed", range(80))
def test_groups_of_groups_are_placed_if_and_only_if_brute_force_finds_a_way(seed: int) -> None:
    random = Random(seed)
    cluster, groups, members, minimum, topology = composite_instance(random)
    asked = cluster.with_(composite(minimum, topology=topology), *groups)
    answer = asked.schedule_gang("all", members)
    assert bool(answer) == brute_force_groups(cluster, groups, members, minimum, topology)
    if isinstance(answer, GangPlacement):
        labels = {node.metadata.name: node.metadata.labels or {} for node in cluster.nodes}
        enough = 0
        for each in groups:
            mine = [
                one
                for one in answer.placements
                if one.pod.spec.scheduling_group
                and one.pod.spec.scheduling_group.pod_group_name == each.metadata.name
            ]
            gang = each.spec.scheduling_policy.gang
            enough += gang is not None and len(mine) >= gang.min_count
            if each.spec.scheduling_constraints:
                assert len({labels[one.node][RACK] for one in mine}) <= 1
        assert enough >= minimum
        if topology is not None:
            assert len({labels[node][topology] for node in answer.nodes.values()}) == 1
        assert len(answer.devices) == sum(len(each.devices) for each in answer.placements)
        assert answer.apply().without(answer) == asked
    else:
        assert answer.is_proven
