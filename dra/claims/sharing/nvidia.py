"""Whole GPUs: alone, in turns (time-slicing), or at the same time (MPS)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

import attrs
from typing_extensions import override

from dra.claims.sharing.strategy import Isolation, Sharing
from dra.claims.wants import required
from dra.drivers.configs import TypedConfig
from dra.drivers.nvidia.configs import (
    INTERVALS,
    MPS as MPS_STRATEGY,
    STRATEGY_GATES,
    TIME_SLICING,
    GpuConfig,
    GpuSharing,
    MigDeviceConfig,
    MigDeviceSharing,
    MpsConfig,
    TimeSlicingConfig,
)
from dra.errors import DriverError
from dra.quantity import Quantity
from dra.suggestions import unknown_name

if TYPE_CHECKING:
    from dra.claims.options import Option

__all__ = ["MPS", "Exclusive", "TimeSlicing"]

_UUID: Final = re.compile(r"(GPU|MIG)-[0-9a-fA-F-]{36}")


def _configured(option: Option, config: TypedConfig) -> Option:
    return attrs.evolve(option, configs=(*option.configs, config.opaque()))


@attrs.frozen(repr=False)
class Exclusive(Sharing):
    """Nobody else has the device: what a request gets when nothing is said, said.

    Example:
        >>> Exclusive().isolation.describe()
        'memory, fault, scheduling'
    """

    @property
    @override
    def isolation(self) -> Isolation:
        """Everything."""
        return Isolation.ALL

    @property
    @override
    def between_claims(self) -> bool:
        """Yes: each claim has devices of its own."""
        return True

    @override
    def refusal(self, other: Sharing) -> str:
        """See `Sharing`."""
        return f"Exclusive and {type(other).__name__} contradict each other"

    @override
    def _contribute(self, option: Option) -> Option:
        return option


@attrs.frozen(repr=False)
class TimeSlicing(Sharing):
    """Those who use one claim take turns on its GPU, each with all of it while its turn lasts.

    Nothing limits how many there are or how much memory each takes. Without an interval this is what the
    hardware does anyway, and needs no feature gate.

    Args:
        interval: Length of a turn: `Short`, `Medium`, `Long`, or `Default` to set it back. It cannot be set
            for MIG devices.

    Raises:
        UnknownNameError: There is no such interval.

    Example:
        >>> sorted(TimeSlicing(interval="Long").gates), sorted(TimeSlicing().gates)
        (['TimeSlicingSettings'], [])
    """

    interval: Literal["", "Default", "Short", "Medium", "Long"] = ""

    def __attrs_post_init__(self) -> None:
        if required(self.interval, str, "interval") and self.interval not in INTERVALS:
            raise unknown_name("interval of time-slicing", self.interval, INTERVALS)

    @property
    @override
    def gates(self) -> frozenset[str]:
        """`TimeSlicingSettings`, to set an interval."""
        return frozenset({STRATEGY_GATES[TIME_SLICING]} if self.interval else ())

    @property
    @override
    def isolation(self) -> Isolation:
        """None: memory runs out for all, and one that runs long delays the others."""
        return Isolation.NONE

    @override
    def _contribute(self, option: Option) -> Option:
        if not self.interval:
            return option
        if option.device_type == "mig":
            raise DriverError(
                "the interval of time-slicing cannot be set for MIG devices: the driver refuses the claim",
                path="share",
                value=self,
                remedy="TimeSlicing() without an interval works on them",
            )
        sharing = GpuSharing(
            strategy=TIME_SLICING, time_slicing_config=TimeSlicingConfig(interval=self.interval)
        )
        return _configured(option, GpuConfig(sharing=sharing))


def _limit(value: Quantity | str | int | None) -> Quantity | None:
    return value if value is None or isinstance(value, Quantity) else Quantity(value)


def _limits(
    values: Mapping[str, Quantity | str | int] | tuple[tuple[str, Quantity | str | int], ...],
) -> tuple[tuple[str, Quantity], ...]:
    items = (
        values.items() if isinstance(values, Mapping) else dict(required(values, tuple, "per_device")).items()
    )
    return tuple(
        (str(key), amount if isinstance(amount, Quantity) else Quantity(amount)) for key, amount in items
    )


@attrs.frozen(repr=False)
class MPS(Sharing):
    """Those who use one claim run on its GPU at the same time, through NVIDIA's Multi-Process Service.

    A daemon runs for the claim. It keeps each user to its part of multiprocessors and memory, but a user that
    faults can take the others with it.

    Args:
        active_thread_percentage: Part of the multiprocessors that each user may have, 0 to 100.
        pinned_memory_limit: Memory that each user may have on each device, in whole MiB.
        per_device: The same for single devices, by UUID or by index in the request.
        multi_user: Serve users of several operating system users; needs compute capability 7.0.

    Raises:
        DriverError: The driver would refuse a limit.

    Example:
        >>> MPS(active_thread_percentage=120)
        Traceback (most recent call last):
        dra.errors.DriverError: active thread percentage must not be greater than 100
    """

    active_thread_percentage: int | None = None
    pinned_memory_limit: Quantity | None = attrs.field(default=None, converter=_limit)
    per_device: tuple[tuple[str, Quantity], ...] = attrs.field(default=(), converter=_limits)
    multi_user: bool | None = None

    def __attrs_post_init__(self) -> None:
        percentage = self.active_thread_percentage
        if percentage is not None and type(percentage) is not int:
            raise DriverError("active thread percentage must be a whole number", value=percentage)
        config = self._config()
        for problem in (*config.admission_problems(), *config.prepare_problems(())):
            raise DriverError(problem, value=self, remedy=_MPS_REMEDY if "too low" in problem else "")
        for key, _ in self.per_device:
            if not key.isdecimal() and not _UUID.fullmatch(key):
                raise DriverError(
                    f"invalid device: {key}", value=key, remedy='name it by UUID, or by index such as "0"'
                )

    def _config(self) -> MpsConfig:
        return MpsConfig(
            default_active_thread_percentage=self.active_thread_percentage,
            default_pinned_device_memory_limit=self.pinned_memory_limit,
            default_per_device_pinned_memory_limit=dict(self.per_device) or None,
            multi_user=self.multi_user,
        )

    @property
    @override
    def gates(self) -> frozenset[str]:
        """`MPSSupport`."""
        return frozenset({STRATEGY_GATES[MPS_STRATEGY]})

    @property
    @override
    def isolation(self) -> Isolation:
        """Memory and scheduling as far as they are limited; never faults."""
        memory = Isolation.MEMORY if self.pinned_memory_limit is not None else Isolation.NONE
        limited = self.active_thread_percentage is not None
        return memory | (Isolation.SCHEDULING if limited else Isolation.NONE)

    @override
    def refusal(self, other: Sharing) -> str:
        """See `Sharing`."""
        if isinstance(other, TimeSlicing):
            return "MPS and TimeSlicing cannot share a GPU: they need different compute modes"
        return ""

    @override
    def _contribute(self, option: Option) -> Option:
        count = option.count or 1
        for key, _ in self.per_device:
            if key.isdecimal() and int(key) >= count and option.allocation_mode != "All":
                raise DriverError(
                    f"invalid device: {key}: the request has {count}, counted from 0", path="share", value=key
                )
        # An empty configuration is the driver's own default for no limits.
        limits = self._config()
        mps_config = limits if limits.to_dict() else None
        if option.device_type == "mig":
            mig = MigDeviceSharing(strategy=MPS_STRATEGY, mps_config=mps_config)
            return _configured(option, MigDeviceConfig(sharing=mig))
        return _configured(
            option, GpuConfig(sharing=GpuSharing(strategy=MPS_STRATEGY, mps_config=mps_config))
        )


_MPS_REMEDY: Final = "limits are whole MiB: name at least 1Mi"
