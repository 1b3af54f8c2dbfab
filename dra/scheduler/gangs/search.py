"""Looking for places for a gang in every order of pods, domains and nodes that makes a difference.

kube-scheduler tries one order only (`dra.scheduler.gangs.order`). Here, in this order:

1. Claims that pods have in common come first: whichever pod is seated first decides which devices they get,
   so every kind of pod is tried on every node that is not like another.
2. Groups get domains, and composite groups as many groups as they need.
3. The nodes of these domains are filled (`dra.scheduler.gangs.fill`).

All of it is bounded; when the bound is hit, a refusal is not proven, and says so.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property

from dra.scheduler.gangs.effort import Effort
from dra.scheduler.gangs.fill import Filling, fill
from dra.scheduler.gangs.groups import Group, Leaf
from dra.scheduler.gangs.options import Layout, Options
from dra.scheduler.gangs.party import Board, Kind, Party
from dra.scheduler.gangs.room import Cell, Counts, Rooms

__all__ = ["Search"]


class Search:
    """Looks for places for the pods that a gang needs.

    Args:
        party: The pods.
        options: The domains.
        effort: What may be spent.
    """

    def __init__(self, party: Party, options: Options, effort: Effort) -> None:
        self.party = party
        self.options = options
        self.effort = effort
        self._seen: set[Hashable] = set()
        self._known_rooms: Rooms | None = None

    def found(self, root: Group, board: Board) -> tuple[Board, dict[str, str]] | None:
        """The board with as many pods as a group needs, and the domains of groups; None if there is no way.

        Raises:
            Exhausted: The effort is spent.
            AllocationError: Something about claims or devices is broken.
        """
        waiting = [kind for kind in self.party.kinds if self._is_waiting(kind, board)]
        known = self._independent(root, board, {kind.index for kind in waiting})
        if known is not None or not waiting:
            return known
        rooms = self._rooms(board)
        others = [kind for kind in self.party.kinds if kind not in waiting and self._left(kind, board)]
        for kind in [*waiting, *others]:
            for place in self._places(root, kind.leaf, board, rooms):
                self.effort.spend()
                after = self.party.seated(board, kind, place)
                if after is not None and self._is_new(after):
                    known = self.found(root, after)
                    if known is not None:
                        return known
        return None

    def room(self, leaf: Leaf, places: tuple[int, ...], board: Board, needed: int) -> int:
        """How many pods of a group fit on some nodes; no more than are needed are looked for.

        Claims that pods have in common have to have their devices.

        Raises:
            Exhausted: The effort is spent.
        """
        filling = self._filled(Layout(((leaf, places),)), board, self._rooms(board), needed=needed)
        return filling.most

    def _rooms(self, board: Board) -> Rooms:
        """The rooms on a board; those of the last one are kept."""
        if self._known_rooms is None or self._known_rooms.board is not board:
            self._known_rooms = Rooms(self.party, board, self.effort)
        self._known_rooms.effort = self.effort
        return self._known_rooms

    def _is_waiting(self, kind: Kind, board: Board) -> bool:
        return self._left(kind, board) > 0 and self.party.waits_for_claims(kind, board)

    def _left(self, kind: Kind, board: Board) -> int:
        return len(kind.members) - board.counts[kind.index]

    def _is_new(self, board: Board) -> bool:
        """Whether this board was not met before, whoever came first."""
        world = board.world
        state = (
            board.counts,
            tuple(sorted((each.kind.index, each.place) for each in board.seats)),
            tuple(
                world.account.signature(world.states[place].site.view(world.engine))
                for place in sorted({each.place for each in board.seats})
            ),
            tuple(
                (key, str(claim.status.to_dict() if claim.status else None))
                for key, claim in sorted(board.allocated.items())
            ),
        )
        if state in self._seen:
            return False
        self._seen.add(state)
        return True

    def _places(self, root: Group, leaf: Leaf, board: Board, rooms: Rooms) -> Iterator[int]:
        """Nodes for a pod, of those that are alike and in the same domains the first."""
        labels = [
            {at: value for value, places in self.options.domains(topology).places.items() for at in places}
            for topology in dict.fromkeys(each.topology for each in root.groups())
            if topology is not None
        ]
        seen: set[Hashable] = set()
        for place in self._reachable(root, leaf, board):
            like = (rooms.likeness(place), tuple(label.get(place) for label in labels), self._lone(place))
            if like not in seen:
                seen.add(like)
                yield place

    def _lone(self, place: int) -> Hashable:
        """The node itself if it sees pools that others see."""
        site = self.options.world.states[place].site
        site.view(self.options.world.engine)
        return place if site.sees_shared else None

    def _reachable(
        self, group: Group, leaf: Leaf, board: Board, within: tuple[int, ...] | None = None
    ) -> Sequence[int]:
        """The nodes that a group of pods could go to, whatever the domain."""
        places = {place for _, each in self.options.of(group, within, board) for place in each}
        if group is not leaf and not isinstance(group, Leaf):
            for child in group.children:
                if leaf in child.leaves:
                    return self._reachable(child, leaf, board, tuple(sorted(places)))
        return sorted(places)

    # --- pods that do not depend on each other's claims ---------------------------------------------------

    def _independent(
        self, root: Group, board: Board, without: set[int]
    ) -> tuple[Board, dict[str, str]] | None:
        """As `found`, without the kinds of pods that would decide about claims of others."""
        rooms = self._rooms(board)
        judge = _Judge(self, board, rooms, frozenset(without))
        for layout in self.options.layouts(root, None, board, judge):
            self.effort.spend()
            filling = self._filled(layout, board, rooms, without)
            if filling.steps is not None:
                return self._seated(board, filling), dict(layout.domains)
        return None

    @cached_property
    def is_simple(self) -> bool:
        """Whether pods of other groups can never make room for a group.

        They can where a claim takes what is best of several alternatives, or partitions of devices: it takes
        less of something when somebody has been there before.
        """
        return all(
            len(slot.alternatives) == 1
            for kind in self.party.kinds
            for slot in kind.trial.wish(frozenset()).plan.slots
        ) and not any(
            pool.counters
            for state in self.options.world.states
            for _, pool, _ in state.site.view(self.options.world.engine).offsets
        )

    def _needs(self, leaf: Leaf, board: Board) -> int:
        return max(0, leaf.needed - sum(each.kind.leaf is leaf for each in board.seats))

    def _available(self, leaf: Leaf, board: Board, without: set[int]) -> int:
        return sum(self._left(kind, board) for kind in self.party.kinds_of(leaf) if kind.index not in without)

    def _filled(
        self,
        layout: Layout,
        board: Board,
        rooms: Rooms,
        without: set[int] | frozenset[int] = frozenset(),
        needed: int | None = None,
    ) -> Filling:
        """Fill the nodes of a layout."""
        where = {id(leaf): frozenset(places) for leaf, places in layout.places}
        kinds = [kind for kind in self.party.kinds if id(kind.leaf) in where and kind.index not in without]
        available = [0] * len(self.party.kinds)
        for kind in kinds:
            available[kind.index] = self._left(kind, board)
        needs = [
            ([kind.index for kind in kinds if kind.leaf is leaf], self._needs(leaf, board))
            for leaf, _ in layout.places
        ]
        if needed is not None:
            needs = [(indices, needed) for indices, _ in needs]

        def is_enough(counts: Counts) -> bool:
            return all(sum(counts[at] for at in indices) >= need for indices, need in needs)

        every = sorted(set().union(*(places for _, places in layout.places)))
        cells = []
        for cell in self._cells(every, kinds):
            allowed = tuple(tuple(kind for kind in kinds if place in where[id(kind.leaf)]) for place in cell)
            cells.append((cell, rooms.of(cell, allowed, tuple(available))))
        return fill(cells, tuple(available), is_enough, self.effort)

    def _cells(self, places: Sequence[int], kinds: Sequence[Kind]) -> list[Cell]:
        """The nodes, together with those that see a pool in common which some pod could use."""
        first: dict[Hashable, int] = {}
        cells: dict[int, list[int]] = {place: [place] for place in places}
        cell_of = {place: place for place in places}
        for place in places:
            for pool in self._common_pools(place, kinds):
                one, other = cell_of[first.setdefault(pool, place)], cell_of[place]
                if one != other:
                    for each in cells[other]:
                        cell_of[each] = one
                    cells[one] += cells.pop(other)
        return [tuple(sorted(each)) for each in cells.values()]

    def _common_pools(self, place: int, kinds: Sequence[Kind]) -> Iterator[Hashable]:
        """The pools that a node shares with others and that some kind of pod could take devices from."""
        world = self.options.world
        site, engine = world.states[place].site, world.engine
        view = site.view(engine)
        if not site.sees_shared:
            return
        filters = {
            wanted.filter
            for kind in kinds
            for slot in kind.trial.wish(kind.trial.offered(world.states[place])).plan.slots
            for wanted in slot.alternatives
        }
        for offset, pool, _ in view.offsets:
            if engine.solver.inventory.nodes_of(pool.driver, pool.name) is None:
                mask = pool.everything << offset
                if any(engine.solver.matcher.candidates(view, each).selected & mask for each in filters):
                    yield (pool.driver, pool.name)

    def _seated(self, board: Board, filling: Filling) -> Board:
        """The board with the pods of a filling."""
        for kind, place in filling.steps or ():
            after = self.party.seated(board, self.party.kinds[kind], place)
            if after is None:
                raise AssertionError("what fits into a cell fits whatever is in the others")
            board = after
        return board


class _Judge:
    """What can be said of groups and nodes on a board.

    Args:
        search: The search.
        board: The board.
        rooms: Its rooms.
        without: The kinds of pods that are left out.
    """

    def __init__(self, search: Search, board: Board, rooms: Rooms, without: frozenset[int]) -> None:
        self.search = search
        self.board = board
        self.rooms = rooms
        self.without = without
        self._alone: dict[tuple[int, tuple[int, ...]], bool] = {}
        self._likenesses: dict[int, Hashable] = {}

    def is_possible(self, chosen: Layout, more: Layout) -> bool:
        """Whether groups could go to some nodes, where others go to theirs; true if that is not known."""
        search, board = self.search, self.board
        for leaf, places in more.places:
            if search._available(leaf, board, set(self.without)) < search._needs(leaf, board):
                return False
            key = (id(leaf), places)
            if search.is_simple and key not in self._alone:
                self._alone[key] = self._fits(Layout(((leaf, places),)))
            if search.is_simple and not self._alone[key]:
                return False
        return not (search.is_simple and chosen.places) or self._fits(chosen + more)

    def _fits(self, layout: Layout) -> bool:
        return self.search._filled(layout, self.board, self.rooms, self.without).steps is not None

    def likeness(self, place: int) -> Hashable:
        """Equal for nodes that are alike to all pods."""
        return self.rooms.likeness(place)

    def likeness_of(self, group: Group) -> Hashable:
        """Equal for groups that want the same: pods of the same kinds, as many, in the same topologies."""
        known = self._likenesses.get(id(group))
        if known is None:
            known = self._likenesses[id(group)] = self._likeness_of(group)
        return known

    def _likeness_of(self, group: Group) -> Hashable:
        topology = str(group.topology)
        if not isinstance(group, Leaf):
            return (topology, group.required, tuple(map(self.likeness_of, group.children)))
        if group.running or any(each.kind.leaf is group for each in self.board.seats):
            return id(group)
        kinds = self.search.party.kinds_of(group)
        wanted = sorted((kind.trial.kind, len(kind.members), kind.shared) for kind in kinds)
        return (topology, group.required, tuple(wanted))
