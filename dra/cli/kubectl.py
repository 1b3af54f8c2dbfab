"""`dra` as a plugin of kubectl: `kubectl dra ...`, and what kubectl asks when Tab is pressed.

kubectl runs the program `kubectl-dra` for `kubectl dra`, and `kubectl_complete-dra` with the words so far to
complete them. It wants a candidate a line, then a colon and a number that says what else to offer.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import sys
from typing import Final

from dra.cli import main

__all__ = ["complete", "plugin"]

_FILES_TOO: Final = ":0"
_NOTHING_ELSE: Final = ":4"


def plugin() -> int:
    """Run `kubectl dra`, by the arguments of the process."""
    return main(prog_name="kubectl dra")


def complete() -> int:
    """Print what the last of the words that kubectl passes may become."""
    words = ["dra", *sys.argv[1:]]
    asked = {
        "_DRA_COMPLETE": "complete_bash",
        "COMP_WORDS": shlex.join(words[:-1]) + " " + words[-1],
        "COMP_CWORD": str(len(words) - 1),
    }
    before = {name: os.environ.get(name) for name in asked}
    os.environ.update(asked)
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            main([])
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    candidates = said.getvalue().split()
    print("\n".join([*candidates, _NOTHING_ELSE if candidates else _FILES_TOO]))
    return 0
