"""Small clusters and claims for allocator tests."""

from __future__ import annotations

from typing import Any

from dra.allocator import Allocator
from dra.features import Features
from dra.models.core import Node
from dra.models.resource import AllocationResult, DeviceClass, ResourceClaim, ResourceSlice

DRIVER = "gpu.example.com"
NODE = Node.from_dict({"metadata": {"name": "n1", "labels": {"zone": "a"}}})
OTHER_NODE = Node.from_dict({"metadata": {"name": "n2", "labels": {"zone": "b"}}})


def device(name: str, capacity: dict[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    """A device; an attribute's type follows its Python value, a list makes a list attribute."""
    kinds = {bool: "bool", int: "int", str: "string"}

    def typed(value: Any) -> dict[str, Any]:
        if isinstance(value, list):
            return {f"{kinds[type(value[0])]}s": value}
        return {kinds[type(value)]: value}

    made: dict[str, Any] = {
        "name": name,
        "attributes": {key: typed(value) for key, value in attributes.items()},
    }
    if capacity:
        made["capacity"] = {
            key: value if isinstance(value, dict) else {"value": value} for key, value in capacity.items()
        }
    return made


def gpus(count: int, **attributes: Any) -> list[dict[str, Any]]:
    return [device(f"gpu-{index}", **attributes) for index in range(count)]


def slice_of(devices: list[dict[str, Any]], name: str = "s", **spec: Any) -> ResourceSlice:
    """A slice of its own pool on node n1, unless `spec` says otherwise."""
    pool = {"name": "p", "generation": 1, "resourceSliceCount": 1} | spec.pop("pool", {})
    if not {"nodeName", "allNodes", "nodeSelector", "perDeviceNodeSelection"} & spec.keys():
        spec["nodeName"] = "n1"
    full = {"driver": DRIVER, "pool": pool, "devices": devices} | spec
    return ResourceSlice.from_dict({"metadata": {"name": name}, "spec": full})


def device_class(name: str = "gpu", *selectors: str, **spec: Any) -> DeviceClass:
    listed = [{"cel": {"expression": each}} for each in selectors]
    return DeviceClass.from_dict({"metadata": {"name": name}, "spec": {"selectors": listed} | spec})


def wants(count: int | str = 1, *selectors: str, **more: Any) -> dict[str, Any]:
    """The body of a request: so many devices of class `gpu`, or `all`."""
    made: dict[str, Any] = {"deviceClassName": "gpu", "allocationMode": "ExactCount"} | more
    if count == "all":
        made["allocationMode"] = "All"
    else:
        made["count"] = count
    if selectors:
        made["selectors"] = [{"cel": {"expression": each}} for each in selectors]
    return made


def claim(*requests: dict[str, Any], name: str = "c", **devices: Any) -> ResourceClaim:
    """A claim; bodies made by `wants` become requests r0, r1, ..., others are taken as they are."""
    listed = [
        {"name": f"r{index}", "exactly": each} if "deviceClassName" in each else each
        for index, each in enumerate(requests)
    ]
    return ResourceClaim.from_dict(
        {
            "metadata": {"name": name, "namespace": "team-a"},
            "spec": {"devices": {"requests": listed} | devices},
        }
    )


def first_available(name: str, *bodies: dict[str, Any]) -> dict[str, Any]:
    """A request with alternatives s0, s1, ..."""
    return {
        "name": name,
        "firstAvailable": [{"name": f"s{index}", **each} for index, each in enumerate(bodies)],
    }


def allocator(*slices: ResourceSlice, features: Features | None = None, **more: Any) -> Allocator:
    return Allocator(
        slices, more.pop("classes", [device_class()]), features=features or Features.all(), **more
    )


def names(results: list[AllocationResult] | None) -> list[list[str]] | None:
    """Per claim the names of its devices."""
    return results and [[each.device for each in result.devices.results or ()] for result in results]
