"""What becomes of a pod's claims when the pod goes, or when its placement is undone."""

from __future__ import annotations

from collections.abc import Iterable

from dra.models.core import Pod
from dra.models.resource import (
    ResourceClaim,
    ResourceClaimConsumerReference,
    ResourceClaimStatus,
)
from dra.scheduler.allocations import consumers_of
from dra.scheduler.claims import ClaimUse, consumer_of, same_consumer
from dra.scheduler.objects import key_of

__all__ = ["released", "reserved", "undone"]


def reserved(claim: ResourceClaim, consumer: ResourceClaimConsumerReference) -> ResourceClaim:
    """A claim with one more consumer, unless it has that one already."""
    consumers = consumers_of(claim)
    if any(same_consumer(each, consumer) for each in consumers):
        return claim
    status = claim.status or ResourceClaimStatus()
    return _with_status(claim, status.model_copy(update={"reserved_for": [*consumers, consumer]}))


def released(claim: ResourceClaim, pod: Pod) -> ResourceClaim | None:
    """A claim after a pod has been deleted; None if the claim goes with it.

    A claim that was made for the pod goes with it. Another one is left to its other consumers; if there are
    none, it loses its devices, as the resource claim controller sees to. A claim that is reserved for a pod
    group stays as it is until the group goes.
    """
    owner = next((each for each in claim.metadata.owner_references or () if each.controller), None)
    if owner is not None and owner.kind == "Pod" and owner.name == key_of(pod)[1]:
        return None
    consumers = consumers_of(claim)
    left = _others(consumers, consumer_of(pod, None))
    if claim.status is None or len(left) == len(consumers):
        return claim
    if left:
        return _with_status(claim, claim.status.model_copy(update={"reserved_for": left}))
    return _with_status(
        claim, claim.status.model_copy(update=dict.fromkeys(("reserved_for", "allocation", "devices")))
    )


def undone(claim: ResourceClaim, pod: Pod, use: ClaimUse) -> ResourceClaim | None:
    """A claim after the placement of a pod is undone; None if it came with the placement.

    If nobody else uses the claim, it is what it was before, unless that was with consumers that have gone
    since: then it loses its devices.

    Args:
        claim: The claim as it is now.
        pod: The pod.
        use: The claim as it was when the pod was placed.
    """
    if _others(consumers_of(claim), consumer_of(pod, use.group)):
        return released(claim, pod)
    if use.known is None:
        return None
    before = _others(consumers_of(use.known), consumer_of(pod, use.group))
    return released(claim, pod) if before else use.known


def _others(
    consumers: Iterable[ResourceClaimConsumerReference], gone: ResourceClaimConsumerReference
) -> list[ResourceClaimConsumerReference]:
    return [each for each in consumers if not same_consumer(each, gone)]


def _with_status(claim: ResourceClaim, status: ResourceClaimStatus) -> ResourceClaim:
    """The claim with a status, or without one if it says nothing."""
    return claim.model_copy(update={"status": status if status.to_dict() else None})
