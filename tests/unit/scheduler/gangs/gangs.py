"""Builders for gangs: racks of small nodes, pods of groups, and the groups in the forms of each minor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dra.models.core import Pod
from dra.models.scheduling import CompositePodGroup, PodGroup, Workload
from dra.scheduler import Cluster, GangPlacement, Unschedulable, UnschedulableGang
from tests.unit.scheduler import clusters

RACK = "example.com/rack"


def racks(*sizes: int, each: int = 2, kubernetes: str = "1.37", more: Sequence[Any] = ()) -> Cluster:
    """Racks r0, r1, ... with so many nodes of some GPUs each: r0-n0, r0-n1, ..."""
    objects: list[Any] = [clusters.gpu_class(), clusters.template("one"), *more]
    for number, size in enumerate(sizes):
        for index in range(size):
            name = f"r{number}-n{index}"
            objects += [clusters.node(name, labels={RACK: f"r{number}"}), clusters.gpus(name, each)]
    return Cluster.load(objects, kubernetes=kubernetes)


def pods(
    count: int, group: str = "train", *, templates: Sequence[str] = ("one",), prefix: str = "", **spec: Any
) -> list[Pod]:
    """Pods of a PodGroup, each with a GPU of its own."""
    return [
        clusters.pod(
            f"{prefix or group}-{index}",
            templates=templates,
            schedulingGroup={"podGroupName": group},
            **spec,
        )
        for index in range(count)
    ]


def policy(minimum: int | None) -> dict[str, Any]:
    return {"basic": {}} if minimum is None else {"gang": {"minCount": minimum}}


def constraints(topology: str | None) -> dict[str, Any]:
    return {"schedulingConstraints": {"topology": [{"key": topology}]}} if topology else {}


def group(
    minimum: int | None,
    name: str = "train",
    *,
    topology: str | None = None,
    claims: Mapping[str, str] | None = None,
    parent: str | None = None,
    template: str = "",
) -> PodGroup:
    """A PodGroup; `claims` are the names of claim templates by the names that pods call them."""
    spec: dict[str, Any] = {"schedulingPolicy": policy(minimum), **constraints(topology)}
    if claims:
        spec["resourceClaims"] = [
            {"name": entry, "resourceClaimTemplateName": made_from} for entry, made_from in claims.items()
        ]
    if parent:
        spec["parentCompositePodGroupName"] = parent
    if template:
        spec["workloadRef"] = {"workloadName": "job", "templateName": template}
    return PodGroup.from_dict({"metadata": {"name": name}, "spec": spec})


def composite(
    minimum: int | None, name: str = "all", *, topology: str | None = None, parent: str | None = None
) -> CompositePodGroup:
    chosen = {"basic": {}} if minimum is None else {"gang": {"minGroupCount": minimum}}
    spec: dict[str, Any] = {"schedulingPolicy": chosen, **constraints(topology)}
    if parent:
        spec["parentCompositePodGroupName"] = parent
    return CompositePodGroup.from_dict({"metadata": {"name": name}, "spec": spec})


def workload(*templates: Mapping[str, Any], composites: Sequence[Mapping[str, Any]] = ()) -> Workload:
    spec: dict[str, Any] = {}
    if templates:
        spec["podGroupTemplates"] = list(templates)
    if composites:
        spec["compositePodGroupTemplates"] = list(composites)
    return Workload.from_dict({"metadata": {"name": "job"}, "spec": spec})


def placed(answer: GangPlacement | Unschedulable) -> GangPlacement:
    assert isinstance(answer, GangPlacement), str(answer)
    return answer


def refused(answer: GangPlacement | Unschedulable) -> UnschedulableGang:
    assert isinstance(answer, UnschedulableGang), str(answer)
    return answer


def racks_of(answer: GangPlacement) -> set[str]:
    """The racks that pods are placed in."""
    return {node.partition("-")[0] for node in answer.nodes.values()}
