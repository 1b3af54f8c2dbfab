"""`examples/claims`: at most five lines each; what they print is valid and does what the README says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import dra
from dra.testing import nodes
from tests.unit.claims.patterns.harness import GPU, claims_of, devices, one_gpu

FOLDER = Path(__file__).parents[3] / "examples" / "claims"


def printed(name: str, capsys: pytest.CaptureFixture[str]) -> dra.ResourceClaim | dra.ResourceClaimTemplate:
    """The only object that an example prints."""
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    (made,) = dra.load(capsys.readouterr().out, strict=True)
    assert isinstance(made, (dra.ResourceClaim, dra.ResourceClaimTemplate))
    assert dra.validate(made) == []
    return made


def claims(made: object, count: int = 1) -> list[dra.ResourceClaim]:
    return claims_of(made, count) if isinstance(made, dra.ResourceClaimTemplate) else [made] * count


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda each: each.stem)
def test_at_most_five_lines(file: Path) -> None:
    assert len([line for line in file.read_text("utf-8").splitlines() if line]) <= 5


def test_the_readme_lists_them_all() -> None:
    listed = re.findall(r"^\| `(.*?)\.py` \|", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(each.stem for each in FOLDER.glob("*.py"))


def test_any_gpu_with_20gb(capsys: pytest.CaptureFixture[str]) -> None:
    made = claims(printed("any_gpu_with_20gb", capsys))
    assert [bool(devices(one_gpu(model), *made)) for model in ("T4", "L4", "A30-24GB", "H100-80GB")] == [
        False, True, True, True,
    ]  # fmt: skip


def test_ten_gb_of_a_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    made = printed("ten_gb_of_a_gpu", capsys)
    gpu = one_gpu("A100-40GB", shares="memory")
    assert devices(gpu, *claims(made, 4)) == [["gpu-0"]] * 4
    assert devices(gpu, *claims(made, 5)) is None


@pytest.mark.parametrize(("name", "strategy"), [("time_slicing", "TimeSlicing"), ("mps", "MPS")])
def test_one_gpu_for_several_pods(name: str, strategy: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = printed(name, capsys)
    assert isinstance(made, dra.ResourceClaim)
    (config,) = made.spec.devices.config or []
    assert config.opaque is not None
    assert config.opaque.parameters["sharing"]["strategy"] == strategy
    assert devices(one_gpu("A100-40GB"), made) == [["gpu-0"]]


def test_mig_part(capsys: pytest.CaptureFixture[str]) -> None:
    made = claims(printed("mig_part", capsys), 5)
    h100 = one_gpu("H100-80GB", mig="dynamic")
    assert [each[0].split("-")[3] for each in devices(h100, *made[:4]) or []] == ["1g20gb"] * 4
    assert devices(h100, *made) is None


def test_exclusive_per_pod(capsys: pytest.CaptureFixture[str]) -> None:
    made = printed("exclusive_per_pod", capsys)
    dgx = nodes.node("dgx-h100", drivers=[GPU])
    assert devices(dgx, *claims(made, 8)) == [[f"gpu-{index}"] for index in range(8)]
    assert devices(dgx, *claims(made, 9)) is None


def test_gpu_and_nic_on_one_root(capsys: pytest.CaptureFixture[str]) -> None:
    made = claims(printed("gpu_and_nic_on_one_root", capsys))
    assert devices(nodes.node("dgx-h100"), *made) == [["gpu-0", "pci-0000-1c-00-0"]]
    assert devices(nodes.node("gb200-nvl72"), *made) is None
