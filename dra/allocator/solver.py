"""Claims tried on nodes: all that an allocation needs besides the account of what is taken.

A solver holds what is expensive to make and does not change with each pod: slices compiled to pools, classes,
selectors and their verdicts. What is taken comes with each call as an `Account`, so that one solver serves an
`Allocator`, which keeps a running account, and every copy of a cluster, each with an account of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from copy import copy
from typing import Final

import attrs
from typing_extensions import Self

from dra.allocator.board import Board, Option, Pick, PlacedSlot
from dra.allocator.candidates import Matcher
from dra.allocator.capacity import Refusal, exceeded
from dra.allocator.explain import Explainer
from dra.allocator.explanation import Explanation
from dra.allocator.inventory import Inventory, NodeView
from dra.allocator.plan import RESULTS_MAX, Alternative, ClaimPlan, DeviceFilter, Plan, Slot, plan
from dra.allocator.pools import Device, Pool, each_bit
from dra.allocator.results import allocation_result
from dra.allocator.search import Budget, search
from dra.allocator.usage import Account
from dra.errors import AllocationError, InvalidPoolError
from dra.features import LATEST, Features, minor
from dra.models.core import Node
from dra.models.resource import AllocationResult, DeviceClass, ResourceClaim, ResourceSlice

__all__ = ["Attempt", "Solver"]

# How many different filters are remembered, and how many answers of nodes to them (about 250 bytes each).
_FILTERS_KEPT: Final = 2000
_ANSWERS_KEPT: Final = 1_000_000
# How many replaced pools leave what was found out about their devices behind.
_POOLS_REMEMBERED: Final = 1000


@attrs.frozen(eq=False)
class Attempt:
    """What claims want of a node, and what they get.

    Attributes:
        slots: Their requests, each with what the node has for it.
        picks: The devices, in order; None if the claims do not fit.
    """

    slots: tuple[PlacedSlot, ...]
    picks: tuple[Pick, ...] | None


class Solver:
    """Finds devices for claims on nodes, first fit, in Kubernetes' order.

    Args:
        slices: All slices of the cluster, with device taint rules applied.
        classes: All device classes.
        features: What is understood.
        kubernetes: The minor whose CEL environment selectors are compiled in.

    Raises:
        UnknownVersionError: The minor is unknown.

    Example:
        >>> from dra.allocator.usage import Books
        >>> from dra.allocator.state import Ledger
        >>> features = Features.for_kubernetes("1.37")
        >>> solver = Solver([], [], features)
        >>> node = Node.from_dict({"metadata": {"name": "n1"}})
        >>> solver.allocate(solver.prepare([]), node, Books(Ledger(features)))
        []
    """

    def __init__(
        self,
        slices: Iterable[ResourceSlice],
        classes: Iterable[DeviceClass],
        features: Features,
        kubernetes: str = LATEST,
    ) -> None:
        self.features = features
        self.kubernetes = kubernetes
        self.classes = {each.metadata.name or "": each for each in classes}
        self.inventory = Inventory(slices, features, mixed=minor(kubernetes) == "1.34")
        self.matcher = Matcher(features, kubernetes)
        self._filters: dict[Hashable, DeviceFilter] = {}
        self._replaced = 0

    def fork(
        self,
        changed: Iterable[ResourceSlice] = (),
        removed: Iterable[str] = (),
        classes: Iterable[DeviceClass] | None = None,
    ) -> Self:
        """A solver for a changed cluster, which shares with this one all that the change leaves alone.

        Args:
            changed: New slices, and changed ones, which replace those of the same name.
            removed: Names of slices that are gone.
            classes: All device classes, if they changed.
        """
        forked = copy(self)
        if classes is not None:
            forked.classes = {each.metadata.name or "": each for each in classes}
        forked.inventory = self.inventory.fork()
        forked.inventory.replace(changed, removed)
        return forked

    def replace(self, changed: Iterable[ResourceSlice], removed: Iterable[str]) -> list[Pool]:
        """Follow a change of the slices; gives the pools that are gone."""
        gone = self.inventory.replace(changed, removed)
        self._replaced += len(gone)
        if self._replaced > _POOLS_REMEMBERED:
            self._replaced = 0
            self.matcher = Matcher(self.features, self.kubernetes)
        return gone

    def prepare(self, claims: Iterable[ResourceClaim]) -> Plan:
        """Take claims apart, to try them on many nodes without doing so each time.

        Faults in the claims are not raised here but by `allocate`.
        """
        kept = len(self._filters)
        if kept > _FILTERS_KEPT or kept * self.inventory.nodes > _ANSWERS_KEPT:
            self._filters.clear()
            self.inventory.forget_filters()
            self.matcher = Matcher(self.features, self.kubernetes)
        return plan(claims, self.classes, self.features, self._filters)

    def allocate(
        self, prepared: Plan, node: Node, account: Account, budget: Budget | None = None
    ) -> list[AllocationResult] | None:
        """Devices for all the claims on one node, None if they do not fit.

        Args:
            prepared: The claims.
            node: The node.
            account: What is taken.
            budget: How long to search; by default ten seconds.

        Raises:
            AllocationError: Broken input: the pod cannot be scheduled at all.
            InvalidPoolError: They do not fit, and a pool on this node is invalid; others may still do.
            SearchBudgetExceeded: The budget is used up.
        """
        attempt = self.attempt(prepared, self.view(node), account, budget or Budget())
        if attempt is None or attempt.picks is None:
            return None
        return self.results(prepared, attempt, node.metadata.name or "")

    def view(self, node: Node) -> NodeView:
        """The pools that a node sees.

        Raises:
            AllocationError: A node selector in a slice is malformed.
        """
        return self.inventory.view(node)

    def attempt(self, prepared: Plan, view: NodeView, account: Account, budget: Budget) -> Attempt | None:
        """As `allocate`, without writing the results; None if it is hopeless at a glance."""
        hopeless = not prepared.needs_node and self._hopeless(prepared, view, account)
        attempt = None if hopeless else self._attempt(prepared, view, account, budget.start())
        if attempt is None or attempt.picks is None:
            self._check_unfit(view)
        return attempt

    def _attempt(self, prepared: Plan, view: NodeView, account: Account, budget: Budget) -> Attempt:
        """What the claims want of a node, and the devices they get."""
        slots = tuple(self._placed_slots(prepared, view, account))
        return Attempt(slots, search(Board(view, prepared, account, self.matcher), slots, budget))

    def results(self, prepared: Plan, attempt: Attempt, node_name: str) -> list[AllocationResult]:
        """What a successful attempt gives each claim.

        Raises:
            AllocationError: No result can express where the devices may be used.
        """
        picks = attempt.picks or ()
        chosen: list[list[Alternative]] = [[] for _ in prepared.claims]
        used = {id(pick.slot): pick.option.alternative for pick in picks}
        for slot in attempt.slots:
            chosen[slot.slot.claim].append(used.get(id(slot)) or _without_devices(slot))
        taken: list[list[Pick]] = [[] for _ in prepared.claims]
        for pick in picks:
            taken[pick.slot.slot.claim].append(pick)
        return [
            allocation_result(claim, chosen[index], taken[index], node_name, self.features)
            for index, claim in enumerate(prepared.claims)
        ]

    def explain(
        self,
        prepared: Plan,
        node: Node,
        account: Account,
        *,
        holders: Callable[[Device], Sequence[str]],
        releases: Callable[[NodeView, Budget], Iterable[str]] | None = None,
        budget: Budget | None = None,
    ) -> Explanation:
        """Why claims fit a node, or why they do not; nothing is raised for broken claims.

        Args:
            prepared: The claims.
            node: The node.
            account: What is taken.
            holders: The claims that hold a device, as far as they are known.
            releases: The claims whose release would make room, looked for if they do not fit.
            budget: How long the search may take, and after it all searches for reasons together.
        """
        limit = budget or Budget()
        name = node.metadata.name or ""
        try:
            view = self.view(node)
            attempt = self._attempt(prepared, view, account, limit.start())
            if attempt.picks is not None:
                self.results(prepared, attempt, name)
            rest = limit.start()
            explainer = Explainer(
                name,
                prepared,
                view,
                lambda reporter: Board(view, prepared, account, self.matcher, reporter),
                holders,
            )
            explanation = explainer.run(attempt.slots, attempt.picks, rest)
        except AllocationError as error:
            return Explanation(name, fits=False, error=str(error))
        if explanation.fits or releases is None:
            return explanation
        return attrs.evolve(explanation, releases=tuple(releases(view, rest)))

    def fits(self, prepared: Plan, view: NodeView, account: Account, budget: Budget) -> bool:
        """Whether claims fit a node, within a budget that is running.

        Raises:
            AllocationError: As `allocate`, though an invalid pool is no error here.
        """
        return self._attempt(prepared, view, account, budget).picks is not None

    def _check_unfit(self, view: NodeView) -> None:
        """An invalid pool may be why nothing fits."""
        if view.invalid:
            raise InvalidPoolError(
                "invalid resource pools were encountered",
                value=[f"{pool}: {pool.reason}" for pool in view.pools if pool.reason],
            )

    def _hopeless(self, prepared: Plan, view: NodeView, account: Account) -> bool:
        """Whether some request alone has too few devices left, and no selector can fail before that shows."""
        used = 0
        for offset, pool, _ in view.offsets:
            used |= account.usage(pool).used << offset
        known, free = view.candidates, ~used
        for slot in prepared.slots:
            enough = False
            for option in slot.alternatives:
                found = known.get(option.filter) or self.matcher.candidates(view, option.filter)
                if found.errors or option.derived:
                    return False
                devices = found.usable if option.admin_access else found.usable & free
                enough = enough or devices.bit_count() >= option.count
            if not enough:
                return True
        return False

    def _placed_slots(self, prepared: Plan, view: NodeView, account: Account) -> Iterator[PlacedSlot]:
        """The slots with what the node has for them, checking the claims in Kubernetes' order."""
        for claim in prepared.claims:
            fewest = 0
            for slot in claim.slots:
                placed = PlacedSlot(
                    slot, tuple(self._option(claim, slot, each, view, account) for each in slot.alternatives)
                )
                fewest += min(option.need for option in placed.options)
                yield placed
            if claim.request_fault:
                raise claim.request_fault
            if fewest > RESULTS_MAX:
                raise AllocationError(
                    f"claim {claim.label}: number of requested devices {fewest} exceeds the claim limit of "
                    f"{RESULTS_MAX}",
                    path="spec.devices.requests",
                    value=fewest,
                    subject=claim.subject,
                    remedy="divide the devices between several claims",
                )
            if claim.constraint_fault:
                raise claim.constraint_fault

    def _option(
        self, claim: ClaimPlan, slot: Slot, wanted: Alternative, view: NodeView, account: Account
    ) -> Option:
        found = self.matcher.candidates(view, wanted.filter)
        if not wanted.all_devices:
            return Option(wanted, wanted.count, found.selected, found.errors, found.barred, strict=False)
        self._check_all(claim, wanted, view, found.errors)
        selected = found.selected
        for position in each_bit(selected):
            if self._is_full(wanted, view, position, account):
                selected ^= 1 << position
        strict = not slot.prioritized and bool(wanted.constraints)
        return Option(wanted, selected.bit_count(), selected, 0, found.barred, strict)

    def _check_all(self, claim: ClaimPlan, wanted: Alternative, view: NodeView, errors: int) -> None:
        """`All` must know every device: no pool in doubt, no selector without verdict."""
        offset = 0
        for pool in view.pools:
            if pool.pool is None:
                raise AllocationError(
                    f"claim {claim.label}, request {wanted.own_name}: asks for all devices, but resource "
                    f"pool {pool} is {pool.fault}",
                    path=f"{wanted.path}.allocationMode",
                    value=pool.reason or pool.fault,
                    subject=claim.subject,
                )
            end = offset + len(pool.pool.devices)
            here = errors & ((1 << end) - (1 << offset))
            if here:
                position = (here & -here).bit_length() - 1
                raise self.matcher.error(view, position, wanted, claim.label)
            offset = end

    def _is_full(self, wanted: Alternative, view: NodeView, position: int, account: Account) -> bool:
        if not self.features.consumable_capacity:
            return False
        pool, index = view.locate(position)
        consumed = account.usage(pool).consumed_of(index)
        if not consumed:
            return False
        device = pool.devices[index]
        takes = self.matcher.consumption(device, wanted.filter)
        return not isinstance(takes, Refusal) and exceeded(takes, device.capacity, consumed) is not None


def _without_devices(slot: PlacedSlot) -> Alternative:
    """The alternative that was used for a slot although it left no trace in the picks: it needs no device."""
    options = (each.alternative for each in slot.options if not each.need)
    return next(each for each in options if not each.all_devices)
