"""`dra what-if`: what a change of a cluster would do, as a comparison of before and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

import dra
from dra.cli.clusters import ClusterFiles, Policy
from dra.cli.commands import CONTEXT, example
from dra.cli.exit_code import ExitCode
from dra.cli.failure import reported
from dra.cli.gates import FeatureGates
from dra.cli.globs import Command
from dra.cli.live import live
from dra.cli.manifests import Manifests
from dra.cli.options import LAYOUT_NAMES, Filenames, Kubernetes, OutputFormat
from dra.cli.output import Output, print_data, print_text
from dra.cli.progress import progress
from dra.errors import AllocationError, LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.scheduler.whatif import Comparison
    from dra.testing.nodes import Fixture

__all__ = ["app"]

app = typer.Typer(
    name="what-if",
    help="Tell what a change of a cluster would do.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

NodeNames = Annotated[list[str], typer.Argument(metavar="NODE", help="The nodes.")]
ObjectNames = Annotated[
    list[str],
    typer.Argument(metavar="KIND/[NAMESPACE/]NAME", help="The objects, such as pod/team/train or node/n1."),
]
RuleFiles = Annotated[
    list[str], typer.Argument(metavar="RULE_FILE", help="Files with DeviceTaintRules; '-' is stdin.")
]
Layout = Annotated[
    str,
    typer.Option(
        "--layout",
        metavar="LAYOUT",
        help="dynamic, a name of mig-parted (all-balanced, all-1g.10gb, all-disabled), or profiles such as"
        " 3g.40gb,2g.20gb.",
        autocompletion=LAYOUT_NAMES,
    ),
]
PodName = Annotated[str, typer.Argument(metavar="[pod/][NAMESPACE/]NAME", help="The pod that is to fit.")]
UpTo = Annotated[
    int | None,
    typer.Option(
        "--up-to",
        metavar="PRIORITY",
        help="The highest priority that may go; below that of the pod if left out.",
        show_default=False,
    ),
]
NumberOfTries = Annotated[
    int, typer.Option("--tries", min=1, max=1_000_000, help="How many sets of pods are tried at most.")
]
Like = Annotated[
    str,
    typer.Option(
        "--like",
        metavar="NODE | MACHINE",
        help="The shape: a node of the cluster, or a machine of the catalogue such as dgx-h100.",
    ),
]
Count = Annotated[int, typer.Option("--count", min=1, max=1000, help="How many nodes at most.")]
PodNames = Annotated[
    list[str] | None,
    typer.Option(
        "--pod",
        metavar="[NAMESPACE/]NAME",
        help="A pod that is to fit; all that wait if left out. May be given several times.",
        show_default=False,
    ),
]


def drain(
    nodes: NodeNames,
    filename: Filenames,
    policy: Policy = "first",
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Drain nodes: which pods find another place?

    Pods of DaemonSets and static pods stay, all others come back waiting.

    Exit status: 0 no pod loses its place, 1 some do, 2 the input cannot be used.
    """
    from dra.scheduler import whatif

    cluster = ClusterFiles.read(filename, kubernetes, feature_gates).cluster
    with progress("scheduling") as advance:
        found = whatif.drain(cluster, *nodes, policy=policy, advance=advance)
    return _print(found, output)


def delete(
    names: ObjectNames,
    filename: Filenames,
    policy: Policy = "first",
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Delete objects: a pod, a claim, a taint rule, a node with all that is on it.

    What goes along in a cluster goes along: claims made for a pod, slices of a node.

    Exit status: 0 no pod loses its place, and if pods waited, another one finds a place; 1 otherwise; 2 the
    input cannot be used.
    """
    from dra.scheduler import whatif

    cluster = ClusterFiles.read(filename, kubernetes, feature_gates).cluster
    question = f"delete {', '.join(names)}"
    after = cluster.without(*names)
    with progress("scheduling") as advance:
        found = whatif.compare(cluster, after, policy=policy, question=question, advance=advance)
    return _print(found, output)


def taint(
    rules: RuleFiles,
    filename: Filenames,
    policy: Policy = "first",
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Add DeviceTaintRules: which pods are evicted, and which find no devices any more?

    Exit status: 0 no pod loses its place, 1 some do, 2 the input cannot be used.
    """
    from dra.scheduler import whatif

    cluster = ClusterFiles.read(filename, kubernetes, feature_gates).cluster
    wanted = Manifests.read(rules).of(dra.DeviceTaintRule)
    if not wanted:
        raise LoadError("no DeviceTaintRule in it", source=", ".join(rules))
    with progress("scheduling") as advance:
        found = whatif.taint(cluster, wanted, policy=policy, advance=advance)
    return _print(found, output)


def evict(
    pod: PodName,
    filename: Filenames,
    up_to: UpTo = None,
    tries: NumberOfTries = 2000,
    policy: Policy = "first",
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Find the smallest set of pods that would have to go for a pod to fit.

    Only pods of lower priority go, unless --up-to says otherwise: first those whose priorities add up to the
    least, then the fewest, then the newest.

    Exit status: 0 it fits, or would if they went; 1 it does not fit whatever goes; 2 the input cannot be
    used.
    """
    from dra.scheduler import whatif

    files = ClusterFiles.read(filename, kubernetes, feature_gates)
    wanted = files.cluster.pod(pod)
    try:
        with progress("scheduling") as advance:
            found = whatif.evictions(
                files.cluster, wanted, up_to=up_to, tries=tries, policy=policy, advance=advance
            )
    except AllocationError as error:
        raise files.located(error, wanted) from None
    return _print(found, output)


def add_nodes(
    filename: Filenames,
    like: Like,
    count: Count = 1,
    pods: PodNames = None,
    policy: Policy = "first",
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Add nodes of a shape: how many does it take for the pods that wait to fit, or why does none help?

    Exit status: 0 so many nodes or fewer will do, 1 they do not, 2 the input cannot be used.
    """
    from dra.scheduler import whatif

    cluster = ClusterFiles.read(filename, kubernetes, feature_gates).cluster
    shape = _shape(cluster, like)
    with progress("scheduling") as advance:
        found = whatif.more_nodes(
            cluster, shape, pods=pods or None, count=count, policy=policy, advance=advance
        )
    return _print(found, output)


def _shape(cluster: dra.Cluster, like: str) -> str | Fixture:
    """The name of a node, or the node of a machine."""
    if cluster.get(dra.Node, like) is not None:
        return like
    from dra.testing import nodes

    if like not in [each.name for each in nodes.machines()]:
        from dra.suggestions import did_you_mean, listed

        names = [each.metadata.name or "" for each in cluster.nodes]
        known = [*names, *(each.name for each in nodes.machines())]
        examples = f"nodes: {listed(names)}; machines: see dra.testing.nodes, such as dgx-h100"
        raise LoadError(
            f"there is no node and no machine {like!r}",
            value=like,
            remedy=did_you_mean(like, known, examples),
        )
    return nodes.node(like)


def mig(
    nodes: NodeNames,
    filename: Filenames,
    layout: Layout = "all-balanced",
    policy: Policy = "first",
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Cut the NVIDIA GPUs of nodes with MIG, in advance or on demand, or make them whole again.

    Pods whose devices are no longer there come back waiting.

    Exit status: 0 no pod loses its place, and if pods waited, another one finds a place; 1 otherwise; 2 the
    input cannot be used.
    """
    from dra.scheduler import whatif

    cluster = ClusterFiles.read(filename, kubernetes, feature_gates).cluster
    with progress("scheduling") as advance:
        found = whatif.repartition(cluster, *nodes, mig=layout, policy=policy, advance=advance)
    return _print(found, output)


def _print(comparison: Comparison, output: Output) -> ExitCode:
    if output is Output.TABLE:
        for line in str(comparison).splitlines():
            print_text(line)
    else:
        print_data(comparison.to_dict(), output)
    return ExitCode.OK if comparison.fits else ExitCode.NO


_EXAMPLES: dict[Callable[..., ExitCode], str] = {
    add_nodes: "dra new gpu --pod | dra what-if add-nodes --like dgx-h100 -f examples/dgx-h100 -f -",
    delete: "dra what-if delete node/dgx-2 -f examples/dgx-h100",
    drain: "dra what-if drain dgx-1 -f examples/dgx-h100",
    evict: "dra new gpu --count 8 --pod | dra what-if evict pod/gpu -f examples/dgx-h100 -f -",
    mig: "dra what-if mig dgx-1 --layout dynamic -f examples/dgx-h100",
    taint: "dra what-if taint rule.yaml -f examples/dgx-h100",
}
for command, line in _EXAMPLES.items():
    app.command(cls=Command, context_settings=CONTEXT, epilog=example(line))(reported(live(command)))
