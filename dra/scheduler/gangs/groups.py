"""Groups of pods as a tree: leaves have pods, composite groups have groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import attrs

from dra.models.core import Pod
from dra.models.meta import KubernetesObject
from dra.scheduler.gangs.topology import Topology

__all__ = ["Composite", "Gang", "Group", "Leaf"]


@attrs.frozen(eq=False)
class Leaf:
    """A group of pods.

    Attributes:
        name: The name of its PodGroup; for 1.35 that of the Workload, the group and the replica key.
        minimum: How many pods have to be placed together, those that run included; None for the basic policy,
            under which pods are scheduled one by one.
        topology: The topology of which all pods go to one domain.
        pods: The pods that wait for a node, in the order in which they are tried.
        running: The nodes of pods that have one.
    """

    name: str
    minimum: int | None
    topology: Topology | None
    pods: tuple[Pod, ...]
    running: tuple[str, ...] = ()

    @property
    def required(self) -> int:
        """How many pods make it a success; of a basic group any one (as in kube-scheduler)."""
        return 1 if self.minimum is None else max(self.minimum, 1)

    @property
    def needed(self) -> int:
        """How many pods have to be placed yet."""
        return max(0, self.required - len(self.running))

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """Itself."""
        return (self,)

    @property
    def running_nodes(self) -> tuple[str, ...]:
        """The nodes of pods that have one."""
        return self.running

    def groups(self) -> Iterator[Group]:
        """Itself."""
        yield self


@attrs.frozen(eq=False)
class Composite:
    """A group of groups.

    Attributes:
        name: The name of its CompositePodGroup, or of the Workload whose groups it has.
        minimum: How many groups have to be placed together; None for the basic policy.
        topology: The topology of which all groups go to one domain.
        children: The groups, in the order in which they are tried.
        is_workload: Whether it stands for all groups of a Workload, each of which has to be placed.
    """

    name: str
    minimum: int | None
    topology: Topology | None
    children: tuple[Group, ...]
    is_workload: bool = False

    @property
    def required(self) -> int:
        """How many groups make it a success; of a basic group any one (as in kube-scheduler)."""
        return 1 if self.minimum is None else max(self.minimum, 1)

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """All groups of pods below it."""
        return tuple(leaf for each in self.children for leaf in each.leaves)

    @property
    def running_nodes(self) -> tuple[str, ...]:
        """The nodes of pods that have one."""
        return tuple(node for leaf in self.leaves for node in leaf.running)

    def groups(self) -> Iterator[Group]:
        """Itself and all groups below it."""
        yield self
        for each in self.children:
            yield from each.groups()


Group: TypeAlias = "Leaf | Composite"


@attrs.frozen(eq=False)
class Gang:
    """What is scheduled together.

    Attributes:
        label: What people call it, such as `Workload default/train`.
        root: The groups.
        added: Groups that a controller would have made, and what was given that the cluster does not have.
        extensions: What Kubernetes of this minor does not have.
        gates: The feature gates that it relies on.
    """

    label: str
    root: Group
    added: tuple[KubernetesObject, ...]
    extensions: tuple[str, ...]
    gates: tuple[str, ...]
