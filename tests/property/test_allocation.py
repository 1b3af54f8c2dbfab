"""The allocator against brute force: same feasibility, same first solution, looking ahead or not."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from dra.allocator import search
from tests.conformance import allocation
from tests.property.allocation_instances import instance
from tests.property.allocation_oracle import Oracle


def answers(case: dict[str, Any]) -> tuple[Any, Any]:
    """What the allocator says, reduced to what the oracle says, and what the oracle says."""
    [answer] = allocation.run(case)
    assert answer.error is None, answer.error
    found = answer.results and [
        [
            (each["request"], each["driver"], each["pool"], each["device"])
            for each in result.get("devices", {}).get("results", ())
        ]
        for result in answer.results
    ]
    return found, Oracle(case).solve()


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_allocator_finds_the_first_solution_of_any_small_instance(random: Random) -> None:
    ours, brute_force = answers(instance(random))

    assert ours == brute_force


@pytest.mark.parametrize("seed", range(10))
def test_allocator_finds_the_first_solution_of_100_seeded_instances(seed: int) -> None:
    for number in range(100):
        ours, brute_force = answers(instance(Random(f"{seed}/{number}")))

        assert ours == brute_force, number


@pytest.mark.parametrize("seed", range(10))
def test_looking_ahead_from_the_start_gives_the_same_first_solution(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_PLAIN_FAILURES", -1)
    for number in range(100):
        ours, brute_force = answers(instance(Random(f"{seed}/{number}")))

        assert ours == brute_force, number


# Found by the nightly run.
def test_looking_ahead_does_not_exchange_a_free_device_for_one_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "_PLAIN_FAILURES", -1)

    ours, brute_force = answers(instance(Random("n1/28976")))

    assert ours is not None
    assert ours == brute_force


@pytest.mark.nightly
@pytest.mark.parametrize("failures", [-1, 400])
@pytest.mark.parametrize("seed", range(50))
def test_allocator_agrees_with_brute_force_100_000_times(
    seed: int, failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_PLAIN_FAILURES", failures)
    for number in range(1000):
        ours, brute_force = answers(instance(Random(f"nightly {seed}/{number}")))

        assert ours == brute_force, number
