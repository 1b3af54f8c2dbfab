"""Workloads made from a trace: order, amount, and the same everywhere for the same seed."""

from __future__ import annotations

from random import Random

import pytest

from dra.errors import DraError
from dra.scheduler.simulation import Task
from dra.scheduler.simulation.workload import shuffled, tuned

TRACE = [Task(f"t{index}", 1000, 0, 1, 100 * (index % 10 + 1)) for index in range(50)] + [
    Task("cpu", 1000, 0)
]
ASKED = sum(task.asked_milli for task in TRACE)


def test_the_order_follows_the_numbers_that_python_promises() -> None:
    """Random(1).random() gives 0.134, 0.847, 0.763, 0.255, 0.495 in every version (docs of `random`)."""
    assert shuffled("abcde", Random(1)) == list("adecb")


def test_shuffling_keeps_every_item() -> None:
    assert sorted(shuffled(range(100), Random(5))) == list(range(100))


@pytest.mark.parametrize("target", [0, 1, 5000, ASKED - 1, ASKED])
def test_thinned_out_to_a_smaller_demand_in_the_same_order(target: int) -> None:
    chosen = tuned(TRACE, target, Random(2))
    assert sum(task.asked_milli for task in chosen) <= target
    assert sum(task.asked_milli for task in chosen) > target - 2000 or target < 2000
    assert [task for task in TRACE if task in chosen] == chosen


def test_grown_to_a_larger_demand_behind_what_there_was() -> None:
    chosen = tuned(TRACE, 3 * ASKED, Random(2))
    assert chosen[: len(TRACE)] == TRACE
    assert 3 * ASKED - 1000 < sum(task.asked_milli for task in chosen) <= 3 * ASKED
    assert set(chosen) == set(TRACE)


def test_the_same_seed_draws_the_same() -> None:
    assert tuned(TRACE, 60_000, Random(4)) == tuned(TRACE, 60_000, Random(4))
    assert tuned(TRACE, 60_000, Random(4)) != tuned(TRACE, 60_000, Random(5))


@pytest.mark.parametrize(
    ("tasks", "target", "message"),
    [
        ([Task("cpu", 1000, 0)], 1000, "no task asks for a GPU"),
        ([], 1000, "no task asks for a GPU"),
        ([Task("tiny", 0, 0, 1, 1)], 10**9, "needs over 5,000,000 tasks"),
        ([Task("tiny", 0, 0, 1, 1)] + [Task("cpu", 1, 0)] * 99, 10**6, "needs over 5,000,000 tasks"),
    ],
)
def test_a_demand_that_no_trace_can_reach_is_refused(tasks: list[Task], target: int, message: str) -> None:
    with pytest.raises(DraError, match=message) as caught:
        tuned(tasks, target, Random(1))
    assert caught.value.remedy
