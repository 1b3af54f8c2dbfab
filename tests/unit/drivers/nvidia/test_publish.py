"""The devices NVIDIA's driver publishes: shapes read from live clusters and from its source."""

from __future__ import annotations

import pytest

import dra
from dra.drivers import nvidia
from dra.drivers.nvidia import SharesMode
from dra.drivers.nvidia.mig import boards
from dra.drivers.nvidia.publish import (
    Gpu,
    GpuSoftware,
    consumable,
    counter_set,
    full_gpu,
    mig_device_name,
    parse_mig_device_name,
    partitionable,
    static_mig,
    vfio_gpu,
)
from dra.drivers.standard import PciDevice
from dra.errors import DriverError
from dra.features import KUBERNETES_MINORS, Features
from dra.models.resource import Device, ResourceSlice

DRIVER = dra.drivers.get("gpu.nvidia.com")


def gpu(model: str, minor: int = 0, **software: object) -> Gpu:
    return Gpu(
        nvidia.gpu_model(model),
        minor,
        "GPU-2fa81118-5a5f-aa66-7660-471eed407181",
        PciDevice("0000:10:1c.0", root="pci0000:10", numa_node=0),
        GpuSoftware(**software),
    )


def amounts(device: Device) -> dict[str, str]:
    return {name: str(each.value) for name, each in (device.capacity or {}).items()}


class TestFullGpu:
    def test_as_a_live_p4d_node_publishes_it(self) -> None:
        assert full_gpu(gpu("A100-40GB", numa_node=False)).to_dict() == {
            "name": "gpu-0",
            "attributes": {
                "type": {"string": "gpu"},
                "uuid": {"string": "GPU-2fa81118-5a5f-aa66-7660-471eed407181"},
                "productName": {"string": "NVIDIA A100-SXM4-40GB"},
                "brand": {"string": "Nvidia"},
                "architecture": {"string": "Ampere"},
                "cudaComputeCapability": {"version": "8.0.0"},
                "driverVersion": {"version": "580.126.9"},
                "cudaDriverVersion": {"version": "13.0.0"},
                "addressingMode": {"string": "HMM"},
                "resource.kubernetes.io/pciBusID": {"string": "0000:10:1c.0"},
                "resource.kubernetes.io/pcieRoot": {"string": "pci0000:10"},
            },
            "capacity": {"memory": {"value": "40Gi"}},
        }

    def test_numa_node_and_addressing_mode_follow_the_software(self) -> None:
        attributes = full_gpu(gpu("A100-40GB", numa_as_list=True, addressing_mode="")).attributes or {}
        assert attributes["resource.kubernetes.io/numaNode"].ints == [0]
        assert "addressingMode" not in attributes

    @pytest.mark.parametrize("model", nvidia.GPU_MODELS)
    def test_every_model_is_as_declared(self, model: str) -> None:
        assert DRIVER.misdeclared(full_gpu(gpu(model))) == []


class TestDynamicMig:
    def test_mig_device_as_on_an_a100(self) -> None:
        (device,) = [each for each in partitionable(gpu("A100-40GB")) if each.name == "gpu-0-mig-2g10gb-14-2"]
        wire = device.to_dict()
        assert wire["attributes"]["profile"] == {"string": "2g.10gb"}
        assert "uuid" not in wire["attributes"]
        assert wire["capacity"] == {
            "memory": {"value": "9856Mi"},
            "multiprocessors": {"value": "28"},
            "copyEngines": {"value": "2"},
            "decoders": {"value": "1"},
            "encoders": {"value": "0"},
            "jpegEngines": {"value": "0"},
            "ofaEngines": {"value": "0"},
        }
        assert wire["consumesCounters"] == [
            {
                "counterSet": "gpu-0-counter-set",
                "counters": {
                    "memory": {"value": "9856Mi"},
                    "multiprocessors": {"value": "28"},
                    "copy-engines": {"value": "2"},
                    "decoders": {"value": "1"},
                    "encoders": {"value": "0"},
                    "jpeg-engines": {"value": "0"},
                    "ofa-engines": {"value": "0"},
                    "memory-slice-2": {"value": "1"},
                    "memory-slice-3": {"value": "1"},
                },
            }
        ]

    def test_counter_set_holds_the_largest_profile(self) -> None:
        counters = counter_set(gpu("A100-40GB", minor=3))
        assert counters.name == "gpu-3-counter-set"
        values = {name: str(each.value) for name, each in (counters.counters or {}).items()}
        assert len(values) == 15
        assert {name: values[name] for name in ("memory", "multiprocessors", "memory-slice-7")} == {
            "memory": "40192Mi",
            "multiprocessors": "98",
            "memory-slice-7": "1",
        }

    def test_hopper_publishes_the_whole_gpu_too_and_it_takes_everything(self) -> None:
        h100 = gpu("H100-80GB")
        whole, *partitions = partitionable(h100)
        assert whole.name == "gpu-0"
        assert amounts(whole)["memory"] == "81152Mi"
        assert whole.consumes_counters[0].counters == counter_set(h100).counters
        assert len(partitions) == 25

    def test_ampere_publishes_either(self) -> None:
        assert len(partitionable(gpu("A100-40GB"))) == 25
        (whole,) = partitionable(gpu("A100-40GB"), mig_mode=False)
        assert amounts(whole) == {"memory": "40Gi"}
        assert whole.consumes_counters is None

    def test_order_is_that_of_the_names(self) -> None:
        names = [each.name for each in partitionable(gpu("H100-80GB"))]
        assert names == sorted(names)

    @pytest.mark.parametrize("model", [name for name, model in nvidia.GPU_MODELS.items() if model.mig])
    def test_every_device_is_as_declared(self, model: str) -> None:
        devices = partitionable(gpu(model)) + static_mig(
            gpu(model), gpu(model).board.named_layout("all-balanced")
        )
        assert [finding for each in devices for finding in DRIVER.misdeclared(each)] == []

    @pytest.mark.parametrize("model", [name for name, model in nvidia.GPU_MODELS.items() if model.mig])
    @pytest.mark.parametrize("kubernetes", KUBERNETES_MINORS)
    def test_the_api_server_takes_the_counters(self, model: str, kubernetes: str) -> None:
        slice_ = ResourceSlice.from_dict(
            {
                "metadata": {"name": "s"},
                "spec": {
                    "driver": "gpu.nvidia.com",
                    "nodeName": "n",
                    "pool": {"name": "n", "generation": 1, "resourceSliceCount": 1},
                },
            }
        )
        slice_.spec.shared_counters = [counter_set(gpu(model))]
        if kubernetes == "1.34":  # where counters stand beside the devices
            slice_.spec.devices = partitionable(gpu(model))
        on = Features.for_kubernetes(kubernetes, partitionable_devices=True)
        assert dra.validate(slice_, kubernetes, on) == []

    def test_gpu_without_mig(self) -> None:
        with pytest.raises(DriverError, match="no known MIG profiles"):
            partitionable(gpu("L4"))


class TestStaticMig:
    def test_devices_have_uuids_and_memory_slices(self) -> None:
        board = gpu("A100-40GB").board
        devices = static_mig(gpu("A100-40GB"), board.named_layout("all-3g.20gb"))
        assert [each.name for each in devices] == ["gpu-0-mig-3g20gb-9-0", "gpu-0-mig-3g20gb-9-4"]
        assert [name for name in amounts(devices[1]) if name.startswith("memorySlice")] == [
            f"memorySlice{each}" for each in range(4, 8)
        ]
        uuids = {(each.attributes or {})["uuid"].string or "" for each in devices}
        assert len(uuids) == 2
        assert all(each.startswith("MIG-") for each in uuids)

    def test_without_instances_the_gpu_is_whole(self) -> None:
        assert [each.name for each in static_mig(gpu("A100-40GB"), ())] == ["gpu-0"]

    def test_impossible_layout(self) -> None:
        board = gpu("A100-40GB").board
        with pytest.raises(DriverError, match="memory slice"):
            static_mig(gpu("A100-40GB"), [board.instance("7g.40gb", 0), board.instance("1g.5gb", 0)])


class TestMigNames:
    def test_every_name_reads_back(self) -> None:
        for board in boards().values():
            for instance in board.instances:
                name = mig_device_name(2, instance)
                assert parse_mig_device_name(name) == (2, instance.profile.name, instance.start)

    @pytest.mark.parametrize(
        ("board", "profile", "start", "name"),
        [
            ("A100-40GB", "1g.5gb", 0, "gpu-0-mig-1g5gb-19-0"),
            ("GB200-186GB", "2g.47gb", 2, "gpu-0-mig-2g47gb-14-2"),
            ("GB200-189GB", "4g.95gb", 0, "gpu-0-mig-4g95gb-5-0"),
        ],
    )
    def test_known_names(self, board: str, profile: str, start: int, name: str) -> None:
        assert mig_device_name(0, boards()[board].instance(profile, start)) == name

    @pytest.mark.parametrize("name", ["gpu-0", "gpu-0-mig-9-4-4", "gpu-0-mig-1g-19-0"])
    def test_other_names(self, name: str) -> None:
        assert parse_mig_device_name(name) is None

    def test_names_of_25_8_are_known_too(self) -> None:
        assert any(each.parse("gpu-0-mig-9-4-4") for each in DRIVER.device_type("mig").patterns)


class TestConsumableShares:
    def shared(self, mode: SharesMode | int) -> dict[str, object]:
        wire = consumable(full_gpu(gpu("H100-80GB")), mode).to_dict()
        assert wire["allowMultipleAllocations"] is True
        return wire["capacity"]

    def test_memory_mode_takes_all_unless_asked_for_less(self) -> None:
        assert self.shared(SharesMode.MEMORY) == {
            "memory": {
                "value": "81559Mi",
                "requestPolicy": {
                    "default": "81559Mi",
                    "validRange": {"min": "1Mi", "max": "81559Mi", "step": "1Mi"},
                },
            }
        }

    def test_unlimited_takes_nothing_unless_asked(self) -> None:
        policy = {"default": "0", "validRange": {"min": "0", "max": "81559Mi", "step": "1Mi"}}
        assert self.shared(SharesMode.UNLIMITED) == {"memory": {"value": "81559Mi", "requestPolicy": policy}}

    def test_number_of_shares(self) -> None:
        assert self.shared(4)["shares"] == {
            "value": "4",
            "requestPolicy": {"default": "1", "validRange": {"min": "1", "max": "4", "step": "1"}},
        }

    def test_the_device_given_is_not_changed(self) -> None:
        device = full_gpu(gpu("H100-80GB"))
        before = device.to_dict()
        consumable(device, 2)
        assert device.to_dict() == before

    @pytest.mark.parametrize("mode", [0, -1])
    def test_number_must_be_positive(self, mode: int) -> None:
        with pytest.raises(DriverError, match="positive"):
            consumable(full_gpu(gpu("L4")), mode)

    def test_unified_memory_cannot_be_shared(self) -> None:
        with pytest.raises(DriverError, match="no memory"):
            consumable(Device(name="gpu-0"), SharesMode.MEMORY)


def test_vfio_device_is_as_declared() -> None:
    device = vfio_gpu(gpu("A100-40GB"), 0, pci_device_id="0x20b0")
    assert device.name == "gpu-vfio-0"
    assert DRIVER.misdeclared(device) == []


def test_unknown_model_comes_with_the_nearest() -> None:
    with pytest.raises(DriverError) as caught:
        nvidia.gpu_model("H100-80gb")
    assert caught.value.remedy == "did you mean 'H100-80GB'?"
