"""MIG: a part of a GPU in hardware, chosen by profile or by what it must have at least."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final

import attrs
from typing_extensions import override

from dra.claims.declared import memory_amount
from dra.claims.select import Expression, device
from dra.claims.sharing.strategy import Isolation, Sharing
from dra.claims.wants import required
from dra.drivers.nvidia import GPU_MODELS, MigBoard, Profile, get_board
from dra.errors import DriverError, UnknownNameError
from dra.quantity import Quantity

if TYPE_CHECKING:
    from dra.claims.options import Option

__all__ = ["MIG"]

_PROFILE: Final = re.compile(r"[1-9]g\.[1-9][0-9]{0,3}gb([+-][a-z.]+)?")
_MOST_COMPUTE_SLICES: Final = 7
# Every MIG device has what is asked here, so no selector needs a guard.
_DEVICE: Final = device.of("gpu.nvidia.com")


def _quantity(value: Quantity | str | int | None) -> Quantity | None:
    return None if value is None else memory_amount(value, "min_memory")


@attrs.frozen(kw_only=True, repr=False)
class MIG(Sharing):
    """A MIG device: part of a GPU with memory, multiprocessors and engines that nobody else can touch.

    With a board, `min_memory` and `min_compute` choose its smallest profile that has as much, and only such
    boards are taken. Without one, they are conditions on any MIG device.

    Args:
        profile: Such as `3g.40gb`; mig-parted's `1g.5gb.me` is understood, too.
        min_memory: Least memory, such as `20Gi`. A "20gb" profile has a little less than that.
        min_compute: Least number of compute slices: the number before the `g`.
        board: The board it must be cut from, such as `H100-80GB`: `dra.drivers.nvidia.boards()`.
        dynamic: The devices are made on demand (DynamicMIG), so the driver's gate must be on.

    Raises:
        UnknownNameError: There is no such board, or it has no such profile.
        DriverError: No profile of the board has so much, or nothing is said at all.
        BuildError: The memory is a number of bytes.

    Example:
        >>> MIG(min_memory="10Gi", board="A100-40GB").chosen.name
        '3g.20gb'
        >>> MIG(min_memory="100Gi", board="A100-40GB")
        Traceback (most recent call last):
        dra.errors.DriverError: no MIG profile of A100-40GB has 100Gi of memory
          the largest, 7g.40gb, has 40192Mi and 7 compute slices
    """

    device_types: ClassVar[tuple[str, ...]] = ("mig",)

    profile: str = ""
    min_memory: Quantity | None = attrs.field(default=None, converter=_quantity)
    min_compute: int = 0
    board: str = ""
    dynamic: bool = False

    def __attrs_post_init__(self) -> None:
        required(self.profile, str, "profile")
        required(self.board, str, "board")
        required(self.dynamic, bool, "dynamic")
        if self.min_memory is not None and self.min_memory < Quantity(0):
            raise DriverError("there is no negative memory", value=self.min_memory)
        if self.profile and (self.min_memory is not None or self.min_compute):
            raise DriverError(
                "a profile says how much memory and compute it has",
                value=self.profile,
                remedy="name a profile, or how much is wanted of a board",
            )
        if not (self.profile or self.min_memory is not None or self.min_compute or self.board):
            raise DriverError("MIG needs a profile, min_memory, min_compute or a board")
        if type(self.min_compute) is not int or not 0 <= self.min_compute <= _MOST_COMPUTE_SLICES:
            raise DriverError(
                f"min_compute is a number of compute slices, 0 to {_MOST_COMPUTE_SLICES}",
                value=self.min_compute,
            )
        if self.profile and not self.board and not _PROFILE.fullmatch(self._profile_name):
            raise UnknownNameError(
                f"{self.profile!r} is no MIG profile",
                value=self.profile,
                remedy="one is named like '3g.40gb'",
            )
        if self.board:
            _ = self.chosen

    @property
    def _profile_name(self) -> str:
        """The profile's name as the driver publishes it."""
        return f"{self.profile.removesuffix('.me')}+me" if self.profile.endswith(".me") else self.profile

    @property
    def chosen(self) -> Profile | None:
        """The profile of the board that is taken; None if no board is named, or any of its profiles does."""
        if not self.board:
            return None
        board = get_board(self.board)
        if self.profile:
            return board.profile(self.profile)
        if self.min_memory is None and not self.min_compute:
            return None
        fitting = board.profiles_with(memory=self.min_memory or 0, compute_slices=self.min_compute)
        if not fitting:
            raise DriverError(
                f"no MIG profile of {self.board} has {self._needs()}", value=self, remedy=_largest(board)
            )
        return fitting[0]

    def _needs(self) -> str:
        memory = f"{self.min_memory} of memory" if self.min_memory is not None else ""
        compute = f"{self.min_compute} compute slices" if self.min_compute else ""
        return " and ".join(each for each in (memory, compute) if each)

    @property
    @override
    def gates(self) -> frozenset[str]:
        """`DynamicMIG` if devices are made on demand; devices that an administrator made need none."""
        return frozenset({"DynamicMIG"} if self.dynamic else ())

    @property
    @override
    def features(self) -> frozenset[str]:
        """Partitionable devices, if they are made on demand."""
        return frozenset({"partitionable_devices"} if self.dynamic else ())

    @property
    @override
    def isolation(self) -> Isolation:
        """Everything: the hardware keeps parts apart."""
        return Isolation.ALL

    @property
    @override
    def between_claims(self) -> bool:
        """Yes: each claim has a part of its own."""
        return True

    @property
    def selectors(self) -> tuple[str, ...]:
        """The conditions, as CEL."""
        return tuple(str(each.or_error()) for each in self._conditions())

    def _conditions(self) -> Iterator[Expression]:
        profile, memory = _DEVICE.attr("profile"), _DEVICE.capacity("memory")
        chosen = self.chosen
        name = chosen.name if chosen else self._profile_name
        if name:
            yield profile == name
        if self.board:
            products = _products(get_board(self.board))
            product = _DEVICE.attr("productName")
            yield product == products[0] if len(products) == 1 else product.in_(products)
        if not chosen and self.min_memory is not None:
            yield memory >= self.min_memory
        if not chosen and self.min_compute:
            yield profile.matches(f"^[{self.min_compute}-9]g[.]")

    @override
    def _contribute(self, option: Option) -> Option:
        return attrs.evolve(option, selectors=(*self.selectors, *option.selectors))

    @override
    def _remedy(self) -> str:
        return "leave the class out, or name mig.nvidia.com or a class of your own"


def _products(board: MigBoard) -> list[str]:
    """NVML's names of the GPUs that have this board."""
    models = [each.product_name for each in GPU_MODELS.values() if each.mig == board.name]
    return sorted({board.product_name, *models})


def _largest(board: MigBoard) -> str:
    largest = board.profiles[-1]
    return f"the largest, {largest.name}, has {largest.memory} and {largest.compute_slices} compute slices"
