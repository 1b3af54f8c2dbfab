"""`dra features`: the gates of a minor."""

from __future__ import annotations

import json
from collections.abc import Callable

import yaml

from dra import Features
from tests.unit.cli.conftest import Run

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
