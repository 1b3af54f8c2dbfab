"""Why a gang goes nowhere: which group cannot be placed, its best domain, and what the nodes there say."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from dra.allocator.explanation import count_of
from dra.models.core import Pod
from dra.scheduler.gangs.effort import Effort, Exhausted
from dra.scheduler.gangs.groups import Composite, Gang, Group, Leaf
from dra.scheduler.gangs.options import Options, is_placed
from dra.scheduler.gangs.order import InOrder, Tried
from dra.scheduler.gangs.party import Board, Party
from dra.scheduler.gangs.placement import UnschedulableGang
from dra.scheduler.gangs.search import Search
from dra.scheduler.gangs.topology import topology_name
from dra.scheduler.placement import NodeGroup
from dra.scheduler.schedule import why_not

__all__ = ["Refusal"]

# How much is tried to find out how many pods a domain has room for.
_STEPS_PER_DOMAIN = 2_000


class Refusal:
    """Explains that a gang cannot be placed.

    Args:
        gang: The gang.
        party: Its pods.
        options: The domains.
        in_order: Seats pods as kube-scheduler does.
        search: The search that has found nothing.
        reasons: By pod, why it cannot be tried at all.
    """

    def __init__(
        self,
        gang: Gang,
        party: Party,
        options: Options,
        in_order: InOrder,
        search: Search,
        reasons: Mapping[int, str],
    ) -> None:
        self.gang = gang
        self.party = party
        self.options = options
        # Here rooms are what is asked about, so nothing is passed over for lack of room.
        self.in_order = InOrder(party, options, in_order.policy, in_order.workload)
        self.search = search
        self.reasons = reasons

    def of(self, board: Board, *, proven: bool) -> UnschedulableGang:
        """The explanation.

        Args:
            board: The cluster before anyone is seated.
            proven: Whether the search has tried everything.
        """
        answer = self._group(self.gang.root, board, None)
        proven = proven and not any(kind.trial.out_of_time for kind in self.party.kinds)
        note = "" if proven or not answer.room else self._note()
        return attrs.evolve(
            answer,
            reason=answer.reason + note,
            gang=self.gang.label,
            is_proven=proven,
            steps=self.search.effort.spent,
            pods=sum(len(leaf.pods) for leaf in self.gang.root.leaves),
            extensions=self.gang.extensions,
            gates=self.gang.gates,
        )

    def _note(self) -> str:
        effort = self.search.effort
        spent = effort.spent if effort.limit is None else min(effort.spent, effort.limit)
        return (
            f"; that is not proven, since the search was given up after {spent} steps"
            " (steps=... lets it try more)"
        )

    def _group(self, group: Group, board: Board, within: tuple[int, ...] | None) -> UnschedulableGang:
        if isinstance(group, Leaf):
            return self._leaf(group, board, within)
        return self._composite(group, board, within)

    # --- groups of pods -----------------------------------------------------------------------------------

    def _leaf(self, leaf: Leaf, board: Board, within: tuple[int, ...] | None) -> UnschedulableGang:
        able = sum(len(kind.members) for kind in self.party.kinds_of(leaf))
        options = self.options.of(leaf, within, board)
        rooms = {value: self._room(leaf, places, board) for value, places in options}
        best = max(options, key=lambda each: rooms[each[0]], default=None)
        pod = leaf.pods[0] if leaf.pods else self._any_pod()
        answer = UnschedulableGang(
            pod,
            group=leaf.name,
            needed=leaf.needed,
            available=able,
            room=rooms[best[0]] if best is not None else 0,
            topology=None if leaf.topology is None else str(leaf.topology),
            best_domain=best[0] if best is not None else None,
            domains={value: room for value, room in rooms.items() if value is not None},
        )
        if able < leaf.needed:
            return attrs.evolve(answer, reason=self._too_few(leaf, able))
        if best is None:
            return attrs.evolve(answer, reason=self._no_domain(leaf, within))
        return self._with_nodes(
            attrs.evolve(answer, reason=self._lack(leaf, answer, within)), leaf, best[1], board
        )

    def _room(self, leaf: Leaf, places: tuple[int, ...], board: Board) -> int:
        """How many pods of a group fit on some nodes; if that takes long to find out, in the usual order."""
        kinds = self.party.kinds_of(leaf)
        if not any(self.party.waits_for_claims(kind, board) for kind in kinds):
            effort = self.search.effort
            self.search.effort = Effort(_STEPS_PER_DOMAIN)
            try:
                able = sum(len(kind.members) for kind in kinds)
                return self.search.room(leaf, places, board, able)
            except Exhausted:
                pass
            finally:
                self.search.effort = effort
        return len(self.in_order.seated(leaf, board, places).seats) - len(board.seats)

    def _too_few(self, leaf: Leaf, able: int) -> str:
        there = (
            f"{count_of(able, 'pod')} can be scheduled" if able < len(leaf.pods) else f"there {_are(able)}"
        )
        text = f"needs {count_of(leaf.needed, 'pod')}{self._beside(leaf)}, but {there}"
        why = next((self.reasons[id(pod)] for pod in leaf.pods if id(pod) in self.reasons), "")
        return f"{text}: {why}" if why else text

    def _no_domain(self, leaf: Leaf, within: tuple[int, ...] | None) -> str:
        pinned = self.options.pinned(leaf)
        name = topology_name(leaf.topology) if leaf.topology is not None else ""
        if len(pinned) > 1 or pinned == ["none"]:
            where = f"several: {', '.join(pinned)}" if len(pinned) > 1 else "none"
            return f"needs {count_of(leaf.needed, 'pod')} in one {name}, but its running pods are in {where}"
        inside = " of the domain of its parent" if within is not None else ""
        return f"needs {count_of(leaf.needed, 'pod')} in one {name}, but no node{inside} has one"

    def _lack(self, leaf: Leaf, answer: UnschedulableGang, within: tuple[int, ...] | None) -> str:
        needs = f"needs {count_of(leaf.needed, 'pod')}{self._beside(leaf)}"
        if leaf.topology is None:
            where = "the cluster" if within is None else "the domain of its parent"
            return f"{needs} at the same time, but {where} has room for {answer.room}"
        name = topology_name(leaf.topology)
        if leaf.running and len(answer.domains) == 1:
            return f"{needs} in {name} {answer.best_domain}, where it runs, which has room for {answer.room}"
        only = f"the only one, {answer.best_domain}," if len(answer.domains) == 1 else ""
        best = only or f"the best of {len(answer.domains)}, {answer.best_domain},"
        return f"{needs} in one {name}, but {best} has room for {answer.room}"

    def _beside(self, leaf: Leaf) -> str:
        return f" beside the {len(leaf.running)} that run" if leaf.running else ""

    def _with_nodes(
        self, answer: UnschedulableGang, leaf: Leaf, places: tuple[int, ...], board: Board
    ) -> UnschedulableGang:
        """The answer with what the nodes say to the first pod that finds no place."""
        after = self.in_order.seated(leaf, board, places)
        mine = {each.place for each in after.seats}
        for kind in self.party.kinds_of(leaf):
            if after.counts[kind.index] < len(kind.members):
                trial = self.party.trial(kind, after, board.names(set(places) - mine))
                groups = list(why_not(trial))
                if mine:
                    states = (after.world.states[place].site.name for place in places if place in mine)
                    groups.append(NodeGroup("gang", "taken by other pods of the gang", tuple(states)))
                pod = kind.members[after.counts[kind.index]].pod
                trial = self.party.trial(kind, after, board.names(places))
                return attrs.evolve(
                    answer,
                    pod=pod,
                    groups=tuple(sorted(groups, key=lambda each: -len(each.nodes))),
                    trial=trial,
                )
        return answer

    def _any_pod(self) -> Pod:
        return next(pod for leaf in self.gang.root.leaves for pod in leaf.pods)

    # --- groups of groups ---------------------------------------------------------------------------------

    def _composite(self, group: Composite, board: Board, within: tuple[int, ...] | None) -> UnschedulableGang:
        count = len(group.children)
        if count < group.required:
            return UnschedulableGang(
                self._any_pod(),
                f"needs {group.required} groups, but there {_are(count)}",
                group=group.name,
                unit="groups",
                needed=group.required,
                available=count,
            )
        options = self.options.of(group, within, board)
        outcomes = {value: self._placed(group, board, places) for value, places in options}
        counts = {value: placed for value, (placed, _) in outcomes.items()}
        best = max(options, key=lambda each: counts[each[0]], default=None)
        here = within if best is None or best[0] is None else best[1]
        after = outcomes[best[0]][1] if best is not None else board
        failing = next(each for each in group.children if not is_placed(each, after))
        inner = self._group(failing, after, here)
        if group.is_workload:
            return inner
        needs = f"needs {group.required} of its {len(group.children)} groups"
        if group.topology is not None:
            name = topology_name(group.topology)
            if best is None:
                return attrs.evolve(
                    inner, group=group.name, reason=f"{needs} in one {name}, but no node has one"
                )
            needs += f" in one {name}, but the best of {len(options)}, {best[0]},"
            needs += f" has room for {counts[best[0]]}"
        else:
            needs += f" together, but {counts[best[0]] if best is not None else 0} can be placed"
        return attrs.evolve(
            inner,
            reason=f"{needs}: {failing.name} {inner.reason}",
            group=group.name,
            unit="groups",
            needed=group.required,
            available=len(group.children),
            room=counts[best[0]] if best is not None else 0,
            topology=None if group.topology is None else str(group.topology),
            best_domain=best[0] if best is not None else None,
            domains={value: count for value, count in counts.items() if value is not None},
        )

    def _placed(self, group: Composite, board: Board, places: tuple[int, ...]) -> tuple[int, Board]:
        """How many groups can be placed on some nodes, one after another."""
        for child in group.children:
            result: Tried = self.in_order.tried(child, board, places)
            if result.is_placed:
                board = result.board
        return sum(is_placed(each, board) for each in group.children), board


def _are(count: int) -> str:
    return f"{'is' if count == 1 else 'are'} {count}"
