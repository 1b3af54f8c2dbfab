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
from dra.scheduler.claims import ClaimUse, consumer_of, is_reserved_for, same_consumer
from dra.scheduler.node_resources import node_resources
from dra.scheduler.objects import key_of
from dra.scheduler.placement import PlacedClaim, Placement
from dra.scheduler.schedule import Chosen

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["bound", "released"]


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
    claims = [
        PlacedClaim(
            use,
            _reserved(use, use.claim if use.allocated else _allocated(use.claim, next(waiting)), trial.pod),
        )
        for use in trial.uses
    ]
    if wish.extended is not None:
        use = ClaimUse("", wish.extended.claim)
        claims.append(PlacedClaim(use, _reserved(use, _allocated(use.claim, next(waiting)), trial.pod)))
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


def _reserved(use: ClaimUse, claim: ResourceClaim, pod: Pod) -> ResourceClaim:
    """The claim with the pod, or its group, among its consumers."""
    if is_reserved_for(pod, use):
        return claim
    status = claim.status or ResourceClaimStatus()
    consumers = [*(status.reserved_for or ()), consumer_of(pod, use.group)]
    return claim.model_copy(update={"status": status.model_copy(update={"reserved_for": consumers})})


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


def released(claim: ResourceClaim, pod: Pod, use: ClaimUse | None) -> ResourceClaim | None:
    """A claim after a pod has gone; None if the claim goes with it.

    Args:
        claim: The claim as it is now.
        pod: The pod.
        use: What the claim was before the pod was placed, if that is to be undone.
    """
    if use is not None and use.known is not None and _only_for(claim, pod, use):
        return use.known
    owner = next((each for each in claim.metadata.owner_references or () if each.controller), None)
    if owner is not None and owner.kind == "Pod" and owner.name == key_of(pod)[1]:
        return None
    if use is not None and use.known is None and _only_for(claim, pod, use):
        return None
    status = claim.status
    if status is None:
        return claim
    gone = consumer_of(pod, None)
    consumers = [each for each in status.reserved_for or () if not same_consumer(each, gone)]
    if len(consumers) == len(status.reserved_for or ()):
        return claim
    left = status.model_copy(
        update={
            "reserved_for": consumers or None,
            **({} if consumers else {"allocation": None, "devices": None}),
        }
    )
    return claim.model_copy(update={"status": left})


def _only_for(claim: ResourceClaim, pod: Pod, use: ClaimUse) -> bool:
    """Whether nobody has come to use the claim since the pod was placed."""
    now = (claim.status.reserved_for if claim.status else None) or []
    before = (use.claim.status.reserved_for if use.claim.status else None) or []
    mine = consumer_of(pod, use.group)
    others = [each for each in now if not same_consumer(each, mine)]
    return len(others) <= len([each for each in before if not same_consumer(each, mine)])
