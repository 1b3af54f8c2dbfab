"""What tests are given: claims in any form, and clusters in any form, as objects of the library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Final, Protocol, TypeAlias, TypeGuard, runtime_checkable

import attrs

from dra.errors import LoadError
from dra.features import Features
from dra.models.foreign import wire_data
from dra.models.loading import MANIFEST_SUFFIXES, Source, load
from dra.models.meta import KubernetesObject
from dra.models.resource import ResourceClaim, ResourceClaimTemplate
from dra.suggestions import unknown_name
from dra.testing import nodes
from dra.testing.nodes import Fixture, Machine

__all__ = [
    "GATES",
    "Builder",
    "ClaimSource",
    "FeatureNames",
    "GivenClaim",
    "claims_in",
    "features_in",
    "objects_in",
    "renamed",
]


@runtime_checkable
class Builder(Protocol):
    """Anything that builds an object, such as the builders of `dra.claims`."""

    def build(self) -> object:
        """The object."""


# Fields of `Features` and the gates they stand for.
GATES: Final = {field.name: field.metadata["gate"] for field in attrs.fields(Features)}

ClaimSource: TypeAlias = "ResourceClaim | ResourceClaimTemplate | Builder | Source | Iterable[ClaimSource]"
FeatureNames: TypeAlias = "Features | str | Iterable[str] | Mapping[str, bool] | None"


@attrs.frozen
class GivenClaim:
    """A claim, and whether its name is its own.

    Attributes:
        claim: The claim.
        named: Whether it has a name; otherwise `claim.metadata.name` is what names are made from.
    """

    claim: ResourceClaim
    named: bool


def claims_in(source: ClaimSource) -> list[GivenClaim]:
    """The claims that a source has; a template stands for one claim made from it.

    Other objects in the source, such as the pod that uses the claim, are passed over.

    Args:
        source: Claims or templates as models, dicts, YAML or JSON text, paths, clients' objects, or something
            that builds one; or an iterable of these.

    Raises:
        LoadError: There is no claim in it, or it cannot be read.
        DecodeError: An object is not what its kind should be.

    Example:
        >>> template = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaimTemplate",
        ...             "metadata": {"name": "gpu"}}
        >>> given, = claims_in(template)
        >>> given.claim.subject, given.named
        ('ResourceClaim gpu', False)
    """
    found = [_given(each) for each in _objects(source) if isinstance(each, _CLAIMS)]
    if not found:
        raise LoadError("no ResourceClaim or ResourceClaimTemplate in what was given", value=source)
    return found


_CLAIMS = (ResourceClaim, ResourceClaimTemplate)


def _objects(source: object) -> Iterator[KubernetesObject]:
    if isinstance(source, KubernetesObject):
        yield source
    elif isinstance(source, Builder):
        yield from _objects(source.build())
    elif _is_several(source):
        for each in source:
            yield from _objects(each)
    else:
        yield from load(source)


def _is_several(source: object) -> TypeGuard[Iterable[object]]:
    """Whether a source is an iterable of sources, not one of those sources that happen to be iterable."""
    single = isinstance(source, (str, bytes, PathLike, Mapping, KubernetesObject)) or hasattr(source, "read")
    return isinstance(source, Iterable) and not single and wire_data(source) is None


def _given(each: ResourceClaim | ResourceClaimTemplate) -> GivenClaim:
    if isinstance(each, ResourceClaim):
        if each.metadata.name:
            return GivenClaim(each, named=True)
        prefix = (each.metadata.generate_name or "").rstrip("-") or "claim"
        return GivenClaim(renamed(each, prefix), named=False)
    return GivenClaim(each.claim(each.metadata.name or "claim"), named=False)


def renamed(claim: ResourceClaim, name: str) -> ResourceClaim:
    """The claim under another name."""
    return claim.model_copy(update={"metadata": claim.metadata.model_copy(update={"name": name})})


def objects_in(source: object, kubernetes: str) -> Iterator[KubernetesObject]:
    """The objects of a cluster.

    Args:
        source: A machine by name, a `Machine`, a `Fixture`, manifests in any form that `dra.load` takes, or
            an iterable of these.
        kubernetes: The minor, which decides how a machine's devices are laid out.

    Raises:
        UnknownNameError: A string is neither a machine nor a file.
        LoadError: Manifests cannot be read.
        DecodeError: An object is not what its kind should be.
    """
    if isinstance(source, Fixture):
        yield from source.objects
    elif isinstance(source, (str, Machine)) and _is_a_machine(source):
        yield from nodes.node(source, kubernetes=kubernetes).objects
    elif _is_several(source):
        for each in source:
            yield from objects_in(each, kubernetes)
    else:
        yield from load(source)


def _is_a_machine(text: str | Machine) -> bool:
    """Whether this is a machine; a string that looks like a manifest or a path is not."""
    if isinstance(text, Machine):
        return True
    looks_otherwise = set(text) & set("\n:{[/\\") or text.endswith(MANIFEST_SUFFIXES)
    return not looks_otherwise and not Path(text).exists()


def features_in(wanted: FeatureNames, kubernetes: str) -> Features:
    """The features of a minor with some switched.

    Args:
        wanted: Features, or the names of those that are on besides the minor's defaults, or names with the
            wanted state. Names are those of `dra.Features` or of the gates.
        kubernetes: The minor.

    Raises:
        UnknownNameError: There is no such feature.
        UnknownVersionError: The minor is unknown or does not have the feature.

    Example:
        >>> features_in(["DRAConsumableCapacity"], "1.35").consumable_capacity
        True
    """
    if isinstance(wanted, Features):
        return wanted
    states = (
        dict(wanted)
        if isinstance(wanted, Mapping)
        else dict.fromkeys([wanted] if isinstance(wanted, str) else wanted or (), True)
    )
    names = {name: name for name in GATES} | {gate: name for name, gate in GATES.items()}
    for name in states:
        if name not in names:
            raise unknown_name("feature", name, names)
    return Features.for_kubernetes(kubernetes, **{names[name]: on for name, on in states.items()})
