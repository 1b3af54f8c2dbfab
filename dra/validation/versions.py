"""Which API versions a server has."""

from __future__ import annotations

from dra.features import is_since, minor
from dra.models.meta import KubernetesObject
from dra.models.versions import ApiVersion

__all__ = ["is_served", "served_versions"]


def is_served(version: ApiVersion, kubernetes: str) -> bool:
    """Whether a minor has an API version, possibly only where `--runtime-config` enables it."""
    is_removed = version.removed is not None and is_since(kubernetes, version.removed)
    return is_since(kubernetes, version.since) and not is_removed


def served_versions(obj: KubernetesObject, kubernetes: str) -> list[str]:
    """The API versions of an object's kind that a minor has, the best first.

    Raises:
        UnknownVersionError: The minor is unknown.

    Example:
        >>> from dra.models.resource import DeviceTaintRule
        >>> served_versions(DeviceTaintRule(), "1.36")
        ['resource.k8s.io/v1beta2', 'resource.k8s.io/v1alpha3']
    """
    of_minor = minor(kubernetes)
    return [version.name for version in obj.versions() if is_served(version, of_minor)]
