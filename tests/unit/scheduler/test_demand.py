"""What pods take of nodes, as kube-scheduler adds it up."""

from __future__ import annotations

from typing import Any

from dra.models.core import Node, Pod
from dra.scheduler.demand import allocatable, demand

NANO = 10**9


def container(cpu: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": "c", "resources": {"requests": {"cpu": cpu}} if cpu else {}, **more}


def cpu_of(**spec: Any) -> float:
    return demand(Pod.from_dict({"spec": spec})).get("cpu", 0) / NANO


def test_containers_add_up() -> None:
    assert cpu_of(containers=[container("500m"), container("2")]) == 2.5


def test_the_largest_init_container_counts_if_it_wants_more() -> None:
    assert cpu_of(containers=[container("1")], initContainers=[container("3"), container("2")]) == 3


def test_a_sidecar_runs_beside_the_containers_and_later_init_containers() -> None:
    sidecar = container("1", restartPolicy="Always")

    assert cpu_of(containers=[container("2")], initContainers=[sidecar]) == 3
    assert cpu_of(containers=[container("2")], initContainers=[sidecar, container("4")]) == 5
    assert cpu_of(containers=[container("2")], initContainers=[container("4"), sidecar]) == 4


def test_limits_stand_in_for_requests() -> None:
    assert cpu_of(containers=[{"name": "c", "resources": {"limits": {"cpu": "3"}}}]) == 3


def test_requests_of_the_whole_pod_replace_those_of_its_containers() -> None:
    assert cpu_of(containers=[container("1")], resources={"requests": {"cpu": "4"}}) == 4


def test_overhead_comes_on_top() -> None:
    assert cpu_of(containers=[container("1")], overhead={"cpu": "250m"}) == 1.25


def test_every_pod_takes_a_place_until_it_has_ended() -> None:
    assert demand(Pod.from_dict({"spec": {"containers": []}})) == {"pods": NANO}
    assert demand(Pod.from_dict({"spec": {"containers": []}, "status": {"phase": "Succeeded"}})) == {}


def test_what_devices_serve_is_not_taken_of_the_node() -> None:
    wanted = {"containers": [{"name": "c", "resources": {"requests": {"x.y/gpu": "2"}}}]}
    status = {
        "extendedResourceClaimStatus": {
            "resourceClaimName": "p-extended-resources",
            "requestMappings": [
                {"containerName": "c", "resourceName": "x.y/gpu", "requestName": "container-0-request-0"}
            ],
        }
    }

    assert demand(Pod.from_dict({"spec": wanted}))["x.y/gpu"] == 2 * NANO
    assert "x.y/gpu" not in demand(Pod.from_dict({"spec": wanted, "status": status}))


def test_what_devices_cost_is_taken_of_the_node() -> None:
    status = {
        "nodeAllocatableResourceClaimStatuses": [
            {"resourceClaimName": "cpus", "mapping": [{"name": "cpu", "quantity": "4"}]}
        ]
    }
    pod = Pod.from_dict({"spec": {"containers": [container("1")]}, "status": status})

    assert demand(pod)["cpu"] == 5 * NANO


def test_a_node_that_says_nothing_has_no_limits() -> None:
    assert allocatable(Node.from_dict({"metadata": {"name": "n"}})) is None
    node = Node.from_dict({"metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "2"}}})
    assert allocatable(node) == {"cpu": 2 * NANO}
