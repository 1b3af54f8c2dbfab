"""Text made from a template: `"%s has %d devices".format([node, count])`.

Kubernetes uses the first form that this function had upstream: fixed-point and scientific numbers look as
English readers write them (`1,234.500000`, `1.5×10⁰³`), and values within lists and maps are CEL literals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from dra.cel.declarations import Function, Library, Validator, member, traversal
from dra.cel.library.conversions import double_text, text_of_bytes
from dra.cel.quoting import quote
from dra.cel.syntax import Call, ListExpr, Literal, MapExpr, Node
from dra.cel.times import atoi
from dra.cel.types import DYN, STRING, Kind, Type, list_of
from dra.cel.values import Failure, Value, key_value, sure, type_value

__all__ = ["LIBRARY"]

_A = TypeVar("_A")

_DEFAULT_PRECISION: Final = 6
_LARGEST_PRECISION: Final = 10_000_009  # beyond, Go no longer reads its own number
_LONGEST_KEPT: Final = 256  # of a template
_NO_CLAUSE: Final = Failure("unexpected end of string")
_NOT_FORMATTED: Final = "%!(NOVERB)"
_SPECIAL: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_SUPERSCRIPT: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_INTEGERS: Final = frozenset((Kind.INT, Kind.UINT))
_WRITABLE: Final = _INTEGERS | {
    Kind.BOOL,
    Kind.BYTES,
    Kind.DOUBLE,
    Kind.DURATION,
    Kind.LIST,
    Kind.MAP,
    Kind.NULL,
    Kind.STRING,
    Kind.TIMESTAMP,
    Kind.TYPE,
}


class _Clause(NamedTuple):
    """`%s`, `%.3f` and the like: the letter, and the precision if it is given."""

    letter: str
    precision: int | None


def _unfit(clause: _Clause, kind: Kind) -> str:
    """What is wrong with a value of a kind for a clause, empty if nothing is."""
    rule, kinds = _RULES[clause.letter]
    return "" if kind in kinds else f"error during formatting: {rule}, was given "


_RULES: Final[dict[str, tuple[str, frozenset[Kind]]]] = {
    "s": (
        "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
        "durations, and timestamps",
        _WRITABLE,
    ),
    "d": ("decimal clause can only be used on integers", _INTEGERS),
    "f": ("fixed-point clause can only be used on doubles", frozenset((Kind.DOUBLE, Kind.STRING))),
    "e": ("scientific clause can only be used on doubles", frozenset((Kind.DOUBLE, Kind.STRING))),
    "b": ("only integers and bools can be formatted as binary", _INTEGERS | {Kind.BOOL}),
    "o": ("octal clause can only be used on integers", _INTEGERS),
    "x": (
        "only integers, byte buffers, and strings can be formatted as hex",
        _INTEGERS | {Kind.STRING, Kind.BYTES},
    ),
}
_RULES["X"] = _RULES["x"]


# Templates


def _expanded(
    template: str, size: int, argument: Callable[[int], _A], text_of: Callable[[_Clause, _A], str]
) -> str:
    """The template with each clause replaced, from left to right.

    Args:
        template: What to expand.
        size: How many arguments there are.
        argument: Gives the argument of an index, which may be too large.
        text_of: Gives the text in place of a clause.

    Raises:
        Failure: The template is wrong, or `argument` or `text_of` raises it.
    """
    pieces: list[str] = []
    index = 0
    for part in (_kept_parts if len(template) <= _LONGEST_KEPT else _parts)(template):
        if part.__class__ is str:
            pieces.append(part)
            continue
        value = argument(index)
        if part is _NO_CLAUSE:
            sure(part)
        if index >= size:
            raise _no_argument(index)
        pieces.append(text_of(sure(part), value))
        index += 1
    return "".join(pieces)


def _parts(template: str) -> tuple[Any, ...]:
    """The texts and clauses of a template, up to the first failure, which is the last part."""
    parts: list[str | _Clause | Failure] = []
    at = 0
    while (percent := template.find("%", at)) >= 0:
        parts.append(template[at:percent])
        if template.startswith("%", percent + 1):
            parts.append("%")
            at = percent + 2
            continue
        if percent + 1 >= len(template):
            return (*parts, _NO_CLAUSE)
        try:
            clause, at = _clause(template, percent + 1)
        except Failure as failure:
            return (*parts, Failure(*failure.args))
        parts.append(clause)
    return (*parts, template[at:])


_kept_parts: Final = lru_cache(maxsize=256)(_parts)


def _no_argument(index: int) -> Failure:
    return Failure(f"index {index} out of range")


def _clause(template: str, at: int) -> tuple[_Clause, int]:
    """The clause whose percent sign stands before an index, and the index behind it."""
    precision = None
    if template[at] == ".":
        end = at + 1
        while end < len(template) and template[end] in "0123456789":
            end += 1
        if end == len(template):
            raise _wrong_precision("could not find end of precision specifier")
        try:
            precision = atoi(template[at + 1 : end])
        except Failure as failure:
            raise _wrong_precision(f"error while converting precision to integer: {failure}") from None
        at = end
    letter = template[at]
    if letter not in _RULES:
        shown = chr(letter.encode("utf-8", "replace")[0])  # upstream looks at bytes
        raise Failure(f'could not parse formatting clause: unrecognized formatting clause "{shown}"')
    return _Clause(letter, precision), at + 1


def _wrong_precision(reason: str) -> Failure:
    return Failure(f"could not parse formatting clause: error while parsing precision: {reason}")


def _format(template: str, values: tuple[Value, ...]) -> str:
    def argument(index: int) -> Value:
        if index >= len(values):
            raise _no_argument(index)
        return values[index]

    return _expanded(template, len(values), argument, _text)


def _text(clause: _Clause, value: Value) -> str:
    type_ = type_value(value)
    wrong = _unfit(clause, type_.kind)
    if not wrong and clause.letter in "fe" and isinstance(value, str) and value not in _SPECIAL:
        wrong = _unfit(clause, Kind.ERROR)
    if wrong:
        raise Failure(f"{wrong}{type_.name}")
    try:
        return _WRITERS[clause.letter](value, clause.precision)
    except Failure as failure:
        raise Failure(f"error during formatting: {failure}") from None


# Numbers


def _radix(code: str) -> Callable[[Value, int | None], str]:
    return lambda value, _precision: format(int(value), code)


def _hexadecimal(code: str) -> Callable[[Value, int | None], str]:
    def write(value: Value, _precision: int | None) -> str:
        if isinstance(value, int):
            return format(int(value), code)
        raw = value.encode("utf-8", "replace") if isinstance(value, str) else value
        text: str = raw.hex()
        return text.upper() if code == "X" else text

    return write


def _number(value: Value) -> float:
    return _SPECIAL[value] if isinstance(value, str) else float(value) or 0.0


def _unusual(number: float) -> str:
    """How a number is written that has no digits, empty for others."""
    if math.isnan(number):
        return "NaN"
    return ("-∞" if number < 0 else "∞") if math.isinf(number) else ""


def _fixed(value: Value, precision: int | None) -> str:
    """With thousands separators. Upstream keeps the precision in 16 and in 8 bits; so do we."""
    number = _number(value)
    digits = _DEFAULT_PRECISION if precision is None else precision
    if digits > _LARGEST_PRECISION:
        return _NOT_FORMATTED
    most, least = (digits + 2**15) % 2**16 - 2**15, digits % 2**8
    shown = f"{number:,.{most}f}" if most >= 0 else f"{Decimal(repr(number)):,f}"
    whole, _, fraction = shown.partition(".")
    fraction = fraction[:least] + fraction[least:].rstrip("0")
    fraction = fraction.ljust(least, "0")
    return _unusual(number) or (f"{whole}.{fraction}" if fraction else whole)


def _scientific(value: Value, precision: int | None) -> str:
    """With six digits always: upstream takes the precision for the least width."""
    number = _number(value)
    width = _DEFAULT_PRECISION if precision is None else precision
    if width > _LARGEST_PRECISION:
        return _NOT_FORMATTED
    mantissa, _, exponent = f"{number:.6e}".partition("e")
    shown = _unusual(number) or f"{mantissa}×10{exponent.removeprefix('+').translate(_SUPERSCRIPT)}"
    return shown.rjust(width % 2**16)


# Values


def _key(value: Value) -> str:
    """A key of a map, of one of the types that keys should have."""
    type_ = type_value(value)
    if type_.kind not in (Kind.BOOL, Kind.INT, Kind.UINT, Kind.STRING):
        raise Failure(f"no formatting function for map key of type {type_.name}")
    return _literal(value)


def _written(value: Value, _precision: int | None = None) -> str:
    """A value by itself: texts without quotes."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        entries = [(_key(key_value(key)), _literal(entry)) for key, entry in value.items()]
        by_key = sorted(entries, key=lambda entry: entry[0])
        return f"{{{', '.join(f'{key}:{entry}' for key, entry in by_key)}}}"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return _decoded(value)
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, Type):
        return value.name
    return str(int(value)) if isinstance(value, int) else str(value)


def _decoded(value: bytes) -> str:
    try:
        return str(sure(text_of_bytes(value)))
    except Failure as failure:
        raise Failure(f"could not convert argument {quote(str(failure))} to string") from None


def _literal(value: Value) -> str:
    """A value within a list or map: as it could stand in an expression."""
    type_ = type_value(value)
    if type_.kind not in _WRITABLE:
        raise Failure(f"no formatting function for {type_.name}")
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bytes):
        return f"b{quote(_decoded(value))}"
    if isinstance(value, float):
        return f"{value:.6f}" if math.isfinite(value) else quote(double_text(value))
    if type_.kind in (Kind.DURATION, Kind.TIMESTAMP):
        return f"{type_}({quote(str(value))})"
    return _written(value)


_WRITERS: Final[dict[str, Callable[[Value, int | None], str]]] = {
    "s": _written,
    "d": _radix("d"),
    "f": _fixed,
    "e": _scientific,
    "b": _radix("b"),
    "o": _radix("o"),
    "x": _hexadecimal("x"),
    "X": _hexadecimal("X"),
}


# When the expression is compiled


class _Misfit(Exception):  # noqa: N818 - never leaves this module
    """An argument that its clause cannot take."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.node = node


def _check(call: Call, types: Mapping[int, Type]) -> Iterator[tuple[Node, str]]:
    """What is wrong with a literal template and the literal list of its arguments."""
    template, arguments = call.target, call.arguments[0] if len(call.arguments) == 1 else None
    if not isinstance(template, Literal) or not isinstance(arguments, ListExpr):
        return
    if not isinstance(template.value, str):
        return
    elements = arguments.elements
    asked: list[int] = []

    def argument(index: int) -> Node | None:
        asked.append(index)
        return elements[index] if index < len(elements) else None

    def require_fit(clause: _Clause, node: Node | None) -> str:
        for bad, message in _misfits(clause, node, types) if node else ():
            raise _Misfit(bad, message)
        return ""

    try:
        _expanded(template.value, len(elements), argument, require_fit)
    except _Misfit as misfit:
        yield misfit.node, str(misfit)
    except Failure as failure:
        yield call, str(failure)
    else:
        if len(elements) > len(asked):
            wanted = f"(expected {len(asked)}, got {len(elements)})"
            yield call, f"too many arguments supplied to string.format {wanted}"


def _misfits(clause: _Clause, node: Node, types: Mapping[int, Type]) -> Iterable[tuple[Node, str]]:
    """The literal values in an argument that a clause cannot take."""
    pending = [node]
    while pending:
        node = pending.pop()
        type_ = types[node.id]
        wrong = "" if type_ == DYN else _unfit(clause, type_.kind)
        if wrong:
            yield node, f"{wrong}{type_.name}"
        if clause.letter == "s" and isinstance(node, ListExpr):
            pending += reversed(node.elements)
        if clause.letter == "s" and isinstance(node, MapExpr):
            pending += reversed([part for entry in node.entries for part in (entry.key, entry.value)])


LIBRARY: Final = Library(
    "templates",
    since="1.29",
    functions=(
        Function("format", member("string_format", [STRING, list_of(DYN)], STRING, _format, traversal())),
    ),
    validators=(Validator("format", _check),),
)
