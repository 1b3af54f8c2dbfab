"""Clusters as values: what they are made of, and copies with changes."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

import dra
from dra.errors import AllocationError, LoadError, UnknownVersionError
from dra.features import Features
from dra.models.core import Node, Pod
from dra.models.resource import ResourceClaim, ResourceSlice
from dra.models.scheduling import PodGroup
from dra.scheduler import Cluster
from tests.unit.scheduler.clusters import (
    claim,
    gpu_class,
    gpus,
    node,
    placed,
    pod,
    refused,
    request,
    small_cluster,
    taint_rule,
    template,
)


def test_the_name_is_public() -> None:
    assert dra.Cluster is Cluster


def test_nodes_are_those_that_slices_name_if_none_is_given() -> None:
    cluster = Cluster.load([gpu_class(), gpus("b", 1), gpus("a", 1)])

    assert [each.metadata.name for each in cluster.nodes] == ["b", "a"]


def test_nodes_are_tried_in_the_order_in_which_they_stand() -> None:
    cluster = Cluster.load([node("b"), node("a")])

    assert placed(cluster.schedule(pod("p"))).node == "b"


def test_an_object_given_twice_is_an_error() -> None:
    with pytest.raises(LoadError, match=r"Node a: metadata\.name: given twice"):
        Cluster.load([node("a"), node("a")])


def test_an_object_without_a_name_is_an_error() -> None:
    with pytest.raises(LoadError, match=r"metadata\.name: required"):
        Cluster.load([Pod.from_dict({"spec": {}})])


def test_what_is_no_object_cannot_be_taken_away() -> None:
    with pytest.raises(LoadError, match="a NoneType is no object"):
        Cluster.load([]).without(None)  # type: ignore[arg-type] - what is tested


def test_an_unknown_minor_is_an_error() -> None:
    with pytest.raises(UnknownVersionError):
        Cluster.load([], kubernetes="1.20")


def test_objects_are_found_by_kind_and_name() -> None:
    cluster = small_cluster(claim("c"))

    assert cluster.get(ResourceClaim, "c") is cluster.claims[0]
    assert cluster.get(Node, "n1") is cluster.nodes[1]
    assert cluster.get(ResourceClaim, "c", "other") is None
    assert repr(cluster) == "<Cluster of Kubernetes 1.37: 2 nodes, 2 slices, 1 classes, 1 claims, 0 pods>"


def test_pending_pods_come_by_priority_then_age() -> None:
    def at(name: str, priority: int, time: str) -> Pod:
        made = pod(name, priority=priority)
        return made.model_copy(
            update={"metadata": made.metadata.model_copy(update={"creation_timestamp": time})}
        )

    cluster = Cluster.load(
        [
            node("n"),
            at("young", 0, "2026-02-01T00:00:00Z"),
            at("old", 0, "2026-01-01T00:00:00Z"),
            at("urgent", 10, "2026-03-01T00:00:00Z"),
            pod("runs", nodeName="n"),
        ]
    )

    assert [each.metadata.name for each in cluster.pending()] == ["urgent", "old", "young"]


# --- copies -------------------------------------------------------------------------------------------------


def test_a_copy_leaves_the_original_alone() -> None:
    cluster = small_cluster(template("pair", request(2)))
    after = placed(cluster.schedule(pod("a", templates=["pair"]))).apply()

    assert (len(cluster.pods), len(cluster.claims)) == (0, 0)
    assert (len(after.pods), len(after.claims)) == (1, 1)
    assert placed(cluster.schedule(pod("b", templates=["pair"]))).node == "n0"
    assert placed(after.schedule(pod("b", templates=["pair"]))).node == "n1"


def test_undoing_a_placement_restores_the_cluster() -> None:
    cluster = small_cluster(claim("c"), template("t"), pod("p", claims=["c"], templates=["t"]))
    placement = placed(cluster.schedule("p"))

    assert placement.apply() != cluster
    assert placement.apply().without(placement) == cluster


def test_undoing_a_placement_leaves_what_others_use_since() -> None:
    cluster = small_cluster(claim("shared"))
    first = placed(cluster.schedule(pod("a", claims=["shared"])))
    second = placed(first.apply().schedule(pod("b", claims=["shared"])))
    left = second.apply().without(first)

    shared = left.get(ResourceClaim, "shared")
    assert shared is not None
    assert shared.status is not None
    assert shared.status.allocation is not None
    assert [each.name for each in shared.status.reserved_for or ()] == ["b"]


def test_a_pod_that_goes_takes_its_own_claims_along_and_frees_shared_ones() -> None:
    cluster = small_cluster(claim("shared"), template("own"))
    after = placed(cluster.schedule(pod("p", claims=["shared"], templates=["own"]))).apply().without("pod/p")

    assert [each.metadata.name for each in after.claims] == ["shared"]
    assert after.claims[0].status is None
    assert placed(after.schedule(pod("q", templates=["own"]))).devices == ["gpu.example.com/n0/gpu-0"]


def test_a_node_takes_its_slices_along() -> None:
    cluster = small_cluster().without("node/n0")

    assert [each.metadata.name for each in cluster.nodes] == ["n1"]
    assert [each.spec.node_name for each in cluster.slices] == ["n1"]


def test_a_new_node_comes_last_and_a_changed_one_stays_in_its_place() -> None:
    cluster = small_cluster().with_(node("n9"), node("n0", labels={"rack": "r1"}))

    assert [each.metadata.name for each in cluster.nodes] == ["n0", "n1", "n9"]
    assert placed(cluster.schedule(pod("p", nodeSelector={"rack": "r1"}))).node == "n0"


def test_more_devices_make_room() -> None:
    wanted = claim("three", request(3))
    cluster = small_cluster(wanted)
    refused(cluster.schedule(pod("p", claims=["three"])))
    more = cluster.with_(gpus("n1", 4))

    assert placed(more.schedule(pod("p", claims=["three"]))).node == "n1"
    refused(cluster.schedule(pod("p", claims=["three"])))


def test_a_taint_rule_keeps_devices_away_and_its_removal_gives_them_back() -> None:
    cluster = small_cluster(claim("c"))
    placed(cluster.schedule(pod("p", claims=["c"])))
    tainted = cluster.with_(taint_rule("bad", pool="n0"))

    assert placed(tainted.schedule(pod("p", claims=["c"]))).node == "n1"
    assert placed(tainted.without("devicetaintrule/bad").schedule(pod("p", claims=["c"]))).node == "n0"
    assert placed(cluster.schedule(pod("p", claims=["c"]))).node == "n0"


def test_what_is_taken_stays_taken_when_devices_change() -> None:
    cluster = small_cluster(template("pair", request(2)))
    cluster = placed(cluster.schedule(pod("a", templates=["pair"]))).apply()
    changed = cluster.with_(gpus("n0", 3))

    assert placed(changed.schedule(pod("b", templates=["pair"]))).node == "n1"


def test_devices_of_several_nodes_are_followed_on_each() -> None:
    shared = ResourceSlice.from_dict(
        {
            "metadata": {"name": "fabric"},
            "spec": {
                "driver": "gpu.example.com",
                "allNodes": True,
                "pool": {"name": "fabric", "generation": 1, "resourceSliceCount": 1},
                "devices": [{"name": "gpu-0"}],
            },
        }
    )
    cluster = Cluster.load([gpu_class(), node("a"), node("b"), shared, template("t")])
    refused_later = pod("q", templates=["t"])
    placed(cluster.schedule(refused_later))
    cluster = placed(cluster.schedule(pod("p", templates=["t"]))).apply()

    assert refused(cluster.schedule(refused_later)).nodes == {
        "a": "no device of class gpu free",
        "b": "no device of class gpu free",
    }


def test_a_placement_that_came_too_late_is_an_error() -> None:
    cluster = small_cluster(template("pair", request(2)), nodes=1)
    late = placed(cluster.schedule(pod("late", templates=["pair"])))
    taken = placed(cluster.schedule(pod("early", templates=["pair"]))).apply()

    with pytest.raises(AllocationError, match=r"n0/gpu-0 is taken meanwhile"):
        late.apply(taken)
    with pytest.raises(AllocationError, match="on node n0 already"):
        late.apply(late.apply())


def test_a_placement_fits_another_copy_if_its_devices_are_free_there() -> None:
    cluster = small_cluster(template("pair", request(2)))
    placement = placed(cluster.schedule(pod("p", templates=["pair"])))
    other = cluster.with_(pod("unrelated"))

    assert len(placement.apply(other).pods) == 2


def test_what_is_not_there_cannot_be_taken_away() -> None:
    with pytest.raises(LoadError, match="there is no Pod default/nope"):
        small_cluster().without("pod/nope")
    with pytest.raises(LoadError, match="names no object"):
        small_cluster().without("thing/nope")


def test_clusters_are_equal_by_what_they_have() -> None:
    assert small_cluster(claim("c")) == small_cluster(claim("c"))
    assert small_cluster(claim("c")) != small_cluster(claim("d"))
    assert small_cluster() != small_cluster(nodes=3)
    assert small_cluster() != small_cluster(features=Features.all())


def test_a_cluster_survives_pickling() -> None:
    cluster = placed(small_cluster(template("t")).schedule(pod("p", templates=["t"]))).apply()
    again = pickle.loads(pickle.dumps(cluster))

    assert again == cluster
    assert placed(again.schedule(pod("q", templates=["t"]))).devices == ["gpu.example.com/n0/gpu-1"]


def test_threads_may_share_a_cluster() -> None:
    cluster = small_cluster(template("t"), nodes=5)
    asked = [pod(f"p{number}", templates=["t"]) for number in range(40)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(cluster.schedule, asked))

    assert {placed(each).devices[0] for each in answers} == {"gpu.example.com/n0/gpu-0"}


def test_searches_that_take_too_long_end_and_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = small_cluster(template("t"))
    asked = pod("p", templates=["t"])
    with monkeypatch.context() as hurried:
        hurried.setattr("dra.scheduler.attempts._SECONDS_PER_POD", 0.0)
        answer = refused(cluster.schedule(asked))
        assert refused(cluster.schedule(asked, policy="best-fit")).nodes == answer.nodes

    assert set(answer.nodes.values()) == {"not looked at: the searches on other nodes took too long"}
    assert placed(cluster.schedule(asked)).node == "n0"
    assert placed(cluster.schedule(asked, policy="best-fit")).node == "n0"


def test_the_workload_is_pickled_along() -> None:
    cluster = small_cluster(template("pair", request(2)), template("one"), nodes=1, each=3)
    cluster = placed(cluster.schedule(pod("p", templates=["pair"]))).apply()
    pairs = cluster.with_workload([pod("w", templates=["pair"])])
    again = pickle.loads(pickle.dumps(pairs))

    assert pairs.capacity().total.fragmented == 1
    assert again.capacity().total.fragmented == 1
    assert cluster.capacity().total.fragmented == 0


def test_placements_that_share_a_claim_are_undone_in_any_order() -> None:
    cluster = small_cluster(claim("shared"))
    first = placed(cluster.schedule(pod("a", claims=["shared"])))
    second = placed(first.apply().schedule(pod("b", claims=["shared"])))
    both = second.apply()

    assert both.without(second, first) == cluster
    assert both.without(first, second) == cluster


def test_a_placement_adds_its_consumer_to_those_that_came_since() -> None:
    cluster = placed(small_cluster(claim("shared")).schedule(pod("a", claims=["shared"]))).apply()
    one = placed(cluster.schedule(pod("b", claims=["shared"])))
    two = placed(cluster.schedule(pod("c", claims=["shared"])))
    (shared,) = two.apply(one.apply()).claims

    assert shared.status is not None
    assert [each.name for each in shared.status.reserved_for or ()] == ["a", "b", "c"]


def test_a_placement_fails_if_its_claim_lost_its_devices_meanwhile() -> None:
    cluster = placed(small_cluster(claim("shared")).schedule(pod("a", claims=["shared"]))).apply()
    late = placed(cluster.schedule(pod("b", claims=["shared"])))

    with pytest.raises(AllocationError, match="has not its devices any more"):
        late.apply(cluster.without("pod/a"))


def test_the_claim_of_a_group_stays_while_members_of_the_group_use_it() -> None:
    group = PodGroup.from_dict(
        {
            "metadata": {"name": "workers", "uid": "g1"},
            "spec": {
                "schedulingPolicy": {"basic": {}},
                "resourceClaims": [{"name": "shared", "resourceClaimTemplateName": "shared"}],
            },
        }
    )
    features = Features.for_kubernetes("1.37", generic_workload=True, workload_resource_claims=True)
    cluster = small_cluster(template("shared"), group, features=features)
    member = {"templates": ["shared"], "schedulingGroup": {"podGroupName": "workers"}}
    first = placed(cluster.schedule(pod("a", **member)))
    second = placed(first.apply().schedule(pod("b", **member)))
    both = second.apply()

    assert len(both.without(first).claims) == 1
    assert both.without(second, first) == cluster
