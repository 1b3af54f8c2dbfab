"""Kubernetes quantities: exact numbers with a suffix, such as `10Gi`, `500m` or `12e6`.

Kubernetes keeps nothing smaller than a nano unit: whatever is parsed is rounded away from zero to whole
nanos. So a quantity is one integer of nanos and the format it is written in, and all arithmetic is exact.
"""

from __future__ import annotations

import re
import reprlib
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn, final

from dra.errors import QuantityError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ["Format", "Quantity"]

_NANO = 10**9
_INT64_MAX = 2**63 - 1

# Bounds of this library, so that no text costs more than a short one; Kubernetes has none. What is within
# them prints as a text that is within them again.
_LONGEST_TEXT = 128
_LARGEST_EXPONENT = 100
_LARGEST_NANOS = 10**_LARGEST_EXPONENT * _NANO
_INTERNED_TEXTS = 16384

# What Go trims around the text and JSON leaves unescaped.
_JSON_SPACE = (
    " \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)

_DECIMAL_SUFFIXES = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_BINARY_SUFFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_TEN_POWERS = {suffix: exponent for exponent, suffix in _DECIMAL_SUFFIXES.items()}
_TWO_POWERS = {suffix: 10 * power for power, suffix in enumerate(_BINARY_SUFFIXES) if power}
_SUFFIXES = (*_TEN_POWERS, *_TWO_POWERS)

_TEXT = re.compile(
    r"([+-]?)(0*)([1-9][0-9]*|)(?:\.([0-9]*))?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?", re.ASCII
)
_NEAR_MISS = re.compile(
    r"\s*([+-]?[0-9.]*[0-9]\.?)\s*([numkgtpe]?)(i?)(b|bytes?|)\s*", re.ASCII | re.IGNORECASE
)


class Format(Enum):
    """How a quantity is written: chosen by the suffix it was parsed with, kept by arithmetic."""

    DECIMAL_SI = "DecimalSI"
    BINARY_SI = "BinarySI"
    DECIMAL_EXPONENT = "DecimalExponent"


@final
class Quantity:
    """A Kubernetes quantity: immutable, exact, equal and hashed by its numeric value.

    A text that Go already considers canonical is kept and printed back as it was (`1E3`, `1.500`); anything
    else prints in canonical form. Equal texts give the same object as long as the text is remembered.

    Args:
        value: The text, a number of whole units, or another quantity.

    Attributes:
        nanos: The exact value in units of 10⁻⁹.
        format: The family of suffixes it prints with.

    Raises:
        QuantityError: The text is no quantity, or the value is beyond every bound.

    Example:
        >>> memory = Quantity("1.5Gi")
        >>> print(memory, memory.value)
        1536Mi 1610612736
        >>> memory + Quantity("512Mi") == Quantity("2Gi") == Quantity(2 * 1024**3)
        True
        >>> Quantity("20GB")
        Traceback (most recent call last):
        dra.errors.QuantityError: '20GB' is not a quantity
          write 20G or 20Gi
    """

    __slots__ = ("_text", "_written", "format", "nanos")

    nanos: int
    format: Format
    _text: str | None
    _written: str | None

    def __new__(cls, value: str | int | Quantity) -> Quantity:  # noqa: D102 - see the class
        if isinstance(value, str):
            return _interned(value)
        if isinstance(value, int | Quantity):
            return cls.from_json(value)
        raise _wrong_type(value)

    @staticmethod
    def parse(text: str, *, lax: bool = False) -> Quantity:
        """The quantity that a text stands for.

        Args:
            text: A number with an optional suffix, without spaces around it.
            lax: Accept what the API server accepts by oversight: a text without any digit, such as `m`,
                `Gi` or `.`, which stands for zero.

        Raises:
            QuantityError: The text is no quantity, longer than 128 characters, or beyond ±10¹⁰⁰.
        """
        try:
            return _read(text, lax=True) if lax else _interned(text)
        except TypeError:  # nothing but a text gets through; asking first would double the time of a hit
            raise _wrong_type(text) from None

    @classmethod
    def from_nanos(cls, nanos: int, format: Format = Format.DECIMAL_SI) -> Quantity:  # noqa: A002 - Kubernetes' name
        """The quantity of so many units of 10⁻⁹.

        Raises:
            QuantityError: The value is beyond ±10¹⁰⁰ units.
        """
        return _make(nanos, format)

    @classmethod
    def from_json(cls, value: object) -> Quantity:
        """The quantity that a decoded JSON or YAML value stands for, as the API server reads it.

        Args:
            value: A text (spaces around it are ignored), a number, `None` for zero, or a quantity. A float
                stands for its shortest decimal form, a `decimal.Decimal` for exactly itself.

        Raises:
            QuantityError: Any other value, a boolean among them, or a text that is no quantity.
        """
        if isinstance(value, str):
            return _interned(value.strip(_JSON_SPACE))
        if isinstance(value, Quantity):
            return value
        if value is None:
            return _interned("0")
        if isinstance(value, bool):
            raise _wrong_type(value)
        if isinstance(value, int):
            if value.bit_length() > 4 * _LONGEST_TEXT:
                raise _too_large()
            return _interned(str(value))
        if isinstance(value, float):
            return _interned(repr(value))
        if isinstance(value, Decimal):
            return _interned(str(value))
        raise _wrong_type(value)

    @property
    def text(self) -> str:
        """The text it was read from, such as `1024Mi`; for a computed quantity the same as `str`."""
        return str(self) if self._written is None else self._written

    @property
    def value(self) -> int:
        """Whole units, rounded away from zero (Go's `Value()` where that fits in 64 bits)."""
        return _divide_away_from_zero(self.nanos, _NANO)

    @property
    def milli_value(self) -> int:
        """Thousandths of a unit, rounded away from zero (Go's `MilliValue()`)."""
        return _divide_away_from_zero(self.nanos, 10**6)

    @property
    def is_integer(self) -> bool:
        """Whether the value is a whole number of units."""
        return self.nanos % _NANO == 0

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return (self.nanos > 0) - (self.nanos < 0)

    def __float__(self) -> float:
        return self.nanos / _NANO

    def __str__(self) -> str:
        text = self._text
        if text is None:
            text = _canonical(self.nanos, self.format)
            object.__setattr__(self, "_text", text)
        return text

    def __format__(self, spec: str) -> str:
        """As the text, so that `f"{quantity:>10}"` aligns it."""
        return format(str(self), spec)

    def __repr__(self) -> str:
        return f"Quantity({str(self)!r})"

    def __hash__(self) -> int:
        return hash(self.nanos)

    def __eq__(self, other: object) -> bool:
        return self.nanos == other.nanos if isinstance(other, Quantity) else NotImplemented

    def __lt__(self, other: Quantity) -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        return self.nanos < other.nanos

    def __le__(self, other: Quantity) -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        return self.nanos <= other.nanos

    def __gt__(self, other: Quantity) -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        return self.nanos > other.nanos

    def __ge__(self, other: Quantity) -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        return self.nanos >= other.nanos

    def __add__(self, other: Quantity | int) -> Quantity:
        """The exact sum in this quantity's format; zero takes the format of what is added to it."""
        if not isinstance(other, Quantity):
            if not isinstance(other, int):
                return NotImplemented
            other = Quantity(other)
        return _make(self.nanos + other.nanos, self.format if self.nanos else other.format)

    def __sub__(self, other: Quantity | int) -> Quantity:
        """The exact difference in this quantity's format; zero takes the format of what is taken from it."""
        if not isinstance(other, Quantity):
            if not isinstance(other, int):
                return NotImplemented
            other = Quantity(other)
        return _make(self.nanos - other.nanos, self.format if self.nanos else other.format)

    def __radd__(self, other: int) -> Quantity:
        if not isinstance(other, int):
            return NotImplemented
        return Quantity(other) + self

    def __rsub__(self, other: int) -> Quantity:
        if not isinstance(other, int):
            return NotImplemented
        return Quantity(other) - self

    def __neg__(self) -> Quantity:
        return _make(-self.nanos, self.format)

    def __copy__(self) -> Quantity:
        return self

    def __deepcopy__(self, memo: object) -> Quantity:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.nanos, self.format, self.text)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Quantity is immutable, cannot set {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Quantity is immutable, cannot delete {name!r}")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Lets models hold quantities: read as `from_json` does, written as text."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls.from_json,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.to_string_ser_schema(when_used="always"),
        )


def _make(
    nanos: int,
    format: Format,  # noqa: A002 - as the attribute
    text: str | None = None,
    written: str | None = None,
) -> Quantity:
    """A new quantity; `text` is what it prints as, the canonical form if it is None."""
    if not -_LARGEST_NANOS <= nanos <= _LARGEST_NANOS:
        raise _too_large()
    quantity = object.__new__(Quantity)
    initialise = object.__setattr__
    initialise(quantity, "nanos", nanos)
    initialise(quantity, "format", format)
    initialise(quantity, "_text", text)
    initialise(quantity, "_written", written)
    return quantity


def _restore(nanos: int, format: Format, text: str) -> Quantity:  # noqa: A002 - as the attribute
    """The quantity that was pickled, the interned one if the text alone gives it."""
    known = _interned(text)
    return known if known.nanos == nanos and known.format is format else _make(nanos, format, text)


def _read(text: str, *, lax: bool = False) -> Quantity:
    match = _TEXT.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if match is None:
        raise _refusal(text)
    sign, zeros, whole, fraction, suffix = match.groups("")
    format, exponent, shift = _scale(text, suffix)  # noqa: A001 - as the attribute
    if not (zeros or whole or fraction) and not (lax and text and exponent >= -9 and shift < 50):
        raise _refusal(text)

    digits = int(whole + fraction or "0") << shift
    power = 9 + exponent - len(fraction)
    nanos = digits * 10**power if power >= 0 else _divide_away_from_zero(digits, 10**-power)
    if format is Format.BINARY_SI:
        nanos = min(nanos, _INT64_MAX * _NANO)
        if 0 < nanos < _NANO:
            format = Format.DECIMAL_SI  # noqa: A001 - as the attribute
    kept = text if _reads_as_canonical(whole, fraction, exponent, shift) else None
    return _make(-nanos if sign == "-" else nanos, format, kept, text)


# Every slice of a cluster repeats the same few texts; the bound keeps hostile ones from filling the memory.
_interned = lru_cache(maxsize=_INTERNED_TEXTS)(_read)


def _scale(text: str, suffix: str) -> tuple[Format, int, int]:
    """Format, power of ten and power of two that a suffix stands for."""
    if suffix in _TEN_POWERS:
        return Format.DECIMAL_SI, _TEN_POWERS[suffix], 0
    if suffix in _TWO_POWERS:
        return Format.BINARY_SI, 0, _TWO_POWERS[suffix]
    exponent = int(suffix[1:])
    if abs(exponent) > _LARGEST_EXPONENT:
        raise QuantityError(
            f"the exponent of {_shown(text)} is out of range",
            value=text,
            remedy=f"keep it between -{_LARGEST_EXPONENT} and {_LARGEST_EXPONENT}",
        )
    return Format.DECIMAL_EXPONENT, exponent, 0


def _reads_as_canonical(whole: str, fraction: str, exponent: int, shift: int) -> bool:
    """Whether Go keeps the text of such a number.

    Go looks at the digits only, so signs, leading zeros and some trailing zeros of a fraction survive too.
    Numbers of more than 18 digits (fewer with a binary suffix) take a path that never keeps the text.
    """
    if not whole:
        return False
    if shift:
        return not fraction and len(whole) + shift * 3 // 10 < 15 and int(whole) % 8 != 0
    digits = whole + fraction
    scale = exponent - len(fraction)
    return len(digits) <= 18 and scale >= -9 and scale % 3 == 0 and not digits.endswith("000")


def _canonical(nanos: int, format: Format) -> str:  # noqa: A002 - as the attribute
    """The form without a fraction and with the largest suffix that leaves an integer.

    A binary format is used only where it is exact and there are at least 1024 units.
    """
    sign, magnitude = "-" if nanos < 0 else "", abs(nanos)
    if not magnitude:
        return "0"
    if format is Format.BINARY_SI and magnitude >= 1024 * _NANO and magnitude % _NANO == 0:
        mantissa, power = magnitude // _NANO, 0
        while power < len(_BINARY_SUFFIXES) - 1 and mantissa % 1024 == 0:
            mantissa, power = mantissa // 1024, power + 1
        return f"{sign}{mantissa}{_BINARY_SUFFIXES[power]}"

    digits = str(magnitude)
    zeros = len(digits) - len(digits.rstrip("0"))
    zeros -= zeros % 3
    if format is not Format.DECIMAL_EXPONENT:
        zeros = min(zeros, 9 + max(_DECIMAL_SUFFIXES))
    exponent = zeros - 9
    if format is Format.DECIMAL_EXPONENT:
        suffix = f"e{exponent}" if exponent else ""
    else:
        suffix = _DECIMAL_SUFFIXES[exponent]
    return f"{sign}{digits[: len(digits) - zeros]}{suffix}"


def _divide_away_from_zero(number: int, divisor: int) -> int:
    return -(-number // divisor) if number > 0 else number // divisor


def _shown(value: object) -> str:
    """The value as it appears in a message: quoted, shortened if it is long."""
    return reprlib.repr(value)


def _refusal(text: str) -> QuantityError:
    if len(text) > _LONGEST_TEXT:
        return QuantityError(f"{_shown(text)} is longer than {_LONGEST_TEXT} characters", value=text)
    return QuantityError(f"{_shown(text)} is not a quantity", value=text, remedy=_remedy(text))


def _remedy(text: str) -> str:
    """What was probably meant: the nearest text that is a quantity."""
    if _TEXT.fullmatch(text):
        return "write 0 if nothing is meant: it has no digit"
    near = _NEAR_MISS.fullmatch(text)
    if near is not None:
        number, letter, binary, unit = near.groups()
        wanted = (letter + binary).lower()
        suffixes = [suffix for suffix in _SUFFIXES if suffix.lower() in (wanted, f"{wanted}i")]
        if unit:  # nobody counts in thousandths of a byte
            suffixes = [suffix for suffix in suffixes if suffix != "m"]
        meant = [number + suffix for suffix in suffixes if _TEXT.fullmatch(number + suffix)]
        if meant:
            return f"write {' or '.join(meant)}"
    return f"write a number and one of {' '.join(filter(None, _SUFFIXES))}, such as 10Gi"


def _too_large() -> QuantityError:
    return QuantityError("the value is too large for a quantity")


def _wrong_type(value: object) -> QuantityError:
    return QuantityError(
        f"a quantity cannot be made from {_shown(value)} ({type(value).__name__})",
        value=value,
        remedy="write it as text, such as '10Gi'",
    )
