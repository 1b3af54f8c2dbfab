"""How much hardware there is, taken, free, fragmented, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest

from dra.errors import LoadError, UnknownNameError
from dra.models.resource import ResourceSlice
from dra.scheduler import Cluster
from dra.scheduler.capacity import Grouping
from dra.scheduler.hardware import UnitUse, units_in_use
from dra.testing import nodes
from tests.unit.scheduler.clusters import (
    claim,
    devices_on,
    gpu_class,
    gpus,
    node,
    placed,
    pod,
    request,
    small_cluster,
    taint_rule,
    template,
)


def size(quarters: int) -> dict[str, Any]:
    """A request for a part of a GPU."""
    expression = f"device.attributes['gpu.example.com'].quarters == {quarters}"
    return request(selectors=[{"cel": {"expression": expression}}])


def cut_cluster(*more: Any) -> Cluster:
    """One GPU, to be cut on demand: the whole of it, or up to four quarters."""

    def part(name: str, quarters: int) -> dict[str, Any]:
        consumed = {"counterSet": "gpu-0", "counters": {"slices": {"value": str(quarters)}}}
        return {"name": name, "consumesCounters": [consumed], "attributes": {"quarters": {"int": quarters}}}

    devices = devices_on("n0", [part("whole", 4), *(part(f"quarter-{index}", 1) for index in range(4))])
    sets = [{"name": "gpu-0", "counters": {"slices": {"value": "4"}}}]
    counters = devices_on("n0", [], sharedCounters=sets)
    for index, each in enumerate((devices, counters)):
        each.metadata.name = f"s{index}"
        each.spec.pool.resource_slice_count = 2
    return Cluster.load([gpu_class(), node("n0"), devices, counters, *more])


def shared_cluster(*more: Any) -> Cluster:
    """One GPU of 40 GiB that claims share."""
    gpu = {
        "name": "gpu-0",
        "allowMultipleAllocations": True,
        "capacity": {"memory": {"value": "40Gi"}},
    }
    return Cluster.load([gpu_class(), node("n0"), devices_on("n0", [gpu]), *more])


def fabric(*devices: dict[str, Any]) -> ResourceSlice:
    """Devices that all nodes see."""
    shared = devices_on("n0", devices)
    shared.metadata.name = shared.spec.pool.name = "fabric"
    shared.spec.node_name = None
    shared.spec.all_nodes = True
    return shared


def test_whole_devices_are_counted() -> None:
    cluster = small_cluster(template("pair", request(2)), nodes=3)
    after = placed(cluster.schedule(pod("p", templates=["pair"]))).apply()
    row = after.capacity()["gpu"]

    assert (row.total, row.used, row.free, row.largest) == (6, 2, 4, 2)
    assert row.utilisation == 1.0


def test_a_partition_counts_as_the_part_that_it_is() -> None:
    cluster = cut_cluster(template("whole", size(4)), template("quarter", size(1)))
    quarter = placed(cluster.schedule(pod("p", templates=["quarter"]))).apply()
    whole = placed(cluster.schedule(pod("p", templates=["whole"]))).apply()

    assert [each.capacity().total.total for each in (cluster, quarter, whole)] == [1, 1, 1]
    assert [each.capacity().total.used for each in (cluster, quarter, whole)] == [0, 0.25, 1]
    assert quarter.capacity("namespace")["default"].used == 0.25


def test_a_share_counts_as_the_part_that_it_is() -> None:
    ten = claim("ten", request(capacity={"requests": {"memory": "10Gi"}}))
    after = placed(shared_cluster(ten).schedule(pod("p", claims=["ten"]))).apply()
    total = after.capacity().total

    assert (total.total, total.used, total.free) == (1, 0.25, 0.75)
    assert after.capacity("claim")["default/ten"].used == 0.25
    assert after.capacity("namespace")["default"].used == 0.25


def test_rows_are_products_and_nodes() -> None:
    cluster = Cluster.load(
        [
            gpu_class(),
            node("a"),
            node("b"),
            gpus("a", 2, model=["x1", "x2"]),
            gpus("b", 1, model=["x1"]),
        ]
    )

    assert [(row.name, row.total) for row in cluster.capacity("product").rows] == [("x1", 2), ("x2", 1)]
    assert [(row.name, row.total) for row in cluster.capacity("node").rows] == [("a", 2), ("b", 1)]


def test_a_device_of_several_nodes_is_counted_once() -> None:
    cluster = small_cluster(fabric({"name": "fabric-0"}))

    assert cluster.capacity().total.total == 5
    assert cluster.capacity("node")["(several nodes)"].total == 1


def test_a_device_without_a_class_has_a_row_too() -> None:
    other = Cluster.load([node("n"), gpus("n", 2)])

    assert [(row.name, row.total) for row in other.capacity().rows] == [("(no class)", 2)]


def test_idle_hardware_has_its_price() -> None:
    cluster = small_cluster(template("one"))
    after = placed(cluster.schedule(pod("p", templates=["one"]))).apply()

    assert after.capacity(price=2.5).total.cost == 7.5
    assert after.capacity("claim", price=2.5).rows[0].cost == 2.5
    assert after.capacity(price={"gpu.example.com": 2.0, "other": 9.0}).total.cost == 6.0
    assert after.capacity().total.cost is None


def test_tainted_devices_are_told_apart() -> None:
    row = small_cluster(taint_rule("r", pool="n0")).capacity()["gpu"]

    assert (row.free, row.tainted) == (4, 2)


def test_an_incomplete_pool_counts_for_nothing_and_is_named() -> None:
    half = gpus("n0", 2)
    half.spec.pool.resource_slice_count = 2
    found = small_cluster().with_(half).capacity()

    assert found.total.total == 2
    assert found.faults == ("gpu.example.com/n0 is currently being updated",)


# --- fragmentation ------------------------------------------------------------------------------------------


def test_devices_are_fragmented_if_the_workload_needs_more_at_once() -> None:
    pairs = [pod(f"p{number}", templates=["pair"]) for number in range(3)]
    cluster = small_cluster(template("pair", request(2)), template("one"), *pairs, nodes=2, each=3)
    assert cluster.capacity().total.fragmented == 0

    for name in ("p0", "p1"):
        cluster = placed(cluster.schedule(name)).apply()
    # One device is left on each of the two nodes, and every task wants two.
    assert cluster.capacity().total.fragmented == 2


def test_devices_are_fragmented_to_the_extent_that_tasks_cannot_use_them() -> None:
    ones = [pod(f"one-{number}", templates=["one"]) for number in range(3)]
    tasks = [pod("pair", templates=["pair"]), *ones]
    cluster = small_cluster(template("pair", request(2)), template("one"), *tasks, nodes=1, each=3)
    cluster = placed(cluster.schedule("pair")).apply()

    # One of the four tasks wants two devices, and one is left.
    assert cluster.capacity().total.fragmented == 0.25


def test_devices_without_cpu_beside_them_are_fragmented() -> None:
    room = {"cpu": "4", "pods": "10"}
    cluster = Cluster.load(
        [
            gpu_class(),
            node("n", allocatable=room),
            gpus("n", 4),
            template("one"),
            *(pod(f"p{number}", templates=["one"], requests={"cpu": "2"}) for number in range(3)),
        ]
    )
    for name in ("p0", "p1"):
        cluster = placed(cluster.schedule(name)).apply()

    assert cluster.capacity().total.fragmented == 2


def test_devices_that_no_task_is_meant_for_are_not_fragmented() -> None:
    only = "device.attributes['gpu.example.com'].model == 'x2'"
    wanted = template("x2", request(selectors=[{"cel": {"expression": only}}]))
    models = gpus("n", 3, model=["x1", "x1", "x2"])
    cluster = Cluster.load([gpu_class(), node("n"), models, wanted, pod("p", templates=["x2"])])
    row = placed(cluster.schedule("p")).apply().capacity()["gpu"]

    assert (row.free, row.fragmented) == (2, 0)


def test_what_is_left_of_a_partitioned_device_is_fragmented_for_tasks_that_need_more() -> None:
    tasks = [pod("large", templates=["whole"]), pod("small", templates=["quarter"])]
    cluster = cut_cluster(template("whole", size(4)), template("quarter", size(1)), *tasks)
    total = placed(cluster.schedule("small")).apply().capacity().total

    # A quarter is taken; of the two kinds of tasks one cannot use the rest.
    assert (total.used, total.free, total.fragmented) == (0.25, 0.75, 0.375)


# --- copies -------------------------------------------------------------------------------------------------


def test_copies_count_as_a_cluster_that_is_loaded_anew() -> None:
    """What is known of a node holds until something changes there: devices, cpu, a pool that others see."""

    def some(count: int, linked: str) -> dict[str, Any]:
        expression = f"device.attributes['gpu.example.com'].linked == {linked}"
        return request(count, selectors=[{"cel": {"expression": expression}}])

    places = {"one": "n0", "pair": "n1", "links": "n1", "plain": "n2"}
    names = ("n0", "n1", "n2")
    tasks = [
        pod(
            name,
            templates=[] if name == "plain" else [name],
            requests={"cpu": "3"},
            nodeSelector={"name": where},
        )
        for name, where in places.items()
    ]
    cluster = Cluster.load(
        [
            gpu_class(),
            fabric(*({"name": f"link-{at}", "attributes": {"linked": {"bool": True}}} for at in range(3))),
            *(node(name, labels={"name": name}, allocatable={"cpu": "7"}) for name in names),
            *(gpus(name, 3, linked=[False] * 3) for name in names),
            template("one", some(1, "false")),
            template("pair", some(2, "false")),
            template("links", some(2, "true")),
            *tasks,
        ]
    ).with_workload(tasks)
    groupings: tuple[Grouping, ...] = ("class", "product", "node", "namespace", "claim")

    for change in (*places, "pod/links", "pod/one"):
        there = "/" in change
        cluster = cluster.without(change) if there else placed(cluster.schedule(change)).apply()
        anew = Cluster.load(list(cluster)).with_workload(tasks)
        for by in groupings:
            assert cluster.capacity(by) == anew.capacity(by), (change, by)


def test_another_workload_is_counted_for() -> None:
    cluster = small_cluster(template("three", request(3)), template("one"), pod("p", templates=["one"]))
    assert cluster.capacity().total.fragmented == 0

    large = cluster.with_workload([pod("q", templates=["three"])])
    assert large.capacity().total.fragmented == 4
    assert cluster.capacity().total.fragmented == 0


def test_only_the_nodes_that_changed_are_counted_again() -> None:
    def units(of: Cluster) -> list[UnitUse]:
        return list(units_in_use(of._world, cluster._workload.of(of._world)))

    cluster = small_cluster(template("one"), pod("p", templates=["one"]), nodes=3)
    after = placed(cluster.schedule("p")).apply()
    again = [now.node for then, now in zip(units(cluster), units(after), strict=True) if now is not then]

    assert again == ["n0", "n0"]


# --- largest ------------------------------------------------------------------------------------------------


def test_the_largest_request_is_what_one_node_has_left() -> None:
    slices = [gpus("a", 3), gpus("b", 5)]
    cluster = Cluster.load([gpu_class(), node("a"), node("b"), *slices, template("three", request(3))])
    assert cluster.largest("gpu") == (5, "b")

    after = placed(cluster.schedule(pod("p", templates=["three"], nodeName="b"))).apply()
    assert after.largest("gpu") == (3, "a")


def test_the_largest_request_knows_that_partitions_exclude_each_other() -> None:
    dgx = nodes.node("dgx-h100", "dgx", drivers=["gpu.nvidia.com"], mig="dynamic")
    cluster = Cluster.load(dgx.objects)

    # Eight GPUs of seven compute slices each; a claim has 32 devices at most.
    assert cluster.largest("gpu.nvidia.com") == (8, "dgx")
    assert cluster.largest("mig.nvidia.com") == (32, "dgx")
    assert cluster.capacity().total.total == 8


def test_a_full_cluster_and_an_unknown_class_have_no_largest_request() -> None:
    cluster = small_cluster(template("pair", request(2)), nodes=1)
    full = placed(cluster.schedule(pod("p", templates=["pair"]))).apply()

    assert full.largest("gpu") == (0, "")
    with pytest.raises(LoadError, match="no device class 'nope'"):
        cluster.largest("nope")
    with pytest.raises(LoadError, match=r"no device class 'gpus'\n  did you mean 'gpu'\?"):
        cluster.largest("gpus")


# --- the table ----------------------------------------------------------------------------------------------


def test_progress_is_told_for_each_node_and_each_class() -> None:
    def steps(by: Grouping) -> int:
        told: list[int] = []
        small_cluster(gpu_class("other"), nodes=3).capacity(by, advance=lambda: told.append(1))
        return len(told)

    assert steps("class") == 5
    assert steps("product") == 3


def test_an_unknown_row_or_grouping_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'gpu'"):
        small_cluster().capacity()["gpus"]
    with pytest.raises(LoadError, match="no grouping 'rack'"):
        small_cluster().capacity("rack")  # type: ignore[arg-type] # the mistake


def test_consumers_come_with_the_largest_first() -> None:
    cluster = small_cluster(claim("small"), claim("large", request(2)), nodes=2, each=3)
    for name in ("small", "large"):
        cluster = placed(cluster.schedule(pod(name, claims=[name]))).apply()

    assert [(row.name, row.used) for row in cluster.capacity("claim").rows] == [
        ("default/large", 2),
        ("default/small", 1),
    ]


def test_a_table_is_plain_data() -> None:
    found = small_cluster().capacity(price=1.5).to_dict()

    assert found["by"] == "class"
    assert found["rows"][0]["name"] == "gpu"
    assert found["rows"][0]["cost"] == 6.0
