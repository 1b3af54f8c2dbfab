"""The AWS Neuron driver, `neuron.aws.com`: Trainium and Inferentia devices and their connected groups."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import ClassVar, Final

from pydantic import Field
from typing_extensions import override

from dra.drivers.configs import TypedConfig
from dra.drivers.declarations import Attribute, AttributeContent, DeviceType, Kind, NamePattern
from dra.drivers.driver import ClassDeclaration, Driver
from dra.models.resource import Device
from dra.models.scalars import Int64, Str

__all__ = ["DRIVER", "DRIVERS", "NeuronConfig", "UltraServerConfig", "neuron_device", "neuron_node"]

_API_VERSION: Final = "neuron.aws.com/v1"


class NeuronConfig(TypedConfig):
    """How many physical cores make a logical one.

    Example:
        >>> NeuronConfig(logical_neuron_core=1).to_dict()["logicalNeuronCore"]
        1
    """

    driver: ClassVar[str] = "neuron.aws.com"

    api_version: Str = _API_VERSION
    kind: Str = "NeuronConfig"
    logical_neuron_core: Int64 | None = None

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if self.logical_neuron_core not in (None, 1, 2):
            yield f"logicalNeuronCore must be 1 or 2, not {self.logical_neuron_core}"


class UltraServerConfig(TypedConfig):
    """How many nodes of an UltraServer work as one.

    Example:
        >>> list(UltraServerConfig(ultraserver_mode=3).admission_problems(()))
        ['ultraserverMode must be 1, 2 or 4, not 3']
    """

    driver: ClassVar[str] = "neuron.aws.com"

    api_version: Str = _API_VERSION
    kind: Str = "UltraServerConfig"
    ultraserver_mode: Int64 | None = Field(default=None)

    @override
    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:
        """See `OpaqueConfig`."""
        if self.ultraserver_mode not in (None, 1, 2, 4):
            yield f"ultraserverMode must be 1, 2 or 4, not {self.ultraserver_mode}"


def _optional(name: str, kind: Kind, summary: str) -> Attribute:
    return Attribute(name, kind, summary, optional=True)


DRIVER: Final = Driver(
    name="neuron.aws.com",
    title="AWS Neuron",
    device_types=(
        DeviceType(
            name="neuron_device",
            summary="A Trainium or Inferentia device, or a whole node of an UltraServer",
            patterns=(NamePattern("neurondevice{index}"), NamePattern("neuron-device-{index}")),
            attributes=(
                Attribute("deviceId", Kind.INT, "Number of the device"),
                Attribute("instanceType", Kind.STRING, "Such as trn2.48xlarge"),
                Attribute("neuronDriverVersion", Kind.STRING, "Four parts, so no semver: 2.25.4.0"),
                Attribute("draDriverVersion", Kind.VERSION, "Version of the DRA driver"),
                Attribute("resourceType", Kind.STRING, "Kind", values=("neuron_device", "neuron_node")),
                *(
                    _optional(f"networkNodeLayer{layer}", Kind.STRING, "Switch of that layer above the node")
                    for layer in (1, 2, 3)
                ),
                _optional("topology_x", Kind.INT, "Column in the node's grid"),
                _optional("topology_y", Kind.INT, "Row in the node's grid"),
                _optional("topology4_id", Kind.INT, "Connected group of four"),
                _optional("topology8_id", Kind.INT, "Connected group of eight"),
                _optional("capacityBlockId", Kind.STRING, "Capacity block of the UltraServer"),
                _optional("resource.aws.com/devicegroup1_id", Kind.STRING, "The EFA next to it"),
                *(
                    _optional(f"resource.aws.com/devicegroup{size}_id", Kind.STRING, f"Group of {size}")
                    for size in (4, 8, 16)
                ),
            ),
        ),
    ),
    classes=(ClassDeclaration("neuron.aws.com", 'device.driver == "neuron.aws.com"'),),
    configs=(NeuronConfig, UltraServerConfig),
    source="aws-neuron/aws-neuron-sdk 81ce03a (documentation)",
)
"""The driver, with all that it publishes and accepts."""

DRIVERS: Final = (DRIVER,)
"""All drivers of this module."""


def neuron_device(index: int, *, instance_type: str, columns: int = 0, groups: dict[int, str]) -> Device:
    """A device as published.

    Args:
        index: Its number on the node.
        instance_type: Such as `trn2.48xlarge`.
        columns: Width of the node's grid; 0 if it has none.
        groups: Identifiers of its connected groups, by size: 1, 4, 8, 16.
    """
    values: dict[str, AttributeContent] = {
        "deviceId": index,
        "instanceType": instance_type,
        "neuronDriverVersion": "2.25.4.0",
        "draDriverVersion": "1.0.0",
        "resourceType": "neuron_device",
    }
    if columns:
        values |= {
            "topology_x": index % columns,
            "topology_y": index // columns,
            "topology4_id": index // 4,
            "topology8_id": index // 8,
        }
    values |= {f"resource.aws.com/devicegroup{size}_id": group for size, group in groups.items()}
    return Device(
        name=DRIVER.device_types[0].names.format(index=index),
        attributes=DRIVER.values(values),
    )


def neuron_node(*, instance_type: str, capacity_block: str) -> Device:
    """A node of an UltraServer as one device, which a pod of a group of 1, 2 or 4 claims.

    Args:
        instance_type: Such as `trn2u.48xlarge`.
        capacity_block: The capacity block that the UltraServer belongs to.

    Example:
        >>> device = neuron_node(instance_type="trn2u.48xlarge", capacity_block="cr-1")
        >>> device.attributes["resourceType"].string
        'neuron_node'
    """
    values: dict[str, AttributeContent] = {
        "deviceId": 0,
        "instanceType": instance_type,
        "neuronDriverVersion": "2.25.4.0",
        "draDriverVersion": "1.0.0",
        "resourceType": "neuron_node",
        "capacityBlockId": capacity_block,
    }
    return Device(name=DRIVER.device_types[0].names.format(index=0), attributes=DRIVER.values(values))
