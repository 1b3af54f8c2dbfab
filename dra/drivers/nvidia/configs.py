"""`resource.nvidia.com/v1beta1`: how claims configure NVIDIA devices, and what the driver refuses.

The driver's webhook and the driver itself run the same validation (`admission_problems`); some mistakes only
show on the node, while the claim is prepared (`prepare_problems`). Texts are the driver's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import ClassVar, Final, Generic, TypeVar

import semver
from typing_extensions import override

from dra.drivers.configs import TypedConfig
from dra.models.base import Model
from dra.models.resource import Device
from dra.models.scalars import Bool, Int64, Str
from dra.quantity import Quantity

__all__ = [
    "API_VERSION",
    "INTERVALS",
    "MPS",
    "STRATEGY_GATES",
    "TIME_SLICING",
    "ComputeDomainChannelConfig",
    "ComputeDomainDaemonConfig",
    "GpuConfig",
    "GpuSharing",
    "IommuConfig",
    "MigDeviceConfig",
    "MigDeviceSharing",
    "MpsConfig",
    "TimeSlicingConfig",
    "VfioDeviceConfig",
    "mps_limit",
]

API_VERSION: Final = "resource.nvidia.com/v1beta1"
TIME_SLICING: Final = "TimeSlicing"
MPS: Final = "MPS"
# The time slice as NVML's compute policy has it.
INTERVALS: Final = {"Default": 0, "Short": 1, "Medium": 2, "Long": 3}
BACKEND_POLICIES: Final = ("LegacyOnly", "PreferIommuFD")
# The driver's gate of each sharing strategy.
STRATEGY_GATES: Final = {TIME_SLICING: "TimeSlicingSettings", MPS: "MPSSupport"}


def mps_limit(limit: Quantity) -> str:
    """A memory limit as the driver hands it to the MPS daemon: whole MiB, called M; empty if none is left.

    Example:
        >>> mps_limit(Quantity("2Gi")), mps_limit(Quantity("1G")), mps_limit(Quantity("1M"))
        ('2048M', '953M', '')
    """
    mebibytes = limit.value >> 20
    return f"{mebibytes}M" if mebibytes > 0 else ""


class TimeSlicingConfig(Model):
    """Length of the time slices: `Default`, `Short`, `Medium` or `Long`."""

    interval: Str | None = None


class MpsConfig(Model):
    """Limits that every client of the MPS daemon has.

    Attributes:
        default_active_thread_percentage: Part of the multiprocessors a client may use, 0 to 100.
        default_pinned_device_memory_limit: Memory a client may use on each device.
        default_per_device_pinned_memory_limit: The same per device, by UUID or index.
        multi_user: Serve clients of several users; needs compute capability 7.0.
    """

    default_active_thread_percentage: Int64 | None = None
    default_pinned_device_memory_limit: Quantity | None = None
    default_per_device_pinned_memory_limit: dict[Str, Quantity] | None = None
    multi_user: Bool | None = None

    def admission_problems(self) -> Iterator[str]:
        """What the driver's validation says."""
        percentage = self.default_active_thread_percentage
        if percentage is not None and percentage < 0:
            yield "active thread percentage must not be negative"
        if percentage is not None and percentage > 100:
            yield "active thread percentage must not be greater than 100"

    def prepare_problems(self, devices: Sequence[Device]) -> Iterator[str]:
        """What shows on the node only."""
        limits = self.default_per_device_pinned_memory_limit or {}
        if self.default_pinned_device_memory_limit is not None:
            limits = {"": self.default_pinned_device_memory_limit} | limits
        for key, limit in limits.items():
            if not mps_limit(limit):
                which = f"{key}: " if key else "default "
                yield f"invalid limit: {which}value set too low: {limit}"
        if not devices:
            return
        uuids = [_text(each, "uuid") for each in devices]
        for key in self.default_per_device_pinned_memory_limit or {}:
            if key not in uuids and key not in map(str, range(len(uuids))):
                yield f"invalid device: {key}"
        if self.multi_user:
            for each in devices:
                capability = _text(each, "cudaComputeCapability", "version")
                if semver.Version.is_valid(capability) and semver.Version.parse(capability).major < 7:
                    yield f"multi-user MPS needs compute capability 7.0, {each.name} has {capability}"


def _text(device: Device, attribute: str, member: str = "string") -> str:
    value = (device.attributes or {}).get(attribute)
    return (getattr(value, member, None) or "") if value is not None else ""


class _Sharing(Model):
    """How the containers and pods that use one claim share its devices."""

    strategy: Str = ""
    mps_config: MpsConfig | None = None

    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """What the driver's validation says."""
        if self.strategy not in STRATEGY_GATES:
            yield (
                f"unknown GPU sharing strategy: {self.strategy}, "
                f"supported GPU sharing strategies: {TIME_SLICING}, {MPS}"
            )
            return
        gate = STRATEGY_GATES[self.strategy]
        if gate not in gates:
            yield (
                f'"{self.strategy}" is selected as the GPU sharing strategy, '
                f'but the "{gate}" feature gate is not enabled'
            )
            return
        yield from self._strategy_problems()

    def _strategy_problems(self) -> Iterator[str]:
        if self.strategy == MPS and self.mps_config is not None:
            yield from self.mps_config.admission_problems()

    def prepare_problems(self, devices: Sequence[Device]) -> Iterator[str]:
        """What shows on the node only."""
        if self.strategy == TIME_SLICING and self.mps_config is not None:
            yield "cannot use MpsConfig with the 'TimeSlicing' strategy"
        elif self.mps_config is not None:
            yield from self.mps_config.prepare_problems(devices)


class MigDeviceSharing(_Sharing):
    """Sharing of MIG devices: time-slicing has nothing to set."""


class GpuSharing(_Sharing):
    """Sharing of whole GPUs."""

    time_slicing_config: TimeSlicingConfig | None = None

    def _strategy_problems(self) -> Iterator[str]:
        yield from super()._strategy_problems()
        if self.strategy != TIME_SLICING or self.time_slicing_config is None:
            return
        interval = self.time_slicing_config.interval
        if interval is None:
            yield "timeSlicingConfig without an interval makes the driver crash: name one, or leave both out"
        elif interval not in INTERVALS:
            yield (
                f"unknown time-slice interval: {interval}, "
                f"supported time-slice intervals: {', '.join(INTERVALS)}"
            )

    def prepare_problems(self, devices: Sequence[Device]) -> Iterator[str]:
        """What shows on the node only."""
        if self.strategy == MPS and self.time_slicing_config is not None:
            yield "cannot use TimeSlicingConfig with the 'MPS' strategy"
        yield from super().prepare_problems(devices)


_HowShared = TypeVar("_HowShared", bound=_Sharing)


class _SharedConfig(TypedConfig, Generic[_HowShared]):
    """A configuration that says how a device is shared."""

    sharing: _HowShared | None = None

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if self.sharing is not None:
            yield from self.sharing.admission_problems(gates)

    @override
    def prepare_problems(self, devices: Sequence[Device]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if self.sharing is not None:
            yield from self.sharing.prepare_problems(devices)


class GpuConfig(_SharedConfig[GpuSharing]):
    """Configuration of whole GPUs; without `sharing` every container has them as they are.

    Example:
        >>> config = GpuConfig(sharing=GpuSharing(strategy="TimeSlicing"))
        >>> list(config.admission_problems(gates={"TimeSlicingSettings"}))
        []
        >>> any("feature gate is not enabled" in each for each in config.admission_problems(gates=()))
        True
    """

    driver: ClassVar[str] = "gpu.nvidia.com"
    device_types: ClassVar[frozenset[str]] = frozenset({"gpu"})

    api_version: Str = API_VERSION
    kind: Str = "GpuConfig"


class MigDeviceConfig(_SharedConfig[MigDeviceSharing]):
    """Configuration of MIG devices. A `timeSlicingConfig` is an unknown field here, hence an error.

    Example:
        >>> MigDeviceConfig(sharing=MigDeviceSharing(strategy="MPS")).to_dict()["sharing"]
        {'strategy': 'MPS'}
    """

    driver: ClassVar[str] = "gpu.nvidia.com"
    device_types: ClassVar[frozenset[str]] = frozenset({"mig"})

    api_version: Str = API_VERSION
    kind: Str = "MigDeviceConfig"


class IommuConfig(Model):
    """How a passed-through device is attached to the IOMMU."""

    backend_policy: Str = "LegacyOnly"
    enable_api_device: Bool | None = None


class VfioDeviceConfig(TypedConfig):
    """Configuration of passed-through GPUs. The webhook does not know it and refuses it.

    Example:
        >>> VfioDeviceConfig.from_dict({"apiVersion": API_VERSION, "kind": "VfioDeviceConfig",
        ...     "iommu": {"enableAPIDevice": True}}, strict=True).iommu.enable_api_device
        True
    """

    driver: ClassVar[str] = "gpu.nvidia.com"
    device_types: ClassVar[frozenset[str]] = frozenset({"vfio"})

    api_version: Str = API_VERSION
    kind: Str = "VfioDeviceConfig"
    iommu: IommuConfig | None = None

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if "PassthroughSupport" not in gates:
            yield 'VfioDeviceConfig needs the "PassthroughSupport" feature gate, which is not enabled'
        elif self.iommu is not None and self.iommu.backend_policy not in BACKEND_POLICIES:
            yield (
                f"unknown IOMMU backend policy: {self.iommu.backend_policy}, "
                f"supported IOMMU backend policies: {', '.join(BACKEND_POLICIES)}"
            )
        elif self.iommu is not None and self.iommu.enable_api_device and "DeviceMetadata" not in gates:
            yield 'enableAPIDevice needs the "DeviceMetadata" feature gate, which is not enabled'


class ComputeDomainChannelConfig(TypedConfig):
    """What the controller of ComputeDomains puts into the workload's claims.

    Attributes:
        domain_id: UID of the ComputeDomain.
        allocation_mode: `Single` channel, or `All`.
    """

    driver: ClassVar[str] = "compute-domain.nvidia.com"
    device_types: ClassVar[frozenset[str]] = frozenset({"channel"})

    api_version: Str = API_VERSION
    kind: Str = "ComputeDomainChannelConfig"
    domain_id: Str = ""
    allocation_mode: Str | None = None

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if not self.domain_id:
            yield "domainID cannot be empty"
        if self.allocation_mode not in (None, "", "Single", "All"):
            yield f"unknown allocation mode: {self.allocation_mode}"


class ComputeDomainDaemonConfig(TypedConfig):
    """What the controller of ComputeDomains puts into the claims of its own daemons."""

    driver: ClassVar[str] = "compute-domain.nvidia.com"
    device_types: ClassVar[frozenset[str]] = frozenset({"daemon"})

    api_version: Str = API_VERSION
    kind: Str = "ComputeDomainDaemonConfig"
    domain_id: Str = ""

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if not self.domain_id:
            yield "domainID cannot be empty"
