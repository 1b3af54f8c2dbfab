"""What follows from the objects of a cluster: the state of each node, what is held, what is known of both.

A `World` is a value like the objects it is made from: a change of pods and claims makes a new one in time
proportional to the change. What was found out on the way, verdicts about nodes above all, is kept with the
parts that it is about, so that it is there for every copy that shares them.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import attrs

from dra.allocator.inventory import NodeView
from dra.allocator.pools import Pool, each_bit
from dra.allocator.solver import Solver
from dra.allocator.state import Holding, holdings
from dra.allocator.taints import apply_taint_rules
from dra.arguments import instance, texts
from dra.errors import LoadError
from dra.features import Features
from dra.models.core import Node, Pod
from dra.models.resource import ResourceClaim, ResourceClaimTemplate, ResourceSlice
from dra.scheduler.account import DeviceAccount, PoolKey
from dra.scheduler.allocations import allocation_of
from dra.scheduler.demand import allocatable, demand
from dra.scheduler.filters import Reason
from dra.scheduler.likeness import Shapes
from dra.scheduler.memo import Memo, Numbers
from dra.scheduler.objects import Key, Objects, key_of
from dra.scheduler.outcomes import Effect, Outcome
from dra.scheduler.persistent import PersistentList
from dra.scheduler.units import Units
from dra.suggestions import did_you_mean
from dra.validation.defaults import filled_in
from dra.validation.scope import Scope

if TYPE_CHECKING:
    from dra.scheduler.attempts import Verdict
    from dra.scheduler.fragmentation import Fragmentation
    from dra.scheduler.hardware import UnitUse

__all__ = ["Engine", "NodeState", "Site", "World"]

# For how many kinds of pods a node remembers what it says, and how many outcomes are remembered.
_KINDS_KEPT: Final = 256
_OUTCOMES_KEPT: Final = 200_000
_NAMES_SHOWN: Final = 10


class Engine:
    """What all worlds with the same slices and classes share.

    Attributes:
        solver: Finds devices.
        scope: What the API server of the cluster knows.
        slices: The slices it was made from, with taint rules applied, by name.
        shapes: The shapes of nodes.
        numbers: What stands for requirements, kinds of pods and likenesses where they are looked up.
        filled: Templates with the API server's defaults, by identity.
        outcomes: What an attempt gave, for all nodes that are alike.
        effects: What outcomes do to the devices of such nodes.
        useless: How much is free on nodes that are alike, and useless to some claims.
        units: The hardware behind the devices of pools.
        lock: Held while any of this is used: finding out changes what is known. Engines made from one another
            have parts in common, and so the lock.
    """

    def __init__(
        self, solver: Solver, slices: Mapping[str, ResourceSlice], lock: threading.RLock | None = None
    ) -> None:
        self.solver = solver
        self.scope = Scope.of(solver.kubernetes, solver.features)
        self.slices = slices
        self.shapes = Shapes()
        self.numbers = Numbers(_OUTCOMES_KEPT)
        self.filled: Memo[int, tuple[ResourceClaimTemplate, ResourceClaimTemplate]] = Memo(_KINDS_KEPT)
        self.outcomes: Memo[Hashable, Outcome] = Memo(_OUTCOMES_KEPT)
        self.effects: Memo[Outcome, Effect] = Memo(_OUTCOMES_KEPT)
        self.useless: Memo[Hashable, float] = Memo(_OUTCOMES_KEPT)
        self.units: dict[tuple[Pool, int], Units] = {}
        self.lock = lock or threading.RLock()

    @classmethod
    def of(cls, objects: Objects, features: Features, kubernetes: str, like: Engine | None) -> Engine:
        """The engine for some objects, made from one for others where that spares work."""
        slices = _tainted_slices(objects, features)
        classes = [each for _, each in sorted(objects.classes.items())]
        if like is None:
            return cls(Solver(slices.values(), classes, features, kubernetes), slices)
        with like.lock:
            changed = [each for name, each in slices.items() if like.slices.get(name) is not each]
            removed = [name for name in like.slices if name not in slices]
            return cls(like.solver.fork(changed, removed, classes), slices, like.lock)

    def template(self, template: ResourceClaimTemplate) -> ResourceClaimTemplate:
        """A template with the API server's defaults."""
        known = self.filled.get(id(template))
        if known is None:
            stored = filled_in(template, self.solver.features)
            # The template is kept with the answer, so that its identity cannot be taken by another.
            known = self.filled.keep(id(template), (template, stored))
        return known[1]

    def units_of(self, pool: Pool, present: int) -> Units:
        """The hardware behind some devices of a pool."""
        known = self.units.get((pool, present))
        if known is None:
            known = self.units[pool, present] = Units.of(pool, present)
        return known


def _tainted_slices(objects: Objects, features: Features) -> dict[str, ResourceSlice]:
    """The slices in order of their names, with the taints of rules."""
    slices = [each for _, each in sorted(objects.slices.items())]
    if features.device_taint_rules and objects.taint_rules:
        rules = [each for _, each in sorted(objects.taint_rules.items())]
        slices = apply_taint_rules(slices, rules, objects.classes.values())
    return {each.metadata.name or "": each for each in slices}


class Site:
    """A node and what follows from it alone.

    Attributes:
        index: Its place in the order of nodes.
        node: The node.
        name: Its name.
        allocatable: What it has for pods, None if it does not say.
        likenesses: By kind of claims, what it is like to them.
        refusals: By the pods' requirements, what it says to them.
    """

    __slots__ = ("_view", "allocatable", "index", "likenesses", "name", "node", "refusals", "sees_shared")

    def __init__(self, index: int, node: Node) -> None:
        self.index = index
        self.node = node
        self.name = node.metadata.name or ""
        self.allocatable = allocatable(node)
        self.likenesses: Memo[int, int] = Memo(_KINDS_KEPT)
        self.refusals: Memo[int, Reason | None] = Memo(_KINDS_KEPT)
        self.sees_shared = False
        self._view: NodeView | None = None

    def view(self, engine: Engine) -> NodeView:
        """The pools that the node sees.

        Raises:
            AllocationError: A node selector in a slice is malformed.
        """
        if self._view is None:
            self._view = engine.solver.view(self.node)
            inventory = engine.solver.inventory
            self.sees_shared = any(
                inventory.nodes_of(each.driver, each.name) is None for each in self._view.pools
            )
        return self._view


class NodeState:
    """A node with what runs there; another one as soon as that changes.

    Attributes:
        site: The node.
        requested: What pods take of it, in nano units.
        verdicts: By kind of pod, what is known.
        hardware: Its units, as they were last counted and for which workload; None if they never were, or
            if it sees pools that others see, too.
    """

    __slots__ = ("hardware", "requested", "site", "verdicts")

    def __init__(self, site: Site, requested: Mapping[str, int]) -> None:
        self.site = site
        self.requested = requested
        self.verdicts: Memo[int, Verdict] = Memo(_KINDS_KEPT)
        self.hardware: tuple[Fragmentation, tuple[UnitUse, ...]] | None = None


@attrs.frozen(eq=False)
class World:
    """What follows from the objects of a cluster.

    Attributes:
        engine: What is known about slices and classes.
        states: The nodes in order.
        places: The place of each node in that order, by name.
        account: What claims hold.
        shared: Another object whenever something changes about pools that several nodes see.
        prefers: Whether a node has a taint with the effect PreferNoSchedule.
    """

    engine: Engine
    states: PersistentList[NodeState]
    places: Mapping[str, int]
    account: DeviceAccount
    shared: object
    prefers: bool

    @classmethod
    def of(cls, objects: Objects, order: Sequence[str], engine: Engine) -> World:
        """The world of some objects."""
        requested: dict[str, dict[str, int]] = {name: {} for name in order}
        for pod in objects.pods.values():
            on = requested.get(pod.spec.node_name or "")
            if on is not None:
                _add(on, demand(pod), 1)
        nodes = [objects.nodes["", name] for name in order]
        states = [NodeState(Site(at, node), requested[order[at]]) for at, node in enumerate(nodes)]
        features = engine.solver.features
        account, _ = DeviceAccount(features).changed(_held(objects.claims.items(), features))
        prefers = any(
            taint.effect == "PreferNoSchedule" for node in nodes for taint in node.spec.taints or ()
        )
        places = {name: at for at, name in enumerate(order)}
        return cls(engine, PersistentList(states), places, account, object(), prefers)

    def following(
        self,
        pods: Iterable[tuple[Pod | None, Pod | None]],
        claims: Iterable[tuple[Key, ResourceClaim | None, ResourceClaim | None]],
    ) -> World:
        """The world after changes of pods and claims, each given as what was and what is."""
        touched: dict[int, dict[str, int]] = {}
        for pods_then_and_now in pods:
            for pod, sign in zip(pods_then_and_now, (-1, 1), strict=True):
                at = self.places.get(pod.spec.node_name or "") if pod is not None else None
                if pod is not None and at is not None:
                    if at not in touched:
                        touched[at] = dict(self.states[at].requested)
                    _add(touched[at], demand(pod), sign)
        claims = list(claims)
        features = self.account.features
        account, pools = self.account.changed(
            taken=_held(((key, now) for key, _, now in claims if now is not None), features),
            given_back=_held(((key, then) for key, then, _ in claims if then is not None), features),
        )
        return self._touched(touched, account, pools)

    def taking(
        self, place: int, amounts: Mapping[str, int], taken: Iterable[tuple[Key, Iterable[Holding]]]
    ) -> World:
        """The world after a pod has come to a node, its claims having taken devices.

        Args:
            place: The node's place.
            amounts: What the pod takes of the node, in nano units.
            taken: What its claims hold.
        """
        requested = dict(self.states[place].requested)
        _add(requested, amounts, 1)
        account, pools = self.account.changed(taken)
        return self._touched({place: requested}, account, pools)

    def _touched(
        self, touched: dict[int, dict[str, int]], account: DeviceAccount, pools: Iterable[PoolKey]
    ) -> World:
        """The world with another account, and other amounts requested of some nodes."""
        shared = self.shared
        for driver, name in pools:
            nodes = self.engine.solver.inventory.nodes_of(driver, name)
            if nodes is None:
                shared = object()
            for node in nodes or ():
                if node in self.places:
                    at = self.places[node]
                    touched.setdefault(at, dict(self.states[at].requested))
        states = self.states.updated(
            {at: NodeState(self.states[at].site, requested) for at, requested in touched.items()}
        )
        return attrs.evolve(self, states=states, account=account, shared=shared)

    def state_of(self, node: str) -> NodeState:
        """The state of a node.

        Raises:
            LoadError: There is no such node.
        """
        at = self.places.get(instance(node, str, "node", "a name"))
        if at is None:
            names = ", ".join(list(self.places)[:_NAMES_SHOWN])
            remedy = did_you_mean(node, self.places, f"nodes: {names or 'none'}")
            raise LoadError(f"no node {node!r}", value=node, remedy=remedy)
        return self.states[at]

    def states_of(self, nodes: Iterable[str]) -> list[NodeState]:
        """The states of nodes, each once, in the order in which they are named.

        Raises:
            LoadError: There is no such node, or what is given is no names.
        """
        names = dict.fromkeys(texts(nodes, "nodes", "names of nodes"))
        try:
            return [self.state_of(name) for name in names]
        except LoadError as error:
            raise error.located(path_prefix="nodes") from None

    def overdrawn(self, node: str, claims: Iterable[ResourceClaim]) -> str:
        """What would be taken twice or beyond its capacity if these claims held their devices, too.

        Args:
            node: The node from which the devices are used.
            claims: The claims, allocated.

        Returns:
            A device or pool, empty if all is well.
        """
        taken = list(_held(((key_of(each), each) for each in claims), self.account.features))
        after, pools = self.account.changed(taken)
        wanted = Counter(each.device for _, holdings_ in taken for each in holdings_ if each.share_id is None)
        for _, pool, _ in self.state_of(node).site.view(self.engine).offsets:
            if (pool.driver, pool.name) in pools:
                before, usage = self.account.usage(pool), after.usage(pool)
                for at in each_bit(usage.in_use):
                    device = pool.devices[at]
                    if wanted[device.id] > 1 or (wanted[device.id] and before.used >> at & 1):
                        return str(device.id)
                    for name, nanos in usage.consumed_of(at).items():
                        if name in device.capacity and nanos > device.capacity[name].value.nanos:
                            return str(device.id)
                if usage.overcommitted and not before.overcommitted:
                    return f"{pool.driver}/{pool.name}"
        return ""


def _held(
    claims: Iterable[tuple[Key, ResourceClaim]], features: Features
) -> Iterable[tuple[Key, tuple[Holding, ...]]]:
    for key, claim in claims:
        allocation = allocation_of(claim)
        if allocation is not None:
            yield key, tuple(holdings(allocation, features))


def _add(total: dict[str, int], amounts: Mapping[str, int], sign: int) -> None:
    """Add amounts to a sum, which keeps no zeros, so that taking away leaves no trace."""
    for name, nanos in amounts.items():
        left = total.get(name, 0) + sign * nanos
        if left:
            total[name] = left
        else:
            total.pop(name, None)
