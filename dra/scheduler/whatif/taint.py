"""What if a device taint rule were added: who is evicted, and who finds no devices any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import attrs

from dra.allocator.state import DeviceId
from dra.allocator.taints import apply_taint_rules, tolerates
from dra.arguments import instance, several
from dra.errors import LoadError
from dra.models.core import Pod
from dra.models.resource import DeviceTaint, DeviceTaintRule, DeviceToleration, ResourceClaim
from dra.scheduler.allocations import devices_of, results_of
from dra.scheduler.objects import key_of, label_of
from dra.scheduler.pending import settled
from dra.scheduler.pods import runs
from dra.scheduler.whatif.comparison import Comparison, compared
from dra.scheduler.whatif.eviction import evicted, not_made_again

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster
    from dra.scheduler.policies import Policy

__all__ = ["taint"]

_EVICTS: Final = "NoExecute"


def taint(
    cluster: Cluster,
    rule: DeviceTaintRule | Sequence[DeviceTaintRule],
    *,
    policy: str | Policy = "first",
    advance: Callable[[], object] | None = None,
) -> Comparison:
    """What DeviceTaintRules would do (KEP-5055).

    `NoSchedule` keeps claims without a toleration from the devices; what is allocated stays. `NoExecute`
    evicts the pods that use them, too, unless the allocation has a toleration with exactly that effect, as
    the eviction controller wants it; they come back waiting. A pod that tolerates the taint for some time is
    taken to be evicted, with a note. It fits if no pod loses its place.

    Args:
        cluster: The cluster, which stays as it is.
        rule: The rule or rules; one of the cluster with the same name is replaced.
        policy: As for `Cluster.schedule`.
        advance: Called for each pod that is taken up and each node that is counted.

    Raises:
        LoadError: A rule has no name, or there is none.
        UnknownNameError: There is no such policy.

    Example:
        >>> from dra.scheduler import Cluster
        >>> from dra.testing import nodes
        >>> cluster = Cluster.load(nodes.node("dgx-h100").objects)
        >>> rule = DeviceTaintRule.from_dict({"metadata": {"name": "broken"}, "spec": {
        ...     "deviceSelector": {"driver": "gpu.nvidia.com", "device": "gpu-0"},
        ...     "taint": {"key": "ecc", "effect": "NoSchedule"}}})
        >>> found = taint(cluster, rule)
        >>> found.notes, found.after.devices.tainted
        (('1 device is tainted',), 1.0)
    """
    rules = (rule,) if isinstance(rule, DeviceTaintRule) else several(rule, "rule", "DeviceTaintRules")
    for each in rules:
        instance(each, DeviceTaintRule, "rule", "a DeviceTaintRule", "dra.load reads manifests")
    if not rules:
        raise LoadError("no DeviceTaintRule is given", remedy="give at least one")
    question = f"taint by {', '.join(label_of(key_of(each)) for each in rules)}"
    before = settled(cluster, policy, advance=advance)
    after = cluster.with_(list(rules))
    if not cluster.features.device_taint_rules:
        off = f"DRADeviceTaintRules is off in Kubernetes {cluster.kubernetes}: rules do nothing"
        now = settled(after, policy, advance=advance)
        return compared(question, before, now, notes=[off], advance=advance)
    tainted = _tainted(cluster, rules)
    leaving = list(_leaving(cluster, tainted))
    gone = [each.pod for each in leaving]
    keys = {key_of(pod) for pod in gone}
    count = len(tainted)
    notes = [f"{count} device{'s are' if count != 1 else ' is'} tainted"]
    notes += [
        f"pod {label_of(key_of(each.pod))} tolerates it for {each.seconds} seconds"
        for each in leaving
        if each.seconds
    ]
    notes += not_made_again(gone)
    now = settled(evicted(after, gone), policy, late=keys, advance=advance)
    return compared(question, before, now, keys, notes, advance=advance)


@attrs.frozen
class _Leaving:
    """A pod that is evicted, and after how many seconds."""

    pod: Pod
    seconds: int


def _tainted(cluster: Cluster, rules: Sequence[DeviceTaintRule]) -> dict[DeviceId, list[DeviceTaint]]:
    """By device, the taints that the rules give it."""
    found: dict[DeviceId, list[DeviceTaint]] = {}
    for before, after in zip(
        cluster.slices, apply_taint_rules(cluster.slices, rules, cluster.classes), strict=True
    ):
        if before is after:
            continue
        for was, now in zip(before.spec.devices or (), after.spec.devices or (), strict=True):
            new = (now.taints or [])[len(was.taints or ()) :]
            if new:
                found[DeviceId(after.spec.driver, after.spec.pool.name, now.name)] = new
    return found


def _leaving(cluster: Cluster, tainted: Mapping[DeviceId, Sequence[DeviceTaint]]) -> Iterator[_Leaving]:
    """The pods that the eviction controller sends away."""
    for pod in filter(runs, cluster.pods):
        times = [each for claim in cluster.claims_of(pod) for each in _times(claim, tainted)]
        if times:
            yield _Leaving(pod, min(times))


def _times(claim: ResourceClaim, tainted: Mapping[DeviceId, Sequence[DeviceTaint]]) -> Iterator[int]:
    """After how many seconds each taint evicts the users of a claim."""
    for device, each in zip(devices_of(claim), results_of(claim), strict=True):
        for its in tainted.get(device, ()):
            seconds = _seconds(its, each.tolerations or ()) if its.effect == _EVICTS else None
            if seconds is not None:
                yield seconds


def _seconds(its: DeviceTaint, tolerations: Iterable[DeviceToleration]) -> int | None:
    """After how many seconds a taint evicts; None if it never does.

    Only tolerations with exactly the effect NoExecute count; one without a time tolerates for ever, else the
    shortest time does (KEP-5055).
    """
    matching = [each for each in tolerations if each.effect == _EVICTS and tolerates(each, its)]
    times = [each.toleration_seconds for each in matching]
    limited = [max(each, 0) for each in times if each is not None]
    if len(limited) < len(times):
        return None
    return min(limited, default=0)
