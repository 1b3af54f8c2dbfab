"""What a terminal shows when commands are run, as an SVG: the true output, in its colours.

Commands run as on a terminal of some width. The picture needs no font of its own: each piece of text says how
wide it is, so that columns stay under each other in any monospaced font.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.style import Style
from rich.text import Text

from dra.scheduler.pictures.svg import Block, document, escape, tag

COLUMNS: Final = 112
_SIZE: Final = 13
_ADVANCE: Final = 7.8
_LINE: Final = 18
_MARGIN: Final = 18
_BAR: Final = 30
_STYLE: Final = (
    ".dra-picture .shell{fill:#16181d}.dra-picture .shell text{fill:#d7dae0;white-space:pre;"
    "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
    ".dra-picture .shell .prompt{fill:#7fc98f}.dra-picture .shell .red{fill:#f28b82}"
    ".dra-picture .shell .yellow{fill:#e8c26a}"
)
_COLOURS: Final = {"red": "red", "yellow": "yellow"}


def printed(command: str, folder: Path) -> str:
    """What a command prints on a terminal, both streams, escape sequences included."""
    words = shlex.split(command)
    assert words[0] == "dra", command
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "PYTEST_VERSION")}
    done = subprocess.run(
        [sys.executable, "-m", "dra", *words[1:]],
        cwd=folder,
        env=clean | {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout
    return done.stdout


def capture(commands: Sequence[str], folder: Path) -> str:
    """Commands run one after another in a folder, as a terminal shows them."""
    rows: list[str] = []
    for command in commands:
        prompt = tag("tspan", "$ ", class_="prompt") + tag("tspan", escape(command), font_weight="bold")
        rows.append(_row(len(rows), prompt, len(command) + 2))
        for line in Text.from_ansi(printed(command, folder).rstrip("\n")).split("\n", allow_blank=True):
            rows += [_row(len(rows) + at, *drawn) for at, drawn in enumerate(_wrapped(line))]
    width = 2 * _MARGIN + COLUMNS * _ADVANCE
    height = _BAR + _LINE * len(rows) + _MARGIN
    dots = (tag("circle", cx=_MARGIN + 16 * at, cy=16, r=5, fill="#4a4f5a") for at in range(3))
    back = tag("rect", width=width, height=float(height), rx=8)
    label = "; ".join(commands)
    drawn = tag("g", "".join((back, *dots, *rows)), class_="shell")
    return document(Block(width, height, drawn), _STYLE, label=label)


def _row(number: int, body: str, length: int) -> str:
    """A line of the terminal, as wide as its characters are on one."""
    if not length:
        return ""
    y = float(_BAR + _LINE * number + _SIZE)
    return tag(
        "text",
        body,
        x=_MARGIN,
        y=y,
        font_size=_SIZE,
        textLength=length * _ADVANCE,
        lengthAdjust="spacingAndGlyphs",
    )


def _wrapped(line: Text) -> Iterator[tuple[str, int]]:
    """A line as the terminal breaks it: at its edge, wherever that is."""
    for start in range(0, max(len(line), 1), COLUMNS):
        part = line[start : start + COLUMNS]
        yield "".join(_pieces(part)), len(part)


def _pieces(line: Text) -> Iterator[str]:
    for segment in line.render(Console(width=10 * COLUMNS), end=""):
        style = segment.style or Style()
        colour = _COLOURS.get(style.color.name) if style.color else None
        weight = "bold" if style.bold else None
        yield tag("tspan", escape(segment.text), class_=colour, font_weight=weight) if segment.text else ""
