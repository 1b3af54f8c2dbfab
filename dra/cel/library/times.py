"""Durations and timestamps in CEL: making them, calculating with them, taking them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from dra.cel.declarations import Function, Library, literal_validator, member, overload
from dra.cel.library.operators import RELATIONS
from dra.cel.times import Civil, Duration, Timestamp
from dra.cel.types import DURATION, INT, STRING, TIMESTAMP
from dra.cel.values import Failure, type_value

__all__ = ["LIBRARIES"]

# By function: the part of cel-go's overload name, and the value. Days and months of CEL count from 0.
_CALENDAR: Final[dict[str, tuple[str, Callable[[Civil], int]]]] = {
    "getFullYear": ("year", lambda at: at.year),
    "getMonth": ("month", lambda at: at.month - 1),
    "getDayOfYear": ("day_of_year", lambda at: at.day_of_year - 1),
    "getDayOfMonth": ("day_of_month", lambda at: at.day - 1),
    "getDate": ("day_of_month_1_based", lambda at: at.day),
    "getDayOfWeek": ("day_of_week", lambda at: at.weekday),
    "getHours": ("hours", lambda at: at.hour),
    "getMinutes": ("minutes", lambda at: at.minute),
    "getSeconds": ("seconds", lambda at: at.second),
    "getMilliseconds": ("milliseconds", lambda at: at.nanos // 1_000_000),
}
_LENGTH: Final[dict[str, Callable[[Duration], int]]] = {
    "getHours": lambda length: length.hours,
    "getMinutes": lambda length: length.minutes,
    "getSeconds": lambda length: length.seconds,
    "getMilliseconds": lambda length: length.milliseconds,
}


def _getters() -> Iterator[Function]:
    for function, (name, get) in _CALENDAR.items():

        def in_utc(moment: Timestamp, get: Callable[[Civil], int] = get) -> int:
            return get(moment.in_utc)

        def in_zone(moment: Timestamp, zone: str, get: Callable[[Civil], int] = get) -> int:
            return get(moment.civil(zone))

        with_zone = "timestamp_to_seconds_tz" if name == "seconds" else f"timestamp_to_{name}_with_tz"
        yield Function(
            function,
            member(f"timestamp_to_{name}", [TIMESTAMP], INT, in_utc),
            member(with_zone, [TIMESTAMP, STRING], INT, in_zone),
        )
    for function, length in _LENGTH.items():
        yield Function(function, member(f"duration_to_{_CALENDAR[function][0]}", [DURATION], INT, length))


def _relations() -> Iterator[Function]:
    for function, make in RELATIONS.items():
        yield Function(
            function,
            make("timestamp", TIMESTAMP, TIMESTAMP, Timestamp.order_key),
            make("duration", DURATION, DURATION, Duration.order_key),
        )


def _converts(**convert: Callable[..., object]) -> Callable[[object], bool]:
    """Whether a literal can be converted, by the name of its class; the checker refuses other classes."""

    def accepts(value: object) -> bool:
        name = value.__class__.__name__
        return name not in convert or convert[name](value).__class__ is not Failure

    return accepts


def _no_duration(value: object) -> Failure:
    return Failure(f"type conversion error from '{type_value(value).name}' to '{DURATION.name}'")


_TIMES: Final = Library(
    "times",
    validators=(
        literal_validator("duration", _converts(str=Duration.read, int=_no_duration)),
        literal_validator("timestamp", _converts(str=Timestamp.read, int=Timestamp.from_seconds)),
    ),
    functions=(
        Function(
            "duration",
            overload("duration_to_duration", [DURATION], DURATION, lambda length: length),
            overload("string_to_duration", [STRING], DURATION, Duration.read),
        ),
        Function(
            "timestamp",
            overload("timestamp_to_timestamp", [TIMESTAMP], TIMESTAMP, lambda moment: moment),
            overload("int64_to_timestamp", [INT], TIMESTAMP, Timestamp.from_seconds),
            overload("string_to_timestamp", [STRING], TIMESTAMP, Timestamp.read),
        ),
        Function(
            "int",
            overload("duration_to_int64", [DURATION], INT, lambda length: length.nanos),
            overload("timestamp_to_int64", [TIMESTAMP], INT, lambda moment: moment.seconds),
        ),
        Function(
            "string",
            overload("duration_to_string", [DURATION], STRING, str),
            overload("timestamp_to_string", [TIMESTAMP], STRING, str),
        ),
        Function(
            "_+_",
            overload("add_duration_duration", [DURATION, DURATION], DURATION, lambda one, other: one + other),
            overload(
                "add_duration_timestamp",
                [DURATION, TIMESTAMP],
                TIMESTAMP,
                lambda length, moment: moment + length,
            ),
            overload(
                "add_timestamp_duration",
                [TIMESTAMP, DURATION],
                TIMESTAMP,
                lambda moment, length: moment + length,
            ),
        ),
        Function(
            "_-_",
            overload(
                "subtract_duration_duration", [DURATION, DURATION], DURATION, lambda one, other: one - other
            ),
            overload("subtract_timestamp_duration", [TIMESTAMP, DURATION], TIMESTAMP, Timestamp.minus),
            overload("subtract_timestamp_timestamp", [TIMESTAMP, TIMESTAMP], DURATION, Timestamp.since),
        ),
        *_relations(),
        *_getters(),
    ),
)

LIBRARIES: Final = (
    _TIMES,
    # Until cel-go 0.29 an int type-checked as a duration, though none could be converted.
    Library(
        "durations of ints",
        until="1.37",
        functions=(Function("duration", overload("int64_to_duration", [INT], DURATION, _no_duration)),),
    ),
)
