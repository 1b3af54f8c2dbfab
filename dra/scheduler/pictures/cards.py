"""Nodes as cards: their devices by PCIe root, racks and NVLink cliques around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from dra.allocator.explanation import count_of
from dra.scheduler.pictures.cells import NAMED, Density, Hardware, draw_hardware, hardware_of
from dra.scheduler.pictures.groups import Group, clique_name
from dra.scheduler.pictures.owners import Owners
from dra.scheduler.pictures.scene import KINDS, Place
from dra.scheduler.pictures.svg import Block, column, flow, tag, text, text_width, title

__all__ = ["draw_groups"]

_FEW: Final = 4
_BESIDE: Final = 4
_FRAME: Final = 12
_NARROWEST: Final = 90.0
_NAME_ROOM: Final = 420.0


def draw_groups(groups: Sequence[Group], owners: Owners, density: Density, width: float) -> Block:
    """All nodes, group by group.

    Args:
        groups: The nodes.
        owners: Who holds devices.
        density: How much room things get.
        width: How wide the picture is.
    """
    many = sum(len(each.places) for each in groups) > _FEW
    beside = min(len(groups), _BESIDE) if density is not NAMED else 1
    inner = (width - (beside - 1) * _FRAME) / max(beside, 1)
    blocks = [_group(each, owners, density, inner, many=many) for each in groups]
    return flow(blocks, width, _FRAME)


def _group(group: Group, owners: Owners, density: Density, width: float, *, many: bool) -> Block:
    """A rack or the like around its nodes, with an outline around those of each clique."""
    inner = width - 2 * _FRAME if group.name else width
    cards = {place: _card(place, owners, density, inner - 2 * _FRAME, many=many) for place in group.places}
    common = max((card.width for card in cards.values()), default=0) if many else 0
    blocks = []
    for clique, places in group.by_clique():
        room = inner - 2 * _FRAME if clique else inner
        nodes = flow([cards[place].drawn(common) for place in places], room, density.gap + 4)
        blocks.append(_framed(nodes, clique_name(clique), len(places), "clique", clique) if clique else nodes)
    block = column(blocks, _FRAME)
    return _framed(block, group.name, len(group.places), "group") if group.name else block


def _framed(block: Block, name: str, nodes: int, class_: str, about: str = "") -> Block:
    """A block with an outline and a name."""
    count = count_of(nodes, "node")
    needed = text_width(name, 12, bold=True) + text_width(count, 11) + 12
    wide = max(block.width, min(needed, _NAME_ROOM)) + 2 * _FRAME
    room = wide - 2 * _FRAME - text_width(count, 11) - 12
    height = block.height + 28 + _FRAME
    label = text(_FRAME, 19, name, 12, room, bold=True, class_="cliquename" if class_ == "clique" else None)
    label += text(wide - _FRAME, 19, count, 11, class_="soft", anchor="end")
    frame = tag("rect", class_=class_, x=0.5, y=0.5, width=wide - 1, height=height - 1, rx=8)
    drawn = (title(about) if about else "") + frame + label + block.at(_FRAME, 28)
    return Block(wide, height, tag("g", drawn, class_="box"))


@attrs.frozen(eq=False)
class _Card:
    """A node: what is in its card, and how wide that has to be.

    Attributes:
        place: The node.
        width: The width of the card, if no other is wanted.
        inside: What is in it.
        counted: What is free.
        density: How much room there is.
    """

    place: Place
    width: float
    inside: Block
    counted: str
    density: Density

    def drawn(self, least: float) -> Block:
        """The card, no narrower than this."""
        pad, size, wide = self.density.pad, self.density.font + 1, max(self.width, least)
        head, place = size + 6, self.place
        height = head + self.inside.height + 2 * pad
        room = wide - 2 * pad - text_width(self.counted, size - 1) - 6
        class_ = "warn" if place.closed else "soft"
        drawn = tag("rect", class_="card", x=0.5, y=0.5, width=wide - 1, height=height - 1, rx=5)
        drawn += text(pad, pad + size - 2, place.name, size, room, bold=True, keep_end=True)
        drawn += text(wide - pad, pad + size - 2, self.counted, size - 1, class_=class_, anchor="end")
        body = title(place.about or place.name) + drawn + self.inside.at(pad, pad + head)
        return Block(wide, height, tag("g", body, class_="box node", data_node=place.name))


def _card(place: Place, owners: Owners, density: Density, width: float, *, many: bool) -> _Card:
    """A node."""
    inner = (min(width, density.card) if many else width) - 2 * density.pad
    hardware = hardware_of(place.cells)
    roots = [_root(root, group, owners, density) for root, group in _by_root(hardware)]
    body = flow(roots, inner, density.gap + density.pad / 2)
    size = density.font + 1
    counted = _count(hardware, place)
    head = min(
        text_width(place.name, size, bold=True) + text_width(counted, size - 1) + 12, inner, _NAME_ROOM
    )
    wide = max(body.width, head, _NARROWEST)
    notes = [(note, "warn") for note in place.notes]
    if not roots and not notes:
        notes = [("no devices", "soft")]
    lines = [Block(wide, 14, text(0, 10, note, 10, wide, class_=class_)) for note, class_ in notes]
    inside = column([*([body] if roots else []), *lines], 4)
    return _Card(place, wide + 2 * density.pad, inside, counted, density)


def _count(hardware: Sequence[Hardware], place: Place) -> str:
    """What is free of a node, in a few words."""
    counted = [each for each in hardware if each.kind == "device"] or list(hardware)
    if place.closed:
        return "closed"
    return f"{sum(each.is_free for each in counted)}/{len(counted)} free" if counted else ""


def _by_root(hardware: Sequence[Hardware]) -> list[tuple[str, list[Hardware]]]:
    """The boxes by PCIe root, in the order of NUMA nodes; those without a root at the end."""
    groups: dict[str, list[Hardware]] = {}
    for each in hardware:
        groups.setdefault(each.root, []).append(each)
    numa = {
        root: next((each.numa for each in of if each.numa is not None), -1) for root, of in groups.items()
    }
    return sorted(groups.items(), key=lambda item: (not item[0], KINDS.index(item[1][0].kind), numa[item[0]]))


def _root(root: str, hardware: Sequence[Hardware], owners: Owners, density: Density) -> Block:
    """What hangs on one PCIe root, with a bracket below it."""
    large = [draw_hardware(each, owners, density) for each in hardware if each.kind == "device"]
    small = [draw_hardware(each, owners, density) for each in hardware if each.kind != "device"]
    columns = min(len(large) or (1 if root else max(1, (len(small) + 2) // 3)), _BESIDE)
    if not root and not large:
        columns = min(max(1, (len(small) + 1) // 2), 12)
    widest = max((each.width for each in (*large, *small)), default=0)
    width = columns * (widest + density.gap) - density.gap + 0.5
    inside = column([flow(each, width, density.gap) for each in (large, small) if each], density.gap)
    if not root:
        return inside
    numa = next((f", NUMA {each.numa}" for each in hardware if each.numa is not None), "")
    y, wide = inside.height + 3, inside.width
    bracket = tag("path", title(f"PCIe root {root}{numa}"), class_="link", d=f"M.5 {y:g}v4h{wide - 1:g}v-4")
    if not density.band:
        return Block(wide, inside.height + 8, inside.body + bracket)
    label = text(wide / 2, y + 14, root, 9, wide, class_="soft", anchor="middle", keep_end=True)
    return Block(wide, inside.height + 20, inside.body + bracket + label)
