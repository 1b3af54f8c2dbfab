"""What has to go for a pod to fit, against trying everything."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from dra.models.core import Pod
from dra.scheduler import Cluster, Placement
from dra.scheduler.whatif import evictions
from tests.unit.scheduler.clusters import claim, node, pod, request, small_cluster, template

NODES = 2
HIGHEST = 3


def instance(random: Random) -> Cluster:
    """Two nodes with three or four GPUs and some cpu, filled with pods; some share a claim."""
    each = random.randint(3, 4)
    room = [
        node(f"n{at}", allocatable={"cpu": str(random.randint(2, 5)), "pods": "9"}) for at in range(NODES)
    ]
    wishes = [
        template("t1", request(1)),
        template("t2", request(2)),
        claim("s", request(random.randint(1, 2))),
    ]
    cluster = small_cluster(*wishes, nodes=NODES, each=each).with_(room)
    for number in range(9):
        answer = cluster.schedule(wish(random, f"p{number}", random.randint(-1, HIGHEST)))
        if isinstance(answer, Placement):
            cluster = answer.apply()
    return cluster


def wish(random: Random, name: str, priority: int) -> Pod:
    kind = random.choice(["t1", "t2", "s", ""])
    made = pod(
        name,
        templates=[kind] if kind.startswith("t") else (),
        claims=[kind] if kind == "s" else (),
        requests={"cpu": str(random.randint(0, 1))},
        priority=priority,
    )
    wire = made.to_dict()
    stamp = {"creationTimestamp": f"2026-01-0{random.randint(1, 4)}T00:00:00Z"}
    return Pod.from_dict({**wire, "metadata": {**wire["metadata"], **stamp}})


def cost(cluster: Cluster, gone: tuple[Pod, ...], limit: int) -> tuple[int, int, str]:
    """Raised priorities added up, how many, and a text that sorts by the oldest, the newest first."""
    may_go = [each.spec.priority or 0 for each in cluster.pods if (each.spec.priority or 0) <= limit]
    raised = -min([0, *may_go])
    oldest = min(str(each.metadata.creation_timestamp) for each in gone)
    newest_first = "".join(chr(200 - ord(letter)) for letter in oldest)
    return sum((each.spec.priority or 0) + raised for each in gone), len(gone), newest_first


@pytest.mark.parametrize("seed", range(20))
def test_the_smallest_set_is_the_smallest_of_all(seed: int) -> None:
    random = Random(seed)
    cluster = instance(random)
    wanted = random.choice(["t2", "many", "s"])
    vip = pod(
        "vip",
        templates=[wanted] if wanted != "s" else (),
        claims=["s"] if wanted == "s" else (),
        requests={"cpu": str(random.randint(0, 3))},
        priority=HIGHEST,
    )
    cluster = cluster.with_(template("many", request(random.randint(2, 4))))
    limit = HIGHEST - 1
    may_go = [each for each in cluster.pods if (each.spec.priority or 0) <= limit]
    all_sets = [gone for count in range(len(may_go) + 1) for gone in combinations(may_go, count)]
    enough = [gone for gone in all_sets if cluster.without(*gone).schedule(vip)]

    found = evictions(cluster, vip, tries=100_000)

    assert found.proven
    assert found.fits == bool(enough)
    if found.best is not None:
        gone = tuple(cluster.pod(name) for name in found.best.pods)
        assert cluster.without(*gone).schedule(vip, nodes=[found.best.node])
        assert cost(cluster, gone, limit) == min(cost(cluster, each, limit) for each in enough)
        assert found.after.cluster.pod("vip").spec.node_name == found.best.node
    else:
        assert not enough or () in enough
