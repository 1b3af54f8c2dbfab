"""The `dra` command.

A command is a function in a file of this package: its parameters are the options, it returns an `ExitCode`
and lets every `DraError` rise. `dra.cli.commands` lists the commands, `options` has the options that several
share, `output` prints tables, YAML and JSON, `failure` turns exceptions into messages.

Commands use `import dra` and its lazy names, so that `dra --help` loads none of the library.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dra.cli.completion import shell_answers
from dra.cli.exit_code import ExitCode
from dra.cli.streams import open_closed

__all__ = ["ExitCode", "main"]


def main(arguments: Sequence[str] | None = None, prog_name: str = "dra") -> int:
    """Run the command line and return its exit status.

    Args:
        arguments: What follows the program's name; `sys.argv[1:]` if None.
        prog_name: What the program is called in its help.
    """
    open_closed()
    try:
        from dra.cli.app import app
    except ModuleNotFoundError as missing:
        if missing.name not in ("typer", "rich"):
            raise
        print(
            f"Error: the dra command needs {missing.name}, which is not installed\n"
            "  pip install 'k8s-dra[cli]'",
            file=sys.stderr,
        )
        return ExitCode.BAD_INPUT
    try:
        try:
            with shell_answers():
                app(args=arguments, prog_name=prog_name)
        finally:
            sys.stdout.flush()
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else ExitCode.OK
    except OSError as error:  # of what no command prints: help, the version, what is wrong with the options
        from dra.cli.failure import failed

        return failed(error)
    return ExitCode.OK
