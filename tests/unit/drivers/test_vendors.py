"""The drivers besides NVIDIA's: what they publish is as declared, what they refuse is refused."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

import dra
from dra.drivers import amd, cpu, dranet, example, fabric, intel, memory, neuron, tpu
from dra.drivers.declarations import Kind
from dra.drivers.driver import Driver
from dra.drivers.standard import PciDevice
from dra.errors import DriverError, UnknownNameError
from dra.models.resource import Device

HERE = PciDevice("0003:00:02.0", root="pci0003:00", numa_node=0)
MI300X = amd.AmdGpu(amd.amd_gpu_model("MI300X"), 0, HERE)
CHIP = {"uuid": "tpu-a", "accelerator": "tpu-v6e-slice", "chip_count": 8}

PUBLISHED = {
    "gpu.amd.com": [amd.full_gpu(MI300X), *amd.partitions(MI300X)],
    "gpu.intel.com": [
        intel.gpu(intel.intel_gpu_model("B60"), HERE),
        intel.gpu(intel.intel_gpu_model("Flex 170"), HERE, monitored=False),
    ],
    "gaudi.intel.com": [intel.gaudi("Gaudi2", HERE, serial="AN1")],
    "dra.net": [
        dranet.nic(dranet.Nic(HERE, "ConnectX-7", "Mellanox", interface="gpu0", rdma="mlx5_0", mtu=9000)),
        dranet.nic(
            dranet.Nic(PciDevice("0101:00:00.0"), "VF", "Mellanox", extra={"azure.dra.net/vmSize": "a"})
        ),
    ],
    "dra.cpu": [*cpu.grouped_cpus(2, 112), *cpu.grouped_cpus(4, 32, mapped=True)],
    "dra.memory": [memory.memory_device(memory.MEMORY, node=0, size="64Gi", suffix="a1b2c3")],
    "dra.hugepages-2m": [memory.memory_device(memory.HUGEPAGES_2M, node=1, size="2Gi", suffix="a1b2c3")],
    "tpu.google.com": [
        tpu.chip(0, generation="v6e", topology="2x4", **CHIP),
        tpu.chip(3, generation="v4", **CHIP),
    ],
    "neuron.aws.com": [
        neuron.neuron_device(5, instance_type="trn2.48xlarge", columns=4, groups={4: "a", 16: "b"}),
        neuron.neuron_device(0, instance_type="inf2.xlarge", groups={}),
    ],
    "gpu.example.com": [
        example.gpu(0, uuid="gpu-a"),
        example.shared_gpu(0, uuid="gpu-a"),
        *example.partitions(1, uuid="gpu-b"),
    ],
    "net.example.com": [example.nic(0)],
    "cpu.example.com": [example.numa_cpus(0, 16)],
}


def named(devices: list[Device], name: str) -> dict[str, Any]:
    (found,) = [each for each in devices if each.name == name]
    return found.to_dict()


class TestEveryDriver:
    @pytest.mark.parametrize("name", PUBLISHED)
    def test_published_devices_are_as_declared(self, name: str) -> None:
        driver = dra.drivers.get(name)
        assert [finding for each in PUBLISHED[name] for finding in driver.misdeclared(each)] == []

    @pytest.mark.parametrize("driver", dra.drivers.all(), ids=lambda driver: driver.name)
    def test_declarations_are_within_the_limits_of_kubernetes(self, driver: Driver) -> None:
        assert len(driver.name) <= 63
        for declaration in (*driver.attributes, *driver.capacities):
            assert len(declaration.identifier) <= 32
            assert declaration.identifier.isidentifier()
            assert len(declaration.domain) <= 63

    @pytest.mark.parametrize("driver", dra.drivers.all(), ids=lambda driver: driver.name)
    def test_names_are_declared_once(self, driver: Driver) -> None:
        for each in driver.device_types:
            names = [declaration.name for declaration in (*each.attributes, *each.capacities)]
            assert len(names) == len(set(names))

    @pytest.mark.parametrize("driver", dra.drivers.all(), ids=lambda driver: driver.name)
    def test_every_class_selector_compiles(self, driver: Driver) -> None:
        for each in driver.classes:
            dra.cel.compile(each.expression)  # raises if it does not

    @pytest.mark.parametrize("driver", dra.drivers.all(), ids=lambda driver: driver.name)
    def test_configs_name_their_driver_and_its_types(self, driver: Driver) -> None:
        types = {each.name for each in driver.device_types}
        for config in driver.configs:
            assert config.driver == driver.name
            assert config.device_types <= types

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_the_only_class_of_a_driver_takes_all_its_devices(self, name: str) -> None:
        (expression,) = {
            each.expression for each in dra.drivers.get(name).classes if each.made_by != "platform"
        }
        selector = dra.cel.compile(expression)
        assert all(selector.matches(each, driver=name) for each in PUBLISHED[name])

    def test_it_is_known_where_everything_comes_from(self) -> None:
        assert all(driver.source and driver.title for driver in dra.drivers.all())


class TestAmd:
    def test_whole_gpu_as_the_driver_documents_it(self) -> None:
        assert amd.full_gpu(MI300X).to_dict() == {
            "name": "gpu-0-128",
            "attributes": {
                "type": {"string": "amdgpu"},
                "partitionProfile": {"string": "spx_nps1"},
                "deviceID": {"string": "0x74a1"},
                "productName": {"string": "AMD_Instinct_MI300X_OAM"},
                "driverVersion": {"version": "6.12.12"},
                "numaNode": {"int": 0},
                "resource.kubernetes.io/pciBusID": {"string": "0003:00:02.0"},
                "resource.kubernetes.io/pcieRoot": {"string": "pci0003:00"},
            },
            "capacity": {
                "memory": {"value": "196592Mi"},
                "computeUnits": {"value": "304"},
                "simdUnits": {"value": "1216"},
            },
        }

    def test_partitions_exclude_each_other_by_one_counter(self) -> None:
        partitions = amd.partitions(MI300X)
        assert [each.name for each in partitions] == [
            "gpu-0-spx-nps1",
            "gpu-0-dpx-nps2",
            "gpu-0-cpx-nps1",
            "gpu-0-cpx-nps4",
        ]
        consumed = {"counterSet": "gpu-0-mutex", "counters": {"partition-mode": {"value": "1"}}}
        assert all(each.to_dict()["consumesCounters"] == [consumed] for each in partitions)
        assert amd.counter_set(MI300X).name == "gpu-0-mutex"

    def test_each_of_eight_claims_gets_an_eighth(self) -> None:
        eighths = named(amd.partitions(MI300X), "gpu-0-cpx-nps4")
        assert eighths["allowMultipleAllocations"] is True
        assert eighths["capacity"] == {
            name: {"value": total, "requestPolicy": {"default": part, "validValues": [part]}}
            for name, total, part in (
                ("memory", "196592Mi", "24574Mi"),
                ("computeUnits", "304", "38"),
                ("simdUnits", "1216", "152"),
                ("partitions", "8", "1"),
            )
        }

    def test_a_whole_gpu_is_not_shared(self) -> None:
        whole = named(amd.partitions(MI300X), "gpu-0-spx-nps1")
        assert "allowMultipleAllocations" not in whole
        assert whole["capacity"]["partitions"] == {"value": "1"}

    def test_unknown_model(self) -> None:
        with pytest.raises(UnknownNameError):
            amd.amd_gpu_model("MI300")


class TestIntel:
    def test_name_is_the_address_and_the_device(self) -> None:
        assert (
            intel.gpu(intel.intel_gpu_model("B60"), PciDevice("0000:04:00.0")).name == "0000-04-00-0-0xe211"
        )

    def test_memory_is_zero_without_the_monitor(self) -> None:
        device = PUBLISHED["gpu.intel.com"][1].to_dict()
        assert device["capacity"] == {"memory": {"value": "0"}, "millicores": {"value": "1k"}}
        assert "health" not in device["attributes"]

    @pytest.mark.parametrize("model", ["Gaudi4", "gaudi"])
    def test_unknown_gaudi(self, model: str) -> None:
        with pytest.raises(UnknownNameError):
            intel.gaudi(model, HERE, serial="AN1")

    def test_unknown_gpu(self) -> None:
        with pytest.raises(UnknownNameError):
            intel.intel_gpu_model("Flex")


class TestDranet:
    def test_efa_as_on_a_live_p4d_node(self) -> None:
        place = PciDevice("0000:10:1b.0", root="pci0000:10", numa_node=0)
        card = dranet.Nic(place, "Elastic Fabric Adapter (EFA)", "Amazon.com, Inc.", rdma="rdmap16s27")
        assert dranet.nic(card).to_dict() == {
            "name": "pci-0000-10-1b-0",
            "attributes": {
                "dra.net/pciAddress": {"string": "0000:10:1b.0"},
                "dra.net/pciDevice": {"string": "Elastic Fabric Adapter (EFA)"},
                "dra.net/pciVendor": {"string": "Amazon.com, Inc."},
                "dra.net/rdma": {"bool": True},
                "dra.net/numaNode": {"int": 0},
                "dra.net/rdmaDevice": {"string": "rdmap16s27"},
                "resource.kubernetes.io/pciBusID": {"string": "0000:10:1b.0"},
                "resource.kubernetes.io/pcieRoot": {"string": "pci0000:10"},
            },
        }

    def test_unknown_extra_attribute(self) -> None:
        with pytest.raises(UnknownNameError, match="azure"):
            dranet.nic(dranet.Nic(HERE, "VF", "Mellanox", extra={"azure.dra.net/size": "a"}))

    def test_config_has_no_kind_but_is_strict(self) -> None:
        driver = dra.drivers.get("dra.net")
        assert driver.check({"interface": {"name": "net1", "mtu": 8896}}) == []
        (problem,) = driver.check({"interface": {"nmae": "net1"}})
        assert "did you mean 'name'" in problem.message

    def test_rules_and_vrf(self) -> None:
        (problem,) = dra.drivers.get("dra.net").check(
            {"interface": {"vrf": {"name": "blue"}}, "rules": [{"priority": 1}]}
        )
        assert problem.message == "rules are not supported together with a VRF"

    def test_config_without_an_interface(self) -> None:
        assert dra.drivers.get("dra.net").check({"routes": []}) == []


class TestCpu:
    def test_groups_as_documented(self) -> None:
        device = named(cpu.grouped_cpus(2, 64, sockets=1), "cpudevnuma001")
        assert device["allowMultipleAllocations"] is True
        assert device["capacity"] == {"dra.cpu/cpu": {"value": "64"}}
        assert device["attributes"] == {
            "dra.cpu/smtEnabled": {"bool": True},
            "dra.cpu/numCPUs": {"int": 64},
            "resource.kubernetes.io/numaNode": {"int": 1},
            "dra.cpu/socketID": {"int": 0},
            "dra.net/numaNode": {"int": 1},
            "dra.cpu/numaNodeID": {"int": 1},
        }

    def test_mapping_to_the_nodes_cpus(self) -> None:
        assert named(cpu.grouped_cpus(1, 8, mapped=True), "cpudevnuma000")["nodeAllocatableResources"] == {
            "cpu": {"mapping": {"capacityKey": "dra.cpu/cpu", "capacityMultiplier": "1"}}
        }

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"apiVersion": "v1"}, 'unsupported opaque config apiVersion: "v1"'),
            ({"apiVersion": "v1alpha1"}, "opaque config: cpuConfig.cpuset is empty or missing"),
        ],
    )
    def test_refused_configs(self, parameters: dict[str, Any], message: str) -> None:
        assert [each.message for each in dra.drivers.get("dra.cpu").check(parameters)] == [message]

    def test_unknown_fields_are_overlooked(self) -> None:
        parameters = {"apiVersion": "v1alpha1", "cpuConfig": {"cpuset": "0-3"}, "more": 1}
        assert dra.drivers.get("dra.cpu").check(parameters) == []


class TestSriov:
    GOOD: ClassVar = {
        "apiVersion": "sriovnetwork.k8snetworkplumbingwg.io/v1alpha1",
        "kind": "VfConfig",
        "driver": "vfio-pci",
        "netAttachDefName": "net",
    }

    def messages(self, **changes: Any) -> list[str]:
        driver = dra.drivers.get("sriovnetwork.k8snetworkplumbingwg.io")
        return [each.message for each in driver.check(self.GOOD | changes)]

    def test_good(self) -> None:
        link = {"vlan": 0, "qos": 7, "vlanProto": "802.1q", "minTxRate": 0, "maxTxRate": 0}
        assert self.messages(vf=link | {"linkState": "auto"}) == []

    def test_required(self) -> None:
        assert self.messages(driver="") == ["no driver set"]
        assert self.messages(netAttachDefName="") == ["no net attach def name set"]

    @pytest.mark.parametrize(
        ("link", "message"),
        [
            ({"vlan": 1}, "vlan, qos and vlanProto must be set together"),
            ({"maxTxRate": 1}, "minTxRate and maxTxRate must be set together"),
            ({"vlan": 4095, "qos": 0, "vlanProto": "802.1q"}, "vlan 4095 out of range [0-4094]"),
            ({"vlan": 1, "qos": 8, "vlanProto": "802.1ad"}, "qos 8 out of range [0-7]"),
            (
                {"vlan": 1, "qos": 1, "vlanProto": "802.3"},
                'invalid vlanProto "802.3", expected "802.1q" or "802.1ad"',
            ),
            ({"linkState": "up"}, 'invalid linkState "up", expected "auto", "enable" or "disable"'),
            ({"minTxRate": -1, "maxTxRate": 1}, "minTxRate -1 must not be negative"),
            ({"minTxRate": 2, "maxTxRate": 1}, "minTxRate 2 must not exceed maxTxRate 1"),
        ],
    )
    def test_refused_links(self, link: dict[str, Any], message: str) -> None:
        assert self.messages(vf=link) == [message]


class TestTpu:
    DRIVER = dra.drivers.get("tpu.google.com")
    CONFIG: ClassVar = {"apiVersion": "tpu.resource.google.com/v1alpha1", "kind": "TpuConfig"}

    def test_newer_chips_are_named_by_their_number(self) -> None:
        assert [each.name for each in PUBLISHED["tpu.google.com"]] == ["0", "accel3"]

    def test_chips_of_a_node_go_together(self) -> None:
        chips = [tpu.chip(each, generation="v6e", **CHIP) for each in range(8)]
        assert self.DRIVER.check(self.CONFIG, devices=chips) == []
        (problem,) = self.DRIVER.check(self.CONFIG, devices=chips[:4])
        assert "partial tpu devices (4)" in problem.message

    @pytest.mark.parametrize("level", [-1, 4])
    def test_log_levels(self, level: int) -> None:
        config = self.CONFIG | {"logging": {"stderrLevel": level}}
        (problem,) = self.DRIVER.check(config)
        assert problem.message == f"invalid stderrLevel: {level}, must be between 0 (INFO) and 3 (FATAL)"


class TestNeuron:
    def test_place_in_the_grid(self) -> None:
        attributes = PUBLISHED["neuron.aws.com"][0].to_dict()["attributes"]
        assert attributes["topology_x"] == {"int": 1}
        assert attributes["topology_y"] == {"int": 1}
        assert attributes["resource.aws.com/devicegroup4_id"] == {"string": "a"}

    def test_version_of_four_parts_is_a_string(self) -> None:
        assert dra.drivers.get("neuron.aws.com").attribute("neuronDriverVersion").kind is Kind.STRING

    @pytest.mark.parametrize(
        ("kind", "field", "good", "bad"),
        [("NeuronConfig", "logicalNeuronCore", 2, 3), ("UltraServerConfig", "ultraserverMode", 4, 3)],
    )
    def test_configs(self, kind: str, field: str, good: int, bad: int) -> None:
        driver = dra.drivers.get("neuron.aws.com")
        config = {"apiVersion": "neuron.aws.com/v1", "kind": kind}
        assert driver.check(config | {field: good}) == []
        assert field in driver.check(config | {field: bad})[0].message


class TestMemory:
    def test_claims_take_whole_pages(self) -> None:
        device = PUBLISHED["dra.hugepages-2m"][0].to_dict()
        assert device["capacity"]["size"] == {
            "value": "2Gi",
            "requestPolicy": {"default": "2Mi", "validRange": {"min": "2Mi", "max": "2Gi", "step": "2Mi"}},
        }

    def test_size_in_whole_pages(self) -> None:
        with pytest.raises(DriverError, match="page size"):
            memory.memory_device(memory.HUGEPAGES_1G, node=0, size="1536Mi", suffix="a1b2c3")

    def test_other_drivers_have_no_memory(self) -> None:
        with pytest.raises(DriverError, match="no memory driver"):
            memory.memory_device(cpu.DRIVER, node=0, size="1Gi", suffix="a1b2c3")


class TestFabric:
    FPGA = fabric.fabric_driver("fpga.example.com", attributes={"luts": Kind.INT}, capacities=("slots",))

    def test_device_waits_until_it_is_attached(self) -> None:
        device = fabric.fabric_device(
            self.FPGA, "fpga-0", {"productName": "U250", "luts": 1728000}, {"slots": "4"}
        )
        assert self.FPGA.misdeclared(device) == []
        wire = device.to_dict()
        assert wire["bindsToNode"] is True
        assert wire["bindingConditions"] == ["FabricDeviceReady"]
        assert wire["bindingFailureConditions"] == ["FabricDeviceReschedule", "FabricDeviceFailed"]

    def test_device_in_the_node_does_not_wait(self) -> None:
        device = fabric.fabric_device(self.FPGA, "fpga-0", {}, attached_later=False)
        assert device.to_dict() == {"name": "fpga-0", "attributes": {}}

    @pytest.mark.parametrize(
        ("name", "values"), [("FPGA_0", {}), ("fpga-0", {"luts": "many"}), ("fpga-0", {"lut": 1})]
    )
    def test_what_it_does_not_publish(self, name: str, values: dict[str, Any]) -> None:
        with pytest.raises(DriverError):
            fabric.fabric_device(self.FPGA, name, values)

    def test_nodes_are_those_of_the_fabric(self) -> None:
        (term,) = fabric.fabric_nodes("cohdi.io", "fpga", "1").node_selector_terms
        assert [(each.key, each.values) for each in term.match_expressions or []] == [
            ("cohdi.io/fpga", ["true"]),
            ("cohdi.io/fabric", ["1"]),
        ]


class TestExample:
    def test_parts_are_quarters_of_the_counters(self) -> None:
        part = named(example.partitions(1, uuid="gpu-b"), "gpu-1-partition-3")
        quarter = {"memory": {"value": "20Gi"}, "compute": {"value": "25"}}
        assert part["capacity"] == quarter
        assert part["consumesCounters"] == [{"counterSet": "gpu-1-counters", "counters": quarter}]
        assert example.counter_set(1).to_dict() == {
            "name": "gpu-1-counters",
            "counters": {"memory": {"value": "80Gi"}, "compute": {"value": "100"}},
        }

    def test_one_function_and_1g_for_each_claim(self) -> None:
        capacity = example.nic(0).to_dict()["capacity"]
        assert capacity["vfs"]["requestPolicy"] == {"default": "1", "validValues": ["1"]}
        assert capacity["ingressBandwidth"]["requestPolicy"] == {
            "default": "1G",
            "validRange": {"min": "100M", "max": "100G", "step": "1M"},
        }

    CONFIG: ClassVar = {"apiVersion": "gpu.resource.example.com/v1alpha1", "kind": "GpuConfig"}

    @pytest.mark.parametrize(
        ("sharing", "message"),
        [
            ({"strategy": ""}, "unknown GPU sharing strategy: "),
            ({"strategy": "TimeSlicing", "timeSlicingConfig": {}}, "unknown time-slice interval: "),
            (
                {"strategy": "SpacePartitioning", "spacePartitioningConfig": {"partitionCount": -1}},
                "invalid partition count: -1",
            ),
        ],
    )
    def test_refused(self, sharing: dict[str, Any], message: str) -> None:
        (problem,) = dra.drivers.get("gpu.example.com").check(self.CONFIG | {"sharing": sharing})
        assert problem.message == message

    @pytest.mark.parametrize(
        "sharing",
        [
            {"strategy": "TimeSlicing"},
            {"strategy": "TimeSlicing", "timeSlicingConfig": {"interval": "Long"}},
            {"strategy": "SpacePartitioning", "spacePartitioningConfig": {"partitionCount": 10}},
        ],
    )
    def test_accepted(self, sharing: dict[str, Any]) -> None:
        assert dra.drivers.get("gpu.example.com").check(self.CONFIG | {"sharing": sharing}) == []


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("FPGA example", {}),
        ("fpga.example.com", {"lu ts": Kind.INT}),
        ("fpga.example.com", {"luts": int}),
    ],
)
def test_a_fabric_driver_that_cannot_be_is_refused(name: str, attributes: dict[str, Any]) -> None:
    with pytest.raises(DriverError):
        fabric.fabric_driver(name, attributes=attributes)
