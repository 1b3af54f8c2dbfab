"""What if the devices of nodes were cut another way: GPUs in MIG, or any other slices in place of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from dra.allocator.state import DeviceId
from dra.drivers.nvidia.recut import DYNAMIC, recut
from dra.errors import LoadError
from dra.models.core import Pod
from dra.models.loading import Source, load
from dra.models.resource import ResourceSlice
from dra.scheduler.allocations import devices_of
from dra.scheduler.objects import key_of
from dra.scheduler.pending import settled
from dra.scheduler.pods import runs
from dra.scheduler.whatif.comparison import Comparison, compared
from dra.scheduler.whatif.drain import named_nodes
from dra.scheduler.whatif.eviction import evicted, not_made_again

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster
    from dra.scheduler.policies import Policy

__all__ = ["repartition"]


def repartition(
    cluster: Cluster,
    *nodes: str,
    mig: str | None = None,
    slices: Source | None = None,
    policy: str | Policy = "first",
    advance: Callable[[], object] | None = None,
) -> Comparison:
    """What cutting the devices of nodes another way would do, such as a move to MIG.

    Pods whose devices are no longer there are evicted and come back waiting. Whether their claims ask for
    what is there then is up to them: a claim for whole GPUs finds none among MIG devices. It fits if no pod
    loses its place, and if pods waited, another one finds a place.

    Args:
        cluster: The cluster, which stays as it is.
        *nodes: The names of the nodes.
        mig: How NVIDIA's GPUs are cut: `dynamic` (on demand), one of mig-parted's names (`all-1g.10gb`,
            `all-balanced`, `all-disabled` for whole GPUs), or profiles (`3g.40gb, 2g.20gb`), for every GPU.
        slices: In place of `mig`: the slices that the nodes have then, for every driver that has any there.
            Slices of other drivers stay.
        policy: As for `Cluster.schedule`.
        advance: Called for each pod that is taken up and each node that is counted.

    Raises:
        LoadError: There is no such node, a slice is for another one, or not one of `mig` and `slices` is
            given.
        DriverError: A node has no GPUs, their MIG profiles are not known, or they do not fit.
        UnknownNameError: There is no such layout, profile or policy.

    Example:
        >>> from dra.scheduler import Cluster
        >>> from dra.testing import nodes
        >>> cluster = Cluster.load(nodes.node("dgx-h100").objects)
        >>> found = repartition(cluster, "dgx-h100-0", mig="all-1g.10gb")
        >>> [(row.name, row.total) for row in found.after.classes if "nvidia" in row.name and row.total]
        [('mig.nvidia.com', 56.0)]
    """
    names = [each.metadata.name or "" for each in named_nodes(cluster, nodes)]
    if (mig is None) == (slices is None):
        raise LoadError("one of mig and slices is needed", remedy="say how the GPUs are cut, or give slices")
    local = [each for each in cluster.slices if each.spec.node_name in names]
    if mig is not None:
        new = [
            each
            for name in names
            for each in recut([one for one in local if one.spec.node_name == name], mig, cluster.kubernetes)
        ]
    else:
        new = _given(slices, names)
    replaced = {(each.spec.node_name, each.spec.driver) for each in new}
    old = [each for each in local if (each.spec.node_name, each.spec.driver) in replaced]
    lost = set(_devices(old)) - set(_devices(new))
    gone = [pod for pod in cluster.pods if _uses(cluster, pod, lost)]
    keys = {key_of(pod) for pod in gone}
    notes = []
    if mig == DYNAMIC and not cluster.features.partitionable_devices:
        notes.append(
            f"DRAPartitionableDevices is off in Kubernetes {cluster.kubernetes}: "
            "devices with counters are not allocated"
        )
    notes += not_made_again(gone)
    after = evicted(cluster.without(*old).with_(new), gone)
    how = f"cut {', '.join(names)} into {mig}" if mig is not None else f"other slices on {', '.join(names)}"
    return compared(
        how,
        settled(cluster, policy, advance=advance),
        settled(after, policy, late=keys, advance=advance),
        keys,
        notes,
        must_help=True,
        advance=advance,
    )


def _given(source: Source, nodes: Sequence[str]) -> list[ResourceSlice]:
    new = [each for each in load(source) if isinstance(each, ResourceSlice)]
    if not new:
        raise LoadError("no ResourceSlice is given", remedy="give those that the nodes have afterwards")
    for each in new:
        if each.spec.node_name not in nodes:
            raise LoadError(
                f"it is not local to {' or '.join(nodes)}", path="spec.nodeName", subject=each.subject
            )
    return new


def _devices(slices: Sequence[ResourceSlice]) -> Iterator[DeviceId]:
    for each in slices:
        for device in each.spec.devices or ():
            yield DeviceId(each.spec.driver, each.spec.pool.name, device.name)


def _uses(cluster: Cluster, pod: Pod, devices: set[DeviceId]) -> bool:
    """Whether a pod that runs holds one of these devices."""
    return runs(pod) and not devices.isdisjoint(
        device for claim in cluster.claims_of(pod) for device in devices_of(claim)
    )
