"""Which domains the groups of a gang can go to, and where that leaves each group of pods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import Protocol, TypeAlias

import attrs

from dra.scheduler.gangs.groups import Composite, Group, Leaf
from dra.scheduler.gangs.party import Board
from dra.scheduler.gangs.topology import Domains, Topology, domains_of
from dra.scheduler.world import World

__all__ = ["Judge", "Layout", "Option", "Options", "is_placed"]

Option: TypeAlias = "tuple[str | None, tuple[int, ...]]"
"""A domain, None if a group has no topology, and the places of its nodes."""


@attrs.frozen(eq=False)
class Layout:
    """Where groups go.

    Attributes:
        places: The groups of pods that have to be placed, and the nodes they may go to.
        domains: By group's name, the domain it goes to.
    """

    places: tuple[tuple[Leaf, tuple[int, ...]], ...] = ()
    domains: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: Layout) -> Layout:
        return Layout(self.places + other.places, self.domains + other.domains)


class Judge(Protocol):
    """What can be said of groups and nodes on a board."""

    def is_possible(self, chosen: Layout, more: Layout) -> bool:
        """Whether groups could go to some nodes, where others go to theirs; true if that is not known."""
        ...

    def likeness(self, place: int) -> Hashable:
        """Equal for nodes that are alike to all pods."""
        ...

    def likeness_of(self, group: Group) -> Hashable:
        """Equal for groups that want the same."""
        ...


class Options:
    """The domains of a cluster, for groups.

    Args:
        world: The nodes.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.everywhere = tuple(range(len(world.states)))
        self._domains: dict[Topology, Domains] = {}

    def domains(self, topology: Topology) -> Domains:
        """All domains of a topology."""
        known = self._domains.get(topology)
        if known is None:
            known = self._domains[topology] = domains_of(self.world, topology, self.everywhere)
        return known

    def of(self, group: Group, within: tuple[int, ...] | None, board: Board) -> list[Option]:
        """The domains that a group can go to.

        Pods of the group that run, or are seated, decide on the domain.

        Args:
            group: The group.
            within: The nodes that its parent may go to; None for all.
            board: Who is seated.
        """
        if group.topology is None:
            return [(None, self.everywhere if within is None else within)]
        inside = None if within is None else set(within)
        taken = self._taken(group, board)
        found: list[Option] = []
        for value, places in self.domains(group.topology).places.items():
            if taken.issubset(places):
                here = places if inside is None else tuple(each for each in places if each in inside)
                if here:
                    found.append((value, here))
        return found

    def pinned(self, group: Group) -> list[str]:
        """The domains in which pods of a group run."""
        if group.topology is None:
            return []
        running = {self.world.places[node] for node in group.running_nodes if node in self.world.places}
        every = self.domains(group.topology)
        found = [value for value, places in every.places.items() if running & set(places)]
        return [*found, *(["none"] if running & set(every.outside) else [])]

    def _taken(self, group: Group, board: Board) -> set[int]:
        running = {self.world.places[node] for node in group.running_nodes if node in self.world.places}
        return running | board.places_of(group.leaves)

    def layouts(
        self,
        group: Group,
        within: tuple[int, ...] | None,
        board: Board,
        judge: Judge,
        chosen: Layout | None = None,
        first: str = "",
    ) -> Iterator[Layout]:
        """All ways to give domains to as many groups as have to be placed.

        Of domains that are alike and nobody is in yet, one is as good as the other, so the first is tried.

        Args:
            group: The group, with all below it.
            within: The nodes that its parent may go to; None for all.
            board: Who is seated.
            judge: What can be said of groups and nodes.
            chosen: Where groups before it go.
            first: The first domain to be looked at, in the order of their names.
        """
        chosen = chosen or Layout()
        for value, places in self._distinct(group, within, board, judge, chosen):
            if value is not None and value < first:
                continue
            mine = Layout(domains=((group.name, value),) if value is not None else ())
            if isinstance(group, Leaf):
                mine = Layout(((group, places),), mine.domains)
                if judge.is_possible(chosen, mine):
                    yield mine
                continue
            inside = within if value is None else places
            for some in _enough(group, board, judge):
                for rest in self._all(some, inside, board, judge, chosen + mine):
                    yield mine + rest

    def _all(
        self,
        groups: Sequence[Group],
        within: tuple[int, ...] | None,
        board: Board,
        judge: Judge,
        chosen: Layout,
        first: str = "",
    ) -> Iterator[Layout]:
        """All ways to give domains to all of these groups; groups that are alike get them in order."""
        if not groups:
            yield Layout()
            return
        one, rest = groups[0], groups[1:]
        alike = bool(rest) and judge.likeness_of(one) == judge.likeness_of(rest[0])
        for layout in self.layouts(one, within, board, judge, chosen, first):
            least = dict(layout.domains).get(one.name, "") if alike else ""
            for others in self._all(rest, within, board, judge, chosen + layout, least):
                yield layout + others

    def _distinct(
        self,
        group: Group,
        within: tuple[int, ...] | None,
        board: Board,
        judge: Judge,
        chosen: Layout,
    ) -> Iterator[Option]:
        options = self.of(group, within, board)
        inner = [each.topology for each in group.groups() if each is not group and each.topology is not None]
        if inner:
            yield from options
            return
        used = {value for _, value in chosen.domains}
        seen: set[Hashable] = set()
        for value, places in options:
            if value not in used:
                like = frozenset(Counter(map(judge.likeness, places)).items())
                if like in seen:
                    continue
                seen.add(like)
            yield value, places


def _enough(group: Composite, board: Board, judge: Judge) -> Iterator[tuple[Group, ...]]:
    """The sets of groups of which each would be enough; of groups that are alike the first ones are taken."""
    done = [each for each in group.children if is_placed(each, board)]
    # Groups that are placed as far as they must be need nothing more.
    alike: dict[Hashable, list[Group]] = {}
    for each in group.children:
        if each not in done:
            alike.setdefault(judge.likeness_of(each), []).append(each)
    yield from _some(list(alike.values()), max(0, group.required - len(done)))


def _some(alike: Sequence[Sequence[Group]], count: int) -> Iterator[tuple[Group, ...]]:
    """The ways to take so many groups: some of the first kind, some of the next, ..."""
    if not alike:
        if not count:
            yield ()
        return
    first, rest = alike[0], alike[1:]
    least = max(0, count - sum(map(len, rest)))
    for number in range(min(len(first), count), least - 1, -1):
        for others in _some(rest, count - number):
            yield (*first[:number], *others)


def is_placed(group: Group, board: Board) -> bool:
    """Whether a group has as many pods, or groups, as it must."""
    if isinstance(group, Leaf):
        seated = sum(each.kind.leaf is group for each in board.seats)
        return len(group.running) + seated >= group.required
    return sum(is_placed(each, board) for each in group.children) >= group.required
