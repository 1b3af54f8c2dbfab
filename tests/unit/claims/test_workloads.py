"""Workloads from builders: the shape of each minor, what a minor cannot say, and what pods say."""

from __future__ import annotations

import pytest

import dra
from dra.claims import claim, composite_pod_group, gpu, pod_group, workload
from dra.claims.pods import attach
from dra.errors import BuildError, UnknownNameError, UnknownVersionError
from dra.features import Features
from dra.models.core import Pod
from tests.unit.scheduler import clusters
from tests.unit.scheduler.gangs.gangs import placed, racks

RACK = "example.com/rack"


def test_each_minor_has_its_own_shape() -> None:
    job = workload("train", "team-a").group("workers", min_count=16)
    shapes = {minor: job.build(minor).to_dict() for minor in ("1.35", "1.36", "1.37")}
    assert {minor: shape["apiVersion"] for minor, shape in shapes.items()} == {
        "1.35": "scheduling.k8s.io/v1alpha1",
        "1.36": "scheduling.k8s.io/v1alpha2",
        "1.37": "scheduling.k8s.io/v1beta1",
    }
    assert shapes["1.35"]["spec"] == {
        "podGroups": [{"name": "workers", "policy": {"gang": {"minCount": 16}}}]
    }
    assert shapes["1.36"]["spec"] == shapes["1.37"]["spec"]
    assert shapes["1.37"]["metadata"] == {"name": "train", "namespace": "team-a"}


def test_everything_of_a_group() -> None:
    job = (
        workload("train")
        .group("leader", disruption="single")
        .group("workers", 8, topology=RACK, claims={"fabric": "template/fabric"}, disruption="all")
        .priority(1000, "batch")
        .controlled_by("Job", "train", "batch")
    )
    built = job.build()
    assert dra.validate(built, "1.37") == []
    leader, workers = built.to_dict()["spec"]["podGroupTemplates"]
    assert leader["schedulingPolicy"] == {"basic": {}}
    assert workers == {
        "name": "workers",
        "schedulingPolicy": {"gang": {"minCount": 8}},
        "schedulingConstraints": {"topology": [{"key": RACK}]},
        "resourceClaims": [{"name": "fabric", "resourceClaimTemplateName": "fabric"}],
        "disruptionMode": {"all": {}},
        "priorityClassName": "batch",
        "priority": 1000,
    }
    assert job.build("1.36").to_dict()["spec"]["podGroupTemplates"][1]["disruptionMode"] == "PodGroup"
    assert job.gates("1.36") == [
        "GenericWorkload",
        "GangScheduling",
        "TopologyAwareWorkloadScheduling",
        "DRAWorkloadResourceClaims",
        "WorkloadAwarePreemption",
    ]


def test_claims_of_a_group_come_in_any_form() -> None:
    fabric = claim("fabric").request("gpu", gpu("L40S"))
    job = workload("train").group("workers", 2, claims=[fabric.template(), "claim/shared"])
    (group,) = job.build().spec.pod_group_templates or ()
    assert [each.to_dict() for each in group.resource_claims or ()] == [
        {"name": "fabric", "resourceClaimTemplateName": "fabric"},
        {"name": "shared", "resourceClaimName": "shared"},
    ]


def test_groups_of_groups() -> None:
    replica = composite_pod_group(
        "replica", pod_group("leader", 1), pod_group("workers", 4, topology=RACK), min_groups=2
    )
    job = workload("serve").composite("all", replica, min_groups=1, topology="zone").priority(5)
    built = job.build()
    assert built.api_version == "scheduling.k8s.io/v1alpha3"
    assert dra.validate(built, "1.37", Features.for_kubernetes("1.37", composite_pod_group=True)) == []
    assert [(each.kind, each.metadata.name, parent) for each, parent in parents(job.pod_groups())] == [
        ("CompositePodGroup", "serve-all", None),
        ("CompositePodGroup", "serve-replica", "serve-all"),
        ("PodGroup", "serve-leader", "serve-replica"),
        ("PodGroup", "serve-workers", "serve-replica"),
    ]
    assert {each.spec.priority for each in job.pod_groups()} == {5}
    with pytest.raises(BuildError, match=r"1\.36 cannot express it[\s\S]*from 1\.37 on"):
        job.build("1.36")
    with pytest.raises(BuildError, match="pods are in groups of pods"):
        job.pod_reference("replica")


def parents(groups: list[dra.PodGroup]) -> list[tuple[dra.PodGroup, str | None]]:
    return [(each, each.spec.parent_composite_pod_group_name) for each in groups]


def test_what_a_minor_cannot_say_is_an_error() -> None:
    with pytest.raises(BuildError, match=r"schedulingConstraints: Kubernetes 1\.35 cannot express it"):
        workload("train").group("workers", 4, topology=RACK).build("1.35")
    with pytest.raises(UnknownVersionError, match=r"1\.34 has no Workloads[\s\S]*from 1\.35 on"):
        workload("train").group("workers", 4).build("1.34")
    with pytest.raises(UnknownVersionError, match=r"1\.35 has no PodGroups"):
        workload("train").group("workers", 4).pod_groups("1.35")


def test_a_field_that_the_features_drop_is_an_error() -> None:
    job = workload("train").group("workers", 4, topology=RACK)
    with pytest.raises(BuildError, match="drops this field"):
        job.build(features=Features.for_kubernetes("1.37"))


def test_pods_name_their_group_in_the_way_of_the_minor() -> None:
    job = workload("train").group("leader", 1).group("workers", 4)
    assert job.pod_reference("workers", "1.35") == {"workloadRef": {"name": "train", "podGroup": "workers"}}
    assert job.pod_reference("workers", "1.36") == {"schedulingGroup": {"podGroupName": "train-workers"}}
    assert job.pod_reference("workers", replica=1) == {"schedulingGroup": {"podGroupName": "train-workers-1"}}
    with pytest.raises(UnknownNameError, match="did you mean 'workers'"):
        job.pod_reference("wrokers")
    with pytest.raises(UnknownNameError):
        job.pod_reference()


@pytest.mark.parametrize("kubernetes", ["1.36", "1.37"])
def test_what_is_built_is_scheduled(kubernetes: str) -> None:
    """Builder, groups, wired pods and cluster agree on names and claims."""
    job = workload("train").group("workers", 2, claims={"gpu": "template/one"})
    pods = [
        attach(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": f"worker-{index}"},
                "spec": {"containers": [{"name": "main"}], **job.pod_reference(kubernetes=kubernetes)},
            },
            "template/one",
            name="gpu",
            pod_group="train-workers",
            kubernetes=kubernetes,
        )
        for index in range(2)
    ]
    cluster = racks(1, kubernetes=kubernetes, more=[job.build(kubernetes), *job.pod_groups(kubernetes)])
    answer = placed(cluster.schedule_gang("train", [Pod.from_dict(each) for each in pods]))
    assert len(answer.devices) == 1
    assert clusters.DRIVER in answer.devices[0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: workload("train").build(), "a workload has groups"),
        (lambda: workload("train").group("a", 0), "at least 1"),
        (lambda: workload("train").group("a").group("a"), "there is a group of that name"),
        (lambda: workload("train").group("a").composite("b", pod_group("a")), "group of that name"),
        (lambda: workload("train").group("a").composite("b", pod_group("c")).build(), "not both"),
        (lambda: workload("train").group("a", claims="claim/a"), r"claims=\['claim/a'\]"),
        (lambda: composite_pod_group("a", "b"), "no group"),
        (lambda: workload("train").group("A").build(), "name"),
    ],
)
def test_what_is_wrong_is_said_at_once(wrong: object, message: str) -> None:
    assert callable(wrong)
    with pytest.raises(BuildError, match=message):
        wrong()


def test_an_unknown_disruption_mode() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'single'"):
        workload("train").group("a", disruption="singel")  # type: ignore[arg-type]  # what a user would mistype


def test_a_builder_is_never_changed() -> None:
    job = workload("train").group("a")
    job.group("b").priority(1)
    assert repr(job) == "<workload train: a>"
