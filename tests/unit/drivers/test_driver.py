"""`Driver` and the registry: look-ups with suggestions, gates that exclude each other, checking configs."""

from __future__ import annotations

from typing import ClassVar

import attrs
import pytest

import dra
from dra.drivers import nvidia
from dra.drivers.configs import Stage
from dra.drivers.declarations import amount
from dra.drivers.nvidia.publish import Gpu, full_gpu, static_mig
from dra.drivers.standard import PciDevice
from dra.errors import DriverError, UnknownNameError
from dra.models.resource import (
    Device,
    DeviceAttribute,
    DeviceClaimConfiguration,
    DeviceClass,
    DeviceClassConfiguration,
    OpaqueDeviceConfiguration,
    ResourceClaim,
    ResourceClaimTemplate,
    ResourceSlice,
)

GPU = dra.drivers.get("gpu.nvidia.com")
H100 = Gpu(nvidia.gpu_model("H100-80GB"), 0, "GPU-a", PciDevice("0000:1a:00.0"))


class TestLookUp:
    @pytest.mark.parametrize("name", ["uuid", "gpu.nvidia.com/uuid"])
    def test_with_and_without_the_drivers_domain(self, name: str) -> None:
        assert GPU.attribute(name).name == "uuid"

    @pytest.mark.parametrize("name", ["pcieRoot", "resource.kubernetes.io/pcieRoot"])
    def test_standard_attributes(self, name: str) -> None:
        assert GPU.attribute(name).name == "resource.kubernetes.io/pcieRoot"

    def test_type_of_device_narrows(self) -> None:
        assert GPU.attribute("profile").optional
        assert not GPU.attribute("profile", "mig").optional
        with pytest.raises(UnknownNameError, match="no attribute of"):
            GPU.attribute("profile", "gpu")

    def test_wrong_names_come_with_the_nearest(self) -> None:
        for look_up, wrong, right in (
            (GPU.attribute, "productname", "productName"),
            (GPU.capacity, "memroy", "memory"),
            (GPU.device_type, "vifo", "vfio"),
            (dra.drivers.get, "gpu.nvidia.con", "gpu.nvidia.com"),
        ):
            with pytest.raises(UnknownNameError) as caught:
                look_up(wrong)
            assert caught.value.remedy == f"did you mean {right!r}?"

    def test_numbered_capacity(self) -> None:
        assert GPU.capacity("memorySlice7").name == "memorySlice7"
        assert GPU.capacity("memory", "mig").name == "memory"

    def test_all_are_found_by_name(self) -> None:
        assert all(dra.drivers.get(driver.name) is driver for driver in dra.drivers.all())


class TestGates:
    def test_defaults(self) -> None:
        assert GPU.default_gates == frozenset()
        domains = dra.drivers.get("compute-domain.nvidia.com")
        assert domains.default_gates == {
            "IMEXDaemonsWithDNSNames",
            "ComputeDomainCliques",
            "CrashOnNVLinkFabricErrors",
        }

    @pytest.mark.parametrize("other", ["PassthroughSupport", "NVMLDeviceHealthCheck", "MPSSupport"])
    def test_dynamic_mig_excludes(self, other: str) -> None:
        with pytest.raises(DriverError, match="exclude each other"):
            GPU.enabled_gates({"DynamicMIG": True, other: True})

    def test_passthrough_excludes_the_health_check(self) -> None:
        with pytest.raises(DriverError, match="exclude each other"):
            GPU.enabled_gates({"PassthroughSupport": True, "NVMLDeviceHealthCheck": True})

    def test_requirements(self) -> None:
        with pytest.raises(DriverError, match="DeviceMetadata needs PassthroughSupport"):
            GPU.enabled_gates({"DeviceMetadata": True})
        both = {"DeviceMetadata": True, "PassthroughSupport": True}
        assert GPU.enabled_gates(both) == both.keys()
        with pytest.raises(DriverError, match="needs IMEXDaemonsWithDNSNames"):
            dra.drivers.get("compute-domain.nvidia.com").enabled_gates({"IMEXDaemonsWithDNSNames": False})

    def test_unknown_gate(self) -> None:
        with pytest.raises(UnknownNameError, match="feature gate"):
            GPU.enabled_gates({"DynamicMig": True})


class TestMisdeclared:
    def test_a_published_device_is_as_declared(self) -> None:
        assert GPU.misdeclared(full_gpu(H100)) == []

    def test_every_difference_is_named(self) -> None:
        device = full_gpu(H100)
        attributes = dict(device.attributes or {})
        del attributes["uuid"]
        attributes |= {"brand": DeviceAttribute(int_=1), "minor": DeviceAttribute(int_=0)}
        changed = device.model_copy(
            update={"name": "gpu0", "attributes": attributes, "capacity": {"cores": amount(1)}}
        )
        assert GPU.misdeclared(changed) == [
            "gpu0: attribute brand is no string",
            "gpu0: unknown attribute minor",
            "gpu0: unknown capacity cores",
            "gpu0: lacks uuid",
            "gpu0: not a name of a gpu device",
        ]

    def test_unknown_type(self) -> None:
        device = Device(name="gpu-0", attributes={"type": DeviceAttribute(string="vgpu")})
        assert GPU.misdeclared(device) == ["gpu-0: no device type of gpu.nvidia.com fits"]

    def test_without_a_type_attribute_the_name_decides(self) -> None:
        assert GPU.type_of(Device(name="gpu-vfio-0")) is GPU.device_type("vfio")
        assert GPU.type_of(Device(name="nic-0")) is None


def mps(percentage: int = 50) -> OpaqueDeviceConfiguration:
    return nvidia.GpuConfig(
        sharing=nvidia.GpuSharing(
            strategy="MPS", mps_config=nvidia.MpsConfig(default_active_thread_percentage=percentage)
        )
    ).opaque()


class TestCheckConfigs:
    def test_claim_template_and_class_have_their_paths(self) -> None:
        claim, template, device_class = ResourceClaim(), ResourceClaimTemplate(), DeviceClass()
        claim.spec.devices.config = [DeviceClaimConfiguration(), DeviceClaimConfiguration(opaque=mps())]
        template.spec.spec.devices.config = [DeviceClaimConfiguration(opaque=mps())]
        device_class.spec.config = [DeviceClassConfiguration(opaque=mps())]
        found = [dra.drivers.check_configs(each)[0] for each in (claim, template, device_class)]
        assert [problem.field for problem in found] == [
            "spec.devices.config[1].opaque.parameters",
            "spec.spec.devices.config[0].opaque.parameters",
            "spec.config[0].opaque.parameters",
        ]
        assert [problem.stage for problem in found] == [Stage.ADMISSION, Stage.ADMISSION, Stage.PREPARE]
        assert str(found[0]).startswith('spec.devices.config[1].opaque.parameters: "MPS" is selected')

    def test_gates_are_the_drivers(self) -> None:
        claim = ResourceClaim()
        claim.spec.devices.config = [DeviceClaimConfiguration(opaque=mps(101))]
        (problem,) = dra.drivers.check_configs(claim, gates={"gpu.nvidia.com": {"MPSSupport"}})
        assert problem.message == "active thread percentage must not be greater than 100"

    def test_configs_of_other_drivers_are_left_alone(self) -> None:
        claim = ResourceClaim()
        foreign = OpaqueDeviceConfiguration(driver="unknown.example.org", parameters={"a": 1})
        claim.spec.devices.config = [DeviceClaimConfiguration(opaque=foreign)]
        assert dra.drivers.check_configs(claim) == []

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            (None, "no configuration of type 'NoneType'"),
            ([], "no configuration of type 'list'"),
            ({}, "no configuration of type ''"),
            ({"apiVersion": "resource.nvidia.com/v1beta1", "kind": "GPUConfig"}, "GPUConfig"),
            (
                {"apiVersion": "resource.nvidia.com/v1beta1", "kind": "GpuConfig", "shareing": {}},
                "did you mean 'sharing'?",
            ),
            (
                {
                    "apiVersion": "resource.nvidia.com/v1beta1",
                    "kind": "MigDeviceConfig",
                    "sharing": {"strategy": "TimeSlicing", "timeSlicingConfig": {"interval": "Long"}},
                },
                "unknown field 'timeSlicingConfig'",
            ),
        ],
    )
    def test_decoding_is_strict(self, parameters: object, message: str) -> None:
        (problem,) = GPU.check(parameters)
        assert message in problem.message
        assert problem.stage is Stage.ADMISSION


class TestClasses:
    def test_classes_of_the_chart(self) -> None:
        assert [each.metadata.name for each in GPU.device_classes()] == [
            "gpu.nvidia.com",
            "mig.nvidia.com",
            "vfio.gpu.nvidia.com",
        ]
        assert GPU.device_classes()[0].spec.extended_resource_name == "nvidia.com/gpu"
        assert GPU.device_classes(extended_resources=False)[0].spec.extended_resource_name is None

    def test_each_call_gives_objects_of_its_own(self) -> None:
        GPU.device_classes()[0].spec.extended_resource_name = "changed"
        assert GPU.device_classes()[0].spec.extended_resource_name == "nvidia.com/gpu"

    def test_drivers_are_immutable(self) -> None:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            GPU.name = "other"  # type: ignore[misc] # the assignment is the test


class TestFindClass:
    def test_class_tells_driver_and_type(self) -> None:
        driver, device_class = dra.drivers.find_class("gpu.nvidia.com")
        assert (driver, device_class.device_type) == (GPU, "gpu")
        assert dra.drivers.find_class("efa.networking.k8s.aws")[0].name == "dra.net"

    def test_types_of_classes_exist(self) -> None:
        for driver in dra.drivers.all():
            for each in driver.classes:
                assert not each.device_type or driver.device_type(each.device_type)

    def test_unknown_class(self) -> None:
        with pytest.raises(UnknownNameError) as caught:
            dra.drivers.find_class("mig.nvidia.con")
        assert caught.value.remedy == "did you mean 'mig.nvidia.com'?"


class TestCheckAllocated:
    """Two GPUs and a MIG device of one node, configured in the ways that only show on the node."""

    GPUS = tuple(
        full_gpu(Gpu(H100.model, minor, f"GPU-{minor}", PciDevice(f"0000:1{minor}:00.0"))) for minor in (0, 1)
    )
    MIG = static_mig(
        Gpu(H100.model, 2, "GPU-2", PciDevice("0000:12:00.0")), H100.board.named_layout("all-7g.80gb")
    )[0]
    GATES: ClassVar = {"gpu.nvidia.com": {"MPSSupport", "TimeSlicingSettings"}}

    def check(self, *configs: dict[str, object], devices: tuple[Device, ...] = GPUS) -> list[str]:
        slices = ResourceSlice.from_dict(
            {"spec": {"driver": "gpu.nvidia.com", "nodeName": "n", "pool": {"name": "n"}}}
        )
        slices.spec.devices = [*self.GPUS, self.MIG]
        results = [
            {"request": f"r{index}", "driver": "gpu.nvidia.com", "pool": "n", "device": each.name}
            for index, each in enumerate(devices)
        ]
        allocation = {"devices": {"results": results, "config": list(configs)}}
        claim = ResourceClaim.from_dict({"status": {"allocation": allocation}})
        problems = dra.drivers.check_allocated(claim, [slices], gates=self.GATES)
        assert all(problem.stage is Stage.PREPARE for problem in problems)
        path = "status.allocation.devices."
        return [f"{problem.field.removeprefix(path)} {problem.message}" for problem in problems]

    def config(self, parameters: OpaqueDeviceConfiguration, *requests: str) -> dict[str, object]:
        return {"source": "FromClaim", "requests": list(requests), "opaque": parameters.to_dict()}

    def test_what_fits(self) -> None:
        assert self.check(self.config(mps())) == []
        assert self.check(self.config(mps(), "r0")) == []

    def test_limit_for_a_device_of_another_request(self) -> None:
        limits = nvidia.MpsConfig.from_dict({"defaultPerDevicePinnedMemoryLimit": {"1": "1Gi"}})
        config = nvidia.GpuConfig(sharing=nvidia.GpuSharing(strategy="MPS", mps_config=limits)).opaque()
        assert self.check(self.config(config)) == []
        assert self.check(self.config(config, "r0")) == ["config[0].opaque.parameters invalid device: 1"]

    def test_named_request_got_another_type_of_device(self) -> None:
        assert self.check(self.config(mps(), "r0"), devices=(self.MIG,)) == [
            f"config[0].opaque.parameters cannot apply this configuration to {self.MIG.name}"
        ]

    def test_without_names_it_goes_to_the_fitting_devices(self) -> None:
        assert self.check(self.config(mps()), devices=(*self.GPUS, self.MIG)) == []

    def test_subrequests_are_named_by_their_request(self) -> None:
        result = {"request": "gpu/h100", "driver": "gpu.nvidia.com", "pool": "n", "device": "gpu-0"}
        config = self.config(nvidia.MigDeviceConfig().opaque(), "gpu")
        claim = ResourceClaim.from_dict(
            {"status": {"allocation": {"devices": {"results": [result], "config": [config]}}}}
        )
        slices = ResourceSlice.from_dict({"spec": {"driver": "gpu.nvidia.com", "pool": {"name": "n"}}})
        slices.spec.devices = list(self.GPUS)
        (problem,) = dra.drivers.check_allocated(claim, [slices])
        assert problem.message == "cannot apply this configuration to gpu-0"

    def test_what_admission_would_have_said_shows_now(self) -> None:
        (finding,) = self.check(self.config(mps(101)))
        assert finding.endswith("must not be greater than 100")

    def test_other_drivers_and_claims_without_allocation(self) -> None:
        foreign = OpaqueDeviceConfiguration(driver="unknown.example.org", parameters={})
        assert self.check(self.config(foreign), {"source": "FromClaim"}) == []
        assert dra.drivers.check_allocated(ResourceClaim(), []) == []
