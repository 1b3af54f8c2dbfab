"""What devices cost their pod in resources of the node (KEP-5517): a CPU that is claimed as a device.

Only with the feature `DRANodeAllocatableResources`. A claim whose devices are mapped to resources cannot be
used by several pods, since each would be charged for the same devices.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dra.allocator import node_allocatable_demand
from dra.allocator.allocatable import node_allocatable_status
from dra.models.core import NodeAllocatableResourceClaimStatus
from dra.models.resource import AllocationResult, Device
from dra.scheduler.allocations import allocation_of, consumers_of
from dra.scheduler.claims import ClaimUse, is_reserved_for
from dra.scheduler.filters import Reason

if TYPE_CHECKING:
    from dra.scheduler.attempts import Trial
    from dra.scheduler.world import NodeState

__all__ = ["allocated", "key_of", "node_resources", "refusal"]


def key_of(trial: Trial) -> Hashable:
    """What the answers below depend on besides what claims ask for: the claims that are allocated already."""
    if not trial.solver.features.node_allocatable_resources:
        return None
    return tuple(
        (use.label, str(allocation.to_dict()), _is_in_use(trial, use))
        for use in trial.uses
        if (allocation := allocation_of(use.claim)) is not None
    )


def refusal(trial: Trial, state: NodeState) -> Reason | None:
    """Why a node that has the devices cannot have the pod all the same.

    Raises:
        AllocationError: A mapping needs the consumed capacity of a device that is not shared.
    """
    if not trial.solver.features.node_allocatable_resources or not trial.uses:
        return None
    devices = _mapped_devices(trial, state)
    if not devices:
        return None
    extra: dict[str, int] = {}
    _, results = trial.results(state)
    for use, status in node_resources(trial, state, allocated(trial.uses, results)):
        if status.mapping and _is_in_use(trial, use):
            return Reason(
                "claim", f"claim {use.label} stands for resources of the node and has a user already"
            )
        for name, amount in node_allocatable_demand(status).items():
            extra[name] = extra.get(name, 0) + amount.nanos
    wanted = {name: trial.demand.get(name, 0) + nanos for name, nanos in extra.items()}
    have = state.site.allocatable or {}
    short = [
        name
        for name, nanos in wanted.items()
        if name in have and nanos + state.requested.get(name, 0) > have[name]
    ]
    if not short:
        return None
    return Reason("resources", f"insufficient {', '.join(sorted(short))}, with what the devices stand for")


def node_resources(
    trial: Trial, state: NodeState, allocations: Sequence[tuple[ClaimUse, AllocationResult]]
) -> Iterator[tuple[ClaimUse, NodeAllocatableResourceClaimStatus]]:
    """The claims whose devices cost something, each with what goes to the pod's status.

    Raises:
        AllocationError: A mapping needs the consumed capacity of a device that is not shared.
    """
    if not trial.solver.features.node_allocatable_resources:
        return
    devices = _mapped_devices(trial, state)
    for use, allocation in allocations:
        name = use.claim.metadata.name or ""
        status = node_allocatable_status(name, allocation, devices, trial.pod, use.entry)
        if status is not None:
            yield use, status


def allocated(
    uses: Iterable[ClaimUse], results: Iterable[AllocationResult]
) -> list[tuple[ClaimUse, AllocationResult]]:
    """The claims of a pod with what they have; those that have nothing yet get the results, in order."""
    waiting = iter(results)
    return [(use, allocation_of(use.claim) or next(waiting)) for use in uses]


def _is_in_use(trial: Trial, use: ClaimUse) -> bool:
    return bool(consumers_of(use.claim)) and not is_reserved_for(trial.pod, use)


def _mapped_devices(trial: Trial, state: NodeState) -> Mapping[tuple[str, str, str], Device]:
    """The node's devices that stand for resources of the node, or cost some."""
    return {
        (device.id.driver, device.id.pool, device.id.device): device.model
        for _, device in state.site.view(trial.engine).devices()
        if device.model.node_allocatable_resources or device.model.node_allocatable_resource_mappings
    }
