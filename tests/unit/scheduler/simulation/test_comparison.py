"""Sharing models and policies side by side, and their picture and series."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import pytest

from dra.errors import DraError
from dra.scheduler.simulation import (
    Consumable,
    DevicePlugin,
    Machine,
    Mig,
    Run,
    Task,
    TimeSlicing,
    compare,
    picture,
    series_csv,
    simulate,
)

NODES = [Machine(f"node-{index}", 64000, 65536, 4) for index in range(3)]
THIRDS = [Task("third", 1000, 1024, 1, 333)]
SVG = "{http://www.w3.org/2000/svg}"


def test_three_thirds_share_a_gpu_two_mig_instances_do_and_whole_gpus_none() -> None:
    """0.333 is rounded up to 3/7, of which a GPU holds two."""
    result = compare(NODES, THIRDS, [DevicePlugin(), Mig(), Consumable()], demand=2)
    assert [round(row.allocated, 1) for row in result.rows] == [33.3, 66.6, 99.9]
    assert [round(row.gain or 0, 6) for row in result.rows] == [1.0, 2.0, 3.0]
    assert set(result.assumptions) == {"device-plugin", "mig", "consumable"}


def test_rows_are_means_over_the_seeds_of_each_model_and_policy() -> None:
    tasks = [Task(f"t{milli}", 1000, 1024, 1, milli) for milli in (200, 300, 500, 700, 1000)]
    result = compare(NODES, tasks, [Consumable()], ["random", "best-fit"], demand=1.3, seeds=[1, 2, 3])
    for row, runs in zip(result.rows, result.runs, strict=True):
        assert [run.seed for run in runs] == [1, 2, 3]
        assert row.allocated == pytest.approx(sum(run.percent(run.final.allocated) for run in runs) / 3)
        assert row.placed == pytest.approx(sum(run.placed for run in runs) / 3)
    assert [row.policy for row in result.rows] == ["random", "best-fit"]


def test_tasks_with_times_are_compared_by_the_mean_over_time() -> None:
    tasks = [Task("a", 0, 0, 1, 500, frozenset(), 0.0, 4.0), Task("b", 0, 0, 0, 0, frozenset(), 8.0, 9.0)]
    result = compare([Machine("n", 1, 1, 1)], tasks, [DevicePlugin(), Consumable()])
    assert [(row.allocated, row.taken) for row in result.rows] == [(25.0, 50.0), (25.0, 25.0)]
    assert "mean over the time" in result.measured


def test_the_same_model_with_several_parameters_is_told_apart() -> None:
    result = compare(NODES, THIRDS, [TimeSlicing(4), TimeSlicing(2), Consumable(500)], demand=2)
    assert [row.sharing for row in result.rows] == ["time-slicing", "time-slicing=2", "consumable=500"]
    assert list(result.assumptions) == ["time-slicing", "time-slicing=2", "consumable=500"]


def test_an_executor_gives_the_same() -> None:
    def compared(executor: ThreadPoolExecutor | None) -> object:
        return compare(
            NODES, THIRDS, [DevicePlugin(), Mig()], ["random"], demand=1, seeds=[1, 2], executor=executor
        )

    with ThreadPoolExecutor(2) as threads:
        assert compared(threads) == compared(None)


def test_nothing_allocated_has_no_gain() -> None:
    result = compare(NODES, [Task("cpu", 1, 1, arrival=0, departure=1)], [DevicePlugin()])
    assert result.rows[0].gain is None
    assert result.to_dict()["rows"]


@pytest.mark.parametrize("nothing", [{"sharings": []}, {"policies": []}, {"seeds": []}])
def test_nothing_to_compare_is_refused(nothing: dict[str, list[object]]) -> None:
    arguments: dict[str, object] = {"machines": NODES, "tasks": THIRDS, "sharings": [Consumable()]}
    with pytest.raises(DraError, match="nothing to simulate"):
        compare(**(arguments | nothing))  # type: ignore[arg-type] - of the types that the table has


def run_of(name: str = "best-fit") -> Run:
    tasks = [Task(f"t{n}", 1000, 1024, 1, 300, frozenset(), 3600.0 * n, 3600.0 * n + 9000) for n in range(9)]
    return simulate(NODES, tasks, policy=name, seed=1)


class TestPicture:
    def test_it_is_well_formed_and_needs_nothing_else(self) -> None:
        drawn = picture([run_of(), run_of("first")])
        root = ElementTree.fromstring(drawn)
        assert root.tag == f"{SVG}svg"
        assert "href" not in drawn
        texts = [each.text for each in root.iter(f"{SVG}text")]
        assert {"consumable, best-fit", "consumable, first", "time, hours"} <= set(texts)
        curves = [each for each in root.iter(f"{SVG}path") if each.get("stroke-width")]
        assert len(curves) == 4

    def test_every_point_lies_within_the_picture(self) -> None:
        root = ElementTree.fromstring(picture([run_of()]))
        width, height = float(root.get("width", 0)), float(root.get("height", 0))
        for path in root.iter(f"{SVG}path"):
            numbers = path.get("d", "").replace("M", " ").replace("H", " ").replace("V", " ").split()
            assert all(0 <= float(number) <= max(width, height) for number in numbers)

    def test_no_runs_and_empty_runs_are_drawn(self) -> None:
        for runs in ([], [simulate(NODES, [])], [simulate(NODES, [Task("t", 0, 0, arrival=5.0)])]):
            assert ElementTree.fromstring(picture(runs, demand=True)).tag == f"{SVG}svg"


def test_the_series_has_a_row_for_each_sample() -> None:
    run = run_of()
    rows = list(csv.DictReader(io.StringIO(series_csv([run, run]))))
    assert len(rows) == 2 * len(run.samples)
    for row, sample in zip(rows, run.samples, strict=False):
        assert float(row["time"]) == sample.time
        assert float(row["allocated_percent"]) == pytest.approx(run.percent(sample.allocated), rel=1e-5)
