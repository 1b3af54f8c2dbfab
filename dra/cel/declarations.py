"""What a library declares: functions with their overloads, each with meaning and cost in one place.

The checker reads the parameter and result types, the evaluators call the implementation, the two cost
calculations use the overload's `Cost`. To add a function means to add one `Function` to one file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import attrs

from dra.cel.syntax import Call, Factory, Literal, Node
from dra.cel.types import Type
from dra.cel.values import size_of

__all__ = [
    "LIST_COST",
    "MAP_COST",
    "NOMINAL",
    "STRUCT_COST",
    "Arguments",
    "Cost",
    "Estimate",
    "Function",
    "Library",
    "Macro",
    "MacroError",
    "Overload",
    "Range",
    "Validator",
    "fixed",
    "literal_validator",
    "member",
    "overload",
    "shared_charge",
    "traversal",
]

UNBOUNDED: Final = 2**64 - 1
LIST_COST: Final = 10
MAP_COST: Final = 30
STRUCT_COST: Final = 40
STRING_TRAVERSAL: Final = 0.1  # cost of one character
REGEX_LENGTH: Final = 0.25  # cost of one character of a pattern, per unit of text


def _saturated(value: int) -> int:
    return min(UNBOUNDED, value)


def _scaled(value: int, factor: float) -> int:
    product = float(value) * factor
    return UNBOUNDED if product >= 2.0**64 else math.ceil(product)


# Not frozen, though nothing changes one: to make a frozen one takes twice the time, and compiling makes many.
@attrs.define(unsafe_hash=True)
class Range:
    """Bounds of a size or of a cost: unsigned 64-bit numbers that saturate instead of overflowing.

    Example:
        >>> Range(0, 64).times(0.1) + Range.exactly(1)
        Range(low=1, high=8)
    """

    low: int
    high: int

    @classmethod
    def exactly(cls, value: int) -> Range:
        """Bounds that meet."""
        return cls(value, value)

    def __add__(self, other: Range) -> Range:
        low, high = self.low + other.low, self.high + other.high
        if low > UNBOUNDED or high > UNBOUNDED:
            return Range(_saturated(low), _saturated(high))
        return Range(low, high)

    def __mul__(self, other: Range) -> Range:
        return Range(_saturated(self.low * other.low), _saturated(self.high * other.high))

    def times(self, factor: float) -> Range:
        """Scaled by a cost factor, both bounds rounded up."""
        return Range(_scaled(self.low, factor), _scaled(self.high, factor))

    def union(self, other: Range) -> Range:
        """The bounds that hold for either."""
        return Range(min(self.low, other.low), max(self.high, other.high))


UNKNOWN: Final = Range(0, UNBOUNDED)


class Arguments(Protocol):
    """What the static estimate knows of the arguments of one call; a receiver is argument 0."""

    def __len__(self) -> int:
        """How many there are, receiver included."""
        ...

    def size(self, index: int) -> Range:
        """Bounds of the argument's size: characters, bytes or elements; 1 for scalars."""
        ...

    def type(self, index: int) -> Type:
        """The checked type."""
        ...

    def literal(self, index: int) -> object:
        """The value of a literal argument, else None."""
        ...

    def element_size(self, index: int) -> Range:
        """Bounds of the size of each element of a list argument."""
        ...


@attrs.frozen
class Estimate:
    """What a call costs at least and at most, and how large its result may be if that is known."""

    cost: Range
    result: Range | None = None


@attrs.frozen
class Cost:
    """The two costs of an overload.

    Attributes:
        estimate: The static estimate of the call alone, without its arguments' own costs. None from it, or
            no function, stands for the default of 1.
        charge: The run-time cost from the argument values (receiver first) and the result.
        beforehand: Whether `charge` does without the result, which it then gets as None. A call that costs
            more than may be spent is not begun: for work that grows faster than the arguments.
        inline: What `charge` gives, as Python for generated loops, with `{0}`, `{1}` for arguments whose
            classes are known to fit the overload, and `{result}`. It may use what
            `interpreter.written.runtime.NAMES` offers.
    """

    estimate: Callable[[Arguments], Estimate | None] | None = None
    charge: Callable[[Sequence[Any], Any], int] | None = None
    beforehand: bool = False
    inline: str = ""


NOMINAL: Final = Cost()


def fixed(cost: int = 1) -> Callable[[Arguments], Estimate]:
    """An estimate that does not depend on the arguments."""
    return lambda _arguments: Estimate(Range.exactly(cost))


def traversal(argument: int = 0, *, factor: float = STRING_TRAVERSAL, keeps_size: bool = False) -> Cost:
    """The cost of walking over one argument once.

    Args:
        argument: Its index, receiver first; it must have a length.
        factor: Cost units per character.
        keeps_size: Whether the result is about as long as the argument.
    """

    def estimate(arguments: Arguments) -> Estimate:
        size = arguments.size(argument)
        return Estimate(size.times(factor), size if keeps_size else None)

    def charge(values: Sequence[Any], _result: Any) -> int:
        return math.ceil(size_of(values[argument]) * factor)

    length = f"len({{{argument}}})"
    inline = f"tenths[{length}]" if factor == STRING_TRAVERSAL else f"ceil({length} * {factor!r})"
    return Cost(estimate, charge, inline=inline)


@attrs.frozen
class Overload:
    """One signature of a function.

    Attributes:
        id: cel-go's name of the overload, unique in an environment.
        parameters: Types of the arguments, the receiver first if `receiver`.
        result: Type of the result.
        implementation: Called with the argument values, which are checked against `parameters` first.
            Returns the value or raises a `Failure`.
        receiver: Called as `x.f(y)` rather than `f(x, y)`.
        cost: Static and run-time cost of the call.
        guarded: Whether the argument values are checked against `parameters` before the call.
        inline: A Python expression for generated code, with `{0}`, `{1}` for arguments whose classes are
            known to fit `parameters`; it must raise wherever the implementation fails. It may call what
            `codegen.runtime.NAMES` offers.
        orders: `<` or `>` if the call asks for that order of two values of one class, `<=>` if it gives -1, 0
            or 1. Generated code then compares the attribute that the class names in `order_key`.
    """

    id: str
    parameters: tuple[Type, ...]
    result: Type
    implementation: Callable[..., Any]
    receiver: bool = False
    cost: Cost = NOMINAL
    inline: str = ""
    guarded: bool = True
    orders: str = ""


def overload(
    id: str,  # noqa: A002 - the name of the attribute
    parameters: Sequence[Type],
    result: Type,
    implementation: Callable[..., Any],
    cost: Cost = NOMINAL,
    *,
    inline: str = "",
) -> Overload:
    """An overload called as `f(x, y)`."""
    return Overload(id, tuple(parameters), result, implementation, False, cost, inline)


def member(
    id: str,  # noqa: A002 - the name of the attribute
    parameters: Sequence[Type],
    result: Type,
    implementation: Callable[..., Any],
    cost: Cost = NOMINAL,
    *,
    inline: str = "",
    guarded: bool = True,
    orders: str = "",
) -> Overload:
    """An overload called as `x.f(y)`; `parameters` starts with the receiver's type."""
    return Overload(id, tuple(parameters), result, implementation, True, cost, inline, guarded, orders)


def shared_charge(overloads: tuple[Overload, ...]) -> Callable[[Sequence[Any], Any], int] | None:
    """The run-time cost of a call, which all candidates must share; None stands for one."""
    cost = overloads[0].cost
    return cost.charge if all(one.cost is cost for one in overloads) else None


@attrs.frozen(init=False, eq=False)
class Function:
    """A function name with its overloads, tried in order.

    Attributes:
        name: As written in an expression, such as `quantity` or `sets.contains`; operators have cel-go's
            names, such as `_+_`.
        overloads: The signatures.
    """

    name: str
    overloads: tuple[Overload, ...]

    def __init__(self, name: str, *overloads: Overload) -> None:
        self.__attrs_init__(name, overloads)  # pyright: ignore[reportAttributeAccessIssue] # attrs makes it

    @property
    def is_shared(self) -> bool:
        """Whether upstream has one implementation for all overloads: all are tried, whatever was checked."""
        return not self.name[0].isalpha() or self.name in ("size", "matches", "sort")


@attrs.frozen
class Macro:
    """A call that the parser replaces by other nodes.

    Attributes:
        function: Name of the call.
        arguments: How many it takes.
        receiver: Called as `x.f(...)` rather than `f(...)`.
        expand: Gives the nodes to put in its place, from a factory, the receiver (None without) and the
            arguments; None leaves the call as it is; `MacroError` reports a mistake at a node.
    """

    function: str
    arguments: int
    receiver: bool
    expand: Callable[[Factory, Node | None, tuple[Node, ...]], Node | None]


@attrs.frozen
class Validator:
    """A check of what is written as an argument of a call, made when the expression is compiled.

    Attributes:
        function: Name of the call.
        check: Gives what is wrong, the node and the message, from the call and the types by node.
    """

    function: str
    check: Callable[[Call, Mapping[int, Type]], Iterable[tuple[Node, str]]]


def literal_validator(function: str, accepts: Callable[[object], bool]) -> Validator:
    """Refuses a literal as first argument that a function cannot take."""

    def check(call: Call, _types: Mapping[int, Type]) -> Iterable[tuple[Node, str]]:
        first = call.arguments[0] if call.arguments else None
        if isinstance(first, Literal) and not accepts(first.value):
            yield first, f"invalid {function} argument"

    return Validator(function, check)


class MacroError(Exception):
    """A macro called with arguments it cannot take, reported at a node."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


@attrs.frozen
class Library:
    """A set of functions and types that comes and goes together.

    Attributes:
        name: For people.
        functions: What it declares. Functions of the same name in several libraries are merged.
        types: Types that expressions may name, such as `net.IP`; `Quantity` and `Semver` have no name.
        macros: Calls it has expanded while parsing.
        validators: Checks of literal arguments.
        since: The first minor of Kubernetes whose `new` expressions have it.
        until: The first minor whose code no longer has it, in `new` and `stored` expressions; empty if there
            is none.
        equality: The estimate of `==` between two values of a type, where it is not by size.
        feature: Name of the `Features` attribute that alone decides whether `new` expressions have it.
        costs: Costs, by id of the overload, that from `since` on replace those of whatever library.
    """

    name: str
    functions: tuple[Function, ...] = ()
    types: tuple[Type, ...] = ()
    macros: tuple[Macro, ...] = ()
    validators: tuple[Validator, ...] = ()
    since: str = "1.0"
    until: str = ""
    feature: str = ""
    equality: Mapping[Type, Callable[[Arguments], Estimate]] = attrs.field(factory=dict)
    costs: Mapping[str, Cost] = attrs.field(factory=dict)
