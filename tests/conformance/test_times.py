"""Durations, timestamps and time zones are read and shown as Go's `time` package did."""

from __future__ import annotations

from typing import Any

from dra.cel.times import Civil, Duration, Timestamp
from dra.cel.values import Failure
from tests.conformance.vectors import read_cases

Case = dict[str, Any]


def recorded(kind: str) -> list[Case]:
    return [case for case in read_cases("times.jsonl.gz") if kind in case]


def observe_duration(text: str) -> Case:
    try:
        value = Duration.parse(text)
    except Failure:
        return {"duration": text, "error": True, "nanos": 0, "text": "", "whole": None}
    whole = [value.hours, value.minutes, value.seconds, value.milliseconds]
    return {"duration": text, "nanos": value.nanos, "text": str(value), "whole": whole}


def shown(at: Civil) -> list[int]:
    return [at.year, at.month, at.day, at.weekday, at.day_of_year, at.hour, at.minute, at.second]


def observe_timestamp(case: Case) -> Case:
    text = case["timestamp"]
    try:
        value = Timestamp.parse(text)
    except Failure:
        return {"timestamp": text, "error": True, "seconds": 0, "nanos": 0, "text": "", "civil": None}
    civil = {zone: shown(value.civil(zone)) for zone in case["civil"] or ()}
    return {
        "timestamp": text,
        "seconds": value.seconds,
        "nanos": value.civil("UTC").nanos,
        "text": str(value),
        "civil": civil,
    }


def test_the_recording_is_large() -> None:
    assert len(recorded("duration")) > 450
    assert len(recorded("timestamp")) > 450


def test_durations() -> None:
    wrong = [case for case in recorded("duration") if observe_duration(case["duration"]) != case]
    assert wrong == []


def test_timestamps_in_many_zones() -> None:
    wrong = [case for case in recorded("timestamp") if observe_timestamp(case) != case]
    assert wrong == []
