"""IP addresses and networks as values of CEL, read and written as by Go's `net/netip`, with its messages."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import ClassVar, Final

import attrs

from dra.cel.quoting import quote
from dra.cel.types import opaque
from dra.cel.values import INT_MAX, Failure, equal_to_its_own, register, sure

__all__ = ["CIDR", "IP", "Address", "Network", "ParseError", "parse_address"]

IP: Final = opaque("net.IP")
CIDR: Final = opaque("net.CIDR")

_HEX: Final = frozenset("0123456789abcdefABCDEF")
_OCTET: Final = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_DOTTED: Final = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}")

# Neither class is frozen, though nothing changes their instances: to make a frozen one takes twice the time.


@attrs.define(unsafe_hash=True)
class Address:
    """An IPv4 or IPv6 address.

    Attributes:
        number: Its bits.
        bits: How many they are: 32 or 128.

    Example:
        >>> str(Address.parse("2001:DB8::0:1")), Address.parse("127.0.0.1").is_loopback
        ('2001:db8::1', True)
    """

    number: int
    bits: int

    IPV4_BITS: ClassVar[int] = 32

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address in Go's notation, without zone and not an IPv4 address inside IPv6.

        Raises:
            Failure: The text is none.
        """
        address: Address = sure(cls.read(text))
        return address

    @classmethod
    def read(cls, text: str) -> Address | Failure:
        """As `parse`; a failure is given and not raised."""
        dotted = _DOTTED.fullmatch(text)
        if dotted is not None:
            return _of_octets(dotted)
        if ":" not in text:
            return Failure(_why_no_address, text)
        try:
            address, zone = _parse_ipv6(text)
        except ParseError:
            return Failure(_why_no_address, text)
        if zone:
            return Failure(f"IP address {quote(text)} with zone value is not allowed")
        if address.is_mapped:
            return Failure(f"IPv4-mapped IPv6 address {quote(text)} is not allowed")
        return address

    @property
    def cel_size(self) -> int:
        """Bytes."""
        return self.bits // 8

    @property
    def family(self) -> int:
        """4 or 6."""
        return 4 if self.bits == 32 else 6

    def starts_with(self, prefix: int, length: int) -> bool:
        """Whether the first `length` bits are those of the number `prefix`."""
        return self.number >> (self.bits - length) == prefix

    @property
    def is_mapped(self) -> bool:
        """Whether it is an IPv4 address written as IPv6 (`::ffff:1.2.3.4`)."""
        return self.bits == 128 and self.number >> 32 == 0xFFFF

    @property
    def is_unspecified(self) -> bool:
        """Whether it is `0.0.0.0` or `::`."""
        return self.number == 0

    @property
    def is_loopback(self) -> bool:
        """Whether it is in `127.0.0.0/8` or `::1`."""
        return self.starts_with(127, 8) if self.bits == 32 else self.number == 1

    @property
    def is_multicast(self) -> bool:
        """Whether it is in `224.0.0.0/4` or `ff00::/8`."""
        return self.starts_with(0xE, 4) if self.bits == 32 else self.starts_with(0xFF, 8)

    @property
    def is_link_local_multicast(self) -> bool:
        """Whether it is in `224.0.0.0/24` or `ff02::/16`, whatever the flags in the latter."""
        if self.bits == 32:
            return self.starts_with(0xE00000, 24)
        return (self.number >> 112) & 0xFF0F == 0xFF02

    @property
    def is_link_local_unicast(self) -> bool:
        """Whether it is in `169.254.0.0/16` or `fe80::/10`."""
        return self.starts_with(0xA9FE, 16) if self.bits == 32 else self.starts_with(0x3FA, 10)

    @property
    def is_global_unicast(self) -> bool:
        """Whether it is for one host beyond its link; private addresses are."""
        broadcast = self.bits == 32 and self.number == 0xFFFFFFFF
        return not (
            broadcast
            or self.is_unspecified
            or self.is_loopback
            or self.is_multicast
            or self.is_link_local_unicast
        )

    def __str__(self) -> str:
        """The canonical form."""
        if self.bits == 32:
            number = self.number
            return f"{number >> 24}.{number >> 16 & 0xFF}.{number >> 8 & 0xFF}.{number & 0xFF}"
        groups = [f"{self.number >> shift & 0xFFFF:x}" for shift in range(112, -1, -16)]
        start, length = _longest_zeros(groups)
        if length < 2:
            return ":".join(groups)
        return f"{':'.join(groups[:start])}::{':'.join(groups[start + length :])}"


def _longest_zeros(groups: list[str]) -> tuple[int, int]:
    """Start and length of the first of the longest runs of zero groups."""
    best = (0, 0)
    for start in range(len(groups)):
        end = start
        while end < len(groups) and groups[end] == "0":
            end += 1
        if end - start > best[1]:
            best = (start, end - start)
    return best


@attrs.define(unsafe_hash=True)
class Network:
    """A network: an address, which may have bits beyond the prefix, and the length of the prefix.

    Attributes:
        address: The address before the slash.
        length: The number after it.

    Example:
        >>> str(Network.parse("10.1.2.3/8").masked)
        '10.0.0.0/8'
    """

    address: Address
    length: int

    @classmethod
    def parse(cls, text: str) -> Network:
        """Read a network in CIDR notation.

        Raises:
            Failure: The text is none.
        """
        network: Network = sure(cls.read(text))
        return network

    @classmethod
    def read(cls, text: str) -> Network | Failure:
        """As `parse`; a failure is given and not raised."""
        if "/" not in text:
            return Failure(_why_no_network, text)
        try:
            network = _parse_network(text)
        except ParseError:
            return Failure(_why_no_network, text)
        if network.address.is_mapped:
            message = f"IPv4-mapped IPv6 address {quote(text)} is not allowed"
            return Failure(f"network address parse error during conversion from string: {message}")
        return network

    @property
    def cel_size(self) -> int:
        """Bytes of the prefix."""
        return math.ceil(self.length / 8)

    @property
    def masked(self) -> Network:
        """The same network without bits beyond the prefix."""
        rest = self.address.bits - self.length
        return Network(Address(self.address.number >> rest << rest, self.address.bits), self.length)

    def contains_address(self, address: Address) -> bool:
        """Whether the address begins with the prefix."""
        rest = self.address.bits - self.length
        return self.address.bits == address.bits and (self.address.number ^ address.number) >> rest == 0

    def contains_network(self, other: Network) -> bool:
        """Whether every address of the other network is in this one."""
        return self.length <= other.length and self.contains_address(other.address)

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"


class ParseError(Exception):
    """Why a text is no address or no network."""


# Most failures are never read, so what they say is found out when somebody does: by parsing anew.


def _why_no_address(text: str) -> str:
    return f"IP Address {quote(text)} parse error during conversion from string: {_why(parse_address, text)}"


def _why_no_network(text: str) -> str:
    place = "network address parse error during conversion from string: "
    return f"{place}{place}netip.ParsePrefix({quote(text)}): {_why(_parse_network, text)}"


def _why(parse: Callable[[str], object], text: str) -> str:
    try:
        parse(text)
    except ParseError as error:
        return str(error)
    raise AssertionError(f"{text} can be read")


def _error(text: str, message: str, at: str = "") -> ParseError:
    where = f" (at {quote(at)})" if at else ""
    return ParseError(f"ParseAddr({quote(text)}): {message}{where}")


def _of_octets(dotted: re.Match[str]) -> Address:
    first, second, third, fourth = map(int, dotted.groups())
    return Address(first << 24 | second << 16 | third << 8 | fourth, 32)


def parse_address(text: str) -> tuple[Address, str]:
    """The address and its zone."""
    dotted = _DOTTED.fullmatch(text)
    if dotted is not None:
        return _of_octets(dotted), ""
    decisive = next((char for char in text if char in ".:%"), "")
    if decisive == ".":
        return Address(_parse_dotted(text, text), 32), ""
    if decisive == ":":
        return _parse_ipv6(text)
    raise _error(text, "missing IPv6 address" if decisive else "unable to parse IP")


def _parse_dotted(text: str, part: str) -> int:
    """The number of an IPv4 address, which may be a part of a longer text."""
    fields: list[int] = []
    digits = ""
    for index, char in enumerate(part):
        if char.isascii() and char.isdigit():
            if digits == "0":
                raise _error(text, "IPv4 field has octet with leading zero")
            digits += char
            if int(digits) > 255:
                raise _error(text, "IPv4 field has value >255")
        elif char == ".":
            if not digits or index == len(part) - 1:
                raise _error(text, "IPv4 field must have at least one digit", part[index:])
            if len(fields) == 3:
                raise _error(text, "IPv4 address too long")
            fields.append(int(digits))
            digits = ""
        else:
            raise _error(text, "unexpected character", part[index:])
    if len(fields) < 3:
        raise _error(text, "IPv4 address too short")
    return int.from_bytes([*fields, int(digits)], "big")


def _parse_ipv6(text: str) -> tuple[Address, str]:
    rest, percent, zone = text.partition("%")
    if percent and not zone:
        raise _error(text, "zone must be a non-empty string")
    groups: list[int] = []
    gap = -1
    if rest.startswith("::"):
        gap, rest = 0, rest[2:]
        if not rest:
            return Address(0, 128), zone
    while len(groups) < 8:
        rest = _parse_group(text, rest, groups, embeddable=gap >= 0 or len(groups) == 6)
        if not rest:
            break
        if rest == ":":
            raise _error(text, "colon must be followed by more characters", rest)
        rest = rest[1:]
        if rest[0] == ":":
            if gap >= 0:
                raise _error(text, "multiple :: in address", rest)
            gap, rest = len(groups), rest[1:]
            if not rest:
                break
    if rest:
        raise _error(text, "trailing garbage after address", rest)
    return Address(_filled(text, groups, gap), 128), zone


def _parse_group(text: str, rest: str, groups: list[int], *, embeddable: bool) -> str:
    """Take one group of hexadecimal digits, or the IPv4 address at the end; what is left of the text."""
    digits = 0
    while digits < len(rest) and rest[digits] in _HEX:
        digits += 1
        if digits > 4:
            raise _error(text, "each group must have 4 or less digits", rest)
    if not digits:
        raise _error(text, "each colon-separated field must have at least one digit", rest)
    after = rest[digits:]
    if after.startswith("."):
        if not embeddable:
            raise _error(text, "embedded IPv4 address must replace the final 2 fields of the address", rest)
        if len(groups) > 6:
            message = "too many hex fields to fit an embedded IPv4 at the end of the address"
            raise _error(text, message, rest)
        number = _parse_dotted(text, rest)
        groups += [number >> 16, number & 0xFFFF]
        return ""
    groups.append(int(rest[:digits], 16))
    if after and after[0] != ":":
        raise _error(text, "unexpected character, want colon", after)
    return after


def _filled(text: str, groups: list[int], gap: int) -> int:
    """The number of eight groups, after `::` at the index `gap` has been filled with zeros."""
    missing = 8 - len(groups)
    if missing and gap < 0:
        raise _error(text, "address string too short")
    if not missing and gap >= 0:
        raise _error(text, "the :: must expand to at least one field of zeros")
    number = 0
    for group in groups[: max(gap, 0)] + [0] * missing + groups[max(gap, 0) :]:
        number = number << 16 | group
    return number


def _parse_network(text: str) -> Network:
    before, slash, length_text = text.rpartition("/")
    if not slash:
        raise ParseError("no '/'")
    address, zone = parse_address(before)
    if zone:
        raise ParseError("IPv6 zones cannot be present in a prefix")
    plain = length_text.isascii() and length_text.isdigit() and len(length_text) <= len(str(INT_MAX))
    if not plain or (len(length_text) > 1 and length_text[0] == "0") or int(length_text) > INT_MAX:
        raise ParseError(f"bad bits after slash: {quote(length_text)}")
    if int(length_text) > address.bits:
        raise ParseError("prefix length out of range")
    return Network(address, int(length_text))


register(Address, IP, equality=equal_to_its_own)
register(Network, CIDR, equality=equal_to_its_own)
