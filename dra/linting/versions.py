"""Checks of API versions and of fields that no version has: DRA501 to DRA599."""

from __future__ import annotations

from collections.abc import Iterator

from dra.errors import DecodeError, DraError
from dra.features import is_since
from dra.linting.finding import Hint, Hints, Severity, check
from dra.linting.given import Given
from dra.models.kinds import decode
from dra.models.meta import KubernetesObject, Unstructured
from dra.models.versions import ApiVersion
from dra.validation.field_error import Path
from dra.validation.gates import disabled_fields
from dra.validation.scope import Scope
from dra.validation.versions import served_versions

__all__: list[str] = []

_API_VERSION = Path() / "apiVersion"


def _versions(given: Given) -> Iterator[tuple[KubernetesObject, ApiVersion, str]]:
    """Each object with its version and the version to take instead on this server."""
    for obj in given.objects:
        served = served_versions(obj, given.kubernetes)
        for version in obj.versions():
            if version.name == obj.api_version:
                yield obj, version, served[0] if served else ""


@check("DRA501", Severity.WARNING)
def deprecated_version(given: Given) -> Hints:
    """An API version that is deprecated, with the minor that removes it."""
    for obj, version, better in _versions(given):
        deprecated = version.deprecated and is_since(given.kubernetes, version.deprecated)
        if deprecated and version.removed and better and better != version.name:
            yield Hint(
                obj,
                _API_VERSION,
                f"{version.name} is deprecated since Kubernetes {version.deprecated} "
                f"and not served any more from {version.removed} on",
                f"use {better}: dra convert --to {better}",
            )


@check("DRA502", Severity.INFO)
def version_not_everywhere(given: Given) -> Hints:
    """An API version that has to be enabled on the server with --runtime-config."""
    for obj, version, better in _versions(given):
        is_beta = "beta" in version.name or "alpha" in version.name
        if is_beta and better == version.name:
            yield Hint(
                obj,
                _API_VERSION,
                f"{version.name} is served only where --runtime-config enables it",
            )


@check("DRA503", Severity.ERROR)
def unknown_field(given: Given) -> Hints:
    """A field that the kind does not have: kubectl refuses it, other clients lose it silently."""
    for obj in given.objects:
        if isinstance(obj, Unstructured):
            continue
        try:
            decode(obj.to_dict(), strict=True)
        except DecodeError as error:
            yield Hint(obj, Path(step=error.path), error.message, error.remedy)
        except DraError:
            continue


# A field that was replaced -> what took its place.
_REPLACED = {
    "nodeAllocatableResourceMappings": "write nodeAllocatableResources: a capacityKey goes with "
    "mapping.capacityMultiplier, without one it is mapping.deviceMultiplier",
}


@check("DRA504", Severity.WARNING)
def field_of_the_past(given: Given) -> Hints:
    """A field that this minor does not know any more: the server drops it and takes the rest."""
    for obj in given.objects:
        for gated, at in disabled_fields(obj, Scope.of(given.kubernetes)):
            if gated.is_past(given.kubernetes):
                yield Hint(
                    obj,
                    at,
                    f"Kubernetes {given.kubernetes} drops this field; {gated.until} was the last to know it",
                    _REPLACED.get(str(at).rpartition(".")[2], ""),
                )


@check("DRA505", Severity.INFO)
def field_behind_a_gate(given: Given) -> Hints:
    """A field that the server drops since a feature gate is off, by default or as it is said to be."""
    for obj in given.objects:
        for gated, at in disabled_fields(obj, Scope.of(given.kubernetes, given.features)):
            if not gated.is_past(given.kubernetes):
                is_default = not gated.is_enabled(Scope.of(given.kubernetes))
                why = "by default" if is_default else "with these gates"
                yield Hint(
                    obj,
                    at,
                    f"Kubernetes {given.kubernetes} drops this field {why}",
                    f"switch on {' and '.join(gated.gates)}",
                )
