"""`Driver`: everything one DRA driver is known to publish and to accept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

import attrs

from dra.drivers.configs import ConfigProblem, OpaqueConfig, Stage, TypedConfig
from dra.drivers.declarations import (
    Attribute,
    AttributeContent,
    Capacity,
    DeviceType,
    DriverGate,
    HealthTaint,
    device_class,
)
from dra.errors import DecodeError, DriverError
from dra.models.resource import Device, DeviceAttribute, DeviceClass
from dra.suggestions import unknown_name

__all__ = ["ClassDeclaration", "Driver"]

_D = TypeVar("_D", Attribute, Capacity)


@attrs.frozen
class ClassDeclaration:
    """A DeviceClass that belongs to a driver.

    Args:
        name: Name of the class.
        expression: Its CEL selector.
        extended_resource: The extended resource it serves, where the chart sets one.
        made_by: Who makes it: `chart` (installed with the driver), `platform` (a cloud's own), or `user`
            (the documentation's example).
        note: When it is there, or what it is good for.
        device_type: The type of device that it takes; empty if it takes any.
    """

    name: str
    expression: str
    extended_resource: str = ""
    made_by: str = "chart"
    note: str = ""
    device_type: str = ""

    def build(self, *, extended_resources: bool = True) -> DeviceClass:
        """The class as an object."""
        return device_class(
            self.name, self.expression, self.extended_resource or None if extended_resources else None
        )


@attrs.frozen
class Driver:
    """A DRA driver: names, types, classes, configuration, gates and taints.

    Args:
        name: The driver's name, which is also the domain of its un-prefixed attributes.
        title: What it manages, for people.
        device_types: The kinds of device it publishes.
        classes: The DeviceClasses that belong to it.
        configs: The types of opaque configuration that it decodes.
        gates: Its own feature gates.
        taints: The taints that it sets by itself.
        source: Where the facts were read.

    Example:
        >>> import dra.drivers
        >>> gpu = dra.drivers.get("gpu.nvidia.com")
        >>> gpu.attribute("architecture").kind.value
        'string'
        >>> gpu.attribute("architekture")
        Traceback (most recent call last):
        dra.errors.UnknownNameError: no attribute of gpu.nvidia.com is named 'architekture'
          did you mean 'architecture'?
    """

    name: str
    title: str
    device_types: tuple[DeviceType, ...]
    classes: tuple[ClassDeclaration, ...] = ()
    configs: tuple[type[OpaqueConfig], ...] = ()
    gates: tuple[DriverGate, ...] = ()
    taints: tuple[HealthTaint, ...] = ()
    source: str = ""

    # --- names ---

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """Every attribute of any device type; optional unless all its types always have it."""
        return self._merged([each.attributes for each in self.device_types])

    @cached_property
    def capacities(self) -> tuple[Capacity, ...]:
        """Every capacity of any device type; optional unless all its types always have it."""
        return self._merged([each.capacities for each in self.device_types])

    @staticmethod
    def _merged(groups: Sequence[Sequence[_D]]) -> tuple[_D, ...]:
        merged: dict[str, _D] = {}
        for declaration in (each for group in groups for each in group):
            everywhere = all(
                any(other.name == declaration.name and not other.optional for other in group)
                for group in groups
            )
            merged.setdefault(declaration.name, attrs.evolve(declaration, optional=not everywhere))
        return tuple(merged.values())

    def device_type(self, name: str) -> DeviceType:
        """The device type of a name.

        Raises:
            UnknownNameError: There is none.
        """
        by_name = {each.name: each for each in self.device_types}
        if name not in by_name:
            raise unknown_name(f"device type of {self.name}", name, by_name)
        return by_name[name]

    def attribute(self, name: str, device_type: str = "") -> Attribute:
        """The attribute of a name, with or without its domain.

        Args:
            name: Such as `uuid`, `gpu.nvidia.com/uuid` or `resource.kubernetes.io/pcieRoot`.
            device_type: Only look at this type of device.

        Raises:
            UnknownNameError: There is none; the remedy has the nearest.
        """
        declared = self.device_type(device_type).attributes if device_type else self.attributes
        return self._find("attribute", name, declared)

    def capacity(self, name: str, device_type: str = "") -> Capacity:
        """The capacity of a name, with or without its domain.

        Raises:
            UnknownNameError: There is none; the remedy has the nearest.
        """
        declared = self.device_type(device_type).capacities if device_type else self.capacities
        for each in declared:
            if each.many and name.rstrip("0123456789") == each.name != name:
                return attrs.evolve(each, name=name, many=False)
        return self._find("capacity", name, declared)

    def _find(self, what: str, name: str, declared: Sequence[_D]) -> _D:
        for each in declared:
            if name in (each.name, each.qualified(self.name)):
                return each
        bare = [each for each in declared if each.identifier == name]
        if len(bare) == 1:
            return bare[0]
        raise unknown_name(f"{what} of {self.name}", name, [each.name for each in declared])

    @cached_property
    def _attribute_by_name(self) -> dict[str, Attribute]:
        return {each.name: each for each in self.attributes}

    def values(self, contents: Mapping[str, AttributeContent]) -> dict[str, DeviceAttribute]:
        """The attributes of a device as published.

        Args:
            contents: Plain values by name; the types are those declared.

        Raises:
            UnknownNameError: The driver has no such attribute.
            DriverError: A value is not of its attribute's kind.
        """
        published = {}
        for name, content in contents.items():
            declared = self._attribute_by_name.get(name) or self.attribute(name)
            published[declared.name] = declared.value(content)
        return published

    def type_of(self, device: Device) -> DeviceType | None:
        """The type of a published device: by its `type` attribute, else by its name."""
        attribute = (device.attributes or {}).get("type")
        if attribute is not None and attribute.string is not None:
            return next((each for each in self.device_types if each.name == attribute.string), None)
        matching = [
            each
            for each in self.device_types
            if any(pattern.parse(device.name) is not None for pattern in each.patterns)
        ]
        return matching[0] if matching else None

    def misdeclared(self, device: Device) -> list[str]:
        """What a device has that this driver is not known to publish: for tests of fixtures and drivers.

        Returns:
            One sentence for each name or type that differs; empty if the device is as declared.
        """
        device_type = self.type_of(device)
        if device_type is None:
            return [f"{device.name}: no device type of {self.name} fits"]
        findings = list(self._misdeclared_names(device, device_type))
        if not any(pattern.parse(device.name) for pattern in device_type.patterns):
            findings.append(f"{device.name}: not a name of a {device_type.name} device")
        return findings

    def _misdeclared_names(self, device: Device, device_type: DeviceType) -> Iterator[str]:
        attributes, capacities = device.attributes or {}, device.capacity or {}
        known = {each.name: each for each in device_type.attributes}
        for name, value in attributes.items():
            if name not in known:
                yield f"{device.name}: unknown attribute {name}"
            elif not known[name].accepts(value):
                yield f"{device.name}: attribute {name} is no {known[name].kind.value}"
        for name in capacities:
            if not any(
                name == each.name or (each.many and name.rstrip("0123456789") == each.name)
                for each in device_type.capacities
            ):
                yield f"{device.name}: unknown capacity {name}"
        required: Iterable[Attribute | Capacity] = (*device_type.attributes, *device_type.capacities)
        for each in required:
            if not each.optional and each.name not in attributes and each.name not in capacities:
                yield f"{device.name}: lacks {each.name}"

    # --- classes ---

    def device_classes(self, *, extended_resources: bool = True) -> list[DeviceClass]:
        """The classes that come with the driver, as objects.

        Args:
            extended_resources: Set extendedResourceName where the chart does (it needs resource.k8s.io/v1).
        """
        return [
            each.build(extended_resources=extended_resources)
            for each in self.classes
            if each.made_by == "chart"
        ]

    # --- gates ---

    @property
    def default_gates(self) -> frozenset[str]:
        """The gates that are on when nobody says otherwise."""
        return frozenset(each.name for each in self.gates if each.default)

    def enabled_gates(self, overrides: Mapping[str, bool]) -> frozenset[str]:
        """The gates that are on after some are switched.

        Raises:
            UnknownNameError: The driver has no such gate.
            DriverError: The driver refuses to start with this combination.
        """
        by_name = {each.name: each for each in self.gates}
        for name in overrides:
            if name not in by_name:
                raise unknown_name(f"feature gate of {self.name}", name, by_name)
        on = frozenset(name for name, each in by_name.items() if overrides.get(name, each.default))
        for name in sorted(on):
            for other in by_name[name].excludes:
                if other in on:
                    raise DriverError(f"feature gates {name} and {other} exclude each other", value=name)
            for other in by_name[name].requires:
                if other not in on:
                    raise DriverError(f"feature gate {name} needs {other}", value=name)
        return on

    # --- configuration ---

    def decode(self, parameters: object) -> OpaqueConfig:
        """Read opaque parameters as the driver does, strictly as a rule.

        Raises:
            DecodeError: Unknown type, unknown field, wrong type of a value.
        """
        if isinstance(parameters, Mapping):
            for config in self.configs:
                if config.reads(parameters):
                    return config.from_dict(parameters, strict=config.strict)
        known = [
            "{} {}".format(*each.type_information()) for each in self.configs if issubclass(each, TypedConfig)
        ]
        if isinstance(parameters, Mapping):
            texts = (parameters.get("apiVersion"), parameters.get("kind"))
            found = " ".join(each for each in texts if isinstance(each, str))
        else:
            found = type(parameters).__name__
        raise DecodeError(
            f"{self.name} has no configuration of type {found!r}",
            value=found,
            remedy=f"it reads {', '.join(known)}" if known else "it reads none",
        )

    def suits(self, parameters: object, device: Device) -> bool:
        """Whether parameters are of a type of configuration that may be applied to a device."""
        config = next((each for each in self.configs if each.reads(parameters)), None)
        if config is None or not config.device_types:
            return True
        device_type = self.type_of(device)
        return device_type is not None and device_type.name in config.device_types

    def check(
        self,
        parameters: object,
        *,
        gates: Collection[str] | None = None,
        devices: Sequence[Device] = (),
        field: str = "parameters",
    ) -> list[ConfigProblem]:
        """Everything the driver would say against opaque parameters.

        Args:
            parameters: The JSON object.
            gates: The driver's gates that are on; its defaults if None.
            devices: The allocated devices they are for, if known.
            field: Path of the parameters, for the problems.
        """
        try:
            config = self.decode(parameters)
        except DecodeError as error:
            return [ConfigProblem(field, str(error), Stage.ADMISSION, self.name)]
        on = self.default_gates if gates is None else gates
        return [
            *(
                ConfigProblem(field, message, Stage.ADMISSION, self.name)
                for message in config.admission_problems(on)
            ),
            *(
                ConfigProblem(field, message, Stage.PREPARE, self.name)
                for message in config.prepare_problems(devices)
            ),
        ]
