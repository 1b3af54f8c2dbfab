"""The pods of a gang by kind, and the board on which they are seated one after another.

Equal pods of a group are of one kind: which of them goes where makes no difference. The board is a value
like the cluster; seating a pod gives another one, so going back costs nothing. It holds the world as it is
with the pods, and what claims that pods have in common have been allocated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from dra.allocator import node_allocatable_demand
from dra.allocator.state import Holding, holdings
from dra.models.core import Pod
from dra.models.resource import (
    AllocationResult,
    ResourceClaim,
    ResourceClaimConsumerReference,
    ResourceClaimStatus,
)
from dra.scheduler.allocations import consumers_of
from dra.scheduler.attempts import Trial
from dra.scheduler.claims import RESERVED_FOR_MAX, ClaimUse, consumer_of
from dra.scheduler.gangs.groups import Leaf
from dra.scheduler.node_resources import allocated, node_resources
from dra.scheduler.objects import Key, key_of
from dra.scheduler.schedule import Chosen
from dra.scheduler.world import NodeState, World

__all__ = ["Board", "Kind", "Member", "Party", "Seat"]

_MINE: Final = ""


@attrs.frozen(eq=False)
class Member:
    """A pod of a gang that can be tried.

    Attributes:
        pod: The pod.
        known: The pod as it is in the cluster.
        leaf: Its group.
        trial: The pod, tried on the cluster as it is.
    """

    pod: Pod
    known: Pod | None
    leaf: Leaf
    trial: Trial


@attrs.frozen(eq=False)
class Kind:
    """Pods of a group that are equal in all that matters.

    Attributes:
        index: Its place among the kinds.
        leaf: The group.
        trial: One of them.
        members: The pods.
        shared: The claims without devices that these pods use and others, too.
    """

    index: int
    leaf: Leaf
    trial: Trial
    members: tuple[Member, ...]
    shared: tuple[Key, ...]


@attrs.frozen(eq=False)
class Seat:
    """A pod on a node.

    Attributes:
        kind: What kind of pod.
        place: The place of the node.
        chosen: How the node was chosen, if a policy did.
    """

    kind: Kind
    place: int
    chosen: Chosen | None = None


@attrs.frozen(eq=False)
class Board:
    """The cluster while pods are being seated.

    Attributes:
        world: The nodes as they are with the pods.
        counts: How many pods of each kind are seated.
        seats: Who sits where, in the order in which they came.
        allocated: Claims that pods have in common, with the devices they got.
    """

    world: World
    counts: tuple[int, ...]
    seats: tuple[Seat, ...] = ()
    allocated: Mapping[Key, ResourceClaim] = attrs.field(factory=dict)

    def names(self, places: Iterable[int]) -> frozenset[str]:
        """The names of nodes."""
        return frozenset(self.world.states[place].site.name for place in places)

    def places_of(self, leaves: Iterable[Leaf]) -> set[int]:
        """Where pods of some groups are seated."""
        wanted = set(map(id, leaves))
        return {each.place for each in self.seats if id(each.kind.leaf) in wanted}


class Party:
    """All pods of a gang that can be tried, by kind.

    Args:
        members: The pods, in the order in which they are tried.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = tuple(members)
        users = Counter(
            key for each in members for key in {key_of(use.claim) for use in _open(each.trial.uses)}
        )
        common = {key for key, count in users.items() if count > 1}
        kinds: dict[object, list[Member]] = {}
        shared: dict[object, tuple[Key, ...]] = {}
        kind_of: dict[int, object] = {}
        self.crowded: dict[int, str] = {}
        consumers: Counter[Key] = Counter()
        for each in members:
            mine = tuple(key_of(use.claim) for use in _open(each.trial.uses))
            over = self._over_limit(each, consumers)
            if over:
                self.crowded[id(each)] = over
                continue
            key = (id(each.leaf), each.trial.kind, tuple(one if one in common else None for one in mine))
            kinds.setdefault(key, []).append(each)
            shared[key] = tuple(one for one in mine if one in common)
            kind_of[id(each)] = key
        numbers = {key: number for number, key in enumerate(kinds)}
        self.kinds = tuple(
            Kind(numbers[key], every[0].leaf, every[0].trial, tuple(every), shared[key])
            for key, every in kinds.items()
        )
        self._kinds_of: dict[int, list[Kind]] = {}
        for kind in self.kinds:
            self._kinds_of.setdefault(id(kind.leaf), []).append(kind)
        self._kind_of = {member: self.kinds[numbers[key]] for member, key in kind_of.items()}
        self._trials: dict[tuple[int, tuple[int, ...]], tuple[Trial, object]] = {}

    def _over_limit(self, member: Member, consumers: Counter[Key]) -> str:
        """Which claim would have too many consumers, if one would; each pod is one unless its group is."""
        for use in member.trial.uses:
            if use.group is None:
                key = key_of(use.claim)
                if len(consumers_of(use.claim)) + consumers[key] >= RESERVED_FOR_MAX:
                    return (
                        f"claim {use.label} has {RESERVED_FOR_MAX} consumers, and no more can be added;"
                        " a claim of the pod group counts as one"
                    )
        consumers.update({key_of(use.claim) for use in member.trial.uses if use.group is None})
        return ""

    def kind_of(self, member: Member) -> Kind | None:
        """The kind of a pod; None if too many use a claim of its."""
        return self._kind_of.get(id(member))

    def kinds_of(self, leaf: Leaf) -> Sequence[Kind]:
        """The kinds of pods of a group."""
        return self._kinds_of.get(id(leaf), ())

    def start(self, world: World) -> Board:
        """The board before anyone is seated."""
        return Board(world, (0,) * len(self.kinds))

    def trial(self, kind: Kind, board: Board, nodes: frozenset[str] | None = None) -> Trial:
        """A pod of a kind, tried on a board.

        Args:
            kind: The kind.
            board: The board.
            nodes: The names of the only nodes that may be looked at; all if left out.
        """
        known = [board.allocated[key] for key in kind.shared if key in board.allocated]
        if not known:
            return kind.trial.on(board.world, nodes)
        at = (kind.index, tuple(map(id, known)))
        if at not in self._trials:
            uses = [
                attrs.evolve(use, claim=board.allocated.get(key_of(use.claim), use.claim))
                for use in kind.trial.uses
            ]
            # The claims are kept with the trial, so that their identities cannot be taken by others.
            self._trials[at] = (Trial(board.world, kind.trial.pod, uses), known)
        return self._trials[at][0].on(board.world, nodes)

    def waits_for_claims(self, kind: Kind, board: Board) -> bool:
        """Whether the first pod of a kind decides about devices of others."""
        return any(key not in board.allocated for key in kind.shared)

    def seated(self, board: Board, kind: Kind, place: int, chosen: Chosen | None = None) -> Board | None:
        """The board with a pod of a kind on a node; None if it does not fit there.

        Raises:
            AllocationError: Something about the pod's claims or the devices is broken.
        """
        trial = self.trial(kind, board)
        state = board.world.states[place]
        verdict = trial.verdict(state)
        if not verdict.fits:
            return None
        allocated = board.allocated
        mine: Key = (_MINE, str(len(board.seats)))
        taken: list[tuple[Key, Sequence[Holding]]] = []
        if self.waits_for_claims(kind, board):
            _, results = trial.results(state)
            features = trial.solver.features
            uses: list[ClaimUse | None] = [*_open(trial.uses), None]
            for use, result in zip(uses, results, strict=False):
                key = key_of(use.claim) if use is not None and key_of(use.claim) in kind.shared else mine
                taken.append((key, list(holdings(result, features))))
                if use is not None and key is not mine:
                    allocated = {**allocated, key: _with(use, result)}
        elif verdict.outcome is not None and verdict.outcome.takes:
            taken.append((mine, verdict.outcome.holdings(state.site.view(trial.engine))))
        counts = list(board.counts)
        counts[kind.index] += 1
        return Board(
            board.world.taking(place, _amounts(trial, state), taken),
            tuple(counts),
            (*board.seats, Seat(kind, place, chosen)),
            allocated,
        )


def _open(uses: Iterable[ClaimUse]) -> Iterable[ClaimUse]:
    return (use for use in uses if not use.allocated)


def _with(use: ClaimUse, result: AllocationResult) -> ResourceClaim:
    """A claim with its devices, as it looks to the pods that come after the one that it was allocated for."""
    user = ResourceClaimConsumerReference(resource="pods", name="")
    if use.group is not None:
        user = consumer_of(Pod(), use.group)
    status = (use.claim.status or ResourceClaimStatus()).model_copy(
        update={"allocation": result, "reserved_for": [*consumers_of(use.claim), user]}
    )
    return use.claim.model_copy(update={"status": status})


def _amounts(trial: Trial, state: NodeState) -> Mapping[str, int]:
    """What the pod takes of a node besides devices, and what its devices cost (KEP-5517)."""
    costs = trial.solver.features.node_allocatable_resources and bool(trial.uses)
    if not trial.served and not costs:
        return trial.demand
    wish, results = trial.results(state)
    by_devices = {each.resource_name for each in wish.extended.mappings} if wish.extended else set()
    total = {name: nanos for name, nanos in trial.demand.items() if name not in by_devices}
    for _, status in node_resources(trial, state, allocated(trial.uses, results)):
        for name, amount in node_allocatable_demand(status).items():
            total[name] = total.get(name, 0) + amount.nanos
    return total
