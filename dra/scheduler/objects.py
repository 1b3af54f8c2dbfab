"""The objects of a cluster by kind and name, as an immutable value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from dra.arguments import instance
from dra.errors import LoadError
from dra.models.core import Node, Pod
from dra.models.meta import KubernetesObject
from dra.models.resource import (
    DeviceClass,
    DeviceTaintRule,
    ResourceClaim,
    ResourceClaimTemplate,
    ResourceSlice,
)
from dra.models.scheduling import CompositePodGroup, PodGroup, Workload
from dra.scheduler.persistent import PersistentMap
from dra.suggestions import nearest, unknown_name

__all__ = ["Key", "Objects", "does_not_exist", "key_of", "label_of", "parse_reference"]

Key: TypeAlias = "tuple[str, str]"
"""Namespace and name; the namespace is empty for kinds that have none."""

_Object = TypeVar("_Object", bound=KubernetesObject)

_DEFAULT_NAMESPACE: Final = "default"
# Each of thousands of pods can wait for an object of its own that is not there yet.
_MOST_COMPARED: Final = 300
_KINDS: Final[dict[type[KubernetesObject], str]] = {
    Node: "nodes",
    ResourceSlice: "slices",
    DeviceClass: "classes",
    DeviceTaintRule: "taint_rules",
    ResourceClaim: "claims",
    ResourceClaimTemplate: "templates",
    Pod: "pods",
    Workload: "workloads",
    PodGroup: "pod_groups",
    CompositePodGroup: "composite_pod_groups",
}
_CLUSTER_WIDE: Final = (Node, ResourceSlice, DeviceClass, DeviceTaintRule)
_WORDS: Final = {
    word: kind
    for kind in _KINDS
    for word in (kind.__name__.lower(), f"{kind.__name__.lower()}{'es' if kind is DeviceClass else 's'}")
} | {"claim": ResourceClaim, "template": ResourceClaimTemplate, "slice": ResourceSlice, "class": DeviceClass}


def key_of(obj: KubernetesObject) -> Key:
    """Namespace (`default` if it is not set) and name of an object.

    Raises:
        LoadError: It is no object, or has no name.
    """
    if getattr(obj, "metadata", None) is None:  # whatever the types say, it may be anything
        raise LoadError(
            f"a {type(obj).__name__} is no object of a cluster",
            value=obj,
            remedy="give an object, or its name",
        )
    if not obj.metadata.name:
        raise LoadError(
            "required", path="metadata.name", subject=obj.subject, remedy="an object of a cluster has a name"
        )
    if isinstance(obj, _CLUSTER_WIDE):
        return "", obj.metadata.name
    return obj.metadata.namespace or _DEFAULT_NAMESPACE, obj.metadata.name


def label_of(key: Key) -> str:
    """Namespace and name as people write them."""
    return "/".join(filter(None, key))


def does_not_exist(subject: str, key: Key, known: Collection[Key]) -> str:
    """That there is no such object, with a question for the one of the same namespace that was meant.

    Args:
        subject: What is lacking, such as `claim team-a/train`.
        key: Its namespace and name.
        known: Those that there are; of very many no nearest one is looked for.
    """
    namespace, name = key
    some = known if len(known) <= _MOST_COMPARED else ()
    meant = nearest(name, sorted(each for within, each in some if within == namespace))
    question = f"; did you mean {label_of((namespace, meant))!r}?" if meant else ""
    return f"{subject} does not exist{question}"


def parse_reference(
    text: str, otherwise: type[KubernetesObject] | None = None
) -> tuple[type[KubernetesObject], Key]:
    """The kind and key that `pod/train-0`, `node/n1` or `claim/team-a/gpu` stands for.

    Args:
        text: The reference.
        otherwise: The kind that is meant where the text names none.

    Raises:
        UnknownNameError: There is no such kind.
        LoadError: There is no name.

    Example:
        >>> parse_reference("pod/team-a/train-0")[1], parse_reference("node/n1")[1]
        (('team-a', 'train-0'), ('', 'n1'))
    """
    word, _, rest = instance(text, str, "reference", "a text").partition("/")
    kind = _WORDS.get(word.lower()) if rest else None
    if kind is None and text.count("/") > 1 and word:
        raise unknown_name("kind", word, _WORDS)
    if kind is None and otherwise is not None and text.rpartition("/")[2]:
        kind, rest = otherwise, text
    if kind is None or not rest:
        raise LoadError(
            f"{text!r} names no object",
            value=text,
            remedy="write kind/name or kind/namespace/name, such as pod/team-a/train-0",
        )
    if kind in _CLUSTER_WIDE:
        return kind, ("", rest)
    namespace, _, name = rest.rpartition("/")
    return kind, (namespace or _DEFAULT_NAMESPACE, name)


def _empty() -> PersistentMap[Key, Any]:
    return PersistentMap()


@attrs.frozen(eq=False)
class Objects:
    """What a cluster consists of, by namespace and name."""

    nodes: PersistentMap[Key, Node] = attrs.field(factory=_empty)
    slices: PersistentMap[Key, ResourceSlice] = attrs.field(factory=_empty)
    classes: PersistentMap[Key, DeviceClass] = attrs.field(factory=_empty)
    taint_rules: PersistentMap[Key, DeviceTaintRule] = attrs.field(factory=_empty)
    claims: PersistentMap[Key, ResourceClaim] = attrs.field(factory=_empty)
    templates: PersistentMap[Key, ResourceClaimTemplate] = attrs.field(factory=_empty)
    pods: PersistentMap[Key, Pod] = attrs.field(factory=_empty)
    workloads: PersistentMap[Key, Workload] = attrs.field(factory=_empty)
    pod_groups: PersistentMap[Key, PodGroup] = attrs.field(factory=_empty)
    composite_pod_groups: PersistentMap[Key, CompositePodGroup] = attrs.field(factory=_empty)

    @classmethod
    def of(cls, objects: Iterable[KubernetesObject]) -> Objects:
        """The objects of a cluster; kinds that matter to no decision are left out.

        Raises:
            LoadError: An object has no name, or two have the same.
        """
        found: dict[str, dict[Key, KubernetesObject]] = {name: {} for name in _KINDS.values()}
        for each in objects:
            name = _KINDS.get(type(each))
            if name is None:
                continue
            key = key_of(each)
            if key in found[name]:
                raise LoadError(
                    "given twice", path="metadata.name", subject=each.subject, remedy="keep one of the two"
                )
            found[name][key] = each
        maps: dict[str, PersistentMap[Key, Any]] = {name: PersistentMap(each) for name, each in found.items()}
        return cls(**maps)

    def of_kind(self, kind: type[_Object]) -> PersistentMap[Key, _Object]:
        """The objects of a kind.

        Raises:
            LoadError: It is no kind that clusters have.
        """
        if kind not in _KINDS:
            raise LoadError(
                f"a cluster has no kind {getattr(kind, '__name__', kind)!r}",
                value=kind,
                remedy=f"give one of the classes {', '.join(each.__name__ for each in _KINDS)}",
            )
        found: PersistentMap[Key, _Object] = getattr(self, _KINDS[kind])
        return found

    def updated(
        self,
        changed: Iterable[KubernetesObject] = (),
        removed: Iterable[tuple[type[KubernetesObject], Key]] = (),
    ) -> Objects:
        """These objects with some added or replaced, and others removed."""
        sets: dict[str, dict[Key, KubernetesObject]] = {}
        gone: dict[str, list[Key]] = {}
        for kind, key in removed:
            gone.setdefault(_KINDS[kind], []).append(key)
        for each in changed:
            name = _KINDS.get(type(each))
            if name is not None:
                sets.setdefault(name, {})[key_of(each)] = each
        maps: dict[str, PersistentMap[Key, Any]] = {
            name: getattr(self, name).updated(sets.get(name, {}), gone.get(name, ()))
            for name in sets.keys() | gone.keys()
        }
        return attrs.evolve(self, **maps)

    def equals(self, other: Objects) -> bool:
        """Whether both have the same objects."""
        return all(
            len(getattr(self, name)) == len(getattr(other, name))
            and all(
                getattr(self, name).get(key) == getattr(other, name).get(key)
                for key in getattr(self, name).differs_from(getattr(other, name))
            )
            for name in _KINDS.values()
        )

    def __iter__(self) -> Iterator[KubernetesObject]:
        for name in _KINDS.values():
            each: PersistentMap[Key, KubernetesObject] = getattr(self, name)
            yield from each.values()
