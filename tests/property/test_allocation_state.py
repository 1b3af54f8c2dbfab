"""An account that follows reservations and releases says what one made anew from the claims says."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from dra.allocator import AllocatedState, Allocator
from dra.features import Features
from dra.models.core import Node
from dra.models.resource import DeviceClass, ResourceClaim, ResourceClaimStatus, ResourceSlice
from tests.conformance.allocation import comparable
from tests.property import allocation_instances

FEATURES = Features.all()


def claim(random: Random, name: str) -> ResourceClaim:
    wire = allocation_instances.claim(random, name)
    for request in wire["spec"]["devices"]["requests"]:
        for body in request.get("firstAvailable") or [request["exactly"]]:
            if random.random() < 0.3:
                body["capacity"] = {"requests": {"memory": random.choice(["0", "1Gi", "2Gi"])}}
    return ResourceClaim.from_dict(wire)


def said(allocator: Allocator, wanted: ResourceClaim, node: Node) -> list[dict[str, Any]] | None:
    results = allocator.allocate([wanted], node)
    return None if results is None else comparable([each.to_dict() for each in results])


@pytest.mark.parametrize("seed", range(40))
def test_reserving_and_releasing_equals_starting_again_with_what_is_left(seed: int) -> None:
    random = Random(seed)
    case = allocation_instances.instance(random)
    slices = [ResourceSlice.from_dict(each) for each in case["slices"]]
    classes = [DeviceClass.from_dict(each) for each in case["classes"]]
    node = Node.from_dict(case["nodes"][0])
    held: list[ResourceClaim] = []
    allocator = Allocator(slices, classes, features=FEATURES)
    for step in range(30):
        if step == 10:
            # From here on it has not reserved all that it releases.
            allocator = Allocator(slices, classes, AllocatedState.from_claims(held, FEATURES), FEATURES)
        if held and random.random() < 0.4:
            allocator.release(held.pop(random.randrange(len(held))))
        else:
            wanted = claim(random, f"c{step}")
            results = allocator.allocate([wanted], node)
            if results is not None:
                allocator.reserve(wanted, results[0])
                status = ResourceClaimStatus(allocation=results[0])
                held.append(wanted.model_copy(update={"status": status}))
        anew = Allocator(slices, classes, AllocatedState.from_claims(held, FEATURES), FEATURES)
        probe = claim(random, "probe")
        assert said(allocator, probe, node) == said(anew, probe, node), step
