"""`migrate`: objects that ask device plugins for devices become objects that claim them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

import attrs

from dra.claims.migrate.elsewhere import Mention, mentions
from dra.claims.migrate.extended import ExtendedResources
from dra.claims.migrate.notes import Owner, SharingBy
from dra.claims.migrate.plugins import PluginConfigs
from dra.claims.migrate.pods import migrate_pods
from dra.claims.migrate.report import Entry, Migration, ObjectReport, Outcome
from dra.claims.migrate.templates import Registry
from dra.claims.migrate.train_jobs import RESOURCES, node_of, write_node
from dra.errors import DraError
from dra.features import LATEST, minor
from dra.models.kinds import decode
from dra.models.loading import Source, load
from dra.models.meta import KubernetesObject
from dra.models.pod_templates import PodTemplate, pod_templates
from dra.suggestions import unknown_name

__all__ = ["Mode", "migrate"]

Mode: TypeAlias = Literal["claims", "extended-resource"]
"""Into what: claims and templates with rewired pods, or classes that serve unchanged pods."""

_QUEUE: Final = "kueue.x-k8s.io/queue-name"
_RAY: Final = ("RayCluster", "RayJob", "RayService")


def migrate(
    objects: Source,
    mode: Mode = "claims",
    kubernetes: str = LATEST,
    *,
    sharing: SharingBy = "shares",
    plugin_config: Mapping[str, Any] | None = None,
) -> Migration:
    """Turn requests of device plugins into claims.

    Running it on its own outcome changes nothing.

    Args:
        objects: Whatever `dra.load` reads. Workloads of any kind are changed, everything else is passed on.
            ConfigMaps of NVIDIA's device plugin and the GPU Operator's ClusterPolicy are read for how devices
            are shared. Nothing that is given is changed.
        mode: `claims` rewires pods to claims; `extended-resource` makes classes that serve unchanged pods.
        kubernetes: The minor that the outcome is for.
        sharing: For devices that the device plugin shares: `shares` gives each pod a claim for a share of a
            device (NVIDIA's ConsumableShares), `claim` gives all pods of a workload one claim.
        plugin_config: Configuration of NVIDIA's device plugin (its `config.yaml`), if it is not among the
            objects.

    Raises:
        DraError: An object cannot be read, the minor is unknown, or an argument is none of those above.

    Example:
        >>> migration = migrate({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "train"}, "spec": {
        ...     "containers": [{"name": "main", "resources": {"limits": {"nvidia.com/gpu": 2}}}]}})
        >>> template, pod = migration.objects
        >>> template.metadata.name, template.spec.spec.devices.requests[0].exactly.count
        ('nvidia-gpu-x2', 2)
        >>> pod.to_dict()["spec"]["containers"][0]["resources"]
        {'claims': [{'name': 'gpu'}]}
    """
    of_minor = minor(kubernetes)
    for value, known, what in ((mode, Mode, "mode"), (sharing, SharingBy, "sharing")):
        if value not in get_args(known):
            raise unknown_name(f"{what} of migration", str(value), get_args(known))
    given = load(objects)
    plugins = PluginConfigs.of(given, plugin_config)
    if mode == "claims":
        return _Claims(given, plugins, sharing, of_minor).migration()
    return _Extended(given, plugins, of_minor).migration()


class _Run:
    """A migration of some objects: one after the other, new ones before the first that needs them."""

    def __init__(self, given: list[KubernetesObject], plugins: PluginConfigs) -> None:
        self._given = given
        self._plugins = plugins
        self._new: list[KubernetesObject] = []

    def migration(self) -> Migration:
        """Migrate."""
        reports: list[ObjectReport] = []
        for obj in self._given:
            report = self._migrated(obj)
            reports += [ObjectReport(each) for each in self._new]
            self._new.clear()
            reports.append(report)
        return Migration(tuple(reports))

    def _migrated(self, obj: KubernetesObject) -> ObjectReport:
        entries = [
            _of_plugin(config.name)
            for holder, config in self._plugins.holders
            if holder is obj and config.sharing
        ]
        try:
            before = obj.to_dict()
            data = copy.deepcopy(before)
            templates = pod_templates(data)
            for template in templates:
                entries += self._pods(obj, data, template)
            entries += self._train_job(obj, data)
            paths = [RESOURCES, *(template.path for template in templates)]
            entries += [self._mention(each) for each in mentions(data, paths)]
            now = obj if data == before else decode(data)
        except (DraError, RecursionError) as error:
            message = error.message if isinstance(error, DraError) else "nested too deeply"
            return ObjectReport(obj, obj, (Entry(Outcome.LEFT, "", f"cannot be migrated: {message}"),))
        return ObjectReport(now, obj, tuple(dict.fromkeys(entries)))

    def _train_job(self, obj: KubernetesObject, data: dict[str, Any]) -> list[Entry]:
        """Migrate what a TrainJob says of its pods in fields of its own."""
        node = node_of(data)
        return write_node(data, node, self._pods(obj, data, node)) if node else []

    def _pods(self, obj: KubernetesObject, data: dict[str, Any], template: PodTemplate) -> list[Entry]:
        """Migrate the pods of a template, which is a part of the data."""
        raise NotImplementedError

    def _mention(self, mention: Mention) -> Entry:
        """What becomes of a place that speaks of a resource."""
        return mention.left


class _Claims(_Run):
    """Into claims."""

    def __init__(
        self, given: list[KubernetesObject], plugins: PluginConfigs, sharing: SharingBy, kubernetes: str
    ) -> None:
        super().__init__(given, plugins)
        self._registry = Registry(given, kubernetes)
        self._new = self._registry.new
        self._owner = Owner("", "", self._registry, plugins, sharing, kubernetes)

    def _pods(self, obj: KubernetesObject, data: dict[str, Any], template: PodTemplate) -> list[Entry]:
        owner = attrs.evolve(
            self._owner, name=obj.metadata.name or "", namespace=obj.metadata.namespace or ""
        )
        ray = _ray_gpus(obj, template)
        entries = migrate_pods(template, owner)
        if any(entry.outcome is Outcome.CHANGED for entry in entries):
            entries += _told_ray(data, template, ray)
            if _QUEUE in (obj.metadata.labels or {}):
                what = "Kueue counts the devices of claims by its deviceClassMappings only"
                entries.append(
                    Entry(Outcome.NOTE, f"metadata.labels[{_QUEUE}]", what, "map the classes there")
                )
        return entries


class _Extended(_Run):
    """Into classes that serve unchanged pods."""

    def __init__(self, given: list[KubernetesObject], plugins: PluginConfigs, kubernetes: str) -> None:
        super().__init__(given, plugins)
        self._resources = ExtendedResources(given, plugins, kubernetes)
        self._new = self._resources.new

    def _pods(self, obj: KubernetesObject, data: dict[str, Any], template: PodTemplate) -> list[Entry]:  # noqa: ARG002 - as above
        return self._resources.serve(template)

    def _mention(self, mention: Mention) -> Entry:
        return self._resources.mentioned(mention)


def _of_plugin(name: str) -> Entry:
    return Entry(
        Outcome.NOTE,
        f"data[{name}]",
        "configures the device plugin, and the DRA driver reads nothing of it",
        "remove it together with the device plugin, when no pod asks that for devices any more",
    )


def _ray_gpus(obj: KubernetesObject, template: PodTemplate) -> int:
    """How many GPUs KubeRay would tell Ray of: those in the limits of the first container."""
    if obj.kind not in _RAY or template.path[-1:] != ("spec",) or "template" not in template.path:
        return 0
    containers = template.spec.get("containers")
    first = containers[0] if isinstance(containers, list) and containers else None
    resources = first.get("resources") if isinstance(first, dict) else None
    limits = resources.get("limits") if isinstance(resources, dict) else None
    found = (
        [limits[name] for name in limits if str(name).endswith("/gpu")] if isinstance(limits, dict) else []
    )
    return int(found[0]) if len(found) == 1 and str(found[0]).isdecimal() else 0


def _told_ray(data: dict[str, Any], template: PodTemplate, gpus: int) -> list[Entry]:
    """Tell Ray how many GPUs its workers have, since KubeRay counts those in limits only."""
    if not gpus:
        return []
    group: Any = data
    for step in template.path[:-2]:
        group = group[step]
    parameters = group.get("rayStartParams")
    parameters = parameters if isinstance(parameters, dict) else {}
    if "num-gpus" in parameters:
        return []
    group["rayStartParams"] = {**parameters, "num-gpus": str(gpus)}
    what = f"num-gpus: {gpus}, which KubeRay took from the limits and does not take from claims"
    return [Entry(Outcome.CHANGED, f"{template.field.removesuffix('.template.spec')}.rayStartParams", what)]
