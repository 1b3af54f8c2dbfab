"""Names of devices outside of pods: quotas, queues, launchers' own fields. They are found, not changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from dra.claims.migrate.report import Entry, Outcome
from dra.claims.migrate.resources import DeviceNeed, device_need
from dra.models.edits import Step
from dra.names import is_extended_resource

__all__ = ["Mention", "mentions"]

_DEEPEST: Final = 60
# What describes a cluster as it is, or configures a device plugin itself.
_DESCRIPTIONS: Final = ("Node", "ResourceSlice", "DeviceClass", "ConfigMap", "ClusterPolicy", "Event")
_QUOTA_PREFIXES: Final = ("requests.", "limits.")


@attrs.frozen
class Mention:
    """A place outside of pods that speaks of a resource.

    Attributes:
        field: The place.
        need: What one unit of the resource is.
        counts: Whether it counts what pods ask for, as a quota does.
        remedy: What to do there if pods have claims instead.
    """

    field: str
    need: DeviceNeed
    counts: bool
    remedy: str

    @property
    def left(self) -> Entry:
        """That it is not changed."""
        resource = self.need.resource
        counted = f"counts {resource} and not the devices of claims"
        message = counted if self.counts else f"speaks of {resource} outside of a pod's containers"
        return Entry(Outcome.LEFT, self.field, message, self.remedy)


def mentions(data: dict[str, Any], pods: list[tuple[Step, ...]]) -> list[Mention]:
    """Where an object speaks of device plugins' resources outside of its pods' containers.

    Args:
        data: The object.
        pods: The paths of its pods' specs.
    """
    if data.get("kind") in _DESCRIPTIONS:
        return []
    content = {name: value for name, value in data.items() if name not in ("status", "metadata")}
    found = []
    for steps, resource in _search(content, (), pods):
        if need := device_need(resource):
            counts, remedy = _remedy(data, need)
            found.append(Mention(_field(steps), need, counts, remedy))
    return found


def _remedy(data: dict[str, Any], need: DeviceNeed) -> tuple[bool, str]:
    """Whether an object counts resources, and what to do with what it says of one."""
    group = str(data.get("apiVersion", "")).rpartition("/")[0]
    if data.get("kind") == "ResourceQuota":
        return True, f"add {need.device_class}.deviceclass.resource.k8s.io/devices with the same number"
    if group == "kueue.x-k8s.io":
        what = f"map the class {need.device_class} to a name with Kueue's deviceClassMappings"
        return True, f"{what}, and count that"
    if group == "argoproj.io":
        return False, "wire a claim with dra.claims.pods.attach(workflow, claim, drop=[...])"
    return False, f"see what reads it; devices of claims are of class {need.device_class}"


def _search(
    node: Any, path: tuple[Step, ...], pods: list[tuple[Step, ...]]
) -> Iterator[tuple[tuple[Step, ...], str]]:
    if path in pods or len(path) > _DEEPEST:
        return
    if isinstance(node, dict):
        for name, value in node.items():
            resource = str(name)
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
    return is_extended_resource(resource) and device_need(resource) is not None


def _field(steps: tuple[Step, ...]) -> str:
    """Steps as a path, in which names with dots stand in brackets."""
    plain = (f".{step}" if isinstance(step, str) and "." not in step else f"[{step}]" for step in steps)
    return "".join(plain).removeprefix(".")
