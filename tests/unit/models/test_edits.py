"""`dra.models.edits`: the edits between two objects, and their application."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dra.models.edits import REMOVED, Edit, applied, edits_between


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": True}, [Edit(("a",), True)]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}, [Edit(("a", "b"), REMOVED)]),
        ({"a": [1, 2, 3]}, {"a": [1, 3]}, [Edit(("a", 1), REMOVED)]),
        ({"a": [1]}, {"a": [1, 2, 3]}, [Edit(("a", 1), 2), Edit(("a", 2), 3)]),
        ({"a": [{"x": 1}, {"x": 2}]}, {"a": [{"x": 1}, {"x": 3}]}, [Edit(("a", 1, "x"), 3)]),
        ({"a": [1, 2]}, {"a": [0, 1, 2]}, [Edit(("a",), [0, 1, 2])]),
        ({"a": {}}, {"a": {"b": 1}}, [Edit(("a",), {"b": 1})]),
        (None, {"a": 1}, [Edit((), {"a": 1})]),
    ],
)
def test_the_smallest_edits_are_found(old: Any, new: Any, edits: list[Edit]) -> None:
    assert edits_between(old, new) == edits


def test_applying_leaves_the_data_as_it_was() -> None:
    old = {"a": [{"b": 1}, 2]}
    before = copy.deepcopy(old)
    assert applied(old, [Edit(("a", 0, "b"), 3), Edit(("a", 1), REMOVED)]) == {"a": [{"b": 3}]}
    assert old == before


def test_an_edit_below_nothing_makes_the_way_to_it() -> None:
    assert applied({"a": None}, [Edit(("a", "b"), 1), Edit(("c", "d"), 2)]) == {"a": {"b": 1}, "c": {"d": 2}}


def test_an_edit_below_a_scalar_is_refused() -> None:
    with pytest.raises(KeyError):
        applied({"a": 1}, [Edit(("a", "b"), 1)])
