"""Terms: which values they take, and what they say about the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dra.claims.select import Expression, Term, device, quantity, semver
from dra.errors import ExpressionError, QuantityError

GPU = device.of("gpu.example.com")
x = GPU.attr("x")
memory = GPU.capacity("memory")


@pytest.mark.parametrize(
    ("build", "message", "remedy"),
    [
        (lambda: memory >= 20, "compared with a quantity", 'write "20Gi"'),
        (lambda: memory >= True, "compared with a quantity", ""),
        (lambda: memory >= 20.5, "float", "40Gi"),
        (lambda: memory >= semver("1.0.0"), "compared with a quantity", ""),
        (lambda: memory.startswith("a"), "is a capacity", ""),
        (lambda: memory.includes("1"), "is no list", "write =="),
        (lambda: x >= "550.54", "a text has no order", 'semver("550.54.0")'),
        (lambda: x >= "abc", "a text has no order", ".in_"),
        (lambda: x >= True, "a boolean has no order", "write it alone"),
        (lambda: x == quantity("1Gi"), "is an attribute", "ask for the capacity"),
        (lambda: x == 1.5, "float", "integers"),
        (lambda: x == None, "None", ".exists()"),  # noqa: E711 - the mistake
        (lambda: x == [1, 2], "list", ".in_("),
        (lambda: x == x, "with a value", "cel("),
        (lambda: x == b"a", "bytes", "write a text"),
        (lambda: x.in_("ab"), "list of values", ".in_(['ab'])"),
        (lambda: x.in_([]), "no values", ""),
        (lambda: x.in_([1, "a"]), "of one type", ""),
        (lambda: x.in_([True]), "true or false", ".exists()"),
        (lambda: x.lower() == "A", "in lower case", 'write "a"'),
        (lambda: x.lower().contains("A100"), "in lower case", 'write "a100"'),
        (lambda: x.matches("(?=a)"), "no regular expression", "RE2"),
        (lambda: x.startswith(1), "compared with a text", 'write "1"'),
        (lambda: x.or_else(1) == "a", "compared with an integer", ""),
        (lambda: x == 2**63, "64 bits", "9223372036854775807"),
        (lambda: x == 10**5000, "64 bits", ""),
        (lambda: x == "\ud800", "half a character", ""),
        (lambda: device.driver == 1, "compared with a text", 'write "1"'),
        (lambda: device.driver.includes("a"), "is no list", ""),
        (lambda: device.attr("gpu-memory"), "no name of an attribute", "32 at most"),
        (lambda: device.attr("a" * 33), "no name of an attribute", ""),
        (lambda: device.attr("A_/x"), "no domain", "DNS subdomain"),
        (lambda: device.capacity(""), "no name of a capacity", ""),
        (lambda: device.attr(1), "is a text", ""),  # type: ignore[arg-type] # the mistake
        (lambda: device.of(""), "no domain", ""),
    ],
)
def test_what_means_nothing_is_refused_with_a_remedy(
    build: Callable[[], object], message: str, remedy: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        build()
    assert message in str(caught.value)
    assert remedy in caught.value.remedy


def test_a_text_that_is_no_quantity_says_what_was_meant() -> None:
    with pytest.raises(QuantityError, match="write 20G or 20Gi"):
        memory >= "20GB"  # noqa: B015 - building it is the test


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("580.126.09", 'semver("580.126.9")'),
        ("v1.2.3", 'semver("1.2.3")'),
        ("550", 'semver("550.0.0")'),
        ("", "major, minor and patch"),
        ("latest", "major, minor and patch"),
    ],
)
def test_a_version_that_is_none_says_which_is(text: str, remedy: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        semver(text)
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    "text", ['"', "\\", "'", "\n\r\t\0\x7f", "é", "𝄞", "\u200b", "`{}${x}", '"; true || "', "\\x41", '\\"']
)
def test_every_text_reaches_the_device_as_it_is(text: str) -> None:
    device_with = {"attributes": {"x": {"string": text}}}
    other = {"attributes": {"x": {"string": text + "!"}}}
    tests: list[Callable[[Term], Expression]] = [
        lambda term: term == text,
        lambda term: term.in_([text]),
        lambda term: term.or_else("").endswith(text),
    ]
    for test in tests:
        assert test(x).matches(device_with, driver="gpu.example.com")
        assert not test(x).matches(other, driver="gpu.example.com")


def test_a_term_shows_how_it_was_written() -> None:
    assert repr(x.or_else("a").lower()) == 'device.of("gpu.example.com").attr("x").or_else("a").lower()'
