"""What functions are given is what they can do something with."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from dra.arguments import finite, instance, several, texts, whole
from dra.errors import ArgumentError


class Seven:
    """A whole number of another library, as numpy has them."""

    def __index__(self) -> int:
        return 7


def test_whole_numbers_of_any_kind_are_taken() -> None:
    assert whole(7, "count", least=1) == whole(Seven(), "count", most=7) == 7


@pytest.mark.parametrize("value", [-1, 11, 1.0, math.nan, True, "3", None, [3]])
def test_what_is_no_whole_number_within_bounds_is_refused(value: object) -> None:
    with pytest.raises(ArgumentError) as refused:
        whole(value, "count", least=0, most=10)
    assert (refused.value.path, refused.value.value) == ("count", value)
    assert "must be a whole number of at least 0 and at most 10, not " in refused.value.message


def test_whole_numbers_without_bounds() -> None:
    assert whole(-(1 << 70), "up_to") == -(1 << 70)
    with pytest.raises(ArgumentError, match="must be a whole number, not 'x'"):
        whole("x", "up_to")


def test_finite_numbers_of_any_kind_are_taken() -> None:
    assert [finite(each, "price", least=0) for each in (0, 2.5, Fraction(1, 2))] == [0.0, 2.5, 0.5]
    assert finite(-3, "score") == -3.0


@pytest.mark.parametrize("value", [-0.5, math.nan, math.inf, "2", None, [1.0], 10**400])
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    with pytest.raises(ArgumentError) as refused:
        finite(value, "price", least=0, remedy="what it costs")
    assert (refused.value.path, refused.value.remedy) == ("price", "what it costs")


def test_a_generator_is_a_list_of_several() -> None:
    assert several((each for each in "ab"), "pods", "pods") == ("a", "b")
    assert texts({"a": 1}.keys(), "nodes", "names") == ("a",)


@pytest.mark.parametrize("value", ["node-1", b"node-1", {"a": 1}, 5, None])
def test_a_single_thing_is_not_several(value: object) -> None:
    with pytest.raises(ArgumentError, match="must be a list of names") as refused:
        texts(value, "nodes", "names")  # type: ignore[arg-type]  # what is refused
    assert refused.value.remedy == "for one of them write nodes=[...]"


def test_what_is_no_text_among_texts_is_said_with_its_place() -> None:
    with pytest.raises(ArgumentError, match=r"nodes\[1\]: must be a text, not 5"):
        texts(["n1", 5], "nodes", "names")  # type: ignore[list-item]  # what is refused


def test_long_values_are_not_repeated() -> None:
    with pytest.raises(ArgumentError, match=r"must be a number, not a str$"):
        instance("x" * 1000, int, "count", "a number")
