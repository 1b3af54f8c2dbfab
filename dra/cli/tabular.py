"""Answers that are rows: a table for people, CSV for spreadsheets; YAML and JSON are each command's own."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from enum import Enum
from typing import Annotated

import typer

from dra.cli.output import print_table

__all__ = ["Tabular", "TabularFormat", "print_rows"]


class Tabular(str, Enum):
    """The forms of an answer that is rows."""

    TABLE = "table"
    YAML = "yaml"
    JSON = "json"
    CSV = "csv"


TabularFormat = Annotated[Tabular, typer.Option("--output", "-o", help="How to print the answer.")]


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[str]], form: Tabular) -> None:
    """Print rows as CSV or as a table.

    Args:
        columns: Their names as in CSV, such as `demand_percent` or `wait_seconds`; a table shows `DEMAND %`
            and `WAIT S`.
        rows: A cell for each column.
        form: How to print them.
    """
    if form is Tabular.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        return
    print_table([_heading(column) for column in columns], rows)


def _heading(column: str) -> str:
    return column.replace("_percent", " %").replace("_seconds", " s").replace("_", " ").upper()
