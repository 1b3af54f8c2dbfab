"""Writing what a cluster consists of to a file or a folder, object by object."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

import attrs

from dra.errors import LoadError
from dra.models import text
from dra.models.file_errors import unwritable
from dra.models.files import COMPRESSED_SUFFIXES, open_file, plain_suffix
from dra.models.line_lists import HEAD, TAIL

__all__ = ["Writer", "writing"]

_Write: TypeAlias = Callable[[Mapping[str, Any]], None]

_FORMATS: Final = (".json", ".yaml", ".yml")


@attrs.define
class Writer:
    """Writes objects as they come, and keeps none of them.

    Attributes:
        counts: How many objects of each kind there were.
    """

    _write: _Write
    counts: dict[str, int] = attrs.field(factory=dict, init=False)

    def write(self, obj: Mapping[str, Any]) -> None:
        """Write an object's JSON."""
        self._write(obj)
        kind = str(obj.get("kind"))
        self.counts[kind] = self.counts.get(kind, 0) + 1


@contextmanager
def writing(target: str) -> Iterator[Writer]:
    """A snapshot that is complete at the end of `with`.

    Args:
        target: A file (`.json`, `.yaml`, packed if `.gz` or `.zst` follows), `-` for standard output, or a
            folder, which gets a YAML file for each kind. A file is only there once it is complete.

    Raises:
        LoadError: The target cannot be written, or its name does not say how.
    """
    try:
        with _opened(target) as write:
            yield Writer(write)
    except BrokenPipeError:  # who reads a snapshot from standard output may leave
        raise
    except OSError as error:
        raise unwritable(Path(target), error) from None


def _opened(target: str) -> AbstractContextManager[_Write]:
    if target == "-":
        return _json(sys.stdout.buffer)
    path = Path(target)
    if not path.suffix or path.is_dir() or target.endswith(os.sep):
        return _folder(path)
    return _file(path)


@contextmanager
def _file(path: Path) -> Iterator[_Write]:
    suffix = plain_suffix(path)
    if suffix not in _FORMATS:
        known = ", ".join([*_FORMATS, *(f".json{each}" for each in COMPRESSED_SUFFIXES)])
        raise LoadError(f"no format is called {suffix!r}", source=str(path), remedy=f"use one of {known}")
    with _complete(path) as stream:
        if suffix == ".json":
            with _json(stream) as write:
                yield write
        else:
            yield lambda obj: _write_yaml(obj, stream)


@contextmanager
def _complete(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its name when it is complete."""
    part = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        with open_file(part, "wb") as stream:
            yield stream
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _json(stream: IO[bytes]) -> Iterator[_Write]:
    """A List with an object to a line, so that it can be read line by line as well."""
    separator = b""

    def write(obj: Mapping[str, Any]) -> None:
        nonlocal separator
        stream.write(separator + json.dumps(obj, separators=(",", ":"), ensure_ascii=False).encode())
        separator = b",\n"

    stream.write(HEAD + b"\n")
    yield write
    stream.write(b"\n" + TAIL + b"\n")
    stream.flush()


def _write_yaml(obj: Mapping[str, Any], stream: IO[bytes]) -> None:
    stream.write(b"---\n" + text.write_yaml([obj]).encode())


@contextmanager
def _folder(folder: Path) -> Iterator[_Write]:
    """A YAML file for each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    streams: dict[str, IO[bytes]] = {}
    with ExitStack() as opened:

        def write(obj: Mapping[str, Any]) -> None:
            kind = str(obj.get("kind")).lower()
            plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
            if plural not in streams:
                streams[plural] = opened.enter_context((folder / f"{plural}.yaml").open("wb"))
            _write_yaml(obj, streams[plural])

        yield write
