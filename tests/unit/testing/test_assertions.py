"""`assert_allocatable` and `assert_unallocatable`: right for the right reason, and readable when wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dra.allocator import Explanation
from dra.errors import DraError
from dra.testing import SimulatedCluster, assert_allocatable, assert_unallocatable, nodes
from dra.testing.reasons import RULES
from tests.unit.testing.claims import GPU, Wire, claim, request, template

ROOT = "resource.kubernetes.io/pcieRoot"
TOO_LARGE = "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('80Gi')) >= 0"


def mig(name: str, profile: str, count: int = 1) -> Wire:
    return request(
        name, "mig.nvidia.com", count, f"device.attributes['gpu.nvidia.com'].profile == '{profile}'"
    )


def first_line(caught: pytest.ExceptionInfo[AssertionError]) -> str:
    return str(caught.value).partition("\n")[0]


class TestAllocatable:
    def test_gives_what_the_claims_would_get(self) -> None:
        got = assert_allocatable([claim(request(count=2)), template()], on="dgx-h100")
        assert (got.node, got.devices) == ("dgx-h100-0", ["gpu-0", "gpu-1", "gpu-2"])

    def test_takes_nothing(self) -> None:
        cluster = SimulatedCluster("dgx-h100")
        for _ in range(2):
            assert assert_allocatable(claim(request(count=8)), on=cluster)

    @pytest.mark.parametrize(
        ("wanted", "gist"),
        [
            ([claim(request(count=9))], "gpu: 8 of 9 devices"),
            ([claim(request(selector=TOO_LARGE))], "gpu: 0 of 1 device, 8 fail selector device.capacity"),
            ([claim(request(device_class="mig.nvidia.com"))], "gpu: 0 of 1 device"),
            ([claim(request(device_class="nope"))], "gpu: could not retrieve device class nope"),
            ([claim(request(count=-1))], "spec.devices.requests[0].exactly.count: Invalid value: -1"),
            ([claim(request("a", count=5), request("b", count=4))], "cannot be met together: request a (5"),
        ],
    )
    def test_the_first_line_begins_with_the_reason(self, wanted: list[Wire], gist: str) -> None:
        with pytest.raises(AssertionError) as caught:
            assert_allocatable(wanted, on="dgx-h100")
        assert first_line(caught).startswith(gist)

    def test_the_explanation_follows_once_for_equal_nodes(self) -> None:
        six = nodes.cluster("dgx-h100", racks=1, nodes_per_rack=6)
        with pytest.raises(AssertionError) as caught:
            assert_allocatable(claim(request(selector=TOO_LARGE)), on=six)
        text = str(caught.value)
        assert "claim default/train does not fit rack-0-node-0, rack-0-node-1" in text
        assert text.count("the largest memory is 81559Mi") == 1

    def test_of_many_nodes_some_are_explained(self) -> None:
        many = nodes.cluster("l4", racks=1, nodes_per_rack=30)
        with pytest.raises(AssertionError, match="and 26 more nodes"):
            assert_allocatable(claim(request(count=5)), on=many)

    def test_fields_that_the_minor_drops_are_no_success(self) -> None:
        shares = claim(request(capacity={"requests": {"memory": "10Gi"}}))
        shared = nodes.node("dgx-h100", shares="memory", kubernetes="1.35")
        with pytest.raises(
            AssertionError, match=r"capacity is dropped by Kubernetes 1\.35 without DRAConsumable"
        ):
            assert_allocatable(shares, on=shared, kubernetes="1.35")
        assert assert_allocatable(shares, on=shared, kubernetes="1.35", features="DRAConsumableCapacity")

    def test_a_cluster_has_its_own_minor(self) -> None:
        with pytest.raises(DraError, match="has its minor and features already"):
            assert_allocatable(claim(), on=SimulatedCluster("l4"), kubernetes="1.36")


def held(*wires: Wire, on: object = "dgx-h100") -> SimulatedCluster:
    cluster = SimulatedCluster(on)
    for index, each in enumerate(wires):
        cluster.allocate(each | {"metadata": {"name": f"held-{index}"}})
    return cluster


def one_a100() -> nodes.Fixture:
    gpus = nodes.machine("dgx-a100-40gb").parts[0]
    single = nodes.Machine("one", "one GPU", (nodes.parts.NvidiaGpus(gpus.model, gpus.places[:1]),))
    return nodes.node(single, mig="dynamic")


TAINTED = [
    nodes.node("l4"),
    {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceTaintRule",
        "metadata": {"name": "broken"},
        "spec": {"deviceSelector": {"driver": GPU}, "taint": {"key": "broken", "effect": "NoSchedule"}},
    },
]
INCOMPLETE = [
    *nodes.node("dgx-h100", mig="dynamic", drivers=[GPU]).slices[1:],
    *nodes.node("dgx-h100").nodes,
    *nodes.node("dgx-h100").classes,
]
PAIR = claim(request("gpu"), request("nic", "dranet"), same=ROOT)
SMALL, LARGE = "1g.5gb", "3g.20gb"
SHARED = nodes.node("l4", shares="memory")
TWENTY = claim(request(count=4, capacity={"requests": {"memory": "20Gi"}}))

CASES: list[tuple[str, Any, Any]] = [
    ("attribute", claim(same="gpu.nvidia.com/nope"), "dgx-h100"),
    ("capacity", claim(request(capacity={"requests": {"memory": "40Gi"}})), "l4"),
    ("capacity", TWENTY, held(TWENTY, on=SHARED)),
    ("class", claim(request(device_class="mig.nvidia.com")), "l4"),
    ("conflict", claim(request("a", count=5), request("b", count=4)), "dgx-h100"),
    ("constraint", PAIR, "gb200-nvl72"),
    ("count", claim(request(count=9)), "dgx-h100"),
    ("counters", claim(mig("a", SMALL)), held(claim(mig("a", LARGE, 2)), on=one_a100())),
    ("counters", claim(mig("a", LARGE, 2), mig("b", SMALL)), one_a100()),
    ("error", claim(request(device_class="nope")), "l4"),
    ("error", claim(request(selector="device.attributes['gpu.nvidia.com'].index == 0")), "l4"),
    ("in use", claim(), held(claim(request(count=8)))),
    ("invalid", claim(request(count=-1)), "l4"),
    ("pool", claim(), INCOMPLETE),
    ("selector", claim(request(selector=TOO_LARGE)), "dgx-h100"),
    ("taint", claim(), TAINTED),
]


class TestUnallocatable:
    @pytest.mark.parametrize(("rule", "wanted", "on"), CASES, ids=[each[0] for each in CASES])
    def test_rules(self, rule: str, wanted: Wire, on: object) -> None:
        assert_unallocatable(wanted, on=on, because=rule)

    @pytest.mark.parametrize(("rule", "wanted", "on"), CASES, ids=[each[0] for each in CASES])
    def test_other_rules_do_not_hold(self, rule: str, wanted: Wire, on: object) -> None:
        # A failure may have several rules; of these it has no other.
        others = {"attribute", "capacity", "feature", "in use", "invalid", "node", "taint"} - {rule}
        assert others < RULES.keys()
        for other in sorted(others):
            with pytest.raises(AssertionError, match=f"not because of '{other}'"):
                assert_unallocatable(wanted, on=on, because=other)

    def test_all_of_several_reasons(self) -> None:
        full = held(claim(request(count=8)))
        assert_unallocatable(claim(), on=full, because=["in use", "8 in use"])
        with pytest.raises(AssertionError, match="not because of 'in use' and 'selector'"):
            assert_unallocatable(claim(), on=full, because=["in use", "selector"])

    @pytest.mark.parametrize(
        "because",
        [
            "the largest memory is 81559Mi",
            r"asked about \d+Gi",
            re.compile("LARGEST", re.IGNORECASE),
            lambda explanation: explanation.requests[0].devices == 18,
        ],
        ids=["text", "expression", "pattern", "function"],
    )
    def test_words_of_the_explanation(self, because: Any) -> None:
        assert_unallocatable(claim(request(selector=TOO_LARGE)), on="dgx-h100", because=because)

    def test_line_breaks_do_not_matter(self) -> None:
        because = r"devices: 8 of 18 on the node can be used - 10 not of class"
        assert_unallocatable(claim(request(count=9)), on="dgx-h100", because=because)

    def test_the_reason_is_that_of_every_node(self) -> None:
        mixed = nodes.node("dgx-h100") + nodes.node("dgx-a100")
        hopper = claim(request(selector="device.attributes['gpu.nvidia.com'].architecture == 'Hopper'"))
        cluster = SimulatedCluster(mixed)
        cluster.only("dgx-h100-0").allocate(claim(request(count=8), name="other"))
        assert_unallocatable(hopper, on=cluster, because="in use|fail selector")
        with pytest.raises(AssertionError) as caught:
            assert_unallocatable(hopper, on=cluster, because="in use")
        assert first_line(caught).startswith("not because of 'in use': gpu: 0 of 1 device, 8 fail selector")
        assert "on dgx-a100-0:" in str(caught.value)

    def test_a_claim_that_fits(self) -> None:
        with pytest.raises(AssertionError, match="claim default/train can be allocated: <gpu-0 on l4-0>"):
            assert_unallocatable(claim(), on="l4")

    @pytest.mark.parametrize("wanted", [request(device_class="nope"), request(count=-1)])
    def test_broken_input_is_no_refusal_unless_it_is_meant(self, wanted: Wire) -> None:
        with pytest.raises(AssertionError, match=r"^broken input is no refusal"):
            assert_unallocatable(claim(wanted), on="l4")
        assert_unallocatable(claim(wanted), on="l4", because="nope|greater than zero")

    def test_a_slip_in_the_name_of_a_rule(self) -> None:
        with pytest.raises(AssertionError, match="did you mean 'selector'"):
            assert_unallocatable(claim(request(selector=TOO_LARGE)), on="l4", because="selectors")

    def test_a_function_is_named(self) -> None:
        def is_large(explanation: Explanation) -> bool:
            return not explanation.requests

        with pytest.raises(AssertionError, match="not because of is_large"):
            assert_unallocatable(claim(request(count=9)), on="l4", because=is_large)

    def test_no_regular_expression(self) -> None:
        with pytest.raises(DraError, match="no regular expression"):
            assert_unallocatable(claim(request(count=9)), on="l4", because="gpu-0 (")
