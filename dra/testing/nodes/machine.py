"""From a machine to a node: labels, capacity and the slices of every driver that runs on it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from dra.drivers.registry import get
from dra.models.core import Node, NodeCondition, NodeStatus
from dra.models.meta import KubernetesObject, ObjectMeta, OwnerReference
from dra.models.resource import (
    CounterSet,
    Device,
    DeviceClass,
    ResourcePool,
    ResourceSlice,
    ResourceSliceSpec,
)
from dra.quantity import Quantity
from dra.suggestions import unknown_name
from dra.testing.nodes.parts import Content, Cpus, NvidiaGpus, Part, Site

__all__ = ["Fixture", "Machine", "devices_of"]

_MOST_DEVICES: Final = 128
# Where devices have taints, consume counters or have lists as attributes.
_MOST_DEMANDING_DEVICES: Final = 64
_MOST_COUNTER_SETS: Final = 8
# The letters that Kubernetes draws the ends of names from.
_SUFFIX_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"


@attrs.frozen(repr=False)
class Machine:
    """A type of machine, as data: what it is made of, and what its nodes are called and labelled.

    Args:
        name: Its name in `machines()`, such as `dgx-h100` or `p5.48xlarge`.
        title: What it is, for people.
        parts: What drivers publish of it.
        memory_mib: Memory of the node in MiB; 0 if unknown.
        arch: Architecture of its processors.
        labels: Labels of its nodes besides the usual ones.
        classes: Names of DeviceClasses that its platform brings, besides those of the drivers' charts.
        rack: Nodes of one rack; with `nvlink_domain` these are one NVLink clique.
        nvlink_domain: Nodes of a rack share memory over NVLink and carry the clique label.
        facts: What of it was seen on real machines, and what is an estimate.

    Example:
        >>> from dra.testing import nodes
        >>> nodes.machine("dgx-h100")
        <dgx-h100: NVIDIA DGX H100, 8x H100 80GB, 8x ConnectX-7>
    """

    name: str
    title: str
    parts: tuple[Part, ...]
    memory_mib: int = 0
    arch: str = "amd64"
    labels: Mapping[str, str] = attrs.field(factory=dict)
    classes: tuple[str, ...] = ()
    rack: int = 4
    nvlink_domain: bool = False
    facts: str = ""

    def __repr__(self) -> str:
        return f"<{self.name}: {self.title}>"

    @property
    def drivers(self) -> tuple[str, ...]:
        """Names of the drivers that publish its parts."""
        return tuple(dict.fromkeys(part.driver for part in self.parts))

    def node(self, site: Site, labels: Mapping[str, str] | None = None) -> Node:
        """The node object."""
        gpu_label = (
            {"nvidia.com/gpu.present": "true"}
            if any(isinstance(part, NvidiaGpus) for part in self.parts)
            else {}
        )
        cpus = sum(part.total for part in self.parts if isinstance(part, Cpus))
        resources = {"pods": Quantity(110)}
        if cpus:
            resources["cpu"] = Quantity(cpus)
        if self.memory_mib:
            resources["memory"] = Quantity(f"{self.memory_mib}Mi")
        return Node(
            metadata=ObjectMeta(
                name=site.node,
                uid=site.uuid("node"),
                labels={
                    "kubernetes.io/arch": self.arch,
                    "kubernetes.io/hostname": site.node,
                    "kubernetes.io/os": "linux",
                    **gpu_label,
                    **self.labels,
                    **(labels or {}),
                },
            ),
            status=NodeStatus(
                capacity=dict(resources),
                allocatable=dict(resources),
                conditions=[NodeCondition(type="Ready", status="True")],
            ),
        )

    def slices(self, site: Site, drivers: Collection[str] | None = None) -> list[ResourceSlice]:
        """The slices of all its drivers, or of some.

        Raises:
            UnknownNameError: The machine has nothing for a driver that is named.
        """
        for name in drivers or ():
            if name not in self.drivers:
                raise unknown_name(f"driver of {self.name}", name, self.drivers)
        return [
            each
            for driver in self.drivers
            if drivers is None or driver in drivers
            for each in self._pool(driver, site)
        ]

    def _pool(self, driver: str, site: Site) -> Iterator[ResourceSlice]:
        contents = [
            piece
            for part in self.parts
            if part.driver == driver
            for content in part.publish(site)
            for piece in _pieces(content)
        ]
        owner = OwnerReference(
            api_version="v1", kind="Node", name=site.node, uid=site.uuid("node"), controller=True
        )
        prefix = f"{site.node}-{driver}-"
        # The scheduler takes slices by name: in order, so that what is published first is taken first.
        names = sorted(prefix + _suffix(f"{prefix}{index}") for index in range(len(contents)))
        for name, content in zip(names, contents, strict=True):
            yield ResourceSlice(
                metadata=ObjectMeta(
                    name=name,
                    generate_name=prefix,
                    generation=1,
                    owner_references=[owner.model_copy()],
                ),
                spec=ResourceSliceSpec(
                    driver=driver,
                    node_name=site.node,
                    pool=ResourcePool(name=site.node, generation=1, resource_slice_count=len(contents)),
                    devices=list(content.devices) or None,
                    shared_counters=list(content.counters) or None,
                ),
            )

    def device_classes(self, drivers: Collection[str] | None = None) -> list[DeviceClass]:
        """The classes that come with its drivers, and those of its platform."""
        wanted = [get(name) for name in self.drivers if drivers is None or name in drivers]
        return [each for driver in wanted for each in driver.device_classes()] + [
            each.build() for driver in wanted for each in driver.classes if each.name in self.classes
        ]


def _suffix(text: str) -> str:
    """Five letters such as Kubernetes ends generated names with, always the same for a text."""
    number = uuid.uuid5(uuid.NAMESPACE_DNS, text).int
    letters = []
    for _ in range(5):
        number, index = divmod(number, len(_SUFFIX_LETTERS))
        letters.append(_SUFFIX_LETTERS[index])
    return "".join(letters)


def _pieces(content: Content) -> Iterator[Content]:
    """A slice's content, in several slices where Kubernetes does not allow so many devices in one."""
    many = len(content.devices) > _MOST_DEMANDING_DEVICES
    demanding = many and any(map(_is_demanding, content.devices))
    most = _MOST_DEMANDING_DEVICES if demanding else _MOST_DEVICES
    yield Content(content.devices[:most], content.counters[:_MOST_COUNTER_SETS])
    devices: Sequence[Device] = content.devices[most:]
    counters: Sequence[CounterSet] = content.counters[_MOST_COUNTER_SETS:]
    if devices or counters:
        yield from _pieces(Content(devices, counters))


def _is_demanding(device: Device) -> bool:
    return bool(
        device.taints
        or device.consumes_counters
        or any(
            each.ints or each.bools or each.strings or each.versions
            for each in (device.attributes or {}).values()
        )
    )


@attrs.frozen
class Fixture:
    """Nodes with everything that their drivers publish, and the classes to claim it by.

    The objects belong to whoever asked for them and may be changed.

    Attributes:
        nodes: The nodes.
        slices: The slices of all their drivers.
        classes: The classes, each once.
    """

    nodes: list[Node] = attrs.field(factory=list)
    slices: list[ResourceSlice] = attrs.field(factory=list)
    classes: list[DeviceClass] = attrs.field(factory=list)

    @property
    def node(self) -> Node:
        """The only node, or the first."""
        return self.nodes[0]

    @property
    def objects(self) -> list[KubernetesObject]:
        """Everything, in the order in which one would apply it."""
        return [*self.classes, *self.nodes, *self.slices]

    def devices(self, driver: str = "", node: str = "") -> list[Device]:
        """The devices, of one driver or one node if named."""
        return devices_of(self.slices, driver, node)

    def __add__(self, other: Fixture) -> Fixture:
        """Both together; classes of the same name are taken from the first."""
        known = {each.metadata.name for each in self.classes}
        return Fixture(
            [*self.nodes, *other.nodes],
            [*self.slices, *other.slices],
            [*self.classes, *(each for each in other.classes if each.metadata.name not in known)],
        )


def devices_of(slices: Iterable[ResourceSlice], driver: str = "", node: str = "") -> list[Device]:
    """The devices in some slices, of one driver or one node if named."""
    return [
        device
        for each in slices
        if driver in ("", each.spec.driver) and node in ("", each.spec.node_name)
        for device in each.spec.devices or ()
    ]
