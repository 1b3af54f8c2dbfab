"""What to know about a migrated pod: what its claims need of the driver, and what is different with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import attrs

from dra.claims.migrate.containers import Ask
from dra.claims.migrate.plugins import MPS, PluginConfigs, Sharing
from dra.claims.migrate.report import Entry, Outcome
from dra.claims.migrate.templates import Registry
from dra.features import Features
from dra.models.pod_templates import PodTemplate

__all__ = ["Owner", "Resolved", "SharingBy", "notes"]

SharingBy: TypeAlias = Literal["shares", "claim"]
"""How pods share a device: each claims a share of one, or all use one claim."""

_TOLERATIONS: Final = (
    "where the admission plugin ExtendedResourceToleration is on (GKE), asking for {} gave the pod a "
    "toleration of the taint of that name; a claim does not",
    "add the toleration if nodes have that taint",
)


@attrs.frozen
class Owner:
    """The object that a pod template is in, and what is known around it.

    Attributes:
        name: Its name; empty if it has none.
        namespace: Its namespace; empty if it says none.
        registry: The claims and templates there are.
        plugins: How device plugins were configured.
        sharing: How pods share a device.
        kubernetes: The minor.
    """

    name: str
    namespace: str
    registry: Registry
    plugins: PluginConfigs
    sharing: SharingBy
    kubernetes: str


@attrs.frozen
class Resolved:
    """An ask, with what its nodes made of it.

    Attributes:
        ask: The ask.
        sharing: How several pods share the device; None if they do not.
    """

    ask: Ask
    sharing: Sharing | None = None


def notes(template: PodTemplate, owner: Owner, resolved: Sequence[Resolved]) -> list[Entry]:
    """What to know about a pod that has been migrated."""
    spec, path = template.spec, template.field
    known = list(dict.fromkeys(one.ask.need.note for one in resolved if one.ask.need.note))
    entries = [Entry(Outcome.NOTE, path, note) for note in known]
    for one in {one.ask.need: one for one in resolved}.values():
        entries += _sharing(template, owner, one)
    resources = sorted({one.ask.need.resource for one in resolved})
    untolerated = [each for each in resources if not _tolerates(spec, each)]
    if untolerated:
        what, remedy = _TOLERATIONS
        entries.append(Entry(Outcome.NOTE, path, what.format(", ".join(untolerated)), remedy))
    return entries


def _sharing(template: PodTemplate, owner: Owner, one: Resolved) -> list[Entry]:
    """What sharing needs of the driver and of the cluster, and what is different."""
    resource, sharing = one.ask.need.resource, one.sharing
    if sharing is None:
        if one.ask.need.vendor == "nvidia" and owner.plugins.ambiguous(resource):
            what = f"some of the device plugin's configurations share {resource}; which one holds?"
            return [Entry(Outcome.NOTE, one.ask.field, what, "it is taken for a whole device")]
        return []
    if owner.sharing == "shares":
        number = sharing.replicas or "<replicas>"
        what = f"a share of a device, of {number}: NVIDIA's driver must offer them"
        remedy = f"install its chart with featureGates.ConsumableShares=true and consumableShares={number}"
        entries = [Entry(Outcome.NOTE, one.ask.field, what, remedy)]
        if not Features.for_kubernetes(owner.kubernetes).consumable_capacity:
            what = f"Kubernetes {owner.kubernetes} has shares behind a gate"
            entries.append(Entry(Outcome.NOTE, one.ask.field, what, "enable DRAConsumableCapacity"))
        return entries
    pods = template.replicas
    number = "all its pods" if pods is None or pods > 1 else "its pod"
    entries = [Entry(Outcome.NOTE, one.ask.field, f"one claim for {number}, which run on one node")]
    if pods is not None and pods > sharing.replicas > 0:
        what = f"{pods} pods share what the device plugin gave to at most {sharing.replicas}"
        entries.append(Entry(Outcome.NOTE, one.ask.field, what))
    if sharing.strategy == MPS:
        what = "the device plugin limited memory to the pod's part of it; the claim limits threads only"
        remedy = "set mpsConfig.defaultPinnedDeviceMemoryLimit in the claim; the driver needs MPSSupport"
        entries.append(Entry(Outcome.NOTE, one.ask.field, what, remedy))
    return entries


def _tolerates(spec: dict[str, Any], key: str) -> bool:
    tolerations = spec.get("tolerations")
    return any(
        isinstance(each, dict) and each.get("key") in (key, None, "")
        for each in (tolerations if isinstance(tolerations, list) else ())
    )
