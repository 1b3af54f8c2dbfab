"""`Driver` and the registry: look-ups with suggestions, gates that exclude each other, checking configs."""

from __future__ import annotations

import attrs
import pytest

import dra
from dra.drivers import nvidia
from dra.drivers.configs import Stage
from dra.drivers.declarations import amount
from dra.drivers.nvidia.publish import Gpu, full_gpu
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
