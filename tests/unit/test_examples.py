"""Every folder in examples/ does what its README says, and holds what it claims to hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import dra
from dra.cli import ExitCode, main

EXAMPLES = Path(__file__).parents[2] / "examples"
DGX = EXAMPLES / "dgx-h100"


@pytest.fixture
def outcomes(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `make demo` allocates, by claim."""
    assert main(["allocate", "-f", str(DGX), "-o", "json"]) == ExitCode.NO
    return {each["claim"]: each for each in json.loads(capsys.readouterr().out)}


def devices(outcome: Any) -> list[str]:
    return [result["device"] for result in outcome["allocation"]["devices"]["results"]]


@pytest.mark.parametrize(
    "folder", sorted(path for path in EXAMPLES.iterdir() if path.is_dir()), ids=lambda each: each.name
)
def test_every_example_has_a_readme_and_manifests_without_unknown_fields(folder: Path) -> None:
    assert (folder / "README.md").exists()
    if any(folder.rglob("*.yaml")):
        assert dra.load(folder, strict=True)
    else:
        assert any(folder.glob("*.py"))


@pytest.mark.parametrize("kubernetes", ["1.36", "1.37"])
@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda each: each.stem)
def test_the_api_server_would_take_every_object(file: Path, kubernetes: str) -> None:
    objects = [dra.default(each) for each in dra.load(file)]
    assert [error for each in objects for error in dra.validate(each, kubernetes)] == []


def test_the_test_suite_passes() -> None:
    """`examples/testing` with its own settings, as `pytest` in that folder runs it."""
    plugin = ["-p", "no:dra", "-p", "dra.testing.plugin", "-p", "no:cacheprovider", "-W", "error"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin],
        cwd=EXAMPLES / "testing",
        env=os.environ | {"PYTHONPATH": str(EXAMPLES.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


class TestDgxH100:
    """Two nodes with eight H100s each, and five claims of which one is refused."""

    def test_slices_are_two_boards_of_eight_gpus(self) -> None:
        slices = [each for each in dra.load(DGX) if isinstance(each, dra.ResourceSlice)]
        for each in slices:
            found = each.spec.devices or []
            assert [device.name for device in found] == [f"gpu-{index}" for index in range(8)]
            assert {str(device.capacity["memory"].value) for device in found if device.capacity} == {
                "81559Mi"
            }
        assert len(slices) == 2

    def test_four_claims_fit_and_one_does_not(self, outcomes: dict[str, Any]) -> None:
        assert {claim: outcome["node"] for claim, outcome in outcomes.items()} == {
            "team-a/one-gpu": "dgx-1",
            "team-a/root-pair": "dgx-1",
            "team-b/at-least-40gi": "dgx-1",
            "team-b/slices-or-gpus": "dgx-2",
            "team-b/too-large": None,
        }

    def test_four_gpus_sit_on_two_roots_of_one_socket(self, outcomes: dict[str, Any]) -> None:
        (board, _) = (each for each in dra.load(DGX) if isinstance(each, dra.ResourceSlice))
        attributes = {device.name: device.attributes or {} for device in board.spec.devices or ()}
        found = devices(outcomes["team-a/root-pair"])

        def of(name: str) -> list[object]:
            return [attributes[device][f"resource.kubernetes.io/{name}"] for device in found]

        roots = of("pcieRoot")
        assert roots[0] == roots[1] != roots[2] == roots[3]
        assert all(each == of("numaNode")[0] for each in of("numaNode"))

    def test_without_slices_the_fallback_takes_whole_gpus(self, outcomes: dict[str, Any]) -> None:
        allocation = outcomes["team-b/slices-or-gpus"]["allocation"]
        assert {result["request"] for result in allocation["devices"]["results"]} == {"gpu/whole"}
        assert len(devices(outcomes["team-b/slices-or-gpus"])) == 4

    def test_the_refusal_names_the_largest_memory_seen(self, capsys: pytest.CaptureFixture[str]) -> None:
        main(["allocate", "-f", str(DGX)])
        refusal = capsys.readouterr().out.partition("team-b/too-large does not fit")[2]
        assert "80Gi" in refusal
        assert "the largest memory is 81559Mi" in refusal
