"""`Allocator`: which devices a pod's claims get on a node, and why not."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final

import attrs

from dra.allocator.allocatable import node_allocatable_status
from dra.allocator.board import Board, Option, Pick, PlacedSlot
from dra.allocator.candidates import Matcher
from dra.allocator.capacity import Refusal, exceeded
from dra.allocator.explain import Explainer
from dra.allocator.explanation import Explanation
from dra.allocator.inventory import Inventory, NodeView
from dra.allocator.plan import RESULTS_MAX, Alternative, ClaimPlan, DeviceFilter, Plan, Slot, plan
from dra.allocator.pools import Device, each_bit
from dra.allocator.results import allocation_result
from dra.allocator.search import Budget, search
from dra.allocator.state import AllocatedState, Holding, Ledger, claim_key, holdings
from dra.allocator.usage import Books
from dra.errors import AllocationError, InvalidPoolError
from dra.features import Features, minor
from dra.models.core import Node, NodeAllocatableResourceClaimStatus, Pod
from dra.models.resource import AllocationResult, DeviceClass, ResourceClaim, ResourceSlice

__all__ = ["Allocator"]

# How many different filters are remembered, and how many answers of nodes to them (about 250 bytes each).
_FILTERS_KEPT: Final = 2000
_ANSWERS_KEPT: Final = 1_000_000
# How many replaced pools leave what was found out about their devices behind.
_POOLS_REMEMBERED: Final = 1000
_RELEASES_TRIED: Final = 8


class Allocator:
    """Allocates devices as kube-scheduler's `DynamicResources` plugin does: first fit, in a fixed order.

    Slices are compiled once; any number of claims can then be tried on any number of nodes. An allocator is
    not changed by `allocate`: call `reserve` to count a result as taken, `release` to give it back. An
    allocator is for one thread at a time.

    Args:
        slices: All slices of the cluster, with device taint rules applied (`apply_taint_rules`).
        classes: All device classes.
        allocated: What other claims hold.
        features: The scheduler's feature gates, by default those of the latest Kubernetes.
        kubernetes: The minor whose CEL environment selectors are compiled in.

    Raises:
        UnknownVersionError: The minor is unknown.

    Example:
        >>> slice = ResourceSlice.from_dict({"metadata": {"name": "s"}, "spec": {
        ...     "driver": "gpu.example.com", "nodeName": "n1",
        ...     "pool": {"name": "n1", "generation": 1, "resourceSliceCount": 1},
        ...     "devices": [{"name": "gpu-0"}, {"name": "gpu-1"}]}})
        >>> gpu = DeviceClass.from_dict({"metadata": {"name": "gpu"}, "spec": {}})
        >>> claim = ResourceClaim.from_dict({"metadata": {"name": "c"}, "spec": {"devices": {"requests": [
        ...     {"name": "r", "exactly": {
        ...         "deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}}]}}})
        >>> allocator = Allocator([slice], [gpu])
        >>> node = Node.from_dict({"metadata": {"name": "n1"}})
        >>> [result] = allocator.allocate([claim], node)
        >>> result.devices.results[0].device
        'gpu-0'
        >>> allocator.reserve(claim, result)
        >>> allocator.allocate([claim], node)[0].devices.results[0].device
        'gpu-1'
    """

    def __init__(
        self,
        slices: Iterable[ResourceSlice],
        classes: Iterable[DeviceClass],
        allocated: AllocatedState | None = None,
        features: Features | None = None,
        *,
        kubernetes: str = "1.37",
    ) -> None:
        self.features = features if features is not None else Features.for_kubernetes(kubernetes)
        self._classes = {each.metadata.name or "": each for each in classes}
        self._inventory = Inventory(slices, self.features, mixed=minor(kubernetes) == "1.34")
        self._ledger = Ledger(self.features, allocated)
        self._books = Books(self._ledger)
        self._kubernetes = kubernetes
        self._matcher = Matcher(self.features, kubernetes)
        self._filters: dict[Hashable, DeviceFilter] = {}
        self._replaced = 0
        self._reserved = dict(allocated.held_by) if allocated is not None else {}

    def prepare(self, claims: Iterable[ResourceClaim]) -> Plan:
        """Take claims apart, to try them on many nodes without doing so each time.

        Faults in the claims are not raised here but by `allocate`.
        """
        kept = len(self._filters)
        if kept > _FILTERS_KEPT or kept * self._inventory.nodes > _ANSWERS_KEPT:
            self._filters.clear()
            self._inventory.forget_filters()
            self._matcher = Matcher(self.features, self._kubernetes)
        return plan(claims, self._classes, self.features, self._filters)

    def allocate(
        self, claims: Iterable[ResourceClaim] | Plan, node: Node, *, budget: Budget | None = None
    ) -> list[AllocationResult] | None:
        """Devices for all the claims on one node.

        Args:
            claims: The claims of one pod that are still to be allocated; their status is not looked at.
                They are taken as the API server stores them: with defaults set.
            node: The node.
            budget: How long to search; by default ten seconds.

        Returns:
            One result per claim, or None if they do not fit.

        Raises:
            AllocationError: Broken input: the pod cannot be scheduled at all.
            InvalidPoolError: They do not fit, and a pool on this node is invalid; others may still do.
            SearchBudgetExceeded: The budget is used up.
        """
        prepared = claims if isinstance(claims, Plan) else self.prepare(claims)
        view = self._inventory.view(node)
        if not prepared.needs_node and self._hopeless(prepared, view):
            self._check_unfit(view)
            return None
        slots, picks = self._attempt(prepared, view, (budget or Budget()).start())
        if picks is None:
            self._check_unfit(view)
            return None
        return self._results(prepared, slots, picks, node.metadata.name or "")

    def _attempt(
        self, prepared: Plan, view: NodeView, budget: Budget
    ) -> tuple[tuple[PlacedSlot, ...], tuple[Pick, ...] | None]:
        """What the claims want of a node, and the devices they get; None if they do not fit."""
        slots = tuple(self._placed_slots(prepared, view))
        return slots, search(Board(view, prepared, self._books, self._matcher), slots, budget)

    def _results(
        self, prepared: Plan, slots: Sequence[PlacedSlot], picks: Sequence[Pick], node_name: str
    ) -> list[AllocationResult]:
        chosen: list[list[Alternative]] = [[] for _ in prepared.claims]
        used = {id(pick.slot): pick.option.alternative for pick in picks}
        for slot in slots:
            chosen[slot.slot.claim].append(used.get(id(slot)) or _without_devices(slot))
        taken: list[list[Pick]] = [[] for _ in prepared.claims]
        for pick in picks:
            taken[pick.slot.slot.claim].append(pick)
        return [
            allocation_result(claim, chosen[index], taken[index], node_name, self.features)
            for index, claim in enumerate(prepared.claims)
        ]

    def explain(
        self, claims: Iterable[ResourceClaim] | Plan, node: Node, *, budget: Budget | None = None
    ) -> Explanation:
        """Why the claims fit a node, or why they do not; nothing is raised for broken claims.

        Args:
            claims: As for `allocate`.
            node: The node.
            budget: How long the search may take, and after it all searches for reasons together.

        Example:
            >>> claim = ResourceClaim.from_dict({"metadata": {"name": "c"}, "spec": {"devices": {"requests": [
            ...     {"name": "r", "exactly": {
            ...         "deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}}]}}})
            >>> allocator = Allocator([], [DeviceClass.from_dict({"metadata": {"name": "gpu"}})])
            >>> print(allocator.explain([claim], Node.from_dict({"metadata": {"name": "n1"}})))
            node n1: does not fit
            claim c, request r wants 1 device: 0 of 0 on the node can be used
        """
        prepared = claims if isinstance(claims, Plan) else self.prepare(claims)
        limit = budget or Budget()
        name = node.metadata.name or ""
        try:
            view = self._inventory.view(node)
            slots, picks = self._attempt(prepared, view, limit.start())
            if picks is not None:
                self._results(prepared, slots, picks, name)
            rest = limit.start()
            explainer = Explainer(
                name,
                prepared,
                view,
                self._books,
                lambda reporter: Board(view, prepared, self._books, self._matcher, reporter),
                self._holders_of,
            )
            explanation = explainer.run(slots, picks, rest)
        except AllocationError as error:
            return Explanation(name, fits=False, error=str(error))
        if explanation.fits:
            return explanation
        return attrs.evolve(explanation, releases=tuple(self._releases(prepared, view, rest)))

    def _holders_of(self, device: Device) -> list[str]:
        """The claims that hold a device, as far as they are known."""
        return [
            _label(key)
            for key, holding in self._reserved.items()
            if any(each.device == device.id for each in holding)
        ]

    def _releases(self, prepared: Plan, view: NodeView, budget: Budget) -> Iterator[str]:
        """The claims whose release alone would make room, looking at a few that hold devices of the node."""
        here = {device.id for _, device in view.devices()}
        holders = [
            (key, taken)
            for key, taken in self._reserved.items()
            if any(holding.device in here for holding in taken)
        ]
        for key, taken in holders[:_RELEASES_TRIED]:
            self._account(taken, self._ledger.give_back)
            try:
                if self._attempt(prepared, view, budget)[1] is not None:
                    yield _label(key)
            except AllocationError:
                continue
            finally:
                self._account(taken, self._ledger.take)

    def reserve(self, claim: ResourceClaim, result: AllocationResult) -> None:
        """Count the devices of a result as taken by a claim.

        Raises:
            AllocationError: The claim holds devices already.
        """
        key = claim_key(claim)
        if key in self._reserved:
            raise AllocationError(f"claim {_label(key)} holds devices already", remedy="release it first")
        self._reserved[key] = taken = tuple(holdings(result, self.features))
        self._account(taken, self._ledger.take)

    def release(self, claim: ResourceClaim) -> None:
        """Give back what a claim holds through `reserve` or `AllocatedState.from_claims`.

        Nothing happens if it holds nothing.
        """
        self._account(self._reserved.pop(claim_key(claim), ()), self._ledger.give_back)

    def replace_slices(self, changed: Iterable[ResourceSlice] = (), removed: Iterable[str] = ()) -> None:
        """Follow a change of the cluster: only the pools of these slices are compiled again.

        Args:
            changed: New slices, and changed ones, which replace those of the same name.
            removed: Names of slices that are gone.
        """
        gone = self._inventory.replace(changed, removed)
        self._books.forget(gone)
        self._replaced += len(gone)
        if self._replaced > _POOLS_REMEMBERED:
            self._replaced = 0
            self._matcher = Matcher(self.features, self._kubernetes)

    def node_allocatable(
        self, claim: ResourceClaim, result: AllocationResult, node: Node, pod: Pod, entry: str
    ) -> NodeAllocatableResourceClaimStatus | None:
        """What an allocated claim costs a pod in resources of the node, such as `cpu` (KEP-5517).

        Args:
            claim: The claim.
            result: Its allocation.
            node: The node.
            pod: The pod.
            entry: The name under which the pod's containers refer to the claim.

        Raises:
            AllocationError: A mapping needs the consumed capacity of a device that is not shared.
        """
        devices = {
            (device.id.driver, device.id.pool, device.id.device): device.model
            for _, device in self._inventory.view(node).devices()
        }
        return node_allocatable_status(claim.metadata.name or "", result, devices, pod, entry)

    def _account(self, taken: Iterable[Holding], change: Callable[[Holding], None]) -> None:
        for holding in taken:
            change(holding)
            self._books.changed(holding.device)

    def _check_unfit(self, view: NodeView) -> None:
        """An invalid pool may be why nothing fits."""
        if view.invalid:
            raise InvalidPoolError(
                "invalid resource pools were encountered",
                value=[f"{pool}: {pool.reason}" for pool in view.pools if pool.reason],
            )

    def _hopeless(self, prepared: Plan, view: NodeView) -> bool:
        """Whether some request alone has too few devices left, and no selector can fail before that shows."""
        used = 0
        for offset, pool, _ in view.offsets:
            used |= self._books.usage(pool).used << offset
        known, free = view.candidates, ~used
        for slot in prepared.slots:
            enough = False
            for option in slot.alternatives:
                found = known.get(option.filter) or self._matcher.candidates(view, option.filter)
                if found.errors or option.derived:
                    return False
                devices = found.usable if option.admin_access else found.usable & free
                enough = enough or devices.bit_count() >= option.count
            if not enough:
                return True
        return False

    def _placed_slots(self, prepared: Plan, view: NodeView) -> Iterator[PlacedSlot]:
        """The slots with what the node has for them, checking the claims in Kubernetes' order."""
        for claim in prepared.claims:
            fewest = 0
            for slot in claim.slots:
                placed = PlacedSlot(
                    slot, tuple(self._option(claim, slot, each, view) for each in slot.alternatives)
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

    def _option(self, claim: ClaimPlan, slot: Slot, wanted: Alternative, view: NodeView) -> Option:
        found = self._matcher.candidates(view, wanted.filter)
        if not wanted.all_devices:
            return Option(wanted, wanted.count, found.selected, found.errors, found.barred, strict=False)
        self._check_all(claim, wanted, view, found.errors)
        selected = found.selected
        for position in each_bit(selected):
            if self._is_full(wanted, view, position):
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
                raise self._matcher.error(view, position, wanted, claim.label)
            offset = end

    def _is_full(self, wanted: Alternative, view: NodeView, position: int) -> bool:
        if not self.features.consumable_capacity:
            return False
        pool, index = view.locate(position)
        consumed = self._books.usage(pool).consumed_of(index)
        if not consumed:
            return False
        device = pool.devices[index]
        takes = self._matcher.consumption(device, wanted.filter)
        return not isinstance(takes, Refusal) and exceeded(takes, device.capacity, consumed) is not None


def _without_devices(slot: PlacedSlot) -> Alternative:
    """The alternative that was used for a slot although it left no trace in the picks: it needs no device."""
    options = (each.alternative for each in slot.options if not each.need)
    return next(each for each in options if not each.all_devices)


def _label(key: tuple[str, str]) -> str:
    return "/".join(filter(None, key))
