"""`dra.quantity` on arbitrary quantities: exact arithmetic, an order of fractions, faithful printing."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import assume, given, strategies as st

from dra.errors import QuantityError
from dra.quantity import Format, Quantity

SUFFIXES = {
    **{
        suffix: Fraction(10) ** power
        for suffix, power in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)
    },
    **{f"{letter}i": Fraction(2) ** (10 * power) for power, letter in enumerate("KMGTPE", start=1)},
    "": Fraction(1),
}

quantities = st.builds(
    Quantity.from_nanos,
    st.integers(-(10**40), 10**40) | st.integers(-1000, 1000).map((10**9).__mul__),
    st.sampled_from(Format),
)
numbers = st.from_regex(
    r"[+-]?([0-9]{1,12}(\.[0-9]{0,14})?|\.[0-9]{1,14})", fullmatch=True, alphabet="0123456789.+-"
)


def exact(quantity: Quantity) -> Fraction:
    return Fraction(quantity.nanos, 10**9)


@given(quantities)
def test_printing_and_reading_gives_the_value_back(quantity: Quantity) -> None:
    assume(quantity.format is not Format.BINARY_SI or abs(quantity.value) < 2**63)  # reading caps at 64 bits
    assert Quantity(str(quantity)) == quantity


@given(quantities)
def test_decimal_texts_are_canonical(quantity: Quantity) -> None:
    assume(quantity.format is not Format.BINARY_SI)  # a binary 3000 prints as 3000, which is a decimal 3k
    assert str(Quantity(str(quantity))) == str(quantity)


@given(numbers, st.sampled_from(sorted(SUFFIXES)))
def test_a_text_is_its_number_times_its_suffix_rounded_up_to_nanos(number: str, suffix: str) -> None:
    meant = Fraction(number) * SUFFIXES[suffix]
    cap = Fraction(2**63 - 1)
    if suffix.endswith("i"):
        meant = max(-cap, min(cap, meant))
    error = abs(exact(Quantity(number + suffix))) - abs(meant)
    assert 0 <= error < Fraction(1, 10**9)


@given(quantities, quantities)
def test_ordering_is_that_of_the_fractions(a: Quantity, b: Quantity) -> None:
    assert (a < b, a <= b, a == b) == (exact(a) < exact(b), exact(a) <= exact(b), exact(a) == exact(b))


@given(quantities, quantities)
def test_addition_and_subtraction_are_exact(a: Quantity, b: Quantity) -> None:
    assert exact(a + b) == exact(a) + exact(b)
    assert exact(a - b) == exact(a) - exact(b)
    assert a + b - b == a
    assert (a + b).format is (a.format if a.sign else b.format)


@given(st.integers(-(10**40), 10**40), st.sampled_from(Format), st.sampled_from(Format))
def test_equal_values_have_equal_hashes(nanos: int, one: Format, other: Format) -> None:
    assert Quantity.from_nanos(nanos, one) == Quantity.from_nanos(nanos, other)
    assert hash(Quantity.from_nanos(nanos, one)) == hash(Quantity.from_nanos(nanos, other))


@given(st.text(max_size=200) | st.text("0123456789.+-eEinumkKMGTPB ", max_size=12))
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    try:
        quantity = Quantity(text)
    except QuantityError:
        return
    assert Quantity(str(quantity)) == quantity
