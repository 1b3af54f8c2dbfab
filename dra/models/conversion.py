"""From one API version of an object to another.

The classes have the newest shape of their kind, and an object's `api_version` says in which shape it is
written. So converting an object changes its `api_version` only, after making sure that the target can say all
it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from dra.arguments import instance
from dra.errors import ConversionError, UnknownVersionError
from dra.models.base import Model
from dra.models.versions import ApiVersion

if TYPE_CHECKING:
    from dra.models.meta import KubernetesObject

__all__ = ["convert", "downgrade", "old_path", "upgrade"]

_Object = TypeVar("_Object", bound="KubernetesObject")


def convert(obj: _Object, api_version: str) -> _Object:
    """A copy of an object in another API version of its kind.

    Args:
        obj: The object. It is not changed.
        api_version: Such as `resource.k8s.io/v1beta1`, of the same group.

    Raises:
        UnknownVersionError: The kind has no such version.
        ConversionError: The version cannot say what the object says; `.fields` has the paths.

    Example:
        >>> from dra.models.resource import ResourceSlice
        >>> slice_ = ResourceSlice.from_dict({"spec": {"devices": [{"name": "a", "attributes": {}}]}})
        >>> convert(slice_, "resource.k8s.io/v1beta1").to_dict()["spec"]
        {'devices': [{'name': 'a', 'basic': {'attributes': {}}}]}
    """
    instance(obj, Model, "obj", "an object", "dra.load reads manifests")
    find_version(obj.versions() or (ApiVersion(obj.api_version, ""),), api_version)
    converted = obj.clone()
    converted.api_version = api_version
    converted.express(complete=True)
    return converted


def find_version(versions: Sequence[ApiVersion], api_version: str) -> ApiVersion:
    """The version of that name.

    Raises:
        UnknownVersionError: There is none.
    """
    for version in versions:
        if version.name == api_version:
            return version
    known = ", ".join(version.name for version in versions)
    raise UnknownVersionError(
        f"unknown API version {api_version!r}", path="apiVersion", value=api_version, remedy=f"known: {known}"
    )


def upgrade(data: dict[str, Any], version: ApiVersion) -> dict[str, Any]:
    """The JSON of an object in the shape of its class, from that of one of its versions."""
    for rule in version.rules:
        data = rule.up(data)
    return data


def downgrade(data: dict[str, Any], version: ApiVersion, *, complete: bool) -> dict[str, Any]:
    """The JSON of an object in one of its versions, from that in the shape of its class.

    Args:
        data: The JSON, which is not changed.
        version: The target.
        complete: Whether fields that the version does not have are a loss too. They can be written, but the
            server would drop them.

    Raises:
        ConversionError: The version cannot say what the object says; its fields are named.
    """
    lost: list[str] = []
    for rule in reversed(version.rules):
        if complete or rule.changes_shape:
            data = rule.down(data, lost)
    if lost:
        raise ConversionError(
            f"{version.name} cannot express {', '.join(lost)}", fields=lost, path=lost[0], value=version.name
        )
    return data


def old_path(path: str, version: ApiVersion) -> str:
    """Where the JSON of a version has what the class has at a path.

    Example:
        >>> from dra.models.resource import ResourceClaim
        >>> old_path("spec.devices.requests[0].exactly.count", ResourceClaim.versions()[2])
        'spec.devices.requests[0].count'
    """
    for rule in reversed(version.rules):
        path = rule.old_path(path)
    return path
