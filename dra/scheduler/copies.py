"""A cluster as a value: equal by what it has, pickled, and changed in copies that share what is the same."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from typing_extensions import Self

from dra.arguments import instance, several
from dra.features import Features
from dra.models.core import Node, Pod
from dra.models.loading import Source, load
from dra.models.meta import KubernetesObject
from dra.models.resource import DeviceClass, DeviceTaintRule, ResourceSlice
from dra.scheduler.changes import Change, check_open, followed, placing, removing, undoing
from dra.scheduler.claims import ClaimUse
from dra.scheduler.contents import Contents
from dra.scheduler.fragmentation import Workload as TargetWorkload, tasks_of
from dra.scheduler.gangs.placement import GangPlacement
from dra.scheduler.objects import Key, Objects, key_of, parse_reference
from dra.scheduler.placement import Placement
from dra.scheduler.world import Engine, World

__all__ = ["Copies"]

# What nodes and the account of devices are derived from, pods and claims apart.
_STRUCTURE: Final = (Node, ResourceSlice, DeviceClass, DeviceTaintRule)

# Held while a world is made that has nothing in common with another.
_BUILDING: Final = threading.RLock()

_Copies = TypeVar("_Copies", bound="Copies")


class Copies(Contents):
    """A cluster and its changed copies.

    Args:
        objects: What it consists of.
        order: The names of the nodes, in the order in which they are tried.
        features: The scheduler's feature gates.
        kubernetes: The minor whose rules hold.
        world: What follows from the objects, if that is known.
        engine: What is known of slices and classes of the cluster that it is a copy of.
        workload: The tasks that fragmentation is measured for, by default those of its pods.
    """

    def __init__(
        self,
        objects: Objects,
        order: Sequence[str],
        features: Features,
        kubernetes: str,
        *,
        world: World | None = None,
        engine: Engine | None = None,
        workload: TargetWorkload | None = None,
    ) -> None:
        super().__init__(objects, tuple(order))
        self._world_known = world
        self._engine_before = engine
        self._workload = workload or TargetWorkload(lambda: tasks_of(objects, features))
        self.features = features
        self.kubernetes = kubernetes

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Copies):
            return NotImplemented
        return (
            self._order == other._order
            and self.features == other.features
            and self.kubernetes == other.kubernetes
            and self._objects.equals(other._objects)
        )

    __hash__ = None  # type: ignore[assignment]  # equal by content, which is too much to hash

    def __reduce__(self) -> tuple[Any, ...]:
        objects, tasks = list(self._objects), self._workload.kinds
        return _rebuilt, (type(self), objects, self._order, self.features, self.kubernetes, tasks)

    def with_(self, *sources: Source) -> Self:
        """A copy with some objects added, or replaced by those of the same kind and name.

        Args:
            *sources: Objects, or whatever else `dra.load` takes.

        Raises:
            LoadError: As `load`.
            DecodeError: As `load`.
        """
        return self._copy(changed=load(sources))

    def without(self, *gone: KubernetesObject | Placement | GangPlacement | str) -> Self:
        """A copy without some objects, and without what goes with them in a cluster.

        A pod takes along the claims that were made for it, and is struck from the consumers of others; a
        claim that is left without consumers loses its devices, as the resource claim controller sees to. A
        node takes along the slices that are local to it; its pods stay, as they do until they are evicted.
        A placement is undone: what it made is gone, and what it changed is as it was.

        Args:
            *gone: Objects of the cluster; references such as `pod/team-a/train` or `node/n1`; placements.

        Raises:
            LoadError: A reference is malformed, or there is no such object.
        """
        result = self
        for each in gone:
            if isinstance(each, Placement):
                result = result._copy(*undoing(result, each))
            elif isinstance(each, GangPlacement):
                for placement in reversed(each.placements):
                    result = result._copy(*undoing(result, placement))
                made = [(type(group), key_of(group)) for group in each._added]
                there = [(kind, key) for kind, key in made if key in result._objects.of_kind(kind)]
                result = result._copy(removed=there)
            else:
                kind, key = parse_reference(each) if isinstance(each, str) else (type(each), key_of(each))
                result = result._copy(*removing(result, kind, key))
        return result

    def with_workload(self, pods: Iterable[Pod]) -> Self:
        """A copy in which these pods are the workload that fragmentation is measured for.

        By default it is that of the pods that the cluster had when it was loaded. Their claims and templates
        are those of this cluster.

        Raises:
            LoadError: What is given is no pods.
        """
        pods = tuple(instance(each, Pod, "pods", "pods") for each in several(pods, "pods", "pods"))
        copy = self._copy()
        objects, features = self._objects, self.features
        copy._workload = TargetWorkload(lambda: tasks_of(objects, features, pods))
        return copy

    def placed(self, placement: Placement) -> Self:
        """A copy in which a pod is on its node and its claims are allocated and reserved for it.

        Raises:
            AllocationError: Meanwhile the pod is placed, a claim is allocated, or a device is taken.
            LoadError: It is no placement.
        """
        instance(placement, Placement, "placement", "a placement", "Cluster.schedule gives one")
        check_open(self, placement)
        return self._copy(*placing(self, placement))

    def _copy(
        self,
        changed: Sequence[KubernetesObject] = (),
        removed: Sequence[tuple[type[KubernetesObject], Key]] = (),
    ) -> Self:
        """A copy with some objects set and some removed, with what is known of the rest."""
        objects = self._objects.updated(changed, removed)
        order, world = self._order, self._world_known
        if any(isinstance(each, Node) for each in changed) or any(kind is Node for kind, _ in removed):
            stay = [name for name in order if ("", name) in objects.nodes]
            there = set(order)
            new = dict.fromkeys(each.metadata.name or "" for each in changed if isinstance(each, Node))
            order = (*stay, *(name for name in new if name not in there))
        engine = world.engine if world is not None else self._engine_before
        structural = any(isinstance(each, _STRUCTURE) for each in changed) or any(
            kind in _STRUCTURE for kind, _ in removed
        )
        if structural:
            world = None
        elif world is not None and (changed or removed):
            world = followed(world, self._objects, objects, Change(changed, removed))
        return type(self)(
            objects,
            order,
            self.features,
            self.kubernetes,
            world=world,
            engine=engine,
            workload=self._workload,
        )

    @property
    def _world(self) -> World:
        """What follows from the objects, worked out when it is first needed."""
        if self._world_known is None:
            before = self._engine_before
            with before.lock if before is not None else _BUILDING:
                if self._world_known is None:
                    engine = Engine.of(self._objects, self.features, self.kubernetes, before)
                    self._world_known = World.of(self._objects, self._order, engine)
        return self._world_known


def _rebuilt(
    kind: type[_Copies],
    objects: list[KubernetesObject],
    order: Sequence[str],
    features: Features,
    kubernetes: str,
    tasks: list[tuple[Pod, Sequence[ClaimUse], int]],
) -> _Copies:
    """A cluster again from its parts (for pickle)."""
    workload = TargetWorkload.of_kinds(tasks)
    return kind(Objects.of(objects), order, features, kubernetes, workload=workload)
