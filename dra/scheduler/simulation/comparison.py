"""Policies and sharing models side by side, on the same tasks in the same orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from random import Random
from statistics import fmean

import attrs

from dra.arguments import finite, several, texts, whole
from dra.errors import DraError
from dra.scheduler.simulation.run import Run, Sample
from dra.scheduler.simulation.sharing import Sharing
from dra.scheduler.simulation.stream import simulate
from dra.scheduler.simulation.sweep import sweep
from dra.scheduler.simulation.trace import Machine, Task
from dra.scheduler.simulation.workload import offered

__all__ = ["Comparison", "Row", "compare"]


@attrs.frozen
class Row:
    """One policy with one sharing model: means over the seeds, GPU shares in per cent of all GPUs.

    Attributes:
        sharing: The sharing model.
        policy: The policy.
        allocated: What running tasks asked for, at most a whole GPU for each GPU.
        gain: The same over that of the first row, 1.25 being a quarter more; None if that has nothing.
        taken: What is taken from GPUs for them, with what the model rounds up.
        fragmented: What is idle and of no use to a typical task.
        overcommitted: What running tasks asked for beyond the GPUs that they were put on.
        placed: How many tasks ran.
        refused: How many never did.
        mean_wait: Seconds that those which ran waited, on average.
    """

    sharing: str
    policy: str
    allocated: float
    gain: float | None
    taken: float
    fragmented: float
    overcommitted: float
    placed: float
    refused: float
    mean_wait: float


@attrs.frozen
class Comparison:
    """Runs side by side.

    Attributes:
        demand: Demand offered, over all GPUs; None if tasks came and went at their own times.
        rows: One for each sharing model and policy.
        runs: The runs of each row, one for each seed.
        assumptions: What each sharing model takes for granted, by its name.
    """

    demand: float | None
    rows: tuple[Row, ...]
    runs: tuple[tuple[Run, ...], ...]
    assumptions: dict[str, str]

    @property
    def measured(self) -> str:
        """When the figures were taken, and what they are not."""
        when = (
            "mean over the time from the first to the last arrival"
            if self.demand is None
            else f"after {100 * self.demand:g} % of all GPUs were asked for, nothing having left"
        )
        return f"{when}; shares as asked for and allocated, not how busy the GPUs were"

    def to_dict(self) -> dict[str, object]:
        """The rows, and what is assumed, as plain data."""
        return {
            "measured": self.measured,
            "assumptions": self.assumptions,
            "rows": [attrs.asdict(row) for row in self.rows],
        }


def compare(
    machines: Sequence[Machine],
    tasks: Sequence[Task],
    sharings: Sequence[Sharing],
    policies: Sequence[str] = ("best-fit",),
    *,
    demand: float | None = None,
    seeds: Sequence[int] = (1,),
    waiting: bool = True,
    executor: Executor | None = None,
    advance: Callable[[], object] | None = None,
) -> Comparison:
    """Simulate the same tasks under several sharing models and policies.

    Args:
        machines: The nodes.
        tasks: The tasks.
        sharings: The sharing models; gains are over the first.
        policies: Names in `POLICIES`.
        demand: If given, tasks come in random order until they have asked for so much, over the GPUs there
            are, and never leave; the figures are those at the end. If None, they come and go at their times,
            and the figures are means over time.
        seeds: One run for each, with another order.
        waiting: Whether a task that does not fit waits.
        executor: Where the runs are made; here, one after another, if None.
        advance: Called after each run.

    Raises:
        DraError: There is no GPU, nothing to compare, or no such policy.

    Example:
        >>> from dra.scheduler.simulation import Consumable, DevicePlugin
        >>> halves = [Task("half", 1000, 1024, 1, 500)]
        >>> nodes = [Machine("node-1", 8000, 65536, gpus=2)]
        >>> result = compare(nodes, halves, [DevicePlugin(), Consumable()], demand=1.0)
        >>> [(row.sharing, row.allocated, row.gain) for row in result.rows]
        [('device-plugin', 50.0, 1.0), ('consumable', 100.0, 2.0)]
    """
    sharings, policies = several(sharings, "sharings", "sharing models"), texts(policies, "policies", "names")
    seeds = [whole(each, "seeds") for each in several(seeds, "seeds", "whole numbers")]
    if demand is not None:
        finite(demand, "demand")
    cases = [(sharing, policy) for sharing in sharings for policy in policies]
    if not cases or not seeds:
        raise DraError("nothing to simulate", remedy="at least one sharing model, policy and seed are needed")
    calls = [
        (machines, tasks, sharing, policy, demand, seed, waiting)
        for sharing, policy in cases
        for seed in seeds
    ]
    done = sweep(_run, calls, executor=executor, advance=advance)
    runs = [tuple(done[start : start + len(seeds)]) for start in range(0, len(done), len(seeds))]
    first = _mean(runs[0], demand).allocated
    rows = [
        _row(sharing.label, policy, some, demand, first)
        for (sharing, policy), some in zip(cases, runs, strict=True)
    ]
    return Comparison(
        demand, tuple(rows), tuple(runs), {sharing.label: sharing.assumption for sharing in sharings}
    )


def _run(
    machines: Sequence[Machine],
    tasks: Sequence[Task],
    sharing: Sharing,
    policy: str,
    demand: float | None,
    seed: int,
    waiting: bool,
) -> Run:
    """One run; a function of this module, so that other processes find it."""
    if demand is not None:
        tasks = offered(machines, tasks, demand, Random(seed))  # noqa: S311 - for a simulation, no secret
    return simulate(
        machines, tasks, policy=policy, sharing=sharing, seed=seed, waiting=waiting and demand is None
    )


def _mean(runs: Sequence[Run], demand: float | None) -> Sample:
    """The figures of some runs, as per cent of all GPUs."""
    taken = [run.mean if demand is None else run.final for run in runs]
    fields = [attrs.astuple(sample) for sample in taken]
    return Sample(
        *(
            fmean(run.percent(value) for run, value in zip(runs, some, strict=True))
            for some in zip(*fields, strict=True)
        )
    )


def _row(sharing: str, policy: str, runs: Sequence[Run], demand: float | None, first: float) -> Row:
    mean = _mean(runs, demand)
    return Row(
        sharing,
        policy,
        mean.allocated,
        mean.allocated / first if first else None,
        mean.taken,
        mean.fragmented,
        mean.overcommitted,
        fmean(run.placed for run in runs),
        fmean(run.refused for run in runs),
        fmean(run.mean_wait for run in runs),
    )
