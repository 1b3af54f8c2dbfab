"""The claims that a pod uses: existing ones, ones made from templates, and those of its pod group.

What the resource claim controller does before the scheduler sees a pod is done here, so that a pod can be
asked about that was never given to a cluster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import attrs

from dra.allocator.extended import ANNOTATION as EXTENDED_RESOURCE_CLAIM
from dra.features import Features
from dra.models.core import Pod, PodResourceClaim
from dra.models.meta import ObjectMeta, OwnerReference
from dra.models.resource import ResourceClaim, ResourceClaimConsumerReference, ResourceClaimTemplate
from dra.models.scheduling import PodGroup
from dra.scheduler.allocations import allocation_of, consumers_of
from dra.scheduler.objects import Key, Objects, does_not_exist, key_of, label_of
from dra.validation.defaults import filled_in

__all__ = [
    "POD_CLAIM_NAME",
    "RESERVED_FOR_MAX",
    "ClaimUse",
    "NotReady",
    "PodClaims",
    "consumer_of",
    "is_reserved_for",
    "same_consumer",
    "stand_in",
]

POD_CLAIM_NAME: Final = "resource.kubernetes.io/pod-claim-name"
"""On a claim made from a template: the name by which the pod calls it."""

RESERVED_FOR_MAX: Final = 256
"""How many consumers one claim can have (`ResourceClaimReservedForMaxSize`)."""

# The letters of generated names: no vowels and nothing that looks like another.
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX: Final = 5


class NotReady(Exception):  # noqa: N818 - a signal between modules, not an error: the pod has to wait
    """The pod cannot be scheduled at all at the moment; the text says why."""


@attrs.frozen(eq=False)
class ClaimUse:
    """A claim that a pod uses.

    Attributes:
        entry: How the pod calls it; empty for the claim of its extended resources.
        claim: The claim, with the API server's defaults.
        given: The claim as it is in the cluster, came with the question, or is made for the pod.
        known: The claim as it is in the cluster, None if it would be made for the pod.
        group: The pod group that it is reserved for in place of the pod.
    """

    entry: str
    claim: ResourceClaim
    given: ResourceClaim
    known: ResourceClaim | None = None
    group: PodGroup | None = None

    @property
    def allocated(self) -> bool:
        """Whether it has its devices already."""
        return allocation_of(self.claim) is not None

    @property
    def label(self) -> str:
        """Namespace and name."""
        return label_of(key_of(self.claim))


class PodClaims:
    """Finds the claims of a pod.

    Args:
        objects: The cluster.
        features: The feature gates.
        more: Claims and templates that count before those of the cluster.
        stored: Gives a template as the API server stores it.
    """

    def __init__(
        self,
        objects: Objects,
        features: Features,
        more: Iterable[ResourceClaim | ResourceClaimTemplate] = (),
        stored: Callable[[ResourceClaimTemplate], ResourceClaimTemplate] = filled_in,
    ) -> None:
        self.stored = stored
        self.objects = objects
        self.features = features
        self.claims: Mapping[Key, ResourceClaim] = {
            key_of(each): each for each in more if isinstance(each, ResourceClaim)
        }
        self.templates: Mapping[Key, ResourceClaimTemplate] = {
            key_of(each): each for each in more if isinstance(each, ResourceClaimTemplate)
        }

    def of(self, pod: Pod) -> list[ClaimUse]:
        """The claims that a pod uses, each once, in the order of `spec.resourceClaims`.

        Raises:
            NotReady: One of them is not there, is being deleted, or may not be used by the pod.
        """
        group = self._group(pod)
        uses: dict[Key, ClaimUse] = {}
        for entry in pod.spec.resource_claims or ():
            use = self._use(pod, entry, group)
            if use is not None:
                uses.setdefault(key_of(use.claim), use)
        for use in uses.values():
            self._check(pod, use)
            if not use.allocated:
                self._check_classes(use)
        return list(uses.values())

    def _group(self, pod: Pod) -> PodGroup | None:
        """The pod's group, if claims of groups are understood: that takes both gates (KEP-5729)."""
        understood = self.features.workload_resource_claims and self.features.generic_workload
        if not understood or pod.spec.scheduling_group is None:
            return None
        namespace, _ = key_of(pod)
        return self.objects.pod_groups.get((namespace, pod.spec.scheduling_group.pod_group_name or ""))

    def _use(self, pod: Pod, entry: PodResourceClaim, group: PodGroup | None) -> ClaimUse | None:
        """The claim of an entry; None if none was needed."""
        namespace, pod_name = key_of(pod)
        shared = group if group is not None and _is_of_group(entry, group) else None
        if entry.resource_claim_name:
            return self._existing((namespace, entry.resource_claim_name), entry.name, shared)
        if not entry.resource_claim_template_name:
            raise NotReady(f"spec.resourceClaims[{entry.name}] names neither a claim nor a template")
        for status in (pod.status.resource_claim_statuses if pod.status else None) or ():
            if status.name == entry.name:
                if status.resource_claim_name is None:
                    return None
                return self._existing((namespace, status.resource_claim_name), entry.name, shared)
        owner = key_of(shared)[1] if shared is not None else pod_name
        name = _generated_name(namespace, owner, entry.name, of_group=shared is not None)
        for group_status in (
            shared.status.resource_claim_statuses if shared and shared.status else None
        ) or ():
            if group_status.name == entry.name and group_status.resource_claim_name is not None:
                name = group_status.resource_claim_name
        known = self.objects.claims.get((namespace, name))
        if known is not None:
            return ClaimUse(entry.name, filled_in(known, self.features), known, known, shared)
        made = self._made(pod, entry, shared, name)
        return ClaimUse(entry.name, made, made, None, shared)

    def _existing(self, key: Key, entry: str, group: PodGroup | None) -> ClaimUse:
        known = self.objects.claims.get(key)
        claim = self.claims.get(key, known)
        if claim is None:
            raise NotReady(does_not_exist(f"claim {label_of(key)}", key, self.objects.claims))
        return ClaimUse(entry, filled_in(claim, self.features), claim, known, group)

    def _made(self, pod: Pod, entry: PodResourceClaim, group: PodGroup | None, name: str) -> ResourceClaim:
        """The claim that the resource claim controller makes from a template."""
        namespace, _ = key_of(pod)
        key = (namespace, entry.resource_claim_template_name or "")
        template = self.templates.get(key) or self.objects.templates.get(key)
        if template is None:
            lacking = f"template {label_of(key)} for claim {entry.name}"
            raise NotReady(does_not_exist(lacking, key, self.objects.templates))
        pattern = template.spec.metadata
        owner = _owner(group if group is not None else pod)
        metadata = ObjectMeta(
            name=name,
            namespace=namespace,
            labels=pattern.labels if pattern is not None else None,
            annotations={
                **((pattern.annotations if pattern is not None else None) or {}),
                POD_CLAIM_NAME: entry.name,
            },
            owner_references=[owner],
        )
        stored = self.stored(template)
        return ResourceClaim(metadata=metadata, spec=stored.spec.spec)

    def _check(self, pod: Pod, use: ClaimUse) -> None:
        """Whether the pod may use the claim at all."""
        claim = use.claim
        if claim.metadata.deletion_timestamp is not None:
            raise NotReady(f"claim {use.label} is being deleted")
        if (claim.metadata.annotations or {}).get(EXTENDED_RESOURCE_CLAIM) == "true":
            raise NotReady(f"claim {use.label} belongs to the extended resources of a pod")
        owner = next((each for each in claim.metadata.owner_references or () if each.controller), None)
        if owner is not None and owner.kind == "Pod" and not _is(owner.name, owner.uid, pod):
            raise NotReady(f"claim {use.label} was made for pod {owner.name}")
        consumers = consumers_of(claim)
        if use.allocated and len(consumers) >= RESERVED_FOR_MAX and not is_reserved_for(pod, use):
            raise NotReady(
                f"claim {use.label} is in use by {len(consumers)} consumers, and no more can be added"
            )

    def _check_classes(self, use: ClaimUse) -> None:
        """Whether there are the classes that its requests name."""
        for request, name in _classes_named(use.claim):
            if name and ("", name) not in self.objects.classes:
                lacking = f"claim {use.label}, request {request}: device class {name}"
                raise NotReady(does_not_exist(lacking, ("", name), self.objects.classes))


def _classes_named(claim: ResourceClaim) -> Iterator[tuple[str, str]]:
    """The requests of a claim, each with its class."""
    for request in claim.spec.devices.requests or ():
        if request.exactly is not None:
            yield request.name, request.exactly.device_class_name
        for each in request.first_available or ():
            yield f"{request.name}/{each.name}", each.device_class_name


def consumer_of(pod: Pod, group: PodGroup | None) -> ResourceClaimConsumerReference:
    """The entry in a claim's `status.reservedFor` for a pod, or for its group in its place."""
    if group is not None:
        return ResourceClaimConsumerReference(
            api_group="scheduling.k8s.io",
            resource="podgroups",
            name=group.metadata.name or "",
            uid=group.metadata.uid or "",
        )
    return ResourceClaimConsumerReference(
        resource="pods", name=pod.metadata.name or "", uid=pod.metadata.uid or ""
    )


def is_reserved_for(pod: Pod, use: ClaimUse) -> bool:
    """Whether a claim is reserved for a pod, or for the group it is shared in."""
    wanted = consumer_of(pod, use.group)
    return any(same_consumer(each, wanted) for each in consumers_of(use.claim))


def same_consumer(one: ResourceClaimConsumerReference, other: ResourceClaimConsumerReference) -> bool:
    """Whether two references mean one consumer; a missing uid matches any."""
    return (
        one.resource == other.resource
        and one.name == other.name
        and (not one.uid or not other.uid or one.uid == other.uid)
    )


def _is(name: str, uid: str, pod: Pod) -> bool:
    return name == pod.metadata.name and (not uid or not pod.metadata.uid or uid == pod.metadata.uid)


def _is_of_group(entry: PodResourceClaim, group: PodGroup) -> bool:
    """A pod's entry is the group's if name, claim and template are all the same (KEP-5729)."""
    return any(
        (each.name, each.resource_claim_name, each.resource_claim_template_name)
        == (entry.name, entry.resource_claim_name, entry.resource_claim_template_name)
        for each in group.spec.resource_claims or ()
    )


def _owner(of: Pod | PodGroup) -> OwnerReference:
    return OwnerReference(
        api_version=of.api_version,
        kind=of.kind,
        name=of.metadata.name or "",
        uid=of.metadata.uid or "",
        controller=True,
    )


def _generated_name(namespace: str, owner: str, entry: str, *, of_group: bool) -> str:
    """As the controller names claims, but the same each time: the random letters are a digest."""
    digest = hashlib.sha256("\0".join((namespace, owner, entry, str(of_group))).encode()).digest()
    return f"{owner}-{entry}-{''.join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:_SUFFIX])}"


def stand_in(claim: ResourceClaim) -> Pod:
    """A pod that asks for a claim and for nothing else, since only pods can be scheduled.

    Example:
        >>> stand_in(ResourceClaim(metadata=ObjectMeta(name="gpu", namespace="team"))).subject
        'Pod team/user-of-gpu'
    """
    return Pod.from_dict(
        {
            "metadata": {"name": f"user-of-{claim.metadata.name}", "namespace": claim.metadata.namespace},
            "spec": {
                "containers": [{"name": "main"}],
                "resourceClaims": [{"name": "claim", "resourceClaimName": claim.metadata.name}],
                "tolerations": [{"operator": "Exists"}],
            },
        }
    )
