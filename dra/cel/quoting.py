"""Texts in double quotes as Go's `%q` writes them, which many of upstream's messages contain."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["quote"]

_NAMED: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
# All but the printable ASCII that stands for itself.
_DOUBTFUL: Final = re.compile(r"[^ !#-\[\]-~]")


def quote(text: str) -> str:
    r"""The text as a Go string literal: what cannot be printed is escaped.

    Example:
        >>> print(quote('a "b"\n\x01é\u200b'))
        "a \"b\"\n\x01é\u200b"
    """
    return f'"{_DOUBTFUL.sub(_written, text)}"'


def _written(found: re.Match[str]) -> str:
    char = found[0]
    if char in _NAMED:
        return _NAMED[char]
    if char.isprintable():
        return char
    point = ord(char)
    if point < 0x20 or point == 0x7F:
        return f"\\x{point:02x}"
    if 0xD800 <= point <= 0xDFFF:
        return "\ufffd"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
