"""IP addresses and networks in CEL: `ip("10.0.0.1")`, `cidr("10.0.0.0/8")` and what can be asked of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from dra.cel.declarations import (
    STRING_TRAVERSAL,
    Arguments,
    Cost,
    Estimate,
    Function,
    Library,
    Range,
    fixed,
    member,
    overload,
    traversal,
)
from dra.cel.network import CIDR, IP, Address, Network
from dra.cel.types import BOOL, INT, STRING, Type
from dra.cel.values import NO_OVERLOAD, Failure, Value, size_of

__all__ = ["LIBRARY"]


def _reads(read: Callable[[str], object]) -> Callable[[str], bool]:
    return lambda text: read(text).__class__ is not Failure


def _is_canonical(text: str) -> bool | Failure:
    address = Address.read(text)
    return address if isinstance(address, Failure) else str(address) == text


def _contains_address_text(network: Network, text: str) -> bool | Failure:
    """Upstream hides why the text is no address; for a network in a text it does not."""
    address = Address.read(text)
    return NO_OVERLOAD if isinstance(address, Failure) else network.contains_address(address)


# Costs

_BYTES: Final = Range(4, 16)


def _containment(*, parsed: bool, masked: bool) -> Cost:
    """The cost of comparing two prefixes, after reading the second from a text and masking the first."""

    def estimate(arguments: Arguments) -> Estimate:
        cost = (_BYTES + _BYTES).times(STRING_TRAVERSAL)
        if masked:
            cost += _BYTES.times(STRING_TRAVERSAL) + Range.exactly(1)
        if parsed:
            cost += arguments.size(1).times(STRING_TRAVERSAL)
        return Estimate(cost)

    def charge(values: Sequence[Value], _result: Value) -> int:
        size = size_of(values[0])
        cost = math.ceil((size + size) * STRING_TRAVERSAL)
        if masked:
            cost += math.ceil(size * STRING_TRAVERSAL) + 1
        if parsed:
            cost += math.ceil(size_of(values[1]) * STRING_TRAVERSAL)
        return cost

    return Cost(estimate, charge)


def _property(function: str, name: str, of: Type, result: Type, get: Callable[..., Value]) -> Function:
    return Function(function, member(name, [of], result, get))


LIBRARY: Final = Library(
    "network",
    since="1.30",
    types=(IP, CIDR),
    equality={IP: fixed(), CIDR: fixed()},
    functions=(
        Function(
            "ip",
            overload("string_to_ip", [STRING], IP, Address.read, traversal()),
            member("cidr_ip", [CIDR], IP, lambda network: network.address),
        ),
        Function("isIP", overload("is_ip", [STRING], BOOL, _reads(Address.read), traversal())),
        Function(
            "ip.isCanonical",
            overload(
                "ip_is_canonical",
                [STRING],
                BOOL,
                _is_canonical,
                traversal(factor=2 * STRING_TRAVERSAL),
            ),
        ),
        _property("family", "ip_family", IP, INT, lambda address: address.family),
        _property("isUnspecified", "ip_is_unspecified", IP, BOOL, lambda address: address.is_unspecified),
        _property("isLoopback", "ip_is_loopback", IP, BOOL, lambda address: address.is_loopback),
        _property(
            "isLinkLocalMulticast",
            "ip_is_link_local_multicast",
            IP,
            BOOL,
            lambda address: address.is_link_local_multicast,
        ),
        _property(
            "isLinkLocalUnicast",
            "ip_is_link_local_unicast",
            IP,
            BOOL,
            lambda address: address.is_link_local_unicast,
        ),
        _property(
            "isGlobalUnicast", "ip_is_global_unicast", IP, BOOL, lambda address: address.is_global_unicast
        ),
        Function("cidr", overload("string_to_cidr", [STRING], CIDR, Network.read, traversal())),
        Function("isCIDR", overload("is_cidr", [STRING], BOOL, _reads(Network.read), traversal())),
        Function(
            "containsIP",
            member(
                "cidr_contains_ip_ip",
                [CIDR, IP],
                BOOL,
                Network.contains_address,
                _containment(parsed=False, masked=False),
            ),
            member(
                "cidr_contains_ip_string",
                [CIDR, STRING],
                BOOL,
                _contains_address_text,
                _containment(parsed=True, masked=False),
            ),
        ),
        Function(
            "containsCIDR",
            member(
                "cidr_contains_cidr",
                [CIDR, CIDR],
                BOOL,
                Network.contains_network,
                _containment(parsed=False, masked=True),
            ),
            member(
                "cidr_contains_cidr_string",
                [CIDR, STRING],
                BOOL,
                lambda network, text: network.contains_network(Network.parse(text)),
                _containment(parsed=True, masked=True),
            ),
        ),
        _property("prefixLength", "cidr_prefix_length", CIDR, INT, lambda network: network.length),
        _property("masked", "cidr_masked", CIDR, CIDR, lambda network: network.masked),
        Function(
            "string",
            overload("ip_to_string", [IP], STRING, str),
            overload("cidr_to_string", [CIDR], STRING, str),
        ),
    ),
)
