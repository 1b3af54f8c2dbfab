"""Builders for small clusters: a class per kind of device, nodes with as many as wanted, pods with claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dra.features import Features
from dra.models.core import Node, Pod
from dra.models.resource import (
    DeviceClass,
    DeviceTaintRule,
    ResourceClaim,
    ResourceClaimTemplate,
    ResourceSlice,
)
from dra.scheduler import Cluster, Placement, Unschedulable

DRIVER = "gpu.example.com"


def gpu_class(name: str = "gpu", resource: str | None = None) -> DeviceClass:
    spec: dict[str, Any] = {"selectors": [{"cel": {"expression": f'device.driver == "{DRIVER}"'}}]}
    if resource:
        spec["extendedResourceName"] = resource
    return DeviceClass.from_dict({"metadata": {"name": name}, "spec": spec})


def node(
    name: str,
    *,
    labels: Mapping[str, str] | None = None,
    taints: Sequence[Mapping[str, str]] = (),
    allocatable: Mapping[str, str] | None = None,
    unschedulable: bool = False,
) -> Node:
    made: dict[str, Any] = {"metadata": {"name": name, "labels": dict(labels or {})}, "spec": {}}
    if taints:
        made["spec"]["taints"] = list(taints)
    if unschedulable:
        made["spec"]["unschedulable"] = True
    if allocatable is not None:
        made["status"] = {"allocatable": dict(allocatable)}
    return Node.from_dict(made)


def gpus(node_name: str, count: int, **attributes: Sequence[Any]) -> ResourceSlice:
    """The slice of a node's GPUs; each keyword gives an attribute's value for every GPU."""
    kinds = {int: "int", str: "string", bool: "bool"}

    def values(index: int) -> dict[str, dict[str, Any]]:
        return {name: {kinds[type(each[index])]: each[index]} for name, each in attributes.items()}

    devices = [{"name": f"gpu-{index}", "attributes": values(index)} for index in range(count)]
    return devices_on(node_name, devices)


def devices_on(node_name: str, devices: Sequence[Mapping[str, Any]], **spec: Any) -> ResourceSlice:
    return ResourceSlice.from_dict(
        {
            "metadata": {"name": f"{node_name}-gpus"},
            "spec": {
                "driver": DRIVER,
                "nodeName": node_name,
                "pool": {"name": node_name, "generation": 1, "resourceSliceCount": 1},
                "devices": list(devices),
                **spec,
            },
        }
    )


def request(count: int = 1, name: str = "gpu", **more: Any) -> dict[str, Any]:
    return {"name": name, "exactly": {"deviceClassName": "gpu", "count": count, **more}}


def claim(name: str, *requests: dict[str, Any], constraints: Sequence[dict[str, Any]] = ()) -> ResourceClaim:
    devices: dict[str, Any] = {"requests": list(requests) or [request()]}
    if constraints:
        devices["constraints"] = list(constraints)
    return ResourceClaim.from_dict({"metadata": {"name": name}, "spec": {"devices": devices}})


def template(name: str, *requests: dict[str, Any]) -> ResourceClaimTemplate:
    spec = {"devices": {"requests": list(requests) or [request()]}}
    return ResourceClaimTemplate.from_dict({"metadata": {"name": name}, "spec": {"spec": spec}})


def pod(
    name: str,
    *,
    claims: Sequence[str] = (),
    templates: Sequence[str] = (),
    requests: Mapping[str, str] | None = None,
    **spec: Any,
) -> Pod:
    """A pod with one container; claims and templates are called by their own names."""
    entries = [{"name": each, "resourceClaimName": each} for each in claims]
    entries += [{"name": each, "resourceClaimTemplateName": each} for each in templates]
    container: dict[str, Any] = {"name": "main"}
    if requests:
        extended = {name: amount for name, amount in requests.items() if "/" in name}
        container["resources"] = {
            "requests": dict(requests),
            "limits": extended,
        }  # as the API server wants it
    made: dict[str, Any] = {"containers": [container], **spec}
    if entries:
        made["resourceClaims"] = entries
    return Pod.from_dict({"metadata": {"name": name}, "spec": made})


def taint_rule(name: str, **selector: str) -> DeviceTaintRule:
    return DeviceTaintRule.from_dict(
        {
            "metadata": {"name": name},
            "spec": {"deviceSelector": selector, "taint": {"key": "fault", "effect": "NoSchedule"}},
        }
    )


def small_cluster(*more: Any, nodes: int = 2, each: int = 2, features: Features | None = None) -> Cluster:
    """Nodes n0, n1, ... with GPUs, and the class gpu."""
    names = [f"n{index}" for index in range(nodes)]
    objects = [gpu_class(), *(node(name) for name in names), *(gpus(name, each) for name in names)]
    return Cluster.load([*objects, *more], features=features)


def contents(cluster: Cluster) -> list[dict[str, Any]]:
    """All that a cluster has as plain data, which tells if an object of it was changed in place."""
    return [each.to_dict() for each in cluster]


def placed(answer: Placement | Unschedulable) -> Placement:
    assert isinstance(answer, Placement), str(answer)
    return answer


def refused(answer: Placement | Unschedulable) -> Unschedulable:
    assert isinstance(answer, Unschedulable), str(answer)
    return answer
