"""A `List` in JSON with an object to a line, which can be read without having all of it in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from dra.errors import LoadError
from dra.models import json_text
from dra.models.files import plain_suffix, read_lines
from dra.models.text import Document, decoded

__all__ = ["HEAD", "TAIL", "is_line_list", "line_documents"]

HEAD: Final = b'{"apiVersion":"v1","kind":"List","items":['
TAIL: Final = b"]}"

_ANEW: Final = "make it anew with dra snapshot"


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
            text = decoded(line.removesuffix(b","), source)
            (value,) = json_text.values(text, source)
        except LoadError as error:
            raise LoadError(
                error.message, value=error.value, source=source, line=number, remedy=error.remedy or _ANEW
            ) from None
        except ValueError:
            raise LoadError("not one JSON object", source=source, line=number, remedy=_ANEW) from None
        yield value, Document(text, source=source, first_line=number)
    if line != TAIL:
        raise LoadError("the list has no end: the file is cut off", source=source, remedy=_ANEW)
