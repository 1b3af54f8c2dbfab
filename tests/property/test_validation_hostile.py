"""Whatever is handed to `validate` and `lint`, the answer is a list or a DraError, and soon."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import dra
from dra import DraError, FieldError, Finding
from dra.features import KUBERNETES_MINORS
from tests.conformance.validation_table import read_table
from tests.property import strategies

SETTINGS = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
KINDS = sorted(strategies.KINDS)
MINORS = st.sampled_from(KUBERNETES_MINORS)
LONGEST = 5.0  # seconds of processor time, which others on the machine do not take

# Values that break things: empty, huge, of odd types, of odd characters, expressions that are hard to read.
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63,
    1e308,
    "",
    "\0",
    "\ud800",
    "a" * 5000,
    "é" * 300,
    "/" * 100,
    "1e99",
    "9" * 40,
    "-0.0000000001",
    "(" * 3000,
    "!" * 3000 + "true",
    'device.attributes["a"]' * 200,
    "[0].all(x, [0].all(y, x == y))",
    "2006-01-02T15:04:05Z",
    [],
    [None],
    [[[[[[]]]]]],
    {},
    {"": None},
    {"a": {"a": {"a": {}}}},
)
odd = st.sampled_from(ODD)


def answer(of: Callable[[], list[Any]], kind: type) -> None:
    """Calls something that must give a list or a DraError, without taking long."""
    started = time.process_time()
    try:
        found = of()
    except DraError as error:
        found = [error]
        kind = DraError
    assert time.process_time() - started < LONGEST
    assert all(isinstance(each, kind) and str(each) for each in found)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container below a JSON value with every key or index of it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in [(value, key), *places(item)]]


def mutated(wire: Any, data: st.DataObject) -> Any:
    """The same with some values replaced, removed or doubled."""
    wire = copy.deepcopy(wire)
    for _ in range(data.draw(st.integers(1, 3))):
        found = places(wire)
        if not found:
            break
        container, key = data.draw(st.sampled_from(found))
        match data.draw(st.sampled_from(["odd", "any", "remove", "double"])):
            case "odd":
                container[key] = copy.deepcopy(data.draw(odd))
            case "any":
                container[key] = data.draw(strategies.json_values)
            case "remove":
                del container[key]
            case _ if isinstance(container, list):
                container.append(copy.deepcopy(container[key]))
            case _:
                container[key] = [copy.deepcopy(container[key])] * 2
    return wire


@given(wire=strategies.json_objects, kubernetes=MINORS)
@SETTINGS
def test_any_json(wire: Any, kubernetes: str) -> None:
    answer(lambda: dra.validate(wire, kubernetes), FieldError)
    answer(lambda: dra.lint(wire, kubernetes), Finding)


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@SETTINGS
def test_objects_with_odd_values(name: str, data: st.DataObject) -> None:
    kubernetes = data.draw(MINORS)
    wire = mutated(data.draw(strategies.KINDS[name]), data)
    features = dra.Features.all()
    answer(lambda: dra.validate(wire, kubernetes, features), FieldError)
    answer(lambda: dra.validate(wire, kubernetes), FieldError)
    answer(lambda: dra.lint(wire, kubernetes, features=features), Finding)


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@SETTINGS
def test_updates_to_odd_values(name: str, data: st.DataObject) -> None:
    before = data.draw(strategies.KINDS[name])
    after = mutated(before, data)
    kubernetes = data.draw(MINORS)
    answer(lambda: dra.validate(after, kubernetes, old=before), FieldError)
    answer(lambda: dra.validate(before, kubernetes, old=after), FieldError)


CASES = [case.object for case in read_table() if case.kubernetes == "1.37"]


@given(data=st.data())
@settings(SETTINGS, max_examples=200)
def test_lint_of_objects_together(data: st.DataObject) -> None:
    objects = data.draw(st.lists(st.sampled_from(CASES), min_size=1, max_size=6))
    objects = [mutated(wire, data) if data.draw(st.booleans()) else wire for wire in objects]
    slices = data.draw(st.lists(strategies.KINDS["ResourceSlice"], max_size=2))
    answer(lambda: dra.lint(objects, slices=slices or None), Finding)


@pytest.mark.parametrize("value", ODD, ids=lambda value: json.dumps(value)[:20])
@pytest.mark.parametrize("name", KINDS)
def test_an_odd_value_in_every_field(name: str, value: Any) -> None:
    """The table's objects of the kind, with the value at each field in turn."""
    seen: set[str] = set()
    for wire in (wire for wire in CASES if wire["kind"] == name):
        for number, (_, key) in enumerate(places(wire)):
            if key in seen or isinstance(key, int):
                continue
            seen.add(key)
            changed = copy.deepcopy(wire)
            container, key = places(changed)[number]
            container[key] = value
            answer(lambda wire=changed: dra.validate(wire, features=dra.Features.all()), FieldError)
