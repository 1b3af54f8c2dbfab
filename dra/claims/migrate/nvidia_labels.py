"""Labels of GPU feature discovery, as properties of the devices that NVIDIA's driver publishes."""

from __future__ import annotations

import re
from typing import Final

from dra.cel.quoting import quote
from dra.claims.migrate.meanings import (
    OF_THE_NODE,
    UNSAID,
    Meaning,
    Requirement,
    Translate,
    among,
    label_of,
    name_of,
    number,
    number_label,
    of_the_node,
    unless_implied,
)
from dra.claims.migrate.plugins import MPS, TIME_SLICING
from dra.claims.select import any_of, cel, nvidia
from dra.drivers.nvidia.boards import GPU_MODELS
from dra.drivers.nvidia.gpu import ARCHITECTURES
from dra.quantity import Quantity

__all__ = ["LABELS"]

_OF_PLUGIN: Final = Meaning(stays="how the device plugin shares devices, which says nothing of claims")
_MIB_LIMIT: Final = 2**40
_VERSION: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})(?:\.([0-9]{1,9}))?")
_CAPABILITY: Final = 'device.attributes["gpu.nvidia.com"].cudaComputeCapability'
_DRIVER: Final = 'device.attributes["gpu.nvidia.com"].driverVersion'
_CUDA: Final = 'device.attributes["gpu.nvidia.com"].cudaDriverVersion'
_PRODUCT: Final = 'device.attributes["gpu.nvidia.com"].productName'
_PRODUCTS: Final = {model.product_name.replace(" ", "-"): model.product_name for model in GPU_MODELS.values()}
_FAMILIES: Final = {name.lower().replace(" ", "-"): name for name in ARCHITECTURES}


def _product(requirement: Requirement, *_: str) -> Meaning:
    """NVML's name with dashes for spaces, then `-MIG-<profile>` (strategy single) and `-SHARED`."""
    if requirement.operator not in ("In", "NotIn"):
        return UNSAID
    stems: list[str] = []
    kinds: set[tuple[str, bool]] = set()
    for value in requirement.values:
        whole = value.removesuffix("-SHARED")
        product, mark, profile = whole.partition("-MIG-")
        kinds.add((profile if mark else "", whole != value))
        stems.append(product)
    if len(kinds) > 1 or (requirement.operator == "NotIn" and kinds != {("", False)}):
        return Meaning(stays="its values mean different kinds of device (whole, MIG, shared)")
    profile, shared = kinds.pop()
    products = list(dict.fromkeys(stems))
    # The drivers that DRA needs put NVIDIA before the names that older ones began with A100 or the like.
    known = [_PRODUCTS.get(each) or _PRODUCTS.get(f"NVIDIA-{each}") for each in products]
    if None not in known:
        where = among(requirement, nvidia.gpu.product_name, [each for each in known if each])
    else:  # more than one name may become the same label
        where = any_of(*(cel(f'{_PRODUCT}.replace(" ", "-") == {quote(each)}') for each in products))
        where = ~where if requirement.operator == "NotIn" else where
    short = [re.sub(r"^(NVIDIA|Tesla)-", "", each) for each in products]
    sharing = TIME_SLICING if shared else ""
    return Meaning(where, name_of(requirement, *short), profile=profile, sharing=sharing)


def _memory(requirement: Requirement, *_: str) -> Meaning:
    """MiB, as NVML reports it; the driver publishes the same number in bytes."""
    amounts = [number(value) for value in requirement.values]
    known = [Quantity(f"{each}Mi") for each in amounts if each is not None and 0 <= each < _MIB_LIMIT]
    if len(known) < len(amounts):
        return Meaning(stays="its value is not a number of MiB")
    memory = nvidia.gpu.memory
    if requirement.operator == "Gt":
        where = memory > known[0]
    elif requirement.operator == "Lt":
        where = memory < known[0]
    else:
        where = among(requirement, memory, known)
    return Meaning(where, name_of(requirement, *(f"{each}mi" for each in amounts), what="memory"))


def _semver(version: str) -> str | None:
    """A driver's version as it is published: 580.126.09 is 580.126.9."""
    found = _VERSION.fullmatch(version)
    return ".".join(str(int(part or 0)) for part in found.groups()) if found else None


def _sharing(requirement: Requirement, *_: str) -> Meaning:
    if requirement.operator == "In" and requirement.values in (("none",), ("",)):
        return Meaning()
    if requirement.operator == "In" and requirement.values in (("time-slicing",), ("mps",)):
        return Meaning(sharing=MPS if requirement.values == ("mps",) else TIME_SLICING)
    return _OF_PLUGIN


def _mps_capable(requirement: Requirement, *_: str) -> Meaning:
    if (requirement.operator, requirement.values) in (("In", ("true",)), ("NotIn", ("false",))):
        return Meaning(sharing=MPS)
    return Meaning()


def _replicas(requirement: Requirement, *_: str) -> Meaning:
    """More than one replica: the nodes whose devices are shared."""
    (replicas,) = map(number, requirement.values) if len(requirement.values) == 1 else (None,)
    if replicas is not None and requirement.operator == "In":
        return Meaning(sharing=TIME_SLICING, replicas=replicas) if replicas > 1 else Meaning()
    if replicas is not None and requirement.operator == "Gt" and replicas >= 1:
        return Meaning(sharing=TIME_SLICING)
    return _OF_PLUGIN


def _strategy(requirement: Requirement, *_: str) -> Meaning:
    if requirement.operator == "In" and set(requirement.values) <= {"none", "mixed", ""}:
        return Meaning()  # then a resource's name says what it is
    return Meaning(
        stays="with MIG on, nvidia.com/gpu is a MIG device of whatever profile the node has; "
        "the claim is for a whole GPU unless a product label names the profile"
    )


def _mig_of_node(requirement: Requirement, *_: str) -> Meaning:
    """How many devices of a profile the node has: at least one is what the claim says."""
    some = requirement.operator == "Exists" or (
        requirement.operator == "Gt" and requirement.values in (("0",), ("-1",))
    )
    return Meaning() if some else OF_THE_NODE


# Pattern of labels -> what they become.
LABELS: Final[tuple[tuple[str, Translate], ...]] = (
    (r"nvidia\.com/gpu\.product", unless_implied(_product)),
    (r"nvidia\.com/gpu\.family", label_of(lambda: nvidia.gpu.architecture, _FAMILIES.get)),
    (r"nvidia\.com/gpu\.memory", unless_implied(_memory)),
    (r"nvidia\.com/gpu\.compute\.major", number_label(f"{_CAPABILITY}.major()", "compute")),
    (r"nvidia\.com/gpu\.compute\.minor", number_label(f"{_CAPABILITY}.minor()", "compute-minor")),
    (r"nvidia\.com/cuda\.driver(?:-version)?\.major", number_label(f"{_DRIVER}.major()", "driver")),
    (r"nvidia\.com/cuda\.driver(?:-version)?\.minor", number_label(f"{_DRIVER}.minor()", "driver-minor")),
    (r"nvidia\.com/cuda\.driver\.rev", number_label(f"{_DRIVER}.patch()", "driver-patch")),
    (r"nvidia\.com/cuda\.driver-version\.revision", number_label(f"{_DRIVER}.patch()", "driver-patch")),
    (
        r"nvidia\.com/cuda\.driver-version\.full",
        label_of(lambda: nvidia.gpu.driver_version, _semver, "driver"),
    ),
    (r"nvidia\.com/cuda\.runtime(?:-version)?\.major", number_label(f"{_CUDA}.major()", "cuda")),
    (r"nvidia\.com/cuda\.runtime(?:-version)?\.minor", number_label(f"{_CUDA}.minor()", "cuda-minor")),
    (r"nvidia\.com/gpu\.replicas", _replicas),
    (r"nvidia\.com/gpu\.sharing-strategy", _sharing),
    (r"nvidia\.com/mps\.capable", _mps_capable),
    (r"nvidia\.com/mig\.strategy", _strategy),
    (r"nvidia\.com/mig-[0-9]+g\.[0-9]+gb[a-z.-]*\.(?:count|replicas)", _mig_of_node),
    (r"nvidia\.com/gpu\.(?:count|machine|mode|present|deploy.*|clique|imex-domain)", of_the_node),
    (r"nvidia\.com/(?:mig\..*|device-plugin\.config)", of_the_node),
)
