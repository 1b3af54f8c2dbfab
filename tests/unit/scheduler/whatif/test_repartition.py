"""Cutting the devices of nodes another way: a move to MIG, or any other slices."""

from __future__ import annotations

from typing import Any

import pytest

from dra.errors import LoadError
from dra.models.resource import ResourceClaimTemplate
from dra.scheduler import Cluster
from dra.scheduler.whatif import repartition
from dra.testing import nodes
from tests.unit.scheduler.clusters import contents, gpus, pod, request, small_cluster, template
from tests.unit.scheduler.whatif.situations import owned, running, told

NODE = "dgx-h100-0"


def of_class(name: str, class_name: str, count: int = 1) -> ResourceClaimTemplate:
    exactly: dict[str, Any] = {"deviceClassName": class_name, "count": count}
    return template(name, {"name": "gpu", "exactly": exactly})


def dgx(*more: Any) -> Cluster:
    whole, part = of_class("whole", "gpu.nvidia.com"), of_class("part", "mig.nvidia.com")
    return Cluster.load(nodes.node("dgx-h100", drivers=["gpu.nvidia.com"]).objects).with_(
        [whole, part, *more]
    )


def test_parts_find_devices_once_gpus_are_cut() -> None:
    waiting = [pod(f"p{number}", templates=["part"]) for number in range(3)]
    found = repartition(dgx(*waiting), NODE, mig="all-1g.10gb")

    assert found.fits
    assert [each.change for each in found.pods] == ["placed"] * 3
    assert {each.name: each.total for each in found.after.classes}["mig.nvidia.com"] == 56


def test_pods_on_whole_gpus_lose_them() -> None:
    cluster = running(dgx(pod("p", templates=["part"])), owned(pod("w", templates=["whole"])))
    found = repartition(cluster, NODE, mig="all-balanced")

    assert not found.fits
    assert told(found) == [("w", "displaced", NODE, None), ("p", "placed", None, NODE)]
    assert found.pods[0].reason == "1 node: no device of class gpu.nvidia.com"


def test_cut_on_demand_whole_gpus_stay_beside_parts() -> None:
    cluster = running(dgx(pod("p", templates=["part"])), owned(pod("w", templates=["whole"])))
    found = repartition(cluster, NODE, mig="dynamic")

    assert found.fits
    assert told(found) == [("p", "placed", None, NODE)]
    [part] = found.pods[0].devices_after
    assert not part.startswith("gpu.nvidia.com/dgx-h100-0/gpu-0-")
    assert found.after.devices.total == 8


def test_a_move_that_helps_nobody_who_waits_does_not_fit() -> None:
    found = repartition(dgx(pod("p", templates=["missing"])), NODE, mig="dynamic")

    assert not found.fits
    assert found.pods == ()


def test_whole_gpus_again() -> None:
    cut = repartition(dgx(), NODE, mig="all-balanced").after.cluster
    found = repartition(running(cut, owned(pod("p", templates=["part"]))), NODE, mig="all-disabled")

    assert told(found) == [("p", "displaced", NODE, None)]
    assert {each.name: each.total for each in found.after.classes}["gpu.nvidia.com"] == 8


def test_any_other_slices() -> None:
    cluster = running(
        small_cluster(template("pair", request(2)), template("one")),
        owned(pod("a", templates=["pair"])),
        owned(pod("b", templates=["one"])),
    )
    found = repartition(cluster, "n0", slices=[gpus("n0", 1)])

    assert told(found) == [("a", "displaced", "n0", None)]
    assert found.after.devices.total == 3


def test_where_devices_with_counters_are_not_understood_it_says_so() -> None:
    old = Cluster.load(list(dgx()), kubernetes="1.34")

    assert repartition(old, NODE, mig="dynamic").notes == (
        "DRAPartitionableDevices is off in Kubernetes 1.34: devices with counters are not allocated",
    )


def test_the_given_cluster_stays_as_it_is() -> None:
    cluster = dgx()
    before = contents(cluster)
    repartition(cluster, NODE, mig="dynamic")

    assert contents(cluster) == before


def test_bad_questions() -> None:
    cluster = small_cluster()
    with pytest.raises(LoadError, match="no node is named"):
        repartition(cluster, mig="dynamic")
    with pytest.raises(LoadError, match="one of mig and slices"):
        repartition(cluster, "n0")
    with pytest.raises(LoadError, match="not local to n0"):
        repartition(cluster, "n0", slices=[gpus("n1", 1)])
    with pytest.raises(LoadError, match="no ResourceSlice"):
        repartition(cluster, "n0", slices=[pod("p")])
