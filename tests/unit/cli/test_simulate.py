"""`dra simulate`: the answer in three forms, and bad input."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dra.cli import ExitCode
from dra.cli.simulate import PolicyName
from dra.scheduler.simulation import POLICIES
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]

NODES = "sn,cpu_milli,memory_mib,gpu,model\n" + "".join(f"node-{n},64000,262144,2,T4\n" for n in range(3))
TASKS = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n"
    "a,1000,1024,1,500\nb,1000,1024,1,300\nc,1000,1024,1,1000\nd,1000,1024,0,0\n"
)


@pytest.fixture
def trace(tmp_path: Path) -> tuple[str, ...]:
    nodes, tasks = tmp_path / "nodes.csv", tmp_path / "tasks.csv.gz"
    nodes.write_text(NODES)
    tasks.write_bytes(gzip.compress(TASKS.encode()))
    return "--nodes", str(nodes), "--tasks", str(tasks)


def test_every_policy_can_be_named() -> None:
    assert tuple(each.value for each in PolicyName) == POLICIES


class TestOpenb:
    def test_json_has_exactly_the_agreed_form(self, dra_command: Command, trace: tuple[str, ...]) -> None:
        done = dra_command("simulate", "openb", *trace, "--policy", "best-fit", "--seeds", 2, "-o", "json")
        assert done.status == ExitCode.OK
        answer = json.loads(done.out)
        assert answer.pop("policy") == "best-fit"
        assert answer.pop("seeds") == 2
        ratios = answer.pop("allocation_ratio")
        assert list(ratios) == ["100", "130"]
        assert all(50 < ratio <= 100 for ratio in ratios.values())
        assert answer == {}

    def test_table_csv_and_json_say_the_same(self, dra_command: Command, trace: tuple[str, ...]) -> None:
        command = ("simulate", "openb", *trace, "--policy", "random", "--seeds", 3)
        ratios = json.loads(dra_command(*command, "-o", "json").out)["allocation_ratio"]
        rows = list(csv.DictReader(io.StringIO(dra_command(*command, "-o", "csv").out)))
        assert {row["demand_percent"]: float(row["allocated_percent"]) for row in rows} == ratios
        header, *lines = dra_command(*command).out.splitlines()
        assert header.split() == ["POLICY", "SEEDS", "DEMAND", "%", "ALLOCATED", "%"]
        assert {line.split()[2]: float(line.split()[3]) for line in lines} == ratios

    def test_processes_give_the_same(self, dra_command: Command, trace: tuple[str, ...]) -> None:
        command = ("simulate", "openb", *trace, "--seeds", 2, "-o", "json")
        assert dra_command(*command, "--processes", 2).out == dra_command(*command).out

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (("--demand", "0"), "a demand of 0"),
            (("--demand", "900000"), "at most 1000"),
            (("--policy", "worst"), "Invalid value for '--policy'"),
            (("--seeds", "0"), "Invalid value for '--seeds'"),
            (("--nodes", "/absent.csv"), "/absent.csv: no such file or directory"),
            (("--nodes", ""), "an empty file name"),
        ],
    )
    def test_bad_options_say_what_is_wrong(
        self, dra_command: Command, trace: tuple[str, ...], options: tuple[str, str], message: str
    ) -> None:
        done = dra_command("simulate", "openb", *trace, *options)
        assert done.status == ExitCode.BAD_INPUT
        assert message in done.err

    def test_a_bad_row_is_named(self, dra_command: Command, trace: tuple[str, ...], tmp_path: Path) -> None:
        bad = tmp_path / "bad.csv"
        bad.write_text(TASKS + "e,1000,1024,1,many\n")
        done = dra_command("simulate", "openb", *trace[:2], "--tasks", bad)
        assert done.status == ExitCode.BAD_INPUT
        assert f"{bad}:6: gpu_milli: 'many' is not a value" in done.err


TIMED = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,creation_time,deletion_time\n"
    "a,1000,1024,1,500,0,100\nb,1000,1024,1,300,10,60\nc,1000,1024,1,1000,20,\nd,1000,1024,0,0,200,300\n"
)


class TestRun:
    @pytest.fixture
    def timed(self, trace: tuple[str, ...], tmp_path: Path) -> tuple[str, ...]:
        file = tmp_path / "timed.csv"
        file.write_text(TIMED)
        return (*trace[:2], "--tasks", str(file))

    def test_sharing_models_are_compared_with_their_assumptions(
        self, dra_command: Command, timed: tuple[str, ...]
    ) -> None:
        """a runs for 100 of 200 s, b for 50, c for 180, on six GPUs."""
        done = dra_command(
            "simulate", "run", *timed, "--compare", "device-plugin,mig,consumable", "-o", "json"
        )
        assert done.status == ExitCode.OK
        answer = json.loads(done.out)
        assert list(answer["assumptions"]) == ["device-plugin", "mig", "consumable"]
        assert "not how busy" in answer["measured"]
        whole, mig, consumable = answer["rows"]
        asked = (0.5 * 100 + 0.3 * 50 + 1.0 * 180) / 200 / 6 * 100
        assert [row["allocated"] for row in answer["rows"]] == [pytest.approx(asked)] * 3
        assert whole["taken"] == pytest.approx((100 + 50 + 180) / 200 / 6 * 100)
        assert whole["taken"] > mig["taken"] > consumable["taken"] == pytest.approx(asked)

    def test_table_and_csv_have_the_same_rows(self, dra_command: Command, timed: tuple[str, ...]) -> None:
        command = ("simulate", "run", *timed, "--compare", "device-plugin,consumable")
        rows = list(csv.reader(io.StringIO(dra_command(*command, "-o", "csv").out)))
        lines = dra_command(*command).out.splitlines()
        assert [line.split() for line in lines[1:3]] == rows[1:]
        assert lines[4].startswith("measured: mean over the time")
        assert lines[5] == "device-plugin: a task that asks for a part of a GPU takes a whole one"

    def test_policies_may_be_several_and_a_demand_offered(
        self, dra_command: Command, trace: tuple[str, ...]
    ) -> None:
        done = dra_command(
            "simulate",
            "run",
            *trace,
            "--demand",
            1.3,
            "--policy",
            "best-fit",
            "--policy",
            "random",
            "-o",
            "json",
        )
        assert done.status == ExitCode.OK
        assert [row["policy"] for row in json.loads(done.out)["rows"]] == ["best-fit", "random"]

    def test_a_task_that_never_runs_is_a_no(
        self, dra_command: Command, trace: tuple[str, ...], tmp_path: Path
    ) -> None:
        tasks = tmp_path / "large.csv"
        tasks.write_text(TASKS + "e,65000,1,1,1000\n")
        done = dra_command("simulate", "run", *trace[:2], "--tasks", tasks)
        assert done.status == ExitCode.NO

    def test_picture_and_series_are_written(
        self, dra_command: Command, timed: tuple[str, ...], tmp_path: Path
    ) -> None:
        svg, series = tmp_path / "run.svg", tmp_path / "run.csv"
        dra_command("simulate", "run", *timed, "--svg", svg, "--series", series)
        assert ElementTree.parse(svg).getroot().tag.endswith("svg")
        assert [row["time"] for row in csv.DictReader(io.StringIO(series.read_text()))][:3] == [
            "0",
            "10",
            "20",
        ]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (("--compare", "mig,consumible"), "did you mean 'consumable'?"),
            (("--compare", ""), "no sharing model is named ''"),
            (("--svg", "/absent/run.svg"), "/absent/run.svg: cannot write it: No such file"),
            (("--demand", "-1"), "a demand of -1"),
        ],
    )
    def test_bad_options_say_what_is_wrong(
        self, dra_command: Command, timed: tuple[str, ...], options: tuple[str, str], message: str
    ) -> None:
        done = dra_command("simulate", "run", *timed, *options)
        assert done.status == ExitCode.BAD_INPUT
        assert message in done.err


PODS = """
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: gpu}
spec: {}
---
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: n1}
spec:
  driver: gpu.example.com
  nodeName: n1
  pool: {name: n1, generation: 1, resourceSliceCount: 1}
  devices: [{name: gpu-0}, {name: gpu-1}]
---
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: one}
spec: {spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu}}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: train}
spec:
  activeDeadlineSeconds: 10
  containers: [{name: main}]
  resourceClaims: [{name: gpu, resourceClaimTemplateName: one}]
"""


class TestPods:
    @pytest.fixture
    def manifests(self, tmp_path: Path) -> Path:
        file = tmp_path / "pods.yaml"
        file.write_text(PODS)
        return file

    def test_pods_come_one_after_another_and_go(self, dra_command: Command, manifests: Path) -> None:
        """On two GPUs, pods of 10 s come at 0, 2, 4 and 6 s; two wait for 6 s each."""
        done = dra_command("simulate", "pods", "-f", manifests, "--repeat", 4, "--every", 2, "-o", "json")
        assert done.status == ExitCode.OK
        (answer,) = json.loads(done.out)
        assert (answer["placed"], answer["waited"], answer["never_ran"]) == (4, 2, 0)
        assert answer["mean_wait"] == 3.0
        assert answer["used"] == pytest.approx((1 * 2 + 2 * 4) / 6 / 2 * 100)

    def test_policies_are_rows(self, dra_command: Command, manifests: Path) -> None:
        done = dra_command(
            "simulate", "pods", "-f", manifests, "--policy", "first", "--policy", "best-fit", "-o", "csv"
        )
        assert [row["policy"] for row in csv.DictReader(io.StringIO(done.out))] == ["first", "best-fit"]

    def test_who_never_runs_is_told_why_and_a_no(self, dra_command: Command, manifests: Path) -> None:
        manifests.write_text(PODS.replace("deviceClassName: gpu}", "deviceClassName: gpu, count: 3}"))
        done = dra_command("simulate", "pods", "-f", manifests)
        assert done.status == ExitCode.NO
        assert "first: pod default/train cannot be scheduled" in done.out

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (("--policy", "worst"), "no policy is named 'worst'"),
            (("--class", "gpus"), "did you mean 'gpu'?"),
            (("--repeat", "9999999"), "at most 100,000 can be simulated"),
        ],
    )
    def test_bad_options_say_what_is_wrong(
        self, dra_command: Command, manifests: Path, options: tuple[str, str], message: str
    ) -> None:
        done = dra_command("simulate", "pods", "-f", manifests, *options)
        assert done.status == ExitCode.BAD_INPUT
        assert message in done.err

    def test_manifests_without_a_pod_that_waits_are_refused(
        self, dra_command: Command, manifests: Path
    ) -> None:
        manifests.write_text(PODS.split("---\napiVersion: v1\nkind: Pod")[0])
        done = dra_command("simulate", "pods", "-f", manifests)
        assert done.status == ExitCode.BAD_INPUT
        assert "no pod in the manifests waits" in done.err
