"""`dra convert` and `dra default`: rewritten manifests, and no output for what cannot be rewritten."""

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


def claim(api_version: str, **request: Any) -> Wire:
    return {
        "apiVersion": f"resource.k8s.io/{api_version}",
        "kind": "ResourceClaim",
        "metadata": {"name": "train"},
        "spec": {"devices": {"requests": [{"name": "gpu", **request}]}},
    }


OLD = claim("v1beta1", deviceClassName="gpu.example.com")
NEW = claim("v1", exactly={"deviceClassName": "gpu.example.com"})
RULE = {
    "apiVersion": "resource.k8s.io/v1beta2",
    "kind": "DeviceTaintRule",
    "metadata": {"name": "broken"},
    "spec": {
        "deviceSelector": {"driver": "gpu.example.com"},
        "taint": {"key": "example.com/broken", "effect": "NoSchedule", "timeAdded": "2026-01-01T00:00:00Z"},
    },
}
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}, "data": {"a": "b"}}


@pytest.fixture
def rewrite(dra_command: Command, tmp_path: Path) -> Callable[..., tuple[Run, list[Wire]]]:
    """Runs a command on objects; gives the run and the objects that it printed."""

    def run(command: str, objects: list[Wire], *options: str) -> tuple[Run, list[Wire]]:
        path = tmp_path / "in.yaml"
        path.write_text(yaml.safe_dump_all(objects))
        done = dra_command(command, path, *options)
        return done, list(yaml.safe_load_all(done.out))

    return run


Rewrite = Callable[..., tuple[Run, list[Wire]]]


@pytest.mark.parametrize("to", ["v1", "resource.k8s.io/v1"])
def test_convert_to_a_version(rewrite: Rewrite, to: str) -> None:
    run, objects = rewrite("convert", [OLD], "--to", to)
    assert (run.status, run.err) == (ExitCode.OK, "")
    assert objects == [NEW]


def test_convert_back(rewrite: Rewrite) -> None:
    assert rewrite("convert", [NEW], "--to", "v1beta1")[1] == [OLD]


def test_the_best_version_of_a_minor_is_taken(rewrite: Rewrite) -> None:
    assert rewrite("convert", [OLD, RULE])[1][0] == NEW
    _, objects = rewrite("convert", [RULE], "--kubernetes", "1.35")
    assert objects[0]["apiVersion"] == "resource.k8s.io/v1alpha3"


def test_other_kinds_stay_as_they_are(rewrite: Rewrite) -> None:
    assert rewrite("convert", [CONFIG_MAP, OLD])[1] == [CONFIG_MAP, NEW]
    assert rewrite("convert", [CONFIG_MAP, OLD], "--to", "resource.k8s.io/v1")[1] == [CONFIG_MAP, NEW]


def test_json_output(dra_command: Command, tmp_path: Path) -> None:
    (tmp_path / "in.yaml").write_text(yaml.safe_dump(OLD))
    run = dra_command("convert", tmp_path / "in.yaml", "-o", "json")
    assert json.loads(run.out) == NEW


def test_what_a_version_cannot_express_is_an_error_and_the_rest_is_written(rewrite: Rewrite) -> None:
    rule = json.loads(json.dumps(RULE).replace('"NoSchedule"', '"None"'))
    workload = {
        "apiVersion": "scheduling.k8s.io/v1alpha3",
        "kind": "Workload",
        "metadata": {"name": "train", "namespace": "default"},
        "spec": {
            "compositePodGroupTemplates": [
                {"name": "all", "podGroupTemplates": [{"name": "one", "schedulingPolicy": {"basic": {}}}]}
            ]
        },
    }
    run, objects = rewrite("convert", [workload, OLD, rule], "--to", "v1alpha2")
    assert run.status == ExitCode.BAD_INPUT
    assert "in.yaml" in run.err
    assert "compositePodGroupTemplates" in run.err
    assert objects == [OLD, rule], "their kinds have no v1alpha2"


def test_unreadable_objects(rewrite: Rewrite) -> None:
    broken = claim("v1", exactly={"count": "many"})
    run, objects = rewrite("convert", [broken, OLD])
    assert run.status == ExitCode.BAD_INPUT
    assert "count" in run.err
    assert objects == [NEW]


def test_a_version_of_nothing_that_is_read_is_an_error(rewrite: Rewrite) -> None:
    run, objects = rewrite("convert", [OLD, CONFIG_MAP], "--to", "v1beta9")
    assert run.status == ExitCode.BAD_INPUT
    assert "'v1beta9' is a version of nothing" in run.err
    assert objects == []


def test_default(rewrite: Rewrite) -> None:
    run, objects = rewrite("default", [NEW, CONFIG_MAP])
    assert run.status == ExitCode.OK
    exactly = objects[0]["spec"]["devices"]["requests"][0]["exactly"]
    assert exactly == {"deviceClassName": "gpu.example.com", "allocationMode": "ExactCount", "count": 1}
    assert objects[1] == CONFIG_MAP


def test_no_files(dra_command: Command) -> None:
    run = dra_command("convert")
    assert run.status == ExitCode.BAD_INPUT
    assert "no files given" in run.err
