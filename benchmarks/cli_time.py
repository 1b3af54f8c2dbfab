"""How long each command takes, start of Python included: `python -m benchmarks.cli_time [RUNS]`.

What the project promises is that `dra --help` answers in under 0.25 s, and each command on two DGX H100 in
under 1 s. An empty interpreter is shown beside them. Where other programs want the processor, too, the time
on it says more than that of the clock, so both are shown.
"""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from dra.cli.commands import COMMANDS

ROOT = Path(__file__).parents[1]
RUNS = 7
DRA = f"{sys.executable} -m dra"


def seconds(line: str, folder: str, runs: int) -> list[tuple[float, float]]:
    """The times of a command line, by the clock and on the processor; the first run warms the files."""
    times = []
    for _ in range(runs + 1):
        start, before = time.perf_counter(), os.times()
        done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, check=False)
        clock, after = time.perf_counter() - start, os.times()
        spent = after.children_user - before.children_user + after.children_system - before.children_system
        times.append((clock, spent))
        if done.returncode not in (0, 1) or b"Traceback" in done.stderr:
            raise SystemExit(f"{line}: status {done.returncode}\n{done.stderr.decode()}")
    return times[1:]


def alone(name: str, example: str, folder: str) -> str:
    """The last command of a pipe, reading from a file what those before it have written."""
    *before, last = re.sub(r"(^|\| )dra ", rf"\1{DRA} ", example).split(" | ")
    if not before:
        return last
    with Path(folder, f"{name}.in").open("wb") as given:
        subprocess.run(["bash", "-c", " | ".join(before)], cwd=folder, stdout=given, check=True)
    return f"{last} < {name}.in"


def lines(folder: str) -> list[tuple[str, str]]:
    """What is measured: a name and a command line."""
    commands = [
        (f"dra {name}", alone(name, each.example, folder)) for name, each in COMMANDS.items() if each.example
    ]
    return [("python -c pass", f"{sys.executable} -c pass"), ("dra --help", f"{DRA} --help"), *commands]


def main(arguments: Sequence[str]) -> None:
    runs = int(arguments[0]) if arguments else RUNS
    print(f"Python {platform.python_version()} on {platform.machine()}, {runs} runs each")
    print(f"{'':20}{'median s':>10}{'best s':>10}{'processor s':>14}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "examples").symlink_to(ROOT / "examples")
        for name, line in lines(folder):
            clock, spent = zip(*seconds(line, folder, runs), strict=True)
            figures = f"{statistics.median(clock):10.2f}{min(clock):10.2f}{min(spent):14.2f}"
            print(f"{name:20}{figures}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
