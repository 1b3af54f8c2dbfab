"""`dra schedule`: pods and gangs onto nodes, one after another, and why one goes nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

import dra
from dra.cli.clusters import ClusterFiles, Policy
from dra.cli.exit_code import ExitCode
from dra.cli.gates import FeatureGates
from dra.cli.options import Filenames, Kubernetes, OutputFormat
from dra.cli.output import Output, print_data, print_table, print_text
from dra.cli.progress import progress
from dra.errors import DraError, LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.models.meta import KubernetesObject
    from dra.scheduler import GangPlacement, PendingGroup, Placement, Unschedulable
    from dra.scheduler.queue import Entry, Queue

__all__ = ["schedule"]

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KIND/][NAMESPACE/]NAME",
        help="Pods; gangs as workload/NAME, podgroup/NAME or compositepodgroup/NAME; the pods that any other"
        " kind would make, as job/NAME; in this order. All pods that wait for a node if left out.",
        show_default=False,
    ),
]

Topology = Annotated[
    str,
    typer.Option(
        "--topology",
        metavar="LABEL",
        help="Gangs go to nodes with one value of this label, whatever topology they have themselves.",
    ),
]

_GANGS = ("workload/", "podgroup/", "compositepodgroup/")
_COLUMNS = ("POD", "NODE", "CLAIM", "DEVICES")


def schedule(
    names: Names = None,
    filename: Filenames = [],  # noqa: B006 - typer's way to say that it may be left out
    policy: Policy = "first",
    topology: Topology = "",
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Schedule pods and gangs as kube-scheduler would, or say why they fit nowhere.

    Pods are scheduled one after another, and what one gets is taken for the next: those that are named in
    this order, else all that have no node, by priority and age. Those of a pod group are taken up together,
    also if only one of them is named. A workload or pod group that is named is a gang: all the pods that it
    needs are placed, or none.

    Exit status: 0 all pods fit, 1 some do not, 2 the input cannot be used.
    """
    files = ClusterFiles.read(filename, kubernetes, feature_gates)
    cluster, wanted = _wanted(files, names)
    answers: list[Placement | GangPlacement | Unschedulable] = []
    with progress("scheduling", len(wanted)) as advance:
        for each in wanted:
            answer: Placement | GangPlacement | Unschedulable
            if isinstance(each, str):
                answer = files.schedule_gang(cluster, each, policy, topology)
            else:
                answer = files.ask(each, cluster, policy)
            if not isinstance(answer, dra.Unschedulable):
                cluster = answer.apply()
            answers.append(answer)
            advance()
    if output is Output.TABLE:
        _print(answers)
    else:
        print_data([each.to_dict() for each in answers], output)
    return ExitCode.OK if all(answers) else ExitCode.NO


def _wanted(files: ClusterFiles, names: Sequence[str] | None) -> tuple[dra.Cluster, Sequence[Entry | str]]:
    """The pods and groups to be scheduled, and the names of gangs; and the cluster for them."""
    from dra.scheduler.queue import Queue

    queue = Queue(files.cluster)
    if names:
        wanted = [each for name in names for each in _named(files, queue, name)]
        return queue.cluster, list(dict.fromkeys(wanted))  # of a gang several pods may be named
    if not queue.pods:
        makers = ", ".join(_reference(each) for each in _workloads(files))
        raise LoadError(
            "no pod in the manifests waits for a node",
            remedy=f"name what makes pods: {makers}"
            if makers
            else "add a Pod without spec.nodeName, or name one as pod/NAME",
        )
    return queue.cluster, list(queue)


def _named(files: ClusterFiles, queue: Queue, name: str) -> Sequence[Entry | str]:
    from dra.scheduler.queue import Entry

    if name.lower().startswith(_GANGS):
        return [name]
    kind, _, rest = name.lower().partition("/")
    for each in _workloads(files):
        if _reference(each) in (f"{kind}/{rest}", f"{kind}/{each.metadata.namespace}/{rest}"):
            return [Entry((pod,)) for pod in _pods_of(files, each)]
    return [queue.entry(files.cluster.pod(name))]


def _pods_of(files: ClusterFiles, workload: KubernetesObject) -> Sequence[dra.Pod]:
    from dra.claims.pods import pods_of

    try:
        return pods_of(workload)
    except DraError as error:
        raise files.located(error, workload) from None


def _workloads(files: ClusterFiles) -> list[KubernetesObject]:
    """What makes pods, other than Kubernetes' own groups."""
    from dra.models.meta import Unstructured
    from dra.models.pod_templates import pod_templates

    return [each for each in files.manifests.of(Unstructured) if pod_templates(each.to_dict())]


def _reference(workload: KubernetesObject) -> str:
    """How the command line names it: `job/train`, `job/team/train`."""
    return workload.subject.lower().replace(" ", "/", 1)


def _print(answers: Sequence[Placement | GangPlacement | Unschedulable]) -> None:
    gangs = [each for each in answers if isinstance(each, dra.GangPlacement)]
    refused = [each for each in answers if isinstance(each, dra.Unschedulable)]
    refused += [each for gang in gangs for each in gang.left_out]
    placed = [
        placement
        for each in answers
        if not isinstance(each, dra.Unschedulable)
        for placement in (each.placements if isinstance(each, dra.GangPlacement) else [each])
    ]
    if placed:
        print_table(_COLUMNS, [row for each in placed for row in _rows(each)])
        print_text("")
    for gang in gangs:
        head, *lines = [line for line in str(gang).splitlines() if not line.startswith("- left out")]
        _print_lines(head, lines)
    for refusal in _by_reason(refused):
        head, *lines = refusal.lines()
        _print_lines(head, lines)
    waiting = sum(each.pods if isinstance(each, dra.UnschedulableGang) else 1 for each in refused)
    print_text(f"{len(placed)} of {len(placed) + waiting} pods placed")


def _by_reason(refused: Sequence[Unschedulable]) -> Iterator[Unschedulable | PendingGroup]:
    """The refusals, those of many pods for the same reason as one."""
    from dra.scheduler.refusals import by_reason

    yield from (each for each in refused if isinstance(each, dra.UnschedulableGang))
    alone = {_label(each.pod): each for each in refused if not isinstance(each, dra.UnschedulableGang)}
    for group in by_reason(alone.values()):
        first, *others = group.pods
        yield group if others else alone[first]


def _label(pod: dra.Pod) -> str:
    return f"{pod.metadata.namespace or 'default'}/{pod.metadata.name}"


def _print_lines(head: str, lines: Sequence[str]) -> None:
    print_text(head, "bold")
    for line in lines:
        print_text(f"  {line}")
    print_text("")


def _rows(placement: Placement) -> Iterator[tuple[str, ...]]:
    """One row per claim. What is the same as in the row above is left out, and a pool named like the node."""
    head = (_label(placement.pod), placement.node)
    for claim in placement.claims:
        devices = (device.partition("/")[2].removeprefix(f"{placement.node}/") for device in claim.devices)
        yield (*head, claim.label, ", ".join(devices) or "none")
        head = ("", "")
    if not placement.claims:
        yield (*head, "", "")
