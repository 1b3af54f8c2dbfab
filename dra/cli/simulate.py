"""`dra simulate`: tasks of a trace on a cluster, under policies and sharing models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from dra.cli.exit_code import ExitCode
from dra.cli.failure import reported
from dra.cli.files import path_of
from dra.cli.output import Output, print_data
from dra.cli.progress import progress
from dra.cli.tabular import Tabular, TabularFormat, print_rows

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["app"]

app = typer.Typer(
    name="simulate",
    help="Replay a trace on a cluster.",
    no_args_is_help=True,
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
    if output is Tabular.JSON:
        print_data(experiment.to_dict(), Output.JSON)
        return ExitCode.OK
    columns = ("policy", "seeds", "demand_percent", "allocated_percent")
    rows = [
        (policy.value, str(seeds), str(percent), f"{experiment.mean(percent):.2f}")
        for percent in experiment.demands
    ]
    print_rows(columns, rows, output)
    return ExitCode.OK


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


app.command()(reported(openb))
