"""What a change of a cluster comes to: a pod placed, a placement undone, an object removed with what is its.

Each is a `Change`: the objects that are there afterwards, and those that are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from dra.errors import AllocationError
from dra.models.core import Node, Pod
from dra.models.meta import KubernetesObject
from dra.models.resource import ResourceClaim, ResourceSlice
from dra.scheduler.allocations import allocation_of
from dra.scheduler.claims import ClaimUse, consumer_of
from dra.scheduler.contents import Contents, not_there
from dra.scheduler.objects import Key, Objects, key_of
from dra.scheduler.placement import PlacedClaim, Placement
from dra.scheduler.release import released, reserved, undone
from dra.scheduler.world import World

if TYPE_CHECKING:
    from dra.scheduler.copies import Copies

__all__ = ["Change", "check_open", "followed", "placing", "removing", "undoing"]


class Change(NamedTuple):
    """What is different afterwards.

    Attributes:
        changed: Objects that are new, or replace those of their kind and name.
        removed: By kind and name, objects that are gone.
    """

    changed: Sequence[KubernetesObject] = ()
    removed: Sequence[tuple[type[KubernetesObject], Key]] = ()


def placing(contents: Contents, placement: Placement) -> Change:
    """A pod gets its node and its claims, where others may use these since."""
    return Change([placement.pod, *(_as_placed(contents, each, placement) for each in placement.claims)])


def _as_placed(contents: Contents, placed: PlacedClaim, placement: Placement) -> ResourceClaim:
    now = contents._objects.claims.get(key_of(placed.claim))
    if now is None or now is placed.use.known or not placed.use.allocated:
        return placed.claim
    return reserved(now, consumer_of(placement.pod, placed.use.group))


def check_open(cluster: Copies, placement: Placement) -> None:
    """Look whether a placement can still be had.

    Raises:
        AllocationError: Meanwhile the pod is placed, a claim is allocated, or a device is taken.
    """
    objects = cluster._objects
    pod = objects.pods.get(key_of(placement.pod))
    if pod is not None and pod.spec.node_name:
        raise AllocationError(f"{pod.subject} is on node {pod.spec.node_name} already", subject=pod.subject)
    if placement._cluster is cluster:
        return
    for each in placement.claims:
        now = objects.claims.get(key_of(each.claim))
        allocation = allocation_of(now)
        if each.use.allocated and allocation != each.allocation:
            raise AllocationError(f"claim {each.label} has not its devices any more", subject=each.label)
        if allocation is not None and not each.use.allocated:
            raise AllocationError(f"claim {each.label} is allocated meanwhile", subject=each.label)
    with cluster._world.engine.lock:
        short = cluster._world.overdrawn(
            placement.node, [each.claim for each in placement.claims if not each.use.allocated]
        )
    if short:
        raise AllocationError(
            f"device {short} is taken meanwhile",
            value=short,
            subject=placement.pod.subject,
            remedy="schedule the pod again on this cluster",
        )


def undoing(contents: Contents, placement: Placement) -> Change:
    """What a placement made is gone, and what it changed is as it was."""
    changed: list[KubernetesObject] = []
    removed: list[tuple[type[KubernetesObject], Key]] = []
    if placement._before is None:
        removed.append((Pod, key_of(placement.pod)))
    else:
        changed.append(placement._before)
    for each in placement.claims:
        key = key_of(each.claim)
        now = contents._objects.claims.get(key)
        if now is None:
            continue
        left = _left(contents, now, placement.pod, each.use)
        if left is None:
            removed.append((ResourceClaim, key))
        else:
            changed.append(left)
    return Change(changed, removed)


def _left(contents: Contents, claim: ResourceClaim, pod: Pod, use: ClaimUse) -> ResourceClaim | None:
    """The claim without the pod that was placed, as far as others do not need it."""
    if use.group is not None and any(
        each.spec.scheduling_group == pod.spec.scheduling_group
        and each.spec.node_name
        and key_of(each)[0] == key_of(pod)[0]
        and each.metadata.name != pod.metadata.name
        and any(used is claim for used in contents.claims_of(each))
        for each in contents._objects.pods.values()
    ):
        return claim
    return undone(claim, pod, use)


def removing(contents: Contents, kind: type[KubernetesObject], key: Key) -> Change:
    """An object is gone, and what goes with it: claims of a pod, slices of a node.

    Raises:
        LoadError: There is no such object.
    """
    objects = contents._objects
    found = objects.of_kind(kind).get(key)
    if found is None:
        raise not_there(kind, key, objects)
    changed: list[KubernetesObject] = []
    removed: list[tuple[type[KubernetesObject], Key]] = [(kind, key)]
    if isinstance(found, Pod):
        for claim in contents.claims_of(found):
            left = released(claim, found)
            if left is None:
                removed.append((ResourceClaim, key_of(claim)))
            elif left is not claim:
                changed.append(left)
    elif isinstance(found, Node):
        removed += [
            (ResourceSlice, at) for at, each in objects.slices.items() if each.spec.node_name == key[1]
        ]
    return Change(changed, removed)


def followed(world: World, before: Objects, after: Objects, change: Change) -> World:
    """The world after a change of pods and claims.

    Args:
        world: The world before.
        before: The objects that it follows from.
        after: The objects now.
        change: What is different.
    """
    pods = {key_of(each) for each in change.changed if isinstance(each, Pod)}
    pods |= {key for kind, key in change.removed if kind is Pod}
    claims = {key_of(each) for each in change.changed if isinstance(each, ResourceClaim)}
    claims |= {key for kind, key in change.removed if kind is ResourceClaim}
    with world.engine.lock:
        return world.following(
            [(before.pods.get(key), after.pods.get(key)) for key in sorted(pods)],
            [(key, before.claims.get(key), after.claims.get(key)) for key in sorted(claims)],
        )
