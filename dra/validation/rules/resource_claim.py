"""Rules for ResourceClaim and ResourceClaimTemplate."""

from __future__ import annotations

from typing import Final

from dra.models.meta import ObjectMeta
from dra.models.resource import (
    DeviceClaim,
    DeviceClaimConfiguration,
    DeviceConstraint,
    ResourceClaim,
    ResourceClaimSpec,
    ResourceClaimTemplate,
)
from dra.validation.checks import Errors, each, fully_qualified_name, immutable
from dra.validation.field_error import Path
from dra.validation.rules.admin_access import admin_access
from dra.validation.rules.claim_status import claim_status
from dra.validation.rules.configuration import opaque_configuration
from dra.validation.rules.metadata import labels_and_annotations, metadata, metadata_update
from dra.validation.rules.references import RequestNames, references, request_names
from dra.validation.rules.requests import derived_cost, requests
from dra.validation.scope import Scope

__all__ = ["resource_claim", "resource_claim_template"]

_SPEC: Final = Path() / "spec"
_TEMPLATE_METADATA: Final = ("labels", "annotations")


def resource_claim(claim: ResourceClaim, old: ResourceClaim | None, scope: Scope) -> Errors:
    """A claim: its spec never changes, its status is what the scheduler and drivers wrote."""
    yield from metadata(claim.metadata, scope, is_new=old is None)
    if old is None:
        yield from _admin_access(claim.spec.devices, scope)
        yield from _spec(claim.spec, _SPEC, scope)
    else:
        yield from metadata_update(claim.metadata, old.metadata, scope)
        yield from immutable(claim.spec, old.spec, _SPEC, declared=scope.declares)
        if not scope.since("1.35"):
            yield from _spec(claim.spec, _SPEC, scope)
    yield from claim_status(claim, old, scope)


def resource_claim_template(
    template: ResourceClaimTemplate, old: ResourceClaimTemplate | None, scope: Scope
) -> Errors:
    """A template: a claim's spec with labels and annotations for the claims made from it."""
    yield from metadata(template.metadata, scope, is_new=old is None)
    if old is not None:
        yield from metadata_update(template.metadata, old.metadata, scope)
        yield from immutable(template.spec, old.spec, _SPEC, declared=False)
    else:
        yield from _admin_access(template.spec.spec.devices, scope)
    if template.spec.metadata is not None:
        yield from _template_metadata(template.spec.metadata, _SPEC / "metadata", scope)
    yield from _spec(template.spec.spec, _SPEC / "spec", scope)


def _template_metadata(meta: ObjectMeta, at: Path, scope: Scope) -> Errors:
    yield from labels_and_annotations(meta, at, scope)
    for name, value in meta.to_dict().items():
        if value not in ("", 0) and name not in _TEMPLATE_METADATA:
            # The server derives the name from Go's `UID`.
            yield (at / ("uID" if name == "uid" else name)).forbidden("cannot be set")


def _spec(spec: ResourceClaimSpec, at: Path, scope: Scope) -> Errors:
    claim = spec.devices
    here = at / "devices"
    names = request_names(claim)
    yield from requests(claim, here / "requests", scope)
    yield from each(
        claim.constraints,
        lambda value, place: _constraint(value, place, scope, names),
        here / "constraints",
        scope,
        limit=scope.limits.constraints,
    )
    yield from each(
        claim.config,
        lambda value, place: _configuration(value, place, scope, names),
        here / "config",
        scope,
        limit=scope.limits.configurations,
    )
    yield from derived_cost(claim, here, scope)


def _admin_access(claim: DeviceClaim, scope: Scope) -> Errors:
    """The paths lack `exactly`, and in a template one `spec`, on the server too."""
    at = _SPEC / "devices" / "requests"
    for index, request in enumerate(claim.requests or ()):
        if request.exactly and request.exactly.admin_access:
            yield from admin_access(at[index], scope)


def _constraint(constraint: DeviceConstraint, at: Path, scope: Scope, names: RequestNames) -> Errors:
    """One attribute to compare. With both kinds set, only 1.37 looks at the second."""
    yield from references(constraint.requests, at / "requests", scope, names)
    match, distinct = constraint.match_attribute, constraint.distinct_attribute
    if match is not None:
        yield from fully_qualified_name(match, at / "matchAttribute", scope)
    if distinct is not None and (match is None or scope.declares):
        yield from fully_qualified_name(distinct, at / "distinctAttribute", scope)
    if match is None and distinct is None:
        if scope.features.consumable_capacity:
            yield at.required(
                'exactly one of "matchAttribute" or "distinctAttribute" is required, '
                "but multiple fields are set"
            )
        else:
            yield (at / "matchAttribute").required()


def _configuration(value: DeviceClaimConfiguration, at: Path, scope: Scope, names: RequestNames) -> Errors:
    yield from references(value.requests, at / "requests", scope, names)
    yield from opaque_configuration(value.opaque, at, scope)
