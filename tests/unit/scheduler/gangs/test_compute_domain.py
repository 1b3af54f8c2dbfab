"""ComputeDomains: pods with an IMEX channel and all GPUs of a node, in one NVLink clique of GB200 racks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from dra.drivers.nvidia.compute_domain import CLIQUE_LABEL
from dra.models.core import Pod
from dra.models.resource import ResourceClaimTemplate
from dra.scheduler import Cluster
from dra.testing import nodes
from tests.unit.scheduler.gangs.gangs import group, placed, refused

CLAIMS = [
    {"name": "channel", "resourceClaimTemplateName": "channel"},
    {"name": "gpus", "resourceClaimTemplateName": "four"},
]


def template(name: str, device_class: str, count: int) -> ResourceClaimTemplate:
    exactly = {"deviceClassName": device_class, "count": count}
    devices = {"requests": [{"name": "devices", "exactly": exactly}]}
    return ResourceClaimTemplate.from_dict(
        {"metadata": {"name": name}, "spec": {"spec": {"devices": devices}}}
    )


@pytest.fixture(scope="module")
def racks() -> Cluster:
    """Two racks of 18 nodes with four GPUs each."""
    made = nodes.cluster("gb200-nvl72", racks=2)
    channel = template("channel", "compute-domain-default-channel.nvidia.com", 1)
    return Cluster.load([*made.objects, channel, template("four", "gpu.nvidia.com", 4)])


def workers(count: int, name: str = "train") -> list[Pod]:
    return [worker(f"{name}-{index}", schedulingGroup={"podGroupName": name}) for index in range(count)]


def worker(name: str, claims: Sequence[Any] = CLAIMS, **spec: Any) -> Pod:
    made = {"containers": [{"name": "main"}], "resourceClaims": list(claims), **spec}
    return Pod.from_dict({"metadata": {"name": name}, "spec": made})


@pytest.mark.parametrize("count", [16, 18])
def test_all_pods_go_to_one_clique(racks: Cluster, count: int) -> None:
    answer = placed(racks.schedule_gang(group(count, topology=CLIQUE_LABEL), workers(count)))
    labels = {node.metadata.name: (node.metadata.labels or {})[CLIQUE_LABEL] for node in racks.nodes}
    assert {labels[node] for node in answer.nodes.values()} == {answer.domains["train"]}
    assert len(set(answer.nodes.values())) == count
    channels = [device for device in answer.devices if "channel" in device]
    assert len(channels) == count
    assert len(answer.devices) == count * 5


def test_cliques_that_are_partly_used(racks: Cluster) -> None:
    """A pod on two nodes of one rack and on six of the other takes a channel or a GPU there."""
    cluster = racks
    for rack, used in ((0, 2), (1, 6)):
        for index in range(used):
            pod = worker(f"old-{rack}-{index}", CLAIMS[:1], nodeName=f"rack-{rack}-node-{index}")
            placement = cluster.schedule(pod)
            assert placement
            cluster = placement.apply()
    assert placed(cluster.schedule_gang(group(16, topology=CLIQUE_LABEL), workers(16)))
    answer = refused(cluster.schedule_gang(group(18, topology=CLIQUE_LABEL), workers(18)))
    assert sorted(answer.domains.values()) == [12, 16]
    assert (answer.needed, answer.room, answer.is_proven) == (18, 16, True)
    assert answer.reason == (
        f"needs 18 pods in one {CLIQUE_LABEL}, but the best of 2, {answer.best_domain}, has room for 16"
    )
    assert [str(each) for each in answer.groups] == [
        "16 nodes: taken by other pods of the gang",
        "2 nodes: no device of class compute-domain-default-channel.nvidia.com free",
    ]
    assert answer.groups[1].nodes == ("rack-0-node-0", "rack-0-node-1")
    assert answer.explain() is not None


def test_racks_that_are_too_small_together_hold_more_than_one_clique(racks: Cluster) -> None:
    assert refused(racks.schedule_gang(group(19, topology=CLIQUE_LABEL), workers(19))).room == 18
    assert len(placed(racks.schedule_gang(group(19), workers(19))).placements) == 19
