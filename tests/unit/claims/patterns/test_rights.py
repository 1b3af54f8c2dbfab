"""Claim patterns around the request: rights, taints, classes, configuration, groups, attachment."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra.allocator.extended import extended_resource_claim
from dra.claims import claim, device_class, mig, select
from dra.claims.sharing import per_pod, per_pod_group
from dra.drivers import nvidia
from dra.drivers.fabric import fabric_driver
from dra.drivers.neuron import NeuronConfig, UltraServerConfig
from dra.drivers.nvidia.compute_domain import (
    ComputeDomain,
    ComputeDomainChannelSpec,
    ComputeDomainSpec,
    ResourceClaimTemplateReference,
    channel_template,
)
from dra.drivers.nvidia.publish import Gpu, vfio_gpu
from dra.models.meta import ObjectMeta
from dra.models.resource import DeviceAttribute, DeviceTaint, ResourcePool, ResourceSliceSpec
from dra.testing import nodes
from tests.unit.claims.patterns.harness import GPU, claims_of, devices, has_shape, one_gpu, pod

CHANNEL = "compute-domain-default-channel.nvidia.com"


def test_25_admin_access() -> None:
    monitor = claim("monitor", namespace="kube-system").request(
        "gpus",
        device_class="gpu.intel.com",
        allocation_mode="All",
        admin_access=True,
        tolerations=[{"operator": "Exists", "effect": effect} for effect in ("NoSchedule", "NoExecute")],
    )
    made = monitor.build()
    assert has_shape(
        made,
        """
        devices:
          requests:
          - name: gpus
            exactly:
              deviceClassName: gpu.intel.com
              allocationMode: All
              adminAccess: true
              tolerations:
              - {operator: Exists, effect: NoSchedule}
              - {operator: Exists, effect: NoExecute}
        """,
    )
    allowed = {"resource.kubernetes.io/admin-access": "true"}
    assert dra.validate(made, namespace_labels=allowed) == []
    assert [each.field for each in dra.validate(made, namespace_labels={})] == [
        "spec.devices.requests[0].adminAccess"
    ]
    assert "DRA210" in [each.code for each in monitor.findings()]
    node = nodes.node("intel-flex-170")
    pool = node.slices[0].spec.pool.name
    in_use = [dra.DeviceId("gpu.intel.com", pool, each.name) for each in node.devices("gpu.intel.com")]
    names = [each.device for each in in_use]
    assert devices(node, made, taken=in_use) == [names]
    ordinary = claim("ordinary").request("gpu", device_class="gpu.intel.com").build()
    assert devices(node, ordinary, taken=in_use) is None


@pytest.mark.parametrize(
    ("device_class_name", "where", "machine", "count"),
    [
        (
            "neuron.aws.com",
            select.device.attr("neuron.aws.com/instanceType").or_error() == "trn2.48xlarge",
            "trn2.48xlarge",
            16,
        ),
        ("tpu.google.com", (), "ct6e-standard-8t", 8),
        (GPU, (), "dgx-h100", 8),
    ],
)
def test_26_all_devices(device_class_name: str, where: Any, machine: str, count: int) -> None:
    wanted = claim("all").request("all", device_class=device_class_name, allocation_mode="All", where=where)
    exactly = wanted.build().to_dict()["spec"]["devices"]["requests"][0]["exactly"]
    assert exactly["allocationMode"] == "All"
    assert "count" not in exactly
    (found,) = devices(nodes.node(machine), wanted.build()) or [[]]
    assert len(found) == count
    with_one_taken = [dra.DeviceId(device_class_name, f"{machine.replace('.', '-')}-0", found[-1])]
    assert devices(nodes.node(machine), wanted.build(), taken=with_one_taken) is None


def test_27_taints_and_tolerations() -> None:
    sick = nodes.node("example")
    for device in sick.slices[0].spec.devices or ():
        device.taints = [DeviceTaint(key="example.com/unhealthy", value="yes", effect="NoSchedule")]
    strict = claim("strict").request("gpu", device_class="gpu.example.com")
    brave = claim("brave").request(
        "gpu",
        device_class="gpu.example.com",
        tolerations=dra.claims.toleration("example.com/unhealthy", effect="NoSchedule"),
    )
    assert has_shape(
        brave.build(),
        """
        devices:
          requests:
          - name: gpu
            exactly:
              deviceClassName: gpu.example.com
              tolerations:
              - {key: example.com/unhealthy, operator: Exists, effect: NoSchedule}
        """,
    )
    assert devices(sick, strict.build()) is None
    assert devices(sick, brave.build()) == [["gpu-0"]]


class TestExtendedResources:
    SMALL = device_class(
        "mig-1g-12gb.gpu.nvidia.com", mig("1g.12gb"), extended_resource="nvidia.com/mig-1g.12gb"
    )

    def allocated(self, node: nodes.Fixture, resource: str, *classes: dra.DeviceClass) -> Any:
        amounts = {"limits": {resource: "1"}, "requests": {resource: "1"}}
        container = {"name": "c", "image": "i", "resources": amounts}
        wanted = dra.Pod.from_dict({"metadata": {"name": "p"}, "spec": {"containers": [container]}})
        special = extended_resource_claim(wanted, [*node.classes, *classes], node.node)
        return None if special is None else devices(node, special.claim, classes=classes)

    def test_28_a_whole_gpu(self) -> None:
        assert self.allocated(nodes.node("dgx-h100"), "nvidia.com/gpu") == [["gpu-0"]]

    def test_28_a_mig_profile(self) -> None:
        assert self.SMALL.to_dict()["spec"] == {
            "selectors": [
                {
                    "cel": {
                        "expression": "device.driver == 'gpu.nvidia.com' && "
                        "device.attributes['gpu.nvidia.com'].type == 'mig'"
                    }
                },
                {"cel": {"expression": 'device.attributes["gpu.nvidia.com"].profile == "1g.12gb"'}},
            ],
            "extendedResourceName": "nvidia.com/mig-1g.12gb",
        }
        assert dra.validate(self.SMALL) == []
        nvl = one_gpu("H100-NVL-94GB", mig="dynamic")
        assert self.allocated(nvl, "nvidia.com/mig-1g.12gb", self.SMALL) == [["gpu-0-mig-1g12gb-19-0"]]

    def test_28_the_name_that_every_class_has(self) -> None:
        resource = "deviceclass.resource.kubernetes.io/gpu.nvidia.com"
        assert self.allocated(nodes.node("dgx-h100"), resource) == [["gpu-0"]]


def test_29_pass_through() -> None:
    config = nvidia.VfioDeviceConfig(
        iommu=nvidia.IommuConfig(backend_policy="LegacyOnly", enable_api_device=True)
    )
    one = claim("vm").request("gpu", device_class="vfio.gpu.nvidia.com", config=config).template()
    assert has_shape(
        one,
        """
        devices:
          requests:
          - name: gpu
            exactly: {deviceClassName: vfio.gpu.nvidia.com}
          config:
          - requests: [gpu]
            opaque:
              driver: gpu.nvidia.com
              parameters:
                apiVersion: resource.nvidia.com/v1beta1
                kind: VfioDeviceConfig
                iommu: {backendPolicy: LegacyOnly, enableAPIDevice: true}
        """,
    )
    pair = (
        claim("vm")
        .request("gpus", device_class="vfio.gpu.nvidia.com", count=2)
        .align("gpu.nvidia.com/partition2")
        .build()
    )
    node = for_virtual_machines()
    assert devices(node, *claims_of(one)) == [["gpu-vfio-0"]]
    # gpu-vfio-0 has no partner on this node: its partition is that of a GPU elsewhere.
    assert devices(node, pair) == [["gpu-vfio-1", "gpu-vfio-2"]]


def for_virtual_machines() -> nodes.Fixture:
    """Three GPUs for pass-through, of which the last two are one NVSwitch partition."""
    places = nodes.machine("dgx-h100").parts[0].places[:3]
    model = nvidia.gpu_model("H100-80GB")
    passed = [
        vfio_gpu(Gpu(model, index, f"GPU-{index}", place), index, pci_device_id="0x2330")
        for index, place in enumerate(places)
    ]
    for device, partition in zip(passed, (1, 2, 2), strict=True):
        device.attributes = {**(device.attributes or {}), "partition2": DeviceAttribute(int_=partition)}
    host = nodes.node("dgx-h100")
    pool = ResourcePool(name="dgx-h100-0", generation=1, resource_slice_count=1)
    slice_ = dra.ResourceSlice(
        metadata=ObjectMeta(name="vfio"),
        spec=ResourceSliceSpec(driver=GPU, node_name="dgx-h100-0", pool=pool, devices=passed),
    )
    return nodes.Fixture(host.nodes, [slice_], host.classes)


@pytest.mark.parametrize("mode", ["Single", "All"])
def test_30_compute_domain(mode: str) -> None:
    domain = ComputeDomain(
        metadata=ObjectMeta(name="imex", uid="8c1b5b1a-7f0f-4a55-9e4e-6a2a0d7f9a10"),
        spec=ComputeDomainSpec(
            num_nodes=0,
            channel=ComputeDomainChannelSpec(
                resource_claim_template=ResourceClaimTemplateReference(name="imex-channel"),
                allocation_mode=mode,
            ),
        ),
    )
    config = nvidia.ComputeDomainChannelConfig(domain_id=domain.metadata.uid or "", allocation_mode=mode)
    channel = claim("imex-channel").request("channel", device_class=CHANNEL, config=config).template()
    assert channel == channel_template(domain)
    workers = claim("workers").request("gpus", device_class=GPU, count=4).template()
    uses = [per_pod(channel), per_pod(workers)]
    assert pod(
        [each.pod_claim for each in uses],
        {"worker": [one for each in uses for one in each.container_claims()]},
    )
    tray = nodes.node("gb200-nvl72")
    both = [*claims_of(channel), *claims_of(workers)]
    assert devices(tray, *both) == [["channel-0"], ["gpu-0", "gpu-1", "gpu-2", "gpu-3"]]
    # A node is in one domain at a time.
    assert devices(tray, *claims_of(channel, 2)) is None


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (NeuronConfig(logical_neuron_core=1), {"kind": "NeuronConfig", "logicalNeuronCore": 1}),
        (UltraServerConfig(ultraserver_mode=2), {"kind": "UltraServerConfig", "ultraserverMode": 2}),
        (UltraServerConfig(ultraserver_mode=4), {"kind": "UltraServerConfig", "ultraserverMode": 4}),
    ],
    ids=["logical cores", "two", "four"],
)
def test_31_configuration_of_neuron_devices(config: Any, parameters: dict[str, Any]) -> None:
    made = claim("neuron").request("neuron", device_class="neuron.aws.com", config=config).template()
    assert made.to_dict()["spec"]["spec"]["devices"] == {
        "requests": [{"name": "neuron", "exactly": {"deviceClassName": "neuron.aws.com"}}],
        "config": [
            {
                "requests": ["neuron"],
                "opaque": {
                    "driver": "neuron.aws.com",
                    "parameters": {"apiVersion": "neuron.aws.com/v1", **parameters},
                },
            }
        ],
    }
    assert devices(nodes.node("trn2.48xlarge"), *claims_of(made)) == [["neurondevice0"]]


def test_33_shared_by_a_group_of_pods() -> None:
    use = per_pod_group(claim("shared").request("gpu", device_class="gpu.example.com"))
    group = {
        "schedulingPolicy": {"gang": {"minCount": 2}},
        "resourceClaims": [{"name": "shared", "resourceClaimTemplateName": "shared"}],
    }
    assert use.group_claim is not None
    assert [use.group_claim.to_dict()] == group["resourceClaims"]
    features = dra.Features.for_kubernetes("1.37", generic_workload=True, workload_resource_claims=True)
    made = dra.PodGroup.from_dict({"metadata": {"name": "g", "namespace": "default"}, "spec": group})
    assert dra.validate(made, features=features) == []
    assert pod([use.pod_claim], {"main": use.container_claims()}, schedulingGroup={"podGroupName": "g"})
    assert isinstance(use.claim, dra.ResourceClaimTemplate)
    assert devices(nodes.node("example"), *claims_of(use.claim)) == [["gpu-0"]]


def test_34_a_device_that_is_attached_after_scheduling() -> None:
    host = nodes.node("example", labels={"cohdi.io/u250": "true", "cohdi.io/fabric": "1"})
    fpgas = host + nodes.fabric(fabric_driver("fpga.example.com"), "u250", 1, {"productName": "Alveo U250"})
    made = claim("fpga").request("fpga", device_class="fpga.example.com").build()
    assert devices(fpgas, made) == [["u250-0"]]
    allocator = dra.Allocator(fpgas.slices, fpgas.classes, features=dra.Features.all())
    (found,) = allocator.allocate([dra.default(made)], fpgas.node) or []
    (device,) = found.devices.results or []
    assert device.binding_conditions == ["FabricDeviceReady"]
    assert device.binding_failure_conditions == ["FabricDeviceReschedule", "FabricDeviceFailed"]
