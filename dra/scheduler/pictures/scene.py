"""What a picture of a cluster shows, as values: nodes, their devices, and who holds what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from dra.allocator.inventory import NodePool, NodeView
from dra.allocator.pools import CounterId, Device, Pool, each_bit
from dra.allocator.state import DeviceId
from dra.allocator.taints import BLOCKING_EFFECTS
from dra.allocator.usage import Usage
from dra.drivers.nvidia.compute_domain import CLIQUE_LABEL
from dra.drivers.standard import NUMA_NODE, PCIE_ROOT
from dra.models.core import Node
from dra.models.resource import Device as DeviceModel, DeviceAttribute
from dra.scheduler.objects import Key
from dra.scheduler.units import part_taken
from dra.scheduler.world import World

__all__ = ["KINDS", "Cell", "Part", "Place", "Scene", "scene_of"]

_NETWORK: Final = ("dra.net", "sriovnetwork.k8snetworkplumbingwg.io", "net.example.com")
_HOST: Final = ("compute-domain.nvidia.com",)
_HOST_PREFIXES: Final = ("dra.", "cpu.")
# What a small box is called rather than by an address, the best first.
_SHORT_NAMES: Final = ("rdmaDevice", "ifName", "interfaceName")
_PARENT: Final = "parentUUID"
_SHOWN_VALUES: Final = 30
_SHARED: Final = "seen by several nodes"
KINDS: Final = ("device", "network", "host")
"""What devices are, in the order in which a node's are drawn."""


@attrs.frozen
class Part:
    """What a claim holds of a device.

    Attributes:
        claim: The claim.
        amount: How much of the device it is, 0 to 1.
    """

    claim: Key
    amount: float


@attrs.frozen(eq=False)
class Cell:
    """A device.

    Attributes:
        id: Driver, pool and name.
        name: What it is called in the picture.
        kind: `device`, `network` or `host` (cpu, memory, channels).
        parts: What claims hold of it.
        barred: Whether a taint keeps it from being allocated.
        blocked: Whether too little of its counters is left for it.
        behind: The hardware that it is a part of; empty if it stands for itself.
        slots: Which of the numbered slices of that hardware it takes, as counter or capacity names end.
        size: How much of that hardware it takes, 0 to 1; 0 if that is not known.
        root: The PCIe root that it hangs on.
        numa: The NUMA node.
        model: The device as it is published.
    """

    id: DeviceId
    name: str
    kind: str
    parts: tuple[Part, ...]
    barred: bool
    blocked: bool
    behind: str
    slots: tuple[int, ...]
    size: float
    root: str
    numa: int | None
    model: DeviceModel = attrs.field(repr=False)

    @property
    def about(self) -> str:
        """The device as it is published, a line for each value."""
        lines = [str(self.id)]
        for name, attribute in (self.model.attributes or {}).items():
            lines.append(f"{name}: {next(iter(attribute.to_dict().values()), '')}")
        lines += [f"{name}: {each.value}" for name, each in (self.model.capacity or {}).items()]
        lines += [f"taint {each.key}={each.value or ''}:{each.effect}" for each in self.model.taints or ()]
        return "\n".join(_listed(lines))


@attrs.frozen(eq=False)
class Place:
    """A node, or the devices that several nodes see.

    Attributes:
        name: The node's name.
        labels: Its labels.
        cells: Its devices, by kind.
        closed: Whether it takes no pods: unschedulable, or tainted.
        notes: What is wrong with its pools.
        about: What there is to say of it.
    """

    name: str
    labels: Mapping[str, str]
    cells: tuple[Cell, ...]
    closed: bool = False
    notes: tuple[str, ...] = ()
    about: str = ""

    @property
    def clique(self) -> str:
        """The NVLink clique that it is in; empty if it is in none."""
        return self.labels.get(CLIQUE_LABEL, "")


@attrs.frozen(eq=False)
class Scene:
    """All that is shown.

    Attributes:
        places: The nodes, then the devices that several of them see.
        left_out: How many nodes are not shown.
    """

    places: tuple[Place, ...]
    left_out: int = 0

    @property
    def cells(self) -> Iterator[Cell]:
        """All devices."""
        for place in self.places:
            yield from place.cells


def scene_of(world: World, names: Sequence[str] | None = None, limit: int | None = None) -> Scene:
    """What there is to show of a cluster.

    Args:
        world: The cluster.
        names: The nodes to show; all if None.
        limit: The most nodes that are shown.

    Raises:
        LoadError: There is no node of a name.
        AllocationError: A node selector in a slice is malformed.
    """
    states = list(world.states) if names is None else world.states_of(names)
    shown = states[:limit]
    places, shared, seen = [], dict[str, list[Cell]](), dict[Pool, int]()
    for state in shown:
        view = state.site.view(world.engine)
        cells: list[Cell] = []
        for _, pool, on_node in view.offsets:
            new = on_node.present & ~seen.get(pool, 0)
            seen[pool] = seen.get(pool, 0) | new
            if world.engine.solver.inventory.nodes_of(pool.driver, pool.name) is None:
                shared.setdefault(str(on_node), []).extend(_cells(world, pool, new))
            else:
                cells += _cells(world, pool, new)
        places.append(_place(state.site.node, cells, view))
    for name, of_pool in shared.items():
        if of_pool:
            places.append(Place(f"{name} ({_SHARED})", {}, tuple(of_pool)))
    return Scene(tuple(places), len(states) - len(shown))


def _place(node: Node, cells: Sequence[Cell], view: NodeView) -> Place:
    labels = node.metadata.labels or {}
    taints = [each for each in node.spec.taints or () if each.effect in BLOCKING_EFFECTS]
    closed = bool(node.spec.unschedulable or taints)
    about = [f"node {node.metadata.name}"]
    about += ["unschedulable"] if node.spec.unschedulable else []
    about += [f"taint {each.key}={each.value or ''}:{each.effect}" for each in taints]
    about += _listed(f"{name}={value}" for name, value in sorted(labels.items()))
    return Place(
        node.metadata.name or "",
        labels,
        tuple(sorted(cells, key=lambda cell: KINDS.index(cell.kind))),
        closed,
        tuple(f"pool {_fault(each)}" for each in view.pools if each.fault),
        "\n".join(about),
    )


def _fault(pool: NodePool) -> str:
    return f"{pool} is {pool.fault}" + (f": {pool.reason}" if pool.reason else "")


def _cells(world: World, pool: Pool, present: int) -> Iterator[Cell]:
    """The cells of some devices of a pool."""
    usage = world.account.usage(pool)
    parts: dict[DeviceId, list[Part]] = {}
    devices = {pool.devices[at].id: pool.devices[at] for at in each_bit(present)}
    for claim, holdings in world.account.holders((pool.driver, pool.name)).items():
        for each in holdings:
            device = devices.get(each.device)
            if device is not None:
                amount = 1.0 if each.share_id is None else part_taken(device, dict(each.consumed))
                parts.setdefault(each.device, []).append(Part(claim, min(amount, 1.0)))
    for at in each_bit(present):
        device = pool.devices[at]
        yield _cell(device, pool, usage, tuple(sorted(parts.get(device.id, ()), key=lambda part: part.claim)))


def _cell(device: Device, pool: Pool, usage: Usage, parts: tuple[Part, ...]) -> Cell:
    attributes = device.model.attributes or {}
    behind, slots, size = _within(device, pool)
    numa = _attribute(attributes, NUMA_NODE.name, device.id.driver)
    short = next(filter(None, (_text(attributes, each, device.id.driver) for each in _SHORT_NAMES)), "")
    kind = _kind(device.id.driver)
    return Cell(
        device.id,
        (short if kind == "network" else "") or device.id.device,
        kind,
        parts,
        any(each.effect in BLOCKING_EFFECTS for each in device.model.taints or ()),
        not parts and _lacking(device, usage),
        behind,
        slots,
        size,
        _text(attributes, PCIE_ROOT.name, device.id.driver),
        numa.int_ if numa is not None else None,
        device.model,
    )


def _within(device: Device, pool: Pool) -> tuple[str, tuple[int, ...], float]:
    """The hardware that a device is a part of, the slices of it that it takes, and how much that is."""
    if device.consumes:
        taken = [
            (counter, nanos / there)
            for counter, nanos in device.consumes
            if (there := pool.counters.get(counter, 0)) > 0
        ]
        name = min(counter.counter_set for counter, _ in device.consumes)
        slots = _slots(
            counter.counter for counter, part in taken if part >= 1 and counter.counter_set == name
        )
        # A slice is gone as a whole: where there are slices, their number tells the size.
        all_slots = _slots(counter.counter for counter in pool.counters if counter.counter_set == name)
        size = len(slots) / len(all_slots) if slots else max((part for _, part in taken), default=0.0)
        return f"{pool.driver}/{pool.name}/{name}", slots, min(size, 1.0)
    parent = _text(device.model.attributes or {}, _PARENT, device.id.driver)
    return parent, _slots(device.capacity) if parent else (), 0.0


def _slots(names: Iterable[str]) -> tuple[int, ...]:
    """The numbers at the end of the names that say slice: memory-slice-3, memorySlice3."""
    found = []
    for name in names:
        stem = name.rstrip("0123456789")
        if stem.lower().replace("-", "").endswith("slice") and len(name) - len(stem) in (1, 2):
            found.append(int(name[len(stem) :]))
    return tuple(sorted(found))


def _lacking(device: Device, usage: Usage) -> bool:
    remaining: Mapping[CounterId, int] = usage.remaining
    return any(nanos > remaining.get(counter, 0) for counter, nanos in device.consumes)


def _kind(driver: str) -> str:
    if driver in _NETWORK or driver.endswith(".networking.k8s.aws"):
        return "network"
    return "host" if driver in _HOST or driver.startswith(_HOST_PREFIXES) else "device"


def _attribute(attributes: Mapping[str, DeviceAttribute], name: str, driver: str) -> DeviceAttribute | None:
    return attributes.get(name) or attributes.get(f"{driver}/{name}")


def _text(attributes: Mapping[str, DeviceAttribute], name: str, driver: str) -> str:
    found = _attribute(attributes, name, driver)
    return (found.string or "") if found is not None else ""


def _listed(lines: Iterable[str]) -> list[str]:
    """The first of many lines."""
    lines = list(lines)
    more = len(lines) - _SHOWN_VALUES
    return lines if more <= 0 else [*lines[:_SHOWN_VALUES], f"and {more} more"]
