"""The table of `docs/utilisation.md`: `python -m benchmarks.utilisation FOLDER`.

How much GPU work fits on the openb cluster when tasks that ask for a part of a GPU get a whole one (device
plugin), a MIG instance, or what they ask for (consumable capacity), for three mixes of tasks. The folder has
the trace's CSV files, plain or gzipped (hkust-adsl/kubernetes-scheduler-simulator, `data/csv`). Some ten
minutes of one core; `--processes` makes it shorter, `--seeds 1` much.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.simulate import found
from dra.scheduler.simulation import (
    Comparison,
    Row,
    Sharing,
    Task,
    compare,
    get_sharing,
    read_machines,
    read_tasks,
)

MIXES = ("default", "gpushare40", "gpushare60")
MODELS = ("device-plugin", "mig", "consumable")
POLICIES = ("best-fit", "fragmentation")
_WHOLE = 1000


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def taken_when_alone(task: Task, sharing: Sharing) -> float:
    """GPUs that a task takes with this model, wherever it lies; a MIG instance counts its compute slices."""
    size = sharing.ask(task.gpu_milli) if task.gpus else 0
    if not task.gpus or size == sharing.full:
        return task.gpus
    return size / 7 if sharing.name == "mig" else size / _WHOLE


def bound_row(mix: str, tasks: Sequence[Task], models: Sequence[Sharing]) -> list[str]:
    """How many times the work fits on a GPU, were there no loss from placement."""
    gpus = [sum(taken_when_alone(task, model) for task in tasks) for model in models]
    fractional = sum(1 for task in tasks if task.gpus == 1 and task.gpu_milli < _WHOLE)
    with_gpu = sum(1 for task in tasks if task.gpus)
    return [mix, f"{100 * fractional / with_gpu:.0f} %", *(f"{gpus[0] / each:.2f}" for each in gpus)]


def rows_of(mix: str, comparison: Comparison) -> Iterator[list[str]]:
    whole: dict[str, Row] = {}
    for row in comparison.rows:
        base = whole.setdefault(row.policy, row)
        gain = f"{100 * (row.allocated / base.allocated - 1):+.1f} %"
        shares = (f"{each:.2f}" for each in (row.allocated, row.taken, row.fragmented))
        yield [f"{mix}, {row.policy}, {row.sharing}", *shares, gain, f"{row.placed:,.0f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with the trace's CSV files")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--demand", type=float, default=1.3)
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    machines = read_machines(found(arguments.folder, "openb_node_list_gpu_node"))
    models = [get_sharing(name) for name in MODELS]
    bounds: list[list[str]] = []
    rows: list[list[str]] = []
    with ProcessPoolExecutor(arguments.processes) as executor:
        for mix in MIXES:
            tasks = read_tasks(found(arguments.folder, f"openb_pod_list_{mix}"))
            bounds.append(bound_row(mix, tasks, models))
            comparison = compare(
                machines,
                tasks,
                models,
                POLICIES,
                demand=arguments.demand,
                seeds=range(1, arguments.seeds + 1),
                executor=executor,
            )
            rows += rows_of(mix, comparison)
    print(f"{len(machines):,} nodes; {comparison.measured}; means of {arguments.seeds} seeds\n")
    header = [
        "mix, policy, model",
        "allocated %",
        "taken %",
        "fragmented %",
        "over whole GPUs",
        "tasks placed",
    ]
    print(markdown(header, rows))
    print("\nThe most that could be gained, without any loss from placement:\n")
    print(markdown(["mix", "tasks with a part of a GPU", *MODELS], bounds))


if __name__ == "__main__":
    main()
