"""All drivers by name, and checking configuration wherever an object carries it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from dra.drivers import amd, cpu, dranet, example, intel, memory, neuron, nvidia, sriov, tpu
from dra.drivers.configs import ConfigProblem, Stage
from dra.drivers.declarations import unknown_name
from dra.drivers.driver import Driver
from dra.models.resource import DeviceClass, OpaqueDeviceConfiguration, ResourceClaim, ResourceClaimTemplate

__all__ = ["all", "check_configs", "get"]

_MODULES: Final = (nvidia, amd, intel, dranet, sriov, cpu, memory, tpu, neuron, example)
_BY_NAME: Final[dict[str, Driver]] = {driver.name: driver for module in _MODULES for driver in module.DRIVERS}


def get(name: str) -> Driver:
    """The driver of a name such as `gpu.nvidia.com`.

    Raises:
        UnknownNameError: It is not known here; the remedy has the nearest.

    Example:
        >>> get("gpu.nvidia.com").title
        'NVIDIA GPU'
    """
    if name not in _BY_NAME:
        raise unknown_name("driver", name, _BY_NAME)
    return _BY_NAME[name]


def all() -> tuple[Driver, ...]:  # noqa: A001 - `dra.drivers.all()` is the public name
    """Every driver that is known, in a fixed order."""
    return tuple(_BY_NAME.values())


def check_configs(
    subject: ResourceClaim | ResourceClaimTemplate | DeviceClass,
    gates: Mapping[str, Collection[str]] | None = None,
) -> list[ConfigProblem]:
    """What the drivers would say against the opaque configuration that an object carries.

    Configuration for drivers that are not known here is left alone, as drivers leave each other's alone.

    Args:
        subject: A claim, a template, or a class (no webhook looks at a class: all of it shows at prepare).
        gates: By driver, the driver's gates that are on; the driver's defaults where it is not named.

    Example:
        >>> from dra.models.resource import DeviceClaimConfiguration
        >>> claim = ResourceClaim()
        >>> config = nvidia.GpuConfig(sharing=nvidia.GpuSharing(strategy="MPS"))
        >>> claim.spec.devices.config = [DeviceClaimConfiguration(opaque=config.opaque())]
        >>> [problem.field for problem in check_configs(claim)]
        ['spec.devices.config[0].opaque.parameters']
        >>> check_configs(claim, gates={"gpu.nvidia.com": {"MPSSupport"}})
        []
    """
    problems = []
    for field, opaque in _configs(subject):
        driver = _BY_NAME.get(opaque.driver)
        if driver is None or not driver.configs:
            continue
        problems += driver.check(opaque.parameters, gates=(gates or {}).get(driver.name), field=field)
    if isinstance(subject, DeviceClass):
        return [ConfigProblem(each.field, each.message, Stage.PREPARE, each.driver) for each in problems]
    return problems


def _configs(
    subject: ResourceClaim | ResourceClaimTemplate | DeviceClass,
) -> Iterator[tuple[str, OpaqueDeviceConfiguration]]:
    """Path of the parameters and configuration, for each opaque configuration."""
    if isinstance(subject, DeviceClass):
        prefix, configs = "spec.config", subject.spec.config or []
        opaques = [each.opaque for each in configs]
    else:
        template = isinstance(subject, ResourceClaimTemplate)
        spec = subject.spec.spec if isinstance(subject, ResourceClaimTemplate) else subject.spec
        prefix = "spec.spec.devices.config" if template else "spec.devices.config"
        opaques = [each.opaque for each in spec.devices.config or []]
    for index, opaque in enumerate(opaques):
        if opaque is not None:
            yield f"{prefix}[{index}].opaque.parameters", opaque
