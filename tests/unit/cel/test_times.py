"""Durations and timestamps: limits, arithmetic, zones; what Go makes of texts is in tests/conformance."""

from __future__ import annotations

import doctest
from collections.abc import Callable

import pytest

import dra.cel.times
from dra.cel.times import Duration, Timestamp
from dra.cel.values import INT_MAX, INT_MIN, Failure, compare, equal, sure, type_value

FIRST = Timestamp.parse("0001-01-01T00:00:00Z")
LAST = Timestamp.parse("9999-12-31T23:59:59.999999999Z")
NANO = Duration(1)


def failure(call: Callable[[], object]) -> str:
    with pytest.raises(Failure) as caught:
        call()
    return str(caught.value)


def test_the_types_are_those_of_protobuf() -> None:
    assert type_value(NANO).name == "google.protobuf.Duration"
    assert type_value(FIRST).name == "google.protobuf.Timestamp"


def test_values_compare_by_time_alone() -> None:
    moment, elsewhere = Timestamp.parse("2024-01-01T01:00:00+01:00"), Timestamp.parse("2024-01-01T00:00:00Z")
    assert equal(moment, elsewhere)
    assert hash(moment) == hash(elsewhere)
    assert compare(moment, elsewhere) == 0
    assert compare(Duration.parse("59m"), Duration.parse("1h")) == -1
    assert not equal(Duration(1), 1)
    assert failure(lambda: sure(compare(Duration(1), 1))) == "no such overload"


@pytest.mark.parametrize(
    "text", ["", "1", "s", "1h1", "-", "1.5.5s", "1d", "9223372036854775808ns", "1٣s", "1\ud800"]
)
def test_what_is_no_duration(text: str) -> None:
    wanted = "type conversion error from 'string' to 'google.protobuf.Duration'"
    assert failure(lambda: Duration.parse(text)) == wanted


@pytest.mark.parametrize(
    "text", ["", "2024-01-01", "2024-02-30T00:00:00Z", "2024-01-01T00:00:00", "٢٠٢٤-01-01T00:00:00Z"]
)
def test_what_is_no_timestamp(text: str) -> None:
    wanted = "type conversion error from 'string' to 'google.protobuf.Timestamp'"
    assert failure(lambda: Timestamp.parse(text)) == wanted


def test_very_long_numbers_are_read() -> None:
    assert Duration.parse("0" * 10_000 + "1s") == Duration.parse("1s")
    assert Duration.parse("1." + "0" * 10_000 + "s") == Duration.parse("1s")
    assert failure(lambda: Duration.parse("9" * 10_000 + "s")).startswith("type conversion error")


@pytest.mark.parametrize(
    "call",
    [
        lambda: Timestamp.parse("0001-01-01T00:00:00+00:01"),
        lambda: Timestamp.parse("9999-12-31T23:59:59-00:01"),
        lambda: sure(Timestamp.from_seconds(253_402_300_800)),
        lambda: sure(Timestamp.from_seconds(-62_135_596_801)),
        lambda: LAST + NANO,
        lambda: FIRST.minus(NANO),
        lambda: FIRST + Duration(INT_MIN),
    ],
)
def test_timestamps_end_with_the_years_1_and_9999(call: Callable[[], object]) -> None:
    assert failure(call) == "timestamp overflow"


@pytest.mark.parametrize(
    "call",
    [
        lambda: Duration(INT_MAX) + NANO,
        lambda: Duration(INT_MIN) - NANO,
        lambda: -Duration(INT_MIN),
        lambda: LAST.since(FIRST),
        lambda: LAST.minus(Duration(INT_MIN)),
    ],
)
def test_durations_end_with_64_bits(call: Callable[[], object]) -> None:
    assert failure(call) == "integer overflow"


def test_seconds_alone_may_overflow_a_difference() -> None:
    """Upstream multiplies before it subtracts the nanoseconds, so the longest durations cannot be reached."""
    start = Timestamp(999_999_999)
    assert failure(lambda: Timestamp(9_223_372_037 * 10**9).since(start)) == "integer overflow"
    assert Timestamp(9_223_372_036 * 10**9).since(start).nanos == 9_223_372_035_000_000_001


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("", (2009, 13, 23, 31)),
        ("+02:00", (2009, 14, 1, 31)),
        ("02:00", (2009, 14, 1, 31)),
        ("-08:30", (2009, 13, 15, 1)),
        ("-00:30", (2009, 13, 23, 1)),
        ("Asia/Kathmandu", (2009, 14, 5, 16)),
        ("Local", (2009, 13, 23, 31)),
    ],
)
def test_zones(zone: str, shown: tuple[int, ...]) -> None:
    at = Timestamp.parse("2009-02-13T23:31:30Z").civil(zone)
    assert (at.year, at.day, at.hour, at.minute) == shown


@pytest.mark.parametrize(
    ("zone", "message"),
    [
        ("Mars/Olympus", "unknown time zone Mars/Olympus"),
        ("America", "unknown time zone America"),
        ("tzdata.zi", "unknown time zone tzdata.zi"),
        ("a\0b", "unknown time zone a\0b"),
        ("x" * 5000, "unknown time zone " + "x" * 5000),
        ("\ud800", "unknown time zone \ud800"),
        ("../etc/passwd", "time: invalid location name"),
        ("/etc/localtime", "time: invalid location name"),
        ("\\x", "time: invalid location name"),
        (":30", 'strconv.Atoi: parsing "": invalid syntax'),
        ("+2:x", 'strconv.Atoi: parsing "x": invalid syntax'),
        ("٢:00", 'strconv.Atoi: parsing "٢": invalid syntax'),
        ("99999999999999999999:00", 'strconv.Atoi: parsing "99999999999999999999": value out of range'),
        ("-" + "9" * 5000 + ":00", f'strconv.Atoi: parsing "-{"9" * 5000}": value out of range'),
    ],
)
def test_what_is_no_zone(zone: str, message: str) -> None:
    assert failure(lambda: FIRST.civil(zone)) == message


def test_a_zone_may_lead_beyond_the_years_that_timestamps_have() -> None:
    assert LAST.civil("+14:00").year == 10_000
    assert FIRST.civil("-12:00").year == 0
    assert LAST.civil("Pacific/Auckland").year == 10_000
    assert FIRST.civil("America/Los_Angeles").year == 0
    late = Timestamp.parse("9999-12-31T20:00:00+02:00") + Duration.parse("5h")
    assert str(late) == "10000-01-01T01:00:00+02:00"


def test_absurd_offsets_wrap_as_go_wraps_them() -> None:
    assert FIRST.civil("9223372036854775807:00").hour in range(24)


def test_a_sum_keeps_the_zone_it_was_written_in() -> None:
    assert str(Timestamp.parse("2024-01-01T00:00:00-03:00") + NANO) == "2024-01-01T00:00:00.000000001-03:00"


def test_examples() -> None:
    assert doctest.testmod(dra.cel.times).failed == 0
