"""Claim patterns for whole GPUs: one or several, who uses them, which ones."""

from __future__ import annotations

import pytest

import dra
from dra.claims import claim, option, prefer, select
from dra.claims.select import semver
from dra.claims.sharing import per_pod, shared
from dra.testing import nodes
from tests.unit.claims.patterns.harness import GPU, claims_of, devices, has_shape, pod, results

TERMS = select.device.of(GPU)
MEMORY = TERMS.capacity("memory").or_error()

ONE_GPU = """
devices:
  requests:
  - name: gpu
    exactly: {deviceClassName: gpu.nvidia.com}
"""


def test_01_one_gpu_per_pod() -> None:
    use = per_pod(claim("single-gpu").request("gpu", device_class=GPU))
    assert isinstance(use.claim, dra.ResourceClaimTemplate)
    assert has_shape(use.claim, ONE_GPU)
    assert pod([use.pod_claim], {"main": use.container_claims()})
    assert devices(nodes.node("dgx-h100"), *claims_of(use.claim, 2)) == [["gpu-0"], ["gpu-1"]]


def test_02_two_containers_share() -> None:
    use = per_pod(claim("shared-gpu").request("gpu", device_class=GPU))
    assert has_shape(use.claim, ONE_GPU)
    both = pod([use.pod_claim], {"a": use.container_claims(), "b": use.container_claims()})
    entries = [each.resources.claims for each in both.spec.containers if each.resources]
    assert entries[0] == entries[1]
    assert devices(nodes.node("dgx-h100"), *claims_of(use.claim)) == [["gpu-0"]]


def test_03_two_pods_share_one_claim_on_one_node() -> None:
    use = shared(claim("efas").request("efa", device_class="efa.networking.k8s.aws", count=4))
    assert has_shape(
        use.claim,
        """
        devices:
          requests:
          - name: efa
            exactly: {deviceClassName: efa.networking.k8s.aws, count: 4}
        """,
    )
    pods = [pod([use.pod_claim], {"main": use.container_claims()}) for _ in range(2)]
    assert {
        each.spec.resource_claims[0].resource_claim_name for each in pods if each.spec.resource_claims
    } == {"efas"}
    node = nodes.node("p4d.24xlarge")
    (found,) = results(node, use.claim) or []
    assert len(found.devices.results or ()) == 4
    (term,) = found.node_selector.node_selector_terms if found.node_selector else []
    assert [each.values for each in term.match_fields or ()] == [[node.node.metadata.name]]


def test_08_product_by_regular_expression() -> None:
    product = TERMS.attr("productName").or_error().lower().matches("^.*a100.*$")
    made = claim("a100").request("gpu", device_class=GPU, where=product).build()
    assert has_shape(
        made,
        """
        devices:
          requests:
          - name: gpu
            exactly:
              deviceClassName: gpu.nvidia.com
              selectors:
              - cel:
                  expression: >-
                    device.attributes["gpu.nvidia.com"].productName.lowerAscii().matches("^.*a100.*$")
        """,
    )
    assert devices(nodes.node("dgx-a100"), made) == [["gpu-0"]]
    assert devices(nodes.node("dgx-h100"), made) is None


def test_08_the_index_of_old_demos_breaks_allocation_and_is_found() -> None:
    stale = claim("stale").request(
        "gpu", device_class=GPU, where='device.attributes["gpu.nvidia.com"].index < 4'
    )
    dgx = nodes.node("dgx-a100")
    with pytest.raises(dra.AllocationError, match="index"):
        devices(dgx, stale.build())
    with pytest.raises(dra.BuildError, match="no such key: index"):
        stale.build(slices=dgx.slices)


def test_09_two_claims_in_one_pod() -> None:
    uses = [per_pod(claim(name).request("gpu", device_class=GPU)) for name in ("gpu-a", "gpu-b")]
    for use in uses:
        assert has_shape(use.claim, ONE_GPU)
    assert pod([each.pod_claim for each in uses], {each.entry: each.container_claims() for each in uses})
    both = [one for each in uses for one in claims_of(each.claim)]
    assert devices(nodes.node("dgx-h100"), *both) == [["gpu-0"], ["gpu-1"]]


def test_10_several_gpus() -> None:
    made = claim("two").request("gpus", device_class=GPU, count=2).template()
    assert has_shape(
        made,
        """
        devices:
          requests:
          - name: gpus
            exactly: {deviceClassName: gpu.nvidia.com, count: 2}
        """,
    )
    assert devices(nodes.node("dgx-h100"), *claims_of(made)) == [["gpu-0", "gpu-1"]]
    assert devices(nodes.node("a2-ultragpu-1g"), *claims_of(made)) is None


@pytest.mark.parametrize(
    ("where", "cel", "fits"),
    [
        (
            MEMORY > "40Gi",
            'device.capacity["gpu.nvidia.com"].memory.isGreaterThan(quantity("40Gi"))',
            "A100 H100 H200",
        ),
        (
            MEMORY >= "16Gi",
            'device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("16Gi")) >= 0',
            "A100 H100 H200 A100-40 L4",
        ),
        (
            (TERMS.attr("architecture").or_error() == "Hopper") & (MEMORY > "80Gi"),
            'device.attributes["gpu.nvidia.com"].architecture == "Hopper" && '
            'device.capacity["gpu.nvidia.com"].memory.isGreaterThan(quantity("80Gi"))',
            "H200",
        ),
        (
            (MEMORY == "40Gi") & (TERMS.attr("type").or_error() == "gpu"),
            'device.capacity["gpu.nvidia.com"].memory == quantity("40Gi") && '
            'device.attributes["gpu.nvidia.com"].type == "gpu"',
            "A100-40",
        ),
        (
            TERMS.attr("driverVersion").or_error() >= semver("580.126.9"),
            'device.attributes["gpu.nvidia.com"].driverVersion.compareTo(semver("580.126.9")) >= 0',
            "A100 H100 H200 A100-40 L4",
        ),
        (
            'device.capacity["gpu.nvidia.com"].memory.isGreaterThan(quantity("20Gi"))',
            'device.capacity["gpu.nvidia.com"].memory.isGreaterThan(quantity("20Gi"))',
            "A100 H100 H200 A100-40 L4",
        ),
    ],
    ids=["over 40Gi", "16Gi", "Hopper over 80Gi", "exactly 40Gi", "driver version", "over 20Gi"],
)
def test_12_by_attribute_and_capacity(where: select.Expression | str, cel: str, fits: str) -> None:
    made = claim("by").request("gpu", device_class=GPU, where=where).build()
    assert has_shape(
        made,
        f"""
        devices:
          requests:
          - name: gpu
            exactly:
              deviceClassName: gpu.nvidia.com
              selectors:
              - cel: {{expression: '{cel}'}}
        """,
    )
    machines = {
        "A100": "dgx-a100",
        "H100": "dgx-h100",
        "H200": "hgx-h200",
        "A100-40": "dgx-a100-40gb",
        "L4": "l4",
    }
    found = [name for name, machine in machines.items() if devices(nodes.node(machine, drivers=[GPU]), made)]
    assert found == fits.split()


def test_13_one_large_gpu_or_two() -> None:
    ladder = prefer(option(GPU, name="a100-80gb", where=MEMORY == "80Gi"), option(GPU, name="two", count=2))
    made = claim("ladder").request("gpu", ladder).build()
    assert has_shape(
        made,
        """
        devices:
          requests:
          - name: gpu
            firstAvailable:
            - name: a100-80gb
              deviceClassName: gpu.nvidia.com
              selectors:
              - cel: {expression: 'device.capacity["gpu.nvidia.com"].memory == quantity("80Gi")'}
            - name: two
              deviceClassName: gpu.nvidia.com
              count: 2
        """,
    )
    for machine, requests in (("dgx-a100", ["gpu/a100-80gb"]), ("dgx-a100-40gb", ["gpu/two"] * 2)):
        (found,) = results(nodes.node(machine), made) or []
        assert [each.request for each in found.devices.results or ()] == requests


@pytest.mark.parametrize(
    ("machine", "classes", "request_name"),
    [
        ("gaudi2", ("gpu.intel.com", "gaudi.intel.com"), "any/gaudi-intel-com"),
        ("intel-flex-170", ("gpu.intel.com", "gaudi.intel.com"), "any/gpu-intel-com"),
        ("l4", (GPU, "dra.cpu"), "any/gpu-nvidia-com"),
        ("example-net", (GPU, "cpu.example.com"), "any/cpu-example-com"),
    ],
)
def test_13_one_kind_of_device_or_another(machine: str, classes: tuple[str, str], request_name: str) -> None:
    made = claim("ladder").request("any", prefer(*map(option, classes))).build()
    known = [each.build() for driver in dra.drivers.all() for each in driver.classes if each.name in classes]
    (found,) = results(nodes.node(machine), made, classes=known) or []
    assert [each.request for each in found.devices.results or ()] == [request_name]


def test_13_a_generation_of_tpu_or_the_one_before() -> None:
    def of(generation: str) -> dra.claims.Option:
        where = select.device.attr("tpu.google.com/tpuGen").or_error() == generation
        return option("tpu.google.com", name=generation, where=where, allocation_mode="All")

    made = claim("tpu").request("tpu", prefer(of("v6e"), of("v5litepod"))).build()
    (found,) = results(nodes.node("ct6e-standard-4t"), made) or []
    assert {each.request for each in found.devices.results or ()} == {"tpu/v6e"}


def test_35_a_selector_that_nothing_matches_leaves_the_pod_pending() -> None:
    made = claim("none").request(
        "gpu", device_class=GPU, where=TERMS.attr("productName").or_error() == "Voodoo2"
    )
    assert devices(nodes.node("dgx-h100"), made.build()) is None
    assert "DRA108" in [each.code for each in made.findings(nodes.node("dgx-h100").slices)]


def test_35_an_unknown_field_of_configuration() -> None:
    wrong = {
        "apiVersion": "resource.nvidia.com/v1beta1",
        "kind": "GpuConfig",
        "unknown": {"field": "value"},
    }
    with pytest.raises(dra.DriverError, match="unknown"):
        claim("wrong").request("gpu", device_class=GPU, config={"driver": GPU, "parameters": wrong})
