"""How answers look: tables for people, YAML and JSON for programs, errors on stderr.

Colours appear on a terminal only and never when `NO_COLOR` is set. What is printed may come from anyone's
manifest, so control characters are shown instead of sent to the terminal.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = ["Output", "print_data", "print_error", "print_table", "print_text", "visible"]

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


class Output(str, Enum):
    """The forms of an answer."""

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
    """Print rows under their headings; off a terminal as wide as they need."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    _print(table)


def print_text(text: str, style: str = "") -> None:
    """Print text, in a rich style such as `bold` or `yellow` where there are colours."""
    from rich.text import Text

    _print(Text(visible(text), style=style))


def print_data(data: object, output: Output) -> None:
    """Print plain data as YAML or JSON, keys in the order given."""
    if output is Output.JSON:
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    import yaml

    print(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), end="")


def print_error(text: str) -> None:
    """Print `Error: ...` on stderr."""
    from rich.text import Text

    message = Text.assemble(("Error: ", "bold red"), visible(text))
    _console(stderr=True).print(message, soft_wrap=True)


def _print(what: Table | Text) -> None:
    console = _console()
    with console.capture() as captured:
        console.print(what)
    for line in captured.get().splitlines():
        print(line.rstrip())


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 10_000
    return console
