"""Which class stands for which `apiVersion` and `kind`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dra.errors import DecodeError
from dra.models import core, resource, scheduling
from dra.models.meta import KubernetesObject, Unstructured

__all__ = ["KINDS", "decode", "kind_of", "path_in"]

# Group and kind -> class.
KINDS: Final[dict[tuple[str, str], type[KubernetesObject]]] = {
    ("", "Node"): core.Node,
    ("", "Pod"): core.Pod,
    ("resource.k8s.io", "DeviceClass"): resource.DeviceClass,
    ("resource.k8s.io", "DeviceTaintRule"): resource.DeviceTaintRule,
    ("resource.k8s.io", "ResourceClaim"): resource.ResourceClaim,
    ("resource.k8s.io", "ResourceClaimTemplate"): resource.ResourceClaimTemplate,
    ("resource.k8s.io", "ResourcePoolStatusRequest"): resource.ResourcePoolStatusRequest,
    ("resource.k8s.io", "ResourceSlice"): resource.ResourceSlice,
    ("scheduling.k8s.io", "CompositePodGroup"): scheduling.CompositePodGroup,
    ("scheduling.k8s.io", "PodGroup"): scheduling.PodGroup,
    ("scheduling.k8s.io", "Workload"): scheduling.Workload,
}


def kind_of(api_version: str, kind: str) -> type[KubernetesObject]:
    """The class of a kind; `Unstructured` for one that has no model here."""
    group = api_version.rpartition("/")[0]
    return KINDS.get((group, kind), Unstructured)


def decode(data: Mapping[str, Any], strict: bool = False) -> KubernetesObject:
    """An object of whatever kind it says it is.

    Raises:
        DecodeError: It has no `apiVersion` or `kind`, or not the shape of its kind.
    """
    if not isinstance(data, Mapping):
        raise DecodeError(f"expected an object, found a {type(data).__name__}", value=data)
    for name in ("apiVersion", "kind"):
        value = data.get(name)
        if not isinstance(value, str) or not value:
            raise DecodeError("required, as the name of what this object is", path=name, value=value)
    return kind_of(data["apiVersion"], data["kind"]).from_dict(data, strict)


def path_in(data: Mapping[str, Any], path: str) -> str:
    """Where an object's wire data, in whatever version it is, has what its class has at a path."""
    return kind_of(str(data.get("apiVersion")), str(data.get("kind"))).path_in(data, path)
