"""Rules for the conditions in a status (`meta/v1`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from dra.models.meta import Condition
from dra.validation.checks import Errors, label_key, max_bytes, one_of
from dra.validation.field_error import Path
from dra.validation.scope import Scope

__all__ = ["conditions"]

_STATUSES: Final = ("True", "False", "Unknown")
_REASON: Final = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_REASON_BYTES: Final = 1024
_MESSAGE_BYTES: Final = 32768


def conditions(
    values: Sequence[Condition] | None, at: Path, scope: Scope, limit: int | None = None
) -> Errors:
    """Each condition is complete, and there is one of each type."""
    if limit is not None and len(values or ()) > limit:
        yield at.too_many(len(values or ()), limit)
    seen = set()
    for index, condition in enumerate(values or ()):
        yield from _condition(condition, at[index], scope)
        if condition.type in seen:
            yield (at[index] if scope.declares else at[index] / "type").duplicate(condition.type)
        seen.add(condition.type)


def _condition(condition: Condition, at: Path, scope: Scope) -> Errors:
    if not condition.type and scope.declares:
        yield (at / "type").required("is required")
    else:
        yield from label_key(condition.type, at / "type", scope)
    if not condition.status and not scope.declares:
        yield (at / "status").not_supported("", _STATUSES)
    else:
        yield from one_of(condition.status, _STATUSES, at / "status", required=True)
    if condition.observed_generation is not None and condition.observed_generation < 0:
        yield (at / "observedGeneration").invalid(
            condition.observed_generation, "must be greater than or equal to zero"
        )
    if condition.last_transition_time is None:
        yield (at / "lastTransitionTime").required()
    yield from _reason(condition.reason, at / "reason")
    yield from max_bytes(condition.message, _MESSAGE_BYTES, at / "message")


def _reason(reason: str, at: Path) -> Errors:
    if not reason:
        yield at.required()
        return
    yield from max_bytes(reason, _REASON_BYTES, at)
    if not re.fullmatch(_REASON, reason):
        yield at.invalid(
            reason,
            "a condition reason must start with alphabetic character, optionally followed by a string of "
            "alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' "
            "(e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', "
            f"regex used for validation is '{_REASON}')",
        )
