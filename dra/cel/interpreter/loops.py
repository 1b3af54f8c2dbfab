"""Comprehensions: what the macros that iterate do for each element, and `cel.bind`.

The usual shapes have loops of their own, which do in one step what the macro does in five, at its cost. Where
one turns out to be long, generated code runs it, and hands over what it has no answer for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import attrs

from dra.cel.codegen.counting import DONE, STOPPED, UNSET, FastLoop, Items
from dra.cel.declarations import LIST_COST
from dra.cel.interpreter.aggregates import go_type
from dra.cel.interpreter.frame import Constant, Frame, Run
from dra.cel.values import NO_SUCH_OVERLOAD, Failure, Value, key_value, map_key

__all__ = [
    "Loop",
    "Warmth",
    "bound",
    "collecting",
    "counting",
    "first_use",
    "folding",
    "inserting",
    "quantifying",
    "slot",
]

_END: Final = object()
_MOST_VAIN: Final = 4
_LONG: Final = 256


class Warmth:
    """Has code made for a loop once that has run for many elements in all.

    Args:
        generate: Makes the code, or gives None if it cannot be made.
    """

    __slots__ = ("code", "elements", "generate")

    def __init__(self, generate: Callable[[], FastLoop | None]) -> None:
        self.generate = generate
        self.elements = 0
        self.code: FastLoop | None = None

    def after(self, elements: int) -> FastLoop | None:
        """The code, if there is any, for a run over so many more elements."""
        before, self.elements = self.elements, self.elements + elements
        if before < _LONG <= self.elements:
            self.code = self.generate()
        return self.code


@attrs.frozen
class Loop:
    """What all loops have.

    Attributes:
        range: What is iterated over.
        first: Slot of the variable, or of the first of two.
        second: Slot of the second variable, None if there is only one.
        warmth: Gives code for the loop, if it is to have some.
    """

    range: Run
    first: int
    second: int | None
    warmth: Warmth | None = None

    def entries(self, over: Value) -> Iterable[Value]:
        """What the variables stand for, one after the other; pairs if there are two.

        Raises:
            Failure: The value is nothing to iterate over.
        """
        if isinstance(over, tuple):
            return over if self.second is None else enumerate(over)
        if isinstance(over, dict):
            keys = map(key_value, list(over))
            return keys if self.second is None else zip(keys, list(over.values()), strict=True)
        if self.second is None:
            raise Failure(f"got '{go_type(over)}', expected iterable type")
        raise Failure(f"unsupported comprehension range type: {go_type(over)}")

    def set(self, frame: Frame, entry: Value) -> None:
        """Put an entry into the variables."""
        if self.second is None:
            frame.slots[self.first] = entry
        else:
            frame.slots[self.first], frame.slots[self.second] = entry

    def each(
        self, frame: Frame, over: Value, one: Callable[[], bool], items: Items
    ) -> Iterator[Value] | None:
        """Go through the entries.

        Args:
            frame: The evaluation.
            over: What is iterated over.
            one: Deals with one entry, which is in the variables; tells whether that was the last to look at.
            items: What the fast code adds to.

        Returns:
            What is left where one entry has decided, else None.

        Raises:
            Failure: The value is nothing to iterate over.
        """
        elements = iter(self.entries(over))
        fast, vain = self.warmth.after(len(over)) if self.warmth else None, 0
        while True:
            if fast is None or vain > _MOST_VAIN:
                entry = next(elements, _END)
                if entry is _END:
                    return None
            else:
                before = frame.cost
                why, frame.cost, entry = fast(elements, before, frame.limit, items, frame.slots, frame.names)
                if why == DONE:
                    return None
                if why == STOPPED:
                    return elements
                vain = vain + 1 if frame.cost == before else 0
            self.set(frame, entry)
            if one():
                return elements


def quantifying(loop: Loop, test: Run, steps: int, *, ends: bool) -> Run:
    """`all` (that `ends` with false) and `exists` (with true)."""

    def run(frame: Frame) -> Value:
        over = loop.range(frame)
        if over.__class__ is Failure:
            return over
        failures: list[Value] = []

        def one() -> bool:
            frame.units(steps)
            value = test(frame)
            if value is not ends and value is not (not ends) and not failures:
                failures.append(_no_condition(value))
            return value is ends

        try:
            rest = loop.each(frame, over, one, failures)
        except Failure as failure:
            return failure
        if rest is not None and next(rest, _END) is not _END:
            frame.units(steps - 1)
        frame.units(1)
        if rest is not None:
            return ends
        return failures[0] if failures else not ends

    return run


def collecting(loop: Loop, test: Run | None, element: Run) -> Run:
    """`map`, `filter` and `transformList`: a list of what an element becomes, where a test is true."""
    cost = list_cost(element)

    def run(frame: Frame) -> Value:
        over = loop.range(frame)
        if over.__class__ is Failure:
            return over
        items: list[Value] = []
        failed: Failure | None = None

        def one() -> bool:
            nonlocal failed
            if test is not None and (chosen := test(frame)) is not True:
                failed = failed if chosen is False else _no_condition(chosen)
                return False
            frame.units(1)
            value = element(frame)
            frame.charge(cost)
            frame.units(1)
            if value.__class__ is not Failure:
                items.append(value)
            elif failed is None:
                failed = value
            return False

        try:
            loop.each(frame, over, one, items)
        except Failure as failure:
            return failure
        frame.units(1)
        return tuple(items) if failed is None else failed

    return run


def inserting(loop: Loop, test: Run | None, key: Run, value: Run) -> Run:
    """`transformMap`: a map of what the values become, where a test is true."""

    def run(frame: Frame) -> Value:
        over = loop.range(frame)
        if over.__class__ is Failure:
            return over
        made: dict[Any, Value] = {}
        failed: Failure | None = None

        def one() -> bool:
            nonlocal failed
            if test is not None and (chosen := test(frame)) is not True:
                failed = failed if chosen is False else _no_condition(chosen)
                return False
            frame.units(1)
            if failed is not None:
                return False
            name, entry = key(frame), value(frame)
            if entry.__class__ is Failure:
                failed = entry
            elif map_key(name) in made:
                failed = Failure(f"insert failed: key {name} already exists")
            else:
                made[map_key(name)] = entry
            frame.units(1)
            return False

        try:
            loop.each(frame, over, one, made)
        except Failure as failure:
            return failure
        frame.units(1)
        return made if failed is None else failed

    return run


def counting(loop: Loop, test: Run) -> Run:
    """`exists_one`."""

    def run(frame: Frame) -> Value:
        over = loop.range(frame)
        if over.__class__ is Failure:
            return over
        items: list[Value] = []
        failed: Failure | None = None

        def one() -> bool:
            nonlocal failed
            chosen = test(frame)
            if chosen is True:
                frame.units(2)
                items.append(None)
            elif chosen is not False:
                failed = _no_condition(chosen)
            return False

        try:
            loop.each(frame, over, one, items)
        except Failure as failure:
            return failure
        frame.units(2)
        return len(items) == 1 if failed is None else failed

    return run


def list_cost(element: Run) -> int:
    """What the list of the one element costs that is added to those collected: nothing if it is constant."""
    return 0 if isinstance(element, Constant) else LIST_COST


def _no_condition(value: Value) -> Failure:
    """The failure of a condition that gave this."""
    return value if isinstance(value, Failure) else Failure(NO_SUCH_OVERLOAD)


def folding(loop: Loop, accumulator: int, initial: Run, condition: Run, step: Run, result: Run) -> Run:
    """Any other comprehension, as its parts say."""

    def run(frame: Frame) -> Value:
        over = loop.range(frame)
        if over.__class__ is Failure:
            return over
        slots = frame.slots
        start = initial(frame)
        # A map is added to in place.
        slots[accumulator] = dict(start) if start.__class__ is dict else start

        def one() -> bool:
            if condition(frame) is False:
                return True
            slots[accumulator] = step(frame)
            return False

        try:
            loop.each(frame, over, one, [])
        except Failure as failure:
            return failure
        return result(frame)

    return run


def bound(index: int, result: Run) -> Run:
    """`cel.bind`: the value is computed when it is first used, by `first_use` of the same slot."""

    def run(frame: Frame) -> Value:
        frame.slots[index] = UNSET
        return result(frame)

    return run


def first_use(index: int, initial: Run) -> Run:
    """The variable of `cel.bind`."""

    def value(frame: Frame) -> Value:
        found = frame.slots[index]
        if found is UNSET:
            frame.slots[index] = found = initial(frame)
        return found

    return value


def slot(index: int) -> Run:
    """A variable."""
    return lambda frame: frame.slots[index]
