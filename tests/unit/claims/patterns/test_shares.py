"""Claim patterns for parts of GPUs: MIG, time-slicing and MPS, consumable capacity."""

from __future__ import annotations

import pytest

import dra
from dra.claims import claim, mig, select
from dra.claims.sharing import MPS, ConsumableShares, TimeSlicing, per_pod, shared
from dra.testing import nodes
from dra.testing.nodes import parts
from tests.unit.claims.patterns.harness import GPU, claims_of, devices, has_shape, one_gpu, pod, results

PARENT = "gpu.nvidia.com/parentUUID"

# HAMi shares NVIDIA's GPUs by a driver of its own, of which there is no factory.
HAMI = """
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: node-1-hami}
spec:
  driver: hami-core-gpu.project-hami.io
  nodeName: node-1
  pool: {name: node-1, generation: 1, resourceSliceCount: 1}
  devices:
  - name: hami-gpu-0
    allowMultipleAllocations: true
    attributes:
      type: {string: hami-gpu}
    capacity:
      cores:
        value: 100
        requestPolicy: {default: 100, validRange: {min: 0, max: 100, step: 1}}
      memory:
        value: 40Gi
        requestPolicy: {default: 40Gi, validRange: {min: 1Mi, max: 40Gi, step: 1Mi}}
"""


def test_04_mig_devices_of_one_gpu() -> None:
    wanted = claim("set")
    for name, profile in (("a", "1g.5gb"), ("b", "1g.5gb"), ("c", "2g.10gb"), ("d", "3g.20gb")):
        wanted = wanted.request(name, mig(profile))
    use = per_pod(wanted.align(PARENT))
    # In the source the constraint has `requests: []`, which is the same as none.
    assert has_shape(
        use.claim,
        """
        devices:
          requests:
          - name: a
            exactly:
              deviceClassName: mig.nvidia.com
              selectors: [{cel: {expression: 'device.attributes["gpu.nvidia.com"].profile == "1g.5gb"'}}]
          - name: b
            exactly:
              deviceClassName: mig.nvidia.com
              selectors: [{cel: {expression: 'device.attributes["gpu.nvidia.com"].profile == "1g.5gb"'}}]
          - name: c
            exactly:
              deviceClassName: mig.nvidia.com
              selectors: [{cel: {expression: 'device.attributes["gpu.nvidia.com"].profile == "2g.10gb"'}}]
          - name: d
            exactly:
              deviceClassName: mig.nvidia.com
              selectors: [{cel: {expression: 'device.attributes["gpu.nvidia.com"].profile == "3g.20gb"'}}]
          constraints:
          - matchAttribute: gpu.nvidia.com/parentUUID
        """,
    )
    assert pod([use.pod_claim], {f"c-{name}": use.container_claims(name) for name in "abcd"})
    (found,) = devices(nodes.node("dgx-a100-40gb", mig="dynamic"), *claims_of(use.claim)) or [[]]
    assert [each.split("-")[3] for each in found] == ["1g5gb", "1g5gb", "2g10gb", "3g20gb"]
    assert {each.partition("-mig-")[0] for each in found} == {"gpu-0"}


def test_05_mig_by_capacity() -> None:
    processors = select.device.of(GPU).capacity("multiprocessors").or_error()
    made = (
        claim("by-capacity")
        .request("small", device_class="mig.nvidia.com", where=processors < "30")
        .request("large", device_class="mig.nvidia.com", where=processors > "50")
        .template()
    )
    assert has_shape(
        made,
        """
        devices:
          requests:
          - name: small
            exactly:
              deviceClassName: mig.nvidia.com
              selectors:
              - cel:
                  expression: device.capacity["gpu.nvidia.com"].multiprocessors.isLessThan(quantity("30"))
          - name: large
            exactly:
              deviceClassName: mig.nvidia.com
              selectors:
              - cel:
                  expression: device.capacity["gpu.nvidia.com"].multiprocessors.isGreaterThan(quantity("50"))
        """,
    )
    (found,) = devices(one_gpu("A100-40GB", mig="dynamic"), *claims_of(made)) or [[]]
    small, large = (each.split("-")[3] for each in found)
    assert small in ("1g5gb", "1g10gb", "2g10gb")
    assert large == "4g20gb"


def test_06_tenants_on_one_gpu() -> None:
    templates = [
        claim(name).request("mig", mig(profile)).template()
        for name, profile in (("prod", "3g.40gb"), ("dev", "1g.10gb"))
    ]
    for template, profile in zip(templates, ("3g.40gb", "1g.10gb"), strict=True):
        assert has_shape(
            template,
            f"""
            devices:
              requests:
              - name: mig
                exactly:
                  deviceClassName: mig.nvidia.com
                  selectors:
                  - cel: {{expression: 'device.attributes["gpu.nvidia.com"].profile == "{profile}"'}}
            """,
        )
    h100 = one_gpu("H100-80GB", mig="dynamic")
    prod, dev = templates
    assert devices(h100, *claims_of(prod), *claims_of(dev, 3)) is not None
    assert devices(h100, *claims_of(prod, 2), *claims_of(dev)) is None


def test_07_time_slicing_and_mps_in_one_claim() -> None:
    wanted = (
        claim("both")
        .request("ts-gpu", share=TimeSlicing(interval="Long"))
        .request("mps-gpu", share=MPS(active_thread_percentage=50, pinned_memory_limit="10Gi"))
    )
    use = per_pod(wanted)
    assert has_shape(
        use.claim,
        """
        devices:
          requests:
          - name: ts-gpu
            exactly: {deviceClassName: gpu.nvidia.com}
          - name: mps-gpu
            exactly: {deviceClassName: gpu.nvidia.com}
          config:
          - requests: [ts-gpu]
            opaque:
              driver: gpu.nvidia.com
              parameters:
                apiVersion: resource.nvidia.com/v1beta1
                kind: GpuConfig
                sharing: {strategy: TimeSlicing, timeSlicingConfig: {interval: Long}}
          - requests: [mps-gpu]
            opaque:
              driver: gpu.nvidia.com
              parameters:
                apiVersion: resource.nvidia.com/v1beta1
                kind: GpuConfig
                sharing:
                  strategy: MPS
                  mpsConfig: {defaultActiveThreadPercentage: 50, defaultPinnedDeviceMemoryLimit: 10Gi}
        """,
    )
    containers = {
        f"{name}{index}": use.container_claims(name) for name in ("ts-gpu", "mps-gpu") for index in (0, 1)
    }
    assert pod([use.pod_claim], containers)
    (found,) = results(nodes.node("dgx-a100"), *claims_of(use.claim)) or []
    assert [each.device for each in found.devices.results or ()] == ["gpu-0", "gpu-1"]
    assert [each.requests for each in found.devices.config or ()] == [["ts-gpu"], ["mps-gpu"]]


@pytest.mark.parametrize("limit", ["10Gi", "15Gi"])
def test_11_mps(limit: str) -> None:
    use = shared(
        claim("mps", share=MPS(active_thread_percentage=50, pinned_memory_limit=limit)).request(
            "gpu", device_class=GPU
        )
    )
    assert has_shape(
        use.claim,
        f"""
        devices:
          requests:
          - name: gpu
            exactly: {{deviceClassName: gpu.nvidia.com}}
          config:
          - opaque:
              driver: gpu.nvidia.com
              parameters:
                apiVersion: resource.nvidia.com/v1beta1
                kind: GpuConfig
                sharing:
                  strategy: MPS
                  mpsConfig: {{defaultActiveThreadPercentage: 50, defaultPinnedDeviceMemoryLimit: {limit}}}
        """,
    )
    assert devices(nodes.node("dgx-a100-40gb"), use.claim) == [["gpu-0"]]


class TestConsumableCapacity:
    TEN = """
    devices:
      requests:
      - name: gpu
        exactly: {deviceClassName: gpu.nvidia.com, capacity: {requests: {memory: 10Gi}}}
    """

    def ten(self, index: int) -> dra.ResourceClaim:
        return claim(f"part-{index}").request("gpu", device_class=GPU, capacity={"memory": "10Gi"}).build()

    def test_23_four_claims_of_10gi_on_a_gpu_of_40gi_and_no_fifth(self) -> None:
        assert has_shape(self.ten(0), self.TEN)
        gpu = one_gpu("A100-40GB", shares="memory")
        assert devices(gpu, *map(self.ten, range(4))) == [["gpu-0"]] * 4
        assert devices(gpu, *map(self.ten, range(5))) is None

    def test_23_without_shares_a_claim_of_10gi_takes_the_gpu(self) -> None:
        gpu = one_gpu("A100-40GB")
        assert devices(gpu, self.ten(0)) == [["gpu-0"]]
        assert devices(gpu, self.ten(0), self.ten(1)) is None
        part = claim("part").request("gpu", share=ConsumableShares(memory="10Gi")).build()
        assert devices(gpu, part) is None

    def test_23_by_strategy(self) -> None:
        def part(index: int) -> dra.ResourceClaim:
            return claim(f"part-{index}").request("gpu", share=ConsumableShares(memory="10Gi")).build()

        gpu = one_gpu("A100-40GB", shares="memory")
        assert devices(gpu, *map(part, range(4))) == [["gpu-0"]] * 4
        assert devices(gpu, *map(part, range(5))) is None

    def test_23_shares_by_number(self) -> None:
        def share(index: int) -> dra.ResourceClaim:
            return claim(f"share-{index}").request("gpu", share=ConsumableShares(shares=1, mode=2)).build()

        gpu = one_gpu("L4", shares=2)
        assert devices(gpu, share(0), share(1)) == [["gpu-0"]] * 2
        assert devices(gpu, *map(share, range(3))) is None

    def test_23_unlimited(self) -> None:
        any_number = [
            claim(f"u-{index}").request("gpu", share=ConsumableShares(mode="unlimited")).build()
            for index in range(20)
        ]
        assert devices(one_gpu("L4", shares="unlimited"), *any_number) == [["gpu-0"]] * 20

    def test_23_memory_and_compute_of_the_example_driver(self) -> None:
        def part(index: int) -> dra.ResourceClaim:
            return (
                claim(f"p-{index}")
                .request("gpu", device_class="gpu.example.com", capacity={"memory": "16Gi", "compute": 20})
                .build()
            )

        assert has_shape(
            part(0),
            """
            devices:
              requests:
              - name: gpu
                exactly:
                  deviceClassName: gpu.example.com
                  capacity: {requests: {memory: 16Gi, compute: '20'}}
            """,
        )
        shared_gpu = nodes.node(nodes.Machine("one", "one GPU", (parts.ExampleGpus(1),)), shares="memory")
        assert devices(shared_gpu, *map(part, range(5))) == [["gpu-0"]] * 5
        assert devices(shared_gpu, *map(part, range(6))) is None

    def test_23_cores_and_memory_of_hami(self) -> None:
        hami = "hami-core-gpu.project-hami.io"
        (slice_,) = dra.load(HAMI)
        assert isinstance(slice_, dra.ResourceSlice)
        known = dra.claims.device_class(hami, where=f'device.driver == "{hami}"')
        gpu = nodes.Fixture([dra.Node.from_dict({"metadata": {"name": "node-1"}})], [slice_], [known])

        def part(cores: int, memory: str) -> dra.ResourceClaim:
            return (
                claim("p")
                .request("gpu", device_class=hami, capacity={"cores": cores, "memory": memory})
                .build()
            )

        assert devices(gpu, part(60, "10Gi"), part(40, "30Gi")) == [["hami-gpu-0"]] * 2
        assert devices(gpu, part(60, "10Gi"), part(41, "10Gi")) is None


def test_24_a_slice_of_bandwidth() -> None:
    def nic(index: int, amount: str) -> dra.ResourceClaim:
        return (
            claim(f"n-{index}")
            .request(
                "nic",
                device_class="net.example.com",
                capacity={"ingressBandwidth": amount, "egressBandwidth": amount},
            )
            .build()
        )

    assert has_shape(
        nic(0, "1G"),
        """
        devices:
          requests:
          - name: nic
            exactly:
              deviceClassName: net.example.com
              capacity: {requests: {ingressBandwidth: 1G, egressBandwidth: 1G}}
        """,
    )
    two_nics = nodes.node("example-net")
    plain = claim("plain").request("nic", device_class="net.example.com").build()
    (found,) = results(two_nics, plain) or []
    consumed = (found.devices.results or [])[0].consumed_capacity or {}
    assert consumed["ingressBandwidth"] == dra.Quantity("1G")
    assert devices(two_nics, *(nic(index, "60G") for index in range(2))) == [["nic-0"], ["nic-1"]]
    assert devices(two_nics, *(nic(index, "60G") for index in range(3))) is None


@pytest.mark.parametrize(
    ("board", "memory", "device"),
    [
        ("H100-80GB", "9Gi", "gpu-0-mig-1g10gb-19-0"),
        ("H100-80GB", "10Gi", "gpu-0-mig-1g20gb-15-0"),
        ("H100-80GB", "20Gi", "gpu-0-mig-3g40gb-9-0"),
        ("A100-40GB", "10Gi", "gpu-0-mig-3g20gb-9-0"),
    ],
)
def test_05_the_profile_follows_from_the_memory(board: str, memory: str, device: str) -> None:
    made = claim("part").request("gpu", mig(min_memory=memory, board=board)).build()
    assert devices(one_gpu(board, mig="dynamic"), made) == [[device]]
    other = "A100-80GB" if board == "H100-80GB" else "H100-80GB"
    assert devices(one_gpu(other, mig="dynamic"), made) is None
