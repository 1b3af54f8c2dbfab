"""Files, folders and standard input as objects, going on where one of them cannot be read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import attrs
import typer

from dra.cli.live import LiveCluster
from dra.cli.output import is_quiet
from dra.errors import DraError, LoadError

if TYPE_CHECKING:
    from dra.models.loading import Located
    from dra.models.meta import KubernetesObject

__all__ = ["Files", "FilesToRead", "path_of", "read", "refuse_stdin_twice", "write_file"]

FilesToRead = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE_OR_FOLDER",
        help="Manifests to read, YAML or JSON; '-' is standard input. The same as --filename.",
        show_default=False,
    ),
]

_WORTH_A_BAR: Final = 2_000_000


@attrs.frozen
class Files:
    """What was read.

    Attributes:
        located: The objects with their places.
        faults: Documents that are not what their kind should be.
        unreadable: Files that are not there, or neither YAML nor JSON.
    """

    located: tuple[Located, ...] = ()
    faults: tuple[DraError, ...] = ()
    unreadable: tuple[DraError, ...] = ()

    @property
    def objects(self) -> list[KubernetesObject]:
        """The objects."""
        return [each.object for each in self.located]

    def with_faults_of(self, other: Files) -> Files:
        """The same objects, and what went wrong in both."""
        return Files(self.located, self.faults + other.faults, self.unreadable + other.unreadable)


def read(*names: Sequence[str] | None) -> Files:
    """Read files, folders and, for `-`, standard input; each document for itself."""
    wanted = [name for some in names for name in some or ()]
    if not wanted:
        raise LoadError("no files given", remedy="name a file, a folder, or - for standard input")
    refuse_stdin_twice(wanted)
    from dra.models.loading import load_located, manifest_files

    located: list[Located] = []
    faults: list[DraError] = []
    unreadable: list[DraError] = []
    sources: list[Path | None] = []
    for name in wanted:
        if isinstance(name, LiveCluster):
            located += load_located(name.contents())
            continue
        try:
            sources += [None] if name == "-" else manifest_files(path_of(name))
        except LoadError as error:
            unreadable.append(error)
    with _progress(sources) as advance:
        for source in sources:
            try:
                located += _objects(source, faults, may_be_empty=str(source) not in wanted)
            except LoadError as error:
                unreadable.append(error)
            advance(source)
    return Files(tuple(located), tuple(faults), tuple(unreadable))


def refuse_stdin_twice(*names: Iterable[str] | None) -> None:
    """Standard input is empty once it is read, so that what is named second would get nothing.

    Raises:
        LoadError: More than one of the names is `-`.
    """
    if [name for some in names for name in some or ()].count("-") > 1:
        raise LoadError(
            "standard input is named twice, and can be read once", remedy="name a file for the rest"
        )


def path_of(name: str) -> Path:
    """The path that an option names; an empty one would be the working directory."""
    if not name:
        raise LoadError("an empty file name", remedy="name a file, a folder, or - for standard input")
    return Path(name)


def write_file(name: str, text: str) -> None:
    """Write a text to the file that an option names.

    Raises:
        LoadError: It cannot be written.
    """
    from dra.models.file_errors import unwritable

    path = path_of(name)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from None


@contextmanager
def _progress(sources: Sequence[Path | None]) -> Iterator[Callable[[Path | None], object]]:
    """A bar on a terminal while a lot is read; gives a function to call after each file."""
    sizes = {source: _size(source) for source in sources}
    if sum(sizes.values()) < _WORTH_A_BAR or is_quiet() or not sys.stderr.isatty():
        yield sizes.get
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=sum(sizes.values()))
        yield lambda source: bar.advance(task, sizes[source])


def _size(source: Path | None) -> int:
    try:
        return source.stat().st_size if source else 0
    except OSError:
        return 0


def _objects(source: Path | None, faults: list[DraError], *, may_be_empty: bool) -> list[Located]:
    """The objects of a file, or of standard input."""
    from dra.models.loading import STDIN, load_text

    if source is None:
        return load_text(sys.stdin.buffer.read(), STDIN, faults)
    from dra.models.files import plain_suffix, read_file

    content, is_json = read_file(source), plain_suffix(source) == ".json"
    return load_text(content, str(source), faults, json_only=is_json, may_be_empty=may_be_empty)
