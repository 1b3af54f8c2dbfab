"""Generated allocation cases as objects of a cluster, each with nodes, drivers and classes of its own.

Many scenarios fit in one cluster. They see each other only where a pool is for all nodes, and that is part of
what is compared.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

import attrs

from tests.conformance.generate import case as generated

Json = dict[str, Any]

RESOURCE: Final = "resource.k8s.io/v1"
HOST: Final = "kubernetes.io/hostname"
_HELD: Final = "held"


@attrs.frozen
class Scenario:
    """One pod with its claims, and the part of the cluster that is made for it.

    Attributes:
        name: Its namespace and the prefix of what has none.
        objects: Everything but the pod, in an order in which it can be created.
        pod: The pod, which may only go to one node.
        wanted: Its claims, in order; they are among the objects.
    """

    name: str
    profile: str
    objects: tuple[Json, ...]
    pod: Json
    wanted: tuple[Json, ...]


def scenario(number: int, profile: str, kubernetes: str) -> Scenario:
    """The scenario of a number."""
    case = generated(f"scheduler-{kubernetes}-{number:04}", profile, kubernetes)
    name = f"s{number}"
    case = _renamed(case, name)
    nodes = [_node(each) for each in case["nodes"]]
    claims = [_object("ResourceClaim", each, name) for each in case["claims"]]
    names = tuple(each["metadata"]["name"] for each in claims)
    host = nodes[number % len(nodes)]["metadata"]["name"]
    objects = [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {"resource.kubernetes.io/admin-access": "true"}},
        },
        *nodes,
        *(_object("DeviceClass", each) for each in case["classes"]),
        *(_object("ResourceSlice", each) for each in case["slices"]),
        *claims,
    ]
    if case["allocated"]:
        objects.append(_held(case, name))
    return Scenario(name, profile, tuple(objects), _pod(name, host, names), tuple(claims))


def _renamed(case: Json, name: str) -> Json:
    """The case with names that no other scenario has."""
    text = json.dumps(case)
    for each in ("gpu", "nic"):
        text = text.replace(f"{each}.example.com", f"{each}.{name}.example.com")
    renamed: Json = json.loads(text)
    for each in renamed["classes"]:
        each["metadata"]["name"] = f"{name}-{each['metadata']['name']}"
    for each in (*renamed["slices"], *renamed["nodes"]):
        each["metadata"]["name"] = f"{name}-{each['metadata']['name']}"
    _rename_values(renamed["slices"], "nodeName", name)
    _rename_values(renamed["claims"], "deviceClassName", name)
    return renamed


def _rename_values(value: Any, key: str, name: str) -> None:
    """Put the scenario's name before every value of a key."""
    if isinstance(value, dict):
        for each, inner in value.items():
            if each == key:
                value[each] = f"{name}-{inner}"
            else:
                _rename_values(inner, key, name)
    elif isinstance(value, list):
        for inner in value:
            _rename_values(inner, key, name)


def _object(kind: str, body: Mapping[str, Any], namespace: str = "") -> Json:
    metadata = dict(body["metadata"])
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": RESOURCE, "kind": kind, **body, "metadata": metadata}


def _node(body: Mapping[str, Any]) -> Json:
    name = body["metadata"]["name"]
    resources = {"cpu": "64", "memory": "256Gi", "pods": "110"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**body["metadata"].get("labels", {}), HOST: name}},
        "status": {
            **body.get("status", {}),
            "capacity": resources,
            "allocatable": resources,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def _pod(namespace: str, host: str, claims: tuple[str, ...]) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod", "namespace": namespace},
        "spec": {
            "nodeSelector": {HOST: host},
            "containers": [
                {
                    "name": "main",
                    "image": "example.com/main",
                    "resources": {"claims": [{"name": each} for each in claims]},
                }
            ],
            "resourceClaims": [{"name": each, "resourceClaimName": each} for each in claims],
        },
    }


def _held(case: Json, namespace: str) -> Json:
    """A claim that holds what is taken."""
    allocated = case["allocated"]
    results = [_result(each) for each in allocated.get("devices", ())]
    for number, each in enumerate(allocated.get("shared", ())):
        device = each.rpartition("/")[0]
        share = {"shareID": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{namespace}-{number}"))}
        capacity = allocated.get("capacity", {}).get(device)
        results.append({**_result(device), **share, **({"consumedCapacity": capacity} if capacity else {})})
    exactly = {"deviceClassName": case["classes"][0]["metadata"]["name"], "count": len(results)}
    return {
        "apiVersion": RESOURCE,
        "kind": "ResourceClaim",
        "metadata": {"name": _HELD, "namespace": namespace},
        "spec": {"devices": {"requests": [{"name": _HELD, "exactly": exactly}]}},
        "status": {"allocation": {"devices": {"results": results}}},
    }


def _result(device: str) -> Json:
    found = re.fullmatch(r"(?P<driver>[^/]+)/(?P<pool>.+)/(?P<device>[^/]+)", device)
    assert found is not None
    return {"request": _HELD, **found.groupdict()}
