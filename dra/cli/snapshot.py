"""`dra snapshot`: what a cluster consists of, written to a file that every other command reads."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dra.cli.exit_code import ExitCode
from dra.cli.live import Context, Kubeconfig, LiveCluster
from dra.cli.output import Output, is_quiet, print_data, print_note
from dra.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["snapshot"]


class Redacted(str, Enum):
    """What `--redact` takes out."""

    NAMES = "names"
    LABELS = "labels"
    NODE_LABELS = "node-labels"
    ANNOTATIONS = "annotations"


Target = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE_OR_FOLDER",
        help="cluster.json, .yaml, packed with .gz or .zst after it; a folder for YAML files; - for stdout.",
        show_default=False,
    ),
]
Redact = Annotated[
    list[Redacted] | None,
    typer.Option(
        "--redact",
        help="Take these out, with pseudonyms for names. May be given several times.",
        show_default=False,
    ),
]
PrintRbac = Annotated[
    bool, typer.Option("--print-rbac", help="Print a ClusterRole with the rights that it takes, and stop.")
]


def snapshot(
    output: Target = None,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    redact: Redact = None,
    print_rbac: PrintRbac = False,
) -> ExitCode:
    """Write what a cluster consists of to a file.

    Nodes, slices, classes, taint rules, claims, templates, workloads, pod groups, and of pods what scheduling
    needs. Environment variables, secrets and tokens are never written. The right to list these kinds is all
    it takes. The cluster is the current one, unless --context or --kubeconfig name another.

    Exit status: 0 it is written, 2 it is not.
    """
    if print_rbac:
        from dra.client import cluster_role

        print_data(cluster_role(), Output.YAML)
        return ExitCode.OK
    if not output:
        raise LoadError("no file to write", remedy="name one by -o, such as -o cluster.json.zst")
    cluster = LiveCluster.connect(context, kubeconfig)
    with _progress() as told:
        counts = cluster.client.snapshot(output, [each.value for each in redact or ()], told)
    for kind, count in counts.items():
        print_note(f"{count:>7,} {kind}")
    return ExitCode.OK


@contextmanager
def _progress() -> Iterator[Callable[[Mapping[str, Any]], object] | None]:
    """On a terminal, the kind that is being read and how many objects there are so far."""
    if is_quiet() or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def told(obj: Mapping[str, Any]) -> None:
            bar.update(task, advance=1, description=f"reading {obj.get('kind')}")

        yield told
