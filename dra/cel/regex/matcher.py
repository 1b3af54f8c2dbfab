"""Matching in linear time, whatever the pattern and the text.

Two passes. From the right end of the text, an automaton finds for every position the instructions of the
program from which the rest of the text can still be matched: the viable ones. A match starts exactly where
the first instruction is viable. From there, a walk to the right takes at each choice the preferred branch
that is viable, so it never turns back, and ends where leftmost-first matching (Perl's and Go's) ends.

The automaton's states are made when first needed and kept within a bound. Each position costs one look-up,
or one pass over the program, whose size is bounded too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import repeat

from dra.cel.regex.classes import WORD, Class, contains, single
from dra.cel.regex.tree import Alternate, Assertion, Capture, Chars, Concat, Node, Repeat, Where

__all__ = ["MAX_PROGRAM", "Matcher"]

MAX_PROGRAM = 50_000
"""Most instructions of a program."""

_MAX_KEPT_BYTES = 8 << 20
_TRANSITION_BYTES = 100
_MAX_SYMBOLS = 4096
_NEWLINE = ord("\n")
_LOOKING_LEFT = (Where.LINE_START, Where.WORD_BOUNDARY, Where.NOT_WORD_BOUNDARY)
_ABOUT_LINES = (Where.LINE_START, Where.LINE_END)
_ABOUT_WORDS = (Where.WORD_BOUNDARY, Where.NOT_WORD_BOUNDARY)

_Build = Generator[tuple[Node, int], int, int]


class _Program:
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


class _Alphabet(dict[str, int]):
    """The number of the symbol of each character, from 1; characters that no class tells apart share one."""

    def __init__(self, classes: Iterable[Class]) -> None:
        super().__init__()
        ends = {0}
        for members in classes:
            for low, high in members:
                ends.update((low, high + 1))
        self.points = sorted(ends)

    def __missing__(self, char: str) -> int:
        symbol = bisect_right(self.points, ord(char))
        if len(self) < _MAX_SYMBOLS:
            self[char] = symbol
        return symbol


class _State:
    """What is viable at a position, one byte an instruction."""

    __slots__ = ("leads", "left", "starts", "viable")

    def __init__(self, viable: bytes, start: int) -> None:
        self.viable = viable
        self.starts = bool(viable[start])
        self.left: dict[int, _State] = {}
        self.leads: dict[int, int] = {}


class Matcher:
    """A pattern ready to be matched in linear time.

    Args:
        root: The pattern's tree; its size must be at most `MAX_PROGRAM`.
    """

    def __init__(self, root: Node) -> None:
        program = _Program(root)
        self._start = program.start
        self._targets = program.targets
        self._reads = [isinstance(instruction, Chars) for instruction in program.instructions]
        self._index(program)
        self._forget()

    def _forget(self) -> None:
        """Begin with no states; a scan under way goes on with those it holds."""
        self._states: dict[bytes, _State] = {}
        self._after_end = _State(bytes(len(self._targets)), self._start)
        self._kept = 0

    def _index(self, program: _Program) -> None:
        """Arrange the program for walking it backwards."""
        readers: dict[Class, list[tuple[int, int]]] = {}
        self._jumps_to: list[list[int]] = [[] for _ in program.targets]
        self._places: dict[int, Where] = {}
        for number, instruction in enumerate(program.instructions):
            if isinstance(instruction, Chars):
                target = program.targets[number][0]
                readers.setdefault(instruction.members, []).append((number, target))
                continue
            if isinstance(instruction, Assertion):
                self._places[number] = instruction.where
            for target in program.targets[number]:
                self._jumps_to[target].append(number)
        self._readers = list(readers.items())
        places = set(self._places.values())
        self._looks_left = not places.isdisjoint(_LOOKING_LEFT)
        extra = [single(_NEWLINE)] * (not places.isdisjoint(_ABOUT_LINES))
        extra += [WORD] * (not places.isdisjoint(_ABOUT_WORDS))
        self._alphabet = _Alphabet([*readers, *extra])
        self._stride = len(self._alphabet.points) + 1

    # -- from right to left

    def _backwards(self, text: str) -> Iterator[_State]:
        """The state at every position, from the end of the text to its start."""
        symbols = list(map(self._alphabet.__getitem__, text))
        rights = [0, *reversed(symbols)]
        lefts = [*reversed(symbols), 0] if self._looks_left else [*repeat(1, len(symbols)), 0]
        stride = self._stride
        state = self._after_end
        for left, right in zip(lefts, rights, strict=True):
            key = left * stride + right
            state = state.left.get(key) or self._make_state(state, left, right)
            yield state

    def _make_state(self, after: _State, left: int, right: int) -> _State:
        """The state left of `after`, between two symbols; 0 is the end of the text on that side."""
        viable = bytearray(len(self._targets))
        pending = [0]
        if right:
            point, later = self._alphabet.points[right - 1], after.viable
            for members, readers in self._readers:
                if contains(members, point):
                    pending.extend(number for number, target in readers if later[target])
        for number in pending:
            viable[number] = 1
        while pending:
            for number in self._jumps_to[pending.pop()]:
                if not viable[number] and (
                    number not in self._places or self._holds(self._places[number], left, right)
                ):
                    viable[number] = 1
                    pending.append(number)
        key = bytes(viable)
        self._kept += len(key) + _TRANSITION_BYTES
        if self._kept > _MAX_KEPT_BYTES:
            self._forget()
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = _State(key, self._start)
        after.left[left * self._stride + right] = state
        return state

    def _holds(self, where: Where, left: int, right: int) -> bool:
        if where is Where.TEXT_START:
            return left == 0
        if where is Where.TEXT_END:
            return right == 0
        if where is Where.LINE_START:
            return left == 0 or self._alphabet.points[left - 1] == _NEWLINE
        if where is Where.LINE_END:
            return right == 0 or self._alphabet.points[right - 1] == _NEWLINE
        boundary = self._is_word(left) != self._is_word(right)
        return boundary is (where is Where.WORD_BOUNDARY)

    def _is_word(self, symbol: int) -> bool:
        return symbol > 0 and contains(WORD, self._alphabet.points[symbol - 1])

    # -- from left to right

    def _end_of_match(self, states: list[_State], position: int) -> int:
        number = self._start
        while True:
            state = states[position]
            lead = state.leads.get(number)
            if lead is None:
                lead = state.leads[number] = self._lead(number, state.viable)
            if lead == 0:
                return position
            number = self._targets[lead][0]
            position += 1

    def _lead(self, number: int, viable: bytes) -> int:
        """The preferred viable instruction that reads a character, or the match, reached without reading."""
        pending, seen = [number], set[int]()
        while True:
            number = pending.pop()
            if number == 0 or self._reads[number]:
                return number
            if number not in seen:
                seen.add(number)
                pending.extend(target for target in reversed(self._targets[number]) if viable[target])

    # -- asked from outside

    def search(self, text: str) -> bool:
        """Whether the pattern matches somewhere in the text."""
        return any(state.starts for state in self._backwards(text))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of each match, from left to right, as Go's `FindAll` chooses them."""
        states = list(self._backwards(text))
        states.reverse()
        position, previous_end = 0, -1
        while position <= len(text):
            if not states[position].starts:
                position += 1
                continue
            end = self._end_of_match(states, position)
            if end > position or position != previous_end:
                yield position, end
            previous_end = end
            position = end if end > position else position + 1
