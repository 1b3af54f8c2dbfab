"""`dra simulate`: tasks of a trace on a cluster, under policies and sharing models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from dra.cli.commands import CONTEXT, example
from dra.cli.exit_code import ExitCode
from dra.cli.failure import reported
from dra.cli.files import path_of, write_file
from dra.cli.globs import Command
from dra.cli.live import live
from dra.cli.output import Output, print_data, print_text
from dra.cli.progress import progress
from dra.cli.simulate_pods import pods
from dra.cli.tabular import Tabular, TabularFormat, print_rows

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from dra.scheduler.simulation import Row

__all__ = ["app"]

app = typer.Typer(
    name="simulate",
    help="Let the tasks of a trace, or pods, come to a cluster and go.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


class PolicyName(str, Enum):
    """Policies by name."""

    RANDOM = "random"
    FIRST = "first"
    LEAST_ALLOCATED = "least-allocated"
    BEST_FIT = "best-fit"
    FRAGMENTATION = "fragmentation"


Nodes = Annotated[
    str,
    typer.Option(
        "--nodes", metavar="FILE", help="CSV of nodes: sn, cpu_milli, memory_mib, gpu, model; or .csv.gz."
    ),
]
Tasks = Annotated[
    str,
    typer.Option(
        "--tasks",
        metavar="FILE",
        help="CSV of tasks: name, cpu_milli, memory_mib, num_gpu, gpu_milli; or .csv.gz.",
    ),
]
PolicyOption = Annotated[PolicyName, typer.Option("--policy", help="Which of the nodes with room to take.")]
Seeds = Annotated[
    int, typer.Option("--seeds", min=1, max=10_000, help="How many replays, each in another order.")
]
Processes = Annotated[int, typer.Option("--processes", min=1, max=256, help="Replays at the same time.")]


def openb(
    nodes: Nodes,
    tasks: Tasks,
    policy: PolicyOption = PolicyName.FRAGMENTATION,
    demand: Annotated[float, typer.Option("--demand", help="GPU shares asked for, over all GPUs.")] = 1.3,
    seeds: Seeds = 10,
    processes: Processes = 1,
    output: TabularFormat = Tabular.TABLE,
) -> ExitCode:
    """Repeat the experiment of "Beware of Fragmentation" (ATC'23) on a trace such as openb.

    Tasks come in random order and never leave, until they have asked for the demand. The answer is the share
    of all GPUs that is allocated then, and when 100 % were asked for: means over the seeds, in per cent.
    """
    from dra.scheduler.simulation import read_machines, read_tasks, run_experiment

    machines, arriving = read_machines(path_of(nodes)), read_tasks(path_of(tasks))
    with progress("replaying", seeds) as advance, _executor(processes) as executor:
        experiment = run_experiment(
            machines,
            arriving,
            policy.value,
            demand=demand,
            seeds=range(1, seeds + 1),
            executor=executor,
            advance=advance,
        )
    if output in (Tabular.YAML, Tabular.JSON):
        print_data(experiment.to_dict(), Output(output.value))
        return ExitCode.OK
    columns = ("policy", "seeds", "demand_percent", "allocated_percent")
    rows = [
        (policy.value, str(seeds), str(percent), f"{experiment.mean(percent):.2f}")
        for percent in experiment.demands
    ]
    print_rows(columns, rows, output)
    return ExitCode.OK


def run(
    nodes: Nodes,
    tasks: Tasks,
    policy: Annotated[
        list[PolicyName] | None,
        typer.Option("--policy", help="Which of the nodes with room to take; may be given several times."),
    ] = None,
    compare: Annotated[
        str,
        typer.Option(
            "--compare",
            "--sharing",
            metavar="MODEL,...",
            help="Sharing models, gains being over the first: device-plugin, time-slicing, mig-slices, mig, "
            "consumable; time-slicing=8, mig=H100-80GB and consumable=50 set replicas, board and step.",
        ),
    ] = "consumable",
    demand: Annotated[
        float | None,
        typer.Option(
            "--demand",
            help="Offer tasks in random order, never leaving, until they have asked for this, over all GPUs. "
            "Without it, tasks come and go at their creation_time and deletion_time.",
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, max=10_000, help="How many runs, each in another order.")
    ] = 1,
    wait: Annotated[bool, typer.Option(help="Whether a task that does not fit waits, or is dropped.")] = True,
    processes: Processes = 1,
    svg: Annotated[
        str | None, typer.Option("--svg", metavar="FILE", help="Draw allocation and fragmentation over time.")
    ] = None,
    series: Annotated[
        str | None, typer.Option("--series", metavar="FILE", help="Write the cluster over time as CSV.")
    ] = None,
    output: TabularFormat = Tabular.TABLE,
) -> ExitCode:
    """Let tasks come to a cluster and go, under policies and sharing models side by side.

    The figures are GPU shares in per cent of all GPUs. Pictures and series show the first seed of each row.

    Exit status: 0 every task ran, or a demand was offered; 1 some never ran; 2 the input cannot be used.
    """
    from dra.scheduler import simulation

    machines, arriving = simulation.read_machines(path_of(nodes)), simulation.read_tasks(path_of(tasks))
    sharings = [simulation.get_sharing(name.strip()) for name in compare.split(",")]
    policies = [each.value for each in policy or [PolicyName.BEST_FIT]]
    total = len(sharings) * len(policies) * seeds
    with progress("simulating", total) as advance, _executor(processes) as executor:
        comparison = simulation.compare(
            machines,
            arriving,
            sharings,
            policies,
            demand=demand,
            seeds=range(1, seeds + 1),
            waiting=wait,
            executor=executor,
            advance=advance,
        )
    shown = [runs[0] for runs in comparison.runs]
    if svg is not None:
        write_file(svg, simulation.picture(shown, demand=demand is not None))
    if series is not None:
        write_file(series, simulation.series_csv(shown))
    if output in (Tabular.YAML, Tabular.JSON):
        print_data(comparison.to_dict(), Output(output.value))
    else:
        print_rows(_COLUMNS, [_cells(row) for row in comparison.rows], output)
    if output is Tabular.TABLE:
        print_text(f"\nmeasured: {comparison.measured}")
        for name, assumption in comparison.assumptions.items():
            print_text(f"{name}: {assumption}")
    complete = demand is not None or not any(row.refused for row in comparison.rows)
    return ExitCode.OK if complete else ExitCode.NO


_COLUMNS = (
    "sharing",
    "policy",
    "allocated_percent",
    "gain",
    "taken_percent",
    "fragmented_percent",
    "overcommitted_percent",
    "placed",
    "refused",
    "mean_wait_seconds",
)


def _cells(row: Row) -> tuple[str, ...]:
    gain = "" if row.gain is None else f"{row.gain:.3f}"
    percents = (f"{each:.2f}" for each in (row.taken, row.fragmented, row.overcommitted))
    counts = (f"{each:.10g}" for each in (row.placed, row.refused, round(row.mean_wait, 1)))
    return (row.sharing, row.policy, f"{row.allocated:.2f}", gain, *percents, *counts)


@contextmanager
def _executor(processes: int) -> Iterator[Executor | None]:
    """Processes for replays; None to make them here. A progress bar runs a thread, so they are spawned."""
    if processes == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as executor:
        yield executor


_EXAMPLES: dict[Callable[..., ExitCode], str] = {
    openb: "dra simulate openb --nodes nodes.csv --tasks tasks.csv --demand 0.9",
    run: "dra simulate run --nodes nodes.csv --tasks tasks.csv --compare device-plugin,mig --svg run.svg",
    pods: "dra new gpu --template --pod | dra simulate pods -f examples/dgx-h100 -f - --repeat 20",
}
for command, line in _EXAMPLES.items():
    app.command(cls=Command, context_settings=CONTEXT, epilog=example(line))(reported(live(command)))
