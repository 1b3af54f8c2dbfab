"""Workloads in the forms of each minor: which pods belong to which group, and what is made if missing."""

from __future__ import annotations

import pytest

from dra.errors import AllocationError, LoadError, UnknownNameError
from dra.models.core import Pod
from dra.models.scheduling import CompositePodGroup, PodGroup
from tests.unit.scheduler import clusters
from tests.unit.scheduler.gangs.gangs import (
    RACK,
    composite,
    group,
    placed,
    pods,
    policy,
    racks,
    refused,
    workload,
)

WORKERS = {"name": "workers", "schedulingPolicy": policy(2)}


def entry(key: str = "", name: str = "workers") -> dict[str, object]:
    """The field of a pod of 1.35."""
    return {"workloadRef": {"name": "job", "podGroup": name, **({"podGroupReplicaKey": key} if key else {})}}


def old(count: int, key: str = "", prefix: str = "pod") -> list[Pod]:
    return [clusters.pod(f"{prefix}{key}-{index}", templates=["one"], **entry(key)) for index in range(count)]


# --- 1.35 ---------------------------------------------------------------------------------------------------


def test_in_1_35_pods_name_an_entry_of_the_workload() -> None:
    job = workload(WORKERS)
    cluster = racks(2, kubernetes="1.35", more=[job, *old(3)])
    answer = placed(cluster.schedule_gang("workload/job"))
    assert [(each.name, each.minimum, each.placed) for each in answer.groups] == [("job-workers", 2, 3)]
    assert answer.gates == ("GenericWorkload", "GangScheduling")
    after = answer.apply()
    assert not after.pod_groups  # 1.35 has none
    assert after.without(answer) == cluster


def test_in_1_35_pods_with_one_replica_key_are_one_gang() -> None:
    members = [*old(2, "a"), *old(2, "b")]
    cluster = racks(2, 2, kubernetes="1.35", more=[workload(WORKERS), *members])
    answer = placed(cluster.schedule_gang("job"))
    assert [(each.name, each.placed) for each in answer.groups] == [
        ("job-workers-a", 2),
        ("job-workers-b", 2),
    ]
    one_short = cluster.without("pod/podb-1")
    assert refused(one_short.schedule_gang("job")).group == "job-workers-b"


def test_in_1_35_a_topology_is_an_extension() -> None:
    cluster = racks(1, 2, kubernetes="1.35")
    answer = placed(cluster.schedule_gang(workload(WORKERS), old(4), topology=RACK))
    assert answer.domains == {"job-workers": "r1"}
    assert answer.extensions == (f"topology {RACK} (in Kubernetes from 1.36 on)",)
    assert "extension of dra: topology" in str(answer)


def test_in_1_35_an_entry_that_the_workload_does_not_have() -> None:
    wrong = clusters.pod("wrong", **entry(name="wrokers"))
    with pytest.raises(UnknownNameError, match="did you mean 'workers'"):
        racks(1, kubernetes="1.35").schedule_gang(workload(WORKERS), [wrong])


# --- 1.36 and 1.37 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kubernetes", ["1.36", "1.37"])
def test_since_1_36_pods_name_a_pod_group(kubernetes: str) -> None:
    there = group(2, "mine", template="workers", topology=RACK)
    cluster = racks(2, kubernetes=kubernetes, more=[workload(WORKERS), there, *pods(2, "mine")])
    for name in ("workload/job", "podgroup/mine", "mine", "podgroup/default/mine"):
        answer = placed(cluster.schedule_gang(name))
        assert answer.domains == {"mine": "r0"}
        assert not answer.extensions
        assert "TopologyAwareWorkloadScheduling" in answer.gates


def test_missing_groups_are_made_as_a_controller_would() -> None:
    claims = [{"name": "gpu", "resourceClaimTemplateName": "one"}]
    job = workload({**WORKERS, "resourceClaims": claims})
    members = [
        clusters.pod(f"w-{index}", schedulingGroup={"podGroupName": "job-workers"}, resourceClaims=claims)
        for index in range(2)
    ]
    cluster = racks(1, more=[job, *members])
    answer = placed(cluster.schedule_gang("job"))
    assert len(answer.devices) == 1
    (made,) = answer.apply().pod_groups
    assert (made.metadata.name, made.spec.workload_ref and made.spec.workload_ref.template_name) == (
        "job-workers",
        "workers",
    )
    assert answer.apply().without(answer) == cluster


def test_replicas_of_a_template_are_groups_of_their_own() -> None:
    every = [*pods(2, "job-workers-0"), *pods(2, "job-workers-1")]
    answer = placed(racks(2).schedule_gang(workload(WORKERS), every))
    assert [each.name for each in answer.groups] == ["job-workers-0", "job-workers-1"]


def test_pods_that_name_no_group_join_the_only_one() -> None:
    loose = [clusters.pod(f"loose-{index}", templates=["one"]) for index in range(2)]
    answer = placed(racks(1).schedule_gang(workload(WORKERS), loose))
    reference = answer.placements[0].pod.spec.scheduling_group
    assert reference is not None
    assert reference.pod_group_name == "job-workers"
    older = placed(racks(1, kubernetes="1.35").schedule_gang(workload(WORKERS), loose))
    assert older.placements[0].pod.spec.workload_ref is not None


def test_pods_that_could_be_of_several_groups() -> None:
    job = workload(WORKERS, {"name": "leader", "schedulingPolicy": policy(1)})
    with pytest.raises(LoadError, match=r"has 2 templates[\s\S]*groups: job-workers, job-leader"):
        racks(1).schedule_gang(job, [clusters.pod("loose")])


def test_pods_of_another_group_are_not_taken() -> None:
    with pytest.raises(LoadError, match="it belongs to other"):
        racks(1).schedule_gang(group(1), pods(1, "other"))
    with pytest.raises(LoadError, match="no pod of PodGroup default/train waits"):
        racks(1, more=pods(1, "other")).schedule_gang(group(1))


def test_a_pod_that_is_on_a_node_already() -> None:
    there = clusters.pod("there", nodeName="r0-n0")
    with pytest.raises(AllocationError, match="on node r0-n0 already"):
        racks(1, more=[there]).schedule_gang(group(1), [there])


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(LoadError, match="there are: default/train"):
        racks(1, more=[group(1)]).schedule_gang("tarin")
    with pytest.raises(LoadError, match="no Workload default/job"):
        racks(1).schedule_gang("workload/job")


def test_composite_groups_are_made_from_their_templates() -> None:
    job = workload(
        composites=[
            {
                "name": "replica",
                "schedulingPolicy": {"gang": {"minGroupCount": 2}},
                "schedulingConstraints": {"topology": [{"key": RACK}]},
                "podGroupTemplates": [{"name": "leader", "schedulingPolicy": policy(1)}, WORKERS],
            }
        ]
    )
    every = [*pods(1, "job-leader"), *pods(3, "job-workers")]
    answer = placed(racks(1, 2).schedule_gang(job, every))
    assert answer.domains == {"job-replica": "r1"}
    after = answer.apply()
    assert [each.metadata.name for each in after.composite_pod_groups] == ["job-replica"]
    assert {each.spec.parent_composite_pod_group_name for each in after.pod_groups} == {"job-replica"}
    assert "CompositePodGroup" in answer.gates


def test_a_group_that_is_in_another_stands_for_all_of_them() -> None:
    groups: list[PodGroup | CompositePodGroup] = [composite(2)]
    groups += [group(1, name, parent="all") for name in "ab"]
    cluster = racks(1, more=[*groups, *pods(1, "a"), *pods(1, "b")])
    assert len(placed(cluster.schedule_gang("podgroup/a")).placements) == 2


def test_pods_are_tried_by_priority_and_then_by_age() -> None:
    members = pods(2)
    important = clusters.pod(
        "important", templates=["one"], schedulingGroup={"podGroupName": "train"}, priority=10
    )
    answer = placed(racks(1).schedule_gang(group(1), [*members, important]))
    assert [each.pod.metadata.name for each in answer.placements] == ["important", "train-0"]
