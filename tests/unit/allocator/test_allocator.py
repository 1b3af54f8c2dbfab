"""What claims get, feature by feature."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import pytest

from dra.allocator import AllocatedState, Budget, DeviceId
from dra.errors import AllocationError, InvalidPoolError, SearchBudgetExceeded
from dra.features import Features
from dra.models.resource import ResourceClaimStatus
from dra.validation import formats
from tests.unit.allocator.builders import (
    NODE,
    OTHER_NODE,
    allocator,
    claim,
    device,
    device_class,
    first_available,
    gpus,
    names,
    slice_of,
    wants,
)


def gpu(name: str) -> DeviceId:
    return DeviceId("gpu.example.com", "p", name)


def test_devices_are_taken_in_the_order_of_the_slice() -> None:
    assert names(allocator(slice_of(gpus(3))).allocate([claim(wants(2))], NODE)) == [["gpu-0", "gpu-1"]]


def test_allocated_devices_are_passed_over() -> None:
    busy = allocator(slice_of(gpus(3)), allocated=AllocatedState(devices={gpu("gpu-0")}))

    assert names(busy.allocate([claim(wants(2))], NODE)) == [["gpu-1", "gpu-2"]]


def test_too_many_devices_do_not_fit() -> None:
    assert allocator(slice_of(gpus(3))).allocate([claim(wants(4))], NODE) is None


def test_counting_bound_refuses_32_of_31_at_once() -> None:
    few = allocator(slice_of(gpus(31)))

    assert few.allocate([claim(wants(32))], NODE, budget=Budget(steps=0)) is None


def test_more_than_32_devices_per_claim_are_an_error() -> None:
    with pytest.raises(AllocationError, match="33 exceeds the claim limit of 32") as caught:
        allocator(slice_of(gpus(40))).allocate([claim(wants(33))], NODE)

    assert caught.value.path == "spec.devices.requests"


def test_no_claims_need_nothing() -> None:
    assert allocator().allocate([], NODE) == []


def test_a_device_of_another_node_is_out_of_reach() -> None:
    assert allocator(slice_of(gpus(1))).allocate([claim(wants())], OTHER_NODE) is None


def test_selectors_of_class_and_request_must_hold() -> None:
    slice_ = slice_of([device("a", model="x"), device("b", model="y"), device("c", model="y", fast=True)])
    fast = 'device.attributes["gpu.example.com"].?fast.orValue(false)'
    narrow = allocator(
        slice_, classes=[device_class("gpu", 'device.attributes["gpu.example.com"].model == "y"')]
    )

    assert names(narrow.allocate([claim(wants(1, fast))], NODE)) == [["c"]]


def test_an_error_in_a_selector_counts_only_if_the_search_gets_there() -> None:
    two = allocator(slice_of([device("a", index=1), device("b")]))
    reads_index = 'device.attributes["gpu.example.com"].index == 1'

    assert names(two.allocate([claim(wants(1, reads_index))], NODE)) == [["a"]]
    with pytest.raises(AllocationError, match=r"CEL runtime error: no such key: index") as caught:
        two.allocate([claim(wants(2, reads_index))], NODE)
    assert caught.value.path == "spec.devices.requests[0].exactly.selectors[0].cel.expression"
    assert "has()" in caught.value.remedy


def test_all_takes_every_matching_device_or_none() -> None:
    three = slice_of([device("a", fast=True), device("b", fast=False), device("c", fast=True)])
    fast = wants("all", 'device.attributes["gpu.example.com"].fast')

    assert names(allocator(three).allocate([claim(fast)], NODE)) == [["a", "c"]]
    busy = allocator(three, allocated=AllocatedState(devices={gpu("c")}))
    assert busy.allocate([claim(fast)], NODE) is None


def test_first_available_takes_the_first_alternative_that_lets_the_rest_fit() -> None:
    request = first_available("r", wants(3), wants(2), wants(1))

    result = allocator(slice_of(gpus(3))).allocate([claim(request, wants(1))], NODE)

    assert result is not None
    assert [each.request for each in result[0].devices.results or ()] == ["r/s1", "r/s1", "r1"]


def test_matching_devices_share_a_value() -> None:
    four = slice_of([device("a", numa=0), device("b", numa=1), device("c", numa=1), device("d")])

    aligned = claim(wants(2), constraints=[{"matchAttribute": "gpu.example.com/numa"}])

    assert names(allocator(four).allocate([aligned], NODE)) == [["b", "c"]]


def test_lists_match_by_a_common_element_also_after_backtracking() -> None:
    """kubernetes#140300."""
    slice_ = slice_of(
        [
            device("dev1", numa=[1, 2]),
            device("dev2", numa=[1]),
            device("dev3", numa=[2]),
            device("dev4", numa=[2]),
        ]
    )

    aligned = claim(wants(3), constraints=[{"matchAttribute": "gpu.example.com/numa"}])

    assert names(allocator(slice_).allocate([aligned], NODE)) == [["dev1", "dev3", "dev4"]]


def test_distinct_devices_differ_pairwise_within_one_request() -> None:
    """kubernetes#140438."""
    slice_ = slice_of([device(f"d{index}", numa=numa) for index, numa in enumerate([1, 2, 1, 3])])

    spread = claim(wants(3), constraints=[{"distinctAttribute": "gpu.example.com/numa"}])

    assert names(allocator(slice_).allocate([spread], NODE)) == [["d0", "d1", "d3"]]


def test_a_refused_device_gives_its_counters_back() -> None:
    """kubernetes#140436."""
    takes_all = [{"counterSet": "card", "counters": {"units": {"value": "1"}}}]
    tainted = {**device("a"), "consumesCounters": takes_all, "taints": [{"key": "k", "effect": "NoSchedule"}]}
    free = {**device("b"), "consumesCounters": takes_all}
    pool = {"resourceSliceCount": 2}
    counters = slice_of(
        [], "counters", pool=pool, sharedCounters=[{"name": "card", "counters": {"units": {"value": "1"}}}]
    )

    assert names(
        allocator(slice_of([tainted, free], pool=pool), counters).allocate([claim(wants())], NODE)
    ) == [["b"]]


def test_an_alternative_for_all_that_cannot_be_met_gives_way_to_the_next() -> None:
    """kubernetes#137347."""
    slice_ = slice_of([device("a", numa=0), device("b", numa=1)])
    request = first_available("r", wants("all"), wants(1))

    result = allocator(slice_).allocate(
        [claim(request, constraints=[{"matchAttribute": "gpu.example.com/numa"}])], NODE
    )

    assert names(result) == [["a"]]


def test_all_that_cannot_match_is_an_error() -> None:
    slice_ = slice_of([device("a", numa=0), device("b", numa=1)])
    aligned = claim(wants("all"), constraints=[{"matchAttribute": "gpu.example.com/numa"}])

    with pytest.raises(AllocationError, match=r"cannot add device gpu\.example\.com/p/b") as caught:
        allocator(slice_).allocate([aligned], NODE)

    assert caught.value.path == "spec.devices.constraints[0]"


def test_a_full_shared_device_gives_way_to_the_next() -> None:
    """kubernetes#133705."""
    shared = [{**device(name, {"memory": "8Gi"}), "allowMultipleAllocations": True} for name in ("a", "b")]
    cluster = allocator(slice_of(shared))
    part = claim(wants(1, capacity={"requests": {"memory": "6Gi"}}))
    for index, expected in enumerate(["a", "b"]):
        [result] = cluster.allocate([part], NODE) or []
        assert names([result]) == [[expected]]
        cluster.reserve(claim(name=f"holder-{index}"), result)

    assert cluster.allocate([part], NODE) is None


def test_shares_have_identifiers_of_their_own_which_are_the_same_again() -> None:
    shared = slice_of([{**device("a"), "allowMultipleAllocations": True}])
    claims = [claim(wants(), wants(), name=name) for name in ("first", "second")]

    def identifiers() -> list[str]:
        results = allocator(shared).allocate(claims, NODE) or []
        return [each.share_id or "" for result in results for each in result.devices.results or ()]

    found = identifiers()
    assert len(set(found)) == 4
    assert all(formats.uuid(each) == () for each in found)
    assert identifiers() == found


def test_admin_access_looks_at_different_devices_even_if_they_are_in_use() -> None:
    """kubernetes#131269."""
    busy = allocator(slice_of(gpus(2)), allocated=AllocatedState(devices={gpu("gpu-0"), gpu("gpu-1")}))

    result = busy.allocate([claim(wants(2, adminAccess=True))], NODE)

    assert names(result) == [["gpu-0", "gpu-1"]]
    assert result is not None
    assert [each.admin_access for each in result[0].devices.results or ()] == [True, True]


def test_a_pool_with_a_slice_count_of_zero_is_incomplete_and_says_so() -> None:
    """kubernetes/autoscaler#10199."""
    broken = allocator(slice_of(gpus(1), pool={"resourceSliceCount": 0}))

    assert broken.allocate([claim(wants())], NODE) is None
    assert "pool gpu.example.com/p is currently being updated" in str(broken.explain([claim(wants())], NODE))
    with pytest.raises(AllocationError, match="currently being updated"):
        broken.allocate([claim(wants("all"))], NODE)


def test_partitions_of_one_card_fit_together() -> None:
    """4g + 2g + 1g of one H100 (NVIDIA k8s-dra-driver-gpu#897)."""
    placements = [
        ("4g-0", range(4)),
        ("4g-other", range(4)),
        ("2g-4", range(4, 6)),
        ("1g-0", range(1)),
        ("1g-6", range(6, 7)),
    ]

    def partition(card: str, name: str, slices: range) -> dict[str, object]:
        counters = {f"slice-{index}": {"value": "1"} for index in slices}
        made = device(f"{card}-{name}", parent=card, profile=name.partition("-")[0])
        return {**made, "consumesCounters": [{"counterSet": card, "counters": counters}]}

    cards = ("card-0", "card-1")
    pool = {"resourceSliceCount": 2}
    sets = [
        {"name": card, "counters": {f"slice-{index}": {"value": "1"} for index in range(7)}} for card in cards
    ]
    cluster = allocator(
        slice_of([partition(card, *each) for card in cards for each in placements], pool=pool),
        slice_of([], "counters", pool=pool, sharedCounters=sets),
    )
    profiles = [
        wants(1, f'device.attributes["gpu.example.com"].profile == "{each}"') for each in ("4g", "2g", "1g")
    ]

    one_card = claim(*profiles, constraints=[{"matchAttribute": "gpu.example.com/parent"}])

    assert names(cluster.allocate([one_card], NODE)) == [["card-0-4g-0", "card-0-2g-4", "card-0-1g-6"]]


def test_an_invalid_pool_is_to_blame_only_where_it_is_visible() -> None:
    broken = allocator(
        slice_of([device("a"), device("a")]), slice_of(gpus(1), "t", nodeName="n2", pool={"name": "q"})
    )

    with pytest.raises(InvalidPoolError) as caught:
        broken.allocate([claim(wants())], NODE)
    assert caught.value.value == ["gpu.example.com/p: duplicate device name a"]
    assert names(broken.allocate([claim(wants())], OTHER_NODE)) == [["gpu-0"]]


def test_pools_with_binding_conditions_come_last() -> None:
    bound = {**device("fabric"), "bindingConditions": ["attached"]}
    both = allocator(slice_of([bound], "a", pool={"name": "a"}), slice_of(gpus(1), "b", pool={"name": "b"}))

    result = both.allocate([claim(wants(2))], NODE)

    assert names(result) == [["gpu-0", "fabric"]]
    assert result is not None
    assert [each.binding_conditions for each in result[0].devices.results or ()] == [None, ["attached"]]


def test_derived_attributes_stand_in_for_published_ones_in_constraints() -> None:
    slice_ = slice_of([device(f"d{index}", index=index) for index in range(4)])
    derived = [
        {"name": "gpu.example.com/board", "expression": 'device.attributes["gpu.example.com"].index / 2'}
    ]
    pair = claim(
        wants(1, 'device.attributes["gpu.example.com"].index > 1', derivedAttributes=derived),
        wants(1, derivedAttributes=derived),
        constraints=[{"matchAttribute": "gpu.example.com/board"}],
    )

    assert names(allocator(slice_).allocate([pair], NODE)) == [["d2", "d3"]]


def test_a_search_beyond_its_budget_says_how_far_it_got() -> None:
    with pytest.raises(SearchBudgetExceeded, match="no answer within 2 steps") as caught:
        allocator(slice_of(gpus(3))).allocate([claim(wants(3))], NODE, budget=Budget(steps=2))

    assert caught.value.value == ["gpu.example.com/p/gpu-0", "gpu.example.com/p/gpu-1"]


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        ({"name": "r"}, "spec.devices.requests[0]"),
        ({"name": "r", "exactly": wants(-1)}, "spec.devices.requests[0].exactly.count"),
        (
            {"name": "r", "exactly": wants(allocationMode="Some")},
            "spec.devices.requests[0].exactly.allocationMode",
        ),
        (
            {"name": "r", "exactly": wants(deviceClassName="tpu")},
            "spec.devices.requests[0].exactly.deviceClassName",
        ),
        (
            {"name": "r", "exactly": wants(deviceClassName="")},
            "spec.devices.requests[0].exactly.deviceClassName",
        ),
        (
            {"name": "r", "exactly": wants(selectors=[{}])},
            "spec.devices.requests[0].exactly.selectors[0].cel",
        ),
        (
            {"name": "r", "firstAvailable": [{"name": "s", **wants(deviceClassName="tpu")}]},
            "spec.devices.requests[0].firstAvailable[0].deviceClassName",
        ),
    ],
)
def test_malformed_requests_are_errors_that_name_the_path(request_: dict[str, object], path: str) -> None:
    with pytest.raises(AllocationError) as caught:
        allocator(slice_of(gpus(1))).allocate([claim(request_)], NODE)

    assert caught.value.path == path
    assert caught.value.subject == "ResourceClaim team-a/c"


def test_claims_are_taken_as_the_api_server_would_store_them() -> None:
    bare: dict[str, object] = {"deviceClassName": "gpu"}
    tolerant = {**bare, "tolerations": [{"key": "k", "value": "v"}]}
    written = claim(bare, first_available("r1", bare), tolerant)
    before = written.to_dict()

    (result,) = allocator(slice_of(gpus(3))).allocate([written], NODE) or []

    taken = result.devices.results or []
    assert [each.device for each in taken] == ["gpu-0", "gpu-1", "gpu-2"]
    assert [each.operator for each in taken[2].tolerations or ()] == ["Equal"]
    assert written.to_dict() == before


@pytest.mark.parametrize("claims", [claim(wants()), [claim(wants()).to_dict()], [None]])
def test_what_is_no_list_of_claims_is_an_error_with_a_remedy(claims: Any) -> None:
    with pytest.raises(AllocationError) as caught:
        allocator(slice_of(gpus(1))).allocate(claims, NODE)

    assert caught.value.remedy


def test_an_empty_constraint_is_an_error_that_names_the_path() -> None:
    with pytest.raises(AllocationError, match="empty constraint") as caught:
        allocator(slice_of(gpus(1))).allocate([claim(wants(), constraints=[{"requests": ["r0"]}])], NODE)

    assert caught.value.path == "spec.devices.constraints[0]"


@pytest.mark.parametrize(
    ("request_", "gate"),
    [
        (first_available("r", wants()), "DRAPrioritizedList"),
        (wants(capacity={"requests": {"memory": "1Gi"}}), "DRAConsumableCapacity"),
        (wants(adminAccess=True), "admin access is requested"),
        (wants(derivedAttributes=[{"name": "d/x", "expression": "1"}]), "derived attributes"),
        (first_available("r", wants(capacity={})), "DRAPrioritizedList"),
    ],
)
def test_what_needs_a_feature_is_refused_without_it(request_: dict[str, object], gate: str) -> None:
    with pytest.raises(AllocationError, match=gate):
        allocator(slice_of(gpus(1)), features=Features()).allocate([claim(request_)], NODE)


def test_released_devices_can_be_had_again() -> None:
    cluster = allocator(slice_of(gpus(1)))
    first = claim(wants(), name="first")
    [result] = cluster.allocate([first], NODE) or []
    cluster.reserve(first, result)
    assert cluster.allocate([claim(wants())], NODE) is None

    cluster.release(first)

    assert names(cluster.allocate([claim(wants())], NODE)) == [["gpu-0"]]


def test_a_claim_is_reserved_once() -> None:
    cluster = allocator(slice_of(gpus(2)))
    first = claim(wants(), name="first")
    [result] = cluster.allocate([first], NODE) or []
    cluster.reserve(first, result)

    with pytest.raises(AllocationError, match="team-a/first holds devices already"):
        cluster.reserve(first, result)


def test_thousands_of_different_requests_leave_no_stale_answers() -> None:
    cluster = allocator(slice_of([device("a", index=7)]))

    for index in range(2100):
        wanted = claim(wants(1, f'device.attributes["gpu.example.com"].index == {index}'))
        assert (cluster.allocate([wanted], NODE) is not None) is (index == 7)


def test_a_claim_that_was_allocated_before_can_be_released_too() -> None:
    slice_ = slice_of(gpus(1))
    [result] = allocator(slice_).allocate([claim(wants(1), name="before")], NODE) or []
    before = claim(wants(1), name="before").model_copy(
        update={"status": ResourceClaimStatus(allocation=result)}
    )
    cluster = allocator(slice_, allocated=AllocatedState.from_claims([before]))

    assert cluster.explain([claim(wants(1))], NODE).releases == ("team-a/before",)
    cluster.release(before)

    assert names(cluster.allocate([claim(wants(1))], NODE)) == [["gpu-0"]]


def test_requests_for_no_device_count_as_steps() -> None:
    nothing = [first_available(f"n{slot}", *[wants(0)] * 8) for slot in range(12)]
    wanted = claim(wants(1), *nothing, wants(1))

    assert allocator(slice_of(gpus(1))).allocate([wanted], NODE) is None


def test_a_claim_that_cannot_be_met_is_not_tried_again_for_every_choice_of_another() -> None:
    """40 different devices for the first claim; of the others, three claims fill what there is for four."""
    different = [device(f"a{index}", kind="a", uid=index) for index in range(40)]
    equal = [device(f"b{index}", kind="b", numa=index % 3) for index in range(45)]

    def of_kind(kind: str) -> str:
        return f'device.attributes["gpu.example.com"].kind == "{kind}"'

    spread = claim(
        wants(16, of_kind("a")), constraints=[{"distinctAttribute": "gpu.example.com/uid"}], name="spread"
    )
    aligned = [
        claim(
            wants(12, of_kind("b")),
            constraints=[{"matchAttribute": "gpu.example.com/numa"}],
            name=f"aligned-{index}",
        )
        for index in range(4)
    ]
    cluster, budget = allocator(slice_of(different + equal)), Budget(steps=5000)

    assert cluster.allocate([spread, *aligned[:3]], NODE, budget=budget) is not None
    assert cluster.allocate([spread, *aligned], NODE, budget=budget) is None


def test_following_a_cluster_for_long_does_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dra.allocator.solver._POOLS_REMEMBERED", 20)
    wanted = claim(wants(1, 'device.attributes["gpu.example.com"].index >= 0'))
    cluster = allocator(slice_of([]))

    def held_after(changes: range) -> int:
        for change in changes:
            devices = [
                device(f"d{at}", {"memory": f"{change + 1}Mi"}, index=change * 8 + at) for at in range(8)
            ]
            cluster.replace_slices([slice_of(devices, pool={"generation": change})])
            assert names(cluster.allocate([wanted], NODE)) == [["d0"]]
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = held_after(range(1, 40))
        grown = held_after(range(40, 160)) - before
    finally:
        tracemalloc.stop()

    assert grown < 1_000_000
