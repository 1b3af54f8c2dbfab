"""Comprehensions: what the macros that iterate do for each element, and `cel.bind`.

The usual shapes have loops of their own, which do in one step what the macro does in five, at its cost. Where
one turns out to be long, generated code runs it, and hands over what it has no answer for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import attrs

from dra.cel.declarations import LIST_COST
from dra.cel.interpreter.frame import Constant, Frame, Run
from dra.cel.interpreter.written import DONE, STOPPED, FastLoop, Items
from dra.cel.interpreter.written.runtime import condition_failure, entries, exists_already, merge, pairs
from dra.cel.values import UNSET, Failure, Value, map_key

__all__ = [
    "Loop",
    "Warmth",
    "bound",
    "collecting",
    "counting",
    "first_use",
    "folding",
    "inserting",
    "merging",
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

    def entries(self, over: Value) -> Iterable[Value] | Failure:
        """What the variables stand for, one after the other; pairs if there are two."""
        return entries(over) if self.second is None else pairs(over)

    def set(self, frame: Frame, entry: Value) -> None:
        """Put an entry into the variables."""
        if self.second is None:
            frame.slots[self.first] = entry
        else:
            frame.slots[self.first], frame.slots[self.second] = entry

    def each(self, frame: Frame, one: Callable[[], bool], found: Found) -> Iterator[Value] | None:
        """Go through the entries.

        Args:
            frame: The evaluation.
            one: Deals with one entry, which is in the variables; tells whether that was the last to look at.
            found: What that and the fast code add to.

        Returns:
            What is left where one entry has decided, else None, also if there is nothing to iterate over.
        """
        over = self.range(frame)
        all_entries = self.entries(over)
        if isinstance(all_entries, Failure):
            found.nothing = all_entries
            return None
        elements = iter(all_entries)
        fast, vain = self.warmth.after(len(over)) if self.warmth else None, 0
        while True:
            if fast is None or vain > _MOST_VAIN:
                entry = next(elements, _END)
                if entry is _END:
                    return None
            else:
                before = frame.cost
                why, frame.cost, entry, found.failed = fast(
                    elements, before, frame.limit, found.items, found.failed, frame.slots, frame.names
                )
                if why == DONE:
                    return None
                if why == STOPPED:
                    return elements
                vain = vain + 1 if frame.cost == before else 0
            self.set(frame, entry)
            if one():
                return elements


class Found:
    """What a loop has found so far.

    Attributes:
        items: What it has collected.
        failed: The failure of the whole, unless an element decides.
        nothing: The failure of iterating over something else than a list or a map.
    """

    __slots__ = ("failed", "items", "nothing")

    def __init__(self, items: Items) -> None:
        self.items: Any = items
        self.failed: Failure | None = None
        self.nothing: Failure | None = None


def quantifying(loop: Loop, test: Run, steps: int, *, ends: bool) -> Run:
    """`all` (that `ends` with false) and `exists` (with true)."""

    def run(frame: Frame) -> Value:
        found = Found([])

        def one() -> bool:
            frame.units(steps)
            value = test(frame)
            if value is not ends and value is not (not ends) and found.failed is None:
                found.failed = condition_failure(value)
            return value is ends

        rest = loop.each(frame, one, found)
        if found.nothing is not None:
            return found.nothing
        if rest is not None and next(rest, _END) is not _END:
            frame.units(steps - 1)
        frame.units(1)
        if rest is not None:
            return ends
        return not ends if found.failed is None else found.failed

    return run


def collecting(loop: Loop, test: Run | None, element: Run) -> Run:
    """`map`, `filter` and `transformList`: a list of what an element becomes, where a test is true."""
    cost = list_cost(element)

    def add(frame: Frame, found: Found) -> None:
        frame.units(1)
        value = element(frame)
        frame.charge(cost)
        frame.units(1)
        if value.__class__ is not Failure:
            found.items.append(value)
        elif found.failed is None:
            found.failed = value

    return _gathering(loop, test, list, add, tuple)


def inserting(loop: Loop, test: Run | None, key: Run, value: Run) -> Run:
    """`transformMap`: a map of what the values become, where a test is true."""

    def add(frame: Frame, found: Found) -> None:
        frame.units(1)
        if found.failed is not None:
            return
        name, entry = map_key(key(frame)), value(frame)
        frame.units(1)
        if entry.__class__ is Failure:
            found.failed = entry
        elif name in found.items:
            found.failed = exists_already(name)
        else:
            found.items[name] = entry

    return _gathering(loop, test, dict, add)


def merging(loop: Loop, test: Run | None, entry: Run, insert: Callable[..., Value]) -> Run:
    """`transformMapEntry`: all entries of the maps that the elements become, where a test is true."""

    def add(frame: Frame, found: Found) -> None:
        frame.units(1)
        more = entry(frame)
        frame.units(1)
        if found.failed is None:
            found.failed = merge(insert, found.items, more)

    return _gathering(loop, test, dict, add)


def counting(loop: Loop, test: Run) -> Run:
    """`exists_one`."""

    def add(frame: Frame, found: Found) -> None:
        frame.units(2)
        found.items.append(None)

    return _gathering(loop, test, list, add, lambda items: len(items) == 1, cost=2)


def _gathering(
    loop: Loop,
    test: Run | None,
    empty: Callable[[], Items],
    add: Callable[[Frame, Found], None],
    result: Callable[[Any], Value] = lambda items: items,
    *,
    cost: int = 1,
) -> Run:
    """A loop that looks at every element, and adds those for which a test is true."""

    def run(frame: Frame) -> Value:
        found = Found(empty())

        def one() -> bool:
            chosen = True if test is None else test(frame)
            if chosen is True:
                add(frame, found)
            elif chosen is not False:
                found.failed = condition_failure(chosen)
            return False

        loop.each(frame, one, found)
        if found.nothing is not None:
            return found.nothing
        frame.units(cost)
        return result(found.items) if found.failed is None else found.failed

    return run


def list_cost(element: Run) -> int:
    """What the list of the one element costs that is added to those collected: nothing if it is constant."""
    return 0 if isinstance(element, Constant) else LIST_COST


def folding(loop: Loop, accumulator: int, initial: Run, condition: Run, step: Run, result: Run) -> Run:
    """Any other comprehension, as its parts say."""

    def run(frame: Frame) -> Value:
        all_entries = loop.entries(loop.range(frame))
        if isinstance(all_entries, Failure):
            return all_entries
        slots, start = frame.slots, initial(frame)
        # A map is added to in place.
        slots[accumulator] = dict(start) if start.__class__ is dict else start
        for entry in all_entries:
            loop.set(frame, entry)
            if condition(frame) is False:
                break
            slots[accumulator] = step(frame)
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
