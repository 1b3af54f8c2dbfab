"""Changes of random clusters: nothing is given twice, nobody is lost, the given cluster stays as it is."""

from __future__ import annotations

from random import Random

import pytest

from dra.models.resource import DeviceTaintRule
from dra.scheduler import Cluster, Placement
from dra.scheduler.whatif import Comparison, drain, evictions, more_nodes, taint
from tests.property.test_cluster import check, instance, pod


def filled(random: Random) -> Cluster:
    """A cluster with pods that run and pods that wait."""
    cluster = instance(random)
    for number in range(8):
        wanted, claim = pod(random, f"p{number}")
        answer = cluster.schedule(wanted, [claim])
        cluster = answer.apply() if isinstance(answer, Placement) else cluster.with_(answer.pod, claim)
    return cluster


def asked(random: Random, cluster: Cluster) -> Comparison:
    nodes = [each.metadata.name or "" for each in cluster.nodes]
    waiting = cluster.pending()
    question = random.choice(["drain", "taint", "add", "evict"])
    if question == "drain":
        return drain(cluster, *random.sample(nodes, random.randint(1, 2)))
    if question == "taint":
        effect = random.choice(["NoSchedule", "NoExecute"])
        selector = {"pool": random.choice(cluster.slices).spec.pool.name}
        spec = {"deviceSelector": selector, "taint": {"key": "fault", "effect": effect}}
        return taint(cluster, DeviceTaintRule.from_dict({"metadata": {"name": "rule"}, "spec": spec}))
    if question == "evict" and waiting:
        return evictions(cluster, random.choice(waiting), up_to=random.choice([None, 0]), tries=200)
    return more_nodes(cluster, random.choice(nodes), count=random.randint(1, 4))


@pytest.mark.parametrize("seed", range(24))
def test_a_change_leaves_a_sound_cluster(seed: int) -> None:
    random = Random(seed)
    cluster = filled(random)
    copy = Cluster.load(list(cluster), features=cluster.features)

    answer = asked(random, cluster)

    assert cluster == copy
    for situation in (answer.before, answer.after):
        check(situation.cluster)
        assert situation.placed + situation.pending == len(cluster.pods)
    assert {each.metadata.name for each in answer.after.cluster.pods} == {
        each.metadata.name for each in cluster.pods
    }
    gained = len(answer.of("placed")) - len(answer.of("displaced"))
    assert answer.after.placed - answer.before.placed == gained
