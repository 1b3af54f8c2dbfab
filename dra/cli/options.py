"""Options that several commands share, so that they are spelled and described the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from dra.cli.output import Output

__all__ = ["Filenames", "Kubernetes", "NodeName", "OptionalFilenames", "OutputFormat", "Quiet"]

_FILENAMES = typer.Option(
    "--filename",
    "-f",
    metavar="FILE_OR_FOLDER",
    help="Manifests to read, YAML or JSON; '-' is standard input. May be given several times.",
    show_default=False,
)
Filenames = Annotated[list[str], _FILENAMES]
OptionalFilenames = Annotated[list[str] | None, _FILENAMES]

OutputFormat = Annotated[Output, typer.Option("--output", "-o", help="How to print the answer.")]

Kubernetes = Annotated[
    str, typer.Option("--kubernetes", metavar="VERSION", help="The Kubernetes minor whose rules hold.")
]

NodeName = Annotated[
    str | None,
    typer.Option("--node", metavar="NAME", help="Only this node; every node in turn if left out."),
]

Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Print data and errors only; the exit status is the answer.", show_default=False
    ),
]
