"""Questions on a terminal, asked on stderr, so that what is made of the answers can be sent to a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import attrs
import typer

from dra.cli.output import print_error, visible
from dra.cli.wish import KINDS, SHARES, Wish
from dra.errors import DraError

__all__ = ["ask", "can_ask"]

_T = TypeVar("_T")


def can_ask() -> bool:
    """Whether there is a person at both ends."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask() -> Wish:
    """What a person wants.

    Raises:
        Abort: The person ended it.
    """
    print("Nothing is needed but what has no default; Ctrl-C ends it.", file=sys.stderr)
    kind = _choice("What is needed", KINDS, "gpu")
    wish = _device() if kind == "device" else _gpu()
    count = _question("How many", "1", lambda text: _number(text, wish))
    wish = _with(wish, count=count)
    if kind == "gpu":
        nic = _question(
            "Class of a NIC on the same PCIe root, such as dranet", "", lambda text: _with(wish, nic=text).nic
        )
        wish = _with(wish, nic=nic)
    users = _choice(
        "A template gives each pod its own, a claim is shared by its pods",
        ("template", "claim"),
        "template",
    )
    wish = _with(wish, template=users == "template")
    name = _question("Its name", kind, lambda text: _with(wish, name=text).name)
    wish = _with(wish, name=name)
    print(visible(f"The same without questions: {wish.command()}\n"), file=sys.stderr)
    return wish


def _device() -> Wish:
    return _question(
        "Its device class, such as gpu.amd.com",
        None,
        lambda text: _with(Wish(kind="device"), device_class=text),
    )


def _gpu() -> Wish:
    wish = _question(
        "Model, such as H100-80GB; any if empty", "", lambda text: _with(Wish(kind="gpu"), board=text)
    )
    share = _choice("How is it shared", SHARES, "exclusive")
    if share != "exclusive":
        wish = attrs.evolve(wish, share=share)
    return _question(
        "Least memory, such as 40Gi; any if empty", "", lambda text: _with(wish, min_memory=text)
    )


def _number(text: str, wish: Wish) -> int:
    try:
        count = int(text)
    except ValueError:
        raise DraError("a whole number is needed", value=text) from None
    return _with(wish, count=count).count


def _with(wish: Wish, **changes: Any) -> Wish:
    """The wish with an answer, which is refused at once if nothing can come of it."""
    changed = attrs.evolve(wish, **changes)
    changed.builder().unchecked()
    return changed


def _choice(question: str, choices: Sequence[str], default: str) -> str:
    def one_of(text: str) -> str:
        from dra.suggestions import unknown_name

        if text not in choices:
            raise unknown_name("answer", text, choices)
        return text

    return _question(f"{question} ({', '.join(choices)})", default, one_of)


def _question(question: str, default: str | None, parse: Callable[[str], _T]) -> _T:
    """An answer that can be used; a wrong one is told why and asked for again."""
    shown = f"{question} [{default}]: " if default else f"{question}: "
    while True:
        print(shown, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            print(file=sys.stderr)
            raise typer.Abort
        text = line.strip() or default
        if text is None:
            continue
        try:
            return parse(text)
        except DraError as error:
            print_error(str(error))
