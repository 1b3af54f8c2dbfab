"""What kube-scheduler takes up at once, with the groups that a controller has yet to make."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dra.models.core import Pod
from dra.scheduler import Cluster
from dra.scheduler.queue import Queue
from tests.unit.scheduler import clusters
from tests.unit.scheduler.gangs.gangs import composite, group, pods, policy, racks, workload

WORKERS = {"name": "workers", "schedulingPolicy": policy(2)}
LEADER = {"name": "leader", "schedulingPolicy": policy(1)}


def entry(name: str, key: str = "", workload: str = "job") -> dict[str, object]:
    """The field of a pod of 1.35."""
    reference = {"name": workload, "podGroup": name}
    return {"workloadRef": {**reference, **({"podGroupReplicaKey": key} if key else {})}}


def taken_up(cluster: Cluster) -> list[tuple[str, Sequence[str]]]:
    """By entry its group, empty if there is none, and its pods."""
    return [
        (each.group.subject if each.group else "", [str(pod.metadata.name) for pod in each.pods])
        for each in Queue(cluster)
    ]


def lacking(cluster: Cluster) -> list[str]:
    return [each.lacking for each in Queue(cluster)]


def test_pods_of_no_group_are_for_themselves() -> None:
    assert taken_up(racks(1, more=[clusters.pod("a"), clusters.pod("b")])) == [("", ["a"]), ("", ["b"])]


def test_a_group_is_taken_up_at_the_turn_of_its_most_important_pod() -> None:
    members = [*pods(1, "train", priority=5), *pods(1, "train", prefix="late", priority=1)]
    cluster = racks(1, more=[group(2), *members, clusters.pod("between", priority=3)])
    assert taken_up(cluster) == [("PodGroup train", ["train-0", "late-0"]), ("", ["between"])]


@pytest.mark.parametrize("kubernetes", ["1.36", "1.37"])
def test_a_missing_group_is_made_from_the_template_of_its_workload(kubernetes: str) -> None:
    cluster = racks(1, kubernetes=kubernetes, more=[workload(LEADER, WORKERS), *pods(2, "job-workers")])
    assert taken_up(cluster) == [("PodGroup job-workers", ["job-workers-0", "job-workers-1"])]
    (made,) = Queue(cluster).cluster.pod_groups
    assert made.spec.scheduling_policy.gang is not None
    assert made.spec.scheduling_policy.gang.min_count == 2
    assert not cluster.pod_groups


def test_replicas_of_a_template_are_taken_up_one_by_one() -> None:
    cluster = racks(1, more=[workload(WORKERS), *pods(1, "job-workers-0"), *pods(1, "job-workers-1")])
    assert [name for name, _ in taken_up(cluster)] == [
        "PodGroup job-workers-0",
        "PodGroup job-workers-1",
    ]


def test_in_1_35_the_pods_of_one_entry_and_replica_key_are_taken_up_at_once() -> None:
    every = [
        clusters.pod("lead", **entry("leader")),
        *(clusters.pod(f"work-{key}-{at}", **entry("workers", key)) for key in "ab" for at in range(2)),
    ]
    cluster = racks(1, kubernetes="1.35", more=[workload(LEADER, WORKERS), *every])
    assert [names for _, names in taken_up(cluster)] == [
        ["lead"],
        ["work-a-0", "work-a-1"],
        ["work-b-0", "work-b-1"],
    ]
    assert Queue(cluster).cluster == cluster  # 1.35 has no PodGroups that could be made


def test_in_1_35_one_entry_is_placed_while_another_waits() -> None:
    every = [
        clusters.pod("lead", templates=["one"], **entry("leader")),
        *(clusters.pod(f"work-{at}", templates=["one"], **entry("workers")) for at in range(2)),
    ]
    cluster = racks(1, each=2, kubernetes="1.35", more=[workload(LEADER, WORKERS), *every])
    answers = cluster.explain_pending()
    assert [each.pod.metadata.name for each in answers.placements] == ["lead"]
    assert [each.pods for each in answers.groups] == [("default/work-0", "default/work-1")]


def test_in_1_35_a_pod_of_another_workload_with_a_like_name_does_not_count() -> None:
    """`job` with entry `a-b` and `job-a` with entry `b` are both called `job-a-b`."""
    runs = clusters.pod("runs", nodeName="r0-n0", **entry("b", workload="job-a"))
    waits = clusters.pod("waits", templates=["one"], **entry("a-b"))
    job = workload({"name": "a-b", "schedulingPolicy": policy(2)})
    answers = racks(1, kubernetes="1.35", more=[job, runs, waits]).explain_pending()
    assert not answers.placements


def test_all_groups_of_a_composite_are_taken_up_at_once() -> None:
    groups = [composite(2), *(group(1, name, parent="all") for name in "ab")]
    cluster = racks(1, more=[*groups, *pods(1, "a"), *pods(1, "b")])
    assert taken_up(cluster) == [("CompositePodGroup all", ["a-0", "b-0"])]


def test_a_composite_is_made_with_its_groups() -> None:
    job = workload(
        composites=[
            {
                "name": "replica",
                "schedulingPolicy": {"gang": {"minGroupCount": 2}},
                "podGroupTemplates": [LEADER, WORKERS],
            }
        ]
    )
    cluster = racks(1, each=2, more=[job, *pods(1, "job-leader"), *pods(2, "job-workers")])
    assert taken_up(cluster) == [
        ("CompositePodGroup job-replica", ["job-leader-0", "job-workers-0", "job-workers-1"])
    ]
    answers = cluster.explain_pending()
    assert not answers.placements
    assert len(answers.groups) == 1


def test_a_group_that_nobody_will_make_is_waited_for() -> None:
    cluster = racks(1, more=[workload(WORKERS), *pods(1, "elsewhere")])
    assert lacking(cluster) == ["PodGroup default/elsewhere does not exist"]
    assert not cluster.explain_pending().placements


def test_in_1_35_a_workload_or_entry_that_is_not_there_is_waited_for() -> None:
    waits = [clusters.pod("a", **entry("wrokers")), clusters.pod("b", **entry("workers", workload="other"))]
    no_entry, no_workload = lacking(racks(1, kubernetes="1.35", more=[workload(WORKERS), *waits]))
    assert no_entry == "no group of the workload is named 'wrokers'; did you mean 'workers'?"
    assert no_workload == "Workload default/other does not exist"


def test_of_a_group_or_workload_that_is_missing_a_near_name_is_asked_for() -> None:
    known = [workload(WORKERS), group(2, "train"), *pods(1, "job-wrokers"), *pods(1, "trian")]
    assert lacking(racks(1, more=known)) == [
        "PodGroup default/job-wrokers does not exist; did you mean 'default/job-workers'?",
        "PodGroup default/trian does not exist; did you mean 'default/train'?",
    ]
    waits = clusters.pod("a", **entry("workers", workload="jobs"))
    assert lacking(racks(1, kubernetes="1.35", more=[workload(WORKERS), waits])) == [
        "Workload default/jobs does not exist; did you mean 'default/job'?"
    ]


def test_a_pod_that_has_a_node_is_for_itself() -> None:
    there = clusters.pod("there", nodeName="r0-n0", schedulingGroup={"podGroupName": "train"})
    alone: Pod = Queue(racks(1, more=[group(1), there])).entry(there).pods[0]
    assert alone is there
