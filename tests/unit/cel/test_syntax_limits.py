"""What is read and what is refused, as Kubernetes' own compiler answers (1.34.4, 1.36.3, 1.37.2)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import pytest

from dra import cel

T = TypeVar("T")


def with_frames_left(left: int, call: Callable[[], T]) -> T:
    """What a call gives for which Python's stack has only so many frames left."""
    used, frame = 0, sys._getframe()
    while frame.f_back is not None:
        used, frame = used + 1, frame.f_back

    def descend(more: int) -> T:
        return descend(more - 1) if more else call()

    return descend(sys.getrecursionlimit() - used - left)


def refused(expression: str, kubernetes: str = "1.37") -> str:
    with pytest.raises(cel.CompileError) as caught:
        cel.compile(expression, kubernetes)
    return str(caught.value)


@pytest.mark.parametrize(("operators", "accepted"), [(249, True), (250, False)])
def test_a_chain_nests_by_every_operator(operators: int, accepted: bool) -> None:
    chain = "1" + " + 1" * operators + " == 1"
    if accepted:
        assert cel.compile(chain).output_type.name == "bool"
    else:
        assert "<input>:-1:0: max recursion depth exceeded" in refused(chain)


def test_250_selections_are_read_and_251_are_not() -> None:
    assert cel.compile("dyn(1)" + ".b" * 250).output_type.is_dyn
    assert "max recursion depth exceeded" in refused("dyn(1)" + ".b" * 251)


def test_operands_that_wait_for_brackets_count_twice() -> None:
    assert "expression recursion limit exceeded: 250" in refused("(1 + " * 125 + "1" + ")" * 125 + " == 1")


def test_brackets_beyond_the_limit_are_refused_in_upstreams_words() -> None:
    assert "expression recursion limit exceeded: 250" in refused("(" * 5000 + ")" * 5000)


@pytest.mark.parametrize(
    ("opening", "inside", "closing", "compared"),
    [
        ("(", "true", ")", " != dyn(1)"),
        ("!(", "true", ")", " != dyn(1)"),
        ("dyn(", "true", ")", " != dyn(1)"),
        ("(true && ", "true", ")", " != dyn(1)"),
        ("'a'.replace('a', ", "'b'", ")", " != dyn(1)"),
        ("[0][", "0", "]", " != dyn(1)"),
        ("{1:", "1", "}", " != dyn(1)"),
        ("cel.bind(x, true, ", "x", ")", " != dyn(1)"),
        ("false ? true : ", "true", "", ""),
    ],
)
def test_249_constructs_inside_of_one_another_are_read_and_250_are_not(
    opening: str, inside: str, closing: str, compared: str
) -> None:
    assert cel.compile(opening * 249 + inside + closing * 249 + compared).matches({})
    assert "expression recursion limit exceeded: 250" in refused(
        opening * 250 + inside + closing * 250 + compared
    )


def test_what_python_cannot_follow_is_not_blamed_on_the_limit() -> None:
    assert "nested too deeply for Python" in refused("(true ? " * 240 + "true" + ": false)" * 240)


def test_macros_that_python_cannot_follow_are_refused_too() -> None:
    assert "nested too deeply" in refused("[1].map(x, " * 240 + "1" + ")" * 240 + " == 1")


@pytest.mark.parametrize(
    "expression", ["[,].size() == 0", "{,}.size() == 0", "kubernetes.DRADevice{,} != device"]
)
def test_a_lone_comma_is_an_empty_literal(expression: str) -> None:
    assert cel.compile(expression).output_type.name == "bool"


def test_names_in_back_quotes_came_with_1_37() -> None:
    assert cel.compile("{'a-b': 1}.`a-b` == 1", "1.37").matches({})
    assert "<input>:1:12: unsupported syntax: '`'" in refused("{'a-b': 1}.`a-b` == 1", "1.36")


@pytest.mark.parametrize("name", ["kubernetes.Quantity", "kubernetes.Semver"])
def test_types_of_quantities_and_versions_have_no_name(name: str) -> None:
    assert "undeclared reference to 'kubernetes'" in refused(f"type(1) == {name}")


def test_the_type_of_the_device_cannot_be_a_value() -> None:
    text = refused("type(device) == kubernetes.DRADevice")
    assert text == "program instantiation failed: reference to undefined type: kubernetes.DRADevice"


def test_exists_one_has_its_other_spelling_with_two_variables_only() -> None:
    assert "undeclared reference to 'existsOne'" in refused("[1].existsOne(v, true)")
    assert cel.compile("[1].existsOne(i, v, true)").matches({})


def test_the_length_is_counted_in_bytes() -> None:
    assert "10242 bytes" in refused('"' + "é" * 5116 + '"=="a"' + " " * 3)


def test_text_that_is_no_token_is_shown_as_it_is() -> None:
    assert "token recognition error at: ''a\tb'" in refused("'a\tb")


def test_an_optional_selection_is_no_method() -> None:
    assert "<input>:1:15: Syntax error: mismatched input '('" in refused("device.?driver(1)")


def test_messages_number_type_variables_as_upstream_does() -> None:
    text = refused("[[], optional.none()] && size([]) && []")
    assert "<input>:1:38: expected type 'bool' but found 'list(_var6)'" in text


@pytest.mark.parametrize("expression", ["[?dyn(1)].size() == 1", '{?"a": dyn(1)}.size() == 1'])
def test_an_optional_entry_of_unknown_type_which_crashes_upstream_is_refused(expression: str) -> None:
    assert "expected type 'optional_type(dyn)' but found 'dyn'" in refused(expression)


def test_a_stack_that_ends_too_early_is_told_and_not_remembered() -> None:
    selector = cel.compile("dyn(" * 100 + "device.driver" + ")" * 100 + ' == "d"')
    with pytest.raises(cel.CompileError, match="nested too deeply"):
        with_frames_left(60, lambda: selector.max_cost)
    assert selector.max_cost == 103


def test_what_cannot_be_followed_may_read_everything() -> None:
    selector = cel.compile("dyn(" * 101 + "device.driver" + ")" * 101 + ' == "d"')
    assert with_frames_left(60, lambda: selector.reads).everything


def test_a_matcher_made_where_the_stack_ends_still_answers() -> None:
    selector = cel.compile("dyn(" * 102 + "device.driver" + ")" * 102 + ' == "d"')
    matches = with_frames_left(60, lambda: selector.matches)
    assert matches({}, driver="d")


def test_types_that_double_with_each_binding_are_refused() -> None:
    bindings = "".join(f"cel.bind(x{number + 1}, {{x{number}: x{number}}}, " for number in range(40))
    text = refused(f"cel.bind(x0, 1, {bindings}x40 == x40" + ")" * 41)
    assert "<input>:1:214: the type has more than 1000 parts" in text
