"""Rules for the parts that groups of pods share: policy, constraints, claims, disruption and priority.

They hold for PodGroup and CompositePodGroup as well as for their templates in a Workload (KEP-4671). Almost
nothing of a group may change: a field that did is reported, and not looked at further.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from dra.models.base import Model
from dra.models.scheduling import (
    CompositePodGroupSchedulingConstraints,
    CompositePodGroupSchedulingPolicy,
    CompositePodGroupSpec,
    CompositePodGroupTemplate,
    PodGroupResourceClaim,
    PodGroupSchedulingConstraints,
    PodGroupSchedulingPolicy,
    PodGroupSpec,
    PodGroupTemplate,
)
from dra.validation import formats
from dra.validation.checks import (
    Errors,
    each,
    immutable,
    label_key,
    matches,
    max_items,
    one_of,
    present,
    same,
    union,
)
from dra.validation.field_error import Path
from dra.validation.scope import Scope

__all__ = ["Group", "SchedulingPolicy", "group_fields", "resource_claims", "unchanged"]

Group = PodGroupSpec | PodGroupTemplate | CompositePodGroupSpec | CompositePodGroupTemplate
SchedulingPolicy = PodGroupSchedulingPolicy | CompositePodGroupSchedulingPolicy
_Constraints = PodGroupSchedulingConstraints | CompositePodGroupSchedulingConstraints
_T = TypeVar("_T")

_PREEMPTION_POLICIES: Final = ("Never", "PreemptLowerPriority")


def unchanged(value: _T, before: _T, at: Path, check: Callable[[_T], Errors], *, is_update: bool) -> Errors:
    """A field that cannot change is checked when it is new, and compared afterwards."""
    if not is_update:
        yield from check(value)
    else:
        yield from immutable(value, before, at, declared=True)


def group_fields(group: Group, old: Group | None, at: Path, scope: Scope) -> Errors:
    """The fields that all four kinds of group have.

    Args:
        group: The group or template.
        old: The stored one, None if it is new.
        at: Where its fields stand.
        scope: The server.
    """
    former_policy = None if old is None else old.scheduling_policy
    yield from _policy(group.scheduling_policy, former_policy, at / "schedulingPolicy", scope)

    def constant(name: str, attribute: str, check: Callable[[_T, Path], Errors]) -> Errors:
        value: _T | None = getattr(group, attribute)
        here = at / name

        def check_present(value: _T | None) -> Errors:
            if value not in (None, "", []):
                yield from check(value, here)

        before: _T | None = getattr(old, attribute, None)
        yield from unchanged(value, before, here, check_present, is_update=old is not None)

    def constraints(value: _Constraints, here: Path) -> Errors:
        yield from _constraints(value, here, scope)

    def claims(value: Sequence[PodGroupResourceClaim], here: Path) -> Errors:
        yield from resource_claims(value, here, scope)

    def priority(value: int, here: Path) -> Errors:
        if value > scope.limits.priority:
            yield here.invalid(value, f"must be less than or equal to {scope.limits.priority}")

    yield from constant("schedulingConstraints", "scheduling_constraints", constraints)
    if isinstance(group, (PodGroupSpec, PodGroupTemplate)):
        yield from constant("resourceClaims", "resource_claims", claims)
        if old is not None and not same(group.resource_claims, getattr(old, "resource_claims", None)):
            yield from max_items(group.resource_claims, scope.limits.group_claims, at / "resourceClaims")
    yield from constant("disruptionMode", "disruption_mode", _disruption_mode)
    yield from constant(
        "priorityClassName",
        "priority_class_name",
        lambda value, here: matches(str(value), formats.long_name, here),
    )
    yield from constant("priority", "priority", priority)
    yield from constant(
        "preemptionPolicy",
        "preemption_policy",
        lambda value, here: one_of(str(value), _PREEMPTION_POLICIES, here),
    )


def _policy(policy: SchedulingPolicy, old: SchedulingPolicy | None, at: Path, scope: Scope) -> Errors:
    """`basic` or `gang`, for good; only the size of a gang may change, since 1.37."""
    if old is not None and not scope.since("1.37"):
        if not same(policy, old):
            yield at.invalid(None, "field is immutable")
        return
    yield from union([("basic", policy.basic is not None), ("gang", policy.gang is not None)], at)
    if old is not None and (policy.basic is None) != (old.basic is None):
        yield (at / "basic").invalid(None, "field is immutable")
    if old is not None and policy.gang is not None and old.gang is None:
        yield (at / "gang").invalid(None, "field cannot be set once created")
    elif old is not None and policy.gang is None and old.gang is not None:
        yield (at / "gang").invalid(None, "field cannot be cleared once set")
    elif isinstance(policy, PodGroupSchedulingPolicy) and policy.gang is not None:
        yield from _gang(policy.gang.min_count, at / "gang" / "minCount")
    elif isinstance(policy, CompositePodGroupSchedulingPolicy) and policy.gang is not None:
        yield from _gang(policy.gang.min_group_count, at / "gang" / "minGroupCount")


def _gang(least: int, at: Path) -> Errors:
    if least == 0:
        yield at.required()
    elif least < 1:
        yield at.invalid(least, "must be greater than or equal to 1")


def _constraints(constraints: _Constraints, at: Path, scope: Scope) -> Errors:
    for_topology = at / "topology"
    limit = scope.limits.topologies
    topology = constraints.topology or []
    if len(topology) > limit:
        yield for_topology.too_many(len(topology), limit)
        return
    for index, constraint in enumerate(topology):
        here = for_topology[index] / "key"
        if constraint.key:
            yield from label_key(constraint.key, here, scope)
        else:
            yield here.required()


def resource_claims(values: Sequence[PodGroupResourceClaim], at: Path, scope: Scope) -> Errors:
    """The claims that all pods of a group share, by name or from a template."""

    def claim(value: PodGroupResourceClaim, here: Path) -> Errors:
        members = [
            ("resourceClaimName", value.resource_claim_name),
            ("resourceClaimTemplateName", value.resource_claim_template_name),
        ]
        yield from union([(name, text is not None) for name, text in members], here)
        yield from present(value.name, formats.short_name, here / "name")
        for name, text in members:
            if text is not None:
                yield from matches(text, formats.long_name, here / name)

    yield from _native_each(values, claim, at, scope, limit=scope.limits.group_claims)


def _native_each(
    values: Sequence[PodGroupResourceClaim],
    check: Callable[[PodGroupResourceClaim, Path], Errors],
    at: Path,
    scope: Scope,
    limit: int,
) -> Errors:
    yield from each(values, check, at, scope, limit=limit)
    if len(values) <= limit:
        yield from duplicates(values, at)


def duplicates(values: Sequence[Model], at: Path) -> Errors:
    """No two items have one name. These kinds have always shown the whole item."""
    seen = set()
    for index, value in enumerate(values):
        name = getattr(value, "name", "")
        if name in seen:
            yield at[index].duplicate(value)
        seen.add(name)


def _disruption_mode(mode: object, at: Path) -> Errors:
    members = ("single", "all")
    yield from union([(name, getattr(mode, name, None) is not None) for name in members], at)
