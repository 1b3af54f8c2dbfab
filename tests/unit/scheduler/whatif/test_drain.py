"""Draining nodes: who finds another place."""

from __future__ import annotations

import pytest

from dra.errors import LoadError
from dra.models.core import Pod
from dra.models.resource import ResourceClaim
from dra.scheduler.whatif import drain
from tests.unit.scheduler.clusters import claim, contents, pod, request, small_cluster, template
from tests.unit.scheduler.whatif.situations import owned, running, told

PAIR = template("pair", request(2))


def test_a_pod_moves_with_its_claim_made_anew() -> None:
    cluster = running(small_cluster(PAIR), owned(pod("p", templates=["pair"])))
    comparison = drain(cluster, "n0")

    assert comparison.fits
    assert told(comparison) == [("p", "moved", "n0", "n1")]
    [change] = comparison.pods
    assert change.evicted
    assert change.devices_after == ("gpu.example.com/n1/gpu-0", "gpu.example.com/n1/gpu-1")
    assert comparison.notes == ()


def test_a_pod_that_finds_no_other_place_is_left_with_its_reasons() -> None:
    cluster = running(small_cluster(PAIR), *(owned(pod(name, templates=["pair"])) for name in "ab"))
    comparison = drain(cluster, "n0")

    assert not comparison.fits
    assert told(comparison) == [("a", "displaced", "n0", None)]
    assert comparison.pods[0].reason == "1 node: node is unschedulable; 1 node: no device of class gpu free"
    assert str(comparison).startswith(
        "drain n0: 1 pod loses its place\n- pod default/a: n0 -> waits (evicted)"
    )


def test_the_given_cluster_stays_as_it_is() -> None:
    cluster = running(small_cluster(PAIR), pod("p", templates=["pair"]))
    before = contents(cluster)
    drain(cluster, "n0")

    assert contents(cluster) == before


def test_pods_of_daemon_sets_and_static_pods_stay() -> None:
    static = Pod.from_dict(
        {"metadata": {"name": "static", "annotations": {"kubernetes.io/config.mirror": "x"}}, "spec": {}}
    )
    cluster = running(small_cluster(), owned(pod("agent"), "DaemonSet"), static, owned(pod("p")), on="n0")
    comparison = drain(cluster, "n0")

    assert told(comparison) == [("p", "moved", "n0", "n1")]
    assert comparison.notes == ("2 pods of DaemonSets or static stay",)


def test_nothing_makes_a_bare_pod_again() -> None:
    comparison = drain(running(small_cluster(), pod("p")), "n0")

    assert comparison.notes == ("1 pod without a controller: nothing would make it again",)


def test_a_shared_claim_is_allocated_elsewhere_once_all_its_pods_have_gone() -> None:
    users = [owned(pod(name, claims=["shared"])) for name in "ab"]
    comparison = drain(running(small_cluster(claim("shared")), *users), "n0")

    assert told(comparison) == [("a", "moved", "n0", "n1"), ("b", "moved", "n0", "n1")]
    shared = comparison.after.cluster.get(ResourceClaim, "shared")
    assert shared is not None
    assert shared.status is not None
    assert len(shared.status.reserved_for or ()) == 2


def test_those_that_waited_before_come_first_unless_less_important() -> None:
    start = running(small_cluster(PAIR, nodes=2, each=2), owned(pod("runs", templates=["pair"])))
    waiting, minor = pod("waits", templates=["pair"]), pod("waits", templates=["pair"], priority=-1)

    assert told(drain(start.with_(waiting), "n0")) == [("runs", "displaced", "n0", None)]
    assert told(drain(start.with_(minor), "n0")) == [
        ("waits", "displaced", "n1", None),
        ("runs", "moved", "n0", "n1"),
    ]


def test_several_nodes_at_once() -> None:
    cluster = running(small_cluster(PAIR, nodes=3), *(owned(pod(name, templates=["pair"])) for name in "ab"))

    assert told(drain(cluster, "n0", "n1")) == [("b", "displaced", "n1", None), ("a", "moved", "n0", "n2")]


@pytest.mark.parametrize("names", [(), ("n7",)])
def test_a_node_has_to_be_there(names: tuple[str, ...]) -> None:
    with pytest.raises(LoadError):
        drain(small_cluster(), *names)
