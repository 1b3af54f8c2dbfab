"""Files that a shell lists after one `-f`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dra.cli import ExitCode
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_bad_input import CLAIM, CLUSTER

Command = Callable[..., Run]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two files of manifests."""
    (tmp_path / "a.yaml").write_text(CLUSTER)
    (tmp_path / "b.yaml").write_text(CLAIM)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(run: Run) -> str:
    """What comes after the line of usage."""
    assert (run.status, run.out) == (ExitCode.BAD_INPUT, "")
    return run.err.partition("Error: ")[2]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "command",
    [
        "allocate",
        "capacity",
        "cel true",
        "explain",
        "map",
        "schedule",
        "simulate pods",
        "top",
        "what-if delete",
        "what-if drain node-1",
        "what-if evict",
    ],
)
def test_a_glob_after_one_option_is_told_with_an_option_for_each(dra_command: Command, command: str) -> None:
    assert refusal(dra_command(*command.split(), "-f", "a.yaml", "b.yaml")) == (
        "-f is missing before b.yaml\n  write -f a.yaml -f b.yaml, or -f and the folder that they are in\n"
    )


@pytest.mark.usefixtures("folder")
def test_an_option_for_each_is_right(dra_command: Command) -> None:
    assert dra_command("allocate", "-f", "a.yaml", "-f", "b.yaml").status == ExitCode.OK


@pytest.mark.usefixtures("folder")
def test_a_file_without_any_option(dra_command: Command) -> None:
    assert refusal(dra_command("allocate", "a.yaml")).startswith(
        "-f is missing before a.yaml\n  write -f a.yaml, or"
    )


def test_many_files_are_not_all_listed(dra_command: Command, folder: Path) -> None:
    names = [f"{number}.yaml" for number in range(9)]
    for name in names:
        (folder / name).write_text(CLAIM)
    assert refusal(dra_command("allocate", "-f", *names)).startswith(
        "-f is missing before 1.yaml, 2.yaml, 3.yaml and 5 more\n"
        "  write -f 0.yaml -f 1.yaml -f 2.yaml ..., or"
    )


def test_a_folder_too_many(dra_command: Command, folder: Path) -> None:
    (folder / "more").mkdir()
    assert refusal(dra_command("capacity", "-f", "a.yaml", "more")).startswith("-f is missing before more\n")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", ["validate", "lint"])
def test_commands_that_take_files_as_arguments_take_them_all(dra_command: Command, command: str) -> None:
    assert dra_command(command, "-f", "a.yaml", "b.yaml").status == ExitCode.OK


def test_a_pod_may_be_called_like_a_file_that_is_no_manifest(dra_command: Command, folder: Path) -> None:
    (folder / "train").write_text("")
    assert "there is no Pod default/train" in dra_command("explain", "pod/train", "-f", "a.yaml").err
    (folder / "node-1").write_text("")
    assert dra_command("what-if", "drain", "node-1", "-f", "a.yaml").status == ExitCode.OK


@pytest.mark.usefixtures("folder")
def test_what_is_no_file_is_an_argument_too_many(dra_command: Command) -> None:
    assert "unexpected extra argument" in refusal(dra_command("allocate", "-f", "a.yaml", "nothing"))
    assert "unexpected extra argument" in refusal(dra_command("cel", "true", "x" * 5000, "-f", "a.yaml"))


@pytest.mark.usefixtures("folder")
def test_help_comes_first(dra_command: Command) -> None:
    run = dra_command("top", "-f", "a.yaml", "b.yaml", "--help")
    assert (run.status, run.err) == (ExitCode.OK, "")
