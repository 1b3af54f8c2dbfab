"""The gentle path: pods stay as they are, and a DeviceClass stands for the resource that they ask for.

A class with `extendedResourceName` makes kube-scheduler claim its devices for pods that ask for that resource
(KEP-5004), on nodes where no device plugin offers it. There is one class per resource name, so it cannot
depend on the pod.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dra.claims.classes import device_class
from dra.claims.migrate.constraints import carry_over
from dra.claims.migrate.containers import Ask, asked_of
from dra.claims.migrate.elsewhere import Mention
from dra.claims.migrate.plugins import LABEL, PluginConfigs
from dra.claims.migrate.report import Entry, Outcome
from dra.claims.migrate.resources import DeviceNeed
from dra.drivers.registry import find_class
from dra.features import Features
from dra.models.meta import KubernetesObject
from dra.models.pod_templates import PodTemplate
from dra.models.resource import DeviceClass
from dra.names import slug

__all__ = ["ExtendedResources"]


class ExtendedResources:
    """The classes that stand for resources, those that are there and new ones."""

    def __init__(self, objects: Iterable[KubernetesObject], plugins: PluginConfigs, kubernetes: str) -> None:
        self._classes = {
            obj.spec.extended_resource_name: obj.metadata.name or ""
            for obj in objects
            if isinstance(obj, DeviceClass) and obj.spec.extended_resource_name
        }
        self._plugins = plugins
        self._kubernetes = kubernetes
        # Before 1.36 it needs a gate; that it does is in the report.
        self._features = Features.for_kubernetes(kubernetes, extended_resource=True)
        self.new: list[KubernetesObject] = []

    def serve(self, template: PodTemplate) -> list[Entry]:
        """Make the classes that a pod needs, and say what they cannot do for it."""
        spec, path = template.spec, template.field
        asked = asked_of(spec, path)
        entries = list(asked.entries)
        seen = carry_over(spec, path, "nvidia", keep="the pod stays as it is")
        for ask in asked.asks:
            if seen.profile and ask.need.vendor == "nvidia" and not ask.need.mig:
                reason = (
                    f"on its nodes {ask.need.resource} is a MIG device {seen.profile}, and a class gives the "
                    "same to every pod"
                )
                entries.append(ask.left(reason, "migrate this pod with mode='claims'"))
                continue
            entries.append(self._served(ask.field, ask.need, ask.count))
            entries += self._sharing(ask, spec)
        if not asked.asks:
            return entries
        if not Features.for_kubernetes(self._kubernetes).extended_resource:
            what = f"Kubernetes {self._kubernetes} has extended resources from classes behind a gate"
            entries.append(Entry(Outcome.NOTE, path, what, "enable DRAExtendedResource"))
        for vendor in dict.fromkeys(ask.need.vendor for ask in asked.asks if ask.need.vendor):
            entries += carry_over(spec, path, vendor, keep="the pod stays as it is").entries
        return entries

    def mentioned(self, mention: Mention) -> Entry:
        """What becomes of a place outside of pods: it goes on speaking of what pods go on asking for."""
        if mention.counts:
            what = f"goes on counting {mention.need.resource}, for which pods go on asking"
            return Entry(Outcome.NOTE, mention.field, what)
        return self._served(mention.field, mention.need)

    def _served(self, field: str, need: DeviceNeed, count: int | None = None) -> Entry:
        """Which class serves a resource; a new one if there is none."""
        resource = need.resource
        asked = resource if count is None else f"{count} x {resource}"
        if resource not in self._classes:
            driver, known = find_class(need.device_class)
            if known.extended_resource == resource and not need.shared:
                message = f"{asked} is served by class {need.device_class} of the driver's chart"
                remedy = "GPU Operator's own class does not say so: make one with extendedResourceName there"
                return Entry(Outcome.NOTE, field, message, remedy)
            made = device_class(
                _class_name(need, driver.name),
                where=[known.expression, *need.where],
                extended_resource=resource,
                kubernetes=self._kubernetes,
                features=self._features,
            )
            self._classes[resource] = made.metadata.name or ""
            self.new.append(made)
        message = f"{asked} is served by class {self._classes[resource]}"
        return Entry(Outcome.NOTE, field, message, need.note)

    def _sharing(self, ask: Ask, spec: dict[str, Any]) -> list[Entry]:
        labels = spec.get("nodeSelector")
        label = labels.get(LABEL) if isinstance(labels, dict) else None
        config = self._plugins.of_pod(label if isinstance(label, str) else "")
        sharing = config.sharing.get(ask.need.resource) if config else None
        if sharing is None and not ask.need.shared:
            return []
        if sharing is not None and sharing.strategy == "MPS":
            reason = "the device plugin shares it by MPS; a class gives each pod a device of its own"
            return [ask.left(reason, "migrate with mode='claims' and sharing='claim'")]
        number = (sharing and sharing.replicas) or "<replicas>"
        what = "each pod gets one share of a device if the driver offers shares, and a whole one if not"
        remedy = f"install its chart with featureGates.ConsumableShares=true and consumableShares={number}"
        return [Entry(Outcome.NOTE, ask.field, what, remedy)]


def _class_name(need: DeviceNeed, driver: str) -> str:
    word = slug(need.resource.partition("/")[2])
    return f"{word}.extended.{driver}"
