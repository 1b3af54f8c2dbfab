"""Claims for these tests, in wire form."""

from __future__ import annotations

from typing import Any

GPU = "gpu.nvidia.com"
Wire = dict[str, Any]


def request(
    name: str = "gpu", device_class: str = GPU, count: int = 1, selector: str = "", **more: Any
) -> Wire:
    exactly = {"deviceClassName": device_class, "count": count, **more}
    if selector:
        exactly["selectors"] = [{"cel": {"expression": selector}}]
    return {"name": name, "exactly": exactly}


def claim(*requests: Wire, name: str = "train", same: str = "") -> Wire:
    devices: Wire = {"requests": list(requests) or [request()]}
    if same:
        devices["constraints"] = [{"matchAttribute": same}]
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"devices": devices},
    }


def template(*requests: Wire, name: str = "worker") -> Wire:
    made = claim(*requests, name=name)
    return made | {"kind": "ResourceClaimTemplate", "spec": {"spec": made["spec"]}}
