"""Consumable shares: several claims on one GPU, of which the scheduler keeps the accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
from typing_extensions import override

from dra.claims.sharing.nvidia import MPS
from dra.claims.sharing.strategy import Isolation, Sharing
from dra.errors import DriverError
from dra.quantity import Quantity

if TYPE_CHECKING:
    from dra.claims.options import Option

__all__ = ["ConsumableShares"]

_MODES: Final = ("memory", "unlimited")
_SHARED: Final = "device.allowMultipleAllocations"
_MEBIBYTE: Final = Quantity("1Mi")


def _memory(value: Quantity | str | int | None) -> Quantity | None:
    return value if value is None or isinstance(value, Quantity) else Quantity(value)


@attrs.frozen(kw_only=True, repr=False)
class ConsumableShares(Sharing):
    """A part of a GPU's memory, or one of its shares, beside other claims of any namespace.

    The scheduler sees to it that the parts add up; nothing on the GPU keeps anybody to its part. Only devices
    that the driver shares (its setting `consumableShares`) are taken: of others the claim would get all.

    Args:
        memory: How much memory to take, in whole MiB (rounded up).
        shares: How many of a device's shares to take, where it is published with a number of them.
        mode: How the driver is set up, if it is known: `memory`, `unlimited`, or the number of shares. It
            only serves to find mistakes.

    Raises:
        DriverError: The driver would refuse it, or the claim would get all of the GPU.

    Example:
        >>> ConsumableShares(mode="memory")
        Traceback (most recent call last):
        dra.errors.DriverError: in mode memory a claim that names none takes all of the GPU's memory
          name how much, such as memory="10Gi"
    """

    memory: Quantity | None = attrs.field(default=None, converter=_memory)
    shares: int | None = None
    mode: str | int = ""

    def __attrs_post_init__(self) -> None:
        mode, shares = self.mode, self.shares
        if isinstance(mode, bool) or (isinstance(mode, int) and mode < 1) or not isinstance(mode, (str, int)):
            raise DriverError("the number of shares must be a whole number greater than zero", value=mode)
        if isinstance(mode, str) and mode and mode not in _MODES:
            raise DriverError(
                f"unknown mode {mode!r} of consumable shares",
                value=mode,
                remedy=f"known: {', '.join(_MODES)}, or a number of shares",
            )
        if shares is not None and (type(shares) is not int or shares < 1):
            raise DriverError("shares must be a whole number greater than zero", value=shares)
        if self.memory is not None and self.memory < _MEBIBYTE:
            raise DriverError("takes at least 1Mi of memory", value=self.memory)
        if isinstance(mode, int) and shares is not None and shares > mode:
            raise DriverError(f"a GPU has {mode} shares, not {shares}", value=shares)
        if isinstance(mode, str) and mode and shares is not None:
            raise DriverError(f"in mode {mode} a GPU has no shares to take", value=shares)
        if mode == "memory" and self.memory is None:
            raise DriverError(
                "in mode memory a claim that names none takes all of the GPU's memory",
                value=self,
                remedy='name how much, such as memory="10Gi"',
            )
        if mode == "" and self.memory is None and shares is None:
            raise DriverError(
                "how much? In mode memory a claim that does not say takes all of the GPU",
                value=self,
                remedy='name memory or shares, or the driver\'s mode, such as mode="unlimited"',
            )

    @property
    @override
    def gates(self) -> frozenset[str]:
        """`ConsumableShares`."""
        return frozenset({"ConsumableShares"})

    @property
    @override
    def features(self) -> frozenset[str]:
        """Consumable capacity: on by default from Kubernetes 1.36 on."""
        return frozenset({"consumable_capacity"})

    @property
    @override
    def isolation(self) -> Isolation:
        """None: accounts are kept, not limits."""
        return Isolation.NONE

    @property
    @override
    def between_claims(self) -> bool:
        """Yes: that is what it is for."""
        return True

    @override
    def refusal(self, other: Sharing) -> str:
        """See `Sharing`."""
        return "ConsumableShares and MPS exclude each other in the driver" if isinstance(other, MPS) else ""

    @override
    def _contribute(self, option: Option) -> Option:
        taken = dict(option.capacity)
        if self.memory is not None:
            taken["memory"] = self.memory
        if self.shares is not None:
            taken["shares"] = Quantity(self.shares)
        return attrs.evolve(option, selectors=(*option.selectors, _SHARED), capacity=tuple(taken.items()))
