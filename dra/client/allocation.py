"""Waiting for a claim's devices, and why they do not come."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from dra.client.contents import read_contents
from dra.client.listing import listed
from dra.client.requests import Selection
from dra.client.session import Session, deleted
from dra.client.steps import Given, Steps, heard
from dra.client.watching import Change
from dra.errors import ApiError, DraError, ForbiddenError, LoadError, WaitTimeoutError
from dra.features import Features, nearest_minor
from dra.models.core import Pod
from dra.models.kinds import decode
from dra.models.meta import KubernetesObject
from dra.models.resource import ResourceClaim
from dra.scheduler import Cluster, Placement
from dra.scheduler.claims import stand_in

__all__ = ["Progress", "wait_allocated"]

# Most claims have their devices within a second. After that, looking at the whole cluster is worth it.
_FIRST_REPORT: Final = 1.5
_NEXT_REPORT: Final = 10.0


@attrs.frozen
class Progress:
    """What stands in the way of a claim's devices.

    Attributes:
        claim: Namespace and name.
        waited: How many seconds so far.
        scheduler: What kube-scheduler says of the pods that use the claim.
        explanation: What `dra` makes of the cluster's objects.
    """

    claim: str
    waited: float
    scheduler: tuple[str, ...] = ()
    explanation: str = ""

    def __str__(self) -> str:
        lines = [f"claim {self.claim} has no devices after {self.waited:.0f} seconds"]
        lines += [f"kube-scheduler: {each}" for each in self.scheduler]
        return "\n".join([*lines, self.explanation]) if self.explanation else "\n".join(lines)


def wait_allocated(
    session: Session, claim: ResourceClaim | str, namespace: str | None, timeout: float | None
) -> Steps[ResourceClaim]:
    """A claim as soon as it is allocated. What stands in the way is given, when it changes.

    Raises:
        WaitTimeoutError: It is not allocated in time; `.progress` says why not.
        DeletedError: It is deleted.
    """
    if isinstance(claim, ResourceClaim):
        name, namespace = claim.metadata.name or "", claim.metadata.namespace or namespace
    else:
        name = claim
    if not name:
        raise LoadError("a claim without a name cannot be waited for", path="metadata.name")
    namespace = namespace or session.namespace
    began = time.monotonic()
    watching = yield from session.watching(
        ResourceClaim,
        namespace,
        fields={"metadata.name": name},
        timeout=timeout,
        interval=_FIRST_REPORT,
    )
    known: ResourceClaim | None = None
    last: Progress | None = None
    while True:
        event = yield from watching.next_event()
        if event is not None:
            if event.change is Change.DELETED:
                raise deleted(event.object, watching.endpoint)
            known = event.object
            if known.status is not None and known.status.allocation is not None:
                return known
            continue
        progress = yield from _progress(session, namespace, name, known, time.monotonic() - began)
        if last is None or (progress.scheduler, progress.explanation) != (last.scheduler, last.explanation):
            yield Given(progress)
        last = progress
        if watching.is_over:
            raise WaitTimeoutError(
                str(progress),
                progress=progress,
                verb="watch",
                resource=watching.endpoint.resource,
            )
        watching.interval = _NEXT_REPORT


def _progress(
    session: Session, namespace: str, name: str, claim: ResourceClaim | None, waited: float
) -> Steps[Progress]:
    """What is known; what cannot be found out is said and does not end the wait."""
    label = f"{namespace}/{name}"
    if claim is None:
        return Progress(label, waited, (), "there is no such claim yet")
    try:
        pods = yield from session.list(Pod, namespace, None, None)
        users = [pod for pod in pods if name in claim_names(pod)]
        said = yield from _scheduler_says(session, namespace, users)
    except ApiError as error:
        return Progress(label, waited, (), f"pods cannot be read: {error}")
    try:
        explanation = yield from _explanation(session, claim, users)
    except DraError as error:
        explanation = str(error)
    return Progress(label, waited, said, explanation)


def claim_names(pod: Pod) -> Iterator[str]:
    """The claims that a pod names, or its status names for it."""
    for entry in pod.spec.resource_claims or ():
        if entry.resource_claim_name:
            yield entry.resource_claim_name
    if pod.status is not None:
        for made in pod.status.resource_claim_statuses or ():
            if made.resource_claim_name:
                yield made.resource_claim_name
        if pod.status.extended_resource_claim_status is not None:
            yield pod.status.extended_resource_claim_status.resource_claim_name


def _scheduler_says(session: Session, namespace: str, pods: list[Pod]) -> Steps[tuple[str, ...]]:
    """The conditions of pods, and events about them if they may be read."""
    said = []
    for pod in pods:
        conditions = (pod.status.conditions if pod.status is not None else None) or ()
        texts = [each.message for each in conditions if each.type == "PodScheduled" and each.status != "True"]
        if not any(texts):
            texts = yield from _events(session, namespace, pod)
        said += [f"{pod.subject}: {text}" for text in texts if text]
    return tuple(dict.fromkeys(said))


def _events(session: Session, namespace: str, pod: Pod) -> Steps[list[str | None]]:
    """What the newest event says about why a pod could not be scheduled."""
    fields = f"involvedObject.name={pod.metadata.name},reason=FailedScheduling"
    event = KubernetesObject(api_version="v1", kind="Event")
    try:
        endpoint = yield from session.discovery.of_object(event)
        page = yield from listed(endpoint, Selection(namespace, fields=fields), session.retry)
    except ForbiddenError:
        return []
    newest = max(page.items, key=_when, default={})
    return [newest.get("message")]


def _when(event: Mapping[str, Any]) -> str:
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return max(str(each or "") for each in times)


def _explanation(session: Session, claim: ResourceClaim, users: list[Pod]) -> Steps[str]:
    """Our own answer, from everything that may be read."""
    missing: list[str] = []
    objects: list[KubernetesObject] = []

    def note(item: Mapping[str, Any]) -> tuple[()]:
        objects.append(decode(item))
        return ()

    yield from heard(read_contents(session, lambda error: missing.append(error.resource)), note)
    minor = nearest_minor((yield from session.kubernetes()))
    lines = [f"{each} may not be listed, so this may be wrong" for each in missing]
    cluster = Cluster.load(objects, features=Features.for_kubernetes(minor), kubernetes=minor)
    waiting = [pod for pod in users if not pod.spec.node_name]
    if not waiting:
        lines.append("no pod that waits for a node uses it; it gets devices when one does")
    for pod in waiting[:1] or [stand_in(claim)]:
        answer = cluster.schedule(pod)
        if isinstance(answer, Placement):
            lines.append(f"{pod.subject} would fit on node {answer.node}")
            continue
        lines += answer.lines()
        explained = answer.explain()
        if explained is not None:
            lines.append(str(explained))
    return "\n".join(lines)
