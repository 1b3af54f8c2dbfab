"""Round trips of every kind and version, and faults at every position."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import dra
from dra import ConversionError, DraError
from dra.models.kinds import KINDS, decode
from dra.models.meta import KubernetesObject
from tests.property import strategies

VERSIONS = [(version.name, name) for (_, name), kind in KINDS.items() for version in kind.versions()]
FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


ODD: list[Any] = [2**63, 10**400, float("nan"), "\ud800", b"x", (), object(), {1: 2}]


def outcome(call: Callable[[], Any]) -> Any:
    """What a call returns, or the error of ours that it raises. Any other exception fails the test."""
    try:
        return call()
    except DraError as error:
        return error


def test_there_is_a_strategy_for_every_kind() -> None:
    assert strategies.KINDS.keys() == {name for _, name in KINDS}


@pytest.mark.parametrize("name", strategies.KINDS)
@given(data=st.data())
@FEW
def test_reading_and_writing_gives_what_was_read(name: str, data: st.DataObject) -> None:
    wire = data.draw(strategies.KINDS[name])
    before = json.dumps(wire)
    model = decode(wire, strict=True)
    assert model.to_dict() == wire
    assert json.dumps(wire) == before, "the input is not changed"


@pytest.mark.parametrize("name", strategies.KINDS)
@given(data=st.data())
@settings(FEW, max_examples=6)
def test_yaml_and_json_give_what_was_written(name: str, data: st.DataObject) -> None:
    model = decode(data.draw(strategies.KINDS[name]))
    assert dra.load(dra.dump(model)) == [model]
    assert dra.load(dra.dump([model, model], "json")) == [model, model]


@pytest.mark.parametrize(("api_version", "name"), VERSIONS)
@given(data=st.data())
@settings(FEW, max_examples=8)
def test_conversion_there_and_back_is_the_identity(api_version: str, name: str, data: st.DataObject) -> None:
    newest = decode(data.draw(strategies.KINDS[name]))
    older = outcome(lambda: dra.convert(newest, api_version))
    if isinstance(older, ConversionError):
        assert older.fields
        assert "v1alpha" in api_version, "every other version can say all that is valid"
        return
    assert isinstance(older, KubernetesObject)
    wire = older.to_dict()
    assert wire["apiVersion"] == api_version
    assert decode(wire, strict=True).to_dict() == wire, "the older form round-trips"
    assert dra.convert(decode(wire), newest.api_version) == newest


def positions(value: Any) -> list[tuple[Any, Any]]:
    """Every container below a JSON value with every key or index of it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in [(value, key), *positions(item)]]


@pytest.mark.parametrize(("api_version", "name"), VERSIONS)
@given(data=st.data())
@FEW
def test_a_wrong_value_anywhere_is_a_dra_error_at_worst(
    api_version: str, name: str, data: st.DataObject
) -> None:
    wire = json.loads(json.dumps({**data.draw(strategies.KINDS[name]), "apiVersion": api_version}))
    container, key = data.draw(st.sampled_from(positions(wire)))
    container[key] = data.draw(st.one_of(strategies.json_values, st.sampled_from(ODD)))
    result = outcome(lambda: decode(wire).to_dict())
    assert isinstance(result, dict) or str(result)
