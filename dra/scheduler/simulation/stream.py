"""Tasks that come and go: what is allocated, waits and lies fragmented while they do.

At each moment tasks first leave, then those that wait are tried in the order in which they came, then new
ones arrive. A task that waits does not hold up the ones behind it, as in kube-scheduler, and runs as long as
the trace says, counted from its start.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from random import Random

from dra.arguments import several, whole
from dra.scheduler.simulation.events import Departures, play
from dra.scheduler.simulation.fleet import Fleet, Place, demand_key
from dra.scheduler.simulation.fragmentation import Fragmentation, typical_shapes
from dra.scheduler.simulation.policies import make_policy
from dra.scheduler.simulation.run import Counts, Recorder, Run, Sample
from dra.scheduler.simulation.sharing import SHARING, Consumable, Sharing
from dra.scheduler.simulation.trace import WHOLE, Machine, Task
from dra.scheduler.simulation.workload import gpu_count, shuffled
from dra.suggestions import unknown_name

__all__ = ["simulate"]


def simulate(
    machines: Sequence[Machine],
    tasks: Iterable[Task],
    *,
    policy: str = "best-fit",
    sharing: Sharing | None = None,
    seed: int | None = None,
    waiting: bool = True,
    advance: Callable[[], object] | None = None,
) -> Run:
    """Let tasks come to a cluster and go.

    Args:
        machines: The nodes.
        tasks: The tasks, with their times; of those that come at the same time, the first goes first.
        policy: A name in `POLICIES`.
        sharing: How GPUs are shared; by default as finely as tasks ask for.
        seed: For the random policy, and for a random order of the nodes, which decides among equal ones. If
            None, nodes keep the order given.
        waiting: Whether a task that does not fit waits; otherwise it is dropped.
        advance: Called for each task that arrives.

    Raises:
        DraError: There is no GPU, or there is no such policy.

    Example:
        >>> node = Machine("node-1", 8000, 65536, gpus=1)
        >>> half = [Task(f"t{n}", 1000, 1024, 1, 500, arrival=n, departure=n + 4) for n in range(3)]
        >>> run = simulate([node], half)
        >>> run.placed, run.waited, run.percent(run.final.allocated)
        (3, 1, 100.0)
    """
    gpus = gpu_count(machines)
    shared = sharing if sharing is not None else Consumable()
    if not isinstance(shared, Sharing):
        raise unknown_name("sharing model", shared, SHARING)
    if seed is not None:
        whole(seed, "seed")
    arriving = sorted(several(tasks, "tasks", "tasks"), key=lambda task: task.arrival)
    measure = Fragmentation(typical_shapes(arriving), shared)
    random = Random(seed or 0)  # noqa: S311 - drawn for a simulation, no secret
    nodes = machines if seed is None else shuffled(machines, random)
    fleet = Fleet(nodes, shared, make_policy(policy, nodes, shared, measure, random))
    stream = _Stream(fleet, measure, may_wait=waiting)
    last = arriving[-1].arrival if arriving else 0.0
    recorder = Recorder(arriving[0].arrival if arriving else 0.0, last)
    play(
        stream,
        arriving,
        lambda task: task.arrival,
        lambda time: recorder.add(stream.sample(time)),
        advance,
    )
    return recorder.run(policy, shared.label, seed, gpus, stream.counts)


class _Stream:
    """The tasks on a fleet and those that wait, at one moment."""

    def __init__(self, fleet: Fleet, measure: Fragmentation, *, may_wait: bool) -> None:
        self._fleet = fleet
        self._measure = measure
        self._may_wait = may_wait
        self._leaving: Departures[tuple[Task, Place]] = Departures()
        self._queues: dict[tuple[object, ...], deque[tuple[int, Task]]] = {}
        self._asked_of = [[0] * machine.gpus for machine in fleet.machines]
        self._fragments = [measure.of_node(node.cpu, node.rooms, node.model) for node in fleet.nodes]
        self._running = self._waiting = self._asked = self._allocated = self._excess = 0
        self._fragmented = sum(self._fragments)
        self._total = fleet.idle
        self.counts = Counts()

    @property
    def next_departure(self) -> float:
        """When the next task leaves; infinity if none does."""
        return self._leaving.next

    def arrive(self, task: Task) -> None:
        """A task comes: it is placed, or waits, or is dropped."""
        self.counts.arrived += 1
        number = self.counts.arrived
        key = demand_key(task)
        if key not in self._queues and self._start(task, task.arrival, number):
            return
        if self._may_wait:
            self._queues.setdefault(key, deque()).append((number, task))
            self._waiting += 1
            self._asked += task.asked_milli

    def depart(self) -> None:
        """All tasks that leave next leave, and those that wait for what they had are placed."""
        now, changed = self.next_departure, set()
        for task, place in self._leaving.pop():
            self._fleet.release(task, place)
            self._running -= 1
            self._asked -= task.asked_milli
            self._account(place, -task.gpu_milli)
            changed.add(place.node)
        self._resume(now, changed)

    def _resume(self, now: float, changed: set[int]) -> None:
        """Place what waits. It fits nowhere yet, so only nodes that changed can have room for it."""
        heads = [(queue[0][0], key) for key, queue in self._queues.items()]
        heapq.heapify(heads)  # the numbers differ, so that keys are never compared
        while heads:
            _, key = heads[0]
            queue = self._queues[key]
            number, task = queue[0]
            if not self._fleet.has_room(task, changed) or not self._start(task, now, number):
                heapq.heappop(heads)
                continue
            queue.popleft()
            self.counts.waited += 1
            self._waiting -= 1
            self._asked -= task.asked_milli
            if queue:
                heapq.heapreplace(heads, (queue[0][0], key))
            else:
                heapq.heappop(heads)
                del self._queues[key]

    def _start(self, task: Task, now: float, number: int) -> bool:
        place = self._fleet.place(task)
        if place is None:
            return False
        self.counts.placed += 1
        self.counts.wait += now - task.arrival
        self._running += 1
        self._asked += task.asked_milli
        self._account(place, task.gpu_milli)
        if task.departure is not None:
            self._leaving.add(now + task.departure - task.arrival, number, (task, place))
        return True

    def _account(self, place: Place, milli: int) -> None:
        asked_of = self._asked_of[place.node]
        for gpu, _ in place.taken:
            before = asked_of[gpu]
            asked_of[gpu] += milli
            allocated = min(WHOLE, asked_of[gpu]) - min(WHOLE, before)
            self._allocated += allocated
            self._excess += milli - allocated
        node = self._fleet.nodes[place.node]
        fragmented = self._measure.of_node(node.cpu, node.rooms, node.model)
        self._fragmented += fragmented - self._fragments[place.node]
        self._fragments[place.node] = fragmented

    def sample(self, time: float) -> Sample:
        """The cluster now."""
        return Sample(
            time,
            self._running,
            self._waiting,
            self._asked,
            self._allocated,
            self._total - self._fleet.idle,
            self._excess,
            max(0.0, self._fragmented),
        )
