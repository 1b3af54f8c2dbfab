"""Runs as a picture: allocation and fragmentation over time, one SVG file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from dra.scheduler.pictures.svg import Block, document, tag, text
from dra.scheduler.pictures.theme import COLOURS, STYLE
from dra.scheduler.simulation.run import Run, Sample

__all__ = ["picture"]

_WIDTH: Final = 860
_PANEL: Final = 210
_LEFT: Final = 58
_RIGHT: Final = 16
_TOP: Final = 34
_GAP: Final = 52
_LEGEND: Final = 20
_MOST_LINES: Final = 12
# The second line of a colour is broken, so that lines are told apart without colours, too.
_DASHES: Final = (None, "6 3")
_UNITS: Final = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


def picture(runs: Sequence[Run], *, demand: bool = False) -> str:
    """An SVG drawing of some runs.

    Args:
        runs: What to draw, at most twelve; each is a line.
        demand: Whether the runs' times are demand in per cent of all GPUs instead of seconds.

    Example:
        >>> from dra.scheduler.simulation import Machine, Task
        >>> from dra.scheduler.simulation.stream import simulate
        >>> run = simulate([Machine("n", 1000, 1024, 1)], [Task("t", 1, 1, 1, 500, arrival=0, departure=60)])
        >>> picture([run]).startswith("<svg ")
        True
    """
    shown = runs[:_MOST_LINES]
    times = [sample.time for run in shown for sample in run.samples]
    start, end = min(times, default=0.0), max(times, default=0.0)
    end = end if end > start else start + 1
    unit, label = (1.0, "demand, % of all GPUs") if demand else _unit(end - start)
    height = _TOP + 2 * _PANEL + _GAP + 44 + _LEGEND * len(shown)
    panels: list[tuple[str, Callable[[Sample], float]]] = [
        ("GPU shares allocated, % of all GPUs", lambda sample: sample.allocated),
        ("Idle and of no use to a typical task, % of all GPUs", lambda sample: sample.fragmented),
    ]
    drawn: list[str] = []
    for number, (title, value) in enumerate(panels):
        top = _TOP + number * (_PANEL + _GAP)
        series = [[(sample.time, run.percent(value(sample))) for sample in run.samples] for run in shown]
        drawn += _panel(title, series, top, (start, end, unit))
    bottom = _TOP + 2 * _PANEL + _GAP
    drawn.append(text((_LEFT + _WIDTH - _RIGHT) / 2, bottom + 34, label, anchor="middle"))
    for number, run in enumerate(shown):
        y = bottom + 50 + _LEGEND * number
        drawn.append(
            tag("line", x1=_LEFT, x2=_LEFT + 22, y1=y - 4, y2=y - 4, stroke_width=3, **_stroke(number))
        )
        name = f"{run.sharing}, {run.policy}"
        drawn.append(text(_LEFT + 30, y, name, width=_WIDTH - _LEFT - _RIGHT - 30))
    return document(
        Block(_WIDTH, height, "".join(drawn)), STYLE, label="Allocation and fragmentation over time"
    )


def _panel(
    title: str, series: Sequence[Sequence[tuple[float, float]]], top: int, span: tuple[float, float, float]
) -> Iterator[str]:
    """A title, a grid with numbers, and a line for each series; time is counted from its start."""
    start, end, unit = span
    ceiling = _ceiling(max((value for some in series for _, value in some), default=0.0))

    def x(time: float) -> float:
        return _LEFT + (time - start) / (end - start) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return top + _PANEL * (1 - value / ceiling)

    yield text(_LEFT, top - 10, title, bold=True)
    for value in _ticks(ceiling):
        yield tag("path", class_="grid", d=f"M{_LEFT} {y(value):.1f}H{_WIDTH - _RIGHT}")
        yield text(_LEFT - 8, y(value) + 4, f"{value:g}", anchor="end")
    for value in _ticks((end - start) / unit):
        yield text(x(start + value * unit), top + _PANEL + 16, f"{value:g}", anchor="middle")
    for number, points in enumerate(series):
        yield _line(
            "".join(_steps([(x(time), y(min(value, ceiling))) for time, value in points])), number, 1.5
        )


def _line(path: str, number: int, width: float) -> str:
    return tag("path", d=path, stroke_width=width, **_stroke(number))


def _stroke(number: int) -> dict[str, object]:
    """How the line of a number is drawn."""
    dashes = _DASHES[number // len(COLOURS) % len(_DASHES)]
    return {"class_": f"l{number % len(COLOURS)}", "stroke_dasharray": dashes}


def _steps(points: Sequence[tuple[float, float]]) -> Iterator[str]:
    """A path that keeps each height until the next point."""
    for number, (x, y) in enumerate(points):
        yield f"H{x:.1f}V{y:.1f}" if number else f"M{x:.1f} {y:.1f}"


def _unit(seconds: float) -> tuple[float, str]:
    size, name = next(((size, name) for size, name in _UNITS if seconds >= 2 * size), _UNITS[-1])
    return size, f"time, {name}"


def _ceiling(most: float) -> float:
    """The end of an axis: 100 per cent if much is shown, a round number above it if little."""
    if most > 50:
        return 100.0
    step = _step(most or 1.0)
    return math.ceil((most or 1.0) / step) * step


def _ticks(end: float) -> list[float]:
    step = _step(end)
    return [round(step * number, 10) for number in range(int(end / step + 1e-9) + 1)]


def _step(span: float) -> float:
    """A round number that goes into a span four to ten times."""
    size = 10.0 ** math.floor(math.log10(span / 4))
    return max(factor * size for factor in (1, 2, 5) if 4 * factor * size <= span)
