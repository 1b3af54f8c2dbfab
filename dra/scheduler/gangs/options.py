"""Which domains the groups of a gang can go to, and where that leaves each group of pods."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

import attrs

from dra.scheduler.gangs.groups import Composite, Group, Leaf
from dra.scheduler.gangs.party import Board
from dra.scheduler.gangs.topology import Domains, Topology, domains_of
from dra.scheduler.world import World

__all__ = ["Layout", "Option", "Options"]

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
        is_promising: Callable[[Leaf, tuple[int, ...]], bool],
        likeness: Callable[[int], Hashable],
        chosen: Layout | None = None,
    ) -> Iterator[Layout]:
        """All ways to give domains to as many groups as have to be placed.

        Of domains that are alike and nobody is in yet, one is as good as the other, so the first is tried.

        Args:
            group: The group, with all below it.
            within: The nodes that its parent may go to; None for all.
            board: Who is seated.
            is_promising: Whether a group of pods could go to some nodes if it were alone.
            likeness: What a node is like to the pods.
            chosen: Where groups before it go.
        """
        chosen = chosen or Layout()
        for value, places in self._distinct(group, within, board, likeness, chosen):
            mine = Layout(domains=((group.name, value),) if value is not None else ())
            if isinstance(group, Leaf):
                if is_promising(group, places):
                    yield Layout(((group, places),), mine.domains)
                continue
            inside = within if value is None else places
            for some in _enough(group, board):
                for rest in self._all(some, inside, board, is_promising, likeness, chosen + mine):
                    yield mine + rest

    def _all(
        self,
        groups: Sequence[Group],
        within: tuple[int, ...] | None,
        board: Board,
        is_promising: Callable[[Leaf, tuple[int, ...]], bool],
        likeness: Callable[[int], Hashable],
        chosen: Layout,
    ) -> Iterator[Layout]:
        """All ways to give domains to all of these groups."""
        if not groups:
            yield Layout()
            return
        for one in self.layouts(groups[0], within, board, is_promising, likeness, chosen):
            for rest in self._all(groups[1:], within, board, is_promising, likeness, chosen + one):
                yield one + rest

    def _distinct(
        self,
        group: Group,
        within: tuple[int, ...] | None,
        board: Board,
        likeness: Callable[[int], Hashable],
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
                like = tuple(sorted(map(hash, map(likeness, places))))
                if like in seen:
                    continue
                seen.add(like)
            yield value, places


def _enough(group: Composite, board: Board) -> Iterator[tuple[Group, ...]]:
    """The sets of groups of which each would be enough, those with the first groups first."""
    done = [each for each in group.children if is_placed(each, board)]
    rest = [each for each in group.children if each not in done]
    # Groups that are placed as far as they must be need nothing more.
    yield from combinations(rest, max(0, group.required - len(done)))


def is_placed(group: Group, board: Board) -> bool:
    """Whether a group has as many pods, or groups, as it must."""
    if isinstance(group, Leaf):
        seated = sum(each.kind.leaf is group for each in board.seats)
        return len(group.running) + seated >= group.required
    return sum(is_placed(each, board) for each in group.children) >= group.required
