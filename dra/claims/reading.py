"""`to_python`: existing claims, templates and classes as the source of builders that make them again."""

from __future__ import annotations

import ast
import keyword
from typing import Any, Final, Literal, TypeVar, cast

from dra.claims import select
from dra.claims.builder import ClaimBuilder, claim
from dra.claims.checked import check
from dra.claims.options import Option, Preference, option, prefer
from dra.claims.source import call, config_source, literal, where_source
from dra.claims.wants import Wants, required
from dra.errors import BuildError
from dra.features import LATEST, Features
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


_O = TypeVar("_O", ResourceClaim, ResourceClaimTemplate, DeviceClass)

# Module -> what source may use of it.
_HOMES: Final = {
    "dra": ("Features",),
    "dra.claims": ("claim", "device_class", "option", "prefer", "toleration"),
    "dra.claims.select": tuple(select.__all__),
    "dra.models.resource": ("DeviceToleration", "OpaqueDeviceConfiguration"),
}


def to_python(obj: ResourceClaim | ResourceClaimTemplate | DeviceClass, name: str = "") -> str:
    """The source of an expression that builds an object again, with the names of `dra.claims`.

    Selectors are expressions of `dra.claims.select` where they say what that writes, else CEL by hand. Status
    and what the server sets in metadata are left out.

    Args:
        obj: A claim, a template or a class.
        name: A variable to be assigned: the source is whole then, with its imports.

    Raises:
        BuildError: It says something that the builder cannot, such as a field that is not known here, or
            what no server would take, or what devices of the class do not have; or the variable's name is
            none.
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
    if not isinstance(obj, (ResourceClaim, ResourceClaimTemplate, DeviceClass)):
        raise BuildError(
            f"there is no builder for {getattr(obj, 'kind', '') or type(obj).__name__}",
            value=obj,
            remedy="give a ResourceClaim, a ResourceClaimTemplate or a DeviceClass",
        )
    text = _class_source(obj) if isinstance(obj, DeviceClass) else _claim_source(obj)
    return _assigned(text, name) if name else text


def _claim_source(obj: ResourceClaim | ResourceClaimTemplate) -> str:
    made = builder_of(obj)
    if isinstance(obj, ResourceClaimTemplate):
        last = call(".template", (), _features(made.unchecked_template()))
    else:
        last = call(".build", (), _features(made.unchecked()))
    return "\n".join(("(", *(f"    {line}" for line in (*made.calls(), last)), ")"))


def _features(obj: _O) -> list[str]:
    """The argument that says which features must be on, if those that are by default do not do.

    Raises:
        BuildError: With every feature it is still not right: there is no source for that.
    """
    try:
        check(obj, LATEST, None, None, None)
    except BuildError:
        check(obj, LATEST, Features.all(), None, None)
        return ["features=Features.all()"]
    return []


def _assigned(text: str, name: str) -> str:
    """An expression as a module that assigns it."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise BuildError(f"{name!r} is no name of a variable", value=name)
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    if name in used:
        raise BuildError(f"{name!r} is a name that the source needs itself", value=name)
    imports = [
        f"from {home} import {', '.join(sorted(used.intersection(known)))}\n"
        for home, known in _HOMES.items()
        if used.intersection(known)
    ]
    return f"{''.join(imports)}\n{name} = {text}\n"


def builder_of(obj: ResourceClaim | ResourceClaimTemplate) -> ClaimBuilder:
    """A builder that makes a claim or template again, and with which one can go on.

    Args:
        obj: A claim or a template.

    Raises:
        BuildError: It says something that the builder cannot, or what devices of the class do not have.
        CompileError: A selector does not compile.
    """
    if not isinstance(obj, ResourceClaimTemplate):
        required(obj, ResourceClaim, "")
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
        "extended_resource": obj.spec.extended_resource_name,
        "labels": metadata.labels,
        "annotations": metadata.annotations,
    }
    texts = _expressions(obj.spec.selectors)
    keywords = [f"where={where_source(texts, metadata.name or '')}"] if texts else []
    keywords += [f"{name}={literal(value)}" for name, value in said.items() if value]
    configs = [config_source(each.opaque or OpaqueDeviceConfiguration()) for each in obj.spec.config or ()]
    if configs:
        keywords.append(f"config=[{', '.join(configs)}]")
    return call("device_class", [metadata.name or ""], [*keywords, *_features(obj)])
