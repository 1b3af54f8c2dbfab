"""Values that expressions compare with: checked when given, written so that CEL reads the same value."""

from __future__ import annotations

import reprlib
from enum import Enum
from typing import Final, TypeAlias

import attrs

from dra.cel.library.semver import Semver
from dra.cel.quoting import quote
from dra.cel.values import INT_MAX, INT_MIN, Failure
from dra.errors import ExpressionError
from dra.quantity import Quantity

__all__ = ["Literal", "Type", "Version", "literal", "literal_of", "python_text", "quantity", "semver"]


class Type(Enum):
    """Type of a value that devices publish; the first four are `dra.drivers.Kind`'s."""

    INT = "int"
    BOOL = "bool"
    STRING = "string"
    VERSION = "version"
    QUANTITY = "quantity"


_ARTICLES: Final = {
    Type.INT: "an integer",
    Type.BOOL: "True or False",
    Type.STRING: "a text",
    Type.VERSION: 'a version, such as semver("1.2.3")',
    Type.QUANTITY: 'a quantity, such as "20Gi"',
}


@attrs.frozen
class Version:
    """A semantic version, made by `semver`."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"semver({python_text(self.text)})"


Value: TypeAlias = "bool | int | str | Version | Quantity"


def semver(text: str) -> Version:
    """A semantic version to compare an attribute of type version with.

    Args:
        text: All three numbers, without leading zeros and without `v`.

    Raises:
        ExpressionError: It is no semantic version; the remedy has the nearest.

    Example:
        >>> semver("550.54.0")
        semver("550.54.0")
        >>> semver("550")
        Traceback (most recent call last):
        dra.errors.ExpressionError: '550' is not a semantic version: No Major.Minor.Patch elements found
          write semver("550.0.0")
    """
    if not isinstance(text, str):
        raise ExpressionError(f"a version is written as text, not {text!r}", value=text)
    try:
        Semver.parse(text)
    except Failure as failure:
        raise ExpressionError(
            f"{text!r} is not a semantic version: {failure}", value=text, remedy=_version_remedy(text)
        ) from None
    return Version(str(text))


def _version_remedy(text: str) -> str:
    try:
        return f"write {Version(Semver.normalized(text.strip()).text)!r}"
    except Failure:
        return 'write major, minor and patch, such as semver("550.54.0")'


def quantity(text: str | int | Quantity) -> Quantity:
    """A quantity to compare a capacity with; a text such as `"20Gi"` does as well where one is compared.

    Raises:
        QuantityError: It is none.

    Example:
        >>> quantity("20Gi")
        Quantity('20Gi')
    """
    return Quantity(text)


@attrs.frozen
class Literal:
    """A constant of an expression.

    Attributes:
        type: What it is.
        content: The value; the canonical text of a quantity, the text of a version.
    """

    type: Type
    content: bool | int | str

    @property
    def cel(self) -> str:
        """The constant in CEL."""
        if isinstance(self.content, bool):
            return "true" if self.content else "false"
        if isinstance(self.content, int):
            return str(self.content)
        quoted = quote(self.content)
        if self.type is Type.VERSION:
            return f"semver({quoted})"
        return f"quantity({quoted})" if self.type is Type.QUANTITY else quoted

    @property
    def python(self) -> str:
        """The constant in Python source."""
        if not isinstance(self.content, str):
            return repr(self.content)
        quoted = python_text(self.content)
        return f"semver({quoted})" if self.type is Type.VERSION else quoted


def python_text(text: str) -> str:
    """A text as Python source, in double quotes where that needs no escape.

    Example:
        >>> print(python_text("a"), python_text('"'))
        "a" '"'
    """
    source = repr(text)
    return f'"{source[1:-1]}"' if source[0] == "'" and '"' not in source and "\\'" not in source else source


def literal(value: object) -> Literal:
    """The constant that a Python value stands for.

    Raises:
        ExpressionError: No device publishes a value of this type, or an integer is beyond 64 bits.
    """
    if isinstance(value, bool):
        return Literal(Type.BOOL, value)
    if isinstance(value, int):
        return Literal(Type.INT, _int64(int(value)))
    if isinstance(value, str):
        return Literal(Type.STRING, _text(str.__str__(value)))
    if isinstance(value, Version):
        return Literal(Type.VERSION, semver(value.text).text)
    if isinstance(value, Quantity):
        # In one spelling, so that 1024Mi and 1Gi are one constant.
        return Literal(Type.QUANTITY, str(Quantity.from_nanos(value.nanos, value.format)))
    raise ExpressionError(
        f"cannot be compared with {_shown(value)} ({type(value).__name__})",
        value=value,
        remedy=_remedy(value),
    )


def literal_of(wanted: Type, value: object, what: str) -> Literal:
    """The constant of a wanted type that a Python value stands for; texts become versions and quantities.

    Args:
        wanted: The type.
        value: What was given.
        what: What it is compared with, for the message.

    Raises:
        ExpressionError: The value is not of this type.
        QuantityError: A text is no quantity.
    """
    if isinstance(value, str) and wanted is Type.VERSION:
        value = semver(value)
    elif isinstance(value, str) and wanted is Type.QUANTITY:
        value = Quantity(value)
    try:
        found = literal(value)
    except ExpressionError as error:
        error.path = error.path or what
        raise
    if found.type is not wanted:
        raise ExpressionError(
            f"{what} is compared with {_ARTICLES[wanted]}, not with {_shown(value)}",
            value=value,
            remedy=_type_remedy(wanted, value),
        )
    return found


def _int64(value: int) -> int:
    if not INT_MIN <= value <= INT_MAX:
        raise ExpressionError(
            "the integer does not fit in 64 bits, no attribute can have it",
            remedy=f"integers are from {INT_MIN} to {INT_MAX}",
        )
    return value


def _text(text: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ExpressionError("the text holds half a character (a lone surrogate)", value=text)
    return text


def _shown(value: object) -> str:
    try:
        return reprlib.repr(value)
    except ValueError:  # an integer of thousands of digits
        return "that"


def _remedy(value: object) -> str:
    if value is None:
        return "ask whether it is there with .exists(), and for the opposite ~(….exists())"
    if isinstance(value, float):
        return "attributes hold integers, capacities quantities: write 40 or '40Gi'"
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return "ask for one of several values with .in_([...])"
    return "write a text, an integer, True or False, semver(...) or quantity(...)"


def _type_remedy(wanted: Type, value: object) -> str:
    if wanted is Type.QUANTITY and isinstance(value, int) and not isinstance(value, bool):
        return f'write "{value}Gi", or "{value}" for {value} single units (bytes, where it is memory)'
    if wanted is Type.VERSION and isinstance(value, int) and not isinstance(value, bool):
        return f'write semver("{value}.0.0")'
    if wanted is Type.INT and isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return f"write {int(value)}" if len(value) < 20 else ""
    if wanted is Type.STRING:
        return f"write {python_text(str(value))}"
    if wanted is Type.BOOL:
        return "it is a condition by itself: write it alone, or ~ before it"
    return ""
