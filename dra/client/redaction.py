"""Pseudonyms for what a snapshot should not tell: the same for the same name, so references match."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, Final

from dra.errors import LoadError

__all__ = ["Redact", "Redaction"]


class Redact(str, Enum):
    """What is taken out of a snapshot.

    Attributes:
        NAMES: Names of objects (device classes excepted), namespaces, pools, containers, and the messages
            that may repeat them.
        LABELS: Labels of everything but nodes.
        NODE_LABELS: The values of nodes' labels, and with them those that selectors ask for.
        ANNOTATIONS: All annotations but the two by which claims belong to pods.
    """

    NAMES = "names"
    LABELS = "labels"
    NODE_LABELS = "node-labels"
    ANNOTATIONS = "annotations"


# Fields whose text is a name, and of what. A pool is often called after its node and then stays so.
_NAMES: Final = {
    "namespace": "namespace",
    "nodeName": "node",
    "nominatedNodeName": "node",
    "resourceClaimName": "claim",
    "resourceClaimTemplateName": "template",
    "podGroupName": "group",
    "parentCompositePodGroupName": "group",
    "workloadName": "workload",
    "podGroup": "part",
    "podGroupReplicaKey": "part",
    "templateName": "part",
    "podGroupTemplateName": "part",
    "priorityClassName": "priority",
    "pool": "node",
    "containerName": "container",
}
_KINDS: Final = {
    "Node": "node",
    "Pod": "pod",
    "ResourceClaim": "claim",
    "ResourceClaimTemplate": "template",
    "ResourceSlice": "slice",
    "DeviceTaintRule": "rule",
    "Workload": "workload",
    "PodGroup": "group",
    "CompositePodGroup": "group",
}
# Lists whose items are called by `name`, and what they are.
_LISTS: Final = {
    "containers": "container",
    "initContainers": "container",
    "reservedFor": "pod",
    "ownerReferences": "owner",
    "podGroupTemplates": "part",
    "compositePodGroupTemplates": "part",
}
_MESSAGES: Final = ("message", "generateName")
_HOSTNAME: Final = "kubernetes.io/hostname"
_KEPT_ANNOTATIONS: Final = (
    "resource.kubernetes.io/pod-claim-name",
    "resource.kubernetes.io/extended-resource-claim",
)


class Redaction:
    """What is taken out, and the pseudonyms given so far.

    The first node becomes `node-00001` and so on, wherever its name stands. Values of labels become
    `value-00001`; numbers stay, since selectors compare them.

    Args:
        what: What is taken out.

    Example:
        >>> redaction = Redaction([Redact.NAMES])
        >>> redaction({"kind": "Pod", "metadata": {"name": "secret-plan"}, "spec": {"nodeName": "rack7"}})
        {'kind': 'Pod', 'metadata': {'name': 'pod-00001'}, 'spec': {'nodeName': 'node-00001'}}
        >>> redaction({"kind": "Node", "metadata": {"name": "rack7"}})
        {'kind': 'Node', 'metadata': {'name': 'node-00001'}}
    """

    def __init__(self, what: Collection[Redact | str] = ()) -> None:
        self._what = frozenset(_redact(each) for each in what)
        self._pseudonyms: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def __call__(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """An object without what is taken out."""
        kind = str(obj.get("kind"))
        redacted: dict[str, Any] = self._walk(obj) if self._what else dict(obj)
        metadata = dict(redacted.get("metadata") or {})
        if Redact.NAMES in self._what:
            if metadata.get("name") and kind in _KINDS:
                metadata["name"] = self._pseudonym(_KINDS[kind], metadata["name"])
            metadata.pop("generateName", None)
        if Redact.LABELS in self._what and kind != "Node":
            metadata.pop("labels", None)
        if metadata.get("labels") and kind == "Node":
            metadata["labels"] = {
                key: self._label_value(key, value) for key, value in metadata["labels"].items()
            }
        if Redact.ANNOTATIONS in self._what:
            annotations = metadata.pop("annotations", None) or {}
            kept = {key: annotations[key] for key in _KEPT_ANNOTATIONS if key in annotations}
            metadata.update({"annotations": kept} if kept else {})
        return {**redacted, "metadata": metadata}

    def _walk(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: self._field(key, item) for key, item in value.items() if not self._is_message(key, item)
            }
        if isinstance(value, list):
            return [self._walk(item) for item in value]
        return value

    def _is_message(self, key: str, value: Any) -> bool:
        return Redact.NAMES in self._what and key in _MESSAGES and isinstance(value, str)

    def _field(self, key: str, value: Any) -> Any:
        names = Redact.NAMES in self._what
        if key == "parameters":  # of a driver's configuration: whatever it says, it says to the driver
            return value
        if key == "nodeSelector" and isinstance(value, Mapping) and "nodeSelectorTerms" not in value:
            return {label: self._label_value(label, each) for label, each in value.items()}
        if key in ("matchExpressions", "matchFields") and isinstance(value, list):
            return [self._requirement(each) for each in value]
        if names and key in _NAMES and isinstance(value, str):
            return self._pseudonym(_NAMES[key], value)
        if names and key == "pool" and isinstance(value, Mapping):
            return {**value, "name": self._pseudonym("node", str(value.get("name", "")))}
        if names and key in _LISTS and isinstance(value, list):
            return [self._named(each, _LISTS[key]) for each in value]
        if names and key in ("controllerRef", "workloadRef") and isinstance(value, Mapping):
            return self._named(value, "owner" if key == "controllerRef" else "workload")
        return self._walk(value)

    def _named(self, item: Any, sort: str) -> Any:
        walked = self._walk(item)
        if isinstance(walked, dict) and isinstance(walked.get("name"), str):
            sort = _KINDS.get(str(walked.get("kind")), sort)
            if walked.get("resource") == "podgroups":
                sort = "group"
            walked["name"] = self._pseudonym(sort, walked["name"])
        return walked

    def _requirement(self, requirement: Any) -> Any:
        """A requirement of a node selector, about a label or the node's name."""
        if not isinstance(requirement, Mapping) or not isinstance(requirement.get("values"), list):
            return requirement
        key = str(requirement.get("key"))
        values = [
            self._node_name(value) if key == "metadata.name" else self._label_value(key, value)
            for value in requirement["values"]
        ]
        return {**requirement, "values": values}

    def _node_name(self, name: Any) -> Any:
        return self._pseudonym("node", str(name)) if Redact.NAMES in self._what else name

    def _label_value(self, key: str, value: Any) -> Any:
        if key == _HOSTNAME:
            return self._node_name(value)
        if ("node", str(value)) in self._pseudonyms and Redact.NAMES in self._what:
            return self._node_name(value)
        is_number = str(value).lstrip("-").isdecimal() or value in ("", "true", "false")
        if Redact.NODE_LABELS not in self._what or is_number:
            return value
        return self._pseudonym("value", f"{key}={value}")

    def _pseudonym(self, sort: str, name: str) -> str:
        if not name:
            return name
        known = self._pseudonyms.get((sort, name))
        if known is None:
            self._counts[sort] = self._counts.get(sort, 0) + 1
            known = self._pseudonyms[sort, name] = f"{sort}-{self._counts[sort]:05}"
        return known


def _redact(word: Redact | str) -> Redact:
    try:
        return Redact(word)
    except ValueError:
        known = ", ".join(each.value for each in Redact)
        raise LoadError(f"cannot redact {word!r}", value=word, remedy=f"there are: {known}") from None
