"""Standard streams that are closed or full, or cannot hold all characters: no bug, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dra.cli import ExitCode

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full is Linux's")

CLOSED = "cannot write the output: standard output is closed\n  send it to /dev/null if it is not wanted\n"
FULL = "cannot write the output: No space left on device\n"


def in_shell(redirection: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command with its streams as a shell redirects them."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-m", "dra", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=os.environ | environment,
        check=False,
    )


@pytest.mark.parametrize(("redirection", "said"), [(">&-", CLOSED), (">/dev/full", FULL)])
@pytest.mark.parametrize("arguments", ["features", "features -o json", "--help", "--version", "lint -h"])
def test_output_that_cannot_be_written(arguments: str, redirection: str, said: str) -> None:
    done = in_shell(redirection, *arguments.split())
    assert (done.returncode, done.stderr.decode()) == (ExitCode.BAD_INPUT, f"Error: {said}")


@pytest.mark.parametrize("redirection", [">&- 2>&-", ">/dev/full 2>/dev/full", "<&- >&- 2>&-"])
@pytest.mark.parametrize("arguments", ["features", "--help"])
def test_nothing_that_can_be_written(arguments: str, redirection: str) -> None:
    assert in_shell(redirection, arguments).returncode == ExitCode.BAD_INPUT


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
@pytest.mark.parametrize("arguments", ["lint not-there.yaml", "not-a-command", "features --not-an-option"])
def test_errors_that_cannot_be_told(arguments: str, redirection: str) -> None:
    done = in_shell(redirection, *arguments.split())
    assert (done.returncode, done.stdout) == (ExitCode.BAD_INPUT, b"")


def test_output_goes_on_where_errors_cannot_be_told() -> None:
    done = in_shell("2>&-", "features")
    assert (done.returncode, done.stdout) == (ExitCode.OK, in_shell("", "features").stdout)


def test_a_closed_standard_input_is_an_empty_one() -> None:
    done = in_shell("<&-", "lint", "-")
    assert (done.returncode, done.stderr[:30]) == (ExitCode.BAD_INPUT, b"Error: <stdin>: no objects in ")


def test_a_file_does_not_take_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """The next file that is opened would get its number, and what is printed would go into the picture."""
    (tmp_path / "node.yaml").write_text("apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n")
    done = in_shell(">&-", "map", "-f", str(tmp_path), "-o", str(tmp_path / "a.svg"))
    assert done.stderr.decode() == f"Error: {CLOSED}"
    assert (tmp_path / "a.svg").read_text().endswith("</svg>\n")


def test_an_encoding_without_the_characters_of_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {b: '→'}}\n")
    done = in_shell("", "default", str(tmp_path / "a.yaml"), PYTHONIOENCODING="ascii")
    said = "Error: cannot write the output: ascii has no '\\u2192'\n  set PYTHONIOENCODING=utf-8\n"
    assert (done.returncode, done.stderr.decode()) == (ExitCode.BAD_INPUT, said)
