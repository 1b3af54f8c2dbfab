"""How many devices a claim gives: exact, a range, or unknown with the reason."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra import DraError
from dra.claims.pods import DeviceCount, device_count
from dra.testing import nodes


def exactly(name: str = "gpu", device_class: str = "gpu.nvidia.com", **rest: Any) -> dict[str, Any]:
    return {"name": name, "exactly": {"deviceClassName": device_class, **rest}}


def first_available(*options: tuple[str, int]) -> dict[str, Any]:
    alternatives = [
        {"name": f"option-{index}", "deviceClassName": device_class, "count": count}
        for index, (device_class, count) in enumerate(options)
    ]
    return {"name": "gpu", "firstAvailable": alternatives}


def claim(*requests: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": "train"},
        "spec": {"devices": {"requests": list(requests)}},
    }


EVERYTHING = exactly(allocationMode="All")


def bounds(count: DeviceCount | None) -> tuple[int, int | None] | None:
    return count and (count.least, count.most)


def slices(**nodes: int) -> list[dict[str, Any]]:
    """Slices of nodes that have so many GPUs, with a memory of 40 GB on odd and 80 GB on even ones."""
    return [
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceSlice",
            "metadata": {"name": node},
            "spec": {
                "driver": "gpu.nvidia.com",
                "nodeName": node,
                "pool": {"name": node, "generation": 1, "resourceSliceCount": 1},
                "devices": [
                    {
                        "name": f"gpu-{index}",
                        "capacity": {"memory": {"value": "40Gi" if index % 2 else "80Gi"}},
                    }
                    for index in range(gpus)
                ],
            },
        }
        for node, gpus in nodes.items()
    ]


BIG = [
    {
        "cel": {
            "expression": 'device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("60Gi")) >= 0',
        }
    }
]


class TestWithoutSlices:
    def test_counts_add_up(self) -> None:
        count = device_count(claim(exactly(count=8), exactly("nic", "dranet")))
        assert count.exact == 9
        assert count.reason == ""
        assert {name: each.exact for name, each in count.by_request.items()} == {"gpu": 8, "nic": 1}
        assert {name: each.exact for name, each in count.by_class.items()} == {
            "gpu.nvidia.com": 8,
            "dranet": 1,
        }
        assert {name: each.exact for name, each in count.by_driver.items()} == {
            "gpu.nvidia.com": 8,
            "dra.net": 1,
        }
        assert bounds(count.of_gpus) == (8, 8)

    def test_alternatives_of_one_number_are_exact(self) -> None:
        count = device_count(claim(first_available(("gpu.nvidia.com", 2), ("gpu.amd.com", 2))))
        assert count.exact == 2
        assert bounds(count.by_class["gpu.amd.com"]) == (0, 2)
        assert bounds(count.of_gpus) == (2, 2)

    def test_alternatives_of_several_numbers_are_a_range(self) -> None:
        count = device_count(claim(first_available(("gpu.nvidia.com", 1), ("mig.nvidia.com", 4))))
        assert bounds(count) == (1, 4)
        assert count.exact is None
        assert "by the alternative" in count.reason

    def test_all_devices_are_unknown(self) -> None:
        count = device_count(claim(EVERYTHING))
        assert bounds(count) == (1, None)
        assert count.reason == "gpu: takes all devices there are, at most 32"

    def test_admin_access_takes_nothing(self) -> None:
        count = device_count(claim(exactly(), exactly("watch", allocationMode="All", adminAccess=True)))
        assert count.exact == 1
        assert bounds(count.by_request["watch"]) == (0, 0)

    def test_a_class_of_unknown_driver_is_a_gpu_by_its_name(self) -> None:
        count = device_count(claim(exactly(device_class="team-gpu"), exactly("b", "fpga.example.com")))
        assert bounds(count.of_gpus) == (1, 1)
        assert bounds(count.by_driver[""]) == (2, 2)

    @pytest.mark.parametrize("requests", [[], None])
    def test_no_requests_are_no_devices(self, requests: Any) -> None:
        given = claim()
        given["spec"]["devices"]["requests"] = requests
        assert device_count(given).exact == 0

    def test_of_a_name_nothing_is_known(self) -> None:
        count = device_count("template/train")
        assert bounds(count) == (0, None)
        assert "only the name" in count.reason


class TestWithSlices:
    def test_all_devices_are_those_of_the_nodes(self) -> None:
        assert device_count(claim(EVERYTHING), slices(a=8, b=8)).exact == 8
        uneven = device_count(claim(EVERYTHING), slices(a=8, b=4))
        assert bounds(uneven) == (4, 8)
        assert uneven.reason == "gpu: 4 to 8, by the node"

    def test_selectors_decide_what_counts(self) -> None:
        assert device_count(claim(exactly(allocationMode="All", selectors=BIG)), slices(a=5)).exact == 3

    def test_a_class_decides_what_counts(self) -> None:
        device_class = {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "DeviceClass",
            "metadata": {"name": "big"},
            "spec": {"selectors": BIG},
        }
        wanted = claim(exactly(device_class="big", allocationMode="All"))
        count = device_count(wanted, slices(a=6), device_class)
        assert count.exact == 3
        assert bounds(count.by_driver["gpu.nvidia.com"]) == (3, 3)

    def test_alternatives_that_no_node_can_offer_do_not_count(self) -> None:
        wanted = claim(first_available(("gpu.nvidia.com", 8), ("gpu.nvidia.com", 2)))
        assert device_count(wanted, slices(a=4)).exact == 2
        assert bounds(device_count(wanted, slices(a=4, b=8))) == (2, 8)

    def test_nodes_that_lack_something_do_not_count(self) -> None:
        wanted = claim(EVERYTHING, exactly("more", count=6))
        assert device_count(wanted, slices(a=4, b=6)).exact == 12

    def test_a_node_with_more_than_a_claim_can_have_does_not_count(self) -> None:
        assert device_count(claim(EVERYTHING), slices(a=40, b=4)).exact == 4

    def test_without_a_fitting_node_the_reason_says_so(self) -> None:
        count = device_count(claim(exactly(count=9)), slices(a=8))
        assert count.exact == 9
        assert count.reason == "no given node has devices for it"

    def test_a_device_that_is_shared_serves_many(self) -> None:
        shared = slices(a=1)
        shared[0]["spec"]["devices"][0]["allowMultipleAllocations"] = True
        assert device_count(claim(exactly(count=3)), shared).reason == ""

    def test_devices_of_no_single_node_may_come_on_top(self) -> None:
        anywhere = slices(a=2, b=3)
        del anywhere[1]["spec"]["nodeName"]
        anywhere[1]["spec"]["allNodes"] = True
        assert bounds(device_count(claim(EVERYTHING), anywhere)) == (2, 5)

    @pytest.mark.parametrize(
        "requests",
        [
            [EVERYTHING],
            [exactly(count=2), exactly("nics", "dranet", allocationMode="All")],
            [first_available(("mig.nvidia.com", 2), ("gpu.nvidia.com", 3))],
        ],
    )
    def test_agrees_with_the_allocator_on_a_real_machine(self, requests: list[dict[str, Any]]) -> None:
        dgx = nodes.node("dgx-h100", "dgx-1")
        (wanted,) = dra.load(claim(*requests))
        allocator = dra.Allocator(dgx.slices, dgx.classes)
        results = allocator.allocate([dra.default(wanted)], dgx.node)
        assert results is not None
        counted = device_count(wanted, dgx.slices, dgx.classes)
        assert counted.exact == len(results[0].devices.results or ())


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(DraError):
        device_count(3)
    with pytest.raises(DraError):
        device_count(claim(), 3)


def test_the_example_of_the_repository() -> None:
    objects = dra.load("examples/dgx-h100/resourceslices.yaml")
    assert device_count(claim(EVERYTHING), objects).exact == 8
