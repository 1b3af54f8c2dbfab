"""Names of devices outside of pods: quotas, queues, launchers' own fields. They are found, not changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dra.claims.migrate.report import Entry, Outcome
from dra.claims.migrate.resources import device_need, is_extended
from dra.models.pod_templates import Step

__all__ = ["mentions"]

_DEEPEST: Final = 60
_LONGEST_NAME: Final = 317  # a domain, a slash and a name
# What describes a cluster as it is, or configures a device plugin itself.
_DESCRIPTIONS: Final = ("Node", "ResourceSlice", "DeviceClass", "ConfigMap", "ClusterPolicy", "Event")
_QUOTA_PREFIXES: Final = ("requests.", "limits.")


def mentions(data: dict[str, Any], pods: list[tuple[Step, ...]]) -> list[Entry]:
    """Where an object speaks of device plugins' resources outside of its pods' containers.

    Args:
        data: The object.
        pods: The paths of its pods' specs.
    """
    if data.get("kind") in _DESCRIPTIONS:
        return []
    content = {name: value for name, value in data.items() if name not in ("status", "metadata")}
    found = _search(content, (), pods)
    return [_entry(data, steps, resource) for steps, resource in found]


def _search(
    node: Any, path: tuple[Step, ...], pods: list[tuple[Step, ...]]
) -> Iterator[tuple[tuple[Step, ...], str]]:
    if path in pods or len(path) > _DEEPEST:
        return
    if isinstance(node, dict):
        for name, value in node.items():
            resource = name
            for prefix in _QUOTA_PREFIXES:
                resource = resource.removeprefix(prefix)
            if not isinstance(value, (dict, list)) and _is_device(resource):
                yield (*path, name), resource
            yield from _search(value, (*path, name), pods)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, str) and _is_device(item):
                yield (*path, index), item
            yield from _search(item, (*path, index), pods)


def _is_device(resource: str) -> bool:
    return len(resource) <= _LONGEST_NAME and is_extended(resource) and device_need(resource) is not None


def _entry(data: dict[str, Any], steps: tuple[Step, ...], resource: str) -> Entry:
    need = device_need(resource)
    device_class = need.device_class if need else ""
    kind, group = str(data.get("kind")), str(data.get("apiVersion", "")).rpartition("/")[0]
    if kind == "ResourceQuota":
        message = f"counts {resource} and not the devices of claims"
        remedy = f"add {device_class}.deviceclass.resource.k8s.io/devices with the same number"
    elif group == "kueue.x-k8s.io":
        message = f"counts {resource} and not the devices of claims"
        remedy = f"map the class {device_class} to a name with Kueue's deviceClassMappings, and count that"
    else:
        message = f"speaks of {resource} outside of a pod's containers"
        remedy = f"see what reads it; devices of claims are of class {device_class}"
    return Entry(Outcome.LEFT, _field(steps), message, remedy)


def _field(steps: tuple[Step, ...]) -> str:
    """Steps as a path, in which names with dots stand in brackets."""
    plain = (f".{step}" if isinstance(step, str) and "." not in step else f"[{step}]" for step in steps)
    return "".join(plain).removeprefix(".")
