"""How answers look: tables for people, YAML and JSON for programs, errors on stderr.

Colours appear on a terminal only and never when `NO_COLOR` is set. What is printed may come from anyone's
manifest, so control characters are shown instead of sent to the terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from dra.models.meta import KubernetesObject

__all__ = [
    "Manifest",
    "Output",
    "is_quiet",
    "print_data",
    "print_error",
    "print_manifests",
    "print_note",
    "print_table",
    "print_text",
    "quietly",
    "visible",
]

_GAP = 2
_LAST_COLUMN = 36
_UNBOUNDED = 10_000
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quietly(quiet: bool) -> Iterator[None]:
    """While it lasts, if so wanted, only data and errors are printed: no tables, notes, progress."""
    token = _QUIET.set(quiet)
    try:
        yield
    finally:
        _QUIET.reset(token)


def is_quiet() -> bool:
    """Whether only data and errors are printed."""
    return _QUIET.get()


class Manifest(str, Enum):
    """The forms of objects, which go to a file or another command: a table of them would be no manifest."""

    YAML = "yaml"
    JSON = "json"


class Output(str, Enum):
    """The forms of an answer to a question."""

    TABLE = "table"
    YAML = "yaml"
    JSON = "json"


def visible(text: str) -> str:
    r"""The text with control characters spelled out, line ends and tabs excepted.

    Example:
        >>> visible("gpu\x1b[2J")
        'gpu\\x1b[2J'
    """
    return text.translate(_CONTROLS)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their headings. Only the last column is broken to fit a terminal; names never are."""
    if is_quiet():
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column in columns[:-1]:
        table.add_column(column, no_wrap=True)
    table.add_column(columns[-1], overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    names = sum(max(map(len, cells)) + _GAP for cells in list(zip(columns, *rows, strict=True))[:-1])
    _print(table, at_least=names + _LAST_COLUMN)


def print_text(text: str, style: str = "") -> None:
    """Print text as it is, in a rich style such as `bold` or `yellow` where there are colours."""
    if is_quiet():
        return
    if not text:
        print()
        return
    from rich.text import Text

    _print(Text(visible(text), style=style), at_least=_UNBOUNDED)


def print_data(data: object, output: Output) -> None:
    """Print plain data as YAML or JSON, keys in the order given."""
    if output is Output.JSON:
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    import yaml

    print(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), end="")


def print_manifests(objects: Iterable[KubernetesObject], form: Manifest) -> None:
    """Print objects, so that they can be applied."""
    import dra

    print(dra.dump(objects, form.value), end="")


def print_error(text: str) -> None:
    """Print `Error: ...` on stderr."""
    from rich.text import Text

    message = Text.assemble(("Error: ", "bold red"), visible(text))
    _console(stderr=True).print(message, soft_wrap=True)


def print_note(text: str, style: str = "yellow") -> None:
    """Print what is worth knowing on stderr."""
    if not is_quiet():
        _console(stderr=True).print(visible(text), style=style, soft_wrap=True)


def _print(what: Table | Text, at_least: int) -> None:
    console = _console()
    console.width = max(console.width, at_least) if console.is_terminal else _UNBOUNDED
    with console.capture() as captured:
        console.print(what)
    for line in captured.get().splitlines():
        print(line.rstrip())


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    class Reraising(Console):
        """A console that leaves it to the command what to do when nobody reads."""

        def on_broken_pipe(self) -> None:
            raise

    if stderr:
        sys.stdout.flush()  # so that both, read as one, come in the order in which they were written
    return Reraising(stderr=stderr, highlight=False, markup=False, emoji=False)
