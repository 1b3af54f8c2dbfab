"""The `dra` command as a whole: its options, and the group of its commands."""

from __future__ import annotations

from typing import Annotated

import typer

import dra
from dra.cli.commands import CONTEXT, Commands

__all__ = ["app"]

app = typer.Typer(
    name="dra",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=CONTEXT,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"dra {dra.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Kubernetes Dynamic Resource Allocation without a cluster.

    Exit status: 0 the answer is yes, 1 the answer is no, 2 the input cannot be used.
    """
