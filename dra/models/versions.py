"""The API versions of each kind, and what is different about each: one table.

The classes have the newest shape of their kind. Every other version is described by the rules that lead from
its JSON to the newest and back; a version without rules has the same JSON. Rules work on plain data and know
nothing of the classes.
"""

from __future__ import annotations

from typing import Final

import attrs

from dra.models.rules import At, Flatten, Lacks, Nest, NoOp, Rename, Rule, Values

__all__ = ["VERSIONS", "ApiVersion"]


@attrs.frozen
class ApiVersion:
    """One version of one kind.

    Attributes:
        name: Such as `resource.k8s.io/v1beta1`.
        since: The first minor that serves it.
        deprecated: The minor that deprecated it, or will.
        removed: The first minor that does not serve it any more.
        rules: From its JSON to that of the newest version.
    """

    name: str
    since: str
    deprecated: str | None = None
    removed: str | None = None
    rules: tuple[Rule, ...] = ()


def _claim(spec: str) -> tuple[Rule, ...]:
    """v1beta1 has the fields of `exactly` in the request itself."""
    inside = {
        "deviceClassName": "",
        "selectors": None,
        "allocationMode": "",
        "count": 0,
        "adminAccess": None,
        "tolerations": None,
        "capacity": None,
        "derivedAttributes": None,
    }
    return (At(f"{spec}.devices.requests[]", Nest("exactly", inside)),)


# v1beta1 has everything but a device's name in `basic`, and plain values where v1 has pointers.
_SLICE: Final = (
    At("spec", NoOp("nodeName", "")),
    At("spec", NoOp("allNodes", False)),
    At("spec.devices[]", Flatten("basic", outside=("name",))),
)

# Up to 1.34 a rule could select by class and CEL. Dropping that would taint more devices.
_TAINT_RULE: Final = (At("spec.deviceSelector", Lacks("deviceClassName", "selectors")),)

_DISRUPTION_MODE: Final = Values("disruptionMode", (("Pod", {"single": {}}), ("PodGroup", {"all": {}})))

_WORKLOAD_V1ALPHA1: Final = (
    At("spec", Lacks("compositePodGroupTemplates")),
    At("spec", Rename("podGroups", "podGroupTemplates")),
    At("spec.podGroupTemplates[]", Rename("policy", "schedulingPolicy")),
    At(
        "spec.podGroupTemplates[]",
        Lacks(
            "schedulingConstraints",
            "resourceClaims",
            "disruptionMode",
            "priorityClassName",
            "priority",
            "preemptionPolicy",
        ),
    ),
)
_WORKLOAD_V1ALPHA2: Final = (
    At("spec", Lacks("compositePodGroupTemplates")),
    At("spec.podGroupTemplates[]", Lacks("preemptionPolicy")),
    At("spec.podGroupTemplates[]", _DISRUPTION_MODE),
)
_POD_GROUP_V1ALPHA2: Final = (
    At("spec", Lacks("parentCompositePodGroupName", "preemptionPolicy")),
    At("spec", Rename("podGroupTemplateRef", "workloadRef")),
    At("spec.workloadRef", Flatten("workload", outside=())),
    At("spec.workloadRef", Rename("podGroupTemplateName", "templateName")),
    At("spec", _DISRUPTION_MODE),
    At("status.conditions[]", Values("type", (("PodGroupScheduled", "PodGroupInitiallyScheduled"),))),
)


def _resource(kind: str, v1beta1: tuple[Rule, ...] = ()) -> dict[tuple[str, str], tuple[ApiVersion, ...]]:
    """One of the four kinds that v1beta1, v1beta2 and v1 have."""
    return {
        ("resource.k8s.io", kind): (
            ApiVersion("resource.k8s.io/v1", "1.34"),
            ApiVersion("resource.k8s.io/v1beta2", "1.33", "1.36", "1.39"),
            ApiVersion("resource.k8s.io/v1beta1", "1.32", "1.35", "1.38", v1beta1),
        )
    }


# Group and kind -> its versions, the one with the shape of the class first.
VERSIONS: Final[dict[tuple[str, str], tuple[ApiVersion, ...]]] = {
    ("", "Node"): (ApiVersion("v1", "1.0"),),
    ("", "Pod"): (ApiVersion("v1", "1.0"),),
    **_resource("DeviceClass"),
    **_resource("ResourceClaim", _claim("spec")),
    **_resource("ResourceClaimTemplate", _claim("spec.spec")),
    **_resource("ResourceSlice", _SLICE),
    ("resource.k8s.io", "DeviceTaintRule"): (
        ApiVersion("resource.k8s.io/v1", "1.37", rules=_TAINT_RULE),
        ApiVersion("resource.k8s.io/v1beta2", "1.36", "1.39", "1.42", _TAINT_RULE),
        ApiVersion("resource.k8s.io/v1alpha3", "1.33", "1.36", "1.39"),
    ),
    ("resource.k8s.io", "ResourcePoolStatusRequest"): (
        ApiVersion("resource.k8s.io/v1alpha3", "1.36", "1.39", "1.42"),
    ),
    ("scheduling.k8s.io", "Workload"): (
        ApiVersion("scheduling.k8s.io/v1beta1", "1.37"),
        ApiVersion("scheduling.k8s.io/v1alpha3", "1.37"),
        ApiVersion("scheduling.k8s.io/v1alpha2", "1.36", removed="1.37", rules=_WORKLOAD_V1ALPHA2),
        ApiVersion("scheduling.k8s.io/v1alpha1", "1.35", removed="1.36", rules=_WORKLOAD_V1ALPHA1),
    ),
    ("scheduling.k8s.io", "PodGroup"): (
        ApiVersion("scheduling.k8s.io/v1beta1", "1.37"),
        ApiVersion("scheduling.k8s.io/v1alpha3", "1.37"),
        ApiVersion("scheduling.k8s.io/v1alpha2", "1.36", removed="1.37", rules=_POD_GROUP_V1ALPHA2),
    ),
    ("scheduling.k8s.io", "CompositePodGroup"): (ApiVersion("scheduling.k8s.io/v1alpha3", "1.37"),),
}
