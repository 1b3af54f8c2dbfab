"""`lint`: likely mistakes in objects that the API server accepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from dra.features import LATEST, Features, minor
from dra.linting import (  # noqa: F401 - importing them registers their checks
    claims,
    expressions,
    names,
    pods,
    slices as slices_,
    versions,
)
from dra.linting.finding import CHECKS, Finding, Severity
from dra.linting.given import Given
from dra.models.loading import load
from dra.models.meta import KubernetesObject

__all__ = ["lint"]

Objects: TypeAlias = "KubernetesObject | Mapping[str, Any] | Iterable[KubernetesObject | Mapping[str, Any]]"

_ORDER: Final = tuple(Severity)


def lint(
    objects: Objects,
    kubernetes: str = LATEST,
    slices: Objects | None = None,
    features: Features | None = None,
) -> list[Finding]:
    """What the API server accepts and its author will regret.

    The more is given together, the more is found: claims with the pods that use them, classes, namespaces,
    and above all the ResourceSlices of the cluster, since then selectors are tried on real devices.

    Args:
        objects: Objects or their wire forms, of any kinds.
        kubernetes: The minor they are meant for.
        slices: ResourceSlices to try selectors on, which are not themselves looked at.
        features: Feature gates; the minor's defaults if None.

    Returns:
        The findings, the worst first.

    Raises:
        DraError: An object cannot be read, or the minor is unknown.

    Example:
        >>> claim = {
        ...     "apiVersion": "resource.k8s.io/v1beta1",
        ...     "kind": "ResourceClaim",
        ...     "metadata": {"name": "train"},
        ... }
        >>> print(*lint(claim))
        ResourceClaim train: apiVersion: warning DRA501: resource.k8s.io/v1beta1 is deprecated since \
Kubernetes 1.35 and not served any more from 1.38 on
          use resource.k8s.io/v1: dra convert --to resource.k8s.io/v1
    """
    of_minor = minor(kubernetes)
    own = load(objects)
    known = load(slices) if slices is not None else []
    given = Given((*own, *known), of_minor, features or Features.for_kubernetes(of_minor))
    mine = {id(obj) for obj in own}
    found = [
        finding
        for _, check in sorted(CHECKS.items())
        for finding in check.findings(given)
        if id(finding.object) in mine
    ]
    return sorted(dict.fromkeys(found), key=lambda finding: _ORDER.index(finding.severity))
