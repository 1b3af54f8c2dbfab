"""`dra features`: the gates of a minor."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import yaml

from dra import Features
from dra.cli import ExitCode
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_commands import DGX

Command = Callable[..., Run]


def test_table_has_one_line_per_known_gate(dra_command: Command) -> None:
    done = dra_command("features", "--kubernetes", "1.34")
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["GATE", "DEFAULT", "STAGE", "IN", "1.34"]
    assert any(line.split() == ["DRAPrioritizedList", "on", "beta"] for line in lines)
    assert not any("DRAListTypeAttributes" in line for line in lines)


def test_json_and_yaml_say_the_same_as_the_library(dra_command: Command) -> None:
    as_json = json.loads(dra_command("features", "-o", "json").out)
    as_yaml = yaml.safe_load(dra_command("features", "-o", "yaml").out)
    assert as_json == as_yaml
    defaults = {gate["gate"]: gate["default"] for gate in as_json["features"]}
    assert defaults == Features.for_kubernetes("1.37").gates()


def test_an_unknown_minor_is_bad_input(dra_command: Command) -> None:
    done = dra_command("features", "--kubernetes", "1.12")
    assert done.status == 2
    assert done.err == "Error: unknown Kubernetes version '1.12'\n  known minors: 1.34, 1.35, 1.36, 1.37\n"


@pytest.mark.parametrize(
    ("gate", "what"),
    [
        ("DynamicResourceAllocation=false", "it is all of DRA, on since 1.34 and locked since 1.35"),
        ("DRASchedulerFilterTimeout=true", "it bounds how long kube-scheduler searches"),
    ],
)
def test_a_gate_that_changes_no_answer_is_told_what_it_is(dra_command: Command, gate: str, what: str) -> None:
    run = dra_command("allocate", "-f", DGX, "--feature-gates", gate)
    assert (run.status, run.out) == (ExitCode.BAD_INPUT, "")
    name = gate.partition("=")[0]
    assert run.err == (
        f"Error: --feature-gates: gate '{name}' changes no answer of dra\n  {what}: leave it out\n"
    )
