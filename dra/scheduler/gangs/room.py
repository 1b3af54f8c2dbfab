"""How many pods of which kinds a node has room for, in every order in which they can come.

Devices are taken first fit, so the order matters, and which orders work is found out by trying them. Nodes
that are alike have the same room, and it is found out once. Nodes that see a pool in common are looked at
together, as one cell, since what is taken on one is missing on the other.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeAlias

import attrs

from dra.errors import InvalidPoolError
from dra.scheduler.gangs.effort import Effort
from dra.scheduler.gangs.party import Board, Kind, Party
from dra.scheduler.world import NodeState

__all__ = ["Cell", "Counts", "Room", "Rooms", "undominated"]

Counts: TypeAlias = "tuple[int, ...]"
"""How many pods of each kind."""

Cell: TypeAlias = "tuple[int, ...]"
"""The places of nodes that have a pool in common; most have one node."""


@attrs.frozen(eq=False)
class Room:
    """What a cell has room for.

    Attributes:
        sequences: By count of each kind, an order in which they fit: kind, and place within the cell.
        most: The counts that cannot be surpassed in one kind without loss in another.
        closed: Whether every smaller count fits as well, so that the others need not be looked at.
    """

    sequences: dict[Counts, tuple[tuple[int, int], ...]]
    most: tuple[Counts, ...]
    closed: bool

    @classmethod
    def of(cls, sequences: dict[Counts, tuple[tuple[int, int], ...]]) -> Room:
        """The room that these orders show."""
        closed = all(
            count == 0 or (*counts[:at], count - 1, *counts[at + 1 :]) in sequences
            for counts in sequences
            for at, count in enumerate(counts)
        )
        return cls(sequences, tuple(undominated(sequences)), closed)


def undominated(every: Iterable[Counts]) -> list[Counts]:
    """Those that no other one surpasses."""
    best: list[Counts] = []
    for each in sorted(every, key=sum, reverse=True):
        if not any(all(map(int.__le__, each, other)) for other in best):
            best.append(each)
    return best


class Rooms:
    """The rooms of cells on one board.

    Args:
        party: The pods.
        board: The board.
        effort: What may be spent on looking.
    """

    def __init__(self, party: Party, board: Board, effort: Effort) -> None:
        self.party = party
        self.board = board
        self.effort = effort
        self.trials = [party.trial(kind, board) for kind in party.kinds]
        self._known: dict[Hashable, Room] = {}
        self._likenesses: dict[int, Hashable] = {}

    def of(self, cell: Cell, allowed: Sequence[tuple[Kind, ...]], available: Counts) -> Room:
        """What a cell has room for.

        Args:
            cell: The nodes.
            allowed: For each node the kinds of pods that may go there.
            available: How many pods of each kind there are.
        """
        where = self.likeness(cell[0]) if len(cell) == 1 else cell
        key = (tuple(tuple(kind.index for kind in kinds) for kinds in allowed), available, where)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._found(cell, allowed, available)
        return known

    def likeness(self, place: int) -> Hashable:
        """Equal for nodes that are alike for all kinds."""
        known = self._likenesses.get(place)
        if known is None:
            known = self._likenesses[place] = self._likeness(self.board.world.states[place])
        return known

    def _likeness(self, state: NodeState) -> Hashable:
        parts: list[Hashable] = []
        reached = False
        for trial in self.trials:
            if trial.refusal(state) is not None:
                parts.append(None)
                continue
            if trial.solver.features.node_allocatable_resources and trial.uses:
                return state
            wish = trial.wish(trial.offered(state))
            view = state.site.view(trial.engine)
            try:
                like = trial.likeness(state, wish, view) if wish.plan.claims else -1
            except InvalidPoolError:
                return state
            parts.append((trial.offered(state), like, trial.operations and state))
            reached = True
        if not reached:
            return None
        have = state.site.allocatable
        return (
            tuple(parts),
            self.board.world.account.signature(state.site.view(self.board.world.engine)),
            None if have is None else tuple(sorted(have.items())),
            tuple(sorted(state.requested.items())),
        )

    def _found(self, cell: Cell, allowed: Sequence[tuple[Kind, ...]], available: Counts) -> Room:
        """All counts that fit in some order."""
        nothing = (0,) * len(self.party.kinds)
        start = attrs.evolve(self.board, counts=nothing, seats=())
        sequences: dict[Counts, tuple[tuple[int, int], ...]] = {nothing: ()}
        seen: set[Hashable] = {(nothing, self._state(start, cell))}
        waiting: list[tuple[Board, tuple[tuple[int, int], ...]]] = [(start, ())]
        while waiting:
            board, sequence = waiting.pop()
            for number, place in enumerate(cell):
                for kind in allowed[number]:
                    if board.counts[kind.index] >= available[kind.index]:
                        continue
                    self.effort.spend()
                    after = self.party.seated(board, kind, place)
                    if after is None:
                        continue
                    state = (after.counts, self._state(after, cell))
                    if state not in seen:
                        seen.add(state)
                        longer = (*sequence, (kind.index, number))
                        sequences.setdefault(after.counts, longer)
                        waiting.append((after, longer))
        return Room.of(sequences)

    def _state(self, board: Board, cell: Cell) -> Hashable:
        """Equal for boards on which the same can follow in a cell."""
        world = board.world
        return tuple(
            (
                world.account.signature(world.states[place].site.view(world.engine)),
                tuple(sorted(world.states[place].requested.items())),
            )
            for place in cell
        )
