"""`pod_templates`: where an object, of whatever kind, says what its pods are.

Kinds that are known have their paths in a table. In any other object, and in pieces without a kind, a pod
template is what looks like one: an object with `spec.containers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from dra.models.edits import Step

__all__ = ["PodTemplate", "field_path", "pod_templates"]

_DEEPEST: Final = 30

_TEMPLATE: Final = "spec.template.spec"
_JOBS: Final = "replicatedJobs.*.template.spec.template.spec"
_WORKERS: Final = ("headGroupSpec.template.spec", "workerGroupSpecs.*.template.spec")

# API group and kind -> paths of pod specs; `*` stands for each item of a list or each key of a map.
_PLACES: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("", "Pod"): ("spec",),
    ("", "PodTemplate"): ("template.spec",),
    ("", "ReplicationController"): (_TEMPLATE,),
    ("apps", "DaemonSet"): (_TEMPLATE,),
    ("apps", "Deployment"): (_TEMPLATE,),
    ("apps", "ReplicaSet"): (_TEMPLATE,),
    ("apps", "StatefulSet"): (_TEMPLATE,),
    ("batch", "CronJob"): ("spec.jobTemplate.spec.template.spec",),
    ("batch", "Job"): (_TEMPLATE,),
    ("batch.volcano.sh", "Job"): ("spec.tasks.*.template.spec",),
    ("jobset.x-k8s.io", "JobSet"): (f"spec.{_JOBS}",),
    ("kubeflow.org", "JAXJob"): ("spec.jaxReplicaSpecs.*.template.spec",),
    ("kubeflow.org", "MPIJob"): ("spec.mpiReplicaSpecs.*.template.spec",),
    ("kubeflow.org", "PaddleJob"): ("spec.paddleReplicaSpecs.*.template.spec",),
    ("kubeflow.org", "PyTorchJob"): ("spec.pytorchReplicaSpecs.*.template.spec",),
    ("kubeflow.org", "TFJob"): ("spec.tfReplicaSpecs.*.template.spec",),
    ("kubeflow.org", "XGBoostJob"): ("spec.xgbReplicaSpecs.*.template.spec",),
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"): (
        "spec.leaderWorkerTemplate.leaderTemplate.spec",
        "spec.leaderWorkerTemplate.workerTemplate.spec",
    ),
    ("ray.io", "RayCluster"): tuple(f"spec.{path}" for path in _WORKERS),
    ("ray.io", "RayJob"): (
        *(f"spec.rayClusterSpec.{path}" for path in _WORKERS),
        "spec.submitterPodTemplate.spec",
    ),
    ("ray.io", "RayService"): tuple(f"spec.rayClusterConfig.{path}" for path in _WORKERS),
    ("trainer.kubeflow.org", "ClusterTrainingRuntime"): (f"spec.template.spec.{_JOBS}",),
    ("trainer.kubeflow.org", "TrainingRuntime"): (f"spec.template.spec.{_JOBS}",),
    ("trainer.kubeflow.org", "TrainJob"): (
        f"spec.runtimePatches.*.trainingRuntimeSpec.template.spec.{_JOBS}",
    ),
}

# What multiplies the number of pods on the way to a template.
_COUNTS: Final = ("replicas", "parallelism", "numNodes", "numOfHosts")
_NAMES: Final = ("name", "groupName")
_SUFFIXES: Final = ("PodTemplate", "Template", "GroupSpec")


@attrs.frozen
class PodTemplate:
    """A pod's spec within the wire data of some object.

    Attributes:
        path: The steps from the data to the spec; none if the data is a bare PodSpec.
        spec: The spec: the object in the data itself and no copy.
        group: What the object calls these pods: the name of the replicated job, task or worker group,
            `Worker`, `head`, `leader`; empty if it has no name for them.
        metadata: Labels and annotations of the pods, as in the data; empty if there are none.
        replicas: How many such pods there are at a time; None if that depends on the cluster (a DaemonSet).
    """

    path: tuple[Step, ...]
    spec: dict[str, Any]
    group: str = ""
    metadata: dict[str, Any] = attrs.field(factory=dict)
    replicas: int | None = 1

    @property
    def field(self) -> str:
        """The path of the spec as Kubernetes writes it, such as `spec.template.spec`."""
        return field_path(self.path)


def pod_templates(data: dict[str, Any]) -> list[PodTemplate]:
    """Every pod template of an object, in the order in which they stand there.

    Args:
        data: The wire form of an object of any kind, of a PodTemplateSpec or of a PodSpec, plain data. The
            specs that are returned are parts of it, so that changing them changes the object.

    Example:
        >>> pods = {"parallelism": 4, "template": {"spec": {"containers": [{"name": "node"}]}}}
        >>> job = {"replicas": 2, "name": "workers", "template": {"spec": pods}}
        >>> found, = pod_templates({"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet",
        ...                         "spec": {"replicatedJobs": [job]}})
        >>> found.field, found.group, found.replicas
        ('spec.replicatedJobs[0].template.spec.template.spec', 'workers', 8)
    """
    places = _PLACES.get(_kind(data))
    if places is None:
        return [_template(data, path) for path in _search(data, (), 0)]
    return [_template(data, path) for place in places for path in _walk(data, place.split("."), ())]


def field_path(steps: tuple[Step, ...]) -> str:
    """Steps as the text of a path.

    Example:
        >>> field_path(("spec", "containers", 0, "name"))
        'spec.containers[0].name'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _kind(data: dict[str, Any]) -> tuple[str, str]:
    api_version, kind = data.get("apiVersion"), data.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return "", ""
    return api_version.rpartition("/")[0], kind


def _walk(node: Any, rest: list[str], path: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """The paths that a pattern stands for in some data, as far as they lead to objects."""
    if not rest:
        if isinstance(node, dict):
            yield path
        return
    name, *below = rest
    if name != "*":
        if isinstance(node, dict):
            yield from _walk(node.get(name), below, (*path, name))
        return
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, item in items:
        yield from _walk(item, below, (*path, step))


def _search(node: Any, path: tuple[Step, ...], depth: int) -> Iterator[tuple[Step, ...]]:
    """The paths of what looks like a pod's spec."""
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _search(item, (*path, index), depth + 1)
    elif isinstance(node, dict):
        named = not path or path[-1] == "spec" or str(path[-1]).lower().endswith("podspec")
        if named and isinstance(node.get("containers"), list):
            yield path
            return
        for name, item in node.items():
            if name != "status":
                yield from _search(item, (*path, name), depth + 1)


def _template(data: dict[str, Any], path: tuple[Step, ...]) -> PodTemplate:
    """What stands at a path, with what the objects on the way there say of it."""
    group, replicas = "", 1
    owner: dict[str, Any] = {}
    node: Any = data
    for position, step in enumerate(path):
        if isinstance(node, dict):
            owner = node
            replicas *= _pods(node)
        parent, node = node, node[step]
        if isinstance(step, int) and isinstance(node, dict):
            group = next((node[name] for name in _NAMES if isinstance(node.get(name), str)), group)
        elif isinstance(step, str) and isinstance(parent, dict):
            group = _named_by(step, path[position - 1] if position else "") or group
    found = owner.get("metadata") if path else None
    metadata = found if isinstance(found, dict) else {}
    many: int | None = None if _kind(data) == ("apps", "DaemonSet") else replicas * _set_size(data, group)
    return PodTemplate(path, node, group, metadata, many)


def _pods(node: dict[str, Any]) -> int:
    """How many of something an object on the way to a template asks for."""
    pods = 1
    for name in _COUNTS:
        count = node.get(name)
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 2**31:
            pods *= count
    return pods


def _named_by(step: str, parent: Step) -> str:
    """The group that a field's name speaks of."""
    if isinstance(parent, str) and parent.endswith("ReplicaSpecs"):
        return step
    for suffix in _SUFFIXES:
        if step.endswith(suffix) and step != suffix and step != "jobTemplate":
            return step.removesuffix(suffix)
    return ""


def _set_size(data: dict[str, Any], group: str) -> int:
    """How many pods of a group each replica of a LeaderWorkerSet has; 1 for any other object."""
    if _kind(data) != ("leaderworkerset.x-k8s.io", "LeaderWorkerSet") or group == "leader":
        return 1
    template = data["spec"]["leaderWorkerTemplate"]
    size = template.get("size", 1)
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size < 2**31:
        return 1
    return size - 1 if isinstance(template.get("leaderTemplate"), dict) else size
