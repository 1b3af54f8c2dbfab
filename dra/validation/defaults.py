"""`default`: the values that the API server fills in before it validates an object.

Explicit values are never changed, except Go's zero values, which the server cannot tell from absent ones.
Only what API defaulting does is here; the status and metadata that controllers and storage set are not.
Source: `defaults.go` and `zz_generated.defaults.go` of each API version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, Final, TypeVar

import attrs

from dra.arguments import instance
from dra.features import LATEST, Features
from dra.models.base import Model
from dra.models.meta import KubernetesObject
from dra.models.resource import (
    Device,
    DeviceClaim,
    DeviceRequest,
    DeviceSubRequest,
    DeviceTaint,
    DeviceTaintRule,
    DeviceToleration,
    ExactDeviceRequest,
    NodeAllocatableResourceMapping,
    ResourceClaim,
    ResourceClaimStatus,
    ResourceClaimTemplate,
    ResourcePoolStatusRequest,
    ResourceSlice,
)
from dra.models.scalars import rfc3339
from dra.models.scheduling import (
    CompositeDisruptionMode,
    CompositePodGroup,
    DisruptionMode,
    PodGroup,
    SingleCompositeDisruptionMode,
    SingleDisruptionMode,
)
from dra.quantity import Quantity

__all__ = ["default", "filled_in"]

_Object = TypeVar("_Object", bound=KubernetesObject)
_M = TypeVar("_M", bound=Model)
_Wanted = TypeVar("_Wanted", ExactDeviceRequest, DeviceSubRequest)

_POOL_STATUS_LIMIT: Final = 100
_ONE: Final = Quantity("1")


def default(obj: _Object, *, features: Features | None = None, now: datetime | None = None) -> _Object:
    """A copy of an object with the API server's defaults, as it gives them for the object's API version.

    Args:
        obj: The object, which is not changed. Kinds without defaults come back as they are.
        features: Which features are on, by default those of the latest minor.
        now: When taints without a time were added, by default now.

    Example:
        >>> claim = ResourceClaim.from_dict({"spec": {"devices": {"requests": [
        ...     {"name": "gpu", "exactly": {"deviceClassName": "gpu.example.com"}}]}}})
        >>> default(claim).spec.devices.requests[0].exactly.to_dict()
        {'deviceClassName': 'gpu.example.com', 'allocationMode': 'ExactCount', 'count': 1}
    """
    instance(obj, KubernetesObject, "obj", "an object", "dra.load reads manifests")
    return filled_in(obj.clone(), features, now)


def filled_in(obj: _Object, features: Features | None = None, now: datetime | None = None) -> _Object:
    """As `default`, but the copy shares with the original whatever is not different."""
    fill = _DEFAULTS.get(type(obj))
    if fill is None:
        return obj
    moment = (now or datetime.now(timezone.utc)).replace(microsecond=0)
    server = _Server(features or Features.for_kubernetes(LATEST), rfc3339(moment))
    filled: _Object = fill(obj, server)
    return filled


@attrs.frozen
class _Server:
    """What defaults depend on besides the object."""

    features: Features
    now: str


def _with(model: _M, **changes: object) -> _M:
    """The model with some attributes changed; the same model if none differs."""
    changed = {name: value for name, value in changes.items() if getattr(model, name) is not value}
    return model.model_copy(update=changed) if changed else model


def _each(items: list[_M] | None, fill: Callable[[_M], _M]) -> list[_M] | None:
    """The items filled in; the same list if none changed."""
    if not items:
        return items
    filled = [fill(item) for item in items]
    return items if all(new is item for new, item in zip(filled, items, strict=True)) else filled


def _toleration(toleration: DeviceToleration) -> DeviceToleration:
    return _with(toleration, operator=toleration.operator or "Equal")


def _wanted(request: _Wanted) -> _Wanted:
    """A request or subrequest: one device, unless it says otherwise."""
    mode = request.allocation_mode or "ExactCount"
    count = 1 if mode == "ExactCount" and not request.count else request.count
    tolerations = _each(request.tolerations, _toleration)
    return _with(request, allocation_mode=mode, count=count, tolerations=tolerations)


def _device_claim(claim: DeviceClaim, api_version: str) -> DeviceClaim:
    def exactly(request: ExactDeviceRequest) -> ExactDeviceRequest:
        # In v1beta1 a request without a class is taken for one with alternatives.
        if request.device_class_name or not api_version.endswith("/v1beta1"):
            return _wanted(request)
        return _with(request, tolerations=_each(request.tolerations, _toleration))

    def request(item: DeviceRequest) -> DeviceRequest:
        return _with(
            item,
            exactly=item.exactly and exactly(item.exactly),
            first_available=_each(item.first_available, _wanted),
        )

    return _with(claim, requests=_each(claim.requests, request))


def _claim(claim: ResourceClaim, _: _Server) -> ResourceClaim:
    spec = _with(claim.spec, devices=_device_claim(claim.spec.devices, claim.api_version))
    return _with(claim, spec=spec, status=claim.status and _claim_status(claim.status))


def _claim_status(status: ResourceClaimStatus) -> ResourceClaimStatus:
    allocation = status.allocation
    if allocation is None:
        return status
    results = _each(
        allocation.devices.results,
        lambda result: _with(result, tolerations=_each(result.tolerations, _toleration)),
    )
    return _with(status, allocation=_with(allocation, devices=_with(allocation.devices, results=results)))


def _template(template: ResourceClaimTemplate, _: _Server) -> ResourceClaimTemplate:
    inner = template.spec.spec
    devices = _device_claim(inner.devices, template.api_version)
    return _with(template, spec=_with(template.spec, spec=_with(inner, devices=devices)))


def _taint(taint: DeviceTaint, server: _Server) -> DeviceTaint:
    return taint if taint.time_added is not None else _with(taint, time_added=server.now)


def _mapping(item: NodeAllocatableResourceMapping) -> NodeAllocatableResourceMapping:
    return item if item.allocation_multiplier is not None else _with(item, allocation_multiplier=_ONE)


def _slice(slice_: ResourceSlice, server: _Server) -> ResourceSlice:
    def device(item: Device) -> Device:
        mappings = item.node_allocatable_resource_mappings
        if mappings:
            mappings = {name: _mapping(value) for name, value in mappings.items()}
        taints = _each(item.taints, lambda taint: _taint(taint, server))
        return _with(item, taints=taints, node_allocatable_resource_mappings=mappings)

    return _with(slice_, spec=_with(slice_.spec, devices=_each(slice_.spec.devices, device)))


def _taint_rule(rule: DeviceTaintRule, server: _Server) -> DeviceTaintRule:
    return _with(rule, spec=_with(rule.spec, taint=_taint(rule.spec.taint, server)))


def _pool_status(request: ResourcePoolStatusRequest, _: _Server) -> ResourcePoolStatusRequest:
    limit = _POOL_STATUS_LIMIT if request.spec.limit is None else request.spec.limit
    return _with(request, spec=_with(request.spec, limit=limit))


def _preemption_policy(policy: str | None, server: _Server) -> str | None:
    return policy or ("PreemptLowerPriority" if server.features.pod_group_preemption_policy else None)


def _pod_group(group: PodGroup, server: _Server) -> PodGroup:
    mode = group.spec.disruption_mode or DisruptionMode(single=SingleDisruptionMode())
    policy = _preemption_policy(group.spec.preemption_policy, server)
    return _with(group, spec=_with(group.spec, disruption_mode=mode, preemption_policy=policy))


def _composite_pod_group(group: CompositePodGroup, server: _Server) -> CompositePodGroup:
    mode = group.spec.disruption_mode or CompositeDisruptionMode(single=SingleCompositeDisruptionMode())
    policy = _preemption_policy(group.spec.preemption_policy, server)
    return _with(group, spec=_with(group.spec, disruption_mode=mode, preemption_policy=policy))


_DEFAULTS: Final[Mapping[type[KubernetesObject], Callable[[Any, _Server], Any]]] = {
    ResourceClaim: _claim,
    ResourceClaimTemplate: _template,
    ResourceSlice: _slice,
    DeviceTaintRule: _taint_rule,
    ResourcePoolStatusRequest: _pool_status,
    PodGroup: _pod_group,
    CompositePodGroup: _composite_pod_group,
}
