"""Rules for what a Pod says about claims, amounts and groups. The rest of a Pod is not looked at."""

from __future__ import annotations

from collections.abc import Sequence, Set as AbstractSet
from typing import Final

from dra.models.core import Container, ContainerResourceClaim, Pod, PodResourceClaim, PodSpec
from dra.validation import formats
from dra.validation.checks import Errors, matches, same
from dra.validation.field_error import Path
from dra.validation.rules.amounts import amounts, limits_kept
from dra.validation.rules.metadata import metadata, metadata_update
from dra.validation.scope import Scope

__all__ = ["pod", "pod_spec"]

_AT: Final = Path() / "spec"
_CONTAINERS: Final = {"containers": "containers", "init_containers": "initContainers"}
_FIXED_FIELDS: Final = ("resource_claims", "scheduling_group", "workload_ref")
_FIXED: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def pod(value: Pod, old: Pod | None, scope: Scope) -> Errors:
    """Its metadata, what never changes, and its spec."""
    if old is None:
        yield from metadata(value.metadata, scope)
    else:
        yield from metadata_update(value.metadata, old.metadata, scope)
        yield from _unchanged(value.spec, old.spec)
    yield from pod_spec(value, scope)


def pod_spec(value: Pod, scope: Scope) -> Errors:
    """The claims of the pod, those of its containers, the amounts they ask for, and its group."""
    yield from _claims(value)
    names = {claim.name for claim in value.spec.resource_claims or () if claim.name}
    for name, field in _CONTAINERS.items():
        for index, container in enumerate(getattr(value.spec, name) or ()):
            at = (_AT / field)[index] / "resources" / "claims"
            yield from _container_claims(container, names, at)
    yield from amounts(value)
    yield from _group(value, scope)
    yield from limits_kept(value)


def _unchanged(spec: PodSpec, old: PodSpec) -> Errors:
    """What the models have of a pod's spec never changes."""
    resized = [name for name in _CONTAINERS if len(_uses(spec, name)) != len(_uses(old, name))]
    for name in resized:
        yield (_AT / _CONTAINERS[name]).forbidden("pod updates may not add or remove containers")
    if resized:
        return
    is_same = all(same(getattr(spec, name), getattr(old, name)) for name in _FIXED_FIELDS)
    if not is_same or any(not same(_uses(spec, name), _uses(old, name)) for name in _CONTAINERS):
        yield _AT.forbidden(_FIXED)


def _uses(spec: PodSpec, containers: str) -> list[Sequence[ContainerResourceClaim] | None]:
    """The claims that each container uses."""
    found: Sequence[Container] = getattr(spec, containers) or ()
    return [container.resources.claims if container.resources else None for container in found]


def _claims(value: Pod) -> Errors:
    seen: set[str] = set()
    for index, claim in enumerate(value.spec.resource_claims or ()):
        yield from _claim(claim, seen, (_AT / "resourceClaims")[index])


def _claim(claim: PodResourceClaim, seen: set[str], at: Path) -> Errors:
    if not claim.name:
        yield (at / "name").required()
    elif claim.name in seen:
        yield (at / "name").duplicate(claim.name)
    else:
        yield from matches(claim.name, formats.dns_label, at / "name")
        seen.add(claim.name)
    by_name, by_template = claim.resource_claim_name, claim.resource_claim_template_name
    if by_name is not None and by_template is not None:
        yield at.invalid(
            claim, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
        )
    elif by_name is None and by_template is None:
        yield at.invalid(claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
    if by_name is not None:
        yield from matches(by_name, formats.dns_subdomain, at / "resourceClaimName")
    if by_template is not None:
        yield from matches(by_template, formats.dns_subdomain, at / "resourceClaimTemplateName")


def _container_claims(container: Container, names: AbstractSet[str], at: Path) -> Errors:
    """Each entry names a claim of the pod. Errors stand at the entry, not at its name."""
    seen: set[str] = set()
    for index, claim in enumerate((container.resources and container.resources.claims) or ()):
        here = at[index]
        if not claim.name:
            yield here.required()
            continue
        yield from _use(claim, seen, here)
        if claim.name not in names:
            listed = f": {', '.join(sorted(names))}" if names else " which is empty"
            yield here.not_found(claim.name, f"must be one of the names in pod.spec.resourceClaims{listed}")


def _use(claim: ContainerResourceClaim, seen: set[str], at: Path) -> Errors:
    """A container uses each claim once, or each of its requests once."""
    if claim.name in seen:
        yield at.duplicate(claim.name)
        return
    key, parts = claim.name, f"{claim.name}/"
    if claim.request:
        yield from matches(claim.request, formats.dns_label, at / "request")
        key = parts + claim.request
    if key in seen or (not claim.request and parts in seen):
        yield at.duplicate(key)
    seen.update({key, parts} if claim.request else {key})


def _group(value: Pod, scope: Scope) -> Errors:
    group = value.spec.scheduling_group
    if group is not None and scope.since("1.36"):
        at = _AT / "schedulingGroup" / "podGroupName"
        if group.pod_group_name is None:
            yield at.invalid(None, "must specify one of: `podGroupName`")
        else:
            yield from matches(group.pod_group_name, formats.dns_subdomain, at)
    reference = value.spec.workload_ref
    if reference is not None and scope.kubernetes == "1.35":
        at = _AT / "workloadRef"
        yield from matches(reference.name, formats.dns_subdomain, at / "name")
        yield from matches(reference.pod_group, formats.dns_label, at / "podGroup")
        if reference.pod_group_replica_key is not None:
            yield from matches(reference.pod_group_replica_key, formats.dns_label, at / "podGroupReplicaKey")
