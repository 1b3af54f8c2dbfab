"""Conversions between CEL's basic types: `int("5")`, `string(1.5)`, `dyn(x)`, `type(x)`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from dra.cel import types
from dra.cel.declarations import (
    STRING_TRAVERSAL,
    Arguments,
    Cost,
    Estimate,
    Function,
    Library,
    Range,
    overload,
    traversal,
)
from dra.cel.types import BOOL, BYTES, DOUBLE, DYN, INT, STRING, UINT, Type, parameter, type_of
from dra.cel.values import INT_MAX, INT_MIN, UINT_MAX, Failure, Uint, Value, type_value

__all__ = ["CONVERSIONS", "LIBRARY", "conversion_error", "double_text", "text_of_bytes"]

# Calls of these with a constant argument are computed once, when the expression is compiled.
CONVERSIONS: Final = frozenset(
    ("bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint")
)

_A: Final = parameter("A")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
# Underscores may stand between digits, and behind `0x`.
_DIGITS: Final = "[0-9](?:_?[0-9])*"
_HEX_DIGITS: Final = "[0-9a-f](?:_?[0-9a-f])*"
_FLOAT: Final = re.compile(
    rf"[+-]?(?:(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:e[+-]?{_DIGITS})?"
    rf"|0x(?:_?{_HEX_DIGITS}\.?(?:{_HEX_DIGITS})?|\.{_HEX_DIGITS})p[+-]?{_DIGITS}|inf(?:inity)?|nan)",
    re.ASCII | re.IGNORECASE,
)
_BOOLS: Final[dict[str, bool]] = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}


def conversion_error(value: Value, wanted: Type) -> Failure:
    """The failure of a conversion that knows no better reason."""
    return Failure(f"type conversion error from '{type_value(value).name}' to '{wanted.name}'")


_NO_INT, _NO_UINT, _NO_DOUBLE, _NO_BOOL = (conversion_error("", one) for one in (INT, UINT, DOUBLE, BOOL))
_INT_OVERFLOW: Final = Failure("integer overflow")
_UINT_OVERFLOW: Final = Failure("unsigned integer overflow")


def _int_of_text(text: str) -> int | Failure:
    if len(text) > 4096 or not _DECIMAL.fullmatch(text):
        return _NO_INT
    number = int(text)
    return number if INT_MIN <= number <= INT_MAX else _NO_INT


def _uint_of_text(text: str) -> Uint | Failure:
    if not text.isdigit() or not text.isascii() or len(text) > 4096 or int(text) > UINT_MAX:
        return _NO_UINT
    return Uint(text)


def _double_of_text(text: str) -> float | Failure:
    if not _FLOAT.fullmatch(text):
        return _NO_DOUBLE
    text = text.replace("_", "").lower()
    try:
        number = float.fromhex(text) if "x" in text else float(text)
    except OverflowError:
        number = math.inf
    return _NO_DOUBLE if math.isinf(number) and "inf" not in text else number


def _int_of_double(number: float) -> int | Failure:
    return int(number) if -(2.0**63) < number < 2.0**63 else _INT_OVERFLOW


def _uint_of_double(number: float) -> Uint | Failure:
    return Uint(int(number)) if 0 <= number < 2.0**64 else _UINT_OVERFLOW


def _int_of_uint(number: Uint) -> int | Failure:
    return int(number) if number <= INT_MAX else _INT_OVERFLOW


def _uint_of_int(number: int) -> Uint | Failure:
    return Uint(number) if number >= 0 else _UINT_OVERFLOW


def _bool_of_text(text: str) -> bool | Failure:
    return _BOOLS.get(text, _NO_BOOL)


def text_of_bytes(value: bytes) -> str | Failure:
    """The text that bytes spell in UTF-8, if they spell any."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return Failure("invalid UTF-8 in bytes, cannot convert to string")


def _bytes_of_text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def double_text(number: float) -> str:
    """A double as Go's `%g` prints it.

    Example:
        >>> double_text(1e6), double_text(0.25), double_text(float("-inf"))
        ('1e+06', '0.25', '-Inf')
    """
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    if number == 0:
        return "-0" if math.copysign(1, number) < 0 else "0"
    if 1e-4 <= abs(number) < 1e6:
        return repr(number).removesuffix(".0")
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).rstrip("0")
    shown = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{'-' if number < 0 else ''}{shown}e{int(exponent or 0) + len(whole) - 1:+03d}"


def _identity(value: Value) -> Value:
    return value


def _traversal(grow: Callable[[Range], Range]) -> Cost:
    def estimate(arguments: Arguments) -> Estimate:
        size = arguments.size(0)
        return Estimate(size.times(STRING_TRAVERSAL), grow(size))

    once = traversal()
    return Cost(estimate, once.charge, inline=once.inline)


def _wrapped(value: int) -> int:
    return value & UINT_MAX


_ENCODE: Final = _traversal(lambda size: Range(size.low, _wrapped(size.high * 4)))
_DECODE: Final = _traversal(lambda size: Range(size.low // 4, size.high))


def _decimal(number: Uint) -> str:
    return str(int(number))


def _bool_text(value: bool) -> str:
    return "true" if value else "false"


LIBRARY: Final = Library(
    "conversions",
    types=tuple(
        getattr(types, name)
        for name in ("BOOL", "BYTES", "DOUBLE", "DURATION", "INT", "NULL", "STRING", "TIMESTAMP", "UINT")
    ),
    functions=(
        Function("type", overload("type", [_A], type_of(_A), type_value)),
        Function("dyn", overload("to_dyn", [_A], DYN, _identity, inline="{0}")),
        Function(
            "bool",
            overload("bool_to_bool", [BOOL], BOOL, _identity, inline="{0}"),
            overload("string_to_bool", [STRING], BOOL, _bool_of_text),
        ),
        Function(
            "bytes",
            overload("bytes_to_bytes", [BYTES], BYTES, _identity),
            overload("string_to_bytes", [STRING], BYTES, _bytes_of_text, _ENCODE),
        ),
        Function(
            "double",
            overload("double_to_double", [DOUBLE], DOUBLE, _identity, inline="{0}"),
            overload("int64_to_double", [INT], DOUBLE, float, inline="float({0})"),
            overload("string_to_double", [STRING], DOUBLE, _double_of_text),
            overload("uint64_to_double", [UINT], DOUBLE, float, inline="float({0})"),
        ),
        Function(
            "int",
            overload("int64_to_int64", [INT], INT, _identity, inline="{0}"),
            overload("double_to_int64", [DOUBLE], INT, _int_of_double),
            overload("string_to_int64", [STRING], INT, _int_of_text),
            overload("uint64_to_int64", [UINT], INT, _int_of_uint),
        ),
        Function(
            "string",
            overload("string_to_string", [STRING], STRING, _identity, inline="{0}"),
            overload("bool_to_string", [BOOL], STRING, _bool_text, inline="('true' if {0} else 'false')"),
            overload("bytes_to_string", [BYTES], STRING, text_of_bytes, _DECODE),
            overload("double_to_string", [DOUBLE], STRING, double_text),
            overload("int64_to_string", [INT], STRING, str, inline="str({0})"),
            overload("uint64_to_string", [UINT], STRING, _decimal, inline="str(int({0}))"),
        ),
        Function(
            "uint",
            overload("uint64_to_uint64", [UINT], UINT, _identity),
            overload("double_to_uint64", [DOUBLE], UINT, _uint_of_double),
            overload("int64_to_uint64", [INT], UINT, _uint_of_int),
            overload("string_to_uint64", [STRING], UINT, _uint_of_text),
        ),
    ),
)
