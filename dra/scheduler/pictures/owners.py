"""Who holds devices: the colour, pattern and key of each owner, in the order in which they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, get_args

import attrs

from dra.allocator.explanation import count_of
from dra.errors import LoadError
from dra.models.core import Pod
from dra.scheduler.contents import Contents
from dra.scheduler.objects import Key, key_of, label_of
from dra.scheduler.pictures.scene import Cell
from dra.scheduler.pictures.theme import COLOURS, PATTERNS, key

__all__ = ["Colouring", "Owner", "Owners", "counted", "owners_of"]

Colouring: TypeAlias = Literal["claim", "workload", "namespace"]
"""What a colour stands for."""

_COMBINATIONS: Final = len(COLOURS) * PATTERNS
_Name: TypeAlias = tuple[Colouring, str]


@attrs.frozen
class Owner:
    """Whoever holds devices.

    Attributes:
        number: Its place in the order of appearance.
        kind: What it is.
        name: A claim, a workload or a namespace.
        devices: How many devices it holds something of.
    """

    number: int
    kind: Colouring
    name: str
    devices: int

    @property
    def label(self) -> str:
        """Its name, with what it is unless it is a claim."""
        return self.name if self.kind == "claim" else f"{self.kind} {self.name}"

    @property
    def key(self) -> str:
        """Its letters."""
        return key(self.number)

    @property
    def colour(self) -> int:
        """The number of its colour."""
        return self.number % len(COLOURS)

    @property
    def pattern(self) -> int:
        """The number of its pattern; 0 is plain."""
        return self.number % _COMBINATIONS // len(COLOURS)


@attrs.frozen
class Owners:
    """The owners of all claims that hold devices.

    Attributes:
        all: In the order in which they come.
    """

    all: tuple[Owner, ...]
    _of_claim: dict[Key, Owner]

    def of(self, claim: Key) -> Owner:
        """The owner of a claim that holds a device."""
        return self._of_claim[claim]


def owners_of(contents: Contents, cells: Iterable[Cell], by: str, *, largest_first: bool = False) -> Owners:
    """The owners of some devices.

    Args:
        contents: The cluster, in which the pods are that tell which workload a claim is for.
        cells: The devices.
        by: What a colour stands for: `claim`; `workload`: the PodGroup or Workload of the pods that use the
            claim, the claim itself if there is none; `namespace`.
        largest_first: Whether they are ordered by their devices and not as they come.

    Raises:
        LoadError: There is no such way.
    """
    for known in get_args(Colouring):
        if by == known:
            by_: Colouring = known
            break
    else:
        raise LoadError(f"no colouring {by!r}", value=by, remedy=f"by: {', '.join(get_args(Colouring))}")
    workloads = _workloads(contents) if by_ == "workload" else {}
    of_claim: dict[Key, _Name] = {}
    devices: dict[_Name, int] = {}
    for cell in cells:
        names = set()
        for part in cell.parts:
            name = _name(part.claim, by_, workloads)
            of_claim[part.claim] = name
            devices.setdefault(name, 0)
            names.add(name)
        for name in names:
            devices[name] += 1
    ordered = sorted(devices, key=lambda name: (-devices[name], name[::-1])) if largest_first else devices
    owners = {name: Owner(number, *name, devices[name]) for number, name in enumerate(ordered)}
    of = {claim: owners[name] for claim, name in of_claim.items()}
    return Owners(tuple(owners.values()), of)


def counted(owners: Iterable[Owner], word: str = "") -> str:
    """How many owners there are of each kind: `1 workload and 3 claims`; the word stands before each kind."""
    kinds = Counter(owner.kind for owner in owners)
    order = reversed(get_args(Colouring))
    return " and ".join(count_of(kinds[kind], f"{word} {kind}".strip()) for kind in order if kinds[kind])


def _name(claim: Key, by: Colouring, workloads: dict[Key, str]) -> _Name:
    if by == "namespace":
        return "namespace", claim[0]
    if claim in workloads:
        return "workload", workloads[claim]
    return "claim", label_of(claim)


def _workloads(contents: Contents) -> dict[Key, str]:
    """By claim, the group of the pods that use it."""
    found: dict[Key, str] = {}
    for pod in contents.pods:
        group = _group(pod)
        if group:
            for claim in contents.claims_of(pod):
                found.setdefault(key_of(claim), group)
    return found


def _group(pod: Pod) -> str:
    namespace, _ = key_of(pod)
    group, workload = pod.spec.scheduling_group, pod.spec.workload_ref
    name = (group.pod_group_name if group is not None else "") or (
        workload.name if workload is not None else ""
    )
    return f"{namespace}/{name}" if name else ""
