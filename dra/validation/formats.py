"""The formats that Kubernetes gives to names, keys and values.

A format is a function from a text to what is wrong with it: one message per fault, in the server's words,
nothing for a good text. Texts recur a lot, so the answers are remembered.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

from dra.names import (
    SUBDOMAIN,
    byte_length,
    described,
    label_faults,
    label_key_faults,
    label_value_faults,
    subdomain_faults,
)

__all__ = [
    "Format",
    "c_identifier",
    "dns_label",
    "dns_subdomain",
    "extended_resource_name",
    "interface_address",
    "label_key",
    "label_value",
    "long_name",
    "long_name_caseless",
    "node_allocatable_resource_name",
    "path_segment",
    "semantic_version",
    "short_name",
    "uuid",
]

Format: TypeAlias = Callable[[str], tuple[str, ...]]

_remembered = lru_cache(maxsize=4096)

_IDENTIFIER: Final = "[A-Za-z_][A-Za-z0-9_]*"
_NUMBER: Final = r"(0|[1-9]\d*)"
_PRERELEASE: Final = r"(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_BUILD: Final = "[0-9a-zA-Z-]+"

_subdomain = re.compile(SUBDOMAIN)
_identifier = re.compile(_IDENTIFIER)
_version = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_PRERELEASE}(\.{_PRERELEASE})*)?(\+{_BUILD}(\.{_BUILD})*)?", re.ASCII
)
_uuid = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@_remembered
def dns_label(text: str) -> tuple[str, ...]:
    """A DNS label as hand-written rules check it: requests, devices.

    Example:
        >>> dns_label("gpu-0"), dns_label("gpu.0")
        ((), ('must not contain dots',))
    """
    return label_faults(text, "characters")


@_remembered
def short_name(text: str) -> tuple[str, ...]:
    """A DNS label as declared rules check it (`k8s-short-name`): the same but for one word."""
    return label_faults(text, "bytes")


@_remembered
def dns_subdomain(text: str) -> tuple[str, ...]:
    """A DNS subdomain as hand-written rules check it: names of objects, of nodes, of classes."""
    return subdomain_faults(text, "characters")


@_remembered
def long_name(text: str) -> tuple[str, ...]:
    """A DNS subdomain as declared rules check it (`k8s-long-name`): the same but for one word."""
    return subdomain_faults(text, "bytes")


@_remembered
def long_name_caseless(text: str) -> tuple[str, ...]:
    """A DNS subdomain in upper or lower case (`k8s-long-name-caseless`): names of drivers."""
    faults = []
    if byte_length(text) > 253:
        faults.append("must be no more than 253 bytes")
    if not _subdomain.fullmatch(text.lower()):
        rule = (
            "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', "
            "and must start and end with an alphanumeric character"
        )
        faults.append(described(rule, SUBDOMAIN, "Example.com"))
    return tuple(faults)


@_remembered
def c_identifier(text: str) -> tuple[str, ...]:
    """The part of an attribute's name behind its domain."""
    if _identifier.fullmatch(text):
        return ()
    rule = (
        "a valid C identifier must start with alphabetic character or '_', "
        "followed by a string of alphanumeric characters or '_'"
    )
    return (described(rule, _IDENTIFIER, "my_name", "MY_NAME", "MyName"),)


@_remembered
def label_key(text: str) -> tuple[str, ...]:
    """Keys of labels, of taints, of topologies, and conditions: a name after an optional domain.

    Example:
        >>> label_key("example.com/")[0]
        'name part must be non-empty'
    """
    return label_key_faults(text, "a valid label key", "bytes")


@_remembered
def qualified_name_of_1_34(text: str) -> tuple[str, ...]:
    """`label_key` in the words of Kubernetes 1.34."""
    return label_key_faults(text, "a qualified name", "characters")


@_remembered
def label_value(text: str) -> tuple[str, ...]:
    """Values of labels and taints: empty, or up to 63 letters, digits, `-`, `_` and `.`."""
    return label_value_faults(text, "bytes")


@_remembered
def label_value_of_1_34(text: str) -> tuple[str, ...]:
    """`label_value` in the words of Kubernetes 1.34."""
    return label_value_faults(text, "characters")


@_remembered
def semantic_version(text: str) -> tuple[str, ...]:
    """A version attribute: Semantic Versioning 2.0.0 without a leading `v`."""
    if _version.fullmatch(text):
        return ()
    return ("must be a string compatible with semver.org spec 2.0.0",)


def uuid(text: str) -> tuple[str, ...]:
    """A share ID: a UUID in lower case. The version digit does not matter."""
    return () if _uuid.fullmatch(text) else ("must be a lowercase UUID in 8-4-4-4-12 format",)


@_remembered
def extended_resource_name(text: str) -> tuple[str, ...]:
    """The name of an extended resource: a domain and a name, outside `kubernetes.io/`."""
    faults = []
    if "/" not in text:
        faults.append("a name must be a domain-prefixed path, such as 'example.com/my-prop'")
    elif "kubernetes.io/" in text:
        faults.append('must not have "kubernetes.io/" domain')
    if text.startswith("requests."):
        faults.append('must not have "requests." prefix')
    return (*faults, *label_key(f"requests.{text}"))


def node_allocatable_resource_name(text: str) -> bool:
    """Whether a resource is one that nodes share out themselves: cpu, memory, huge pages."""
    return text in ("cpu", "memory") or text.startswith("hugepages-")


def path_segment(text: str) -> tuple[str, ...]:
    """A name that can stand in a URL's path."""
    if text in (".", ".."):
        return (f"may not be '{text}'",)
    return tuple(f"may not contain '{character}'" for character in "/%" if character in text)


def interface_address(text: str) -> tuple[str, ...]:
    """The address of a network interface with its prefix, in canonical form: `10.9.8.7/24`."""
    bad = ("must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)",)
    host, slash, prefix = text.partition("/")
    # Go accepts leading zeros in IPv4 here, to report them as not canonical.
    if host.count(".") == 3 and ":" not in host:
        host = ".".join(part.lstrip("0") or part[:1] for part in host.split("."))
    try:
        address = ipaddress.ip_interface(f"{host}/{prefix}")
    except ValueError:
        return bad
    if not slash or not prefix.isdigit():
        return bad
    canonical = str(address)
    if isinstance(address, ipaddress.IPv6Interface) and address.ip.ipv4_mapped:
        if address.network.prefixlen < 96:
            return bad
        canonical = f"{address.ip.ipv4_mapped}/{address.network.prefixlen - 96}"
    return () if text == canonical else (f'must be in canonical form ("{canonical}")',)
