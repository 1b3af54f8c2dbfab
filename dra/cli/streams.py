"""Standard streams as they are found: closed, full, or in an encoding that has not all characters."""

from __future__ import annotations

import errno
import os
import sys
from typing import Final, TextIO

__all__ = ["discard", "open_closed", "why_unwritten"]

_UNWRITABLE: Final = (errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EROFS)


def open_closed() -> None:
    """Put something in the place of each standard stream that is closed, as a shell does it by `>&-`.

    Python has None for these, and the next file that anybody opens would get their numbers. Reading finds
    nothing, messages get lost, and writing the output fails, as it does with any program.
    """
    for name, flags, mode in (
        ("stdin", os.O_RDONLY, "r"),
        ("stdout", os.O_RDONLY, "w"),  # for reading, so that it cannot be written
        ("stderr", os.O_WRONLY, "w"),
    ):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, flags)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - stays open


def why_unwritten(error: BaseException) -> str:
    """Why the output cannot be written, if that is what an exception means; else an empty text."""
    if isinstance(error, UnicodeEncodeError):
        character = error.object[error.start]
        return f"{error.encoding} has no {character!a}\n  set PYTHONIOENCODING=utf-8"
    if not isinstance(error, OSError) or error.errno not in _UNWRITABLE:
        return ""
    if error.errno == errno.EBADF:
        return "standard output is closed\n  send it to /dev/null if it is not wanted"
    return error.strerror or str(error)


def discard(stream: TextIO) -> None:
    """Point a stream at nothing, so that the interpreter's last flush does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
