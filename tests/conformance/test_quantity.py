"""`dra.Quantity` against apimachinery v0.37.2, over the recording that `recorders/quantity` makes.

Every disagreement must fall under a rule of this module; `docs/deviations.md` gives the reasons. The
number of cases under each rule is asserted, so that no rule quietly swallows what it was not made for.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from dra.errors import QuantityError
from dra.quantity import Format, Quantity
from tests.conformance.vectors import read_cases

NO_DIGIT = re.compile(r"[+-]?\.?([A-Za-z].*)?")
INT64 = range(-(2**63), 2**63)


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    return list(read_cases("quantity.jsonl.gz"))


@pytest.fixture(scope="module")
def texts(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [case for case in cases if "in" in case]


@pytest.fixture(scope="module")
def known(texts: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Quantity]]:
    """Every text that both accept, with our quantity."""
    return [
        (case, Quantity.parse(case["in"], lax=True))
        for case in texts
        if "error" not in case and not beyond_our_bounds(case)
    ]


def beyond_our_bounds(case: dict[str, Any]) -> bool:
    """Rule: texts of more than 128 characters, exponents and values beyond ±100 digits are refused."""
    text = case["in"]
    exponent = re.search(r"[eE]([+-]?[0-9]+)$", text)
    return (
        len(text) > 128
        or (exponent is not None and abs(int(exponent[1])) > 100)
        or abs(int(case["nanos"])) > 10**109
    )


def is_accepted(text: str, *, lax: bool) -> bool:
    try:
        Quantity.parse(text, lax=lax)
    except QuantityError:
        return False
    return True


def go_loses_the_suffix(out: str, quantity: Quantity) -> bool:
    """Rule: Go has no suffix above E, so from 1000E on it may print the bare mantissa."""
    if quantity.format is Format.DECIMAL_EXPONENT:
        return False
    return abs(quantity.nanos) >= 10**30 and out.lstrip("-").isdigit() and abs(int(out)) < abs(quantity.value)


def go_miscounts(exact: int, quantity: Quantity, unit: int) -> bool:
    """Rule: Go's integers wrap beyond 64 bits, and negative numbers kept as decimals come out wrong."""
    negative_decimal = quantity.nanos < 0 and (quantity.nanos % unit != 0 or quantity.nanos not in INT64)
    return exact not in INT64 or negative_decimal


def test_lax_accepts_exactly_what_the_server_accepts(texts: list[dict[str, Any]]) -> None:
    rules: Counter[str] = Counter()
    for case in texts:
        if "error" in case:
            assert not is_accepted(case["in"], lax=True), case
            rules["refused by both"] += 1
        elif beyond_our_bounds(case):
            assert not is_accepted(case["in"], lax=True), case
            rules["beyond our bounds"] += 1
        else:
            assert is_accepted(case["in"], lax=True), case
            rules["accepted by both"] += 1
    assert rules == {"accepted by both": 4586, "refused by both": 698, "beyond our bounds": 50}


def test_only_texts_without_a_digit_are_refused_by_default(
    known: list[tuple[dict[str, Any], Quantity]],
) -> None:
    refused = [case for case, _ in known if not is_accepted(case["in"], lax=False)]
    assert all(NO_DIGIT.fullmatch(case["in"]) and case["nanos"] == "0" for case in refused)
    assert len(refused) == 161


def test_value_and_format(known: list[tuple[dict[str, Any], Quantity]]) -> None:
    wrong = [
        case
        for case, quantity in known
        if (str(quantity.nanos), quantity.format.value) != (case["nanos"], case["format"])
    ]
    assert wrong == []


def test_printing(known: list[tuple[dict[str, Any], Quantity]]) -> None:
    differing = [(case["out"], quantity) for case, quantity in known if str(quantity) != case["out"]]
    assert [each for each in differing if not go_loses_the_suffix(*each)] == []
    assert len(differing) == 58
    assert all(Quantity(str(quantity)) == quantity for _, quantity in differing)


@pytest.mark.parametrize(("name", "unit", "expected"), [("value", 10**9, 1168), ("milli", 10**6, 1816)])
def test_integer_values(
    known: list[tuple[dict[str, Any], Quantity]], name: str, unit: int, expected: int
) -> None:
    differing = 0
    for case, quantity in known:
        exact = quantity.value if name == "value" else quantity.milli_value
        if str(exact) != case[name]:
            assert go_miscounts(exact, quantity, unit), case
            differing += 1
    assert differing == expected


def test_approximate_value_is_within_two_roundings(known: list[tuple[dict[str, Any], Quantity]]) -> None:
    wrong = [
        case
        for case, quantity in known
        if float(quantity) != pytest.approx(float(case["approx"]), rel=2**-51, abs=0)
    ]
    assert wrong == []


def test_pairs_compare_add_and_subtract_alike(cases: list[dict[str, Any]]) -> None:
    pairs = [case for case in cases if "a" in case]
    differing = 0
    for case in pairs:
        a, b = Quantity(case["a"]), Quantity(case["b"])
        assert (a > b) - (a < b) == case["cmp"], case
        assert (a == b) is (case["cmp"] == 0), case
        assert (str((a + b).nanos), str((a - b).nanos)) == (case["sum"], case["difference"]), case
        for ours, out in ((a + b, case["add"]), (a - b, case["sub"]), (-a, case["neg"])):
            if str(ours) != out:
                assert go_loses_the_suffix(out, ours), case
                differing += 1
    assert len(pairs) == 1500
    assert differing == 15


def test_json_values(cases: list[dict[str, Any]]) -> None:
    documents = [case for case in cases if "json" in case]
    for case in documents:
        value = json.loads(case["json"], parse_float=Decimal)
        if value == "m":  # no digit: refused unless lax
            continue
        if "error" in case:
            with pytest.raises(QuantityError):
                Quantity.from_json(value)
            continue
        quantity = Quantity.from_json(value)
        assert str(quantity.nanos) == case["nanos"], case
        if not isinstance(value, Decimal):  # Python does not keep how a fraction was written
            assert quantity.format.value == case.get("format", "DecimalSI"), case
            assert str(quantity) == case["out"], case
    assert len(documents) == 24
