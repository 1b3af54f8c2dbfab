"""Expressions: conditions on a device as values, combined with `&`, `|` and `~`, written in CEL.

An expression is plain frozen data. What it says in CEL is made and measured when the expression is, so that
there is none that a server would refuse for its length or depth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeAlias

import attrs
from typing_extensions import override

from dra import cel as language
from dra.cel import BoundDevice, Mode, Reads, Selector
from dra.cel.selector import LONGEST_EXPRESSION
from dra.claims.select.literals import Version
from dra.claims.select.reads import Missing, Read, check_domain
from dra.errors import CompileError, ExpressionError
from dra.features import LATEST, Features
from dra.models.resource import CELDeviceSelector, Device, DeviceSelector
from dra.names import byte_length
from dra.quantity import Quantity

__all__ = ["And", "Condition", "Expression", "Not", "Or", "all_of", "any_of"]

Text: TypeAlias = "tuple[str, int]"

# How tightly a text holds together, from what needs parentheses almost everywhere to what never does: in CEL,
CONDITIONAL, OR, AND, RELATION, UNARY, MEMBER = range(6)
# and in Python, where comparisons are looser than `|`.
PYTHON_RELATION, PYTHON_OR, PYTHON_AND, PYTHON_MEMBER = range(4)

Change: TypeAlias = Callable[[Read], Read]

_DEEPEST: Final = 60
_PARENTHESES: Final = (
    "& and | bind tighter than == and >=: write each comparison in parentheses, (a == 1) & (b >= 2)"
)
_VALUES: Final = (bool, int, float, str, bytes, Version, Quantity)


class Condition:
    """What `&`, `|` and `~` take: an expression, or a term that is true or false by itself."""

    __slots__ = ()

    def _condition(self) -> Expression:
        raise NotImplementedError

    def __and__(self, other: Condition) -> Expression:
        return all_of(self, _required(other, "&"))

    def __or__(self, other: Condition) -> Expression:
        return any_of(self, _required(other, "|"))

    def __invert__(self) -> Expression:
        inner = self._condition()
        return inner.operand if isinstance(inner, Not) else Not(inner)

    def __rand__(self, other: object) -> NoReturn:
        raise _no_condition(other, "&")

    def __ror__(self, other: object) -> NoReturn:
        raise _no_condition(other, "|")

    def __xor__(self, other: object) -> NoReturn:
        raise ExpressionError("there is no ^ in CEL", remedy="write (a & ~b) | (~a & b)")

    __rxor__ = __xor__

    def __bool__(self) -> NoReturn:
        raise ExpressionError(
            "it is neither true nor false before there is a device",
            value=self,
            remedy="write & for and, | for or, ~ for not, and (1 <= a) & (a < 5) for 1 <= a < 5",
        )

    def __contains__(self, other: object) -> NoReturn:
        raise ExpressionError(
            "`in` asks Python, not the device",
            value=other,
            remedy="write .in_([...]) for one of several values, .contains(...) for a part of a text, "
            ".includes(...) for a member of a list",
        )

    def __iter__(self) -> NoReturn:
        raise ExpressionError("an expression cannot be gone through", value=self)


def _required(other: object, operator: str) -> Condition:
    if not isinstance(other, Condition):
        raise _no_condition(other, operator)
    return other


def _no_condition(other: object, operator: str) -> ExpressionError:
    return ExpressionError(
        f"{operator} combines conditions, and {type(other).__name__} is none",
        value=other,
        remedy=_PARENTHESES if isinstance(other, _VALUES) else "",
    )


class Expression(Condition):
    """A condition on a device. Immutable; equal and hashed by structure.

    Made by comparing terms (`device.attr(...)`, `nvidia.gpu.memory`), by `cel`, and of other expressions.
    `str` is the CEL, `repr` Python source that gives an equal expression.

    Example:
        >>> from dra.claims.select import device
        >>> hopper = device.attr("gpu.nvidia.com/architecture") == "Hopper"
        >>> print(hopper)
        device.attributes["gpu.nvidia.com"].?architecture.orValue("") == "Hopper"
        >>> hopper
        device.attr("gpu.nvidia.com/architecture") == "Hopper"
        >>> hopper.matches({"attributes": {"architecture": {"string": "Hopper"}}}, driver="gpu.nvidia.com")
        True
    """

    __slots__ = ()

    @property
    def _parts(self) -> tuple[object, ...]:
        """What makes two expressions of a class equal."""
        raise NotImplementedError

    def conjuncts(self) -> list[Text]:
        """The CEL, as texts to be joined by `&&`, each with how tightly it holds together."""
        raise NotImplementedError

    def source(self) -> Text:
        """The Python source as an operand of `&`, with how tightly it holds together."""
        raise NotImplementedError

    @property
    def depth(self) -> int:
        """How deeply it is nested."""
        return 1

    def transformed(self, change: Change) -> Expression:
        """The same with each `Read` replaced by what `change` gives for it."""
        raise NotImplementedError

    @override
    def _condition(self) -> Expression:
        return self

    def __str__(self) -> str:
        return _joined(self.conjuncts())[0]

    def __repr__(self) -> str:
        return self.source()[0]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Expression):
            return type(self) is type(other) and self._parts == other._parts
        if isinstance(other, (Condition, *_VALUES)):
            raise ExpressionError(
                "a condition is not compared with a value", value=other, remedy=_PARENTHESES
            )
        return NotImplemented

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._parts))

    def _no_order(self, other: object) -> NoReturn:
        raise ExpressionError("a condition is not compared with a value", value=other, remedy=_PARENTHESES)

    __lt__ = __le__ = __gt__ = __ge__ = _no_order

    def or_false(self) -> Expression:
        """The same with every comparison false where the device lacks what is compared."""
        return self.transformed(lambda read: _with(read, Missing.FALSE))

    def or_error(self) -> Expression:
        """The same without guards: an error where the device lacks what is compared.

        Kubernetes gives up on the whole pod if a selector fails for one device.
        """
        return self.transformed(lambda read: _with(read, Missing.ERROR))

    def of(self, domain: str) -> Expression:
        """The same with a domain for the names that have none, which holds for devices of that driver only.

        Raises:
            ExpressionError: It is no domain.

        Example:
            >>> from dra.claims.select import device
            >>> print((device.attr("model") == "H100").of("gpu.example.com"))
            device.attributes["gpu.example.com"].?model.orValue("") == "H100"
        """
        checked = check_domain(domain, domain)
        return self.transformed(lambda read: read.of(checked))

    def selector(self) -> DeviceSelector:
        """The expression as an entry of `selectors` of a request or a class."""
        return DeviceSelector(cel=CELDeviceSelector(expression=str(self)))

    def check(
        self, kubernetes: str = LATEST, features: Features | None = None, mode: Mode = "new"
    ) -> Selector:
        """Compile it as the API server of a minor does when it is written, cost limit included.

        Args:
            kubernetes: The minor, such as `1.34`.
            features: Feature gates that are on; those of the minor by default if None.
            mode: `new`, or `stored` for what a newer server may have stored.

        Raises:
            CompileError: That server would refuse it, such as `.includes` before 1.36.
            UnknownVersionError: The minor is unknown.

        Example:
            >>> from dra.claims.select import device
            >>> device.attr("example.com/numa").includes(0).check("1.34")  # doctest: +ELLIPSIS
            Traceback (most recent call last):
            dra.errors.CompileError: ... undeclared reference to 'includes' ...
        """
        return compiled(str(self), kubernetes, features, mode)

    def matches(
        self, device: BoundDevice | Device | Mapping[str, Any], driver: str = "", kubernetes: str = LATEST
    ) -> bool:
        """Whether a device is selected.

        Args:
            device: A `Device`, one as a dict, or a bound one.
            driver: Name of the driver, unless the device is bound.
            kubernetes: The minor that evaluates it.

        Raises:
            EvaluationError: The expression fails for this device.
        """
        return language.compile(str(self), kubernetes).matches(device, driver)

    @property
    def reads(self) -> Reads:
        """The attributes, capacities and fields that can decide."""
        return language.compile(str(self)).reads


def _with(read: Read, missing: Missing) -> Read:
    if read.is_field:
        return read
    spelling = f"{read.spelling}.{missing.value}()"
    return attrs.evolve(read, missing=missing, spelling=spelling)


def compiled(text: str, kubernetes: str, features: Features | None, mode: Mode) -> Selector:
    """The compiled text, if an evaluation of it cannot cost too much.

    Raises:
        CompileError: The API server would refuse it.
    """
    selector = language.compile(text, kubernetes, features, mode)
    if selector.max_cost > language.COST_LIMIT:
        raise CompileError(
            f"it may cost {selector.max_cost} to evaluate, more than the limit of {language.COST_LIMIT}",
            value=text,
        )
    return selector


def measured(expression: Expression) -> None:
    """Refuse an expression that no server would take for its size.

    Raises:
        ExpressionError: It is longer than 10 KiB or too deeply nested.
    """
    if expression.depth > _DEEPEST:
        raise ExpressionError(f"the expression is nested more than {_DEEPEST} deep")
    length = byte_length(str(expression))
    if length > LONGEST_EXPRESSION:
        raise ExpressionError(
            f"the expression has {length} bytes in CEL, Kubernetes takes {LONGEST_EXPRESSION}",
            remedy="ask for one of several values with .in_([...]), or split it into several selectors",
        )


def _joined(conjuncts: list[Text]) -> Text:
    if len(conjuncts) == 1:
        return conjuncts[0]
    return " && ".join(wrapped(each, AND) for each in conjuncts), AND


def wrapped(text: Text, level: int) -> str:
    """A text, in parentheses if its place asks for one that holds together more tightly."""
    written, own = text
    return written if own >= level else f"({written})"


@attrs.frozen(eq=False, repr=False)
class _Joined(Expression):
    """Several expressions and one operator between them."""

    operands: tuple[Expression, ...]
    _depth: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_depth", _deeper(self.operands))
        measured(self)

    @property
    @override
    def depth(self) -> int:
        """One more than the deepest operand's."""
        return self._depth

    @property
    def _parts(self) -> tuple[object, ...]:
        return self.operands

    @override
    def transformed(self, change: Change) -> Expression:
        """The operands transformed, joined as before."""
        return type(self)(tuple(each.transformed(change) for each in self.operands))


@attrs.frozen(eq=False, repr=False)
class And(_Joined):
    """All of some expressions."""

    @override
    def conjuncts(self) -> list[Text]:
        """Those of all operands, a guard only where it is not asked already."""
        found: list[Text] = []
        for operand in self.operands:
            *guards, last = operand.conjuncts()
            # What is asked already, further to the left, guards this too.
            found += [*(guard for guard in guards if guard not in found), last]
        return found

    @override
    def source(self) -> Text:
        """The operands joined by `&`."""
        return " & ".join(wrapped(each.source(), PYTHON_AND) for each in self.operands), PYTHON_AND


@attrs.frozen(eq=False, repr=False)
class Or(_Joined):
    """Any of some expressions."""

    @override
    def conjuncts(self) -> list[Text]:
        """One text: the operands, each with its own guards, joined by `||`."""
        return [(" || ".join(wrapped(_joined(each.conjuncts()), OR) for each in self.operands), OR)]

    @override
    def source(self) -> Text:
        """The operands joined by `|`."""
        return " | ".join(wrapped(each.source(), PYTHON_OR) for each in self.operands), PYTHON_OR


@attrs.frozen(eq=False, repr=False)
class Not(Expression):
    """The opposite of an expression."""

    operand: Expression
    _depth: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_depth", _deeper((self.operand,)))
        measured(self)

    @property
    @override
    def depth(self) -> int:
        """One more than the operand's."""
        return self._depth

    @property
    def _parts(self) -> tuple[object, ...]:
        return (self.operand,)

    @override
    def conjuncts(self) -> list[Text]:
        """One text: `!` before the operand with its guards."""
        return [(f"!{wrapped(_joined(self.operand.conjuncts()), MEMBER)}", UNARY)]

    @override
    def source(self) -> Text:
        """The operand after `~`."""
        return f"~{wrapped(self.operand.source(), PYTHON_MEMBER)}", PYTHON_MEMBER

    @override
    def transformed(self, change: Change) -> Expression:
        """The opposite of the operand transformed."""
        return Not(self.operand.transformed(change))


def _deeper(operands: Sequence[Expression]) -> int:
    return 1 + max(each.depth for each in operands)


def all_of(*conditions: Condition) -> Expression:
    """True where every condition is; what `&` makes of two.

    Raises:
        ExpressionError: There is no condition, or something else among them.

    Example:
        >>> from dra.claims.select import device
        >>> print(all_of(*(device.attr(f"example.com/{name}") == 1 for name in "ab")).or_error())
        device.attributes["example.com"].a == 1 && device.attributes["example.com"].b == 1
    """
    operands = _flattened(conditions, And)
    return operands[0] if len(operands) == 1 else And(operands)


def any_of(*conditions: Condition) -> Expression:
    """True where at least one condition is; what `|` makes of two.

    Raises:
        ExpressionError: There is no condition, or something else among them.
    """
    operands = _flattened(conditions, Or)
    return operands[0] if len(operands) == 1 else Or(operands)


def _flattened(conditions: Sequence[object], kind: type[And | Or]) -> tuple[Expression, ...]:
    if not conditions:
        raise ExpressionError("there is no condition to combine")
    found: list[Expression] = []
    for condition in conditions:
        if not isinstance(condition, Condition):
            raise _no_condition(condition, "&" if kind is And else "|")
        expression = condition._condition()
        found += expression.operands if isinstance(expression, kind) else (expression,)
    return tuple(found)
