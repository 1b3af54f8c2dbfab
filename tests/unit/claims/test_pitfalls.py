"""What people run into with drivers: each pitfall is an error or a finding, and its correction is neither."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra.claims import claim, gpu, select
from dra.claims.select import semver
from dra.claims.sharing import MIG, shared
from dra.drivers.nvidia import Gpu, gpu_model
from dra.drivers.nvidia.gpu import DRIVER
from dra.drivers.nvidia.publish import vfio_gpu
from dra.models.resource import Device, DeviceCapacity
from dra.testing import nodes
from dra.testing.nodes import Fixture

GPU = "gpu.nvidia.com"
ROOT = "resource.kubernetes.io/pcieRoot"
NUMA = "resource.kubernetes.io/numaNode"
MEMORY = 'device.capacity["gpu.nvidia.com"].memory'


def codes(wanted: Any, fixture: Fixture | None = None) -> list[str]:
    slices = [*fixture.slices, *fixture.classes] if fixture else None
    return [each.code for each in wanted.findings(slices) if each.severity != "info"]


def where(text: str | select.Expression, device_class: str = GPU) -> Any:
    return claim("wanted").request("gpu", device_class=device_class, where=text)


class TestDeviceNames:
    """1: names with dots, and pass-through devices named like GPUs."""

    def renamed(self, name: str, device: Device) -> Device:
        return device.model_copy(update={"name": name})

    def test_a_dot_is_not_allowed(self) -> None:
        cut = nodes.node("dgx-a100-40gb", mig="all-1g.5gb", drivers=[GPU])
        assert dra.validate(cut.slices[0]) == []
        found = [each.name for each in cut.devices()]
        assert "gpu-0-mig-1g5gb-19-0" in found
        dotted = cut.slices[0].clone()
        (dotted.spec.devices or [])[0].name = "gpu-0-mig-1g.5gb-0"
        assert [each.field for each in dra.validate(dotted)] == ["spec.devices[0].name"]

    def test_a_pass_through_device_is_called_vfio(self) -> None:
        place = nodes.machine("dgx-h100").parts[0].places[0]
        device = vfio_gpu(Gpu(gpu_model("H100-80GB"), 0, "GPU-0", place), 0, pci_device_id="0x2330")
        assert device.name == "gpu-vfio-0"
        assert DRIVER.misdeclared(device) == []
        assert DRIVER.misdeclared(self.renamed("gpu-0", device)) == ["gpu-0: not a name of a vfio device"]


class TestAttributesThatAreNotThere:
    """2 and 8: an attribute that is gone, or that some devices lack, is an error for the whole pod."""

    @pytest.mark.parametrize("name", ["index", "minor", "cloudNetwork", "name"])
    def test_names_of_old_demos(self, name: str) -> None:
        domain, device_class = (GPU, GPU) if name in ("index", "minor") else ("dra.net", "dranet")
        dgx = nodes.node("dgx-h100")
        stale = where(f'device.attributes["{domain}"].{name} == "0"', device_class)
        assert {"DRA105", "DRA107"} <= set(codes(stale, dgx))
        with pytest.raises(dra.BuildError, match=f"no such key: {name}"):
            stale.build(slices=dgx.slices)
        assert "DRA107" not in codes(where(select.device.attr(f"{domain}/{name}") == "0", device_class), dgx)

    def without_memory(self) -> Fixture:
        """A GB10, whose memory is the host's."""
        spark = nodes.node("a2-ultragpu-1g", drivers=[GPU])
        for device in spark.devices():
            device.capacity = None
        return spark

    def test_memory_of_gb10(self) -> None:
        assert "DRA107" in codes(where(f'{MEMORY}.compareTo(quantity("20Gi")) >= 0'), self.without_memory())
        guarded = claim("wanted").request("gpu", gpu(min_memory="20Gi"))
        assert "DRA107" not in codes(guarded, self.without_memory())

    @pytest.mark.parametrize(
        ("attribute", "machine"),
        [(ROOT, "nd-h100-v5"), (NUMA, "dgx-h100")],
    )
    def test_places_that_some_devices_do_not_have(self, attribute: str, machine: str) -> None:
        device_class = "dranet" if attribute == ROOT else GPU
        node = nodes.node(machine, numa_node=False)
        domain, _, name = attribute.partition("/")
        value = '"pci0001:00"' if attribute == ROOT else "0"
        bare = where(f'device.attributes["{domain}"].{name} == {value}', device_class)
        assert "DRA107" in codes(bare, node)
        asked = where(
            f'"{name}" in device.attributes["{domain}"] && device.attributes["{domain}"].{name} == {value}',
            device_class,
        )
        assert "DRA107" not in codes(asked, node)


class TestMemoryThatIsLessThanItsName:
    """3, 4 and 6."""

    @pytest.mark.parametrize(
        "condition", ['compareTo(quantity("80Gi")) >= 0', 'isGreaterThan(quantity("80Gi"))']
    )
    def test_80_gibibytes_leave_out_an_h100(self, condition: str) -> None:
        assert codes(where(f"{MEMORY}.{condition}")) == ["DRA106"]
        assert "DRA106" in codes(where(f"{MEMORY}.{condition}"), nodes.node("dgx-h100"))
        assert codes(where(f'{MEMORY}.compareTo(quantity("75Gi")) >= 0'), nodes.node("dgx-h100")) == []

    def test_exactly_80_gibibytes_leave_out_an_h100(self) -> None:
        assert codes(where(f'{MEMORY} == quantity("80Gi")')) == ["DRA106"]
        with pytest.raises(dra.DriverError, match="has 81559Mi of memory, less than 80Gi"):
            gpu("H100-80GB", min_memory="80Gi")

    def test_with_dynamic_mig_a_gpu_has_the_memory_of_its_largest_profile(self) -> None:
        exact = where(f'{MEMORY}.compareTo(quantity("81559Mi")) >= 0')
        assert codes(exact, nodes.node("dgx-h100", drivers=[GPU])) == []
        assert "DRA106" in codes(exact, nodes.node("dgx-h100", mig="dynamic", drivers=[GPU]))

    def test_a_5gb_profile_has_less(self) -> None:
        five = where(f'{MEMORY}.compareTo(quantity("5Gi")) >= 0', "mig.nvidia.com")
        assert codes(five) == ["DRA106"]
        assert codes(where(f'{MEMORY}.compareTo(quantity("4Gi")) >= 0', "mig.nvidia.com")) == []
        chosen = MIG(min_memory="5Gi", board="A100-40GB").chosen
        assert chosen is not None
        assert chosen.name == "1g.10gb"


class TestVersions:
    """5: the driver's version is semver, Neuron's is not."""

    VERSION = 'device.attributes["gpu.nvidia.com"].driverVersion'

    def test_a_leading_zero_is_no_semver(self) -> None:
        wrong = where(f'{self.VERSION}.compareTo(semver("580.126.09")) >= 0')
        (finding,) = wrong.findings()
        assert finding.code == "DRA110"
        assert finding.fix == 'use semver("580.126.9")'
        assert (
            codes(where(f'{self.VERSION}.compareTo(semver("580.126.9")) >= 0'), nodes.node("dgx-h100")) == []
        )
        with pytest.raises(dra.DraError):
            semver("580.126.09")

    def test_a_version_compared_as_text(self) -> None:
        assert codes(where(f'{self.VERSION} == "580.126.9"')) == ["DRA103"]

    def test_the_version_of_neuron_is_a_text(self) -> None:
        attribute = 'device.attributes["neuron.aws.com"].neuronDriverVersion'
        trn2 = nodes.node("trn2.48xlarge")
        wrong = where(f'{attribute}.compareTo(semver("2.25.4")) >= 0', "neuron.aws.com")
        assert "DRA107" in codes(wrong, trn2)
        assert codes(where(f'{attribute} == "2.25.4.0"', "neuron.aws.com"), trn2) == []


class TestPlaces:
    """7: what GPU and NIC do not have in common."""

    def aligned(self, attribute: str) -> Any:
        wanted = claim("pair").request("gpu", device_class=GPU).request("nic", device_class="dranet")
        return wanted.align(attribute, requests=["gpu", "nic"])

    def test_no_common_root_on_a_gb200_tray(self) -> None:
        tray = nodes.node("gb200-nvl72")
        (finding,) = [each for each in self.aligned(ROOT).findings(tray.slices) if each.severity == "error"]
        assert finding.code == "DRA211"
        with pytest.raises(dra.BuildError, match="on no node have devices for gpu and nic a value"):
            self.aligned(ROOT).build(slices=tray.slices)
        assert codes(self.aligned(ROOT), nodes.node("dgx-h100")) == []

    def test_no_root_of_virtual_functions(self) -> None:
        assert codes(self.aligned(ROOT), nodes.node("nd-h100-v5")) == ["DRA201"]

    def test_no_numa_node_of_released_drivers(self) -> None:
        assert "DRA201" in codes(self.aligned(NUMA), nodes.node("gb200-nvl72", numa_node=False))


class TestPciAddresses:
    """9: nvidia-smi's upper case and eight digits."""

    def test_as_nvidia_smi_prints_it(self) -> None:
        address = 'device.attributes["resource.kubernetes.io"].pciBusID'
        (finding,) = where(f'{address} == "00000000:8A:00.0"').findings()
        assert (finding.code, finding.fix) == ("DRA111", 'write "0000:8a:00.0"')
        assert codes(where(f'{address} == "0000:8a:00.0"'), nodes.node("dgx-h100")) == []

    def test_also_in_expressions_of_select(self) -> None:
        wrong = select.device.attr("resource.kubernetes.io/pciBusID") == "0000:8A:00.0"
        assert codes(where(wrong)) == ["DRA111"]


class TestAll:
    """10: all devices of a node, with a constraint."""

    def test_all_efas_of_one_root(self) -> None:
        efa = "efa.networking.k8s.aws"
        p5 = nodes.node("p5.48xlarge")
        pair = claim("pair").request("gpu", device_class=GPU)
        every = pair.request("nic", device_class=efa, allocation_mode="All").align(ROOT)
        assert codes(every, p5) == ["DRA202"]
        assert codes(pair.request("nic", device_class=efa, count=4).align(ROOT), p5) == []


class TestOtherVendors:
    """11: Intel without xpumd, AMD's attributes of 2025 and 2026."""

    def test_intel_memory_is_0_without_xpumd(self) -> None:
        asked = 'device.capacity["gpu.intel.com"].memory.compareTo(quantity("8Gi")) >= 0'
        node = nodes.node("intel-flex-170", drivers=["gpu.intel.com"])
        assert codes(where(asked, "gpu.intel.com"), node) == []
        for device in node.devices():
            device.capacity = {**(device.capacity or {}), "memory": DeviceCapacity(value=dra.Quantity(0))}
        assert codes(where(asked, "gpu.intel.com"), node) == ["DRA108"]

    def test_amd_device_id_is_no_longer_that_of_one_gpu(self) -> None:
        node = nodes.node("nd-mi300x-v5", partitioned=True, drivers=["gpu.amd.com"])
        pair = claim("pair").request("parts", device_class="gpu.amd.com", count=2)
        (finding,) = pair.align("gpu.amd.com/deviceID").findings(node.slices)
        assert finding.code == "DRA212"
        assert pair.align("resource.kubernetes.io/pciBusID").findings(node.slices) == []


class TestUsers:
    """12: a claim has 256 users at most."""

    def test_257_replicas(self) -> None:
        one = claim("one").request("gpu", device_class=GPU)
        with pytest.raises(dra.BuildError, match="at most 256"):
            shared(one, pods=257)
        use = shared(one)
        container = {
            "name": "c",
            "image": "i",
            "resources": {"claims": [each.to_dict() for each in use.container_claims()]},
        }
        spec = {"resourceClaims": [use.pod_claim.to_dict()], "containers": [container]}
        for replicas, wanted in ((257, True), (256, False)):
            deployment = {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "d"},
                "spec": {"replicas": replicas, "template": {"spec": spec}},
            }
            assert ("DRA308" in [each.code for each in dra.lint(deployment)]) == wanted
