"""`dra.models.scalars`: times."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from dra import DecodeError
from dra.models.meta import ObjectMeta


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456Z", "2026-01-31T12:00:00+01:00"]
)
def test_times_are_kept_as_written(text: str) -> None:
    assert ObjectMeta.from_dict({"creationTimestamp": text}).creation_timestamp == text


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-01-31", "2026-01-31 12:00:00", "2026-01-31T12:00:00"]
)
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(DecodeError, match="RFC 3339"):
        ObjectMeta.from_dict({"creationTimestamp": text})


def test_python_times_are_written_in_utc() -> None:
    naive = datetime(2026, 1, 31, 12)
    aware = naive.replace(tzinfo=timezone(timedelta(hours=2)), microsecond=500_000)
    assert ObjectMeta(creation_timestamp=naive).creation_timestamp == "2026-01-31T12:00:00Z"
    assert ObjectMeta(creation_timestamp=aware).creation_timestamp == "2026-01-31T10:00:00.500000Z"
