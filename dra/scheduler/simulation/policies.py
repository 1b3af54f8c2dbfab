"""Policies: which of the nodes with room a task goes to, and which GPU there.

A policy gives a node a whole number from 0 to 100, as kube-scheduler's score plugins do; the highest wins,
and among equals the first in the fleet's order. That scores are whole numbers matters: ties are frequent.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from random import Random
from typing import Final

import attrs
from typing_extensions import override

from dra.scheduler.simulation.fragmentation import Fragmentation
from dra.scheduler.simulation.sharing import Sharing, Takes
from dra.scheduler.simulation.trace import WHOLE, Machine, Task
from dra.suggestions import unknown_name

__all__ = [
    "INFEASIBLE",
    "POLICIES",
    "Demand",
    "FragmentationGradient",
    "NodeState",
    "Policy",
    "Taken",
    "make_policy",
]

# The score of a node that a task does not fit on.
INFEASIBLE: Final = -1
_MOST: Final = 100

# GPU by index, and what is subtracted from its room.
Taken = tuple[int, int]


@attrs.frozen(eq=False)
class Demand:
    """What a task asks for, under a sharing model.

    Attributes:
        cpu: CPU in thousandths of a core.
        memory: Memory in MiB.
        gpus: How many GPUs.
        milli: Thousandths of a GPU that it takes, over all its GPUs.
        takes: For each room of a GPU, what the task may subtract from it.
        exclusive: Whether only idle GPUs will do.
        models: The models that it accepts; any if empty.
    """

    cpu: int
    memory: int
    gpus: int
    milli: int
    takes: Takes
    exclusive: bool
    models: frozenset[str]

    @classmethod
    def of(cls, task: Task, sharing: Sharing) -> Demand:
        """The demand of a task."""
        if not task.gpus:
            return cls(task.cpu_milli, task.memory_mib, 0, 0, (), False, frozenset())
        size = sharing.ask(task.gpu_milli)
        return cls(
            task.cpu_milli,
            task.memory_mib,
            task.gpus,
            task.gpus * (WHOLE - max(map(sharing.idle, sharing.room_after(size, sharing.full)))),
            sharing.takes(size),
            size == sharing.full,
            task.models,
        )


@attrs.define(eq=False)
class NodeState:
    """What is free on a node.

    Attributes:
        model: The model of its GPUs.
        cpu: Free CPU in thousandths of a core.
        memory: Free memory in MiB.
        rooms: The room of each GPU.
        full: The room of an idle GPU.
        idle: Thousandths of a GPU idle, over all GPUs.
        fragmented: Fragmentation, as long as it is known.
    """

    model: str
    cpu: int
    memory: int
    rooms: list[int]
    full: int
    idle: int
    fragmented: float | None = None

    def fits(self, demand: Demand) -> bool:
        """Whether there is room for a demand."""
        if self.cpu < demand.cpu or self.memory < demand.memory:
            return False
        if not demand.gpus:
            return True
        if demand.models and self.model not in demand.models:
            return False
        if demand.exclusive:
            return self.rooms.count(self.full) >= demand.gpus
        return any(map(demand.takes.__getitem__, self.rooms))

    def idle_gpus(self, demand: Demand) -> tuple[Taken, ...]:
        """The first idle GPUs, as many as a demand for whole ones needs."""
        chosen = [gpu for gpu, room in enumerate(self.rooms) if room == self.full][: demand.gpus]
        return tuple((gpu, self.full) for gpu in chosen)


class Policy(ABC):
    """Prefers nodes, and GPUs in a node."""

    @abstractmethod
    def score(self, node: NodeState, demand: Demand) -> int:
        """How good a node is on which the demand fits, from 0 to 100."""

    def pick(self, scores: Sequence[int]) -> int:
        """The node to take by the scores of all; the highest must not be `INFEASIBLE`."""
        return scores.index(max(scores))

    def choose(self, node: NodeState, demand: Demand) -> tuple[Taken, ...]:
        """The GPUs to take on a node on which the demand fits."""
        if not demand.gpus:
            return ()
        return node.idle_gpus(demand) if demand.exclusive else (self.share(node, demand),)

    def share(self, node: NodeState, demand: Demand) -> Taken:
        """The GPU that a demand for a part gets: the first that has room."""
        return next((gpu, deltas[0]) for gpu, deltas in _candidates(node, demand))


class First(Policy):
    """The first node and the first GPU that have room."""

    @override
    def score(self, node: NodeState, demand: Demand) -> int:
        """The same for all, so that the first node wins."""
        return 0


class Randomly(Policy):
    """Any node, any GPU that has room there, each with the same chance."""

    def __init__(self, random: Random) -> None:
        self._random = random

    @override
    def score(self, node: NodeState, demand: Demand) -> int:
        """The same for all, so that chance alone decides."""
        return 0

    @override
    def pick(self, scores: Sequence[int]) -> int:
        """One of the nodes on which the demand fits, each with the same chance."""
        feasible = [index for index, score in enumerate(scores) if score != INFEASIBLE]
        return feasible[int(self._random.random() * len(feasible))]

    @override
    def share(self, node: NodeState, demand: Demand) -> Taken:
        """One of the GPUs that have room, and one of the placements there, each with the same chance."""
        options = [(gpu, delta) for gpu, deltas in _candidates(node, demand) for delta in deltas]
        return options[int(self._random.random() * len(options))]


class BestFit(Policy):
    """The node that has the least CPU and GPU left afterwards, and the GPU with the least room.

    Both are measured by the largest node of the cluster and weigh the same.
    """

    def __init__(self, machines: Sequence[Machine], sharing: Sharing) -> None:
        self._cpu = max((each.cpu_milli for each in machines), default=0) or 1
        self._gpu = WHOLE * max((each.gpus for each in machines), default=0) or 1
        self._idle = [sharing.idle(room) for room in range(sharing.full + 1)]

    @override
    def score(self, node: NodeState, demand: Demand) -> int:
        """The higher, the less CPU and GPU would be left."""
        left = 0.5 * (node.cpu - demand.cpu) / self._cpu + 0.5 * (node.idle - demand.milli) / self._gpu
        return int(_MOST * min(1.0, max(0.0, 1 - left)))

    @override
    def share(self, node: NodeState, demand: Demand) -> Taken:
        """The GPU with the least idle; of its placements the one that keeps the most of it usable."""
        idle, rooms = self._idle, node.rooms
        return min(
            ((gpu, delta) for gpu, deltas in _candidates(node, demand) for delta in deltas),
            key=lambda taken: (idle[rooms[taken[0]]], -idle[rooms[taken[0]] - taken[1]]),
        )


class LeastAllocated(BestFit):
    """The opposite: the node, and the GPU, that have the most left afterwards."""

    @override
    def score(self, node: NodeState, demand: Demand) -> int:
        """The higher, the more CPU and GPU would be left."""
        return _MOST - super().score(node, demand)

    @override
    def share(self, node: NodeState, demand: Demand) -> Taken:
        """The GPU with the most idle."""
        idle, rooms = self._idle, node.rooms
        return max(
            ((gpu, delta) for gpu, deltas in _candidates(node, demand) for delta in deltas),
            key=lambda taken: (idle[rooms[taken[0]]], idle[rooms[taken[0]] - taken[1]]),
        )


class FragmentationGradient(Policy):
    """The node, and the GPU, whose fragmentation grows the least (FGD, "Beware of Fragmentation", §5).

    The growth becomes a score through a sigmoid, one GPU being the unit.
    """

    def __init__(self, fragmentation: Fragmentation) -> None:
        self._of = fragmentation

    @override
    def score(self, node: NodeState, demand: Demand) -> int:
        """The higher, the less the node's expected fragmentation grows; 50 if it stays the same."""
        before = node.fragmented
        if before is None:
            before = node.fragmented = self._of.of_node(node.cpu, node.rooms, node.model)
        row = self._of.row(node.cpu - demand.cpu, node.model)
        lost, usable, rooms, full = row.lost, row.usable_whole, node.rooms, node.full
        idle = rooms.count(full)
        kept = sum([lost[room] for room in rooms])
        if not demand.gpus:
            return _score(before - kept + usable[idle])
        if demand.exclusive:
            return _score(before - kept + demand.gpus * (lost[full] - lost[0]) + usable[idle - demand.gpus])
        takes = demand.takes
        return _score(
            max(
                [
                    before - kept + lost[room] - lost[room - delta] + usable[idle - (room == full)]
                    for room in set(rooms)
                    for delta in takes[room]
                ]
            )
        )

    @override
    def share(self, node: NodeState, demand: Demand) -> Taken:
        """The GPU, and the placement on it, with which the node's fragmentation grows the least."""
        row = self._of.row(node.cpu - demand.cpu, node.model)
        before = self._of.of_node(node.cpu, node.rooms, node.model)
        lost, usable, rooms, full = row.lost, row.usable_whole, node.rooms, node.full
        idle, kept = rooms.count(full), sum([lost[room] for room in rooms])

        def gain(taken: Taken) -> int:
            room, delta = rooms[taken[0]], taken[1]
            return _score(before - kept + lost[room] - lost[room - delta] + usable[idle - (room == full)])

        return max(((gpu, delta) for gpu, deltas in _candidates(node, demand) for delta in deltas), key=gain)


def _score(shrinkage: float) -> int:
    return int(_MOST / (1 + math.exp(-shrinkage / WHOLE)))


def _candidates(node: NodeState, demand: Demand) -> list[tuple[int, tuple[int, ...]]]:
    """The GPUs that have room for a part, with what may be subtracted from their rooms."""
    takes = demand.takes
    return [(gpu, takes[room]) for gpu, room in enumerate(node.rooms) if takes[room]]


POLICIES: Final = ("random", "first", "least-allocated", "best-fit", "fragmentation")
"""The names of the policies of a replay."""


def make_policy(
    name: str, machines: Sequence[Machine], sharing: Sharing, fragmentation: Fragmentation, random: Random
) -> Policy:
    """The policy of a name in `POLICIES`, for one cluster.

    Raises:
        UnknownNameError: There is no such policy.
    """
    if name == "random":
        return Randomly(random)
    if name == "first":
        return First()
    if name == "least-allocated":
        return LeastAllocated(machines, sharing)
    if name == "best-fit":
        return BestFit(machines, sharing)
    if name == "fragmentation":
        return FragmentationGradient(fragmentation)
    raise unknown_name("policy", name, POLICIES)
