"""MIG: how a GPU can be cut, what a partly used one can still host, and which cut serves a need.

A GPU instance takes amounts (memory, multiprocessors, engines) and a row of memory slices that begins at one
of its profile's legal starts. NVIDIA's driver publishes both as counters, and a set of instances is possible
exactly if the counters allow it. The table of boards is data: `mig_boards.json`, with the source of each row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from importlib import resources
from typing import Any, Final

import attrs

from dra.errors import DriverError
from dra.quantity import Quantity
from dra.suggestions import unknown_name

__all__ = [
    "AMOUNTS",
    "Instance",
    "MigBoard",
    "Profile",
    "boards",
    "get_board",
]

# What an instance has amounts of, as the driver names the capacities.
AMOUNTS: Final = (
    "memory",
    "multiprocessors",
    "copyEngines",
    "decoders",
    "encoders",
    "jpegEngines",
    "ofaEngines",
)
_MIB: Final = 1 << 20


@attrs.frozen(cache_hash=True)
class Profile:
    """A size that GPU instances of a board can have.

    Attributes:
        name: As nvidia-smi has it, such as `1g.5gb+me`.
        gi_profile_id: NVML's number of it.
        compute_slices: Its sevenths (or quarters) of the GPU's compute.
        memory_slices: How many memory slices it takes.
        starts: The memory slices where it may begin.
        max_instances: How many of it fit on an empty GPU.
        memory_mib: Its memory in MiB, always a little less than the name says.
        engines: Multiprocessors and engines, in the order of `AMOUNTS` after memory.
        source: Where the figures were read.
        synthetic: The amounts that were not read anywhere, but scaled from neighbouring profiles.
    """

    name: str
    gi_profile_id: int
    compute_slices: int
    memory_slices: int
    starts: tuple[int, ...]
    max_instances: int
    memory_mib: int
    engines: tuple[int, ...]
    source: str
    synthetic: frozenset[str] = frozenset()

    @property
    def memory(self) -> Quantity:
        """Its memory, as the driver publishes it."""
        return Quantity(f"{self.memory_mib}Mi")

    @property
    def multiprocessors(self) -> int:
        """Its streaming multiprocessors."""
        return self.engines[0]

    @property
    def media_extensions(self) -> bool:
        """Whether it has the media engines that only one instance of a GPU can have (`+me`)."""
        return self.name.endswith("+me")

    @cached_property
    def amounts(self) -> dict[str, int]:
        """Its amounts by capacity name, memory in bytes."""
        return dict(zip(AMOUNTS, (self.memory_mib * _MIB, *self.engines), strict=True))

    @property
    def placements(self) -> tuple[Instance, ...]:
        """The instances of it that an empty GPU allows."""
        return tuple(Instance(self, start) for start in self.starts)


@attrs.frozen(cache_hash=True)
class Instance:
    """A GPU instance: a profile and the memory slice where it begins.

    Example:
        >>> print(get_board("A100-40GB").instance("3g.20gb", 4))
        3g.20gb@4
    """

    profile: Profile
    start: int

    @property
    def slices(self) -> range:
        """The memory slices that it takes."""
        return range(self.start, self.start + self.profile.memory_slices)

    def __str__(self) -> str:
        return f"{self.profile.name}@{self.start}"


@attrs.frozen(cache_hash=True)
class MigBoard:
    """A board that supports MIG, and all ways to cut it.

    Attributes:
        name: Our name of it, such as `A100-40GB`.
        product_name: As NVML has it.
        memory_mib: Total memory in MiB as NVML reports it; None where it was not captured.
        pci_device_id: Such as `0x20b0`.
        memory_slices: How many memory slices it has: 8, or 4.
        profiles: Its profiles, smallest first.
        note: What to know about the figures.

    Example:
        >>> a100 = get_board("A100-40GB")
        >>> [profile.name for profile in a100.profiles_with(memory="10Gi")]
        ['3g.20gb', '4g.20gb', '7g.40gb']
        >>> used = [a100.instance("3g.20gb", 4)]
        >>> [str(each) for each in a100.room(used) if each.profile.name == "2g.10gb"]
        ['2g.10gb@0', '2g.10gb@2']
    """

    name: str
    product_name: str
    memory_mib: int | None
    pci_device_id: str
    memory_slices: int
    profiles: tuple[Profile, ...]
    note: str = ""

    def profile(self, name: str) -> Profile:
        """The profile of a name such as `3g.40gb`; mig-parted's `1g.5gb.me` is understood too.

        Raises:
            UnknownNameError: The board has none.
        """
        by_name = {each.name: each for each in self.profiles}
        wanted = f"{name.removesuffix('.me')}+me" if name.endswith(".me") else name
        if wanted not in by_name:
            raise unknown_name(f"MIG profile of {self.name}", name, by_name)
        return by_name[wanted]

    def instance(self, profile: str, start: int) -> Instance:
        """An instance at a given place.

        Raises:
            DriverError: The profile may not begin there.
        """
        found = self.profile(profile)
        if start not in found.starts:
            legal = ", ".join(map(str, found.starts))
            raise DriverError(
                f"{profile} cannot begin at memory slice {start}", value=start, remedy=f"it may at {legal}"
            )
        return Instance(found, start)

    @cached_property
    def maxima(self) -> dict[str, int]:
        """The counter set's amounts: for each, the most that any profile has (not NVML's totals)."""
        return {name: max(each.amounts[name] for each in self.profiles) for name in AMOUNTS}

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """Every profile at every legal start: what the driver publishes per GPU as MIG devices."""
        return tuple(each for profile in self.profiles for each in profile.placements)

    def profiles_with(
        self,
        *,
        memory: str | int | Quantity = 0,
        compute_slices: int = 0,
        multiprocessors: int = 0,
        media_extensions: bool | None = None,
    ) -> tuple[Profile, ...]:
        """The profiles that give at least so much, smallest first.

        Args:
            memory: Least memory, such as `20Gi` (or bytes). A "20gb" profile has less than that.
            compute_slices: Least number of compute slices.
            multiprocessors: Least number of streaming multiprocessors.
            media_extensions: Only profiles with (or without) them; None for either.
        """
        least = Quantity(memory)
        return tuple(
            each
            for each in self.profiles
            if each.memory >= least
            and each.compute_slices >= compute_slices
            and each.multiprocessors >= multiprocessors
            and media_extensions in (None, each.media_extensions)
        )

    def conflict(self, instances: Iterable[Instance]) -> str:
        """Why these instances cannot exist together on one GPU; empty if they can."""
        taken: dict[int, Instance] = {}
        left = dict(self.maxima)
        for instance in instances:
            for memory_slice in instance.slices:
                if memory_slice in taken:
                    return f"{instance} and {taken[memory_slice]} both need memory slice {memory_slice}"
                taken[memory_slice] = instance
            for name, needed in instance.profile.amounts.items():
                left[name] -= needed
                if left[name] < 0:
                    return f"not enough {name} for {instance}"
        return ""

    def fits(self, instances: Iterable[Instance]) -> bool:
        """Whether these instances can exist together on one GPU."""
        return not self.conflict(instances)

    def room(self, used: Sequence[Instance] = ()) -> tuple[Instance, ...]:
        """What a GPU with these instances can still host, one more at a time.

        Raises:
            DriverError: The instances do not go together to begin with.
        """
        if problem := self.conflict(used):
            raise DriverError(problem, value=", ".join(map(str, used)))
        return tuple(each for each in self.instances if self.fits((*used, each)))

    def place(self, profiles: Iterable[str], used: Sequence[Instance] = ()) -> tuple[Instance, ...] | None:
        """Places for all of these profiles at once, beside what is used; None if there are none.

        Larger profiles are placed first, each as low as possible, so the answer is always the same.
        """
        wanted = sorted(map(self.profile, profiles), key=lambda each: (-each.memory_slices, each.name))
        placed = next(self._placements(wanted, tuple(used)), None)
        return None if placed is None else tuple(sorted(placed, key=lambda each: each.start))

    def _placements(
        self, wanted: Sequence[Profile], used: tuple[Instance, ...], below: Instance | None = None
    ) -> Iterator[tuple[Instance, ...]]:
        """Ways to place what is wanted; of equal profiles, each comes after the one `below` it."""
        if not wanted:
            yield ()
            return
        for instance in wanted[0].placements:
            if below is not None and below.profile is instance.profile and instance.start <= below.start:
                continue
            if self.fits((*used, instance)):
                for rest in self._placements(wanted[1:], (*used, instance), instance):
                    yield (instance, *rest)

    def layout(self, text: str) -> tuple[Instance, ...]:
        """The instances that a text stands for: one of mig-parted's names, or profiles with commas between.

        Raises:
            DriverError: The profiles do not fit together.
            UnknownNameError: There is no such configuration or profile.

        Example:
            >>> [str(each) for each in get_board("A100-40GB").layout("3g.20gb, 2g.10gb")]
            ['3g.20gb@0', '2g.10gb@4']
        """
        if text.startswith("all-"):
            return self.named_layout(text)
        placed = self.place([each.strip() for each in text.split(",")])
        if placed is None:
            raise DriverError(f"{text} does not fit on {self.name}", value=text)
        return placed

    def named_layout(self, name: str) -> tuple[Instance, ...]:
        """The instances of one of mig-parted's named configurations.

        Args:
            name: `all-disabled`, `all-enabled`, `all-balanced`, or `all-` and a profile (`all-1g.5gb`,
                `all-1g.5gb.me`), which is as many of it as fit.

        Raises:
            UnknownNameError: There is no such configuration for this board.
        """
        if name in ("all-disabled", "all-enabled"):
            return ()
        if name == "all-balanced":
            profiles = self._balanced()
        elif name.replace("+", ".") in self.layout_names:
            profile = self.profile(name.removeprefix("all-"))
            profiles = [profile.name] * profile.max_instances
        else:
            raise unknown_name("mig-parted configuration", name, self.layout_names)
        placed = self.place(profiles)
        if placed is None:  # pragma: no cover - the table of boards is checked by the tests
            raise DriverError(f"{name} does not fit on {self.name}", value=name)
        return placed

    @property
    def layout_names(self) -> tuple[str, ...]:
        """The names of mig-parted's configurations for this board."""
        of_profiles = (f"all-{each.name.replace('+', '.')}" for each in self.profiles)
        return ("all-disabled", "all-enabled", *of_profiles, "all-balanced")

    def _balanced(self) -> list[str]:
        """2x 1g, 1x 2g and, where there are seven compute slices, 1x 3g; each without doubled memory."""
        plain = {each.compute_slices: each.name for each in reversed(self.profiles) if "+" not in each.name}
        return [plain[1], plain[1], plain[2]] + ([plain[3]] if 3 in plain else [])


@cache
def boards() -> dict[str, MigBoard]:
    """All boards that the table knows, by name.

    Example:
        >>> sorted(boards())[:3]
        ['A100-40GB', 'A100-80GB', 'A30-24GB']
    """
    table = json.loads(
        resources.files("dra.drivers.nvidia").joinpath("mig_boards.json").read_text(encoding="utf-8")
    )
    return {
        name: _read_board(name, data, table["geometries"][data["geometry"]])
        for name, data in table["boards"].items()
    }


def get_board(name: str) -> MigBoard:
    """The board of a name such as `H100-80GB`, or of a product name that only one board has.

    Raises:
        UnknownNameError: There is none, or several have this product name.
    """
    known = boards()
    if name in known:
        return known[name]
    of_product = [each for each in known.values() if each.product_name == name]
    if len(of_product) == 1:
        return of_product[0]
    raise unknown_name("board with MIG", name, known)


def _read_board(name: str, data: dict[str, Any], geometry: dict[str, Any]) -> MigBoard:
    return MigBoard(
        name=name,
        product_name=data["productName"],
        memory_mib=data["memoryMiB"],
        pci_device_id=data["pciDeviceId"],
        memory_slices=geometry["memorySlices"],
        profiles=tuple(_read_profile(row, geometry["profiles"][row[1]]) for row in data["profiles"]),
        note=data["note"],
    )


def _read_profile(row: list[Any], geometry: dict[str, Any]) -> Profile:
    name, shape, memory, *engines = row[:9]
    compute, _, slices = shape.removesuffix("+me").partition("g/")
    return Profile(
        name=name,
        gi_profile_id=geometry["giProfileId"],
        compute_slices=int(compute),
        memory_slices=int(slices),
        starts=tuple(geometry["starts"]),
        max_instances=geometry["maxInstances"],
        memory_mib=memory,
        engines=tuple(engines),
        source=row[9],
        synthetic=frozenset(row[10] if len(row) > 10 else ()),
    )
