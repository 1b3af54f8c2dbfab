"""The way that kube-scheduler goes: one order of pods, each on the first node that will do, never back.

As in Kubernetes 1.36 and 1.37 (`pkg/scheduler/schedule_one_podgroup.go`; KEP-4671, KEP-5732, KEP-6012): the
pods of a group by priority and age; a pod that fits nowhere is passed over; a group succeeds once it has as
many pods as it needs, and goes on with the others. With a topology every domain is tried, and one in which
the most pods fit is taken. The groups of a composite group are tried in order, each in one of the domains of
its parent. Among equal domains kube-scheduler lets scores and chance decide; here it is the first by name.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from dra.scheduler.fragmentation import Workload as TargetWorkload
from dra.scheduler.gangs.groups import Group, Leaf
from dra.scheduler.gangs.options import Option, Options, is_placed
from dra.scheduler.gangs.party import Board, Party
from dra.scheduler.policies import Policy
from dra.scheduler.schedule import choose

__all__ = ["InOrder", "Tried"]


@attrs.frozen(eq=False)
class Tried:
    """What came of trying a group.

    Attributes:
        board: The board with the pods that fit.
        is_placed: Whether these are enough.
        domains: By group's name, the domain.
    """

    board: Board
    is_placed: bool
    domains: dict[str, str]

    @property
    def seats(self) -> int:
        """How many pods sit."""
        return len(self.board.seats)


class InOrder:
    """Seats pods in kube-scheduler's order.

    Args:
        party: The pods.
        options: The domains.
        policy: Chooses among nodes.
        workload: Whose tasks count where the policy asks how fragmented nodes are.
        has_room: Whether it is worth trying a group of pods on some nodes.
    """

    def __init__(
        self,
        party: Party,
        options: Options,
        policy: Policy,
        workload: TargetWorkload,
        has_room: Callable[[Leaf, tuple[int, ...], Board], bool] = lambda *_: True,
    ) -> None:
        self.party = party
        self.options = options
        self.policy = policy
        self.workload = workload
        self.has_room = has_room

    def tried(
        self,
        group: Group,
        board: Board,
        within: tuple[int, ...] | None = None,
        only: dict[str, str] | None = None,
    ) -> Tried:
        """What comes of trying a group.

        Args:
            group: The group.
            board: Who sits already.
            within: The nodes its parent may go to; None for all.
            only: By group's name, the domain it has been given.
        """
        best: Tried | None = None
        everyone = len(board.seats) + sum(
            len(kind.members) - board.counts[kind.index]
            for kind in self.party.kinds
            if kind.leaf in group.leaves
        )
        for option in self.options.of(group, within, board):
            if only is not None and only.get(group.name, option[0]) != option[0]:
                continue
            result = self._in_domain(group, board, option, within, only)
            if best is None or (result.is_placed, result.seats) > (best.is_placed, best.seats):
                best = result
            if best.is_placed and best.seats == everyone:
                break
        return best or Tried(board, False, {})

    def _in_domain(
        self,
        group: Group,
        board: Board,
        option: Option,
        within: tuple[int, ...] | None,
        only: dict[str, str] | None,
    ) -> Tried:
        value, places = option
        domains = {} if value is None else {group.name: value}
        if isinstance(group, Leaf):
            if self.has_room(group, places, board):
                board = self.seated(group, board, None if value is None and within is None else places)
            return Tried(board, is_placed(group, board), domains)
        inside = within if value is None else places
        for child in group.children:
            result = self.tried(child, board, inside, only)
            if result.is_placed:
                board, domains = result.board, {**domains, **result.domains}
        return Tried(board, is_placed(group, board), domains)

    def seated(self, leaf: Leaf, board: Board, places: tuple[int, ...] | None) -> Board:
        """The board with the pods of a group, one after another; those that fit nowhere are passed over.

        Args:
            leaf: The group.
            board: Who sits already.
            places: The nodes that they may go to; None for all.
        """
        waiting = [0] * len(self.party.kinds)
        failed: dict[int, Board] = {}
        nodes = None if places is None else board.names(places)
        for member in self.party.members:
            kind = self.party.kind_of(member)
            if member.leaf is not leaf or kind is None:
                continue
            waiting[kind.index] += 1
            if waiting[kind.index] <= board.counts[kind.index]:
                continue
            # Nothing has changed since an equal pod fitted nowhere.
            if failed.get(kind.index) is board:
                waiting[kind.index] -= 1
                continue
            chosen = choose(self.party.trial(kind, board, nodes), self.policy, self.workload)
            after = self.party.seated(board, kind, chosen.state.site.index, chosen) if chosen else None
            if after is None:
                failed[kind.index] = board
                waiting[kind.index] -= 1
            else:
                board = after
        return board
