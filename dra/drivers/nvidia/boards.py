"""NVIDIA's data centre GPUs as the driver sees them: product name, chip, memory as NVML reports it."""

from __future__ import annotations

from typing import Final

import attrs

from dra.drivers.nvidia.mig import MigBoard, get_board
from dra.suggestions import unknown_name

__all__ = ["GPU_MODELS", "GpuModel", "gpu_model"]


@attrs.frozen(cache_hash=True)
class GpuModel:
    """A GPU one can buy.

    Attributes:
        name: Our name of it, such as `H100-80GB`.
        product_name: As NVML has it.
        architecture: Generation of the chip.
        compute_capability: As a version, such as `9.0.0`.
        memory: As the driver publishes it for a whole GPU.
        addressing_mode: `HMM`, `ATS` on Grace, `None`.
        brand: As NVML has it.
        mig: Name of the board in the MIG table; empty if it has no MIG, or its table is not known.
    """

    name: str
    product_name: str
    architecture: str
    compute_capability: str
    memory: str
    addressing_mode: str = "HMM"
    brand: str = "Nvidia"
    mig: str = ""

    @property
    def mig_board(self) -> MigBoard | None:
        """How it can be cut, where that is known."""
        return get_board(self.mig) if self.mig else None


# name, product name, architecture, compute capability, memory, then what differs
_ROWS: Final = (
    GpuModel("V100-32GB", "Tesla V100-SXM2-32GB", "Volta", "7.0.0", "32Gi", brand="Tesla"),
    GpuModel("T4", "Tesla T4", "Turing", "7.5.0", "15Gi", brand="Tesla"),
    GpuModel("A10", "NVIDIA A10", "Ampere", "8.6.0", "23028Mi"),
    GpuModel("A10-4Q", "NVIDIA A10-4Q", "Ampere", "8.6.0", "4Gi", "None"),
    GpuModel("A10G", "NVIDIA A10G", "Ampere", "8.6.0", "23028Mi"),
    GpuModel("A30-24GB", "NVIDIA A30", "Ampere", "8.0.0", "24Gi", "None", mig="A30-24GB"),
    GpuModel("A100-40GB", "NVIDIA A100-SXM4-40GB", "Ampere", "8.0.0", "40Gi", mig="A100-40GB"),
    GpuModel("A100-PCIE-40GB", "NVIDIA A100-PCIE-40GB", "Ampere", "8.0.0", "40Gi", mig="A100-40GB"),
    GpuModel("A100-80GB", "NVIDIA A100-SXM4-80GB", "Ampere", "8.0.0", "80Gi", mig="A100-80GB"),
    GpuModel("L4", "NVIDIA L4", "Ada Lovelace", "8.9.0", "23034Mi"),
    GpuModel("L20", "NVIDIA L20", "Ada Lovelace", "8.9.0", "46068Mi"),
    GpuModel("L40S", "NVIDIA L40S", "Ada Lovelace", "8.9.0", "46068Mi"),
    GpuModel(
        "RTX-PRO-6000",
        "NVIDIA RTX PRO 6000 Blackwell Server Edition",
        "Blackwell",
        "12.0.0",
        "96Gi",
        brand="NvidiaRTX",
    ),
    GpuModel("H100-80GB", "NVIDIA H100 80GB HBM3", "Hopper", "9.0.0", "81559Mi", mig="H100-80GB"),
    GpuModel("H100-NVL-94GB", "NVIDIA H100 NVL", "Hopper", "9.0.0", "95830Mi", mig="H100-NVL-94GB"),
    GpuModel("H200-141GB", "NVIDIA H200", "Hopper", "9.0.0", "143771Mi", mig="H200-141GB"),
    GpuModel("B200-180GB", "NVIDIA B200", "Blackwell", "10.0.0", "183359Mi", mig="B200-180GB"),
    GpuModel("B300", "NVIDIA B300", "Blackwell", "10.3.0", "275040Mi"),
    GpuModel("GB200-186GB", "NVIDIA GB200", "Blackwell", "10.0.0", "189471Mi", "ATS", mig="GB200-186GB"),
    GpuModel("GB300", "NVIDIA GB300", "Blackwell", "10.3.0", "284208Mi", "ATS"),
)

GPU_MODELS: Final = {each.name: each for each in _ROWS}
"""The GPU models by name, such as `H100-80GB`."""


def gpu_model(name: str) -> GpuModel:
    """The model of a name such as `H100-80GB`.

    Raises:
        UnknownNameError: There is none; the remedy has the nearest.

    Example:
        >>> gpu_model("H100-80GB").memory
        '81559Mi'
    """
    if name not in GPU_MODELS:
        raise unknown_name("NVIDIA GPU model", name, GPU_MODELS)
    return GPU_MODELS[name]
