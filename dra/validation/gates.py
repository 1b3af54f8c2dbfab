"""Fields that a server without their feature gate does not see.

The API server removes such a field before it validates, unless the stored object uses the feature already
(KEP-4381, "ratcheting"). What is left may break another rule: a request whose `firstAvailable` went is one
without devices. Fields of a minor that is newer than the server are unknown to it and go as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

import attrs

from dra.features import Features, is_since
from dra.models.base import Model, wire_name
from dra.models.meta import KubernetesObject
from dra.validation.field_error import Path
from dra.validation.scope import Scope

__all__ = ["GATED_FIELDS", "Gated", "disabled_fields", "without_disabled_fields"]

_M = TypeVar("_M", bound=Model)
_O = TypeVar("_O", bound=KubernetesObject)


def _paths(texts: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(text.split(".")) for text in texts.split())


@attrs.frozen
class Gated:
    """Fields that one feature brings.

    Attributes:
        features: The features, all of which must be on.
        fields: Attribute paths in the model; `*` is every item of a list or value of a map.
        since: The first minor whose server removes them.
        until: The last minor that knows the fields, if a later one does not.
    """

    features: tuple[str, ...]
    fields: tuple[tuple[str, ...], ...] = attrs.field(converter=_paths)
    since: str = "1.34"
    until: str = ""

    @property
    def gates(self) -> tuple[str, ...]:
        """The features as Kubernetes names their gates."""
        return tuple(
            gate for name in self.features for gate, on in Features(**{name: True}).gates().items() if on
        )

    def is_enabled(self, scope: Scope) -> bool:
        """Whether the server keeps the fields."""
        if self.is_past(scope.kubernetes):
            return False
        return not scope.since(self.since) or all(getattr(scope.features, name) for name in self.features)

    def is_past(self, kubernetes: str) -> bool:
        """Whether a minor does not know the fields any more."""
        return bool(self.until) and not is_since(self.until, kubernetes)


def _claims(spec: str) -> tuple[Gated, ...]:
    """The gated fields of a claim's spec; its template has them one level deeper."""
    each = f"{spec}.devices.requests.*"
    wanted = (f"{each}.exactly", f"{each}.first_available.*")

    def both(field: str) -> str:
        return " ".join(f"{place}.{field}" for place in wanted)

    return (
        Gated(("prioritized_list",), f"{each}.first_available"),
        Gated(("device_taints",), both("tolerations"), since="1.35"),
        Gated(("admin_access",), f"{each}.exactly.admin_access"),
        Gated(("consumable_capacity",), both("capacity")),
        Gated(("consumable_capacity",), f"{spec}.devices.constraints.*.distinct_attribute", since="1.35"),
        Gated(("derived_attributes",), both("derived_attributes")),
    )


def _results(fields: str) -> str:
    return " ".join(f"status.allocation.devices.results.*.{field}" for field in fields.split())


def _devices(fields: str) -> str:
    return " ".join(f"spec.devices.*.{field}" for field in fields.split())


def _templates() -> tuple[Gated, ...]:
    """The gated fields of a workload's templates, which nest four levels deep at most."""
    composite = ["spec" + ".composite_pod_group_templates.*" * depth for depth in range(1, 5)]
    plain = [f"{holder}.pod_group_templates.*" for holder in ("spec", *composite)]

    def everywhere(field: str, places: list[str]) -> str:
        return " ".join(f"{place}.{field}" for place in places)

    return (
        Gated(("composite_pod_group",), "spec.composite_pod_group_templates"),
        Gated(("topology_aware_workload_scheduling",), everywhere("scheduling_constraints", plain)),
        Gated(("workload_resource_claims",), everywhere("resource_claims", plain)),
        Gated(("pod_group_preemption_policy",), everywhere("preemption_policy", plain + composite)),
    )


_GROUP: Final = (
    Gated(("topology_aware_workload_scheduling",), "spec.scheduling_constraints"),
    Gated(("workload_resource_claims",), "spec.resource_claims status.resource_claim_statuses"),
    Gated(("pod_group_preemption_policy",), "spec.preemption_policy"),
    Gated(("composite_pod_group",), "spec.parent_composite_pod_group_name"),
)

GATED_FIELDS: Final[Mapping[str, tuple[Gated, ...]]] = {
    "ResourceClaim": (
        *_claims("spec"),
        Gated(("resource_claim_device_status",), "status.devices"),
        Gated(("admin_access",), _results("admin_access")),
        Gated(
            ("consumable_capacity",), _results("share_id consumed_capacity") + " status.devices.*.share_id"
        ),
        Gated(
            ("device_binding_and_status", "resource_claim_device_status"),
            _results("binding_conditions binding_failure_conditions"),
        ),
        Gated(("optional_node_operations",), _results("skip_node_operations")),
    ),
    "ResourceClaimTemplate": _claims("spec.spec"),
    "DeviceClass": (Gated(("extended_resource",), "spec.extended_resource_name"),),
    "ResourceSlice": (
        Gated(("device_taints",), _devices("taints")),
        Gated(
            ("partitionable_devices",),
            "spec.shared_counters spec.per_device_node_selection "
            + _devices("consumes_counters node_name node_selector all_nodes"),
        ),
        Gated(
            ("device_binding_and_status", "resource_claim_device_status"),
            _devices("binding_conditions binding_failure_conditions binds_to_node"),
        ),
        Gated(("consumable_capacity",), _devices("allow_multiple_allocations capacity.*.request_policy")),
        Gated(("device_compatibility_groups",), _devices("consumes_counters.*.compatibility_groups")),
        Gated(("node_allocatable_resources",), _devices("node_allocatable_resource_mappings"), until="1.36"),
        Gated(("node_allocatable_resources", "derived_attributes"), _devices("node_allocatable_resources")),
        Gated(
            ("list_type_attributes",),
            _devices("attributes.*.ints attributes.*.bools attributes.*.strings attributes.*.versions"),
        ),
        Gated(("partitionable_devices_type",), "spec.partition_type_attribute"),
        Gated(("optional_node_operations",), "spec.skip_node_operations"),
    ),
    "DeviceTaintRule": (
        Gated((), "spec.device_selector.device_class_name spec.device_selector.selectors", until="1.34"),
    ),
    "ResourcePoolStatusRequest": (
        Gated(("partitionable_devices_type",), "spec.default_partition_type_attribute"),
    ),
    "Workload": _templates(),
    "PodGroup": _GROUP,
    "CompositePodGroup": (Gated(("pod_group_preemption_policy",), "spec.preemption_policy"),),
    "Pod": (Gated(("generic_workload",), "spec.scheduling_group spec.workload_ref"),),
}


def without_disabled_fields(obj: _O, old: KubernetesObject | None, scope: Scope) -> _O:
    """The object as the server's validation sees it. Nothing is copied when nothing goes."""
    for gated in GATED_FIELDS.get(obj.kind, ()):
        if gated.is_enabled(scope) or (old is not None and _is_used(gated, old)):
            continue
        for path in gated.fields:
            obj = _model_without(obj, path)
    return obj


def disabled_fields(obj: KubernetesObject, scope: Scope) -> Iterator[tuple[Gated, Path]]:
    """Each field that `without_disabled_fields` would remove from a new object, and where it stands."""
    for gated in GATED_FIELDS.get(obj.kind, ()):
        if not gated.is_enabled(scope):
            for path in gated.fields:
                yield from ((gated, place) for place in _places(obj, path, Path()))


def _places(value: object, path: tuple[str, ...], at: Path) -> Iterator[Path]:
    """Where there is something at the path."""
    if value is None or value == []:
        return
    if not path:
        yield at
    elif path[0] != "*":
        yield from _places(getattr(value, path[0], None), path[1:], at / wire_name(path[0]))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _places(item, path[1:], at @ key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, path[1:], at[index])


def _is_used(gated: Gated, obj: KubernetesObject) -> bool:
    return any(True for path in gated.fields for _ in _places(obj, path, Path()))


def _model_without(model: _M, path: tuple[str, ...]) -> _M:
    """The model with nothing at the path; the same model if there was nothing."""
    name, below = path[0], path[1:]
    before = getattr(model, name)
    if before is None:
        return model
    after = _without(before, below) if below else None
    return model if after is before else model.model_copy(update={name: after})


def _without(value: object, path: tuple[str, ...]) -> object:
    if isinstance(value, Model):
        return _model_without(value, path)
    if isinstance(value, dict):
        kept = {key: _without(item, path[1:]) for key, item in value.items()}
        return value if all(kept[key] is item for key, item in value.items()) else kept
    if isinstance(value, list):
        listed = [_without(item, path[1:]) for item in value]
        return value if all(new is item for new, item in zip(listed, value, strict=True)) else listed
    return value
