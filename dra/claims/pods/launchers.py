"""Launchers that do not (only) have pod templates: TrainJob, SkyPilot, and what Ray has to be told."""

from __future__ import annotations

from typing import Any, Final

from dra.claims.pods.count import device_count
from dra.claims.pods.wiring import Change, Wiring, add_entry, field_in
from dra.errors import DraError
from dra.models.edits import Step
from dra.models.pod_templates import PodTemplate, field_path

__all__ = ["is_train_job", "pod_config", "tell_ray", "wire_train_job"]

_NODE: Final = "node"
_SKYPILOT_CONTAINER: Final = "ray-node"
_POD_CONFIG: Final[tuple[tuple[str, ...], ...]] = (
    ("config", "kubernetes", "pod_config"),
    ("experimental", "config_overrides", "kubernetes", "pod_config"),
    ("kubernetes", "pod_config"),
    ("pod_config",),
)


def is_train_job(data: dict[str, Any]) -> bool:
    """Whether an object is a TrainJob of Kubeflow Trainer."""
    api_version = data.get("apiVersion")
    return (
        data.get("kind") == "TrainJob"
        and isinstance(api_version, str)
        and api_version.startswith("trainer.kubeflow.org/")
    )


def wire_train_job(data: dict[str, Any], wiring: Wiring, changes: list[Change]) -> None:
    """Add a claim to `spec.trainer.resourceClaimsPerNode`, which the controller wires (its KEP-2782).

    Raises:
        DraError: Other containers than `node` are named, or single requests, which the field cannot say.
    """
    spec = data.setdefault("spec", {})
    trainer = spec.setdefault("trainer", {}) if isinstance(spec, dict) else None
    if not isinstance(trainer, dict):
        raise DraError("expected an object", path="spec.trainer", value=trainer)
    if wiring.containers not in (None, (_NODE,)) or wiring.init_containers or wiring.requests:
        raise DraError(
            "resourceClaimsPerNode gives the whole claim to the container `node`, and to no other",
            path="spec.trainer.resourceClaimsPerNode",
            remedy="for others write runtimePatches, and name the replicated job with groups=",
        )
    resources = trainer.get("resourcesPerNode")
    if isinstance(resources, dict) and resources.get("claims"):
        raise DraError(
            "Kubeflow Trainer refuses claims here",
            path="spec.trainer.resourcesPerNode.claims",
            value=resources["claims"],
            remedy="remove them: resourceClaimsPerNode does both halves",
        )
    add_entry(trainer, "resourceClaimsPerNode", wiring.source, wiring.name, "spec.trainer", changes)
    if isinstance(resources, dict):
        holder = {"resources": resources}
        wiring.drop_from(holder, "spec.trainer", changes)


def pod_config(data: dict[str, Any]) -> list[PodTemplate]:
    """The pod's spec in a SkyPilot task, in its configuration, or in a piece of that.

    SkyPilot merges it into the pods of a task, containers by their names; what is missing on the way is made.
    """
    if "kind" in data:
        return []
    for path in _POD_CONFIG:
        node: Any = data
        for step in path[:-1]:
            node = node.get(step) if isinstance(node, dict) else None
        if isinstance(node, dict) and path[-1] in node:
            break
    else:
        return []
    config = node[path[-1]]
    if config is None:
        config = node[path[-1]] = {}
    spec = config.setdefault("spec", {}) if isinstance(config, dict) else None
    if not isinstance(spec, dict):
        raise DraError("expected an object", path=".".join(path), value=config)
    if not spec.get("containers"):
        spec["containers"] = [{"name": _SKYPILOT_CONTAINER}]
    steps: tuple[Step, ...] = (*path, "spec")
    return [PodTemplate(steps, spec)]


def tell_ray(data: dict[str, Any], template: PodTemplate, wiring: Wiring, changes: list[Change]) -> None:
    """Set `rayStartParams["num-gpus"]` of the group of a template, if the claim says how many GPUs that is.

    KubeRay derives the number from limits, which a pod with claims does not have (kuberay#3527).
    """
    if not template.path or template.path[-2:] != ("template", "spec"):
        return
    group: Any = data
    for step in template.path[:-2]:
        group = group[step]
    is_ray = any(str(step).endswith(("GroupSpec", "GroupSpecs")) for step in template.path)
    if not is_ray or not isinstance(group, dict):
        return
    parameters = group.get("rayStartParams", {})
    path = field_in(field_path(template.path[:-2]), "rayStartParams")
    if not isinstance(parameters, dict):
        return
    counted = device_count(wiring.source.object).of_gpus if wiring.source.object else None
    number = None if counted is None else counted.exact
    present = parameters.get("num-gpus")
    if present is not None:
        if number is not None and present != str(number):
            left = f"num-gpus stays {present}, though the claim gives {number} GPUs"
            changes.append(Change(path, left, is_done=False))
    elif number is None:
        why = counted.reason if counted else "only the name of the claim is known"
        changes.append(Change(path, f"num-gpus is not set, so Ray sees no GPUs: {why}", is_done=False))
    elif number:
        group["rayStartParams"] = {**parameters, "num-gpus": str(number)}
        changes.append(Change(path, f"num-gpus set to {number}, which Ray cannot know otherwise"))
