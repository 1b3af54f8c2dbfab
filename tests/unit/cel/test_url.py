"""URLs: the examples, limits and odd bytes; thousands of texts are in tests/conformance."""

from __future__ import annotations

import doctest

import pytest

import dra.cel.url
from dra.cel.url import Url, request_uri_error
from dra.cel.values import Failure, equal, type_value


def test_urls_are_equal_when_written_alike() -> None:
    assert equal(Url.parse("HTTP://a/"), Url.parse("http://a/"))
    assert not equal(Url.parse("http://a/"), Url.parse("http://a"))
    with pytest.raises(Failure, match="no such overload"):
        equal(Url.parse("/a"), "/a")


def test_the_type_has_its_name() -> None:
    assert type_value(Url.parse("/")).name == "kubernetes.URL"


def test_a_query_of_too_many_parameters_is_not_read() -> None:
    assert Url.parse("/?" + "a&" * 9_999).query == {"a": ("",) * 9_999}
    assert Url.parse("/?" + "a&" * 10_000).query == {}


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert Url.parse("/?a=%FF").query == {"a": ("\ufffd",)}
    assert Url.parse("http://h/\ud800").escaped_path == "/%ED%A0%80"


def test_errors_quote_the_text() -> None:
    assert request_uri_error('a"b') == r'parse "a\"b": invalid URI for request'
    assert request_uri_error("/fine") == ""


def test_examples() -> None:
    assert doctest.testmod(dra.cel.url).failed == 0


def test_the_values_of_a_parameter_keep_their_order_however_many_they_are() -> None:
    numbers = tuple(map(str, range(9000)))
    assert Url.parse("/?" + "&".join(f"a={number}" for number in numbers)).query == {"a": numbers}
