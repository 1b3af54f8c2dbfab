"""A cluster from the manifests named on the command line, and what commands about clusters have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import attrs
import typer
from typing_extensions import Self

import dra
from dra.cli.gates import gates_said
from dra.cli.manifests import Manifests
from dra.cli.options import POLICY_NAMES
from dra.errors import AllocationError, DraError, LoadError

if TYPE_CHECKING:
    from dra.models.meta import KubernetesObject
    from dra.scheduler import GangPlacement, Placement, Unschedulable
    from dra.scheduler.queue import Entry

__all__ = ["ClusterFiles", "Policy"]

Policy = Annotated[
    str,
    typer.Option(
        "--policy",
        metavar="POLICY",
        help="Which node of those that fit: first, least-allocated, most-allocated, best-fit, fragmentation.",
        autocompletion=POLICY_NAMES,
    ),
]


@attrs.frozen
class ClusterFiles:
    """A cluster, and the files it is from.

    Attributes:
        manifests: The objects with their places.
        cluster: The cluster.
    """

    manifests: Manifests
    cluster: dra.Cluster

    @classmethod
    def read(cls, filenames: Sequence[str], kubernetes: str, gates: Sequence[str] | None = None) -> Self:
        """Read a cluster.

        Args:
            filenames: Where its objects are.
            kubernetes: The minor whose rules hold.
            gates: Those that differ from the minor's defaults, as `--feature-gates` has them.

        Raises:
            DraError: Something cannot be read, an object is given twice, or there is no node.
        """
        from dra.scheduler.gates import assumed_features

        manifests = Manifests.read(filenames)
        cluster = dra.Cluster.load(
            [each.object for each in manifests.located],
            features=assumed_features(kubernetes, gates_said(kubernetes, gates)),
            kubernetes=kubernetes,
        )
        if not cluster.nodes:
            raise LoadError("no Node in the manifests", remedy="add `kubectl get nodes -o yaml` to them")
        return cls(manifests, cluster)

    def ask(
        self, entry: Entry, cluster: dra.Cluster, policy: str
    ) -> Placement | GangPlacement | Unschedulable:
        """Where a pod or a group goes; an error about it has its file and line.

        Raises:
            DraError: Something is broken.
        """
        try:
            return entry.ask(cluster, policy)
        except AllocationError as error:
            raise self.located(error, entry.group or entry.pods[0]) from None

    def schedule_gang(
        self, cluster: dra.Cluster, gang: str, policy: str, topology: str
    ) -> GangPlacement | Unschedulable:
        """Where the pods of a gang go; an error about one of its objects has the file and line.

        Raises:
            DraError: Something is broken, or there is no such gang.
        """
        try:
            return cluster.schedule_gang(gang, policy=policy, topology=topology or None)
        except AllocationError as error:
            raise self.located(error, cluster.find(gang)) from None

    def located(self, error: DraError, otherwise: KubernetesObject) -> DraError:
        """The error with the place of the object that it names, or of another."""
        return self.manifests.locate(error, otherwise)
