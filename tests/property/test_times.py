"""Durations and timestamps: round trips, arithmetic against plain integers, and any text at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from hypothesis import given, settings, strategies as st

from dra.cel.times import Duration, Timestamp
from dra.cel.values import INT_MAX, INT_MIN, Failure

NANOS = st.integers(INT_MIN, INT_MAX)
MOMENTS = st.builds(
    Timestamp,
    st.integers(-62_135_596_800 * 10**9, 253_402_300_800 * 10**9 - 1),
    st.integers(-89_940, 89_940).map(lambda seconds: seconds - seconds % 60),
)


@given(moment=MOMENTS)
def test_a_timestamp_reads_what_it_writes(moment: Timestamp) -> None:
    text = str(moment)
    if text[4] == "-" and int(text[:4]) <= 9999:
        again = Timestamp.parse(text)
        assert (again, again.offset) == (moment, moment.offset)


@given(seconds=st.integers(-62_135_596_800, 253_402_300_799))
def test_the_calendar_is_that_of_datetime(seconds: int) -> None:
    at = Timestamp.from_seconds(seconds).civil("UTC")
    expected = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
    assert (at.year, at.month, at.day, at.hour, at.minute, at.second) == expected.timetuple()[:6]
    assert (at.weekday, at.day_of_year) == (expected.isoweekday() % 7, expected.timetuple().tm_yday)


@given(nanos=st.integers(0, 10**15))
def test_a_duration_reads_what_it_writes_up_to_the_float_it_writes(nanos: int) -> None:
    """Upstream writes seconds as a float, whose last digit can be off by one nanosecond."""
    assert abs(Duration.parse(str(Duration(nanos))).nanos - nanos) <= 1


@given(left=NANOS, right=NANOS)
def test_sums_are_exact_or_overflow(left: int, right: int) -> None:
    try:
        total = (Duration(left) + Duration(right)).nanos
    except Failure:
        assert not INT_MIN <= left + right <= INT_MAX
    else:
        assert total == left + right


@given(moment=MOMENTS, nanos=NANOS)
def test_a_step_forth_and_back_leads_home(moment: Timestamp, nanos: int) -> None:
    try:
        there = moment + Duration(nanos)
        back = there.minus(Duration(nanos))
    except Failure:
        return
    assert back == moment
    assert there.nanos - moment.nanos == nanos


@settings(max_examples=600)
@given(
    read=st.sampled_from([Duration.parse, Timestamp.parse, Timestamp(0).civil]),
    text=st.one_of(
        st.text(max_size=30),
        st.text(st.sampled_from("0123456789.+-hmsnuµ"), max_size=30),
        st.text(st.sampled_from("0123456789:-+.TZ"), max_size=30),
    ),
)
def test_any_text_is_read_or_fails(read: Callable[[str], object], text: str) -> None:
    try:
        value = read(text)
    except Failure:
        return
    assert str(value)
