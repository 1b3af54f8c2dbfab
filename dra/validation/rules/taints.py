"""Rules for device taints, for what tolerates them, and for the rules that put them on devices."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dra.models.resource import DeviceTaint, DeviceTaintRule, DeviceTaintSelector, DeviceToleration
from dra.validation import formats
from dra.validation.checks import (
    Errors,
    driver_name,
    each,
    label_key,
    label_value,
    matches,
    one_of,
    pool_name,
)
from dra.validation.field_error import Path
from dra.validation.rules.conditions import conditions
from dra.validation.rules.metadata import metadata, metadata_update
from dra.validation.rules.selectors import class_name, selectors
from dra.validation.scope import Scope

__all__ = ["device_taint_rule", "taint", "tolerations"]


def _effects(scope: Scope) -> Collection[str]:
    return ("NoExecute", "NoSchedule", "None") if scope.since("1.35") else ("NoExecute", "NoSchedule")


def taint(value: DeviceTaint, at: Path, scope: Scope, *, check_effect: bool = True) -> Errors:
    """A taint has a key and an effect, and may have a value."""
    yield from label_key(value.key, at / "key", scope)
    yield from label_value(value.value, at / "value", scope)
    if check_effect:
        yield from one_of(value.effect, _effects(scope), at / "effect", required=True)


def tolerations(values: Sequence[DeviceToleration] | None, at: Path, scope: Scope) -> Errors:
    """Each toleration is valid. That there may be 16 is written but not enforced."""
    yield from each(values, lambda value, here: _toleration(value, here, scope), at, scope)


def _toleration(value: DeviceToleration, at: Path, scope: Scope) -> Errors:
    if value.key:
        yield from label_key(value.key, at / "key", scope)
    if value.operator == "Exists" and value.value:
        yield (at / "value").invalid(value.value, "must be empty for operator `Exists`")
    elif value.operator == "Equal":
        yield from label_value(value.value, at / "value", scope)
    yield from one_of(value.operator, ("Equal", "Exists"), at / "operator", required=True)
    yield from one_of(value.effect, _effects(scope), at / "effect")


def device_taint_rule(rule: DeviceTaintRule, old: DeviceTaintRule | None, scope: Scope) -> Errors:
    """A taint and which devices it goes to. An effect that was there before is not checked again."""
    at = Path() / "spec"
    if old is None:
        yield from metadata(rule.metadata, scope, namespaced=False)
    else:
        yield from metadata_update(rule.metadata, old.metadata, scope)
    if rule.spec.device_selector is not None:
        yield from _selected(rule.spec.device_selector, at / "deviceSelector", scope)
    unchanged = old is not None and old.spec.taint.effect == rule.spec.taint.effect and scope.since("1.35")
    yield from taint(rule.spec.taint, at / "taint", scope, check_effect=not unchanged)
    if rule.status is not None:
        limit = scope.limits.taint_rule_conditions
        yield from conditions(rule.status.conditions, Path() / "status" / "conditions", scope, limit)


def _selected(selector: DeviceTaintSelector, at: Path, scope: Scope) -> Errors:
    if selector.device_class_name is not None:
        yield from class_name(selector.device_class_name, at / "deviceClassName")
    yield from selectors(selector.selectors, at / "selectors", scope)
    if selector.driver is not None:
        yield from driver_name(selector.driver, at / "driver", scope)
    if selector.pool is not None:
        yield from pool_name(selector.pool, at / "pool", scope)
    if selector.device is not None:
        yield from matches(selector.device, formats.dns_label, at / "device")
