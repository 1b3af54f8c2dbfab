"""Terms: what is asked of a device, before it is compared with anything.

Comparing a term makes an `Expression`. A term that knows its type (from a driver's declarations) takes values
of that type only; one that does not learns it from the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

import attrs
from typing_extensions import override

from dra.cel import regex
from dra.cel.selector import LONGEST_EXPRESSION
from dra.claims.select.comparison import ORDERS, Comparison, Exists, ascii_lower
from dra.claims.select.expression import Condition, Expression, Not
from dra.claims.select.literals import Literal, Type, Value, literal, literal_of, python_text
from dra.claims.select.reads import BOOLEANS, Missing, Read, Table
from dra.errors import ExpressionError
from dra.suggestions import did_you_mean

__all__ = ["Term"]

_NAMES: Final = {
    Type.INT: "an integer",
    Type.BOOL: "a boolean",
    Type.STRING: "a text",
    Type.VERSION: "a version",
    Type.QUANTITY: "a capacity",
}
_LOOKS_LIKE_VERSION: Final = re.compile(r"v?[0-9]+(\.[0-9]+)*")
_MOST_SHOWN: Final = 12


@attrs.frozen(eq=False, repr=False)
class Term(Condition):
    """An attribute, a capacity or a field of a device. `str` is the CEL, `repr` the Python source.

    `== != < <= > >=` and the methods make expressions. A boolean is a condition by itself. Where a device
    lacks the attribute, a comparison is false, unless `or_else` or `or_error` say otherwise.

    Example:
        >>> from dra.claims.select import device, semver
        >>> gpu = device.of("gpu.nvidia.com")
        >>> print(gpu.attr("index") < 4)
        has(device.attributes["gpu.nvidia.com"].index) && device.attributes["gpu.nvidia.com"].index < 4
        >>> print(gpu.capacity("memory").or_error() >= "20Gi")
        device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("20Gi")) >= 0
        >>> print(gpu.attr("driverVersion").or_error() >= semver("550.54.0"))
        device.attributes["gpu.nvidia.com"].driverVersion.compareTo(semver("550.54.0")) >= 0
    """

    _read: Read
    _type: Type | None = None
    _listed: bool = True
    _values: tuple[str, ...] = ()

    __hash__ = None  # type: ignore[assignment] # `==` says nothing about two terms

    def __repr__(self) -> str:
        return self._read.spelling

    def __str__(self) -> str:
        return str(self._condition()) if self._type in (None, Type.BOOL) else self._read.value

    @property
    def table(self) -> Table:
        """The map of `device` that it is in, or the field that it is."""
        return self._read.table

    @property
    def missing(self) -> Missing | Literal:
        """What counts where the device lacks it."""
        return self._read.missing

    # --- comparisons ---

    def __eq__(self, value: object) -> Expression:  # type: ignore[override] # builds an expression
        return self._compared("==", value)

    def __ne__(self, value: object) -> Expression:  # type: ignore[override] # builds an expression
        return self._compared("!=", value)

    def __lt__(self, value: Value) -> Expression:
        return self._compared("<", value)

    def __le__(self, value: Value) -> Expression:
        return self._compared("<=", value)

    def __gt__(self, value: Value) -> Expression:
        return self._compared(">", value)

    def __ge__(self, value: Value) -> Expression:
        return self._compared(">=", value)

    def in_(self, values: Iterable[Value]) -> Expression:
        """One of several values.

        Raises:
            ExpressionError: There is none, or they are not all of one type.
        """
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise ExpressionError(
                f"{self!r}.in_ takes a list of values", value=values, remedy=f"write .in_([{values!r}])"
            )
        # More would not fit, and there may be no end to them.
        constants = tuple(self._constant(value) for value in islice(values, LONGEST_EXPRESSION))
        if not constants:
            raise ExpressionError(f"{self!r} is never one of no values")
        if len({constant.type for constant in constants}) > 1:
            raise ExpressionError(f"{self!r}.in_ takes values of one type", value=constants)
        if constants[0].type is Type.BOOL:
            raise ExpressionError(f"{self!r} is true or false", remedy="write .exists() if either will do")
        return Comparison(self._read, "in", constants)

    def includes(self, value: Value) -> Expression:
        """A list that has the value among its members, or the value itself.

        Needs Kubernetes 1.36 with the feature gate DRAListTypeAttributes.

        Raises:
            ExpressionError: The driver publishes no list here, or one of another type.
        """
        if self._read.is_field or self._type is Type.QUANTITY or self._read.lowered or not self._listed:
            raise ExpressionError(f"{self!r} is no list", remedy="write == for a single value")
        return Comparison(self._read, "includes", (self._constant(value),))

    def exists(self) -> Expression:
        """Whether the device has it at all."""
        self._require_absent("exists")
        return Exists(self._read)

    # --- texts ---

    def startswith(self, text: str) -> Expression:
        """A text that begins with another."""
        return self._text_test("startsWith", text)

    def endswith(self, text: str) -> Expression:
        """A text that ends in another."""
        return self._text_test("endsWith", text)

    def contains(self, text: str) -> Expression:
        """A text that has another somewhere in it."""
        return self._text_test("contains", text)

    def matches(self, pattern: str) -> Expression:
        """A text in which a regular expression (RE2 syntax) matches somewhere; `^…$` for all of it.

        Raises:
            ExpressionError: Kubernetes refuses the pattern.
        """
        try:
            regex.compile(str(literal_of(Type.STRING, pattern, f"{self!r}.matches").content))
        except regex.RegexError as error:
            raise ExpressionError(
                f"{pattern!r} is no regular expression: {error}",
                value=pattern,
                remedy="the syntax is RE2's: no look-around, no back-references",
            ) from None
        return self._text_test("matches", pattern)

    def lower(self) -> Term:
        """The text in lower case (ASCII letters only)."""
        self._require(Type.STRING, "lower")
        spelling = f"{self._read.spelling}.lower()"
        return Term(attrs.evolve(self._read, lowered=True, spelling=spelling), Type.STRING, False)

    def _text_test(self, operator: str, text: str) -> Expression:
        self._require(Type.STRING, operator.lower())
        constant = literal_of(Type.STRING, text, f"{self!r}.{operator.lower()}")
        if operator != "matches":
            self._check_case(constant)
        return Comparison(self._read, operator, (constant,))

    # --- what a device may lack ---

    def or_false(self) -> Term:
        """The same; a comparison is false where the device lacks it.

        So it is by default, except for what a driver is declared to publish for every device.
        """
        return self._with(Missing.FALSE)

    def or_error(self) -> Term:
        """The same without a guard: an error where the device lacks it, which is fatal for the whole pod."""
        return self._with(Missing.ERROR)

    def or_else(self, value: Value) -> Term:
        """The same, with a value that counts where the device lacks it.

        Raises:
            ExpressionError: The value is of another type.

        Example:
            >>> from dra.claims.select import device
            >>> print(device.attr("example.com/numa").or_else(0) == 0)
            device.attributes["example.com"].?numa.orValue(0) == 0
        """
        self._require_absent("or_else")
        constant = self._constant(value, fixed=False)
        spelling = f"{self._read.spelling}.or_else({constant.python})"
        read = attrs.evolve(self._read, missing=constant, spelling=spelling)
        return Term(read, constant.type, self._listed, self._values)

    def _with(self, missing: Missing) -> Term:
        self._require_absent(missing.value)
        spelling = f"{self._read.spelling}.{missing.value}()"
        return attrs.evolve(self, read=attrs.evolve(self._read, missing=missing, spelling=spelling))

    def _require_absent(self, method: str) -> None:
        if self._read.is_field:
            raise ExpressionError(f"{self!r} is there on every device", remedy=f"leave .{method} away")

    # --- as a condition ---

    @override
    def _condition(self) -> Expression:
        if self._type not in (None, Type.BOOL):
            raise ExpressionError(
                f"{self!r} is {_NAMES[self._type]}, no condition",
                remedy=f"compare it, in parentheses: ({self!r} == ...)",
            )
        return Comparison(self._read, "==", (BOOLEANS[True],))

    # --- checks ---

    def _compared(self, operator: str, value: object) -> Expression:
        constant = self._constant(value, fixed=operator in ("==", "!="))
        if operator in ORDERS and constant.type in (Type.BOOL, Type.STRING):
            raise ExpressionError(
                f"{self!r} {operator} {constant.python}: {_NAMES[constant.type]} has no order",
                value=value,
                remedy=_order_remedy(constant),
            )
        if operator == "!=" and constant.type is Type.BOOL:
            operator, constant = "==", BOOLEANS[not constant.content]
        if constant == self._read.missing == BOOLEANS[False]:
            # Where false stands in, "is false" is the opposite: one expression for one text.
            return Not(Comparison(self._read, "==", (BOOLEANS[True],)))
        return Comparison(self._read, operator, (constant,))

    def _constant(self, value: object, *, fixed: bool = True) -> Literal:
        if isinstance(value, Condition):
            raise ExpressionError(
                f"{self!r} is compared with a value, not with what is asked of the device",
                value=value,
                remedy="write each comparison in parentheses, (a == 1) & (b >= 2); "
                "cel(...) can compare two attributes",
            )
        if self._type is not None:
            constant = literal_of(self._type, value, repr(self))
        else:
            constant = literal(value)
            if constant.type is Type.QUANTITY:
                raise ExpressionError(
                    f"{self!r} is an attribute, and quantities are capacities",
                    value=value,
                    remedy='ask for the capacity: device.capacity("memory") >= "20Gi"',
                )
        if fixed and constant.type is Type.STRING:
            self._check_case(constant)
            self._check_values(constant)
        return constant

    def _check_case(self, constant: Literal) -> None:
        text = str(constant.content)
        if self._read.lowered and ascii_lower(text) != text:
            raise ExpressionError(
                f"{self!r} is in lower case, and {text!r} is not",
                value=text,
                remedy=f"write {python_text(ascii_lower(text))}",
            )

    def _check_values(self, constant: Literal) -> None:
        text = str(constant.content)
        if not self._values or self._read.lowered or text in self._values:
            return
        meant = did_you_mean(text, self._values, f"known: {', '.join(self._values[:_MOST_SHOWN])}")
        raise ExpressionError(
            f"{self!r} is never {text!r}",
            value=text,
            remedy=f"{meant} For a value newer than this library: "
            f"device.attr({python_text(self._full_name)})",
        )

    @property
    def _full_name(self) -> str:
        return f"{self._read.domain}/{self._read.name}" if self._read.domain else self._read.name

    def _require(self, wanted: Type, method: str) -> None:
        if self._type not in (None, wanted):
            raise ExpressionError(
                f"{self!r} is {_NAMES[self._type]}; .{method} asks {_NAMES[wanted]}",
                value=self,
            )


def _order_remedy(constant: Literal) -> str:
    if constant.type is Type.STRING and _LOOKS_LIKE_VERSION.fullmatch(str(constant.content)):
        parts = [str(int(part)) for part in str(constant.content).removeprefix("v").split(".")[:3]]
        return f'versions have: write semver("{".".join((*parts, "0", "0")[:3])}")'
    if constant.type is Type.STRING:
        return "compare with ==, .in_, .startswith or .matches"
    return "write it alone, or ~ before it"
