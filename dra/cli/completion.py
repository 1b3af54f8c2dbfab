"""Between a shell that completes words and typer, which answers it: words with a `=` in them.

bash takes `=` for a word of its own. It says `--output`, `=`, `j` for `--output=j`, and replaces `j` alone.
zsh and fish replace the whole of it. typer reads words as zsh and fish say them, and answers as bash wants.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

__all__ = ["changed_environment", "shell_answers"]

_BASH: Final = "complete_bash"
_FISH: Final = "complete_fish"
_ZSH: Final = "complete_zsh"

# typer breaks the help of options into lines of the terminal's width, and a line is a candidate.
_WIDE: Final = {"COLUMNS": "1000"}


@contextlib.contextmanager
def changed_environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Some environment variables for a while."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def shell_answers() -> Iterator[None]:
    """If a shell asks for candidates, put its question and what is printed as each needs it."""
    shell = os.environ.get("_DRA_COMPLETE")
    if shell == _BASH:
        words, place = _joined(os.environ["COMP_WORDS"].split("\n"), int(os.environ["COMP_CWORD"]))
        asked = {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(place)}
        word = words[place] if place < len(words) else ""
    elif shell in (_FISH, _ZSH):
        asked = {}
        word = re.split(r"\s", os.environ.get("_TYPER_COMPLETE_ARGS", ""))[-1]
    else:
        yield
        return
    said = io.StringIO()
    try:
        with changed_environment(asked | _WIDE), contextlib.redirect_stdout(said):
            yield
    finally:
        option = re.match(r"--\w[\w-]*=", word)
        before = option.group() if option else ""
        if shell == _BASH:
            kept = word.removeprefix(before)
            kept = kept[: kept.rfind("=") + 1]
            text = re.sub(f"^{re.escape(kept)}", "", said.getvalue(), flags=re.MULTILINE)
        else:
            start = r'^(_arguments .*\(\()?"' if shell == _ZSH else r"^(?=.)"
            text = re.sub(start, lambda match: match.group() + before, said.getvalue(), flags=re.MULTILINE)
        print(text, end="")


def _joined(words: list[str], place: int) -> tuple[list[str], int]:
    """Words of which `=` is none, and the place among them of the one to complete."""
    whole: list[str] = []
    now = 0
    for index, word in enumerate(words):
        if whole and (word == "=" or whole[-1].endswith("=")):
            whole[-1] += word
        else:
            whole.append(word)
        if index == place:
            now = len(whole) - 1
    return whole, now if place < len(words) else len(whole)
