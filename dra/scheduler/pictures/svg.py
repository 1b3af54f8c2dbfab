"""SVG as text: elements, text that stays in its place, and blocks that are laid out side by side.

Whatever comes from outside passes `escape`, which leaves nothing that XML forbids, ends an element, or turns
the direction of the text around it. Widths are estimated without the font and rather too large, so that a
text that is said to fit does in any sans-serif font.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

__all__ = ["Block", "column", "document", "escape", "fitted", "flow", "tag", "text", "text_width", "title"]

_ELLIPSIS: Final = "…"
# Widths of characters in parts of the font's size, no less than in DejaVu Sans and Verdana, which are wide.
_NARROW: Final = frozenset("iljI.,:;'|! ")
_NARROW_WIDTH: Final = 0.40
_WIDE: Final = frozenset("mwMW@%—…")
_WIDE_WIDTH: Final = 1.02
_CAPITAL_WIDTH: Final = 0.80
_USUAL_WIDTH: Final = 0.66
_IDEOGRAPH_WIDTH: Final = 1.1
# Letters of other scripts, some of which are wide in every font.
_FOREIGN_WIDTH: Final = 1.0
_BOLD: Final = 1.12
# Sums of widths are not exact.
_SLACK: Final = 0.01
# Format characters could reverse what is beside them; surrogates, controls and non-characters are no XML.
_UNPRINTABLE: Final = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def escape(given: object, *, lines: bool = False) -> str:
    r"""A text for use in an element or an attribute.

    Args:
        given: The text, or a number.
        lines: Whether ends of lines are left as they are.

    Example:
        >>> escape("<b>\x1b[2J" + chr(0x202E))
        '&lt;b&gt;�[2J�'
    """
    return "".join(_escaped(each, lines=lines) for each in str(given))


def _escaped(character: str, *, lines: bool) -> str:
    if character in _ENTITIES:
        return _ENTITIES[character]
    if character == "\n" and lines:
        return character
    return "\ufffd" if unicodedata.category(character) in _UNPRINTABLE else character


def text_width(content: str, size: float, *, bold: bool = False) -> float:
    """No less than the width of a text, in the unit of the font's size.

    Example:
        >>> text_width("gpu-0", 10) < text_width("gpu-0", 10, bold=True) < 40
        True
    """
    return sum(map(_width, content)) * size * (_BOLD if bold else 1)


def _width(character: str) -> float:
    if character in _NARROW:
        return _NARROW_WIDTH
    if character in _WIDE:
        return _WIDE_WIDTH
    if character.isascii():
        return _CAPITAL_WIDTH if character.isupper() else _USUAL_WIDTH
    if unicodedata.east_asian_width(character) in "WF":
        return _IDEOGRAPH_WIDTH
    return _FOREIGN_WIDTH


def fitted(content: str, size: float, width: float, *, bold: bool = False, keep_end: bool = False) -> str:
    """The text, cut to fit a width if need be.

    Args:
        content: The text.
        size: The font's size.
        width: What there is.
        bold: Whether it is bold.
        keep_end: Whether the end is worth more than the beginning, as in a name with a number at its end.

    Example:
        >>> fitted("a-rather-long-name", 10, 60), fitted("a-rather-long-name", 10, 60, keep_end=True)
        ('a-rathe…', '…g-name')
    """
    if text_width(content, size, bold=bold) <= width + _SLACK:
        return content
    left = width - text_width(_ELLIPSIS, size, bold=bold)
    kept: list[str] = []
    for character in reversed(content) if keep_end else content:
        left -= text_width(character, size, bold=bold)
        if left < 0:
            break
        kept.append(character)
    if not kept:
        return ""
    return _ELLIPSIS + "".join(reversed(kept)) if keep_end else "".join(kept) + _ELLIPSIS


def tag(name: str, body: str = "", /, **attributes: object) -> str:
    """An element; an underscore at the end or within a name of an attribute stands for nothing or a hyphen.

    Args:
        name: Its name.
        body: What it holds, as markup.
        **attributes: Their values, which are escaped; those that are None are left out.

    Example:
        >>> tag("rect", x=1.50, class_="free", data_device='"')
        '<rect x="1.5" class="free" data-device="&quot;"/>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{body}</{name}>" if body else f"<{name}{written}/>"


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{round(value, 2):g}" if abs(value) < 1e5 else f"{value:.0f}"
    return escape(value)


def title(content: str) -> str:
    """What is shown while the pointer is over the element that holds it."""
    return f"<title>{escape(content, lines=True)}</title>"


def text(
    x: float,
    y: float,
    content: str,
    size: float = 12,
    width: float | None = None,
    *,
    class_: str | None = None,
    anchor: str | None = None,
    bold: bool = False,
    keep_end: bool = False,
    after: str = "",
) -> str:
    """A line of text that is no wider than it may be; what is cut can be read in its title.

    Args:
        x: Where it begins, or its middle or end as `anchor` says.
        y: Its baseline.
        content: The text.
        size: The font's size.
        width: What there is for it; no limit if None.
        class_: Its class.
        anchor: `start`, `middle` or `end`.
        bold: Whether it is bold.
        keep_end: As in `fitted`.
        after: What follows it in a softer colour, for which there is room besides.
    """
    shown = content if width is None else fitted(content, size, width, bold=bold, keep_end=keep_end)
    if not shown:
        return ""
    body = escape(shown) + (tag("tspan", escape(after), class_="soft") if after else "")
    body += title(content) if shown != content else ""
    return tag(
        "text",
        body,
        x=float(x),
        y=float(y),
        font_size=size,
        class_=class_,
        text_anchor=anchor,
        font_weight="bold" if bold else None,
    )


@attrs.frozen
class Block:
    """A piece of a picture, with its size.

    Attributes:
        width: How wide it is.
        height: How high it is.
        body: What is drawn, its upper left corner being the origin.
    """

    width: float
    height: float
    body: str

    def at(self, x: float, y: float) -> str:
        """The block with its corner at a place."""
        if not x and not y:
            return self.body
        return f'<g transform="translate({_value(float(x))} {_value(float(y))})">{self.body}</g>'


def column(blocks: Iterable[Block], gap: float = 0) -> Block:
    """Blocks one below the other.

    Example:
        >>> column([Block(10, 5, "<a/>"), Block(20, 5, "<b/>")], gap=2)
        Block(width=20, height=12.0, body='<a/><g transform="translate(0 7)"><b/></g>')
    """
    y, width = 0.0, 0.0
    drawn: list[str] = []
    for each in blocks:
        y += gap if drawn else 0
        drawn.append(each.at(0, y))
        y += each.height
        width = max(width, each.width)
    return Block(width, y, "".join(drawn))


def flow(blocks: Sequence[Block], width: float, gap: float = 0) -> Block:
    """Blocks side by side, in as many lines as it takes; only a block that is wider itself exceeds the width.

    Example:
        >>> flow([Block(10, 5, "<a/>")] * 3, width=25, gap=5).height
        15.0
    """
    x = y = line = used = 0.0
    drawn: list[str] = []
    for each in blocks:
        if x and x + each.width > width + _SLACK:
            x, y, line = 0.0, y + line + gap, 0.0
        drawn.append(each.at(x, y))
        used = max(used, x + each.width)
        line = max(line, each.height)
        x += each.width + gap
    return Block(used, y + line, "".join(drawn))


def document(block: Block, style: str, defs: str = "", *, label: str) -> str:
    """A whole SVG file.

    Args:
        block: What is drawn.
        style: CSS, which should be about `.dra-picture` only: several pictures may stand on one page.
        defs: Definitions, as markup.
        label: What it is, for those who cannot see it.
    """
    head = tag("style", style) + (tag("defs", defs) if defs else "")
    width, height = _value(float(block.width)), _value(float(block.height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="dra-picture" role="img" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-label="{escape(label)}">'
        f"{head}{block.body}</svg>\n"
    )
