"""Files that hold manifests, compressed or not, read whole or line by line."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from dra.errors import LoadError
from dra.models.file_errors import damaged, unreadable

__all__ = ["COMPRESSED_SUFFIXES", "open_file", "plain_suffix", "read_file", "read_lines", "zstd_module"]

COMPRESSED_SUFFIXES: Final = (".gz", ".zst")

# Unpacked: a cluster of 100,000 nodes has less. What is larger is a mistake, or made to exhaust memory.
_MAX_BYTES: Final = 2 * 1024**3
_MAX_LINE: Final = 64 * 1024**2
_PART: Final = 1024**2


def plain_suffix(path: Path) -> str:
    """The suffix of a file without that of its compression.

    Example:
        >>> plain_suffix(Path("cluster.json.zst"))
        '.json'
    """
    return path.with_suffix("").suffix if path.suffix in COMPRESSED_SUFFIXES else path.suffix


def open_file(path: Path, mode: str = "rb") -> IO[bytes]:
    """A file of bytes, unpacked or packed on the way as its name says: `.gz`, `.zst`.

    Raises:
        LoadError: It needs a package that is not installed.
        OSError: It cannot be opened.
    """
    opened: Any
    if path.suffix == ".gz":
        opened = gzip.open(path, mode)  # noqa: SIM115 - whoever asks for it closes it
    elif path.suffix == ".zst":
        opened = zstd_module(path).open(path, mode)
    else:
        opened = path.open(mode)
    stream: IO[bytes] = opened
    return stream


def read_file(path: Path) -> bytes:
    """All of a file, unpacked.

    Raises:
        LoadError: It cannot be read, is not what its name says, or is too large.
    """
    return b"".join(_parts(path))


def read_lines(path: Path) -> Iterator[bytes]:
    """A file line by line, unpacked.

    Raises:
        LoadError: As `read_file`, or a line is too long.
    """
    rest = b""
    for part in _parts(path):
        *lines, rest = (rest + part).split(b"\n")
        if max(map(len, (*lines, rest))) > _MAX_LINE:
            raise LoadError(
                f"a line of more than {_MAX_LINE:,} bytes", source=str(path), remedy="is it the right file?"
            )
        yield from lines
    if rest:
        yield rest


def _parts(path: Path) -> Iterator[bytes]:
    size = 0
    for part in _unpacked(path):
        size += len(part)
        if size > _MAX_BYTES:
            raise LoadError(f"more than {_MAX_BYTES:,} bytes", source=str(path), remedy="split the file")
        yield part


def _unpacked(path: Path) -> Iterator[bytes]:
    damage = _damage(path)
    try:
        with open_file(path) as stream:
            while part := stream.read(_PART):
                yield part
    except damage as error:
        raise damaged(path, error) from None
    except OSError as error:
        raise unreadable(path, error) from None


def _damage(path: Path) -> tuple[type[Exception], ...]:
    """What reading raises where a file is not what its name says."""
    if path.suffix == ".zst":
        return EOFError, zstd_module(path).ZstdError
    return EOFError, zlib.error, gzip.BadGzipFile


def zstd_module(path: Path) -> Any:
    """The standard library's `compression.zstd`, or its backport before Python 3.14.

    Raises:
        LoadError: The backport is not installed.
    """
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ModuleNotFoundError:
        raise LoadError(
            "reading .zst needs backports.zstd, which is not installed",
            source=str(path),
            remedy="pip install 'k8s-dra[cli]', or use .gz",
        ) from None
    return zstd
