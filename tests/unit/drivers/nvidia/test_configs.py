"""NVIDIA's opaque configuration: what the webhook refuses and what only shows at prepare (facts of 0.5)."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra.drivers import nvidia
from dra.drivers.configs import ConfigProblem, Stage
from dra.drivers.nvidia.configs import API_VERSION, mps_limit
from dra.drivers.nvidia.publish import Gpu, full_gpu
from dra.drivers.standard import PciDevice
from dra.models.resource import Device
from dra.quantity import Quantity

GATES = {"TimeSlicingSettings", "MPSSupport"}
DRIVER = dra.drivers.get("gpu.nvidia.com")


def check(
    sharing: dict[str, Any] | None, kind: str = "GpuConfig", devices: list[Device] | None = None
) -> list[ConfigProblem]:
    parameters: dict[str, Any] = {"apiVersion": API_VERSION, "kind": kind}
    if sharing is not None:
        parameters["sharing"] = sharing
    return DRIVER.check(parameters, gates=GATES, devices=devices or [])


def messages(sharing: dict[str, Any], stage: Stage, **more: Any) -> list[str]:
    problems = check(sharing, **more)
    assert all(problem.stage is stage for problem in problems)
    return [problem.message for problem in problems]


def gpus(count: int, model: str = "A100-40GB") -> list[Device]:
    return [
        full_gpu(Gpu(nvidia.gpu_model(model), minor, f"GPU-{minor}", PciDevice(f"0000:1{minor}:00.0")))
        for minor in range(count)
    ]


class TestAccepted:
    @pytest.mark.parametrize(
        "sharing",
        [
            None,
            {"strategy": "TimeSlicing"},
            {"strategy": "TimeSlicing", "timeSlicingConfig": {"interval": "Long"}},
            {"strategy": "MPS"},
            {
                "strategy": "MPS",
                "mpsConfig": {
                    "defaultActiveThreadPercentage": 50,
                    "defaultPinnedDeviceMemoryLimit": "10Gi",
                    "defaultPerDevicePinnedMemoryLimit": {"0": "5Gi", "GPU-1": "6Gi"},
                },
            },
        ],
    )
    def test_the_drivers_own_examples(self, sharing: dict[str, Any] | None) -> None:
        assert check(sharing, devices=gpus(2)) == []

    def test_time_slicing_of_mig_devices_is_accepted_without_effect(self) -> None:
        assert check({"strategy": "TimeSlicing"}, kind="MigDeviceConfig") == []


class TestAdmission:
    @pytest.mark.parametrize("kind", ["GpuConfig", "MigDeviceConfig"])
    def test_unknown_strategy(self, kind: str) -> None:
        assert messages({"strategy": "Exclusive"}, Stage.ADMISSION, kind=kind) == [
            "unknown GPU sharing strategy: Exclusive, supported GPU sharing strategies: TimeSlicing, MPS"
        ]

    @pytest.mark.parametrize(
        ("strategy", "gate"), [("TimeSlicing", "TimeSlicingSettings"), ("MPS", "MPSSupport")]
    )
    def test_gate_of_the_strategy_is_off(self, strategy: str, gate: str) -> None:
        config = nvidia.GpuConfig(sharing=nvidia.GpuSharing(strategy=strategy))
        assert list(config.admission_problems(GATES - {gate})) == [
            f'"{strategy}" is selected as the GPU sharing strategy, '
            f'but the "{gate}" feature gate is not enabled'
        ]

    def test_unknown_interval(self) -> None:
        sharing = {"strategy": "TimeSlicing", "timeSlicingConfig": {"interval": "VeryLong"}}
        assert messages(sharing, Stage.ADMISSION) == [
            "unknown time-slice interval: VeryLong, "
            "supported time-slice intervals: Default, Short, Medium, Long"
        ]

    def test_empty_time_slicing_config_would_crash_the_driver(self) -> None:
        (message,) = messages({"strategy": "TimeSlicing", "timeSlicingConfig": {}}, Stage.ADMISSION)
        assert "without an interval" in message

    @pytest.mark.parametrize("kind", ["GpuConfig", "MigDeviceConfig"])
    @pytest.mark.parametrize(
        ("percentage", "message"),
        [
            (-1, "active thread percentage must not be negative"),
            (101, "active thread percentage must not be greater than 100"),
        ],
    )
    def test_percentage_out_of_range(self, percentage: int, message: str, kind: str) -> None:
        sharing = {"strategy": "MPS", "mpsConfig": {"defaultActiveThreadPercentage": percentage}}
        assert messages(sharing, Stage.ADMISSION, kind=kind) == [message]


class TestPrepare:
    @pytest.mark.parametrize(
        ("limit", "handed_over"), [("2Gi", "2048M"), ("10M", "9M"), ("1G", "953M"), ("1M", ""), ("-1Gi", "")]
    )
    def test_limits_become_whole_mebibytes(self, limit: str, handed_over: str) -> None:
        assert mps_limit(Quantity(limit)) == handed_over

    @pytest.mark.parametrize(
        "limits",
        [{"defaultPinnedDeviceMemoryLimit": "1M"}, {"defaultPerDevicePinnedMemoryLimit": {"0": "1M"}}],
    )
    def test_limit_below_one_mebibyte(self, limits: dict[str, Any]) -> None:
        (message,) = messages({"strategy": "MPS", "mpsConfig": limits}, Stage.PREPARE)
        assert message.startswith("invalid limit: ")
        assert message.endswith("value set too low: 1M")

    @pytest.mark.parametrize("key", ["2", "GPU-7", "-1", "first"])
    def test_limit_for_a_device_that_was_not_allocated(self, key: str) -> None:
        sharing = {"strategy": "MPS", "mpsConfig": {"defaultPerDevicePinnedMemoryLimit": {key: "1Gi"}}}
        assert messages(sharing, Stage.PREPARE, devices=gpus(2)) == [f"invalid device: {key}"]

    def test_config_of_the_other_strategy(self) -> None:
        assert messages({"strategy": "TimeSlicing", "mpsConfig": {}}, Stage.PREPARE) == [
            "cannot use MpsConfig with the 'TimeSlicing' strategy"
        ]
        sharing = {"strategy": "MPS", "timeSlicingConfig": {"interval": "Long"}}
        assert messages(sharing, Stage.PREPARE) == ["cannot use TimeSlicingConfig with the 'MPS' strategy"]

    def test_several_users_need_volta(self) -> None:
        sharing = {"strategy": "MPS", "mpsConfig": {"multiUser": True}}
        assert check(sharing, devices=gpus(1, "V100-32GB")) == []
        (pascal,) = gpus(1)
        capability = pascal.attributes["cudaComputeCapability"].model_copy(update={"version": "6.0.0"})
        attributes = pascal.attributes | {"cudaComputeCapability": capability}
        older = pascal.model_copy(update={"attributes": attributes})
        assert messages(sharing, Stage.PREPARE, devices=[older]) == [
            "multi-user MPS needs compute capability 7.0, gpu-0 has 6.0.0"
        ]


class TestVfio:
    def config(self, **iommu: Any) -> nvidia.VfioDeviceConfig:
        return nvidia.VfioDeviceConfig(iommu=nvidia.IommuConfig(**iommu))

    def test_needs_its_gate(self) -> None:
        (message,) = self.config().admission_problems(())
        assert "PassthroughSupport" in message
        assert list(nvidia.VfioDeviceConfig().admission_problems({"PassthroughSupport"})) == []

    def test_policy(self) -> None:
        (message,) = self.config(backend_policy="Both").admission_problems({"PassthroughSupport"})
        assert message == (
            "unknown IOMMU backend policy: Both, supported IOMMU backend policies: LegacyOnly, PreferIommuFD"
        )

    def test_api_device_needs_metadata(self) -> None:
        config = self.config(enable_api_device=True)
        (message,) = config.admission_problems({"PassthroughSupport"})
        assert "DeviceMetadata" in message
        assert list(config.admission_problems({"PassthroughSupport", "DeviceMetadata"})) == []
