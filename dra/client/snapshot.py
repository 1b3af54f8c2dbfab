"""Writing what a cluster consists of to a file or a folder, object by object."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from dra.errors import LoadError
from dra.models import text
from dra.models.files import COMPRESSED_SUFFIXES, open_file, plain_suffix
from dra.models.line_lists import HEAD, TAIL

__all__ = ["write_snapshot"]

_FORMATS: Final = (".json", ".yaml", ".yml")


def write_snapshot(objects: Iterable[Mapping[str, Any]], target: str) -> dict[str, int]:
    """Write objects as they come, and keep none of them.

    Args:
        objects: Their JSON.
        target: A file (`.json`, `.yaml`, packed if `.gz` or `.zst` follows), `-` for standard output, or a
            folder, which gets a YAML file for each kind. A file is only there once it is complete.

    Returns:
        How many objects of each kind there were.

    Raises:
        LoadError: The target cannot be written, or its name does not say how.
    """
    counts: dict[str, int] = {}
    counted = _counted(objects, counts)
    if target == "-":
        _write_json(counted, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return counts
    path = Path(target)
    try:
        if not path.suffix or path.is_dir() or target.endswith(os.sep):
            _write_folder(counted, path)
        else:
            _write_file(counted, path)
    except OSError as error:
        raise LoadError(f"cannot write it: {error.strerror or error}", source=target) from None
    return counts


def _counted(objects: Iterable[Mapping[str, Any]], counts: dict[str, int]) -> Iterator[Mapping[str, Any]]:
    for obj in objects:
        kind = str(obj.get("kind"))
        counts[kind] = counts.get(kind, 0) + 1
        yield obj


def _write_file(objects: Iterable[Mapping[str, Any]], path: Path) -> None:
    suffix = plain_suffix(path)
    if suffix not in _FORMATS:
        known = ", ".join([*_FORMATS, *(f".json{each}" for each in COMPRESSED_SUFFIXES)])
        raise LoadError(f"no format is called {suffix!r}", source=str(path), remedy=f"use one of {known}")
    write = _write_json if suffix == ".json" else _write_yaml
    with _complete(path) as stream:
        write(objects, stream)


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


def _write_json(objects: Iterable[Mapping[str, Any]], stream: IO[bytes]) -> None:
    """A List with an object to a line, so that it can be read line by line as well."""
    stream.write(HEAD + b"\n")
    separator = b""
    for obj in objects:
        stream.write(separator + json.dumps(obj, separators=(",", ":"), ensure_ascii=False).encode())
        separator = b",\n"
    stream.write(b"\n" + TAIL + b"\n")


def _write_yaml(objects: Iterable[Mapping[str, Any]], stream: IO[bytes]) -> None:
    for obj in objects:
        stream.write(b"---\n" + text.write_yaml([obj]).encode())


def _write_folder(objects: Iterable[Mapping[str, Any]], folder: Path) -> None:
    """A YAML file for each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    streams: dict[str, IO[bytes]] = {}
    try:
        for obj in objects:
            kind = str(obj.get("kind")).lower()
            plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
            if plural not in streams:
                streams[plural] = (folder / f"{plural}.yaml").open("wb")
            _write_yaml([obj], streams[plural])
    finally:
        for stream in streams.values():
            stream.close()
