"""`dra what-if`, and `dra explain` about all pods that wait."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dra.cli import ExitCode
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_cluster import CLUSTER, claim, gpus, held, lines, node, pod

Command = Callable[..., Run]
Wire = dict[str, Any]

RUNNING = (claim("a", 2, **held("n0", "gpu-0", "gpu-1")), pod("runs", "a", nodeName="n0"))


@pytest.fixture
def dra(dra_command: Command, tmp_path: Path) -> Callable[..., Run]:
    """`dra`: words, then objects, which `-f` names."""

    def run(*given: Wire | str) -> Run:
        objects = [each for each in given if isinstance(each, dict)]
        words = [each for each in given if isinstance(each, str)]
        (tmp_path / "in.yaml").write_text(yaml.safe_dump_all(objects))
        return dra_command(*words, "-f", tmp_path / "in.yaml")

    return run


@pytest.fixture
def rule_file(tmp_path: Path) -> Callable[[str], str]:
    """A file with a rule of an effect on the devices of n0."""

    def write(effect: str) -> str:
        rule = {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "DeviceTaintRule",
            "metadata": {"name": "broken"},
            "spec": {"deviceSelector": {"pool": "n0"}, "taint": {"key": "fault", "effect": effect}},
        }
        path = tmp_path / "rule.yaml"
        path.write_text(yaml.safe_dump(rule))
        return str(path)

    return write


# --- explain without a name ---------------------------------------------------------------------------------


def test_all_pods_that_wait_are_explained(dra: Command) -> None:
    run = dra("explain", *CLUSTER, claim("a", 2), claim("b", 3), pod("a", "a"), pod("b", "b"))

    assert run.status == ExitCode.NO
    assert lines(run) == [
        "2 pods waiting: 1 would be placed",
        "- pod team/a: node n0",
        "",
        "1 pod fits nowhere (team/b)",
        "- 1 node: no device of class gpu free",
        "- 1 node: 2 of 2 devices of class gpu free, 3 wanted",
    ]


def test_all_pods_that_wait_as_data(dra: Command) -> None:
    run = dra("explain", "-o", "json", *CLUSTER, claim("a", 2), pod("a", "a"))

    assert run.status == ExitCode.OK
    assert json.loads(run.out)["placed"][0]["node"] == "n0"


def test_a_node_is_about_one_pod(dra: Command) -> None:
    run = dra("explain", "--node", "n0", *CLUSTER)

    assert run.status == ExitCode.BAD_INPUT
    assert "--node is about one pod or claim" in run.err


# --- drain --------------------------------------------------------------------------------------------------


def test_drain_tells_who_moves(dra: Command) -> None:
    run = dra("what-if", "drain", "n0", *CLUSTER, *RUNNING)

    assert run.status == ExitCode.OK
    assert lines(run) == [
        "drain n0: no pod loses its place",
        "- pod team/runs: n0 -> n1 (evicted)",
        "1 pod without a controller: nothing would make it again",
        "",
        "pods placed 1, waiting 0; devices taken 50 %",
        "CLASS  TOTAL  USED  FREE  FRAGMENTED  LARGEST",
        "gpu    4      2     2     0           2",
    ]


def test_drain_tells_who_is_left(dra: Command) -> None:
    run = dra("what-if", "drain", "n0", "n1", "-o", "yaml", *CLUSTER, *RUNNING)

    assert run.status == ExitCode.NO
    assert yaml.safe_load(run.out)["pods"][0] == {
        "pod": "team/runs",
        "change": "displaced",
        "evicted": True,
        "before": "n0",
        "after": None,
        "devices_before": ["gpu.example.com/n0/gpu-0", "gpu.example.com/n0/gpu-1"],
        "devices_after": [],
        "reason": "2 nodes: node is unschedulable",
    }


def test_delete_tells_who_comes_in(dra: Command) -> None:
    waits = (claim("b", 2), pod("waits", "b"))
    run = dra("what-if", "delete", "pod/team/runs", "node/n1", *CLUSTER, *RUNNING, *waits)

    assert run.status == ExitCode.OK
    assert lines(run)[0] == "delete pod/team/runs, node/n1: no pod loses its place"
    assert "- pod team/runs: n0 -> gone" in lines(run)


def test_delete_of_what_is_not_there(dra: Command) -> None:
    run = dra("what-if", "delete", "pod/team/nobody", *CLUSTER)

    assert run.status == ExitCode.BAD_INPUT
    assert "there is no Pod team/nobody" in run.err


def test_drain_of_a_node_that_is_not_there(dra: Command) -> None:
    run = dra("what-if", "drain", "n7", *CLUSTER)

    assert run.status == ExitCode.BAD_INPUT
    assert "there is no Node n7\n  did you mean 'n1'?" in run.err


# --- taint --------------------------------------------------------------------------------------------------


def test_taint_evicts(dra: Command, rule_file: Callable[[str], str]) -> None:
    run = dra("what-if", "taint", rule_file("NoExecute"), *CLUSTER, *RUNNING)

    assert run.status == ExitCode.OK
    assert lines(run)[:3] == [
        "taint by broken: no pod loses its place",
        "- pod team/runs: n0 -> n1 (evicted)",
        "2 devices are tainted",
    ]


def test_taint_leaves_nothing_for_who_waits(dra: Command, rule_file: Callable[[str], str]) -> None:
    cluster = [each for each in CLUSTER if each["metadata"]["name"] not in ("n1", "n1-gpus")]
    run = dra("what-if", "taint", rule_file("NoSchedule"), *cluster, claim("a", 1), pod("a", "a"))

    assert run.status == ExitCode.NO
    assert lines(run)[1].startswith("- pod team/a: n0 -> waits: 1 node: no device of class gpu: taint")


def test_taint_needs_a_rule(dra: Command, tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text(yaml.safe_dump(node("n0")))
    run = dra("what-if", "taint", str(tmp_path / "rule.yaml"), *CLUSTER, gpus("n2", 1))

    assert run.status == ExitCode.BAD_INPUT
    assert "no DeviceTaintRule in it" in run.err


# --- evict --------------------------------------------------------------------------------------------------

FULL = (*CLUSTER[:2], CLUSTER[3], *RUNNING, claim("v", 1))


def test_evict_names_who_has_to_go(dra: Command) -> None:
    run = dra("what-if", "evict", "pod/team/vip", *FULL, pod("vip", "v", priority=5))

    assert run.status == ExitCode.OK
    assert lines(run)[:4] == [
        "pod team/vip fits on node n0 once this has gone:",
        "- pod team/runs (priority 0)",
        "that frees gpu.example.com/n0/gpu-0, gpu.example.com/n0/gpu-1",
        "no smaller set would do",
    ]


def test_evict_spares_equals_unless_told_otherwise(dra: Command) -> None:
    vip = pod("vip", "v")

    assert dra("what-if", "evict", "team/vip", *FULL, vip).status == ExitCode.NO
    run = dra("what-if", "evict", "team/vip", "--up-to", "0", "-o", "json", *FULL, vip)
    assert run.status == ExitCode.OK
    assert json.loads(run.out)["best"]["pods"] == {"team/runs": 0}


def test_evict_for_a_pod_that_runs_says_so_with_its_place(dra: Command) -> None:
    run = dra("what-if", "evict", "team/runs", *FULL)

    assert run.status == ExitCode.BAD_INPUT
    assert "in.yaml:" in run.err
    assert "on node n0 already" in run.err


# --- add-nodes ----------------------------------------------------------------------------------------------


def test_add_nodes_tells_how_many_it_takes(dra: Command) -> None:
    wanted = [each for name in "abcd" for each in (claim(name, 2), pod(name, name))]
    run = dra("what-if", "add-nodes", "--like", "n0", "--count", "4", *CLUSTER, *wanted)

    assert run.status == ExitCode.OK
    assert lines(run)[:3] == [
        "add 4 nodes like n0: 2 of them will do for 2 pods",
        "- pod team/c: waits -> n0-more-1",
        "- pod team/d: waits -> n0-more-2",
    ]


def test_add_nodes_tells_why_none_helps(dra: Command) -> None:
    run = dra("what-if", "add-nodes", "--like", "n0", *CLUSTER, claim("a", 3), pod("a", "a"))

    assert run.status == ExitCode.NO
    assert lines(run)[1] == (
        "no number of such nodes helps pod team/a: 2 of 2 devices of class gpu free, 3 wanted"
    )


def test_add_nodes_of_the_catalogue(dra: Command) -> None:
    wanted = (claim("a", 3), pod("a", "a"), claim("b", 4), pod("b", "b"))
    run = dra(
        "what-if", "add-nodes", "--like", "dgx-h100", "--pod", "team/a", "-o", "json", *CLUSTER, *wanted
    )

    assert run.status == ExitCode.OK
    assert json.loads(run.out)["wanted"] == ["team/a"]


def test_add_nodes_of_no_known_shape(dra: Command) -> None:
    run = dra("what-if", "add-nodes", "--like", "dgx-h1", *CLUSTER)

    assert run.status == ExitCode.BAD_INPUT
    assert "there is no node and no machine 'dgx-h1'" in run.err
    assert "did you mean 'dgx-h100'?" in run.err
    run = dra("what-if", "add-nodes", "--like", "?", *CLUSTER)
    assert "nodes: n0" in run.err


# --- mig ----------------------------------------------------------------------------------------------------


def test_mig_needs_gpus_of_nvidia(dra: Command) -> None:
    run = dra("what-if", "mig", "n0", *CLUSTER)

    assert run.status == ExitCode.BAD_INPUT
    assert "no GPU of gpu.nvidia.com is published" in run.err


@pytest.mark.parametrize(
    ("layout", "meant"), [("all-balnced", "all-balanced"), ("dynamc", "dynamic"), ("3g.40g", "3g.40gb")]
)
def test_mig_of_no_known_layout(dra_command: Command, layout: str, meant: str) -> None:
    run = dra_command("what-if", "mig", "dgx-1", "--layout", layout, "-f", "examples/dgx-h100")
    assert run.status == ExitCode.BAD_INPUT
    assert f"did you mean '{meant}'?" in run.err


def test_mig_tells_what_becomes_of_classes(dra_command: Command) -> None:
    run = dra_command("what-if", "mig", "dgx-1", "--layout", "all-1g.10gb", "-f", "examples/dgx-h100")

    assert run.status == ExitCode.OK
    assert run.out.startswith("cut dgx-1 into all-1g.10gb: no pod loses its place")
    assert "mig.nvidia.com  0 -> 56" in run.out
