"""The commands: where each is, what it does in a line, and an example of it.

A command is loaded when it is run: the list of commands, which `dra --help` and shells that complete words
ask for, costs none of them.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

import attrs
import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["COMMANDS", "CONTEXT", "Commands", "Entry", "example"]

CONTEXT: Final = {"help_option_names": ["-h", "--help"]}


@attrs.frozen
class Entry:
    """A command, or a group of commands.

    Attributes:
        home: Its module and name there.
        help: What it does, in a line: the first sentence of its help.
        example: A command line that works in a clone of the repository; empty for a group.
        reads_clusters: Whether it reads a running cluster as well as files.
    """

    home: str
    help: str
    example: str = ""
    reads_clusters: bool = False

    def load(self) -> Any:
        """The function, or the `typer.Typer` of a group."""
        module, _, name = self.home.partition(":")
        return getattr(importlib.import_module(f"dra.cli.{module}"), name)


COMMANDS: Final = {
    "allocate": Entry(
        "allocate:allocate",
        "Allocate claims to nodes, or say why they do not fit.",
        "dra allocate -f examples/dgx-h100",
        reads_clusters=True,
    ),
    "capacity": Entry(
        "capacity:capacity",
        "Show how much hardware there is, how much of it is taken, free and fragmented.",
        "dra capacity -f examples/dgx-h100 --by node",
        reads_clusters=True,
    ),
    "cel": Entry(
        "cel:cel",
        "Try a selector on devices, and say why it does not match.",
        "dra cel 'device.driver == \"gpu.nvidia.com\"' -f examples/dgx-h100",
        reads_clusters=True,
    ),
    "convert": Entry(
        "convert:convert",
        "Write manifests in another API version.",
        "dra convert examples/dgx-h100/claims.yaml --to v1beta1",
    ),
    "default": Entry(
        "convert:default",
        "Write manifests with what the API server fills in.",
        "dra default examples/dgx-h100/claims.yaml",
    ),
    "explain": Entry(
        "explain:explain",
        "Explain where a pod or claim is or would go, or why it goes nowhere.",
        "dra explain claim/team-b/too-large -f examples/dgx-h100",
        reads_clusters=True,
    ),
    "features": Entry(
        "features:features",
        "List the DRA feature gates of a Kubernetes minor.",
        "dra features --kubernetes 1.36",
    ),
    "lint": Entry(
        "validate:lint",
        "Say what the API server accepts and you will regret.",
        "dra lint examples/dgx-h100",
        reads_clusters=True,
    ),
    "map": Entry(
        "map:map_",
        "Draw nodes and their devices, coloured by who holds them.",
        "dra map -f examples/dgx-h100 --place -o map.html",
        reads_clusters=True,
    ),
    "migrate": Entry(
        "migrate:migrate",
        "Turn requests of device plugins into claims.",
        "dra migrate examples/migrate/01-training-job.yaml",
        reads_clusters=True,
    ),
    "new": Entry(
        "new:new",
        "Write a claim from options, or from answers to questions.",
        "dra new gpu --min-memory 15Gi --count 4 --share mig --board H100-80GB --template",
    ),
    "nodes": Entry(
        "nodes:nodes",
        "Write the nodes of machines as drivers publish them, or list the machines.",
        "dra nodes dgx-h100 --count 2",
    ),
    "schedule": Entry(
        "schedule:schedule",
        "Schedule pods and gangs as kube-scheduler would, or say why they fit nowhere.",
        "dra new gpu --count 2 --pod | dra schedule -f examples/dgx-h100 -f -",
        reads_clusters=True,
    ),
    "simulate": Entry("simulate:app", "Let the tasks of a trace, or pods, come to a cluster and go."),
    "snapshot": Entry(
        "snapshot:snapshot",
        "Write what a cluster consists of to a file.",
        "dra snapshot --print-rbac",
    ),
    "top": Entry(
        "capacity:top",
        "Show the busiest nodes, namespaces or claims.",
        "dra top -f examples/dgx-h100",
        reads_clusters=True,
    ),
    "validate": Entry(
        "validate:validate",
        "Say what the API server would refuse.",
        "dra validate examples/dgx-h100",
        reads_clusters=True,
    ),
    "version": Entry(
        "version:version",
        "Print the versions of this program and of Kubernetes that it knows.",
        "dra version -o json",
    ),
    "what-if": Entry("what_if:app", "Tell what a change of a cluster would do."),
}


def example(line: str) -> str:
    """An example below the help of a command; its line is left as it is."""
    return f"\b\nExample:\n  {line}"


class Commands(TyperGroup):
    """The group of all commands, which loads a command when it is asked for.

    The types of contexts and commands are click's, which typer depends on or has in itself, by its version.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Typer finds the nearest among their names, and looks at nothing else of them.
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # commands are loaded when asked for
        self._names_only = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command of a name, loaded unless names are completed; None if there is none."""
        del ctx
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        if self._names_only:
            return TyperCommand(cmd_name, short_help=entry.help)
        from dra.cli.failure import reported
        from dra.cli.globs import Command
        from dra.cli.live import live

        target = entry.load()
        if isinstance(target, typer.Typer):
            return typer.main.get_command(target)
        if entry.reads_clusters:
            target = live(target)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        register = alone.command(
            cmd_name, cls=Command, context_settings=CONTEXT, epilog=example(entry.example)
        )
        register(reported(target))
        return typer.main.get_command(alone)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """The commands and options that begin so, without loading a command."""
        self._names_only = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._names_only = False

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands, without loading them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])
