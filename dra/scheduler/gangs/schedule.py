"""Scheduling a gang: kube-scheduler's order first, then every other one, then an explanation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from dra.models.core import Pod
from dra.models.resource import ResourceClaim, ResourceClaimTemplate
from dra.scheduler.attempts import Trial
from dra.scheduler.binding import bound
from dra.scheduler.claims import NotReady, PodClaims
from dra.scheduler.fragmentation import Workload as TargetWorkload
from dra.scheduler.gangs.effort import Effort, Exhausted
from dra.scheduler.gangs.groups import Gang, Leaf
from dra.scheduler.gangs.options import Options
from dra.scheduler.gangs.order import InOrder, Tried
from dra.scheduler.gangs.party import Board, Kind, Member, Party
from dra.scheduler.gangs.placement import GangPlacement, GroupPlacement, UnschedulableGang
from dra.scheduler.gangs.refusal import Refusal
from dra.scheduler.gangs.search import Search
from dra.scheduler.gangs.subject import Subject
from dra.scheduler.gangs.tree import TopologyArgument, gang_of
from dra.scheduler.objects import key_of
from dra.scheduler.placement import Placement, Unschedulable
from dra.scheduler.policies import Policy
from dra.scheduler.readiness import trial_of
from dra.scheduler.schedule import Chosen, why_not

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["STEPS", "place_gang"]

STEPS: Final = 100_000
"""How much the search tries by default."""


def place_gang(
    cluster: Cluster,
    subject: Subject | str,
    pods: Iterable[Pod | str | Mapping[str, Any]] | None,
    claims: Iterable[ResourceClaim | ResourceClaimTemplate],
    policy: tuple[str, Policy],
    topology: TopologyArgument,
    target: TargetWorkload,
    steps: int | None,
) -> GangPlacement | UnschedulableGang:
    """Where the pods of a gang go, or why they go nowhere (`Cluster.schedule_gang`)."""
    gang = gang_of(cluster, subject, pods, topology)
    start = cluster._copy(changed=gang.added) if gang.added else cluster
    attempt = _Attempt(gang, start, list(claims), policy, target, Effort(steps))
    return attempt.answer(cluster)


class _Attempt:
    """One gang on one cluster.

    Args:
        gang: The gang.
        cluster: The cluster, with the groups that a controller would have made.
        claims: Claims and templates that the cluster does not have.
        policy: Chooses among nodes; its name and itself.
        target: Whose tasks count where the policy asks how fragmented nodes are.
        effort: What may be spent.
    """

    def __init__(
        self,
        gang: Gang,
        cluster: Cluster,
        claims: list[ResourceClaim | ResourceClaimTemplate],
        policy: tuple[str, Policy],
        target: TargetWorkload,
        effort: Effort,
    ) -> None:
        self.gang = gang
        self.cluster = cluster
        self.claims = claims
        self.policy_name, self.policy = policy
        self.target = target
        self.effort = effort
        self.not_ready: dict[int, str] = {}
        self.party = Party(self._members())
        self.options = Options(cluster._world)
        self.search = Search(self.party, self.options, effort)
        self.in_order = InOrder(self.party, self.options, self.policy, target, self._has_room)
        self.board = self.party.start(cluster._world)

    def _members(self) -> list[Member]:
        """The pods that can be tried; why others cannot is remembered."""
        world, objects = self.cluster._world, self.cluster._objects
        # What the group says about claims counts: without the gates there would be no group to ask about.
        features = attrs.evolve(self.cluster.features, workload_resource_claims=True, generic_workload=True)
        self.pod_claims = PodClaims(objects, features, self.claims, world.engine.template)
        members = []
        for leaf in self.gang.root.leaves:
            for pod in leaf.pods:
                try:
                    trial = trial_of(world, pod, self.pod_claims)
                except NotReady as wait:
                    self.not_ready[id(pod)] = str(wait)
                    continue
                members.append(Member(pod, objects.pods.get(key_of(pod)), leaf, trial))
        return members

    def _has_room(self, leaf: Leaf, places: tuple[int, ...], board: Board) -> bool:
        """Whether kube-scheduler's order can come to an end in a domain that a group has to keep to.

        Pods of one kind that depend on nobody fill nodes in any order alike, so their room is known.
        """
        kinds = self.party.kinds_of(leaf)
        if leaf.topology is None or len(kinds) != 1 or kinds[0].shared:
            return True
        if any(self.options.world.states[place].site.sees_shared for place in places):
            return True
        try:
            return self.search.room(leaf, places, board, leaf.needed) >= leaf.needed
        except Exhausted:
            return True

    def answer(self, asked: Cluster) -> GangPlacement | UnschedulableGang:
        """Where the pods go, or why nowhere.

        Args:
            asked: The cluster that was asked.
        """
        root = self.gang.root
        tried = self.in_order.tried(root, self.board)
        if tried.is_placed:
            return self._placement(tried, asked, in_order=True)
        proven = True
        try:
            found = self.search.found(root, self.board)
        except Exhausted:
            found, proven = None, False
        if found is None:
            refusal = Refusal(
                self.gang, self.party, self.options, self.in_order, self.search, self._reasons()
            )
            return refusal.of(self.board, proven=proven)
        board, domains = found
        more = self.in_order.tried(root, board, only=domains)
        tried = more if more.is_placed else Tried(board, True, domains)
        return self._placement(
            attrs.evolve(tried, domains={**domains, **tried.domains}), asked, in_order=False
        )

    def _reasons(self) -> dict[int, str]:
        """By pod, why it cannot be tried at all."""
        crowded = {
            id(member.pod): self.party.crowded[id(member)]
            for member in self.party.members
            if id(member) in self.party.crowded
        }
        return {**self.not_ready, **crowded}

    # --- the placement ------------------------------------------------------------------------------------

    def _placement(self, tried: Tried, asked: Cluster, *, in_order: bool) -> GangPlacement:
        board = tried.board
        waiting = {kind.index: list(kind.members) for kind in self.party.kinds}
        cluster, placements = self.cluster, []
        for seat in board.seats:
            member = waiting[seat.kind.index].pop(0)
            placement = self._bound(member, seat.kind.shared != (), seat.place, seat.chosen, cluster)
            cluster = cluster._copy(changed=[placement.pod, *(each.claim for each in placement.claims)])
            placements.append(placement)
        return GangPlacement(
            self.gang.label,
            tuple(placements),
            tuple(self._left_out(board, tried.domains)),
            tuple(self._groups(board, tried.domains)),
            tried.domains,
            in_order,
            self.gang.extensions,
            self.gang.gates,
            self.gang.added,
            asked,
            cluster,
        )

    def _bound(
        self, member: Member, shares: bool, place: int, chosen: Chosen | None, cluster: Cluster
    ) -> Placement:
        """A pod on its node, after those before it."""
        world = cluster._world
        if shares:
            claims = PodClaims(cluster._objects, self.pod_claims.features, self.claims, world.engine.template)
            trial = Trial(world, member.pod, claims.of(member.pod))
        else:
            trial = member.trial.on(world)
        state = world.states[place]
        how = attrs.evolve(chosen, state=state) if chosen else Chosen(state, 0.0, 0, 1, 1)
        return bound(trial, how, cluster, member.known, self.policy_name)

    def _left_out(self, board: Board, domains: Mapping[str, str]) -> Iterable[Unschedulable]:
        """The pods that are not placed, and why."""
        seated = Counter({kind.index: board.counts[kind.index] for kind in self.party.kinds})
        reasons = self._reasons()
        refusals: dict[int, Unschedulable] = {}
        for leaf in self.gang.root.leaves:
            for pod in leaf.pods:
                if id(pod) in reasons:
                    yield Unschedulable(pod, reasons[id(pod)])
        for member in self.party.members:
            kind = self.party.kind_of(member)
            if kind is None:
                continue
            if seated[kind.index] > 0:
                seated[kind.index] -= 1
                continue
            if kind.index not in refusals:
                refusals[kind.index] = self._refusal(kind, board, domains)
            yield attrs.evolve(refusals[kind.index], pod=member.pod)

    def _refusal(self, kind: Kind, board: Board, domains: Mapping[str, str]) -> Unschedulable:
        """Why a pod of a kind is not placed besides those that are."""
        leaf, nodes = kind.leaf, None
        if leaf.topology is not None and leaf.name in domains:
            every = self.options.domains(leaf.topology).places
            nodes = board.names(every[domains[leaf.name]])
        trial = self.party.trial(kind, board, nodes)
        groups = why_not(trial)
        why = "" if groups else "the rest of its group could not be placed"
        return Unschedulable(kind.trial.pod, why, groups, trial)

    def _groups(self, board: Board, domains: Mapping[str, str]) -> Iterable[GroupPlacement]:
        for leaf in self.gang.root.leaves:
            placed = sum(each.kind.leaf is leaf for each in board.seats)
            yield GroupPlacement(
                leaf.name,
                leaf.minimum,
                placed,
                len(leaf.running),
                len(leaf.pods) - placed,
                None if leaf.topology is None else str(leaf.topology),
                domains.get(leaf.name),
            )
