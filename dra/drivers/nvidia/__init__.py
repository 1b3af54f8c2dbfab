"""NVIDIA: the GPU driver and the ComputeDomain driver, boards, MIG and what is published for them."""

from __future__ import annotations

from typing import Final

from dra.drivers.nvidia import compute_domain, gpu
from dra.drivers.nvidia.boards import GPU_MODELS, GpuModel, gpu_model
from dra.drivers.nvidia.configs import (
    ComputeDomainChannelConfig,
    ComputeDomainDaemonConfig,
    GpuConfig,
    GpuSharing,
    IommuConfig,
    MigDeviceConfig,
    MigDeviceSharing,
    MpsConfig,
    TimeSlicingConfig,
    VfioDeviceConfig,
)
from dra.drivers.nvidia.mig import Instance, MigBoard, Profile, boards, get_board
from dra.drivers.nvidia.publish import Gpu, GpuSoftware, SharesMode
from dra.drivers.nvidia.recut import observed_gpus, recut

__all__ = [
    "DRIVERS",
    "GPU_MODELS",
    "ComputeDomainChannelConfig",
    "ComputeDomainDaemonConfig",
    "Gpu",
    "GpuConfig",
    "GpuModel",
    "GpuSharing",
    "GpuSoftware",
    "Instance",
    "IommuConfig",
    "MigBoard",
    "MigDeviceConfig",
    "MigDeviceSharing",
    "MpsConfig",
    "Profile",
    "SharesMode",
    "TimeSlicingConfig",
    "VfioDeviceConfig",
    "boards",
    "compute_domain",
    "get_board",
    "gpu",
    "gpu_model",
    "observed_gpus",
    "recut",
]

DRIVERS: Final = (gpu.DRIVER, compute_domain.DRIVER)
"""The drivers of this vendor."""
