"""Comparisons: what is read of a device against constants, with what to do where the device lacks it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

import attrs
from typing_extensions import override

from dra.cel import regex
from dra.cel.library.semver import Semver
from dra.claims.select.expression import (
    MEMBER,
    OR,
    PYTHON_MEMBER,
    PYTHON_RELATION,
    RELATION,
    UNARY,
    Change,
    Expression,
    Text,
    measured,
)
from dra.claims.select.literals import Literal, Type
from dra.claims.select.reads import BOOLEANS, EMPTY, Read
from dra.quantity import Quantity

__all__ = ["Comparison", "Exists", "ascii_lower"]

ORDERS: Final = ("<", "<=", ">", ">=")
_METHODS: Final = {
    "in": "in_",
    "startsWith": "startswith",
    "endsWith": "endswith",
    "contains": "contains",
    "matches": "matches",
    "includes": "includes",
}
_RELATIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXT_TESTS: Final[dict[str, Callable[[str, list[str]], bool]]] = {
    "in": lambda text, others: text in others,
    "includes": lambda text, others: text in others,
    "startsWith": lambda text, others: text.startswith(others[0]),
    "endsWith": lambda text, others: text.endswith(others[0]),
    "contains": lambda text, others: others[0] in text,
    "matches": lambda text, others: regex.compile(others[0]).search(text),
}
# What looks at a value no longer than a constant is.
_BOUNDED: Final = (*_RELATIONS, "in", "startsWith", "endsWith")
_TO_LOWER: Final = {ord(upper): ord(upper.lower()) for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def ascii_lower(text: str) -> str:
    """What CEL's `lowerAscii` makes of a text."""
    return text.translate(_TO_LOWER)


@attrs.frozen(eq=False, repr=False)
class Exists(Expression):
    """Whether a device has an attribute or a capacity."""

    read: Read

    def __attrs_post_init__(self) -> None:
        measured(self)

    @property
    def _parts(self) -> tuple[object, ...]:
        return (self.read.table, self.read.domain, self.read.name)

    @override
    def conjuncts(self) -> list[Text]:
        """The test for the attribute's name, which needs no guard before it."""
        return [(self.read.presence, MEMBER)]

    @override
    def source(self) -> Text:
        """The term with `.exists()`."""
        return f"{self.read.spelling}.exists()", PYTHON_MEMBER

    @override
    def transformed(self, change: Change) -> Expression:
        """The same question about what `change` gives."""
        return Exists(change(self.read))


@attrs.frozen(eq=False, repr=False)
class Comparison(Expression):
    """What is read of a device, compared with one constant, or with several by `in`.

    Attributes:
        read: What is looked at.
        operator: One of `== != < <= > >= in startsWith endsWith contains matches includes`.
        constants: What it is compared with.
    """

    read: Read
    operator: str
    constants: tuple[Literal, ...]

    def __attrs_post_init__(self) -> None:
        measured(self)

    @property
    def _parts(self) -> tuple[object, ...]:
        return (self.read, self.operator, self.constants)

    @override
    def transformed(self, change: Change) -> Expression:
        """The same comparison of what `change` gives."""
        return Comparison(change(self.read), self.operator, self.constants)

    def __repr__(self) -> str:
        return f"{self.read.spelling} == True" if self._is_flag else self.source()[0]

    @override
    def source(self) -> Text:
        """The term compared by Python's operator or by its method; a flag is the term alone."""
        if self._is_flag:
            return self.read.spelling, PYTHON_MEMBER
        sources = [constant.python for constant in self.constants]
        if self.operator not in _METHODS:
            return f"{self.read.spelling} {self.operator} {sources[0]}", PYTHON_RELATION
        arguments = f"[{', '.join(sources)}]" if self.operator == "in" else sources[0]
        return f"{self.read.spelling}.{_METHODS[self.operator]}({arguments})", PYTHON_MEMBER

    @override
    def conjuncts(self) -> list[Text]:
        """The guard, where the device may lack what is compared, and the comparison."""
        read = self.read
        if isinstance(read.missing, Literal):
            return self._decided_by(read.missing)
        if not read.guarded:
            return [self._written(read.value)]
        stand_in = self._stand_in
        if stand_in is not None:
            return [self._written(read.value_or(stand_in))]
        return [(read.presence, MEMBER), self._written(read.value)]

    @property
    def _is_flag(self) -> bool:
        return self.operator == "==" and self.constants == (BOOLEANS[True],)

    @property
    def _takes_stand_in(self) -> bool:
        """Whether the server can bound the cost of the comparison with a value out of `orValue`.

        It takes that for 2**64-1 letters long, which matters to all that goes through it.
        """
        if self.read.lowered or self.operator not in _BOUNDED:
            return False
        return self.constants[0].type in (Type.INT, Type.BOOL, Type.STRING)

    @property
    def _stand_in(self) -> Literal | None:
        """A constant for which the comparison is false: no other guard is needed if it stands in."""
        first = self.constants[0]
        if first.type is Type.BOOL and self.operator == "==":
            return BOOLEANS[not first.content]
        is_text = first.type is Type.STRING and self.operator in ("==", "in", "startsWith")
        return EMPTY if is_text and self._takes_stand_in and not self._holds(EMPTY) else None

    def _decided_by(self, constant: Literal) -> list[Text]:
        """With a constant that stands in; else with what the comparison is for it, known here and now."""
        if self._takes_stand_in:
            return [self._written(self.read.value_or(constant))]
        presence, written = self.read.presence, self._written(self.read.value)
        if self._holds(constant):
            return [(f"!{presence} || {written[0]}", OR)]
        return [(presence, MEMBER), written]

    def _holds(self, constant: Literal) -> bool:
        """Whether the comparison is true for a constant."""
        value, others = self._key(constant), [self._key(each) for each in self.constants]
        if self.operator in _METHODS and isinstance(value, str):
            return _TEXT_TESTS[self.operator](value, others)
        if self.operator in _METHODS:
            return value in others
        return bool(_RELATIONS[self.operator](value, others[0]))

    def _key(self, constant: Literal) -> Any:
        """What CEL compares of a constant."""
        text = str(constant.content)
        if constant.type is Type.VERSION:
            return Semver.parse(text).key
        if constant.type is Type.QUANTITY:
            return Quantity(text).nanos
        if constant.type is Type.STRING and self.read.lowered:
            return ascii_lower(text)
        return constant.content

    def _written(self, value: str) -> Text:
        """The comparison of a text of CEL."""
        first = self.constants[0]
        if self.operator == "==" and isinstance(first.content, bool):
            return (value, MEMBER) if first.content else (f"!{value}", UNARY)
        if self.operator == "in":
            return f"{value} in [{', '.join(each.cel for each in self.constants)}]", RELATION
        if self.operator in _METHODS:
            return f"{value}.{self.operator}({first.cel})", MEMBER
        # The server cannot bound the cost of `!=` between quantities.
        is_ordered = self.operator in ORDERS and first.type in (Type.QUANTITY, Type.VERSION)
        if is_ordered or (self.operator == "!=" and first.type is Type.QUANTITY):
            if self.operator in ("<", ">"):
                method = "isLessThan" if self.operator == "<" else "isGreaterThan"
                return f"{value}.{method}({first.cel})", MEMBER
            return f"{value}.compareTo({first.cel}) {self.operator} 0", RELATION
        return f"{value} {self.operator} {first.cel}", RELATION
