"""Values as the Python source that makes them again, shorter than what `repr` says of models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from dra.claims.select import cel, driver
from dra.claims.select.namespaces import VENDORS, Devices
from dra.claims.select.recognition import recognised
from dra.claims.wants import opaque
from dra.drivers import registry
from dra.errors import BuildError, DraError, DriverError, UnknownNameError
from dra.models.base import Model
from dra.models.resource import OpaqueDeviceConfiguration
from dra.quantity import Quantity

if TYPE_CHECKING:
    from dra.claims.options import Option

__all__ = [
    "call",
    "config_source",
    "literal",
    "option_source",
    "selector_source",
    "strategy_source",
    "wants_source",
    "where_source",
]

# Field of an option -> keyword of `Wants`, where they differ.
_KEYWORDS: Final = {"configs": "config"}
_OWN: Final = ("name", "default_name", "device_type")


def literal(value: object) -> str:
    """The source of a value.

    Example:
        >>> print(literal({"memory": Quantity("10Gi"), "names": ("a",)}))
        {"memory": "10Gi", "names": ["a"]}
    """
    if isinstance(value, Quantity):
        return literal(value.text)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, OpaqueDeviceConfiguration):
        return config_source(value)
    if isinstance(value, Model):
        return literal(value.to_dict())
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{literal(key)}: {literal(item)}' for key, item in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)


def _quoted(text: str) -> str:
    """A text in double quotes, as the formatters of Python want it."""
    plain = repr(text)
    if plain.startswith('"'):
        return plain
    inner = plain[1:-1].replace("\\'", "'")
    return f'"{inner}"' if '"' not in inner else plain


def call(name: str, positional: Iterable[object], keywords: Iterable[str] = ()) -> str:
    """The source of a call; keywords are sources such as `count=2`."""
    return f"{name}({', '.join((*map(literal, positional), *keywords))})"


def wants_source(option: Option) -> list[str]:
    """The keyword arguments that say what an option wants."""
    found = []
    for field in attrs.fields(type(option)):
        value: Any = getattr(option, field.name)
        if field.name in _OWN or value == field.default:
            continue
        if field.name == "selectors":
            found.append(f"where={where_source(value, option.device_class)}")
            continue
        keyword = _KEYWORDS.get(field.name, field.name)
        if field.name in ("capacity", "derived_attributes"):
            value = dict(value)
        elif keyword in ("config", "share") and len(value) == 1:
            (value,) = value
        found.append(f"{keyword}={literal(value)}")
    return found


def where_source(texts: Sequence[str], device_class: str) -> str:
    """The source of selectors, as `where` takes them."""
    sources = [selector_source(text, device_class) for text in texts]
    return sources[0] if len(sources) == 1 else f"[{', '.join(sources)}]"


def selector_source(text: str, device_class: str = "") -> str:
    """The source of a selector: an expression of `select` if it is one to the letter, else CEL by hand.

    Args:
        text: The selector.
        device_class: The class whose devices it is about, if that is known.

    Example:
        >>> profile = 'device.attributes["gpu.nvidia.com"].profile == "1g.5gb"'
        >>> print(selector_source(profile, "mig.nvidia.com"))
        nvidia.mig.profile == "1g.5gb"
        >>> print(selector_source("1 + 1 == 2"))
        cel("1 + 1 == 2")
    """
    found = recognised(text, list(_namespaces(text, device_class)))
    if found is None:
        try:
            found = cel(text)
        except DraError:
            return literal(text)
    # A comment, for one, is no part of an expression.
    return repr(found) if str(found) == text else literal(text)


def _namespaces(text: str, device_class: str) -> Iterator[Devices]:
    """The devices that a selector may be about: those of the class, else those of a driver that it names."""
    try:
        of, declared = registry.find_class(device_class)
    except UnknownNameError:
        pass
    else:
        for vendor in VENDORS.values():
            yield from vendor.of_type(of.name, declared.device_type)
    for each in registry.all():
        if each.name in text:
            yield driver(each.name)


def option_source(option: Option) -> str:
    """The source of an option."""
    name = [f"name={literal(option.name)}"] if option.name else []
    return call("option", (), [*name, *wants_source(option)])


def strategy_source(strategy: Any) -> str:
    """The source of a sharing strategy: what differs from the defaults."""
    given = [
        (field.name, getattr(strategy, field.name))
        for field in attrs.fields(type(strategy))
        if getattr(strategy, field.name) != field.default
    ]
    said = [f"{name}={literal(dict(value) if name == 'per_device' else value)}" for name, value in given]
    return call(type(strategy).__name__, (), said)


def config_source(config: OpaqueDeviceConfiguration) -> str:
    """The source of configuration: a dictionary if its driver takes it, else the unchecked model."""
    try:
        opaque(config.to_dict())
    except (BuildError, DriverError):
        return call("OpaqueDeviceConfiguration.from_dict", [config.to_dict()])
    return literal(config.to_dict())
