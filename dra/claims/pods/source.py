"""`ClaimSource`: what an entry of a pod's `spec.resourceClaims` stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import attrs

from dra.errors import DraError, LoadError
from dra.models.core import PodResourceClaim
from dra.models.loading import load
from dra.models.resource import DeviceClaim, ResourceClaim, ResourceClaimTemplate
from dra.models.scheduling import PodGroupResourceClaim
from dra.suggestions import unknown_name
from dra.validation import formats

__all__ = ["Claim", "ClaimKind", "ClaimSource", "claim_source", "devices_of"]

ClaimKind: TypeAlias = Literal["ResourceClaim", "ResourceClaimTemplate"]
Claim: TypeAlias = "ResourceClaim | ResourceClaimTemplate | ClaimSource | Mapping[str, Any] | str | object"
"""A claim or template as model, dict, YAML text or client's object; a builder; or what names one."""

_FIELDS: Final[dict[str, ClaimKind]] = {
    "resourceClaimName": "ResourceClaim",
    "resourceClaimTemplateName": "ResourceClaimTemplate",
}
_KINDS: Final[dict[str, ClaimKind]] = {
    "claim": "ResourceClaim",
    "resourceclaim": "ResourceClaim",
    "resourceclaims": "ResourceClaim",
    "template": "ResourceClaimTemplate",
    "resourceclaimtemplate": "ResourceClaimTemplate",
    "resourceclaimtemplates": "ResourceClaimTemplate",
}
_NOT_IN_A_LABEL: Final = re.compile(r"[^a-z0-9-]+")
_LABEL_SIZE: Final = 63


@attrs.frozen
class ClaimSource:
    """A ResourceClaim, which all pods that name it share, or a template, from which each pod gets its own.

    Attributes:
        kind: Which of the two.
        name: Its name.
        namespace: Its namespace; empty if that is not known.
        object: The claim or template itself; None if only its name is known.
        entry_name: The name that it wants in a pod; empty if it has no wish.

    Example:
        >>> ClaimSource("ResourceClaimTemplate", "train").entry("gpu")
        {'name': 'gpu', 'resourceClaimTemplateName': 'train'}
    """

    kind: ClaimKind
    name: str
    namespace: str = ""
    object: ResourceClaim | ResourceClaimTemplate | None = attrs.field(default=None, repr=False, eq=False)
    entry_name: str = attrs.field(default="", repr=False)

    @property
    def field(self) -> str:
        """The field of an entry that names it."""
        return "resourceClaimName" if self.kind == "ResourceClaim" else "resourceClaimTemplateName"

    @property
    def subject(self) -> str:
        """Kind and name, for people."""
        return f"{self.kind} {f'{self.namespace}/' if self.namespace else ''}{self.name}"

    @property
    def label(self) -> str:
        """The name of an entry, a DNS label: the one it wants, or else one made from its own."""
        if self.entry_name:
            return self.entry_name
        return _NOT_IN_A_LABEL.sub("-", self.name.lower())[:_LABEL_SIZE].strip("-") or "claim"

    def entry(self, name: str = "") -> dict[str, str]:
        """The entry of `spec.resourceClaims` that makes it available to containers under a name."""
        return {"name": name or self.label, self.field: self.name}

    def is_meant_by(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry of `spec.resourceClaims` stands for it, if only in the shape before 1.31."""
        old = entry.get("source")
        names = {**(old if isinstance(old, Mapping) else {}), **entry}
        return {field: names[field] for field in _FIELDS if names.get(field)} == {self.field: self.name}

    @staticmethod
    def check_name(name: str) -> None:
        """Refuse a name that no claim of a pod can have; an empty one says nothing.

        Raises:
            DraError: It is no DNS label.
        """
        if name and (faults := formats.dns_label(name)):
            raise DraError(f"{name!r} cannot be the name of a claim in a pod: {faults[0]}", value=name)

    def check_request(self, request: str) -> None:
        """Refuse a request that a container cannot name.

        Raises:
            DraError: It is an alternative of a request, or the claim is known and has no such request.
        """
        parent, slash, _ = request.partition("/")
        if slash:
            raise DraError(
                "a container cannot name an alternative of a request, only the request",
                value=request,
                remedy=f"use {parent!r}: the container gets whichever alternative was allocated",
            )
        if self.object is None:
            return
        names = [each.name for each in devices_of(self.object).requests or ()]
        if request not in names:
            raise unknown_name(f"request of {self.subject}", request, names)


def devices_of(claim: ResourceClaim | ResourceClaimTemplate) -> DeviceClaim:
    """What a claim, or the claims of a template, ask for."""
    return claim.spec.spec.devices if isinstance(claim, ResourceClaimTemplate) else claim.spec.devices


def claim_source(claim: Claim, kind: ClaimKind | None = None) -> ClaimSource:
    """What is meant by a claim in any form.

    Args:
        claim: A ResourceClaim or ResourceClaimTemplate as model, dict, YAML text or object of a client; a
            builder, of which the template is taken, so that each pod gets devices of its own; what
            `sharing.shared`, `per_pod` and `per_pod_group` give; an entry
            such as `{"resourceClaimName": "train"}`; `"template/train"` or `"claim/train"`; or a name, with
            `kind`.
        kind: What a bare name is the name of.

    Raises:
        DraError: It is none of these, has no name, or nothing says whether a name is that of a claim or of a
            template.

    Example:
        >>> claim_source("template/train")
        ClaimSource(kind='ResourceClaimTemplate', name='train', namespace='')
        >>> claim_source("train")
        Traceback (most recent call last):
        dra.errors.DraError: is 'train' a ResourceClaim or a ResourceClaimTemplate?
          'claim/train': all pods share its devices; 'template/train': each pod gets its own
    """
    if isinstance(claim, ClaimSource):
        return claim
    if isinstance(claim, str) and "\n" not in claim and ":" not in claim and claim[:1] != "{":
        return _named(claim, kind)
    if isinstance(claim, (PodResourceClaim, PodGroupResourceClaim)):
        return _entry(claim.to_dict())
    if isinstance(claim, Mapping) and "kind" not in claim and any(field in claim for field in _FIELDS):
        return _entry(claim)
    if isinstance(pod_claim := getattr(claim, "pod_claim", None), PodResourceClaim):  # sharing.Use
        return attrs.evolve(_loaded(getattr(claim, "claim", None)), entry_name=pod_claim.name)
    template = getattr(claim, "template", None)
    if callable(template) and callable(getattr(claim, "build", None)):
        claim = template()
    return _loaded(claim)


def _named(text: str, kind: ClaimKind | None) -> ClaimSource:
    prefix, slash, name = text.partition("/")
    if slash:
        said = _KINDS.get(prefix.lower().partition(".")[0])
        if said is None:
            raise unknown_name("kind of claim", prefix, ("claim", "template"))
        return _checked(said, name)
    if kind is None:
        raise DraError(
            f"is {text!r} a ResourceClaim or a ResourceClaimTemplate?",
            value=text,
            remedy=f"'claim/{text}': all pods share its devices; 'template/{text}': each pod gets its own",
        )
    if kind not in _FIELDS.values():
        raise unknown_name("kind of claim", kind, _FIELDS.values())
    return _checked(kind, text)


def _entry(entry: Mapping[str, Any]) -> ClaimSource:
    given = {field: entry[field] for field in _FIELDS if entry.get(field)}
    if len(given) != 1:
        raise DraError(
            "exactly one of resourceClaimName and resourceClaimTemplateName has to be set", value=dict(entry)
        )
    ((field, name),) = given.items()
    return _checked(_FIELDS[field], name)


def _checked(kind: ClaimKind, name: object) -> ClaimSource:
    if not isinstance(name, str) or not name:
        raise DraError(f"a {kind} without a name", value=name)
    if faults := formats.dns_subdomain(name):
        raise DraError(f"{name!r} cannot be the name of a {kind}: {faults[0]}", value=name)
    return ClaimSource(kind, name)


def _loaded(claim: object) -> ClaimSource:
    try:
        objects = load(claim)
    except LoadError as error:
        error.remedy = error.remedy or "give a claim, a template, a builder, or a name as 'template/train'"
        raise
    obj = objects[0] if len(objects) == 1 else None
    if not isinstance(obj, (ResourceClaim, ResourceClaimTemplate)):
        found = ", ".join(each.subject for each in objects[:3]) or "nothing"
        raise DraError(
            f"expected one ResourceClaim or ResourceClaimTemplate, found {found}",
            remedy="attach claims one by one",
        )
    name = obj.metadata.name
    if not name:
        raise DraError(
            "has no name by which a pod could refer to it", path="metadata.name", subject=obj.subject
        )
    kind: ClaimKind = "ResourceClaim" if isinstance(obj, ResourceClaim) else "ResourceClaimTemplate"
    return ClaimSource(kind, name, obj.metadata.namespace or "", obj)
