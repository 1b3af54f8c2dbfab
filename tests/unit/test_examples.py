"""Every folder in examples/ does what its README says, and holds what it claims to hold."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import dra
from dra.claims.migrate import Migration, migrate
from dra.cli import ExitCode, main
from dra.models.meta import KubernetesObject
from dra.testing import nodes

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


MIGRATE = EXAMPLES / "migrate"
NVIDIA = ("gpu.nvidia.com",)


@pytest.fixture(scope="module")
def fleet() -> nodes.Fixture:
    """Nodes of every kind that the manifests in examples/migrate are written for."""
    return (
        nodes.node("dgx-a100", "a100", drivers=NVIDIA)
        + nodes.node("dgx-h100", "h100", drivers=NVIDIA)
        + nodes.node("dgx-h100", "cut", drivers=NVIDIA, mig="all-balanced")
        + nodes.node("l4", "shared", drivers=NVIDIA, shares=4)
        + nodes.node("nd-mi300x-v5", "amd", drivers=("gpu.amd.com",))
    )


@pytest.fixture(scope="module")
def migration() -> Migration:
    return migrate(MIGRATE)


class TestMigrate:
    """Ten manifests of device plugins, and what becomes of them."""

    def test_there_are_ten(self) -> None:
        assert len(list(MIGRATE.glob("*.yaml"))) == 10

    def test_every_workload_changes_and_only_the_quota_is_left(self, migration: Migration) -> None:
        unchanged = {each.object.kind for each in migration.report if each.status == "unchanged"}
        assert unchanged == {"ConfigMap", "Service", "ResourceQuota"}
        assert [each.object.kind for each, _ in migration.left] == ["ResourceQuota"]

    @pytest.mark.parametrize("kubernetes", ["1.36", "1.37"])
    def test_the_outcome_validates_and_lint_has_nothing_to_say(
        self, migration: Migration, kubernetes: str, fleet: nodes.Fixture
    ) -> None:
        objects = [dra.default(each) for each in migration.objects]
        assert [error for each in objects for error in dra.validate(each, kubernetes)] == []
        known = [*fleet.slices, *fleet.classes]
        findings = dra.lint(migration.objects, kubernetes, slices=known)
        assert [str(each) for each in findings if each.severity.value != "info"] == []

    def test_every_claim_is_allocated_on_some_node(self, migration: Migration, fleet: nodes.Fixture) -> None:
        allocator = dra.Allocator(fleet.slices, fleet.classes)
        found = {
            template.metadata.name: [
                node.metadata.name for node in fleet.nodes if allocator.allocate([claim_of(template)], node)
            ]
            for template in migration.new_objects
        }
        assert found == {
            "nvidia-gpu-a100-sxm4-80gb-x2": ["a100"],
            "nvidia-gpu-memory-gt-40000mi-ampere-hopper-times-2": ["a100", "h100"],
            "nvidia-mig-1g-10gb": ["cut"],
            "nvidia-gpu-share": ["shared"],
            "nvidia-gpu-x8": ["a100", "h100"],
            "nvidia-gpu-x2": ["a100", "h100", "shared"],
            "nvidia-gpu-h100-80gb-hbm3-or-a100-sxm4-80gb-x4": ["a100", "h100"],
            "amd-gpu-instinct-mi300x-oam-x2": ["amd"],
        }

    def test_four_notebooks_share_a_gpu_and_seventeen_do_not_fit(
        self, migration: Migration, fleet: nodes.Fixture
    ) -> None:
        (share,) = (each for each in migration.new_objects if each.metadata.name == "nvidia-gpu-share")
        (node,) = (each for each in fleet.nodes if each.metadata.name == "shared")
        allocator = dra.Allocator(fleet.slices, fleet.classes)
        claims = [claim_of(share, f"notebook-{number}") for number in range(17)]
        results = allocator.allocate(claims[:16], node)
        assert results is not None
        devices = [each.device for result in results for each in result.devices.results or ()]
        assert {devices.count(device) for device in devices} == {4}
        assert allocator.allocate(claims, node) is None

    def test_a_second_time_changes_nothing(self, migration: Migration, tmp_path: Path) -> None:
        shutil.copytree(MIGRATE, tmp_path / "manifests")
        assert main(["migrate", str(tmp_path), "--write"]) == ExitCode.NO
        first = {file.name: file.read_bytes() for file in tmp_path.rglob("*.yaml")}
        assert main(["migrate", str(tmp_path), "--write"]) == ExitCode.NO
        assert {file.name: file.read_bytes() for file in tmp_path.rglob("*.yaml")} == first
        assert not migrate(migration.objects).changed
        written = {each.subject: each.to_dict() for each in dra.load(tmp_path)}
        assert written == {each.subject: each.to_dict() for each in migration.objects}

    def test_the_gentle_path_leaves_pods_alone(self, fleet: nodes.Fixture) -> None:
        migration = migrate(MIGRATE, mode="extended-resource")
        assert {each.kind for each in migration.new_objects} == {"DeviceClass"}
        assert {each.status for each in migration.report} == {"new", "unchanged"}
        known = [*fleet.slices, *fleet.classes]
        assert [error for each in migration.new_objects for error in dra.validate(dra.default(each))] == []
        findings = dra.lint(migration.new_objects, slices=known)
        assert [str(each) for each in findings if each.severity.value != "info"] == []
        assert not migrate(migration.objects, mode="extended-resource").changed


def claim_of(template: KubernetesObject, name: str = "claim") -> dra.ResourceClaim:
    """A claim made from a template, as the API server would store it."""
    data = {"kind": "ResourceClaim", "metadata": {"name": name, "namespace": "team"}}
    return dra.default(
        dra.ResourceClaim.from_dict(
            {"apiVersion": "resource.k8s.io/v1", **data, "spec": template.to_dict()["spec"]["spec"]}
        )
    )


def test_the_pictures_in_the_documentation_are_those_of_the_example(tmp_path: Path) -> None:
    subprocess.run([sys.executable, EXAMPLES / "pictures" / "make.py", tmp_path], check=True)
    made = {each.name: each.read_text(encoding="utf-8") for each in tmp_path.iterdir()}
    shown = (EXAMPLES.parent / "docs" / "images").glob("*.svg")
    assert made == {each.name: each.read_text(encoding="utf-8") for each in shown}
