"""CEL's durations and timestamps: exact to the nanosecond, with Go's syntax, limits and error texts.

Python's own `datetime` ends at microseconds and at the years 1 and 9999, which a time zone can overstep.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import ClassVar, Final
from zoneinfo import ZoneInfo, available_timezones

import attrs

from dra.cel import types
from dra.cel.quoting import quote
from dra.cel.values import INT_MAX, INT_MIN, Failure, register, sure

__all__ = ["Civil", "Duration", "Timestamp", "atoi"]

_SECOND: Final = 10**9
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY_SECONDS: Final = 86_400
_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": _SECOND,
    "m": _MINUTE,
    "h": _HOUR,
}
_MIN_SECONDS: Final = -62_135_596_800  # 0001-01-01T00:00:00Z
_MAX_SECONDS: Final = 253_402_300_799  # 9999-12-31T23:59:59Z
_MIN_NANOS: Final = _MIN_SECONDS * _SECOND
_MAX_NANOS: Final = (_MAX_SECONDS + 1) * _SECOND - 1
_EPOCH: Final = datetime(1970, 1, 1)
_EPOCH_ORDINAL: Final = _EPOCH.toordinal()
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097  # after which the calendar repeats, weekdays included

_PART: Final = re.compile(r"(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))([^.0-9]+)")
_PLAIN: Final = re.compile(r"([0-9]{1,6})([nuµμm]?s|[mh])")  # one part, which fits whatever its unit
_RFC3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_TWO_DIGITS: Final = tuple(f"{number:02d}" for number in range(60))


def _quotient(value: int, divisor: int) -> int:
    """Division that rounds towards zero, as Go's."""
    return abs(value) // divisor * (-1 if value < 0 else 1)


def _int64(value: int) -> int:
    if not INT_MIN <= value <= INT_MAX:
        raise Failure("integer overflow")
    return value


def _wrapped(value: int) -> int:
    """The value as a 64-bit register holds it after an overflow that nobody checks."""
    return (value - INT_MIN) % 2**64 + INT_MIN


_NO_DURATION: Final = Failure(f"type conversion error from 'string' to '{types.DURATION.name}'")
_NO_TIMESTAMP: Final = Failure(f"type conversion error from 'string' to '{types.TIMESTAMP.name}'")
_OVERFLOW: Final = Failure("timestamp overflow")


# Neither class is frozen, though nothing changes their instances: to make a frozen one takes twice the time.


@attrs.define(order=True, unsafe_hash=True)
class Duration:
    """A length of time.

    Attributes:
        nanos: Nanoseconds, a signed 64-bit number.

    Example:
        >>> str(Duration.parse("1h30m") + Duration(1))
        '5400.000000001s'
    """

    nanos: int

    order_key: ClassVar[str] = "nanos"

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read Go's notation, such as `1h15m30.5s` or `-2ms`; fractions of a nanosecond are cut off.

        Raises:
            Failure: The text is no duration, or it does not fit in 64 bits of nanoseconds (292 years).
        """
        found: Duration = sure(cls.read(text))
        return found

    @classmethod
    def read(cls, text: str) -> Duration | Failure:
        """As `parse`; a failure is given and not raised."""
        plain = _PLAIN.fullmatch(text)
        if plain is not None:
            return cls(int(plain[1]) * _UNITS[plain[2]])
        unsigned = text[1:] if text[:1] in ("+", "-") else text
        if unsigned == "0":
            return cls(0)
        total = end = 0
        while end < len(unsigned):
            part = _PART.match(unsigned, end)
            if part is None or part[4] not in _UNITS:
                return _NO_DURATION
            nanos = _magnitude(part[1] or "", part[2] or part[3] or "", _UNITS[part[4]])
            if nanos > 2**63:  # the part alone does not fit
                return _NO_DURATION
            total, end = total + nanos, part.end()
        if text[:1] == "-":
            total = -total
        return cls(total) if end and INT_MIN <= total <= INT_MAX else _NO_DURATION

    def __add__(self, other: Duration) -> Duration:
        """The sum; a `Failure` if it overflows, as all arithmetic here."""
        return Duration(_int64(self.nanos + other.nanos))

    def __sub__(self, other: Duration) -> Duration:
        return Duration(_int64(self.nanos - other.nanos))

    def __neg__(self) -> Duration:
        return Duration(_int64(-self.nanos))

    def __str__(self) -> str:
        """Seconds, as CEL's `string()` gives them."""
        number = repr(self._float(_SECOND))
        if "e" in number:
            number = format(Decimal(number), "f")
        return f"{number.removesuffix('.0')}s"

    def _float(self, unit: int) -> float:
        """The length in a unit as Go computes it, rounding included."""
        whole = _quotient(self.nanos, unit)
        return whole + (self.nanos - whole * unit) / unit

    @property
    def hours(self) -> int:
        """Whole hours, rounded towards zero; likewise the properties that follow."""
        return int(self._float(_HOUR))

    @property
    def minutes(self) -> int:
        """Whole minutes of the entire length."""
        return int(self._float(_MINUTE))

    @property
    def seconds(self) -> int:
        """Whole seconds of the entire length."""
        return int(self._float(_SECOND))

    @property
    def milliseconds(self) -> int:
        """Whole milliseconds of the entire length."""
        return _quotient(self.nanos, 1_000_000)


def _magnitude(whole: str, fraction: str, unit: int) -> int:
    """Nanoseconds of one part of a duration."""
    digits = whole.lstrip("0")
    nanos = int(digits or "0") * unit if len(digits) <= 19 else INT_MAX * 2
    # As Go: the fraction's digits as far as they fit in 63 bits, and then a product of floats.
    number, scale = 0, 1.0
    for digit in fraction:
        longer = number * 10 + int(digit)
        if number > INT_MAX // 10 or longer > 2**63:
            break
        number, scale = longer, scale * 10
    return nanos + int(number * (unit / scale))


@attrs.define
class Civil:
    """A point in time as calendar and clock of some place show it.

    Attributes:
        time: Seconds since the clock there showed the start of 1970.
        nanos: Nanoseconds of the second.

    Example:
        >>> Civil(-1, 0).year, Civil(-1, 0).day_of_year, Civil(-1, 0).second
        (1969, 365, 59)
    """

    time: int
    nanos: int

    @property
    def _date(self) -> tuple[int, date]:
        return _calendar(self.time // _DAY_SECONDS)

    @property
    def year(self) -> int:
        """The year of the proleptic Gregorian calendar."""
        years, day = self._date
        return years + day.year

    @property
    def month(self) -> int:
        """The month, from 1."""
        return self._date[1].month

    @property
    def day(self) -> int:
        """The day of the month, from 1."""
        return self._date[1].day

    @property
    def weekday(self) -> int:
        """The day of the week, from 0, Sunday."""
        return self._date[1].isoweekday() % 7

    @property
    def day_of_year(self) -> int:
        """The day of the year, from 1."""
        day = self._date[1]
        return day.toordinal() - date(day.year, 1, 1).toordinal() + 1

    @property
    def hour(self) -> int:
        """The hour, from 0; likewise the properties that follow."""
        return self.time % _DAY_SECONDS // 3600

    @property
    def minute(self) -> int:
        """The minute of the hour."""
        return self.time % 3600 // 60

    @property
    def second(self) -> int:
        """The second of the minute."""
        return self.time % 60

    def __str__(self) -> str:
        """Date and time as RFC 3339 has them, without a zone."""
        years, day = self._date
        clock = f"{_TWO_DIGITS[self.hour]}:{_TWO_DIGITS[self.minute]}:{_TWO_DIGITS[self.second]}"
        fraction = f".{self.nanos:09d}".rstrip("0") if self.nanos else ""
        return f"{years + day.year:04d}-{_TWO_DIGITS[day.month]}-{_TWO_DIGITS[day.day]}T{clock}{fraction}"


@attrs.define(order=True, unsafe_hash=True)
class Timestamp:
    """A point in time.

    Attributes:
        nanos: Nanoseconds since 1970-01-01T00:00:00Z, between the years 1 and 9999 in UTC.
        offset: Seconds east of UTC that it was written with; only its text shows them.

    Example:
        >>> moment = Timestamp.parse("2009-02-13T23:31:30.5+02:00")
        >>> str(moment), moment.civil("UTC").hour, moment == Timestamp.parse("2009-02-13T21:31:30.5Z")
        ('2009-02-13T23:31:30.5+02:00', 21, True)
    """

    nanos: int
    offset: int = attrs.field(default=0, eq=False, order=False)

    order_key: ClassVar[str] = "nanos"

    @classmethod
    def parse(cls, text: str) -> Timestamp:
        """Read RFC 3339 as Go does: the hour may have one digit, a comma may precede the fraction.

        Raises:
            Failure: The text is no timestamp, or outside the years 1 to 9999.
        """
        read: Timestamp = sure(cls.read(text))
        return read

    @classmethod
    def read(cls, text: str) -> Timestamp | Failure:
        """As `parse`; a failure is given and not raised."""
        found = _RFC3339.fullmatch(text)
        if not found:
            return _NO_TIMESTAMP
        day, hour, minute, second, fraction, sign, zone_hour, zone_minute = found.groups()
        days = _days(day)
        if days is None or int(hour) > 23 or minute > "59" or second > "59":
            return _NO_TIMESTAMP
        offset = 0
        if sign:
            if zone_hour > "24" or zone_minute > "60":
                return _NO_TIMESTAMP
            offset = (int(zone_hour) * 60 + int(zone_minute)) * (-60 if sign == "-" else 60)
        seconds = days * _DAY_SECONDS + int(hour) * 3600 + int(minute) * 60 + int(second) - offset
        nanos = int(fraction[:9].ljust(9, "0")) if fraction else 0
        return cls.checked(seconds * _SECOND + nanos, offset)

    @classmethod
    def from_seconds(cls, seconds: int) -> Timestamp | Failure:
        """The point that many seconds after the start of 1970, if it is in the years 1 to 9999."""
        return cls(seconds * _SECOND) if _MIN_SECONDS <= seconds <= _MAX_SECONDS else _OVERFLOW

    @classmethod
    def checked(cls, nanos: int, offset: int) -> Timestamp | Failure:
        """The point in time if it is in the years 1 to 9999."""
        return cls(nanos, offset) if _MIN_NANOS <= nanos <= _MAX_NANOS else _OVERFLOW

    def __add__(self, length: Duration) -> Timestamp:
        found: Timestamp = sure(self.checked(self.nanos + length.nanos, self.offset))
        return found

    def minus(self, length: Duration) -> Timestamp:
        """The point a duration earlier.

        Raises:
            Failure: It is out of range, or the duration has no opposite.
        """
        return self + -length

    def since(self, other: Timestamp) -> Duration:
        """The time from another point to this one.

        Raises:
            Failure: It does not fit in a duration.
        """
        # Upstream scales the seconds by themselves, so they alone may already overflow.
        whole = _int64((self.nanos // _SECOND - other.nanos // _SECOND) * _SECOND)
        return Duration(_int64(whole + self.nanos % _SECOND - other.nanos % _SECOND))

    @property
    def seconds(self) -> int:
        """Whole seconds since the start of 1970, rounded down."""
        return self.nanos // _SECOND

    @property
    def in_utc(self) -> Civil:
        """Calendar and clock in UTC."""
        return self._civil(0)

    def civil(self, zone: str) -> Civil:
        """Calendar and clock in a time zone.

        Args:
            zone: An IANA name such as `Europe/Paris`, an offset such as `-08:30`; empty for UTC.

        Raises:
            Failure: There is no such zone.
        """
        return self._civil(_offset(zone, self.seconds))

    def _civil(self, offset: int) -> Civil:
        return Civil(self.nanos // _SECOND + offset, self.nanos % _SECOND)

    def __str__(self) -> str:
        """RFC 3339 in the zone it was written in, as CEL's `string()` gives it."""
        at = self._civil(self.offset)
        if not self.offset:
            return f"{at}Z"
        hours, minutes = divmod(abs(self.offset) // 60, 60)
        return f"{at}{'-' if self.offset < 0 else '+'}{hours:02d}:{minutes:02d}"


@lru_cache(maxsize=1024)
def _calendar(days: int) -> tuple[int, date]:
    """The day that many days after the start of 1970, as years to add to those of a date."""
    cycles, within = divmod(days + _EPOCH_ORDINAL - 1, _CYCLE_DAYS)
    return cycles * _CYCLE_YEARS, date.fromordinal(within + 1)


@lru_cache(maxsize=1024)
def _days(day: str) -> int | None:
    """Days since the start of 1970, None if there is no such date; the year may be 0."""
    year = int(day[:4])
    try:
        ordinal = date(year % _CYCLE_YEARS + _CYCLE_YEARS, int(day[5:7]), int(day[8:])).toordinal()
    except ValueError:
        return None
    return ordinal + (year // _CYCLE_YEARS - 1) * _CYCLE_DAYS - _EPOCH_ORDINAL


def _offset(zone: str, seconds: int) -> int:
    """Seconds east of UTC at a time; named zones are asked, others must be hours and minutes."""
    if zone in ("", "UTC", "Local"):
        return 0
    return _fixed_offset(zone) if ":" in zone else _offset_in(_zone(zone), seconds)


@lru_cache(maxsize=128)
def _fixed_offset(zone: str) -> int:
    hours_text, _, minutes_text = zone.partition(":")
    hours, minutes = atoi(hours_text), atoi(minutes_text)
    total = _wrapped(hours * 60 + (-minutes if zone[0] == "-" else minutes))
    return int(Duration(_wrapped(total * _MINUTE))._float(_SECOND))


def _offset_in(zone: ZoneInfo, seconds: int) -> int:
    # Two days inside the range that Python has; no zone changes its clock that near to its ends.
    inside = min(max(seconds, _MIN_SECONDS + 2 * _DAY_SECONDS), _MAX_SECONDS - 2 * _DAY_SECONDS)
    # What `fromutc` takes for UTC has the zone nevertheless.
    moment = zone.fromutc(_EPOCH.replace(tzinfo=zone) + timedelta(seconds=inside))
    offset = moment.utcoffset() or timedelta()
    return offset.days * _DAY_SECONDS + offset.seconds


@lru_cache(maxsize=128)
def _zone(name: str) -> ZoneInfo:
    if ".." in name or name[0] in "/\\":
        raise Failure("time: invalid location name")
    # To ask for a zone that there is not means to search many folders.
    if name.removeprefix("posix/").removeprefix("right/") in _zone_names():
        with suppress(KeyError, ValueError, OSError):
            return ZoneInfo(name)
    raise Failure("unknown time zone {}".format, name)


@cache
def _zone_names() -> set[str]:
    return available_timezones()


def atoi(text: str) -> int:
    """Go's `strconv.Atoi`, with its errors."""
    if not re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        raise Failure(f"strconv.Atoi: parsing {quote(text)}: invalid syntax")
    digits = text.lstrip("+-").lstrip("0")
    number = int(digits[:20] or "0") * (-1 if text[0] == "-" else 1)
    if not INT_MIN <= number <= INT_MAX:
        raise Failure(f"strconv.Atoi: parsing {quote(text)}: value out of range")
    return number


register(Duration, types.DURATION, ordered=True)
register(Timestamp, types.TIMESTAMP, ordered=True)
