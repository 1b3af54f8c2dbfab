"""Texts in the usual form are read by a pattern of their own: as the exact reader would read them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, strategies as st

from dra import Quantity, cel
from dra.cel.library.quantity import Amount
from dra.cel.library.semver import Semver
from dra.cel.network import Address
from dra.cel.times import Duration
from dra.cel.url import Url, is_request_uri, request_uri_error
from dra.cel.values import Failure

SUFFIXES = ("", *"numkMGTPE", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
UNITS = ("ns", "us", "µs", "μs", "ms", "s", "m", "h")
NUMBERS = st.integers(0, 10**19 - 1)


@given(st.text("0125.", max_size=12) | st.ip_addresses(v=4).map(str))
def test_four_octets_are_an_address_and_nothing_else_without_colon(text: str) -> None:
    try:
        wanted: object = int(ipaddress.IPv4Address(text))
    except ValueError:
        wanted = None
    found = Address.read(text)
    assert (None if isinstance(found, Failure) else found.number) == wanted


@given(number=st.integers(1, 10**18 - 1), suffix=st.sampled_from(SUFFIXES))
def test_whole_quantities_mean_what_they_mean_elsewhere(number: int, suffix: str) -> None:
    assert Amount.parse(f"{number}{suffix}").nanos == Quantity(f"{number}{suffix}").nanos


@given(number=st.integers(1, 10**18 - 1), suffix=st.sampled_from(SUFFIXES))
def test_whole_quantities_are_stored_as_with_a_sign(number: int, suffix: str) -> None:
    assert Amount.parse(f"{number}{suffix}").scale == Amount.parse(f"+{number}{suffix}").scale


@given(NUMBERS, NUMBERS, NUMBERS)
def test_releases_are_those_with_build_metadata(major: int, minor: int, patch: int) -> None:
    text = f"{major}.{minor}.{patch}"
    assert Semver.parse(text).key == Semver.parse(f"{text}+build").key


@given(number=st.integers(0, 999_999), unit=st.sampled_from(UNITS))
def test_durations_of_one_part_are_those_with_a_sign(number: int, unit: str) -> None:
    assert Duration.parse(f"{number}{unit}") == Duration.parse(f"+{number}{unit}")


@given(st.sampled_from(("", "/", "*", "http:", "http://a", "x://h:1/")), st.text("a:/?.=1%-@#*", max_size=12))
def test_request_uris_are_those_that_nothing_is_wrong_with(start: str, rest: str) -> None:
    assert is_request_uri(start + rest) is not bool(request_uri_error(start + rest))


@given(st.sampled_from(("/", "http://a/", "x://h:1/")), st.text("a:/?.=1%-@", max_size=12))
def test_urls_are_those_with_a_fragment(start: str, rest: str) -> None:
    found, with_fragment = Url.read(start + rest), Url.read(f"{start}{rest}#f")
    if isinstance(found, Failure):
        return
    assert isinstance(with_fragment, Url)
    assert f"{found.text}#f" == with_fragment.text
    for part in ("scheme", "host", "escaped_path", "raw_query"):
        assert getattr(found, part) == getattr(with_fragment, part)


def test_a_list_that_cannot_be_paid_for_costs_what_it_would_have() -> None:
    with pytest.raises(cel.EvaluationError, match="actual cost limit exceeded") as caught:
        cel.compile("lists.range(2000000).size() == 1", "1.36").evaluate({})
    assert caught.value.cost == 2_000_011
