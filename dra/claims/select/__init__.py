"""Selectors in Python: questions to a device that read like questions, and become CEL.

Example:
    >>> from dra.claims.select import device, semver
    >>> gpu = device.of("gpu.nvidia.com")
    >>> wanted = gpu.attr("architecture").in_(["Hopper", "Blackwell"]) & (gpu.capacity("memory") >= "75Gi")
    >>> for conjunct in str(wanted.or_error()).split(" && "):
    ...     print(conjunct)
    device.attributes["gpu.nvidia.com"].architecture in ["Hopper", "Blackwell"]
    device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("75Gi")) >= 0
"""

from __future__ import annotations

from dra.claims.select.device import DeviceTerms, device
from dra.claims.select.expression import Condition, Expression, all_of, any_of
from dra.claims.select.literals import Version, quantity, semver
from dra.claims.select.raw import cel
from dra.claims.select.term import Term

__all__ = [
    "Condition",
    "DeviceTerms",
    "Expression",
    "Term",
    "Version",
    "all_of",
    "any_of",
    "cel",
    "device",
    "quantity",
    "semver",
]
