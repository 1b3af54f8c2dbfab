"""`validate`: everything the API server of a minor would say against an object."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs

from dra.errors import DecodeError
from dra.features import LATEST, Features
from dra.models.core import Pod
from dra.models.kinds import KINDS, decode
from dra.models.meta import KubernetesObject, Unstructured
from dra.models.resource import (
    DeviceClass,
    DeviceTaintRule,
    ResourceClaim,
    ResourceClaimTemplate,
    ResourcePoolStatusRequest,
    ResourceSlice,
)
from dra.models.scheduling import CompositePodGroup, PodGroup, Workload
from dra.validation.defaults import filled_in
from dra.validation.field_error import FieldError, Path
from dra.validation.gates import without_disabled_fields
from dra.validation.rules.device_class import device_class
from dra.validation.rules.pod import pod
from dra.validation.rules.pool_status import pool_status_request
from dra.validation.rules.resource_claim import resource_claim, resource_claim_template
from dra.validation.rules.resource_slice import resource_slice
from dra.validation.rules.taints import device_taint_rule
from dra.validation.rules.workload import composite_pod_group, pod_group, workload
from dra.validation.scope import Scope
from dra.validation.versions import served_versions

__all__ = ["validate"]

_Rule = Callable[[Any, Any, Scope], Iterator[FieldError]]

_RULES: Mapping[type[KubernetesObject], _Rule] = {
    ResourceClaim: resource_claim,
    ResourceClaimTemplate: resource_claim_template,
    DeviceClass: device_class,
    ResourceSlice: resource_slice,
    DeviceTaintRule: device_taint_rule,
    ResourcePoolStatusRequest: pool_status_request,
    Workload: workload,
    PodGroup: pod_group,
    CompositePodGroup: composite_pod_group,
    Pod: pod,
}

_GROUP: Final = "resource.k8s.io"
# Groups of Kubernetes itself, which are no one else's: core, those of one word, and those one below k8s.io.
_UPSTREAM: Final = re.compile(r"[^.]*|[^.]+\.k8s\.io")


def validate(
    obj: KubernetesObject | Mapping[str, Any],
    kubernetes: str = LATEST,
    features: Features | None = None,
    old: KubernetesObject | Mapping[str, Any] | None = None,
    *,
    namespace_labels: Mapping[str, str] | None = None,
) -> list[FieldError]:
    """Everything the API server would refuse about an object; empty for a valid one.

    The object is defaulted, fields behind disabled feature gates are removed, and then all rules are applied,
    as the server does it. The status is checked as if it were written right after. Objects of kinds that
    this library does not model are valid, other than those of `resource.k8s.io`, all of which it knows, and
    those that have a known kind in another group of Kubernetes itself, such as a ResourceClaim in `v1`.

    Args:
        obj: The object, or its wire form in any served version. It is not changed.
        kubernetes: The server's minor, such as `1.36`.
        features: Its feature gates; the minor's defaults if None.
        old: The stored object that it would replace: what may not change is checked, and what was accepted
            before is not checked again where the server does not either.
        namespace_labels: Labels of its namespace. Without them nothing is said about admin access.

    Raises:
        DecodeError: The object has no kind, or the stored one another.
        UnknownVersionError: The minor is unknown.

    Example:
        >>> claim = {
        ...     "apiVersion": "resource.k8s.io/v1",
        ...     "kind": "ResourceClaim",
        ...     "metadata": {"name": "train"},
        ...     "spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"count": -1}}]}},
        ... }
        >>> for error in validate(claim):
        ...     print(error)
        spec.devices.requests[0].exactly.deviceClassName: Required value
        spec.devices.requests[0].exactly.count: Invalid value: -1: must be greater than zero
    """
    scope = Scope.of(kubernetes, features, namespace_labels)
    try:
        new = filled_in(_decoded(obj), scope.features)
        before = None if old is None else filled_in(_decoded(old), scope.features)
    except DecodeError as error:
        if error.path in ("", "kind", "apiVersion"):
            raise
        return [_wrong_type(error)]
    if before is not None and type(before) is not type(new):
        raise DecodeError(f"the stored object is a {before.kind}, not a {new.kind}", path="kind")
    rule = _RULES.get(type(new))
    if rule is None:
        return list(_no_kind(new))
    found = rule(without_disabled_fields(new, before, scope), before, scope)
    return [*_served(new, scope), *(_placed(error, new) for error in found)]


def _decoded(obj: KubernetesObject | Mapping[str, Any]) -> KubernetesObject:
    return obj if isinstance(obj, KubernetesObject) else decode(obj)


def _no_kind(obj: KubernetesObject) -> Iterator[FieldError]:
    """No minor has the object's kind in its group: the kind is misspelt, or the group is another's."""
    kinds = {kind for group, kind in KINDS if group == _GROUP}
    if obj.api_version.startswith(f"{_GROUP}/") and obj.kind.removesuffix("List") not in kinds:
        yield (Path() / "kind").not_supported(obj.kind, kinds)
    elif isinstance(obj, Unstructured) and _UPSTREAM.fullmatch(obj.api_version.rpartition("/")[0]):
        for model in (model for (_, kind), model in KINDS.items() if kind == obj.kind):
            served = [version.name for version in model.versions()] or [model().api_version]
            yield (Path() / "apiVersion").not_supported(obj.api_version, served)


def _served(obj: KubernetesObject, scope: Scope) -> Iterator[FieldError]:
    """The server has the object's API version."""
    served = served_versions(obj, scope.kubernetes)
    if obj.api_version not in served:
        yield (Path() / "apiVersion").not_supported(obj.api_version, served)


def _placed(error: FieldError, obj: KubernetesObject) -> FieldError:
    """An error of a Workload or PodGroup in an old version, whose rules the server has in that version."""
    if not obj.api_version.startswith("scheduling.k8s.io/"):
        return error
    return attrs.evolve(error, field=obj.path_in({"apiVersion": obj.api_version}, error.field))


def _wrong_type(error: DecodeError) -> FieldError:
    """What the server cannot even decode, as an error of its field."""
    at = Path(step=error.path)
    return at.type_invalid(error.value, error.message)
