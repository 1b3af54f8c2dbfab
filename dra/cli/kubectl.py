"""`dra` as a plugin of kubectl: `kubectl dra ...`, and what kubectl asks when Tab is pressed.

kubectl runs the program `kubectl-dra` for `kubectl dra`, and `kubectl_complete-dra` with the words so far to
complete them. It wants a candidate a line, with its meaning behind a tab, then a colon and a number that says
what else to offer.
"""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
from typing import Final

from dra.cli import main
from dra.cli.completion import changed_environment

__all__ = ["complete", "plugin"]

_FILES_TOO: Final = ":0"
_NOTHING_ELSE: Final = ":4"


def plugin() -> int:
    """Run `kubectl dra`, by the arguments of the process."""
    return main(prog_name="kubectl dra")


def complete() -> int:
    """Print what the last of the words that kubectl passes may become."""
    *words, last = ["dra", *sys.argv[1:]]
    if last.startswith("--") and "=" in last:  # kubectl puts the option before the candidates itself
        option, _, last = last.partition("=")
        words.append(option)
    # As fish asks: kubectl, too, wants a candidate a line, with what it means behind a tab.
    asked = {
        "_DRA_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": f"{shlex.join(words)} {last}",
    }
    said = io.StringIO()
    with changed_environment(asked), contextlib.redirect_stdout(said):
        main([])
    candidates = [line for line in said.getvalue().splitlines() if line]
    print("\n".join([*candidates, _NOTHING_ELSE if candidates else _FILES_TOO]))
    return 0
