"""The experiment of "Beware of Fragmentation" (ATC'23), §6, on a trace such as openb.

Tasks come one after another in random order and never leave; one that fits nowhere is dropped. Measured is
the allocation ratio: the GPU shares that tasks have, over all GPUs, as the demand that has come grows.
`docs/simulation.md` says where this replay differs from the original.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from random import Random

import attrs

from dra.errors import DraError
from dra.scheduler.simulation.fleet import Fleet
from dra.scheduler.simulation.fragmentation import Fragmentation, typical_shapes
from dra.scheduler.simulation.policies import make_policy
from dra.scheduler.simulation.sharing import Consumable, Sharing
from dra.scheduler.simulation.sweep import sweep
from dra.scheduler.simulation.trace import WHOLE, Machine, Task
from dra.scheduler.simulation.workload import offered, shuffled

__all__ = ["Experiment", "Replay", "replay", "run_experiment"]


@attrs.frozen
class Replay:
    """One replay.

    Attributes:
        seed: What its random numbers were made from.
        placed: How many tasks were placed.
        dropped: How many fitted nowhere.
        allocation_ratio: Per cent of all GPUs allocated, by demand in whole per cent of all GPUs.
    """

    seed: int
    placed: int
    dropped: int
    allocation_ratio: dict[int, float]

    def at(self, demand: int) -> float:
        """The allocation ratio at a demand in per cent; where no task came just then, that before it."""
        return self.allocation_ratio[max(known for known in self.allocation_ratio if known <= demand)]


@attrs.frozen
class Experiment:
    """Replays with one policy and several seeds.

    Attributes:
        policy: The policy.
        demand: Demand offered at the end, in per cent of all GPUs.
        replays: One for each seed.
    """

    policy: str
    demand: int
    replays: tuple[Replay, ...]

    @property
    def demands(self) -> tuple[int, ...]:
        """Where the allocation ratio is reported: at 100 % if so much is offered, and at the end."""
        return (100, self.demand) if self.demand > 100 else (self.demand,)

    def mean(self, demand: int) -> float:
        """The mean allocation ratio at a demand, both in per cent."""
        return sum(each.at(demand) for each in self.replays) / len(self.replays)

    def to_dict(self) -> dict[str, object]:
        """Policy, mean allocation ratios in per cent by demand in per cent, and the number of seeds."""
        return {
            "policy": self.policy,
            "allocation_ratio": {str(demand): round(self.mean(demand), 2) for demand in self.demands},
            "seeds": len(self.replays),
        }


def replay(
    machines: Sequence[Machine],
    tasks: Sequence[Task],
    policy: str,
    *,
    demand: float = 1.3,
    seed: int = 1,
    sharing: Sharing | None = None,
) -> Replay:
    """Offer a cluster the tasks of a trace, in random order, up to a demand.

    Args:
        machines: The nodes.
        tasks: The tasks; their times are not looked at.
        policy: A name in `POLICIES`.
        demand: GPU shares asked for at the end, over the GPUs there are.
        seed: Which random order, and which tasks are drawn to reach the demand.
        sharing: How GPUs are shared; by default as finely as tasks ask for.

    Raises:
        DraError: There is no GPU, no task asks for one, or there is no such policy.

    Example:
        >>> nodes = [Machine("node-1", 8000, 65536, 1), Machine("node-2", 8000, 65536, 1)]
        >>> tasks = [Task("a", 1000, 1024, 1, 600), Task("b", 1000, 1024, 1, 400)]
        >>> replay(nodes, tasks, "best-fit", demand=0.5).at(50)
        50.0
    """
    random = Random(seed)  # noqa: S311 - drawn for a simulation, no secret
    arriving = offered(machines, tasks, demand, random)
    shared = sharing or Consumable()
    fragmentation = Fragmentation(typical_shapes(tasks), shared)
    chosen = make_policy(policy, machines, shared, fragmentation, random)
    return _run(Fleet(shuffled(machines, random), shared, chosen), arriving, seed)


def _run(fleet: Fleet, tasks: Sequence[Task], seed: int) -> Replay:
    """Place the tasks one after another."""
    total = WHOLE * sum(machine.gpus for machine in fleet.machines)
    allocated = placed = 0
    ratios: dict[int, list[float]] = {0: [0.0]}
    for task in tasks:
        if fleet.place(task) is not None:
            allocated += task.asked_milli
            placed += 1
        ratios.setdefault(round(task.arrival), []).append(100 * allocated / total)
    means = {demand: sum(some) / len(some) for demand, some in ratios.items()}
    return Replay(seed, placed, len(tasks) - placed, means)


def run_experiment(
    machines: Sequence[Machine],
    tasks: Sequence[Task],
    policy: str,
    *,
    demand: float = 1.3,
    seeds: Sequence[int] = range(1, 11),
    executor: Executor | None = None,
    advance: Callable[[], object] | None = None,
) -> Experiment:
    """Replay a trace with several seeds.

    Args:
        machines: The nodes.
        tasks: The tasks.
        policy: A name in `POLICIES`.
        demand: As for `replay`.
        seeds: One replay for each.
        executor: Where the replays run; here, one after another, if None.
        advance: Called after each replay.

    Raises:
        DraError: As for `replay`.
    """
    if not seeds:
        raise DraError("no seeds", remedy="one replay is made for each seed")
    runs = sweep(
        _replay,
        [(machines, tasks, policy, demand, seed) for seed in seeds],
        executor=executor,
        advance=advance,
    )
    return Experiment(policy, round(100 * demand), tuple(runs))


def _replay(
    machines: Sequence[Machine], tasks: Sequence[Task], policy: str, demand: float, seed: int
) -> Replay:
    return replay(machines, tasks, policy, demand=demand, seed=seed)
