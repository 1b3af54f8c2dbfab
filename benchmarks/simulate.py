"""Replaying the openb trace: `python -m benchmarks.simulate FOLDER`.

The published experiment for each policy: seconds of one replay, tasks per second, and the mean allocation
ratios beside the published ones. The folder has the trace's CSV files, plain or gzipped
(hkust-adsl/kubernetes-scheduler-simulator, `data/csv`).
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from benchmarks.timing import machine, readable, table
from dra.scheduler.simulation import POLICIES, Experiment, Machine, Task, read_machines, read_tasks, replay

# Means over 10 seeds of the original, which takes about 10 minutes for one replay on 2 virtual cores.
PUBLISHED = {
    "random": "86.30, 87.47",
    "best-fit": "92.86, 93.08",
    "fragmentation": "95.23, 95.39",
}


def found(folder: Path, name: str) -> Path:
    """A file of the trace, plain or gzipped."""
    plain = folder / f"{name}.csv"
    return plain if plain.exists() else folder / f"{name}.csv.gz"


def row(machines: list[Machine], tasks: list[Task], policy: str, seeds: int) -> list[object]:
    replays, seconds = [], []
    for seed in range(1, seeds + 1):
        start = time.perf_counter()
        replays.append(replay(machines, tasks, policy, seed=seed))
        seconds.append(time.perf_counter() - start)
    experiment = Experiment(policy, 130, tuple(replays))
    arrivals = replays[0].placed + replays[0].dropped
    median = statistics.median(seconds)
    ratios = f"{experiment.mean(100):.2f}, {experiment.mean(130):.2f}"
    return [policy, readable(median), f"{arrivals / median:,.0f}", ratios, PUBLISHED.get(policy, "")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with the trace's CSV files")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--tasks", default="default", help="which list: default, gpushare40, ...")
    arguments = parser.parse_args()
    machines = read_machines(found(arguments.folder, "openb_node_list_gpu_node"))
    tasks = read_tasks(found(arguments.folder, f"openb_pod_list_{arguments.tasks}"))
    print(machine())
    print(f"{len(machines):,} nodes, {len(tasks):,} tasks, {arguments.seeds} seeds; ratios at 100 %, 130 %\n")
    rows = [row(machines, tasks, policy, arguments.seeds) for policy in POLICIES]
    print(table(["policy", "one replay", "tasks/s", "allocated %", "published %"], rows))


if __name__ == "__main__":
    main()
