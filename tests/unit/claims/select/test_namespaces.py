"""Terms by driver: every declaration is there, with its type; what is not declared is an error at once."""

from __future__ import annotations

import copy

import pytest

from dra import drivers
from dra.claims import select
from dra.claims.select import (
    Devices,
    amd,
    cpu,
    device,
    dranet,
    driver,
    example,
    intel,
    is_a,
    memory,
    nvidia,
    semver,
    sriov,
)
from dra.claims.select.namespaces import VENDORS, python_name
from dra.drivers import Driver, Kind
from dra.drivers.fabric import fabric_driver
from dra.errors import DraError, ExpressionError, UnknownNameError

EVERYTHING = [
    (each, device_type)
    for each in drivers.all()
    for device_type in ("", *(t.name for t in each.device_types))
]


class TestEveryDriver:
    @pytest.mark.parametrize(
        ("each", "device_type"), EVERYTHING, ids=lambda value: getattr(value, "name", value)
    )
    def test_every_declaration_is_a_term_whose_source_gives_it_again(
        self, each: Driver, device_type: str
    ) -> None:
        devices = driver(each, device_type)
        source = each.device_type(device_type) if device_type else each
        for declaration in (*source.attributes, *source.capacities):
            term = devices[declaration.name]
            assert declaration.qualified(each.name).rpartition("/")[2] in str(term)
            assert repr(eval(repr(term), vars(select))) == repr(term)

    def test_every_type_of_device_is_a_member_of_a_vendor(self) -> None:
        members = {kind for vendor in VENDORS.values() for kind in vendor._kinds.values()}
        assert members == {(each.name, kind) for each, kind in EVERYTHING if kind}
        assert all(
            isinstance(getattr(vendor, name), Devices) for vendor in VENDORS.values() for name in dir(vendor)
        )

    def test_every_module_of_drivers_with_a_driver_is_a_vendor(self) -> None:
        with_drivers = {name for name, module in vars(drivers).items() if getattr(module, "DRIVERS", ())}
        assert set(VENDORS) == with_drivers
        assert all(getattr(select, name) is vendor for name, vendor in VENDORS.items())


class TestNames:
    @pytest.mark.parametrize(
        ("wire", "python"),
        [
            ("memory", "memory"),
            ("cudaComputeCapability", "cuda_compute_capability"),
            ("parentUUID", "parent_uuid"),
            ("pciBusID", "pci_bus_id"),
            ("iommuFDEnabled", "iommu_fd_enabled"),
            ("PFName", "pf_name"),
            ("numCPUs", "num_cpus"),
            ("cpuIDs", "cpu_ids"),
            ("cacheL3ID", "cache_l3_id"),
            ("resource.kubernetes.io/pcieRoot", "pcie_root"),
            ("topology4_id", "topology4_id"),
        ],
    )
    def test_python_writes_them_with_underscores(self, wire: str, python: str) -> None:
        assert python_name(wire) == python

    def test_the_name_on_the_wire_does_as_well(self) -> None:
        assert repr(nvidia.gpu.driverVersion) == repr(nvidia.gpu.driver_version)

    def test_a_full_name_is_an_index(self) -> None:
        assert repr(nvidia.gpu["resource.kubernetes.io/pcieRoot"]) == "nvidia.gpu.pcie_root"

    def test_of_two_domains_the_drivers_own_is_meant(self) -> None:
        assert str(sriov.vf.device_id.exists()).startswith('has(device.attributes["sriovnetwork.')
        assert str(sriov.vf["k8s.cni.cncf.io/deviceID"].exists()).startswith(
            'has(device.attributes["k8s.cni.'
        )

    def test_a_numbered_capacity_takes_its_number(self) -> None:
        assert str(nvidia.mig.memory_slice3.exists()) == 'has(device.capacity["gpu.nvidia.com"].memorySlice3)'
        with pytest.raises(UnknownNameError):
            nvidia.mig.memorySlice3x  # noqa: B018 - the look-up is the test

    def test_completion_offers_both_spellings(self) -> None:
        assert {"driver_version", "driverVersion", "memory", "pcie_root"} <= set(dir(nvidia.gpu))
        assert {"gpu", "mig", "vfio"} <= set(dir(nvidia))

    @pytest.mark.parametrize(
        ("look_up", "remedy"),
        [
            (lambda: nvidia.gpu.memmory, "did you mean 'memory'?"),
            (lambda: nvidia.gpu["architekture"], "did you mean 'architecture'?"),
            (lambda: nvidia.gpu.profile, "only devices of type mig have it"),
            (lambda: nvidia.gpus, "did you mean 'gpu'?"),
            (lambda: driver("gpu.nvidia.con"), "did you mean 'gpu.nvidia.com'?"),
            (lambda: driver("gpu.nvidia.com", "migg"), "did you mean 'mig'?"),
        ],
    )
    def test_a_wrong_name_is_an_error_with_the_right_one(self, look_up: object, remedy: str) -> None:
        with pytest.raises(UnknownNameError) as caught:
            look_up()  # type: ignore[operator] # a function
        assert caught.value.remedy == remedy

    def test_asking_whether_there_is_a_member_is_no_error(self) -> None:
        assert not hasattr(nvidia.gpu, "profile")
        assert not hasattr(nvidia, "tpu")
        assert copy.deepcopy(nvidia.gpu)["uuid"].exists() == nvidia.gpu.uuid.exists()


class TestTypes:
    @pytest.mark.parametrize(
        ("build", "expected"),
        [
            (lambda: nvidia.gpu.memory >= 20, "a quantity"),
            (lambda: nvidia.gpu.uuid == 1, "a text"),
            (lambda: nvidia.gpu.uuid >= "a", "no order"),
            (lambda: nvidia.gpu.driver_version >= 550, "a version"),
            (lambda: nvidia.gpu.driver_version >= "550.54", "not a semantic version"),
            (lambda: nvidia.gpu.driver_version.startswith("550"), "is a version; .startswith asks a text"),
            (lambda: nvidia.gpu.numa_node == "0", "an integer"),
            (lambda: nvidia.gpu.numa_node == True, "an integer"),  # noqa: E712 - the mistake
            (lambda: nvidia.gpu.uuid.includes("a"), "is no list"),
            (lambda: dranet.nic.rdma >= 1, "True or False"),
            (lambda: dranet.nic.rdma == "true", "True or False"),
            (lambda: nvidia.gpu.uuid & dranet.nic.rdma, "is a text, no condition"),
            (lambda: nvidia.gpu.memory.or_else(0), "a quantity"),
            (lambda: is_a(nvidia), "no kind of device"),  # type: ignore[arg-type] # the mistake
        ],
    )
    def test_a_value_of_another_type_is_an_error_at_once(self, build: object, expected: str) -> None:
        with pytest.raises(ExpressionError, match=expected):
            build()  # type: ignore[operator] # a function

    def test_a_version_may_be_written_as_text(self) -> None:
        assert (nvidia.gpu.driver_version >= "550.54.0") == (nvidia.gpu.driver_version >= semver("550.54.0"))

    def test_what_may_be_a_list_takes_both_questions(self) -> None:
        assert str(nvidia.gpu.numa_node == 0).endswith("numaNode == 0")
        assert str(nvidia.gpu.numa_node.includes(0)).endswith("numaNode.includes(0)")

    def test_a_value_that_the_driver_does_not_publish_says_which_it_does(self) -> None:
        with pytest.raises(ExpressionError) as caught:
            nvidia.gpu.architecture == "hopper"  # noqa: B015 - building it is the test
        assert "did you mean 'Hopper'?" in caught.value.remedy
        assert 'device.attr("gpu.nvidia.com/architecture")' in caught.value.remedy
        with pytest.raises(DraError, match="is never 'Hoper'"):
            nvidia.gpu.architecture.in_(["Hopper", "Hoper"])

    def test_a_part_of_a_value_may_be_any_text(self) -> None:
        assert "Lovelace" in str(nvidia.gpu.architecture.endswith("Lovelace"))


class TestGuards:
    def test_what_every_device_of_the_type_has_needs_no_guard(self) -> None:
        assert (
            str(nvidia.mig.profile == "1g.5gb") == 'device.attributes["gpu.nvidia.com"].profile == "1g.5gb"'
        )

    def test_what_only_some_have_is_guarded(self) -> None:
        text = str(nvidia.gpu.memory >= "20Gi")
        assert text.startswith('has(device.capacity["gpu.nvidia.com"].memory) && ')

    def test_what_another_type_of_the_driver_lacks_is_guarded_for_the_driver(self) -> None:
        assert ".?profile." in str(driver("gpu.nvidia.com").profile == "1g.5gb")

    def test_the_other_way_may_be_asked_for(self) -> None:
        assert ".?architecture." in str(nvidia.gpu.architecture.or_false() == "Hopper")
        assert "has(" not in str(nvidia.gpu.memory.or_error() >= "20Gi")


class TestKinds:
    def test_is_a_selects_what_the_class_of_the_type_does(self) -> None:
        assert str(is_a(nvidia.gpu)) == (
            'device.driver == "gpu.nvidia.com" && device.attributes["gpu.nvidia.com"].type == "gpu"'
        )

    def test_without_a_type_on_the_wire_the_driver_decides(self) -> None:
        assert str(is_a(cpu.group)) == 'device.driver == "dra.cpu"'
        assert str(is_a(driver("gpu.amd.com"))) == 'device.driver == "gpu.amd.com"'

    def test_gpus_of_any_vendor(self) -> None:
        any_gpu = is_a(nvidia.gpu) & (nvidia.gpu.memory >= "20Gi") | is_a(amd.gpu) & (
            amd.gpu.memory >= "20Gi"
        )
        mi300 = {"attributes": {"type": {"string": "amdgpu"}}, "capacity": {"memory": {"value": "196592Mi"}}}
        assert any_gpu.matches(mi300, driver="gpu.amd.com")
        assert not any_gpu.matches(mi300, driver="gpu.intel.com")

    def test_a_driver_that_is_not_known_by_name(self) -> None:
        fpga = driver(fabric_driver("fpga.example.com", attributes={"luts": Kind.INT}))
        assert repr(fpga.luts >= 1000) == 'device.attr("fpga.example.com/luts") >= 1000'
        with pytest.raises(UnknownNameError, match=r"fpga\.example\.com"):
            fpga.nope  # noqa: B018 - the look-up is the test

    def test_vendors_and_types_show_their_names(self) -> None:
        assert [repr(each) for each in (memory, intel.gaudi, example.gpu)] == [
            "memory",
            "intel.gaudi",
            "example.gpu",
        ]
        assert repr(device.of("a.example.com")) == 'device.of("a.example.com")'


def test_a_device_has_no_attributes_as_members_and_says_how_to_ask() -> None:
    with pytest.raises(UnknownNameError) as caught:
        select.device.memory  # type: ignore[attr-defined]  # noqa: B018 - a name that does not exist

    assert 'device.capacity("memory")' in caught.value.remedy
