"""What a compiled selector promises, whatever the expression."""

from __future__ import annotations

import pickle
from contextlib import suppress
from typing import Any

import pytest

from dra import cel
from dra.models.resource import Device

DRIVER = "gpu.example.com"
H100 = {
    "name": "gpu-0",
    "attributes": {
        "model": {"string": "H100"},
        "index": {"int": 3},
        "driverVersion": {"version": "535.104.5"},
        "healthy": {"bool": True},
        "nic.example.com/rail": {"int": 1},
    },
    "capacity": {"memory": {"value": "81559Mi"}},
}


def matches(expression: str) -> bool:
    return cel.compile(expression).matches(H100, driver=DRIVER)


def failure(expression: str) -> str:
    with pytest.raises(cel.EvaluationError) as raised:
        matches(expression)
    return str(raised.value)


def test_names_without_a_domain_belong_to_the_driver() -> None:
    assert matches('device.attributes["gpu.example.com"].model == "H100"')
    assert matches('device.attributes["nic.example.com"].rail == 1')


def test_an_unknown_domain_is_an_empty_map_but_not_in_the_map() -> None:
    assert matches('device.attributes["none"].size() == 0')
    assert matches("has(device.attributes.none)")
    assert not matches('"none" in device.attributes')


def test_an_unknown_attribute_is_an_error() -> None:
    assert failure('device.attributes["gpu.example.com"].nope == 1') == "no such key: nope"


def test_and_and_or_absorb_errors() -> None:
    assert matches('device.attributes["gpu.example.com"].nope == 1 || true')
    assert not matches('device.attributes["gpu.example.com"].nope == 1 && false')


def test_a_result_that_is_no_bool_is_an_error() -> None:
    assert failure('device.attributes["gpu.example.com"].index') == (
        "CEL result of type int could not be converted to bool: "
        "unsupported type conversion from 'int' to bool"
    )


def test_quantities_and_versions_compare_by_value() -> None:
    assert matches('device.capacity["gpu.example.com"].memory.isGreaterThan(quantity("40Gi"))')
    assert matches('device.attributes["gpu.example.com"].driverVersion.isLessThan(semver("550.0.0"))')


def test_a_model_and_its_wire_form_are_the_same_device() -> None:
    selector = cel.compile('device.capacity["gpu.example.com"].memory.isGreaterThan(quantity("40Gi"))')
    device = Device.from_dict(H100)
    assert selector.matches(device, driver=DRIVER) == selector.matches(H100, driver=DRIVER)


def test_a_bound_device_can_be_asked_again_and_again() -> None:
    bound = cel.BoundDevice(H100, driver=DRIVER)
    assert cel.compile('device.driver == "gpu.example.com"').matches(bound)
    assert cel.compile('device.attributes["gpu.example.com"].healthy').matches(bound)


def test_compile_errors_show_every_place() -> None:
    with pytest.raises(cel.CompileError) as raised:
        cel.compile("devices.driver == 1 &&\n nope(2)")
    assert [(issue.line, issue.column) for issue in raised.value.issues] == [(1, 1), (2, 6)]
    assert str(raised.value) == (
        "compilation failed: ERROR: <input>:1:1: undeclared reference to 'devices' (in container '')\n"
        " | devices.driver == 1 &&\n"
        " | ^\n"
        "ERROR: <input>:2:6: undeclared reference to 'nope' (in container '')\n"
        " |  nope(2)\n"
        " | .....^"
    )


def test_selectors_are_cached_and_survive_pickling() -> None:
    selector = cel.compile("device.driver == 'a'")
    assert cel.compile("device.driver == 'a'") is selector
    assert pickle.loads(pickle.dumps(selector)) is selector


@pytest.mark.parametrize(
    "expression", ["(" * 10_000, "[" * 10_000 + "]" * 10_000, "-" * 10_000 + "x", "a" * 11_000]
)
def test_hostile_texts_end_in_a_compile_error(expression: str) -> None:
    with pytest.raises(cel.CompileError):
        cel.compile(expression)


def test_hundreds_of_terms_are_no_matter() -> None:
    assert matches(" || ".join(["device.driver==''"] * 449 + ["true"]))


@pytest.mark.parametrize(
    ("kubernetes", "mode", "known"),
    [("1.35", "stored", False), ("1.36", "stored", False), ("1.37", "new", False), ("1.37", "stored", True)],
)
def test_attributes_are_iterable_where_lists_are_known(kubernetes: str, mode: cel.Mode, known: bool) -> None:
    expression = 'device.attributes["gpu.example.com"].models.exists(m, m == "H100")'
    try:
        cel.compile(expression, kubernetes=kubernetes, mode=mode)
    except cel.CompileError:
        assert not known
    else:
        assert known


@pytest.mark.parametrize("operator", ["+", "-", "*"])
def test_explaining_a_chain_of_hundreds_of_terms_gives_a_trace_or_says_why_not(operator: str) -> None:
    selector = cel.compile(operator.join(["1"] * 240) + " == 1")
    with suppress(cel.EvaluationError):  # how deep is too deep depends on who calls
        assert selector.explain(H100, driver=DRIVER).cost == selector.evaluate(H100, driver=DRIVER).cost


@pytest.mark.parametrize(
    "expression",
    [
        "lists.range(200000).distinct() == []",
        "sets.equivalent(lists.range(200000), lists.range(200000))",
        "sets.intersects(lists.range(200000), [-1, -2, -3, -4, -5, -6])",
    ],
)
def test_what_costs_too_much_is_not_begun(expression: str) -> None:
    with pytest.raises(cel.EvaluationError, match="actual cost limit exceeded"):
        cel.compile(expression).evaluate(H100, driver=DRIVER)


def test_a_list_cannot_be_doubled_without_end() -> None:
    doubled = "".join(f"cel.bind(x{n}, x{n - 1} + x{n - 1}, " for n in range(1, 40))
    with pytest.raises(cel.EvaluationError, match="the list is too long"):
        cel.compile(f"cel.bind(x0, [1], {doubled}x39.size() == 0{')' * 40}").evaluate(H100, driver=DRIVER)


@pytest.mark.parametrize(
    "device",
    [
        {"attributes": {"a": None}},
        {"attributes": ["a"]},
        {"attributes": {1: {"int": 1}}},
        {"attributes": {"a": {"ints": ["x"]}}},
        {"attributes": {"a": {"version": 5}}},
        {"capacity": {"memory": {}}},
        None,
    ],
)
def test_what_is_no_device_is_refused_as_such(device: Any) -> None:
    with pytest.raises(cel.EvaluationError, match="no device"):
        cel.BoundDevice(device, driver=DRIVER)


@pytest.mark.parametrize("literal", ["9" * 9000, "-" + "9" * 9000, "9" * 9000 + "u"])
def test_a_number_of_thousands_of_digits_is_an_invalid_literal(literal: str) -> None:
    with pytest.raises(cel.CompileError, match=r"invalid u?int literal"):
        cel.compile(f"{literal} == {literal[-1]}")


@pytest.mark.parametrize(("leaf", "alike"), [("1", True), ("2", False)])
def test_lists_that_hold_one_list_many_times_are_compared_without_looking_at_it_again(
    leaf: str, alike: bool
) -> None:
    depth = 40
    twins = {"x": "1", "y": leaf}
    bound = [f"cel.bind({name}0, [{value}], " for name, value in twins.items()]
    bound += [f"cel.bind({n}{i}, [{n}{i - 1}, {n}{i - 1}], " for n in twins for i in range(1, depth)]
    expression = "".join(bound) + f"x{depth - 1} == y{depth - 1}" + ")" * len(bound)
    selector = cel.compile(expression)

    assert selector.matches(H100, driver=DRIVER) is alike
    assert selector.evaluate(H100, driver=DRIVER).value is alike


def test_a_value_that_holds_another_many_times_is_shown_cut() -> None:
    levels = "".join(f"cel.bind(x{i}, [x{i - 1}, x{i - 1}], " for i in range(1, 40))
    trace = cel.compile(f"cel.bind(x0, [1], {levels}x39.size() == 2{')' * 40}").explain(H100, driver=DRIVER)

    shown = [step.to_dict()["value"] for step in trace.root.walk() if step.text == "[x38, x38]"]

    assert trace.value is True
    assert [text[:6] + text[-1] for text in shown] == ["[[[[[[…"]


def test_matches_ends_at_the_cost_limit_also_where_the_estimate_does_not_see_it() -> None:
    selector = cel.compile("[lists.range(1000), lists.range(150000)].flatten().distinct().isSorted()")
    assert selector.max_cost < cel.COST_LIMIT
    with pytest.raises(cel.EvaluationError, match="actual cost limit exceeded"):
        selector.matches({})


@pytest.mark.parametrize("numbers", ["[0.5]", "[1]", "[1u]", '[duration("1s")]'])
def test_a_sum_of_mixed_elements_fails(numbers: str) -> None:
    selector = cel.compile(f'string(({numbers} + dyn(["a"])).sum()) == ""')
    with pytest.raises(cel.EvaluationError, match="no such overload"):
        selector.evaluate({})


def test_a_map_of_constants_that_cannot_be_made_fails_wherever_it_stands() -> None:
    selector = cel.compile('"%s".format([{dyn({}): 1}]) == ""')
    with pytest.raises(cel.EvaluationError, match="map"):
        selector.evaluate({})
