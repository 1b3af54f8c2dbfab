"""Nodes for tests: the slices and node objects of real machines, by name, one or ten thousand.

    >>> from dra.testing import nodes
    >>> dgx = nodes.node("dgx-h100", "dgx-1", drivers=["gpu.nvidia.com"])
    >>> [device.name for device in dgx.devices()][:3]
    ['gpu-0', 'gpu-1', 'gpu-2']
    >>> len(nodes.cluster("gb200-nvl72", racks=4).nodes)
    72

Everything random is derived from names, so the same call gives the same objects.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import attrs

from dra.arguments import whole
from dra.drivers.declarations import AttributeContent
from dra.drivers.driver import Driver
from dra.drivers.fabric import fabric_device, fabric_nodes
from dra.drivers.nvidia.compute_domain import CLIQUE_LABEL, MAX_NODES, clique_id
from dra.drivers.nvidia.gpu import DRIVER as NVIDIA
from dra.drivers.nvidia.publish import SharesMode
from dra.errors import DriverError
from dra.features import LATEST, minor
from dra.models.loading import collector_paused
from dra.models.meta import ObjectMeta
from dra.models.resource import ResourcePool, ResourceSlice, ResourceSliceSpec
from dra.suggestions import unknown_name
from dra.testing.nodes.catalog import MACHINES
from dra.testing.nodes.machine import Fixture, Machine
from dra.testing.nodes.parts import Part, Site
from dra.validation.scope import Limits

__all__ = [
    "RACK_LABEL",
    "Fixture",
    "Machine",
    "Part",
    "Setup",
    "Site",
    "cluster",
    "fabric",
    "machine",
    "machines",
    "node",
]

RACK_LABEL: Final = "topology.example.com/rack"
"""The label of fixture nodes that says in which rack they stand."""
# The clique that GPUs of an unpartitioned rack are in; in a partitioned one the others count down from it.
_CLIQUE: Final = 32766


def machines() -> tuple[Machine, ...]:
    """Every machine there is."""
    return tuple(MACHINES.values())


def machine(name: str | Machine) -> Machine:
    """The machine of a name such as `dgx-h100` or `p5.48xlarge`; a machine is itself.

    Raises:
        UnknownNameError: There is none; the remedy has the nearest.
    """
    if isinstance(name, Machine):
        return name
    if name not in MACHINES:
        raise unknown_name("machine", name, MACHINES)
    return MACHINES[name]


@attrs.frozen
class Setup:
    """How the drivers of a node are set up.

    Args:
        drivers: The drivers that run; None for all that have something to publish.
        mig: How NVIDIA's GPUs are cut: `dynamic` (on demand, with counters), one of mig-parted's names
            (`all-1g.10gb`, `all-balanced`), profiles (`3g.40gb, 2g.20gb`), or a list with one of these (or
            an empty text) for each GPU.
        shares: NVIDIA's consumable shares: `memory`, `unlimited` or a number. Any of them lets claims share
            the example driver's GPUs.
        partitioned: AMD's AutoPartition; the example driver's GPUs in parts.
        numa_node: Whether NVIDIA's driver publishes the NUMA node; released versions up to 0.4 do not.
        kubernetes: Minor of the cluster, which decides how counters are laid out.

    Raises:
        UnknownVersionError: The minor is not known.
        DriverError: There is no such way of sharing.
    """

    drivers: Collection[str] | None = None
    mig: str | Sequence[str] = ""
    shares: str | int | None = None
    partitioned: bool = False
    numa_node: bool = True
    kubernetes: str = LATEST

    def site(self, name: str) -> Site:
        """The node of a name with this set-up."""
        return Site(
            node=name,
            kubernetes=minor(self.kubernetes),
            mig=self.mig if isinstance(self.mig, str) else tuple(self.mig),
            shares=_shares(self.shares),
            partitioned=self.partitioned,
            numa_node=self.numa_node,
        )


def _shares(wanted: str | int | None) -> SharesMode | int | None:
    if not isinstance(wanted, str):
        return None if wanted is None else whole(wanted, "shares")
    known = {mode.value: mode for mode in SharesMode}
    if wanted not in known:
        raise unknown_name("mode of consumable shares", wanted, known)
    return known[wanted]


def node(
    kind: str | Machine,
    name: str = "",
    *,
    labels: Mapping[str, str] | None = None,
    drivers: Collection[str] | None = None,
    mig: str | Sequence[str] = "",
    shares: str | int | None = None,
    partitioned: bool = False,
    numa_node: bool = True,
    kubernetes: str = LATEST,
) -> Fixture:
    """One node with the slices of its drivers.

    Args:
        kind: The machine, or its name.
        name: Name of the node; by default that of the machine with `-0`.
        labels: More labels.
        drivers: See `Setup`.
        mig: See `Setup`.
        shares: See `Setup`.
        partitioned: See `Setup`.
        numa_node: See `Setup`.
        kubernetes: See `Setup`.

    Raises:
        UnknownNameError: There is no such machine, driver, MIG layout or mode of sharing.
        DriverError: A MIG layout does not fit, or there is no GPU to cut.

    Example:
        >>> cut = node("dgx-h100", mig="all-balanced", drivers=["gpu.nvidia.com"])
        >>> [device.name for device in cut.devices()][:2]
        ['gpu-0-mig-1g10gb-19-2', 'gpu-0-mig-1g10gb-19-3']
        >>> on_demand = node("dgx-h100", mig="dynamic", drivers=["gpu.nvidia.com"])
        >>> len(on_demand.slices), len(on_demand.devices())
        (9, 208)
    """
    found = machine(kind)
    setup = Setup(drivers, mig, shares, partitioned, numa_node, kubernetes)
    built = _node(found, name or f"{found.name.replace('.', '-')}-0", setup, labels, with_classes=True)
    if mig and not any(each.spec.driver == NVIDIA.name for each in built.slices):
        raise DriverError(f"{found.name} has no devices of {NVIDIA.name} that MIG could cut", value=mig)
    return built


def _node(
    found: Machine, name: str, setup: Setup, labels: Mapping[str, str] | None, *, with_classes: bool
) -> Fixture:
    site = setup.site(name)
    return Fixture(
        [found.node(site, labels)],
        found.slices(site, setup.drivers),
        found.device_classes(setup.drivers) if with_classes else [],
    )


def fabric(
    driver: Driver,
    name: str,
    count: int,
    values: Mapping[str, AttributeContent] | None = None,
    *,
    capacity: Mapping[str, str] | None = None,
    prefix: str = "cohdi.io",
    number: str = "1",
) -> Fixture:
    """Devices of a fabric, such as FPGAs, which are attached to a node once a pod is scheduled to it.

    They can be attached to the nodes with the labels `<prefix>/<name>=true` and `<prefix>/fabric=<number>`.

    Args:
        driver: From `dra.drivers.fabric.fabric_driver`.
        name: Kind of device: the name of the pool, and the beginning of the devices' names.
        count: How many devices.
        values: Their attributes.
        capacity: Their capacities.
        prefix: The label prefix of the installation.
        number: Number of the fabric.

    Raises:
        DriverError: The driver has no such attribute or capacity, that is no name for a device, or there are
            more devices than a slice can list.

    Example:
        >>> from dra.drivers.fabric import fabric_driver
        >>> fpgas = fabric(fabric_driver("fpga.example.com"), "u250", 2, {"productName": "Alveo U250"})
        >>> [device.name for device in fpgas.devices()], fpgas.slices[0].spec.node_name
        (['u250-0', 'u250-1'], None)
    """
    most = Limits().devices
    if not 0 <= count <= most:
        raise DriverError(f"a fabric publishes one slice, of at most {most} devices", value=count)
    pool = ResourceSlice(
        metadata=ObjectMeta(name=f"{driver.name}-{name}-fabric-{number}"),
        spec=ResourceSliceSpec(
            driver=driver.name,
            node_selector=fabric_nodes(prefix, name, number),
            pool=ResourcePool(name=name, generation=1, resource_slice_count=1),
            devices=[
                fabric_device(driver, f"{name}-{index}", values or {}, capacity) for index in range(count)
            ],
        ),
    )
    return Fixture(slices=[pool], classes=driver.device_classes())


def cluster(
    kind: str | Machine = "dgx-h100",
    *,
    racks: int = 1,
    nodes_per_rack: int | None = None,
    cliques: int = 1,
    prefix: str = "rack",
    setup: Setup | None = None,
) -> Fixture:
    """Racks of equal nodes; add clusters (`+`) for different ones.

    Nodes carry the label of their rack, and those of an NVLink domain the clique's.

    Args:
        kind: The machine, or its name.
        racks: How many racks.
        nodes_per_rack: How many nodes each has; by default what is usual for the machine.
        cliques: Into how many NVLink cliques the fabric of a rack is partitioned.
        prefix: Beginning of the nodes' names, which go on with the numbers of rack and node.
        setup: How the drivers are set up.

    Raises:
        UnknownNameError: As `node`.
        DriverError: As `node`, or a clique would have more nodes than NVLink allows.
        ArgumentError: A number is negative or none.

    Example:
        >>> rack = cluster("gb200-nvl72", setup=Setup(drivers=["gpu.nvidia.com"]))
        >>> len(rack.devices()), {each.metadata.labels["nvidia.com/gpu.clique"] for each in rack.nodes}
        (72, {'8d00eee1-85a5-502f-9358-ce8cd5501769.32766'})
    """
    found = machine(kind)
    per_rack = found.rack if nodes_per_rack is None else nodes_per_rack
    whole(racks, "racks", least=0)
    whole(per_rack, "nodes_per_rack", least=0)
    whole(cliques, "cliques", least=0)
    if found.nvlink_domain and not 0 < cliques <= per_rack <= cliques * MAX_NODES:
        raise DriverError(
            f"{per_rack} nodes cannot be {cliques} cliques of at most {MAX_NODES} nodes", value=cliques
        )
    with collector_paused():
        return _racks(
            found, [f"{prefix}-{rack}" for rack in range(racks)], per_rack, cliques, setup or Setup()
        )


def _racks(found: Machine, racks: Sequence[str], per_rack: int, cliques: int, setup: Setup) -> Fixture:
    built = Fixture(classes=found.device_classes(setup.drivers))
    for rack_name in racks:
        fabric = str(uuid.uuid5(uuid.NAMESPACE_DNS, rack_name))
        for index in range(per_rack):
            labels = {RACK_LABEL: rack_name}
            if found.nvlink_domain:
                labels[CLIQUE_LABEL] = clique_id(fabric, _CLIQUE - index * cliques // per_rack)
            one = _node(found, f"{rack_name}-node-{index}", setup, labels, with_classes=False)
            built.nodes.extend(one.nodes)
            built.slices.extend(one.slices)
    return built
