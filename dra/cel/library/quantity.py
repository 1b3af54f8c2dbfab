"""Kubernetes quantities in CEL: `quantity("10Gi")` and what can be asked of one."""

from __future__ import annotations

from typing import Final

from dra.cel.declarations import Function, Library, member, overload, traversal
from dra.cel.types import BOOL, DOUBLE, INT, STRING, struct
from dra.cel.values import INT_MAX, INT_MIN, Failure, refuse_other_types, register
from dra.errors import QuantityError
from dra.quantity import Format, Quantity

__all__ = ["LIBRARY", "QUANTITY"]

QUANTITY: Final = struct("kubernetes.Quantity")
NANO: Final = 10**9

register(Quantity, QUANTITY)
refuse_other_types(Quantity)


def _parse(text: str) -> Quantity:
    try:
        return Quantity.parse(text)
    except QuantityError as error:
        raise Failure(error.message) from None


def _is_quantity(text: str) -> bool:
    try:
        Quantity.parse(text)
    except QuantityError:
        return False
    return True


def _is_integer(value: Quantity) -> bool:
    return value.is_integer and INT_MIN <= value.value <= INT_MAX


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
