"""Checking opaque configuration wherever an object carries it: when it is admitted, when it is prepared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from dra.drivers.configs import ConfigProblem, Stage
from dra.drivers.driver import Driver
from dra.drivers.registry import all  # noqa: A004 - the public name
from dra.models.resource import (
    Device,
    DeviceAllocationConfiguration,
    DeviceClass,
    DeviceRequestAllocationResult,
    OpaqueDeviceConfiguration,
    ResourceClaim,
    ResourceClaimTemplate,
    ResourceSlice,
)

__all__ = ["check_allocated", "check_configs"]


def _driver(opaque: OpaqueDeviceConfiguration | None) -> Driver | None:
    """The driver that reads a configuration; None if it is not known, or reads none."""
    name = opaque.driver if opaque else ""
    return next((each for each in all() if each.name == name and each.configs), None)


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
        >>> from dra.drivers import nvidia
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
        driver = _driver(opaque)
        if driver is None:
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


def check_allocated(
    claim: ResourceClaim,
    slices: Iterable[ResourceSlice],
    gates: Mapping[str, Collection[str]] | None = None,
) -> list[ConfigProblem]:
    """What the drivers would say when an allocated claim is prepared on its node.

    Besides what `check_configs` finds, this knows the devices: limits for devices that the claim did not
    get, or configuration of one type of device for a request that got another.

    Args:
        claim: A claim with an allocation.
        slices: The slices that its devices are in.
        gates: As in `check_configs`.
    """
    allocation = claim.status.allocation if claim.status else None
    if allocation is None:
        return []
    published = {
        (each.spec.driver, each.spec.pool.name, device.name): device
        for each in slices
        for device in each.spec.devices or ()
    }
    results = allocation.devices.results or []
    problems: list[ConfigProblem] = []
    for index, config in enumerate(allocation.devices.config or []):
        driver = _driver(config.opaque)
        if driver is None:
            continue
        field = f"status.allocation.devices.config[{index}].opaque.parameters"
        devices = [
            published[key]
            for each in results
            if each.driver == driver.name and _is_for(config, each)
            if (key := (each.driver, each.pool, each.device)) in published
        ]
        problems += _check_devices(driver, config, devices, field, (gates or {}).get(driver.name))
    return problems


def _is_for(config: DeviceAllocationConfiguration, result: DeviceRequestAllocationResult) -> bool:
    """Whether a configuration names the request of a result, or none at all."""
    requests = config.requests or []
    return not requests or result.request in requests or result.request.partition("/")[0] in requests


def _check_devices(
    driver: Driver,
    config: DeviceAllocationConfiguration,
    devices: Sequence[Device],
    field: str,
    gates: Collection[str] | None,
) -> list[ConfigProblem]:
    """One configuration on the devices it is for; all must be of its types if it names their requests."""
    parameters = config.opaque.parameters if config.opaque else None
    fitting = [each for each in devices if driver.suits(parameters, each)]
    problems = driver.check(parameters, gates=gates, devices=fitting, field=field)
    if config.requests:
        problems += [
            ConfigProblem(
                field, f"cannot apply this configuration to {each.name}", Stage.PREPARE, driver.name
            )
            for each in devices
            if each not in fitting
        ]
    return [ConfigProblem(each.field, each.message, Stage.PREPARE, each.driver) for each in problems]
