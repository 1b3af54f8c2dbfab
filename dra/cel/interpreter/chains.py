"""Names and what is selected from them: a chain costs one as a whole, and one for each of its links."""

from __future__ import annotations

from dra.cel.access import Lifted, follow, is_absent, tested
from dra.cel.interpreter.frame import Constant, CostLimitExceeded, Frame, Run
from dra.cel.values import Value

__all__ = ["Attribute", "chain", "linked", "presence_test"]


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


def chain(operand: Run) -> Run:
    """What to select from: the operand's value, by itself costing one if it is no attribute."""
    return operand.resolve if isinstance(operand, Attribute) else operand


def presence_test(operand: Run, field: str) -> Attribute:
    """`has(operand.field)`."""
    base = chain(operand)

    def test(frame: Frame) -> Value:
        found, cost = tested(base(frame), field)
        frame.charge(cost)
        return found

    return Attribute(test, free=True)


def linked(operand: Run, key: Run, *, optional: bool) -> Attribute:
    """One more link of a chain."""
    base, key_of = chain(operand), chain(key)
    constant = key.value if isinstance(key, Constant) else None

    def resolve(frame: Frame) -> Value:
        value, index = base(frame), constant
        if constant is None:
            absent = is_absent(value)
            if absent is not None:
                return absent
            index = key_of(frame)
        found, cost = follow(value, index, optional)
        frame.cost += cost
        if frame.cost > frame.limit:
            raise CostLimitExceeded
        return found

    return Attribute(resolve)
