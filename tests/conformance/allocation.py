"""Runs a recorded allocation case and compares the whole answer with the recorded one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from dra.allocator import AllocatedState, Allocator, Budget, DeviceId, SharedDeviceId
from dra.errors import AllocationError, InvalidPoolError
from dra.features import Features
from dra.models.core import Node
from dra.models.resource import DeviceClass, ResourceClaim, ResourceSlice
from dra.quantity import Quantity

# What a recorded case calls its features -> the fields of `Features`.
FEATURES = {
    "AdminAccess": "admin_access",
    "PrioritizedList": "prioritized_list",
    "PartitionableDevices": "partitionable_devices",
    "DeviceTaints": "device_taints",
    "DeviceBindingAndStatus": "device_binding_and_status",
    "ConsumableCapacity": "consumable_capacity",
    "ListTypeAttributes": "list_type_attributes",
}


# Newer than the recordings of July 2026: "All" did not mean these there. A case that wants them names them.
NEWER_FEATURES = {
    "CompatibilityGroups": "device_compatibility_groups",
    "DerivedAttributes": "derived_attributes",
    "FractionalCapacityRange": "fractional_capacity_range",
    "OptionalNodeOperations": "optional_node_operations",
}

# The error of an allocator that crashed: ours must refuse such input, in words of its own.
PANIC = "panic"


@attrs.frozen
class Answer:
    """What an allocator said about one node."""

    results: list[dict[str, Any]] | None
    error: str | None
    on_node: bool

    @property
    def verdict(self) -> str:
        if self.error is not None:
            return "error on node" if self.on_node else "error"
        return "none" if self.results is None else "fits"


def features_of(case: dict[str, Any]) -> Features:
    switched = case["features"]
    names = FEATURES if switched.get("All") else {name for name, on in switched.items() if on}
    return Features(**{(FEATURES | NEWER_FEATURES)[name]: True for name in names})


def allocator_of(case: dict[str, Any]) -> Allocator:
    features = features_of(case)
    if "allocatedClaims" in case:
        claims = [ResourceClaim.from_dict(each) for each in case["allocatedClaims"]]
        allocated = AllocatedState.from_claims(claims, features)
    else:
        allocated = state_of(case["allocated"])
    return Allocator(
        [ResourceSlice.from_dict(each) for each in case["slices"]],
        [DeviceClass.from_dict(each) for each in case["classes"]],
        allocated,
        features,
    )


def state_of(recorded: dict[str, Any]) -> AllocatedState:
    def share(text: str) -> SharedDeviceId:
        device, _, share_id = text.rpartition("/")
        return SharedDeviceId(DeviceId.parse(device), share_id)

    return AllocatedState(
        devices={DeviceId.parse(each) for each in recorded.get("devices", ())},
        shared={share(each) for each in recorded.get("shared", ())},
        capacity={
            DeviceId.parse(device): {name: Quantity(str(amount)) for name, amount in amounts.items()}
            for device, amounts in recorded.get("capacity", {}).items()
        },
    )


def claims_of(case: dict[str, Any]) -> list[ResourceClaim]:
    return [ResourceClaim.from_dict(each) for each in case["claims"]]


def nodes_of(case: dict[str, Any]) -> list[Node]:
    """The nodes asked about; an unknown one stands for no node at all."""
    nodes = [Node.from_dict(each) for each in case["nodes"] or ()]
    if case["node"] == "*":
        return nodes
    return [node for node in nodes if node.metadata.name == case["node"]] or [Node()]


def run(case: dict[str, Any], budget: Budget | None = None) -> list[Answer]:
    """Our answer for each node that the case asks about."""
    allocator, claims = allocator_of(case), claims_of(case)
    return [_ask(allocator, claims, node, budget) for node in nodes_of(case)]


def _ask(allocator: Allocator, claims: list[ResourceClaim], node: Node, budget: Budget | None) -> Answer:
    try:
        results = allocator.allocate(claims, node, budget=budget)
    except InvalidPoolError as error:
        return Answer(None, error.message, True)
    except AllocationError as error:
        return Answer(None, error.message, False)
    return Answer(None if results is None else comparable([each.to_dict() for each in results]), None, False)


def expected(recorded: dict[str, Any]) -> list[list[Answer]]:
    """The recorded answers for each node: one, or several if Go gave several to the same question."""
    return [
        [_recorded(one) for one in each.get("nondeterministic", [each])]
        for each in recorded.get("nodes", [recorded])
    ]


def _recorded(answer: dict[str, Any]) -> Answer:
    if "panic" in answer:
        return Answer(None, PANIC, False)
    results = None if answer["results"] is None else comparable(answer["results"])
    return Answer(results, answer["error"], bool(answer["failed_on_node"]))


def comparable(results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results without what two correct allocators may do differently: share IDs, absent or empty."""
    names: dict[str, str] = {}

    def device(result: dict[str, Any]) -> dict[str, Any]:
        if "shareID" in result:
            share = names.setdefault(result["shareID"], f"share-{len(names)}")
            result = {**result, "shareID": share}
        return _without_empty(result)

    plain = []
    for each in results:
        devices = each.get("devices") or {}
        listed = {**devices, "results": [device(result) for result in devices.get("results") or ()]}
        plain.append(_without_empty({**each, "devices": listed}))
    return plain


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        pruned = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in pruned.items() if item not in (None, [], {})}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value


def disagreements(
    cases: Iterable[dict[str, Any]],
) -> Iterator[tuple[dict[str, Any], list[Answer], list[list[Answer]]]]:
    """The cases with another answer than recorded: case, ours, theirs.

    Where several of upstream's allocators were asked, the answer of `experimental` is the one that counts.
    """
    for case in cases:
        theirs = expected(case["expect"].get("experimental", case["expect"]))
        ours = run(case)
        pairs = zip(ours, theirs, strict=True)
        if not all(any(agree(mine, one) for one in other) for mine, other in pairs):
            yield case, ours, theirs


def agree(ours: Answer, theirs: Answer) -> bool:
    """Whether two answers are the same: the verdict, the results, and who is to blame for an error."""
    if ours.verdict != theirs.verdict or ours.results != theirs.results:
        return False
    return ours.error is None or theirs.error == PANIC or cause(ours.error) == cause(theirs.error or "")


# What is left of an error's text when the wording of the layers below is taken away.
_CAUSES = (
    re.compile(r"(.*CEL (?:compile|runtime) error)"),
    re.compile(r".*(node selection for slice \w+|unsupported ResourceSlice.NodeSelector)"),
    re.compile(r"(.*)", re.DOTALL),
)


def cause(text: str) -> str:
    """The part of an error's text that names what is wrong, in Kubernetes' words."""
    return next(match.group(1) for pattern in _CAUSES if (match := pattern.match(text)))


def features_used(case: dict[str, Any]) -> str:
    """Which features a case switches on, as a key to count by."""
    if case["features"].get("All"):
        return "all"
    return ", ".join(sorted(name for name, on in case["features"].items() if on)) or "none"
