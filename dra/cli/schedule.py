"""`dra schedule`: pods onto nodes, one after another, and why one goes nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

import dra
from dra.cli.clusters import ClusterFiles, Policy
from dra.cli.exit_code import ExitCode
from dra.cli.options import Filenames, Kubernetes, OutputFormat
from dra.cli.output import Output, print_data, print_table, print_text
from dra.cli.progress import progress
from dra.errors import LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.scheduler import Placement, Unschedulable

__all__ = ["schedule"]

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[pod/[NAMESPACE/]NAME]...",
        help="The pods, in this order; all that wait for a node if left out.",
        show_default=False,
    ),
]

_COLUMNS = ("POD", "NODE", "CLAIM", "DEVICES")


def schedule(
    names: Names = None,
    filename: Filenames = [],  # noqa: B006 - typer's way to say that it may be left out
    policy: Policy = "first",
    kubernetes: Kubernetes = LATEST,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Schedule pods as kube-scheduler would, or say why they fit nowhere.

    Pods are scheduled one after another, and what one gets is taken for the next: those that are named in
    this order, else all that have no node, by priority and age.

    Exit status: 0 all pods fit, 1 some do not, 2 the input cannot be used.
    """
    files = ClusterFiles.read(filename, kubernetes)
    pods = _pods(files.cluster, names)
    answers: list[Placement | Unschedulable] = []
    cluster = files.cluster
    with progress("scheduling", len(pods)) as advance:
        for pod in pods:
            answer = files.schedule(cluster, pod, policy)
            if isinstance(answer, dra.Placement):
                cluster = answer.apply()
            answers.append(answer)
            advance()
    if output is Output.TABLE:
        _print(answers)
    else:
        print_data([each.to_dict() for each in answers], output)
    return ExitCode.OK if all(answers) else ExitCode.NO


def _pods(cluster: dra.Cluster, names: Sequence[str] | None) -> Sequence[dra.Pod]:
    if names:
        return [cluster.pod(name) for name in names]
    waiting = cluster.pending()
    if not waiting:
        raise LoadError(
            "no pod in the manifests waits for a node",
            remedy="add a Pod without spec.nodeName, or name one as pod/NAME",
        )
    return waiting


def _print(answers: Sequence[Placement | Unschedulable]) -> None:
    placed = [each for each in answers if isinstance(each, dra.Placement)]
    if placed:
        print_table(_COLUMNS, [row for each in placed for row in _rows(each)])
        print()
    for each in answers:
        if isinstance(each, dra.Unschedulable):
            head, *groups = each.lines()
            print_text(head, "bold")
            for line in groups:
                print_text(f"  {line}")
            print()
    print_text(f"{len(placed)} of {len(answers)} pods placed")


def _rows(placement: Placement) -> Iterator[tuple[str, ...]]:
    """One row per claim; what is the same as in the row above is left out."""
    head = (f"{placement.pod.metadata.namespace or 'default'}/{placement.pod.metadata.name}", placement.node)
    for claim in placement.claims:
        yield (*head, claim.label, ", ".join(device.partition("/")[2] for device in claim.devices) or "none")
        head = ("", "")
    if not placement.claims:
        yield (*head, "", "")
