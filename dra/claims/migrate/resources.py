"""What a device plugin's resource name asks for, and which device class gives the same.

The table below is the map. A name that is known but means something that no claim can say has its reason in
the second table; any other name with a domain is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

import attrs

from dra.claims.select import Expression, amd, intel, nvidia
from dra.names import slug

__all__ = ["DeviceNeed", "Inexpressible", "device_need", "inexpressible"]


@attrs.frozen
class DeviceNeed:
    """What one unit of a resource is.

    Attributes:
        resource: The resource's name in the pod.
        vendor: Whose node labels speak of it: `nvidia`, `amd`, `intel`, or empty.
        noun: What to call the request: `gpu`, `mig`, `tpu`, ...
        device_class: The DeviceClass that gives it.
        name: What to call it in the name of a template.
        where: What must hold for devices besides the class.
        profile: The MIG profile, where it is one.
        shared: Whether several pods use one device.
        note: What to know.
    """

    resource: str
    vendor: str
    noun: str
    device_class: str
    name: str
    where: tuple[Expression, ...] = ()
    profile: str = ""
    shared: bool = False
    note: str = ""

    @property
    def mig(self) -> bool:
        """Whether it is a part of a GPU made by MIG."""
        return self.device_class == _MIG_CLASS

    def as_mig(self, profile: str) -> DeviceNeed:
        """The same resource on nodes where it stands for MIG devices of a profile."""
        return attrs.evolve(_mig(self.resource, profile), shared=self.shared)


@attrs.frozen
class Inexpressible:
    """A resource that is known and has no equal among claims.

    Attributes:
        reason: Why.
        remedy: What to do instead.
    """

    reason: str
    remedy: str


_GPU_CLASS: Final = "gpu.nvidia.com"
_MIG_CLASS: Final = "mig.nvidia.com"
_PROFILE: Final = r"[0-9]+g\.[0-9]+gb(?:\.(?:me|gfx|me\.all|-me))?"


def _nvidia_gpu(resource: str, shared: str = "") -> DeviceNeed:
    return DeviceNeed(resource, "nvidia", "gpu", _GPU_CLASS, "nvidia-gpu", shared=bool(shared))


def _mig(resource: str, profile: str, shared: str = "") -> DeviceNeed:
    size, _, attribute = profile.partition("gb.")
    name = f"{size}gb+{attribute}" if attribute else profile
    return DeviceNeed(
        resource,
        "nvidia",
        "mig",
        _MIG_CLASS,
        f"nvidia-mig-{slug(name)}",
        (nvidia.mig.profile == name,),
        profile=name,
        shared=bool(shared),
    )


def _amd(resource: str) -> DeviceNeed:
    return DeviceNeed(resource, "amd", "gpu", "gpu.amd.com", "amd-gpu")


def _amd_partition(resource: str, mode: str) -> DeviceNeed:
    return DeviceNeed(
        resource, "amd", "gpu", "gpu.amd.com", f"amd-gpu-{slug(mode)}", (amd.gpu.partition_profile == mode,)
    )


def _intel(resource: str, module: str) -> DeviceNeed:
    where = (intel.gpu.driver == module,)
    note = "the device plugin may have shared GPUs (shared-dev-num); a claim gets a whole one"
    return DeviceNeed(resource, "intel", "gpu", "gpu.intel.com", f"intel-gpu-{module}", where, note=note)


def _plain(noun: str, device_class: str, name: str, note: str = "") -> Callable[..., DeviceNeed]:
    return lambda resource: DeviceNeed(resource, "", noun, device_class, name, note=note)


_TPU_NOTE: Final = "the driver gives all chips of a node or none, so only nodes with exactly so many serve it"
_NEURON_NOTE: Final = (
    "the device plugin gave neighbouring devices; a claim does if it is constrained by "
    "resource.aws.com/devicegroup4_id or the like"
)

# Pattern of resource names -> what one unit is; its groups are the arguments.
_NEEDS: Final[tuple[tuple[str, Callable[..., DeviceNeed]], ...]] = (
    (r"nvidia\.com/gpu(?:\.(shared))?", _nvidia_gpu),
    (rf"nvidia\.com/mig-({_PROFILE})(?:\.(shared))?", _mig),
    (r"amd\.com/gpu", _amd),
    (r"amd\.com/([a-z]+x_nps[0-9])", _amd_partition),
    (r"gpu\.intel\.com/(i915|xe)", _intel),
    (r"habana\.ai/gaudi", _plain("gaudi", "gaudi.intel.com", "gaudi")),
    (r"google\.com/tpu", _plain("tpu", "tpu.google.com", "tpu", _TPU_NOTE)),
    (
        r"aws\.amazon\.com/neuron(?:device)?",
        _plain("neuron", "neuron.aws.com", "neuron", _NEURON_NOTE),
    ),
    (r"vpc\.amazonaws\.com/efa", _plain("efa", "efa.networking.k8s.aws", "efa")),
)

_FRACTIONS: Final = (
    "a fraction of a GPU; drivers give fractions as consumable capacity, which this cannot size for you",
    "publish capacities that claims may share (NVIDIA's ConsumableShares, HAMi's DRA driver) and ask for "
    "capacity.requests",
)

# Pattern of resource names -> why there is no equal, and what to do.
_INEXPRESSIBLE: Final[tuple[tuple[str, str, str], ...]] = (
    (r"nvidia\.com/(gpumem|gpucores|gpumem-percentage|priority)", *_FRACTIONS),
    (r"aliyun\.com/gpu-(mem|core\.percentage|count)", *_FRACTIONS),
    (r"tencent\.com/vcuda-(core|memory)", *_FRACTIONS),
    (r"volcano\.sh/(vgpu-.*|gpu-memory|gpu-number)", *_FRACTIONS),
    (r"gpu\.intel\.com/(millicores|memory\.max|tiles)", *_FRACTIONS),
    (
        rf"nvidia\.com/mig-[0-9]+c\.{_PROFILE}(\.shared)?",
        "a compute instance that is smaller than its GPU instance, which NVIDIA's driver does not publish",
        "ask for the GPU instance, such as nvidia.com/mig-3g.20gb",
    ),
    (
        r"aws\.amazon\.com/neuroncore",
        "cores of a Neuron device; the driver gives whole devices",
        "ask for devices: aws.amazon.com/neuron",
    ),
    (
        r"gpu\.intel\.com/(i915|xe)_monitoring",
        "all GPUs of the node for monitoring, which is a claim with admin access",
        "make a claim with allocationMode: All and adminAccess: true in a namespace labelled "
        'resource.kubernetes.io/admin-access: "true"',
    ),
    (
        r"rdma/.*",
        "a network card that any number of pods share, under a name that the cluster's operator chose",
        'use DRANET: a class of your own with device.attributes["dra.net"].rdma, and one claim for the pods '
        "that share the card",
    ),
    (
        r"[^/]*/.*(sriov|netdevice).*",
        "virtual functions under a name that the cluster's operator chose",
        "use the SR-IOV driver: class sriovnetwork.k8snetworkplumbingwg.io with a selector on its attribute "
        "resourceName",
    ),
)


@lru_cache(maxsize=1024)
def device_need(resource: str) -> DeviceNeed | None:
    """What one unit of a resource is; None if that is not known or no claim can say it.

    Example:
        >>> device_need("nvidia.com/mig-1g.5gb").where
        (nvidia.mig.profile == "1g.5gb",)
        >>> device_need("example.com/widget") is None
        True
    """
    if inexpressible(resource) is not None:
        return None
    for pattern, build in _NEEDS:
        if match := re.fullmatch(pattern, resource):
            return build(resource, *(each for each in match.groups() if each is not None))
    return None


@lru_cache(maxsize=1024)
def inexpressible(resource: str) -> Inexpressible | None:
    """Why a known resource has no equal among claims; None if it has one, or is unknown."""
    for pattern, reason, remedy in _INEXPRESSIBLE:
        if re.fullmatch(pattern, resource):
            return Inexpressible(reason, remedy)
    return None


def fractions_of(resources: Iterator[str]) -> list[str]:
    """Those of some resources that make the others of their container fractions."""
    return [each for each in resources if (why := inexpressible(each)) and why.reason == _FRACTIONS[0]]
