"""The Google TPU driver, `tpu.google.com`: the chips of a node, which a claim takes all or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import ClassVar, Final

from typing_extensions import override

from dra.drivers.configs import TypedConfig
from dra.drivers.declarations import Attribute, DeviceType, Kind, NamePattern
from dra.drivers.driver import ClassDeclaration, Driver
from dra.models.base import Model
from dra.models.resource import Device
from dra.models.scalars import Int32, Str

__all__ = ["DRIVER", "DRIVERS", "LoggingConfig", "TpuConfig", "chip"]


class LoggingConfig(Model):
    """Severity from which libtpu logs: 0 is INFO, 3 is FATAL."""

    level: Int32 | None = None
    stderr_level: Int32 | None = None


class TpuConfig(TypedConfig):
    """Configuration of TPUs.

    Example:
        >>> list(TpuConfig(logging=LoggingConfig(level=4)).admission_problems(()))
        ['invalid level: 4, must be between 0 (INFO) and 3 (FATAL)']
    """

    driver: ClassVar[str] = "tpu.google.com"

    api_version: Str = "tpu.resource.google.com/v1alpha1"
    kind: Str = "TpuConfig"
    logging: LoggingConfig | None = None

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if self.logging is None:
            return
        for name, level in (("level", self.logging.level), ("stderrLevel", self.logging.stderr_level)):
            if level is not None and not 0 <= level <= 3:
                yield f"invalid {name}: {level}, must be between 0 (INFO) and 3 (FATAL)"

    @override
    def prepare_problems(self, devices: Sequence[Device]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        published = [(each.attributes or {}).get("chipCount") for each in devices]
        counts = {each.int_ for each in published if each is not None and each.int_ is not None}
        for count in sorted(counts - {len(devices)}):
            yield (
                f"invalid tpu resourceClaim, claim requests partial tpu devices ({len(devices)}), "
                f"only requests for all tpu devices ({count}) on the node are supported"
            )


DRIVER: Final = Driver(
    name="tpu.google.com",
    title="Google TPU",
    device_types=(
        DeviceType(
            name="tpu",
            summary="A TPU chip",
            patterns=(NamePattern("accel{index}"), NamePattern("{index}")),
            attributes=(
                Attribute("index", Kind.INT, "Number of the chip"),
                Attribute("uuid", Kind.STRING, "tpu-..."),
                Attribute(
                    "tpuGen",
                    Kind.STRING,
                    "Generation",
                    values=("v3", "v4", "v4lite", "v5lite", "v5litepod", "v5p", "v6e"),
                ),
                Attribute("brand", Kind.STRING, "Google"),
                Attribute("accelerator", Kind.STRING, "As GKE's label has it, such as tpu-v6e-slice"),
                Attribute("chipCount", Kind.INT, "Chips of the node"),
                Attribute("topology", Kind.STRING, "Shape of the slice, such as 2x4", optional=True),
            ),
        ),
    ),
    classes=(ClassDeclaration("tpu.google.com", 'device.driver == "tpu.google.com"'),),
    configs=(TpuConfig,),
    source="kubernetes-sigs/dra-driver-google-tpu f5a9d8c",
)
"""The driver, with all that it publishes and accepts."""

DRIVERS: Final = (DRIVER,)
"""All drivers of this module."""


def chip(
    index: int, *, uuid: str, generation: str, accelerator: str, chip_count: int, topology: str = ""
) -> Device:
    """A chip as published.

    Args:
        index: Its number on the node.
        uuid: `tpu-` and a UUID.
        generation: Such as `v6e`; from v5 on chips are bound to VFIO and named by their number only.
        accelerator: As GKE's label has it.
        chip_count: Chips of the node.
        topology: Shape of the slice, if it is known.
    """
    values: dict[str, int | str] = {
        "index": index,
        "uuid": uuid,
        "tpuGen": generation,
        "brand": "Google",
        "accelerator": accelerator,
        "chipCount": chip_count,
    }
    if topology:
        values["topology"] = topology
    by_vfio = generation.startswith(("v5", "v6"))
    return Device(
        name=DRIVER.device_types[0].patterns[by_vfio].format(index=index),
        attributes=DRIVER.values(values),
    )
