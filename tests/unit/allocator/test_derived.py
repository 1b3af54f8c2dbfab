"""Attributes that a request derives for the claim's constraints."""

from __future__ import annotations

from typing import Any

import pytest

from dra.allocator.derived import DerivedAttribute
from dra.cel import BoundDevice, CompileError, EvaluationError
from dra.errors import AllocationError
from dra.features import Features
from tests.unit.allocator.builders import (
    DRIVER,
    NODE,
    allocator,
    claim,
    device,
    first_available,
    names,
    slice_of,
    wants,
)

DEVICE = BoundDevice(device("a", index=5, model="A", fast=True) | {}, driver=DRIVER)


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        (f'device.attributes["{DRIVER}"].index / 2', {("int", 2)}),
        (f'device.attributes["{DRIVER}"].model', {("string", "A")}),
        (f'device.attributes["{DRIVER}"].fast', {("bool", True)}),
        ('semver("1.2.3")', {("version", "1.2.3")}),
        ('["a", "b", "a"]', {("string", "a"), ("string", "b")}),
    ],
)
def test_scalars_and_lists_of_them_can_be_compared(expression: str, values: set[tuple[str, object]]) -> None:
    assert DerivedAttribute(expression, "1.37", Features.all()).values(DEVICE) == values


@pytest.mark.parametrize(
    "expression", ["1.5", "quantity('1Gi')", "[[1]]", f'device.attributes["{DRIVER}"].nope']
)
def test_other_values_and_failures_are_errors(expression: str) -> None:
    with pytest.raises(EvaluationError):
        DerivedAttribute(expression, "1.37", Features.all()).values(DEVICE)


def test_an_expression_must_compile() -> None:
    with pytest.raises(CompileError):
        DerivedAttribute("device.nope", "1.37", Features.all())


def derived(expression: str, **more: Any) -> dict[str, Any]:
    return wants(derivedAttributes=[{"name": f"{DRIVER}/board", "expression": expression}], **more)


SAME_BOARD = [{"matchAttribute": f"{DRIVER}/board"}]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("device.nope", f"compile derived attribute {DRIVER}/board failed"),
        (
            f'device.attributes["{DRIVER}"].nope',
            f"evaluate derived attribute {DRIVER}/board on device {DRIVER}/p/a failed: no such key: nope",
        ),
    ],
)
def test_a_failure_is_fatal_for_the_claim(expression: str, message: str) -> None:
    cluster = allocator(slice_of([device("a")]))

    with pytest.raises(AllocationError) as caught:
        cluster.allocate([claim(derived(expression), constraints=SAME_BOARD)], NODE)

    assert caught.value.message.startswith(message)


def test_a_failure_counts_although_there_are_too_few_devices() -> None:
    cluster = allocator(slice_of([device("a")]))
    two = derived(f'device.attributes["{DRIVER}"].nope', count=2)

    with pytest.raises(AllocationError, match="no such key: nope"):
        cluster.allocate([claim(two, constraints=SAME_BOARD)], NODE)


def test_an_unused_derived_attribute_is_never_evaluated() -> None:
    cluster = allocator(slice_of([device("a")]))

    assert names(cluster.allocate([claim(derived("1 / 0"))], NODE)) == [["a"]]


def test_alternatives_derive_their_own() -> None:
    cluster = allocator(slice_of([device("a", index=0), device("b", index=1)]))
    request = first_available("r", derived("device.driver"), derived("device.driver"))
    other = derived(f'device.attributes["{DRIVER}"].index == 1 ? device.driver : "none"')

    result = cluster.allocate([claim(request, other, constraints=SAME_BOARD)], NODE)

    assert names(result) == [["a", "b"]]
