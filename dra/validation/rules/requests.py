"""Rules for the device requests of a claim."""

from __future__ import annotations

from collections.abc import Sequence

from dra.models.resource import (
    DeviceClaim,
    DeviceDerivedAttribute,
    DeviceRequest,
    DeviceSubRequest,
    ExactDeviceRequest,
)
from dra.validation import formats
from dra.validation.checks import Errors, each, fully_qualified_name, matches, max_items
from dra.validation.field_error import Path
from dra.validation.rules.selectors import class_name, derived_attribute_cost, derived_expression, selectors
from dra.validation.rules.taints import tolerations
from dra.validation.scope import Scope

__all__ = ["requests"]

_ONE_KIND = "exactly one of `exactly` or `firstAvailable` is required"


def requests(claim: DeviceClaim, at: Path, scope: Scope) -> Errors:
    """The requests of a claim: named, each of one kind. There may be none at all."""

    def request(value: DeviceRequest, here: Path) -> Errors:
        yield from _request(value, here, claim, scope)

    yield from each(
        claim.requests,
        request,
        at,
        scope,
        limit=scope.limits.requests,
        key=lambda request: request.name,
        named="name",
        declared=True,
    )


def _request(request: DeviceRequest, at: Path, claim: DeviceClaim, scope: Scope) -> Errors:
    yield from matches(request.name, formats.dns_label, at / "name")
    both = bool(request.exactly and request.first_available)
    if both:
        yield at.invalid(None, f"{_ONE_KIND}, but multiple fields are set")
    elif not request.exactly and not request.first_available:
        yield at.required(_ONE_KIND)
    if both and scope.since("1.35"):
        return
    if request.first_available:
        yield from _first_available(request, at / "firstAvailable", claim, scope)
    if request.exactly:
        yield from _wanted(request.exactly, at / "exactly", claim, scope, request.name)


def _first_available(request: DeviceRequest, at: Path, claim: DeviceClaim, scope: Scope) -> Errors:
    def subrequest(value: DeviceSubRequest, here: Path) -> Errors:
        yield from matches(value.name, formats.dns_label, here / "name")
        yield from _wanted(value, here, claim, scope, f"{request.name}/{value.name}")

    yield from each(
        request.first_available,
        subrequest,
        at,
        scope,
        limit=scope.limits.subrequests,
        key=lambda sub: sub.name,
        named="name",
        declared=True,
    )


def _wanted(
    request: ExactDeviceRequest | DeviceSubRequest, at: Path, claim: DeviceClaim, scope: Scope, name: str
) -> Errors:
    """What requests and subrequests share. Capacity requests are not checked, as on the server."""
    declared = scope.declares and isinstance(request, DeviceSubRequest)
    form = formats.long_name if declared else formats.dns_subdomain
    yield from class_name(request.device_class_name, at / "deviceClassName", form)
    yield from selectors(request.selectors, at / "selectors", scope)
    yield from _derived(request.derived_attributes, at / "derivedAttributes", claim, scope, name)
    yield from _amount(request, at)
    yield from tolerations(request.tolerations, at / "tolerations", scope)


def _amount(request: ExactDeviceRequest | DeviceSubRequest, at: Path) -> Errors:
    count = request.count or 0
    match request.allocation_mode:
        case "All":
            if count:
                yield (at / "count").invalid(count, "must not be specified when allocationMode is 'All'")
        case "ExactCount":
            if count <= 0:
                yield (at / "count").invalid(count, "must be greater than zero")
        case other:
            yield (at / "allocationMode").not_supported(other or "", ("All", "ExactCount"))


def _derived(
    values: Sequence[DeviceDerivedAttribute] | None,
    at: Path,
    claim: DeviceClaim,
    scope: Scope,
    request: str,
) -> Errors:
    """Derived attributes are named, used by a constraint on this request, and computable."""
    used = _constrained_attributes(claim, request) if values else frozenset()

    def attribute(value: DeviceDerivedAttribute, here: Path) -> Errors:
        if not value.name:
            yield (here / "name").required()
        else:
            if value.name not in used:
                yield (here / "name").invalid(
                    value.name,
                    "must be referenced by at least one matchAttribute or distinctAttribute "
                    "constraint targeting this request",
                )
            yield from fully_qualified_name(value.name, here / "name", scope)
        if value.expression:
            yield from derived_expression(value.expression, here / "expression", scope)
        else:
            yield (here / "expression").required()

    limit = scope.limits.derived_attributes
    yield from max_items(values, limit, at)
    yield from each((values or ())[:limit], attribute, at, scope)
    yield from each(values, None, at, scope, key=lambda value: value.name)


def _constrained_attributes(claim: DeviceClaim, request: str) -> frozenset[str]:
    """The attributes that constraints on a request, its parent or all requests compare."""
    targets = {request, request.partition("/")[0]}
    return frozenset(
        constraint.match_attribute or constraint.distinct_attribute or ""
        for constraint in claim.constraints or ()
        if not constraint.requests or targets & set(constraint.requests)
    )


def derived_cost(claim: DeviceClaim, at: Path, scope: Scope) -> Errors:
    """All derived attributes of a claim together cannot cost too much."""
    wanted: list[ExactDeviceRequest | DeviceSubRequest] = []
    for request in claim.requests or ():
        wanted += [request.exactly] if request.exactly else []
        wanted += request.first_available or []
    texts = [value.expression for item in wanted for value in item.derived_attributes or ()]
    if sum(derived_attribute_cost(text, scope) for text in texts) > scope.limits.expression_cost:
        yield at.forbidden(
            "too complex, total cost of derived attribute CEL expressions in the claim exceeds cost limit"
        )
