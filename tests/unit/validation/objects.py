"""Small objects for the tests of validation and lint, as wire data."""

from __future__ import annotations

from typing import Any

Json = Any

DRIVER = "gpu.example.com"


def claim(*requests: Json, name: str = "train", **devices: Json) -> Json:
    """A ResourceClaim with these requests; further fields go beside them."""
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"devices": {"requests": list(requests), **devices}},
    }


def template(*requests: Json, name: str = "train", **devices: Json) -> Json:
    """A ResourceClaimTemplate with these requests."""
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaimTemplate",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"spec": {"devices": {"requests": list(requests), **devices}}},
    }


def request(name: str = "gpu", *expressions: str, **fields: Json) -> Json:
    """A request for devices of one class."""
    exactly = {"deviceClassName": DRIVER, **fields}
    if expressions:
        exactly["selectors"] = [{"cel": {"expression": text}} for text in expressions]
    return {"name": name, "exactly": exactly}


def select(expression: str) -> Json:
    """A claim for one device with a selector."""
    return claim(request("gpu", expression))


def device(name: str = "gpu-0", memory: str | None = None, **attributes: Json) -> Json:
    """A device. Attributes are given as their values."""
    wire: Json = {"name": name, "attributes": {key: _attribute(value) for key, value in attributes.items()}}
    if memory is not None:
        wire["capacity"] = {"memory": {"value": memory}}
    return wire


def _attribute(value: Json) -> Json:
    kind = {bool: "bool", int: "int", str: "string"}.get(type(value))
    return {kind: value} if kind else value


def resource_slice(*devices: Json, name: str = "node-a-gpu", **spec: Json) -> Json:
    """A slice of a pool of one node."""
    fields: Json = {"driver": DRIVER, "nodeName": "node-a", "pool": pool(), "devices": list(devices), **spec}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": name},
        "spec": {key: value for key, value in fields.items() if value is not None},
    }


def pool(generation: int = 1, count: int = 1) -> Json:
    """A pool of one node."""
    return {"name": "node-a", "generation": generation, "resourceSliceCount": count}


def device_class(*expressions: str, name: str = DRIVER) -> Json:
    """A DeviceClass."""
    selectors = [{"cel": {"expression": text}} for text in expressions]
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceClass",
        "metadata": {"name": name},
        "spec": {"selectors": selectors},
    }


def pod(*claims: Json, uses: Json = (), **resources: Json) -> Json:
    """A pod with these claims and one container that uses some."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "train-0", "namespace": "default"},
        "spec": pod_spec(*claims, uses=uses, **resources),
    }


def pod_spec(*claims: Json, uses: Json = (), **resources: Json) -> Json:
    container = {"name": "main", "image": "i", "resources": {"claims": list(uses), **resources}}
    return {"containers": [container], "resourceClaims": list(claims)}


def deployment(replicas: int, spec: Json) -> Json:
    """A Deployment of pods with this spec."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "train", "namespace": "default"},
        "spec": {"replicas": replicas, "template": {"spec": spec}},
    }
