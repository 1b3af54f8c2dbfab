"""Files that cannot be read or written: why, and what to do about it."""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from dra.errors import LoadError
from dra.suggestions import listed, nearest

__all__ = [
    "damaged",
    "not_utf8",
    "packing",
    "shown",
    "unreadable",
    "unrendered",
    "unwritable",
    "without_manifests",
]

_LONGEST_NAME: Final = 200
_MOST_NEIGHBOURS: Final = 1000
_MOST_NAMED: Final = 5
_PACKINGS: Final = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}
_MANIFEST_ITSELF: Final = "name a file; a manifest itself is for standard input"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def unreadable(path: Path, error: OSError | ValueError) -> LoadError:
    """The error for a file or folder that the system does not let us read."""
    number = (isinstance(error, OSError) and error.errno) or 0
    reason = (isinstance(error, OSError) and error.strerror) or "not a possible path"
    if number in (errno.ENOENT, errno.ENOTDIR):
        return LoadError("no such file or directory", source=shown(path), remedy=_instead(path))
    if number == errno.EISDIR:
        remedy = f"name a file in it{_some(path, 'such as')}"
        return LoadError(f"cannot read it: {reason}", source=shown(path), remedy=remedy)
    remedies = {
        errno.EACCES: f"see who may: ls -ld {_quoted(path)}",
        errno.EPERM: f"see who may: ls -ld {_quoted(path)}",
        errno.ELOOP: f"see where it leads: ls -l {_quoted(path)}",
        errno.ENAMETOOLONG: _MANIFEST_ITSELF,
    }
    return LoadError(f"cannot read it: {reason}", source=shown(path), remedy=remedies.get(number, ""))


def unwritable(path: Path, error: OSError) -> LoadError:
    """The error for a file that the system does not let us write."""
    remedies = {
        errno.ENOENT: f"make its folder first: mkdir -p {_quoted(path.parent)}",
        errno.ENOTDIR: f"{path.parent} is no folder: write elsewhere",
        errno.EISDIR: f"it is a folder: name a file in it, such as {path / 'out'}",
        errno.EACCES: f"see who may: ls -ld {_quoted(path)} {_quoted(path.parent)}",
        errno.ENOSPC: "make room, or write elsewhere",
    }
    remedy = remedies.get(error.errno or 0, "write elsewhere")
    return LoadError(f"cannot write it: {error.strerror or error}", source=shown(path), remedy=remedy)


def without_manifests(folder: Path, suffixes: Iterable[str]) -> LoadError:
    """The error for a folder in which no file has a name as manifests have them."""
    others = _some(folder, "name files with other endings one by one:")
    return LoadError(
        f"no manifests in it ({', '.join(suffixes)})",
        source=str(folder),
        remedy=others.lstrip(", ") or "there is no file in it at all",
    )


def not_utf8(content: bytes, at: int, source: str) -> LoadError:
    """The error for bytes that are no UTF-8.

    Args:
        content: All of them.
        at: Where the first is that cannot be.
        source: The file.
    """
    line = content.count(b"\n", 0, at) + 1
    column = at - content.rfind(b"\n", 0, at)
    file = shlex.quote(source) if source and source != "<stdin>" else "FILE"
    if content[:2] in _UTF_16:
        remedy = f"it is UTF-16, as PowerShell writes it: iconv -f UTF-16 -t UTF-8 {file}"
    elif suffix := packing(content):
        remedy = f"it is packed: give it a name that ends in {suffix}"
    elif b"\0" in content:
        remedy = "it is no text at all: is it the right file?"
    else:
        remedy = f"write it as UTF-8: iconv -f LATIN1 -t UTF-8 {file}, if that is its encoding"
    message = f"not UTF-8 text: a byte {content[at]:02X}"
    return LoadError(message, value=content[at], source=source, line=line, column=column, remedy=remedy)


def damaged(path: Path, error: Exception) -> LoadError:
    """The error for a file that is not packed as its name says, or not whole."""
    try:
        with path.open("rb") as stream:
            found = packing(stream.read(4))
    except OSError:
        found = path.suffix
    if found == path.suffix:
        remedy = "it is damaged or cut off: make it anew"
    elif found:
        remedy = f"give it a name that ends in {found}, which is what it is"
    else:
        remedy = f"it is not packed: leave {path.suffix} out of its name"
    return LoadError(f"not {path.suffix} data: {error}", source=shown(path), remedy=remedy)


def unrendered(text: str) -> str:
    """What to do if a text is a template, which is no manifest before it is rendered; else an empty text."""
    return (
        "it looks like a Helm template: render it first, helm template CHART | dra ... -"
        if "{{" in text
        else ""
    )


def packing(content: bytes) -> str:
    """The suffix of how bytes are packed; empty if they are not."""
    return next((suffix for magic, suffix in _PACKINGS.items() if content.startswith(magic)), "")


def shown(path: Path) -> str:
    """A path for people; what was meant as a document can be long."""
    text = str(path)
    start = text.partition("\n")[0][:_LONGEST_NAME]
    return text if start == text else f"{start}..."


def _instead(path: Path) -> str:
    """What was probably meant by a path that leads nowhere."""
    if "\n" in str(path):
        return _MANIFEST_ITSELF
    exists, is_folder = os.path.exists, os.path.isdir  # a Path raises at a name that is too long
    wrong = next((each for each in (path, *path.parents) if is_folder(each.parent)), None)
    if wrong is None:
        return "the working directory is gone"
    names = _names(wrong.parent)
    # Endings say little, and make all names alike; but of two files with one name the one with the ending.
    by_stem = {Path(name).stem: name for name in sorted(names, key=lambda name: name.endswith(wrong.suffix))}
    if meant := nearest(wrong.stem, by_stem):
        near = wrong.parent / by_stem[meant]
        whole = near / path.relative_to(wrong)
        return f"did you mean {str(whole if exists(whole) else near)!r}?"
    place = "the working directory" if wrong.parent == Path() else str(wrong.parent)
    return f"{place} has {listed(names, _MOST_NAMED)}" if names else f"{place} is empty"


def _some(folder: Path, introduction: str) -> str:
    names = _names(folder)
    return f", {introduction} {listed(names, _MOST_NAMED)}" if names else ""


def _names(folder: Path) -> list[str]:
    """Some of the names in a folder."""
    try:
        found = islice((each.name for each in folder.iterdir()), _MOST_NEIGHBOURS)
        return sorted(name for name in found if not name.startswith("."))
    except OSError:
        return []


def _quoted(path: Path) -> str:
    return shlex.quote(shown(path))
