"""Each program in examples/launchers/ runs and makes an object in which both halves of the claim meet."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import dra
from dra.allocator.extended import extended_resource_claim
from dra.claims.pods import check_wiring, device_count, open_workload, templates

EXAMPLES = Path(__file__).parents[2] / "examples" / "launchers"
PROGRAMS = sorted(EXAMPLES.glob("*.py"))
ENTRY = {"name": "gpu", "resourceClaimTemplateName": "train-gpu"}
USE = {"name": "gpu"}
# How many pod templates of each have the claim.
POD_TEMPLATES = {
    "airflow_operator": 1,
    "codeflare_cluster": 1,
    "dstack_pod": 1,
    "flyte_task": 1,
    "jobset": 1,
    "kuberay_cluster": 1,
    "leaderworkerset": 2,
    "metaflow_job": 1,
    "prefect_job": 1,
    "torchx_app": 1,
}


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
class TestPrograms:
    def test_it_asks_for_what_the_manifest_has(self, program: Path) -> None:
        (template,) = dra.load(EXAMPLES / "template.yaml")
        assert load(program.stem).CLAIM.template() == template

    def test_the_readme_has_it(self, program: Path) -> None:
        assert f"`{program.name}`" in (EXAMPLES / "README.md").read_text()


@pytest.mark.parametrize("name", POD_TEMPLATES)
def test_the_halves_meet(name: str) -> None:
    module = load(name)
    made: Any = module.build()
    wired = [each for each in templates(made) if each.spec.get("resourceClaims") == [ENTRY]]
    assert len(wired) == POD_TEMPLATES[name]
    for template in wired:
        assert template.spec["containers"][0]["resources"]["claims"] == [USE]
    assert check_wiring(made) == []


def test_a_workflow_and_a_patch() -> None:
    module = load("argo_workflow")
    (workflow,) = open_workload(module.build()).objects
    (patch,) = open_workload(workflow["spec"]["templates"][0]["podSpecPatch"]).objects
    assert check_wiring(patch, module.CLAIM.template()) == []
    assert check_wiring(module.patch(), module.CLAIM.template()) == []


def test_a_skypilot_task() -> None:
    (task,) = open_workload(load("skypilot_task").build()).objects
    spec = task["config"]["kubernetes"]["pod_config"]["spec"]
    assert spec == {
        "containers": [{"name": "ray-node", "resources": {"claims": [USE]}}],
        "resourceClaims": [ENTRY],
    }


def test_a_train_job_and_its_runtime() -> None:
    module = load("kubeflow_trainjob")
    assert module.build()["spec"]["trainer"]["resourceClaimsPerNode"] == [ENTRY]
    assert module.build()["spec"]["trainer"]["numProcPerNode"] == 2
    (node,) = templates(module.runtime())
    assert node.spec["resourceClaims"] == [ENTRY]


def test_dagster_has_a_place_for_each_half() -> None:
    assert load("dagster_tags").build() == {
        "container_config": {"resources": {"claims": [USE]}},
        "pod_spec_config": {"resourceClaims": [ENTRY]},
    }


def test_what_zenml_asks_for_becomes_a_claim() -> None:
    container = {
        "name": "main",
        "resources": {"requests": load("zenml_settings").build()["resources"]["limits"]},
    }
    pod = dra.Pod.from_dict({"metadata": {"name": "a"}, "spec": {"containers": [container]}})
    made = extended_resource_claim(pod, [dra.DeviceClass.from_dict({"metadata": {"name": "gpu.nvidia.com"}})])
    assert made is not None
    assert device_count(made.claim).exact == 2


def test_kfp_wants_the_name_of_the_template() -> None:
    module = load("kfp_pipeline")
    assert module.build() == {"resource_claim_template_name": "train-gpu"}
    assert module.at_run_time() == {"resourceClaimTemplateName": "train-gpu"}


def test_a_program_prints_what_it_makes() -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / "jobset.py"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(EXAMPLES.parents[1])},
    )
    assert "# reads and shuffles, without GPUs" in done.stdout
    assert "resourceClaimTemplateName: train-gpu" in done.stdout
