"""The list of commands, and what is common to all of them."""

from __future__ import annotations

from typing import Annotated

import typer

import dra
from dra.cli.allocate import allocate
from dra.cli.capacity import capacity, top
from dra.cli.cel import cel
from dra.cli.convert import convert, default
from dra.cli.explain import explain
from dra.cli.failure import reported
from dra.cli.features import features
from dra.cli.live import live
from dra.cli.map import map_
from dra.cli.migrate import migrate
from dra.cli.new import new
from dra.cli.schedule import schedule
from dra.cli.simulate import app as simulate
from dra.cli.snapshot import snapshot
from dra.cli.validate import lint, validate
from dra.cli.what_if import app as what_if

__all__ = ["app"]

app = typer.Typer(
    name="dra",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS = (
    *(allocate, capacity, cel, convert, default, explain, features),
    *(lint, migrate, new, schedule, snapshot, top, validate),
)
READING_CLUSTERS = (allocate, capacity, cel, explain, lint, schedule, top)
for command in COMMANDS:
    app.command()(reported(live(command) if command in READING_CLUSTERS else command))
app.command("map")(reported(live(map_)))
app.add_typer(simulate)
app.add_typer(what_if)


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
