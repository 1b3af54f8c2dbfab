"""The usual mistakes in selectors: the remedy, beside cel-go's words."""

from __future__ import annotations

import pytest

from dra import cel
from dra.cel.remedies import remedy_for

MEMORY = 'device.capacity["gpu.nvidia.com"].memory'
MODEL = 'device.attributes["gpu.nvidia.com"].model'
VERSION = 'device.attributes["gpu.nvidia.com"].driverVersion'


def remedy_of(expression: str) -> str:
    """The remedy for what the compiler says of an expression."""
    with pytest.raises(cel.CompileError) as refused:
        cel.compile(expression, mode="new")
    return remedy_for(refused.value.message, expression)


@pytest.mark.parametrize(
    ("expression", "remedy"),
    [
        (f'{MEMORY} >= "75Gi"', 'quantities have no >=: write .compareTo(quantity("75Gi")) >= 0'),
        (f"'75Gi' <= {MEMORY}", 'quantities have no <=: write .compareTo(quantity("75Gi")) >= 0'),
        (f'{MEMORY} > quantity("1Gi")', 'quantities have no >: write .compareTo(quantity("1Gi")) > 0'),
        (f"{MEMORY} < 80", 'quantities have no <: write .compareTo(quantity("80")) < 0'),
        (f'{MEMORY} == "75Gi"', 'write == quantity("75Gi")'),
        (f'{MEMORY}.compareTo("80Gi") >= 0', 'write compareTo(quantity("80Gi"))'),
        (f'{MEMORY}.isGreaterThan("80Gi")', 'write isGreaterThan(quantity("80Gi"))'),
        (f'{VERSION}.isLessThan("570.1.0")', 'write isLessThan(semver("570.1.0"))'),
        (f'semver("1.0.0") > semver("2.0.0") && {MEMORY} == quantity("1")', "versions have no >: write "),
        (f'{VERSION} > semver("1.0.0")', 'versions have no >: write .compareTo(semver("1.0.0")) > 0'),
        (f'semver("2.0.0") <= {VERSION}', 'versions have no <=: write .compareTo(semver("2.0.0")) >= 0'),
        (f"{MEMORY} + 1 == {MEMORY}", 'quantities have no +: write .add(quantity("1"))'),
        (f'{MEMORY} - quantity("1Gi") == {MEMORY}', 'quantities have no -: write .sub(quantity("1Gi"))'),
        (f'{MEMORY} >\n"5Gi"', 'quantities have no >: write .compareTo(quantity("5Gi")) > 0'),
        (f'{MODEL} >= 4 && {MEMORY} >= "75Gi"', 'quantities have no >=: write .compareTo(quantity("75Gi"))'),
        (MEMORY, 'compare it with something, such as .compareTo(quantity("10Gi")) >= 0'),
        ("device.memory", 'write device.attributes["gpu.nvidia.com"].memory, or device.capacity["gpu.'),
        ('device.atributes["a"].b', "did you mean 'attributes'?"),
        ('device.attributes["memory"]', '"memory" is taken for the domain: write device.attributes["gpu.'),
        ('device.attributes["memory"] == "x"', '"memory" is taken for the domain: write device.attributes["'),
        ('device.attributes.model == "x"', '"model" is taken for the domain: write device.attributes["gpu.'),
        (
            'device.attributes["a.io/b"] == 1',
            '"a.io/b" is taken for the domain: write device.attributes["a.io"].b',
        ),
        (
            'device.attributes["a.io"] == 1',
            '"a.io" is a domain: name one of its, as device.attributes',
        ),
        (
            'device.capacity["memory"] >= quantity("1Gi")',
            '"memory" is taken for the domain: write device.cap',
        ),
        (
            f'{MODEL} in device.attributes["a.io"] && device.attributes["memory"] == "x"',
            '"memory" is taken for the domain: write device.attributes["gpu.nvidia.com"].memory',
        ),
        (
            'device.attributes["in"] == 1',
            '"in" is taken for the domain: write device.attributes["gpu.nvidia.com"]["in"]',
        ),
        ('device.attributes["b"].startsWith("x")', '"b" is taken for the domain: write device.attributes["'),
        ('device.driver => "a"', "write >= to compare"),
        ('not (device.driver == "a")', "write ! for not"),
        ("device.driver == gpu.nvidia.com", 'a text is in quotes: write "gpu.nvidia.com"'),
        ('capacity["a.io"].memory == quantity("1")', "write device.capacity"),
        ('device.driver = "a"', "write == to compare"),
        ("true & true", "write && for and"),
        ("true&true", "write && for and"),
        ("true | true", "write || for or"),
        ("true and true", "write && for and"),
        ("true OR true", "write || for or"),
        ("not true", "write ! for not"),
        ('device.driver <> "a"', "write != for not equal"),
        ('devices.driver == "a"', "did you mean 'device'?"),
        ("True", "did you mean 'true'?"),
        ("memory > 4", 'the one variable is device: write device.attributes["gpu.nvidia.com"].memory'),
    ],
)
def test_a_usual_mistake_has_a_remedy(expression: str, remedy: str) -> None:
    assert remedy_of(expression).startswith(remedy)


@pytest.mark.parametrize(
    "expression",
    [
        '1 + "a" == 2',
        "(true",
        "[1].foo",
        "1 < 'a'",
        "1 2",
        "device.driver",
        f"{MEMORY} * 2 == 1",
        f"{MEMORY} ? true : false",
        f'{MEMORY}.isInteger("1")',
        f"{MODEL} == 1 && device.attributes.model.foo == 1 && 1 == 'a'",
        'device.attributes[""] == 1',
        "launch(1)",
        "math.greatest(1, 2) == 2",
    ],
)
def test_other_mistakes_have_none(expression: str) -> None:
    assert remedy_of(expression) == ""


@pytest.mark.parametrize("amount", ["'75 GiB'", "'7\"5'", "80 * 1024", "device.driver", "-5"])
def test_what_is_no_literal_of_a_quantity_is_not_made_one(amount: str) -> None:
    assert 'quantity("10Gi")' in remedy_of(f"{MEMORY} >= {amount}")
    assert 'quantity("10Gi")' in remedy_of(f"{MEMORY}.compareTo(string({amount})) >= 0")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (f'{MEMORY} >= "75Gi"', f'{MEMORY}.compareTo(quantity("75Gi")) >= 0'),
        (f'{MEMORY} == "75Gi"', f'{MEMORY} == quantity("75Gi")'),
        (f'{VERSION}.isLessThan("570.1.0")', f'{VERSION}.isLessThan(semver("570.1.0"))'),
        ('device.attributes["a.io/b"] == 1', 'device.attributes["a.io"].b == 1'),
    ],
)
def test_what_a_remedy_says_compiles(wrong: str, right: str) -> None:
    assert remedy_of(wrong).rpartition("write ")[2].removesuffix(" >= 0") in right
    assert cel.compile(right, mode="new").output_type


@pytest.mark.parametrize("filler", ["1." + "1" * 9000, "'" + "a" * 9000 + "'", " " * 9000 + "'1'"])
def test_long_expressions_take_no_time(filler: str) -> None:
    assert remedy_of(f"{MEMORY} >= {filler}").startswith("quantities have no >=")


def test_words_of_the_compiler_in_the_expression_are_not_taken_for_its_own() -> None:
    words = "found no matching overload for '_==_' applied to '("
    assert remedy_of(f'"{words * 100}{", " * 2000}" + 1 == 2') == ""
