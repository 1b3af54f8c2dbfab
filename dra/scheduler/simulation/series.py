"""Runs over time as CSV: a row for each sample, GPU shares in per cent of all GPUs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

from dra.scheduler.simulation.run import Run

__all__ = ["series_csv"]

_COUNTS: Final = ("time", "running", "waiting")
_SHARES: Final = ("asked", "allocated", "taken", "overcommitted", "fragmented")


def series_csv(runs: Iterable[Run]) -> str:
    """The samples of some runs, one after another.

    Example:
        >>> from dra.scheduler.simulation import Machine, Task, simulate
        >>> run = simulate([Machine("n", 1000, 1024, 1)], [Task("t", 1, 1, 1, 500, arrival=0, departure=60)])
        >>> print(series_csv([run]).splitlines()[1])
        consumable,best-fit,,0,1,0,50,50,50,0,0
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("sharing", "policy", "seed", *_COUNTS, *(f"{each}_percent" for each in _SHARES)))
    for run in runs:
        for sample in run.samples:
            counts = (f"{getattr(sample, name):.10g}" for name in _COUNTS)
            shares = (f"{run.percent(getattr(sample, name)):.6g}" for name in _SHARES)
            seed = "" if run.seed is None else run.seed
            writer.writerow((run.sharing, run.policy, seed, *counts, *shares))
    return text.getvalue()
