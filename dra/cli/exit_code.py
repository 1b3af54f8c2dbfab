"""What the exit status of the `dra` command means, in one place."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """The exit status of every command."""

    OK = 0
    """The answer is yes: it is valid, it fits, it matches."""
    NO = 1
    """The answer is no: something is invalid, does not fit, does not match."""
    BAD_INPUT = 2
    """There is no answer: the input or the command line cannot be used, or the output cannot be written."""
    BUG = 70
    """There is no answer and the fault is this program's (sysexits.h calls it EX_SOFTWARE)."""
    INTERRUPTED = 130
    """The person pressed Ctrl-C (128 + SIGINT, as shells count)."""
    BROKEN_PIPE = 141
    """Nobody reads the output any more, as under `| head` (128 + SIGPIPE)."""
