"""CEL's values as Python objects: their types, equality, order, and what fails.

| CEL | Python | | CEL | Python |
|---|---|---|---|---|
| bool | `bool` | | list | `tuple` |
| int | `int` | | map | `dict`, keys through `map_key` |
| uint | `Uint` | | null | `None` |
| double | `float` | | type | `Type` |
| string | `str` | | optional | `Optional` |
| bytes | `bytes` | | others | the class a library has registered with `register` |

An evaluation that fails gives a `Failure`: implementations of functions may return or raise it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from dra.cel import types
from dra.cel.types import Type

__all__ = [
    "NATIVE",
    "NONE",
    "NO_ORDER",
    "NO_OVERLOAD",
    "NO_SUCH_OVERLOAD",
    "UNSET",
    "Failure",
    "Optional",
    "Uint",
    "Value",
    "compare",
    "contains",
    "equal",
    "equal_to_its_own",
    "is_native",
    "key_value",
    "map_key",
    "only_class",
    "python_class",
    "register",
    "size_of",
    "sure",
    "type_value",
]

Value: TypeAlias = Any  # any of the table above; the union would not help a caller

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
UINT_MAX: Final = 2**64 - 1


class Failure(Exception):  # noqa: N818 - CEL's own notion: a value that says what went wrong
    """What an expression gives when it fails; `str()` of it is cel-go's message.

    Most failures are absorbed and never read, so the message may be put off: `Failure(words, *operands)` has
    a function that makes it of the operands.

    Example:
        >>> str(Failure("division by zero")), str(Failure("no such key: {}".format, "a"))
        ('division by zero', 'no such key: a')
    """

    __slots__ = ()

    def __str__(self) -> str:
        words, *operands = self.args
        return str(words(*operands) if operands else words)


def sure(value: Value) -> Value:
    """A value that is no failure.

    Raises:
        Failure: It is one. What is raised is another, since a failure may be shared.
    """
    if value.__class__ is Failure:
        raise Failure(*value.args)
    return value


NO_SUCH_OVERLOAD: Final = "no such overload"
# The failure of an operation that does not know the classes of its operands.
NO_OVERLOAD: Final = Failure(NO_SUCH_OVERLOAD)
NO_ORDER: Final = Failure("NaN values cannot be ordered")


class Uint(int):
    """An unsigned 64-bit integer, which CEL keeps apart from `int`.

    Example:
        >>> Uint(3) == 3, type_value(Uint(3)).name
        (True, 'uint')
    """

    __slots__ = ()


class Optional:
    """A value that may be absent, as `optional.of(x)`, `a.?b` and `m[?k]` give it.

    Example:
        >>> Optional(5).value, NONE.present
        (5, False)
    """

    __slots__ = ("present", "value")

    def __init__(self, value: Value, *, present: bool = True) -> None:
        self.value = value
        self.present = present

    @property
    def cel_size(self) -> int:
        """The size of the content, as costs count it."""
        return size_of(self.value) if self.present else 1

    def __repr__(self) -> str:
        return f"optional.of({self.value!r})" if self.present else "optional.none()"


class DomainMap(dict[str, Any]):
    """`device.attributes` and `device.capacity`: a look-up of an unknown domain finds an empty map.

    Only look-ups do: the domain is neither `in` the map nor iterated over.
    """

    __slots__ = ()

    ABSENT: Final[dict[str, Any]] = {}

    @property
    def cel_size(self) -> int:
        """The number of domains, as costs count it."""
        return len(self)


def size_of(value: object) -> int:
    """The size of a value as the run-time cost counts it: its length, or 1 for a scalar."""
    kind = value.__class__
    if kind is int or kind is bool:
        return 1
    if kind is str or kind is tuple or kind is dict or kind is bytes:
        return len(value)  # type: ignore[arg-type]  # all four have a length
    size: int = getattr(value, "cel_size", 1)
    return size


NONE: Final = Optional(None, present=False)
UNSET: Final = object()  # no value: the variable of a `cel.bind` that has not been used yet

_TYPES: dict[type, Type] = {
    bool: types.BOOL,
    int: types.INT,
    Uint: types.UINT,
    float: types.DOUBLE,
    str: types.STRING,
    bytes: types.BYTES,
    tuple: types.list_of(types.DYN),
    dict: types.map_of(types.DYN, types.DYN),
    DomainMap: types.map_of(types.DYN, types.DYN),
    type(None): types.NULL,
    Type: types.TYPE,
    Optional: types.optional_of(types.DYN),
}
_CLASSES: dict[Type, type] = {}  # the other way round, of the first class that has a type
for _class, _type in _TYPES.items():
    _CLASSES.setdefault(_type, _class)
_OPAQUE: set[type] = set()
_EQUALITY: dict[type, Callable[[Any, Any], bool]] = {}
# What is ordered besides numbers, and by what if not by itself.
_ORDERED: dict[type, Callable[[Any], Any] | None] = dict.fromkeys((str, bytes, bool))


def equal_to_its_own(left: Value, right: Value) -> bool:
    """The equality of Kubernetes' types: to ask whether one equals a value of another type is an error.

    Raises:
        Failure: The types differ.
    """
    if left.__class__ is not right.__class__:
        raise Failure(NO_SUCH_OVERLOAD)
    return bool(left == right)


def register(
    python_class: type,
    cel_type: Type,
    *,
    ordered: bool = False,
    equality: Callable[[Any, Any], bool] | None = None,
) -> None:
    """Make instances of a class CEL values of a type.

    Args:
        python_class: Immutable, with `__eq__` and `__hash__` that agree with CEL's `==`.
        cel_type: The type of all its instances.
        ordered: Whether `<` and its kin work between two of them, by the attribute named in `order_key`.
        equality: CEL's `==` with such a value on the left, if it is not Python's.
    """
    _TYPES[python_class] = cel_type
    _CLASSES.setdefault(cel_type, python_class)
    if cel_type.kind in (types.Kind.STRUCT, types.Kind.OPAQUE):
        _OPAQUE.add(python_class)
    if ordered:
        key = python_class.order_key  # type: ignore[attr-defined]  # what is ordered names it
        _ORDERED[python_class] = operator.attrgetter(key)
    if equality is not None:
        _EQUALITY[python_class] = equality


def is_registered_opaque(value: Value) -> bool:
    """Whether a value is of a type that CEL itself does not know."""
    return value.__class__ in _OPAQUE


def type_value(value: Value) -> Type:
    """The type of a value at run time, as `type(x)` gives it."""
    return _TYPES[value.__class__]


class _BoolKey:
    """A bool as key of a map: Python's `True` would be the same key as `1`."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value)


_TRUE_KEY: Final = _BoolKey(True)
_FALSE_KEY: Final = _BoolKey(False)


def map_key(value: Value) -> Any:
    """The Python key for a CEL map key."""
    if value is True:
        return _TRUE_KEY
    if value is False:
        return _FALSE_KEY
    return value


def key_value(key: Any) -> Value:
    """The CEL value of a key of a map's dict."""
    return key.value if key.__class__ is _BoolKey else key


_NUMBERS: Final = frozenset((int, Uint, float))


def equal(left: Value, right: Value, begun: set[tuple[int, int]] | None = None) -> bool:
    """CEL's `==`: numbers by value across types, other values of different types are unequal.

    An integer is compared with a double as a double.

    Args:
        left: A value.
        right: Another.
        begun: The pairs of lists and maps, by identity, that the comparison has come to so far. The first
            difference ends it, so no pair needs a second look; without this, thirty times `[x, x]` would
            take 2³⁰ steps.

    Raises:
        Failure: The left value is of a Kubernetes type and the right is neither of the same nor null. In
            lists and maps such parts count as equal.
    """
    kind, other = left.__class__, right.__class__
    if kind in _EQUALITY:
        return right is not None and _EQUALITY[kind](left, right)
    if kind is other:
        if kind is tuple:
            return len(left) == len(right) and _equal_lists(left, right, begun)
        if kind is Optional:
            return _equal_optionals(left, right, begun)
        if kind is Type:
            return bool(left.name == right.name)
        if kind is not dict and kind is not DomainMap:
            return bool(left == right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and _equal_parts(
            left, right, ((value, right[key]) for key, value in left.items()), begun
        )
    if left is None or right is None:
        return False
    if kind in _NUMBERS and other in _NUMBERS:
        if float not in (kind, other):
            return bool(left == right)
        return float(left) == float(right)  # pyright: ignore[reportArgumentType] # both are numbers
    return False


def python_class(cel_type: Type) -> type | None:
    """The one class that all values of a type have, None if there are several or if it is generic."""
    if cel_type.parameters or cel_type.kind in (types.Kind.DYN, types.Kind.ANY, types.Kind.PARAMETER):
        return None
    return _CLASSES.get(cel_type)


# Classes of which Python's `==` between two of the same class is CEL's.
NATIVE: Final = frozenset((bool, int, Uint, str, bytes))
_FEW: Final = 8


def only_class(elements: Sequence[Value]) -> type | None:
    """The class of all elements, None if they have several or if there are none."""
    classes = set(map(type, elements))
    return classes.pop() if len(classes) == 1 else None


def is_native(elements: Sequence[Value], wanted: Value) -> bool:
    """Whether Python's search for a value among some elements is CEL's."""
    kind = wanted.__class__
    known = kind in NATIVE or (kind is float and wanted == wanted)
    return known and only_class(elements) is kind


def _equal_optionals(left: Optional, right: Optional, begun: set[tuple[int, int]] | None) -> bool:
    if not (left.present and right.present):
        return left.present is right.present
    own = _EQUALITY.get(left.value.__class__)  # which is asked here about null, too
    return own(left.value, right.value) if own is not None else equal(left.value, right.value, begun)


def _equal_lists(
    left: tuple[Value, ...], right: tuple[Value, ...], begun: set[tuple[int, int]] | None
) -> bool:
    only = only_class(left) if len(left) > _FEW else None
    if only in NATIVE and only_class(right) is only:
        return left == right
    if only is float and only_class(right) is float:
        return all(map(operator.eq, left, right))
    return _equal_parts(left, right, zip(left, right, strict=True), begun)


def _equal_parts(
    left: Value, right: Value, parts: Iterable[tuple[Value, Value]], begun: set[tuple[int, int]] | None
) -> bool:
    begun = set() if begun is None else begun
    pair = (id(left), id(right))
    if pair in begun:
        return True
    begun.add(pair)
    return all(_equal_or_failing(one, other, begun) for one, other in parts)


def _equal_or_failing(left: Value, right: Value, begun: set[tuple[int, int]]) -> bool:
    """Whether two parts are not known to differ: upstream overlooks that they cannot be compared."""
    try:
        return equal(left, right, begun)
    except Failure:
        return True


def contains(elements: tuple[Value, ...], wanted: Value) -> bool:
    """Whether a list has an element that a value equals; elements that cannot be compared do not."""
    if len(elements) > _FEW and is_native(elements, wanted):
        return wanted in elements
    return any(_equal_or_not(wanted, element) for element in elements)


def _equal_or_not(left: Value, right: Value) -> bool:
    try:
        return equal(left, right)
    except Failure:
        return False


def compare(left: Value, right: Value) -> int | Failure:
    """CEL's order: -1, 0 or 1, or a failure if there is none; numbers are compared across types."""
    kind, other = left.__class__, right.__class__
    if kind in _NUMBERS and other in _NUMBERS:
        if kind is float or other is float:
            left, right = float(left), float(right)
            if left != left or right != right:
                return NO_ORDER
    elif kind is not other or kind not in _ORDERED:
        return NO_OVERLOAD
    else:
        key = _ORDERED[kind]
        if key is not None:
            left, right = key(left), key(right)
    return int(left > right) - int(left < right)
