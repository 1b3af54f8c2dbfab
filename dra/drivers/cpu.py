"""The CPU driver, `dra.cpu`: exclusive CPUs, by default as an amount of those of a NUMA node."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import ClassVar, Final

from pydantic import Field
from typing_extensions import override

from dra.drivers.configs import OpaqueConfig
from dra.drivers.declarations import Attribute, Capacity, DeviceType, Kind, NamePattern, amount
from dra.drivers.driver import ClassDeclaration, Driver
from dra.drivers.standard import NUMA_NODE, PCIE_ROOT
from dra.models.base import Model
from dra.models.resource import (
    Device,
    NodeAllocatableMapping,
    NodeAllocatableResource,
)
from dra.models.scalars import Str
from dra.quantity import Quantity

__all__ = ["CPU_CAPACITY", "DRIVER", "DRIVERS", "CpuConfig", "CpuSetConfig", "grouped_cpus"]

CPU_CAPACITY: Final = "dra.cpu/cpu"
"""The capacity that counts the CPUs of a group."""


class CpuSetConfig(Model):
    """The CPUs to take, in Linux' cpuset syntax: `0-3,5`."""

    cpuset: Str = ""


class CpuConfig(OpaqueConfig):
    """Which CPUs exactly; only for an allocator outside the scheduler. It has no kind.

    Example:
        >>> CpuConfig(api_version="v1alpha1", cpu_config=CpuSetConfig(cpuset="0-3")).to_dict()
        {'apiVersion': 'v1alpha1', 'cpuConfig': {'cpuset': '0-3'}}
    """

    driver: ClassVar[str] = "dra.cpu"
    strict: ClassVar[bool] = False

    api_version: Str = ""
    cpu_config: CpuSetConfig = Field(default_factory=CpuSetConfig)

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if self.api_version != "v1alpha1":
            yield f'unsupported opaque config apiVersion: "{self.api_version}"'
        elif not self.cpu_config.cpuset:
            yield "opaque config: cpuConfig.cpuset is empty or missing"


_SOCKET: Final = Attribute("dra.cpu/socketID", Kind.INT, "Socket", optional=True)
_SMT: Final = Attribute("dra.cpu/smtEnabled", Kind.BOOL, "Whether cores have several threads")
_LEGACY: Final = (
    Attribute("dra.cpu/numaNodeID", Kind.INT, "NUMA node", optional=True, replaced_by=NUMA_NODE.name),
    Attribute("dra.net/numaNode", Kind.INT, "NUMA node, as DRANET has it", optional=True),
)

_GROUP: Final = DeviceType(
    name="group",
    summary="The CPUs of a NUMA node, a socket or the machine, of which claims take an amount",
    patterns=(
        NamePattern("cpudevnuma{node:03}"),
        NamePattern("cpudevsocket{socket:03}"),
        NamePattern("cpudevmachine"),
    ),
    attributes=(
        NUMA_NODE,
        PCIE_ROOT,
        _SOCKET,
        Attribute("dra.cpu/numCPUs", Kind.INT, "How many CPUs it has"),
        _SMT,
        Attribute("dra.cpu/cpuIDs", Kind.STRING, "The CPUs, for external allocators", optional=True),
        Attribute("dra.cpu/smtLayout", Kind.STRING, "Siblings, for external allocators", optional=True),
        *_LEGACY,
    ),
    capacities=(Capacity(CPU_CAPACITY, "CPUs that claims can take of it"),),
)
_SINGLE: Final = DeviceType(
    name="cpu",
    summary="A single CPU (individual mode)",
    patterns=(NamePattern("cpudev{index:03}"),),
    attributes=(
        NUMA_NODE,
        PCIE_ROOT,
        Attribute("dra.cpu/cpuID", Kind.INT, "Number of the CPU"),
        Attribute("dra.cpu/coreID", Kind.INT, "Core, shared by its threads"),
        Attribute("dra.cpu/coreType", Kind.STRING, "Kind of core", values=("standard", "p-core", "e-core")),
        Attribute("dra.cpu/cacheL3ID", Kind.INT, "Last-level cache"),
        _SOCKET,
        _SMT,
        *_LEGACY,
    ),
)

DRIVER: Final = Driver(
    name="dra.cpu",
    title="CPU",
    device_types=(_GROUP, _SINGLE),
    classes=(ClassDeclaration("dra.cpu", 'device.driver == "dra.cpu"'),),
    configs=(CpuConfig,),
    source="kubernetes-sigs/dra-driver-cpu de98098",
)
"""The driver, with all that it publishes and accepts."""

DRIVERS: Final = (DRIVER,)
"""All drivers of this module."""


def _mapping() -> dict[str, NodeAllocatableResource]:
    """CPUs taken of a device are taken of the node's `cpu`."""
    one_to_one = NodeAllocatableMapping(capacity_key=CPU_CAPACITY, capacity_multiplier=Quantity(1))
    return {"cpu": NodeAllocatableResource(mapping=one_to_one)}


def grouped_cpus(
    numa_nodes: int, cpus_per_node: int, *, sockets: int = 2, smt: bool = True, mapped: bool = False
) -> list[Device]:
    """The devices of a machine in grouped mode: one per NUMA node.

    Args:
        numa_nodes: How many NUMA nodes the machine has.
        cpus_per_node: CPUs (threads) of each.
        sockets: Over how many sockets they are spread.
        smt: Whether cores have several threads.
        mapped: Publish that the CPUs count against the node's `cpu` (Kubernetes 1.37,
            DRANodeAllocatableResources).

    Example:
        >>> [device.name for device in grouped_cpus(2, 112)]
        ['cpudevnuma000', 'cpudevnuma001']
    """
    devices = []
    for node in range(numa_nodes):
        values: dict[str, int | bool] = {
            NUMA_NODE.name: node,
            "dra.cpu/socketID": node * sockets // numa_nodes,
            "dra.cpu/numCPUs": cpus_per_node,
            "dra.cpu/smtEnabled": smt,
            "dra.cpu/numaNodeID": node,
            "dra.net/numaNode": node,
        }
        devices.append(
            Device(
                name=_GROUP.names.format(node=node),
                attributes=DRIVER.values(values),
                capacity={CPU_CAPACITY: amount(cpus_per_node)},
                allow_multiple_allocations=True,
                node_allocatable_resources=_mapping() if mapped else None,
            )
        )
    return devices
