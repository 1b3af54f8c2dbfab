"""Rules for Workload, PodGroup and CompositePodGroup."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from dra.models.scheduling import (
    CompositePodGroup,
    CompositePodGroupTemplate,
    PodGroup,
    PodGroupResourceClaimStatus,
    PodGroupTemplate,
    TypedLocalObjectReference,
    Workload,
    WorkloadReference,
    WorkloadSpec,
)
from dra.validation import formats
from dra.validation.checks import Errors, each, matches, present, same, union
from dra.validation.field_error import Path
from dra.validation.rules.conditions import conditions
from dra.validation.rules.metadata import metadata, metadata_update
from dra.validation.rules.pod_groups import Group, duplicates, group_fields, unchanged
from dra.validation.scope import Scope

__all__ = ["composite_pod_group", "pod_group", "workload"]

_SPEC: Final = Path() / "spec"
_Template = TypeVar("_Template", PodGroupTemplate, CompositePodGroupTemplate)


def workload(value: Workload, old: Workload | None, scope: Scope) -> Errors:
    """A workload: templates for groups, plain ones or a tree of composite ones."""
    if old is None:
        yield from metadata(value.metadata, scope)
    else:
        yield from metadata_update(value.metadata, old.metadata, scope)
    spec, before = value.spec, old.spec if old else None
    yield from _controller(spec, before, scope)
    if not scope.since("1.37"):
        yield from _former_templates(spec, before, scope)
        return
    members = [
        ("podGroupTemplates", bool(spec.pod_group_templates)),
        ("compositePodGroupTemplates", bool(spec.composite_pod_group_templates)),
    ]
    yield from union(members, _SPEC)
    yield from _template_lists(spec, before, _SPEC, scope)
    yield from _unique_names(spec, _SPEC)
    yield from _depth(spec, scope)
    yield from _priority(spec)


def _controller(spec: WorkloadSpec, old: WorkloadSpec | None, scope: Scope) -> Errors:
    at = _SPEC / "controllerRef"

    def check(reference: TypedLocalObjectReference | None) -> Errors:
        if reference is None:
            return
        if reference.api_group:
            yield from matches(reference.api_group, formats.long_name, at / "apiGroup")
        yield from present(reference.kind, formats.path_segment, at / "kind")
        yield from present(reference.name, formats.path_segment, at / "name")

    before = old.controller_ref if old else None
    if scope.since("1.36"):
        yield from unchanged(spec.controller_ref, before, at, check, is_update=old is not None)
    else:
        yield from check(spec.controller_ref)
        if before is not None and not same(spec.controller_ref, before):
            # Once set it stays. The path is the server's.
            yield (Path() / "controllerRef").invalid(spec.controller_ref, "field is immutable")


def _former_templates(spec: WorkloadSpec, old: WorkloadSpec | None, scope: Scope) -> Errors:
    """The templates of v1alpha1 and v1alpha2, which change only together with the workload."""
    at = _SPEC / "podGroupTemplates"
    templates = spec.pod_group_templates or []
    changed = old is not None and not same(templates, old.pod_group_templates)
    if not scope.since("1.36"):
        yield from _templates_of_1_35(templates, at, scope)
        if changed:
            # The path is the server's.
            yield (Path() / "podGroups").invalid(templates, "field is immutable")
    elif changed:
        yield at.invalid(None, "field is immutable")
    elif not templates:
        yield at.required()
    else:
        yield from _templates(templates, None, at, scope, _pod_group_template)


def _templates_of_1_35(templates: Sequence[PodGroupTemplate], at: Path, scope: Scope) -> Errors:
    if not templates:
        yield at.required("must have at least one item")
    limit = scope.limits.templates
    yield from each(templates, _template_of_1_35, at, scope, limit=limit)
    names = [template.name for template in templates]
    for index, name in enumerate(names if len(names) <= limit else ()):
        if name in names[:index]:
            yield (at[index] / "name").duplicate(name)


def _template_of_1_35(template: PodGroupTemplate, at: Path) -> Errors:
    yield from matches(template.name, formats.dns_label, at / "name")
    policy, here = template.scheduling_policy, at / "schedulingPolicy"
    rule = "exactly one of `basic`, `gang` is required"
    if policy.basic is None and policy.gang is None:
        yield here.required(rule)
    elif policy.basic is not None and policy.gang is not None:
        yield here.invalid("{`basic`, `gang`}", f"{rule}, but multiple fields are set")
    elif policy.gang is not None and policy.gang.min_count <= 0:
        yield (here / "gang" / "minCount").invalid(policy.gang.min_count, "must be greater than zero")


def _template_lists(
    holder: WorkloadSpec | CompositePodGroupTemplate,
    old: WorkloadSpec | CompositePodGroupTemplate | None,
    at: Path,
    scope: Scope,
) -> Errors:
    """The two lists of templates that a workload and a composite template have."""
    yield from _templates(
        holder.pod_group_templates,
        None if old is None else old.pod_group_templates or [],
        at / "podGroupTemplates",
        scope,
        _pod_group_template,
    )
    yield from _templates(
        holder.composite_pod_group_templates,
        None if old is None else old.composite_pod_group_templates or [],
        at / "compositePodGroupTemplates",
        scope,
        _composite_template,
    )


def _templates(
    templates: Sequence[_Template] | None,
    old: Sequence[_Template] | None,
    at: Path,
    scope: Scope,
    check: Callable[[_Template, _Template | None, Path, Scope], Errors],
) -> Errors:
    """Templates by name: none may be added or removed later."""
    templates = templates or []
    if len(templates) > scope.limits.templates:
        yield at.too_many(len(templates), scope.limits.templates)
        return
    before = {template.name: template for template in old or ()}
    if old is not None:
        kept = {template.name for template in templates}
        added = [index for index, template in enumerate(templates) if template.name not in before]
        for index in added:
            yield at[index].forbidden("item may not be added")
        for name in before:
            if name not in kept:
                yield at.forbidden("item may not be removed")
        if added or before.keys() - kept:
            return
    yield from duplicates(templates, at)
    for index, template in enumerate(templates):
        yield from check(template, before.get(template.name), at[index], scope)


def _pod_group_template(
    template: PodGroupTemplate, old: PodGroupTemplate | None, at: Path, scope: Scope
) -> Errors:
    yield from present(template.name, formats.short_name, at / "name")
    yield from group_fields(template, old, at, scope)


def _composite_template(
    template: CompositePodGroupTemplate, old: CompositePodGroupTemplate | None, at: Path, scope: Scope
) -> Errors:
    yield from present(template.name, formats.short_name, at / "name")
    yield from group_fields(template, old, at, scope)
    if not template.pod_group_templates and not template.composite_pod_group_templates:
        yield at.invalid(
            template.name, "must have at least one child PodGroupTemplate or CompositePodGroupTemplate"
        )
    yield from _template_lists(template, old, at, scope)


def _unique_names(spec: WorkloadSpec, at: Path) -> Errors:
    """Names are unique in the whole tree. Twins in one list are reported by the list."""
    seen = {template.name for template in spec.pod_group_templates or ()}
    levels = [(spec.composite_pod_group_templates or [], at)]
    while levels:
        templates, above = levels.pop()
        here = above / "compositePodGroupTemplates"
        yield from _seen_before(templates, seen, here)
        for index, template in enumerate(templates):
            below = here[index]
            yield from _seen_before(template.pod_group_templates or [], seen, below / "podGroupTemplates")
            levels.append((template.composite_pod_group_templates or [], below))


def _seen_before(templates: Sequence[_Template], seen: set[str], at: Path) -> Errors:
    for index, template in enumerate(templates):
        if template.name in seen:
            yield (at[index] / "name").duplicate(template.name)
    seen.update(template.name for template in templates)


def _depth(spec: WorkloadSpec, scope: Scope) -> Errors:
    """At most three levels of composite templates above the plain ones."""
    limit = scope.limits.template_depth
    for index, template in enumerate(spec.composite_pod_group_templates or ()):
        level, depth = [template], 1
        while level and depth < limit:
            level = [child for item in level for child in item.composite_pod_group_templates or ()]
            depth += 1
        if level:
            at = (_SPEC / "compositePodGroupTemplates")[index]
            yield at.invalid(
                template.composite_pod_group_templates, f"maximum template hierarchy depth is {limit}"
            )


def _priority(spec: WorkloadSpec) -> Errors:
    """All templates have the same priority and priority class."""

    def of(template: Group) -> tuple[str, int | None]:
        return template.priority_class_name or "", template.priority

    plain = {of(template) for template in spec.pod_group_templates or ()}
    if len(plain) > 1:
        yield _SPEC.invalid(None, "detected multiple priority configurations")
    elif len(plain | {of(template) for template in _tree(spec)}) > 1:
        yield _SPEC.invalid(
            None, "all priority and priorityClassName values must be identical, detected multiple values"
        )


def _tree(spec: WorkloadSpec) -> Iterator[Group]:
    """Every template below the composite ones, and they themselves."""
    waiting = list(spec.composite_pod_group_templates or ())
    while waiting:
        template = waiting.pop()
        yield template
        yield from template.pod_group_templates or ()
        waiting.extend(template.composite_pod_group_templates or ())


def pod_group(group: PodGroup, old: PodGroup | None, scope: Scope) -> Errors:
    """A group of pods that are scheduled together."""
    spec, before = group.spec, old.spec if old else None
    if old is None:
        yield from metadata(group.metadata, scope)
        if spec.parent_composite_pod_group_name is not None and spec.workload_ref is None:
            yield (_SPEC / "workloadRef").required("must be set when parentCompositePodGroupName is set")
    else:
        yield from metadata_update(group.metadata, old.metadata, scope)
    yield from _origin(group, old)
    yield from group_fields(spec, before, _SPEC, scope)
    if group.status is None:
        return
    yield from conditions(group.status.conditions, Path() / "status" / "conditions", scope)
    names = {claim.name for claim in spec.resource_claims or ()}
    yield from _claim_statuses(group.status.resource_claim_statuses or [], names, scope)


def _claim_statuses(statuses: Sequence[PodGroupResourceClaimStatus], names: set[str], scope: Scope) -> Errors:
    at = Path() / "status" / "resourceClaimStatuses"

    def status(value: PodGroupResourceClaimStatus, here: Path) -> Errors:
        if value.name not in names:
            yield (here / "name").invalid(
                value.name, "must match the name of an entry in `spec.resourceClaims`"
            )
        if value.resource_claim_name is not None:
            yield from matches(value.resource_claim_name, formats.long_name, here / "resourceClaimName")

    limit = scope.limits.group_claims
    yield from each(statuses, status, at, scope, limit=limit)
    if len(statuses) <= limit:
        yield from duplicates(statuses, at)


def _origin(group: PodGroup | CompositePodGroup, old: PodGroup | CompositePodGroup | None) -> Errors:
    """What a group was made from and what it belongs to."""

    def parent(name: str | None) -> Errors:
        if name is not None:
            yield from matches(name, formats.long_name, _SPEC / "parentCompositePodGroupName")

    def reference(value: WorkloadReference | None) -> Errors:
        at = _SPEC / "workloadRef"
        if value is not None:
            yield from present(value.workload_name, formats.long_name, at / "workloadName")
            yield from present(value.template_name, formats.short_name, at / "templateName")

    before = old.spec if old else None
    yield from unchanged(
        group.spec.parent_composite_pod_group_name,
        None if before is None else before.parent_composite_pod_group_name,
        _SPEC / "parentCompositePodGroupName",
        parent,
        is_update=before is not None,
    )
    yield from unchanged(
        group.spec.workload_ref,
        None if before is None else before.workload_ref,
        _SPEC / "workloadRef",
        reference,
        is_update=before is not None,
    )


def composite_pod_group(group: CompositePodGroup, old: CompositePodGroup | None, scope: Scope) -> Errors:
    """A group of groups."""
    if old is None:
        yield from metadata(group.metadata, scope)
    else:
        yield from metadata_update(group.metadata, old.metadata, scope)
    if group.spec.workload_ref is None:
        yield (_SPEC / "workloadRef").required()
    yield from _origin(group, old)
    if old is not None and not same(group.spec.scheduling_policy, old.spec.scheduling_policy):
        yield (_SPEC / "schedulingPolicy").invalid(None, "field is immutable")
    else:
        yield from group_fields(group.spec, old.spec if old else None, _SPEC, scope)
    if group.status is not None:
        yield from conditions(group.status.conditions, Path() / "status" / "conditions", scope)
