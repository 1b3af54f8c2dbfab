"""The generated evaluator: it answers as the interpreter does, or leaves the answer to it."""

from __future__ import annotations

import pytest

from dra import cel
from dra.cel.codegen import generate
from dra.cel.env import environment
from dra.cel.selector import checked

DRIVER = "gpu.example.com"
DEVICE = cel.BoundDevice(
    {
        "attributes": {
            "model": {"string": "H100"},
            "index": {"int": 3},
            "healthy": {"bool": True},
            "driverVersion": {"version": "535.104.5"},
            "links": {"ints": [1, 2, 3]},
        },
        "capacity": {"memory": {"value": "80Gi"}},
    },
    driver=DRIVER,
)
A = 'device.attributes["gpu.example.com"]'
C = 'device.capacity["gpu.example.com"]'


def run(expression: str) -> object:
    return generate(checked(expression, environment()), environment()).run(DEVICE)


@pytest.mark.parametrize(
    "expression",
    [
        f'{A}.model == "H100"',
        f'"H100" == {A}["model"]',
        f"{A}.index > 2 && {A}.index <= 3",
        f"{A}.healthy",
        f"!{A}.healthy || {A}.index + 1 == 4",
        f"has({A}.model) && !has({A}.nope)",
        f'"model" in {A} && !("nope" in {A})',
        f'{A}.index in [1, 2, 3] && {A}.model in ["H100"]',
        f'{A}.driverVersion.isGreaterThan(semver("535.0.0"))',
        f'{C}.memory.isGreaterThan(quantity("40Gi")) && {C}.memory == quantity("81920Mi")',
        f'{A}.model.lowerAscii().matches("^h[0-9]+$")',
        f"{A}.links.all(x, x > 0) && {A}.links.exists(x, x == 2) && {A}.links.exists_one(x, x == 3)",
        f"{A}.links.map(x, x * 2).filter(x, x > 2).size() == 2",
        f"cel.bind(a, {A}, a.index == 3 && a.?nope.orValue(true) && a.?index.hasValue())",
        f"{A}.?nope.orValue(7) == 7",
        f'({A}.index > 2 ? {A}.model : "none") == "H100"',
        'has(device.attributes.nowhere) && !("nowhere" in device.attributes)',
        'device.driver == "gpu.example.com" && !device.allowMultipleAllocations',
    ],
)
def test_usual_selectors_need_no_interpreter(expression: str) -> None:
    assert run(expression) is True


@pytest.mark.parametrize(
    "expression",
    [
        f"{A}.healthy == 1 || {A}.healthy > 0",
        f"{A}.index && true",
        f"{A}.index + 9223372036854775807 > 0",
        f"{A}.nope == 1",
        f'{A}.driverVersion == "535.104.5"',
        f'{A}.index.startsWith("x")',
        f'{A}.model.isGreaterThan(semver("1.0.0"))',
        f"{A}.model.all(x, true)",
        f"{A}.index / 0 == 1",
        f'{A}.driverVersion in ["a"]',
    ],
)
def test_whatever_cel_takes_for_an_error_raises(expression: str) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011 - any will do, the interpreter looks for the reason
        run(expression)


def test_a_selector_with_an_error_says_what_the_interpreter_says() -> None:
    selector = cel.compile(f'{A}.model.isGreaterThan(semver("1.0.0"))')
    with pytest.raises(
        cel.EvaluationError, match=r"no such overload: isGreaterThan\(string, kubernetes.Semver\)"
    ):
        selector.matches(DEVICE)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [(f"{A}.nope == 1 || {A}.index == 3", True), (f"{A}.nope == 1 && {A}.index == 4", False)],
)
def test_a_missing_attribute_is_absorbed(expression: str, expected: bool) -> None:
    assert cel.compile(expression).matches(DEVICE) is expected


def test_a_missing_attribute_that_decides_is_named() -> None:
    with pytest.raises(cel.EvaluationError, match="no such key: nope"):
        cel.compile(f"{A}.nope == 1 && {A}.index == 3").matches(DEVICE)


def test_what_is_read_is_known() -> None:
    reads = cel.compile(
        f'cel.bind(a, {A}, a.model == "x" && has(a.index) && "nope" in a) && device.driver == "x"'
        f" && {C}.?memory.hasValue()"
    ).reads
    assert reads == cel.Reads(
        attributes=frozenset({f"{DRIVER}/model", f"{DRIVER}/index", f"{DRIVER}/nope"}),
        capacity=frozenset({f"{DRIVER}/memory"}),
        driver=True,
    )


@pytest.mark.parametrize(
    "expression", [f"{A}.exists(k, k == 'model')", "device.attributes.size() == 1", f"{A}.size() == 1"]
)
def test_iterating_reads_all_attributes(expression: str) -> None:
    assert cel.compile(expression).reads.all_attributes
