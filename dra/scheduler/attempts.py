"""One pod tried on one node: may it run there, is there room, and are there devices for its claims.

What is found out is kept twice. A node's state remembers the verdict for each kind of pod, so that asking
again costs a look-up, until something changes on that node. And an attempt to find devices is remembered
for all nodes that are alike for the claims (`dra.scheduler.likeness`), so that a thousand equal nodes cost
one search.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Final

import attrs

from dra.allocator.explanation import Explanation
from dra.allocator.extended import ExtendedResourceClaim, extended_resource_claim, resource_classes
from dra.allocator.inventory import NodeView
from dra.allocator.plan import Plan
from dra.allocator.search import Budget
from dra.errors import InvalidPoolError, SearchBudgetExceeded
from dra.models.core import Node, NodeStatus, Pod
from dra.models.resource import AllocationResult, ResourceClaim
from dra.quantity import Quantity
from dra.scheduler import node_resources
from dra.scheduler.allocations import allocation_of, binding_failed, results_of
from dra.scheduler.claims import ClaimUse
from dra.scheduler.demand import NATIVE, demand
from dra.scheduler.filters import Reason, Requirements
from dra.scheduler.likeness import Likeness, wishes
from dra.scheduler.outcomes import NO_TIME, NOTHING_WANTED, Outcome
from dra.scheduler.world import NodeState, World

__all__ = ["DeviceWish", "Trial", "Verdict"]

# kube-scheduler gives each node ten seconds. Searches that take long are rare and, on nodes that are not
# alike, many: all together have so long.
_SECONDS_PER_POD: Final = 30.0


@attrs.define(eq=False, slots=True)
class Verdict:
    """What a node says to a pod.

    Attributes:
        reason: Why not; None if the pod may go there.
        outcome: What came of looking for devices, if it came to that.
        shared: What it was like with pools that several nodes see, when the verdict was found.
        affinity: The weights of the pod's preferred node affinity that hold.
        dislikes: Taints that the pod would rather avoid.
        scores: By policy, the node's score.
    """

    reason: Reason | None
    outcome: Outcome | None
    shared: object
    affinity: int = 0
    dislikes: int = 0
    scores: dict[int, float] = attrs.field(factory=dict)

    @property
    def fits(self) -> bool:
        """Whether the pod may go there."""
        return self.reason is None


@attrs.frozen(eq=False)
class DeviceWish:
    """The claims that a pod still needs devices for, as they are on nodes that offer the same resources.

    Attributes:
        plan: The claims.
        extended: The claim for extended resources among them, which comes last.
        key: Equal for equal wishes.
        likeness: What of a node matters to them.
    """

    plan: Plan
    extended: ExtendedResourceClaim | None
    key: int
    likeness: Likeness


class Trial:
    """One pod that is tried on the nodes of a world.

    Args:
        world: The nodes.
        pod: The pod.
        uses: Its claims.
        nodes: The names of the only nodes that may be looked at; all if left out.
    """

    def __init__(
        self,
        world: World,
        pod: Pod,
        uses: Sequence[ClaimUse],
        nodes: Iterable[str] | None = None,
    ) -> None:
        self.only = None if nodes is None else frozenset(nodes)
        self.world = world
        self.engine = world.engine
        self.solver = world.engine.solver
        self.pod = pod
        self.uses = uses
        self.budget = Budget()
        self.open = tuple(use.claim for use in uses if not use.allocated)
        self.demand = demand(pod)
        self.served = self._served_by_classes()
        self.failed = next((use.label for use in uses if binding_failed(use.claim)), "")
        self.operations = any(each.skip_node_operations for use in uses for each in results_of(use.claim))
        self.requirements = Requirements.of(
            pod,
            (
                (use.label, allocation.node_selector)
                for use in uses
                if (allocation := allocation_of(use.claim)) and allocation.node_selector is not None
            ),
        )
        self.required = self.engine.numbers.of(("requirements", self.requirements.key))
        self._seconds = [_SECONDS_PER_POD]  # left, also for the same pod on other worlds
        self._wishes: dict[frozenset[str], DeviceWish] = {}
        wish = self.wish(frozenset())
        self.kind = self.engine.numbers.of(
            (
                "kind",
                self.required,
                tuple(sorted(self.demand.items())),
                self.operations,
                self.failed,
                node_resources.key_of(self),
                tuple(sorted(self.served.items())),
                wish.key,
            )
        )

    def on(self, world: World, nodes: frozenset[str] | None = None) -> Trial:
        """The same pod, tried on another world with the same slices and classes, in the time that is left.

        Args:
            world: The nodes.
            nodes: The names of the only nodes that may be looked at; all if left out.
        """
        other = copy(self)
        other.world, other.only = world, nodes
        return other

    def _served_by_classes(self) -> Mapping[str, str]:
        """The extended resources that the pod asks for and a device class stands for."""
        if not self.solver.features.extended_resource:
            return {}
        asked = [name for name in self.demand if "/" in name]
        if not asked:
            return {}
        known = resource_classes(self.solver.classes.values(), self.solver.kubernetes)
        return {name: known[name].metadata.name or "" for name in asked if name in known}

    @property
    def out_of_time(self) -> bool:
        """Whether nodes are not looked at any more, so that what they say does not last."""
        return self._seconds[0] <= 0

    def parts(self) -> Sequence[Sequence[NodeState]]:
        """The nodes to look at, in order, some at a time: all, or those that may be and the pod names."""
        states, places = self.world.states, self.world.places
        names = self.only
        if self.requirements.node_name:
            named = frozenset({self.requirements.node_name})
            names = named if names is None else names & named
        if names is None:
            return states.pieces
        return [[states[at] for at in sorted(places[name] for name in names if name in places)]]

    def looked_for(self) -> Iterable[NodeState]:
        """The nodes that may be looked at, to say why each of them is not taken."""
        only = self.only
        if only is None:
            return self.world.states
        return [state for state in self.world.states if state.site.name in only]

    @property
    def ranks(self) -> bool:
        """Whether Kubernetes would prefer some of the nodes that fit, so that all have to be looked at."""
        alternatives = any(
            len(slot.alternatives) > 1 for wish in self._wishes.values() for slot in wish.plan.slots
        )
        return alternatives or bool(self.requirements.preferred) or self.world.prefers

    def wish(self, offered: frozenset[str]) -> DeviceWish:
        """What the pod needs devices for.

        Args:
            offered: The extended resources that the node has through a device plugin, of those that classes
                stand for.
        """
        known = self._wishes.get(offered)
        if known is None:
            claims: list[ResourceClaim] = list(self.open)
            extended = None
            if self.served.keys() - offered:
                there = Node(status=NodeStatus(allocatable=dict.fromkeys(offered, Quantity(1))))
                classes = self.solver.classes.values()
                extended = extended_resource_claim(self.pod, classes, there, self.solver.kubernetes)
                if extended is not None:
                    claims.append(extended.claim)
            plan = self.solver.prepare(claims)
            known = self._wishes[offered] = DeviceWish(
                plan, extended, self.engine.numbers.of(("wish", wishes(plan))), Likeness.of(plan)
            )
        return known

    def verdict(self, state: NodeState) -> Verdict:
        """What a node says to the pod.

        Raises:
            AllocationError: Something about the pod's claims, its affinity or the devices is broken.
        """
        known = state.verdicts.get(self.kind)
        if known is not None and (known.shared is self.world.shared or not state.site.sees_shared):
            return known
        verdict = self._verdict(state)
        return verdict if verdict.outcome is NO_TIME else state.verdicts.keep(self.kind, verdict)

    def _verdict(self, state: NodeState) -> Verdict:
        site, shared = state.site, self.world.shared
        reason = self.refusal(state) or self.shortage(state, state.requested)
        if reason is None and self.failed:
            reason = Reason("claim", f"claim {self.failed}: binding one of its devices failed")
        if reason is None and self.operations and not _declares_operations(state):
            reason = Reason("claim", "an allocated device needs DRAOptionalNodeOperations, which it lacks")
        if reason is not None:
            return Verdict(reason, None, shared)
        outcome = self.outcome(state)
        if not outcome.fits:
            return Verdict(Reason("devices", outcome.note), outcome, shared)
        reason = node_resources.refusal(self, state)
        if reason is not None:
            return Verdict(reason, outcome, shared)
        verdict = Verdict(None, outcome, shared)
        if self.requirements.preferred:
            verdict.affinity = self.requirements.preference(site.node)
        if self.world.prefers:
            verdict.dislikes = self.requirements.dislikes(site.node)
        return verdict

    def offered(self, state: NodeState) -> frozenset[str]:
        """The extended resources that a node has through a device plugin, of those that classes stand for."""
        if not self.served:
            return frozenset()
        have = state.site.allocatable or {}
        return frozenset(name for name in self.served if have.get(name))

    def refusal(self, state: NodeState) -> Reason | None:
        """Why the pod may not run on a node, whatever runs there.

        Raises:
            AllocationError: The pod's affinity is malformed.
        """
        site, key = state.site, self.required
        if key in site.refusals:
            return site.refusals[key]
        return site.refusals.keep(key, self.requirements.refusal(site.node))

    def shortage(self, state: NodeState, requested: Mapping[str, int]) -> Reason | None:
        """Which resources are short, devices apart, if so much of the node is requested already."""
        have = state.site.allocatable
        if have is None:
            return None
        short = []
        for name, wanted in self.demand.items():
            there = have.get(name)
            if there is None:
                if name in NATIVE or name in self.served:
                    continue
                there = 0
            elif not there and name in self.served:
                continue
            if wanted + requested.get(name, 0) > there:
                short.append(name)
        if not short:
            return None
        return Reason("resources", f"insufficient {', '.join(sorted(short))}")

    def outcome(self, state: NodeState) -> Outcome:
        """What comes of looking for devices on a node.

        Raises:
            AllocationError: Something about the claims or the devices is broken.
        """
        wish = self.wish(self.offered(state))
        if not wish.plan.claims:
            return NOTHING_WANTED
        view = state.site.view(self.engine)
        key = (wish.key, self.likeness(state, wish, view), self.world.account.signature(view))
        known = self.engine.outcomes.get(key)
        if known is not None:
            return known
        if self._seconds[0] <= 0:
            return NO_TIME
        start = time.monotonic()
        try:
            attempt = self.solver.attempt(wish.plan, view, self.world.account, self.budget)
            outcome = Outcome.of(attempt)
        except (InvalidPoolError, SearchBudgetExceeded) as error:  # of this node only
            outcome = Outcome(fits=False, note=error.message)
        finally:
            self._seconds[0] -= time.monotonic() - start
        return self.engine.outcomes.keep(key, outcome)

    def likeness(self, state: NodeState, wish: DeviceWish, view: NodeView) -> int:
        """What the node is like to the claims."""
        known = state.site.likenesses.get(wish.key)
        if known is None:
            like = wish.likeness.of_node(view, self.solver.matcher, self.engine.shapes)
            known = state.site.likenesses.keep(wish.key, self.engine.numbers.of(("like", like)))
        return known

    def results(self, state: NodeState) -> tuple[DeviceWish, list[AllocationResult]]:
        """The allocations on a node that has devices for the claims.

        Raises:
            AllocationError: No allocation can express where the devices may be used.
        """
        wish = self.wish(self.offered(state))
        view = state.site.view(self.engine)
        attempt = self.solver.attempt(wish.plan, view, self.world.account, self.budget)
        if attempt is None or attempt.picks is None:
            raise AssertionError("nodes that are alike have devices alike")
        return wish, self.solver.results(wish.plan, attempt, state.site.name)

    def check(self) -> None:
        """Look for faults in the claims, which are fatal whatever the nodes.

        Raises:
            AllocationError: A request or constraint is broken.
        """
        for claim in self.wish(frozenset()).plan.claims:
            fault = claim.request_fault or claim.constraint_fault
            if fault is not None:
                raise fault

    def explain(self, node: str) -> Explanation:
        """Why there are devices on a node, or why not, device by device.

        Raises:
            LoadError: There is no such node.
        """
        with self.engine.lock:
            return self.explain_at(self.world.state_of(node))

    def explain_at(self, state: NodeState, budget: Budget | None = None) -> Explanation:
        """As `explain`, for a node that is at hand."""
        wish = self.wish(self.offered(state))
        account = self.world.account
        return self.solver.explain(
            wish.plan, state.site.node, account, holders=account.holders_of, budget=budget or self.budget
        )


def _declares_operations(state: NodeState) -> bool:
    status = state.site.node.status
    return status is not None and "DRAOptionalNodeOperations" in (status.declared_features or ())
