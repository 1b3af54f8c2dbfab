"""What would have to go for a pod to fit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dra.errors import AllocationError, LoadError
from dra.models.core import Pod
from dra.models.resource import ResourceClaim
from dra.scheduler import Cluster
from dra.scheduler.whatif import evictions
from tests.unit.scheduler.clusters import claim, contents, node, pod, request, small_cluster, template
from tests.unit.scheduler.whatif.situations import running, told

TEMPLATES = (template("one"), template("pair", request(2)), template("triple", request(3)))


def full(**priorities: int) -> Cluster:
    """One GPU for each pod, two on a node; the pods a, b, ... have these priorities."""
    pods = [pod(name, templates=["one"], priority=priority) for name, priority in priorities.items()]
    return running(small_cluster(*TEMPLATES, nodes=(len(pods) + 1) // 2), *pods)


def born(made: Pod, time: str) -> Pod:
    wire = made.to_dict()
    return Pod.from_dict({**wire, "metadata": {**wire["metadata"], "creationTimestamp": time}})


def test_the_least_important_pod_goes_and_the_pod_gets_its_place() -> None:
    found = evictions(full(a=5, b=3, c=4, d=4), pod("vip", templates=["one"], priority=10))

    assert found.fits
    assert found.proven
    assert found.best is not None
    assert (found.best.node, found.best.pods, found.best.priority) == ("n0", {"default/b": 3}, 3)
    assert found.best.devices == ("gpu.example.com/n0/gpu-1",)
    assert told(found) == [("b", "displaced", "n0", None), ("vip", "placed", None, "n0")]


def test_every_node_has_its_own_answer_the_best_first() -> None:
    found = evictions(full(a=5, b=6, c=1, d=2), pod("vip", templates=["pair"], priority=10))

    assert [(each.node, list(each.pods), each.proven) for each in found.nodes] == [
        ("n1", ["default/c", "default/d"], True),
        ("n0", ["default/a", "default/b"], True),
    ]


def test_two_pods_of_little_priority_go_before_one_of_much() -> None:
    cluster = running(
        small_cluster(*TEMPLATES),
        pod("heavy", templates=["pair"], priority=9),
        *(pod(name, templates=["one"], priority=2) for name in ("x", "y")),
    )
    found = evictions(cluster, pod("vip", templates=["pair"], priority=10))

    assert found.best is not None
    assert found.best.pods == {"default/x": 2, "default/y": 2}


def test_of_equal_priority_fewer_pods_go() -> None:
    cluster = running(
        small_cluster(*TEMPLATES),
        *(pod(name, templates=["one"]) for name in ("x", "y")),
        pod("both", templates=["pair"]),
    )
    found = evictions(cluster, pod("vip", templates=["pair"], priority=1))

    assert found.best is not None
    assert list(found.best.pods) == ["default/both"]


def test_of_as_many_the_newest_goes() -> None:
    old = born(pod("old", templates=["one"]), "2026-01-01T00:00:00Z")
    new = born(pod("new", templates=["one"]), "2026-02-01T00:00:00Z")
    unknown = pod("unknown", templates=["one"])
    cluster = running(small_cluster(*TEMPLATES, nodes=1, each=3), old, new, unknown)
    found = evictions(cluster, pod("vip", templates=["one"], priority=1))

    assert found.best is not None
    assert list(found.best.pods) == ["default/new"]


def test_negative_priorities_count_for_nothing_less_than_nothing() -> None:
    found = evictions(full(a=-5, b=-5, c=-1, d=-1), pod("vip", templates=["one"]))

    assert found.best is not None
    assert list(found.best.pods) == ["default/a"]


def test_nobody_of_equal_or_higher_priority_goes_unless_asked() -> None:
    cluster, vip = full(a=5, b=5), pod("vip", templates=["one"], priority=5)
    refusal = evictions(cluster, vip)
    asked = evictions(cluster, vip, up_to=5)

    assert not refusal
    assert refusal.best is None
    assert refusal.notes == ("as things are: 1 node: no device of class gpu free",)
    assert asked.best is not None
    assert list(asked.best.pods) == ["default/a"]


def test_nothing_has_to_go_if_it_fits() -> None:
    found = evictions(small_cluster(*TEMPLATES), pod("p", templates=["one"]))

    assert (found.fits, found.node, found.best) == (True, "n0", None)
    assert str(found).startswith("pod default/p fits on node n0: nothing has to go")


def test_what_no_eviction_changes() -> None:
    cluster = full(a=0, b=0)
    never = evictions(cluster, pod("vip", templates=["triple"], priority=1))
    cordoned = evictions(
        cluster.with_(node("n0", unschedulable=True)), pod("vip", templates=["one"], priority=1)
    )
    missing = evictions(cluster, pod("vip", claims=["missing"], priority=1))

    assert [each.fits for each in (never, cordoned, missing)] == [False, False, False]
    assert missing.notes == ("as things are: claim default/missing does not exist",)
    assert str(never).startswith("pod default/vip fits nowhere, whatever goes of that which may")


def test_a_shared_claim_is_free_once_all_its_pods_have_gone() -> None:
    users = [pod(name, claims=["shared"]) for name in "ab"]
    cluster = running(small_cluster(*TEMPLATES, claim("shared", request(2)), nodes=1), *users)
    found = evictions(cluster, pod("vip", templates=["one"], priority=1))

    assert found.best is not None
    assert list(found.best.pods) == ["default/a", "default/b"]
    assert found.best.claims == ("default/shared",)


def test_a_shared_claim_stays_if_one_of_its_pods_may_not_go() -> None:
    users = [pod("a", claims=["shared"]), pod("b", claims=["shared"], priority=9)]
    cluster = running(small_cluster(*TEMPLATES, claim("shared", request(2)), nodes=1), *users)

    assert not evictions(cluster, pod("vip", templates=["one"], priority=1))


def test_a_claim_that_nobody_uses_goes_first() -> None:
    start = small_cluster(*TEMPLATES, claim("idle", request(2)))
    held = running(start, pod("p", claims=["idle"])).get(ResourceClaim, "idle")
    assert held is not None
    assert held.status is not None
    idle = held.model_copy(update={"status": held.status.model_copy(update={"reserved_for": None})})
    cluster = running(start.with_(idle), pod("q", templates=["pair"]))
    found = evictions(cluster, pod("vip", templates=["one"], priority=1))

    assert found.best is not None
    assert (found.best.pods, found.best.unused) == ({}, ("default/idle",))
    assert "- claim default/idle, which nobody uses" in str(found).splitlines()


def test_pods_without_devices_go_only_where_cpu_is_short() -> None:
    cpu = {"cpu": "1"}
    there = node("n0", allocatable={"cpu": "2", "pods": "9"})
    cluster = running(
        small_cluster(*TEMPLATES, nodes=1).with_(there), *(pod(name, requests=cpu) for name in ("x", "y"))
    )
    found = evictions(cluster, pod("vip", templates=["pair"], requests=cpu, priority=1))

    assert found.best is not None
    assert (list(found.best.pods), found.best.devices) == (["default/x"], ())


def test_those_that_go_find_other_places_if_there_are_some() -> None:
    cluster = running(small_cluster(*TEMPLATES, nodes=1, each=3), pod("a", templates=["one"]))
    cluster = cluster.with_(node("n1"), *small_cluster(nodes=2, each=2).slices[1:])
    found = evictions(cluster, pod("vip", templates=["triple"], priority=1))

    assert told(found) == [("a", "moved", "n0", "n1"), ("vip", "placed", None, "n0")]


def test_pods_that_wait_and_come_first_have_their_places_first() -> None:
    first = pod("first", templates=["pair"], priority=20)
    cluster = running(small_cluster(*TEMPLATES), pod("a", templates=["pair"])).with_(
        first, pod("vip", templates=["pair"], priority=10)
    )
    found = evictions(cluster, "vip")

    assert (found.node, found.best and list(found.best.pods)) == ("n0", ["default/a"])
    assert told(found) == [("a", "displaced", "n0", None), ("vip", "placed", None, "n0")]


def test_the_given_cluster_stays_as_it_is() -> None:
    cluster = full(a=0, b=0)
    before = contents(cluster)
    evictions(cluster, pod("vip", templates=["pair"], priority=1))

    assert contents(cluster) == before


def test_without_time_the_answer_is_a_bound() -> None:
    found = evictions(full(**dict.fromkeys("abcd", 0)), pod("vip", templates=["pair"], priority=1), tries=3)

    assert found.fits
    assert not found.proven
    assert "a smaller set may exist: 3 sets were tried, and then no more" in str(found).splitlines()


def test_without_time_for_every_node_it_does_not_say_that_nothing_helps() -> None:
    cluster, vip = full(a=0, b=11, c=0, d=0), pod("vip", templates=["pair"], priority=10)
    hurried = evictions(cluster, vip, tries=1)  # of n0, where b may not go

    assert (hurried.fits, hurried.proven, hurried.tried) == (False, False, 1)
    assert str(hurried).startswith("pod default/vip: nothing was found that would have to go, in 1 tries")
    assert evictions(cluster, vip).node == "n1"


def test_for_people_and_programs() -> None:
    found = evictions(full(a=0, b=0, c=0, d=0), pod("vip", templates=["one"], priority=1))
    data: dict[str, Any] = found.to_dict()

    assert str(found).splitlines()[:7] == [
        "pod default/vip fits on node n0 once this has gone:",
        "- pod default/a (priority 0)",
        "that frees gpu.example.com/n0/gpu-0",
        "no smaller set would do",
        "other nodes, with how many pods: n1 (1)",
        "- pod default/a: n0 -> waits (evicted): 2 nodes: no device of class gpu free",
        "- pod default/vip: waits -> n0",
    ]
    assert "Kubernetes does not do this by itself" in str(found)
    assert json.loads(json.dumps(data)) == data
    assert data["best"]["pods"] == {"default/a": 0}


def test_bad_questions() -> None:
    cluster = full(a=0)
    with pytest.raises(LoadError, match="there is no Pod"):
        evictions(cluster, "nobody")
    with pytest.raises(AllocationError, match="already"):
        evictions(cluster, "a")
    with pytest.raises(LoadError, match="tries"):
        evictions(cluster, pod("p"), tries=0)
