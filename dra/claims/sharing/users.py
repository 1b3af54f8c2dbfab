"""Who shares what a claim gets: containers, pods that name it, each pod by itself, the pods of a group."""

from __future__ import annotations

from typing import Final, TypeAlias

import attrs

from dra.claims.builder import ClaimBuilder
from dra.claims.options import label
from dra.claims.wants import required
from dra.errors import BuildError
from dra.features import LATEST, Features, is_since, minor
from dra.models.core import ContainerResourceClaim, PodResourceClaim
from dra.models.loading import dump
from dra.models.resource import ResourceClaim, ResourceClaimTemplate
from dra.models.scheduling import PodGroupResourceClaim
from dra.suggestions import did_you_mean
from dra.validation import formats
from dra.validation.scope import Limits

__all__ = ["Use", "per_pod", "per_pod_group", "shared"]

_MOST_PODS: Final = Limits().reserved_for
_GROUPS_SINCE: Final = "1.36"

Claimed: TypeAlias = "ClaimBuilder | ResourceClaim | ResourceClaimTemplate"


@attrs.frozen
class Use:
    """A claim or template, and what pods need to use it. Made by `shared`, `per_pod` and `per_pod_group`.

    Attributes:
        claim: The object to apply.
        entry: Name of the entry in `spec.resourceClaims` of the pods.
        of_group: Whether the pods of a PodGroup share it.
        features: Kubernetes' features (fields of `dra.Features`) that must be on.

    Example:
        >>> from dra.claims import claim
        >>> use = shared(claim("gpu").request("gpu", device_class="gpu.nvidia.com"))
        >>> use.pod_claim.to_dict(), [each.to_dict() for each in use.container_claims()]
        ({'name': 'gpu', 'resourceClaimName': 'gpu'}, [{'name': 'gpu'}])
    """

    claim: ResourceClaim | ResourceClaimTemplate
    entry: str
    of_group: bool = False
    features: frozenset[str] = frozenset()

    @property
    def _source(self) -> dict[str, str]:
        """The field that names the object, which entries of pods and of groups have in common."""
        is_claim = isinstance(self.claim, ResourceClaim)
        field = "resource_claim_name" if is_claim else "resource_claim_template_name"
        return {"name": self.entry, field: self.claim.metadata.name or ""}

    @property
    def pod_claim(self) -> PodResourceClaim:
        """The entry of `spec.resourceClaims` of each pod."""
        return PodResourceClaim(**self._source)

    @property
    def group_claim(self) -> PodGroupResourceClaim | None:
        """The entry of `spec.resourceClaims` of the PodGroup, which must equal that of the pods."""
        return PodGroupResourceClaim(**self._source) if self.of_group else None

    def container_claims(self, *requests: str) -> list[ContainerResourceClaim]:
        """The entries of `resources.claims` of a container.

        Containers that have the same entries share the devices.

        Args:
            *requests: The requests whose devices it gets; none for all of the claim.

        Raises:
            BuildError: There is no such request.
        """
        spec = self.claim.spec.spec if isinstance(self.claim, ResourceClaimTemplate) else self.claim.spec
        known = [each.name for each in spec.devices.requests or ()]
        for name in requests:
            if name not in known:
                remedy = did_you_mean(name, known, f"known: {', '.join(known)}")
                raise BuildError(f"{self.claim.subject} has no request {name!r}", value=name, remedy=remedy)
        if not requests:
            return [ContainerResourceClaim(name=self.entry)]
        return [ContainerResourceClaim(name=self.entry, request=name) for name in requests]

    def to_yaml(self) -> str:
        """The object to apply, as YAML."""
        return dump([self.claim])


def shared(
    wanted: ClaimBuilder | ResourceClaim,
    *,
    entry: str = "",
    pods: int = 0,
    kubernetes: str = LATEST,
    features: Features | None = None,
) -> Use:
    """One claim for all pods that name it: they share its devices, and so run on one node.

    Args:
        wanted: The claim, or its builder.
        entry: Name of the pods' entry; by default the claim's.
        pods: How many pods there will be, if that is known.
        kubernetes: Minor of the cluster.
        features: Feature gates; the minor's defaults if None.

    Raises:
        BuildError: It is a template, or there are more pods than the 256 that may use one claim.

    Example:
        >>> from dra.claims import claim
        >>> shared(claim("gpu").request("gpu", device_class="gpu.nvidia.com"), pods=300)
        Traceback (most recent call last):
        dra.errors.BuildError: ResourceClaim gpu: status.reservedFor: 300 pods cannot use one claim, at most 256 can
          per_pod_group() has no such limit, as the group counts as one
    """  # noqa: E501 - the error is one line
    made = wanted.build(kubernetes, features=features) if isinstance(wanted, ClaimBuilder) else wanted
    if not isinstance(made, ResourceClaim):
        raise _other(
            made,
            "a template gives every pod a claim of its own",
            "share a ResourceClaim: give the builder, or what build() made",
        )
    if required(pods, int, "pods") > _MOST_PODS:
        raise BuildError(
            f"{pods} pods cannot use one claim, at most {_MOST_PODS} can",
            path="status.reservedFor",
            value=pods,
            subject=made.subject,
            remedy="per_pod_group() has no such limit, as the group counts as one",
        )
    return Use(made, _entry(made, entry))


def per_pod(
    wanted: ClaimBuilder | ResourceClaimTemplate,
    *,
    entry: str = "",
    kubernetes: str = LATEST,
    features: Features | None = None,
) -> Use:
    """A template: every pod has devices of its own, which its containers may share.

    Args:
        wanted: The template, or its builder.
        entry: As in `shared`.
        kubernetes: As in `shared`.
        features: As in `shared`.

    Raises:
        BuildError: It is a claim, of which there is only one.

    Example:
        >>> from dra.claims import claim
        >>> use = per_pod(claim("gpu").request("gpu", device_class="gpu.nvidia.com"))
        >>> use.pod_claim.to_dict()
        {'name': 'gpu', 'resourceClaimTemplateName': 'gpu'}
    """
    made = wanted.template(kubernetes, features=features) if isinstance(wanted, ClaimBuilder) else wanted
    if not isinstance(made, ResourceClaimTemplate):
        raise _other(
            made,
            "there is only one of a ResourceClaim: all pods would share it",
            "give the builder, or what template() made",
        )
    return Use(made, _entry(made, entry))


def per_pod_group(
    wanted: Claimed,
    *,
    entry: str = "",
    kubernetes: str = LATEST,
    features: Features | None = None,
) -> Use:
    """One claim for each PodGroup, shared by its pods (KEP-5729; gate DRAWorkloadResourceClaims).

    The entry belongs into the PodGroup (`group_claim`) and, the same, into its pods (`pod_claim`). The gate
    is alpha in Kubernetes 1.36 and off by default in 1.37; where it is off, every pod gets its own devices.

    Args:
        wanted: The template or its builder: each group gets a claim of its own. A claim is shared by all
            groups that name it, each of which counts as one user.
        entry: As in `shared`.
        kubernetes: As in `shared`.
        features: Feature gates, if they are known.

    Raises:
        BuildError: This Kubernetes does not know claims of groups, or the gate is known to be off.

    Example:
        >>> from dra.claims import claim
        >>> use = per_pod_group(claim("nvlink").request("gpu", device_class="gpu.nvidia.com", count=4))
        >>> use.group_claim.to_dict() == use.pod_claim.to_dict(), sorted(use.features)
        (True, ['workload_resource_claims'])
    """
    if not is_since(minor(kubernetes), _GROUPS_SINCE) or (features and not features.workload_resource_claims):
        raise BuildError(
            f"Kubernetes {kubernetes} has no claims of groups, or their gate is off",
            path="spec.resourceClaims",
            remedy="switch on DRAWorkloadResourceClaims, from Kubernetes 1.36 on",
        )
    made = wanted.template(kubernetes, features=features) if isinstance(wanted, ClaimBuilder) else wanted
    if not isinstance(made, (ResourceClaim, ResourceClaimTemplate)):
        raise _other(made, "", "give a builder, a template or a claim")
    return Use(made, _entry(made, entry), of_group=True, features=frozenset({"workload_resource_claims"}))


def _other(made: object, message: str, remedy: str) -> BuildError:
    """The error for what is not the object that is wanted."""
    if isinstance(made, (ResourceClaim, ResourceClaimTemplate)):
        return BuildError(message, subject=made.subject, remedy=remedy)
    return BuildError(f"{type(made).__name__} is no claim", value=made, remedy=remedy)


def _entry(made: ResourceClaim | ResourceClaimTemplate, entry: str) -> str:
    """The name of the pods' entry, which is a DNS label; the name of a claim may have dots."""
    name = entry or label(made.metadata.name or "")
    for fault in formats.dns_label(name):
        raise BuildError(fault, path="spec.resourceClaims[0].name", value=name)
    return name
