"""Rules for names, labels, annotations, owners and finalizers, which all kinds share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dra.models.meta import ObjectMeta, OwnerReference
from dra.names import byte_length
from dra.validation import formats
from dra.validation.checks import Errors, immutable, label_key as check_label_key, label_value, matches
from dra.validation.field_error import Path
from dra.validation.formats import Format
from dra.validation.scope import Scope

__all__ = ["labels_and_annotations", "metadata", "metadata_update"]

_ANNOTATIONS_BYTES: Final = 256 * 1024
_STANDARD_FINALIZERS: Final = ("kubernetes", "orphan", "foregroundDeletion")
_AT: Final = Path() / "metadata"


def metadata(
    meta: ObjectMeta,
    scope: Scope,
    *,
    namespaced: bool = True,
    name_form: Format = formats.dns_subdomain,
    is_new: bool = True,
) -> Errors:
    """The metadata of an object.

    A missing namespace is no error: the request supplies it. Nor is one too many: the server drops it. The
    generation of a stored object is the server's own.
    """
    yield from _names(meta, name_form)
    if namespaced and meta.namespace:
        yield from matches(meta.namespace, formats.dns_label, _AT / "namespace")
    if is_new and meta.generation is not None and meta.generation < 0:
        yield (_AT / "generation").invalid(meta.generation, "must be greater than or equal to 0")
    yield from labels_and_annotations(meta, _AT, scope)
    yield from _owners(meta.owner_references or (), _AT / "ownerReferences", scope)
    yield from _finalizers(meta.finalizers or (), scope)


def metadata_update(meta: ObjectMeta, old: ObjectMeta, scope: Scope) -> Errors:
    """What changed in the metadata may change, and is valid."""
    if old.deletion_timestamp is not None:
        added = sorted(set(meta.finalizers or ()) - set(old.finalizers or ()))
        if added:
            shown = ", ".join(f'"{name}"' for name in added)
            yield (_AT / "finalizers").forbidden(
                "no new finalizers can be added if the object is being deleted, "
                f"found new finalizers []string{{{shown}}}"
            )
    yield from immutable(meta.name or "", old.name or "", _AT / "name", declared=False)
    if meta.namespace and old.namespace:
        yield from immutable(meta.namespace, old.namespace, _AT / "namespace", declared=False)
    if meta.uid and old.uid:
        yield from immutable(meta.uid, old.uid, _AT / "uid", declared=False)
    grace = meta.deletion_grace_period_seconds
    if grace is not None:
        at = _AT / "deletionGracePeriodSeconds"
        yield from immutable(grace, old.deletion_grace_period_seconds, at, declared=False)
    yield from labels_and_annotations(meta, _AT, scope)
    yield from _owners(meta.owner_references or (), _AT / "ownerReferences", scope)


def labels_and_annotations(meta: ObjectMeta, at: Path, scope: Scope) -> Errors:
    """Keys and values of labels and annotations. Errors stand at the map."""
    for key, value in (meta.labels or {}).items():
        yield from check_label_key(key, at / "labels", scope)
        yield from label_value(value, at / "labels", scope)
    annotations: Mapping[str, str] = meta.annotations or {}
    for key in annotations:
        form = formats.label_key if scope.since("1.35") else formats.qualified_name_of_1_34
        for fault in form(key.lower()):
            yield (at / "annotations").invalid(key, fault)
    size = sum(byte_length(key) + byte_length(value) for key, value in annotations.items())
    if size > _ANNOTATIONS_BYTES:
        yield (at / "annotations").too_long(_ANNOTATIONS_BYTES)


def _names(meta: ObjectMeta, name_form: Format) -> Errors:
    if meta.generate_name:
        # Random letters follow, so one trailing dash is fine.
        prefix = meta.generate_name
        if len(prefix) > 1 and prefix.endswith("-"):
            prefix = f"{prefix[:-2]}a"
        for fault in name_form(prefix):
            yield (_AT / "generateName").invalid(meta.generate_name, fault)
    if meta.name:
        yield from matches(meta.name, name_form, _AT / "name")
    elif not meta.generate_name:
        yield (_AT / "name").required("name or generateName is required")


def _owners(owners: Sequence[OwnerReference], at: Path, scope: Scope) -> Errors:
    controller = ""
    for index, owner in enumerate(owners):
        yield from _owner(owner, at[index] if scope.since("1.37") else at, scope)
        if owner.controller:
            name = f"{owner.kind}/{owner.name}"
            if controller:
                yield at.invalid(
                    owners,
                    "Only one reference can have Controller set to true. "
                    f'Found "true" in references for {controller} and {name}',
                )
            else:
                controller = name


def _owner(owner: OwnerReference, at: Path, scope: Scope) -> Errors:
    version_is_bad = owner.api_version.count("/") > 1 or owner.api_version.endswith("/")
    newer = scope.since("1.37")
    if newer and not owner.api_version:
        yield (at / "apiVersion").required("must not be empty")
    elif version_is_bad or not owner.api_version:
        detail = "must be <group>/<version> or <version>" if newer else "version must not be empty"
        yield (at / "apiVersion").invalid(owner.api_version, detail)
    for name, value in (("kind", owner.kind), ("name", owner.name), ("uid", owner.uid)):
        if not value and newer:
            yield (at / name).required("must not be empty")
        elif not value:
            yield (at / name).invalid(value, "must not be empty")
    if (owner.api_version, owner.kind) == ("v1", "Event"):
        yield at.invalid(owner, "/v1, Kind=Event is disallowed from being an owner")


def _finalizers(finalizers: Sequence[str], scope: Scope) -> Errors:
    at = _AT / "finalizers"
    for index, finalizer in enumerate(finalizers):
        yield from check_label_key(finalizer, at, scope)
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            yield at[index].invalid(
                finalizer, "name is neither a standard finalizer name nor is it fully qualified"
            )
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        yield at.invalid(finalizers, "finalizer orphan and foregroundDeletion cannot be both set")
