"""`dra simulate`: the answer in three forms, and bad input."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

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
            (("--nodes", "/absent.csv"), "/absent.csv: cannot read it: No such file"),
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
