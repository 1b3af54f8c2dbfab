"""Names and what is selected from them: a chain costs one as a whole, and one for each of its links."""

from __future__ import annotations

from dra.cel.access import MISSING, link, presence
from dra.cel.interpreter.frame import Constant, CostLimitExceeded, Frame, Run
from dra.cel.values import NONE, Failure, Optional, Value

__all__ = ["Attribute", "Lifted", "chain", "linked", "presence_test"]


class Attribute:
    """A name, a selection, an index or a condition, before it is known what is selected from it.

    `resolve` gives its value without the cost of one that the whole chain has in the end. Conditions and
    presence tests do not have that cost: they are `free`.
    """

    __slots__ = ("free", "resolve")

    def __init__(self, resolve: Run, *, free: bool = False) -> None:
        self.resolve = resolve
        self.free = free

    def __call__(self, frame: Frame) -> Value:
        """The value of the whole chain."""
        value = self.resolve(frame)
        if not self.free:
            frame.cost += 1
            if frame.cost > frame.limit:
                raise CostLimitExceeded
        return value.optional if value.__class__ is Lifted else value


class Lifted:
    """A value in the middle of a chain that has an optional link: what follows is optional too."""

    __slots__ = ("optional",)

    def __init__(self, optional: Optional) -> None:
        self.optional = optional


def _held(value: Value) -> Optional:
    """The optional in the middle of a chain."""
    optional: Optional = value.optional if value.__class__ is Lifted else value
    return optional


def chain(operand: Run) -> Run:
    """What to select from: the operand's value, by itself costing one if it is no attribute."""
    return operand.resolve if isinstance(operand, Attribute) else operand


def presence_test(operand: Run, field: str) -> Attribute:
    """`has(operand.field)`."""
    base = chain(operand)

    def test(frame: Frame) -> Value:
        value = base(frame)
        if value.__class__ is Failure:
            return value
        if value.__class__ is Lifted or value.__class__ is Optional:
            held = _held(value)
            if not held.present:
                return False
            value = held.value
        frame.charge(1)
        return presence(value, field)

    return Attribute(test, free=True)


def linked(operand: Run, key: Run, *, optional: bool) -> Attribute:
    """One more link of a chain. From the first optional link on, all are."""
    base, key_of = chain(operand), chain(key)
    constant = key.value if isinstance(key, Constant) else None

    def resolve(frame: Frame) -> Value:
        value = base(frame)
        if value.__class__ is Failure:
            return value
        lifted = optional
        if value.__class__ is Lifted or value.__class__ is Optional:
            held = _held(value)
            if not held.present:
                return Lifted(held)
            lifted, value = True, held.value
        index = key_of(frame) if constant is None else constant
        if index.__class__ is Failure:
            found = index
        else:
            found = link(value, index.optional if index.__class__ is Lifted else index, optional=lifted)
        if found is MISSING:
            return Lifted(NONE)
        if lifted and found.__class__ is Failure:
            return found
        frame.cost += 1
        if frame.cost > frame.limit:
            raise CostLimitExceeded
        return Lifted(Optional(found)) if lifted else found

    return Attribute(resolve)
