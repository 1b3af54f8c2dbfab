"""The workflows run what is there: targets of the Makefile, the minors that the package names, no secrets."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.go_programs import MINORS
from tests.release import check

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(path: Path) -> dict[str, Any]:
    # YAML 1.1 takes `on` for true.
    return yaml.safe_load(re.sub(r"^on:", "'on':", path.read_text(), flags=re.MULTILINE))


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in read(path)["jobs"].values() for step in job.get("steps", ())]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
class TestEachWorkflow:
    def test_it_runs_targets_that_the_makefile_has(self, path: Path) -> None:
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        commands = [step["run"] for step in steps(path) if step.get("run", "").startswith("make ")]
        wanted = {word for line in commands for word in line.split()[1:] if "=" not in word}
        assert wanted <= targets

    def test_its_actions_are_pinned_to_a_release_line(self, path: Path) -> None:
        used = [step["uses"] for step in steps(path) if "uses" in step]
        assert [each for each in used if not re.search(r"@(v\d+|release/v\d+)$", each)] == []

    def test_it_may_read_only_unless_a_job_says_more_and_needs_no_secret(self, path: Path) -> None:
        assert read(path)["permissions"] == {"contents": "read"}
        assert "secrets." not in path.read_text()

    def test_every_job_ends_after_some_time(self, path: Path) -> None:
        jobs = read(path)["jobs"].items()
        assert [name for name, job in jobs if "uses" not in job and "timeout-minutes" not in job] == []


def test_the_pythons_tested_are_those_that_the_package_names() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "test.yml")["jobs"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert jobs["unit"]["strategy"]["matrix"]["python"] == named == list(check.MINORS)


def test_every_kubernetes_minor_has_its_control_plane() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "integration.yml")["jobs"]
    assert jobs["control-plane"]["strategy"]["matrix"]["kubernetes"] == list(MINORS)
