"""Node selectors, as core/v1 defines them."""

from __future__ import annotations

from typing import Any

import pytest

from dra.allocator.nodes import node_selector_matches
from dra.errors import AllocationError
from dra.models.core import Node, NodeSelector

NODE = Node.from_dict({"metadata": {"name": "n1", "labels": {"zone": "a", "gen": "9", "big": "yes"}}})


def matches(*terms: dict[str, Any]) -> bool:
    return node_selector_matches(NodeSelector.from_dict({"nodeSelectorTerms": list(terms)}), NODE)


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    ("key", "operator", "values", "expected"),
    [
        ("zone", "In", ("a", "b"), True),
        ("zone", "In", ("b",), False),
        ("nope", "In", ("a",), False),
        ("zone", "NotIn", ("b",), True),
        ("nope", "NotIn", ("b",), True),
        ("zone", "NotIn", ("a",), False),
        ("zone", "Exists", (), True),
        ("nope", "Exists", (), False),
        ("nope", "DoesNotExist", (), True),
        ("gen", "Gt", ("8",), True),
        ("gen", "Gt", ("10",), False),
        ("gen", "Lt", ("10",), True),
        ("zone", "Gt", ("1",), False),
        ("nope", "Lt", ("1",), False),
    ],
)
def test_operators(key: str, operator: str, values: tuple[str, ...], expected: bool) -> None:
    assert matches({"matchExpressions": [expression(key, operator, *values)]}) is expected


def test_all_requirements_of_a_term_must_hold_and_any_term_will_do() -> None:
    zone, other = expression("zone", "In", "a"), expression("gen", "In", "1")

    assert not matches({"matchExpressions": [zone, other]})
    assert matches({"matchExpressions": [other]}, {"matchExpressions": [zone]})


def test_fields_know_the_name_of_the_node() -> None:
    assert matches({"matchFields": [expression("metadata.name", "In", "n1")]})
    assert not matches({"matchFields": [expression("metadata.name", "NotIn", "n1")]})
    assert not matches({"matchFields": [expression("metadata.uid", "In", "n1")]})


def test_nothing_matches_nothing() -> None:
    assert not matches()
    assert not matches({})


@pytest.mark.parametrize(
    ("term", "path"),
    [
        ({"matchExpressions": [expression("zone", "Is", "a")]}, "matchExpressions[0].operator"),
        ({"matchExpressions": [expression("zone", "In")]}, "matchExpressions[0].values"),
        ({"matchExpressions": [expression("zone", "In", "not a label")]}, "matchExpressions[0].values"),
        ({"matchExpressions": [expression("zone", "Exists", "a")]}, "matchExpressions[0].values"),
        ({"matchExpressions": [expression("gen", "Gt", "many")]}, "matchExpressions[0].values"),
        ({"matchExpressions": [expression("gen", "Lt", "1", "2")]}, "matchExpressions[0].values"),
        ({"matchExpressions": [expression("no label", "Exists")]}, "matchExpressions[0].key"),
        ({"matchExpressions": [expression("/zone", "Exists")]}, "matchExpressions[0].key"),
        ({"matchFields": [expression("metadata.name", "Exists")]}, "matchFields[0].operator"),
        ({"matchFields": [expression("metadata.name", "In", "a", "b")]}, "matchFields[0].values"),
    ],
)
def test_one_malformed_requirement_spoils_the_selector(term: dict[str, Any], path: str) -> None:
    good = {"matchExpressions": [expression("zone", "Exists")]}

    with pytest.raises(AllocationError) as caught:
        matches(good, term)

    assert caught.value.path == f"nodeSelectorTerms[1].{path}"
