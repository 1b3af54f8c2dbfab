"""Every pod that waits and its answer, by equal reasons."""

from __future__ import annotations

import pytest

from dra.features import Features
from dra.models.core import Pod
from dra.scheduler import Cluster
from tests.unit.scheduler.clusters import claim, gpu_class, pod, request, small_cluster, template
from tests.unit.scheduler.gangs.gangs import group, pods, policy, racks, workload


def test_pods_are_taken_up_by_priority_and_see_those_before_them() -> None:
    low, high = pod("a-low", templates=["pair"]), pod("b-high", templates=["pair"], priority=10)
    answers = small_cluster(template("pair", request(2)), low, high, nodes=1).explain_pending()

    assert not answers
    assert [each.pod.metadata.name for each in answers.placements] == ["b-high"]
    assert [(each.pods, each.text) for each in answers.groups] == [
        (("default/a-low",), "1 node: no device of class gpu free")
    ]


def test_equal_reasons_are_one_group_and_the_largest_comes_first() -> None:
    few = pod("few", claims=["missing"])
    many = [pod(name, templates=["triple"]) for name in ("x", "y")]
    answers = small_cluster(template("triple", request(3)), few, *many).explain_pending()

    assert [each.pods for each in answers.groups] == [("default/x", "default/y"), ("default/few",)]
    assert str(answers) == "\n".join(
        [
            "3 pods waiting: 0 would be placed",
            "",
            "2 pods fit nowhere (default/x, default/y)",
            "- 2 nodes: 2 of 2 devices of class gpu free, 3 wanted",
            "",
            "1 pod fits nowhere (default/few)",
            "- claim default/missing does not exist",
        ]
    )


def test_the_cluster_given_stays_and_the_one_of_the_answer_has_the_pods_placed() -> None:
    cluster = small_cluster(template("one"), pod("p", templates=["one"]))
    answers = cluster.explain_pending()

    assert answers
    assert [each.spec.node_name for each in cluster.pods] == [None]
    assert [each.spec.node_name for each in answers.cluster.pods] == ["n0"]
    assert answers.to_dict()["placed"][0]["node"] == "n0"


def test_a_broken_pod_is_refused_and_the_others_get_their_answers() -> None:
    selectors = [{"cel": {"expression": "device.nonsense("}}]
    broken = claim("broken", request(selectors=selectors))
    answers = small_cluster(
        broken, template("one"), pod("bad", claims=["broken"], priority=1), pod("good", templates=["one"])
    ).explain_pending()

    assert [each.pod.metadata.name for each in answers.placements] == ["good"]
    assert answers.groups[0].reason.startswith("kube-scheduler would fail: ")


def test_nobody_waits() -> None:
    assert str(small_cluster().explain_pending()) == "no pod waits for a node"


def test_without_nodes_that_is_the_reason() -> None:
    cluster = Cluster.load([gpu_class(), Pod.from_dict({"metadata": {"name": "p"}, "spec": {}})])

    assert cluster.explain_pending().groups[0].text == "there are no nodes"


# --- gangs --------------------------------------------------------------------------------------------------


def test_a_gang_is_taken_up_together_all_or_none() -> None:
    cluster = racks(2, each=1).with_(group(3), *pods(3), pod("alone", templates=["one"], priority=-1))
    answers = cluster.explain_pending()

    assert [each.pod.metadata.name for each in answers.placements] == ["alone"]
    [refused] = answers.groups
    assert refused.pods == ("default/train-0", "default/train-1", "default/train-2")
    assert refused.reason.startswith("PodGroup default/train needs 3")


@pytest.mark.parametrize("kubernetes", ["1.36", "1.37"])
def test_a_gang_whose_group_is_yet_to_be_made_is_taken_up_together(kubernetes: str) -> None:
    job = workload({"name": "workers", "schedulingPolicy": policy(3)})
    cluster = racks(2, each=1, kubernetes=kubernetes).with_(job, *pods(3, "job-workers"))
    answers = cluster.explain_pending()

    assert not answers.placements
    assert [each.reason for each in answers.groups] == [
        "PodGroup default/job-workers needs 3 pods at the same time, but the cluster has room for 2"
    ]


def test_a_gate_that_nobody_speaks_of_is_on_where_there_are_groups() -> None:
    assert racks(1).features.generic_workload
    assert not racks(1, kubernetes="1.34").features.generic_workload  # which has no such gate


def test_without_the_gate_pods_of_a_gang_are_placed_one_by_one() -> None:
    """The API server drops `schedulingGroup`, and the scheduler does not look at it."""
    objects = list(racks(2, each=1).with_(group(3), *pods(3)))
    alone = Cluster.load(objects, features=Features.for_kubernetes("1.37", generic_workload=False))
    answers = alone.explain_pending()

    assert [each.pod.metadata.name for each in answers.placements] == ["train-0", "train-1"]
    assert answers.groups[0].reason == ""
    assert answers.groups[0].pods == ("default/train-2",)


def test_a_gang_that_fits_comes_before_less_important_pods() -> None:
    cluster = racks(2, each=1).with_(group(2), *pods(2, priority=1), pod("alone", templates=["one"]))
    answers = cluster.explain_pending()

    assert {each.pod.metadata.name for each in answers.placements} == {"train-0", "train-1"}
    assert [each.pods for each in answers.groups] == [("default/alone",)]
