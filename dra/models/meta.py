"""`meta/v1`: what every Kubernetes object has, whatever its kind."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from dra.models.base import Model, fields
from dra.models.scalars import Bool, Int64, RawExtension, Str, Time

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
    fields_v1: RawExtension | None = Field(default=None, alias="fieldsV1")
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

    rides_along: ClassVar = fields("shardInfo")

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

    always_written: ClassVar = fields("api_version kind")

    api_version: Str = ""
    kind: Str = ""
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)

    @property
    def subject(self) -> str:
        """Kind, namespace and name, as errors and messages call the object."""
        name = self.metadata.name or (
            f"{self.metadata.generate_name}*" if self.metadata.generate_name else ""
        )
        place = f"{self.metadata.namespace}/{name}" if self.metadata.namespace else name
        return f"{self.kind} {place}".strip()


class Unstructured(KubernetesObject):
    """An object of a kind that has no model here. All of it is kept, as the wire has it."""
