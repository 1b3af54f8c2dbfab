"""Texts in double quotes as Go's `%q` writes them, which many of upstream's messages contain."""

from __future__ import annotations

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


def quote(text: str) -> str:
    r"""The text as a Go string literal: what cannot be printed is escaped.

    Example:
        >>> print(quote('a "b"\n\x01é\u200b'))
        "a \"b\"\n\x01é\u200b"
    """
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{"".join(map(_character, text))}"'


def _character(char: str) -> str:
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
