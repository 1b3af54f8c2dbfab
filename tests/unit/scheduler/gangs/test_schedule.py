"""Gangs on a cluster: all or nothing, in one domain, in kube-scheduler's order and in others."""

from __future__ import annotations

import pytest

from dra.errors import AllocationError, LoadError, UnknownNameError
from dra.scheduler import Cluster, DeviceAttribute, Unschedulable
from tests.unit.scheduler import clusters
from tests.unit.scheduler.gangs.gangs import (
    RACK,
    composite,
    group,
    placed,
    pods,
    policy,
    racks,
    racks_of,
    refused,
    workload,
)

# --- all or nothing -----------------------------------------------------------------------------------------


def test_a_gang_that_fits_exactly_is_placed() -> None:
    answer = placed(racks(2).schedule_gang(group(4), pods(4)))
    assert sorted(answer.nodes.values()) == ["r0-n0", "r0-n0", "r0-n1", "r0-n1"]
    assert len(answer.devices) == len(set(answer.devices)) == 4
    assert answer.found_in_order
    assert not answer.left_out


def test_pods_and_claims_are_taken_in_any_form() -> None:
    plain = [pod.to_dict() for pod in pods(2, templates=("late",))]
    late = clusters.template("late").to_dict()
    assert len(placed(racks(1).schedule_gang(group(2), plain, late)).placements) == 2


@pytest.mark.parametrize("what", [clusters.node("n"), [clusters.node("n")]])
def test_what_is_no_claim_is_refused(what: object) -> None:
    with pytest.raises(LoadError, match="is no claim"):
        racks(1).schedule_gang(group(1), pods(1), what)  # type: ignore[arg-type]  # that is the point


def test_one_pod_too_many_and_none_is_placed() -> None:
    answer = refused(racks(2).schedule_gang(group(5), pods(5)))
    assert not answer
    assert isinstance(answer, Unschedulable)
    assert answer.reason == "needs 5 pods at the same time, but the cluster has room for 4"
    assert (answer.needed, answer.room, answer.is_proven) == (5, 4, True)
    assert [str(each) for each in answer.groups] == ["2 nodes: taken by other pods of the gang"]


def test_pods_beyond_the_minimum_are_placed_as_far_as_they_fit() -> None:
    answer = placed(racks(2).schedule_gang(group(3), pods(6)))
    assert len(answer.placements) == 4
    assert [each.pod.metadata.name for each in answer.left_out] == ["train-4", "train-5"]
    assert answer.left_out[0].nodes == dict.fromkeys(["r0-n0", "r0-n1"], "no device of class gpu free")


def test_pods_of_a_gang_are_given_by_name_too() -> None:
    first, second, third = pods(3)
    cluster = racks(2).with_(first, second, third)
    answer = placed(cluster.schedule_gang(group(2), ["train-0", "pod/default/train-2"]))
    assert list(answer.nodes) == ["default/train-0", "default/train-2"]

    with pytest.raises(LoadError, match="there is no Pod default/train-9"):
        cluster.schedule_gang(group(2), ["train-0", "train-9"])
    with pytest.raises(LoadError, match="there is no Pod team/x"):
        cluster.schedule_gang(group(2), ["claim/team/x"])
    with pytest.raises(AllocationError, match="already"):
        answer.apply().schedule_gang(group(1), ["train-0"])


def test_many_pods_that_are_left_out_for_one_reason_are_told_as_one() -> None:
    lines = str(placed(racks(2).schedule_gang(group(3), pods(500)))).splitlines()
    assert lines[0] == "PodGroup default/train: 4 pods placed"
    assert lines[-1] == (
        "- left out: default/train-4, default/train-5, default/train-6, default/train-7, default/train-8"
        " and 491 more: 2 nodes: no device of class gpu free"
    )
    assert len(lines) == 3


def test_under_the_basic_policy_each_pod_is_for_itself() -> None:
    assert len(placed(racks(1).schedule_gang(group(None), pods(5))).placements) == 2
    full = placed(racks(1).schedule_gang(group(2), pods(2))).apply()
    answer = refused(full.schedule_gang(group(None, "more"), pods(1, "more")))
    assert answer.reason == "needs 1 pod at the same time, but the cluster has room for 0"


def test_too_few_pods_for_the_minimum() -> None:
    answer = refused(racks(4).schedule_gang(group(4), pods(3)))
    assert answer.reason == "needs 4 pods, but there are 3"


def test_a_pod_that_has_to_wait_does_not_count() -> None:
    gated = pods(1, prefix="gated", schedulingGates=[{"name": "example.com/quota"}])
    answer = refused(racks(4).schedule_gang(group(4), [*pods(3), *gated]))
    assert answer.reason == (
        "needs 4 pods, but 3 pods can be scheduled: it has scheduling gates: example.com/quota"
    )
    assert len(placed(racks(4).schedule_gang(group(3), [*pods(3), *gated])).left_out) == 1


def test_placing_and_taking_away_restores_the_cluster() -> None:
    cluster = racks(2, more=[*pods(3), group(3)])
    answer = placed(cluster.schedule_gang("train"))
    after = answer.apply()
    assert {pod.spec.node_name for pod in after.pods} == {"r0-n0", "r0-n1"}
    assert after.without(answer) == cluster


def test_placing_into_another_cluster_checks_that_devices_are_free() -> None:
    cluster = racks(2)
    answer = placed(cluster.schedule_gang(group(4), pods(4)))
    other = placed(cluster.schedule_gang(group(1, "one"), pods(1, "one"))).apply()
    with pytest.raises(AllocationError, match="taken meanwhile"):
        answer.apply(other)
    assert len(answer.apply(cluster.with_(clusters.node("spare"))).pods) == 4


# --- topology -----------------------------------------------------------------------------------------------


def test_all_pods_go_to_one_domain() -> None:
    answer = placed(racks(1, 3, 2).schedule_gang(group(4, topology=RACK), pods(4)))
    assert answer.domains == {"train": "r1"}
    assert racks_of(answer) == {"r1"}


def test_a_gang_that_fits_on_nodes_but_not_within_the_topology() -> None:
    cluster = racks(2, 2, 2)
    assert placed(cluster.schedule_gang(group(6), pods(6)))
    answer = refused(cluster.schedule_gang(group(6, topology=RACK), pods(6)))
    assert answer.reason == f"needs 6 pods in one {RACK}, but the best of 3, r0, has room for 4"
    assert answer.domains == {"r0": 4, "r1": 4, "r2": 4}
    assert answer.nodes.keys() == {"r0-n0", "r0-n1"}


def test_fragmented_racks() -> None:
    """There are ten free GPUs, but the others of every rack are taken."""
    cluster = racks(3, 3, 3)
    for node in ("r0-n0", "r0-n1", "r1-n0", "r2-n2"):
        on_node = clusters.pod(f"old-{node}", templates=["one"], nodeName=node)
        for name in (f"old-{node}-a", f"old-{node}-b") if node != "r1-n0" else (f"old-{node}-a",):
            again = on_node.model_copy(
                update={"metadata": on_node.metadata.model_copy(update={"name": name})}
            )
            cluster = clusters.placed(cluster.schedule(again)).apply()
    assert placed(cluster.schedule_gang(group(10), pods(10)))
    answer = refused(cluster.schedule_gang(group(6, topology=RACK), pods(6)))
    assert (answer.best_domain, answer.room) == ("r1", 5)
    assert answer.domains == {"r0": 2, "r1": 5, "r2": 4}
    assert str(answer) == (
        f"PodGroup default/train cannot be scheduled: needs 6 pods in one {RACK},"
        " but the best of 3, r1, has room for 5 (3 nodes: taken by other pods of the gang)"
    )


def test_the_domain_with_the_most_pods_is_taken() -> None:
    answer = placed(racks(2, 3).schedule_gang(group(3, topology=RACK), pods(6)))
    assert answer.domains == {"train": "r1"}
    assert len(answer.placements) == 6


def test_pods_that_run_decide_on_the_domain() -> None:
    running = [
        clusters.pod(f"old-{index}", schedulingGroup={"podGroupName": "train"}, nodeName="r1-n0")
        for index in range(2)
    ]
    cluster = racks(4, 2, more=running)
    answer = placed(cluster.schedule_gang(group(4, topology=RACK), pods(3)))
    assert racks_of(answer) == {"r1"}
    assert str(answer.groups[0]) == f"train: 3 pods placed, 2 ran before, {RACK} r1"
    refusal = refused(cluster.schedule_gang(group(8, topology=RACK), pods(6)))
    assert refusal.reason == (
        f"needs 6 pods beside the 2 that run in {RACK} r1, where it runs, which has room for 4"
    )


def test_pods_that_run_in_several_domains_leave_none() -> None:
    running = [
        clusters.pod(f"old-{rack}", schedulingGroup={"podGroupName": "train"}, nodeName=f"{rack}-n0")
        for rack in ("r0", "r1")
    ]
    answer = refused(racks(2, 2, more=running).schedule_gang(group(4, topology=RACK), pods(3)))
    assert answer.reason == f"needs 2 pods in one {RACK}, but its running pods are in several: r0, r1"


def test_nodes_without_the_label_are_in_no_domain() -> None:
    cluster = clusters.small_cluster(clusters.template("one"))
    answer = refused(cluster.schedule_gang(group(2, topology=RACK), pods(2)))
    assert answer.reason == f"needs 2 pods in one {RACK}, but no node has one"


def test_a_topology_of_device_attributes_is_an_extension() -> None:
    objects = [clusters.gpu_class(), clusters.template("one")]
    for name, values in {"n0": ["a", "b"], "n1": ["a", "a"], "n2": ["b", "b"], "n3": ["b", "b"]}.items():
        objects += [clusters.node(name), clusters.gpus(name, 2, clique=values)]
    cluster = Cluster.load(objects)
    clique = DeviceAttribute(f"{clusters.DRIVER}/clique")
    answer = placed(cluster.schedule_gang(group(4), pods(4), topology=clique))
    assert answer.domains == {"train": "b"}
    assert set(answer.nodes.values()) == {"n2", "n3"}
    assert answer.extensions == (
        f"topology by device attribute {clique.name} (Kubernetes has topologies by node label only)",
    )
    assert "n0" not in refused(cluster.schedule_gang(group(5), pods(5), topology=clique)).nodes


def test_a_topology_for_a_group_that_is_not_there() -> None:
    with pytest.raises(UnknownNameError, match="train"):
        racks(1).schedule_gang(group(2), pods(2), topology={"trian": RACK})


# --- orders that kube-scheduler does not try ----------------------------------------------------------------


def test_two_kinds_of_pods_that_only_fit_in_one_order() -> None:
    """Small pods come first and sit where the large one could, so one pod finds no place in order."""
    cluster = racks(1, 1, each=2, more=[clusters.template("two", clusters.request(2))])
    more = cluster.with_(clusters.node("r2-n0", labels={RACK: "r2"}), clusters.gpus("r2-n0", 1))
    every = [*pods(3), *pods(1, templates=["two"], prefix="large")]
    answer = placed(more.schedule_gang(group(4), every))
    assert not answer.found_in_order
    assert len(set(answer.devices)) == 5
    assert "kube-scheduler would not find this" in str(answer)


def test_two_gangs_that_only_fit_in_one_order() -> None:
    """The small gang comes first and takes the only rack that the large one fits in."""
    cluster = racks(3, 2)
    both = workload(
        {"name": "small", "schedulingPolicy": policy(4), **topology()},
        {"name": "large", "schedulingPolicy": policy(6), **topology()},
    )
    members = [*pods(4, "job-small"), *pods(6, "job-large")]
    answer = placed(cluster.schedule_gang(both, members))
    assert answer.domains == {"job-small": "r1", "job-large": "r0"}
    assert not answer.found_in_order
    alone = placed(cluster.schedule_gang(group(4, "job-small", topology=RACK), pods(4, "job-small")))
    refusal = refused(alone.apply().schedule_gang(group(6, "job-large", topology=RACK), pods(6, "job-large")))
    assert (refusal.best_domain, refusal.room) == ("r1", 4)


def topology() -> dict[str, object]:
    return {"schedulingConstraints": {"topology": [{"key": RACK}]}}


def test_a_search_that_is_given_up_says_that_nothing_is_proven() -> None:
    cluster = racks(*[2] * 6, more=[clusters.template("two", clusters.request(2))])
    every = [*pods(12), *pods(7, templates=["two"], prefix="large")]
    answer = refused(cluster.schedule_gang(group(19), every, steps=3))
    assert not answer.is_proven
    assert "not proven, since the search was given up after 3 steps" in answer.reason
    assert refused(cluster.schedule_gang(group(19), every)).is_proven


# --- claims -------------------------------------------------------------------------------------------------


def test_a_claim_of_the_group_is_one_for_all_its_pods() -> None:
    shared = group(3, claims={"gpu": "one"})
    members = [
        clusters.pod(
            f"train-{index}",
            schedulingGroup={"podGroupName": "train"},
            resourceClaims=[{"name": "gpu", "resourceClaimTemplateName": "one"}],
        )
        for index in range(3)
    ]
    cluster = racks(2)
    answer = placed(cluster.schedule_gang(shared, members))
    assert len(answer.devices) == 1
    assert set(answer.nodes.values()) == {"r0-n0"}
    after = answer.apply()
    (claim,) = after.claims
    assert claim.status is not None
    assert [(each.resource, each.name) for each in claim.status.reserved_for or ()] == [
        ("podgroups", "train")
    ]
    assert "DRAWorkloadResourceClaims" in answer.gates
    assert after.without(answer) == cluster


def test_where_the_shared_claim_goes_depends_on_what_the_pods_need_besides() -> None:
    """The first node has a device for the shared claim, but not for the pods' own claims as well."""
    shared = group(2, claims={"gpu": "one"})
    members = [
        clusters.pod(
            f"train-{index}",
            schedulingGroup={"podGroupName": "train"},
            resourceClaims=[
                {"name": "gpu", "resourceClaimTemplateName": "one"},
                {"name": "own", "resourceClaimTemplateName": "one"},
            ],
        )
        for index in range(2)
    ]
    cluster = Cluster.load(
        [
            clusters.gpu_class(),
            clusters.template("one"),
            clusters.node("n0"),
            clusters.gpus("n0", 2),
            clusters.node("n1"),
            clusters.gpus("n1", 3),
        ]
    )
    answer = placed(cluster.schedule_gang(shared, members))
    assert set(answer.nodes.values()) == {"n1"}
    assert len(answer.devices) == 3
    assert not answer.found_in_order


def test_pods_share_a_claim_by_name_until_it_has_all_its_consumers() -> None:
    cluster = racks(1, each=1, more=[clusters.claim("shared")])
    members = [
        clusters.pod(f"train-{index}", claims=["shared"], schedulingGroup={"podGroupName": "train"})
        for index in range(257)
    ]
    answer = placed(cluster.schedule_gang(group(256), members))
    assert [each.pod.metadata.name for each in answer.left_out] == ["train-256"]
    refusal = refused(cluster.schedule_gang(group(257), members))
    assert refusal.reason.startswith(
        "needs 257 pods, but 256 pods can be scheduled: claim default/shared has 256 consumers"
    )


def test_a_claim_or_template_that_is_missing() -> None:
    answer = refused(racks(1).schedule_gang(group(2), pods(2, templates=["lost"])))
    assert answer.reason == (
        "needs 2 pods, but 0 pods can be scheduled: template default/lost for claim lost does not exist"
    )


# --- groups of groups ---------------------------------------------------------------------------------------


def test_a_composite_gang_needs_so_many_of_its_groups() -> None:
    groups = [composite(2), *(group(2, name, parent="all") for name in ("a", "b", "c"))]
    every = [pod for name in ("a", "b", "c") for pod in pods(2, name)]
    answer = placed(racks(2, more=groups).schedule_gang("compositepodgroup/all", every))
    assert [each.placed for each in answer.groups] == [2, 2, 0]
    refusal = refused(racks(1, more=groups).schedule_gang("compositepodgroup/all", every))
    assert refusal.reason == (
        "needs 2 of its 3 groups together, but 1 can be placed:"
        " b needs 2 pods at the same time, but the cluster has room for 0"
    )
    assert (refusal.unit, refusal.needed, refusal.room) == ("groups", 2, 1)


def test_the_topology_of_a_group_is_inside_that_of_its_parent() -> None:
    zones = [
        clusters.node(f"{rack}-n{index}", labels={RACK: rack, "zone": zone})
        for rack, zone in {"r0": "z0", "r1": "z0", "r2": "z1", "r3": "z1"}.items()
        for index in range(1 if rack == "r0" else 2)
    ]
    cluster = Cluster.load(
        [
            clusters.gpu_class(),
            clusters.template("one"),
            *zones,
            *(clusters.gpus(node.metadata.name or "", 2) for node in zones),
            composite(2, topology="zone"),
            group(4, "a", topology=RACK, parent="all"),
            group(4, "b", topology=RACK, parent="all"),
        ]
    )
    answer = placed(cluster.schedule_gang("all", [*pods(4, "a"), *pods(4, "b")]))
    assert answer.domains == {"all": "z1", "a": "r2", "b": "r3"}
    more = cluster.with_(group(4, "c", topology=RACK, parent="all"), composite(3, topology="zone"))
    refusal = refused(more.schedule_gang("all", [pod for name in "abc" for pod in pods(4, name)]))
    assert refusal.reason.startswith("needs 3 of its 3 groups in one zone, but the best of 2, z1,")
    assert refusal.domains == {"z0": 1, "z1": 2}


def test_a_group_that_takes_what_the_next_one_needs() -> None:
    """The first group has extra pods, which kube-scheduler places before it comes to the second."""
    groups = [composite(2), group(1, "a", parent="all"), group(2, "b", parent="all")]
    every = [*pods(4, "a"), *pods(2, "b")]
    answer = placed(racks(2, more=groups).schedule_gang("all", every))
    assert [(each.name, each.placed) for each in answer.groups] == [("a", 2), ("b", 2)]
    assert not answer.found_in_order


def test_groups_of_a_basic_composite_are_each_for_themselves() -> None:
    groups = [composite(None), group(2, "a", parent="all"), group(3, "b", parent="all")]
    answer = placed(racks(1, more=groups).schedule_gang("all", [*pods(2, "a"), *pods(3, "b")]))
    assert [each.placed for each in answer.groups] == [2, 0]
    assert len(answer.left_out) == 3


def test_a_group_that_is_in_itself() -> None:
    circle = [composite(1, "a", parent="b"), composite(1, "b", parent="a")]
    with pytest.raises(LoadError, match="in itself"):
        racks(1, more=circle).schedule_gang("a", pods(1))


def test_more_groups_wanted_than_there_are() -> None:
    groups = [composite(3), group(1, "a", parent="all"), group(1, "b", parent="all")]
    answer = refused(racks(2, more=groups).schedule_gang("all", [*pods(1, "a"), *pods(1, "b")]))
    assert answer.reason == "needs 3 groups, but there are 2"


def test_groups_that_are_alike_are_not_tried_in_every_combination() -> None:
    """20 of 40 equal groups, and racks for 19: one combination of groups tells all."""
    names = [f"g{number}" for number in range(40)]
    groups = [composite(20), *(group(2, name, topology=RACK, parent="all") for name in names)]
    cluster = racks(*[1] * 19, more=groups)
    answer = refused(cluster.schedule_gang("all", [pod for name in names for pod in pods(2, name)]))
    assert answer.is_proven
    assert (answer.needed, answer.room) == (20, 19)


# --- bad input ----------------------------------------------------------------------------------------------


def test_bad_input_is_an_error_that_says_what_is_expected() -> None:
    cluster = racks(1)
    with pytest.raises(LoadError, match=r"no workload or group[\s\S]*dra.Workload"):
        cluster.schedule_gang({"kind": "PodGroup"})  # type: ignore[arg-type]  # what a user would try
    with pytest.raises(LoadError, match="given twice"):
        cluster.schedule_gang(group(2), pods(1) * 2)
    with pytest.raises(LoadError, match="the key of a node label"):
        cluster.schedule_gang(group(2), pods(2), topology="")
    with pytest.raises(UnknownNameError, match="no policy is named"):
        cluster.schedule_gang(group(2), pods(2), policy="nearest")
