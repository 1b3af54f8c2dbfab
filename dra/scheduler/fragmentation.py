"""Fragmentation: free devices that the workload's tasks cannot use.

After "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent" (USENIX
ATC 2023). The target workload is a set of tasks m, each with its share p(m) of all tasks. On a node n,

    F(n, m) = everything that is free on n, if n cannot run m (its labels, its cpu, too few devices);
              otherwise what is free of those units that a request of m cannot use just now
    F(n)    = sum over m of p(m) * F(n, m)

so F(n) is the expected number of free units of hardware that a task taken from the workload cannot use. A
unit is a device, or the hardware behind the partitions that share a counter set (`dra.scheduler.units`); a
device that is shared, or cut in part, is free with the rest of it. The policy `fragmentation` takes the
node on which the pod lowers F the most, or raises it the least.

Tasks without claims for devices are left out: to them every device is useless wherever they run. Within a
node the devices are those that Kubernetes' allocator takes, first fit; the paper's scheduler chooses there,
too.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final

import attrs

from dra.allocator.inventory import NodeView
from dra.allocator.plan import Plan
from dra.allocator.pools import each_bit
from dra.allocator.search import Budget
from dra.errors import AllocationError
from dra.models.core import Pod
from dra.scheduler.account import DeviceAccount
from dra.scheduler.attempts import Outcome, Trial
from dra.scheduler.claims import ClaimUse
from dra.scheduler.demand import demand
from dra.scheduler.filters import Requirements
from dra.scheduler.fullness import account_after, requested_after
from dra.scheduler.shortages import usable
from dra.scheduler.units import part_taken
from dra.scheduler.world import Engine, NodeState, World

__all__ = ["Fragmentation", "Task", "Workload", "free_units"]

# The most frequent kinds of tasks that together make up nearly all; as many are looked at.
_TASKS_MAX: Final = 32


@attrs.frozen(eq=False)
class Task:
    """A kind of task.

    Attributes:
        weight: Its share of all tasks, 0 to 1.
        trial: One such task, as a pod that is still to be placed.
    """

    weight: float
    trial: Trial


class Fragmentation:
    """The fragmentation of nodes, for a workload.

    Args:
        tasks: The workload.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tasks

    def of(self, state: NodeState, account: DeviceAccount, requested: Mapping[str, int]) -> float:
        """F(n): how many free units a task of the workload cannot use, on average.

        Args:
            state: The node.
            account: What is taken of the devices.
            requested: What is taken of the resources.

        Raises:
            AllocationError: A selector or a capacity policy is broken.
        """
        return sum(task.weight * self.for_task(task, state, account, requested) for task in self.tasks)

    def before_and_after(self, trial: Trial, state: NodeState, outcome: Outcome) -> tuple[float, float]:
        """F(n) without and with a pod."""
        account = trial.world.account
        return (
            self.of(state, account, state.requested),
            self.of(state, account_after(trial.world, state, outcome), requested_after(trial, state)),
        )

    def for_task(
        self, task: Task, state: NodeState, account: DeviceAccount, requested: Mapping[str, int]
    ) -> float:
        """F(n, m)."""
        trial = task.trial
        engine = trial.engine
        view = state.site.view(engine)
        wish = trial.wish(trial.offered(state))
        signature = account.signature(view)
        if trial.refusal(state) is not None or trial.shortage(state, requested) is not None:
            key: Hashable = (None, engine.shapes.of(view), signature)
            admitted = False
        else:
            key = (wish.key, trial.likeness(state, wish, view), signature)
            admitted = True
        known = engine.useless.get(key)
        if known is None:
            lost = self._useless(engine, wish.plan, view, account, admitted=admitted)
            known = engine.useless.keep(key, lost)
        return known

    def _useless(
        self, engine: Engine, plan: Plan, view: NodeView, account: DeviceAccount, *, admitted: bool
    ) -> float:
        """The free units of a node that claims cannot use."""
        free = free_units(engine, view, account)
        if not admitted or not _fits(engine, plan, view, account):
            return sum(left for _, left in free)
        can_use = 0
        for slot in plan.slots:
            for wanted in slot.alternatives:
                can_use |= usable(wanted, view, account, engine.solver.matcher)
        return sum(left for devices, left in free if not devices & can_use)


def _fits(engine: Engine, plan: Plan, view: NodeView, account: DeviceAccount) -> bool:
    try:
        attempt = engine.solver.attempt(plan, view, account, Budget())
    except AllocationError:
        return False
    return attempt is not None and attempt.picks is not None


def free_units(engine: Engine, view: NodeView, account: DeviceAccount) -> list[tuple[int, float]]:
    """The units of a node of which something is free: their devices by position, and how much is free."""
    found: list[tuple[int, float]] = []
    for offset, pool, on_node in view.offsets:
        units = engine.units_of(pool, on_node.present)
        usage = account.usage(pool)
        found += [
            (1 << at + offset, 1.0 - part_taken(pool.devices[at], usage.consumed_of(at)))
            for at in each_bit(units.devices & ~usage.used)
        ]
        if units.counters:
            behind: dict[str, int] = dict.fromkeys(units.counters, 0)
            for at in each_bit(units.partitions):
                for counter, _ in pool.devices[at].consumes:
                    behind[counter.counter_set] |= 1 << at + offset
            taken = units.of_counters(usage)
            found += [(behind[name], max(1.0 - part, 0.0)) for name, part in taken.items()]
    return [(devices, left) for devices, left in found if left > 0]


class Workload:
    """The tasks whose needs decide what is fragmented: those of some pods, by how often each kind occurs.

    Args:
        pods: The pods, each with its claims.
    """

    def __init__(self, pods: Callable[[], Iterable[tuple[Pod, Sequence[ClaimUse]]]]) -> None:
        self._pods = pods
        self._kinds: list[tuple[Pod, Sequence[ClaimUse], int]] | None = None
        self._known: tuple[Engine, Fragmentation] | None = None

    def fragmentation(self, trial: Trial) -> Fragmentation:
        """What tells how fragmented nodes are; if there are no tasks, the pod at hand is the only one."""
        if self._known is None or self._known[0] is not trial.engine:
            tasks = self._tasks(trial.world)
            self._known = (trial.engine, Fragmentation(tasks))
        known = self._known[1]
        return known if known.tasks else Fragmentation([Task(1.0, trial)])

    def _tasks(self, world: World) -> list[Task]:
        if self._kinds is None:
            self._kinds = list(_counted(self._pods()))
        top = sorted(self._kinds, key=lambda each: -each[2])[:_TASKS_MAX]
        total = sum(count for _, _, count in top)
        return [Task(count / total, Trial(world, pod, uses)) for pod, uses, count in top]


def _counted(
    pods: Iterable[tuple[Pod, Sequence[ClaimUse]]],
) -> Iterable[tuple[Pod, Sequence[ClaimUse], int]]:
    """The kinds of tasks that use claims, each with how many there are."""
    kinds: dict[Hashable, tuple[Pod, Sequence[ClaimUse], int]] = {}
    for pod, uses in pods:
        if uses:
            key = (
                Requirements.of(pod).key,
                tuple(sorted(demand(pod).items())),
                tuple(use.claim.spec.model_dump_json() for use in uses),
            )
            known = kinds.get(key, (pod, uses, 0))
            kinds[key] = (*known[:2], known[2] + 1)
    return kinds.values()
