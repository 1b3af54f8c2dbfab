"""The strategies: what each gives a request, what it needs, what the driver refuses, who is kept apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dra
from dra.claims import claim, gpu, mig
from dra.claims.sharing import MIG, MPS, ConsumableShares, Exclusive, Isolation, Sharing, TimeSlicing
from dra.drivers import check_configs, get

GPU = "gpu.nvidia.com"
API = "resource.nvidia.com/v1beta1"


def shape(*share: Sharing, **wants: Any) -> dict[str, Any]:
    """The devices of a claim with one request that is shared so."""
    built = claim("a").request("r", share=list(share), **wants).build()
    found: dict[str, Any] = built.to_dict()["spec"]["devices"]
    return found


def parameters(*share: Sharing, **wants: Any) -> Any:
    (config,) = shape(*share, **wants)["config"]
    assert config["requests"] == ["r"]
    assert config["opaque"]["driver"] == GPU
    return config["opaque"]["parameters"]


class TestContribution:
    def test_exclusive_adds_nothing_but_the_class(self) -> None:
        assert shape(Exclusive()) == {"requests": [{"name": "r", "exactly": {"deviceClassName": GPU}}]}

    def test_time_slicing_without_interval_needs_no_configuration(self) -> None:
        assert "config" not in shape(TimeSlicing())

    def test_time_slicing(self) -> None:
        assert parameters(TimeSlicing(interval="Long")) == {
            "apiVersion": API,
            "kind": "GpuConfig",
            "sharing": {"strategy": "TimeSlicing", "timeSlicingConfig": {"interval": "Long"}},
        }

    def test_mps(self) -> None:
        strategy = MPS(active_thread_percentage=50, pinned_memory_limit="10Gi", per_device={0: "5Gi"})
        assert parameters(strategy) == {
            "apiVersion": API,
            "kind": "GpuConfig",
            "sharing": {
                "strategy": "MPS",
                "mpsConfig": {
                    "defaultActiveThreadPercentage": 50,
                    "defaultPinnedDeviceMemoryLimit": "10Gi",
                    "defaultPerDevicePinnedMemoryLimit": {"0": "5Gi"},
                },
            },
        }

    def test_mps_without_limits(self) -> None:
        assert parameters(MPS())["sharing"] == {"strategy": "MPS"}

    def test_mps_on_a_mig_device(self) -> None:
        found = parameters(MIG(profile="1g.10gb"), MPS(multi_user=True))
        assert found["kind"] == "MigDeviceConfig"
        assert found["sharing"] == {"strategy": "MPS", "mpsConfig": {"multiUser": True}}

    @pytest.mark.parametrize(
        ("strategy", "selectors"),
        [
            (MIG(profile="1g.5gb.me"), ['device.attributes["gpu.nvidia.com"].profile == "1g.5gb+me"']),
            (
                MIG(min_memory="20Gi", min_compute=2),
                [
                    'device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("20Gi")) >= 0',
                    'device.attributes["gpu.nvidia.com"].profile.matches("^[2-9]g[.]")',
                ],
            ),
            (
                MIG(min_compute=4, board="H100-80GB"),
                [
                    'device.attributes["gpu.nvidia.com"].profile == "4g.40gb"',
                    'device.attributes["gpu.nvidia.com"].productName == "NVIDIA H100 80GB HBM3"',
                ],
            ),
            (
                MIG(board="A100-40GB"),
                [
                    'device.attributes["gpu.nvidia.com"].productName in '
                    '["NVIDIA A100-PCIE-40GB", "NVIDIA A100-SXM4-40GB"]'
                ],
            ),
        ],
        ids=["profile", "amounts", "of a board", "any of a board"],
    )
    def test_mig(self, strategy: MIG, selectors: list[str]) -> None:
        (request,) = shape(strategy)["requests"]
        assert request["exactly"]["deviceClassName"] == "mig.nvidia.com"
        assert [each["cel"]["expression"] for each in request["exactly"]["selectors"]] == selectors

    def test_consumable_shares(self) -> None:
        (request,) = shape(ConsumableShares(memory="10Gi", shares=2))["requests"]
        assert request["exactly"] == {
            "deviceClassName": GPU,
            "selectors": [{"cel": {"expression": "device.allowMultipleAllocations"}}],
            "capacity": {"requests": {"memory": "10Gi", "shares": "2"}},
        }

    def test_consumable_shares_of_a_mig_device(self) -> None:
        (request,) = shape(MIG(profile="3g.40gb"), ConsumableShares(memory="10Gi"))["requests"]
        assert request["exactly"]["deviceClassName"] == "mig.nvidia.com"
        assert request["exactly"]["capacity"] == {"requests": {"memory": "10Gi"}}

    def test_a_class_of_ones_own_is_kept(self) -> None:
        (request,) = shape(MIG(profile="1g.10gb"), device_class="small.example.com")["requests"]
        assert request["exactly"]["deviceClassName"] == "small.example.com"
        assert parameters(MIG(profile="1g.10gb"), MPS(), device_class="small.example.com")["kind"] == (
            "MigDeviceConfig"
        )

    @pytest.mark.parametrize(
        "strategy",
        [TimeSlicing(interval="Short"), MPS(active_thread_percentage=0), MPS(), ConsumableShares(shares=1)],
        ids=str,
    )
    def test_the_driver_accepts_it_with_exactly_its_gates(self, strategy: Sharing) -> None:
        built = claim("a").request("r", share=strategy).build()
        assert check_configs(built, {GPU: strategy.gates}) == []
        configured = (built.spec.devices.config or []) != []
        assert bool(check_configs(built, {GPU: set()})) == configured

    def test_gates_are_gates_of_the_driver(self) -> None:
        known = {each.name for each in get(GPU).gates}
        every = [
            TimeSlicing(interval="Long"),
            MPS(),
            MIG(profile="1g.5gb", dynamic=True),
            ConsumableShares(shares=1),
        ]
        assert set().union(*(each.gates for each in every)) == {
            "TimeSlicingSettings",
            "MPSSupport",
            "DynamicMIG",
            "ConsumableShares",
        }
        assert set().union(*(each.gates for each in every)) <= known


class TestRefusals:
    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: TimeSlicing(interval="long"), "did you mean 'Long'"),
            (lambda: MPS(active_thread_percentage=-1), "must not be negative"),
            (lambda: MPS(active_thread_percentage=101), "must not be greater than 100"),
            (lambda: MPS(active_thread_percentage=12.5), "whole number"),
            (lambda: MPS(pinned_memory_limit="1M"), r"value set too low: 1M\n  limits are whole MiB"),
            (lambda: MPS(pinned_memory_limit="lots"), "is not a quantity"),
            (lambda: MPS(per_device={"first": "1Gi"}), "invalid device: first"),
            (lambda: MPS(per_device={0: "1k"}), "value set too low"),
            (lambda: MIG(), "needs a profile"),
            (lambda: MIG(profile="3g"), "one is named like"),
            (lambda: MIG(profile="3g.40gb", min_memory="10Gi"), "a profile says"),
            (lambda: MIG(profile="3g.4gb", board="H100-80GB"), "did you mean '3g.40gb'"),
            (lambda: MIG(min_memory="10Gi", board="H100"), "did you mean"),
            (lambda: MIG(min_memory="100Gi", board="H100-80GB"), "the largest, 7g.80gb, has 81152Mi"),
            (lambda: MIG(min_compute=8), "0 to 7"),
            (lambda: ConsumableShares(), "how much"),
            (lambda: ConsumableShares(mode="memory"), "takes all of the GPU"),
            (lambda: ConsumableShares(mode="half"), "known: memory, unlimited"),
            (lambda: ConsumableShares(mode=4, shares=5), "a GPU has 4 shares, not 5"),
            (lambda: ConsumableShares(mode="unlimited", shares=1), "has no shares to take"),
            (lambda: ConsumableShares(shares=0), "greater than zero"),
            (lambda: ConsumableShares(memory=1000), "at least 1Mi"),
        ],
    )
    def test_of_a_value(self, make: Callable[[], object], message: str) -> None:
        with pytest.raises(dra.DraError, match=message):
            make()

    @pytest.mark.parametrize(
        ("share", "wants", "message"),
        [
            (
                [TimeSlicing(interval="Long")],
                {"device_class": "mig.nvidia.com"},
                "cannot be set for MIG devices",
            ),
            ([MIG(profile="1g.5gb"), TimeSlicing(interval="Long")], {}, "cannot be set for MIG devices"),
            ([MPS(), TimeSlicing()], {}, "different compute modes"),
            ([TimeSlicing(interval="Long"), MPS()], {}, "different compute modes"),
            ([ConsumableShares(shares=1), MPS()], {}, "exclude each other"),
            ([Exclusive(), TimeSlicing()], {}, "contradict each other"),
            ([MPS(), MPS()], {}, "named twice"),
            ([MIG(profile="1g.5gb")], {"device_class": GPU}, "works on mig devices"),
            ([MPS()], {"device_class": "vfio.gpu.nvidia.com"}, "vfio devices of gpu.nvidia.com"),
            (
                [MPS()],
                {"device_class": "gpu.amd.com"},
                "works on gpu and mig devices of gpu.nvidia.com, and class gpu.amd.com has other",
            ),
            ([MIG(profile="1g.5gb", dynamic=True), MPS()], {}, "exclude each other"),
            ([MPS(per_device={1: "1Gi"})], {}, "the request has 1, counted from 0"),
        ],
    )
    def test_of_a_combination(self, share: list[Sharing], wants: Any, message: str) -> None:
        with pytest.raises(dra.DriverError, match=message) as caught:
            claim("a").request("r", share=share, **wants)
        assert caught.value.path.endswith("share")

    def test_of_one_strategy_twice_even_if_it_is_the_same_object(self) -> None:
        mps = MPS()
        with pytest.raises(dra.DriverError, match="MPS is named twice"):
            claim("a", share=[mps, mps])
        with pytest.raises(dra.DriverError, match="contradict each other"):
            claim("a", share=Exclusive()).share(TimeSlicing())

    def test_of_a_whole_gpu_that_is_to_be_a_part(self) -> None:
        with pytest.raises(dra.DriverError, match="works on mig devices"):
            claim("a").request("r", gpu("H100-80GB"), share=MIG(profile="3g.40gb"))

    def test_time_slicing_on_mig_without_interval_is_fine(self) -> None:
        assert "config" not in shape(MIG(profile="1g.5gb"), TimeSlicing())


class TestIsolation:
    @pytest.mark.parametrize(
        ("strategy", "isolation"),
        [
            (Exclusive(), Isolation.ALL),
            (MIG(profile="1g.5gb"), Isolation.ALL),
            (TimeSlicing(interval="Long"), Isolation.NONE),
            (ConsumableShares(memory="1Gi"), Isolation.NONE),
            (MPS(), Isolation.NONE),
            (MPS(pinned_memory_limit="1Gi"), Isolation.MEMORY),
            (MPS(active_thread_percentage=50), Isolation.SCHEDULING),
        ],
        ids=str,
    )
    def test_of(self, strategy: Sharing, isolation: Isolation) -> None:
        assert strategy.isolation == isolation

    def test_by_name(self) -> None:
        assert Isolation.parse(["memory", "FAULT"]) == Isolation.MEMORY | Isolation.FAULT
        assert Isolation.parse("all") == Isolation.ALL
        assert Isolation.NONE.describe() == "none"
        with pytest.raises(dra.UnknownNameError, match="did you mean 'memory'"):
            Isolation.parse("memry")


def test_strategies_are_values() -> None:
    assert MPS(pinned_memory_limit="1Gi") == MPS(pinned_memory_limit=dra.Quantity("1Gi"))
    assert len({MIG(profile="1g.5gb"), MIG(profile="1g.5gb"), TimeSlicing()}) == 2
    assert mig("1g.5gb").share == (MIG(profile="1g.5gb"),)
