"""Options that several commands share, so that they are spelled and described the same everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Final

import typer

from dra.cli.output import Manifest, Output
from dra.features import KUBERNETES_MINORS

__all__ = [
    "LAYOUT_NAMES",
    "POLICY_NAMES",
    "Filenames",
    "Kubernetes",
    "ManifestFormat",
    "NodeName",
    "OptionalFilenames",
    "OutputFormat",
    "Quiet",
    "starting",
]


def starting(words: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Completion for one of some words, which are looked up when a shell asks."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in words() if word.startswith(incomplete)]

    return complete


def _policies() -> Iterator[str]:
    from dra.scheduler.policies import POLICIES

    yield from POLICIES


POLICY_NAMES: Final = starting(_policies)
"""Completion for the name of a policy."""

LAYOUT_NAMES: Final = starting(lambda: ("all-balanced", "all-disabled", "all-enabled", "dynamic"))
"""Completion for a layout of MIG devices; names with a profile differ by the model."""

_FILENAMES = typer.Option(
    "--filename",
    "-f",
    metavar="FILE_OR_FOLDER",
    help="Manifests to read, YAML or JSON; '-' is standard input. May be given several times.",
    show_default=False,
)
Filenames = Annotated[list[str], _FILENAMES]
OptionalFilenames = Annotated[list[str] | None, _FILENAMES]

ManifestFormat = Annotated[Manifest, typer.Option("--output", "-o", help="How to write the manifests.")]
OutputFormat = Annotated[Output, typer.Option("--output", "-o", help="How to print the answer.")]

Kubernetes = Annotated[
    str,
    typer.Option(
        "--kubernetes",
        metavar="VERSION",
        help="The Kubernetes minor whose rules hold.",
        autocompletion=starting(lambda: KUBERNETES_MINORS),
    ),
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
