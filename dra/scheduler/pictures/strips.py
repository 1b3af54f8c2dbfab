"""Clusters of thousands of nodes: a narrow column for each node or some neighbours, as full as they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from dra.allocator.explanation import count_of
from dra.scheduler.pictures.cells import hardware_of
from dra.scheduler.pictures.groups import Group
from dra.scheduler.pictures.owners import Owner, Owners
from dra.scheduler.pictures.scene import Cell, Place
from dra.scheduler.pictures.svg import Block, column, flow, tag, text, text_width, title
from dra.suggestions import listed

__all__ = ["MOST_COLUMNS", "SHOWN_OWNERS", "draw_strips"]

MOST_COLUMNS: Final = 6_000
"""The most columns of a picture, so that its size is bounded."""
SHOWN_OWNERS: Final = 7
"""The most owners with a colour of their own; the others share one."""

_WIDTH: Final = 7.0
_HEIGHT: Final = 24.0
_GAP: Final = 2.0
_NARROWEST: Final = 170.0
_NAME_ROOM: Final = 300.0
_COUNT_ROOM: Final = 80.0
_BETWEEN: Final = 20.0
_MOST_GROUPS: Final = 200
_NAMED: Final = 20


def draw_strips(groups: Sequence[Group], owners: Owners, width: float) -> Block:
    """All nodes, group by group.

    Args:
        groups: The nodes.
        owners: Who holds devices.
        width: How wide the picture is.
    """
    shown = list(groups)
    if len(shown) > _MOST_GROUPS:
        shown = [Group("", tuple(place for group in groups for place in group.places))]
    nodes = sum(len(group.places) for group in shown)
    # A group's last column may stand for fewer nodes than the others.
    each = max(1, math.ceil(nodes / max(MOST_COLUMNS - len(shown), 1)))
    widest = max((math.ceil(len(group.places) / each) for group in shown), default=1)
    named = max((text_width(group.name, 12, bold=True) for group in shown), default=0.0) + _COUNT_ROOM
    wide = min(max(widest * (_WIDTH + _GAP), min(named, _NAME_ROOM), _NARROWEST), width)
    drawn = flow([_strip(group, owners, each, wide) for group in shown], width, _BETWEEN)
    return column([_meaning(each), drawn], 6)


def _meaning(each: int) -> Block:
    content = f"each column stands for {count_of(each, 'node')}, as full as it is held"
    return Block(text_width(content, 11), 14, text(0, 11, content, 11, class_="soft"))


def _strip(group: Group, owners: Owners, each: int, width: float) -> Block:
    columns = [
        _column(group.places[start : start + each], owners) for start in range(0, len(group.places), each)
    ]
    block = flow(columns, width, _GAP)
    block = Block(width, block.height, block.body)
    if not group.name:
        return block
    count = count_of(len(group.places), "node")
    room = width - text_width(count, 11) - 12
    head = text(0, 12, group.name, 12, room, bold=True, keep_end=True)
    head += text(width, 12, count, 11, class_="soft", anchor="end")
    return column([Block(width, 18, head), block])


def _column(places: Sequence[Place], owners: Owners) -> Block:
    """Some neighbours: from below what is held, by whom, then what is tainted; what is free stays empty."""
    held: dict[int, float] = {}
    total, barred = 0, 0
    for place in places:
        hardware = hardware_of(place.cells)
        for box in [one for one in hardware if one.kind == "device"] or hardware:
            total += 1
            barred += not box.is_free and not any(cell.parts for cell in box.cells)
            for number, amount in _held(box.cells, owners).items():
                held[number] = held.get(number, 0.0) + amount
    drawn = [tag("rect", class_="free", width=_WIDTH, height=_HEIGHT)]
    y = _HEIGHT
    for number, amount in sorted(held.items()):
        owner = owners.all[number]
        high = min(amount / total * _HEIGHT, y)
        y -= high
        drawn.append(_segment(owner, y, high))
    if barred:
        high = min(barred / total * _HEIGHT, y)
        drawn.append(tag("rect", class_="barred", y=y - high, width=_WIDTH, height=high))
    if any(place.closed for place in places):
        drawn.append(tag("rect", class_="warn", y=_HEIGHT, width=_WIDTH, height=2))
    about = title(_about(places, total, sum(held.values()), barred, held, owners))
    node = places[0].name if len(places) == 1 else None
    return Block(_WIDTH, _HEIGHT + 2, tag("g", about + "".join(drawn), class_="column", data_node=node))


def _held(cells: Sequence[Cell], owners: Owners) -> dict[int, float]:
    """How much of some hardware each owner has; of something that is cut, the parts count by their size."""
    found: dict[int, float] = {}
    for cell in cells:
        size = (cell.size or 1 / len(cells)) if cell.behind else 1.0
        for part in cell.parts:
            number = owners.of(part.claim).number
            found[number] = min(found.get(number, 0.0) + part.amount * size, 1.0)
    return found


def _segment(owner: Owner, y: float, high: float) -> str:
    box = {"y": float(y), "width": _WIDTH, "height": float(high)}
    if owner.number >= SHOWN_OWNERS:
        return tag("rect", class_="others", **box)
    return tag("rect", class_=f"c{owner.colour}", data_owner=owner.number, **box)


def _about(
    places: Sequence[Place], total: int, held: float, barred: int, by: dict[int, float], owners: Owners
) -> str:
    names = [place.name for place in places]
    lines = [listed(names, _NAMED)]
    lines.append(f"{held:.4g} of {total} devices held" + (f", {barred} tainted" if barred else ""))
    lines += [f"{owners.all[number].name}: {amount:.4g}" for number, amount in sorted(by.items())[:_NAMED]]
    return "\n".join(lines)
