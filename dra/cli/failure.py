"""Exceptions become messages on stderr and an exit status; nobody sees a traceback they did not ask for."""

from __future__ import annotations

import errno
import functools
import inspect
import os
import sys
import traceback
from collections.abc import Callable

import typer

import dra
from dra.cli.exit_code import ExitCode
from dra.cli.options import Quiet
from dra.cli.output import quietly
from dra.errors import DraError

__all__ = ["DEBUG_VARIABLE", "reported"]

DEBUG_VARIABLE = "DRA_DEBUG"
_ISSUES = "the project's issue tracker"

_QUIET = "quiet"


def reported(command: Callable[..., ExitCode]) -> Callable[..., None]:
    """The command as typer wants it: ends the process with the status, whatever happens.

    Every command gets the option `--quiet`. `DraError` prints itself. Any other exception is a fault of this
    program and says so. With `DRA_DEBUG=1` in the environment the traceback is shown as well.
    """

    @functools.wraps(command)
    def run(*args: object, **kwargs: object) -> None:
        try:
            with quietly(bool(kwargs.pop(_QUIET, False))):
                status = command(*args, **kwargs)
            sys.stdout.flush()
        except BrokenPipeError:
            _discard_output()
            status = ExitCode.BROKEN_PIPE
        except (KeyboardInterrupt, typer.Abort):  # Abort: Ctrl-C or the end of input at a question
            status = _report("interrupted", ExitCode.INTERRUPTED)
        except DraError as error:
            status = _report(str(error), ExitCode.BAD_INPUT)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                status = _report(_bug(error), ExitCode.BUG)
            else:
                _discard_output()
                status = _report(f"cannot write the output: {error.strerror}", ExitCode.BAD_INPUT)
        except Exception as error:  # the last resort: a bug must be readable, too
            status = _report(_bug(error), ExitCode.BUG)
        raise typer.Exit(status)

    return _with_quiet(run)


def _with_quiet(run: Callable[..., None]) -> Callable[..., None]:
    """The command with `--quiet`, which all commands have: typer reads its options from its signature."""
    signature = inspect.signature(run, eval_str=True)
    quiet = inspect.Parameter(_QUIET, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Quiet)
    run.__signature__ = signature.replace(  # type: ignore[attr-defined] # what inspect looks at first
        parameters=[*signature.parameters.values(), quiet]
    )
    run.__annotations__ = {each.name: each.annotation for each in (*signature.parameters.values(), quiet)}
    return run


def _report(text: str, status: ExitCode) -> ExitCode:
    from dra.cli.output import print_error

    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exc()
    print_error(text)
    return status


def _bug(error: Exception) -> str:
    what = "".join(traceback.format_exception_only(type(error), error)).strip()
    python = ".".join(str(part) for part in sys.version_info[:3])
    return (
        f"this is a bug in dra: {what}\n"
        f"  please report it at {_ISSUES} with the command, its input and what\n"
        f"  {DEBUG_VARIABLE}=1 shows (dra {dra.__version__}, Python {python})"
    )


def _discard_output() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
