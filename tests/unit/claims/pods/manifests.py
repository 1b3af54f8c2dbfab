"""Pods, what makes pods, and claims for them, as the wire has them."""

from __future__ import annotations

from typing import Any

ENTRY = {"name": "gpu", "resourceClaimTemplateName": "train"}
USE = {"name": "gpu"}


def container(name: str = "main", **resources: Any) -> dict[str, Any]:
    return {"name": name, "image": "x", **({"resources": resources} if resources else {})}


def pod_spec(*containers: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"containers": list(containers or (container(),)), **rest}


def workload(api_version: str, kind: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}


def pod(*containers: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return workload("v1", "Pod", **pod_spec(*containers, **rest))


def template(name: str = "train", **exactly: Any) -> dict[str, Any]:
    request = {"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com", **exactly}}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaimTemplate",
        "metadata": {"name": name},
        "spec": {"spec": {"devices": {"requests": [request]}}},
    }


def claim(name: str = "train", **metadata: str) -> dict[str, Any]:
    spec = template()["spec"]["spec"]
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


def uses(container: dict[str, Any]) -> list[dict[str, str]]:
    return container.get("resources", {}).get("claims", [])
