"""The upstream example driver in its profiles: `gpu.example.com`, `net.example.com`, `cpu.example.com`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import ClassVar, Final

from pydantic import Field
from typing_extensions import override

from dra.drivers.configs import TypedConfig
from dra.drivers.declarations import Attribute, Capacity, DeviceType, Kind, NamePattern, in_steps
from dra.drivers.driver import ClassDeclaration, Driver
from dra.models.base import Model
from dra.models.resource import (
    CapacityRequestPolicy,
    Counter,
    CounterSet,
    Device,
    DeviceAttribute,
    DeviceCapacity,
    DeviceCounterConsumption,
)
from dra.models.scalars import Int64, Str
from dra.quantity import Quantity

__all__ = [
    "CPU",
    "DRIVERS",
    "GPU",
    "NET",
    "BandwidthBurst",
    "GpuConfig",
    "GpuSharing",
    "NetConfig",
    "SpacePartitioningConfig",
    "TimeSlicingConfig",
    "counter_set",
    "gpu",
    "nic",
    "numa_cpus",
    "partitions",
    "shared_gpu",
]

_INTERVALS: Final = ("Default", "Short", "Medium", "Long")


class TimeSlicingConfig(Model):
    """Length of the time slices: `Default`, `Short`, `Medium` or `Long`."""

    interval: Str = ""


class SpacePartitioningConfig(Model):
    """Into how many parts a GPU is divided."""

    partition_count: Int64 = 0


class GpuSharing(Model):
    """How the users of one claim share its GPUs: `TimeSlicing` or `SpacePartitioning`."""

    strategy: Str = ""
    time_slicing_config: TimeSlicingConfig | None = None
    space_partitioning_config: SpacePartitioningConfig | None = None

    def problems(self) -> Iterator[str]:
        """What the driver's validation says."""
        if self.strategy == "TimeSlicing":
            # Without a configuration the driver fills in the interval Default.
            interval = self.time_slicing_config.interval if self.time_slicing_config else "Default"
            if interval not in _INTERVALS:
                yield f"unknown time-slice interval: {interval}"
        elif self.strategy == "SpacePartitioning":
            parts = self.space_partitioning_config
            if parts is not None and parts.partition_count < 0:
                yield f"invalid partition count: {parts.partition_count}"
        else:
            yield f"unknown GPU sharing strategy: {self.strategy}"


class GpuConfig(TypedConfig):
    """Configuration of example GPUs.

    Example:
        >>> list(GpuConfig().admission_problems(()))
        ['no sharing strategy set']
    """

    driver: ClassVar[str] = "gpu.example.com"

    api_version: Str = "gpu.resource.example.com/v1alpha1"
    kind: Str = "GpuConfig"
    sharing: GpuSharing | None = None

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if self.sharing is None:
            yield "no sharing strategy set"
        else:
            yield from self.sharing.problems()


class BandwidthBurst(Model):
    """Bursts in bits; 0 for no limit."""

    ingress_burst: Int64 = 0
    egress_burst: Int64 = 0


class NetConfig(TypedConfig):
    """Configuration of example network cards.

    Example:
        >>> NetConfig(bandwidth_burst=BandwidthBurst(ingress_burst=10)).to_dict()["bwBurst"]
        {'ingressBurst': 10}
    """

    driver: ClassVar[str] = "net.example.com"

    api_version: Str = "net.resource.example.com/v1alpha1"
    kind: Str = "NetConfig"
    bandwidth_burst: BandwidthBurst | None = Field(default=None, alias="bwBurst")


_SOURCE: Final = "kubernetes-sigs/dra-example-driver 31914ce"

_GPU_ATTRIBUTES: Final = (
    Attribute("index", Kind.INT, "Number of the GPU"),
    Attribute("uuid", Kind.STRING, "gpu-..."),
    Attribute("model", Kind.STRING, "LATEST-GPU-MODEL"),
    Attribute("driverVersion", Kind.VERSION, "1.0.0"),
)
_GPU_CAPACITIES: Final = (
    Capacity("memory", "Bytes"),
    Capacity("compute", "Hundredths of the GPU", optional=True),
)

GPU: Final = Driver(
    name="gpu.example.com",
    title="Example GPU",
    device_types=(
        DeviceType(
            name="gpu",
            summary="A GPU",
            patterns=(NamePattern("gpu-{index}"),),
            attributes=(
                *_GPU_ATTRIBUTES,
                Attribute("partitionable", Kind.BOOL, "Whether it can be cut", optional=True),
                Attribute("full", Kind.BOOL, "Whether it is a whole GPU", optional=True),
            ),
            capacities=_GPU_CAPACITIES,
        ),
        DeviceType(
            name="partition",
            summary="A part of a GPU",
            patterns=(NamePattern("gpu-{index}-partition-{part}"),),
            attributes=(
                *_GPU_ATTRIBUTES,
                Attribute("partition", Kind.INT, "Number of the part"),
                Attribute("partitionable", Kind.BOOL, "Whether it can be cut", optional=True),
                Attribute("full", Kind.BOOL, "Whether it is a whole GPU", optional=True),
            ),
            capacities=_GPU_CAPACITIES,
        ),
    ),
    classes=(ClassDeclaration("gpu.example.com", "device.driver == 'gpu.example.com'"),),
    configs=(GpuConfig,),
    source=_SOURCE,
)
"""The GPU driver."""

NET: Final = Driver(
    name="net.example.com",
    title="Example network",
    device_types=(
        DeviceType(
            name="nic",
            summary="A network card of which claims take bandwidth",
            patterns=(NamePattern("nic-{index}"),),
            capacities=(
                Capacity("vfs", "Virtual functions: one per claim"),
                Capacity("ingressBandwidth", "Bits per second; 1G unless asked"),
                Capacity("egressBandwidth", "Bits per second; 1G unless asked"),
            ),
        ),
    ),
    classes=(ClassDeclaration("net.example.com", "device.driver == 'net.example.com'"),),
    configs=(NetConfig,),
    source=_SOURCE,
)
"""The network driver."""

CPU: Final = Driver(
    name="cpu.example.com",
    title="Example CPU",
    device_types=(
        DeviceType(
            name="numa",
            summary="The CPUs of a NUMA node",
            patterns=(NamePattern("numa-{node}"),),
            capacities=(Capacity("cpu.example.com/cpu", "CPUs"),),
        ),
    ),
    classes=(ClassDeclaration("cpu.example.com", "device.driver == 'cpu.example.com'"),),
    source=_SOURCE,
)
"""The CPU driver."""

DRIVERS: Final = (GPU, NET, CPU)
"""All drivers of this module."""


_MEMORY: Final = Quantity("80Gi")
_COMPUTE: Final = Quantity(100)
_PARTS: Final = 4


def _gpu_attributes(index: int, uuid: str, **more: int | bool) -> dict[str, DeviceAttribute]:
    return GPU.values(
        {"index": index, "uuid": uuid, "model": "LATEST-GPU-MODEL", "driverVersion": "1.0.0", **more}
    )


def gpu(index: int, *, uuid: str) -> Device:
    """A GPU as published in the default profile.

    Example:
        >>> gpu(0, uuid="gpu-a").name
        'gpu-0'
    """
    return Device(
        name=GPU.device_type("gpu").names.format(index=index),
        attributes=_gpu_attributes(index, uuid),
        capacity={"memory": DeviceCapacity(value=_MEMORY), "compute": DeviceCapacity(value=_COMPUTE)},
    )


def shared_gpu(index: int, *, uuid: str) -> Device:
    """A GPU that several claims share, each with an amount of memory and compute."""
    whole = gpu(index, uuid=uuid)
    capacity = {
        "memory": in_steps(_MEMORY, Quantity("1Gi")),
        "compute": in_steps(_COMPUTE, Quantity(1)),
    }
    return whole.model_copy(update={"capacity": capacity, "allow_multiple_allocations": True})


def counter_set(index: int) -> CounterSet:
    """What a GPU and its parts share."""
    return CounterSet(name=f"gpu-{index}-counters", counters=_counters(1))


def partitions(index: int, *, uuid: str) -> list[Device]:
    """A GPU and its parts in partition mode; their counters: `counter_set`."""
    whole = Device(
        name=GPU.device_type("gpu").names.format(index=index),
        attributes=_gpu_attributes(index, uuid, partitionable=True, full=True),
        capacity={"memory": DeviceCapacity(value=_MEMORY), "compute": DeviceCapacity(value=_COMPUTE)},
        consumes_counters=[_consumption(index, 1)],
    )
    parts = [
        Device(
            name=GPU.device_type("partition").names.format(index=index, part=part),
            attributes=_gpu_attributes(index, uuid, partition=part, partitionable=True, full=False),
            capacity={name: DeviceCapacity(value=each.value) for name, each in _counters(_PARTS).items()},
            consumes_counters=[_consumption(index, _PARTS)],
        )
        for part in range(_PARTS)
    ]
    return [whole, *parts]


def _counters(parts: int) -> dict[str, Counter]:
    """Memory and compute of one part of a GPU."""
    return {
        name: Counter(value=Quantity.from_nanos(total.nanos // parts, total.format))
        for name, total in (("memory", _MEMORY), ("compute", _COMPUTE))
    }


def _consumption(index: int, parts: int) -> DeviceCounterConsumption:
    return DeviceCounterConsumption(counter_set=f"gpu-{index}-counters", counters=_counters(parts))


def nic(index: int) -> Device:
    """A network card of which claims take a virtual function and bandwidth: 1G unless they say how much.

    Example:
        >>> str(nic(0).capacity["egressBandwidth"].request_policy.default)
        '1G'
    """
    one = Quantity(1)
    bandwidth = in_steps(Quantity("100G"), Quantity("1M"), least=Quantity("100M"), default=Quantity("1G"))
    return Device(
        name=NET.device_types[0].names.format(index=index),
        capacity={
            "vfs": DeviceCapacity(
                value=Quantity(100), request_policy=CapacityRequestPolicy(default=one, valid_values=[one])
            ),
            "ingressBandwidth": bandwidth,
            "egressBandwidth": bandwidth.model_copy(deep=True),
        },
        allow_multiple_allocations=True,
    )


def numa_cpus(node: int, cpus: int) -> Device:
    """The CPUs of a NUMA node, of which claims take an amount."""
    return Device(
        name=CPU.device_types[0].names.format(node=node),
        capacity={"cpu.example.com/cpu": in_steps(Quantity(cpus), Quantity(1))},
        allow_multiple_allocations=True,
    )
