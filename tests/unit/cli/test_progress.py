"""Bars for what takes a while: on a terminal only, so that pipes and files stay clean."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMMANDS = {
    "counting": ["capacity", "-f", "examples/dgx-h100"],
    "scheduling": ["what-if", "drain", "dgx-1", "-f", "examples/dgx-h100"],
}

pty = pytest.importorskip("pty")  # there are none on Windows


def run(command: list[str], stderr: int) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "dra", *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, check=True
    )


@pytest.mark.parametrize("what", COMMANDS)
def test_a_terminal_is_told_what_is_done(what: str) -> None:
    terminal, end = pty.openpty()
    try:
        table = run(COMMANDS[what], end).stdout
        told = os.read(terminal, 1 << 16)
    finally:
        os.close(terminal)
        os.close(end)

    assert what.encode() in told
    assert what.encode() not in table


@pytest.mark.parametrize("what", COMMANDS)
def test_a_pipe_is_not(what: str) -> None:
    assert run(COMMANDS[what], subprocess.PIPE).stderr == b""
