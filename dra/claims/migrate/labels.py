"""What node labels say of devices, and which of it a selector on devices can say as well.

GPU feature discovery, AMD's node labeller and Intel's NFD rules label nodes with properties of their devices;
pods choose nodes by them. A device's property becomes a CEL selector. What is the node's own (how many GPUs
it has, its machine type, a cloud's node pool) stays a constraint on nodes. What speaks of how the device
plugin divides devices (replicas, sharing, MIG strategy) changes what the resource's name meant.
"""

from __future__ import annotations

import re
from typing import Final

from dra.claims.migrate import nvidia_labels
from dra.claims.migrate.meanings import (
    MOST_VALUES,
    OF_THE_CLOUD,
    OF_THE_NODE,
    UNSAID,
    Meaning,
    Requirement,
    Translate,
    label_of,
    number,
    of_the_node,
)
from dra.claims.migrate.plugins import MPS, TIME_SLICING
from dra.claims.select import amd, intel
from dra.errors import DraError
from dra.quantity import Quantity

__all__ = ["Meaning", "Requirement", "meaning_of", "speaks_of_devices"]


def speaks_of_devices(key: str, vendor: str) -> bool:
    """Whether a label is one that a vendor's discovery, or a cloud, sets for devices.

    Example:
        >>> speaks_of_devices("nvidia.com/gpu.product", "nvidia"), speaks_of_devices("zone", "nvidia")
        (True, False)
    """
    return any(key.startswith(prefix) for prefix in (*_PREFIXES.get(vendor, ()), *_CLOUDS))


def meaning_of(requirement: Requirement, vendor: str, *, mig: bool = False) -> Meaning:
    """What a requirement on a label becomes for requests of a vendor's devices.

    Args:
        requirement: The requirement.
        vendor: `nvidia`, `amd` or `intel`.
        mig: Whether the requests are for MIG devices.

    Example:
        >>> meaning_of(Requirement("nvidia.com/gpu.memory", "Gt", ("40000",)), "nvidia").name
        'memory-gt-40000mi'
        >>> meaning_of(Requirement("nvidia.com/gpu.count", "In", ("8",)), "nvidia").stays
        'a property of the node and not of a device'
    """
    if requirement.key.startswith(_CLOUDS):
        return _cloud(requirement)
    if len(requirement.values) > MOST_VALUES:
        return Meaning(stays=f"more than {MOST_VALUES} values, and no selector is so long")
    for pattern, translate in _LABELS.get(vendor, ()):
        if match := re.fullmatch(pattern, requirement.key):
            if mig and requirement.key == "nvidia.com/gpu.memory":
                return Meaning(stays="the memory of the whole GPU, which a MIG device does not publish")
            return _translated(translate, requirement, match.groups())
    return UNSAID


def _translated(translate: Translate, requirement: Requirement, groups: tuple[str, ...]) -> Meaning:
    try:
        return translate(requirement, *groups)
    except DraError as error:  # more values than an expression can hold, for example
        return Meaning(stays=f"no selector can say it: {error.message}")


# --- clouds -------------------------------------------------------------------------------------------------

_CLOUDS: Final = (
    "cloud.google.com/gke-",
    "eks.amazonaws.com/",
    "karpenter.k8s.aws/",
    "k8s.amazonaws.com/accelerator",
    "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/instance-type",
    "kubernetes.azure.com/",
    "aliyun.accelerator/",
    "alibabacloud.com/",
    "ack.node.gpu.schedule",
    "oci.oraclecloud.com/",
)


def _cloud(requirement: Requirement) -> Meaning:
    """Labels that a cloud sets: machines are chosen by them; GKE's also say how a GPU is divided."""
    (value,) = requirement.values if len(requirement.values) == 1 else ("",)
    if requirement.operator == "In" and value:
        if requirement.key == "cloud.google.com/gke-gpu-partition-size":
            return Meaning(profile=value)
        if requirement.key == "cloud.google.com/gke-gpu-sharing-strategy":
            return Meaning(sharing=MPS if value == "mps" else TIME_SLICING)
        if requirement.key == "cloud.google.com/gke-max-shared-clients-per-gpu":
            return Meaning(sharing=TIME_SLICING, replicas=number(value) or 0)
    return OF_THE_CLOUD


# --- AMD and Intel ------------------------------------------------------------------------------------------


def _units(text: str) -> Quantity | None:
    return Quantity(text) if number(text) is not None else None


_INTEL_FAMILIES: Final = {"Flex_Series": "Data Center Flex", "Max_Series": "Data Center Max"}


def _intel_device(requirement: Requirement, device: str) -> Meaning:
    """That the node has a GPU with a PCI device number."""
    if requirement.operator == "Exists" or (requirement.operator, requirement.values) == ("In", ("true",)):
        return Meaning(intel.gpu.pci_id == f"0x{device}", f"device-{device}")
    return OF_THE_NODE


# --- the map ------------------------------------------------------------------------------------------------

_PREFIXES: Final = {
    "nvidia": ("nvidia.com/",),
    "amd": ("amd.com/", "beta.amd.com/"),
    "intel": ("gpu.intel.com/",),
}

# Vendor -> pattern of labels -> what they become.
_LABELS: Final[dict[str, tuple[tuple[str, Translate], ...]]] = {
    "nvidia": nvidia_labels.LABELS,
    "amd": (
        (r"(?:beta\.)?amd\.com/gpu\.product-name", label_of(lambda: amd.gpu.product_name)),
        (r"(?:beta\.)?amd\.com/gpu\.cu-count", label_of(lambda: amd.gpu.compute_units, _units, "cus")),
        (r"(?:beta\.)?amd\.com/gpu\.simd-count", label_of(lambda: amd.gpu.simd_units, _units, "simds")),
        (r"amd\.com/compute-memory-partition", label_of(lambda: amd.gpu.partition_profile)),
        (r"amd\.com/(?:compute|memory)-partitioning-supported", of_the_node),
    ),
    "intel": (
        (r"gpu\.intel\.com/product", label_of(lambda: intel.gpu.model, lambda text: text.replace("_", " "))),
        (r"gpu\.intel\.com/family", label_of(lambda: intel.gpu.family, _INTEL_FAMILIES.get)),
        (r"gpu\.intel\.com/device-id\.[0-9]{4}-([0-9a-f]{4})\.present", _intel_device),
        (r"gpu\.intel\.com/(?:device\.count|device-id\..*\.count|cards|gpu-numbers)", of_the_node),
    ),
}
