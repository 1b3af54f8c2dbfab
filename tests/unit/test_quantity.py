"""`dra.quantity`: reading, printing, arithmetic and refusal of Kubernetes quantities."""

from __future__ import annotations

import copy
import gc
import pickle
from decimal import Decimal

import pytest
from pydantic import BaseModel, ValidationError

import dra
from dra.errors import QuantityError
from dra.quantity import Format, Quantity, _interned

NANO = 10**9


def test_is_a_public_name() -> None:
    assert dra.Quantity is Quantity


@pytest.mark.parametrize(
    ("text", "nanos", "format_"),
    [
        ("0", 0, Format.DECIMAL_SI),
        ("5n", 5, Format.DECIMAL_SI),
        ("5u", 5_000, Format.DECIMAL_SI),
        ("5m", 5_000_000, Format.DECIMAL_SI),
        ("5", 5 * NANO, Format.DECIMAL_SI),
        ("5k", 5 * 10**3 * NANO, Format.DECIMAL_SI),
        ("5M", 5 * 10**6 * NANO, Format.DECIMAL_SI),
        ("5G", 5 * 10**9 * NANO, Format.DECIMAL_SI),
        ("5T", 5 * 10**12 * NANO, Format.DECIMAL_SI),
        ("5P", 5 * 10**15 * NANO, Format.DECIMAL_SI),
        ("5E", 5 * 10**18 * NANO, Format.DECIMAL_SI),
        ("5Ki", 5 * 2**10 * NANO, Format.BINARY_SI),
        ("5Mi", 5 * 2**20 * NANO, Format.BINARY_SI),
        ("5Gi", 5 * 2**30 * NANO, Format.BINARY_SI),
        ("5Ti", 5 * 2**40 * NANO, Format.BINARY_SI),
        ("5Pi", 5 * 2**50 * NANO, Format.BINARY_SI),
        ("5Ei", 5 * 2**60 * NANO, Format.BINARY_SI),
        ("5e3", 5 * 10**3 * NANO, Format.DECIMAL_EXPONENT),
        ("5E+3", 5 * 10**3 * NANO, Format.DECIMAL_EXPONENT),
        ("5e-3", 5_000_000, Format.DECIMAL_EXPONENT),
        ("-.5", -NANO // 2, Format.DECIMAL_SI),
        ("+5.", 5 * NANO, Format.DECIMAL_SI),
    ],
)
def test_every_form_is_read(text: str, nanos: int, format_: Format) -> None:
    quantity = Quantity(text)
    assert (quantity.nanos, quantity.format) == (nanos, format_)


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_finer_than_nano_is_rounded_away_from_zero(sign: int) -> None:
    text = "0.0000000011" if sign > 0 else "-0.0000000011"
    assert Quantity(text).nanos == sign * 2
    assert Quantity(f"{sign}e-100").nanos == sign


@pytest.mark.parametrize("text", ["8Ei", "9Ei", "-8Ei"])
def test_binary_quantities_are_capped_at_64_bits(text: str) -> None:
    assert abs(Quantity(text).value) == 2**63 - 1


def test_decimal_quantities_are_not_capped() -> None:
    assert Quantity("1000E").value == 10**21


def test_a_binary_fraction_below_one_becomes_decimal() -> None:
    assert Quantity("0.0001Ki").format is Format.DECIMAL_SI


# What Go prints: facts of apimachinery, compared at large in tests/conformance/test_quantity.py.
@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1.5", "1500m"),
        ("1000", "1k"),
        ("1024Ki", "1Mi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Ki", "512"),
        (".1Mi", "104857600m"),
        ("1000e3", "1e6"),
        ("12e1", "120"),
        ("1e-1", "100e-3"),
        ("-0", "0"),
        ("0Gi", "0"),
        ("100000000000000000000", "100E"),
    ],
)
def test_printing_is_canonical(text: str, printed: str) -> None:
    assert str(Quantity(text)) == printed


@pytest.mark.parametrize("text", ["+5Gi", "1.500", "005", "1.", "1.G", "1E3", "1000Mi"])
def test_text_that_go_takes_for_canonical_is_kept_until_arithmetic(text: str) -> None:
    quantity = Quantity(text)
    assert str(quantity) == text
    assert str(quantity + 0) == str(Quantity.from_nanos(quantity.nanos, quantity.format))


@pytest.mark.parametrize("text", ["1000E", "2000000E", "-1000E"])
def test_above_exa_the_suffix_is_not_lost(text: str) -> None:
    assert Quantity(str(Quantity(text))) == Quantity(text)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("20GB", "write 20G or 20Gi"),
        ("5MB", "write 5M or 5Mi"),
        ("1gi", "write 1Gi"),
        ("1KiB", "write 1Ki"),
        ("1K", "write 1k or 1Ki"),
        ("5 Gi", "write 5Gi"),
        (" 5", "write 5"),
        ("5B", "write 5"),
        ("m", "write 0 if nothing is meant: it has no digit"),
        ("", "write 0 if nothing is meant: it has no digit"),
    ],
)
def test_bad_text_is_refused_with_what_was_meant(text: str, remedy: str) -> None:
    with pytest.raises(QuantityError) as caught:
        Quantity(text)
    assert caught.value.value == text
    assert caught.value.remedy == remedy
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "text", ["fooGi", "1i", "1.2.3", "1..2B", "1ee3", "1e+", "٣", "1_000", "0x10", "nan", "1\n"]
)
def test_text_beyond_guessing_is_refused_with_the_grammar(text: str) -> None:
    with pytest.raises(QuantityError):
        Quantity(text)


@pytest.mark.parametrize("text", [".", "m", "Gi", "-", "+.", "e3"])
def test_text_without_a_digit_is_zero_only_when_lax(text: str) -> None:
    assert Quantity.parse(text, lax=True) == Quantity(0)
    with pytest.raises(QuantityError):
        Quantity.parse(text)


@pytest.mark.parametrize("text", ["", "Ei", "Pi", "e-10", "1gi"])
def test_lax_is_no_laxer_than_the_server(text: str) -> None:
    with pytest.raises(QuantityError):
        Quantity.parse(text, lax=True)


@pytest.mark.parametrize(
    "text", ["1e101", "1e-101", "1e2147483648", "1e" + "9" * 50, "9" * 129, "9" * 10**6, "9" * 128, "999e99"]
)
def test_hostile_text_is_refused_at_once(text: str) -> None:
    with pytest.raises(QuantityError):
        Quantity(text)


@pytest.mark.parametrize("value", [None, True, 1.5, b"1", [], {}, object()])
def test_only_texts_and_integers_make_a_quantity(value: object) -> None:
    with pytest.raises(QuantityError):
        Quantity(value)  # type: ignore[arg-type] # that is the point
    with pytest.raises(QuantityError):
        Quantity.parse(value)  # type: ignore[arg-type] # likewise


@pytest.mark.parametrize(
    ("value", "same_as"),
    [
        (" 1Gi ", "1Gi"),
        ("\u00a01Gi", "1Gi"),
        (5, "5"),
        (1.5, "1500m"),
        (1e22, "1e22"),
        (Decimal("0.1"), "100m"),
        (None, "0"),
        (Quantity("7"), "7"),
    ],
)
def test_json_values_are_read_as_the_server_does(value: object, same_as: str) -> None:
    assert Quantity.from_json(value) == Quantity(same_as)


@pytest.mark.parametrize(
    "value",
    [
        True,
        [],
        {},
        "1 Gi",
        "\t1",
        float("inf"),
        float("nan"),
        Decimal("NaN"),
        pytest.param(10**5000, id="5001 digits"),
        1e300,
    ],
)
def test_other_json_values_are_refused(value: object) -> None:
    with pytest.raises(QuantityError):
        Quantity.from_json(value)


@pytest.mark.parametrize(
    ("text", "value", "milli"), [("1.5", 2, 1500), ("-1.5", -2, -1500), ("1n", 1, 1), ("2", 2, 2000)]
)
def test_integer_values_are_rounded_away_from_zero(text: str, value: int, milli: int) -> None:
    quantity = Quantity(text)
    assert (quantity.value, quantity.milli_value) == (value, milli)
    assert quantity.is_integer is (milli % 1000 == 0)


def test_sign_and_float() -> None:
    assert [Quantity(text).sign for text in ("-1n", "0", "1Ei")] == [-1, 0, 1]
    assert float(Quantity("1.5Gi")) == 1.5 * 2**30


def test_equality_and_hash_go_by_value() -> None:
    same = [Quantity("1"), Quantity("1000m"), Quantity("1e0"), Quantity(1)]
    assert len(set(same)) == 1
    assert Quantity("1Gi") != Quantity("1G")
    assert Quantity("1") != 1
    assert (Quantity("1") == "1") is False


def test_ordering_goes_by_value() -> None:
    small, large = Quantity("1G"), Quantity("1Gi")
    assert small < large
    assert small <= large
    assert large > small
    assert large >= small


@pytest.mark.parametrize(
    "operator", ["__lt__", "__le__", "__gt__", "__ge__", "__add__", "__sub__", "__radd__", "__rsub__"]
)
def test_operators_know_nothing_of_other_types(operator: str) -> None:
    assert getattr(Quantity("1"), operator)("1") is NotImplemented


def test_a_quantity_aligns_in_a_format_string() -> None:
    assert f"{Quantity('1.5Gi'):>8}|{Quantity('5'):<3}|{Quantity('1k')}" == "  1536Mi|5  |1k"


def test_arithmetic_keeps_the_format_of_the_left_side() -> None:
    assert str(Quantity("1Gi") + Quantity("1k")) == "1073742824"
    assert str(Quantity("1Gi") + Quantity("1024Mi")) == "2Gi"
    assert str(Quantity("1G") - Quantity("1M")) == "999M"
    assert str(-Quantity("1Gi")) == "-1Gi"


def test_zero_takes_the_format_of_the_right_side() -> None:
    assert str(Quantity("0") + Quantity("1Gi")) == "1Gi"
    assert str(Quantity("0") - Quantity("1Gi")) == "-1Gi"


def test_integers_take_part_in_arithmetic() -> None:
    assert Quantity("1.5") + 1 == Quantity("2500m")
    assert 2 - Quantity("1.5") == Quantity("500m")
    assert str(sum([Quantity("1Gi"), Quantity("1Gi")])) == "2Gi"


def test_sums_beyond_the_bound_are_refused() -> None:
    largest = Quantity("1e100")
    with pytest.raises(QuantityError, match="too large"):
        largest + largest
    with pytest.raises(QuantityError, match="too large"):
        Quantity.from_nanos(10**200)


def test_is_immutable() -> None:
    quantity = Quantity("1Gi")
    with pytest.raises(AttributeError):
        quantity.nanos = 5
    with pytest.raises(AttributeError):
        del quantity.nanos
    assert not hasattr(quantity, "__dict__")


def test_equal_texts_are_one_object() -> None:
    assert Quantity("12345Mi") is Quantity.parse("1" + "2345Mi")
    assert Quantity(Quantity("1Gi")) is Quantity("1Gi")


def test_the_memory_of_texts_is_bounded() -> None:
    bound = _interned.cache_info().maxsize
    assert bound is not None
    for number in range(bound + 100):
        Quantity(number)
    gc.collect()
    assert _interned.cache_info().currsize <= bound


@pytest.mark.parametrize(
    "quantity",
    [
        Quantity("1.500"),
        Quantity("0.5Gi"),
        Quantity("0.5Ki"),
        Quantity("1Gi") + 1,
        Quantity("1e100"),
        -Quantity("5e3"),
    ],
)
def test_copies_and_pickles_are_the_same(quantity: Quantity) -> None:
    assert copy.copy(quantity) is quantity
    assert copy.deepcopy([quantity])[0] is quantity
    restored = pickle.loads(pickle.dumps(quantity))
    assert (restored, restored.format, str(restored)) == (quantity, quantity.format, str(quantity))


def test_repr_reads_back() -> None:
    assert repr(Quantity("1.5Gi")) == "Quantity('1536Mi')"


class Capacity(BaseModel):
    value: Quantity
    step: Quantity | None = None


def test_models_hold_quantities() -> None:
    capacity = Capacity.model_validate_json('{"value": "1.5Gi"}')
    assert capacity.value is Quantity("1.5Gi")
    assert capacity.step is None
    assert Capacity.model_validate({"value": 5}).value == Quantity("5")


def test_models_write_quantities_as_text() -> None:
    capacity = Capacity(value=Quantity("1.5Gi"))
    assert capacity.model_dump(exclude_none=True) == {"value": "1536Mi"}
    assert capacity.model_dump_json() == '{"value":"1536Mi","step":null}'
    assert Capacity.model_json_schema()["properties"]["value"]["type"] == "string"


def test_models_report_what_is_wrong() -> None:
    with pytest.raises(ValidationError, match="write 1Gi"):
        Capacity.model_validate({"value": "1gi"})


@pytest.mark.parametrize("text", ["1024Mi", "0.5", "1e3", "5", "+1.500"])
def test_the_text_it_was_read_from_is_remembered(text: str) -> None:
    quantity = Quantity(text)
    assert quantity.text == text
    assert pickle.loads(pickle.dumps(quantity)).text == text
    assert (quantity + 1).text == str(quantity + 1)
