"""`draw`: a cluster as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import attrs

from dra.allocator.explanation import count_of
from dra.arguments import instance, whole
from dra.errors import LoadError
from dra.scheduler.contents import Contents
from dra.scheduler.pictures.cards import draw_groups
from dra.scheduler.pictures.cells import COMPACT, NAMED
from dra.scheduler.pictures.groups import grouped
from dra.scheduler.pictures.legend import draw_legend
from dra.scheduler.pictures.owners import Owners, counted, owners_of
from dra.scheduler.pictures.page import page_of
from dra.scheduler.pictures.scene import Scene, scene_of
from dra.scheduler.pictures.strips import draw_strips
from dra.scheduler.pictures.svg import Block, column, document, text
from dra.scheduler.pictures.theme import STYLE, definitions
from dra.suggestions import unknown_name

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster

__all__ = ["Detail", "Picture", "draw"]

Detail: TypeAlias = Literal["auto", "named", "compact", "strips"]
"""How much is drawn: devices with names, small ones, or a narrow column for each node."""

_WIDTH: Final = 1160.0
_NARROWEST: Final = 560.0
_MARGIN: Final = 20.0
_NAMED_NODES: Final = 8
_NAMED_DEVICES: Final = 500
_COMPACT_NODES: Final = 100
_COMPACT_DEVICES: Final = 4_000
_MOST_DEVICES: Final = 20_000


@attrs.frozen
class Picture:
    """A picture, which notebooks show by themselves.

    Attributes:
        svg: One SVG file that needs nothing else.
        name: What it shows.
    """

    svg: str = attrs.field(repr=False)
    name: str

    @property
    def html(self) -> str:
        """One HTML file: what is under the pointer is told beside it, a click shows what somebody holds."""
        return page_of(self.svg, self.name)

    def _repr_svg_(self) -> str:
        return self.svg


def draw(
    cluster: Cluster,
    *,
    by: str = "",
    group_by: str = "",
    nodes: Sequence[str] | None = None,
    drivers: Sequence[str] | None = None,
    limit: int | None = None,
    detail: str = "auto",
) -> Picture:
    """Nodes and their devices, coloured by who holds them, with PCIe roots and NVLink cliques.

    The picture depends on the cluster and the arguments alone. It is readable in the light and in the dark,
    with and without colours.

    Args:
        cluster: The cluster. To see where a pod or gang would go, draw what `placement.apply()` gives.
        by: What a colour stands for: `claim`; `workload`, the group of the pods that use a claim;
            `namespace`. By default claims, and namespaces where nodes are columns.
        group_by: A label of nodes that racks or the like have in common, or the part of it after the slash,
            such as `rack`; `clique` for NVLink cliques, which have an outline in any case unless nodes are
            columns.
        nodes: The only nodes to draw, in this order.
        drivers: The only drivers whose devices are drawn.
        limit: The most nodes to draw.
        detail: `named`, `compact` or `strips`; `auto` takes the most that there is room for. The size of
            strips is bounded, however many nodes there are.

    Raises:
        LoadError: There is no node of a name, no such label, colouring or detail, or too much for the detail.
        UnknownNameError: No device is of such a driver.
        AllocationError: A slice's node selector is broken.

    Example:
        >>> from dra.scheduler import Cluster
        >>> from dra.testing import nodes
        >>> picture = draw(Cluster.load(nodes.node("dgx-h100", drivers=["gpu.nvidia.com"]).objects))
        >>> picture.name, picture.svg.count('class="cell"')
        ('1 node, 8 devices, nothing held', 8)
    """
    if detail not in get_args(Detail):
        raise LoadError(
            f"no detail {detail!r}", value=detail, remedy=f"details: {', '.join(get_args(Detail))}"
        )
    if limit is not None:
        whole(limit, "limit", least=1)
    instance(cluster, Contents, "cluster", "a dra.Cluster", "Cluster.load reads manifests")
    world = cluster._world
    with world.engine.lock:
        scene = _of_drivers(scene_of(world, nodes, limit), drivers)
    chosen = _detail(scene, detail)
    strips = chosen == "strips"
    owners = owners_of(cluster, scene.cells, by or ("namespace" if strips else "claim"), largest_first=strips)
    groups = grouped(scene.places, group_by, outlined=not strips)
    if strips:
        drawn = draw_strips(groups, owners, _WIDTH)
    else:
        drawn = draw_groups(groups, owners, NAMED if chosen == "named" else COMPACT, _WIDTH)
    width = min(max(drawn.width, _NARROWEST), _WIDTH)
    legend = draw_legend(scene, owners, width, strips=strips)
    name = _name(scene, owners)
    block = column([_head(name, scene, width), drawn, legend], 14)
    framed = Block(width + 2 * _MARGIN, block.height + 2 * _MARGIN, block.at(_MARGIN, _MARGIN))
    return Picture(document(framed, STYLE, definitions(), label=name), name)


def _of_drivers(scene: Scene, drivers: Sequence[str] | None) -> Scene:
    """The scene with the devices of some drivers only."""
    if drivers is None:
        return scene
    known = dict.fromkeys(cell.id.driver for cell in scene.cells)
    for driver in drivers:
        if driver not in known:
            raise unknown_name("driver with devices here", driver, known)
    return attrs.evolve(
        scene,
        places=tuple(
            attrs.evolve(place, cells=tuple(cell for cell in place.cells if cell.id.driver in drivers))
            for place in scene.places
        ),
    )


def _detail(scene: Scene, wanted: str) -> str:
    """How much is drawn."""
    nodes, devices = len(scene.places), sum(len(place.cells) for place in scene.places)
    if wanted == "auto":
        if nodes <= _NAMED_NODES and devices <= _NAMED_DEVICES:
            return "named"
        return "compact" if nodes <= _COMPACT_NODES and devices <= _COMPACT_DEVICES else "strips"
    if wanted != "strips" and max(devices, nodes) > _MOST_DEVICES:
        raise LoadError(
            f"{devices} devices on {nodes} nodes are too many for the detail {wanted!r}",
            value=wanted,
            remedy=f"at most {_MOST_DEVICES}: draw some nodes only, or strips",
        )
    return wanted


def _name(scene: Scene, owners: Owners) -> str:
    """What the picture shows, in a line."""
    devices = sum(1 for _ in scene.cells)
    held = sum(bool(cell.parts) for cell in scene.cells)
    what = f"{count_of(len(scene.places), 'node')}, {count_of(devices, 'device')}"
    if not held:
        return f"{what}, nothing held"
    return f"{what}, {held} held by {counted(owners.all)}"


def _head(name: str, scene: Scene, width: float) -> Block:
    more = f"; {count_of(scene.left_out, 'more node')} not drawn" if scene.left_out else ""
    return Block(width, 18, text(0, 13, name + more, 13, width, class_="soft"))
