"""Why a selector gave what it gave: every sub-expression with its value, drawn under the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

import attrs

from dra.cel.checker import Checked
from dra.cel.path import DevicePath, device_path
from dra.cel.quoting import quote
from dra.cel.source import place
from dra.cel.spans import Spans, written_children
from dra.cel.syntax import Call, Comprehension, Ident, Literal, Node, Select
from dra.cel.types import Type
from dra.cel.values import Failure, Optional, Value, key_value

__all__ = ["Step", "Trace", "trace"]

_LONGEST_VALUE: Final = 48
_LONGEST_SHOWN: Final = 500
_LARGEST_PLAIN: Final = 1000


@attrs.frozen
class Step:
    """One sub-expression of an evaluation.

    Attributes:
        text: As written.
        line: 1-based line of its operator or name.
        column: 1-based column of that, in characters.
        value: What it gave, None if it failed or was not needed.
        error: Why it failed, empty otherwise.
        evaluated: Whether it was needed at all.
        children: What it is made of, constants left out.
    """

    text: str
    line: int
    column: int
    value: Value
    error: str
    evaluated: bool
    children: tuple[Step, ...]
    operator: str = attrs.field(default="", repr=False)

    @property
    def shown(self) -> str:
        """The value in a few characters, or the error, said once where it arose."""
        if self.error:
            return "error" if any(child.error for child in self.children) else f"error: {self.error}"
        text = show(self.value)
        return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"

    def walk(self) -> Iterator[Step]:
        """This step and all below."""
        yield self
        for child in self.children:
            yield from child.walk()

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        found: dict[str, Any] = {"text": self.text, "line": self.line, "column": self.column}
        if self.error:
            found["error"] = self.error
        elif self.evaluated:
            found["value"] = plain(self.value)
        if self.children:
            found["children"] = [child.to_dict() for child in self.children]
        return found


@attrs.frozen
class Trace:
    """An evaluation, explained.

    Attributes:
        expression: The text.
        value: Whether the device matches; None if the evaluation failed.
        error: Why it failed, empty otherwise.
        cost: What it cost, in CEL's cost units.
        root: The whole expression, with all below.
        decisive: The first false term of a conjunction, or where the error arose; None if it matched.

    Example:
        >>> from dra import cel
        >>> selector = cel.compile('device.driver == "a" && device.allowMultipleAllocations')
        >>> print(selector.explain({}, driver="b"))
        device.driver == "a" && device.allowMultipleAllocations
               |      |      |
               "b"    false  false
        false: device.driver == "a"
    """

    expression: str
    value: bool | None
    error: str
    cost: int
    root: Step
    decisive: Step | None

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return {
            "expression": self.expression,
            "value": self.value,
            "error": self.error,
            "cost": self.cost,
            "decisive": self.decisive.text if self.decisive else None,
            "tree": self.root.to_dict(),
        }

    def __str__(self) -> str:
        lines: list[str] = []
        steps = [step for step in self.root.walk() if step.evaluated]
        for number, line in enumerate(self.expression.split("\n"), 1):
            shown = [(step.column - 1, step.shown) for step in steps if step.line == number]
            lines += [line.replace("\t", " "), *_under(shown)]
        if self.error:
            at = f" in {self.decisive.text}" if self.decisive else ""
            lines.append(f"error: {self.error}{at}")
        elif self.decisive is not None:
            lines.append(f"false: {self.decisive.text}")
        return "\n".join(lines)


def trace(
    checked: Checked, values: Mapping[int, Value], *, result: bool | None, error: str, cost: int
) -> Trace:
    """The trace of an evaluation that left `values` by node id."""
    root = _Tree(checked, values).step(checked.ast.root)
    decisive = None
    if error:
        decisive = _origin(root)
    elif result is False:
        decisive = _first_false(root)
    return Trace(checked.ast.source, result, error, cost, root, decisive)


class _Tree:
    def __init__(self, checked: Checked, values: Mapping[int, Value]) -> None:
        self.ast = checked.ast
        self.values = values
        self.constants = checked.constants
        self.spans = Spans(checked.ast)

    def step(self, node: Node) -> Step:
        evaluated = node.id in self.values
        value = self.values.get(node.id)
        error = str(value) if isinstance(value, Failure) else ""
        line, column = place(self.ast.source, self.anchor(node))
        return Step(
            self.spans.text(node),
            line,
            column,
            None if error else value,
            error,
            evaluated,
            tuple(map(self.step, self.below(node))),
            self.operator(node),
        )

    def operator(self, node: Node) -> str:
        call = self.ast.macros.get(node.id, node)
        return call.function if isinstance(call, Call) else ""

    def anchor(self, node: Node) -> int:
        """Where the value is drawn: under the name of a field, under an operator otherwise."""
        at = self.ast.positions[node.id]
        return at + 1 if isinstance(node, Select) and not node.test else at

    def below(self, node: Node) -> Iterator[Node]:
        """The parts worth showing: no constants, no names of variables, no whole maps of the device."""
        if device_path(node, _device) is not None:
            return
        macro = self.ast.macros.get(node.id)
        names = {"cel"}
        if isinstance(node, Comprehension):
            names |= {node.variable, node.second, node.accumulator}
        for child in written_children(self.ast, node):
            path = device_path(child, _device)
            is_name = macro is not None and isinstance(child, Ident) and child.name in names
            if isinstance(child, Literal) or child.id in self.constants or is_name:
                continue
            if macro is not None and macro.function == "has":
                yield from self.below(child)
            elif path is None or not path.has_children:
                yield child


def _device(name: str) -> DevicePath | None:
    return DevicePath() if name == "device" else None


def _first_false(step: Step) -> Step:
    """The first false term, looked for through conjunctions and bindings."""
    while step.operator in ("_&&_", "bind") and step.children:
        if step.operator == "bind":
            step = step.children[-1]
            continue
        found = next((child for child in step.children if child.evaluated and child.value is False), None)
        if found is None:
            break
        step = found
    return step


def _origin(step: Step) -> Step:
    """The innermost step with the error."""
    while True:
        inner = next((child for child in step.children if child.error), None)
        if inner is None:
            return step
        step = inner


def _under(shown: list[tuple[int, str]]) -> list[str]:
    """Lines with bars from each column down to its text, the rightmost highest."""
    rows: list[list[str]] = [[]]
    taken: list[int] = []  # by row, the leftmost column in use
    for column, text in sorted(dict(shown).items(), reverse=True):
        _put(rows[0], column, "|")
        row = 1
        while row < len(rows) and column + len(text) + 1 > taken[row - 1]:
            _put(rows[row], column, "|")
            row += 1
        if row == len(rows):
            rows.append([])
            taken.append(column)
        taken[row - 1] = column
        for above in range(1, row):
            taken[above - 1] = min(taken[above - 1], column)
        _put(rows[row], column, text)
    return ["".join(row).rstrip() for row in rows] if shown else []


def _put(row: list[str], column: int, text: str) -> None:
    row += " " * (column + len(text) - len(row))
    row[column : column + len(text)] = text


def plain(value: Value) -> Any:
    """A value as JSON can say it; a list or map of more than a thousand parts is shown as a text, cut short.

    A small expression can make a list that holds another many times over, level upon level.
    """
    many = any(True for _ in islice(_parts(value), _LARGEST_PLAIN, None))
    return show(value) if many else _plain(value)


def _parts(value: Value) -> Iterator[Value]:
    """The value and everything in it."""
    yield value
    if isinstance(value, Optional):
        yield from _parts(value.value)
    elif isinstance(value, (tuple, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _parts(part)


def _plain(value: Value) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, tuple):
        return [_plain(element) for element in value]
    if isinstance(value, dict):
        return {str(key_value(key)): _plain(entry) for key, entry in value.items()}
    if isinstance(value, Optional):
        return _plain(value.value) if value.present else None
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value.name if isinstance(value, Type) else str(value)


def show(value: Value) -> str:
    """A value as CEL would write it, roughly; a long one is cut."""
    text = ""
    for piece in _written(value):
        text += piece
        if len(text) > _LONGEST_SHOWN:
            return f"{text[:_LONGEST_SHOWN]}…"
    return text


def _written(value: Value) -> Iterator[str]:
    """The text of a value in pieces, made only as far as they are asked for."""
    if isinstance(value, (tuple, dict)):
        opening, closing = "[]" if isinstance(value, tuple) else "{}"
        yield opening
        for number, part in enumerate(value):
            if number:
                yield ", "
            if isinstance(value, dict):
                yield from _written(key_value(part))
                yield ": "
                part = value[part]
            yield from _written(part)
        yield closing
    elif isinstance(value, Optional) and value.present:
        yield "optional.of("
        yield from _written(value.value)
        yield ")"
    else:
        yield _scalar(value)


def _scalar(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, Optional):
        return "optional.none()"
    return value.name if isinstance(value, Type) else str(value)
