"""What colours and signs mean, below a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dra.scheduler.pictures.owners import Owner, Owners, counted
from dra.scheduler.pictures.scene import Scene
from dra.scheduler.pictures.strips import SHOWN_OWNERS
from dra.scheduler.pictures.svg import Block, flow, tag, text, text_width

__all__ = ["draw_legend"]

_WIDEST: Final = 260.0
_MOST: Final = 40
_HEIGHT: Final = 20.0
_SQUARE: Final = 22.0


def draw_legend(scene: Scene, owners: Owners, width: float, *, strips: bool = False) -> Block:
    """The owners of devices, then the signs that occur.

    Args:
        scene: What is shown.
        owners: Who holds devices.
        width: How wide the picture is.
        strips: Whether nodes are columns.
    """
    most = SHOWN_OWNERS if strips else _MOST
    entries = [_owner(each, strips=strips) for each in owners.all[:most]]
    more = owners.all[most:]
    if more:
        sample = tag("rect", class_="others", y=3, width=_SQUARE, height=14, rx=2) if strips else ""
        entries.append(_entry(sample, counted(more, "more")))
    entries += _signs(scene, strips=strips)
    return flow(entries, width, 14)


def _owner(owner: Owner, *, strips: bool) -> Block:
    box = {"y": 3, "width": _SQUARE, "height": 14, "rx": 2}
    drawn = tag("rect", class_=f"c{owner.colour}", **box)
    if not strips:
        drawn += tag("rect", fill=f"url(#dra-p{owner.pattern})", **box) if owner.pattern else ""
        drawn += text(
            _SQUARE / 2, 14, owner.key, 10, _SQUARE, class_=f"k{owner.colour}", anchor="middle", bold=True
        )
    return _entry(drawn, owner.label, f" · {owner.devices}", data_owner=owner.number)


def _entry(sample: str, label: str, count: str = "", **attributes: object) -> Block:
    start = _SQUARE + 6 if sample else 0
    room = _WIDEST - start - text_width(count, 11)
    wide = min(text_width(label, 11), room)
    drawn = sample + text(start, 14, label, 11, wide + 0.01, after=count)
    width = start + wide + text_width(count, 11)
    return Block(width, _HEIGHT, tag("g", drawn, class_="entry", **attributes))


def _signs(scene: Scene, *, strips: bool) -> Iterator[Block]:
    cells = list(scene.cells)
    if any(not cell.parts and not cell.barred and not cell.blocked for cell in cells):
        yield _entry(_square("free"), "free")
    if any(cell.barred for cell in cells):
        yield _entry(_square("barred"), "tainted" if strips else "tainted (!)")
    if any(cell.blocked for cell in cells) and not strips:
        yield _entry(_square("blocked"), "cannot be cut now")
    if any(place.closed for place in scene.places):
        yield _entry(tag("rect", class_="warn", y=13, width=_SQUARE, height=3), "node is closed to pods")
    if strips:
        return
    if any(cell.root for cell in cells):
        yield _entry(tag("path", class_="link", d=f"M.5 8v5h{_SQUARE - 1:g}v-5"), "one PCIe root")
    if any(place.clique for place in scene.places):
        yield _entry(
            tag("rect", class_="clique", x=1, y=3, width=_SQUARE - 2, height=14, rx=3), "NVLink clique"
        )


def _square(class_: str) -> str:
    return tag("rect", class_=class_, x=0.5, y=3.5, width=_SQUARE - 1, height=13, rx=2)
