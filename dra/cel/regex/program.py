"""A tree as a program: numbered instructions that say what may follow what, the preferred first."""

from __future__ import annotations

from collections.abc import Callable, Generator

from dra.cel.regex.tree import Alternate, Assertion, Capture, Chars, Concat, Node, Repeat

__all__ = ["Program"]

_Build = Generator[tuple[Node, int], int, int]


class Program:
    """Instructions, by number; 0 is the match.

    A `Chars` reads a character and goes on at its only target, an `Assertion` likewise without reading, and
    None goes on at any of its targets, the earlier preferred.
    """

    def __init__(self, root: Node) -> None:
        self.instructions: list[Chars | Assertion | None] = [None]
        self.targets: list[tuple[int, ...]] = [()]
        self.start = _run(self._build, root, 0)

    def _add(self, instruction: Chars | Assertion | None, *targets: int) -> int:
        self.instructions.append(instruction)
        self.targets.append(targets)
        return len(self.targets) - 1

    def _build(self, node: Node, then: int) -> _Build:
        """Add the instructions of a node that go on at `then`; the result is where it is entered."""
        if isinstance(node, (Chars, Assertion)):
            return self._add(node, then)
        if isinstance(node, Capture):
            return (yield node.sub, then)
        if isinstance(node, Concat):
            for sub in reversed(node.subs):
                then = yield sub, then
            return then
        if isinstance(node, Alternate):
            entries = []
            for sub in node.subs:
                entries.append((yield sub, then))  # noqa: PERF401 - a comprehension cannot yield
            return self._add(None, *entries)
        return (yield from self._build_repeat(node, then))

    def _build_repeat(self, node: Repeat, then: int) -> _Build:
        if node.most is None:
            loop = self._add(None)
            entry = yield node.sub, loop
            self.targets[loop] = (entry, then) if node.greedy else (then, entry)
            if node.least == 0:
                # What can match nothing is entered once before the choice to repeat it (golang/go#46123).
                entry = self._choice(node, entry, then) if node.sub.nullable else loop
        else:
            entry = then
            for _ in range(node.most - node.least):
                entry = self._choice(node, (yield node.sub, entry), then)
        for _ in range(node.least - (node.most is None)):
            entry = yield node.sub, entry
        return entry

    def _choice(self, node: Repeat, entry: int, then: int) -> int:
        return self._add(None, entry, then) if node.greedy else self._add(None, then, entry)


def _run(build: Callable[[Node, int], _Build], node: Node, then: int) -> int:
    """Run a generator that asks for the results of others, without recursion."""
    running: list[_Build] = []
    asked: tuple[Node, int] | None = (node, then)
    result = 0
    while asked or running:
        if asked:
            running.append(build(*asked))
        asked, result = _advance(running[-1], None if asked else result)
        if not asked:
            running.pop()
    return result


def _advance(build: _Build, answer: int | None) -> tuple[tuple[Node, int] | None, int]:
    """Give a generator its answer: what it asks next, or None and its own result."""
    try:
        return (next(build) if answer is None else build.send(answer)), 0
    except StopIteration as stop:
        return None, stop.value
