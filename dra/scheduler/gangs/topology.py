"""Topology domains: nodes that share the value of a label, or of an attribute of their devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import attrs

from dra.allocator.constraints import AttributeValues
from dra.allocator.pools import each_bit
from dra.scheduler.world import Site, World

__all__ = ["DeviceAttribute", "Domains", "Topology", "domains_of", "topology_name"]


@attrs.frozen
class DeviceAttribute:
    """A topology that devices tell: the domain of a node is the value that its devices have in common.

    Kubernetes knows topologies by node label only; this is an extension of `dra`, for drivers that publish
    an NVLink clique, a fabric or a slice of a pod of TPUs as an attribute. Devices without the attribute do
    not matter. A node whose devices have several values, or a list of values, is in no domain.

    Attributes:
        name: The attribute with its domain, such as `gpu.nvidia.com/cliqueID`.

    Example:
        >>> str(DeviceAttribute("gpu.nvidia.com/cliqueID"))
        'device attribute gpu.nvidia.com/cliqueID'
    """

    name: str

    def __str__(self) -> str:
        return f"device attribute {self.name}"


Topology: TypeAlias = "str | DeviceAttribute"
"""The key of a node label, or an attribute of devices."""


def topology_name(topology: Topology) -> str:
    """What people call a domain of a topology: its label or attribute."""
    return topology if isinstance(topology, str) else topology.name


@attrs.frozen(eq=False)
class Domains:
    """The domains of some nodes.

    Attributes:
        places: By value, the places of the nodes; in the order of the values as text.
        outside: The places of nodes that are in no domain.
    """

    places: Mapping[str, tuple[int, ...]]
    outside: tuple[int, ...]


def domains_of(world: World, topology: Topology, places: Iterable[int]) -> Domains:
    """The domains that some nodes are in.

    Raises:
        AllocationError: A node selector in a slice is malformed.
    """
    found: dict[str, list[int]] = {}
    outside = []
    for place in places:
        site = world.states[place].site
        if isinstance(topology, str):
            value = (site.node.metadata.labels or {}).get(topology)
        else:
            value = _common_value(world, site, topology.name)
        if value is None:
            outside.append(place)
        else:
            found.setdefault(value, []).append(place)
    return Domains({value: tuple(found[value]) for value in sorted(found)}, tuple(outside))


def _common_value(world: World, site: Site, attribute: str) -> str | None:
    """The only value that devices of a node have for an attribute."""
    seen: set[AttributeValues | None] = set()
    for _, pool, on_node in site.view(world.engine).offsets:
        values = pool.values(attribute, lists=True)
        seen.update(values[at] for at in each_bit(on_node.present) if values[at] is not None)
    values_seen = [value for value in seen if value is not None]
    if len(values_seen) != 1 or len(values_seen[0]) != 1:
        return None
    ((_, value),) = values_seen[0]
    return str(value).lower() if isinstance(value, bool) else str(value)
