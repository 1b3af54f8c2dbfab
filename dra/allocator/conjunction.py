"""Which term of a selector is false for a device: `a && b && c` says more term by term."""

from __future__ import annotations

from collections.abc import Iterator

from dra import cel
from dra.allocator.candidates import Matcher
from dra.allocator.pools import Pool
from dra.cel.trace import Step

__all__ = ["Conjunctions"]


class Conjunctions:
    """Takes selectors apart once and evaluates their terms as selectors of their own.

    Args:
        matcher: Evaluates selectors, and remembers what they said.
    """

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self._terms: dict[str, tuple[str, ...]] = {}

    def first_false(self, expression: str, pool: Pool, index: int) -> str:
        """The first false term for a device that the selector does not select; empty if it has but one."""
        if "&&" not in expression:
            return ""
        selector = self.matcher.selector(expression)
        if not isinstance(selector, cel.Selector):
            return ""
        if expression not in self._terms:
            self._terms[expression] = self._split(selector, pool, index)
        terms = self._terms[expression]
        if not terms:
            decisive = selector.explain(self.matcher.bound(pool.devices[index])).decisive
            return decisive.text if decisive else ""
        for term in terms:
            verdicts = self.matcher.verdicts(pool, term, 1 << index)
            if index not in verdicts.errors and not verdicts.true >> index & 1:
                return term
        return ""

    def _split(self, selector: cel.Selector, pool: Pool, index: int) -> tuple[str, ...]:
        """The terms; none if they do not stand alone, as below a binding."""
        terms = tuple(_operands(selector.explain(self.matcher.bound(pool.devices[index])).root))
        alone = all(isinstance(self.matcher.selector(term), cel.Selector) for term in terms)
        return terms if alone and len(terms) > 1 else ()


def _operands(step: Step) -> Iterator[str]:
    if step.operator == "_&&_":
        for child in step.children:
            yield from _operands(child)
    else:
        yield step.text
