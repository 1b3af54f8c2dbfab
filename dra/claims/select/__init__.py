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
amd = VENDORS["amd"]
intel = VENDORS["intel"]
dranet = VENDORS["dranet"]
sriov = VENDORS["sriov"]
cpu = VENDORS["cpu"]
memory = VENDORS["memory"]
tpu = VENDORS["tpu"]
neuron = VENDORS["neuron"]
example = VENDORS["example"]

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
