"""A simulated cluster: claims one after another, what they hold, and giving it back."""

from __future__ import annotations

import pytest

import dra
from dra.errors import AllocationError, DraError, LoadError, UnknownNameError, UnknownVersionError
from dra.testing import Allocated, SimulatedCluster, nodes
from tests.unit.testing.claims import GPU, claim, request, template


@pytest.fixture
def cluster() -> SimulatedCluster:
    """Two nodes with eight GPUs each."""
    both = nodes.node("dgx-h100", "a", drivers=[GPU]) + nodes.node("dgx-h100", "b", drivers=[GPU])
    return SimulatedCluster(both)


def test_claims_take_what_those_before_left(cluster: SimulatedCluster) -> None:
    got = [cluster.allocate(template(request(count=3))) for _ in range(3)]
    assert [(each.node, each.devices) for each in got] == [
        ("a", ["gpu-0", "gpu-1", "gpu-2"]),
        ("a", ["gpu-3", "gpu-4", "gpu-5"]),
        ("b", ["gpu-0", "gpu-1", "gpu-2"]),
    ]
    assert [each.metadata.name for each in cluster.claims] == ["worker-0", "worker-1", "worker-2"]


def test_claims_of_one_pod_go_to_one_node(cluster: SimulatedCluster) -> None:
    cluster.allocate(claim(request(count=6), name="other"))
    both = cluster.allocate([claim(request(count=2), name="x"), claim(request(count=2), name="y")])
    assert (both.node, both.devices) == ("b", ["gpu-0", "gpu-1", "gpu-2", "gpu-3"])


def test_an_attempt_takes_nothing(cluster: SimulatedCluster) -> None:
    for _ in range(2):
        trial = cluster.attempt(claim(request(count=8)))
        assert trial.allocated is not None
        assert trial.allocated.node == "a"
    assert cluster.claims == ()


def test_what_is_released_can_be_had_again(cluster: SimulatedCluster) -> None:
    first = cluster.allocate(template(request(count=8)))
    cluster.allocate(claim(request(count=8)))
    cluster.release(first)
    assert cluster.allocate(template(request(count=8))).node == "a"
    cluster.release(claim())
    assert cluster.allocate(template(request(count=8))).node == "b"


def test_claims_are_kept_with_defaults_and_what_they_got(cluster: SimulatedCluster) -> None:
    wire = claim()
    del wire["spec"]["devices"]["requests"][0]["exactly"]["count"]
    (stored,) = cluster.allocate(wire).claims
    assert stored.spec.devices.requests[0].exactly.count == 1
    assert stored.status.allocation.devices.results[0].device == "gpu-0"
    assert dra.validate(stored) == []


def test_one_node_of_the_cluster_shares_what_is_held(cluster: SimulatedCluster) -> None:
    b = cluster.only("b")
    assert b.allocate(template(request(count=8))).node == "b"
    assert cluster.attempt(template(request(count=8))).allocated.node == "a"
    assert [each.metadata.name for each in cluster.claims] == ["worker-0"]
    b.release(cluster.claims[0])
    assert cluster.claims == b.claims == ()


def test_devices_of_a_request_and_its_alternatives() -> None:
    wire = claim(
        {
            "name": "gpu",
            "firstAvailable": [
                {"name": "many", "deviceClassName": GPU, "count": 9},
                {"name": "few", "deviceClassName": GPU, "count": 2},
            ],
        },
        request("nic", "dranet"),
    )
    got = SimulatedCluster("dgx-h100").allocate(wire)
    assert got.of("gpu") == got.of("gpu/few") == ["gpu-0", "gpu-1"]
    assert got.of("nic") == ["pci-0000-1c-00-0"]
    with pytest.raises(UnknownNameError, match="no request with devices is named 'gpus'"):
        got.of("gpus")


def test_what_got_nothing_has_no_devices() -> None:
    assert Allocated("a", (dra.ResourceClaim(),)).devices == []


RESULTS = [{"request": "gpu", "driver": GPU, "pool": "a", "device": f"gpu-{index}"} for index in range(7)]
HELD = claim(request(count=7), name="running") | {"status": {"allocation": {"devices": {"results": RESULTS}}}}


class TestSnapshot:
    """Manifests of a cluster in which claims hold devices."""

    def snapshot(self, *more: object) -> SimulatedCluster:
        return SimulatedCluster([nodes.node("dgx-h100", "a"), HELD, *more])

    def test_what_is_held_is_taken(self) -> None:
        cluster = self.snapshot()
        assert cluster.allocate(claim()).devices == ["gpu-7"]
        cluster.release(HELD)
        assert cluster.allocate(claim(request(count=7), name="next")).devices[0] == "gpu-0"

    def test_taint_rules_apply(self) -> None:
        rule = {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "DeviceTaintRule",
            "metadata": {"name": "broken"},
            "spec": {
                "deviceSelector": {"driver": GPU, "pool": "a", "device": "gpu-7"},
                "taint": {"key": "broken", "effect": "NoSchedule"},
            },
        }
        assert self.snapshot(rule).attempt(claim()).allocated is None

    def test_nodes_are_those_of_the_slices_if_none_is_described(self) -> None:
        dgx = nodes.node("dgx-h100", "a")
        assert SimulatedCluster([*dgx.slices, *dgx.classes]).allocate(claim()).node == "a"


class TestFaults:
    def test_a_claim_that_does_not_fit_says_why(self, cluster: SimulatedCluster) -> None:
        with pytest.raises(AllocationError, match="gpu: 8 of 9 devices"):
            cluster.allocate(claim(request(count=9)))

    def test_a_claim_holds_devices_already(self, cluster: SimulatedCluster) -> None:
        cluster.allocate(claim())
        with pytest.raises(DraError, match="default/train holds devices already"):
            cluster.allocate(claim())

    def test_a_claim_is_given_twice(self, cluster: SimulatedCluster) -> None:
        with pytest.raises(DraError, match="default/train is given twice"):
            cluster.allocate([claim(), claim()])

    def test_what_holds_nothing_cannot_be_released(self, cluster: SimulatedCluster) -> None:
        cluster.allocate(claim())
        with pytest.raises(DraError, match="other holds no devices"):
            cluster.release([claim(), claim(name="other")])
        assert len(cluster.claims) == 1

    def test_no_node(self) -> None:
        with pytest.raises(LoadError, match="no Node"):
            SimulatedCluster([])

    def test_one_node_twice(self) -> None:
        with pytest.raises(DraError, match="node l4-0 is there twice"):
            SimulatedCluster(["l4", "l4"])

    def test_no_such_node(self, cluster: SimulatedCluster) -> None:
        with pytest.raises(UnknownNameError, match="no node is named 'c'"):
            cluster.only("c")

    def test_no_such_minor(self) -> None:
        with pytest.raises(UnknownVersionError):
            SimulatedCluster("l4", kubernetes="1.20")


def test_devices_and_repr(cluster: SimulatedCluster) -> None:
    assert len(cluster.devices()) == len(cluster.devices(GPU)) == 16
    assert len(cluster.devices(node="b")) == 8
    cluster.allocate(claim())
    assert repr(cluster) == "<cluster of 2 nodes, Kubernetes 1.37, 1 claim>"
