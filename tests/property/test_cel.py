"""Random CEL expressions: the two evaluators never disagree, and nothing escapes them."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given, strategies as st

from dra import DraError, Features, cel
from tests.property.cel_expressions import DEVICES, Expressions

BOUND = [cel.BoundDevice(device, driver=device["driver"]) for device in DEVICES]


def interpreted(selector: cel.Selector, device: cel.BoundDevice) -> bool | str:
    try:
        return selector.evaluate(device).value
    except cel.EvaluationError as error:
        return str(error)


def answered(selector: cel.Selector, device: cel.BoundDevice) -> bool | str:
    try:
        return selector.matches(device)
    except cel.EvaluationError as error:
        return str(error)


def disagreements(seed: int, count: int) -> list[str]:
    """Expressions for which generated code and interpreter differ for one of the devices."""
    random = Random(seed)
    expressions = Expressions(random)
    found = []
    for _ in range(count):
        expression = expressions.selector(random.randint(1, 4))
        try:
            selector = cel.compile(expression, features=Features.all())
        except cel.CompileError:
            continue
        for device in BOUND:
            exact, fast = interpreted(selector, device), answered(selector, device)
            if exact != fast:
                found.append(f"{expression}: {exact!r}, generated {fast!r} for {device}")
    return found


@pytest.mark.parametrize("seed", range(4))
def test_generated_code_and_interpreter_agree(seed: int) -> None:
    # 1,250 expressions for each of four devices: 20,000 cases over the four seeds.
    assert disagreements(seed, 1_250) == []


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 140))
def test_generated_code_and_interpreter_agree_on_very_many(seed: int) -> None:
    assert disagreements(seed, 5_000) == []


def test_the_estimate_is_hardly_ever_exceeded() -> None:
    """A name of unknown type may cost a little more than it was taken for; nothing else does."""
    random = Random(7)
    expressions = Expressions(random)
    for _ in range(500):
        expression = expressions.selector(3)
        try:
            selector = cel.compile(expression, features=Features.all())
            cost = selector.evaluate(BOUND[0]).cost
        except DraError:
            continue
        assert cost <= selector.max_cost + 64, expression


def test_what_a_selector_reads_decides_its_answer() -> None:
    """A device that has only what is read gets the same answer."""
    random = Random(11)
    expressions = Expressions(random)
    for _ in range(400):
        expression = expressions.selector(3)
        try:
            selector = cel.compile(expression, features=Features.all())
        except cel.CompileError:
            continue
        reads = selector.reads
        for full, device in zip(BOUND, DEVICES, strict=True):
            driver = device["driver"] if reads.driver else "elsewhere"
            kept = {
                "attributes": {
                    name: value
                    for short, value in device["attributes"].items()
                    if (name := short if "/" in short else f"{device['driver']}/{short}") in reads.attributes
                    or reads.all_attributes
                },
                "capacity": {
                    name: value
                    for short, value in device["capacity"].items()
                    if (name := short if "/" in short else f"{device['driver']}/{short}") in reads.capacity
                    or reads.all_capacity
                },
                "allowMultipleAllocations": device.get("allowMultipleAllocations"),
            }
            partial = cel.BoundDevice(kept, driver=driver)
            assert interpreted(selector, partial) == interpreted(selector, full), expression


def complaint(text: str) -> str:
    """What is wrong with a text, empty if nothing is; any other exception fails the test."""
    try:
        cel.compile(text)
    except cel.CompileError as error:
        return str(error)
    return ""


@given(st.text(max_size=60))
def test_no_text_does_more_than_not_compile(text: str) -> None:
    assert isinstance(complaint(text), str)


@given(st.lists(st.sampled_from("()[]{}.,:?!-+*/%<>=&|'\"`\\ aeinxu01r#@\n"), max_size=40).map("".join))
@example(".(a")
def test_no_heap_of_signs_does_more_than_not_compile(text: str) -> None:
    assert isinstance(complaint(text), str)


@given(st.integers(), st.data())
def test_a_mutilated_expression_ends_in_an_error_of_the_library(seed: int, data: st.DataObject) -> None:
    expression = Expressions(Random(seed)).selector(3)
    start = data.draw(st.integers(0, len(expression)))
    end = data.draw(st.integers(start, len(expression)))
    try:
        selector = cel.compile(expression[:start] + expression[end:])
        for device in BOUND:
            interpreted(selector, device)
            selector.explain(device)
    except cel.CompileError:
        pass
