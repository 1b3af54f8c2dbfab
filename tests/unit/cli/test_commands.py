"""What holds for every command alike: help, exit status, streams, colours, `--quiet`, being loaded late."""

from __future__ import annotations

import inspect
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import dra
from dra.cli import ExitCode, main
from dra.cli.commands import COMMANDS
from tests.unit.cli.conftest import Run
from tests.unit.test_docs import prepare, run_command

Command = Callable[..., Run]
ROOT = Path(__file__).parents[3]
DGX = str(ROOT / "examples" / "dgx-h100")
CLAIMS = str(ROOT / "examples" / "dgx-h100" / "claims.yaml")
JOB = str(ROOT / "examples" / "migrate" / "01-training-job.yaml")

# Each command, doing something on an example, with the status that is right for it.
RUNS: dict[str, tuple[list[str], ExitCode]] = {
    "allocate": (["-f", DGX], ExitCode.NO),
    "capacity": (["-f", DGX], ExitCode.OK),
    "cel": (["true", "-f", DGX], ExitCode.OK),
    "convert": ([CLAIMS, "--to", "v1beta1"], ExitCode.OK),
    "default": ([CLAIMS], ExitCode.OK),
    "explain": (["claim/team-b/too-large", "-f", DGX], ExitCode.NO),
    "features": ([], ExitCode.OK),
    "lint": ([CLAIMS], ExitCode.NO),
    "map": (["-f", DGX, "-o", "-"], ExitCode.OK),
    "migrate": ([JOB], ExitCode.OK),
    "new": (["gpu", "--min-memory", "80Gi"], ExitCode.OK),
    "nodes": (["l4"], ExitCode.OK),
    "schedule": (["-f", DGX, "-f", "pod.yaml"], ExitCode.OK),
    "simulate pods": (["-f", DGX, "-f", "pod.yaml"], ExitCode.OK),
    "snapshot": (["--print-rbac"], ExitCode.OK),
    "top": (["-f", DGX], ExitCode.OK),
    "validate": ([DGX], ExitCode.OK),
    "version": ([], ExitCode.OK),
    "what-if delete": (["node/dgx-1", "-f", DGX], ExitCode.OK),
    "what-if drain": (["dgx-1", "-f", DGX], ExitCode.OK),
    "what-if mig": (["dgx-1", "-f", DGX], ExitCode.OK),
}
# What these print is the data that was asked for, in whatever form.
DATA = ("convert", "default", "map", "migrate", "new", "nodes", "snapshot")
# The forms of objects do not depend on gates, and drivers publish nodes by the minor's defaults.
WITHOUT_GATES = ("convert", "features", "migrate", "nodes", "simulate openb", "simulate run")
WITHOUT_FILES = ("features", "new", "nodes", "snapshot", "version")


def leaves() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every command with its function, those of groups by both names."""
    for name, entry in COMMANDS.items():
        target = entry.load()
        if not isinstance(target, typer.Typer):
            yield name, target
            continue
        for each in target.registered_commands:
            assert each.callback
            yield f"{name} {each.name or each.callback.__name__.replace('_', '-')}", each.callback


LEAVES = dict(leaves())


@pytest.fixture(autouse=True)
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod with a claim, for the commands that need one."""
    claim = dra.claims.claim("gpu").request("gpu", device_class="gpu.nvidia.com").template()
    pod = dra.Pod.from_dict(
        {
            "metadata": {"name": "gpu"},
            "spec": {
                "containers": [{"name": "main"}],
                "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "gpu"}],
            },
        }
    )
    (tmp_path / "pod.yaml").write_text(dra.dump([claim, pod]))
    monkeypatch.chdir(tmp_path)


def arguments(name: str) -> tuple[list[str], ExitCode]:
    given, status = RUNS[name]
    return [*name.split(), *given], status


@pytest.mark.parametrize("name", LEAVES)
class TestHelp:
    """`dra COMMAND --help`."""

    def test_it_has_an_example_and_the_options_that_all_have(self, dra_command: Command, name: str) -> None:
        run = dra_command(*name.split(), "--help")
        assert run.status == ExitCode.OK
        assert f"dra {name} " in run.out.split("Example:\n")[1] or name == "version"
        assert {"-q, --quiet", "-o, --output", "-h, --help"} <= set(re.findall(r"-\w, --[\w-]+", run.out))
        reads_objects = name not in ("version", "snapshot", "simulate openb", "simulate run")
        assert ("--kubernetes" in run.out) is reads_objects

    def test_gates_are_switched_where_they_matter(self, dra_command: Command, name: str) -> None:
        options = inspect.signature(LEAVES[name]).parameters
        assert ("feature_gates" in options) is ("kubernetes" in options and name not in WITHOUT_GATES)
        if "feature_gates" in options and name in RUNS:
            given, status = arguments(name)
            assert dra_command(*given, "--feature-gates", "DRADeviceTaints=true").status == status
            run = dra_command(*given, "--feature-gates", "DRADeviceTaints=true,Nonsense=true")
            assert run.status == ExitCode.BAD_INPUT
            assert "unknown gate 'Nonsense'" in run.err

    def test_every_option_says_what_it_is(self, name: str) -> None:
        function = LEAVES[name]
        hints = inspect.signature(function, eval_str=True).parameters.values()
        for each in hints:
            assert each.annotation.__metadata__[0].help, each.name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_their_help_says(name: str) -> None:
    target = COMMANDS[name].load()
    said = target.info.help if isinstance(target, typer.Typer) else inspect.getdoc(target)
    assert " ".join((said or "").split("\n\n")[0].split()) == COMMANDS[name].help


@pytest.mark.parametrize("line", [each.example for each in COMMANDS.values() if each.example])
def test_the_example_in_the_help_works(line: str, tmp_path: Path) -> None:
    prepare(tmp_path)
    status, printed = run_command(line, tmp_path, 0)
    assert status in (ExitCode.OK, ExitCode.NO), printed


def test_every_command_is_tried_here() -> None:
    left_out = {"simulate openb", "simulate run", "what-if add-nodes", "what-if evict", "what-if taint"}
    assert set(RUNS) == set(LEAVES) - left_out


@pytest.mark.parametrize("name", RUNS)
class TestStreams:
    """Output and exit status."""

    def test_the_status_is_the_answer_and_nothing_has_colours_off_a_terminal(
        self, dra_command: Command, name: str
    ) -> None:
        given, status = arguments(name)
        run = dra_command(*given)
        assert run.status == status, run.err
        assert run.out
        assert "\x1b" not in run.out + run.err

    def test_no_color_is_heeded(
        self, dra_command: Command, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("NO_COLOR", "1")
        run = dra_command(*arguments(name)[0])
        assert not re.search(r"\x1b\[[0-9;]*(3[0-7]|9[0-7])m", run.out + run.err)

    def test_quiet_leaves_data_and_the_status(self, dra_command: Command, name: str) -> None:
        given, status = arguments(name)
        loud, quiet = dra_command(*given), dra_command(*given, "--quiet")
        assert quiet == Run(status, loud.out if name in DATA else "", "")

    def test_a_reader_that_left_is_silent(
        self, capsys: pytest.CaptureFixture[str], name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "w") as broken:
            monkeypatch.setattr(sys, "stdout", broken)
            status = main(arguments(name)[0])
            monkeypatch.undo()
        assert status == ExitCode.BROKEN_PIPE
        assert "Error" not in capsys.readouterr().err


@pytest.mark.parametrize("name", [name for name in RUNS if name not in DATA])
def test_quiet_leaves_what_programs_read(dra_command: Command, name: str) -> None:
    given, _ = arguments(name)
    loud, quiet = dra_command(*given, "-o", "json"), dra_command(*given, "-o", "json", "-q")
    assert quiet.out == loud.out != ""


@pytest.mark.parametrize("name", [name for name in RUNS if name not in WITHOUT_FILES])
class TestFiles:
    """Manifests by name and from standard input."""

    @staticmethod
    def without_files(name: str) -> list[str]:
        return [each for each in arguments(name)[0] if each not in (DGX, CLAIMS, JOB, "-f", "pod.yaml")]

    def test_a_file_that_is_not_there_is_bad_input(self, dra_command: Command, name: str) -> None:
        run = dra_command(*self.without_files(name), "-f", "not-there.yaml")
        assert run.status == ExitCode.BAD_INPUT
        assert "not-there.yaml" in run.err
        assert "Traceback" not in run.err

    def test_a_hyphen_is_standard_input(
        self, dra_command: Command, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given, status = arguments(name)
        files = [Path(each) for each in given if each in (DGX, CLAIMS, JOB, "pod.yaml")]
        texts = [
            each.read_text()
            for file in files
            for each in (sorted(file.glob("*.yaml")) if file.is_dir() else [file])
        ]
        content = io.BytesIO("\n---\n".join(texts).encode())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content))
        assert dra_command(*self.without_files(name), "-f", "-").status == status

    def test_what_is_no_manifest_is_bad_input_with_its_place(
        self, dra_command: Command, name: str, tmp_path: Path
    ) -> None:
        (tmp_path / "bad.yaml").write_text("a: [1\nb: 2\n")
        run = dra_command(*self.without_files(name), "-f", "bad.yaml")
        assert run.status == ExitCode.BAD_INPUT
        assert "bad.yaml:2" in run.out + run.err

    def test_an_unknown_minor_is_bad_input(self, dra_command: Command, name: str) -> None:
        run = dra_command(*arguments(name)[0], "--kubernetes", "2.0")
        assert run.status == ExitCode.BAD_INPUT
        assert "1.34, 1.35, 1.36, 1.37" in run.err


class TestTheWhole:
    """`dra` itself, and `kubectl dra`."""

    def test_the_list_of_commands_loads_none_of_them(self) -> None:
        code = (
            "import sys; from dra.cli import main; main(['--help']);"
            "print(sorted(m for m in sys.modules if m.startswith('dra.')))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        loaded = done.stdout.splitlines()[-1]
        parts = ("app", "commands", "completion", "exit_code", "streams")
        assert loaded == str(["dra._version", "dra.cli", *(f"dra.cli.{part}" for part in parts)])

    def test_version_tells_what_is_known(self, dra_command: Command) -> None:
        assert "Kubernetes 1.34, 1.35, 1.36, 1.37" in dra_command("version").out

    def test_kubectl_dra_says_so_in_its_help(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from dra.cli.kubectl import plugin

        monkeypatch.setattr(sys, "argv", ["kubectl-dra", "features", "--help"])
        assert plugin() == ExitCode.OK
        assert capsys.readouterr().out.startswith("Usage: kubectl dra features ")

    def test_the_scripts_are_those_that_kubectl_looks_for(self) -> None:
        text = (ROOT / "pyproject.toml").read_text()
        assert '\nkubectl-dra = "dra.cli.kubectl:plugin"\n' in text
        assert '\n"kubectl_complete-dra" = "dra.cli.kubectl:complete"\n' in text


@pytest.mark.parametrize("group", ["simulate", "what-if"])
def test_only_the_whole_command_installs_completion(group: str, dra_command: Command) -> None:
    assert "--install-completion" not in dra_command(group, "--help").out


@pytest.mark.parametrize("name", ["lint", "validate", "simulate pods"])
def test_yaml_says_what_json_says(name: str, dra_command: Command) -> None:
    given, _ = arguments(name)
    as_json, as_yaml = (dra_command(*given, "-o", form).out for form in ("json", "yaml"))
    assert yaml.safe_load(as_yaml) == json.loads(as_json)
