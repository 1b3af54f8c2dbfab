"""From picks to the AllocationResult that kube-scheduler would write into the claim's status."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dra.allocator.board import Pick
from dra.allocator.plan import Alternative, ClaimPlan
from dra.allocator.state import claim_key
from dra.errors import AllocationError
from dra.features import Features
from dra.models.core import NodeSelector, NodeSelectorRequirement, NodeSelectorTerm
from dra.models.resource import (
    AllocationResult,
    DeviceAllocationConfiguration,
    DeviceAllocationResult,
    DeviceRequestAllocationResult,
    ResourceClaim,
)
from dra.quantity import Quantity

__all__ = ["allocation_result"]


def allocation_result(
    claim: ClaimPlan,
    chosen: Sequence[Alternative],
    picks: Iterable[Pick],
    node_name: str,
    features: Features,
) -> AllocationResult:
    """The allocation of one claim.

    Args:
        claim: The claim.
        chosen: The alternative used for each of its requests.
        picks: Its devices.
        node_name: The node they were picked for.
        features: What is understood.

    Raises:
        AllocationError: A slice has a node selector with several terms, which no result can express.
    """
    picks = tuple(picks)
    results = [
        _device(pick, features, _share_id(claim.claim, number, pick) if pick.device.shareable else None)
        for number, pick in enumerate(picks)
    ]
    config = [*_class_config(chosen), *_claim_config(claim, chosen)]
    names = {alternative.name for alternative in chosen}
    for entry in config:
        if entry.requests and _covers(entry.requests, names):
            entry.requests = None
    return AllocationResult(
        devices=DeviceAllocationResult(results=results or None, config=config or None),
        node_selector=_node_selector(claim, picks, node_name),
    )


def _share_id(claim: ResourceClaim, number: int, pick: Pick) -> str:
    """The identifier of a share: kube-scheduler's is random, ours the same whenever the answer is."""
    parts = (*claim_key(claim), claim.metadata.uid or "", str(number), str(pick.device.id))
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(parts)))


def _device(pick: Pick, features: Features, share_id: str | None) -> DeviceRequestAllocationResult:
    model, alternative = pick.device.model, pick.option.alternative
    binding = features.device_binding_and_status
    tolerations = alternative.tolerations
    return DeviceRequestAllocationResult(
        request=alternative.name,
        driver=pick.device.id.driver,
        pool=pick.device.id.pool,
        device=pick.device.id.device,
        admin_access=alternative.admin_access,
        tolerations=[each.model_copy() for each in tolerations] if tolerations else None,
        binding_conditions=list(model.binding_conditions or ()) or None if binding else None,
        binding_failure_conditions=list(model.binding_failure_conditions or ()) or None if binding else None,
        share_id=share_id,
        consumed_capacity=_as_printed(pick.consumption.amounts) if pick.consumption else None,
        skip_node_operations=list(pick.device.slice.spec.skip_node_operations or ()) or None,
    )


def _as_printed(amounts: Mapping[str, Quantity]) -> dict[str, Quantity] | None:
    """Amounts as the API server writes them, whatever text of the slice they come from."""
    return {name: Quantity(str(amount)) for name, amount in amounts.items()} or None


def _class_config(chosen: Iterable[Alternative]) -> list[DeviceAllocationConfiguration]:
    """The configuration of each class once, for all requests that use the class."""
    requests: dict[str, list[str]] = {}
    classes = {}
    for alternative in chosen:
        name = alternative.device_class.metadata.name or ""
        requests.setdefault(name, []).append(alternative.name)
        classes[name] = alternative.device_class
    return [
        DeviceAllocationConfiguration(
            source="FromClass",
            requests=list(requests[name]),
            opaque=entry.opaque.model_copy(deep=True) if entry.opaque else None,
        )
        for name, device_class in classes.items()
        for entry in device_class.spec.config or ()
    ]


def _claim_config(claim: ClaimPlan, chosen: Sequence[Alternative]) -> Iterator[DeviceAllocationConfiguration]:
    """The claim's own configuration, as far as it concerns a request or an alternative that was chosen."""
    known = {name for each in chosen for name in (each.name, each.name.partition("/")[0])}
    for entry in claim.claim.spec.devices.config or ():
        if not entry.requests or known.intersection(entry.requests):
            yield DeviceAllocationConfiguration(
                source="FromClaim",
                requests=list(entry.requests) if entry.requests else None,
                opaque=entry.opaque.model_copy(deep=True) if entry.opaque else None,
            )


def _covers(requests: Iterable[str], names: Iterable[str]) -> bool:
    listed = set(requests)
    return all(name in listed or name.partition("/")[0] in listed for name in names)


def _node_selector(claim: ClaimPlan, picks: Iterable[Pick], node_name: str) -> NodeSelector | None:
    """Where the devices can be used: one node, the nodes that every device's selector allows, or all."""
    term = NodeSelectorTerm()
    for pick in picks:
        spec, model = pick.device.slice.spec, pick.device.model
        source = model if spec.per_device_node_selection else spec
        if source.node_name is not None or model.binds_to_node:
            only = NodeSelectorRequirement(key="metadata.name", operator="In", values=[node_name])
            return NodeSelector(node_selector_terms=[NodeSelectorTerm(match_fields=[only])])
        terms = source.node_selector.node_selector_terms if source.node_selector else []
        if len(terms) > 1:
            raise AllocationError(
                f"create NodeSelector for claim {claim.claim.metadata.name or ''}: "
                f"unsupported ResourceSlice.NodeSelector with {len(terms)} terms",
                path="spec.nodeSelector.nodeSelectorTerms",
                subject=f"ResourceSlice {pick.device.slice.metadata.name or ''}",
                remedy="a slice's node selector has exactly one term",
            )
        for each in terms:
            term.match_fields = _joined(term.match_fields, each.match_fields)
            term.match_expressions = _joined(term.match_expressions, each.match_expressions)
    if term.match_fields or term.match_expressions:
        return NodeSelector(node_selector_terms=[term])
    return None


def _joined(
    have: list[NodeSelectorRequirement] | None, more: Iterable[NodeSelectorRequirement] | None
) -> list[NodeSelectorRequirement] | None:
    """Both lists without repetition; the order of a requirement's values does not matter."""
    joined = list(have or ())
    known = {_identity(each) for each in joined}
    for each in more or ():
        if _identity(each) not in known:
            known.add(_identity(each))
            joined.append(each.model_copy(deep=True))
    return joined or None


def _identity(requirement: NodeSelectorRequirement) -> tuple[str, str, frozenset[str]]:
    return requirement.key, requirement.operator, frozenset(requirement.values or ())
