"""The `dra` command as a whole: help, version, colours, and how it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

import dra
from dra.cli import ExitCode
from dra.cli.failure import reported
from dra.cli.output import print_error, print_table, visible
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]


def run_process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dra", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def test_help_lists_the_commands(dra_command: Command) -> None:
    done = dra_command("--help")
    assert done.status == ExitCode.OK
    assert "features  List the DRA feature gates" in done.out


def test_help_loads_neither_models_nor_rich() -> None:
    code = (
        "import sys; from dra.cli import main; main(['--help']);"
        "print([m for m in ('dra.models', 'dra.cel', 'dra.allocator', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(dra_command: Command) -> None:
    assert dra_command("--version") == Run(0, f"dra {dra.__version__}\n", "")


def test_python_m_dra_is_the_same_command() -> None:
    assert run_process("--version").stdout == f"dra {dra.__version__}\n"


def test_an_unknown_command_is_bad_input(dra_command: Command) -> None:
    done = dra_command("alocate")
    assert done.status == ExitCode.BAD_INPUT
    assert "No such command 'alocate'. Did you mean 'allocate'" in done.err


def test_without_the_cli_extra_it_says_how_to_install_it() -> None:
    code = "import sys; sys.modules['typer'] = None; from dra.cli import main; sys.exit(main(['--help']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.BAD_INPUT
    assert done.stderr == (
        "Error: the dra command needs typer, which is not installed\n  pip install 'k8s-dra[cli]'\n"
    )


class TestFailures:
    """What a person sees when a command raises."""

    @staticmethod
    def outcome(error: BaseException) -> ExitCode:
        def command() -> ExitCode:
            raise error

        with pytest.raises(Exception) as raised:  # noqa: PT011 - typer.Exit has no common base in all versions
            reported(command)()
        return ExitCode(raised.value.exit_code)  # type: ignore[attr-defined] # typer.Exit has it

    def test_a_dra_error_prints_place_and_remedy(self, capsys: pytest.CaptureFixture[str]) -> None:
        error = dra.LoadError("not YAML", source="a.yaml", line=3, column=7, remedy="close the bracket")
        assert self.outcome(error) is ExitCode.BAD_INPUT
        assert capsys.readouterr().err == "Error: a.yaml:3:7: not YAML\n  close the bracket\n"

    def test_a_bug_says_so_and_how_to_report_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.outcome(ZeroDivisionError("division by zero")) is ExitCode.BUG
        message = capsys.readouterr().err
        assert "this is a bug in dra: ZeroDivisionError: division by zero" in message
        assert "DRA_DEBUG=1" in message
        assert "Traceback" not in message

    def test_debugging_shows_the_traceback(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DRA_DEBUG", "1")
        assert self.outcome(ZeroDivisionError()) is ExitCode.BUG
        assert "Traceback" in capsys.readouterr().err

    def test_control_c_is_no_traceback(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.outcome(KeyboardInterrupt()) is ExitCode.INTERRUPTED
        assert capsys.readouterr().err == "Error: interrupted\n"

    def test_a_reader_that_left_is_silent(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as broken_pipe:
            done = subprocess.run(
                [sys.executable, "-m", "dra", "features"],
                stdout=broken_pipe,
                stderr=subprocess.PIPE,
                check=False,
            )
        assert (done.returncode, done.stderr) == (ExitCode.BROKEN_PIPE, b"")


class TestOutput:
    """Tables, colours and untrusted text."""

    def test_a_table_is_as_wide_as_it_needs_off_a_terminal(self, capsys: pytest.CaptureFixture[str]) -> None:
        print_table(("NAME", "TEXT"), [("a", "x" * 300), ("long-name", "y")])
        assert capsys.readouterr().out.splitlines() == [
            "NAME       TEXT",
            f"a          {'x' * 300}",
            "long-name  y",
        ]

    def test_markup_in_data_is_printed_as_it_is(self, capsys: pytest.CaptureFixture[str]) -> None:
        print_table(("NAME",), [("[red]gpu[/red]:smile:",)])
        assert "[red]gpu[/red]:smile:" in capsys.readouterr().out

    def test_control_characters_never_reach_the_terminal(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert visible("a\x1b[2Jb\tc\n\x9b") == "a\\x1b[2Jb\tc\n\\x9b"
        print_table(("NAME",), [("\x1b[31mred",)])
        print_error("bad \x07")
        captured = capsys.readouterr()
        assert "\x1b" not in captured.out
        assert "bad \\x07" in captured.err

    @pytest.mark.parametrize(("environment", "coloured"), [({"FORCE_COLOR": "1"}, True), ({}, False)])
    def test_colours_only_where_wanted(self, environment: dict[str, str], coloured: bool) -> None:
        assert ("\x1b[" in run_process("features", **environment).stdout) is coloured

    def test_no_color_wins(self) -> None:
        plain = run_process("features", FORCE_COLOR="1", NO_COLOR="1", TERM="xterm").stdout
        assert not any(f"\x1b[{colour}m" in plain for colour in range(30, 48))
