"""Pools as nodes see them."""

from __future__ import annotations

from typing import Any

import pytest

from dra.allocator import AllocatedState, DeviceId
from dra.allocator.inventory import Inventory, NodeView
from dra.errors import AllocationError
from dra.features import Features
from dra.models.core import Node
from dra.models.resource import ResourceSlice
from tests.unit.allocator.builders import (
    NODE,
    OTHER_NODE,
    allocator,
    claim,
    device,
    gpus,
    names,
    slice_of,
    wants,
)


def view(*slices: ResourceSlice, node: Node = NODE, features: Features | None = None) -> NodeView:
    return Inventory(slices, features or Features.all()).view(node)


def devices(seen: NodeView) -> list[str]:
    return [device.id.device for _, device in seen.devices()]


def part(name: str, *made: str, **pool: Any) -> ResourceSlice:
    """A slice of pool p with devices of these names."""
    spec = pool.pop("spec", {})
    return slice_of([device(each) for each in made], name, pool={"resourceSliceCount": 2} | pool, **spec)


def test_slices_are_taken_by_name_and_devices_as_listed() -> None:
    assert devices(view(part("z", "a"), part("y", "c", "b"))) == ["c", "b", "a"]


def test_pools_are_taken_by_driver_then_name() -> None:
    slices = [
        slice_of([device(f"{driver}-{pool}")], f"{driver}-{pool}", driver=driver, pool={"name": pool})
        for driver, pool in (("b", "a"), ("a", "b"), ("a", "a"))
    ]

    assert devices(view(*slices)) == ["a-a", "a-b", "b-a"]


@pytest.mark.parametrize("count", [0, 2, 3])
def test_a_pool_is_incomplete_with_too_few_or_too_many_slices(count: int) -> None:
    [pool] = view(slice_of(gpus(1), pool={"resourceSliceCount": count})).pools

    assert pool.fault == "currently being updated"


def test_only_the_newest_generation_counts() -> None:
    old, new = slice_of([device("old")], "a"), slice_of([device("new")], "b", pool={"generation": 2})

    assert devices(view(old, new)) == devices(view(new, old)) == ["new"]


def test_an_old_generation_that_is_being_replaced_elsewhere_is_left_alone() -> None:
    old = part("a", "old")
    new = part("b", "new", generation=2, spec={"nodeName": "n2"})

    assert view(old, new).pools == ()


def test_slices_for_other_nodes_make_a_pool_complete() -> None:
    here, there = part("a", "here"), part("b", "there", spec={"nodeName": "n2"})

    assert devices(view(here, there)) == ["here"]
    assert devices(view(here, there, node=OTHER_NODE)) == ["there"]


@pytest.mark.parametrize(
    ("spec", "here", "there"),
    [
        ({"nodeName": "n1"}, True, False),
        ({"allNodes": True}, True, True),
        (
            {
                "nodeSelector": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["b"]}]}
                    ]
                }
            },
            False,
            True,
        ),
        ({"perDeviceNodeSelection": False}, False, False),
    ],
)
def test_slices_are_for_the_nodes_they_name(spec: dict[str, Any], here: bool, there: bool) -> None:
    inventory = Inventory([slice_of(gpus(1), **spec)], Features.all())

    assert [bool(inventory.view(node).pools) for node in (NODE, OTHER_NODE)] == [here, there]


def test_devices_choose_their_nodes_themselves() -> None:
    made = [
        {**device("a"), "nodeName": "n1"},
        {**device("b"), "allNodes": True},
        {**device("c"), "nodeName": "n2"},
    ]
    cluster = allocator(slice_of(made, perDeviceNodeSelection=True))

    assert names(cluster.allocate([claim(wants("all"))], NODE)) == [["a", "b"]]
    assert names(cluster.allocate([claim(wants("all"))], OTHER_NODE)) == [["b", "c"]]


def test_labels_that_change_change_the_view() -> None:
    term = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
    inventory = Inventory([slice_of(gpus(1), nodeSelector={"nodeSelectorTerms": [term]})], Features.all())
    moved = Node.from_dict({"metadata": {"name": "n1", "labels": {"zone": "b"}}})

    assert inventory.view(NODE).pools
    assert not inventory.view(moved).pools
    assert inventory.view(NODE) is inventory.view(NODE)


def test_a_malformed_node_selector_names_the_slice() -> None:
    term = {"matchExpressions": [{"key": "zone", "operator": "Is"}]}

    with pytest.raises(AllocationError) as caught:
        view(slice_of(gpus(1), "broken", nodeSelector={"nodeSelectorTerms": [term]}))

    assert caught.value.subject == "ResourceSlice broken"
    assert caught.value.path == "spec.nodeSelector.nodeSelectorTerms[0].matchExpressions[0].operator"


def with_counters(*sets: dict[str, Any], consumes: str = "card/units") -> NodeView:
    counter_set, _, counter = consumes.partition("/")
    made = {
        **device("a"),
        "consumesCounters": [{"counterSet": counter_set, "counters": {counter: {"value": "1"}}}],
    }
    pool = {"resourceSliceCount": 2}
    return view(
        slice_of([made], "devices", pool=pool), slice_of([], "counters", pool=pool, sharedCounters=list(sets))
    )


CARD = {"name": "card", "counters": {"units": {"value": "1"}}}


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (with_counters(CARD, CARD), "duplicate counter set name card"),
        (with_counters(CARD, consumes="board/units"), "counter set board not found"),
        (with_counters(CARD, consumes="card/slots"), "counter slots not found in counter set card"),
    ],
)
def test_a_pool_whose_counters_make_no_sense_is_invalid(seen: NodeView, reason: str) -> None:
    assert [pool.reason for pool in seen.pools] == [reason]
    assert seen.invalid


def test_mixed_slices_are_of_kubernetes_1_34() -> None:
    made = {
        **device("a"),
        "consumesCounters": [{"counterSet": "card", "counters": {"units": {"value": "1"}}}],
    }
    mixed = slice_of([made], sharedCounters=[CARD])
    features = Features(partitionable_devices=True)

    assert names(allocator(mixed, features=features, kubernetes="1.34").allocate([claim(wants())], NODE)) == [
        ["a"]
    ]
    assert allocator(mixed, features=features).allocate([claim(wants())], NODE) is None


def grouped(name: str, *groups: str) -> dict[str, Any]:
    consumption = {
        "counterSet": "card",
        "counters": {"units": {"value": "1"}},
        "compatibilityGroups": list(groups),
    }
    return {**device(name), "consumesCounters": [consumption]}


def test_devices_on_a_counter_set_need_a_group_in_common() -> None:
    pool = {"resourceSliceCount": 2}
    counters = slice_of(
        [], "z", pool=pool, sharedCounters=[{"name": "card", "counters": {"units": {"value": "9"}}}]
    )
    made = [
        grouped("a", "x", "y"),
        grouped("none"),
        grouped("b", "y", "z"),
        grouped("c", "z"),
        grouped("d", "y"),
    ]
    cluster = allocator(slice_of(made, pool=pool), counters)

    assert names(cluster.allocate([claim(wants(3))], NODE)) == [["a", "b", "d"]]
    taken = AllocatedState(devices=[DeviceId("gpu.example.com", "p", "c")])
    busy = allocator(slice_of(made, pool=pool), counters, allocated=taken)
    assert names(busy.allocate([claim(wants(1))], NODE)) == [["b"]]


def test_slices_with_groups_make_a_pool_incomplete_without_the_feature() -> None:
    pool = {"resourceSliceCount": 2}
    slices = [slice_of([grouped("a", "x")], "a", pool=pool), slice_of(gpus(1), "b", pool=pool)]

    [seen] = view(*slices, features=Features(partitionable_devices=True)).pools

    assert seen.fault == "currently being updated"


def test_replaced_slices_change_their_pools_only() -> None:
    inventory = Inventory(
        [slice_of(gpus(1), "a"), slice_of(gpus(1), "b", pool={"name": "q"})], Features.all()
    )
    before = inventory.view(NODE)

    inventory.replace([slice_of(gpus(2), "a")], [])

    after = inventory.view(NODE)
    assert [len(pool.pool.devices) for pool in after.pools if pool.pool] == [2, 1]
    assert before.pools[1].pool is after.pools[1].pool


def test_an_allocator_follows_the_cluster() -> None:
    cluster = allocator(slice_of(gpus(1), "a"))
    first = claim(wants(), name="first")
    [result] = cluster.allocate([first], NODE) or []
    cluster.reserve(first, result)
    assert cluster.allocate([claim(wants())], NODE) is None

    cluster.replace_slices(
        [slice_of(gpus(2), "a"), slice_of(gpus(1), "b", pool={"name": "q"}, allNodes=True)]
    )
    assert names(cluster.allocate([claim(wants(2))], NODE)) == [["gpu-1", "gpu-0"]]

    cluster.replace_slices(removed=["b", "unknown"])
    assert names(cluster.allocate([claim(wants(1))], NODE)) == [["gpu-1"]]
    assert cluster.allocate([claim(wants(1))], OTHER_NODE) is None


def test_a_node_that_declares_the_feature_takes_devices_that_skip_operations() -> None:
    cluster = allocator(slice_of(gpus(1), skipNodeOperations=["NodePrepareResources"]))
    knows = Node.from_dict(
        {"metadata": {"name": "n1"}, "status": {"declaredFeatures": ["DRAOptionalNodeOperations"]}}
    )

    assert cluster.allocate([claim(wants())], NODE) is None
    result = cluster.allocate([claim(wants())], knows)
    assert result is not None
    assert (result[0].devices.results or [])[0].skip_node_operations == ["NodePrepareResources"]
