"""Ready-made options for NVIDIA GPUs: by model, by memory, by MIG profile."""

from __future__ import annotations

from typing import Final

import attrs
from typing_extensions import Unpack

from dra.claims.declared import memory_amount
from dra.claims.options import Option, label, option
from dra.claims.select import Expression, device
from dra.claims.sharing.mig import MIG
from dra.claims.wants import Wants, required
from dra.drivers.nvidia import GPU_MODELS, GpuModel, gpu_model
from dra.errors import DriverError
from dra.quantity import Quantity

__all__ = ["gpu", "mig"]

_CLASS: Final = "gpu.nvidia.com"
_GPU: Final = device.of(_CLASS)


def gpu(
    model: str = "", *, min_memory: Quantity | str | int | None = None, name: str = "", **wants: Unpack[Wants]
) -> Option:
    """A whole NVIDIA GPU: any, one of a model, or one with enough memory.

    Args:
        model: Such as `H100-80GB` (`dra.drivers.nvidia.GPU_MODELS`), or NVML's name of the product.
        min_memory: Least memory as the driver reports it: an H100 80GB has 81559Mi, less than 80Gi.
        name: Name as an alternative.
        **wants: See `Wants`.

    Raises:
        UnknownNameError: There is no such model.
        DriverError: The model has less memory, or that is negative.
        BuildError: As `option`, or the memory is a number of bytes.

    Example:
        >>> gpu("H100-80GB").selectors[0]
        'device.attributes["gpu.nvidia.com"].productName == "NVIDIA H100 80GB HBM3"'
        >>> gpu("H100-80GB", min_memory="80Gi")
        Traceback (most recent call last):
        dra.errors.DriverError: H100-80GB has 81559Mi of memory, less than 80Gi
    """
    conditions: list[Expression] = []
    default_name = "gpu"
    least = None if min_memory is None else memory_amount(min_memory, "min_memory")
    if least is not None and least < Quantity(0):
        raise DriverError("there is no negative memory", value=least)
    if model:
        known = _model(model)
        if least is not None and Quantity(known.memory) < least:
            raise DriverError(f"{known.name} has {known.memory} of memory, less than {least}", value=least)
        conditions.append((_GPU.attr("productName") == known.product_name).or_error())
        default_name = known.name.lower()
    if least is not None:
        conditions.append(_GPU.capacity("memory") >= least)
    wanted = option(_CLASS, name=name, where=conditions)
    return attrs.evolve(wanted, default_name=default_name).but(**wants)


def _model(given: str) -> GpuModel:
    name = required(given, str, "", "such as H100-80GB")
    of_product = [each for each in GPU_MODELS.values() if each.product_name == name]
    return of_product[0] if of_product else gpu_model(name)


def mig(
    profile: str = "",
    *,
    min_memory: Quantity | str | int | None = None,
    min_compute: int = 0,
    board: str = "",
    dynamic: bool = False,
    name: str = "",
    **wants: Unpack[Wants],
) -> Option:
    """A MIG device: `option(share=MIG(...))`, with a name; see `dra.claims.sharing.MIG`.

    Args:
        profile: Such as `3g.40gb`.
        min_memory: Least memory.
        min_compute: Least number of compute slices.
        board: The board it must be cut from, such as `H100-80GB`.
        dynamic: The devices are made on demand.
        name: Name as an alternative.
        **wants: See `Wants`.

    Raises:
        UnknownNameError: There is no such profile or board.
        DriverError: No profile has so much.
        BuildError: As `option`.

    Example:
        >>> mig("3g.40gb").resolved().selectors
        ('device.attributes["gpu.nvidia.com"].profile == "3g.40gb"',)
    """
    part = MIG(profile=profile, min_memory=min_memory, min_compute=min_compute, board=board, dynamic=dynamic)
    chosen = profile or (part.chosen.name if part.chosen else "")
    default_name = f"mig-{chosen}" if chosen else "mig"
    wanted = option(name=name, share=part)
    return attrs.evolve(wanted, default_name=label(default_name)).but(**wants)
