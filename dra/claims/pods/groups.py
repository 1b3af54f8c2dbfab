"""Claims that the pods of a PodGroup share (KEP-5729, Kubernetes 1.36 and newer).

The group has an entry in its own `resourceClaims`; a pod belongs to the group by `schedulingGroup` and has an
entry that is equal: same name, same claim or template.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dra.claims.pods.wiring import ALL, Change, Wiring, add_entry, field_in
from dra.errors import DraError, UnknownVersionError
from dra.features import is_since
from dra.models.pod_templates import PodTemplate
from dra.suggestions import unknown_name

__all__ = ["is_group", "join", "wire"]

_SINCE: Final = "1.36"
_MAX_CLAIMS: Final = 4
_OLD_VERSION: Final = "scheduling.k8s.io/v1alpha1"


def is_group(data: dict[str, Any]) -> bool:
    """Whether an object is a PodGroup, or a Workload that has patterns of them."""
    api_version = data.get("apiVersion")
    return (
        isinstance(api_version, str)
        and api_version.startswith("scheduling.k8s.io/")
        and data.get("kind") in ("PodGroup", "Workload")
    )


def wire(
    data: dict[str, Any],
    wiring: Wiring,
    groups: Sequence[str] | str | None,
    kubernetes: str,
    changes: list[Change],
) -> None:
    """Give a PodGroup, or the patterns of a Workload, a claim that its pods share.

    Raises:
        UnknownVersionError: In the minor, groups have no claims.
        DraError: A group would have more than four claims, or does not exist.
    """
    _check_minor(kubernetes)
    if data["apiVersion"] == _OLD_VERSION:
        raise DraError("groups have no claims in this version", path="apiVersion", value=_OLD_VERSION)
    spec = data.get("spec")
    if data["kind"] == "PodGroup":
        holders = [("spec", spec)]
    else:
        patterns = spec.get("podGroupTemplates") if isinstance(spec, dict) else None
        items = patterns if isinstance(patterns, list) else []
        names = [str(item.get("name", "")) if isinstance(item, dict) else "" for item in items]
        for group in () if groups is None or groups == ALL else groups:
            if group not in names:
                raise unknown_name("pod group template", group, names)
        holders = [
            (f"spec.podGroupTemplates[{index}]", item)
            for index, item in enumerate(items)
            if groups is None or groups == ALL or names[index] in groups
        ]
    for at, holder in holders:
        if not isinstance(holder, dict):
            raise DraError("expected an object", path=at, value=holder)
        add_entry(holder, "resourceClaims", wiring.source, wiring.name, at, changes)
        count = len(holder["resourceClaims"])
        if count > _MAX_CLAIMS:
            raise DraError(
                f"a group has at most {_MAX_CLAIMS} claims, this would be {count}",
                path=f"{at}.resourceClaims",
                value=count,
                remedy="put several requests into one claim",
            )


def join(template: PodTemplate, group: str, kubernetes: str, changes: list[Change]) -> None:
    """Make the pods of a template members of a PodGroup.

    Raises:
        UnknownVersionError: In the minor, pods cannot refer to groups in this way.
        DraError: They are members of another one.
    """
    _check_minor(kubernetes)
    path = field_in(template.field, "schedulingGroup")
    present = template.spec.get("schedulingGroup")
    if present == {"podGroupName": group}:
        return
    if present:
        raise DraError(
            "the pods belong to another group",
            path=path,
            value=present,
            remedy="remove it, or name that group",
        )
    template.spec["schedulingGroup"] = {"podGroupName": group}
    changes.append(Change(path, f"the pods belong to PodGroup {group}, which has the claim"))


def _check_minor(kubernetes: str) -> None:
    if not is_since(kubernetes, _SINCE):
        raise UnknownVersionError(
            f"groups of pods have no claims in Kubernetes {kubernetes}",
            value=kubernetes,
            remedy=f"that is possible from {_SINCE} on, with the feature gate DRAWorkloadResourceClaims",
        )
