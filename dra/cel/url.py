"""URLs as values of CEL: read, taken apart and written as Go's `net/url` does, with its messages.

All work is on bytes, as in Go: percent signs may spell bytes that are no UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import attrs

from dra.cel.network import Address, ParseError, parse_address
from dra.cel.quoting import quote
from dra.cel.types import struct
from dra.cel.values import Failure, equal_to_its_own, register, sure

__all__ = ["URL", "Url", "is_request_uri", "request_uri_error"]

URL: Final = struct("kubernetes.URL")

_MOST_PARAMETERS: Final = 10_000
_SCHEME: Final = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*):")
_PORT: Final = re.compile(rb"(?::[0-9]*)?")
_USERINFO: Final = re.compile(rb"[A-Za-z0-9._:~!$&'()*+,;=%@-]*")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")

# A path alone, or scheme, host, port and path, and a query; all of it as Go writes it again.
_PLAIN_URL: Final = re.compile(
    r"(?:([a-z][a-z0-9+.-]*)://([A-Za-z0-9._~-]+(?::[0-9]*)?)(?=[/?]|\Z)|(?=/(?!/)))"
    r"((?:/[A-Za-z0-9$&+,/:;=@._~-]*)?)(?:\?([A-Za-z0-9$&+,/:;=@._~%-]*))?"
)
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")

# Bytes that stand for themselves in a part of a URL.
_PATH: Final = _PLAIN | frozenset(b"$&+,/:;=@")
_PATH_AS_WRITTEN: Final = _PATH | frozenset(b"!'()*[]%")
_FRAGMENT: Final = _PATH | frozenset(b"?!()*")
_FRAGMENT_AS_WRITTEN: Final = _FRAGMENT | frozenset(b"'[]%")
_USER: Final = _PLAIN | frozenset(b"$&+,;=")
_HOST: Final = _PLAIN | frozenset(b"!$&'()*+,;=:[]<>\"")


class _Fault(Exception):  # noqa: N818 - never leaves this module
    """Why a text is no URL."""


@attrs.define(unsafe_hash=True)  # not frozen: that takes twice the time to make
class Url:
    """A URL, equal to others that are written alike.

    Attributes:
        text: As Go writes it again.
        scheme: In lower case.
        host: With port.
        escaped_path: As it was written, where that is valid.
        raw_query: What follows the question mark.

    Example:
        >>> url = Url.parse("https://[::1]:8080/a%2Fb?x=1&x=2")
        >>> url.hostname, url.port, url.escaped_path, url.query
        ('::1', '8080', '/a%2Fb', {'x': ('1', '2')})
    """

    text: str
    scheme: str = attrs.field(eq=False)
    host: str = attrs.field(eq=False)
    escaped_path: str = attrs.field(eq=False)
    raw_query: bytes = attrs.field(eq=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Url:
        """Read an absolute URL or an absolute path.

        Raises:
            Failure: The text is neither.
        """
        url: Url = sure(cls.read(text))
        return url

    @classmethod
    def read(cls, text: str) -> Url | Failure:
        """As `parse`; a failure is given and not raised."""
        plain = _PLAIN_URL.fullmatch(text)
        if plain is not None:
            scheme, host, path, query = plain.groups("")
            return cls(text, scheme, host, path, query.encode())
        if _is_relative(text):
            return Failure(_no_request_uri, text)
        wrong = request_uri_error(text)
        if wrong:
            return Failure(f"URL parse error during conversion from string: {wrong}")
        raw = _bytes(text)
        before, _, fragment = raw.partition(b"#")
        failed = before
        try:
            parts = _parse(before, request=False)
            failed = raw
            shown = b"#" + _rewritten(fragment, _FRAGMENT, _FRAGMENT_AS_WRITTEN) if fragment else b""
        except _Fault as fault:
            message = f"parse {quote(_text(failed))}: {fault}"
            return Failure(f"URL parse error during conversion from string: {message}")
        written = _text(parts.written() + shown)
        return cls(written, _text(parts.scheme), _text(parts.host), _text(parts.path), parts.query or b"")

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        return self._split()[0]

    @property
    def port(self) -> str:
        """The port, empty if there is none."""
        return self._split()[1]

    def _split(self) -> tuple[str, str]:
        host, colon, port = self.host.rpartition(":")
        if not colon or not ((port.isascii() and port.isdigit()) or not port):
            host, port = self.host, ""
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        return host, port

    @property
    def query(self) -> dict[str, tuple[str, ...]]:
        """Values by parameter; what cannot be read is left out."""
        found: dict[str, list[str]] = {}
        if self.raw_query.count(b"&") >= _MOST_PARAMETERS:
            return {}
        for part in self.raw_query.split(b"&"):
            if not part or b";" in part:
                continue
            key, _, value = part.partition(b"=")
            try:
                name, content = (_text(_unescaped(each.replace(b"+", b" "))) for each in (key, value))
            except _Fault:
                continue
            found.setdefault(name, []).append(content)
        return {name: tuple(values) for name, values in found.items()}

    def __str__(self) -> str:
        return self.text


def is_request_uri(text: str) -> bool:
    """Whether a text is an absolute URL or path."""
    return bool(_PLAIN_URL.fullmatch(text)) or not (_is_relative(text) or request_uri_error(text))


def _is_relative(text: str) -> bool:
    """Whether a text is neither an absolute path nor begins with a scheme."""
    return ":" not in text and text[:1] != "/" and text != "*"


def _no_request_uri(text: str) -> str:
    return f"URL parse error during conversion from string: {request_uri_error(text)}"


def request_uri_error(text: str) -> str:
    """Why a text is no absolute URL or path, as Go's `url.ParseRequestURI` says it; empty if it is one."""
    try:
        _parse(_bytes(text), request=True)
    except _Fault as fault:
        return f"parse {quote(text)}: {fault}"
    return ""


@attrs.define
class _Parts:
    """What a URL consists of, all of it as it is written again but for the host."""

    scheme: bytes = b""
    opaque: bytes = b""
    user: bytes | None = None
    host: bytes = b""
    omits_host: bool = False
    path: bytes = b""
    query: bytes | None = None  # None without question mark

    def written(self) -> bytes:
        text = self.scheme + b":" if self.scheme else b""
        if self.opaque:
            text += self.opaque
        else:
            text += self._authority()
            if self.path and not self.path.startswith(b"/") and self.host:
                text += b"/"
            if not text and b":" in self.path.partition(b"/")[0]:
                text += b"./"
            text += self.path
        return text if self.query is None else text + b"?" + self.query

    def _authority(self) -> bytes:
        named = self.host or self.user is not None
        if not (self.scheme or named) or (self.omits_host and not named):
            return b""
        text = b"//" if self.path or named else b""
        if self.user is not None:
            text += self.user + b"@"
        return text + _escaped(self.host, _HOST)


def _parse(text: bytes, *, request: bool) -> _Parts:
    if _CONTROL.search(text):
        raise _Fault("net/url: invalid control character in URL")
    if not text and request:
        raise _Fault("empty url")
    parts = _Parts()
    if text == b"*":
        parts.path = b"*"
        return parts
    if text.startswith(b":"):
        raise _Fault("missing protocol scheme")
    scheme = _SCHEME.match(text)
    rest = text
    if scheme:
        parts.scheme, rest = scheme[1].lower(), text[scheme.end() :]
    rest, question, query = rest.partition(b"?")
    parts.query = query if question else None
    if not rest.startswith(b"/"):
        if parts.scheme:
            parts.opaque = rest
            return parts
        if request:
            raise _Fault("invalid URI for request")
        if b":" in rest.partition(b"/")[0]:
            raise _Fault("first path segment in URL cannot contain colon")
    names_host = parts.scheme or (not request and not rest.startswith(b"///"))
    if names_host and rest.startswith(b"//"):
        authority, slash, path = rest[2:].partition(b"/")
        rest = slash + path
        _parse_authority(authority, parts)
    elif parts.scheme and rest.startswith(b"/"):
        parts.omits_host = True
    parts.path = _rewritten(rest, _PATH, _PATH_AS_WRITTEN)
    return parts


def _parse_authority(authority: bytes, parts: _Parts) -> None:
    userinfo, at, host = authority.rpartition(b"@")
    parts.host = _parse_host(host, strict=parts.scheme in (b"http", b"https"))
    if not at:
        return
    if not _USERINFO.fullmatch(userinfo):
        raise _Fault("net/url: invalid userinfo")
    name, colon, password = userinfo.partition(b":")
    parts.user = _escaped(_unescaped(name), _USER) + colon
    parts.user += _escaped(_unescaped(password), _USER)


def _parse_host(host: bytes, *, strict: bool) -> bytes:
    bracket = host.rfind(b"[")
    if bracket > 0:
        raise _Fault("invalid IP-literal")
    if bracket == 0:
        return _parse_literal(host)
    if b":" in host:
        port = host[host.find(b":") if strict else host.rfind(b":") :]
        _require_port(port)
    return _unescaped_host(host)


def _require_port(port: bytes) -> None:
    if not _PORT.fullmatch(port):
        raise _Fault(f"invalid port {quote(_text(port))} after host")


def _parse_literal(host: bytes) -> bytes:
    """An IPv6 address in brackets with an optional port."""
    name, bracket, port = host[1:].rpartition(b"]")
    if not bracket:
        raise _Fault("missing ']' in host")
    _require_port(port)
    before, percent, zone = name.partition(b"%25")
    name = _unescaped_host(before)
    if percent:
        name += _unescaped_zone(percent + zone)
    try:
        address = parse_address(_text(name))[0]
    except ParseError as error:
        raise _Fault(f"invalid host: {error}") from None
    if address.bits == Address.IPV4_BITS:
        raise _Fault("invalid IP-literal")
    return b"[" + name + b"]" + port


# Escapes


def _require_escapes(text: bytes) -> None:
    at = text.find(b"%")
    while at >= 0:
        if not _ESCAPE.match(text, at):
            raise _bad_escape(text[at : at + 3])
        at = text.find(b"%", at + 3)


def _bad_escape(text: bytes) -> _Fault:
    return _Fault(f"invalid URL escape {quote(_text(text))}")


def _unescaped(text: bytes) -> bytes:
    if b"%" not in text:
        return text
    _require_escapes(text)
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text)


def _unescaped_name(text: bytes, may_spell: Callable[[int, bytes], bool]) -> bytes:
    """Part of a host, in which only some bytes may stand or be spelled out."""
    at = 0
    while at < len(text):
        if text[at] == ord("%"):
            spelled = text[at : at + 3]
            if not _ESCAPE.match(spelled) or not may_spell(int(spelled[1:], 16), spelled):
                raise _bad_escape(spelled)
            at += 3
            continue
        if text[at] < 0x80 and text[at] not in _HOST:
            raise _Fault(f"invalid character {quote(chr(text[at]))} in host name")
        at += 1
    return _unescaped(text)


def _unescaped_host(text: bytes) -> bytes:
    """A host may spell only bytes beyond ASCII, and the percent sign."""
    return _unescaped_name(text, lambda value, spelled: value >= 0x80 or spelled == b"%25")


def _unescaped_zone(text: bytes) -> bytes:
    """A zone may spell what a host may contain, the percent sign and spaces."""
    return _unescaped_name(text, lambda value, spelled: spelled == b"%25" or value in _HOST or value == 0x20)


def _escaped(text: bytes, allowed: frozenset[int]) -> bytes:
    if not text.translate(None, bytes(allowed)):
        return text
    return b"".join(bytes([byte]) if byte in allowed else b"%%%02X" % byte for byte in text)


def _rewritten(text: bytes, allowed: frozenset[int], as_written: frozenset[int]) -> bytes:
    """A path or fragment as Go writes it again: unchanged where that is valid, else escaped anew."""
    content = _unescaped(text)
    return _escaped(content, allowed) if text.translate(None, bytes(as_written)) else text


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


register(Url, URL, equality=equal_to_its_own)
