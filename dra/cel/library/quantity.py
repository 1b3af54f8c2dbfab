"""Kubernetes quantities in CEL: `quantity("10Gi")` and what can be asked of one."""

from __future__ import annotations

import operator
import re
from functools import lru_cache
from typing import ClassVar, Final

from dra.cel.declarations import Function, Library, fixed, member, overload, traversal
from dra.cel.library.ordering import comparisons
from dra.cel.types import BOOL, DOUBLE, INT, STRING, struct
from dra.cel.values import INT_MAX, INT_MIN, NO_SUCH_OVERLOAD, Failure, register, sure
from dra.errors import QuantityError
from dra.quantity import Quantity

__all__ = ["LIBRARY", "QUANTITY", "Amount"]

QUANTITY: Final = struct("kubernetes.Quantity")
NANO: Final = 10**9

# A text in the parts that Go sees: the number without leading zeros, the fraction, the suffix.
_PARTS: Final = re.compile(r"[+-]?0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)", re.ASCII)
_BINARY: Final = {suffix: 10 * power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_PLAIN: Final = re.compile(r"([1-9][0-9]{0,17})([numkMGTPE]?|[KMGTPE]i)")
_EXPONENT: Final = re.compile(r"[eE][+-]?[0-9]+")
_NANOS: Final[dict[str, int]] = {suffix: 10 ** (power + 9) for suffix, power in _DECIMAL.items()}
_MOST_DIGITS: Final = 18  # of a number that Go keeps as an integer
_LONGEST_KEPT: Final = 64  # characters
_WRONG_FORM: Final = Failure(
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_WRONG_SUFFIX: Final = Failure("unable to parse quantity's suffix")


class Amount:
    """A quantity as CEL knows it: an exact number, and how Go happens to store it.

    Go keeps a number of up to 18 digits as an integer with a scale, and says of anything else that it is no
    integer, whatever its value.

    Attributes:
        nanos: The value in units of 10⁻⁹.
        scale: The power of ten of Go's integer, None if Go does not store one.

    Example:
        >>> Amount.parse("1.5Gi").nanos == Amount.parse("1536Mi").nanos
        True
        >>> Amount.parse("1536Mi").is_integer, Amount.parse("1.5Gi").is_integer
        (True, False)
    """

    __slots__ = ("_text", "nanos", "scale")

    order_key: ClassVar[str] = "nanos"

    def __init__(self, nanos: int, scale: int | None, text: str = "") -> None:
        self.nanos = nanos
        self.scale = scale
        self._text = text

    @classmethod
    def parse(cls, text: str) -> Amount:
        """The quantity that a text means. Interned.

        Raises:
            Failure: It means none.
        """
        found: Amount = sure(_parse(text))
        return found

    @property
    def text(self) -> str:
        """As written, or as Kubernetes would write it."""
        if not self._text:
            self._text = str(Quantity.from_nanos(self.nanos))
        return self._text

    @property
    def is_integer(self) -> bool:
        """Whether Go converts it to a 64-bit integer: `1` is one, `1000m` is not."""
        return self.scale is not None and self.scale >= 0 and INT_MIN <= self.nanos // NANO <= INT_MAX

    def __add__(self, other: Amount) -> Amount:
        return _summed(self.nanos + other.nanos, self, other)

    def __sub__(self, other: Amount) -> Amount:
        return _summed(self.nanos - other.nanos, self, other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Amount) and self.nanos == other.nanos

    def __hash__(self) -> int:
        return hash(self.nanos)

    def __float__(self) -> float:
        if self.scale is None:
            return self.nanos / NANO
        return float(_scaled(self.nanos, self.scale)) * 10.0**self.scale

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Amount({self.text!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.nanos, self.scale, self.text)


class Sum(Amount):
    """What `add` and `sub` give. Upstream refuses `==` with one on the right, of whatever value."""

    __slots__ = ()


def _equal(left: Amount, right: object) -> bool:
    if right.__class__ is not Amount:
        raise Failure(NO_SUCH_OVERLOAD)
    return left == right


register(Amount, QUANTITY, equality=_equal)
register(Sum, QUANTITY, equality=_equal)


def _scaled(nanos: int, scale: int) -> int:
    value: int = nanos // 10 ** (9 + scale)
    return value


def _summed(nanos: int, left: Amount, right: Amount) -> Amount:
    if left.scale is None or right.scale is None:
        return Sum(nanos, None)
    scale = min(left.scale, right.scale)
    if not left.nanos or not right.nanos:
        scale = left.scale if left.nanos or not right.nanos else right.scale
    return Sum(nanos, scale if INT_MIN <= _scaled(nanos, scale) <= INT_MAX else None)


def _parse(text: str) -> Amount | Failure:
    return (_kept if len(text) <= _LONGEST_KEPT else _read)(text)


def _read(text: str) -> Amount | Failure:
    if text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS:
        return Amount(int(text) * NANO, 0, text)
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        nanos = _nanos(int(plain[1]), plain[2])
        return Amount(nanos, _scale(nanos, plain[1], "", plain[2]), text)
    parts = _PARTS.fullmatch(text)
    if not text or parts is None:
        return _WRONG_FORM
    whole, fraction, suffix = parts[1], parts[2] or "", parts[3]
    if suffix not in _DECIMAL and suffix not in _BINARY and not _EXPONENT.fullmatch(suffix):
        return _WRONG_SUFFIX
    # Go takes a number without any digit for zero.
    readable = text if re.search(r"^[+-]?\.?[0-9]", text) else f"0{suffix}"
    try:
        nanos = Quantity.parse(readable).nanos
    except QuantityError:
        return _WRONG_SUFFIX
    return Amount(nanos, _scale(nanos, whole, fraction, suffix), text)


# Devices repeat the same few texts; neither many nor long ones that an expression makes may fill the memory.
_kept: Final = lru_cache(maxsize=16384)(_read)


def _nanos(whole: int, suffix: str) -> int:
    """What a whole number with a suffix means; the binary ones end with 64 bits."""
    if suffix in _BINARY:
        return min(whole << _BINARY[suffix], INT_MAX) * NANO
    return whole * _NANOS[suffix]


def _scale(nanos: int, whole: str, fraction: str, suffix: str) -> int | None:
    """The power of ten of the integer that Go stores for a text, None if it stores none."""
    if suffix in _BINARY:
        exponent = _BINARY[suffix]
        small = not fraction and 14 - len(whole) - int(exponent * 3 / 10) >= 0
        return 0 if small and abs(nanos) <= INT_MAX * NANO else None
    scale = (_DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])) - len(fraction)
    return scale if len(whole) + len(fraction) <= _MOST_DIGITS and scale >= -9 else None


def _is_quantity(text: str) -> bool:
    return _parse(text).__class__ is Amount


def _is_integer(value: Amount) -> bool:
    return value.is_integer


def _as_integer(value: Amount) -> int | Failure:
    return value.nanos // NANO if value.is_integer else Failure("cannot convert value to integer")


def _plus(left: Amount, right: int) -> Amount:
    return left + Amount(right * NANO, 0)


def _minus(left: Amount, right: int) -> Amount:
    return left - Amount(right * NANO, 0)


def _sign(value: Amount) -> int:
    return (value.nanos > 0) - (value.nanos < 0)


LIBRARY: Final = Library(
    "quantity",
    since="1.28",
    equality={QUANTITY: fixed()},
    functions=(
        Function("quantity", overload("string_to_quantity", [STRING], QUANTITY, _parse, traversal())),
        Function("isQuantity", overload("is_quantity_string", [STRING], BOOL, _is_quantity, traversal())),
        # Declared upstream as a function, so `q.sign()` does not compile and `sign(q)` does.
        Function("sign", overload("quantity_sign", [QUANTITY], INT, _sign)),
        *comparisons("quantity", QUANTITY, Amount.order_key),
        Function("asApproximateFloat", member("quantity_get_float", [QUANTITY], DOUBLE, float)),
        Function("asInteger", member("quantity_get_int", [QUANTITY], INT, _as_integer)),
        Function("isInteger", member("quantity_is_integer", [QUANTITY], BOOL, _is_integer)),
        Function(
            "add",
            member("quantity_add", [QUANTITY, QUANTITY], QUANTITY, operator.add),
            member("quantity_add_int", [QUANTITY, INT], QUANTITY, _plus),
        ),
        Function(
            "sub",
            member("quantity_sub", [QUANTITY, QUANTITY], QUANTITY, operator.sub),
            member("quantity_sub_int", [QUANTITY, INT], QUANTITY, _minus),
        ),
    ),
)
