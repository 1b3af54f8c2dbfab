"""Tasks that come and go: waiting, departures and means, by hand and against a plain account."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings, strategies as st

from dra.errors import DraError
from dra.scheduler.simulation import (
    SHARING,
    Consumable,
    DevicePlugin,
    Machine,
    Run,
    Sharing,
    Task,
    TimeSlicing,
    get_sharing,
    simulate,
)

NODE = Machine("node", 8000, 8192, 1, "T4")


def task(milli: int, arrival: float, departure: float | None = None, cores: int = 1) -> Task:
    return Task(
        f"t{milli}@{arrival}", cores * 1000, 0, 1 if milli else 0, milli, frozenset(), arrival, departure
    )


def over_time(run: Run) -> list[tuple[float, float, float]]:
    return [(sample.time, sample.running, sample.waiting) for sample in run.samples]


def test_a_task_that_does_not_fit_waits_for_one_that_leaves_and_runs_its_time() -> None:
    run = simulate([NODE], [task(600, 0, 10), task(600, 2, 5)])
    assert over_time(run) == [(0, 1, 0), (2, 1, 1), (10, 1, 0), (13, 0, 0)]
    assert (run.placed, run.waited, run.refused, run.mean_wait) == (2, 1, 0, 4.0)


def test_without_waiting_it_is_dropped() -> None:
    run = simulate([NODE], [task(600, 0, 10), task(600, 2, 5)], waiting=False)
    assert over_time(run) == [(0, 1, 0), (2, 1, 0), (10, 0, 0)]
    assert (run.placed, run.refused) == (1, 1)


def test_who_leaves_makes_room_for_who_comes_at_that_moment() -> None:
    run = simulate([NODE], [task(1000, 0, 5), task(1000, 5, 6)])
    assert (run.placed, run.waited) == (2, 0)


def test_who_waits_goes_before_who_comes() -> None:
    run = simulate([NODE], [task(1000, 0, 5), task(700, 1, 2), task(700, 5, 6)])
    assert over_time(run) == [(0, 1, 0), (1, 1, 1), (5, 1, 1), (6, 1, 0), (7, 0, 0)]


def test_a_large_task_that_waits_holds_up_no_small_one() -> None:
    run = simulate([NODE], [task(600, 0, 100), task(1000, 1, 2), task(400, 2, 3), task(400, 2, 3)])
    assert run.waited == 2
    assert over_time(run)[:4] == [(0, 1, 0), (1, 1, 1), (2, 2, 2), (3, 2, 1)]


def test_waiting_tasks_of_several_kinds_go_in_the_order_of_their_coming() -> None:
    """When the GPU is free, 500 came first, then 600 which fits no more, then 400 which does."""
    run = simulate([NODE], [task(1000, 0, 9), task(500, 1, 2), task(600, 2, 3), task(400, 3, 4)])
    at_nine = next(sample for sample in run.samples if sample.time == 9)
    assert (at_nine.allocated, at_nine.running, at_nine.waiting) == (900, 2, 1)


def test_a_task_that_can_never_run_is_refused() -> None:
    run = simulate([NODE], [task(500, 0, 1, cores=9), task(500, 0, 1)])
    assert (run.placed, run.refused) == (1, 1)
    assert run.samples[-1].waiting == 1


def test_the_mean_is_weighted_by_time_from_first_to_last_arrival() -> None:
    """400 for 2 s, 1000 for 3 s, 600 for 5 s, which ends with the last arrival."""
    run = simulate([NODE], [task(400, 0, 5), task(600, 2), task(0, 10)])
    assert run.mean.allocated == pytest.approx((400 * 2 + 1000 * 3 + 600 * 5) / 10)
    assert run.mean.running == pytest.approx((1 * 2 + 2 * 3 + 1 * 5) / 10)
    assert run.percent(run.mean.allocated) == pytest.approx(68.0)


def test_where_no_time_passes_the_mean_is_the_end() -> None:
    run = simulate([NODE], [task(400, 3), task(300, 3)])
    assert run.mean == run.final
    assert run.final.allocated == 700


def test_no_tasks_leave_the_cluster_empty() -> None:
    run = simulate([NODE], [])
    assert (run.placed, run.refused, run.final.allocated) == (0, 0, 0)


def test_whole_gpus_take_more_than_was_asked_for() -> None:
    run = simulate([NODE], [task(300, 0)], sharing=DevicePlugin())
    assert (run.final.asked, run.final.allocated, run.final.taken) == (300, 300, 1000)


def test_replicas_overcommit_and_the_excess_is_counted() -> None:
    run = simulate([NODE], [task(800, 0, 10), task(800, 1, 4)], sharing=TimeSlicing(2))
    assert [(each.allocated, each.overcommitted) for each in run.samples] == [
        (800, 0),
        (1000, 600),
        (800, 0),
        (0, 0),
    ]


def test_many_moments_are_thinned_out_and_means_are_not() -> None:
    many = [task(100, number, number + 0.5) for number in range(5000)]
    run = simulate([NODE], many)
    assert len(run.samples) < 2100
    assert run.samples[0].time == 0
    assert run.samples[-1].time == 4999.5
    assert run.mean.allocated == pytest.approx(50, abs=0.1)


def test_no_gpus_are_an_error() -> None:
    with pytest.raises(DraError, match="no node has a GPU"):
        simulate([Machine("n", 1, 1, 0)], [])


def test_no_input_is_changed() -> None:
    tasks = [task(300, 5), task(400, 1)]
    simulate([NODE], tasks, seed=1)
    assert tasks == [task(300, 5), task(400, 1)]


tasks_ = st.lists(
    st.builds(
        lambda asked, arrival, lasting, cores: Task(
            "t", cores * 1000, 0, *asked, frozenset(), arrival, None if lasting is None else arrival + lasting
        ),
        st.sampled_from([(0, 0), (1, 200), (1, 450), (1, 1000), (2, 1000)]),
        st.integers(0, 12),
        st.none() | st.integers(0, 9),
        st.integers(0, 3),
    ),
    max_size=16,
)
nodes_ = st.lists(
    st.builds(lambda gpus, cores: Machine("n", cores * 1000, 0, gpus), st.integers(1, 2), st.integers(1, 6)),
    min_size=1,
    max_size=3,
)


@settings(deadline=None, max_examples=40)
@given(nodes_, tasks_, st.sampled_from(sorted(SHARING)), st.booleans())
def test_the_accounts_add_up(
    nodes: Sequence[Machine], tasks: Sequence[Task], name: str, waiting: bool
) -> None:
    sharing: Sharing = get_sharing(name)
    run = simulate(nodes, tasks, sharing=sharing, policy="fragmentation", waiting=waiting)
    total = 1000 * run.gpus
    assert run.placed + run.refused == len(tasks)
    for sample in run.samples:
        assert 0 <= sample.allocated <= total
        assert 0 <= sample.taken <= total
        assert sample.allocated + sample.overcommitted <= sample.asked
        assert -1e-6 <= sample.fragmented <= total - sample.taken + 1e-6
        if isinstance(sharing, Consumable):
            assert sample.allocated == sample.taken
    if all(each.departure is not None for each in tasks) and run.samples:
        assert (run.samples[-1].running, run.samples[-1].allocated, run.samples[-1].taken) == (0, 0, 0)
        refused = sum(each.asked_milli for each in tasks) if waiting else 0
        assert run.samples[-1].asked <= refused
    if not waiting:
        assert all(sample.waiting == 0 for sample in run.samples)


@settings(deadline=None, max_examples=40)
@given(nodes_, tasks_)
def test_whoever_would_run_alone_runs_in_time(nodes: Sequence[Machine], tasks: Sequence[Task]) -> None:
    """Where every task leaves again, nobody who fits an empty cluster may be forgotten among the waiting."""
    run = simulate(nodes, tasks, policy="first")
    alone = [simulate(nodes, [each], policy="first").placed for each in tasks]
    if all(each.departure is not None for each in tasks):
        assert run.placed == sum(alone)
