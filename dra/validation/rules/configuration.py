"""Rules for opaque driver configuration in claims, classes and allocations."""

from __future__ import annotations

import json

from dra.models.resource import OpaqueDeviceConfiguration
from dra.names import byte_length
from dra.validation.checks import Errors, driver_name
from dra.validation.field_error import Path
from dra.validation.scope import Scope

__all__ = ["opaque_configuration", "raw_object"]


def opaque_configuration(
    opaque: OpaqueDeviceConfiguration | None, at: Path, scope: Scope, *, stored: bool = False
) -> Errors:
    """A configuration names a driver and has parameters, a JSON object that only the driver understands."""
    here = at / "opaque"
    if opaque is None:
        yield here.required()
        return
    yield from driver_name(opaque.driver, here / "driver", scope, declared=scope.declares)
    limit = None if stored else scope.limits.parameters_bytes
    yield from raw_object(opaque.parameters, here / "parameters", limit)


def raw_object(value: object, at: Path, limit: int | None) -> Errors:
    """A JSON object of at most `limit` bytes. Its size is that of JSON without blanks, as clients send it."""
    if value is None:
        yield at.required()
    elif limit is not None and _size(value) > limit:
        yield at.too_long(limit)
    elif not isinstance(value, dict):
        yield at.invalid("<value omitted>", "must be a valid JSON object")


def _size(value: object) -> int:
    try:
        return byte_length(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))
    except (ValueError, RecursionError):
        return 0
