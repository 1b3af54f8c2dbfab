"""`pods_of`: the pods that the controller of a workload would make, to see whether they fit."""

from __future__ import annotations

import re
from typing import Any, Final

from dra.claims.pods.opened import open_workload
from dra.errors import DraError
from dra.models.core import Pod
from dra.models.pod_templates import PodTemplate, pod_templates

__all__ = ["pods_of"]

_MOST_PODS: Final = 20_000
_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9.-]+")


def pods_of(workload: object) -> list[Pod]:
    """The pods of a workload, as many as run at a time.

    Names are made of those of the workload and the group, and a number; the real controller may call them
    otherwise. Labels, annotations and the spec are those of the template, the namespace is the workload's.

    Args:
        workload: Whatever `open_workload` takes: a Job, PyTorchJob, JobSet, RayCluster, Deployment, ...

    Raises:
        DraError: It is no workload, the number of its pods depends on the cluster (a DaemonSet), or it is
            above 20,000.

    Example:
        >>> pods = {"spec": {"containers": [{"name": "main"}]}}
        >>> job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train", "namespace": "ml"},
        ...        "spec": {"parallelism": 2, "template": pods}}
        >>> [each.subject for each in pods_of(job)]
        ['Pod ml/train-0', 'Pod ml/train-1']
    """
    made: list[Pod] = []
    for data in open_workload(workload).objects:
        templates = pod_templates(data)
        for template in templates:
            name = _name(data, template.group if len(templates) > 1 else "")
            if template.replicas is None:
                raise DraError(f"{name}: how many pods it has depends on the cluster", path=template.field)
            if len(made) + template.replicas > _MOST_PODS:
                raise DraError(f"{name}: more than {_MOST_PODS:,} pods", path=template.field)
            made += (_pod(data, template, f"{name}-{number}") for number in range(template.replicas))
    return made


def _name(data: dict[str, Any], group: str) -> str:
    metadata = data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    parts = [
        part for part in (name or str(data.get("kind") or "pod"), group) if isinstance(part, str) and part
    ]
    return _NOT_IN_A_NAME.sub("-", "-".join(parts).lower()).strip("-.")


def _pod(data: dict[str, Any], template: PodTemplate, name: str) -> Pod:
    kept = ("labels", "annotations")
    metadata: dict[str, Any] = {key: value for key, value in template.metadata.items() if key in kept}
    owner = data.get("metadata")
    if isinstance(owner, dict) and owner.get("namespace"):
        metadata["namespace"] = owner["namespace"]
    return Pod.from_dict({"metadata": {**metadata, "name": name}, "spec": template.spec})
