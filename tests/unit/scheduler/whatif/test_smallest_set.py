"""The cheapest set that fits, and whether that is proven."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, strategies as st

from dra.scheduler.whatif.smallest_set import Cost, SmallestSet, Tries, cost_of, smallest_set


def test_nothing_fits_whatever_goes() -> None:
    assert smallest_set([1, 1], [0, 0], lambda gone: False, Tries(100)) is None


def test_what_weighs_least_goes() -> None:
    assert smallest_set([3, 1, 2], [0, 0, 0], lambda gone: bool(gone), Tries(100)) == SmallestSet(
        (1,), (1, 1, 0), proven=True
    )


def test_several_light_ones_go_before_a_heavy_one() -> None:
    found = smallest_set([5, 1, 2], [0, 0, 0], lambda gone: 0 in gone or len(gone) == 2, Tries(100))

    assert found is not None
    assert found.members == (1, 2)


def test_of_equal_weight_the_fewest_go_then_the_youngest() -> None:
    def fits(gone: Sequence[int]) -> bool:
        return 3 in gone or 2 in gone or {0, 1} <= set(gone)

    found = smallest_set([0, 0, 0, 0], [0, 0, 9, 5], fits, Tries(100))

    assert found == SmallestSet((3,), (0, 1, 5), proven=True)


def test_without_time_a_set_from_which_nothing_can_be_spared_is_the_bound() -> None:
    def fits(gone: Sequence[int]) -> bool:
        return {0, 1} <= set(gone) or {2, 3, 4} <= set(gone)

    weights = [9, 9, 1, 1, 1]
    quick = smallest_set(weights, [0] * 5, fits, Tries(6))

    assert quick is not None
    assert fits(quick.members)
    assert not quick.proven
    assert smallest_set(weights, [0] * 5, fits, Tries(100)) == SmallestSet((2, 3, 4), (3, 3, 0), proven=True)


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_tries_are_never_overdrawn(tries: int) -> None:
    asked: list[Sequence[int]] = []

    def fits(gone: Sequence[int]) -> bool:
        asked.append(gone)
        return len(gone) > 1

    smallest_set([1, 1, 1], [0, 0, 0], fits, Tries(tries))
    assert len(asked) == tries


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6),
    st.lists(st.sets(st.integers(0, 5), min_size=1), min_size=1, max_size=3),
)
def test_it_is_what_trying_all_sets_gives(things: list[tuple[int, int]], enough: list[set[int]]) -> None:
    weights, ages = [each[0] for each in things], [each[1] for each in things]

    def fits(gone: Sequence[int]) -> bool:
        return any(each <= set(gone) for each in enough)

    costs: list[Cost] = [
        cost_of(weights, ages, gone)
        for count in range(1, len(things) + 1)
        for gone in combinations(range(len(things)), count)
        if fits(gone)
    ]
    found = smallest_set(weights, ages, fits, Tries(1000))

    assert (found.cost if found is not None else None) == min(costs, default=None)
    assert found is None or (found.proven and fits(found.members))
