"""Rules for what devices and their allocations share: binding conditions and skipped node operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dra.validation.checks import Errors, each, label_key, one_of
from dra.validation.field_error import Path
from dra.validation.scope import Scope

__all__ = ["binding_conditions", "skipped_operations"]

_OPERATIONS: Final = ("*", "NodePrepareResources", "NodeUnprepareResources")


def binding_conditions(
    ready: Sequence[str] | None, failed: Sequence[str] | None, at: Path, scope: Scope
) -> Errors:
    """Both lists or neither, label keys, each once and in one list only."""
    limit = scope.limits.binding_conditions
    for name, values in (("bindingConditions", ready), ("bindingFailureConditions", failed)):
        yield from each(values, lambda key, here: label_key(key, here, scope), at / name, scope, limit=limit)
        seen = set()
        for index, condition in enumerate(values or ()):
            if condition in seen:
                yield (at / name)[index].duplicate(condition)
            seen.add(condition)
    for index, condition in enumerate(failed or ()):
        if condition in (ready or ()):
            yield (at / "bindingFailureConditions")[index].invalid(
                condition, "bindingFailureConditions must not overlap with bindingConditions"
            )
    if failed and not ready:
        yield (at / "bindingConditions").invalid(
            ready, "bindingConditions are required to use bindingFailureConditions"
        )
    if ready and not failed:
        yield (at / "bindingFailureConditions").invalid(
            failed, "bindingFailureConditions are required to use bindingConditions"
        )


def skipped_operations(operations: Sequence[str] | None, at: Path, scope: Scope) -> Errors:
    """What the kubelet need not do for a device: preparing only together with unpreparing."""
    skipped = set(operations or ())
    if "NodePrepareResources" in skipped and not skipped & {"*", "NodeUnprepareResources"}:
        yield at.invalid(
            operations, "NodePrepareResources cannot be skipped unless NodeUnprepareResources is also skipped"
        )

    def operation(value: str, here: Path) -> Errors:
        if value:
            yield from one_of(value, _OPERATIONS, here)
        else:
            yield here.not_supported(value, _OPERATIONS)

    yield from each(operations, operation, at, scope, key=str)
