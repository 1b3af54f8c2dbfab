"""Rules for DeviceClass."""

from __future__ import annotations

from typing import Final

from dra.models.resource import DeviceClass, DeviceClassConfiguration
from dra.validation import formats
from dra.validation.checks import Errors, each, matches, same
from dra.validation.field_error import Path
from dra.validation.rules.configuration import opaque_configuration
from dra.validation.rules.metadata import metadata, metadata_update
from dra.validation.rules.selectors import selectors
from dra.validation.scope import Scope

__all__ = ["device_class"]

_AT: Final = Path() / "spec"


def device_class(value: DeviceClass, old: DeviceClass | None, scope: Scope) -> Errors:
    """A class may change. Selectors and configurations that did not are not checked like new ones."""
    name_form = formats.long_name if scope.since("1.35") else formats.dns_subdomain
    yield from metadata(value.metadata, scope, namespaced=False, name_form=name_form, is_new=old is None)
    if old is not None:
        yield from metadata_update(value.metadata, old.metadata, scope)
    spec = value.spec
    before = old.spec if old else None
    same_selectors = before is not None and same(before.selectors, spec.selectors)
    yield from selectors(spec.selectors, _AT / "selectors", scope, stored=same_selectors)
    same_config = before is not None and same(before.config, spec.config) and scope.since("1.35")

    def configuration(item: DeviceClassConfiguration, at: Path) -> Errors:
        yield from opaque_configuration(item.opaque, at, scope, stored=same_config)

    yield from each(spec.config, configuration, _AT / "config", scope, limit=scope.limits.configurations)
    if spec.extended_resource_name is not None:
        yield from _extended_resource_name(spec.extended_resource_name, scope)


def _extended_resource_name(name: str, scope: Scope) -> Errors:
    at = _AT / "extendedResourceName"
    if scope.declares:
        yield from matches(name, formats.extended_resource_name, at)
    elif formats.extended_resource_name(name):
        yield at.invalid(name, "must be a valid extended resource name")
