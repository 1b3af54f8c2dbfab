"""Pods that come to a `Cluster` and go: the scheduler's own decisions, one after another.

The fast simulation of tasks counts GPU shares; this one asks `Cluster.schedule` each time, so whatever claims
can say counts: selectors, constraints, prioritized lists, partitions, shares, taints, node affinity.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from math import inf
from random import Random
from typing import Final

import attrs

from dra.arguments import finite, instance, several, whole
from dra.errors import DraError
from dra.models.core import Pod
from dra.models.resource import ResourceClaim, ResourceClaimTemplate
from dra.scheduler.cluster import Cluster
from dra.scheduler.objects import key_of, label_of
from dra.scheduler.placement import Placement, Unschedulable
from dra.scheduler.policies import Policy, policy_of
from dra.scheduler.simulation.events import Departures, play
from dra.scheduler.simulation.gauge import Gauge
from dra.scheduler.simulation.run import Counts, Recorder, Run, Sample
from dra.scheduler.simulation.trace import WHOLE
from dra.scheduler.simulation.workload import shuffled

__all__ = ["PodArrival", "PodRun", "arrivals_of", "simulate_pods"]

_MOST_PODS: Final = 100_000
_MOST_SAMPLES: Final = 200


@attrs.frozen
class PodArrival:
    """A pod that comes.

    Attributes:
        pod: The pod.
        time: When it comes, in seconds.
        lasting: How many seconds it runs; None if it stays.
        claims: Claims and templates that come with it.
    """

    pod: Pod
    time: float = 0.0
    lasting: float | None = None
    claims: tuple[ResourceClaim | ResourceClaimTemplate, ...] = ()

    def __attrs_post_init__(self) -> None:
        instance(self.pod, Pod, "pod", "a pod")
        finite(self.time, "time")
        if self.lasting is not None:
            finite(self.lasting, "lasting", least=0)


@attrs.frozen(eq=False)
class PodRun:
    """What a simulation of pods gave.

    Attributes:
        run: The figures. GPUs are units of hardware here (`Cluster.capacity`), and what is asked for,
            allocated and taken is the same: what claims hold.
        cluster: The cluster at the end.
        waiting: Why each kind of pod that still waits is not placed.
    """

    run: Run
    cluster: Cluster
    waiting: tuple[Unschedulable, ...]


def arrivals_of(
    pods: Iterable[Pod], *, every: float = 1.0, repeat: int = 1, seed: int | None = None
) -> list[PodArrival]:
    """Pods of manifests as a stream: when they were created, as long as `spec.activeDeadlineSeconds` allows.

    Args:
        pods: The pods.
        every: Seconds between pods, if not every one has a `metadata.creationTimestamp` or they are repeated.
        repeat: How often each comes, under names that end in a number.
        seed: A random order, if not None.

    Raises:
        DraError: They would be too many.

    Example:
        >>> pod = Pod.from_dict({"metadata": {"name": "train"}, "spec": {"activeDeadlineSeconds": 60}})
        >>> [(each.pod.metadata.name, each.time, each.lasting) for each in arrivals_of([pod], repeat=2)]
        [('train-0', 0.0, 60.0), ('train-1', 1.0, 60.0)]
    """
    some = [instance(each, Pod, "pods", "pods") for each in several(pods, "pods", "pods")]
    whole(repeat, "repeat", least=1)
    finite(every, "every", least=0)
    if seed is not None:
        whole(seed, "seed")
    if len(some) * repeat > _MOST_PODS:
        raise DraError(
            f"{len(some) * repeat:,} pods", value=repeat, remedy=f"at most {_MOST_PODS:,} can be simulated"
        )
    created = [each.metadata.creation_timestamp for each in some]
    if repeat == 1 and seed is None and all(created):
        moments = [_seconds(pod) for pod in some]
        return [
            PodArrival(pod, moment - min(moments), _lasting(pod))
            for moment, pod in sorted(zip(moments, some, strict=True), key=lambda each: each[0])
        ]
    copies = [_renamed(pod, number) if repeat > 1 else pod for number in range(repeat) for pod in some]
    if seed is not None:
        copies = shuffled(copies, Random(seed))  # noqa: S311 - for a simulation, no secret
    return [PodArrival(pod, every * number, _lasting(pod)) for number, pod in enumerate(copies)]


def _seconds(pod: Pod) -> float:
    created = pod.metadata.creation_timestamp or ""
    try:
        return datetime.fromisoformat(created.replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise DraError(
            "not a time",
            path="metadata.creationTimestamp",
            value=created,
            subject=pod.subject,
            remedy="as in 2026-11-25T08:00:00Z",
        ) from None


def _lasting(pod: Pod) -> float | None:
    seconds = pod.spec.to_dict().get("activeDeadlineSeconds")
    if seconds is None:
        return None
    if not isinstance(seconds, int) or seconds < 0:
        raise DraError(
            "not a number of seconds",
            path="spec.activeDeadlineSeconds",
            value=seconds,
            subject=pod.subject,
            remedy="a whole number, or leave it out for a pod that stays",
        )
    return float(seconds)


def _renamed(pod: Pod, number: int) -> Pod:
    name = f"{pod.metadata.name or 'pod'}-{number}"
    return pod.model_copy(update={"metadata": pod.metadata.model_copy(update={"name": name, "uid": None})})


def simulate_pods(
    cluster: Cluster,
    arrivals: Iterable[PodArrival],
    *,
    policy: str | Policy = "first",
    waiting: bool = True,
    device_class: str | None = None,
    advance: Callable[[], object] | None = None,
) -> PodRun:
    """Let pods come to a cluster and go, each for itself: groups of pods do not count.

    Args:
        cluster: The cluster; it is not changed. Its pending pods are left alone.
        arrivals: The pods.
        policy: As for `Cluster.schedule`.
        waiting: Whether a pod that does not fit waits; otherwise it is dropped.
        device_class: Count the hardware of this class only.
        advance: Called for each pod that arrives.

    Raises:
        DraError: As `Cluster.schedule`; a pod is there already; there is no such class.

    Example:
        >>> from dra.testing import nodes
        >>> cluster = Cluster.load(nodes.node("dgx-h100").objects)
        >>> pod = Pod.from_dict({"metadata": {"name": "train"}, "spec": {
        ...     "activeDeadlineSeconds": 600, "containers": [{"name": "main"}],
        ...     "resourceClaims": [{"name": "gpus", "resourceClaimTemplateName": "three"}]}})
        >>> template = ResourceClaimTemplate.from_dict({"metadata": {"name": "three"}, "spec": {"spec": {
        ...     "devices": {"requests": [{"name": "gpu", "exactly": {
        ...         "deviceClassName": "gpu.nvidia.com", "count": 3}}]}}}})
        >>> arrivals = arrivals_of([pod], repeat=3)
        >>> done = simulate_pods(cluster.with_(template), arrivals, device_class="gpu.nvidia.com")
        >>> done.run.placed, done.run.waited, done.run.percent(done.run.final.allocated)
        (3, 1, 75.0)
    """
    wanted = "what dra.scheduler.simulation.arrivals_of makes of pods"
    for each in (arrivals := several(arrivals, "arrivals", "arrivals")):
        instance(each, PodArrival, "arrivals", wanted)
    coming = sorted(arrivals, key=lambda each: each.time)
    chosen = policy_of(policy)
    meant_for = _as_workload(cluster, coming)
    stream = _Pods(meant_for, chosen, device_class, may_wait=waiting)
    first, last = (coming[0].time, coming[-1].time) if coming else (0.0, 0.0)
    recorder = Recorder(first, last)
    moments = _Thinned(len({each.time for each in coming}) + len(coming))

    def watch(time: float) -> None:
        is_last = time > last and stream.next_departure == inf
        if moments.due() or time in (first, last) or is_last:
            recorder.add(stream.sample(time))

    play(stream, coming, lambda each: each.time, watch, advance)
    name = policy if isinstance(policy, str) else chosen.__name__
    run = recorder.run(name, "devices", None, round(stream.total), stream.counts)
    return PodRun(run, stream.cluster, tuple(stream.why_waiting()))


def _as_workload(cluster: Cluster, arrivals: Iterable[PodArrival]) -> Cluster:
    """The cluster, with what comes as the workload that fragmentation is measured for."""
    return cluster.with_workload(each.pod for each in arrivals)


class _Thinned:
    """Says of so many moments which are worth a look, evenly and not too often."""

    def __init__(self, moments: int) -> None:
        self._every = -(-moments // _MOST_SAMPLES) or 1
        self._seen = -1

    def due(self) -> bool:
        self._seen += 1
        return self._seen % self._every == 0


class _Pods:
    """A cluster at one moment, the pods that will leave it and those that wait for it."""

    def __init__(self, cluster: Cluster, policy: Policy, device_class: str | None, *, may_wait: bool) -> None:
        self.cluster = cluster
        self._policy = policy
        self._may_wait = may_wait
        self._leaving: Departures[str] = Departures()
        self._waiting: list[tuple[int, PodArrival, str]] = []
        self._running = 0
        self._gauge = Gauge(cluster, device_class)
        self.total = self._gauge.total
        self.counts = Counts()

    @property
    def next_departure(self) -> float:
        """When the next pod leaves; infinity if none does."""
        return self._leaving.next

    def arrive(self, arrival: PodArrival) -> None:
        """A pod comes: it is placed, or waits, or is dropped."""
        self.counts.arrived += 1
        number = self.counts.arrived
        if not self._start(arrival, arrival.time, number) and self._may_wait:
            self._waiting.append((number, arrival, _kind(arrival)))

    def depart(self) -> None:
        """All pods that leave next leave, and those that wait are tried in their order."""
        now = self.next_departure
        for reference in self._leaving.pop():
            self.cluster = self.cluster.without(reference)
            self._running -= 1
        still: list[tuple[int, PodArrival, str]] = []
        hopeless: set[str] = set()
        for number, arrival, kind in self._waiting:
            if kind in hopeless or not self._start(arrival, now, number):
                still.append((number, arrival, kind))
                if kind:
                    hopeless.add(kind)
            else:
                self.counts.waited += 1
        self._waiting = still

    def _start(self, arrival: PodArrival, now: float, number: int) -> bool:
        found = self.cluster.schedule(arrival.pod, arrival.claims, self._policy)
        if not isinstance(found, Placement):
            return False
        self.cluster = found.apply()
        self.counts.placed += 1
        self._running += 1
        self.counts.wait += now - arrival.time
        if arrival.lasting is not None:
            reference = f"pod/{label_of(key_of(found.pod))}"
            self._leaving.add(now + arrival.lasting, number, reference)
        return True

    def why_waiting(self) -> Iterable[Unschedulable]:
        """For each kind of pod that waits, why."""
        seen: set[str] = set()
        for _, arrival, kind in self._waiting:
            if not kind or kind not in seen:
                seen.add(kind)
                found = self.cluster.schedule(arrival.pod, arrival.claims, self._policy)
                if isinstance(found, Unschedulable):
                    yield found

    def sample(self, time: float) -> Sample:
        """The cluster now."""
        used, fragmented = self._gauge.read(self.cluster)
        milli = used * WHOLE
        return Sample(time, self._running, len(self._waiting), milli, milli, milli, 0.0, fragmented * WHOLE)


def _kind(arrival: PodArrival) -> str:
    """Equal for pods of which one fits if the other does; empty where claims that are there decide."""
    pod = arrival.pod
    if arrival.claims or any(each.resource_claim_name for each in pod.spec.resource_claims or ()):
        return ""
    return json.dumps([pod.metadata.namespace, pod.metadata.labels, pod.spec.to_dict()], sort_keys=True)
