"""`dra schedule`, `dra explain`, `dra capacity`, `dra top`: commands about a whole cluster."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dra.cli import ExitCode
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]
Wire = dict[str, Any]

DRIVER = "gpu.example.com"


def node(name: str) -> Wire:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}


def gpus(on: str, count: int) -> Wire:
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": f"{on}-gpus"},
        "spec": {
            "driver": DRIVER,
            "nodeName": on,
            "pool": {"name": on, "generation": 1, "resourceSliceCount": 1},
            "devices": [{"name": f"gpu-{index}"} for index in range(count)],
        },
    }


def gpu_class() -> Wire:
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceClass",
        "metadata": {"name": "gpu"},
        "spec": {},
    }


def claim(name: str, count: int, **status: Any) -> Wire:
    exactly = {"deviceClassName": "gpu", "count": count}
    made = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"namespace": "team", "name": name},
        "spec": {"devices": {"requests": [{"name": "gpus", "exactly": exactly}]}},
    }
    return made | ({"status": status} if status else {})


def pod(name: str, claim_name: str, **spec: Any) -> Wire:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": "team", "name": name},
        "spec": {
            "containers": [{"name": "main"}],
            "resourceClaims": [{"name": "gpus", "resourceClaimName": claim_name}],
            **spec,
        },
    }


def held(on: str, *devices: str) -> Wire:
    results = [{"request": "gpus", "driver": DRIVER, "pool": on, "device": each} for each in devices]
    return {
        "allocation": {"devices": {"results": results}},
        "reservedFor": [{"resource": "pods", "name": "runs", "uid": "1"}],
    }


def lines(run: Run) -> list[str]:
    return run.out.splitlines()


CLUSTER = (gpu_class(), node("n0"), node("n1"), gpus("n0", 2), gpus("n1", 2))


@pytest.fixture
def dra(dra_command: Command, tmp_path: Path) -> Callable[..., Run]:
    """`dra`: words, then objects, which `-f` names."""

    def run(*given: Wire | str) -> Run:
        objects = [each for each in given if isinstance(each, dict)]
        words = [each for each in given if isinstance(each, str)]
        (tmp_path / "in.yaml").write_text(yaml.safe_dump_all(objects))
        return dra_command(*words, "-f", tmp_path)

    return run


# --- schedule -----------------------------------------------------------------------------------------------


def test_pods_that_wait_are_placed_one_after_another(dra: Command) -> None:
    run = dra("schedule", *CLUSTER, claim("a", 2), claim("b", 2), pod("a", "a"), pod("b", "b"))

    assert run.status == ExitCode.OK
    assert lines(run)[1:] == [
        "team/a  n0    team/a  gpu-0, gpu-1",
        "team/b  n1    team/b  gpu-0, gpu-1",
        "",
        "2 of 2 pods placed",
    ]


def test_a_pod_that_fits_nowhere_is_refused_with_its_reasons(dra: Command) -> None:
    run = dra("schedule", *CLUSTER, claim("a", 3), pod("a", "a"))

    assert run.status == ExitCode.NO
    assert lines(run) == [
        "pod team/a cannot be scheduled",
        "  - 2 nodes: 2 of 2 devices of class gpu free, 3 wanted (n0, n1)",
        "",
        "0 of 1 pods placed",
    ]


def test_only_named_pods_are_placed_in_their_order(dra: Command) -> None:
    objects = [*CLUSTER, claim("a", 1), claim("b", 1), claim("c", 1)]
    objects += [pod(name, name) for name in "abc"]
    run = dra("schedule", "pod/team/c", "pod/team/a", "-o", "json", *objects)

    assert [each["pod"] for each in json.loads(run.out)] == ["team/c", "team/a"]


def test_a_pool_that_is_not_the_node_is_named(dra: Command) -> None:
    fabric = gpus("n0", 1)
    fabric["spec"] |= {"pool": {"name": "fabric", "generation": 1, "resourceSliceCount": 1}}
    run = dra("schedule", gpu_class(), node("n0"), fabric, claim("a", 1), pod("a", "a"))

    assert lines(run)[1] == "team/a  n0    team/a  fabric/gpu-0"


def job(pods: int) -> list[Wire]:
    spec = pod("x", "x")["spec"] | {"resourceClaims": [{"name": "gpus", "resourceClaimTemplateName": "two"}]}
    exactly = {"deviceClassName": "gpu", "count": 2}
    return [
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaimTemplate",
            "metadata": {"namespace": "team", "name": "two"},
            "spec": {"spec": {"devices": {"requests": [{"name": "gpus", "exactly": exactly}]}}},
        },
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"namespace": "team", "name": "train"},
            "spec": {"parallelism": pods, "template": {"spec": spec}},
        },
    ]


@pytest.mark.parametrize("name", ["job/train", "Job/team/train"])
def test_the_pods_that_a_workload_would_make_are_placed(dra: Command, name: str) -> None:
    run = dra("schedule", name, *CLUSTER, *job(3))
    assert run.status == ExitCode.NO
    assert [line.split()[:2] for line in lines(run)[1:3]] == [["team/train-0", "n0"], ["team/train-1", "n1"]]
    assert lines(run)[-1] == "2 of 3 pods placed"


def test_a_workload_without_its_pods_is_named(dra: Command) -> None:
    run = dra("schedule", *CLUSTER, *job(2))
    assert run.status == ExitCode.BAD_INPUT
    assert "name what makes pods: job/team/train" in run.err


def test_a_workload_that_makes_no_countable_pods_is_an_error_with_its_line(dra: Command) -> None:
    *_, made = job(1)
    run = dra("schedule", "daemonset/train", *CLUSTER, made | {"apiVersion": "apps/v1", "kind": "DaemonSet"})
    assert run.status == ExitCode.BAD_INPUT
    assert "DaemonSet team/train: spec.template.spec: " in run.err
    assert "how many pods it has depends on the cluster" in run.err


def test_the_policy_decides(dra: Command) -> None:
    objects = [*CLUSTER, gpus("n0", 5) | {"metadata": {"name": "n0-gpus"}}]
    objects = [each for each in objects if each is not CLUSTER[3]]
    run = dra("schedule", "--policy", "best-fit", "-o", "yaml", *objects, claim("a", 1), pod("a", "a"))

    assert yaml.safe_load(run.out)[0]["node"] == "n1"


def gang(minimum: int, *names: str) -> list[Wire]:
    """A PodGroup, and pods of it that each have a claim for one GPU."""
    spec = {"schedulingPolicy": {"gang": {"minCount": minimum}}}
    group = {"apiVersion": "scheduling.k8s.io/v1beta1", "kind": "PodGroup", "spec": spec}
    made = [group | {"metadata": {"namespace": "team", "name": "train"}}]
    for name in names:
        made += [claim(name, 1), pod(name, name, schedulingGroup={"podGroupName": "train"})]
    return made


def gang_of_workload(kubernetes: str, minimum: int, *names: str) -> list[Wire]:
    """A Workload whose PodGroup nobody has made yet, and pods of it that each have a claim for one GPU."""
    policy = {"gang": {"minCount": minimum}}
    version = {"1.35": "v1alpha1", "1.36": "v1alpha2", "1.37": "v1beta1"}[kubernetes]
    if kubernetes == "1.35":
        spec: Wire = {"podGroups": [{"name": "workers", "policy": policy}]}
        reference: Wire = {"workloadRef": {"name": "job", "podGroup": "workers"}}
    else:
        spec = {"podGroupTemplates": [{"name": "workers", "schedulingPolicy": policy}]}
        reference = {"schedulingGroup": {"podGroupName": "job-workers"}}
    metadata = {"namespace": "team", "name": "job"}
    made: list[Wire] = [
        {"apiVersion": f"scheduling.k8s.io/{version}", "kind": "Workload", "metadata": metadata, "spec": spec}
    ]
    for name in names:
        made += [claim(name, 1), pod(name, name, **reference)]
    return made


def test_a_gang_is_placed_as_a_whole(dra: Command) -> None:
    run = dra("schedule", "podgroup/team/train", *CLUSTER, *gang(2, "a", "b"))
    assert run.status is ExitCode.OK
    assert "PodGroup team/train: 2 pods placed" in run.out
    assert "2 of 2 pods placed" in run.out


def test_a_gang_that_does_not_fit_as_a_whole_is_refused(dra: Command) -> None:
    many = [f"p{index}" for index in range(9)]
    run = dra("schedule", "podgroup/team/train", *CLUSTER, *gang(9, *many))
    assert run.status is ExitCode.NO
    assert "PodGroup team/train cannot be scheduled: needs 9 pods at the same time" in run.out
    assert "0 of 9 pods placed" in run.out
    run = dra(
        "schedule", "podgroup/team/train", "--topology", "rack", "-o", "json", *CLUSTER, *gang(2, "a", "b")
    )
    (answer,) = json.loads(run.out)
    assert answer["placed"] is False
    assert answer["reason"] == "needs 2 pods in one rack, but no node has one"


def test_pods_that_are_refused_for_one_reason_are_told_as_one(dra: Command) -> None:
    many = [f"p{index}" for index in range(9)]
    run = dra("schedule", "podgroup/team/train", *CLUSTER, *gang(2, *many))
    assert lines(run)[-4:] == [
        "5 pods fit nowhere (team/p4, team/p5, team/p6, team/p7, team/p8)",
        "  - 2 nodes: no device of class gpu free",
        "",
        "4 of 9 pods placed",
    ]


def test_a_gang_that_is_not_there(dra: Command) -> None:
    run = dra("schedule", "workload/team/tarin", *CLUSTER)
    assert run.status is ExitCode.BAD_INPUT
    assert "there is no Workload team/tarin\n  there is no Workload at all" in run.err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("schedule", "--policy", "best"), "did you mean 'best-fit'?"),
        (("schedule", "pod/team/z"), "there is no Pod team/z"),
        (("explain", "pod/team/z"), "there are: team/a"),
        (("explain", "node/n0"), "write NAME for a pod, or claim/NAME, workload/NAME"),
        (("explain", "a"), "there is no Pod default/a\n  did you mean 'team/a'?"),
        (("explain", "clam/team/a"), "no kind is named 'clam'\n  did you mean 'claim'?"),
        (("what-if", "drain", "worker"), "there is no Node worker\n  there are: n0, n1"),
        (("what-if", "drain", "n00"), "there is no Node n00\n  did you mean 'n0'?"),
        (("explain", "team/"), "names no object"),
        (("explain", "pod/team/a", "--node", "n9"), "no node 'n9'"),
        (("capacity", "--price", "much"), "write a number such as 2.50"),
        (("capacity", "--price", "x=1", "--price", "2"), "names no product"),
        (("capacity", "--price", "=1"), "names no product"),
        (("capacity", "--price", "x=1", "--price", "x=2"), "is a second price"),
        (("capacity", "--by", "rack"), "rack"),
    ],
)
def test_what_cannot_be_answered_is_an_error(dra: Command, words: tuple[str, ...], complaint: str) -> None:
    run = dra(*words, *CLUSTER, claim("a", 1), pod("a", "a"))

    assert run.status == ExitCode.BAD_INPUT
    assert complaint in run.err


def test_nothing_to_place_is_an_error(dra: Command) -> None:
    assert "no pod in the manifests waits" in dra("schedule", *CLUSTER).err


def test_a_cluster_without_nodes_is_an_error(dra: Command) -> None:
    assert "no Node in the manifests" in dra("capacity", gpu_class()).err


def test_a_broken_selector_is_an_error_with_its_line(dra: Command) -> None:
    broken = claim("a", 1)
    broken["spec"]["devices"]["requests"][0]["exactly"]["selectors"] = [{"cel": {"expression": "nope"}}]
    run = dra("schedule", *CLUSTER, broken, pod("a", "a"))

    assert run.status == ExitCode.BAD_INPUT
    assert "in.yaml:" in run.err
    assert "ResourceClaim team/a: spec.devices.requests[0].exactly.selectors[0].cel.expression" in run.err


@pytest.mark.parametrize("kubernetes", ["1.35", "1.36", "1.37"])
def test_without_names_gangs_are_taken_up_together_and_schedule_and_explain_agree(
    dra: Command, kubernetes: str
) -> None:
    objects = [*CLUSTER, *gang_of_workload(kubernetes, 5, *"abcde"), claim("z", 1), pod("z", "z")]
    scheduled = dra("schedule", "--kubernetes", kubernetes, *objects)
    explained = dra("explain", "--kubernetes", kubernetes, *objects)

    assert scheduled.status == explained.status == ExitCode.NO
    assert lines(scheduled)[-1] == "1 of 6 pods placed"
    assert lines(explained)[:2] == ["6 pods waiting: 1 would be placed", "- pod team/z: node n0"]
    reason = "needs 5 pods at the same time, but the cluster has room for 4"
    assert f"PodGroup team/job-workers cannot be scheduled: {reason}" in scheduled.out
    assert f"- PodGroup team/job-workers {reason}" in lines(explained)


@pytest.mark.parametrize("kubernetes", ["1.35", "1.36", "1.37"])
def test_a_gang_that_fits_is_placed_without_being_named(dra: Command, kubernetes: str) -> None:
    objects = [*CLUSTER, *gang_of_workload(kubernetes, 2, *"ab")]
    run = dra("schedule", "--kubernetes", kubernetes, *objects)

    assert run.status == ExitCode.OK
    assert "PodGroup team/job-workers: 2 pods placed" in run.out


@pytest.mark.parametrize("kubernetes", ["1.35", "1.36", "1.37"])
def test_a_pod_of_a_gang_that_is_named_is_placed_with_the_others_or_not_at_all(
    dra: Command, kubernetes: str
) -> None:
    fits = dra("schedule", "team/b", "team/a", *CLUSTER, *gang(2, "a", "b"))
    assert (fits.status, lines(fits)[-1]) == (ExitCode.OK, "2 of 2 pods placed")

    too_large = [*CLUSTER, *gang_of_workload(kubernetes, 5, *"abcde")]
    for command in ("schedule", "explain"):
        refused = dra(command, "team/a", "--kubernetes", kubernetes, *too_large)
        assert refused.status == ExitCode.NO
        assert "PodGroup team/job-workers cannot be scheduled: needs 5 pods at the same time" in refused.out


def test_an_attribute_that_a_constraint_misspells_is_asked_about(dra: Command) -> None:
    wants = claim("a", 2)
    wants["spec"]["devices"]["constraints"] = [{"matchAttribute": f"{DRIVER}/Numa"}]
    slices = [gpus(each, 2) for each in ("n0", "n1")]
    for each in slices:
        for device in each["spec"]["devices"]:
            device["attributes"] = {"numa": {"int": 0}}
    for words in (["schedule"], ["schedule", "team/a"], ["explain"], ["explain", "team/a"]):
        run = dra(*words, gpu_class(), node("n0"), node("n1"), *slices, wants, pod("a", "a"))
        assert run.status == ExitCode.NO
        assert f"cannot hold together; did you mean '{DRIVER}/numa'?" in run.out


# --- explain ------------------------------------------------------------------------------------------------


def test_a_pod_of_a_gang_that_does_not_fit_is_told_about_the_gang(dra: Command) -> None:
    run = dra("explain", "pod/team/a", *CLUSTER, *gang(5, *"abcde"))

    assert run.status == ExitCode.NO
    assert lines(run)[:3] == [
        "Pod team/a waits with the others of PodGroup team/train",
        "",
        "PodGroup team/train cannot be scheduled: needs 5 pods at the same time,"
        " but the cluster has room for 4",
    ]


def test_a_pod_of_a_gang_that_fits_is_told_where_all_go(dra: Command) -> None:
    run = dra("explain", "pod/team/a", *CLUSTER, *gang(2, "a", "b"))

    assert run.status == ExitCode.OK
    assert "Pod team/a would be placed with the others of PodGroup team/train" in run.out
    assert lines(run)[-2:] == ["- pod team/a: node n0", "- pod team/b: node n0"]


def test_a_pod_of_a_gang_whose_group_is_yet_to_be_made_is_told_about_the_gang(dra: Command) -> None:
    run = dra("explain", "pod/team/a", *CLUSTER, *gang_of_workload("1.37", 5, *"abcde"))

    assert run.status == ExitCode.NO
    assert lines(run)[0] == "Pod team/a waits with the others of PodGroup team/job-workers"


def test_a_pod_whose_group_is_nowhere_waits_for_it(dra: Command) -> None:
    _, *members = gang(1, "a")
    for words in (["explain", "pod/team/a"], ["explain"], ["schedule"], ["schedule", "pod/team/a"]):
        run = dra(*words, *CLUSTER, *members)
        assert run.status == ExitCode.NO
        assert "PodGroup team/train does not exist" in run.out


def test_where_the_gate_is_said_to_be_off_a_pod_of_a_gang_is_for_itself(dra: Command) -> None:
    off = ("--feature-gates", "GenericWorkload=false")
    run = dra("explain", "pod/team/a", *off, *CLUSTER, *gang(5, *"abcde"))

    assert run.status == ExitCode.OK
    assert "gang" not in run.out
    assert dra("explain", *off, *CLUSTER, *gang(5, *"abcde")).out.startswith(
        "5 pods waiting: 4 would be placed"
    )


def test_a_gang_is_explained_with_the_room_of_each_domain(dra: Command) -> None:
    places = {"n0": "r0", "n1": "r1", "n2": "r0"}
    racks = [node(n) | {"metadata": {"name": n, "labels": {"rack": rack}}} for n, rack in places.items()]
    group, *members = gang(3, *"abc")
    group["spec"] |= {"schedulingConstraints": {"topology": [{"key": "rack"}]}}
    objects = [gpu_class(), *racks, gpus("n0", 2), gpus("n1", 1), group, *members]
    run = dra("explain", "podgroup/team/train", *objects)

    assert run.status == ExitCode.NO
    assert "needs 3 pods in one rack, but the best of 2, r0, has room for 2" in lines(run)[0]
    assert "- room elsewhere: 1 in r1" in lines(run)
    assert "  node n2: does not fit" in lines(run)
    data = json.loads(dra("explain", "podgroup/team/train", "-o", "json", *objects).out)
    assert data["refusal"]["domains"] == {"r0": 2, "r1": 1}


def test_one_node_says_nothing_about_a_gang(dra: Command) -> None:
    run = dra("explain", "podgroup/team/train", "--node", "n0", *CLUSTER, *gang(2, "a", "b"))

    assert run.status == ExitCode.BAD_INPUT
    assert "--node is about one pod or claim" in run.err


def test_a_pod_that_would_fit_is_told_where(dra: Command) -> None:
    run = dra("explain", "pod/team/a", *CLUSTER, claim("a", 1), pod("a", "a"))

    assert run.status == ExitCode.OK
    assert lines(run) == ["Pod team/a would go to node n0", "- team/a gpus: gpu.example.com/n0/gpu-0"]


def test_a_pod_that_fits_nowhere_is_told_all_about_one_node(dra: Command) -> None:
    run = dra("explain", "pod/team/a", *CLUSTER, claim("a", 3), pod("a", "a"))

    assert run.status == ExitCode.NO
    assert lines(run)[:2] == [
        "Pod team/a fits nowhere",
        "- 2 nodes: 2 of 2 devices of class gpu free, 3 wanted (n0, n1)",
    ]
    assert "  node n0: does not fit" in lines(run)


def test_a_pod_that_waits_for_a_claim_is_told_so(dra: Command) -> None:
    run = dra("explain", "pod/team/a", *CLUSTER, pod("a", "gone"))

    assert run.status == ExitCode.NO
    assert lines(run) == ["Pod team/a fits nowhere: claim team/gone does not exist"]


def test_a_pod_that_runs_is_told_what_it_has(dra: Command) -> None:
    run = dra(
        "explain",
        "pod/team/runs",
        *CLUSTER,
        claim("a", 1, **held("n1", "gpu-1")),
        pod("runs", "a", nodeName="n1"),
    )

    assert run.status == ExitCode.OK
    assert lines(run) == ["Pod team/runs is on node n1", "- claim team/a: gpu.example.com/n1/gpu-1"]


def test_a_claim_that_is_allocated_is_told_its_devices_and_users(dra: Command) -> None:
    run = dra("explain", "claim/team/a", *CLUSTER, claim("a", 1, **held("n1", "gpu-1")))

    assert run.status == ExitCode.OK
    assert lines(run) == ["ResourceClaim team/a has gpu.example.com/n1/gpu-1", "in use by runs"]


def test_a_name_without_a_kind_is_that_of_a_pod(dra: Command) -> None:
    given = (*CLUSTER, claim("a", 1), pod("a", "a"))
    assert dra("explain", "team/a", *given) == dra("explain", "pod/team/a", *given)


def test_one_node_is_explained_on_demand(dra: Command) -> None:
    run = dra("explain", "claim/team/a", "--node", "n1", "-o", "json", *CLUSTER, claim("a", 3))
    answer = json.loads(run.out)

    assert run.status == ExitCode.NO
    assert [each["node"] for each in answer["explanations"]] == ["n1"]
    assert answer["fits"] is False


# --- capacity and top ---------------------------------------------------------------------------------------


def test_a_gate_that_is_off_is_off(dra: Command) -> None:
    """Without `DRADeviceTaints` a device's taint keeps nobody away."""
    tainted = gpus("node-a", 1)
    taint = {"key": "example.com/broken", "effect": "NoSchedule"}
    tainted["spec"]["devices"][0]["taints"] = [taint]
    cluster = [node("node-a"), tainted, gpu_class(), claim("one", 1), pod("waits", "one")]
    for command in (["explain", "pod/team/waits"], ["schedule"], ["allocate"]):
        assert dra(*command, *cluster).status == ExitCode.NO
        off = dra(*command, *cluster, "--feature-gates", "DRADeviceTaints=false")
        assert off.status == ExitCode.OK, off


def test_capacity_is_a_table(dra: Command) -> None:
    run = dra("capacity", "--price", "2.5", *CLUSTER, claim("a", 1, **held("n1", "gpu-1")))

    assert run.status == ExitCode.OK
    assert [line.split() for line in lines(run)] == [
        ["CLASS", "TOTAL", "USED", "FREE", "FRAGMENTED", "TAINTED", "USED", "%", "LARGEST", "IDLE", "COST/H"],
        ["gpu", "4", "1", "3", "0", "0", "25", "2", "7.50"],
        ["all", "hardware", "4", "1", "3", "0", "0", "25", "7.50"],
    ]


def test_capacity_is_data(dra: Command) -> None:
    run = dra("capacity", "--by", "node", "-o", "json", *CLUSTER, claim("a", 1, **held("n1", "gpu-1")))

    assert [(row["name"], row["used"]) for row in json.loads(run.out)["rows"]] == [("n0", 0.0), ("n1", 1.0)]


def test_namespaces_have_what_their_claims_hold(dra: Command) -> None:
    run = dra("capacity", "--by", "namespace", *CLUSTER, claim("a", 1, **held("n1", "gpu-1")))

    assert [line.split() for line in lines(run)] == [["NAMESPACE", "USED"], ["team", "1"]]


@pytest.mark.parametrize(
    ("what", "first"),
    [
        ("nodes", ["n1", "1", "25", "2", "50", "50"]),
        ("namespaces", ["team", "1", "25"]),
        ("claims", ["team/a", "1", "25"]),
    ],
)
def test_the_busiest_come_first(dra: Command, what: str, first: list[str]) -> None:
    run = dra("top", what, "-n", "1", *CLUSTER, claim("a", 1, **held("n1", "gpu-1")))

    assert run.status == ExitCode.OK
    assert [line.split() for line in lines(run)[1:]] == [first]


def test_nobody_is_busy(dra: Command) -> None:
    assert lines(dra("top", "claims", *CLUSTER)) == ["nothing is taken"]
    assert json.loads(dra("top", "claims", "-o", "json", *CLUSTER).out) == []
