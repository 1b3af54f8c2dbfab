"""Gangs on a running kube-scheduler beside `Cluster.schedule_gang`: all pods of a group, or none."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any

import attrs
import pytest

from dra.features import Features
from dra.models.conversion import convert
from dra.models.core import Pod
from dra.models.kinds import decode
from dra.models.meta import KubernetesObject
from dra.models.scheduling import PodGroup, Workload
from dra.scheduler import Cluster
from dra.scheduler.gangs import GangPlacement
from dra.validation.versions import served_versions
from tests.integration.api import Api, Json, until
from tests.integration.control_plane import ControlPlane

pytestmark = pytest.mark.integration

RACK = "topology.example.com/rack"
DRIVER = "gpu.example.com"
GANGS = 30
# Seconds after which a pod that still waits was tried again: the back-off is one second.
LATE = 4


@attrs.frozen
class Gang:
    """A group of pods and the nodes that are there for it.

    Attributes:
        group: A PodGroup; in 1.35, which has none, a Workload.
    """

    name: str
    objects: tuple[Json, ...]
    group: Json
    pods: tuple[Json, ...]

    @property
    def subject(self) -> str:
        return f"{self.group['kind'].lower()}/{self.name}/workers"


def gang(number: int, minor: str, features: Features) -> Gang:
    """A random gang that may or may not fit, by pods, by devices, or within one rack."""
    pick = random.Random(number)
    name = f"gang{number}"
    racks = pick.choice((1, 2, 3))
    objects: list[Json] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}]
    free = 0
    for index in range(racks * pick.choice((1, 2))):
        node, count = f"{name}-node-{index}", pick.choice((1, 2, 2, 4))
        free += count
        objects += [_node(node, name, f"{name}-rack-{index % racks}"), _slice(node, count)]
    wanted = max(1, pick.choice((free // racks, free, free)) + pick.choice((-1, 0, 1, 1)))
    minimum = pick.choice((wanted, wanted, max(1, wanted - 1)))
    policy = {"gang": {"minCount": minimum}}
    spec: Json = {"schedulingPolicy": policy}
    if pick.random() < 0.6 and features.topology_aware_workload_scheduling:
        spec["schedulingConstraints"] = {"topology": [{"key": RACK}]}
    request = {"name": "gpu", "exactly": {"deviceClassName": "gang-gpu"}}
    if shared := pick.random() < 0.3 and features.workload_resource_claims:
        spec["resourceClaims"] = [{"name": "gpu", "resourceClaimTemplateName": "gpu"}]
        request["exactly"]["count"] = pick.choice((1, 2, 4))
    objects.append(
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaimTemplate",
            "metadata": {"name": "gpu", "namespace": name},
            "spec": {"spec": {"devices": {"requests": [request]}}},
        }
    )
    group = _group(name, spec, minor)
    count = minimum if shared else wanted
    return Gang(name, tuple(objects), group, tuple(_pod(name, at, group) for at in range(count)))


def _group(scenario: str, spec: Json, minor: str) -> Json:
    """The group in the newest version that a minor has."""
    metadata = {"name": "workers", "namespace": scenario}
    group: KubernetesObject = PodGroup.from_dict({"metadata": metadata, "spec": spec})
    if not served_versions(group, minor):
        templates = {"podGroupTemplates": [{"name": "pods", **spec}]}
        group = Workload.from_dict({"metadata": metadata, "spec": templates})
    return convert(group, served_versions(group, minor)[0]).to_dict()


def _node(name: str, scenario: str, rack: str) -> Json:
    resources = {"cpu": "64", "memory": "256Gi", "pods": "110"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"scenario": scenario, RACK: rack}},
        "status": {
            "capacity": resources,
            "allocatable": resources,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def _slice(node: str, count: int) -> Json:
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": node},
        "spec": {
            "driver": DRIVER,
            "nodeName": node,
            "pool": {"name": node, "generation": 1, "resourceSliceCount": 1},
            "devices": [{"name": f"gpu-{index}"} for index in range(count)],
        },
    }


def _pod(scenario: str, at: int, group: Json) -> Json:
    workload = {"workloadRef": {"name": "workers", "podGroup": "pods"}}
    belongs = {"schedulingGroup": {"podGroupName": "workers"}} if group["kind"] == "PodGroup" else workload
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"worker-{at}", "namespace": scenario},
        "spec": {
            "nodeSelector": {"scenario": scenario},
            **belongs,
            "containers": [
                {"name": "main", "image": "example.com/main", "resources": {"claims": [{"name": "gpu"}]}}
            ],
            "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "gpu"}],
        },
    }


def test_a_gang_is_placed_as_dra_says_or_not_at_all(api: Api, control_plane: ControlPlane) -> None:
    minor, features = control_plane.minor, control_plane.features
    if not features.generic_workload:
        pytest.skip(f"{minor} has no gangs")
    device_class = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceClass",
        "metadata": {"name": "gang-gpu"},
        "spec": {"selectors": [{"cel": {"expression": f'device.driver == "{DRIVER}"'}}]},
    }
    stored = api.apply(device_class)
    gangs = [gang(number, minor, features) for number in range(GANGS)]
    for each in gangs:
        stored += api.apply(*each.objects, each.group)
    cluster = Cluster.load([decode(obj) for obj in stored], features=features, kubernetes=minor)
    expected = {}
    for each in gangs:
        pods = [Pod.from_dict(pod) for pod in each.pods]
        ours = cluster.schedule_gang(each.subject, pods)
        is_found = isinstance(ours, GangPlacement) and ours.found_in_order
        expected[each.name] = len(ours.placements) if is_found else 0
        api.apply(*each.pods)
    until(lambda: True if placed(api, gangs) == expected else None, f"{expected}")
    time.sleep(LATE)
    assert placed(api, gangs) == expected
    for each in gangs:
        for obj in (*each.pods, each.group, *reversed(each.objects)):
            api.delete(obj)
    fitting = sum(count > 0 for count in expected.values())
    print(f"gangs compared with kube-scheduler {minor}: {fitting} of {GANGS} placed")
    assert GANGS / 6 < fitting < GANGS * 5 / 6


def placed(api: Api, gangs: Sequence[Gang]) -> dict[str, int | None]:
    """By gang how many pods have a node; None while a pod has neither a node nor been refused one."""
    return {each.name: _placed(api, each) for each in gangs}


def _placed(api: Api, each: Gang) -> int | None:
    pods: list[dict[str, Any]] = [api.must(api.get(pod)) for pod in each.pods]
    bound = [pod for pod in pods if pod["spec"].get("nodeName")]
    refused = [pod for pod in pods if pod not in bound and _is_refused(pod)]
    if len(bound) + len(refused) == len(pods):
        return len(bound)
    # 1.35 keeps the pods that fit waiting for those that do not, without a word.
    waits = each.group["kind"] == "Workload" and refused and not bound
    return 0 if waits else None


def _is_refused(pod: Json) -> bool:
    return any(
        condition["type"] == "PodScheduled" and condition["status"] == "False"
        for condition in pod.get("status", {}).get("conditions", ())
    )
