"""A cluster before and after a change: who has a place, how much is taken, what changed for each pod."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from dra.models.core import Pod
from dra.scheduler.allocations import devices_of
from dra.scheduler.capacity import Capacity, CapacityRow
from dra.scheduler.objects import Key, key_of, label_of
from dra.scheduler.pending import PendingGroup, PendingPods, settled
from dra.scheduler.pods import has_ended, runs

if TYPE_CHECKING:
    from dra.scheduler.cluster import Cluster
    from dra.scheduler.policies import Policy

__all__ = ["Change", "Comparison", "PodChange", "Situation", "compare", "compared"]

Change: TypeAlias = Literal["placed", "moved", "restarted", "displaced", "waits", "gone"]
"""What becomes of a pod.

- `placed`: it waited, or was not there, and has a place;
- `moved`: it has another node or other devices;
- `restarted`: it was evicted and is back on its node with its devices;
- `displaced`: it had a place and waits;
- `waits`: it was not there and waits;
- `gone`: it is not there any more.
"""

_ORDER: Final[tuple[Change, ...]] = ("displaced", "moved", "restarted", "placed", "waits", "gone")


@attrs.frozen
class PodChange:
    """What becomes of one pod.

    Attributes:
        pod: The pod, as `namespace/name`.
        change: What becomes of it.
        evicted: Whether it ran and is sent away for it.
        before: Its node before; None if it had none.
        after: Its node after; None if it has none.
        devices_before: Its devices before, as `driver/pool/device`.
        devices_after: Its devices after.
        reason: Why it waits afterwards; empty if it does not.
    """

    pod: str
    change: Change
    evicted: bool
    before: str | None
    after: str | None
    devices_before: tuple[str, ...] = ()
    devices_after: tuple[str, ...] = ()
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The change as plain data."""
        return attrs.asdict(self) | {
            "devices_before": list(self.devices_before),
            "devices_after": list(self.devices_after),
        }

    def __str__(self) -> str:
        after = self.after or ("gone" if self.change == "gone" else "waits")
        before = self.before or ("" if self.change == "waits" else "waits")
        way = " -> ".join(filter(None, (before, after)))
        if self.change == "restarted":
            way = f"starts again on {self.after}"
        notes = [*(["evicted"] if self.evicted else []), *self._devices()]
        text = f"pod {self.pod}: {way}" + (f" ({', '.join(notes)})" if notes else "")
        return f"{text}: {self.reason}" if self.reason else text

    def _devices(self) -> Sequence[str]:
        if self.before == self.after and self.devices_before != self.devices_after:
            return [f"{_short(self.devices_before)} -> {_short(self.devices_after)}"]
        return []


@attrs.frozen(eq=False)
class Situation:
    """A cluster in which all pods that fit have their places.

    Attributes:
        placed: How many pods have a node.
        pending: How many wait.
        waiting: Those that wait, by their reasons.
        devices: All hardware, in units (`dra.scheduler.units`).
        classes: The same by device class; a unit counts in every class that selects it.
        cluster: The cluster, to be asked more.
    """

    placed: int
    pending: int
    waiting: tuple[PendingGroup, ...]
    devices: CapacityRow
    classes: tuple[CapacityRow, ...]
    cluster: Cluster = attrs.field(repr=False)

    @classmethod
    def of(cls, pods: PendingPods, advance: Callable[[], object] | None = None) -> Situation:
        """The situation once pods have been placed.

        Args:
            pods: The pods, and the cluster with them.
            advance: Called for each node and each class that is counted.

        Raises:
            AllocationError: A selector, a slice's node selector or a capacity policy is broken.
        """
        cluster = pods.cluster
        capacity: Capacity = cluster.capacity(advance=advance)
        placed = sum(map(runs, cluster.pods))
        return cls(placed, len(pods.refusals), pods.groups, capacity.total, capacity.rows, cluster)

    @property
    def utilisation(self) -> float:
        """The part of all hardware that is taken, 0 to 1."""
        return self.devices.used / self.devices.total if self.devices.total else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The situation as plain data."""
        return {
            "placed": self.placed,
            "pending": self.pending,
            "utilisation": round(self.utilisation, 3),
            "devices": self.devices.to_dict(),
            "classes": [each.to_dict() for each in self.classes],
            "waiting": [each.to_dict() for each in self.waiting],
        }


@attrs.frozen(eq=False)
class Comparison:
    """What a change would do. Nothing has changed: the clusters of both situations are copies.

    It is true if what was asked holds (`fits`).

    Attributes:
        question: The change.
        fits: Whether everything that is to have a place has one; what that is, each question says.
        before: The cluster as it is, with the pods that wait placed as far as they fit.
        after: The cluster with the change, and the pods that wait then placed as far as they fit.
        pods: What becomes of the pods for which something changes; the displaced ones first.
        notes: What else is worth knowing.
    """

    question: str
    fits: bool
    before: Situation
    after: Situation
    pods: tuple[PodChange, ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.fits

    def of(self, *changes: Change) -> tuple[PodChange, ...]:
        """The pods of which this becomes, such as `of("displaced")`."""
        return tuple(each for each in self.pods if each.change in changes)

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain data."""
        return {
            "question": self.question,
            "fits": self.fits,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "pods": [each.to_dict() for each in self.pods],
            "notes": list(self.notes),
        }

    def answer(self) -> Iterator[str]:
        """The answer for people, before what changes."""
        displaced = len(self.of("displaced"))
        if displaced:
            lose = "pod loses its place" if displaced == 1 else "pods lose their places"
            yield f"{self.question}: {displaced} {lose}"
        else:
            yield f"{self.question}: no pod loses its place"

    def __str__(self) -> str:
        lines = [*self.answer(), *(f"- {each}" for each in self.pods), *self.notes]
        return "\n".join([*lines, "", *self._figures()])

    def _figures(self) -> Iterator[str]:
        before, after = self.before, self.after
        yield (
            f"pods placed {_change(before.placed, after.placed)}, "
            f"waiting {_change(before.pending, after.pending)}; "
            f"devices taken {_change(_percent(before), _percent(after))} %"
        )
        rows = [["CLASS", "TOTAL", "USED", "FREE", "FRAGMENTED", "LARGEST"]]
        then = {each.name: each for each in before.classes}
        now = {each.name: each for each in after.classes}
        there = sorted({row.name for row in (*before.classes, *after.classes) if row.total})
        rows += [[name, *_cells(then.get(name), now.get(name))] for name in there]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def compare(
    before: Cluster,
    after: Cluster,
    *,
    policy: str | Policy = "first",
    question: str = "the change",
    advance: Callable[[], object] | None = None,
) -> Comparison:
    """Compare a cluster with another, for any change there is no question for.

    In both, pods that wait are placed as far as they fit. It fits if no pod loses its place, and if pods
    waited, another one finds a place.

    Args:
        before: The cluster.
        after: The cluster with the change, such as `cluster.with_(...)`.
        policy: As for `Cluster.schedule`.
        question: What the change is called.
        advance: Called for each pod that is taken up and each node that is counted.

    Raises:
        UnknownNameError: There is no such policy.
        AllocationError: A selector, a slice's node selector or a capacity policy is broken.

    Example:
        >>> from dra.scheduler import Cluster
        >>> from dra.testing import nodes
        >>> cluster = Cluster.load(nodes.cluster("dgx-h100", nodes_per_rack=2).objects)
        >>> print(compare(cluster, cluster.without("node/rack-0-node-1"), question="without a node"))
        without a node: no pod loses its place
        <BLANKLINE>
        pods placed 0, waiting 0; devices taken 0 %
        CLASS           TOTAL    USED  FREE     FRAGMENTED  LARGEST
        dra.cpu         4 -> 2   0     4 -> 2   0           2
        dranet          16 -> 8  0     16 -> 8  0           8
        gpu.nvidia.com  16 -> 8  0     16 -> 8  0           8
    """
    then, now = (settled(each, policy, advance=advance) for each in (before, after))
    return compared(question, then, now, must_help=True, advance=advance)


def compared(
    question: str,
    before: PendingPods,
    after: PendingPods,
    evicted: Collection[Key] = (),
    notes: Sequence[str] = (),
    *,
    must_help: bool = False,
    advance: Callable[[], object] | None = None,
) -> Comparison:
    """The comparison of two situations; it fits if no pod loses its place.

    Args:
        question: The change.
        before: The cluster as it is.
        after: The cluster with the change.
        evicted: Pods that ran and were sent away for it.
        notes: What else is worth knowing.
        must_help: It fits only if another pod finds a place, too, where pods waited.
        advance: Called for each node and each class that is counted.
    """
    changes = sorted(_changes(before, after, evicted), key=lambda each: _ORDER.index(each.change))
    kinds = {each.change for each in changes}
    fits = "displaced" not in kinds and not (must_help and before.refusals and "placed" not in kinds)
    then, now = (Situation.of(each, advance) for each in (before, after))
    return Comparison(question, fits, then, now, tuple(changes), tuple(notes))


def _changes(before: PendingPods, after: PendingPods, evicted: Collection[Key]) -> Iterator[PodChange]:
    then = {key_of(pod): pod for pod in before.cluster.pods}
    now = {key_of(pod): pod for pod in after.cluster.pods}
    reasons = {key_of(each.pod): each for each in after.refusals}
    for key in sorted(then.keys() | now.keys()):
        was, is_ = then.get(key), now.get(key)
        if was is is_ or (is_ is not None and has_ended(is_)):
            continue
        refusal = reasons.get(key)
        change = PodChange(
            label_of(key),
            "gone",
            key in evicted,
            was.spec.node_name or None if was is not None else None,
            is_.spec.node_name or None if is_ is not None else None,
            _devices(before.cluster, was),
            _devices(after.cluster, is_),
            refusal.text if refusal is not None else "",
        )
        kind = _kind(change, was, is_)
        if kind is not None:
            yield attrs.evolve(change, change=kind)


def _kind(change: PodChange, was: Pod | None, is_: Pod | None) -> Change | None:
    """What becomes of a pod; None if it stays as it is."""
    if is_ is None:
        return "gone"
    if change.after is None:
        if change.before is not None:
            return "displaced"
        return "waits" if was is None else None
    if change.before is None:
        return "placed"
    if (change.before, change.devices_before) != (change.after, change.devices_after):
        return "moved"
    return "restarted" if change.evicted else None


def _devices(cluster: Cluster, pod: Pod | None) -> tuple[str, ...]:
    claims = cluster.claims_of(pod) if pod is not None and pod.spec.node_name else ()
    return tuple(str(device) for claim in claims for device in devices_of(claim))


def _short(devices: Sequence[str]) -> str:
    return ", ".join(each.rpartition("/")[2] for each in devices) or "no devices"


def _change(before: object, after: object) -> str:
    return str(after) if before == after else f"{before} -> {after}"


def _percent(situation: Situation) -> str:
    return f"{100 * situation.utilisation:.0f}"


def _cells(then: CapacityRow | None, now: CapacityRow | None) -> list[str]:
    def amount(row: CapacityRow | None, name: str) -> str:
        value = getattr(row, name) if row is not None else 0
        return "-" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")

    names = ("total", "used", "free", "fragmented", "largest")
    return [_change(amount(then, name), amount(now, name)) for name in names]
