"""Addresses and networks against Python's `ipaddress`; what Go says of odd texts is in tests/conformance."""

from __future__ import annotations

import doctest
import ipaddress

import pytest
from hypothesis import given, strategies as st

import dra.cel.network
from dra.cel.network import Address, Network
from dra.cel.values import Failure, equal, size_of, type_value

TEXTS = st.one_of(st.text(max_size=20), st.text(st.sampled_from("0123456789abcdef:./%"), max_size=30))
ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(
    lambda address: getattr(address, "ipv4_mapped", None) is None
)


@given(address=ADDRESSES)
def test_any_address_reads_what_it_writes(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    ours = Address.parse(str(address))
    assert (ours.number, ours.family) == (int(address), address.version)
    assert Address.parse(str(ours)) == ours
    if address.version == 4:
        assert str(ours) == str(address)
    assert ours.is_loopback == address.is_loopback
    assert ours.is_multicast == address.is_multicast
    assert ours.is_unspecified == address.is_unspecified


@given(address=ADDRESSES, data=st.data())
def test_networks_contain_as_in_ipaddress(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, data: st.DataObject
) -> None:
    bits = 32 if address.version == 4 else 128
    wide, narrow = (data.draw(st.integers(0, bits)) for _ in range(2))
    near = type(address)(int(address) ^ 1 << data.draw(st.integers(0, bits - 1)))
    if getattr(near, "ipv4_mapped", None):
        return
    network = ipaddress.ip_network(f"{address}/{wide}", strict=False)
    other = ipaddress.ip_network(f"{near}/{narrow}", strict=False)
    ours = Network.parse(f"{address}/{wide}")
    assert ours.contains_address(Address.parse(str(near))) == (near in network)
    assert ours.contains_network(Network.parse(f"{near}/{narrow}")) == (
        wide <= narrow and other.network_address in network
    )
    assert ours.masked.address.number == int(network.network_address)


@given(text=TEXTS)
def test_any_text_is_an_address_or_fails(text: str) -> None:
    for read in (Address.parse, Network.parse):
        try:
            value = read(text)
        except Failure:
            continue
        assert equal(read(str(value)), value)


def test_sizes_are_bytes() -> None:
    assert size_of(Address.parse("1.2.3.4")) == 4
    assert size_of(Address.parse("::1")) == 16
    assert size_of(Network.parse("::/33")) == 5


def test_types() -> None:
    assert type_value(Address.parse("::1")).name == "net.IP"
    assert type_value(Network.parse("::1/8")).name == "net.CIDR"


def test_other_types_cannot_be_compared() -> None:
    with pytest.raises(Failure, match="no such overload"):
        equal(Address.parse("::1"), "::1")


def test_examples() -> None:
    assert doctest.testmod(dra.cel.network).failed == 0
