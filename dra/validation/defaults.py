"""`default`: the values that the API server fills in before it validates an object.

Explicit values are never changed, except Go's zero values, which the server cannot tell from absent ones.
Only what API defaulting does is here; the status and metadata that controllers and storage set are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TypeVar

from dra.features import Features
from dra.models.meta import KubernetesObject
from dra.models.resource import (
    DeviceSubRequest,
    DeviceTaint,
    DeviceTaintRule,
    DeviceToleration,
    ExactDeviceRequest,
    ResourceClaim,
    ResourceClaimSpec,
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

__all__ = ["default"]

_Object = TypeVar("_Object", bound=KubernetesObject)


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
    filled = obj.model_copy(deep=True)
    preemption = (features or Features.for_kubernetes("1.37")).pod_group_preemption_policy
    stamp = rfc3339((now or datetime.now(timezone.utc)).replace(microsecond=0))
    match filled:
        case ResourceClaim():
            _claim_spec(filled.spec, filled.api_version)
            if filled.status and filled.status.allocation:
                for result in filled.status.allocation.devices.results or ():
                    _tolerations(result.tolerations)
        case ResourceClaimTemplate():
            _claim_spec(filled.spec.spec, filled.api_version)
        case ResourceSlice():
            _slice(filled, stamp)
        case DeviceTaintRule():
            _taints([filled.spec.taint], stamp)
        case ResourcePoolStatusRequest():
            filled.spec.limit = 100 if filled.spec.limit is None else filled.spec.limit
        case PodGroup():
            filled.spec.disruption_mode = filled.spec.disruption_mode or DisruptionMode(
                single=SingleDisruptionMode()
            )
        case CompositePodGroup():
            filled.spec.disruption_mode = filled.spec.disruption_mode or CompositeDisruptionMode(
                single=SingleCompositeDisruptionMode()
            )
    if preemption and isinstance(filled, (PodGroup, CompositePodGroup)) and not filled.spec.preemption_policy:
        filled.spec.preemption_policy = "PreemptLowerPriority"
    return filled


def _claim_spec(spec: ResourceClaimSpec, api_version: str) -> None:
    for request in spec.devices.requests or ():
        if request.exactly:
            # In v1beta1 a request without a class is taken for one with alternatives.
            if request.exactly.device_class_name or not api_version.endswith("/v1beta1"):
                _count(request.exactly)
            _tolerations(request.exactly.tolerations)
        for alternative in request.first_available or ():
            _count(alternative)
            _tolerations(alternative.tolerations)


def _count(request: ExactDeviceRequest | DeviceSubRequest) -> None:
    request.allocation_mode = request.allocation_mode or "ExactCount"
    if request.allocation_mode == "ExactCount":
        request.count = request.count or 1


def _tolerations(tolerations: Iterable[DeviceToleration] | None) -> None:
    for toleration in tolerations or ():
        toleration.operator = toleration.operator or "Equal"


def _slice(obj: ResourceSlice, stamp: str) -> None:
    for device in obj.spec.devices or ():
        _taints(device.taints, stamp)
        for mapping in (device.node_allocatable_resource_mappings or {}).values():
            if mapping.allocation_multiplier is None:
                mapping.allocation_multiplier = Quantity(1)


def _taints(taints: Iterable[DeviceTaint] | None, stamp: str) -> None:
    for taint in taints or ():
        taint.time_added = taint.time_added or stamp
