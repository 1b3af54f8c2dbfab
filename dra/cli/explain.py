"""`dra explain`: why a pod, a claim or any pod that waits is where it is, or is nowhere."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import attrs
import typer

import dra
from dra.cli.clusters import ClusterFiles, Policy
from dra.cli.exit_code import ExitCode
from dra.cli.gates import FeatureGates
from dra.cli.options import Filenames, Kubernetes, NodeName, OutputFormat
from dra.cli.output import Output, print_data, print_text
from dra.cli.progress import progress
from dra.errors import DraError, LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.allocator import Explanation
    from dra.models.scheduling import CompositePodGroup, PodGroup, Workload
    from dra.scheduler import GangPlacement, Placement, Unschedulable

__all__ = ["explain"]

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[KIND/][NAMESPACE/]NAME",
        help="A pod; or claim/NAME, workload/NAME, podgroup/NAME; all pods that wait for a node if left out.",
        show_default=False,
    ),
]

_NODES_EXPLAINED = 3
_DOMAINS_SHOWN = 5


@attrs.frozen
class _Answer:
    """What is said about a pod or a claim.

    Attributes:
        subject: The object.
        fits: Whether it has its place, or would get one.
        lines: What is said to people.
        placement: Where it would go.
        refusal: Why it goes nowhere.
        explanations: Everything about some nodes.
        state: What is so already.
    """

    subject: str
    fits: bool
    lines: tuple[str, ...]
    state: dict[str, Any] | None = None
    placement: Placement | GangPlacement | None = None
    refusal: Unschedulable | None = None
    explanations: tuple[Explanation, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {
            "subject": self.subject,
            "fits": self.fits,
            "state": self.state,
            "placement": self.placement.to_dict() if self.placement else None,
            "refusal": self.refusal.to_dict() if self.refusal is not None else None,
            "explanations": [each.to_dict() for each in self.explanations],
        }


def explain(
    filename: Filenames,
    name: Name = None,
    node: NodeName = None,
    policy: Policy = "first",
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Explain where a pod or claim is or would go, or why it goes nowhere.

    Of a pod or claim that waits, all nodes are told by their reasons, and of some of them everything: what
    every device fell to, and which requirements cannot hold together. --node asks about one node.

    A workload or pod group is asked about as a whole, and so is a pod that belongs to one and waits: it runs
    with the others or not at all.

    Without a name, all pods that wait are taken up one after another, by priority and age, and those that fit
    nowhere are listed by their reasons.

    Exit status: 0 it has a place or would get one, 1 it fits nowhere, 2 the input cannot be used.
    """
    from dra.models.scheduling import CompositePodGroup, PodGroup, Workload

    files = ClusterFiles.read(filename, kubernetes, feature_gates)
    if name is None:
        return _all_pending(files.cluster, node, policy, output)
    subject = files.cluster.find(name, dra.Pod)
    if isinstance(subject, dra.Pod):
        answer = _of_pod(files, subject, node, policy)
    elif isinstance(subject, dra.ResourceClaim):
        answer = _of_claim(files, subject, node, policy)
    elif isinstance(subject, Workload | PodGroup | CompositePodGroup):
        answer = _of_gang(files, subject, node, policy)
    else:
        raise LoadError(
            f"{name!r} is nothing that is scheduled",
            value=name,
            remedy="write NAME for a pod, or claim/NAME, workload/NAME, podgroup/NAME",
        )
    if output is Output.TABLE:
        for line in answer.lines:
            print_text(line)
    else:
        print_data(answer.to_dict(), output)
    return ExitCode.OK if answer.fits else ExitCode.NO


def _all_pending(cluster: dra.Cluster, node: str | None, policy: str, output: Output) -> ExitCode:
    if node is not None:
        raise LoadError("--node is about one pod or claim", remedy="name it, as NAME or claim/NAME")
    with progress("scheduling", len(cluster.pending())) as advance:
        answers = cluster.explain_pending(policy, advance=advance)
    if output is Output.TABLE:
        for line in str(answers).splitlines():
            print_text(line)
    else:
        print_data(answers.to_dict(), output)
    return ExitCode.OK if answers else ExitCode.NO


def _of_pod(files: ClusterFiles, pod: dra.Pod, node: str | None, policy: str) -> _Answer:
    if pod.spec.node_name and node is None:
        return _running(files.cluster, pod)
    if pod.spec.node_name:
        raise LoadError(
            f"pod {pod.metadata.name} is on node {pod.spec.node_name} already",
            remedy="leave --node out to see what it has",
        )
    if node is not None:
        return _on_node(files, pod, pod.subject, node)
    from dra.scheduler.queue import Queue

    queue = Queue(files.cluster)
    entry = queue.entry(pod)
    answer = files.ask(entry, queue.cluster, policy)
    if entry.group is None:
        return _told(pod.subject, answer, _said(pod))
    together = _told(entry.group.subject, answer)
    verb = "would be placed" if together.fits else "waits"
    first = f"{pod.subject} {verb} with the others of {together.subject}"
    return attrs.evolve(together, subject=pod.subject, lines=(first, "", *together.lines))


def _of_gang(
    files: ClusterFiles, gang: Workload | PodGroup | CompositePodGroup, node: str | None, policy: str
) -> _Answer:
    if node is not None:
        raise LoadError("--node is about one pod or claim", remedy="name it as pod/NAME or claim/NAME")
    reference = gang.subject.lower().replace(" ", "/", 1)
    return _told(gang.subject, files.schedule_gang(files.cluster, reference, policy, ""))


def _told(
    subject: str, answer: Placement | GangPlacement | Unschedulable, said: Iterable[str] = ()
) -> _Answer:
    """What is said about a pod or a gang that waits.

    A gang fits if kube-scheduler finds its places, too, which tries one order only.

    Args:
        subject: What waits.
        answer: Where it goes, or why nowhere.
        said: What kube-scheduler wrote into the pod when it last tried.
    """
    if isinstance(answer, dra.Placement):
        explanation = answer.explain()
        lines = [f"{subject} would go to node {answer.node}", *str(explanation).splitlines()[1:]]
        return _Answer(subject, True, tuple(lines), placement=answer, explanations=(explanation,))
    if isinstance(answer, dra.GangPlacement):
        lines = [*str(answer).splitlines(), *(f"- pod {pod}: node {on}" for pod, on in answer.nodes.items())]
        return _Answer(subject, answer.found_in_order, tuple(lines), placement=answer)
    head, *lines = answer.lines()
    if not isinstance(answer, dra.UnschedulableGang):
        head = f"{subject} fits nowhere" + (f": {answer.reason}" if answer.reason else "")
    lines = [head, *lines, *_other_domains(answer), *(f"kube-scheduler said: {each}" for each in said)]
    explanations = tuple(_explained(answer))
    for each in explanations:
        lines += ["", *textwrap.indent(str(each), "  ").splitlines()]
    return _Answer(subject, False, tuple(lines), refusal=answer, explanations=explanations)


def _other_domains(answer: Unschedulable) -> Iterator[str]:
    """How much room the domains have that are not the best."""
    if not isinstance(answer, dra.UnschedulableGang):
        return
    others = [(room, name) for name, room in answer.domains.items() if name != answer.best_domain]
    others.sort(key=lambda each: -each[0])
    if others:
        shown = ", ".join(f"{room} in {name}" for room, name in others[:_DOMAINS_SHOWN])
        more = f" and less in {len(others) - _DOMAINS_SHOWN} more" if len(others) > _DOMAINS_SHOWN else ""
        yield f"- room elsewhere: {shown}{more}"


def _running(cluster: dra.Cluster, pod: dra.Pod) -> _Answer:
    """A pod that has its node."""
    lines = [f"{pod.subject} is on node {pod.spec.node_name}"]
    claims = cluster.claims_of(pod)
    lines += [f"- claim {_label(each)}: {', '.join(_devices(each)) or 'no devices'}" for each in claims]
    state = {
        "node": pod.spec.node_name,
        "claims": [{"claim": _label(each), "devices": _devices(each)} for each in claims],
    }
    return _Answer(pod.subject, True, tuple(lines), state)


def _of_claim(files: ClusterFiles, claim: dra.ResourceClaim, node: str | None, policy: str) -> _Answer:
    status = claim.status
    if status is not None and status.allocation is not None:
        users = [each.name for each in status.reserved_for or ()]
        lines = [f"{claim.subject} has {', '.join(_devices(claim)) or 'no devices'}"]
        lines.append(f"in use by {', '.join(users)}" if users else "in use by nobody")
        return _Answer(claim.subject, True, tuple(lines), {"devices": _devices(claim), "users": users})
    from dra.scheduler.claims import stand_in
    from dra.scheduler.queue import Entry

    pod = stand_in(claim)
    if node is not None:
        return _on_node(files, pod, claim.subject, node)
    return _told(claim.subject, files.ask(Entry((pod,)), files.cluster, policy))


def _on_node(files: ClusterFiles, pod: dra.Pod, subject: str, node: str) -> _Answer:
    """A pod that waits, and everything about one node."""
    try:
        explanation = files.cluster.explain(pod, node)
    except DraError as error:
        raise files.located(error, pod) from None
    told = tuple(str(explanation).splitlines())
    return _Answer(subject, explanation.fits, told, explanations=(explanation,))


def _said(pod: dra.Pod) -> Iterator[str]:
    """What kube-scheduler wrote into the pod when it last tried."""
    for condition in (pod.status.conditions if pod.status is not None else None) or ():
        if condition.type == "PodScheduled" and condition.status == "False" and condition.message:
            yield condition.message


def _explained(answer: Unschedulable) -> Iterator[Explanation]:
    """Everything about the first node of each of the largest groups that lack devices."""
    lacking = [group for group in answer.groups if group.rule == "devices"]
    for group in lacking[:_NODES_EXPLAINED]:
        explanation = answer.explain(group.nodes[0])
        if explanation is not None:
            yield explanation


def _label(claim: dra.ResourceClaim) -> str:
    return f"{claim.metadata.namespace or 'default'}/{claim.metadata.name}"


def _devices(claim: dra.ResourceClaim) -> Sequence[str]:
    from dra.scheduler.allocations import devices_of

    return [str(device) for device in devices_of(claim)]
