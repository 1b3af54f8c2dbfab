"""What a cluster consists of as far as scheduling goes: kinds, fields, and the rights to read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from dra.client.listing import Page, pages
from dra.client.requests import Selection
from dra.client.session import Session
from dra.client.steps import Steps, heard
from dra.errors import ForbiddenError, NotServedError
from dra.models import core, resource, scheduling
from dra.models.meta import KubernetesObject

__all__ = ["KINDS", "cluster_role", "cut", "read_contents"]

# In the order in which they are read: what others refer to comes first.
KINDS: Final[Mapping[type[KubernetesObject], str]] = {
    core.Node: "nodes",
    resource.DeviceClass: "deviceclasses",
    resource.ResourceSlice: "resourceslices",
    resource.DeviceTaintRule: "devicetaintrules",
    resource.ResourceClaimTemplate: "resourceclaimtemplates",
    resource.ResourceClaim: "resourceclaims",
    scheduling.Workload: "workloads",
    scheduling.CompositePodGroup: "compositepodgroups",
    scheduling.PodGroup: "podgroups",
    core.Pod: "pods",
}

# Pods that have ended hold nothing.
_FIELDS: Final[Mapping[type[KubernetesObject], str]] = {
    core.Pod: "status.phase!=Succeeded,status.phase!=Failed"
}

_METADATA: Final = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "labels",
    "annotations",
    "ownerReferences",
)
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_OURS: Final = "resource.kubernetes.io/"
_POD_SPEC: Final = (
    "affinity",
    "nodeName",
    "nodeSelector",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "resourceClaims",
    "resources",
    "schedulerName",
    "schedulingGates",
    "schedulingGroup",
    "tolerations",
    "topologySpreadConstraints",
    "workloadRef",
)
_POD_STATUS: Final = (
    "conditions",
    "extendedResourceClaimStatus",
    "nodeAllocatableResourceClaimStatuses",
    "nominatedNodeName",
    "phase",
    "resourceClaimStatuses",
)
_NODE_SPEC: Final = ("taints", "unschedulable")
_NODE_STATUS: Final = ("allocatable", "capacity", "conditions", "declaredFeatures")
_CLAIM_DEVICE: Final = ("driver", "pool", "device", "shareID", "conditions")


def cluster_role(name: str = "dra-snapshot") -> dict[str, Any]:
    """The least rights that reading a cluster needs, as a ClusterRole: to list, and nothing else.

    Example:
        >>> [rule["resources"] for rule in cluster_role()["rules"]][0]
        ['nodes', 'pods']
    """
    groups: dict[str, list[str]] = {}
    for kind, plural in KINDS.items():
        groups.setdefault(kind.versions()[0].name.rpartition("/")[0], []).append(plural)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [
            {"apiGroups": [group], "resources": sorted(plurals), "verbs": ["list"]}
            for group, plurals in groups.items()
        ],
    }


def read_contents(session: Session, missing: Callable[[ForbiddenError], None] | None = None) -> Steps[None]:
    """Every object that scheduling depends on, given as JSON, cut, as pages arrive.

    Args:
        session: The server.
        missing: Told of each kind that may not be read; without it that is an error.

    Raises:
        ForbiddenError: A kind may not be listed.
    """
    for kind in KINDS:
        yield from _read_kind(session, kind, missing)


def _read_kind(
    session: Session, kind: type[KubernetesObject], missing: Callable[[ForbiddenError], None] | None
) -> Steps[None]:
    try:
        endpoint = yield from session.discovery.of_kind(kind)
        selection = Selection(fields=_FIELDS.get(kind, ""))
        yield from heard(pages(endpoint, selection, session.retry, session.page_size), _cut_page)
    except NotServedError:  # then there are none
        return
    except ForbiddenError as error:
        if missing is None:
            error.remedy += "\n  dra snapshot --print-rbac prints a role that has every right it takes"
            raise
        missing(error)


def _cut_page(page: Page) -> list[dict[str, Any]]:
    return [cut(item) for item in page.items]


def cut(obj: Mapping[str, Any]) -> dict[str, Any]:
    """An object with the fields that scheduling needs: nothing of what containers run, mount and are told.

    Annotations of pods go, those of `resource.kubernetes.io` excepted, and every object's
    `last-applied-configuration`: both can hold anything.

    Example:
        >>> cut({"kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [
        ...     {"name": "main", "env": [{"name": "TOKEN", "value": "s3cret"}]}]}})["spec"]
        {'containers': [{'name': 'main'}]}
    """
    kept = {**obj, "metadata": _metadata(obj)}
    kind = obj.get("kind")
    if kind == "Pod":
        spec, status = obj.get("spec") or {}, obj.get("status") or {}
        kept["spec"] = _only(spec, _POD_SPEC)
        for group in ("containers", "initContainers"):
            if spec.get(group):
                kept["spec"][group] = [
                    _only(each, ("name", "resources", "restartPolicy")) for each in spec[group]
                ]
        kept["status"] = _only(status, _POD_STATUS)
    elif kind == "Node":
        kept["spec"] = _only(obj.get("spec") or {}, _NODE_SPEC)
        kept["status"] = _only(obj.get("status") or {}, _NODE_STATUS)
    elif kind == "ResourceClaim" and (obj.get("status") or {}).get("devices"):
        devices = [_only(each, _CLAIM_DEVICE) for each in obj["status"]["devices"]]
        kept["status"] = {**obj["status"], "devices": devices}
    return kept


def _metadata(obj: Mapping[str, Any]) -> dict[str, Any]:
    metadata = _only(obj.get("metadata") or {}, _METADATA)
    annotations = {
        key: value
        for key, value in (metadata.pop("annotations", None) or {}).items()
        if key.startswith(_OURS) or (obj.get("kind") != "Pod" and key != _LAST_APPLIED)
    }
    return {**metadata, **({"annotations": annotations} if annotations else {})}


def _only(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}
