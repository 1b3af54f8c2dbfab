"""How pictures look: colours that people with colour blindness tell apart, in the light and in the dark.

The first seven owners have a colour each (Okabe and Ito's); those after them the same colours under a
pattern, and all have a key, a letter or two, so that a print without colours can be read as well.
"""

from __future__ import annotations

from typing import Final

from dra.scheduler.pictures.svg import tag

__all__ = ["COLOURS", "FONT", "MARKS", "PATTERNS", "STYLE", "definitions", "key"]

COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
_ON_COLOUR: Final = ("#fff", "#000", "#000", "#000", "#000", "#000", "#000")
PATTERNS: Final = 4
"""How many ways there are to fill with one colour."""
FONT: Final = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"

_LIGHT: Final = {
    "page": "#ffffff",
    "card": "#f6f8fa",
    "line": "#c5ccd3",
    "text": "#1b1f24",
    "soft": "#57606a",
    "free": "#ffffff",
    "edge": "#8c959f",
    "off": "#d7dce1",
    "link": "#57606a",
    "clique": "#1a7f37",
    "warn": "#b3261e",
}
_DARK: Final = {
    "page": "#0d1117",
    "card": "#161b22",
    "line": "#3d444d",
    "text": "#e6edf3",
    "soft": "#9aa4af",
    "free": "#0d1117",
    "edge": "#7d8590",
    "off": "#2b323b",
    "link": "#9aa4af",
    "clique": "#56d364",
    "warn": "#ff7b72",
}


def _variables(of: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in of.items())


_RULES: Final = {
    "": f"font-family:{FONT};background:var(--page);color-scheme:light dark",
    "text": "fill:var(--text)",
    ".soft": "fill:var(--soft)",
    ".page": "fill:var(--page)",
    ".card": "fill:var(--card);stroke:var(--line)",
    ".group": "fill:none;stroke:var(--line)",
    ".clique": "fill:none;stroke:var(--clique);stroke-width:1.5;stroke-dasharray:7 4",
    ".cliquename": "fill:var(--clique)",
    ".link": "fill:none;stroke:var(--link)",
    ".free": "fill:var(--free);stroke:var(--edge)",
    ".frame": "fill:none;stroke:var(--edge)",
    ".blocked": "fill:var(--off);stroke:var(--off)",
    ".barred": "fill:url(#dra-barred);stroke:var(--warn);stroke-dasharray:3 2",
    ".warn": "fill:var(--warn)",
    ".edge": "fill:none;stroke:var(--edge)",
    ".grid": "fill:none;stroke:var(--line)",
    ".others": "fill:var(--soft)",
} | {
    name: value
    for number, (colour, above) in enumerate(zip(COLOURS, _ON_COLOUR, strict=True))
    for name, value in (
        (f".c{number}", f"fill:{colour}"),
        (f".l{number}", f"fill:none;stroke:{colour}"),
        (f"text.k{number}", f"fill:{above}"),
    )
}

STYLE: Final = (
    f".dra-picture{{{_variables(_LIGHT)}}}"
    f"@media (prefers-color-scheme:dark){{.dra-picture{{{_variables(_DARK)}}}}}"
    + "".join(f".dra-picture {selector}{{{rule}}}" for selector, rule in _RULES.items() if selector)
    + f".dra-picture{{{_RULES['']}}}"
)
"""What all pictures have in common, as CSS."""

# Patterns lie over a colour, in a tone that darkens the light colours and lightens the dark one.
MARKS: Final = ("", "M0 6L6 0", "M0 3H6", "M3 0V6")
"""What the patterns consist of, in a square of six; the first one is plain."""


def definitions() -> str:
    """The patterns that the style refers to."""
    marked = [
        tag(
            "pattern",
            tag("path", d=mark, stroke="#000", stroke_opacity=0.45, stroke_width=1.2),
            id=f"dra-p{number}",
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
        )
        for number, mark in enumerate(MARKS)
        if mark
    ]
    barred = tag(
        "pattern",
        tag("path", d="M0 6L6 0", stroke="#b3261e", stroke_opacity=0.55),
        id="dra-barred",
        width=6,
        height=6,
        patternUnits="userSpaceOnUse",
    )
    return "".join(marked) + barred


def key(number: int) -> str:
    """The letters that stand for the owner of a number, counted from 0.

    Example:
        >>> key(0), key(25), key(26), key(702)
        ('A', 'Z', 'AA', 'AAA')
    """
    letters = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters
