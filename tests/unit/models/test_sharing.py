"""`dra.models.sharing`: equal values are one object, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest

from dra import DecodeError
from dra.models import sharing
from dra.models.resource import CounterSet, Device, DeviceAttribute


def decoded(**attributes: Any) -> dict[str, DeviceAttribute]:
    return Device.from_dict({"attributes": attributes}).attributes or {}


@pytest.mark.parametrize("value", [{"string": "H100"}, {"int": 7}, {"bool": True}, {"version": "1.2.3"}])
def test_equal_values_are_one_object_across_devices(value: dict[str, Any]) -> None:
    assert decoded(a=value)["a"] is decoded(b=value, c=value)["c"]
    assert decoded(a=value)["a"].to_dict() == value


@pytest.mark.parametrize("value", [{"ints": [1]}, {}, {"int": 1, "string": "both"}, {"int": None}])
def test_other_values_are_decoded_each_time(value: dict[str, Any]) -> None:
    assert decoded(a=value) == decoded(a=value)
    assert decoded(a=value)["a"] is not decoded(a=value)["a"]


def test_the_order_of_a_map_is_kept() -> None:
    decoded(b={"int": 1})
    assert list(decoded(c={"int": 5}, b={"int": 1}, a={"ints": []})) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("known", "wrong"),
    [({"int": 1}, {"int": True}), ({"int": 1}, {"int": 1.0}), ({"bool": True}, {"bool": 1}), ({"int": 0}, 0)],
)
def test_values_that_python_takes_for_equal_are_told_apart(known: Any, wrong: Any) -> None:
    decoded(a=known)
    with pytest.raises(DecodeError) as caught:
        decoded(a=wrong)
    assert caught.value.path.startswith("attributes[a]")


def test_a_key_that_is_no_string_is_refused() -> None:
    decoded(a={"int": 1})
    with pytest.raises(DecodeError, match="expected a string"):
        Device.from_dict({"attributes": {1: {"int": 1}}})


def test_a_map_that_is_no_dict_is_refused() -> None:
    with pytest.raises(DecodeError, match="expected an object"):
        CounterSet.from_dict({"counters": []})


def test_objects_pass_through() -> None:
    attribute = DeviceAttribute(int_=1)
    assert (Device(attributes={"a": attribute}).attributes or {})["a"] is attribute


def test_unique_values_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "_CAPACITY", 2)
    first = decoded(a={"string": "first"})["a"]
    decoded(a={"string": "second"}, b={"string": "third"}, c={"string": "fourth"})
    again = decoded(a={"string": "first"})["a"]
    assert again == first
    assert again is not first
