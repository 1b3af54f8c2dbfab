"""Selectors in Python: questions to a device that read like questions, and become CEL.

Example:
    >>> from dra.claims.select import device, semver
    >>> gpu = device.of("gpu.nvidia.com")
    >>> wanted = gpu.attr("architecture").in_(["Hopper", "Blackwell"]) & (gpu.capacity("memory") >= "75Gi")
    >>> for conjunct in str(wanted.or_error()).split(" && "):
    ...     print(conjunct)
    device.attributes["gpu.nvidia.com"].architecture in ["Hopper", "Blackwell"]
    device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("75Gi")) >= 0

The drivers that `dra.drivers` knows have their names and types checked:
    >>> from dra.claims.select import nvidia
    >>> nvidia.gpu.memory >= 75
    Traceback (most recent call last):
    dra.errors.ExpressionError: nvidia.gpu.memory is compared with a quantity, such as "20Gi", not with 75
      write "75Gi", or "75" for 75 single units (bytes, where it is memory)
"""

from __future__ import annotations

from dra.claims.select.any_device import DeviceTerms, device
from dra.claims.select.expression import Condition, Expression, all_of, any_of
from dra.claims.select.literals import Version, quantity, semver
from dra.claims.select.namespaces import VENDORS, Devices, Vendor, driver, is_a
from dra.claims.select.raw import cel
from dra.claims.select.term import Term

nvidia = VENDORS["nvidia"]
"""NVIDIA's devices: `gpu`, `mig`, `vfio`, the ComputeDomain driver's."""
amd = VENDORS["amd"]
"""AMD's GPUs."""
intel = VENDORS["intel"]
"""Intel's GPUs, Gaudi and QAT."""
dranet = VENDORS["dranet"]
"""Network devices of DRANET."""
sriov = VENDORS["sriov"]
"""Virtual functions of the SR-IOV driver."""
cpu = VENDORS["cpu"]
"""CPUs of the CPU driver."""
memory = VENDORS["memory"]
"""Memory and huge pages of the memory driver."""
tpu = VENDORS["tpu"]
"""Google's TPUs."""
neuron = VENDORS["neuron"]
"""AWS's Neuron devices."""
example = VENDORS["example"]
"""Devices of Kubernetes' example driver."""

__all__ = [
    "Condition",
    "DeviceTerms",
    "Devices",
    "Expression",
    "Term",
    "Vendor",
    "Version",
    "all_of",
    "amd",
    "any_of",
    "cel",
    "cpu",
    "device",
    "dranet",
    "driver",
    "example",
    "intel",
    "is_a",
    "memory",
    "neuron",
    "nvidia",
    "quantity",
    "semver",
    "sriov",
    "tpu",
]
