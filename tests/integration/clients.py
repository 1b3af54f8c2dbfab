"""Clients of a control plane, and the objects that tests give it."""

from __future__ import annotations

from typing import Any

import dra
import dra.client
from tests.integration.control_plane import ControlPlane


def client_of(control_plane: ControlPlane, user: str = "admin", **how: Any) -> dra.client.Client:
    return dra.client.connect(kubeconfig=control_plane.write_kubeconfig(user), **how)


def claim(name: str, namespace: str, **exactly: Any) -> dra.ResourceClaim:
    request = {"name": "gpu", "exactly": {"deviceClassName": "gpu.example.com", **exactly}}
    return dra.ResourceClaim.from_dict(
        {
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"devices": {"requests": [request]}},
        }
    )


def pod(name: str, namespace: str, *claims: str, **spec: Any) -> dra.Pod:
    return dra.Pod.from_dict(
        {
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "containers": [{"name": "main", "image": "example.com/main"}],
                "resourceClaims": [{"name": each, "resourceClaimName": each} for each in claims],
                **spec,
            },
        }
    )


def namespace(name: str) -> Any:
    (made,) = dra.load({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return made


def device_class(name: str = "gpu.example.com", expression: str = "") -> dra.DeviceClass:
    selectors = [{"cel": {"expression": expression or f'device.driver == "{name}"'}}]
    return dra.DeviceClass.from_dict({"metadata": {"name": name}, "spec": {"selectors": selectors}})


def node(name: str, **spec: Any) -> dra.Node:
    return dra.Node.from_dict(
        {
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
            "spec": spec,
            "status": {"allocatable": {"cpu": "8", "memory": "32Gi", "pods": "110"}},
        }
    )


def node_slice(
    name: str, node_name: str, devices: list[dict[str, Any]], driver: str = "gpu.example.com"
) -> dra.ResourceSlice:
    return dra.ResourceSlice.from_dict(
        {
            "metadata": {"name": name},
            "spec": {
                "driver": driver,
                "nodeName": node_name,
                "pool": {"name": node_name, "generation": 1, "resourceSliceCount": 1},
                "devices": devices,
            },
        }
    )
