"""A `List` in JSON with an object to a line, which can be read without having all of it in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from dra.errors import LoadError
from dra.models import json_text
from dra.models.files import plain_suffix, read_lines
from dra.models.text import Document

__all__ = ["HEAD", "TAIL", "is_line_list", "line_documents"]

HEAD: Final = b'{"apiVersion":"v1","kind":"List","items":['
TAIL: Final = b"]}"


def is_line_list(path: Path) -> bool:
    """Whether a file is such a list, as `dra snapshot` writes it.

    Raises:
        LoadError: It cannot be read.
    """
    return plain_suffix(path) == ".json" and next(read_lines(path), b"") == HEAD


def line_documents(path: Path) -> Iterator[tuple[Any, Document]]:
    """The data of each line and its place.

    Raises:
        LoadError: The file ends early, or a line is no JSON.
    """
    source = str(path)
    line = b""
    for number, line in enumerate(read_lines(path), 1):
        if number == 1 or line in (TAIL, b""):
            continue
        try:
            text = line.removesuffix(b",").decode()
            (value,) = json_text.values(text, source)
        except (LoadError, UnicodeDecodeError, ValueError) as error:
            reason = error.message if isinstance(error, LoadError) else "not one JSON object in UTF-8"
            raise LoadError(reason, source=source, line=number) from None
        yield value, Document(text, source=source, first_line=number)
    if line != TAIL:
        raise LoadError("the list has no end: the file is cut off", source=source)
