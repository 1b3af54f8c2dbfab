"""Device taints: which ones keep a request away, and what DeviceTaintRules add to a driver's own.

KEP-5055. Only the effects `NoSchedule` and `NoExecute` keep anything away; others, known or not, inform.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from dra import cel
from dra.errors import CompileError, EvaluationError
from dra.models.core import Taint, Toleration
from dra.models.resource import (
    Device,
    DeviceClass,
    DeviceTaint,
    DeviceTaintRule,
    DeviceTaintSelector,
    DeviceToleration,
    ResourceSlice,
)

__all__ = ["BLOCKING_EFFECTS", "apply_taint_rules", "blocking_taint", "tolerates"]

BLOCKING_EFFECTS: Final = ("NoSchedule", "NoExecute")
"""The effects that keep away what does not tolerate the taint, be it of a device or of a node."""


def tolerates(toleration: DeviceToleration | Toleration, taint: DeviceTaint | Taint) -> bool:
    """Whether a toleration covers a taint; devices and nodes have the same rule.

    Example:
        >>> taint = DeviceTaint(key="fault", value="ecc", effect="NoSchedule")
        >>> tolerates(DeviceToleration(key="fault", operator="Exists"), taint)
        True
        >>> tolerates(DeviceToleration(key="fault", value="thermal"), taint)
        False
    """
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator == "Exists":
        return True
    return toleration.operator in (None, "", "Equal") and (toleration.value or "") == (taint.value or "")


def blocking_taint(
    taints: Iterable[DeviceTaint], tolerations: Sequence[DeviceToleration]
) -> DeviceTaint | None:
    """The first taint that keeps a request with these tolerations away, if any."""
    for taint in taints:
        if taint.effect in BLOCKING_EFFECTS and not any(tolerates(each, taint) for each in tolerations):
            return taint
    return None


def apply_taint_rules(
    slices: Iterable[ResourceSlice], rules: Iterable[DeviceTaintRule], classes: Iterable[DeviceClass] = ()
) -> list[ResourceSlice]:
    """The slices with the taints of all rules added to the devices they select.

    A rule without selector selects nothing; an absent part of a selector selects everything. Slices that no
    rule touches are returned as they are, others as changed copies. As the scheduler's slice tracker does, a
    rule of Kubernetes 1.34 may also select by class and by CEL: a selector that fails, and a class that is
    not there, select nothing.

    Args:
        slices: The slices as the drivers publish them.
        rules: The rules.
        classes: Device classes that rules of Kubernetes 1.34 refer to.

    Example:
        >>> slice = ResourceSlice.from_dict({"metadata": {"name": "s"}, "spec": {
        ...     "driver": "d", "pool": {"name": "p"}, "devices": [{"name": "gpu-0"}]}})
        >>> rule = DeviceTaintRule.from_dict({"metadata": {"name": "r"}, "spec": {
        ...     "deviceSelector": {"driver": "d"}, "taint": {"key": "k", "effect": "NoSchedule"}}})
        >>> [tainted] = apply_taint_rules([slice], [rule])
        >>> tainted.spec.devices[0].taints[0].key, slice.spec.devices[0].taints
        ('k', None)
    """
    rules = tuple(rules)
    by_name = {each.metadata.name or "": each for each in classes}
    return [_with_rules(slice_, rules, by_name) for slice_ in slices]


def _with_rules(
    slice_: ResourceSlice, rules: Sequence[DeviceTaintRule], classes: Mapping[str, DeviceClass]
) -> ResourceSlice:
    devices = list(slice_.spec.devices or ())
    changed = False
    for rule in rules:
        selector = rule.spec.device_selector
        if selector is None or not _selects_pool(selector.driver, selector.pool, slice_):
            continue
        for index, device in enumerate(devices):
            named = selector.device in (None, device.name)
            if named and _selects_device(selector, device, slice_.spec.driver, classes):
                taints = [*(device.taints or ()), rule.spec.taint]
                devices[index] = device.model_copy(update={"taints": taints})
                changed = True
    if not changed:
        return slice_
    return slice_.model_copy(update={"spec": slice_.spec.model_copy(update={"devices": devices})})


def _selects_pool(driver: str | None, pool: str | None, slice_: ResourceSlice) -> bool:
    return driver in (None, slice_.spec.driver) and pool in (None, slice_.spec.pool.name)


def _selects_device(
    selector: DeviceTaintSelector, device: Device, driver: str, classes: Mapping[str, DeviceClass]
) -> bool:
    """Whether class and CEL selectors of a rule, which Kubernetes 1.33 and 1.34 know, select a device."""
    selectors = list(selector.selectors or ())
    if selector.device_class_name:
        if selector.device_class_name not in classes:
            return False
        selectors += classes[selector.device_class_name].spec.selectors or ()
    try:
        return all(
            cel.compile(each.cel.expression, kubernetes="1.34").matches(device, driver)
            for each in selectors
            if each.cel is not None
        )
    except (CompileError, EvaluationError):
        return False
