"""`meta/v1`: what every Kubernetes object has, whatever its kind."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field
from typing_extensions import Self

from dra.errors import DecodeError
from dra.models import conversion
from dra.models.base import Model, fields
from dra.models.scalars import Bool, Int64, RawExtension, Str, Time
from dra.models.versions import VERSIONS, ApiVersion

__all__ = [
    "Condition",
    "KubernetesObject",
    "ListMeta",
    "ManagedFieldsEntry",
    "ObjectMeta",
    "OwnerReference",
    "Unstructured",
]


class OwnerReference(Model):
    """The object that this one belongs to; it is deleted with it."""

    api_version: Str = ""
    kind: Str = ""
    name: Str = ""
    uid: Str = ""
    controller: Bool | None = None
    block_owner_deletion: Bool | None = None


class ManagedFieldsEntry(Model):
    """Which fields a client owns (server-side apply)."""

    manager: Str | None = None
    operation: Str | None = None
    api_version: Str | None = None
    time: Time | None = None
    fields_type: Str | None = None
    fields_v1: RawExtension | None = None
    subresource: Str | None = None


class ObjectMeta(Model):
    """Name, namespace, labels and what the server keeps about an object.

    Example:
        >>> ObjectMeta(name="train", labels={"team": "vision"}).to_dict()
        {'name': 'train', 'labels': {'team': 'vision'}}
    """

    name: Str | None = None
    generate_name: Str | None = None
    namespace: Str | None = None
    self_link: Str | None = None
    uid: Str | None = None
    resource_version: Str | None = None
    generation: Int64 | None = None
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    deletion_grace_period_seconds: Int64 | None = None
    labels: dict[Str, Str] | None = None
    annotations: dict[Str, Str] | None = None
    owner_references: list[OwnerReference] | None = None
    finalizers: list[Str] | None = None
    managed_fields: list[ManagedFieldsEntry] | None = None


class ListMeta(Model):
    """Metadata of a list as the API server returns it."""

    rides_along: ClassVar[frozenset[str]] = fields("shardInfo")

    continue_: Str | None = None
    remaining_item_count: Int64 | None = None
    resource_version: Str | None = None
    self_link: Str | None = None


class Condition(Model):
    """One observation of an object's state, by type."""

    type: Str = ""
    status: Str = ""
    observed_generation: Int64 | None = None
    last_transition_time: Time | None = None
    reason: Str = ""
    message: Str = ""


class KubernetesObject(Model):
    """What has a kind and metadata of its own: the base of everything `dra.load` returns."""

    always_written: ClassVar[frozenset[str]] = fields("api_version kind")

    api_version: Str = ""
    kind: Str = ""
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)

    @property
    def subject(self) -> str:
        """Kind, namespace and name, as errors and messages call the object."""
        name = self.metadata.name or self.metadata.generate_name or ""
        place = f"{self.metadata.namespace}/{name}" if self.metadata.namespace else name
        return f"{self.kind} {place}".strip()

    @classmethod
    def versions(cls) -> tuple[ApiVersion, ...]:
        """The API versions of this kind, newest first; none if it has no model.

        Example:
            >>> from dra.models.resource import DeviceTaintRule
            >>> [version.name for version in DeviceTaintRule.versions()]
            ['resource.k8s.io/v1', 'resource.k8s.io/v1beta2', 'resource.k8s.io/v1alpha3']
        """
        group = _default(cls, "api_version").rpartition("/")[0]
        return VERSIONS.get((group, _default(cls, "kind")), ())

    @classmethod
    def _decode(cls, data: dict[str, Any]) -> Self:
        if versions := cls.versions():
            own, kind = _default(cls, "kind"), data.get("kind")
            if kind is not None and kind != own:
                raise DecodeError(f"expected {own}", path="kind", value=kind)
            api_version = data.get("apiVersion")
            if api_version is not None:
                data = conversion.upgrade(data, conversion.find_version(versions, api_version))
        return super()._decode(data)

    def to_dict(self) -> dict[str, Any]:
        """The wire form in the object's own API version; see `Model.to_dict`.

        Raises:
            UnknownVersionError: `api_version` is none of the kind's.
            ConversionError: That version has no way to write what the object says.
        """
        return self.express(complete=False)

    def express(self, *, complete: bool) -> dict[str, Any]:
        """As `to_dict`; `complete` also refuses fields that the API version does not have."""
        wire = super().to_dict()
        if not (versions := self.versions()):
            return wire
        version = conversion.find_version(versions, self.api_version)
        return conversion.downgrade(wire, version, complete=complete)

    @classmethod
    def path_in(cls, data: Any, path: str) -> str:
        """Where wire data, of whatever version it is, has what this class has at a path."""
        for version in cls.versions():
            if version.name == data.get("apiVersion"):
                return conversion.old_path(path, version)
        return path


def _default(cls: type[KubernetesObject], attribute: str) -> str:
    return str(cls.model_fields[attribute].default)


class Unstructured(KubernetesObject):
    """An object of a kind that has no model here. All of it is kept, as the wire has it."""

    is_open: ClassVar[bool] = True
