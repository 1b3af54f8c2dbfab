"""The nodes and tasks of a trace: small values, and the CSV files that they are read from.

The columns are those of the openb trace (hkust-adsl/kubernetes-scheduler-simulator, `data/README.md`); others
are ignored. A file whose name ends in `.gz` is decompressed while it is read.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, TypeVar

import attrs

from dra.arguments import finite, whole
from dra.errors import LoadError
from dra.models.file_errors import damaged, not_utf8, unreadable
from dra.suggestions import did_you_mean

__all__ = ["MOST_GPUS", "WHOLE", "Machine", "Task", "read_machines", "read_tasks"]

# A whole GPU, in thousandths.
WHOLE: Final = 1000

_MOST_ROWS: Final = 2_000_000
MOST_GPUS: Final = 64
_LARGEST: Final = 10**15
_LONGEST_LINE: Final = 10_000
_MOST_CHARACTERS: Final = 1 << 30
_T = TypeVar("_T")


@attrs.frozen
class Machine:
    """A node of a trace.

    Attributes:
        name: Its name.
        cpu_milli: Its CPU in thousandths of a core.
        memory_mib: Its memory in MiB.
        gpus: How many GPUs it has.
        model: What GPUs they are.
    """

    name: str
    cpu_milli: int
    memory_mib: int
    gpus: int
    model: str = ""

    def __attrs_post_init__(self) -> None:
        _check(self, "cpu_milli", "memory_mib", "gpus")


@attrs.frozen
class Task:
    """A task of a trace: a pod that asks for CPU, memory and a share of a GPU, or whole GPUs.

    Attributes:
        name: Its name.
        cpu_milli: CPU in thousandths of a core.
        memory_mib: Memory in MiB.
        gpus: How many GPUs it asks for; several are always whole ones.
        gpu_milli: The share of each, in thousandths of a GPU.
        models: The GPU models that it accepts; any if empty.
        arrival: When it comes, in seconds.
        departure: When it goes; None if it stays.
    """

    name: str
    cpu_milli: int
    memory_mib: int
    gpus: int = 0
    gpu_milli: int = 0
    models: frozenset[str] = frozenset()
    arrival: float = 0.0
    departure: float | None = None

    def __attrs_post_init__(self) -> None:
        _check(self, "cpu_milli", "memory_mib", "gpus", "gpu_milli")
        finite(self.arrival, "arrival")
        if self.departure is not None:
            finite(self.departure, "departure", least=self.arrival)

    @property
    def asked_milli(self) -> int:
        """What it asks for in all, in thousandths of a GPU."""
        return self.gpus * self.gpu_milli


def _check(of: Machine | Task, *amounts: str) -> None:
    for name in amounts:
        whole(getattr(of, name), name, least=0)


def read_machines(path: str | Path) -> list[Machine]:
    """The nodes of a CSV file with the columns `sn, cpu_milli, memory_mib, gpu, model`.

    Raises:
        LoadError: It cannot be read, a column is missing, or a value is not what its column holds.
    """
    return _read(Path(path), ("sn", "cpu_milli", "memory_mib", "gpu", "model"), _machine)


def read_tasks(path: str | Path) -> list[Task]:
    """The tasks of a CSV file with the columns `name, cpu_milli, memory_mib, num_gpu, gpu_milli`.

    `gpu_spec` (models that the task accepts, separated by `|`), `creation_time` and `deletion_time` (seconds)
    are read where they are there.

    Raises:
        LoadError: It cannot be read, a column is missing, or a value is not what its column holds.
    """
    return _read(Path(path), ("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"), _task)


class _Row:
    """One row, whose faults name file, line and column."""

    def __init__(self, source: str, line: int, values: dict[str, str]) -> None:
        self.source = source
        self.line = line
        self.values = values

    def text(self, column: str) -> str:
        return self.values.get(column, "").strip()

    def whole(self, column: str, most: int = _LARGEST) -> int:
        text = self.text(column)
        if not text.isascii() or not text.isdigit() or len(text) > 16 or int(text) > most:
            raise self.error(column, f"a whole number from 0 to {most} is needed")
        return int(text)

    def seconds(self, column: str) -> float | None:
        """A time in seconds; None where there is no value."""
        text = self.text(column)
        if not text:
            return None
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds <= _LARGEST:
            raise self.error(column, f"seconds from 0 to {_LARGEST} are needed")
        return seconds

    def error(self, column: str, expected: str) -> LoadError:
        value = self.text(column)
        return LoadError(
            f"{value[:60]!r} is not a value of this column",
            path=column,
            value=value,
            source=self.source,
            line=self.line,
            remedy=expected,
        )


def _machine(row: _Row) -> Machine:
    gpus = row.whole("gpu", MOST_GPUS)
    return Machine(
        row.text("sn"),
        row.whole("cpu_milli"),
        row.whole("memory_mib"),
        gpus,
        row.text("model") if gpus else "",
    )


def _task(row: _Row) -> Task:
    gpus = row.whole("num_gpu", MOST_GPUS)
    milli = row.whole("gpu_milli", WHOLE)
    if gpus and not milli:
        raise row.error("gpu_milli", f"a task with num_gpu {gpus} needs a share from 1 to {WHOLE}")
    if gpus > 1 and milli != WHOLE:
        raise row.error("gpu_milli", f"a task with several GPUs has whole ones: {WHOLE}")
    arrival, departure = row.seconds("creation_time") or 0.0, row.seconds("deletion_time")
    if departure is not None and departure < arrival:
        raise row.error("deletion_time", f"it must not be before creation_time, {arrival:g}")
    return Task(
        row.text("name"),
        row.whole("cpu_milli"),
        row.whole("memory_mib"),
        gpus,
        milli if gpus else 0,
        frozenset(filter(None, row.text("gpu_spec").split("|"))),
        arrival,
        departure,
    )


def _read(path: Path, columns: Sequence[str], make: Callable[[_Row], _T]) -> list[_T]:
    """The rows of a file as values."""
    values: list[_T] = []
    for row in _rows(path, columns):
        if len(values) == _MOST_ROWS:
            raise LoadError(f"more than {_MOST_ROWS:,} rows", source=str(path), remedy="split the file")
        values.append(make(row))
    if not values:
        raise LoadError("no rows below the header", source=str(path), remedy="is it the right file?")
    return values


def _rows(path: Path, columns: Sequence[str]) -> Iterator[_Row]:
    source = str(path)
    try:
        with _opened(path) as stream:
            table = csv.reader(_lines(stream, source), strict=True)
            header = [cell.strip().lstrip("\ufeff") for cell in next(table, [])]
            _check_header(header, columns, source)
            for cells in table:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise LoadError(
                        f"{len(cells)} values in a row of {len(header)} columns",
                        source=source,
                        line=table.line_num,
                        remedy=f"columns: {', '.join(header)}"[:300],
                    )
                yield _Row(source, table.line_num, dict(zip(header, cells, strict=True)))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise damaged(path, error) from None
    except OSError as error:
        raise unreadable(path, error) from None
    except UnicodeDecodeError as error:
        fault = not_utf8(error.object, error.start, source)
        fault.line = fault.column = 0  # of the part that was being read
        raise fault from None
    except csv.Error as error:
        # Reading raises it, so there is a table.
        line = table.line_num  # pyright: ignore[reportPossiblyUnboundVariable] # as said
        raise LoadError(f"not CSV: {error}", source=source, line=line) from None


def _lines(stream: IO[str], source: str) -> Iterator[str]:
    """The lines of a file, none of them so long and not so many that memory or time would not do."""
    left, number = _MOST_CHARACTERS, 0
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        left -= len(line)
        if len(line) == _LONGEST_LINE and not line.endswith("\n"):
            raise LoadError(
                f"a line of over {_LONGEST_LINE:,} characters",
                source=source,
                line=number,
                remedy="is it the right file?",
            )
        if left < 0:
            raise LoadError(f"over {_MOST_CHARACTERS:,} characters", source=source, remedy="split the file")
        yield line


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _check_header(header: Sequence[str], columns: Sequence[str], source: str) -> None:
    missing = [column for column in columns if column not in header]
    if not missing:
        return
    remedy = did_you_mean(missing[0], header[:1000], f"columns needed: {', '.join(columns)}")
    raise LoadError(f"no column {missing[0]!r}", path=missing[0], source=source, line=1, remedy=remedy)
