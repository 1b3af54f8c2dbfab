"""Opaque configuration as drivers read it: strict decoding, and what they refuse at which moment.

Kubernetes passes `opaque.parameters` on without a look. A driver may check them when a claim is created (a
webhook, off by default in most charts) and does so when the claim is prepared for a pod on its node, where a
mistake keeps the pod in ContainerCreating.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum
from typing import ClassVar

import attrs

from dra.models.base import Model, fields
from dra.models.resource import Device, OpaqueDeviceConfiguration
from dra.models.scalars import Str

__all__ = ["ConfigProblem", "OpaqueConfig", "Stage", "TypedConfig"]


class Stage(Enum):
    """When a driver notices a mistake in its configuration."""

    ADMISSION = "admission"
    PREPARE = "prepare"


@attrs.frozen
class ConfigProblem:
    """A reason for which a driver refuses a configuration.

    Attributes:
        field: Path of the parameters in the object, such as `spec.devices.config[0].opaque.parameters`.
        message: What the driver says.
        stage: When it says so; at admission only if its webhook is installed, else at prepare too.
        driver: Name of the driver.
    """

    field: str
    message: str
    stage: Stage
    driver: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.message} (noticed at {self.stage.value})"


class OpaqueConfig(Model):
    """Base of the drivers' configuration types, without the type information that most of them have.

    Attributes:
        driver: Name of the driver that reads it.
        device_types: The device types it may be applied to; empty means any.
        strict: The driver refuses unknown fields.
    """

    driver: ClassVar[str]
    device_types: ClassVar[frozenset[str]] = frozenset()
    strict: ClassVar[bool] = True

    @classmethod
    def reads(cls, parameters: object) -> bool:
        """Whether the driver would decode these parameters into this type."""
        return isinstance(parameters, Mapping)

    def admission_problems(self, gates: Collection[str]) -> Iterator[str]:  # noqa: ARG002 - for subclasses
        """What the driver's own validation says, first things first.

        Args:
            gates: The driver's gates that are on.
        """
        return iter(())

    def prepare_problems(self, devices: Sequence[Device]) -> Iterator[str]:  # noqa: ARG002 - for subclasses
        """What is only noticed on the node.

        Args:
            devices: The allocated devices that the configuration is for; empty if unknown.
        """
        return iter(())

    def opaque(self) -> OpaqueDeviceConfiguration:
        """The configuration as a claim or a class carries it."""
        return OpaqueDeviceConfiguration(driver=self.driver, parameters=self.to_dict())


class TypedConfig(OpaqueConfig):
    """A configuration that says what it is: apiVersion and kind."""

    always_written = fields("api_version kind")

    api_version: Str
    kind: Str

    @classmethod
    def type_information(cls) -> tuple[str, str]:
        """The apiVersion and the kind of this type."""
        return cls.model_fields["api_version"].default, cls.model_fields["kind"].default

    @classmethod
    def reads(cls, parameters: object) -> bool:
        """Whether apiVersion and kind are those of this type."""
        return (
            isinstance(parameters, Mapping)
            and (parameters.get("apiVersion"), parameters.get("kind")) == cls.type_information()
        )
