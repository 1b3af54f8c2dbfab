"""TrainJob's own fields: `resourcesPerNode`, which the launcher copies into its pods, as a pod of its own."""

from __future__ import annotations

import copy
from typing import Any, Final

import attrs

from dra.claims.migrate.report import Entry, Outcome
from dra.claims.pods.launchers import is_train_job
from dra.models.pod_templates import PodTemplate

__all__ = ["RESOURCES", "node_of", "write_node"]

RESOURCES: Final = ("spec", "trainer", "resourcesPerNode")
_CLAIMS: Final = "resourceClaimsPerNode"
_NEEDS: Final = (
    "resourceClaimsPerNode needs a Kubeflow Trainer that knows it (its KEP-2782)",
    "with an older one write the claim into runtimePatches",
)


def node_of(data: dict[str, Any]) -> PodTemplate | None:
    """The pods of a TrainJob as far as its own fields say what they get; None for any other object."""
    spec = data.get("spec")
    trainer = spec.get("trainer") if isinstance(spec, dict) else None
    resources = trainer.get(RESOURCES[-1]) if isinstance(trainer, dict) else None
    if not is_train_job(data) or not isinstance(trainer, dict) or not isinstance(resources, dict):
        return None
    pod: dict[str, Any] = {"containers": [{"name": "node", "resources": copy.deepcopy(resources)}]}
    if _CLAIMS in trainer:
        pod["resourceClaims"] = copy.deepcopy(trainer[_CLAIMS])
    return PodTemplate(RESOURCES[:-1], pod)


def write_node(data: dict[str, Any], node: PodTemplate, entries: list[Entry]) -> list[Entry]:
    """Write what became of such pods into the fields that it came from.

    Args:
        data: The TrainJob, which is changed.
        node: What `node_of` gave, after its migration.
        entries: What became of everything, in terms of that pod.
    """
    if any(entry.outcome is Outcome.CHANGED for entry in entries):
        trainer = data["spec"]["trainer"]
        resources = node.spec["containers"][0]["resources"]
        trainer[_CLAIMS] = node.spec["resourceClaims"]
        trainer[RESOURCES[-1]] = {name: each for name, each in resources.items() if name != "claims"}
        if not trainer[RESOURCES[-1]]:
            del trainer[RESOURCES[-1]]
        entries = [*entries, Entry(Outcome.NOTE, f"spec.trainer.{_CLAIMS}", *_NEEDS)]
    own = f"spec.trainer.{RESOURCES[-1]}"
    return [
        attrs.evolve(entry, path=entry.path.replace("spec.trainer.containers[0].resources", own))
        for entry in entries
    ]
