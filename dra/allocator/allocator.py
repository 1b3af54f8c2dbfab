"""`Allocator`: which devices a pod's claims get on a node, and why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from dra.allocator.allocatable import node_allocatable_status
from dra.allocator.explanation import Explanation
from dra.allocator.inventory import NodeView
from dra.allocator.plan import Plan
from dra.allocator.pools import Device
from dra.allocator.search import Budget
from dra.allocator.solver import Solver
from dra.allocator.state import AllocatedState, DeviceId, Holding, Ledger, claim_key, holdings, key_label
from dra.allocator.usage import Books
from dra.arguments import instance, several
from dra.errors import AllocationError
from dra.features import LATEST, Features
from dra.models.core import Node, NodeAllocatableResourceClaimStatus, Pod
from dra.models.resource import AllocationResult, DeviceClass, ResourceClaim, ResourceSlice
from dra.validation.defaults import filled_in

__all__ = ["Allocator"]

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
        ...     {"name": "r", "exactly": {"deviceClassName": "gpu"}}]}}})
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
        kubernetes: str = LATEST,
    ) -> None:
        self.features = features if features is not None else Features.for_kubernetes(kubernetes)
        instance(self.features, Features, "features", "dra.Features")
        if allocated is not None:
            instance(allocated, AllocatedState, "allocated", "a dra.AllocatedState")
        every = [
            instance(each, ResourceSlice, "slices", "ResourceSlices", "dra.load reads manifests")
            for each in several(slices, "slices", "ResourceSlices")
        ]
        known = [
            instance(each, DeviceClass, "classes", "DeviceClasses", "dra.load reads manifests")
            for each in several(classes, "classes", "DeviceClasses")
        ]
        self._solver = Solver(every, known, self.features, kubernetes)
        self._ledger = Ledger(self.features, allocated)
        self._books = Books(self._ledger)
        self._reserved = dict(allocated.held_by) if allocated is not None else {}

    def prepare(self, claims: Iterable[ResourceClaim]) -> Plan:
        """Take claims apart, to try them on many nodes without doing so each time.

        Faults in the claims are not raised here but by `allocate`.

        Raises:
            AllocationError: They are not a list of claims.
        """
        return self._solver.prepare(self._stored(claim) for claim in several(claims, "claims", "claims"))

    def _stored(self, claim: ResourceClaim) -> ResourceClaim:
        """The claim as the API server would have it."""
        if not isinstance(claim, ResourceClaim):
            raise AllocationError(
                f"a list of ResourceClaims is wanted, not of {type(claim).__name__}",
                remedy="[claim] for one; ResourceClaim.from_dict(...) reads a dict, a builder has build(), "
                "a template has claim(name)",
            )
        return filled_in(claim, self.features)

    def allocate(
        self, claims: Iterable[ResourceClaim] | Plan, node: Node, *, budget: Budget | None = None
    ) -> list[AllocationResult] | None:
        """Devices for all the claims on one node.

        Args:
            claims: The claims of one pod that are still to be allocated; their status is not looked at.
                They are taken as the API server stores them, with its defaults (`dra.default`).
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
        _check_node(node)
        return self._solver.allocate(prepared, node, self._books, budget)

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
            ...     {"name": "r", "exactly": {"deviceClassName": "gpu"}}]}}})
            >>> allocator = Allocator([], [DeviceClass.from_dict({"metadata": {"name": "gpu"}})])
            >>> print(allocator.explain([claim], Node.from_dict({"metadata": {"name": "n1"}})))
            node n1: does not fit
            claim c, request r wants 1 device: 0 of 0 on the node can be used
        """
        prepared = claims if isinstance(claims, Plan) else self.prepare(claims)
        _check_node(node)
        return self._solver.explain(
            prepared,
            node,
            self._books,
            holders=self._holders(),
            releases=lambda view, rest: self._releases(prepared, view, rest),
            budget=budget,
        )

    def _holders(self) -> Callable[[Device], list[str]]:
        """Who holds a device, as far as that is known; nothing is looked up before somebody asks."""
        found: dict[DeviceId, list[str]] = {}

        def of(device: Device) -> list[str]:
            if not found:
                for key, taken in self._reserved.items():
                    for each in taken:
                        found.setdefault(each.device, []).append(key_label(key))
            return found.get(device.id, [])

        return of

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
                if self._solver.fits(prepared, view, self._books, budget):
                    yield key_label(key)
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
            raise AllocationError(f"claim {key_label(key)} holds devices already", remedy="release it first")
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
        self._books.forget(self._solver.replace(changed, removed))

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
            for _, device in self._solver.view(node).devices()
        }
        return node_allocatable_status(claim.metadata.name or "", result, devices, pod, entry)

    def _account(self, taken: Iterable[Holding], change: Callable[[Holding], None]) -> None:
        for holding in taken:
            change(holding)
            self._books.changed(holding.device)


def _check_node(node: Node) -> None:
    instance(node, Node, "node", "a Node", "Node.from_dict({'metadata': {'name': ...}}) will do")
