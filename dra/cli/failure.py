"""Exceptions become messages on stderr and an exit status; nobody sees a traceback they did not ask for."""

from __future__ import annotations

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
from dra.cli.remedies import remedied
from dra.cli.streams import discard, why_unwritten
from dra.cli.values import with_values_checked
from dra.errors import DraError

__all__ = ["DEBUG_VARIABLE", "failed", "reported"]

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
        except (Exception, KeyboardInterrupt) as error:
            status = failed(error)
        raise typer.Exit(status)

    return _as_typer_reads_it(run)


def failed(error: BaseException) -> ExitCode:
    """Say on stderr what went wrong, as far as it can be written, and give the exit status for it."""
    if isinstance(error, BrokenPipeError):
        discard(sys.stdout)
        return ExitCode.BROKEN_PIPE
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):  # Abort: Ctrl-C or end of input at a question
        return _report("interrupted", ExitCode.INTERRUPTED)
    if isinstance(error, DraError):
        return _report(str(remedied(error)), ExitCode.BAD_INPUT)
    if reason := why_unwritten(error):
        discard(sys.stdout)
        return _report(f"cannot write the output: {reason}", ExitCode.BAD_INPUT)
    return _report(_bug(error), ExitCode.BUG)


def _as_typer_reads_it(run: Callable[..., None]) -> Callable[..., None]:
    """The command with `--quiet`, which all have, and values checked: typer looks at its signature."""
    signature = inspect.signature(run, eval_str=True)
    quiet = inspect.Parameter(_QUIET, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Quiet)
    parameters = [*map(with_values_checked, signature.parameters.values()), quiet]
    run.__signature__ = signature.replace(  # type: ignore[attr-defined] # what inspect looks at first
        parameters=parameters
    )
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _report(text: str, status: ExitCode) -> ExitCode:
    from dra.cli.output import print_error

    try:
        if os.environ.get(DEBUG_VARIABLE):
            traceback.print_exc()
        print_error(text)
    except OSError:  # there is no way left to say it
        discard(sys.stdout)
        discard(sys.stderr)
    return status


def _bug(error: BaseException) -> str:
    what = "".join(traceback.format_exception_only(type(error), error)).strip()
    python = ".".join(str(part) for part in sys.version_info[:3])
    return (
        f"this is a bug in dra: {what}\n"
        f"  please report it at {_ISSUES} with the command, its input and what\n"
        f"  {DEBUG_VARIABLE}=1 shows (dra {dra.__version__}, Python {python})"
    )
