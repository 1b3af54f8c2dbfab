"""Rules for how much containers ask for: nothing below zero, no part of a device, no more than the limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dra.models.core import Pod, ResourceRequirements
from dra.names import is_extended_resource, is_native_resource
from dra.quantity import Quantity
from dra.validation.checks import Errors
from dra.validation.field_error import Path

__all__ = ["amounts", "limits_kept"]

_AT: Final = Path() / "spec"
_HUGE_PAGES: Final = "hugepages-"


def amounts(pod: Pod) -> Errors:
    """Each amount that a pod and its containers ask for, by itself (`ValidateResourceQuantityValue`)."""
    for at, resources in _asked(pod):
        for name, amount in (resources.limits or {}).items():
            yield from _amount(name, amount, at / "limits" @ name)
        for name, amount in resources.effective_requests.items():
            yield from _amount(name, amount, at / "requests" @ name)
    for name, amount in (pod.spec.overhead or {}).items():
        yield from _amount(name, amount, _AT / "overhead" / "limits" @ name)


def limits_kept(pod: Pod) -> Errors:
    """What is requested beside the limits there are (`validateResourceRequirements`)."""
    for at, resources in _asked(pod):
        limits = resources.limits or {}
        for name, amount in resources.effective_requests.items():
            yield from _within(name, amount, limits.get(name), at)


def _asked(pod: Pod) -> Iterator[tuple[Path, ResourceRequirements]]:
    for field, containers in (
        ("containers", pod.spec.containers),
        ("initContainers", pod.spec.init_containers),
    ):
        for index, each in enumerate(containers or ()):
            if each.resources is not None:
                yield (_AT / field)[index] / "resources", each.resources
    if pod.spec.resources is not None:
        yield _AT / "resources", pod.spec.resources


def _amount(name: str, amount: Quantity, at: Path) -> Errors:
    if amount.sign < 0:
        yield at.invalid(amount, "must be greater than or equal to 0")
    if is_extended_resource(name) and amount.nanos % 10**9:
        yield at.invalid(amount, "must be an integer")


def _within(name: str, amount: Quantity, limit: Quantity | None, at: Path) -> Errors:
    """A request is no more than its limit, and where nothing can be overcommitted just as much."""
    if limit is None:
        if not _may_overcommit(name):
            yield (at / "limits").required("Limit must be set for non overcommitable resources")
    elif amount != limit and not _may_overcommit(name):
        yield (at / "requests").invalid(amount, f"must be equal to {name} limit of {limit}")
    elif amount > limit:
        yield (at / "requests").invalid(amount, f"must be less than or equal to {name} limit of {limit}")


def _may_overcommit(name: str) -> bool:
    return is_native_resource(name) and not name.startswith(_HUGE_PAGES)
