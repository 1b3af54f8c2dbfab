"""Splits an expression into tokens, and reads the values of literals.

Where no token matches, the message shows what cel-go's generated lexer would have read before giving up.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from dra.cel.source import Issues
from dra.cel.values import INT_MAX, INT_MIN, UINT_MAX, Uint

__all__ = ["EOF", "RESERVED", "Token", "number", "tokenize", "unescape", "unescape_bytes"]

EOF: Final = "<EOF>"
RESERVED: Final = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "package",
        "namespace",
        "null",
        "return",
        "true",
        "var",
        "void",
        "while",
    ]
)
_KEYWORDS: Final = frozenset(("true", "false", "null", "in"))


class Token(NamedTuple):
    """A piece of the text. `kind` is the text itself for signs and keywords."""

    kind: str
    text: str
    offset: int


_HEX = "[0-9a-fA-F]"
_ESCAPE = rf"\\(?:[abfnrtv\"'\\?`]|[0-3][0-7][0-7]|[xX]{_HEX}{{2}}|u{_HEX}{{4}}|U{_HEX}{{8}})"
_INSIDE = {quote: rf"(?:{_ESCAPE}|[^\\{quote}\n\r])*" for quote in "\"'"}
_LONG = rf"(?:{_ESCAPE}|[^\\])*?"
_STRING = "|".join(
    (
        *(f"{quote * 3}{_LONG}{quote * 3}" for quote in "\"'"),
        *(f"{quote}{_INSIDE[quote]}{quote}" for quote in "\"'"),
        *(f"[rR]{quote * 3}(?s:.*?){quote * 3}" for quote in "\"'"),
        *(rf"[rR]{quote}[^{quote}\n\r]*{quote}" for quote in "\"'"),
    )
)
_EXPONENT = "[eE][+-]?[0-9]+"
_KINDS: Final = {
    "SPACE": r"[\t \r\n\f]+|//[^\n]*",
    "BYTES": f"[bB](?:{_STRING})",
    "STRING": _STRING,
    "IDENTIFIER": "[A-Za-z_][A-Za-z0-9_]*",
    "NUM_FLOAT": rf"[0-9]+\.[0-9]+(?:{_EXPONENT})?|[0-9]+{_EXPONENT}|\.[0-9]+(?:{_EXPONENT})?",
    "NUM_UINT": f"(?:0x{_HEX}+|[0-9]+)[uU]",
    "NUM_INT": f"0x{_HEX}+|[0-9]+",
    "ESC_IDENTIFIER": r"`[A-Za-z0-9_.\-/ ]+`",
    "SIGN": r"==|!=|<=|>=|&&|\|\||[-\[\]{}().,!?:+*/%<>]",
}
_TOKEN: Final = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()))

# The longest start of a token at a place where none matches.
_BEGUN: Final = re.compile(
    "|".join(
        (
            *(
                rf"{quote}{_INSIDE[quote]}(?:\\(?:[0-3][0-7]?|[xX]{_HEX}?|u{_HEX}{{0,3}}|U{_HEX}{{0,7}})?)?"
                for quote in "\"'"
            ),
            r"`[A-Za-z0-9_.\-/ ]*",
            "[=&|]?",
        )
    )
)


def tokenize(source: str, issues: Issues) -> list[Token]:
    """The tokens of a text, closed by one of kind `EOF`; what is none is left out and noted.

    Example:
        >>> [token.kind for token in tokenize("a.b == 1", Issues("a.b == 1"))]
        ['IDENTIFIER', '.', 'IDENTIFIER', '==', 'NUM_INT', '<EOF>']
    """
    tokens = []
    offset = 0
    while offset < len(source):
        found = _TOKEN.match(source, offset)
        if found is None:
            offset = _skip_unreadable(source, offset, issues)
            continue
        kind, text = found.lastgroup or "", found[0]
        if kind != "SPACE":
            if kind == "SIGN" or text in _KEYWORDS:
                kind = text
            tokens.append(Token(kind, text, offset))
        offset = found.end()
    tokens.append(Token(EOF, EOF, len(source)))
    return tokens


def _skip_unreadable(source: str, offset: int, issues: Issues) -> int:
    begun = _BEGUN.match(source, offset)
    end = min((begun.end() if begun else offset) + 1, len(source))
    issues.add(offset, f"Syntax error: token recognition error at: '{source[offset:end]}'")
    return end


_SIMPLE: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_ESCAPED: Final = re.compile(rf"\\([0-3][0-7][0-7]|[xX]{_HEX}{{2}}|u{_HEX}{{4}}|U{_HEX}{{8}}|.)", re.DOTALL)


def _body(literal: str) -> tuple[str, bool]:
    """What is between the quotes, and whether escapes in it mean anything."""
    literal = literal.replace("\r\n", "\n").replace("\r", "\n")
    raw = literal[0] in "rR"
    text = literal[1:] if raw else literal
    width = 3 if len(text) >= 6 and text[:3] in ('"""', "'''") else 1
    return text[width:-width], not raw


def number(kind: str, text: str) -> int | float:
    """The value of a number, as written with its sign.

    Args:
        kind: Of the token.
        text: The digits, and what is around them.

    Raises:
        ValueError: It is too large.
    """
    if kind == "NUM_FLOAT":
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise ValueError("invalid double literal")
        return value
    unsigned = kind == "NUM_UINT"
    low, high = (0, UINT_MAX) if unsigned else (INT_MIN, INT_MAX)
    try:
        whole = int(text.rstrip("uU"), 16 if "0x" in text else 10)
    except ValueError:  # Python reads no number of more than 4,300 digits
        whole = high + 1
    if not low <= whole <= high:
        raise ValueError(f"invalid {'uint' if unsigned else 'int'} literal")
    return Uint(whole) if unsigned else whole


def unescape(literal: str) -> str:
    r"""The value of a string literal, as written with its quotes.

    Raises:
        ValueError: An escape stands for no character.

    Example:
        >>> unescape(r"'a\tb'") == "a\tb", unescape(r"r'a\d'") == r"a\d"
        (True, True)
    """
    text, escapes = _body(literal)
    return _ESCAPED.sub(_character, text) if escapes and "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    code = escape[1]
    if len(code) == 1:
        return _SIMPLE.get(code, code)
    number = int(code, 8) if code[0].isdigit() else int(code[1:], 16)
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        raise ValueError("invalid unicode code point")
    return chr(number)


def unescape_bytes(literal: str) -> bytes:
    """The value of a bytes literal, as written with its `b` and quotes.

    Raises:
        ValueError: It has an escape that bytes do not know.
    """
    text, escapes = _body(literal[1:])
    if not escapes or "\\" not in text:
        return text.encode()
    value, end = b"", 0
    for escape in _ESCAPED.finditer(text):
        value += text[end : escape.start()].encode() + _byte(escape[1])
        end = escape.end()
    return value + text[end:].encode()


def _byte(code: str) -> bytes:
    if len(code) == 1:
        return _SIMPLE.get(code, code).encode()
    if code[0] in "uU":
        raise ValueError("unable to unescape string")
    return bytes([int(code, 8) if code[0].isdigit() else int(code[1:], 16)])
