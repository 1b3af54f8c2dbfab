"""A chosen node becomes a placement: the pod and its claims as they are in the cluster after binding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dra.models.core import (
    NodeAllocatableResourceClaimStatus,
    Pod,
    PodExtendedResourceClaimStatus,
    PodResourceClaimStatus,
    PodStatus,
)
from dra.models.resource import AllocationResult, ResourceClaim, ResourceClaimStatus
from dra.scheduler.attempts import DeviceWish, Trial
from dra.scheduler.claims import ClaimUse, consumer_of
from dra.scheduler.node_resources import node_resources
from dra.scheduler.placement import PlacedClaim, Placement
from dra.scheduler.release import reserved
from dra.scheduler.schedule import Chosen

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["bound"]


def bound(trial: Trial, chosen: Chosen, cluster: Cluster, known: Pod | None, policy: str) -> Placement:
    """The placement of a pod on the node that was chosen for it.

    Args:
        trial: The pod.
        chosen: The node.
        cluster: The cluster that was asked.
        known: The pod as it is in the cluster, if it is there.
        policy: The name of the policy.

    Raises:
        AllocationError: No allocation can express where the devices may be used.
    """
    wish, results = trial.results(chosen.state)
    waiting = iter(results)
    claims = []
    for use in trial.uses:
        claim = use.given if use.allocated else _allocated(use.given, next(waiting))
        claims.append(PlacedClaim(use, reserved(claim, consumer_of(trial.pod, use.group))))
    if wish.extended is not None:
        use = ClaimUse("", wish.extended.claim, wish.extended.claim)
        claim = _allocated(use.claim, next(waiting))
        claims.append(PlacedClaim(use, reserved(claim, consumer_of(trial.pod, None))))
    had = [(each.use, each.allocation) for each in claims]
    costs = [status for _, status in node_resources(trial, chosen.state, had)]
    pod = _bound_pod(trial, chosen.state.site.name, wish, costs)
    return Placement(
        pod,
        chosen.state.site.name,
        tuple(claims),
        policy,
        chosen.score,
        chosen.preference,
        chosen.considered,
        chosen.feasible,
        cluster,
        trial,
        known,
    )


def _allocated(claim: ResourceClaim, result: AllocationResult) -> ResourceClaim:
    status = claim.status or ResourceClaimStatus()
    return claim.model_copy(update={"status": status.model_copy(update={"allocation": result})})


def _bound_pod(
    trial: Trial, node: str, wish: DeviceWish, costs: list[NodeAllocatableResourceClaimStatus]
) -> Pod:
    pod = trial.pod
    status = pod.status or PodStatus()
    changes: dict[str, object] = {}
    made = {each.name: each for each in status.resource_claim_statuses or ()}
    by_template = {each.name for each in pod.spec.resource_claims or () if each.resource_claim_template_name}
    for use in trial.uses:
        if use.entry in by_template and use.entry not in made:
            made[use.entry] = PodResourceClaimStatus(
                name=use.entry, resource_claim_name=use.claim.metadata.name
            )
    if made:
        changes["resource_claim_statuses"] = list(made.values())
    if costs:
        changes["node_allocatable_resource_claim_statuses"] = costs
    if wish.extended is not None:
        changes["extended_resource_claim_status"] = PodExtendedResourceClaimStatus(
            request_mappings=list(wish.extended.mappings),
            resource_claim_name=wish.extended.claim.metadata.name or "",
        )
    update: dict[str, object] = {"spec": pod.spec.model_copy(update={"node_name": node})}
    if changes:
        update["status"] = status.model_copy(update=changes)
    return pod.model_copy(update=update)
