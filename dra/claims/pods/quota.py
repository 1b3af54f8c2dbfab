"""`quota_cost`: what a ResourceQuota charges for a claim.

The rules are those of the API server's quota evaluator for claims in Kubernetes 1.37 (KEP-4381, KEP-5004):
it does not know what will be allocated and charges the most that could be.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dra.allocator.extended import IMPLICIT_PREFIX
from dra.claims.pods.source import Claim, claim_source, devices_of
from dra.errors import DraError
from dra.features import LATEST, Features, minor
from dra.models.loading import load
from dra.models.resource import (
    DeviceClass,
    DeviceRequest,
    DeviceSubRequest,
    ExactDeviceRequest,
    ResourceClaimTemplate,
)

__all__ = ["quota_cost"]

_COUNT: Final = "count/resourceclaims.resource.k8s.io"
_PER_CLASS: Final = ".deviceclass.resource.k8s.io/devices"
_ALL: Final = 32
"""Charged for `allocationMode: All`: the most devices that a claim can have."""


def quota_cost(
    claim: Claim,
    classes: object = None,
    *,
    pods: int = 1,
    kubernetes: str = LATEST,
    features: Features | None = None,
) -> dict[str, int]:
    r"""What a ResourceQuota of the namespace charges for a claim, by the names it uses in `spec.hard`.

    Per device class: the count of each request, 32 for all devices, the largest alternative of a request that
    has several. Admin access is charged like any other. For a template this is what its claims cost, one per
    pod.

    Args:
        claim: A claim or template in any form that `attach` takes, not only its name.
        classes: DeviceClasses in any form that `dra.load` takes. What a class with `extendedResourceName`
            gives is charged to `requests.<that name>` as well, and to
            `requests.deviceclass.resource.kubernetes.io/<class>`.
        pods: How many pods use it. A template is charged once per pod, a claim once.
        kubernetes: The minor of the cluster.
        features: Its feature gates; the minor's defaults if None.

    Raises:
        DraError: Only the name of the claim is given, or `pods` is negative.

    Example:
        >>> requests = [{"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com", "count": 2}},
        ...             {"name": "nic", "exactly": {"deviceClassName": "dranet", "allocationMode": "All"}}]
        >>> cost = quota_cost({"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim",
        ...     "metadata": {"name": "train"}, "spec": {"devices": {"requests": requests}}})
        >>> print(*(f"{name}: {amount}" for name, amount in cost.items()), sep="\n")
        count/resourceclaims.resource.k8s.io: 1
        gpu.nvidia.com.deviceclass.resource.k8s.io/devices: 2
        dranet.deviceclass.resource.k8s.io/devices: 32
    """
    if pods < 0:
        raise DraError("a number of pods is not negative", value=pods)
    source = claim_source(claim)
    obj = source.object
    if obj is None:
        raise DraError(
            "what a claim costs is in its requests", value=source.name, remedy="pass the claim, not its name"
        )
    is_template = isinstance(obj, ResourceClaimTemplate)
    claims = pods if is_template else 1
    cost = {_COUNT: claims}
    for request in devices_of(obj).requests or ():
        for device_class, count in _largest(request).items():
            name = f"{device_class}{_PER_CLASS}"
            cost[name] = cost.get(name, 0) + count * claims
    gates = features or Features.for_kubernetes(minor(kubernetes))
    if gates.extended_resource:
        for device_class, resource in _extended(classes):
            charged = cost.get(f"{device_class}{_PER_CLASS}")
            if charged is not None:
                cost[f"requests.{IMPLICIT_PREFIX}{device_class}"] = charged
                cost[f"requests.{resource}"] = cost.get(f"requests.{resource}", 0) + charged
    return cost


def _largest(request: DeviceRequest) -> dict[str, int]:
    """For each class of a request the most devices it may come to."""
    largest: dict[str, int] = {}
    alternatives: Iterable[ExactDeviceRequest | DeviceSubRequest] = request.first_available or (
        [request.exactly] if request.exactly else []
    )
    for each in alternatives:
        name = each.device_class_name
        largest[name] = max(largest.get(name, 0), _charged(each))
    return largest


def _charged(request: ExactDeviceRequest | DeviceSubRequest) -> int:
    if request.allocation_mode == "All":
        return _ALL
    if request.allocation_mode in (None, "", "ExactCount"):
        return 1 if request.count is None else request.count
    return 0


def _extended(classes: object) -> list[tuple[str, str]]:
    """Classes that stand for an extended resource, with its name."""
    found = [] if classes is None else [obj for obj in load(classes) if isinstance(obj, DeviceClass)]
    return [
        (obj.metadata.name or "", obj.spec.extended_resource_name)
        for obj in found
        if obj.spec.extended_resource_name
    ]
