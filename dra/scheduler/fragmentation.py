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

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from dra.allocator.inventory import NodeView
from dra.allocator.plan import Plan
from dra.allocator.pools import each_bit
from dra.allocator.search import Budget
from dra.errors import AllocationError
from dra.features import Features
from dra.models.core import Pod
from dra.scheduler.account import DeviceAccount
from dra.scheduler.attempts import Trial
from dra.scheduler.claims import ClaimUse, NotReady, PodClaims
from dra.scheduler.demand import demand
from dra.scheduler.filters import Requirements
from dra.scheduler.fullness import account_after, effect_of, requested_after
from dra.scheduler.objects import Objects
from dra.scheduler.outcomes import Outcome
from dra.scheduler.shortages import usable
from dra.scheduler.units import part_taken
from dra.scheduler.world import Engine, NodeState, World

__all__ = ["Fragmentation", "Task", "Workload", "free_units", "tasks_of"]

# The most frequent kinds of tasks that together make up nearly all; as many are looked at.
_TASKS_MAX: Final = 32
# How long to look for devices for one task on one node; if there are none by then, it does not fit.
_SECONDS: Final = 1.0


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

    def before_and_after(self, trial: Trial, state: NodeState, outcome: Outcome) -> tuple[float, float]:
        """F(n) without and with a pod: how many free units a task cannot use, on average.

        Raises:
            AllocationError: A selector or a capacity policy is broken.
        """
        world = trial.world
        view = state.site.view(trial.engine)
        after = effect_of(trial, state, outcome).signature
        requested = requested_after(trial, state)
        before = world.account.signature(view)
        return (
            self._of(state, view, before, state.requested, lambda: world.account),
            self._of(state, view, after, requested, lambda: account_after(world, state, outcome)),
        )

    def _of(
        self,
        state: NodeState,
        view: NodeView,
        signature: tuple[Hashable, ...],
        requested: Mapping[str, int],
        account: Callable[[], DeviceAccount],
    ) -> float:
        """F(n).

        Args:
            state: The node.
            view: Its devices.
            signature: What is taken of them.
            requested: What is taken of the resources.
            account: Gives the account that the signature is of, where it is needed.
        """
        return sum(
            task.weight * self._for_task(task.trial, state, view, signature, requested, account)
            for task in self.tasks
        )

    def _for_task(
        self,
        trial: Trial,
        state: NodeState,
        view: NodeView,
        signature: tuple[Hashable, ...],
        requested: Mapping[str, int],
        account: Callable[[], DeviceAccount],
    ) -> float:
        """F(n, m)."""
        engine = trial.engine
        admitted = trial.refusal(state) is None and trial.shortage(state, requested) is None
        if admitted:
            wish = trial.wish(trial.offered(state))
            key: Hashable = (wish.key, trial.likeness(state, wish, view), signature)
        else:
            key = (None, engine.shapes.of(view), signature)
        known = engine.useless.get(key)
        if known is None:
            plan = trial.wish(trial.offered(state)).plan
            known = engine.useless.keep(key, self._useless(engine, plan, view, account(), admitted=admitted))
        return known

    def admits(self, task: Task, state: NodeState, world: World) -> bool:
        """Whether a node can run a task as things are."""
        trial = task.trial
        if trial.refusal(state) is not None or trial.shortage(state, state.requested) is not None:
            return False
        view = state.site.view(world.engine)
        wish = trial.wish(trial.offered(state))
        key = ("fits", wish.key, trial.likeness(state, wish, view), world.account.signature(view))
        known = world.engine.useless.get(key)
        if known is None:
            fits = _fits(world.engine, wish.plan, view, world.account)
            known = world.engine.useless.keep(key, float(fits))
        return bool(known)

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
        attempt = engine.solver.attempt(plan, view, account, Budget(seconds=_SECONDS))
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
            behind = dict(units.each())
            taken = units.of_counters(usage)
            found += [(behind[name] << offset, max(1.0 - part, 0.0)) for name, part in taken.items()]
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

    @property
    def kinds(self) -> list[tuple[Pod, Sequence[ClaimUse], int]]:
        """The kinds of tasks, each with how many there are."""
        if self._kinds is None:
            self._kinds = list(_counted(self._pods()))
        return self._kinds

    @classmethod
    def of_kinds(cls, kinds: list[tuple[Pod, Sequence[ClaimUse], int]]) -> Workload:
        """The workload with these kinds of tasks."""
        workload = cls(tuple)
        workload._kinds = kinds
        return workload

    def fragmentation(self, trial: Trial) -> Fragmentation:
        """As `of`; if there are no tasks, the pod at hand is the only one."""
        known = self.of(trial.world)
        return known if known.tasks else Fragmentation([Task(1.0, trial)])

    def of(self, world: World) -> Fragmentation:
        """What tells how fragmented nodes are."""
        if self._known is None or self._known[0] is not world.engine:
            self._known = (world.engine, Fragmentation(self._tasks(world)))
        return self._known[1]

    def _tasks(self, world: World) -> list[Task]:
        top = sorted(self.kinds, key=lambda each: -each[2])[:_TASKS_MAX]
        trials = [(Trial(world, pod, uses), count) for pod, uses, count in top]
        wanting = [(trial, count) for trial, count in trials if trial.open or trial.served]
        total = sum(count for _, count in wanting)
        return [Task(count / total, trial) for trial, count in wanting]


def _counted(
    pods: Iterable[tuple[Pod, Sequence[ClaimUse]]],
) -> Iterable[tuple[Pod, Sequence[ClaimUse], int]]:
    """The kinds of tasks that use claims, each with how many there are."""
    kinds: dict[Hashable, tuple[Pod, Sequence[ClaimUse], int]] = {}
    for pod, uses in pods:
        wanted = demand(pod)
        if uses or any("/" in name for name in wanted):
            key = (
                Requirements.of(pod).key,
                tuple(sorted(wanted.items())),
                tuple(use.claim.spec.model_dump_json() for use in uses),
            )
            known = kinds.get(key, (pod, uses, 0))
            kinds[key] = (*known[:2], known[2] + 1)
    return kinds.values()


def tasks_of(
    objects: Objects, features: Features, pods: Iterable[Pod] | None = None
) -> Iterator[tuple[Pod, Sequence[ClaimUse]]]:
    """Pods as if they were still to be placed, with their claims as if they were still to be allocated."""
    finder = PodClaims(objects, features)
    for pod in pods if pods is not None else objects.pods.values():
        try:
            uses = finder.of(pod)
        except NotReady:
            continue
        waiting = {"spec": pod.spec.model_copy(update={"node_name": None}), "status": None}
        yield (
            pod.model_copy(update=waiting),
            [attrs.evolve(use, claim=use.claim.model_copy(update={"status": None})) for use in uses],
        )
