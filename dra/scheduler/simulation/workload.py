"""A workload made from the tasks of a trace: in random order, and as much as a cluster is to be offered.

Only `Random.random` is used, the one method of which Python promises the same numbers in every version.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, TypeVar

import attrs

from dra.arguments import instance, several
from dra.errors import DraError
from dra.scheduler.simulation.trace import WHOLE, Machine, Task

__all__ = ["gpu_count", "offered", "shuffled", "tuned"]

_MOST_TASKS: Final = 5_000_000
_T = TypeVar("_T")


def shuffled(items: Sequence[_T], random: Random) -> list[_T]:
    """The items in an order that depends on `random` only.

    Example:
        >>> shuffled("abcd", Random(7)) == shuffled("abcd", Random(7))
        True
    """
    keys = [random.random() for _ in items]
    return [items[index] for index in sorted(range(len(items)), key=keys.__getitem__)]


def offered(machines: Sequence[Machine], tasks: Sequence[Task], demand: float, random: Random) -> list[Task]:
    """The tasks of a trace in random order, up to a demand; they come one after another and never leave.

    Args:
        machines: The nodes.
        tasks: The tasks; their times are not looked at.
        demand: GPU shares to ask for together, over the GPUs there are.
        random: What draws.

    Returns:
        Tasks whose arrival is the demand that has come with them, in per cent of all GPUs.

    Raises:
        DraError: There is no GPU, no task asks for one, or the demand is out of range.
    """
    total = gpu_count(machines) * WHOLE
    if not 0 < demand <= 1000:
        raise DraError(
            f"a demand of {demand:g}", value=demand, remedy="1.3 stands for 130 % of all GPUs; at most 1000"
        )
    asked, coming = 0, []
    for task in tuned(shuffled(tasks, random), int(demand * total), random):
        asked += task.asked_milli
        coming.append(attrs.evolve(task, arrival=100 * asked / total, departure=None))
    return coming


def gpu_count(machines: Sequence[Machine]) -> int:
    """How many GPUs some nodes have.

    Raises:
        DraError: They have none, or are no machines.
    """
    for each in several(machines, "machines", "machines"):
        instance(each, Machine, "machines", "machines")
    gpus = sum(machine.gpus for machine in machines)
    if not gpus:
        raise DraError("no node has a GPU", remedy="the column gpu says how many each has")
    return gpus


def tuned(tasks: Sequence[Task], target: int, random: Random) -> list[Task]:
    """The tasks of a trace, thinned out or added to until they ask for so much GPU.

    If they ask for more, tasks drawn at random are left out until they do not; if for less, copies of tasks
    drawn at random are added at the end until the next one would be too much. The order is kept.

    Args:
        tasks: The tasks of a trace.
        target: Thousandths of a GPU that they are to ask for together.
        random: What draws.

    Raises:
        DraError: No task asks for a GPU, or the target would need millions of tasks.

    Example:
        >>> tasks = [Task("a", 1000, 0, gpus=1, gpu_milli=500)]
        >>> len(tuned(tasks, 2000, Random(1)))
        4
    """
    asked = sum(task.asked_milli for task in tasks)
    if not asked:
        raise DraError("no task asks for a GPU", remedy="num_gpu and gpu_milli must be set for some")
    if target * len(tasks) > _MOST_TASKS * asked:
        raise DraError(
            f"a demand of {target / 1000:,.0f} GPUs needs over {_MOST_TASKS:,} tasks of this trace",
            remedy="ask for less demand, or simulate fewer nodes",
        )
    return (
        _thinned(tasks, asked - target, random) if asked > target else _grown(tasks, target - asked, random)
    )


def _thinned(tasks: Sequence[Task], excess: int, random: Random) -> list[Task]:
    left_out = set()
    for index in shuffled(range(len(tasks)), random):
        if excess <= 0:
            break
        left_out.add(index)
        excess -= tasks[index].asked_milli
    return [task for index, task in enumerate(tasks) if index not in left_out]


def _grown(tasks: Sequence[Task], lack: int, random: Random) -> list[Task]:
    grown = list(tasks)
    while True:
        drawn = tasks[int(random.random() * len(tasks))]
        lack -= drawn.asked_milli
        if lack < 0:
            return grown
        grown.append(drawn)
