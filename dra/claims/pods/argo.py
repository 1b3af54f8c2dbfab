"""Argo Workflows: claims go into `podSpecPatch`, a text that Argo merges into the spec of each pod.

A template of a workflow has a container but no pod, and so no place for `resourceClaims`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from dra.claims.pods.wiring import ALL, Change, Wiring, asks_for_devices
from dra.errors import DraError
from dra.models import text
from dra.models.pod_templates import PodTemplate
from dra.suggestions import unknown_name

__all__ = ["MAIN", "is_workflow", "wire"]

MAIN: Final = "main"
"""What Argo calls the container of a template."""

_KINDS: Final = ("ClusterWorkflowTemplate", "CronWorkflow", "Workflow", "WorkflowTemplate")


def is_workflow(data: dict[str, Any]) -> bool:
    """Whether an object is a workflow, or has one in it."""
    api_version = data.get("apiVersion")
    return (
        isinstance(api_version, str) and api_version.startswith("argoproj.io/") and data.get("kind") in _KINDS
    )


def wire(
    data: dict[str, Any], wiring: Wiring, groups: Sequence[str] | str | None, changes: list[Change]
) -> None:
    """Add a claim to the `podSpecPatch` of the templates of a workflow.

    Templates are chosen like the groups of other workloads: by name, or those that ask for devices, or else
    all that run something.

    Raises:
        DraError: There is no such template, or a `podSpecPatch` cannot be read, since it has Argo's
            placeholders in it, say.
    """
    at = "spec.workflowSpec" if data["kind"] == "CronWorkflow" else "spec"
    spec: Any = data.get("spec")
    if data["kind"] == "CronWorkflow" and isinstance(spec, dict):
        spec = spec.get("workflowSpec")
    listed = spec.get("templates") if isinstance(spec, dict) else None
    running = [
        (f"{at}.templates[{index}]", template)
        for index, template in enumerate(listed if isinstance(listed, list) else [])
        if isinstance(template, dict) and _containers(template)
    ]
    if not running:
        raise DraError("no template of it runs a container", path=f"{at}.templates")
    names = [str(template.get("name", "")) for _, template in running]
    for group in () if groups is None or groups == ALL else groups:
        if group not in names:
            raise unknown_name("template that runs a container", group, names)
    asking = [name for (_, template), name in zip(running, names, strict=True) if _asks(template)]
    wanted = groups if groups not in (None, ALL) else asking if groups is None and asking else names
    for (path, template), name in zip(running, names, strict=True):
        if name in (wanted or ()):
            _patch(template, path, wiring, changes)
        elif groups is None:
            changes.append(
                Change(
                    path,
                    f"{name} is left without the claim: others ask for devices",
                    is_done=False,
                )
            )


def _containers(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The containers of a template, named as in its pod."""
    for field in ("container", "script"):
        if isinstance(template.get(field), dict):
            return [{**template[field], "name": MAIN}]
    group = template.get("containerSet")
    items = group.get("containers") if isinstance(group, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _asks(template: Mapping[str, Any]) -> bool:
    patch = template.get("podSpecPatch")
    return any(asks_for_devices(each) for each in _containers(template)) or (
        isinstance(patch, str) and "resourceClaims" in patch
    )


def _patch(template: dict[str, Any], at: str, wiring: Wiring, changes: list[Change]) -> None:
    path = f"{at}.podSpecPatch"
    patch, is_json = _read(template.get("podSpecPatch"), path)
    listed = patch.get("containers")
    patched = listed if isinstance(listed, list) else []
    known = {str(each.get("name")): each for each in patched if isinstance(each, dict)}
    # The spec as it would be, of which only what is new goes into the patch.
    whole = [known.get(str(each.get("name")), {"name": each.get("name")}) for each in _containers(template)]
    others = [each for each in patched if each not in whole]
    spec = {**patch, "containers": [*whole, *others]}
    asking = tuple(str(each.get("name")) for each in _containers(template) if asks_for_devices(each))
    if wiring.containers is None and asking:  # what the patch alone does not show
        wiring = attrs.evolve(wiring, containers=asking)
    done = wiring.apply(PodTemplate((), spec))
    spec["containers"] = [each for each in spec["containers"] if set(each) != {"name"} or each in patched]
    _drop(template, wiring, at, changes)
    changes += [Change(f"{path}: {change.path}", change.text, change.is_done) for change in done]
    if spec != patch:
        template["podSpecPatch"] = json.dumps(spec) if is_json else text.write_yaml([spec])


def _drop(template: dict[str, Any], wiring: Wiring, at: str, changes: list[Change]) -> None:
    """Resources of device plugins stand in the template's own container, not in the patch."""
    for field in ("container", "script"):
        container = template.get(field)
        if isinstance(container, dict):
            wiring.drop_from(container, f"{at}.{field}", changes)
    group = template.get("containerSet")
    if isinstance(group, dict):
        for index, container in enumerate(_containers(template)):
            wiring.drop_from(container, f"{at}.containerSet.containers[{index}]", changes)


def _read(patch: object, path: str) -> tuple[dict[str, Any], bool]:
    """The patch that is there, and whether it is written as JSON."""
    if not patch:
        return {}, True
    if not isinstance(patch, str):
        raise DraError("expected text", path=path, value=patch)
    try:
        data, _ = text.single(patch)
    except DraError:
        data = None
    if not isinstance(data, dict):
        raise DraError(
            "not YAML or JSON of a pod's spec",
            path=path,
            value=patch,
            remedy="placeholders are filled in by Argo later; put the claim into this text by hand",
        )
    return data, patch.lstrip().startswith("{")
