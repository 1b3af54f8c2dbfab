"""Whatever a manifest holds: drivers answer with findings, or with an error of ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

import dra
from dra.drivers.configs import OpaqueConfig, TypedConfig
from dra.drivers.driver import Driver
from dra.drivers.nvidia.publish import parse_mig_device_name
from dra.errors import DecodeError, DraError
from dra.models.resource import Device, DeviceAttribute, DeviceCapacity

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
DRIVERS = [pytest.param(each, id=each.name) for each in dra.drivers.all()]
CONFIGS = [each for driver in dra.drivers.all() for each in driver.configs]


def wire_names(config: type[dra.drivers.OpaqueConfig]) -> list[str]:
    return [field.alias or name for name, field in config.model_fields.items()]


@st.composite
def parameters(draw: st.DrawFn) -> Any:
    """JSON of any shape, often with the type and some fields of a real configuration."""
    config = draw(st.sampled_from(CONFIGS))
    made = draw(st.dictionaries(st.sampled_from(wire_names(config)), JSON, max_size=4))
    if issubclass(config, TypedConfig) and draw(st.booleans()):
        made["apiVersion"], made["kind"] = config.type_information()
    return draw(st.sampled_from([made, draw(JSON)]))


@settings(max_examples=150)
@given(parameters())
def test_any_parameters_get_an_answer(given_parameters: Any) -> None:
    for driver in dra.drivers.all():
        problems = driver.check(given_parameters, gates=[gate.name for gate in driver.gates])
        assert all(problem.driver == driver.name and problem.message for problem in problems)


ATTRIBUTES = st.builds(
    DeviceAttribute,
    int_=st.none() | st.integers(-5, 5),
    string=st.none() | st.text(max_size=4),
    strings=st.none() | st.lists(st.text(max_size=4), max_size=2),
)


@settings(max_examples=60)
@given(
    st.text(max_size=20),
    st.dictionaries(st.sampled_from(["type", "uuid", "resource.kubernetes.io/pcieRoot", ""]), ATTRIBUTES),
    st.dictionaries(st.sampled_from(["memory", "memorySlice9", ""]), st.just(DeviceCapacity())),
)
def test_any_device_is_compared(name: str, attributes: dict[str, Any], capacity: dict[str, Any]) -> None:
    device = Device(name=name, attributes=attributes, capacity=capacity)
    for driver in dra.drivers.all():
        assert all(finding.startswith(f"{name}: ") for finding in driver.misdeclared(device))


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("name", ["", "no such name", "é" * 300, "a/b/c"])
def test_unknown_names_are_errors_of_ours(driver: Driver, name: str) -> None:
    for look_up in (driver.attribute, driver.capacity, driver.device_type):
        with pytest.raises(DraError):
            look_up(name)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_configs_refuse_keywords_and_values_by_name(config: type[OpaqueConfig]) -> None:
    with pytest.raises(DecodeError, match="unknown field 'shraing'"):
        config(shraing=5)  # type: ignore[call-arg]  # what is refused
    for name in config.model_fields:
        with pytest.raises(DecodeError, match=r"expected .*, found a object"):
            config(**{name: object()})


@pytest.mark.parametrize("name", ["gpu-" + "9" * 5000, "gpu-" + "9" * 5000 + "-mig-1g5gb-19-0", "gpu-٣"])
def test_absurd_numbers_are_no_names(name: str) -> None:
    assert parse_mig_device_name(name) is None
    assert dra.drivers.get("gpu.nvidia.com").type_of(Device(name=name)) is None


@pytest.mark.parametrize("field", ["apiVersion", "kind", "sharing", "interface"])
def test_nesting_without_end(field: str) -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    config = {"apiVersion": "resource.nvidia.com/v1beta1", "kind": "GpuConfig", field: deep}
    for name in ("gpu.nvidia.com", "dra.net", "gpu.example.com"):
        assert len(dra.drivers.get(name).check(config)) == 1
