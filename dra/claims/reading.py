"""`to_python`: existing claims, templates and classes as the source of builders that make them again."""

from __future__ import annotations

from typing import Any, Literal, cast

from dra.claims.builder import ClaimBuilder, claim
from dra.claims.options import Option, Preference, option, prefer
from dra.claims.source import call, config_source, literal
from dra.claims.wants import Wants
from dra.errors import BuildError
from dra.models.meta import ObjectMeta
from dra.models.resource import (
    DeviceClass,
    DeviceSelector,
    DeviceSubRequest,
    ExactDeviceRequest,
    OpaqueDeviceConfiguration,
    ResourceClaim,
    ResourceClaimTemplate,
)

__all__ = ["builder_of", "to_python"]


def to_python(obj: ResourceClaim | ResourceClaimTemplate | DeviceClass) -> str:
    """The source of an expression that builds an object again, with the names of `dra.claims`.

    Status and what the server sets in metadata are left out.

    Args:
        obj: A claim, a template or a class.

    Raises:
        BuildError: It says something that the builder cannot, such as a field that is not known here.
        CompileError: A selector does not compile.

    Example:
        >>> from dra.claims import claim
        >>> print(to_python(claim("train").request("gpu", device_class="gpu.nvidia.com", count=8).build()))
        (
            claim("train")
            .request("gpu", device_class="gpu.nvidia.com", count=8)
            .build()
        )
    """
    if isinstance(obj, DeviceClass):
        return _class_source(obj)
    method = "template" if isinstance(obj, ResourceClaimTemplate) else "build"
    lines = [*builder_of(obj).calls(), f".{method}()"]
    return "\n".join(("(", *(f"    {line}" for line in lines), ")"))


def builder_of(obj: ResourceClaim | ResourceClaimTemplate) -> ClaimBuilder:
    """A builder that makes a claim or template again, and with which one can go on.

    Args:
        obj: A claim or a template.

    Raises:
        BuildError: It says something that the builder cannot.
        CompileError: A selector does not compile.
    """
    spec = obj.spec.spec if isinstance(obj, ResourceClaimTemplate) else obj.spec
    made = claim(
        obj.metadata.name or "",
        namespace=obj.metadata.namespace or "",
        labels=obj.metadata.labels,
        annotations=obj.metadata.annotations,
    )
    for request in spec.devices.requests or ():
        wanted: Option | Preference
        if request.first_available:
            alternatives = (option(name=each.name, **_wants(each)) for each in request.first_available)
            wanted = prefer(*alternatives)
        else:
            wanted = option(**_wants(request.exactly or ExactDeviceRequest()))
        made = made.request(request.name, wanted)
    for constraint in spec.devices.constraints or ():
        if constraint.match_attribute:
            made = made.align(constraint.match_attribute, constraint.requests or ())
        else:
            made = made.distinct(constraint.distinct_attribute or "", constraint.requests or ())
    for config in spec.devices.config or ():
        made = made.config(config.opaque or OpaqueDeviceConfiguration(), config.requests or ())
    _check_same(obj, made)
    return made


def _check_same(obj: ResourceClaim | ResourceClaimTemplate, made: ClaimBuilder) -> None:
    """Refuse to lose anything."""
    again = made.unchecked_template() if isinstance(obj, ResourceClaimTemplate) else made.unchecked()
    if _said(again.spec.to_dict()) != _said(obj.spec.to_dict()):
        raise BuildError(
            "it says something that the builder cannot say", path="spec", subject=obj.subject, value=obj.spec
        )


def _said(wire: Any) -> Any:
    """Wire data without what means nothing: empty lists and objects, `false`."""
    if isinstance(wire, dict):
        found = {key: _said(value) for key, value in wire.items() if key != "opaque"}
        return {key: value for key, value in found.items() if value not in ([], {}, False)} | {
            key: value for key, value in wire.items() if key == "opaque"
        }
    return [_said(each) for each in wire] if isinstance(wire, list) else wire


def _wants(wanted: ExactDeviceRequest | DeviceSubRequest) -> Wants:
    found: Wants = {
        "device_class": wanted.device_class_name,
        "where": _expressions(wanted.selectors),
        "tolerations": wanted.tolerations or (),
        "capacity": (wanted.capacity and wanted.capacity.requests) or {},
        "derived_attributes": {each.name: each.expression for each in wanted.derived_attributes or ()},
    }
    if wanted.allocation_mode:
        found["allocation_mode"] = cast("Literal['ExactCount', 'All']", wanted.allocation_mode)
    if wanted.count is not None:
        found["count"] = wanted.count
    if isinstance(wanted, ExactDeviceRequest) and wanted.admin_access:
        found["admin_access"] = True
    return found


def _expressions(selectors: list[DeviceSelector] | None) -> list[str]:
    return [each.cel.expression if each.cel else "" for each in selectors or ()]


def _class_source(obj: DeviceClass) -> str:
    metadata: ObjectMeta = obj.metadata
    said: dict[str, object] = {
        "where": _expressions(obj.spec.selectors),
        "extended_resource": obj.spec.extended_resource_name,
        "labels": metadata.labels,
        "annotations": metadata.annotations,
    }
    keywords = [f"{name}={literal(value)}" for name, value in said.items() if value]
    configs = [config_source(each.opaque or OpaqueDeviceConfiguration()) for each in obj.spec.config or ()]
    if configs:
        keywords.append(f"config=[{', '.join(configs)}]")
    return call("device_class", [metadata.name or ""], keywords)
