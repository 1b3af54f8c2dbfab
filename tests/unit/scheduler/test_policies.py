"""Which of the nodes that fit each policy takes."""

from __future__ import annotations

from typing import Any

import pytest

from dra.errors import UnknownNameError
from dra.scheduler import Cluster, NodeChoice, NodeUsage
from dra.scheduler.policies import best_fit, first, least_allocated, most_allocated, policy_of
from tests.unit.scheduler.clusters import (
    claim,
    devices_on,
    gpu_class,
    gpus,
    node,
    placed,
    pod,
    request,
    template,
)


def choice(used: float, cpu: int = 0, devices: int = 8, more: float = 1.0) -> NodeChoice:
    """A node with so many devices and 100 cpu, which a pod with so many devices more could go to."""
    before = NodeUsage("n", {"cpu": 100}, {"cpu": cpu}, devices, used)
    after = NodeUsage("n", {"cpu": 100}, {"cpu": cpu}, devices, used + more)
    return NodeChoice(before, after, lambda: (0.0, 0.0))


def test_first_likes_all_nodes_the_same() -> None:
    assert first(choice(0)) == first(choice(7, cpu=50))


def test_least_allocated_likes_the_emptier_node() -> None:
    assert least_allocated(choice(0)) > least_allocated(choice(4))
    assert least_allocated(choice(2, cpu=10)) > least_allocated(choice(2, cpu=20))


def test_most_allocated_likes_the_fuller_node() -> None:
    assert most_allocated(choice(4)) > most_allocated(choice(0))


def test_best_fit_likes_the_node_with_the_fewest_devices_left_however_large() -> None:
    assert best_fit(choice(0, devices=2)) > best_fit(choice(5, devices=8))
    assert best_fit(choice(2, cpu=20)) > best_fit(choice(2, cpu=10))


def test_a_node_without_devices_is_as_full_as_its_cpu() -> None:
    usage = NodeUsage("n", {"cpu": 4, "memory": 8}, {"cpu": 1, "memory": 4}, 0, 0.0)

    assert usage.fraction_used == 0.375
    assert NodeUsage("n", {}, {"cpu": 1}, 0, 0.0).fraction_used == 0.0


# --- on a cluster -------------------------------------------------------------------------------------------


def uneven(*more: Any) -> Cluster:
    """Nodes with 8, 4 and 2 GPUs, of which 4, 1 and 0 are taken."""
    sizes = {"large": (8, 4), "medium": (4, 1), "small": (2, 0)}
    objects: list[Any] = [gpu_class(), template("one"), *(node(name) for name in sizes)]
    objects += [gpus(name, size) for name, (size, _) in sizes.items()]
    cluster = Cluster.load([*objects, *more])
    for name, (_, taken) in sizes.items():
        if taken:
            cluster = placed(
                cluster.schedule(pod(f"on-{name}", nodeName=name), [claim(f"on-{name}", request(taken))])
            ).apply()
    return cluster


@pytest.mark.parametrize(
    ("policy", "taken"),
    [
        ("first", "large"),
        ("least-allocated", "medium"),  # afterwards 5/8, 2/4 and 1/2: of equals the first in order
        ("most-allocated", "large"),
        ("best-fit", "small"),
    ],
)
def test_each_policy_takes_its_node(policy: str, taken: str) -> None:
    placement = placed(uneven().schedule(pod("p", templates=["one"]), policy=policy))

    assert placement.node == taken
    assert placement.policy == policy


def test_fragmentation_keeps_whole_devices_for_tasks_that_need_them() -> None:
    """After the figure 3 of the paper in spirit: a small task goes where large ones cannot go any more."""
    shareable = [
        {"name": "gpu-0", "allowMultipleAllocations": True, "capacity": {"memory": {"value": "40Gi"}}}
    ]
    small = template("small", request(capacity={"requests": {"memory": "10Gi"}}))
    large = template("large", request(capacity={"requests": {"memory": "40Gi"}}))
    workload = [pod("s", templates=["small"]), pod("l", templates=["large"])]
    cluster = Cluster.load(
        [
            gpu_class(),
            node("empty"),
            node("begun"),
            devices_on("empty", shareable),
            devices_on("begun", shareable),
            small,
            large,
            *workload,
        ]
    )
    started = pod("started", templates=["small"], nodeName="begun")
    cluster = placed(cluster.schedule(started)).apply()
    again = pod("again", templates=["small"])

    assert placed(cluster.schedule(again, policy="first")).node == "empty"
    placement = placed(cluster.schedule(again, policy="fragmentation"))
    assert placement.node == "begun"
    # On `begun` 30Gi are free and of no use to the large half of the tasks, afterwards 20Gi: of 40Gi, a
    # quarter less for half of the tasks.
    assert placement.score == pytest.approx(0.125)


def test_fragmentation_of_another_workload_may_choose_another_node() -> None:
    cluster = Cluster.load(
        [
            gpu_class(),
            node("pair"),
            node("single"),
            gpus("pair", 2),
            gpus("single", 1),
            template("one"),
            template("two", request(2)),
        ]
    )
    wanted = pod("p", templates=["one"])
    pairs = cluster.with_workload([pod("w", templates=["two"])])
    singles = cluster.with_workload([pod("w", templates=["one"])])

    assert placed(pairs.schedule(wanted, policy="fragmentation")).node == "single"
    assert placed(singles.schedule(wanted, policy="fragmentation")).node == "pair"


def test_a_policy_without_a_name_has_one_all_the_same() -> None:
    class ByName:
        def __call__(self, judged: NodeChoice) -> float:
            return float(judged.after.node == "small")

        def __repr__(self) -> str:
            return "by-name"

    placement = placed(uneven().schedule(pod("p"), policy=ByName()))

    assert (placement.node, placement.policy) == ("small", "by-name")


@pytest.mark.parametrize("no_policy", [None, 3])
def test_what_is_no_policy_is_an_error_before_any_node_is_looked_at(no_policy: Any) -> None:
    with pytest.raises(UnknownNameError, match="policy"):
        policy_of(no_policy)
