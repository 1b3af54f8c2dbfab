"""What every benchmark is made of: the median time of a call, and a table of them.

A time is the median over several runs, each of as many calls as fill a fixed span, so that one hiccup of the
machine does not show and a nanosecond call is measured as well as a second-long one.
"""

from __future__ import annotations

import gc
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Measurement", "machine", "measure", "readable", "table"]

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


@dataclass(frozen=True)
class Measurement:
    """Seconds per call, one figure per run."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def best(self) -> float:
        return min(self.runs)

    def __str__(self) -> str:
        return readable(self.median)


def measure(call: Callable[[], object], *, runs: int = 7, span: float = 0.1) -> Measurement:
    """Times a call.

    Args:
        call: What to time; the cost of calling it (some 30 ns) is part of the figure.
        runs: How many figures to take.
        span: Seconds that one run should fill; a longer call is made once per run.
    """
    calls = 1
    while (elapsed := _seconds(call, calls)) < span / 10:
        calls *= 10
    calls = max(1, round(calls * span / elapsed))
    return Measurement(tuple(_seconds(call, calls) / calls for _ in range(runs)))


def _seconds(call: Callable[[], object], calls: int) -> float:
    repeat = range(calls)
    enabled = gc.isenabled()
    gc.disable()
    try:
        start = time.perf_counter()
        for _ in repeat:
            call()
        return time.perf_counter() - start
    finally:
        if enabled:
            gc.enable()


def readable(seconds: float) -> str:
    """Three figures and the unit that suits them: `1.25 ms`."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    number = seconds / size
    return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f} {unit}"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under a header, the first column to the left, the others to the right."""
    lines = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(
            [first.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(rest, widths[1:], strict=True))]
        )
        for first, *rest in lines
    )


def machine() -> str:
    """What the figures were taken on, for the first line of a report."""
    return f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
