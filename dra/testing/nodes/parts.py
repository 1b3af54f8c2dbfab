"""What a machine is made of, and how each part's driver publishes it: one publisher per driver.

A part is data: what is there and where it sits. `publish` turns it into the devices (and counters) that the
part's driver puts into its pool on a node.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Final

import attrs

from dra.drivers import amd, cpu, dranet, example, intel, neuron, nvidia, tpu
from dra.drivers.nvidia import publish as nvidia_devices
from dra.drivers.nvidia.publish import Gpu, GpuSoftware, SharesMode
from dra.drivers.standard import PciDevice
from dra.errors import DriverError
from dra.models.resource import CounterSet, Device

__all__ = [
    "AmdGpus",
    "Content",
    "Cpus",
    "ExampleCpus",
    "ExampleGpus",
    "ExampleNics",
    "Gaudis",
    "ImexChannel",
    "IntelGpus",
    "NeuronDevices",
    "NeuronEfas",
    "NeuronNode",
    "Nics",
    "NvidiaGpus",
    "Part",
    "Site",
    "TpuChips",
]

# Counter sets in a slice of their own: Kubernetes 1.34 has them beside the devices.
_COMBINED: Final = "1.34"


@attrs.frozen
class Site:
    """The node that a machine becomes, and how its drivers are set up.

    Attributes:
        node: Name of the node; everything random is derived from it.
        kubernetes: Minor of the cluster.
        mig: How NVIDIA's GPUs are cut: empty for not at all, `dynamic`, or one layout for each GPU.
        shares: NVIDIA's consumable shares; any makes the example driver's GPUs shareable.
        partitioned: AMD's AutoPartition is on; the example driver's GPUs are cut.
        numa_node: NVIDIA's driver publishes the NUMA node.
    """

    node: str
    kubernetes: str
    mig: str | tuple[str, ...] = ""
    shares: SharesMode | int | None = None
    partitioned: bool = False
    numa_node: bool = True

    def uuid(self, thing: str) -> str:
        """A UUID that is always the same for a thing of this node."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{thing}.{self.node}"))


@attrs.frozen
class Content:
    """What goes into one slice: devices, counter sets, or (in Kubernetes 1.34) both."""

    devices: Sequence[Device] = ()
    counters: Sequence[CounterSet] = ()


class Part(ABC):
    """A group of equal parts of a machine, all published by one driver.

    Attributes:
        driver: Name of the driver.
    """

    driver: ClassVar[str]

    @abstractmethod
    def publish(self, site: Site) -> list[Content]:
        """What the driver publishes, slice by slice; a slice with too many devices is split later."""


@attrs.frozen
class NvidiaGpus(Part):
    """NVIDIA GPUs, numbered by place.

    Args:
        model: Name of the model.
        places: Where they sit.
        software: The driver on the node.
    """

    driver: ClassVar[str] = "gpu.nvidia.com"

    model: str
    places: tuple[PciDevice, ...]
    software: GpuSoftware = attrs.field(factory=GpuSoftware)

    def publish(self, site: Site) -> list[Content]:
        """See `Part`."""
        model = nvidia.gpu_model(self.model)
        software = attrs.evolve(self.software, numa_node=site.numa_node and self.software.numa_node)
        gpus = [
            Gpu(model, minor, f"GPU-{site.uuid(f'gpu-{minor}')}", place, software)
            for minor, place in enumerate(self.places)
        ]
        contents = self._dynamic(gpus, site) if site.mig == "dynamic" else self._static(gpus, site)
        if site.shares is None:
            return contents
        shared = site.shares
        return [
            attrs.evolve(each, devices=[nvidia_devices.consumable(device, shared) for device in each.devices])
            for each in contents
        ]

    def _dynamic(self, gpus: Sequence[Gpu], site: Site) -> list[Content]:
        groups = [
            Content(nvidia_devices.partitionable(gpu), [nvidia_devices.counter_set(gpu)]) for gpu in gpus
        ]
        return _with_counters(site, groups)

    def _static(self, gpus: Sequence[Gpu], site: Site) -> list[Content]:
        layouts = (site.mig,) * len(gpus) if isinstance(site.mig, str) else site.mig
        if len(layouts) != len(gpus):
            raise DriverError(f"{len(layouts)} MIG layouts for {len(gpus)} GPUs", value=len(layouts))
        devices = [
            device
            for gpu, layout in zip(gpus, layouts, strict=True)
            for device in nvidia_devices.static_mig(gpu, gpu.board.layout(layout) if layout else ())
        ]
        return [Content(sorted(devices, key=lambda device: device.name))]


@attrs.frozen
class ImexChannel(Part):
    """A node of an NVLink domain, where ComputeDomains can be made."""

    driver: ClassVar[str] = "compute-domain.nvidia.com"

    def publish(self, site: Site) -> list[Content]:  # noqa: ARG002 - it is the same on every node
        """See `Part`."""
        return [Content(nvidia.compute_domain.devices())]


@attrs.frozen
class Nics(Part):
    """Network devices that DRANET publishes.

    Args:
        cards: The devices.
    """

    driver: ClassVar[str] = "dra.net"

    cards: tuple[dranet.Nic, ...]

    def publish(self, site: Site) -> list[Content]:  # noqa: ARG002 - nothing of it is random
        """See `Part`."""
        return [Content(sorted(map(dranet.nic, self.cards), key=lambda device: device.name))]


@attrs.frozen
class Cpus(Part):
    """Processors.

    Args:
        numa_nodes: How many NUMA nodes there are.
        per_node: CPUs (threads) of each.
        sockets: Over how many sockets they are spread.
        smt: Whether cores have several threads.
    """

    driver: ClassVar[str] = "dra.cpu"

    numa_nodes: int
    per_node: int
    sockets: int = 2
    smt: bool = True

    @property
    def total(self) -> int:
        """CPUs of the machine."""
        return self.numa_nodes * self.per_node

    def publish(self, site: Site) -> list[Content]:  # noqa: ARG002 - nothing of it is random
        """See `Part`."""
        groups = cpu.grouped_cpus(self.numa_nodes, self.per_node, sockets=self.sockets, smt=self.smt)
        return [Content(groups)]


@attrs.frozen
class AmdGpus(Part):
    """AMD GPUs, numbered by place.

    Args:
        model: Name of the model.
        places: Where they sit.
    """

    driver: ClassVar[str] = "gpu.amd.com"

    model: str
    places: tuple[PciDevice, ...]

    def publish(self, site: Site) -> list[Content]:
        """See `Part`."""
        model = amd.amd_gpu_model(self.model)
        gpus = [amd.AmdGpu(model, index, place) for index, place in enumerate(self.places)]
        if not site.partitioned:
            return [Content([amd.full_gpu(gpu) for gpu in gpus])]
        devices = [device for gpu in gpus for device in amd.partitions(gpu)]
        counters = [amd.counter_set(gpu) for gpu in gpus]
        return _with_counters(site, [Content(devices, counters)])


@attrs.frozen
class IntelGpus(Part):
    """Intel GPUs.

    Args:
        model: Name of the model.
        places: Where they sit.
    """

    driver: ClassVar[str] = "gpu.intel.com"

    model: str
    places: tuple[PciDevice, ...]

    def publish(self, site: Site) -> list[Content]:  # noqa: ARG002 - nothing of it is random
        """See `Part`."""
        model = intel.intel_gpu_model(self.model)
        return [Content([intel.gpu(model, place) for place in self.places])]


@attrs.frozen
class Gaudis(Part):
    """Intel Gaudi accelerators.

    Args:
        model: `Gaudi`, `Gaudi2` or `Gaudi3`.
        places: Where they sit.
    """

    driver: ClassVar[str] = "gaudi.intel.com"

    model: str
    places: tuple[PciDevice, ...]

    def publish(self, site: Site) -> list[Content]:
        """See `Part`."""
        return [
            Content(
                [
                    intel.gaudi(self.model, place, serial=f"AN{site.uuid(place.address)[:8].upper()}")
                    for place in self.places
                ]
            )
        ]


@attrs.frozen
class TpuChips(Part):
    """The TPU chips of a node.

    Args:
        generation: Such as `v6e`.
        accelerator: As GKE's label has it.
        count: Chips of the node.
        topology: Shape of the slice that the node is a part of.
    """

    driver: ClassVar[str] = "tpu.google.com"

    generation: str
    accelerator: str
    count: int
    topology: str

    def publish(self, site: Site) -> list[Content]:
        """See `Part`."""
        chips = [
            tpu.chip(
                index,
                uuid=f"tpu-{site.uuid(f'tpu-{index}')}",
                generation=self.generation,
                accelerator=self.accelerator,
                chip_count=self.count,
                topology=self.topology,
            )
            for index in range(self.count)
        ]
        return [Content(chips)]


def _neuron_groups(site: Site, index: int, efa: dranet.Nic | None) -> dict[int, str]:
    """The connected groups of a device, by size; that of one is the EFA beside it."""
    groups = {size: site.uuid(f"group-{size}-{index // size}")[:16] for size in (4, 8, 16)}
    return groups if efa is None else {1: efa.pci.address, **groups}


@attrs.frozen
class NeuronDevices(Part):
    """AWS Neuron devices.

    Args:
        instance_type: Type of the EC2 instance.
        count: Devices of the node.
        columns: Width of their grid; 0 if they form none.
        efas: The EFA beside each, if they are connected so.
    """

    driver: ClassVar[str] = "neuron.aws.com"

    instance_type: str
    count: int
    columns: int = 0
    efas: tuple[dranet.Nic, ...] = ()

    def publish(self, site: Site) -> list[Content]:
        """See `Part`."""
        beside = dict(enumerate(self.efas))
        devices = [
            neuron.neuron_device(
                index,
                instance_type=self.instance_type,
                columns=self.columns,
                groups=_neuron_groups(site, index, beside.get(index)) if self.columns else {},
            )
            for index in range(self.count)
        ]
        return [Content(devices)]


@attrs.frozen
class NeuronNode(Part):
    """A node of an UltraServer, whose devices are taken together.

    Args:
        instance_type: Type of the EC2 instance.
    """

    driver: ClassVar[str] = "neuron.aws.com"

    instance_type: str

    def publish(self, site: Site) -> list[Content]:
        """See `Part`."""
        block = f"cr-{site.uuid('capacity block')[:8]}"
        return [Content([neuron.neuron_node(instance_type=self.instance_type, capacity_block=block)])]


@attrs.frozen
class NeuronEfas(Part):
    """EFAs, each beside the Neuron device of its number and in the same connected groups.

    Args:
        cards: The devices.
    """

    driver: ClassVar[str] = "dra.net"

    cards: tuple[dranet.Nic, ...]

    def publish(self, site: Site) -> list[Content]:
        """See `Part`."""
        cards = [
            attrs.evolve(
                card,
                extra={
                    f"resource.aws.com/devicegroup{size}_id": group
                    for size, group in _neuron_groups(site, index, card).items()
                },
            )
            for index, card in enumerate(self.cards)
        ]
        return [Content(sorted(map(dranet.nic, cards), key=lambda device: device.name))]


@attrs.frozen
class ExampleGpus(Part):
    """The made-up GPUs of the upstream example driver.

    Args:
        count: How many.
    """

    driver: ClassVar[str] = "gpu.example.com"

    count: int = 8

    def publish(self, site: Site) -> list[Content]:
        """See `Part`."""
        uuids = [f"gpu-{site.uuid(f'gpu-{index}')}" for index in range(self.count)]
        if site.partitioned:
            groups = [
                Content(example.partitions(index, uuid=each), [example.counter_set(index)])
                for index, each in enumerate(uuids)
            ]
            return _with_counters(site, groups)
        build = example.gpu if site.shares is None else example.shared_gpu
        return [Content([build(index, uuid=each) for index, each in enumerate(uuids)])]


@attrs.frozen
class ExampleNics(Part):
    """The made-up network cards of the upstream example driver.

    Args:
        count: How many.
    """

    driver: ClassVar[str] = "net.example.com"

    count: int = 2

    def publish(self, site: Site) -> list[Content]:  # noqa: ARG002 - nothing of it is random
        """See `Part`."""
        return [Content([example.nic(index) for index in range(self.count)])]


@attrs.frozen
class ExampleCpus(Part):
    """The made-up CPUs of the upstream example driver.

    Args:
        numa_nodes: How many NUMA nodes.
        per_node: CPUs of each.
    """

    driver: ClassVar[str] = "cpu.example.com"

    numa_nodes: int = 2
    per_node: int = 16

    def publish(self, site: Site) -> list[Content]:  # noqa: ARG002 - nothing of it is random
        """See `Part`."""
        return [Content([example.numa_cpus(node, self.per_node) for node in range(self.numa_nodes)])]


def _with_counters(site: Site, groups: Sequence[Content]) -> list[Content]:
    """Groups of devices with their counter sets, laid out as the minor wants it."""
    if site.kubernetes == _COMBINED:
        return list(groups)
    counters = [counter_set for group in groups for counter_set in group.counters]
    return [Content(counters=counters), *(Content(group.devices) for group in groups)]
