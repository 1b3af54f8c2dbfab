"""The nodes of a simulation and what is free on them; places a task by a policy and takes it away again.

Scores of all nodes are kept for each kind of demand, and brought up to date only for the nodes that changed
since that kind was last asked for. Choosing among thousands of nodes is then one pass over a list of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from dra.scheduler.simulation.policies import INFEASIBLE, Demand, NodeState, Policy, Taken
from dra.scheduler.simulation.sharing import Sharing
from dra.scheduler.simulation.trace import Machine, Task

__all__ = ["DemandKey", "Fleet", "Place", "demand_key"]

_MOST_SCORES: Final = 20_000_000
_LONGEST_LOG: Final = 1_000_000


DemandKey = tuple[int, int, int, int, frozenset[str]]


def demand_key(task: Task) -> DemandKey:
    """What makes tasks the same to a fleet."""
    return (task.cpu_milli, task.memory_mib, task.gpus, task.gpu_milli, task.models)


@attrs.frozen
class Place:
    """Where a task is.

    Attributes:
        node: Index of the node in the fleet's order.
        taken: What it has of which GPU.
    """

    node: int
    taken: tuple[Taken, ...]


@attrs.define(eq=False)
class _Ranking:
    """The scores of all nodes for one demand, as they were at some point of the log; None: never."""

    demand: Demand
    scores: list[int]
    seen: int | None


class Fleet:
    """Nodes with tasks on them.

    Args:
        machines: The nodes; among equally good ones the first is taken.
        sharing: How GPUs are shared.
        policy: Which node and GPU to take.

    Attributes:
        machines: The nodes.
        nodes: What is free on each.
        idle: Thousandths of a GPU idle, over all nodes.

    Example:
        >>> from dra.scheduler.simulation.policies import First
        >>> from dra.scheduler.simulation.sharing import Consumable
        >>> fleet = Fleet([Machine("node-1", 4000, 8192, 1)], Consumable(), First())
        >>> fleet.place(Task("a", 1000, 1024, gpus=1, gpu_milli=600))
        Place(node=0, taken=((0, 600),))
        >>> fleet.place(Task("b", 1000, 1024, gpus=1, gpu_milli=600)) is None
        True
    """

    def __init__(self, machines: Sequence[Machine], sharing: Sharing, policy: Policy) -> None:
        self.machines = tuple(machines)
        self._sharing = sharing
        self._policy = policy
        self._idle = [sharing.idle(room) for room in range(sharing.full + 1)]
        self.nodes = [
            NodeState(
                each.model,
                each.cpu_milli,
                each.memory_mib,
                [sharing.full] * each.gpus,
                sharing.full,
                each.gpus * self._idle[sharing.full],
            )
            for each in machines
        ]
        self.idle = sum(node.idle for node in self.nodes)
        self._demands: dict[DemandKey, _Ranking] = {}
        self._most_demands = max(16, _MOST_SCORES // max(1, len(self.nodes)))
        self._changed: list[int] = []

    def place(self, task: Task) -> Place | None:
        """Put a task on the node that the policy prefers; None if it fits nowhere."""
        ranking = self._ranking(task)
        if not ranking.scores or max(ranking.scores) == INFEASIBLE:
            return None
        index = self._policy.pick(ranking.scores)
        place = Place(index, self._policy.choose(self.nodes[index], ranking.demand))
        self._take(place, task, 1)
        return place

    def has_room(self, task: Task, nodes: Iterable[int]) -> bool:
        """Whether a task fits on one of some nodes, given by their index."""
        demand = self._known(task).demand
        return any(self.nodes[index].fits(demand) for index in nodes)

    def release(self, task: Task, place: Place) -> None:
        """Take a task away from where it was placed."""
        self._take(place, task, -1)

    def _take(self, place: Place, task: Task, sign: int) -> None:
        node = self.nodes[place.node]
        node.cpu -= sign * task.cpu_milli
        node.memory -= sign * task.memory_mib
        for gpu, delta in place.taken:
            room = node.rooms[gpu]
            node.rooms[gpu] = room - sign * delta
            freed = self._idle[node.rooms[gpu]] - self._idle[room]
            node.idle += freed
            self.idle += freed
        node.fragmented = None
        self._changed.append(place.node)
        if len(self._changed) > _LONGEST_LOG:
            self._changed.clear()
            self._demands.clear()

    def _known(self, task: Task) -> _Ranking:
        """The scores for a task's demand, as old as they are."""
        key = demand_key(task)
        ranking = self._demands.get(key)
        if ranking is None:
            if len(self._demands) >= self._most_demands:
                del self._demands[next(iter(self._demands))]
            ranking = _Ranking(Demand.of(task, self._sharing), [INFEASIBLE] * len(self.nodes), None)
            self._demands[key] = ranking
        return ranking

    def _ranking(self, task: Task) -> _Ranking:
        """The scores for a task's demand, up to date."""
        ranking = self._known(task)
        seen = ranking.seen
        stale = range(len(self.nodes)) if seen is None else set(self._changed[seen:])
        scores, demand, score = ranking.scores, ranking.demand, self._policy.score
        for index in stale:
            node = self.nodes[index]
            scores[index] = score(node, demand) if node.fits(demand) else INFEASIBLE
        ranking.seen = len(self._changed)
        return ranking
