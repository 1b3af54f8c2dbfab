"""`--context`, `--kubeconfig` and `dra snapshot`, as far as they can be seen without a cluster that runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from dra.cli import ExitCode
from dra.cli.commands import COMMANDS
from tests.unit.cli.conftest import Run
from tests.unit.client.test_configuration import SECRET, kubeconfig

Command = Callable[..., Run]


@pytest.mark.parametrize("name", [name for name, entry in COMMANDS.items() if entry.reads_clusters])
def test_every_command_about_clusters_has_the_options(dra_command: Command, name: str) -> None:
    text = dra_command(name, "-h").out
    assert "--context NAME" in text
    assert "--kubeconfig FILE" in text
    assert text.count("--kubernetes") == 1


def test_neither_files_nor_a_cluster(dra_command: Command) -> None:
    run = dra_command("capacity")
    assert run.status == ExitCode.BAD_INPUT
    assert "name files by -f, or a cluster by --context or --kubeconfig" in run.err


def test_files_alone_still_do(dra_command: Command, tmp_path: Path) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}
    (tmp_path / "node.yaml").write_text(yaml.safe_dump(node))
    assert dra_command("capacity", "-f", tmp_path / "node.yaml", "-o", "json").status == ExitCode.OK


def test_a_kubeconfig_that_is_not_there(dra_command: Command, tmp_path: Path) -> None:
    run = dra_command("explain", "pod/a", "--kubeconfig", tmp_path / "none")
    assert run.status == ExitCode.BAD_INPUT
    assert "no such kubeconfig file" in run.err


def test_a_context_that_is_not_there(
    dra_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config")))
    run = dra_command("explain", "pod/a", "--context", "gone")
    assert run.status == ExitCode.BAD_INPUT
    assert "gone" in run.err
    assert SECRET not in run.err


def test_a_debugging_traceback_does_not_show_the_token(
    dra_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRA_DEBUG", "1")
    config = kubeconfig(tmp_path / "config", contexts=[])
    run = dra_command("snapshot", "--kubeconfig", config, "-o", tmp_path / "a.json")
    assert "Traceback" in run.err
    assert SECRET not in run.out + run.err


def test_a_snapshot_needs_a_name(dra_command: Command) -> None:
    run = dra_command("snapshot")
    assert run.status == ExitCode.BAD_INPUT
    assert "-o cluster.json.zst" in run.err


def test_the_role_is_printed_without_a_cluster(dra_command: Command) -> None:
    run = dra_command("snapshot", "--print-rbac")
    assert run.status == ExitCode.OK
    assert yaml.safe_load(run.out)["kind"] == "ClusterRole"
