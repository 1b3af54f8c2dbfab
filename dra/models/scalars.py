"""Types of single values on the wire, with the checks that Kubernetes makes when it decodes JSON.

Go decodes strictly by type: a number is no string, `true` is no integer, an integer has 64 (or 32) bits. The
same holds here, so an object that decodes here decodes on the server too.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, Strict

__all__ = ["Bool", "Int32", "Int64", "RawExtension", "Str", "Time", "rfc3339"]

Str: TypeAlias = Annotated[str, Strict()]
Bool: TypeAlias = Annotated[bool, Strict()]
Int64: TypeAlias = Annotated[int, Strict(), Field(ge=-(2**63), le=2**63 - 1)]
Int32: TypeAlias = Annotated[int, Strict(), Field(ge=-(2**31), le=2**31 - 1)]

# JSON that belongs to somebody else, such as a driver's opaque parameters: kept as it is.
RawExtension: TypeAlias = Any

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def rfc3339(time: datetime) -> str:
    """A time as Kubernetes writes it: in UTC, whole seconds unless it has a fraction.

    Args:
        time: If it has no time zone, it is taken for UTC.

    Example:
        >>> rfc3339(datetime(2026, 1, 31, 12))
        '2026-01-31T12:00:00Z'
    """
    utc = time.astimezone(timezone.utc) if time.tzinfo else time
    return utc.replace(tzinfo=None).isoformat() + "Z"


def _time(value: object) -> object:
    """An RFC 3339 text; a datetime, as clients hand out, is written as one."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, str) and not _RFC_3339.fullmatch(value):
        raise ValueError("expected a time in RFC 3339 form, such as 2026-01-31T12:00:00Z")
    return value


Time: TypeAlias = Annotated[str, Strict(), BeforeValidator(_time)]
