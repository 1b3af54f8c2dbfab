"""Sharing models: how much of a GPU a task takes that asks for a part of it.

A model turns a GPU into a small whole number, its *room*: `full` when idle, 0 when nothing more fits. Placing
a task subtracts a number from it and its going adds that number again, so one engine replays every model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache, partial
from typing import Final, TypeAlias

import attrs
from typing_extensions import override

from dra.drivers.nvidia import MigBoard, Profile, get_board
from dra.errors import DraError
from dra.scheduler.simulation.trace import WHOLE
from dra.suggestions import unknown_name

__all__ = [
    "SHARING",
    "Consumable",
    "DevicePlugin",
    "Mig",
    "MigSlices",
    "Sharing",
    "Takes",
    "TimeSlicing",
    "get_sharing",
]

Takes: TypeAlias = "Sequence[tuple[int, ...]]"
"""For each room of a GPU, what a task may subtract from it, best first."""


class Sharing(ABC):
    """How a GPU is shared."""

    name: str

    @property
    @abstractmethod
    def full(self) -> int:
        """The room of an idle GPU."""

    @abstractmethod
    def ask(self, milli: int) -> int:
        """The size that a task gets which asks for so many thousandths of a GPU; `full` is a whole one."""

    @abstractmethod
    def room_after(self, size: int, room: int) -> tuple[int, ...]:
        """The rooms that a GPU may have after a task of this size is on it; empty if it does not fit."""

    @abstractmethod
    def idle(self, room: int) -> int:
        """Thousandths of a GPU that this room can still give."""

    @property
    @abstractmethod
    def assumption(self) -> str:
        """What the model takes for granted, one sentence."""

    @property
    def parameter(self) -> str:
        """Its parameter as `get_sharing` reads it; empty if it has none."""
        return ""

    @property
    def label(self) -> str:
        """Its name, with the parameter where that is not the usual one: what `get_sharing` reads."""
        return self.name if self == SHARING[self.name]() else f"{self.name}={self.parameter}"

    def takes(self, size: int) -> Takes:
        """For each room from 0 to `full`, what a task of this size may subtract from it, best first."""
        return _takes(self, size)


@lru_cache(maxsize=1024)
def _takes(sharing: Sharing, size: int) -> Takes:
    return [
        tuple(room - after for after in sharing.room_after(size, room)) for room in range(sharing.full + 1)
    ]


@attrs.frozen(cache_hash=True)
class Consumable(Sharing):
    """Consumable capacity (KEP-5075): a task takes what it asks for, rounded up to the step of the policy.

    Attributes:
        step: Step of the capacity's request policy, in thousandths of a GPU.

    Example:
        >>> Consumable(step=50).ask(430)
        450
    """

    step: int = attrs.field(default=1, validator=attrs.validators.in_(range(1, WHOLE + 1)))
    name = "consumable"

    @property
    @override
    def full(self) -> int:
        """All thousandths of the GPU."""
        return WHOLE

    @property
    @override
    def parameter(self) -> str:
        """The step."""
        return str(self.step)

    @override
    def ask(self, milli: int) -> int:
        """What it asks for, rounded up to the step; no more than a whole GPU."""
        return min(WHOLE, -(-milli // self.step) * self.step)

    @override
    def room_after(self, size: int, room: int) -> tuple[int, ...]:
        """What is left of the capacity: one room, since it has no places."""
        return (room - size,) if size <= room else ()

    @override
    def idle(self, room: int) -> int:
        """The room itself: both are thousandths of a GPU."""
        return room

    @property
    @override
    def assumption(self) -> str:
        """That a task never takes more than it asked for, but for the step."""
        return f"a task takes what it asks for, in steps of {self.step / WHOLE:g} GPU"


@attrs.frozen(cache_hash=True)
class DevicePlugin(Sharing):
    """Whole GPUs, as the device plugin gives them: a task that asks for a part gets all of it.

    Example:
        >>> DevicePlugin().ask(430) == DevicePlugin().full
        True
    """

    name = "device-plugin"

    @property
    @override
    def full(self) -> int:
        """One: the GPU."""
        return 1

    @override
    def ask(self, milli: int) -> int:
        """A whole GPU, whatever is asked for."""
        return self.full

    @override
    def room_after(self, size: int, room: int) -> tuple[int, ...]:
        """None after one task."""
        return (0,) if room else ()

    @override
    def idle(self, room: int) -> int:
        """All of the GPU or nothing."""
        return room * WHOLE

    @property
    @override
    def assumption(self) -> str:
        """That a part of a GPU costs a whole one."""
        return "a task that asks for a part of a GPU takes a whole one"


@attrs.frozen(cache_hash=True)
class TimeSlicing(Sharing):
    """Time-slicing as the device plugin has it: each GPU is so many replicas, a task takes one of them.

    Replicas bound nothing: a task that asks for 0.9 GPU takes one replica like one that asks for 0.1. What a
    GPU is asked for beyond its whole is counted as overcommitted.

    Attributes:
        replicas: Replicas of each GPU.
    """

    replicas: int = attrs.field(default=4, validator=attrs.validators.in_(range(2, WHOLE + 1)))
    name = "time-slicing"

    @property
    @override
    def parameter(self) -> str:
        """The number of replicas."""
        return str(self.replicas)

    @property
    @override
    def full(self) -> int:
        """Every replica."""
        return self.replicas

    @override
    def ask(self, milli: int) -> int:
        """One replica for a part of a GPU, all of them for a whole one."""
        return 1 if milli < WHOLE else self.replicas

    @override
    def room_after(self, size: int, room: int) -> tuple[int, ...]:
        """The replicas that are left."""
        return (room - size,) if size <= room else ()

    @override
    def idle(self, room: int) -> int:
        """What the free replicas would be, were they equal parts of the GPU."""
        return room * WHOLE // self.replicas

    @property
    @override
    def assumption(self) -> str:
        """That a replica says nothing of how much of the GPU is used."""
        return (
            f"a task takes one of {self.replicas} replicas whatever part it asks for; nothing bounds its use"
        )


class _Slices(Sharing):
    """What both MIG models have in common: sizes are compute slices, parts are rounded up to a profile."""

    board: MigBoard

    @property
    @override
    def parameter(self) -> str:
        """The board's name."""
        return self.board.name

    @cached_property
    def profiles(self) -> dict[int, Profile]:
        """For each number of compute slices the plain profile that has the least memory."""
        found: dict[int, Profile] = {}
        for each in sorted(self.board.profiles, key=lambda one: one.memory_slices):
            if "+" not in each.name:
                found.setdefault(each.compute_slices, each)
        return dict(sorted(found.items()))

    @property
    def slices(self) -> int:
        """The board's compute slices."""
        return max(self.profiles)

    @override
    def ask(self, milli: int) -> int:
        """The fewest compute slices of a profile that give as much; a whole GPU if no profile does."""
        needed = -(-milli * self.slices // WHOLE)
        size = next(slices for slices in self.profiles if slices >= needed)
        return self.full if size == self.slices else size

    def _sizes(self) -> str:
        return ", ".join(f"{size}/{self.slices}" for size in self.profiles if size < self.slices)


def _board(board: MigBoard | str) -> MigBoard:
    return get_board(board) if isinstance(board, str) else board


@attrs.frozen(cache_hash=True)
class MigSlices(_Slices):
    """MIG by numbers alone: compute slices are interchangeable, whatever place they have.

    Attributes:
        board: The board whose profiles are used; as an argument its name will do.

    Example:
        >>> MigSlices().ask(460)
        4
    """

    board: MigBoard = attrs.field(factory=partial(get_board, "A100-40GB"), converter=_board)
    name = "mig-slices"

    @property
    @override
    def full(self) -> int:
        """Every compute slice."""
        return self.slices

    @override
    def room_after(self, size: int, room: int) -> tuple[int, ...]:
        """The compute slices that are left, as many as the task leaves."""
        return (room - size,) if size <= room else ()

    @override
    def idle(self, room: int) -> int:
        """The share of the board's compute slices that are free."""
        return room * WHOLE // self.slices

    @property
    @override
    def assumption(self) -> str:
        """That instances may lie anywhere, which real boards do not allow."""
        return f"a task takes {self._sizes()} or all of a GPU; slices may lie anywhere"


@attrs.frozen(cache_hash=True)
class Mig(_Slices):
    """MIG with its placements: an instance begins only where the board's table allows it, and never moves.

    The room is the set of free memory slices, one bit each. Instances are made when a task comes and
    destroyed when it goes, as NVIDIA's driver does with dynamic MIG (KEP-4815).

    Attributes:
        board: The board whose profiles and placements are used; as an argument its name will do.

    Example:
        >>> mig = Mig()
        >>> [f"{room:08b}" for room in mig.room_after(mig.ask(400), mig.full)]
        ['11110000', '00001111']
    """

    board: MigBoard = attrs.field(factory=partial(get_board, "A100-40GB"), converter=_board)
    name = "mig"

    @property
    @override
    def full(self) -> int:
        """Every memory slice free."""
        return (1 << self.board.memory_slices) - 1

    @cached_property
    def masks(self) -> dict[int, tuple[int, ...]]:
        """The memory slices of each placement of each size, lowest start first."""
        return {
            size: tuple(((1 << profile.memory_slices) - 1) << start for start in profile.starts)
            for size, profile in self.profiles.items()
        }

    @override
    def room_after(self, size: int, room: int) -> tuple[int, ...]:
        """One room for each legal placement of an instance of this size that is free."""
        if size == self.full:
            return (0,) if room == self.full else ()
        return tuple(room - mask for mask in self.masks[size] if room & mask == mask)

    @override
    def idle(self, room: int) -> int:
        """The most compute that instances could still be given here, in thousandths of a GPU."""
        return self.most_slices(room) * WHOLE // self.slices

    def most_slices(self, room: int) -> int:
        """The most compute slices that instances in this room can have together."""
        return self._most[room]

    @cached_property
    def _most(self) -> list[int]:
        most = [0] * (self.full + 1)
        for room in range(1, self.full + 1):
            for size, masks in self.masks.items():
                for mask in masks:
                    if room & mask == mask:
                        most[room] = max(most[room], size + most[room - mask])
        return most

    @property
    @override
    def assumption(self) -> str:
        """That instances lie where NVIDIA allows it, and stay there."""
        return (
            f"every GPU is cut like {self.board.name}; a task takes {self._sizes()} or all of a GPU, "
            "at a legal place, and is never moved"
        )


SHARING: Final[dict[str, Callable[..., Sharing]]] = {
    "device-plugin": DevicePlugin,
    "time-slicing": TimeSlicing,
    "mig-slices": MigSlices,
    "mig": Mig,
    "consumable": Consumable,
}
"""The sharing models by the names that `get_sharing` takes."""


def get_sharing(name: str) -> Sharing:
    """The sharing model of a name.

    Args:
        name: A name in `SHARING`, alone or with its one parameter: `time-slicing=8` (replicas),
            `consumable=50` (step in thousandths), `mig=H100-80GB` (board).

    Raises:
        UnknownNameError: There is no such model, or no such board.
        DraError: The parameter is not one.

    Example:
        >>> get_sharing("time-slicing=8").full
        8
    """
    kind, _, parameter = name.partition("=")
    if kind not in SHARING:
        raise unknown_name("sharing model", kind, SHARING)
    if not parameter:
        return SHARING[kind]()
    if kind in ("mig", "mig-slices"):
        return SHARING[kind](parameter)
    if kind == "device-plugin":
        raise DraError("device-plugin has no parameter", value=name, remedy="write device-plugin alone")
    try:
        return SHARING[kind](int(parameter))
    except ValueError:
        least = 2 if kind == "time-slicing" else 1
        raise DraError(
            f"{parameter[:40]!r} is not a parameter of {kind}",
            value=name,
            remedy=f"a whole number from {least} to {WHOLE} is needed",
        ) from None
