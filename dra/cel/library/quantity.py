"""Kubernetes quantities in CEL: `quantity("10Gi")` and what can be asked of one."""

from __future__ import annotations

import re
from typing import Final

from dra.cel.declarations import Function, Library, fixed, member, overload, traversal
from dra.cel.types import BOOL, DOUBLE, INT, STRING, struct
from dra.cel.values import INT_MAX, INT_MIN, Failure, refuse_other_types, register
from dra.errors import QuantityError
from dra.quantity import Format, Quantity

__all__ = ["LIBRARY", "QUANTITY"]

QUANTITY: Final = struct("kubernetes.Quantity")
NANO: Final = 10**9

register(Quantity, QUANTITY)
refuse_other_types(Quantity)


# Go reads a text without digits as zero, and names what it cannot read in three ways.
_NO_DIGITS: Final = re.compile(r"[+-]?\.?([eEinumkKMGTP]*[-+]?[0-9]*)", re.ASCII)
_FORM: Final = re.compile(r"[+-]?[0-9]*\.?[0-9]*[eEinumkKMGTP]*[-+]?[0-9]*", re.ASCII)
_WRONG_FORM: Final = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_WRONG_SUFFIX: Final = "unable to parse quantity's suffix"


def _parse(text: str) -> Quantity:
    try:
        return Quantity.parse(text)
    except QuantityError:
        pass
    if not text or not _FORM.fullmatch(text):
        raise Failure(_WRONG_FORM)
    without_digits = _NO_DIGITS.fullmatch(text)
    try:
        if without_digits:
            return Quantity.parse(f"0{without_digits[1]}")
    except QuantityError:
        pass
    raise Failure(_WRONG_SUFFIX)


def _is_quantity(text: str) -> bool:
    try:
        _parse(text)
    except Failure:
        return False
    return True


def _is_small(value: Quantity) -> bool:
    """Whether Go keeps a quantity as an integer and a scale; only those can be converted to integers."""
    number, suffix = _PARTS.fullmatch(str(value)).groups()  # type: ignore[union-attr]  # it printed itself
    if suffix in _BINARY:
        return 14 - len(number) - int(_BINARY[suffix] * 3 / 10) >= 0
    return len(number.replace(".", "")) <= 18


_PARTS: Final = re.compile(r"-?([0-9.]+)(.*)")
_BINARY: Final = {suffix: 10 * power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}


def _is_integer(value: Quantity) -> bool:
    return value.is_integer and INT_MIN <= value.value <= INT_MAX and _is_small(value)


def _as_integer(value: Quantity) -> int:
    if not _is_integer(value):
        raise Failure("cannot convert value to integer")
    return value.value


def _compare(left: Quantity, right: Quantity) -> int:
    return (left.nanos > right.nanos) - (left.nanos < right.nanos)


def _plus(left: Quantity, right: int) -> Quantity:
    return left + Quantity.from_nanos(right * NANO, Format.DECIMAL_EXPONENT)


def _minus(left: Quantity, right: int) -> Quantity:
    return left - Quantity.from_nanos(right * NANO, Format.DECIMAL_EXPONENT)


LIBRARY: Final = Library(
    "quantity",
    since="1.28",
    types=(QUANTITY,),
    equality={QUANTITY: fixed()},
    functions=(
        Function("quantity", overload("string_to_quantity", [STRING], QUANTITY, _parse, traversal())),
        Function("isQuantity", overload("is_quantity_string", [STRING], BOOL, _is_quantity, traversal())),
        # Declared upstream as a function, so `q.sign()` does not compile and `sign(q)` does.
        Function("sign", overload("quantity_sign", [QUANTITY], INT, lambda value: value.sign)),
        Function(
            "isGreaterThan",
            member(
                "quantity_is_greater_than",
                [QUANTITY, QUANTITY],
                BOOL,
                lambda left, right: left.nanos > right.nanos,
                inline="{0}.nanos > {1}.nanos",
            ),
        ),
        Function(
            "isLessThan",
            member(
                "quantity_is_less_than",
                [QUANTITY, QUANTITY],
                BOOL,
                lambda left, right: left.nanos < right.nanos,
                inline="{0}.nanos < {1}.nanos",
            ),
        ),
        Function("compareTo", member("quantity_compare_to", [QUANTITY, QUANTITY], INT, _compare)),
        Function("asApproximateFloat", member("quantity_get_float", [QUANTITY], DOUBLE, float)),
        Function("asInteger", member("quantity_get_int", [QUANTITY], INT, _as_integer)),
        Function("isInteger", member("quantity_is_integer", [QUANTITY], BOOL, _is_integer)),
        Function(
            "add",
            member("quantity_add", [QUANTITY, QUANTITY], QUANTITY, lambda left, right: left + right),
            member("quantity_add_int", [QUANTITY, INT], QUANTITY, _plus),
        ),
        Function(
            "sub",
            member("quantity_sub", [QUANTITY, QUANTITY], QUANTITY, lambda left, right: left - right),
            member("quantity_sub_int", [QUANTITY, INT], QUANTITY, _minus),
        ),
    ),
)
