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
from collections.abc import Iterable, Iterator
from itertools import repeat

from dra.cel.regex.classes import WORD, Class, contains, single
from dra.cel.regex.program import Program
from dra.cel.regex.tree import Assertion, Chars, Node, Where

__all__ = ["MAX_PROGRAM", "Matcher"]

MAX_PROGRAM = 50_000
"""Most instructions of a program."""

_MAX_KEPT_BYTES = 8 << 20
_TRANSITION_BYTES = 100
_MAX_SYMBOLS = 4096
_BLOCK = 1024
_NEWLINE = ord("\n")
_LOOKING_LEFT = (Where.LINE_START, Where.WORD_BOUNDARY, Where.NOT_WORD_BOUNDARY)
_ABOUT_LINES = (Where.LINE_START, Where.LINE_END)
_ABOUT_WORDS = (Where.WORD_BOUNDARY, Where.NOT_WORD_BOUNDARY)


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
    """What is viable at a position, one bit an instruction."""

    __slots__ = ("leads", "left", "starts", "viable")

    def __init__(self, viable: int, start: int) -> None:
        self.viable = viable
        self.starts = bool(viable >> start & 1)
        self.left: dict[int, _State] = {}
        self.leads: dict[int, int] = {}


class _Edges:
    """Ways from instructions to others, kept so that all can be followed backwards at once.

    Where an instruction's number is `n` and its target's is `n - distance`, shifting the bits of what is
    viable by `distance` turns targets into instructions. Programs have few distances.
    """

    def __init__(self) -> None:
        self._by_distance: dict[int, int] = {}

    def add(self, number: int, target: int) -> None:
        distance = number - target
        self._by_distance[distance] = self._by_distance.get(distance, 0) | 1 << number

    def sources(self, targets: int) -> int:
        """The instructions with an edge to any of the targets."""
        found = 0
        for distance, numbers in self._by_distance.items():
            shifted = targets << distance if distance >= 0 else targets >> -distance
            found |= shifted & numbers
        return found


class Matcher:
    """A pattern ready to be matched in linear time.

    Args:
        root: The pattern's tree; its size must be at most `MAX_PROGRAM`.
    """

    def __init__(self, root: Node) -> None:
        program = Program(root)
        self._start = program.start
        self._targets = program.targets
        self._reads = [isinstance(instruction, Chars) for instruction in program.instructions]
        self._index(program)
        self._forget()

    def _index(self, program: Program) -> None:
        """Arrange the program for walking it backwards."""
        self._reading, self._jumps = _Edges(), _Edges()
        self._asserted: dict[Where, _Edges] = {}
        self._readers: dict[Class, int] = {}
        for number, instruction in enumerate(program.instructions):
            edges = self._jumps
            if isinstance(instruction, Chars):
                edges = self._reading
                self._readers[instruction.members] = self._readers.get(instruction.members, 0) | 1 << number
            elif isinstance(instruction, Assertion):
                edges = self._asserted.setdefault(instruction.where, _Edges())
            for target in program.targets[number]:
                edges.add(number, target)
        self._looks_left = not self._asserted.keys().isdisjoint(_LOOKING_LEFT)
        extra = [single(_NEWLINE)] * (not self._asserted.keys().isdisjoint(_ABOUT_LINES))
        extra += [WORD] * (not self._asserted.keys().isdisjoint(_ABOUT_WORDS))
        self._alphabet = _Alphabet([*self._readers, *extra])
        self._readers_of: dict[int, int] = {}
        self._stride = len(self._alphabet.points) + 1

    def _forget(self) -> None:
        """Begin with no states; a scan under way goes on with those it holds."""
        self._states: dict[int, _State] = {}
        self._after_end = _State(0, self._start)
        self._kept = 0

    # -- from right to left

    def _block(self, text: str, low: int, after: _State) -> list[_State]:
        """The states at the positions from `low` on, up to `after`, the state at the next block's first."""
        high = min(low + _BLOCK, len(text) + 1)
        symbols = list(map(self._alphabet.__getitem__, text[low:high]))
        before = 0
        if low:
            before = self._alphabet[text[low - 1]] if self._looks_left else 1
        rights = symbols if high <= len(text) else [*symbols, 0]
        lefts = [before, *(symbols if self._looks_left else repeat(1, len(symbols)))][: len(rights)]
        states = []
        state, stride = after, self._stride
        for left, right in zip(reversed(lefts), reversed(rights), strict=True):
            state = state.left.get(left * stride + right) or self._make_state(state, left, right)
            states.append(state)
        states.reverse()
        return states

    def _blocks(self, text: str) -> Iterator[tuple[int, _State, list[_State]]]:
        """The blocks of positions from the last to the first: where each starts, what follows, its states."""
        after = self._after_end
        for low in range(len(text) // _BLOCK * _BLOCK, -1, -_BLOCK):
            states = self._block(text, low, after)
            yield low, after, states
            after = states[0]

    def _make_state(self, after: _State, left: int, right: int) -> _State:
        """The state left of `after`, between two symbols; 0 is the end of the text on that side."""
        viable = 1
        if right:
            viable |= self._reading.sources(after.viable) & self._readers_at(right)
        jumps = [self._jumps]
        jumps += [edges for where, edges in self._asserted.items() if self._holds(where, left, right)]
        reached = 0
        while reached != viable:
            reached = viable
            for edges in jumps:
                viable |= edges.sources(viable)
        self._kept += viable.bit_length() // 8 + _TRANSITION_BYTES
        if self._kept > _MAX_KEPT_BYTES:
            self._forget()
        state = self._states.get(viable)
        if state is None:
            state = self._states[viable] = _State(viable, self._start)
        after.left[left * self._stride + right] = state
        return state

    def _readers_at(self, symbol: int) -> int:
        """The instructions that read a symbol."""
        readers = self._readers_of.get(symbol)
        if readers is None:
            point = self._alphabet.points[symbol - 1]
            readers = 0
            for members, numbers in self._readers.items():
                if contains(members, point):
                    readers |= numbers
            self._readers_of[symbol] = readers
        return readers

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

    def _end_of_match(self, window: _Window, position: int) -> int:
        number = self._start
        while True:
            state = window.state(position)
            lead = state.leads.get(number)
            if lead is None:
                lead = state.leads[number] = self._lead(number, state.viable)
            if lead == 0:
                return position
            number = self._targets[lead][0]
            position += 1

    def _lead(self, number: int, viable: int) -> int:
        """The preferred viable instruction that reads a character, or the match, reached without reading."""
        pending, seen = [number], set[int]()
        while True:
            number = pending.pop()
            if number == 0 or self._reads[number]:
                return number
            if number not in seen:
                seen.add(number)
                pending.extend(target for target in reversed(self._targets[number]) if viable >> target & 1)

    # -- asked from outside

    def search(self, text: str) -> bool:
        """Whether the pattern matches somewhere in the text."""
        return any(state.starts for _, _, states in self._blocks(text) for state in states)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of each match, from left to right, as Go's `FindAll` chooses them."""
        window = _Window(self, text)
        position, previous_end = 0, -1
        while position <= len(text):
            if not window.state(position).starts:
                position += 1
                continue
            end = self._end_of_match(window, position)
            if end > position or position != previous_end:
                yield position, end
            previous_end = end
            position = end if end > position else position + 1


class _Window:
    """The states of a text, asked for from left to right; only one block of them is kept at a time."""

    def __init__(self, matcher: Matcher, text: str) -> None:
        self._matcher = matcher
        self._text = text
        self._after: dict[int, _State] = {}
        for low, after, states in matcher._blocks(text):
            self._after[low] = after
            self._states = states
        self._low = 0

    def state(self, position: int) -> _State:
        """The state at a position."""
        if position >= self._low + _BLOCK:
            self._low = position // _BLOCK * _BLOCK
            self._states = self._matcher._block(self._text, self._low, self._after[self._low])
        return self._states[position - self._low]
