"""Running the command line inside the test process."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from dra.cli import main


@attrs.frozen
class Run:
    """What a command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def dra_command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    def run(*arguments: object) -> Run:
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Run(status, captured.out, captured.err)

    return run
