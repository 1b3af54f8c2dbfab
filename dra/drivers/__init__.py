"""What the drivers of each vendor publish and accept: names, classes, configuration, devices.

>>> import dra.drivers
>>> [profile.name for profile in dra.drivers.nvidia.get_board("H100-80GB").profiles_with(memory="20Gi")]
['3g.40gb', '4g.40gb', '7g.80gb']
"""

from __future__ import annotations

from dra.drivers import amd, cpu, dranet, example, fabric, intel, memory, neuron, nvidia, sriov, tpu
from dra.drivers.checks import check_allocated, check_configs
from dra.drivers.configs import ConfigProblem, OpaqueConfig, Stage
from dra.drivers.declarations import (
    Attribute,
    Capacity,
    DeviceType,
    DriverGate,
    HealthTaint,
    Kind,
    NamePattern,
)
from dra.drivers.driver import ClassDeclaration, Driver
from dra.drivers.registry import all, find_class, get  # noqa: A004 - the public name

__all__ = [
    "Attribute",
    "Capacity",
    "ClassDeclaration",
    "ConfigProblem",
    "DeviceType",
    "Driver",
    "DriverGate",
    "HealthTaint",
    "Kind",
    "NamePattern",
    "OpaqueConfig",
    "Stage",
    "all",
    "amd",
    "check_allocated",
    "check_configs",
    "cpu",
    "dranet",
    "example",
    "fabric",
    "find_class",
    "get",
    "intel",
    "memory",
    "neuron",
    "nvidia",
    "sriov",
    "tpu",
]
