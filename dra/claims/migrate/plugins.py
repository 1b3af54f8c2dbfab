"""How NVIDIA's device plugin was told to share devices: its configuration, wherever it is kept.

That is a file of its own, a ConfigMap with one such file per key, or a ConfigMap that the GPU Operator's
ClusterPolicy names with the key that is the default. Nothing of it reaches a DRA driver, yet it decides what
`nvidia.com/gpu: 1` meant: a GPU, or one of several places on one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from dra.errors import DraError
from dra.models import text
from dra.models.meta import KubernetesObject

__all__ = ["MPS", "TIME_SLICING", "PluginConfig", "PluginConfigs", "Sharing"]

TIME_SLICING: Final = "time-slicing"
MPS: Final = "MPS"
LABEL: Final = "nvidia.com/device-plugin.config"

_STRATEGIES: Final = (("timeSlicing", TIME_SLICING), ("mps", MPS))


@attrs.frozen
class Sharing:
    """That several pods use one device.

    Attributes:
        strategy: `time-slicing` or `MPS`.
        replicas: How many; 0 if that is not known.
        single: Whether a container may ask for one place only (failRequestsGreaterThanOne).
    """

    strategy: str = TIME_SLICING
    replicas: int = 0
    single: bool = False


@attrs.frozen
class PluginConfig:
    """A configuration of the device plugin.

    Attributes:
        name: The ConfigMap's key, or the file.
        sharing: How devices are shared, by the name of the resource that pods ask for.
    """

    name: str
    sharing: dict[str, Sharing] = attrs.field(factory=dict)

    @classmethod
    def of(cls, data: object, name: str = "") -> PluginConfig | None:
        """Read a configuration; None if the data is something else.

        Example:
            >>> resources = [{"name": "nvidia.com/gpu", "replicas": 4}]
            >>> config = PluginConfig.of({"version": "v1", "sharing": {"timeSlicing": {
            ...     "renameByDefault": True, "resources": resources}}})
            >>> config.sharing
            {'nvidia.com/gpu.shared': Sharing(strategy='time-slicing', replicas=4, single=False)}
        """
        if not isinstance(data, Mapping) or data.get("version") != "v1":
            return None
        if not any(key in data for key in ("sharing", "flags", "resources", "imex")):
            return None
        return cls(name, dict(_sharing(data.get("sharing"))))


def _sharing(data: object) -> Iterator[tuple[str, Sharing]]:
    if not isinstance(data, Mapping):
        return
    for field, strategy in _STRATEGIES:
        settings = data.get(field)
        if not isinstance(settings, Mapping):
            continue
        resources = settings.get("resources")
        for entry in resources if isinstance(resources, list) else ():
            if not isinstance(entry, Mapping):
                continue
            resource, replicas, rename = (entry.get(key) for key in ("name", "replicas", "rename"))
            if not isinstance(resource, str) or not isinstance(replicas, int) or replicas < 2:
                continue
            resource = resource if "/" in resource else f"nvidia.com/{resource}"
            if isinstance(rename, str) and rename:
                resource = rename if "/" in rename else f"nvidia.com/{rename}"
            elif settings.get("renameByDefault") is True:
                resource = f"{resource}.shared"
            single = settings.get("failRequestsGreaterThanOne", strategy == MPS) is True
            yield resource, Sharing(strategy, replicas, single)


@attrs.frozen
class PluginConfigs:
    """All configurations that are known, and which of them holds for a pod.

    Attributes:
        configs: The configurations by name.
        default: The name of the one that nodes without a label use; empty if that is not known.
        holders: The objects that they are kept in, each with what it says.
    """

    configs: dict[str, PluginConfig] = attrs.field(factory=dict)
    default: str = ""
    holders: tuple[tuple[KubernetesObject, PluginConfig], ...] = ()

    @classmethod
    def of(
        cls, objects: Iterable[KubernetesObject], config: Mapping[str, Any] | None = None
    ) -> PluginConfigs:
        """Find the configurations among objects.

        Args:
            objects: ConfigMaps and ClusterPolicies among them.
            config: A configuration of its own (the plugin's `config.yaml`), which is then the default.

        Raises:
            DraError: The given configuration is none.
        """
        configs: dict[str, PluginConfig] = {}
        holders = []
        defaults: list[str] = []
        for obj in objects:
            if obj.kind == "ConfigMap":
                for found in _of_config_map(obj):
                    configs[found.name] = found
                    holders.append((obj, found))
            elif obj.kind == "ClusterPolicy" and obj.api_version.startswith("nvidia.com/"):
                defaults += _defaults(obj)
        default = next((name for name in defaults if name in configs), "")
        if config is not None:
            own = PluginConfig.of(config, "config.yaml")
            if own is None:
                raise DraError(
                    "not a configuration of NVIDIA's device plugin",
                    value=config,
                    remedy="it begins with version: v1 and has sharing, flags or resources",
                )
            configs[own.name], default = own, own.name
        if not default and len(configs) == 1:
            default = next(iter(configs))
        return cls(configs, default, tuple(holders))

    def of_pod(self, label: str = "") -> PluginConfig | None:
        """The configuration on the nodes of a pod; None if that is not known.

        Args:
            label: What the pod requires of the label `nvidia.com/device-plugin.config`.
        """
        return self.configs.get(label or self.default)

    def ambiguous(self, resource: str) -> bool:
        """Whether some configurations share a resource and it is not known which one holds."""
        return not self.default and any(resource in each.sharing for each in self.configs.values())


def _of_config_map(obj: KubernetesObject) -> Iterator[PluginConfig]:
    data = (obj.model_extra or {}).get("data")
    for key, content in data.items() if isinstance(data, Mapping) else ():
        if not isinstance(content, str) or "version" not in content:
            continue
        try:
            parsed, _ = text.single(content)
        except DraError:
            continue
        if (found := PluginConfig.of(parsed, str(key))) is not None:
            yield found


def _defaults(policy: KubernetesObject) -> Iterator[str]:
    node: Any = (policy.model_extra or {}).get("spec")
    for step in ("devicePlugin", "config", "default"):
        node = node.get(step) if isinstance(node, Mapping) else None
    if isinstance(node, str) and node:
        yield node
