"""`dra simulate pods`: the pods of some manifests come to their cluster and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dra.cli.clusters import ClusterFiles
from dra.cli.exit_code import ExitCode
from dra.cli.files import write_file
from dra.cli.gates import FeatureGates
from dra.cli.options import POLICY_NAMES, Filenames, Kubernetes
from dra.cli.output import Output, print_data, print_text
from dra.cli.progress import progress
from dra.cli.tabular import Tabular, TabularFormat, print_rows
from dra.errors import LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.scheduler.simulation import PodRun

__all__ = ["pods"]

_COLUMNS = (
    "policy",
    "used_percent",
    "fragmented_percent",
    "placed",
    "waited",
    "never_ran",
    "mean_wait_seconds",
)


def pods(
    filename: Filenames = [],  # noqa: B006 - typer's way to say that it may be left out
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            metavar="POLICY",
            help="first, least-allocated, most-allocated, best-fit, fragmentation; several to compare.",
            autocompletion=POLICY_NAMES,
        ),
    ] = None,
    repeat: Annotated[int, typer.Option("--repeat", min=1, help="How often each pod comes.")] = 1,
    every: Annotated[float, typer.Option("--every", min=0.0, help="Seconds between pods.")] = 1.0,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Let them come in a random order, another for each seed.")
    ] = None,
    device_class: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="Count devices of this class only.")
    ] = None,
    wait: Annotated[bool, typer.Option(help="Whether a pod that does not fit waits, or is dropped.")] = True,
    svg: Annotated[
        str | None, typer.Option("--svg", metavar="FILE", help="Draw use and fragmentation over time.")
    ] = None,
    series: Annotated[
        str | None, typer.Option("--series", metavar="FILE", help="Write the cluster over time as CSV.")
    ] = None,
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: TabularFormat = Tabular.TABLE,
) -> ExitCode:
    """Let pods come to a cluster and go, each placed as kube-scheduler would.

    The pods are those of the manifests that have no node. They come when they were created if all say so,
    else one after another, and run for spec.activeDeadlineSeconds. The figures are means over the time from
    the first to the last arrival, in per cent of the hardware; partitions count as the part that they are.

    Exit status: 0 every pod ran, 1 some never did, 2 the input cannot be used.
    """
    from dra.scheduler import simulation

    cluster = ClusterFiles.read(filename, kubernetes, feature_gates).cluster
    waiting = cluster.pending()
    if not waiting:
        raise LoadError(
            "no pod in the manifests waits for a node", remedy="add a Pod without spec.nodeName to them"
        )
    arrivals = simulation.arrivals_of(waiting, every=every, repeat=repeat, seed=seed)
    empty = cluster.without(*waiting)
    policies = policy or ["first"]
    with progress("simulating", len(policies) * len(arrivals)) as advance:
        done = [
            simulation.simulate_pods(
                empty, arrivals, policy=name, waiting=wait, device_class=device_class, advance=advance
            )
            for name in policies
        ]
    if svg is not None:
        write_file(svg, simulation.picture([each.run for each in done]))
    if series is not None:
        write_file(series, simulation.series_csv([each.run for each in done]))
    if output in (Tabular.YAML, Tabular.JSON):
        print_data([_data(each) for each in done], Output(output.value))
    else:
        print_rows(_COLUMNS, [_cells(each) for each in done], output)
    if output is Tabular.TABLE:
        for each in done:
            for reason in each.waiting:
                print_text(f"\n{each.run.policy}: {reason}")
    return ExitCode.NO if any(each.run.refused for each in done) else ExitCode.OK


def _data(done: PodRun) -> dict[str, object]:
    run = done.run
    return {
        "policy": run.policy,
        "used": run.percent(run.mean.taken),
        "fragmented": run.percent(run.mean.fragmented),
        "placed": run.placed,
        "waited": run.waited,
        "never_ran": run.refused,
        "mean_wait": run.mean_wait,
        "waiting": [each.to_dict() for each in done.waiting],
    }


def _cells(done: PodRun) -> tuple[str, ...]:
    run = done.run
    shares = (f"{run.percent(each):.2f}" for each in (run.mean.taken, run.mean.fragmented))
    return (run.policy, *shares, str(run.placed), str(run.waited), str(run.refused), f"{run.mean_wait:.1f}")
