"""Devices as boxes: whole ones, shared ones, and parts within the hardware that they are parts of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from dra.scheduler.objects import label_of
from dra.scheduler.pictures.owners import Owner, Owners
from dra.scheduler.pictures.scene import Cell
from dra.scheduler.pictures.svg import Block, tag, text, text_width, title

__all__ = ["COMPACT", "NAMED", "Density", "Hardware", "draw_hardware", "hardware_of", "held_text"]

_LEAST_SEGMENT: Final = 3.0
_WIDEST_HOST: Final = 140.0


@attrs.frozen
class Density:
    """How much room things get.

    Attributes:
        width: Of a device's box.
        height: Of a device's box, the band with the name included.
        small: Height of the box of a network or host device.
        cut: Width of hardware that is cut into parts.
        band: Height of the band with the name; 0 for none.
        bar: Height of a part within its hardware.
        gap: Between boxes.
        font: Size of names.
        keys: Size of the keys in boxes.
        pad: Between a card's edge and what is in it.
        card: The widest that the inside of a node's card may be, where there are many.
    """

    width: float
    height: float
    small: float
    cut: float
    band: float
    bar: float
    gap: float
    font: float
    keys: float
    pad: float
    card: float


NAMED: Final = Density(70, 40, 17, 129, 15, 11, 5, 10, 12, 10, 330)
COMPACT: Final = Density(26, 20, 11, 55, 0, 5, 3, 10, 9, 6, 250)


@attrs.frozen
class Hardware:
    """One box: a device, or the parts of something.

    Attributes:
        name: What it is called.
        cells: The device or the parts.
        is_cut: Whether they are parts.
    """

    name: str
    cells: tuple[Cell, ...]
    is_cut: bool

    @property
    def kind(self) -> str:
        """As of its devices."""
        return self.cells[0].kind

    @property
    def root(self) -> str:
        """The PCIe root that it hangs on."""
        return self.cells[0].root

    @property
    def numa(self) -> int | None:
        """The NUMA node."""
        return self.cells[0].numa

    @property
    def is_free(self) -> bool:
        """Whether nobody holds anything of it and it can be had."""
        return all(not cell.parts and not cell.barred for cell in self.cells)


def hardware_of(cells: Iterable[Cell]) -> list[Hardware]:
    """The boxes for some devices, in order; parts of one thing are in one box."""
    together: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        together.setdefault((cell.behind, "" if cell.behind else str(cell.id)), []).append(cell)
    return [
        Hardware(
            _common([cell.name for cell in group]) if behind else group[0].name, tuple(group), bool(behind)
        )
        for (behind, _), group in together.items()
    ]


def _common(names: Sequence[str]) -> str:
    """What the names of parts have in common, to the end of a word."""
    first, last = min(names), max(names)
    same = next(
        (at for at, both in enumerate(zip(first, last, strict=False)) if both[0] != both[1]), len(first)
    )
    prefix = first[:same]
    if any(name[same : same + 1].isalnum() for name in names):
        prefix = prefix.rpartition("-")[0] or prefix
    return prefix.rstrip("-").removesuffix("-mig") or names[0]


def draw_hardware(hardware: Hardware, owners: Owners, density: Density) -> Block:
    """A box."""
    if hardware.is_cut:
        return _cut(hardware, owners, density)
    if hardware.kind == "device":
        return _whole(hardware.cells[0], owners, density)
    width = density.width
    if hardware.kind == "host" and density.band:
        width = min(_beside(density) + text_width(hardware.name, density.font - 1) + 1, _WIDEST_HOST)
    return _small(hardware.cells[0], owners, density, width)


def held_text(cell: Cell, owners: Owners) -> str:
    """Who holds a device, for its title."""
    lines = []
    for part in cell.parts:
        share = "" if part.amount >= 1 else f" ({100 * part.amount:.0f} %)"
        owner = owners.of(part.claim)
        of = f" of {owner.label}" if owner.kind != "claim" else ""
        lines.append(f"held by claim {label_of(part.claim)}{of}{share} [{owner.key}]")
    if cell.barred:
        lines.append("tainted: only claims that tolerate it get it")
    if cell.blocked:
        lines.append("cannot be had now: too little of its hardware is left")
    return "\n".join(lines or ["free"])


def _group(cell: Cell, owners: Owners, body: str) -> str:
    about = title(f"{cell.about}\n{held_text(cell, owners)}")
    return tag("g", about + body, class_="cell", data_device=str(cell.id))


def _state(cell: Cell) -> str:
    if cell.barred:
        return "barred"
    return "blocked" if cell.blocked else "free"


def _fill(cell: Cell, owners: Owners, x: float, y: float, width: float, height: float, size: float) -> str:
    """What is held of a device, side by side, over its empty box."""
    drawn = [tag("rect", class_=_state(cell), x=x, y=y, width=width, height=height, rx=2)]
    wide = [max(part.amount * width, _LEAST_SEGMENT) for part in cell.parts]
    scale, at = min(1.0, width / max(sum(wide), 1e-9)), x
    for part, each in zip(cell.parts, wide, strict=True):
        drawn.append(_segment(owners.of(part.claim), at, y, each * scale, height, size))
        at += each * scale
    if cell.parts:
        edge = "barred" if cell.barred else "edge"
        drawn.append(tag("rect", class_=edge, fill_opacity=0, x=x, y=y, width=width, height=height, rx=2))
    return "".join(drawn)


def _segment(owner: Owner, x: float, y: float, width: float, height: float, size: float) -> str:
    box = {"x": float(x), "y": float(y), "width": float(width), "height": float(height), "rx": 2}
    drawn = tag("rect", class_=f"c{owner.colour}", data_owner=owner.number, **box)
    if owner.pattern:
        drawn += tag("rect", fill=f"url(#dra-p{owner.pattern})", **box)
    size = min(size, height)
    if height >= 7 and text_width(owner.key, size, bold=True) <= width:
        drawn += text(
            x + width / 2,
            y + height / 2 + size * 0.36,
            owner.key,
            size,
            class_=f"k{owner.colour}",
            anchor="middle",
            bold=True,
        )
    return drawn


def _whole(cell: Cell, owners: Owners, density: Density) -> Block:
    """A device: its name, and below it what is held."""
    width, height, band = density.width, density.height, density.band
    drawn = _fill(cell, owners, 0, band, width, height - band, density.keys)
    if band:
        drawn += _name(cell.name, cell.barred, width, density)
    return Block(width, height, _group(cell, owners, drawn))


def _name(name: str, barred: bool, width: float, density: Density) -> str:
    drawn = text(0, density.band - 4, name, density.font, width - (10 if barred else 0), keep_end=True)
    if barred:
        drawn += text(width, density.band - 4, "!", density.font, class_="warn", anchor="end", bold=True)
    return drawn


def _small(cell: Cell, owners: Owners, density: Density, width: float) -> Block:
    """A network or host device: a small square for what is held, and its name beside it."""
    if not density.band:
        body = _fill(cell, owners, 0, 0, width, density.small - 1, density.keys - 1)
        return Block(width, density.small, _group(cell, owners, body))
    beside, size = _beside(density), density.font - 1
    body = _fill(cell, owners, 0, 1, beside - 4, beside - 4, density.keys - 2)
    body += text(beside, density.small - 5, cell.name, size, width - beside, keep_end=True)
    return Block(width, density.small, _group(cell, owners, body))


def _beside(density: Density) -> float:
    """Where a name beside a square begins."""
    return density.small + 2


@attrs.frozen
class _Bar:
    cell: Cell
    start: float
    end: float


def _cut(hardware: Hardware, owners: Owners, density: Density) -> Block:
    """Hardware that is cut into parts: each row has parts of one size, where they are or would be."""
    rows = _rows(hardware.cells)
    width = density.cut
    inner = width - 4
    drawn = []
    for number, row in enumerate(rows):
        y = density.band + 2 + number * density.bar
        for bar in row:
            x, wide = 2 + bar.start * inner, max((bar.end - bar.start) * inner - 1, 1.0)
            body = _fill(bar.cell, owners, x, y, wide, density.bar - 1, density.keys - 2)
            drawn.append(_group(bar.cell, owners, body))
    height = density.band + 3 + len(rows) * density.bar
    frame = tag("rect", class_="frame", y=density.band, width=width, height=height - density.band, rx=3)
    name = _name(hardware.name, False, width, density) if density.band else ""
    return Block(width, height, tag("g", frame + name + "".join(drawn), class_="hardware"))


def _rows(cells: Sequence[Cell]) -> list[list[_Bar]]:
    """Parts in rows, the largest first, so that no two of a row overlap."""
    rows: list[tuple[float, list[_Bar]]] = []
    for bar in sorted(_bars(cells), key=lambda bar: bar.start - bar.end):
        size = round(bar.end - bar.start, 6)
        for of_size, row in rows:
            if of_size == size and all(bar.end <= other.start or other.end <= bar.start for other in row):
                row.append(bar)
                break
        else:
            rows.append((size, [bar]))
    return [row for _, row in rows]


def _bars(cells: Sequence[Cell]) -> list[_Bar]:
    slots = max((cell.slots[-1] + 1 for cell in cells if cell.slots), default=0)
    slots = next((many for many in (4, 8) if slots <= many), slots)
    reached: dict[float, float] = {}
    bars = []
    for cell in cells:
        if cell.slots:
            bars.append(_Bar(cell, cell.slots[0] / slots, (cell.slots[-1] + 1) / slots))
            continue
        # Where it is, nobody says: beside the others of its size, and in the next row once that is full.
        size = max(cell.size, 1 / 64) if cell.size else 1 / max(len(cells), 1)
        start = reached.get(size, 0.0)
        start = start if start + size <= 1 + 1e-9 else 0.0
        reached[size] = start + size
        bars.append(_Bar(cell, start, min(start + size, 1.0)))
    return bars
