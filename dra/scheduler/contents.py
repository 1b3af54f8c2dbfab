"""What a cluster consists of, for whoever looks something up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TypeVar

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
from dra.scheduler.objects import Key, Objects, key_of, label_of, parse_reference
from dra.scheduler.persistent import PersistentMap
from dra.scheduler.pods import has_ended, importance, runs
from dra.suggestions import listed, nearest

__all__ = ["Contents", "not_there"]

_Object = TypeVar("_Object", bound=KubernetesObject)


class Contents:
    """The objects of a cluster, by kind and name.

    Args:
        objects: The objects.
        order: The names of the nodes, in the order in which they are tried.
    """

    def __init__(self, objects: Objects, order: tuple[str, ...]) -> None:
        self._objects = objects
        self._order = order

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, in the order in which they are tried."""
        return tuple(self._objects.nodes["", name] for name in self._order)

    @property
    def slices(self) -> tuple[ResourceSlice, ...]:
        """The slices by name, as published: without the taints of rules."""
        return _sorted(self._objects.slices)

    @property
    def classes(self) -> tuple[DeviceClass, ...]:
        """The device classes by name."""
        return _sorted(self._objects.classes)

    @property
    def taint_rules(self) -> tuple[DeviceTaintRule, ...]:
        """The device taint rules by name."""
        return _sorted(self._objects.taint_rules)

    @property
    def claims(self) -> tuple[ResourceClaim, ...]:
        """The claims by namespace and name."""
        return _sorted(self._objects.claims)

    @property
    def templates(self) -> tuple[ResourceClaimTemplate, ...]:
        """The claim templates by namespace and name."""
        return _sorted(self._objects.templates)

    @property
    def pods(self) -> tuple[Pod, ...]:
        """The pods by namespace and name."""
        return _sorted(self._objects.pods)

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The workloads by namespace and name."""
        return _sorted(self._objects.workloads)

    @property
    def pod_groups(self) -> tuple[PodGroup, ...]:
        """The pod groups by namespace and name."""
        return _sorted(self._objects.pod_groups)

    @property
    def composite_pod_groups(self) -> tuple[CompositePodGroup, ...]:
        """The composite pod groups by namespace and name."""
        return _sorted(self._objects.composite_pod_groups)

    def get(self, kind: type[_Object], name: str, namespace: str = "default") -> _Object | None:
        """The object of a kind, name and, where the kind has one, namespace; None if there is none.

        Raises:
            LoadError: It is no kind that clusters have.
        """
        found = self._objects.of_kind(kind)
        return found.get(("", name)) or found.get((namespace, name))

    def find(self, reference: str, otherwise: type[KubernetesObject] | None = None) -> KubernetesObject:
        """The object that a text such as `pod/team-a/train` names.

        Args:
            reference: The text.
            otherwise: The kind that is meant where the text names none, as `team-a/train` does.

        Raises:
            LoadError: The text is malformed, or there is no such object; the remedy has some that there are.
        """
        kind, key = parse_reference(reference, otherwise)
        found = self._objects.of_kind(kind).get(key)
        if found is None:
            raise not_there(kind, key, self._objects)
        return found

    def pod(self, name: str) -> Pod:
        """The pod of a name, with or without its namespace and `pod/` before it.

        Raises:
            LoadError: There is none.
        """
        instance(name, str, "pod", "a name", "give the pod itself to whoever takes one")
        found = self.find(name if name.startswith(("pod/", "pods/")) else f"pod/{name}")
        if not isinstance(found, Pod):
            raise AssertionError("a reference to a pod names a pod")  # noqa: TRY004 - cannot happen
        return found

    def claims_of(self, pod: Pod) -> list[ResourceClaim]:
        """The claims that a pod uses, as far as they are there: those that it or its status names."""
        namespace, _ = key_of(pod)
        names = [each.resource_claim_name for each in pod.spec.resource_claims or ()]
        if pod.status is not None:
            names += [each.resource_claim_name for each in pod.status.resource_claim_statuses or ()]
            extended = pod.status.extended_resource_claim_status
            names.append(extended.resource_claim_name if extended is not None else None)
        found = [self._objects.claims.get((namespace, name)) for name in dict.fromkeys(names) if name]
        return [claim for claim in found if claim is not None]

    def pending(self) -> tuple[Pod, ...]:
        """The pods that wait for a node, the most important first; equal ones by age, then by name.

        A pod that has ended or has a node waits for nothing.
        """
        waiting = [
            pod
            for pod in self.pods
            if not pod.spec.node_name and not has_ended(pod) and pod.metadata.deletion_timestamp is None
        ]
        return tuple(sorted(waiting, key=importance))

    @cached_property
    def _running(self) -> tuple[Pod, ...]:
        """The pods that are on a node and have not ended."""
        return tuple(filter(runs, self._objects.pods.values()))

    def __iter__(self) -> Iterator[KubernetesObject]:
        return iter(self._objects)


def not_there(kind: type[KubernetesObject], key: Key, objects: Objects) -> LoadError:
    """The error for an object that is not there; the remedy names some that are."""
    keys = sorted(objects.of_kind(kind), key=lambda each: (each[0] == key[0], each))
    by_name = {each[1]: label_of(each) for each in keys}  # those of its namespace before others of their name
    meant = nearest(key[1], by_name)
    names = sorted(map(label_of, keys))
    known = f"there are: {listed(names)}" if names else f"there is no {kind.__name__} at all"
    return LoadError(
        f"there is no {kind.__name__} {label_of(key)}",
        value=label_of(key),
        remedy=f"did you mean {by_name[meant]!r}?" if meant else known,
    )


def _sorted(objects: PersistentMap[Key, _Object]) -> tuple[_Object, ...]:
    return tuple(each for _, each in sorted(objects.items(), key=lambda item: item[0]))
