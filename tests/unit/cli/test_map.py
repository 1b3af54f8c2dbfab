"""`dra map`: a picture of a cluster in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from dra.cli import ExitCode
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]
DGX = Path(__file__).parents[3] / "examples" / "dgx-h100"


def test_the_end_of_the_name_decides_what_is_written(dra_command: Command, tmp_path: Path) -> None:
    for name, beginning in (("map.svg", "<svg "), ("map.html", "<!DOCTYPE html>")):
        run = dra_command("map", "-f", DGX, "-o", tmp_path / name)
        assert run == Run(ExitCode.OK, f"{tmp_path / name}: 2 nodes, 16 devices, nothing held\n", "")
        assert (tmp_path / name).read_text().startswith(beginning)


def test_a_hyphen_prints_the_svg_and_nothing_else(dra_command: Command) -> None:
    run = dra_command("map", "-f", DGX, "-o", "-")
    assert ElementTree.fromstring(run.out).tag.endswith("}svg")


def test_claims_and_pods_that_wait_can_be_placed_first(dra_command: Command) -> None:
    run = dra_command("map", "-f", DGX, "-o", "-", "--place")
    assert "16 devices, 10 held by 4 claims" in run.out


def test_options_reach_the_picture(dra_command: Command) -> None:
    run = dra_command("map", "-f", DGX, "-o", "-", "--node", "dgx-2", "--detail", "strips", "--by", "claim")
    assert 'data-node="dgx-2"' in run.out
    assert 'data-node="dgx-1"' not in run.out


@pytest.mark.parametrize("output", ["map.png", "map", ""])
def test_other_kinds_of_file_are_refused(dra_command: Command, output: str) -> None:
    run = dra_command("map", "-f", DGX, "-o", output)
    assert run.status == ExitCode.BAD_INPUT
    assert "name a file that ends in .svg or .html, or -" in run.err


def test_a_file_that_cannot_be_written_is_said(dra_command: Command, tmp_path: Path) -> None:
    run = dra_command("map", "-f", DGX, "-o", tmp_path / "not-there" / "map.svg")
    assert run.status == ExitCode.BAD_INPUT
    assert "cannot write it" in run.err


def test_a_label_that_no_node_has_is_said(dra_command: Command) -> None:
    run = dra_command("map", "-f", DGX, "-o", "-", "--group-by", "hostnam")
    assert run.status == ExitCode.BAD_INPUT
    assert "did you mean 'hostname'?" in run.err


def test_a_gang_that_does_not_fit_as_a_whole_is_not_placed(dra_command: Command, tmp_path: Path) -> None:
    gpus = {"deviceClassName": "gpu.nvidia.com", "count": 8}
    claim: dict[str, Any] = {"spec": {"devices": {"requests": [{"name": "gpu", "exactly": gpus}]}}}
    objects: list[dict[str, Any]] = [
        {
            "apiVersion": "scheduling.k8s.io/v1beta1",
            "kind": "PodGroup",
            "metadata": {"name": "train"},
            "spec": {"schedulingPolicy": {"gang": {"minCount": 3}}},
        }
    ]
    for name in "abc":  # of 16 GPUs on two nodes two pods get eight each
        objects.append(
            {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": {"name": name}, **claim}
        )
        spec = {
            "containers": [{"name": "main"}],
            "resourceClaims": [{"name": "gpus", "resourceClaimName": name}],
            "schedulingGroup": {"podGroupName": "train"},
        }
        objects.append({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})
    (tmp_path / "gang.yaml").write_text(yaml.safe_dump_all(objects))
    files = [
        word for name in ("nodes", "resourceslices", "deviceclasses") for word in ("-f", DGX / f"{name}.yaml")
    ]

    run = dra_command("map", *files, "-f", tmp_path / "gang.yaml", "-o", tmp_path / "a.svg", "--place")
    assert run.out.endswith("2 nodes, 16 devices, nothing held\n")
