"""What is wrong in manifests, with file and line, printed for people, for programs or for GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Final

import attrs

from dra.cli.output import Output, print_data, print_text

if TYPE_CHECKING:
    from dra.errors import DraError
    from dra.linting.finding import Finding
    from dra.models.loading import Located
    from dra.validation.field_error import FieldError

__all__ = ["Problem", "Report", "print_problems"]

# Finding a line means reading the file once more. In large files only so many are looked up.
_LARGE_FILE: Final = 1_000_000
_LOOKED_UP: Final = 20
# Namespace and name together have at most 317 characters.
_LONG_WORD: Final = re.compile(r"\S{400,}")
_BEGINNING: Final = 100
_END: Final = 20


class Report(str, Enum):
    """The forms of a report; `table` is another name of `text`, since that is what other commands call it."""

    TABLE = "table"
    TEXT = "text"
    YAML = "yaml"
    JSON = "json"
    GITHUB = "github"


@attrs.frozen
class Problem:
    """One thing that is wrong.

    Attributes:
        source: The file.
        line: Its line from 1, 0 if unknown.
        column: Its column from 1, 0 if unknown.
        subject: The object.
        field: The field.
        level: `error`, `warning` or `info`.
        code: The lint check or the server's type of error.
        message: What is wrong.
        fix: What would be right.
    """

    source: str
    line: int
    column: int
    subject: str
    field: str
    level: str
    code: str
    message: str
    fix: str = ""

    @classmethod
    def of_error(cls, error: FieldError, located: Located, *, look_up: bool = True) -> Problem:
        """A field error of an object."""
        line, column = located.position(error.field) if look_up else (0, 0)
        subject = located.object.subject
        return cls(
            located.source,
            line,
            column,
            subject,
            error.field,
            "error",
            error.type.value,
            error.message,
            _fix(error),
        )

    @classmethod
    def of_finding(cls, finding: Finding, located: Located, *, look_up: bool = True) -> Problem:
        """A lint finding in an object."""
        line, column = located.position(finding.path) if look_up else (0, 0)
        return cls(
            located.source,
            line,
            column,
            finding.subject,
            finding.path,
            finding.severity.value,
            finding.code,
            finding.message,
            finding.fix,
        )

    @classmethod
    def of_exception(cls, error: DraError) -> Problem:
        """An object that cannot be read."""
        return cls(
            error.source,
            error.line,
            error.column,
            error.subject,
            error.path,
            "error",
            type(error).__name__,
            error.message,
            error.remedy,
        )

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.source, self.line, self.column) if part)
        word = self.level if self.code[:3] != "DRA" else f"{self.level} {self.code}"
        said = map(_shortened, (self.subject, self.field, word, self.message))
        text = ": ".join(part for part in (place, *said) if part)
        return f"{text}\n  {self.fix}" if self.fix else text


def _shortened(text: str) -> str:
    """The text, of words that are longer than any name only the ends. Lines with carets below stay whole."""
    return text if "\n" in text else _LONG_WORD.sub(_ends, text)


def _ends(word: re.Match[str]) -> str:
    whole = word[0]
    return f"{whole[:_BEGINNING]}… ({len(whole):,} characters) …{whole[-_END:]}"


def _fix(error: FieldError) -> str:
    """What would be right in place of an expression that is no selector."""
    if not isinstance(error.value, str):
        return ""
    from dra.cel.remedies import remedy_for

    return remedy_for(error.detail, error.value)


def look_ups(located: Iterable[Located]) -> Iterable[bool]:
    """For each object whether lines are worth looking up, which costs reading its file again."""
    left: dict[int, int] = {}
    for each in located:
        document = each.document
        if document is None or len(document.text) < _LARGE_FILE:
            yield True
            continue
        left[id(document)] = left.get(id(document), _LOOKED_UP) - 1
        yield left[id(document)] >= 0


def print_problems(problems: Sequence[Problem], report: Report) -> None:
    """Print the problems; as text nothing if there are none."""
    if report in (Report.JSON, Report.YAML):
        print_data([attrs.asdict(problem) for problem in problems], Output(report.value))
        return
    for problem in problems:
        if report is Report.GITHUB:
            print(_annotation(problem))
        else:
            print_text(str(problem))


def _annotation(problem: Problem) -> str:
    """A workflow command that GitHub shows at the line."""
    level = "notice" if problem.level == "info" else problem.level
    place = {"file": problem.source, "line": problem.line, "col": problem.column, "title": problem.code}
    properties = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in place.items() if value)
    subject = ": ".join(part for part in (problem.subject, problem.field) if part)
    text = "\n".join(part for part in (f"{subject}: {problem.message}", problem.fix) if part)
    return f"::{level} {properties}::{_escaped(text)}"


def _escaped(text: str, also: str = "") -> str:
    for character in f"%\r\n{also}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
