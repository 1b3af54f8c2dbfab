"""In which order objects are applied: what others refer to comes first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

from dra.models.meta import KubernetesObject

__all__ = ["in_order"]

_Object = TypeVar("_Object", bound=KubernetesObject)

_FIRST: Final = (
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "Node",
    "DeviceClass",
    "ResourceSlice",
    "DeviceTaintRule",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "Service",
    "ResourceClaimTemplate",
    "ResourceClaim",
    "Workload",
    "CompositePodGroup",
    "PodGroup",
)
_RANKS: Final = {kind: rank for rank, kind in enumerate(_FIRST)}


def in_order(objects: Iterable[_Object]) -> list[_Object]:
    """Objects in the order of their kinds, those of one kind as they stand.

    Namespaces and nodes, then device classes, slices and taint rules, what pods mount, claim templates and
    claims, workloads and pod groups; pods and whatever makes pods come last. To delete, go backwards.

    Example:
        >>> from dra.models.core import Pod
        >>> from dra.models.resource import DeviceClass, ResourceClaim
        >>> [each.kind for each in in_order([Pod(), ResourceClaim(), DeviceClass()])]
        ['DeviceClass', 'ResourceClaim', 'Pod']
    """
    return sorted(objects, key=lambda each: _RANKS.get(each.kind, len(_RANKS)))
