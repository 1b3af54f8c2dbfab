"""`device_class(...)`: a DeviceClass, also as the face of an extended resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from dra.claims.checked import check
from dra.claims.declared import known_class
from dra.claims.options import Option
from dra.claims.wants import Config, Where, required, texts
from dra.errors import BuildError, DraError
from dra.features import LATEST, Features
from dra.models.meta import ObjectMeta
from dra.models.resource import (
    CELDeviceSelector,
    DeviceClass,
    DeviceClassConfiguration,
    DeviceClassSpec,
    DeviceSelector,
)

__all__ = ["device_class"]


def device_class(
    name: str,
    wanted: Option | None = None,
    *,
    where: Where = (),
    config: Config | Sequence[Config] = (),
    extended_resource: str = "",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    kubernetes: str = LATEST,
    features: Features | None = None,
) -> DeviceClass:
    """A class of devices.

    Args:
        name: Its name.
        wanted: The devices of this option, such as `mig("1g.12gb")`: its class's selectors and its own.
        where: CEL that must hold besides.
        config: Configuration that every device of the class gets.
        extended_resource: Pods that ask for this resource, as they do of a device plugin, get such devices.
        labels: Its labels.
        annotations: Its annotations.
        kubernetes: Minor of the cluster.
        features: Feature gates; the minor's defaults if None.

    Raises:
        BuildError: The API server would refuse it, or the option says what a class cannot.
        CompileError: An expression is no CEL selector.
        DriverError: A driver refuses its configuration.

    Example:
        >>> from dra.claims import mig
        >>> small = device_class("mig-small", mig("1g.5gb"), extended_resource="nvidia.com/mig-1g.5gb")
        >>> print(small.spec.to_yaml(), end="")
        selectors:
        - cel:
            expression: device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == 'mig'
        - cel:
            expression: device.attributes["gpu.nvidia.com"].profile == "1g.5gb"
        extendedResourceName: nvidia.com/mig-1g.5gb
    """
    try:
        own = _resolved(required(wanted, Option, "")) if wanted is not None else Option()
        own = own.but(where=where, config=config)
    except DraError as error:
        raise error.located(path_prefix="spec") from None
    made = DeviceClass(
        metadata=ObjectMeta(
            name=required(name, str, "metadata.name"),
            labels=dict(texts(labels, "metadata.labels")) or None,
            annotations=dict(texts(annotations, "metadata.annotations")) or None,
        ),
        spec=DeviceClassSpec(
            selectors=[DeviceSelector(cel=CELDeviceSelector(expression=each)) for each in own.selectors]
            or None,
            config=[DeviceClassConfiguration(opaque=each.clone()) for each in own.configs] or None,
            extended_resource_name=required(extended_resource, str, "spec.extendedResourceName") or None,
        ),
    )
    return check(made, kubernetes, features, None, None)


def _resolved(wanted: Option) -> Option:
    """The option with its strategies applied and the selectors of its class; nothing else may be said."""
    done = wanted.resolved()
    beyond = [
        name
        for name in (
            "count",
            "allocation_mode",
            "capacity",
            "tolerations",
            "admin_access",
            "derived_attributes",
        )
        if getattr(done, name)
    ]
    if beyond:
        raise BuildError(
            f"a class cannot say {beyond[0]}: that is for claims", value=getattr(done, beyond[0])
        )
    known = known_class(done.device_class)
    if known is None:
        raise BuildError(
            f"what class {done.device_class} selects is not known",
            value=done.device_class,
            remedy="say the conditions with where=, without an option",
        )
    return attrs.evolve(done, selectors=(known[1].expression, *done.selectors))
